/*
 * limits.h - the limits of a control group: from words to what is written, and the writing.
 */
#ifndef ZBOX_CGROUP_LIMITS_H
#define ZBOX_CGROUP_LIMITS_H

#include "sandbox.h"
#include "utils.h"

/* Controllers of the kernel: bits. */
enum cgroup_controller {
	CONTROLLER_CPU = 1 << 0,
	CONTROLLER_CPUSET = 1 << 1,
	CONTROLLER_IO = 1 << 2,
	CONTROLLER_MEMORY = 1 << 3,
	CONTROLLER_PIDS = 1 << 4,
};
#define CONTROLLERS 5
#define CONTROLLERS_TEXT 64

/* Reads the operand of the option name (without dashes: memory, memory-high, swap, cpus,
 * cpu-weight, pids, io-max, io-weight, cpuset), whose text the limit borrows. Pure. Returns 0, or
 * -1 after fail(): there is no such limit, or the text is none. */
int cgroup_limit_parse(const char *name, const char *text, struct cgroup_limit *limit) MUST_CHECK;

/* The one in the list that limit would take the place of, or NULL. Pure. */
struct cgroup_limit *cgroup_limit_find(struct cgroup_limit *list, size_t count,
				       const struct cgroup_limit *limit);

/* The option's name. */
const char *cgroup_limit_name(enum cgroup_limit_kind kind);

/* The one that a limit of that kind needs. */
enum cgroup_controller cgroup_limit_controller(enum cgroup_limit_kind kind);

/* The limit in words, for --explain. */
void cgroup_limit_print(FILE *out, const struct cgroup_limit *limit);

/* Whether somebody on this machine looks at the limit once it is written: a weight for disks needs
 * a scheduler that does. Returns 0, or -1 after fail(). */
int cgroup_limit_heeded(const struct cgroup_limit *limit) MUST_CHECK;

/* Writes the limit to the control group whose directory is given. Its controller has to be there.
 * Returns 0, or -1 after fail(): it does not hold. */
int cgroup_limit_set(int group, const struct cgroup_limit *limit) MUST_CHECK;

/* Without swap, memory is a limit on all that the processes have. Returns 0, or -1 after fail(). */
int cgroup_no_swap(int group) MUST_CHECK;

/* Reads cgroup.controllers or cgroup.subtree_control; others than those above do not count.
 * Returns bits, 0 also when it cannot be read. */
unsigned cgroup_controllers(int group, const char *file);

/* The names with the word in front of each ("" or "+"), blanks between. */
const char *cgroup_controllers_print(char text[CONTROLLERS_TEXT], unsigned bits, const char *front);

#endif
