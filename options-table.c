/*
 * options-table.c - the groups of the option table, in the order of --help and the manual page,
 * and reading the column args. Everything is constant, and nothing that a user said gets here.
 */
#include "options-table.h"

#include <string.h>

const struct option_group option_groups[] = {
	{"General options", options_general},
	{"Profiles", options_profiles},
	{"Putting host files in", options_binds},
	{"Making new files and file systems", options_created},
	{"Overlays", options_overlays},
	{"Namespaces", options_namespaces},
	{"Network", options_network},
	{"Desktop", options_desktop},
	{"D-Bus", options_dbus},
	{"Identity", options_identity},
	{"Whole systems", options_systems},
	{"Environment", options_environment},
	{"Privileges", options_privileges},
	{"Limits", options_limits},
	{"Life and terminal", options_life},
	{"Sandboxes with a name", options_names},
	{"Descriptors for other programs", options_descriptors},
};
const size_t option_group_count = COUNT(option_groups);

_Static_assert(COUNT(option_groups) <= OPTION_GROUPS, "sandbox.given has a word for each group");

const struct option *option_at(unsigned *number)
{
	unsigned row = *number % GROUP_ROWS;

	for (unsigned group = *number / GROUP_ROWS; group < option_group_count; group++, row = 0) {
		const struct option *o = &option_groups[group].rows[row];

		if (!o->name)
			continue;
		*number = group * GROUP_ROWS + row;
		return o;
	}
	return NULL;
}

bool option_known(const struct option *option, enum personality personality)
{
	return option->personality == 0 || (option->personality & 1U << personality);
}

const struct option *option_given_at(const struct sandbox *sb, unsigned *number)
{
	unsigned row = *number % GROUP_ROWS;

	for (unsigned group = *number / GROUP_ROWS; group < option_group_count; group++, row = 0) {
		uint32_t bits = sb->given[group] >> row;

		if (!bits)
			continue;
		row += (unsigned)__builtin_ctz(bits);
		*number = group * GROUP_ROWS + row;
		return &option_groups[group].rows[row];
	}
	return NULL;
}

bool option_given(const struct sandbox *sb, const char *name)
{
	const struct option *o;

	for (unsigned n = 0; (o = option_given_at(sb, &n)) != NULL; n++)
		if (strcmp(o->name, name) == 0)
			return true;
	return false;
}

const char *args_word(const char *args, unsigned n, size_t *length)
{
	for (;;) {
		*length = strcspn(args, " ");
		if (*length == 0)
			return NULL;
		if (n-- == 0)
			return args;
		args += *length;
		args += strspn(args, " ");
	}
}

unsigned args_count(const char *args)
{
	unsigned count = 0;
	size_t length;
	const char *word;

	while ((word = args_word(args, count, &length)) != NULL && word[0] != '[' && word[0] != '.')
		count++;
	return count;
}

bool args_is_path(const char *word, size_t length)
{
	static const char *const paths[] = {"SRC",  "DEST",  "DIR",     "FILE",
					    "PATH", "RWSRC", "WORKDIR", "TARGET"};

	if (length > 2 && word[0] == '[') { /* [DIR] */
		word++;
		length -= 2;
	}
	for (size_t start = 0, end; start < length; start = end + 1) {
		for (end = start; end < length && word[end] != '|'; end++)
			;
		for (size_t i = 0; i < COUNT(paths); i++)
			if (strlen(paths[i]) == end - start &&
			    memcmp(paths[i], word + start, end - start) == 0)
				return true;
	}
	return false;
}

bool args_is_choice(const char *word, size_t length)
{
	return (word[0] == '[' || (word[0] >= 'a' && word[0] <= 'z')) &&
	       memchr(word, '|', length) != NULL;
}

bool args_is_running(const char *args)
{
	return strcmp(args, "NAME ...") == 0;
}
