/*
 * options-print.c - the help and the version, from the rows of the option table.
 *
 * One page is one walk over the rows that the personality has. What is printed is committed
 * (completions/, man/) and compared by make check-generated, so that a change of a row shows in
 * the same commit as the change of the documents. argv0 is the only foreign text here; it goes to
 * the usage line as it is.
 */
#include "options-table.h"

#include <string.h>

#define HELP_COLUMN 31
#define HELP_WIDTH 80

/* Words of text from column on, broken before width; the first line is already there. */
static void print_wrapped(FILE *out, const char *text, int column, int width)
{
	int at = column;

	while (*text) {
		int length = (int)strcspn(text, " ");

		if (at > column && at + 1 + length > width) {
			fprintf(out, "\n%*s", column, "");
			at = column;
		}
		at += fprintf(out, "%s%.*s", at > column ? " " : "", length, text);
		text += length;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

/* --name OPERANDS, with [=a|b] joined to the name. Returns the number of characters. */
static int print_synopsis(FILE *out, const struct option *o)
{
	if (o->args[0] == '[')
		return fprintf(out, "--%s[=%s", o->name, o->args + 1);
	return fprintf(out, "--%s%s%s", o->name, o->args[0] ? " " : "", o->args);
}

static void print_help(FILE *out, enum personality personality, const char *argv0)
{
	fprintf(out, "usage: %s [OPTIONS...] [--] COMMAND [ARGS...]\n", argv0);
	for (size_t group = 0; group < option_group_count; group++) {
		fprintf(out, "\n%s:\n", option_groups[group].title);
		for (const struct option *o = option_groups[group].rows; o->name; o++) {
			int used;

			if (!option_known(o, personality))
				continue;
			fputs("  ", out);
			used = 2 + print_synopsis(out, o);
			if (used + 1 >= HELP_COLUMN) {
				fputc('\n', out);
				used = 0;
			}
			fprintf(out, "%*s", HELP_COLUMN - used, "");
			print_wrapped(out, o->help, HELP_COLUMN, HELP_WIDTH);
		}
	}
	if (personality == PERSONALITY_ZBOX)
		fputs("\nDefaults, exit statuses and examples are in zbox(1), which\n"
		      "zbox --print man | man -l - shows where it is not installed.\n",
		      out);
}

static void print_version(FILE *out, enum personality personality)
{
	if (personality == PERSONALITY_BWRAP)
		fprintf(out, "bubblewrap %s\n", BWRAP_VERSION);
	else
		fprintf(out, "zbox %s (compatible with bubblewrap %s)\n", ZBOX_VERSION,
			BWRAP_VERSION);
}

void options_print(FILE *out, enum print_what what, enum personality personality, const char *argv0)
{
	if (what == PRINT_VERSION)
		print_version(out, personality);
	else if (what == PRINT_MAN)
		options_print_man(out);
	else if (what == PRINT_BASH || what == PRINT_ZSH || what == PRINT_FISH)
		options_print_completion(out, what);
	else
		print_help(out, personality, argv0);
}
