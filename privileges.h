/*
 * privileges.h - what the command may do: capabilities, no_new_privs, Landlock, seccomp.
 *
 * Order of use, each step in the process named:
 *   prepare   outside, before the first clone: programs are read or chosen, nothing is applied
 *   reduce    PID 1 (or the command where it is PID 1), after the last mount: everything that its
 *             children shall inherit
 *   drop      the command and PID 1, each for itself: the capability sets
 *   filter    the command and PID 1, each for itself, as the last thing before exec or the loop
 */
#ifndef ZBOX_PRIVILEGES_H
#define ZBOX_PRIVILEGES_H

#include "sandbox.h"
#include "utils.h"

#include <linux/filter.h>

/* Programs to load, in order. Owned unless the code is built in. */
struct filter {
	struct sock_filter *code;
	unsigned short length;
	bool owned;
};

struct privileges {
	struct filter *filters;
	size_t filter_count;
	uint64_t keep_caps; /* capabilities of the command, bit N = capability N */
	int landlock_abi;   /* 0: none */
};

/* Reads --add-seccomp-fd programs, chooses or compiles the profile. caller_caps: permitted set of
 * the caller, which a root caller under the name bwrap starts with. Returns 0, or -1 after fail().
 */
int privileges_prepare(const struct sandbox *sb, uint64_t caller_caps,
		       struct privileges *p) MUST_CHECK;
void privileges_free(struct privileges *p);

/* no_new_privs; nothing else may come before it but newuidmap. Returns 0, or -1 after fail(). */
int privileges_no_new(void) MUST_CHECK;

/* Bounding set, securebits, session keyring, Landlock. root: descriptor of the finished root.
 * Returns 0, or -1 after fail(). */
int privileges_reduce(const struct sandbox *sb, const struct privileges *p) MUST_CHECK;

/* The capability sets of this process: those of p for the command, none for PID 1.
 * Returns 0, or -1 after fail(). */
int privileges_drop(const struct sandbox *sb, const struct privileges *p, bool command) MUST_CHECK;

/* Reads --seccomp FD, which bubblewrap reads late. Returns 0, or -1 after fail(). */
int privileges_read_late(const struct sandbox *sb, struct privileges *p) MUST_CHECK;

/* Loads every program, in order. Returns 0, or -1 after fail(). */
int privileges_filter(const struct sandbox *sb, const struct privileges *p) MUST_CHECK;

#endif
