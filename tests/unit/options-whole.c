/*
 * What concerns the command line as a whole: where options end, arguments files, repeated options,
 * what ends the parsing, and what options mean together (options_check()).
 */
#include "parse.h"

#include <sched.h>

#define TRIED (CLONE_NEWUSER | CLONE_NEWCGROUP)

static bool command_is(const char *first, const char *second)
{
	return sb.command && same(sb.command[0], first) && same(sb.command[1], second);
}

static void test_command(void)
{
	expect("bwrap --unshare-pid true", NULL);
	check(command_is("true", NULL), "the first word that is no option is the command");
	(void)parse("zbox ls --bind");
	check(command_is("ls", "--bind") && sb.mount_count == 0,
	      "and options after it are its own");
	(void)parse("zbox -- --help");
	check(command_is("--help", NULL) && sb.print == PRINT_NOTHING, "-- ends the options");
	(void)parse("zbox -- -- a");
	check(command_is("--", "a"), "only the first -- does");
	(void)parse("zbox --bind -- -- true");
	check(command_is("true", NULL) && same(sb.mounts[0].source, "--"), "an operand may be --");
	(void)parse("zbox ''");
	check(command_is("", NULL), "an empty word is a command");
	(void)parse("zbox --");
	check(!sb.command, "-- alone is no command");
	(void)parse("zbox --chdir=/a=b --hostname= ls");
	check(same(sb.chdir, "/a=b") && same(sb.hostname, ""), "--name=value ends at the first =");
	check(command_is("ls", NULL), "and is one word");
}

static void test_args(void)
{
	file_text[3] = "--bind|/a|/b|--dir|/c|";
	file_text[4] = "--dir|/d";
	file_text[5] = "";
	expect("bwrap --dir /x --args 3 --dir /y --args 4 --args 5 true", NULL);
	check(sb.mount_count == 5 && same(sb.mounts[1].dest, "/b") &&
		      same(sb.mounts[3].dest, "/y") && same(sb.mounts[4].dest, "/d"),
	      "--args takes its words in place");
	check(same(sb.mounts[1].origin.file, "--args 3") && sb.mounts[1].origin.at == 1 &&
		      sb.mounts[2].origin.at == 4 && !sb.mounts[3].origin.file &&
		      sb.mounts[3].origin.at == 5 && same(sb.mounts[4].origin.file, "--args 4"),
	      "and they know their file and word");
	check(command_is("true", NULL), "the command follows");
	file_text[3] = "--setenv|A||--dir|/a|";
	expect("bwrap --args 3", NULL);
	check(same(sb.env[0].value, "") && sb.mount_count == 1, "an empty word is a word");
	file_text[3] = "|";
	expect("bwrap --args 3", NULL);
	expect("zbox --args 3", "--args 3: a command cannot come from an arguments file: ");
	file_text[3] = "--dir|/a|true|--dir|/b";
	expect("bwrap --args 3 ls", NULL);
	check(sb.mount_count == 1 && command_is("ls", NULL), "bwrap: a command there is dropped");
	expect("zbox --args 3", "--args 3: a command cannot come from an arguments file: true");
	file_text[3] = "--dir|/a|--";
	expect("zbox --args 3 ls", NULL);
	file_text[3] = "--args|4";
	expect("zbox --args 3", "--args not supported in arguments file");
	file_text[3] = "--bind|/a";
	expect("bwrap --args 3 /b", "--bind takes two arguments");
	file_text[3] = "--nonsense";
	expect("bwrap --args 3", "Unknown option --nonsense");
	file_text[3] = "--help";
	expect("bwrap --args 3 --nonsense", NULL);
	check(sb.print == PRINT_HELP, "--help in a file ends the parsing of all");
	expect("bwrap --args 9", "Can't read --args data");
	check(failure_get()->err == EBADF, "with the reason");
	expect("bwrap --args 99999999999", "Invalid fd: 99999999999");
}

static void test_args_pending(void)
{
	file_text[3] = "--dir|/a";
	expect("bwrap --perms 0700 --args 3", NULL);
	check(sb.mounts[0].perms == 0700, "--perms waits for the first option of the file");
	file_text[3] = "--perms|0700";
	expect("bwrap --args 3 --dir /a",
	       "--perms must be followed by an option that creates a file");
	file_text[3] = "--size|1";
	expect("bwrap --args 3 --tmpfs /a", "--size must be followed by --tmpfs");
	file_text[3] = "--overlay-src|/a";
	expect("bwrap --args 3 --tmp-overlay /b",
	       "--overlay-src must be followed by another --overlay-src or one of --overlay, "
	       "--tmp-overlay, or --ro-overlay");
}

static void test_repeated(void)
{
	static const char *const once[] = {"--chdir",
					   "--exec-label",
					   "--file-label",
					   "--sync-fd",
					   "--block-fd",
					   "--userns-block-fd",
					   "--info-fd",
					   "--json-status-fd",
					   "--seccomp",
					   "--userns",
					   "--userns2",
					   "--pidns",
					   "--uid",
					   "--gid",
					   "--hostname",
					   "--netns",
					   "--seccomp-profile",
					   "--status-fd"};

	for (size_t i = 0; i < COUNT(once); i++) {
		char line[128], text[128];

		(void)snprintf(line, sizeof(line), "zbox %s 3 %s 4", once[i], once[i]);
		(void)snprintf(text, sizeof(text), "Only the last %s option will take effect",
			       once[i]);
		check(!parse(line) && sb.warning_count == 1 && same(sb.warnings[0].text, text),
		      "%s twice is a warning", once[i]);
	}
	(void)parse("bwrap --uid 1 --uid 2 --uid 3");
	check(sb.uid == 3 && sb.warning_count == 2, "the last one wins");
	(void)parse("bwrap --uid 1 --level-prefix --uid 2");
	check(sb.warnings[0].level_prefix, "a warning knows of --level-prefix before it");
	(void)parse("bwrap --uid 1 --uid 2 --level-prefix");
	check(!sb.warnings[0].level_prefix, "and only before it");
	(void)parse(
		"bwrap --unshare-pid --unshare-pid --dir /a --dir /a --setenv A b --setenv A b");
	check(sb.warning_count == 0, "switches and lists may be repeated");
}

static void test_pages(void)
{
	static const struct {
		const char *words;
		enum print_what what;
	} pages[] = {
		{"--help", PRINT_HELP},
		{"--version", PRINT_VERSION},
		{"--print help", PRINT_HELP},
		{"--print version", PRINT_VERSION},
		{"--print man", PRINT_MAN},
		{"--print bash", PRINT_BASH},
		{"--print zsh", PRINT_ZSH},
		{"--print=fish", PRINT_FISH},
		{"--doctor", PRINT_DOCTOR},
		{"--doctor=text", PRINT_DOCTOR},
		{"--doctor=json", PRINT_DOCTOR_JSON},
		{"--seccomp-show strict", PRINT_SECCOMP_SHOW},
		{"--seccomp-why strict ioctl", PRINT_SECCOMP_WHY},
	};

	for (size_t i = 0; i < COUNT(pages); i++) {
		char line[128];

		(void)snprintf(line, sizeof(line), "zbox %s %s", pages[i].words, "--nonsense");
		check(!parse(line) && sb.print == pages[i].what, "%s ends the parsing",
		      pages[i].words);
	}
	expect("zbox --nonsense --help", "Unknown option --nonsense");
	expect("zbox --explain --dir /a --nonsense", "Unknown option --nonsense");
	expect_as(1000, "zbox --explain --dir /a ls", NULL);
	check(sb.print == PRINT_EXPLAIN && command_is("ls", NULL), "--explain reads the plan");
	expect_as(1000, "zbox --explain=json ls", NULL);
	check(sb.print == PRINT_EXPLAIN_JSON, "--explain=json");
	(void)parse("zbox --seccomp-why strict ioctl 0 0x5412");
	check(same(sb.print_arg, "strict") && command_is("ioctl", "0"),
	      "--seccomp-why takes the rest");
}

/* The order is bubblewrap's: each line breaks a rule and all that come after it. */
static void test_bwrap_clashes(void)
{
	expect_as(0, "bwrap --userns-block-fd 3 --userns 4 --disable-userns",
		  "--userns-block-fd requires --unshare-user");
	expect_as(0, "bwrap --userns-block-fd 3 --unshare-all",
		  "--userns-block-fd requires --unshare-user");
	expect_as(0, "bwrap --userns-block-fd 3 --unshare-user --userns 4 --disable-userns",
		  "--userns-block-fd requires --info-fd");
	expect_as(0, "bwrap --userns 4 --unshare-all --unshare-user --disable-userns",
		  "--userns not compatible --unshare-user");
	expect_as(0, "bwrap --userns 4 --unshare-all --disable-userns",
		  "--userns not compatible --unshare-user-try");
	expect_as(1000, "bwrap --disable-userns", "--disable-userns requires --unshare-user");
	expect_as(1000, "bwrap --disable-userns --unshare-all true",
		  "--disable-userns requires --unshare-user");
	expect_as(0, "bwrap --disable-userns --unshare-user --userns-block-fd 3 --info-fd 4",
		  "--disable-userns is not compatible with  --userns-block-fd");
	expect_as(0, "bwrap --uid 1 --hostname x --as-pid-1", "no command given");
	check(sb.print == PRINT_HELP, "without a command main prints the usage");
	expect_as(0, "bwrap --uid 1 --gid 1 --hostname x --as-pid-1 true",
		  "Specifying --uid requires --unshare-user or --userns");
	expect_as(0, "bwrap --gid 1 --hostname x --as-pid-1 true",
		  "Specifying --gid requires --unshare-user or --userns");
	expect_as(0, "bwrap --hostname x --as-pid-1 true",
		  "Specifying --hostname requires --unshare-uts");
	expect_as(1000, "bwrap --as-pid-1 --lock-file /a true",
		  "Specifying --as-pid-1 requires --unshare-pid");
	expect_as(1000, "bwrap --as-pid-1 --lock-file /a --unshare-all true",
		  "Specifying --as-pid-1 and --lock-file is not permitted");
	expect_as(1000, "bwrap --as-pid-1 --unshare-pid --sync-fd 3 true", NULL);
	expect_as(1000, "bwrap --uid 1 --gid 1 true", NULL);
	expect_as(0, "bwrap --uid 1 --gid 1 --userns 3 true", NULL);
	expect_as(0, "bwrap --uid 1 --gid 1 --unshare-all true", NULL);
}

static void test_implied(void)
{
	(void)parse_as(1000, "bwrap true");
	check(sb.unshare == (CLONE_NEWNS | CLONE_NEWUSER), "bwrap: a user gets a user namespace");
	(void)parse_as(0, "bwrap true");
	check(sb.unshare == CLONE_NEWNS, "bwrap: root does not");
	(void)parse_as(1000, "bwrap --userns 3 true");
	check(sb.unshare == CLONE_NEWNS, "bwrap: nor does who joins one");
	(void)parse_as(1000, "bwrap --unshare-all true");
	check(sb.unshare_try == CLONE_NEWCGROUP, "what is made is not tried");
	(void)parse_as(0, "bwrap --unshare-all true");
	check(sb.unshare_try == TRIED, "bwrap: root only tries");
	(void)parse_as(1000, "zbox --userns 3 true");
	check(!((sb.unshare | sb.unshare_try) & CLONE_NEWUSER), "zbox: what is joined is not made");
	(void)parse_as(1000, "zbox --unshare-all --netns 3 true");
	check(!(sb.unshare & CLONE_NEWNET), "zbox: the network namespace neither");
	(void)parse_as(1000, "zbox --landlock-only true");
	check(sb.unshare == CLONE_NEWNET && sb.unshare_try == 0,
	      "--landlock-only makes no namespace, but keeps the network away");
	(void)parse_as(1000, "zbox --landlock-only --share-net true");
	check(sb.unshare == 0, "--landlock-only --share-net");
	(void)parse_as(0, "zbox true");
	check(sb.unshare & CLONE_NEWUSER, "zbox: root gets a user namespace too");
	expect_as(0, "zbox", "no command given");
}

static void test_zbox_clashes(void)
{
	expect_as(0, "zbox --uid 1 --gid 1 --hostname x --as-pid-1 true", NULL);
	expect_as(0, "zbox --userns 3 --unshare-user true",
		  "--userns cannot be combined with --unshare-user");
	expect_as(0, "zbox --userns 3 --unshare-all true", NULL);
	expect_as(0, "zbox --disable-userns true", NULL);
	expect_as(0, "zbox --userns-block-fd 3 true", "--userns-block-fd requires --info-fd");
	expect_as(0, "zbox --userns-block-fd 3 --info-fd 4 --disable-userns true",
		  "--userns-block-fd cannot be combined with --disable-userns");
	expect_as(0, "zbox --share-uts --hostname x true",
		  "--share-uts cannot be combined with --hostname");
	expect_as(0, "zbox --share-uts --unshare-uts --hostname x true", NULL);
	expect_as(0, "zbox --share-net --netns 3 true",
		  "--share-net cannot be combined with --netns");
	expect_as(0, "zbox --unshare-net --netns 3 true",
		  "--netns cannot be combined with --unshare-net");
	expect_as(0, "zbox --as-pid-1 --share-pid true",
		  "--as-pid-1 cannot be combined with --share-pid");
	expect_as(0, "zbox --as-pid-1 --lock-file /a true",
		  "--as-pid-1 cannot be combined with --lock-file");
	expect_as(0, "zbox --landlock-only --uid 1 true",
		  "--landlock-only cannot be combined with --uid");
	expect_as(0, "zbox --overlay-src /a --tmp-overlay /b true", NULL);
	(void)parse("zbox --share-net --dir /a");
	check(option_given(&sb, "share-net") && option_given(&sb, "dir") &&
		      !option_given(&sb, "netns") && !option_given(&sb, "nonsense"),
	      "option_given()");
}

int main(void)
{
	test_command();
	test_args();
	test_args_pending();
	test_repeated();
	test_pages();
	test_bwrap_clashes();
	test_implied();
	test_zbox_clashes();
	sandbox_free(&sb);
	return test_done();
}
