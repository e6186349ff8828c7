/*
 * options.c - the parser: words -> struct sandbox, by the rows of the option table.
 *
 *   options_parse    the command line, up to "--" or the first word that is no option
 *     profiles_take  before it the profiles that it names (profiles.c), so that its words win
 *     parse_words    the same for the words of an --args file, in the place of that option
 *       parse_option one option: find the row, count and check its operands, let the row act
 *
 * The rules are bubblewrap's. Options act in the order given; the last one of those that can hold
 * only one value wins, with a warning. Some speak of the operation that follows (--perms, --size,
 * --overlay-src, --overlay-opt): they wait in struct parser, the operation takes them, and
 * whatever else comes in between is an error, so that none of them is ever lost silently.
 *
 * The caller of bwrap is often a program that puts together words it was given by others. What
 * such words could try: numbers that wrap around (uid 2^32 is root), empty strings where a path
 * belongs (they meant the host's root once), lists without end, an arguments file that names
 * itself. All of these are errors here. Nothing is opened, asked or printed, so the parser can be
 * run on anything.
 */
#include "options-table.h"
#include "profiles.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BWRAP_WORDS 9000 /* its limit, and its message */
#define ZBOX_WORDS 1000000

/* FNV-1a: short, and good enough for a hundred names that we chose ourselves. */
static unsigned hash(const char *name, size_t length)
{
	uint32_t value = 2166136261U;

	for (size_t i = 0; i < length; i++)
		value = (value ^ (unsigned char)name[i]) * 16777619U;
	return (value ^ value >> 16) & (OPTION_SLOTS - 1);
}

/* Thousands of --ro-bind are usual: a word costs one look instead of a walk over all rows. */
static void index_rows(struct parser *p)
{
	const struct option *o;

	for (unsigned n = 0; (o = option_at(&n)) != NULL; n++) {
		unsigned slot = hash(o->name, strlen(o->name));

		while (p->slots[slot] != 0)
			slot = (slot + 1) % OPTION_SLOTS;
		p->slots[slot] = (uint16_t)(n + 1);
	}
}

/* name: without dashes, length bytes of it. */
static const struct option *find_indexed(const struct parser *p, const char *name, size_t length,
					 unsigned *number)
{
	for (unsigned slot = hash(name, length); p->slots[slot] != 0;
	     slot = (slot + 1) % OPTION_SLOTS) {
		unsigned n = p->slots[slot] - 1U;
		const struct option *o = option_at(&n);

		if (strncmp(o->name, name, length) == 0 && o->name[length] == '\0') {
			*number = n;
			return option_known(o, p->sb->personality) ? o : NULL;
		}
	}
	return NULL;
}

static int warn_once(struct parser *p, const struct option *o)
{
	struct sandbox *sb = p->sb;
	struct warning *warning;
	char *text = format_text("Only the last --%s option will take effect", o->name);

	if (!text || !sandbox_own(sb, text))
		return -1;
	warning = array_add(&sb->warnings, &sb->warning_count, sizeof(*warning));
	if (!warning)
		return -1;
	warning->text = text;
	warning->level_prefix = sb->level_prefix;
	return 0;
}

/* The sentences of bubblewrap, which scripts and people know. */
static int fail_missing(const struct option *o)
{
	static const char *const numbers[] = {"no arguments", "an argument", "two arguments",
					      "three arguments"};

	if (o->missing)
		return fail(0, "%s", o->missing);
	return fail(0, "--%s takes %s", o->name, numbers[args_count(o->args)]);
}

static int check_operands(const struct option *o, char **arg, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		size_t length;
		const char *word = args_word(o->args, i, &length);

		if (word && arg[i][0] == '\0' && args_is_path(word, length))
			return fail(0, "--%s does not take an empty path argument", o->name);
	}
	return 0;
}

/* What --perms and the like said has to be taken by the very next operation o, NULL: by nothing. */
static int check_pending(const struct parser *p, const struct option *o)
{
	if (o && o->modifier)
		return 0;
	if (p->perms >= 0)
		return fail(0, "--perms must be followed by an option that creates a file");
	if (p->size != 0)
		return fail(0, "--size must be followed by --tmpfs");
	return 0;
}

/* Lower layers go on with lower layers, and with nothing else but the overlay. */
static int check_pending_layers(const struct parser *p, const struct option *o)
{
	if (o && (o->apply == add_layer || o->apply == add_overlay_option))
		return 0;
	if (p->layer_count > 0)
		return fail(0, "--overlay-src must be followed by another --overlay-src or one of "
			       "--overlay, --tmp-overlay, or --ro-overlay");
	if (p->overlay_options)
		return fail(0, "--overlay-opt must be followed by --overlay-src or one of "
			       "--overlay, --tmp-overlay, or --ro-overlay");
	return 0;
}

/* A page is printed and nothing is run; --explain wants the plan. */
static bool prints_page(const struct parser *p)
{
	enum print_what print = p->sb->print;

	return p->sb->manage != MANAGE_NOTHING ||
	       (print != PRINT_NOTHING && print != PRINT_EXPLAIN && print != PRINT_EXPLAIN_JSON);
}

/* --help and the like end the parsing; --changes goes on with --diff and --json, --desktop-entry
 * with --remove. */
static bool stopped(const struct parser *p)
{
	enum print_what print = p->sb->print;

	return prints_page(p) && print != PRINT_CHANGES && print != PRINT_APPLY &&
	       print != PRINT_DISCARD && print != PRINT_DESKTOP_ENTRY;
}

/* Mounts know where they came from; for the others --explain gets a list. */
static int note_choice(struct parser *p, const struct option *o, char **arg)
{
	struct choice *s;
	size_t count = args_count(o->args);

	if (p->sb->personality == PERSONALITY_BWRAP || o->modifier || o->apply == add_mount ||
	    o->apply == read_args)
		return 0;
	s = array_add(&p->sb->choices, &p->sb->choice_count, sizeof(*s));
	if (!s)
		return -1;
	s->name = o->name;
	s->origin = p->origin;
	count += o->args[0] == '[' && arg[0];
	for (size_t i = 0; i < count && i < COUNT(s->operands); i++)
		s->operands[i] = arg[i];
	return 0;
}

static int apply_row(struct parser *p, const struct option *o, unsigned number, char **arg)
{
	uint32_t bit = 1U << (number % GROUP_ROWS);
	uint32_t *typed = &p->typed[number / GROUP_ROWS];

	/* that a profile is overruled is what profiles are for */
	if (o->once && !p->in_profile && (*typed & bit) && warn_once(p, o) < 0)
		return -1;
	if (!p->in_profile)
		*typed |= bit;
	p->sb->given[number / GROUP_ROWS] |= bit;
	if (note_choice(p, o, arg) < 0 || o->apply(p, o, arg) < 0)
		return -1;
	if (stopped(p))
		return 0;
	return check_pending(p, o) < 0 ? -1 : check_pending_layers(p, o);
}

const struct option *parse_name(const struct parser *p, char *word, unsigned *number, char **value)
{
	const struct option *o;
	char *equals;

	*value = NULL;
	if (strncmp(word, "--", 2) != 0)
		return NULL;
	o = find_indexed(p, word + 2, strlen(word + 2), number);
	if (o || p->sb->personality != PERSONALITY_ZBOX)
		return o;
	equals = strchr(word, '=');
	if (!equals)
		return NULL;
	*value = equals + 1;
	return find_indexed(p, word + 2, (size_t)(equals - word) - 2, number);
}

static int parse_with_value(struct parser *p, const struct option *o, unsigned number, char *value)
{
	char *arg[OPERANDS_MAX] = {value};

	if (args_count(o->args) == 0 && o->args[0] != '[')
		return fail(0, "--%s does not take a value", o->name);
	if (args_count(o->args) > 1)
		return fail_missing(o);
	if (check_operands(o, arg, 1) < 0 || apply_row(p, o, number, arg) < 0)
		return -1;
	return 1;
}

int parse_option(struct parser *p, char **words, size_t left)
{
	char *no_value[OPERANDS_MAX] = {NULL}, *value;
	unsigned number, count;
	const struct option *o = parse_name(p, words[0], &number, &value);

	if (!o)
		return fail(0, "Unknown option %s", words[0]);
	if (value)
		return parse_with_value(p, o, number, value);
	count = args_count(o->args);
	if (left <= count)
		return fail_missing(o);
	if (check_operands(o, words + 1, count) < 0 ||
	    apply_row(p, o, number, count > 0 ? words + 1 : no_value) < 0)
		return -1;
	return 1 + (int)count;
}

int parse_pending(const struct parser *p)
{
	return check_pending(p, NULL) < 0 ? -1 : check_pending_layers(p, NULL);
}

int parse_limit(struct parser *p, size_t words)
{
	size_t limit = p->sb->personality == PERSONALITY_BWRAP ? BWRAP_WORDS : ZBOX_WORDS;

	p->words += words;
	if (p->words > limit)
		return fail(0, "Exceeded maximum number of arguments %zu", limit);
	return 0;
}

int parse_words(struct parser *p, char **words, size_t count, const char *file)
{
	size_t i = 0;

	while (i < count && words[i][0] == '-') {
		int taken;

		if (strcmp(words[i], "--") == 0) {
			i++;
			break;
		}
		p->origin = (struct origin){.file = file, .at = (unsigned)i + 1};
		taken = parse_option(p, words + i, count - i);
		if (taken < 0)
			return -1;
		if (stopped(p))
			return 0;
		i += (size_t)taken;
	}
	if (i == count)
		return 0;
	if (!file)
		p->sb->command = words + i;
	else if (p->sb->personality == PERSONALITY_ZBOX) /* bubblewrap drops such words silently */
		return fail(0, "%s: a command cannot come from an arguments file: %s", file,
			    words[i]);
	return 0;
}

int options_parse(struct sandbox *sb, int argc, char **argv, const struct options_reader *reader)
{
	struct parser p = {.sb = sb, .reader = reader, .perms = -1};
	size_t count = argc > 1 ? (size_t)argc - 1 : 0;
	int result;

	index_rows(&p);
	result = parse_limit(&p, count);
	if (result == 0 && sb->personality == PERSONALITY_ZBOX)
		result = profiles_take(&p, argv + 1, count);
	if (result == 0)
		result = parse_words(&p, argv + 1, count, NULL);
	if (result == 0 && !prints_page(&p))
		result = check_pending_layers(&p, NULL);
	/* bubblewrap lets --perms and --size before the command pass */
	if (result == 0 && !prints_page(&p) && sb->personality == PERSONALITY_ZBOX)
		result = check_pending(&p, NULL);
	/* nothing runs without the profiles that were asked for */
	if (result == 0 && p.no_profiles && !prints_page(&p))
		result = fail(0, "the profiles were not read");
	free(p.layers);
	free(p.overlay_options);
	free(p.sets);
	return result;
}
