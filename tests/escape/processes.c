/* C: other processes, those outside and PID 1. */
#include "escape.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Our own are PID 1, perhaps a helper of the sandbox, the program, and this check. */
#define OWN_MOST 6

static void procs_visible(struct result *r)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	unsigned count = 0;

	if (!dir) {
		stopped(r, "no /proc");
		return;
	}
	while ((entry = readdir(dir)) != NULL)
		count += entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
	(void)closedir(dir);
	if (count > OWN_MOST)
		open_hole(r, "%u processes", count);
	else
		stopped(r, "own");
}

static void kill_outside(struct result *r)
{
	judge(r, kill(canaries.host, 0), "a process outside can be signalled");
}

/* With signal 0 nothing happens to those that it reaches; reaching none but oneself is ESRCH. */
static void kill_all(struct result *r)
{
	(void)kill(-1, 0);
	if (kill(canaries.host, 0) == 0)
		open_hole(r, "the host's processes are in the scope of kill(-1)");
	else
		stopped(r, "own namespace");
}

static void ptrace_outside(struct result *r)
{
	judge(r, ptrace(PTRACE_SEIZE, canaries.host, NULL, NULL), "a process outside is traced");
}

static void vmread_outside(struct result *r)
{
	char byte;
	struct iovec local = {&byte, 1}, remote = {(void *)(uintptr_t)0x400000, 1};

	/* EFAULT comes after the check of rights */
	if (process_vm_readv(canaries.host, &local, 1, &remote, 1, 0) >= 0 || errno == EFAULT)
		open_hole(r, "memory of a process outside");
	else
		stopped(r, "%s", errno_name(errno));
}

static void kcmp_outside(struct result *r)
{
	judge(r, syscall(SYS_kcmp, getpid(), canaries.host, 0, 0, 0), "compared with one outside");
}

static void environ_outside(struct result *r)
{
	char path[64], text[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/environ", canaries.host);
	judge(r, read_text(path, text, sizeof(text)), "the environment of a process outside");
}

static void pid1_root(struct result *r)
{
	static const char *const names[] = {"/proc/1/root", "/proc/1/cwd"};
	struct stat root, there;

	stopped(r, "inside");
	for (size_t i = 0; i < COUNT(names); i++) {
		char path[PATH_MAX];

		if (stat(names[i], &there) < 0) {
			stopped(r, "%s", errno_name(errno));
			continue;
		}
		(void)snprintf(path, sizeof(path), "%s%s", names[i], canaries.secret);
		if (access(path, F_OK) == 0 && access(canaries.secret, F_OK) < 0) {
			open_hole(r, "%s leads out", names[i]);
			return;
		}
	}
	if (stat("/", &root) == 0 && stat("/proc/1/root", &there) == 0 &&
	    (root.st_ino != there.st_ino || root.st_dev != there.st_dev))
		open_hole(r, "PID 1 has another root");
}

static void setns_pid1(struct result *r)
{
	static const char *const names[] = {"user", "mnt", "pid", "net", "ipc", "uts"};

	for (size_t i = 0; i < COUNT(names); i++) {
		char path[32];
		int fd;

		(void)snprintf(path, sizeof(path), "/proc/1/ns/%s", names[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && setns(fd, 0) == 0) {
			open_hole(r, "joined %s", path);
			return;
		}
		stopped(r, "%s", errno_name(errno));
	}
}

static void init_ptrace(struct result *r)
{
	if (getpid() == 1 || getppid() == 1) {
		char name[32] = "";

		/* where the payload itself is PID 1 there is no init to attack */
		if (read_text("/proc/1/comm", name, sizeof(name)) > 0 &&
		    strcmp(name, "escape\n") == 0) {
			stopped(r, "no init");
			return;
		}
	}
	if (ptrace(PTRACE_SEIZE, 1, NULL, NULL) == 0)
		open_hole(r, "PID 1 is traced");
	else if (open("/proc/1/mem", O_RDWR | O_CLOEXEC) >= 0)
		open_hole(r, "the memory of PID 1 can be written");
	else
		stopped(r, "%s", errno_name(errno));
}

/* A signal that no process can block; PID 1 of a namespace does not get it from inside. */
static void init_stop(struct result *r)
{
	char status[2000], *state;

	if (kill(1, SIGSTOP) < 0) {
		stopped(r, "%s", errno_name(errno));
		return;
	}
	usleep(50000);
	if (read_text("/proc/1/status", status, sizeof(status)) < 0) {
		stopped(r, "%s", errno_name(errno));
		return;
	}
	state = strstr(status, "State:\t");
	if (state && (state[7] == 'T' || state[7] == 't')) {
		(void)kill(1, SIGCONT);
		open_hole(r, "PID 1 is stopped");
	} else {
		stopped(r, "not stopped");
	}
}

static void child_ptrace(struct result *r)
{
	pid_t child = fork();

	if (child == 0) {
		(void)pause();
		_exit(0);
	}
	judge(r, ptrace(PTRACE_SEIZE, child, NULL, NULL), "a child is traced");
	(void)kill(child, SIGKILL);
}

static void suspend_seccomp(struct result *r)
{
	pid_t child = fork();

	if (child == 0) {
		(void)pause();
		_exit(0);
	}
	judge(r, ptrace(PTRACE_SEIZE, child, NULL, 0x200000L /* PTRACE_O_SUSPEND_SECCOMP */),
	      "a filter is suspended");
	(void)kill(child, SIGKILL);
}

static const struct check checks[] = {
	{"procs-visible", "own", procs_visible, NULL, NULL},
	{"kill-outside", "ESRCH|EPERM", kill_outside, NULL, NULL},
	{"kill-all", "own namespace", kill_all, NULL, NULL},
	{"ptrace-outside", "ESRCH|EPERM", ptrace_outside, NULL, NULL},
	{"vmread-outside", "ESRCH|EPERM", vmread_outside, NULL, NULL},
	{"kcmp-outside", "ESRCH|EPERM", kcmp_outside, NULL, NULL},
	{"environ-outside", "ENOENT", environ_outside, NULL, NULL},
	{"pid1-root", NULL, pid1_root, NULL, NULL},
	{"setns-pid1", NULL, setns_pid1, NULL, NULL},
	{"init-ptrace", NULL, init_ptrace, NULL, NULL},
	{"init-stop", NULL, init_stop, NULL, NULL},
	{"child-ptrace", "EPERM", child_ptrace, "build permissive none nested", NULL},
	{"suspend-seccomp", "EPERM", suspend_seccomp, NULL, NULL},
	{"join-window", NULL, NULL, NULL,
	 "an earlier sandbox sees no process of a later one; e2e covers --share-pid"},
};

const struct check_group group_processes = {'C', checks, COUNT(checks)};
