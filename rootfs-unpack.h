/*
 * rootfs-unpack.h - zbox-unpack, started in a sandbox of its own.
 */
#ifndef ZBOX_ROOTFS_UNPACK_H
#define ZBOX_ROOTFS_UNPACK_H

#include "sandbox.h"
#include "utils.h"

/* Unpacks the archive, a regular file open at its beginning with size bytes, to dir/tree, with the
 * ids of sb's maps. name is for messages. A progress line goes to a terminal on standard error.
 * Returns 0, or -1 after fail(); something may be in dir/tree then. */
int rootfs_unpack(const struct sandbox *sb, const char *dir, int archive, uint64_t size,
		  const char *name) MUST_CHECK;

/* Removes dir/tree, whatever ids of the maps own it. Returns 0, or -1 after fail(). */
int rootfs_remove(const struct sandbox *sb, const char *dir) MUST_CHECK;

#endif
