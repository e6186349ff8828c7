/*
 * Profile files: how a line is cut into words, which files are read in which order, and that every
 * error names its file, line and column. The disk is made up (parse.h).
 */
#include "parse.h"

#ifndef ZBOX_PROFILES /* as in profiles.c */
#define ZBOX_PROFILES "/usr/local/share/zbox/profiles"
#endif

#define HOSTILE "/h /\n--bind / /\"'${X}`$(x)"

static void put(const char *path, const char *text, int error)
{
	size_t i = 0;

	while (disk[i].path && strcmp(disk[i].path, path) != 0)
		i++;
	disk[i] = (struct disk_file){path, text, error};
}

static void put_file(const char *path, const char *text)
{
	put(path, text, 0);
}

static void empty_disk(void)
{
	memset(disk, 0, sizeof(disk));
}

/* The words that the line "setenv A WORD" makes of WORD. */
static void word(const char *text, const char *value)
{
	char line[512];

	(void)snprintf(line, sizeof(line), "setenv A %s", text);
	put_file("/p", line);
	expect("zbox --profile /p true", NULL);
	check(sb.env_count == 1 && same(sb.env[0].value, value), "the word %s", text);
}

static void test_words(void)
{
	variables[1][0] = "HOME";
	variables[1][1] = "/h";
	variables[2][0] = "EMPTY";
	variables[2][1] = "";
	word("plain", "plain");
	word("'a b'", "a b");
	word("\"a b\"", "a b");
	word("a'b c'\"d e\"f", "ab cd ef");
	word("''", "");
	word("a\\ b", "a b");
	word("'\\'", "\\");
	word("\"\\a\\\"\\\\\\$\"", "\\a\"\\$");
	word("\\$HOME", "$HOME");
	word("'${HOME}'", "${HOME}");
	word("${HOME}/x", "/h/x");
	word("\"${HOME} x\"", "/h x");
	word("${NONE:-a b}", "a b");
	word("${EMPTY:-x}", "x");
	word("${NONE:-}", "");
	word("${HOME:-${NONE}}", "/h");
	word("${NONE:-${NONE:-${HOME}}\\}}", "/h}");
	word("a#b", "a#b");
	word("a # b", "a");
	word("\\#", "#");
	word("x\\~", "x~");
	word("x~", "x~");
	word("a\r\n", "a");
	word("*?[;|&<>", "*?[;|&<>");
	put_file("/p", "setenv ${NONE} ${HOME}");
	expect("zbox --set NONE=x --set HOME=/s --set NONE=${HOME} --profile /p true", NULL);
	check(same(sb.env[0].name, "${HOME}") && same(sb.env[0].value, "/s"),
	      "--set wins over the environment, the last over the first, and is not read again");
}

static void test_hostile(void)
{
	variables[1][1] = HOSTILE;
	put_file("/p", "bind ${HOME} ${HOME}/x\nsetenv ${HOME}${NONE:-} \"${HOME}\"");
	expect("zbox --profile /p true", NULL);
	check(sb.mount_count == 1 && same(sb.mounts[0].source, HOSTILE) &&
		      same(sb.mounts[0].dest, HOSTILE "/x") && same(sb.env[0].value, HOSTILE),
	      "a value is one word, whatever is in it");
	variables[1][1] = "--";
	put_file("/p", "bind ${HOME} ${HOME}");
	expect("zbox --profile /p true", NULL);
	check(same(sb.mounts[0].source, "--"), "-- is one, too");
	put_file("/p", "${HOME}bind /a /b");
	expect("zbox --profile /p true", "/p:1:1: a line begins with the name of an option");
	put_file("/p", "chdir=${HOME}");
	expect("zbox --profile /p true", NULL);
	check(same(sb.chdir, "--"), "but it may be the value of one");
	variables[1][1] = "/h";
}

static void test_lines(void)
{
	put_file("/p", "# a comment\n\n  bind /a /b  # more\n--dir /c\nchdir=/d\r\n\t\nuid 7");
	expect("zbox --dir /z --profile /p --uid 8 true", NULL);
	check(sb.mount_count == 3 && same(sb.mounts[0].dest, "/b") &&
		      same(sb.mounts[1].dest, "/c") && same(sb.mounts[2].dest, "/z"),
	      "with and without dashes, before the command line's");
	check(same(sb.mounts[0].origin.file, "/p") && sb.mounts[0].origin.at == 3 &&
		      sb.mounts[0].origin.column == 3 && sb.mounts[1].origin.at == 4 &&
		      !sb.mounts[2].origin.file && sb.mounts[2].origin.at == 1,
	      "each knows its file and line");
	check(sb.uid == 8 && sb.warning_count == 0, "the command line wins, without a warning");
	check(sb.choice_count == 4 && same(sb.choices[1].name, "uid") &&
		      same(sb.choices[1].operands[0], "7") && sb.choices[1].origin.at == 7 &&
		      same(sb.choices[3].operands[0], "8"),
	      "and both are told");
	put_file("/p", "perms 0700\ndir /a\nsize 1\ntmpfs /b");
	expect("zbox --profile /p true", NULL);
	check(sb.mounts[0].perms == 0700 && sb.mounts[1].size == 1,
	      "modifiers reach the next line");
	put_file("/a", "? bind /p /x\n?bind /none /y\n? tmpfs /none\n? include /none\n? dir=/p");
	expect("zbox --profile /a true", NULL);
	check(sb.mount_count == 2 && same(sb.mounts[0].dest, "/x") && same(sb.mounts[1].dest, "/p"),
	      "? is for what exists");
	put("/locked", "", EACCES);
	put_file("/a", "? bind /p /x\n? ro-bind /locked /y");
	expect("zbox --profile /a true", "/a:2:3: /locked");
	check(failure_get()->err == EACCES, "not for what merely cannot be looked at");
	put_file("/p", "");
	expect("zbox --profile /p --profile=/p true", NULL);
	check(sb.profile_count == 2, "an empty profile is one");
}

/* Texts of /p, and what is said of them. */
static const struct {
	const char *text, *failure;
} errors[] = {
	{"bind /a", "/p:1:1: --bind takes two arguments"},
	{"\n  bind", "/p:2:3: --bind takes two arguments"},
	{"bind /a /b /c", "/p:1:12: /c is too much for --bind, and a line holds one option"},
	{"dir /a dir /b", "/p:1:8: dir is too much for --dir, and a line holds one option"},
	{"bnd /a /b", "/p:1:1: Unknown option --bnd"},
	{"-x", "/p:1:1: Unknown option -x"},
	{"--", "/p:1:1: Unknown option --"},
	{"ls -l", "/p:1:1: Unknown option --ls"},
	{"/bin/sh", "/p:1:1: a line begins with the name of an option"},
	{"'bind' /a /b", "/p:1:1: a line begins with the name of an option"},
	{"uid x", "/p:1:1: Invalid uid: x"},
	{"dir ''", "/p:1:1: --dir does not take an empty path argument"},
	{"dir \"/a", "/p:1:5: this quote is not closed in its line"},
	{"dir '/a\n'", "/p:1:5: this quote is not closed in its line"},
	{"dir /a\\", "/p:1:7: \\ at the end of a line: lines cannot be joined"},
	{"dir ~/a", "/p:1:5: ~ is written ${HOME} here, and the mere character as \\~"},
	{"dir /$HOME", "/p:1:6: a variable is written ${NAME}, a mere $ as \\$"},
	{"dir /$(ls)", "/p:1:6: a variable is written ${NAME}, a mere $ as \\$"},
	{"dir ${}", "/p:1:7: the name of a variable has letters, digits and _"},
	{"dir ${1}", "/p:1:7: the name of a variable has letters, digits and _"},
	{"dir ${HOME", "/p:1:11: } or :- has to follow the name of a variable"},
	{"dir ${HOME-x}", "/p:1:11: } or :- has to follow the name of a variable"},
	{"dir ${HOME:-x", "/p:1:5: this ${ is not closed"},
	{"dir ${HOME:-'x'}", "/p:1:13: a quote in a default: quote the whole word"},
	{"dir /x/${NO}", "/p:1:8: ${NO} is not set: give it by --set NO=VALUE, or a default "
			 "by ${NO:-TEXT}"},
	{"?", "/p:1:1: ? without an option"},
	{"? uid 0", "/p:1:3: ? belongs in front of an option that has a path"},
	{"? bind /a", "/p:1:3: --bind takes two arguments"},
	{"? for x", "/p:1:3: ? has no meaning for for"},
	{"dir /a\nfor x", "/p:2:1: for has to be the first line"},
	{"for", "/p:1:1: for takes the names of commands"},
	{"for x /bin/y", "/p:1:7: /bin/y is not the name of a command"},
	{"include", "/p:1:1: include takes the name of one profile"},
	{"include a b", "/p:1:1: include takes the name of one profile"},
	{"include ''", "/p:1:9: \"\" is no name of a profile; a file's path has a /"},
	{"include .x", "/p:1:9: \".x\" is no name of a profile; a file's path has a /"},
	{"include /none", "/p:1:9: profile /none"},
	{"help", "/p:1:1: --help belongs on the command line"},
	{"profile x", "/p:1:1: --profile belongs on the command line"},
	{"set A=B", "/p:1:1: --set belongs on the command line"},
	{"args 3", "/p:1:1: --args belongs on the command line"},
	{"explain", "/p:1:1: --explain belongs on the command line"},
	{"perms 0700", "/p:1:1: --perms must be followed by an option that creates a file"},
	{"size 1\ninclude x", "/p:2:1: --size must be followed by --tmpfs"},
	{"share-net x", "/p:1:11: x is too much for --share-net, and a line holds one option"},
	{"share-net=x", "/p:1:1: --share-net does not take a value"},
	{"not-above ${HOME}", "/p:1:11: not in /h, which holds /h: go to the folder of the "
			      "project"},
	{"uid 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
	 "/p:1:67: too many words for a line"},
};

static void test_errors(void)
{
	variables[3][0] = "PWD";
	variables[3][1] = "/h";
	for (size_t i = 0; i < COUNT(errors); i++) {
		put_file("/p", errors[i].text);
		expect("zbox --profile /p true", errors[i].failure);
	}
}

static void test_command_line(void)
{
	expect("zbox --profile /none true", "profile /none");
	expect("zbox --profile none true", "there is no profile none in /config/zbox/profiles, "
					   "/etc/zbox/profiles or " ZBOX_PROFILES);
	expect("zbox --profile ../p true", "profile ../p");
	expect("zbox --profile '' true", "\"\" is no name of a profile; a file's path has a /");
	expect("zbox --set x true", "--set takes NAME=VALUE, not x");
	expect("zbox --set =x true", "--set takes NAME=VALUE, not =x");
	expect("zbox --set 1=x true", "--set takes NAME=VALUE, not 1=x");
	expect("zbox --profile", "--profile takes an argument");
	expect("bwrap --profile /p true", "Unknown option --profile");
	expect_as(1, "zbox --no-profile --profile /e true", "profile /e");
	put_file("/e", "");
	expect_as(1, "zbox --no-profile --profile /e true",
		  "--no-profile cannot be combined with --profile");
	file_text[3] = "--profile|/e";
	expect("zbox --args 3 true", "--profile not supported in arguments file");
	file_text[3] = "--set|A=B";
	expect("zbox --args 3 true", "--set not supported in arguments file");
	expect("zbox --profile /none --bad true", "Unknown option --bad");
	expect("zbox --profile /none --bind /a", "--bind takes two arguments");
	expect("zbox --profile /none --help true", NULL);
	check(sb.print == PRINT_HELP && sb.profile_count == 0, "--help reads no profile");
}

static void test_not_above(void)
{
	put_file("/p", "not-above ${HOME} /srv");
	variables[3][1] = "/";
	expect("zbox --profile /p true", "/p:1:11: not in /, which holds /h: go to the folder of "
					 "the project");
	variables[3][1] = "/srv";
	expect("zbox --profile /p true", "/p:1:19: not in /srv, which holds /srv: go to the folder "
					 "of the project");
	variables[3][1] = "/h/project";
	expect("zbox --profile /p true", NULL);
	variables[3][1] = "/hh";
	expect("zbox --profile /p true", NULL);
	variables[3][1] = NULL;
	expect("zbox --profile /p true", "/p:1:1: the current folder is not known");
}

static bool read_in_order(const char *list)
{
	char got[512] = "";

	for (size_t i = 0; i < sb.mount_count; i++)
		(void)snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s ",
			       sb.mounts[i].dest);
	if (strcmp(got, list) != 0)
		printf("# was: %s\n", got);
	return strcmp(got, list) == 0;
}

static void test_places(void)
{
	empty_disk();
	put_file("a.profile", "dir /current");
	put_file("a", "dir /current");
	put_file(ZBOX_PROFILES "/a.profile", "dir /installed\ninclude b");
	put_file(ZBOX_PROFILES "/a.local", "dir /installed.local");
	put_file("/etc/zbox/profiles/a.local", "dir /etc.local");
	put_file("/etc/zbox/profiles/b.profile", "dir /b");
	put_file("/config/zbox/profiles/b.local", "dir /b.local");
	put_file("/config/zbox/profiles/a.local", "dir /user.local");
	expect("zbox --profile a true", NULL);
	check(read_in_order("/installed /b /b.local /installed.local /etc.local /user.local "),
	      "the installed one, and what was added to it");
	put_file("/etc/zbox/profiles/a.profile", "dir /etc");
	expect("zbox --profile a true", NULL);
	check(read_in_order("/etc /etc.local /user.local "), "that of /etc goes before");
	put_file("/config/zbox/profiles/a.profile", "dir /user");
	expect("zbox --profile a true", NULL);
	check(read_in_order("/user /user.local "), "and the user's before that");
	put_file("./a.profile", "dir /here\ninclude ./a");
	put_file("./a.local", "dir /here.local");
	put_file("./a", "dir /beside");
	expect("zbox --profile ./a.profile --profile b true", NULL);
	check(read_in_order("/here /beside /here.local /here.local /b /b.local "),
	      "the current folder's only by its path; --profile may be repeated");
	put("/config/zbox/profiles/a.profile", "", EACCES);
	expect("zbox --profile a true", "profile /config/zbox/profiles/a.profile");
	check(failure_get()->err == EACCES, "what cannot be read is not passed over");
}

static void test_loops(void)
{
	empty_disk();
	put_file("/a", "include /b");
	put_file("/b", "\ninclude /a");
	expect("zbox --profile /a true", "/b:2:9: include goes round in a loop: /a is being read");
	put_file("/b", "include /b");
	expect("zbox --profile /a true", "/b:1:9: include goes round in a loop: /b is being read");
	put_file("/x/../a", "include ../a");
	expect("zbox --profile /x/../a true", "/x/../a:1:9: profile /x/../../a");
	put_file("/a", "include /b\ninclude /b");
	put_file("/b", "include /c\ninclude /c");
	put_file("/c", "include /d\ninclude /d");
	put_file("/d", "include /e\ninclude /e");
	put_file("/e", "include /f\ninclude /f");
	put_file("/f", "include /g\ninclude /g");
	put_file("/g", "include /i\ninclude /i");
	put_file("/i", "include /j\ninclude /j");
	put_file("/j", "dir /z");
	expect("zbox --profile /a true", "/a:2:9: more than 256 profiles are read");
}

static void test_depth(void)
{
	static char path[20][8], text[20][24];

	empty_disk();
	for (int i = 0; i < 15; i++) {
		(void)snprintf(path[i], sizeof(path[i]), "/%u", (unsigned)i % 100);
		(void)snprintf(text[i], sizeof(text[i]), "include /%d", i + 1);
		disk[i] = (struct disk_file){path[i], text[i], 0};
	}
	text[14][0] = '\0';
	expect("zbox --profile /0 true", NULL);
	check(sb.profile_count == 15, "fifteen profiles may include each other");
}

static void test_command(void)
{
	empty_disk();
	put_file("/config/zbox/profiles/app.profile", "for app\ndir /user");
	put_file("app.profile", "for app\ndir /current");
	expect("zbox app", NULL);
	check(sb.mount_count == 0 && sb.warning_count == 0,
	      "neither the user's nor the current folder's profiles are taken by themselves");
	put_file(ZBOX_PROFILES "/app.profile",
		 "# comment\n\n--for other app # more\ndir /installed\nuid 3");
	expect("zbox --uid 5 -- /opt/bin/app", NULL);
	check(sb.mount_count == 1 && sb.uid == 5, "the installed one is, and the words win");
	check(sb.warning_count == 1 && sb.warnings[0].note &&
		      same(sb.warnings[0].text,
			   "profile " ZBOX_PROFILES "/app.profile, which is for app "
			   "(--no-profile: without it)"),
	      "which is said");
	expect("zbox --quiet app", NULL);
	check(sb.quiet && sb.mount_count == 1, "--quiet is for who prints it");
	expect("zbox --no-profile app", NULL);
	check(sb.mount_count == 0 && sb.warning_count == 0, "--no-profile");
	put_file("/e", "dir /e");
	expect("zbox --profile /e app", NULL);
	check(sb.mount_count == 1 && same(sb.mounts[0].dest, "/e"), "or another --profile");
	expect("bwrap app", NULL);
	check(sb.mount_count == 0, "not under the name bwrap");
	put_file("/etc/zbox/profiles/app.profile", "dir /etc");
	expect("zbox app", NULL);
	check(sb.mount_count == 0, "one in /etc that is not for it turns it off");
	put_file("/etc/zbox/profiles/app.profile", "for app\nbad");
	expect("zbox app", "/etc/zbox/profiles/app.profile:2:1: Unknown option --bad");
	put_file("/etc/zbox/profiles/app.profile", "for ap appp\nbad");
	expect("zbox app", NULL);
	expect("zbox ../.. app", NULL);
	expect("zbox -- ''", NULL);
}

static void test_size(void)
{
	size_t size = 1U << 20;
	char *big = malloc(size + 2);

	memset(big, '#', size + 1);
	big[size + 1] = '\0';
	empty_disk();
	put_file("/p", big);
	expect("zbox --profile /p true", "profile /p");
	check(failure_get()->err == EFBIG, "more than 1 MiB is too much");
	big[size] = '\0';
	expect("zbox --profile /p true", NULL);
	memset(big, 'x', size);
	memcpy(big, "dir ", 4);
	expect("zbox --profile /p true", NULL);
	check(sb.mount_count == 1 && strlen(sb.mounts[0].dest) == size - 4,
	      "1 MiB is not, nor is a long word");
	free(big);
}

int main(void)
{
	test_words();
	test_hostile();
	test_lines();
	test_errors();
	test_command_line();
	test_not_above();
	test_places();
	test_loops();
	test_depth();
	test_command();
	test_size();
	sandbox_free(&sb);
	return test_done();
}
