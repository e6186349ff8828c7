/*
 * The option table itself: what its readers (parser, help, manual page, three shells) rely on.
 */
#include "options-table.h"
#include "test.h"

#include <string.h>

static unsigned count_named(const char *name)
{
	const struct option *o;
	unsigned count = 0;

	for (unsigned n = 0; (o = option_at(&n)) != NULL; n++)
		count += strcmp(o->name, name) == 0;
	return count;
}

static bool list_is_real(const char *list, const char *self)
{
	size_t length;
	const char *word;

	for (unsigned i = 0; list && (word = args_word(list, i, &length)) != NULL; i++) {
		char names[64], *save, *name;

		(void)snprintf(names, sizeof(names), "%.*s", (int)length, word);
		for (name = strtok_r(names, "|", &save); name; name = strtok_r(NULL, "|", &save))
			if (count_named(name) != 1 || strcmp(name, self) == 0)
				return false;
	}
	return true;
}

static void test_columns(const struct option *o)
{
	size_t length;
	const char *word;

	check(count_named(o->name) == 1, "--%s: the name is there once", o->name);
	check(strspn(o->name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(o->name) &&
		      o->name[0] != '-',
	      "--%s: the name needs no quoting", o->name);
	check(o->apply && o->args, "--%s: does something with its operands", o->name);
	check(o->help && strlen(o->help) <= 60, "--%s: the help is at most 60 characters", o->name);
	check(!strpbrk(o->help, "'[]:\"\\$`") && o->help[strlen(o->help) - 1] != '.',
	      "--%s: the help needs no quoting and has no full stop", o->name);
	check(o->man && o->man[strlen(o->man) - 1] == '.' && !strchr(o->man, '\n'),
	      "--%s: the manual has sentences", o->name);
	check(list_is_real(o->needs, o->name) && list_is_real(o->conflicts, o->name),
	      "--%s: needs and conflicts name other options", o->name);
	check(args_count(o->args) <= 3, "--%s: at most three operands, see fail_missing()",
	      o->name);
	for (unsigned i = 0; (word = args_word(o->args, i, &length)) != NULL; i++)
		check(!memchr(word, '\'', length) && !memchr(word, ':', length),
		      "--%s: operand %u needs no quoting", o->name, i + 1);
}

static void test_groups(void)
{
	const struct option *o;

	for (size_t group = 0; group < option_group_count; group++) {
		size_t rows = 0;

		while (option_groups[group].rows[rows].name)
			rows++;
		check(rows > 0 && rows <= GROUP_ROWS, "group %zu (%s) has 1 to %d rows", group,
		      option_groups[group].title, GROUP_ROWS);
	}
	for (unsigned n = 0; (o = option_at(&n)) != NULL; n++) {
		struct sandbox sb = {0};
		unsigned number = 0;

		sb.given[n / GROUP_ROWS] = 1U << n % GROUP_ROWS;
		if (option_given_at(&sb, &number) != o || number != n ||
		    !option_given(&sb, o->name) || (number++, option_given_at(&sb, &number)))
			check(false, "--%s: is found among those that were given", o->name);
	}
}

static const struct option *named(const char *name)
{
	const struct option *o;

	for (unsigned n = 0; (o = option_at(&n)) != NULL; n++)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

/* All of bubblewrap 0.11.1, and what the name bwrap has besides. */
static void test_bubblewrap(void)
{
	const struct option *o;
	static const char *const names[] = {
		"add-seccomp-fd", "args", "argv0", "as-pid-1", "assert-userns-disabled", "bind",
		"bind-data", "bind-fd", "bind-try", "block-fd", "cap-add", "cap-drop", "chdir",
		"chmod", "clearenv", "dev", "dev-bind", "dev-bind-try", "die-with-parent", "dir",
		"disable-userns", "exec-label", "file", "file-label", "gid", "help", "hostname",
		"info-fd", "json-status-fd", "level-prefix", "lock-file", "mqueue", "new-session",
		"overlay", "overlay-src", "perms", "pidns", "proc", "remount-ro", "ro-bind",
		"ro-bind-data", "ro-bind-fd", "ro-bind-try", "ro-overlay", "seccomp", "setenv",
		"share-net", "size", "symlink", "sync-fd", "tmp-overlay", "tmpfs", "uid",
		"unsetenv", "unshare-all", "unshare-cgroup", "unshare-cgroup-try", "unshare-ipc",
		"unshare-net", "unshare-pid", "unshare-user", "unshare-user-try", "unshare-uts",
		"userns", "userns-block-fd", "userns2", "version",
		/* later ones */
		"not-a-security-boundary", "overlay-opt"};
	size_t known = 0;

	for (size_t i = 0; i < COUNT(names); i++) {
		o = named(names[i]);
		check(o && option_known(o, PERSONALITY_BWRAP) && option_known(o, PERSONALITY_ZBOX),
		      "--%s is there under both names", names[i]);
	}
	for (unsigned n = 0; (o = option_at(&n)) != NULL; n++)
		known += option_known(o, PERSONALITY_BWRAP);
	check(known == COUNT(names), "and the name bwrap has no other");
}

static void test_args(void)
{
	size_t length = 0;

	check(args_count("") == 0 && args_count("SRC DEST") == 2 && args_count("[a|b]") == 0 &&
		      args_count("NAME CALL ...") == 2,
	      "operands are counted");
	check(args_is_path("SRC", 3) && args_is_path("NAME|FILE", 9) &&
		      args_is_path("FD|PATH", 7) && !args_is_path("NAME", 4) &&
		      !args_is_path("PATHS", 5) && !args_is_path("FD", 2),
	      "paths are known");
	check(args_is_choice("off|auto", 8) && args_is_choice("[text|json]", 11) &&
		      !args_is_choice("FD|PATH", 7) && !args_is_choice("off", 3) &&
		      !args_is_choice("CALL[=ERRNO]", 12),
	      "choices are known");
	check(strcmp(args_word("A BC D", 2, &length), "D") == 0 && length == 1 &&
		      !args_word("A BC D", 3, &length),
	      "words are found");
}

int main(void)
{
	const struct option *o;

	for (unsigned n = 0; (o = option_at(&n)) != NULL; n++)
		test_columns(o);
	test_groups();
	test_bubblewrap();
	test_args();
	return test_done();
}
