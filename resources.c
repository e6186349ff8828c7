/*
 * resources.c - what the command may use that needs no control group: rlimits, nice value, OOM
 * score, processors.
 *
 *   resources_check     outside, before the clone: a hard limit is never raised
 *   resources_prepare   PID 1: OOM score and processors, which the command inherits; and whether
 * the kernel counts processes for this user at all resources_apply     the command, before it loses
 * its capabilities: rlimits and nice value, which must not be PID 1's
 *
 * Without one of these options none of the functions makes a system call.
 *
 * What an attacker would try: to raise a limit again (a hard limit needs a capability of the
 * host's), to be many processes where the limit is each process's own (most are, the manual page
 * says so), to be root, whom the kernel does not count processes for (tried out here, and refused).
 */
#include "resources.h"

#include "kernel.h"
#include "limits-text.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* glibc's prototypes want an enumeration, musl's an int. */
#ifdef __GLIBC__
#define RESOURCE(number) ((__rlimit_resource_t)(number))
#else
#define RESOURCE(number) (number)
#endif

static rlim_t to_kernel(uint64_t value)
{
	return value == RLIMIT_UNLIMITED ? RLIM_INFINITY : (rlim_t)value;
}

static const struct rlimit_change *find(const struct sandbox *sb, int resource)
{
	for (size_t i = 0; i < sb->rlimit_count; i++)
		if (sb->rlimits[i].resource == resource)
			return &sb->rlimits[i];
	return NULL;
}

int resources_check(const struct sandbox *sb)
{
	for (size_t i = 0; i < sb->rlimit_count; i++) {
		const struct rlimit_change *change = &sb->rlimits[i];
		const char *name = rlimit_name(change->resource);
		struct rlimit now;

		if (getrlimit(RESOURCE(change->resource), &now) < 0)
			return fail(errno, "--rlimit %s", name);
		if (to_kernel(change->hard) > now.rlim_max)
			return fail(0,
				    "--rlimit %s: the hard limit is %llu already, and can only "
				    "be lowered",
				    name, (unsigned long long)now.rlim_max);
	}
	return 0;
}

/* In a process of its own: may it fork with a limit of 0 processes? */
static void try_processes(void)
{
	const struct rlimit none = {0, 0};
	pid_t child;

	if (setrlimit(RLIMIT_NPROC, &none) < 0)
		_exit(1);
	child = kernel_clone(0);
	if (child > 0)
		(void)waitpid(child, NULL, 0);
	_exit(child >= 0);
}

/* The kernel does not hold root to this limit, whatever he is called in the user namespaces above;
 * only it knows who is. */
static int check_processes(void)
{
	pid_t child = kernel_clone(0);
	int status;

	if (child < 0)
		return fail(errno, "fork");
	if (child == 0)
		try_processes();
	if (waitpid(child, &status, 0) != child || status != 0)
		return fail(0, "--rlimit nproc: the kernel does not hold root to this limit: start "
			       "zbox as another user");
	return 0;
}

static int set_processors(const char *list)
{
	cpu_set_t set, got;

	if (processors_parse(list, &set) < 0 || sched_setaffinity(0, sizeof(set), &set) < 0 ||
	    sched_getaffinity(0, sizeof(got), &got) < 0)
		return fail(errno, "--cpu-affinity %s", list);
	/* the kernel drops the processors that are not there, or not the caller's */
	if (!CPU_EQUAL(&set, &got))
		return fail(0, "--cpu-affinity %s: not all of these processors can be used here",
			    list);
	return 0;
}

int resources_prepare(const struct sandbox *sb, int proc)
{
	char text[16];

	if (find(sb, RLIMIT_NPROC) && check_processes() < 0)
		return -1;
	if (sb->cpu_affinity && set_processors(sb->cpu_affinity) < 0)
		return -1;
	if (sb->oom_score == OOM_SCORE_UNSET)
		return 0;
	(void)snprintf(text, sizeof(text), "%d\n", sb->oom_score);
	if (write_file_at(proc, "self/oom_score_adj", text) < 0)
		return fail(errno, "--oom-score %d", sb->oom_score);
	return 0;
}

/* For --cpu-limit: should zbox outside not come to measure in time, the kernel still holds each
 * process to the next whole second but one. A lower limit stays. */
static int bound_processor_time(const struct sandbox *sb)
{
	rlim_t soft = (rlim_t)(sb->cpu_limit / 1000000 + 2);
	rlim_t hard = soft + (rlim_t)(sb->grace / 1000000 + 1);
	struct rlimit now;

	if (getrlimit(RLIMIT_CPU, &now) < 0)
		return fail(errno, "--cpu-limit");
	now.rlim_cur = now.rlim_cur < soft ? now.rlim_cur : soft;
	now.rlim_max = now.rlim_max < hard ? now.rlim_max : hard;
	return setrlimit(RLIMIT_CPU, &now) < 0 ? fail(errno, "--cpu-limit") : 0;
}

int resources_apply(const struct sandbox *sb)
{
	for (size_t i = 0; i < sb->rlimit_count; i++) {
		const struct rlimit_change *change = &sb->rlimits[i];
		struct rlimit limit = {to_kernel(change->soft), to_kernel(change->hard)};

		if (setrlimit(RESOURCE(change->resource), &limit) < 0)
			return fail(errno, "--rlimit %s", rlimit_name(change->resource));
	}
	if (sb->cpu_limit > 0 && bound_processor_time(sb) < 0)
		return -1;
	if (sb->nice != NICE_UNSET && setpriority(PRIO_PROCESS, 0, sb->nice) < 0)
		return fail(errno, "--nice %d", sb->nice);
	return 0;
}
