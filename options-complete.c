/*
 * options-complete.c - the completions for bash, zsh and fish, from the rows of the option table.
 *
 * All three do the same: walk over the words that are there, so that an operand is not taken for
 * an option; complete an operand by its word in the column args (a path, one of a|b|c, or the name
 * of a sandbox that runs, for which the zbox that stands there is asked); and from
 * the first word that is no option on leave the rest to the completion of that command. Options
 * that the name bwrap does not have are not offered for it.
 *
 * Texts of the table end up in shell code between single quotes: a unit test keeps quotes,
 * brackets and colons out of the column help.
 */
#include "options-table.h"

#include <string.h>

/* a|b|c or [a|b] as "a b c". */
static void print_choices(FILE *out, const char *word, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (word[i] != '[' && word[i] != ']')
			fputc(word[i] == '|' ? ' ' : word[i], out);
}

/* The names of a personality's options that are in no other: with FOR_BOTH the common ones. */
static void print_names(FILE *out, unsigned personality, const char *separator)
{
	const struct option *o;
	const char *before = "";

	for (unsigned n = 0; (o = option_at(&n)) != NULL; n++) {
		if ((o->personality ? o->personality : FOR_BOTH) != personality)
			continue;
		fprintf(out, "%s--%s", before, o->name);
		before = separator;
	}
}

/* One case of shell code: the options with this many operands. */
static bool print_names_of_count(FILE *out, unsigned count, const char *separator)
{
	const struct option *o;
	const char *before = "";

	for (unsigned n = 0; (o = option_at(&n)) != NULL; n++) {
		if (args_count(o->args) != count)
			continue;
		fprintf(out, "%s--%s", before, o->name);
		before = separator;
	}
	return before[0] != '\0';
}

/* Operands that are paths, as --name:number, number from 1. */
static void print_path_operands(FILE *out, const char *separator)
{
	const struct option *o;
	const char *before = "";
	size_t length;

	for (unsigned n = 0; (o = option_at(&n)) != NULL; n++) {
		for (unsigned i = 0; i < args_count(o->args); i++) {
			const char *word = args_word(o->args, i, &length);

			if (!word || !args_is_path(word, length))
				continue;
			fprintf(out, "%s--%s:%u", before, o->name, i + 1);
			before = separator;
		}
	}
}

/* The same of the options whose first operand is the name of a sandbox that runs. */
static void print_running_operands(FILE *out, const char *separator)
{
	const struct option *o;
	const char *before = "";

	for (unsigned n = 0; (o = option_at(&n)) != NULL; n++) {
		if (!args_is_running(o->args))
			continue;
		fprintf(out, "%s--%s:1", before, o->name);
		before = separator;
	}
}

/* Shell code that prints their names, without the head of the table; %s: the program. */
#define PRINT_RUNNING "%s --list 2>/dev/null | sed -n '2,$s/ .*//p'"

/* ---- bash ---- */

static const char bash_walk[] =
	"# Sets i to the word of the command, or option and operand to what the cursor is at.\n"
	"_zbox_walk()\n"
	"{\n"
	"\tlocal count\n"
	"\ti=1 option='' operand=0\n"
	"\twhile ((i < COMP_CWORD)); do\n"
	"\t\tcase ${COMP_WORDS[i]} in\n"
	"\t\t--) ((++i)); return ;;\n"
	"\t\t-*) ;;\n"
	"\t\t*) return ;;\n"
	"\t\tesac\n"
	"\t\tif [[ ${COMP_WORDS[i + 1]} == = ]]; then\n"
	"\t\t\tcount=2 operand=-1 # the shell cuts --name=value into three words\n"
	"\t\telse\n"
	"\t\t\tcount=$(_zbox_operands \"${COMP_WORDS[i]}\") operand=0\n"
	"\t\tfi\n"
	"\t\tif ((i + count >= COMP_CWORD)); then\n"
	"\t\t\toption=${COMP_WORDS[i]} operand=$((operand + COMP_CWORD - i))\n"
	"\t\t\t((operand < 1)) && operand=1\n"
	"\t\t\treturn\n"
	"\t\tfi\n"
	"\t\ti=$((i + count + 1))\n"
	"\tdone\n"
	"}\n\n";

static const char bash_main[] =
	"_zbox()\n"
	"{\n"
	"\tlocal i option operand cur=${COMP_WORDS[COMP_CWORD]} words=$_zbox_common\n"
	"\t[[ $cur == = ]] && cur=''\n"
	"\tCOMPREPLY=()\n"
	"\t_zbox_walk\n"
	"\tif [[ $option ]]; then\n"
	"\t\t_zbox_operand \"$option:$operand\"\n"
	"\telif ((i < COMP_CWORD)) || [[ ${COMP_WORDS[i - 1]} == -- && $i -gt 1 ]]; then\n"
	"\t\tif declare -F _command_offset >/dev/null; then\n"
	"\t\t\t_command_offset \"$i\"\n"
	"\t\telif ((i == COMP_CWORD)); then\n"
	"\t\t\tmapfile -t COMPREPLY < <(compgen -c -- \"$cur\")\n"
	"\t\telse\n"
	"\t\t\tcompopt -o filenames\n"
	"\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"\t\tfi\n"
	"\telif [[ $cur == -* ]]; then\n"
	"\t\t[[ ${COMP_WORDS[0]##*/} == bwrap ]] || words+=\" $_zbox_own\"\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	"\telse\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -c -- \"$cur\")\n"
	"\tfi\n"
	"}\n"
	"complete -F _zbox zbox bwrap\n";

static void print_bash_counts(FILE *out)
{
	fputs("# How many operands an option has.\n_zbox_operands()\n{\n\tcase $1 in\n", out);
	for (unsigned count = 1; count <= 3; count++) {
		fputc('\t', out);
		if (print_names_of_count(out, count, " | \\\n\t\t"))
			fprintf(out, ")\n\t\techo %u ;;\n", count);
	}
	fputs("\t*)\n\t\techo 0 ;;\n\tesac\n}\n\n", out);
}

static void print_bash_operands(FILE *out)
{
	const struct option *o;
	size_t length;

	fputs("# Completes operand number N of an option, given as --name:N.\n_zbox_operand()\n{\n"
	      "\tcase $1 in\n\t",
	      out);
	print_path_operands(out, " | \\\n\t\t");
	fputs(")\n\t\tcompopt -o filenames\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n\t",
	      out);
	print_running_operands(out, " | \\\n\t\t");
	fprintf(out,
		")\n\t\tmapfile -t COMPREPLY < <(compgen -W \"$(" PRINT_RUNNING
		")\" -- \"$cur\") ;;\n",
		"\"${COMP_WORDS[0]}\"");
	for (unsigned n = 0; (o = option_at(&n)) != NULL; n++) {
		const char *word = args_word(o->args, 0, &length);

		if (!word || !args_is_choice(word, length))
			continue;
		fprintf(out, "\t--%s:1)\n\t\tmapfile -t COMPREPLY < <(compgen -W \"", o->name);
		print_choices(out, word, length);
		fputs("\" -- \"$cur\") ;;\n", out);
	}
	fputs("\tesac\n}\n\n", out);
}

static void print_bash(FILE *out)
{
	fputs("# shellcheck shell=bash\n# zbox and bwrap; printed by zbox --print bash\n\n"
	      "_zbox_common=\"",
	      out);
	print_names(out, FOR_BOTH, " \\\n\t");
	fputs("\"\n_zbox_own=\"", out);
	print_names(out, FOR_ZBOX, " \\\n\t");
	fputs("\"\n\n", out);
	print_bash_counts(out);
	print_bash_operands(out);
	fputs(bash_walk, out);
	fputs(bash_main, out);
}

/* ---- zsh ---- */

static void print_zsh_operand(FILE *out, const struct option *o, const char *word, size_t length)
{
	bool optional = word[0] == '[';

	fprintf(out, "%s:", optional ? ":" : "");
	if (args_is_choice(word, length)) {
		fputs("value:(", out);
		print_choices(out, word, length);
		fputc(')', out);
		return;
	}
	fprintf(out, "%.*s:%s", (int)length, word,
		args_is_path(word, length) ? "_files"
		: args_is_running(o->args) ? "_zbox_running"
					   : " ");
}

static void print_zsh_rows(FILE *out, unsigned personality)
{
	const struct option *o;
	size_t length;
	const char *word;

	for (unsigned n = 0; (o = option_at(&n)) != NULL; n++) {
		bool own = o->personality == FOR_ZBOX;
		const char *equals = "";

		if ((o->personality ? o->personality : FOR_BOTH) != personality)
			continue;
		if (o->args[0] == '[')
			equals = "=-"; /* only in the same word */
		else if (own && args_count(o->args) == 1)
			equals = "="; /* there, or in the next */
		fprintf(out, "\t'*--%s%s[%s]", o->name, equals, o->help);
		for (unsigned i = 0; (word = args_word(o->args, i, &length)) != NULL; i++) {
			if (word[0] == '.')
				fputs(":*: : ", out);
			else
				print_zsh_operand(out, o, word, length);
		}
		fputs("'\n", out);
	}
}

static void print_zsh(FILE *out)
{
	fprintf(out,
		"#compdef zbox bwrap\n# printed by zbox --print zsh\n\n_zbox_running()\n{\n"
		"\tlocal -a names\n\tnames=(${(f)\"$(" PRINT_RUNNING
		")\"})\n\tcompadd -a names\n}\n\n",
		"$words[1]");
	fputs("local -a _zbox_common _zbox_own\n_zbox_common=(\n", out);
	print_zsh_rows(out, FOR_BOTH);
	fputs(")\n_zbox_own=(\n", out);
	print_zsh_rows(out, FOR_ZBOX);
	fputs(")\n[[ ${words[1]:t} == bwrap ]] && _zbox_own=()\n"
	      "_arguments -S : $_zbox_common $_zbox_own \\\n"
	      "\t'(-):command: _command_names -e' '*::arguments: _normal'\n",
	      out);
}

/* ---- fish ---- */

static const char fish_walk[] =
	"# Where the cursor is: option, command N, or --name:N for operand number N of an option.\n"
	"function __zbox_at\n"
	"\tset -l words (commandline -opc)\n"
	"\tset -l i 2\n"
	"\twhile test $i -le (count $words)\n"
	"\t\tswitch $words[$i]\n"
	"\t\t\tcase --\n"
	"\t\t\t\techo command (math $i + 1)\n"
	"\t\t\t\treturn\n"
	"\t\t\tcase '--*=*'\n"
	"\t\t\t\tset i (math $i + 1)\n"
	"\t\t\t\tcontinue\n"
	"\t\t\tcase '-*'\n"
	"\t\t\tcase '*'\n"
	"\t\t\t\techo command $i\n"
	"\t\t\t\treturn\n"
	"\t\tend\n"
	"\t\tset -l operands (__zbox_operands $words[$i])\n"
	"\t\tif test (math $i + $operands) -gt (count $words)\n"
	"\t\t\techo $words[$i]:(math (count $words) - $i + 1)\n"
	"\t\t\treturn\n"
	"\t\tend\n"
	"\t\tset i (math $i + $operands + 1)\n"
	"\tend\n"
	"\techo option\n"
	"end\n\n"
	"function __zbox_is\n"
	"\tcontains -- (__zbox_at) $argv\n"
	"end\n\n"
	"function __zbox_is_command\n"
	"\tstring match -q 'command *' -- (__zbox_at)\n"
	"end\n\n"
	"function __zbox_complete_command\n"
	"\tset -l start (string replace 'command ' '' -- (__zbox_at))\n"
	"\tset -l words (commandline -opc)\n"
	"\tcomplete -C (string join ' ' -- (string escape -- $words[$start..-1]) "
	"(commandline -ct))\n"
	"end\n\n";

static void print_fish_counts(FILE *out)
{
	fputs("# How many operands an option has.\nfunction __zbox_operands\n\tswitch $argv[1]\n",
	      out);
	for (unsigned count = 1; count <= 3; count++) {
		fputs("\t\tcase ", out);
		(void)print_names_of_count(out, count, " \\\n\t\t\t");
		fprintf(out, "\n\t\t\techo %u\n", count);
	}
	fputs("\t\tcase '*'\n\t\t\techo 0\n\tend\nend\n\n", out);
}

static void print_fish_choice(FILE *out, const struct option *o)
{
	size_t length;
	const char *word = args_word(o->args, 0, &length);

	if (!word || !args_is_choice(word, length))
		return;
	if (word[0] == '[') {
		fprintf(out, "complete -c zbox -f -n '__zbox_is option' -a '");
		for (size_t i = 0, start = 1; i < length; i++) {
			if (word[i] != '|' && word[i] != ']')
				continue;
			fprintf(out, "%s--%s=%.*s", start > 1 ? " " : "", o->name, (int)(i - start),
				word + start);
			start = i + 1;
		}
	} else {
		fprintf(out, "complete -c zbox -f -n '__zbox_is --%s:1' -a '", o->name);
		print_choices(out, word, length);
	}
	fputs("'\n", out);
}

static void print_fish(FILE *out)
{
	const struct option *o;

	fputs("# zbox and bwrap; printed by zbox --print fish\n\n", out);
	print_fish_counts(out);
	fputs(fish_walk, out);
	fprintf(out,
		"function __zbox_running\n\tset -l words (commandline -opc)\n"
		"\t" PRINT_RUNNING "\nend\n\n",
		"$words[1]");
	fputs("set -l paths ", out);
	print_path_operands(out, " \\\n\t");
	fputs("\nset -l running ", out);
	print_running_operands(out, " \\\n\t");
	fputs("\n\nfor name in zbox bwrap\n\tcomplete -c $name -f\n"
	      "\tcomplete -c $name -F -n \"__zbox_is $paths\"\n"
	      "\tcomplete -c $name -n __zbox_is_command -a '(__zbox_complete_command)'\n"
	      "\tcomplete -c $name -n '__zbox_is option' -a '(__fish_complete_command)'\n",
	      out);
	for (unsigned n = 0; (o = option_at(&n)) != NULL; n++) {
		if (o->personality == 0)
			fprintf(out, "\tcomplete -c $name -n '__zbox_is option' -l %s -d '%s'\n",
				o->name, o->help);
	}
	fputs("end\n\ncomplete -c zbox -f -n \"__zbox_is $running\" -a '(__zbox_running)'\n", out);
	for (unsigned n = 0; (o = option_at(&n)) != NULL; n++) {
		if (o->personality == FOR_ZBOX)
			fprintf(out, "complete -c zbox -n '__zbox_is option' -l %s -d '%s'\n",
				o->name, o->help);
	}
	for (unsigned n = 0; (o = option_at(&n)) != NULL; n++)
		print_fish_choice(out, o);
}

void options_print_completion(FILE *out, enum print_what what)
{
	if (what == PRINT_BASH)
		print_bash(out);
	else if (what == PRINT_ZSH)
		print_zsh(out);
	else
		print_fish(out);
}
