/*
 * mounts.h - the list of operations -> the new root.
 */
#ifndef ZBOX_MOUNTS_H
#define ZBOX_MOUNTS_H

#include "guard.h"
#include "paths.h"
#include "sandbox.h"

/* Builds the new root from sb's list, beside the host's tree. To be called in the new mount
 * namespace (and user namespace, with its map written), umask 0, in the caller's working directory.
 * caller: effective uid outside. root: ROOT_NONE; afterwards what mounts_enter() takes. guard:
 * GUARD_NONE; afterwards it has the names that masks rest on. Returns 0, or -1 after fail(). */
int mounts_build(const struct sandbox *sb, uid_t caller, struct root *root,
		 struct guard *guard) MUST_CHECK;

/* Makes it the root of this process and of its mount namespace: the host's tree is out of reach
 * afterwards. Releases root. The kernel waits in it until each processor has been seen out of an
 * RCU read side (namespace_unlock(), Linux 3.12): 65 us when the others rest, and all the time that
 * they keep its thread from running when they do not. Returns 0, or -1 after fail(). */
int mounts_enter(struct root *root) MUST_CHECK;

/* How many descriptors the sources of sb's list take, which are all open at once. */
size_t mounts_descriptors(const struct sandbox *sb);

#endif
