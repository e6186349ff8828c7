/*
 * usage.h - what the processes of a control group used together, as the kernel counted it.
 */
#ifndef ZBOX_CGROUP_USAGE_H
#define ZBOX_CGROUP_USAGE_H

#include "sandbox.h"
#include "utils.h"

/* The kernel, or the controllers that are there, do not count it. */
#define NOT_COUNTED UINT64_MAX

struct cgroup_usage {
	uint64_t memory_peak, swap_peak;    /* bytes */
	uint64_t memory;                    /* the same, at this moment */
	uint64_t oom_kills;                 /* processes that were killed for want of memory */
	uint64_t memory_high;               /* how often that limit was reached */
	uint64_t pids_peak;                 /* processes and threads at the same time */
	uint64_t pids_refused;              /* how often no more could be made */
	uint64_t user_us, system_us;        /* processor time */
	uint64_t throttled;                 /* periods in which no processor time was left */
	uint64_t throttled_us;              /* time that was waited for it */
	uint64_t read_bytes, written_bytes; /* from and to disks */
};

/* Reads it all from the directory of a control group. */
void cgroup_usage_read(int group, struct cgroup_usage *usage);

/* The limits of sb that were reached, by the names of their options. Returns how many. */
size_t cgroup_usage_hits(const struct sandbox *sb, const struct cgroup_usage *usage,
			 const char *list[CGROUP_LIMITS]);

#endif
