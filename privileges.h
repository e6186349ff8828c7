/*
 * privileges.h - what the command may do: capabilities, no_new_privs, Landlock, seccomp.
 *
 * Order of use, each step in the process named:
 *   prepare   outside, before the first clone: programs are read or chosen, nothing is applied
 *   no_new    outside, at once after it, but after newuidmap where that is needed
 *   limit     PID 1, in the user namespace that shall be limited, after the last mount
 *   reduce    PID 1 (or the command where it is PID 1), after the last mount: everything that its
 *             children shall inherit
 *   bound     again in any user namespace that is made after reduce
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
	const char *profile;       /* name or path of the seccomp profile, NULL: none */
	uint64_t keep_caps;        /* capabilities of the command, bit N = capability N */
	int landlock_abi;          /* 0: not used */
	const char *landlock_note; /* why it is not used though it might be, or NULL; static */
	bool nested_userns;        /* the profile leaves user namespaces to the command */
};

/* Chooses or compiles the profile, reads --add-seccomp-fd programs (and closes their descriptors),
 * works out the capabilities, asks the kernel for Landlock. caller_caps: effective set of the
 * caller, which a root caller under the name bwrap starts with. Applies nothing.
 * Returns 0, or -1 after fail(); p is for privileges_free() in any case. */
int privileges_prepare(const struct sandbox *sb, uint64_t caller_caps,
		       struct privileges *p) MUST_CHECK;
void privileges_free(struct privileges *p);

/* no_new_privs; nothing else may come before it but newuidmap. Returns 0, or -1 after fail(). */
int privileges_no_new(void) MUST_CHECK;

/* The second lock on namespaces inside, /proc/sys/user: none at all, or a few where the profile
 * leaves them to the command. proc: descriptor of a procfs whose sys is not read-only (the host's);
 * the caller is in the user namespace that is meant, holds CAP_SYS_RESOURCE in it, and mounts
 * nothing any more, since open_tree(2) counts as a mount namespace. Does nothing
 * under the name bwrap. levels: user namespaces that zbox itself still makes below this one.
 * Returns 0, or -1 after fail(). */
int privileges_limit(const struct sandbox *sb, const struct privileges *p, int proc,
		     unsigned levels) MUST_CHECK;

/* Session keyring, core limit, Landlock, and privileges_bound(). The process stands in the finished
 * root (its root directory), holds CAP_SETPCAP, and mounts nothing any more: Landlock refuses that.
 * Returns 0, or -1 after fail(). */
int privileges_reduce(const struct sandbox *sb, const struct privileges *p) MUST_CHECK;

/* Bounding set and securebits. A new user namespace begins with full sets and open securebits, so
 * whoever makes one after reduce calls this in it. Returns 0, or -1 after fail(). */
int privileges_bound(const struct sandbox *sb, const struct privileges *p) MUST_CHECK;

/* The capability sets of this process: those of p for the command; none for PID 1, but CAP_KILL
 * where there are ranges of ids, because then its signals have to reach processes with other ids.
 * Returns 0, or -1 after fail(). */
int privileges_drop(const struct sandbox *sb, const struct privileges *p, bool command) MUST_CHECK;

/* Reads --seccomp FD, which bubblewrap reads late, and closes it.
 * Returns 0, or -1 after fail(). */
int privileges_read_late(const struct sandbox *sb, struct privileges *p) MUST_CHECK;

/* Loads every program, in order. Returns 0, or -1 after fail(). */
int privileges_filter(const struct sandbox *sb, const struct privileges *p) MUST_CHECK;

#endif
