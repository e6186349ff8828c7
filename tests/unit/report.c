/*
 * What is said: failures with their hints, warnings, the status record, texts and JSON.
 * Links report.c, hints.c, causes.c, plan.c, text.c, json.c, utils.c and sandbox-struct.c.
 */
#include "test.h"

#include "hints.h"
#include "json.h"
#include "report.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct sandbox sb;
static char said[65536];

/* ---- catching standard error ---- */

static int caught, kept;

static void overhear(void)
{
	int ends[2];

	/* one write is one message; a pipe has less room where the user has many */
	check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0, "a socket pair");
	kept = dup(STDERR_FILENO);
	(void)dup2(ends[1], STDERR_FILENO);
	(void)close(ends[1]);
	caught = ends[0];
}

static void release(void)
{
	ssize_t length;

	(void)dup2(kept, STDERR_FILENO);
	(void)close(kept);
	length = read(caught, said, sizeof(said) - 1); /* one message */
	said[length > 0 ? length : 0] = '\0';
	(void)close(caught);
}

static void fail_with(enum personality personality, const char *step, int err, const char *text)
{
	struct failure f = {.err = err};

	sb.personality = personality;
	(void)snprintf(f.step, sizeof(f.step), "%s", step);
	(void)snprintf(f.text, sizeof(f.text), "%s", text);
	overhear();
	report_failure(&sb, &f);
	release();
}

static void check_said(const char *expected, const char *name)
{
	bool same = strcmp(said, expected) == 0;

	check(same, "%s", name);
	if (!same)
		printf("# got: %s# expected: %s", said, expected);
}

/* ---- the tests ---- */

static void test_failures_said(void)
{
	fail_with(PERSONALITY_ZBOX, "mounts", ENOTDIR, "bind /a on /b");
	check_said("zbox: mounts: bind /a on /b: Not a directory\n", "step, object, reason");
	fail_with(PERSONALITY_ZBOX, "", 0, "--perms given twice");
	check_said("zbox: --perms given twice\n", "without step and errno");
	fail_with(PERSONALITY_BWRAP, "mounts", ENOTDIR, "Can't bind /a");
	check_said("bwrap: Can't bind /a: Not a directory\n", "bwrap has no steps");
	fail_with(PERSONALITY_ZBOX, "x", ENOTDIR, "a\nb\t\x1b[1m\xff\xc2\x9b\xc3\xa9");
	check_said("zbox: x: a\\nb\\t\\x1b[1m\\xff\\xc2\\x9b\xc3\xa9: Not a directory\n",
		   "control characters are shown, not sent");
	fail_with(PERSONALITY_BWRAP, "x", ENOTDIR, "a\nb");
	check_said("bwrap: a\nb: Not a directory\n", "bwrap prints them raw");
	sb.level_prefix = true;
	fail_with(PERSONALITY_BWRAP, "x", EMFILE, "open");
	check_said("<3>bwrap: open: Too many open files\n"
		   "<3>bwrap: hint: too many open files: raise ulimit -n\n",
		   "--level-prefix, and a hint");
	sb.level_prefix = false;
}

static void test_long(void)
{
	static char text[FAILURE_TEXT];

	memset(text, 1, sizeof(text) - 1);
	fail_with(PERSONALITY_ZBOX, "mounts", ENOTDIR, text);
	check(strlen(said) > 4 * (FAILURE_TEXT - 1) && strstr(said, ": Not a directory\n"),
	      "the longest failure, every byte escaped, fits");
}

static void test_warnings(void)
{
	struct warning warnings[] = {{"first", false, false}, {"sec\nond", true, false}};

	sb.warnings = warnings;
	sb.warning_count = 2;
	sb.personality = PERSONALITY_BWRAP;
	overhear();
	report_warnings(&sb);
	release();
	check_said("bwrap: first\n<4>bwrap: sec\nond\n", "warnings of bwrap");
	sb.personality = PERSONALITY_ZBOX;
	overhear();
	report_warnings(&sb);
	release();
	check_said("zbox: warning: first\n<4>zbox: warning: sec\\nond\n", "warnings of zbox");
	warnings[0].note = true;
	overhear();
	report_warnings(&sb);
	release();
	check_said("zbox: first\n<4>zbox: warning: sec\\nond\n", "a note is no warning");
	sb.quiet = true;
	overhear();
	report_warnings(&sb);
	release();
	check_said("<4>zbox: warning: sec\\nond\n", "and is not said with --quiet");
	sb.quiet = false;
	sb.warnings = NULL;
	sb.warning_count = 0;
}

/* The cure for a failure, "" for none. */
static const char *cure(const char *step, int err, const char *text)
{
	static char detail[CAUSE_DETAIL];
	struct failure f = {.err = err};
	const struct hint *hint;

	(void)snprintf(f.step, sizeof(f.step), "%s", step);
	(void)snprintf(f.text, sizeof(f.text), "%s", text);
	hint = hints_find(&sb, &f, detail);
	return hint ? hint->cure : "";
}

static void test_hints(void)
{
	struct cgroup_limit memory = {.kind = CGROUP_MEMORY, .text = "9K"};

	check(*cure("", 0, "Creating new namespace failed: nesting depth or x") != 0,
	      "ENOSPC of namespaces");
	check(strstr(cure("", EAGAIN, "clone3"), "ulimit -u") != NULL, "too many processes");
	check(strstr(cure("network", ENOENT, "open /dev/net/tun"), "modprobe") != NULL, "tun");
	check(strstr(cure("network", ENOENT, "zbox-net"), "libslirp-dev") != NULL, "zbox-net");
	check(strstr(cure("", ENOENT, "run newuidmap"), "package uidmap") != NULL, "newuidmap");
	check(strstr(cure("ids", 0, "zbox was started under no_new_privs"), "--map keep") != NULL,
	      "newuidmap under no_new_privs");
	check(strstr(cure("ids", 0, "x has neither root's set-user-ID bit nor"), "u+s") != NULL,
	      "newuidmap without its bit");
	check(strstr(cure("ids", 0, "x is on a file system mounted nosuid"), "nosuid") != NULL,
	      "newuidmap where bits do nothing");
	check(strstr(cure("rootfs", 0, "a.tar: x: its owner 5:5 is not in the map of ids"),
		     "--map auto") != NULL,
	      "an owner that is not in the map");
	check(strstr(cure("rootfs", ENOENT, "zbox-unpack"), "libarchive-dev") != NULL,
	      "zbox-unpack");
	check(strstr(cure("", 0, "no range for x in /etc/subuid"), "usermod") != NULL, "subuid");
	check(strstr(cure("mounts", ESTALE, "overlay on /x"), "work") != NULL, "overlay ESTALE");
	check(strstr(cure("mounts", EINVAL, "overlay on /x"), "5.11") != NULL, "overlay EINVAL");
	check(strstr(cure("mounts", EROFS, "mkdir /x/y"), "destination") != NULL, "mkdir EROFS");
	check(strstr(cure("privileges", ENOSYS, "Landlock"), "lsm=") != NULL, "Landlock");
	check(strstr(cure("privileges", EINVAL, "seccomp"), "CONFIG_SECCOMP") != NULL, "seccomp");
	check(strstr(cure("limits", EACCES, "--nice -5"), "as root start zbox") != NULL, "nice");
	check(strstr(cure("", ENOENT, "--cpu-limit: processor time cannot be measured in /proc"),
		     "hidepid") != NULL,
	      "processor time");
	check(strstr(cure("cgroup", ENOENT, "zbox-scope"), "libsystemd-dev") != NULL, "zbox-scope");
	check(strstr(cure("cgroup", 0, "limits need x, and this system is hybrid: y"),
		     "unified_cgroup_hierarchy") != NULL,
	      "control groups of both versions");
	check(strstr(cure("cgroup", 0, "--io-weight 5: the controller io is not delegated to /x"),
		     "Delegate=") != NULL,
	      "a controller that is not delegated");
	check(strstr(cure("cgroup", 0, "XDG_RUNTIME_DIR=/run belongs to uid 0, and x"),
		     "enable-linger") != NULL,
	      "somebody else's XDG_RUNTIME_DIR");
	check(strstr(cure("cgroup", EACCES, "/x: no way there from the control group in which x"),
		     "start zbox from") != NULL,
	      "a control group out of reach");
	check(*cure("announce", 0, "the sandbox ended before the command was started") == '\0',
	      "the end of a set-up has no cause by itself");
	sb.cgroup_limits = &memory;
	sb.cgroup_limit_count = 1;
	check(strstr(cure("announce", 0, "the sandbox ended before the command was started"),
		     "too low for the set-up") != NULL,
	      "but a limit of memory");
	sb.cgroup_limits = NULL;
	sb.cgroup_limit_count = 0;
	check(strstr(cure("terminal", ENOSPC, "open /dev/ptmx"), "pty.max") != NULL, "terminals");
	check(strstr(cure("exec", ENOEXEC, "x"), "interpreter") != NULL, "exec ENOEXEC");
	check(*cure("mounts", ENOENT, "Can't find source path /usr/libexec/exec") == '\0',
	      "a word inside a path is no word");
	check(*cure("mounts", EINVAL, "bind /home/clone/namespace") == '\0', "nor between slashes");
}

static void test_hint_table(void)
{
	size_t count, good = 0;
	const struct hint *hints = hints_all(&count);

	for (size_t i = 0; i < count; i++) {
		const char *mark = strchr(hints[i].cure, '%');

		if (hints[i].why && hints[i].cure &&
		    (!mark || (mark[1] == 's' && hints[i].applies)) &&
		    (!mark || !strchr(mark + 1, '%')) &&
		    hints[i].why[strlen(hints[i].why) - 1] != '.')
			good++;
		else
			printf("# row %zu: %s\n", i, hints[i].why);
	}
	check(good == count && count > 30, "each of %zu hints has its texts in order", count);
}

/* A directory with programs, bound on /r. */
static void test_exec_hints(void)
{
	char dir[] = "/tmp/zbox-report.XXXXXX", path[64];
	char *command[] = {NULL, NULL};
	struct mount *m;
	int fd;

	check(mkdtemp(dir) != NULL, "a directory");
	(void)snprintf(path, sizeof(path), "%s/script", dir);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	check(write(fd, "#! /opt/none/x -y\n", 18) == 18, "a script");
	(void)close(fd);
	m = sandbox_mount(&sb, MOUNT_BIND, "/r");
	m->source = dir;
	sb.command = command;
	command[0] = format_text("/r/script");
	check(strstr(cure("exec", ENOENT, "/r/script"), "interpreter %s is not") != NULL,
	      "the interpreter of a script is missing");
	check(strstr(cure("exec", EACCES, "/r/script"), "chmod") != NULL, "no x bit");
	sandbox_mount(&sb, MOUNT_TMPFS, "/opt/none/x");
	check(strstr(cure("exec", ENOENT, "/r/script"), "no such program") != NULL,
	      "the interpreter is there");
	free(command[0]);
	command[0] = path;
	(void)chmod(path, 0755);
	check(strstr(cure("exec", ENOENT, path), "on the host") != NULL, "on the host only");
	(void)unlink(path);
	(void)rmdir(dir);
	sb.command = NULL;
}

static void test_status(void)
{
	static const char *const weakened[] = {"no \"Landlock\""};
	static const struct net_refusal refused = {.name = "a\"b", .protocol = "name", .count = 3};
	struct failure f = {.err = ENOENT, .step = "exec", .text = "x\n"};
	struct status_record record = {.stage = "exec",
				       .exit_code = -1,
				       .status = 127,
				       .wall_us = 1234567,
				       .max_rss = 4096,
				       .weakened = weakened,
				       .weakened_count = 1,
				       .refused = &refused,
				       .refused_count = 1,
				       .failure = &f};
	int ends[2];
	ssize_t length;

	check(pipe2(ends, O_CLOEXEC) == 0 && report_status(ends[1], &record) == 0, "written");
	length = read(ends[0], said, sizeof(said) - 1);
	said[length > 0 ? length : 0] = '\0';
	check_said(
		"{ \"version\": 1, \"stage\": \"exec\", \"status\": 127, \"exit-code\": null, "
		"\"signal\": null, \"limit\": null, \"limits-reached\": [], \"wall-seconds\": "
		"1.234567, \"user-seconds\": "
		"0.000000, "
		"\"system-seconds\": 0.000000, "
		"\"max-rss-bytes\": 4096, \"voluntary-switches\": 0, \"forced-switches\": 0, "
		"\"read-bytes\": 0, \"written-bytes\": 0, \"cgroup\": null, "
		"\"weakened\": [ \"no \\\"Landlock\\\"\" "
		"], \"refused\": [ { \"name\": \"a\\\"b\", \"protocol\": \"name\", "
		"\"address\": null, \"port\": 0, \"count\": 3 } ], "
		"\"failure\": { \"step\": \"exec\", \"text\": \"x\\n\", \"errno\": 2, \"reason\": "
		"\"No such file or directory\" } }\n",
		"the status record");
	(void)close(ends[0]);
	(void)close(ends[1]);
	check(report_status(-1, &record) < 0, "a bad descriptor");
}

static void test_utf8(void)
{
	static const struct {
		const char *text;
		size_t length;
	} cases[] = {
		{"a", 1},
		{"\xc3\xa9", 2},
		{"\xe2\x82\xac", 3},
		{"\xf0\x9f\x99\x82", 4},
		{"\xc0\x80", 0},
		{"\xe0\x80\x80", 0},
		{"\xed\xa0\x80", 0},
		{"\xf0\x80\x80\x80", 0},
		{"\xf4\x90\x80\x80", 0},
		{"\xc3", 0},
		{"\xe2\x82", 0},
		{"\x80", 0},
	};
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	for (size_t i = 0; i < COUNT(cases); i++)
		check(utf8_length(cases[i].text) == cases[i].length, "UTF-8 case %zu", i);
	json_string(out, "\"\\\n\x01\x7f\xff\xc3\xa9");
	(void)fclose(out);
	check(strcmp(text, "\"\\\"\\\\\\n\\u0001\\u007f\\ufffd\xc3\xa9\"") == 0, "a JSON string");
	free(text);
}

int main(void)
{
	sandbox_init(&sb, PERSONALITY_ZBOX);
	test_failures_said();
	test_long();
	test_warnings();
	test_hints();
	test_hint_table();
	test_exec_hints();
	test_status();
	test_utf8();
	sandbox_free(&sb);
	return test_done();
}
