/*
 * probes-process.c - what --doctor tries of processes and privileges.
 *
 * A filter or a Landlock domain cannot be taken off again: each probe runs in a child of its own.
 */
#include "probes.h"

#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441 /* Linux 4.13 */
#endif

int probe_openat2(char *detail)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC,
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	autoclose int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	autoclose int fd = (int)syscall(SYS_openat2, root, "usr", &how, sizeof(how));

	(void)detail;
	return fd < 0 ? fail(errno, "openat2") : 0;
}

int probe_clone3(char *detail)
{
	struct clone_args arguments = {.exit_signal = SIGCHLD};
	long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
	int status;

	(void)detail;
	if (pid == 0)
		_exit(0);
	if (pid < 0)
		return fail(errno, "clone3");
	return waitpid((pid_t)pid, &status, 0) < 0 ? fail(errno, "wait for clone3") : 0;
}

int probe_close_range(char *detail)
{
	(void)detail;
	return syscall(SYS_close_range, 3U, ~0U, 1U << 2) < 0 ? fail(errno, "close_range") : 0;
}

int probe_pidfd(char *detail)
{
	autoclose int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);

	(void)detail;
	return fd < 0 ? fail(errno, "pidfd_open") : 0;
}

int probe_no_new_privs(char *detail)
{
	(void)detail;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(errno, "no_new_privs");
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : fail(0, "no_new_privs is off");
}

/* Loads a filter that refuses getppid with EXDEV, or hands it to a listener. */
static int load_filter(unsigned flags, unsigned action)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), /* seccomp_data.nr */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = COUNT(code), .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(errno, "no_new_privs");
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

int probe_seccomp(char *detail)
{
	(void)detail;
	if (load_filter(0, SECCOMP_RET_ERRNO | EXDEV) < 0)
		return fail(errno, "load a seccomp filter");
	return syscall(SYS_getppid) == -1 && errno == EXDEV
		       ? 0
		       : fail(0, "a seccomp filter was loaded and does nothing");
}

/* The listener is in this process, so a child makes the call and this one answers it. */
int probe_notify(char *detail)
{
	autoclose int listener =
		load_filter(SECCOMP_FILTER_FLAG_NEW_LISTENER, SECCOMP_RET_USER_NOTIF);
	struct seccomp_notif request = {0};
	struct seccomp_notif_resp answer = {.error = -EXDEV};
	int status;
	pid_t pid;

	(void)detail;
	if (listener < 0)
		return fail(errno, "load a seccomp filter with a listener");
	pid = fork();
	if (pid < 0)
		return fail(errno, "fork");
	if (pid == 0)
		_exit(syscall(SYS_getppid) == -1 && errno == EXDEV ? 0 : 1);
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
		return fail(errno, "receive a seccomp notification");
	answer.id = request.id;
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) < 0)
		return fail(errno, "answer a seccomp notification");
	if (waitpid(pid, &status, 0) < 0 || status != 0)
		return fail(0, "a seccomp notification was not answered as it should");
	return 0;
}

/* A domain in which nothing may be read. */
static int forbid_reading(void)
{
	uint64_t handled = LANDLOCK_READ_FILE;
	autoclose int rules =
		(int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);

	if (rules < 0)
		return fail(errno, "Landlock rules");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		return fail(errno, "Landlock");
	return 0;
}

int probe_landlock(char *detail)
{
	autoclose int fd = -1;
	size_t used = 0;
	const char *missing;
	int abi = landlock_abi();

	if (abi == 0)
		return fail(ENOSYS, "Landlock");
	used += (size_t)snprintf(detail, PROBE_DETAIL, "ABI %d", abi);
	for (unsigned i = 0; used < PROBE_DETAIL && (missing = landlock_missing(abi, i)); i++)
		used += (size_t)snprintf(detail + used, PROBE_DETAIL - used, "%s%s",
					 i ? ", " : "; lacks ", missing);
	if (forbid_reading() < 0)
		return -1;
	fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	return fd < 0 && errno == EACCES ? 0 : fail(0, "Landlock is on and forbids nothing");
}

/* The middle process ends; the last one must be killed by that. Its end of the pipe closes then. */
int probe_death_signal(char *detail)
{
	int ends[2];
	struct pollfd end;
	pid_t middle;
	char byte;

	(void)detail;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(errno, "pipe");
	middle = fork();
	if (middle < 0)
		return fail(errno, "fork");
	if (middle == 0) {
		if (fork() == 0) {
			if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)
				(void)!write(ends[1], "r", 1);
			(void)alarm(5); /* should the signal not come */
			for (;;)
				(void)pause();
		}
		(void)!read(ends[0], &byte, 1); /* it is ready */
		_exit(0);
	}
	(void)close(ends[1]);
	end = (struct pollfd){.fd = ends[0]}; /* only the hang-up counts, which is always told */
	return poll(&end, 1, 2000) == 1 && (end.revents & POLLHUP)
		       ? 0
		       : fail(0, "a process outlives its parent although it asked not to");
}

int probe_pty(char *detail)
{
	autoclose int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	autoclose int slave = -1;
	int unlocked = 0;

	(void)detail;
	if (master < 0)
		return fail(errno, "open /dev/ptmx");
	if (ioctl(master, TIOCSPTLCK, &unlocked) < 0)
		return fail(errno, "unlock a terminal");
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return slave < 0 ? fail(errno, "open the other end of a terminal") : 0;
}
