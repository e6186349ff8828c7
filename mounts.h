/*
 * mounts.h - the list of operations -> the new root.
 */
#ifndef ZBOX_MOUNTS_H
#define ZBOX_MOUNTS_H

#include "guard.h"
#include "paths.h"
#include "sandbox.h"

/* Builds the new root from sb's list and makes it the root of this process and of its mount
 * namespace; the host's tree is out of reach afterwards. To be called in the new mount namespace
 * (and user namespace, with its map written), umask 0, in the caller's working directory. caller:
 * effective uid outside. root: zeroed; afterwards root->fd is the top directory, to be released
 * with root_free(). guard: GUARD_NONE; afterwards it has the names that masks rest on.
 * Returns 0, or -1 after fail(). */
int mounts_apply(const struct sandbox *sb, uid_t caller, struct root *root,
		 struct guard *guard) MUST_CHECK;

/* How many descriptors the sources of sb's list take, which are all open at once. */
size_t mounts_descriptors(const struct sandbox *sb);

#endif
