/*
 * rootfs-image.h - --oci: a container image in the place of an archive.
 */
#ifndef ZBOX_ROOTFS_IMAGE_H
#define ZBOX_ROOTFS_IMAGE_H

#include "rootfs-unpack.h"

#define IMAGE_START "image" /* in the cache, beside the tree: how its command is started */

/* Where the image is that sb->rootfs names, with or without :TAG. Texts are owned by sb. Returns 0,
 * or -1 after fail(). */
int image_find(struct sandbox *sb, struct rootfs_source *source) MUST_CHECK;

/* Reads IMAGE_START beside the tree, and adds to sb what nobody said on the command line: ids,
 * directory, environment, command. Returns 0, or -1 after fail(). */
int image_use(struct sandbox *sb, const char *tree) MUST_CHECK;

/* The same from its text of length bytes, which sb keeps using; path is for messages. Pure. */
int image_take(struct sandbox *sb, char *text, size_t length, const char *path) MUST_CHECK;

#endif
