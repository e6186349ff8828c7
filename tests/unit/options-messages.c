/*
 * The messages of the parser, each with the words that call for it. Most are bubblewrap's, to the
 * letter: scripts look for them.
 */
#include "parse.h"

struct message {
	const char *line, *text;
};

/* Missing operands: bubblewrap's sentences, which differ for no reason that scripts could know. */
static const struct message missing[] = {
	{"bwrap --args", "--args takes an argument"},
	{"bwrap --argv0", "--argv0 takes one argument"},
	{"bwrap --chdir", "--chdir takes one argument"},
	{"bwrap --remount-ro", "--remount-ro takes one argument"},
	{"bwrap --bind", "--bind takes two arguments"},
	{"bwrap --bind /a", "--bind takes two arguments"},
	{"bwrap --bind-try /a", "--bind-try takes two arguments"},
	{"bwrap --dev-bind /a", "--dev-bind takes two arguments"},
	{"bwrap --dev-bind-try /a", "--dev-bind-try takes two arguments"},
	{"bwrap --ro-bind /a", "--ro-bind takes two arguments"},
	{"bwrap --ro-bind-try /a", "--ro-bind-try takes two arguments"},
	{"bwrap --bind-fd 3", "--bind-fd takes two arguments"},
	{"bwrap --ro-bind-fd 3", "--bind-fd takes two arguments"},
	{"bwrap --proc", "--proc takes an argument"},
	{"bwrap --dev", "--dev takes an argument"},
	{"bwrap --tmpfs", "--tmpfs takes an argument"},
	{"bwrap --mqueue", "--mqueue takes an argument"},
	{"bwrap --dir", "--dir takes an argument"},
	{"bwrap --file 3", "--file takes two arguments"},
	{"bwrap --bind-data 3", "--bind-data takes two arguments"},
	{"bwrap --ro-bind-data 3", "--ro-bind-data takes two arguments"},
	{"bwrap --symlink a", "--symlink takes two arguments"},
	{"bwrap --chmod 0700", "--chmod takes two arguments"},
	{"bwrap --perms", "--perms takes an argument"},
	{"bwrap --size", "--size takes an argument"},
	{"bwrap --overlay-src /a --overlay /b /c", "--overlay takes three arguments"},
	{"bwrap --overlay-src /a --tmp-overlay", "--tmp-overlay takes an argument"},
	{"bwrap --overlay-src /a --ro-overlay", "--ro-overlay takes an argument"},
	{"bwrap --overlay-opt", "--overlay-opt takes an argument"},
	{"bwrap --overlay-src", "--overlay-src must be followed by another --overlay-src or one of "
				"--overlay, --tmp-overlay, or --ro-overlay"},
	{"bwrap --userns", "--userns takes an argument"},
	{"bwrap --userns2", "--userns2 takes an argument"},
	{"bwrap --pidns", "--pidns takes an argument"},
	{"bwrap --uid", "--uid takes an argument"},
	{"bwrap --gid", "--gid takes an argument"},
	{"bwrap --hostname", "--hostname takes an argument"},
	{"bwrap --setenv A", "--setenv takes two arguments"},
	{"bwrap --unsetenv", "--unsetenv takes an argument"},
	{"bwrap --cap-add", "--cap-add takes an argument"},
	{"bwrap --cap-drop", "--cap-drop takes an argument"},
	{"bwrap --seccomp", "--seccomp takes an argument"},
	{"bwrap --add-seccomp-fd", "--add-seccomp-fd takes an argument"},
	{"bwrap --exec-label", "--exec-label takes an argument"},
	{"bwrap --file-label", "--file-label takes an argument"},
	{"bwrap --lock-file", "--lock-file takes an argument"},
	{"bwrap --sync-fd", "--sync-fd takes an argument"},
	{"bwrap --block-fd", "--block-fd takes an argument"},
	{"bwrap --userns-block-fd", "--userns-block-fd takes an argument"},
	{"bwrap --info-fd", "--info-fd takes an argument"},
	{"bwrap --json-status-fd", "--json-status-fd takes an argument"},
	{"zbox --status-fd", "--status-fd takes an argument"},
	{"zbox --netns", "--netns takes an argument"},
	{"zbox --env", "--env takes an argument"},
	{"zbox --keep-fd", "--keep-fd takes an argument"},
	{"zbox --landlock", "--landlock takes an argument"},
	{"zbox --print", "--print takes an argument"},
	{"zbox --seccomp-profile", "--seccomp-profile takes an argument"},
	{"zbox --seccomp-allow", "--seccomp-allow takes an argument"},
	{"zbox --seccomp-deny", "--seccomp-deny takes an argument"},
	{"zbox --seccomp-show", "--seccomp-show takes an argument"},
	{"zbox --seccomp-why strict", "--seccomp-why takes two arguments"},
};

/* Words that are no options, and options that the name does not have. */
static const struct message unknown[] = {
	{"bwrap -", "Unknown option -"},
	{"zbox -", "Unknown option -"},
	{"zbox -h", "Unknown option -h"},
	{"zbox -abc", "Unknown option -abc"},
	{"zbox -bind /a /b", "Unknown option -bind"},
	{"zbox --share-user", "Unknown option --share-user"},
	{"bwrap --share-user", "Unknown option --share-user"},
	{"zbox --bin", "Unknown option --bin"},
	{"zbox --binds", "Unknown option --binds"},
	{"zbox --BIND", "Unknown option --BIND"},
	{"zbox ---bind", "Unknown option ---bind"},
	{"zbox --=x", "Unknown option --=x"},
	{"bwrap --chdir=/", "Unknown option --chdir=/"},
	{"bwrap --no-base", "Unknown option --no-base"},
	{"bwrap --strict-dest", "Unknown option --strict-dest"},
	{"bwrap --explain", "Unknown option --explain"},
	{"bwrap --doctor", "Unknown option --doctor"},
	{"bwrap --print help", "Unknown option --print"},
	{"bwrap --bwrap", "Unknown option --bwrap"},
	{"bwrap --share-pid", "Unknown option --share-pid"},
	{"bwrap --share-ipc", "Unknown option --share-ipc"},
	{"bwrap --share-uts", "Unknown option --share-uts"},
	{"bwrap --share-cgroup", "Unknown option --share-cgroup"},
	{"bwrap --netns 3", "Unknown option --netns"},
	{"bwrap --env A", "Unknown option --env"},
	{"bwrap --keep-env", "Unknown option --keep-env"},
	{"bwrap --keep-fd 3", "Unknown option --keep-fd"},
	{"bwrap --share-terminal", "Unknown option --share-terminal"},
	{"bwrap --no-die-with-parent", "Unknown option --no-die-with-parent"},
	{"bwrap --landlock off", "Unknown option --landlock"},
	{"bwrap --landlock-only", "Unknown option --landlock-only"},
	{"bwrap --seccomp-profile x", "Unknown option --seccomp-profile"},
	{"bwrap --seccomp-allow x", "Unknown option --seccomp-allow"},
	{"bwrap --seccomp-deny x", "Unknown option --seccomp-deny"},
	{"bwrap --seccomp-show x", "Unknown option --seccomp-show"},
	{"bwrap --seccomp-why x y", "Unknown option --seccomp-why"},
	{"bwrap --status-fd 3", "Unknown option --status-fd"},
	{"zbox --bwrap", "--bwrap has to be the very first word"},
};

/* Operands that are refused. */
static const struct message wrong[] = {
	{"bwrap --args x", "Invalid fd: x"},
	{"bwrap --bind-fd '' /a", "Invalid fd: "},
	{"bwrap --bind-fd -1 /a", "Invalid fd: -1"},
	{"bwrap --bind-fd -0 /a", "Invalid fd: -0"},
	{"bwrap --bind-fd 0a /a", "Invalid fd: 0a"},
	{"bwrap --bind-fd +3 /a", "Invalid fd: +3"},
	{"bwrap --bind-fd 0x3 /a", "Invalid fd: 0x3"},
	{"bwrap --bind-fd 2147483648 /a", "Invalid fd: 2147483648"},
	{"bwrap --bind-fd 4294967296 /a", "Invalid fd: 4294967296"},
	{"bwrap --sync-fd 18446744073709551616", "Invalid fd: 18446744073709551616"},
	{"bwrap --sync-fd 99999999999999999999999999", "Invalid fd: 99999999999999999999999999"},
	{"bwrap --seccomp x", "Invalid fd: x"},
	{"bwrap --add-seccomp-fd x", "Invalid fd: x"},
	{"bwrap --file x /a", "Invalid fd: x"},
	{"bwrap --uid ''", "Invalid uid: "},
	{"bwrap --uid -1", "Invalid uid: -1"},
	{"bwrap --uid 1x", "Invalid uid: 1x"},
	{"bwrap --uid 4294967295", "Invalid uid: 4294967295"},
	{"bwrap --uid 4294967296", "Invalid uid: 4294967296"},
	{"bwrap --gid root", "Invalid gid: root"},
	{"bwrap --gid 4294967296", "Invalid gid: 4294967296"},
	{"bwrap --perms 8 --dir /a", "--perms takes an octal argument <= 07777"},
	{"bwrap --perms '' --dir /a", "--perms takes an octal argument <= 07777"},
	{"bwrap --perms 10000 --dir /a", "--perms takes an octal argument <= 07777"},
	{"bwrap --perms -1 --dir /a", "--perms takes an octal argument <= 07777"},
	{"bwrap --chmod 10000 /a", "--chmod takes an octal argument <= 07777"},
	{"bwrap --chmod u+w /a", "--chmod takes an octal argument <= 07777"},
	{"bwrap --size 0 --tmpfs /a", "--size takes a non-zero number of bytes"},
	{"bwrap --size '' --tmpfs /a", "--size takes a non-zero number of bytes"},
	{"bwrap --size -1 --tmpfs /a", "--size takes a non-zero number of bytes"},
	{"bwrap --size 11111111111111111111111111111111 --tmpfs /a",
	 "--size takes a non-zero number of bytes"},
	{"bwrap --size 1x --tmpfs /a", "--size takes a non-zero number of bytes"},
	{"bwrap --size 1K --tmpfs /a", "--size takes a non-zero number of bytes"},
	{"bwrap --size 9223372036854775808 --tmpfs /a",
	 "--size (for tmpfs) is limited to 9223372036854775807"},
	{"zbox --size K --tmpfs /a", "--size takes a non-zero number of bytes"},
	{"zbox --size 0K --tmpfs /a", "--size takes a non-zero number of bytes"},
	{"zbox --size 1T --tmpfs /a", "--size takes a non-zero number of bytes"},
	{"zbox --size 1KK --tmpfs /a", "--size takes a non-zero number of bytes"},
	{"zbox --size -1K --tmpfs /a", "--size takes a non-zero number of bytes"},
	{"zbox --size 8589934592G --tmpfs /a",
	 "--size (for tmpfs) is limited to 9223372036854775807"},
	{"bwrap --setenv '' x", "setenv failed"},
	{"bwrap --setenv a=b x", "setenv failed"},
	{"bwrap --unsetenv ''", "unsetenv failed"},
	{"bwrap --unsetenv =", "unsetenv failed"},
	{"zbox --env a=b", "--env takes the name of a variable, without a value"},
	{"zbox --env ''", "--env takes the name of a variable, without a value"},
	{"bwrap --cap-add nothing", "unknown cap: nothing"},
	{"bwrap --cap-drop sys_admin", "unknown cap: sys_admin"},
	{"bwrap --cap-drop ''", "unknown cap: "},
	{"bwrap --cap-drop 64", "unknown cap: 64"},
	{"bwrap --cap-drop -1", "unknown cap: -1"},
	{"zbox --cap-add cap_", "unknown cap: cap_"},
	{"zbox --landlock maybe", "--landlock takes off|auto|require, not maybe"},
	{"zbox --landlock ''", "--landlock takes off|auto|require, not "},
	{"zbox --landlock auto|require", "--landlock takes off|auto|require, not auto|require"},
	{"zbox --print ksh", "--print takes help|version|man|bash|zsh|fish, not ksh"},
	{"zbox --explain=xml", "--explain takes [text|json], not xml"},
	{"zbox --explain=", "--explain takes [text|json], not "},
	{"zbox --seccomp-allow ''", "--seccomp-allow takes the name of a system call"},
	{"zbox --seccomp-deny =EPERM", "--seccomp-deny takes the name of a system call"},
	{"zbox --netns 99999999999", "Invalid fd: 99999999999"},
	{"zbox --clearenv=yes", "--clearenv does not take a value"},
	{"zbox --bind=/a /b", "--bind takes two arguments"},
	{"zbox --seccomp-why=strict open", "--seccomp-why takes two arguments"},
	{"bwrap --argv0 a --argv0 b", "--argv0 used multiple times"},
	{"bwrap --overlay-opt ''", "--overlay-opt does not take an empty argument"},
	{"bwrap --seccomp 3 --add-seccomp-fd 4",
	 "--add-seccomp-fd cannot be combined with --seccomp"},
	{"bwrap --add-seccomp-fd 4 --seccomp x",
	 "--seccomp cannot be combined with --add-seccomp-fd"},
};

static void test_messages(const struct message *messages, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect(messages[i].line, messages[i].text);
}

/* Every path operand, wherever it stands. */
static void test_empty_paths(void)
{
	static const char *const lines[] = {
		"--bind '' /a",         "--bind /a ''",        "--bind-try '' /a",
		"--ro-bind '' /a",      "--ro-bind-try '' /a", "--dev-bind '' /a",
		"--dev-bind-try '' /a", "--bind-fd 3 ''",      "--ro-bind-fd 3 ''",
		"--remount-ro ''",      "--proc ''",           "--dev ''",
		"--tmpfs ''",           "--mqueue ''",         "--dir ''",
		"--file 3 ''",          "--bind-data 3 ''",    "--ro-bind-data 3 ''",
		"--symlink '' /a",      "--symlink a ''",      "--chmod 0700 ''",
		"--overlay-src ''",     "--overlay '' /a /b",  "--overlay /a '' /b",
		"--overlay /a /b ''",   "--tmp-overlay ''",    "--ro-overlay ''",
		"--lock-file ''",       "--chdir ''",          "--netns ''",
		"--seccomp-profile ''",
	};

	for (size_t i = 0; i < COUNT(lines); i++) {
		char line[128], text[128];

		(void)snprintf(line, sizeof(line), "zbox %s", lines[i]);
		(void)snprintf(text, sizeof(text), "%.*s does not take an empty path argument",
			       (int)strcspn(lines[i], " "), lines[i]);
		expect(line, text);
	}
	expect("bwrap --bind-try '' /a", "--bind-try does not take an empty path argument");
	expect("zbox --chdir= true", "--chdir does not take an empty path argument");
	expect("bwrap --hostname '' --argv0 '' ''", NULL);
}

int main(void)
{
	test_messages(missing, COUNT(missing));
	test_messages(unknown, COUNT(unknown));
	test_messages(wrong, COUNT(wrong));
	test_empty_paths();
	(void)parse("zbox");
	sandbox_free(&sb);
	return test_done();
}
