/* L: what can be seen from inside of how it lives and ends; the rest is in host.c. And what checks
 * of host.c want done in here. */
#include "escape.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void orphan_reap(struct result *r)
{
	char path[32], text[512];
	int pipes[2];
	pid_t orphan = 0, child;

	if (pipe(pipes) < 0)
		return;
	child = fork();
	if (child == 0) {
		orphan = fork();
		if (orphan == 0) {
			usleep(20000);
			_exit(0);
		}
		(void)!write(pipes[1], &orphan, sizeof(orphan));
		_exit(0);
	}
	(void)waitpid(child, NULL, 0);
	if (read(pipes[0], &orphan, sizeof(orphan)) != sizeof(orphan))
		return;
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", orphan);
	for (int i = 0; i < 50; i++) {
		if (read_text(path, text, sizeof(text)) < 0) {
			stopped(r, "reaped");
			return;
		}
		usleep(20000);
	}
	open_hole(r, "a zombie is left");
}

static void cgroup_path(struct result *r)
{
	char text[4096];
	const char *path;

	if (read_text("/proc/self/cgroup", text, sizeof(text)) <= 0) {
		stopped(r, "none");
		return;
	}
	for (char *line = text; line && *line;
	     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		path = strrchr(line, ':');
		path = strchr(line, ':') ? strchr(strchr(line, ':') + 1, ':') : NULL;
		if (path && strncmp(path, ":/\n", 3) != 0) {
			open_hole(r, "the path on the host");
			return;
		}
	}
	stopped(r, "/");
}

static void cgroup_release(struct result *r)
{
	static const char *const paths[] = {"/sys/fs/cgroup/release_agent",
					    "/sys/fs/cgroup/cgroup.procs",
					    "/sys/fs/cgroup/memory/release_agent"};

	for (size_t i = 0; i < COUNT(paths); i++)
		if (open(paths[i], O_WRONLY | O_CLOEXEC) >= 0) {
			open_hole(r, "%s", paths[i]);
			return;
		}
	if (syscall(SYS_mount, "none", "/tmp", "cgroup2", 0, NULL) == 0)
		open_hole(r, "cgroup2 is mounted");
	else
		stopped(r, "%s", errno_name(errno));
}

static const struct check checks[] = {
	{"orphan-reap", "reaped", orphan_reap, NULL, NULL},
	{"cgroup-path", "/|none", cgroup_path, NULL, NULL},
	{"cgroup-release", "EPERM|ENOENT|EROFS", cgroup_release, NULL, NULL},
	{"inject-seccomp", NULL, NULL, NULL, "tests/faults makes every call of the start fail"},
	{"weak-kernel", NULL, NULL, NULL, "tests/e2e, with the interfaces refused one by one"},
	{"config-fuzz", NULL, NULL, NULL, "tests/fuzz"},
	{"nested-zbox", NULL, NULL, NULL, "tests/e2e"},
};

const struct check_group group_life = {'L', checks, COUNT(checks)};

/* ---- act ---- */

static int act_status(void)
{
	char status[4096];
	ssize_t got = read_text("/proc/self/status", status, sizeof(status));

	return got > 0 && write(1, status, (size_t)got) == got ? 0 : 1;
}

/* A process that has left the session and every group, and writes to a pipe while it lives. */
static int act_daemon(bool stay)
{
	if (fork() == 0) {
		(void)setsid();
		if (fork() == 0) {
			for (int signal_number = 1; signal_number < 32; signal_number++)
				(void)signal(signal_number, SIG_IGN);
			/* EPIPE ends it when the test is over, in whichever way */
			while (write(1, ".", 1) == 1)
				usleep(20000);
			_exit(0);
		}
		_exit(0);
	}
	(void)wait(NULL);
	usleep(100000);
	/* whoever is left over ends with the test, when nobody reads any more */
	while (stay && write(1, ".", 1) == 1)
		usleep(20000);
	return 0;
}

static int act_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	return fd < 0 ? 1 : 0;
}

/* Reads standard input although the main process has ended. */
static int act_reader(void)
{
	if (fork() == 0) {
		char byte;

		(void)signal(SIGPIPE, SIG_DFL); /* the end of the test is its end too */
		while (write(1, ".", 1) == 1) {
			(void)!read(0, &byte, 1);
			usleep(20000);
		}
		_exit(0);
	}
	return 0;
}

int act_main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[2] : "";
	const char *argument = argc > 3 ? argv[3] : "";

	if (strcmp(what, "true") == 0)
		return write(1, "ran\n", 4) == 4 ? 0 : 1;
	if (strcmp(what, "status") == 0)
		return act_status();
	if (strcmp(what, "exit") == 0)
		return (int)strtol(argument, NULL, 10);
	if (strcmp(what, "signal") == 0)
		return raise((int)strtol(argument, NULL, 10));
	if (strcmp(what, "daemon") == 0)
		return act_daemon(false);
	if (strcmp(what, "stay") == 0)
		return act_daemon(true);
	if (strcmp(what, "write") == 0)
		return act_write(argument);
	if (strcmp(what, "exists") == 0)
		return access(argument, F_OK) == 0 ? 0 : 1;
	if (strcmp(what, "reader") == 0)
		return act_reader();
	return 2;
}
