/* F: identity, capabilities, namespaces. */
#include "escape.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const sets[] = {"CapInh:\t", "CapPrm:\t", "CapEff:\t", "CapBnd:\t", "CapAmb:\t"};

/* The first set of /proc/PID/status that is not empty, or NULL. */
static const char *capable(const char *status)
{
	for (size_t i = 0; i < COUNT(sets); i++) {
		const char *line = strstr(status, sets[i]);

		if (!line || strtoull(line + strlen(sets[i]), NULL, 16) != 0)
			return sets[i];
	}
	return NULL;
}

static void caps_zero(struct result *r)
{
	char status[4096];
	const char *set;
	int bits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);

	if (read_text("/proc/self/status", status, sizeof(status)) < 0)
		stopped(r, "no /proc");
	else if ((set = capable(status)) != NULL)
		open_hole(r, "%.6s is not empty", set);
	else if ((bits & 0xef) == 0xef)
		stopped(r, "empty, locked");
	else
		stopped(r, "empty, securebits %#x", (unsigned)bits);
}

static void root_exec_regain(struct result *r)
{
	char status[4096];
	int pipes[2];
	ssize_t got;
	pid_t child;

	if (pipe(pipes) < 0)
		return;
	child = fork();
	if (child == 0) {
		char *const argv[] = {(char[]){"escape"}, (char[]){"act"}, (char[]){"status"},
				      NULL};

		(void)dup2(pipes[1], 1);
		(void)execve("/proc/self/exe", argv, environ);
		_exit(127);
	}
	(void)close(pipes[1]);
	got = read(pipes[0], status, sizeof(status) - 1);
	status[got > 0 ? got : 0] = '\0';
	if (got <= 0)
		skipped(r, "the program could not be run again");
	else if (capable(status))
		open_hole(r, "%.6s is not empty after exec", capable(status));
	else
		stopped(r, "still empty");
}

static void nnp(struct result *r)
{
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		stopped(r, "1");
	else
		open_hole(r, "0");
}

static void setgroups_(struct result *r)
{
	judge(r, syscall(SYS_setgroups, 0, NULL), "supplementary groups can be left");
}

/* How many ids there are in here. */
static void map_width(struct result *r)
{
	char text[512];
	unsigned long inside, outside, count;

	if (read_text("/proc/self/uid_map", text, sizeof(text)) < 0)
		stopped(r, "no /proc");
	else if (sscanf(text, "%lu %lu %lu", &inside, &outside, &count) != 3)
		stopped(r, "no map");
	else if (count > 1 || strchr(text, '\n') != strrchr(text, '\n'))
		open_hole(r, "%lu ids", count);
	else
		stopped(r, "one id");
}

static void setuid_helper(struct result *r)
{
	static const char *const programs[] = {"/usr/bin/su", "/usr/bin/newuidmap",
					       "/usr/bin/pkexec", "/usr/bin/sudo",
					       "/usr/bin/passwd"};
	uid_t before = geteuid();

	stopped(r, "none there");
	for (size_t i = 0; i < COUNT(programs); i++) {
		char *argv[] = {(char *)(uintptr_t)programs[i], NULL};
		int status;
		pid_t child;

		if (access(programs[i], X_OK) < 0)
			continue;
		child = fork();
		if (child == 0) {
			(void)close(0), (void)close(1), (void)close(2);
			(void)execve(programs[i], argv, environ);
			_exit(127);
		}
		usleep(20000);
		(void)kill(child, SIGKILL);
		(void)waitpid(child, &status, 0);
		stopped(r, "no gain");
	}
	if (geteuid() != before || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		open_hole(r, "set-uid bits count");
}

static int userns_by_clone(void)
{
	/* flags, stack and the rest: x86_64 and arm64 agree on the first two */
	long child = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (child == 0)
		_exit(0);
	return child < 0 ? errno : 0;
}

static void userns_unshare(struct result *r)
{
	judge(r, syscall(SYS_unshare, CLONE_NEWUSER), "a user namespace");
}

static void userns_clone(struct result *r)
{
	int err = in_child(userns_by_clone);

	errno = err;
	judge(r, err ? -1 : 0, "a user namespace");
}

static void userns_clone3(struct result *r)
{
	uint64_t arguments[8] = {CLONE_NEWUSER, 0, 0, 0, SIGCHLD, 0, 0, 0};
	long child = syscall(SYS_clone3, arguments, sizeof(arguments));

	if (child == 0)
		_exit(0);
	judge(r, child, "a user namespace");
}

/* unshare(CLONE_NEWUSER) by the 32-bit gate: its numbers are others. */
static void userns_i386(struct result *r)
{
#ifdef __x86_64__
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(310L), "b"((long)CLONE_NEWUSER)
			 : "memory", "r8", "r9", "r10", "r11");
	if (result < 0) {
		errno = (int)-result;
		result = -1;
	}
	judge(r, result, "a user namespace");
#else
	skipped(r, "no such gate on this machine");
#endif
}

static void userns_limit(struct result *r)
{
	char text[32];
	int fd;

	if (read_text("/proc/sys/user/max_user_namespaces", text, sizeof(text)) < 0) {
		stopped(r, "%s", errno_name(errno));
		return;
	}
	fd = open("/proc/sys/user/max_user_namespaces", O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, "1000\n", 5) > 0)
		open_hole(r, "the limit can be raised");
	else if (strcmp(text, "0\n") != 0)
		open_hole(r, "the limit is %.*s", (int)strcspn(text, "\n"), text);
	else
		stopped(r, "0");
}

static void nested_caps_mount(struct result *r)
{
	if (syscall(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNS) < 0) {
		stopped(r, "%s", errno_name(errno));
		return;
	}
	if (syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL) == 0)
		open_hole(r, "tmpfs is mounted in a nested namespace");
	else if (syscall(SYS_fsopen, "ext4", 0) >= 0)
		open_hole(r, "fsopen of ext4");
	else
		stopped(r, "%s", errno_name(errno));
}

static void nested_netfilter(struct result *r)
{
	if (syscall(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNET) < 0) {
		stopped(r, "%s", errno_name(errno));
		return;
	}
	judge(r, socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 12), "a netfilter socket");
}

static void hostname(struct result *r)
{
	char name[65] = "";

	(void)gethostname(name, sizeof(name) - 1);
	if (strcmp(name, canaries.hostname) == 0)
		open_hole(r, "the host's");
	else
		stopped(r, "own");
}

static void machine_id(struct result *r)
{
	char text[64];

	if (read_text("/etc/machine-id", text, sizeof(text)) < 0)
		stopped(r, "%s", errno_name(errno));
	else if (canaries.machine_id[0] && strncmp(text, canaries.machine_id, 32) == 0)
		open_hole(r, "the host's");
	else
		stopped(r, "own");
}

static const struct check checks[] = {
	{"caps-zero", "empty, locked", caps_zero, NULL, NULL},
	{"root-exec-regain", "still empty", root_exec_regain, NULL, NULL},
	{"nnp", "1", nnp, NULL, NULL},
	{"setgroups", "EPERM", setgroups_, NULL, NULL},
	{"map-width", "one id", map_width, NULL, NULL},
	{"setuid-helper", NULL, setuid_helper, NULL, NULL},
	{"userns-unshare", "EPERM", userns_unshare, "desktop none permissive nested", NULL},
	{"userns-clone", "EPERM", userns_clone, "desktop none permissive nested", NULL},
	{"userns-clone3", "ENOSYS", userns_clone3, "none permissive nested", NULL},
	{"userns-i386", "SIGSYS", userns_i386, "none", NULL},
	{"userns-limit", "0", userns_limit, "desktop none permissive nested", NULL},
	{"nested-caps-mount", "EPERM", nested_caps_mount, "nested none", NULL},
	{"nested-netfilter", "EPERM", nested_netfilter, "nested none permissive", NULL},
	{"hostname", "own", hostname, NULL, NULL},
	{"machine-id", NULL, machine_id, NULL, NULL},
};

const struct check_group group_identity = {'F', checks, COUNT(checks)};
