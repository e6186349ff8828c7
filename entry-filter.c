/*
 * entry-filter.c - whether a command can enter a sandbox at all.
 *
 * PID 1 lies under the same filter as the command, so a profile that leaves the command without
 * some call leaves PID 1 without it too. If it were asked to enter a command all the same, it would
 * fail in the middle, or be killed, and everything with it. So the programs are run on paper, on
 * the calls that entering takes, before anybody is let in.
 */
#include "entry-filter.h"

#include "seccomp-rules.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "say which system call ABI is the native one"
#endif

static const struct {
	int number;
	const char *name;
	uint64_t arg0, arg1;
} calls[] = {
	{SYS_recvmsg, "recvmsg", 3, 0},
	{SYS_sendmsg, "sendmsg", 3, 0},
	{SYS_clone, "clone", SIGCHLD, 0},
#ifdef SYS_vfork
	{SYS_vfork, "vfork", 0, 0},
#endif
	{SYS_execve, "execve", 0, 0},
	{SYS_fcntl, "fcntl", 3, 0},
#ifdef SYS_dup2
	{SYS_dup2, "dup2", 16, 0},
#else
	{SYS_dup3, "dup3", 16, 0},
#endif
	{SYS_close, "close", 3, 0},
	{SYS_setsid, "setsid", 0, 0},
	{SYS_setpgid, "setpgid", 0, 0},
	{SYS_ioctl, "ioctl", 16, TIOCSCTTY},
	{SYS_ioctl, "ioctl", 16, TIOCSPTLCK},
	{SYS_openat, "openat", 3, 0},
	{SYS_chdir, "chdir", 0, 0},
	{SYS_umask, "umask", 0, 0},
	{SYS_prlimit64, "prlimit64", 0, 0},
	{SYS_rt_sigprocmask, "rt_sigprocmask", SIG_SETMASK, 0},
	{SYS_signalfd4, "signalfd4", (uint64_t)-1, 0},
#ifdef SYS_poll
	{SYS_poll, "poll", 0, 0},
#else
	{SYS_ppoll, "ppoll", 0, 0},
#endif
	{SYS_wait4, "wait4", (uint64_t)-1, 0},
	{SYS_kill, "kill", 2, SIGKILL},
	{SYS_prctl, "prctl", 1, SIGKILL}, /* PR_SET_PDEATHSIG */
};

static bool allows(const struct filter *f, size_t call)
{
	const struct seccomp_data data = {.nr = calls[call].number,
					  .arch = ARCH,
					  .args = {calls[call].arg0, calls[call].arg1}};
	uint32_t action;

	return seccomp_simulate(f->code, f->length, &data, &action) == 0 &&
	       (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ALLOW;
}

const char *entry_obstacle(const struct sandbox *sb, const struct privileges *p)
{
	static char text[128];

	if (sb->exec_label)
		return "it was started with --exec-label, which a command that enters would lack";
	if (sb->seccomp_fd >= 0)
		return "what the filter of --seccomp leaves to process 1 is not known; that of "
		       "--add-seccomp-fd would be";
	for (size_t i = 0; i < p->filter_count; i++)
		for (size_t call = 0; call < COUNT(calls); call++) {
			if (allows(&p->filters[i], call))
				continue;
			(void)snprintf(text, sizeof(text),
				       "its filter leaves process 1 without %s, which that takes",
				       calls[call].name);
			return text;
		}
	return NULL;
}
