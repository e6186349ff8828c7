/*
 * capabilities.h - names, sets and limits of capabilities(7), without libcap.
 */
#ifndef ZBOX_CAPABILITIES_H
#define ZBOX_CAPABILITIES_H

#include "sandbox.h"
#include "utils.h"

#define CAPABILITIES_ALL UINT64_MAX /* the kernel ignores the bits it has no capability for */

struct capability_sets {
	uint64_t effective, permitted, inheritable; /* bit N = capability N */
};

/* The number behind a name: case does not matter, the prefix cap_ may be missing, a number is taken
 * as it is (libcap does so too), ALL is -1. Returns 0, or -1 after fail() with bubblewrap's text.
 */
int capability_from_name(const char *name, int *cap) MUST_CHECK;

/* The name with its prefix, or NULL for a number that has none. */
const char *capability_name(int cap);

/* What the command is to have: a root caller under the name bwrap starts with caller_caps (its
 * effective set), everybody else with nothing; then the changes in their order. Pure. */
uint64_t capabilities_wanted(const struct sandbox *sb, uid_t caller, uint64_t caller_caps);

/* The sets of this process. Returns 0, or -1 after fail(). */
int capabilities_get(struct capability_sets *sets) MUST_CHECK;

/* Bounding set and securebits, so that nothing beyond keep comes back at any exec. They belong to
 * the user namespace: a process that enters or makes another has to call this again.
 * Returns 0, or -1 after fail(). */
int capabilities_bound(const struct sandbox *sb, uint64_t keep) MUST_CHECK;

/* Effective, permitted, inheritable and ambient of this process become exactly keep, and whatever
 * securebits capabilities_bound() had to leave open for that are closed. Returns 0, or -1 after
 * fail(). */
int capabilities_keep(const struct sandbox *sb, uint64_t keep) MUST_CHECK;

/* CAP_KILL and nothing else, for a PID 1 whose command may have other ids than its own. Returns 0,
 * or -1 after fail(). */
int capabilities_signal_only(void) MUST_CHECK;

#endif
