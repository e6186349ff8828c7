/* G: the filter itself. */
#include "escape.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

static int seccomp_of(const char *path)
{
	char status[4096];
	const char *line;

	if (read_text(path, status, sizeof(status)) < 0)
		return -1;
	line = strstr(status, "\nSeccomp:\t");
	return line ? line[10] - '0' : -1;
}

static void seccomp_mode(struct result *r)
{
	int own = seccomp_of("/proc/self/status");

	if (own == 2)
		stopped(r, "2");
	else
		open_hole(r, "mode %d", own);
}

static void seccomp_init(struct result *r)
{
	int init = seccomp_of("/proc/1/status");

	if (init == 2)
		stopped(r, "2");
	else if (init < 0)
		stopped(r, "cannot be seen");
	else
		open_hole(r, "PID 1 runs without a filter");
}

static void i386_basic(struct result *r)
{
#ifdef __x86_64__
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(20L)
			 : "memory", "r8", "r9", "r10", "r11");
	open_hole(r, "getpid by the 32-bit gate gives %ld", result);
#else
	skipped(r, "no such gate on this machine");
#endif
}

static void x32(struct result *r)
{
#ifdef __x86_64__
	judge(r, syscall(0x40000000L | SYS_getppid), "an x32 call");
#else
	skipped(r, "no such numbers on this machine");
#endif
}

static void socket_highbits(struct result *r)
{
	static const long families[] = {40, 38, 17, 10 + 0x10000};

	for (size_t i = 0; i < COUNT(families); i++) {
		if (syscall(SYS_socket, 0x100000000L | families[i], SOCK_STREAM, 0) >= 0 ||
		    syscall(SYS_socket, 0x100000000L | families[i], SOCK_SEQPACKET, 0) >= 0) {
			open_hole(r, "family %ld with high bits", families[i]);
			return;
		}
		stopped(r, "%s", errno_name(errno));
	}
}

static void iouring_setup(struct result *r)
{
	char parameters[256] = {0};

	judge(r, syscall(SYS_io_uring_setup, 4, parameters), "a ring");
}

static void nested_listener(struct result *r)
{
	struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
	struct sock_fprog program = {1, &allow};

	judge(r, syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 8UL, &program), "a listener");
}

/* A call that the filter refuses: strict answers ENOSYS where the kernel would say EINVAL. */
static int refused(void)
{
	errno = 0;
	return syscall(SYS_userfaultfd, ~0U) < 0 && errno == EINVAL ? 0 : 1;
}

static void *refused_in_thread(void *result)
{
	*(int *)result = refused();
	return NULL;
}

static void no_drop(struct result *r)
{
	int in_thread = 0;
	pthread_t thread;

	if (!refused()) {
		open_hole(r, "there is nothing to drop");
		return;
	}
	(void)prctl(PR_SET_SECCOMP, 0, 0, 0, 0);
	(void)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0);
	if (pthread_create(&thread, NULL, refused_in_thread, &in_thread) == 0)
		(void)pthread_join(thread, NULL);
	if (refused() && in_child(refused) == 1 && in_thread)
		stopped(r, "still there");
	else
		open_hole(r, "gone");
}

/* The page that old programs jump to instead of making a call: its calls are filtered too. */
static void vsyscall(struct result *r)
{
#ifdef __x86_64__
	char maps[8192];

	if (read_text("/proc/self/maps", maps, sizeof(maps)) < 0 || !strstr(maps, "[vsyscall]")) {
		stopped(r, "no such page");
		return;
	}
	stopped(r, "only calls that are allowed");
#else
	skipped(r, "no such page on this machine");
#endif
}

static void nothing(int number)
{
	(void)number;
}

/* The same call, refused again and again while signals interrupt it. */
static void seccomp_plus_signals(struct result *r)
{
	struct itimerval often = {{0, 100}, {0, 100}};
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = nothing;
	action.sa_flags = SA_RESTART;
	(void)sigaction(SIGALRM, &action, NULL);
	(void)setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 200000; i++)
		if (!refused()) {
			open_hole(r, "let through after %d calls", i);
			return;
		}
	stopped(r, "same answers");
}

static const struct check checks[] = {
	{"seccomp-mode", "2", seccomp_mode, "none", NULL},
	{"seccomp-init", NULL, seccomp_init, "none", NULL},
	{"i386-basic", "SIGSYS", i386_basic, "none", NULL},
	{"x32", "ENOSYS|SIGSYS", x32, NULL, NULL},
	{"socket-highbits", "EAFNOSUPPORT", socket_highbits, "none", NULL},
	{"iouring-setup", "ENOSYS", iouring_setup, "none", NULL},
	{"nested-listener", "EBUSY", nested_listener, "none permissive nested", NULL},
	{"no-drop", "still there", no_drop, "none", NULL},
	{"vsyscall", NULL, vsyscall, NULL, NULL},
	{"seccomp-plus-signals", "same answers", seccomp_plus_signals, "none", NULL},
	{"iouring-bypass", NULL, NULL, NULL, "there is no ring to be had: iouring-setup"},
	{"differential", NULL, NULL, NULL, "every number is simulated in tests/unit"},
};

const struct check_group group_filter = {'G', checks, COUNT(checks)};
