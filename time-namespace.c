/*
 * time-namespace.c - clocks of its own: --unshare-time, --boottime, --monotonic.
 *
 * In this order, because the offsets can be written only until the first process is inside:
 *
 *   unshare    makes the namespace, for children to come; this process stays outside of it
 *   offsets    /proc/self/timens_offsets
 *   setns      into it, so that a vfork(2) finds parent and child in the same one, which kernels
 *              before 6.2 insist on
 *
 * What it is not: another date. CLOCK_REALTIME is the host's. An attacker learns how long the
 * machine is up from other things as well, such as the times of files in /proc.
 */
#include "time-namespace.h"

#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <time.h>

#define SECOND INT64_C(1000000)

static int write_offset(int proc, const char *name, int clock, int64_t us)
{
	/* the fraction is never negative */
	int64_t seconds = us / SECOND - (us % SECOND < 0);
	char line[64];

	if (us == 0)
		return 0;
	(void)snprintf(line, sizeof(line), "%d %lld %lld\n", clock, (long long)seconds,
		       (long long)(us - seconds * SECOND) * 1000);
	if (write_file_at(proc, "self/timens_offsets", line) == 0)
		return 0;
	if (errno == ERANGE)
		return fail(0, "--%s: the clock would be negative, or too far ahead", name);
	return fail(errno, "--%s: time namespace, /proc/self/timens_offsets", name);
}

int time_namespace_enter(const struct sandbox *sb, int proc)
{
	autoclose int fd = -1;

	if (!(sb->unshare & CLONE_NEWTIME))
		return 0;
	if (unshare(CLONE_NEWTIME) < 0)
		return fail(errno, "Creating new time namespace failed%s",
			    errno == ENOSPC ? ", see /proc/sys/user/max_time_namespaces" : "");
	if (write_offset(proc, "boottime", CLOCK_BOOTTIME, sb->boottime) < 0 ||
	    write_offset(proc, "monotonic", CLOCK_MONOTONIC, sb->monotonic) < 0)
		return -1;
	fd = openat(proc, "self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWTIME) < 0)
		return fail(errno, "join the new time namespace");
	return 0;
}
