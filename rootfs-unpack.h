/*
 * rootfs-unpack.h - zbox-unpack, started in a sandbox of its own.
 */
#ifndef ZBOX_ROOTFS_UNPACK_H
#define ZBOX_ROOTFS_UNPACK_H

#include "sandbox.h"
#include "utils.h"

/* What a tree is unpacked from. Texts are borrowed. */
struct rootfs_source {
	const char
		*kind; /* what zbox-unpack is to do: unpack (an archive), layout, saved (images) */
	const char *file; /* the archive; of a layout its index.json */
	const char *dir;  /* of a layout, else NULL */
	const char *tag;  /* of an image, "" none; NULL for archives */
};

/* What is done here while zbox-unpack works there, on another processor. run returns 0, or -1 after
 * fail(). */
struct rootfs_meanwhile {
	int (*run)(void *what);
	void *what;
};

/* Unpacks the source, whose file is open with size bytes, to dir/tree, with the ids of sb's maps. A
 * progress line goes to a terminal on standard error. meanwhile may be NULL, and must leave the
 * position in the file alone. Returns 0, or -1 after fail(); something may be in dir/tree then. */
int rootfs_unpack(const struct sandbox *sb, const char *dir, int file, uint64_t size,
		  const struct rootfs_source *source,
		  const struct rootfs_meanwhile *meanwhile) MUST_CHECK;

/* Removes dir/tree, whatever ids of the maps own it. Returns 0, or -1 after fail(). */
int rootfs_remove(const struct sandbox *sb, const char *dir) MUST_CHECK;

#endif
