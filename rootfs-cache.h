/*
 * rootfs-cache.h - archives for --rootfs, unpacked once.
 */
#ifndef ZBOX_ROOTFS_CACHE_H
#define ZBOX_ROOTFS_CACHE_H

#include "rootfs-unpack.h"

/* Finds the tree of an archive or image in the cache; where it is not there, unpacks it, unless sb
 * is only to be explained: then *tree is NULL. *tree is owned by sb. Returns 0, or -1 after
 * fail(). */
int rootfs_cached(struct sandbox *sb, const struct rootfs_source *source,
		  const char **tree) MUST_CHECK;

#endif
