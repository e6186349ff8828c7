/*
 * zbox-unpack.h - what the files of zbox-unpack share.
 *
 *   zbox-unpack.c         main; a tar archive
 *   zbox-unpack-tree.c    its entries -> files below ./tree
 *   zbox-unpack-image.c   an image of layers
 *   zbox-unpack-blob.c    its parts, from a layout or an archive, with their digests
 *   zbox-unpack-layer.c   what a layer takes away
 *   zbox-unpack-remove.c  ./tree goes again
 *   oci.c, oci-user.c     an image's documents; pure
 */
#ifndef ZBOX_UNPACK_H
#define ZBOX_UNPACK_H

#include "utils.h"

#include <sys/stat.h>
#include <time.h>

#define TREE "tree"
#define IMAGE "image"   /* what an image says of its command, beside the tree */
#define WHITEOUT ".wh." /* in front of a name that a layer takes away */

struct archive;
struct layer;

/* The time of a directory, which changes with all that is made in it. */
struct dir_time {
	char *path;
	struct timespec at;
};

struct unpack {
	int tree;     /* O_PATH */
	char *parent; /* where the last entry was, NULL nowhere; */
	int parent_fd;
	struct dir_time *dirs;
	size_t dir_count;
	struct layer *layer; /* what this layer has made, NULL: there are no layers */
};

/* ---- zbox-unpack-tree.c ---- */

/* Makes ./tree. Returns 0, or -1 after fail(); unpack_end() in both cases. */
int unpack_begin(struct unpack *u) MUST_CHECK;
void unpack_end(struct unpack *u);

/* Makes all entries of the archive. Returns 0, or -1 after fail(). */
int unpack_entries(struct unpack *u, struct archive *a) MUST_CHECK;

/* At the end: times of directories. Returns 0, or -1 after fail(). */
int unpack_set_times(struct unpack *u) MUST_CHECK;

/* Looks the directory of the next entry up anew. */
void unpack_forget_parent(struct unpack *u);

/* Records the error of libarchive. Returns -1. */
int unpack_failed(struct archive *a);

/* The compressions that are known. Returns 0, or -1 after fail(). */
int unpack_filters(struct archive *a) MUST_CHECK;

/* ---- zbox-unpack-layer.c ---- */

/* What is made from here on is of a new layer. Returns 0, or -1 after fail(). */
int unpack_layer_begin(struct unpack *u) MUST_CHECK;
void unpack_layer_end(struct unpack *u);

/* Notes what was made; in an archive without layers that is nothing to do. Each returns 0, or -1
 * after fail(). The second: the directory, and those above it. */
int unpack_note(struct unpack *u, const struct stat *st) MUST_CHECK;
int unpack_note_above(struct unpack *u, int dir) MUST_CHECK;

/* Is it of a layer below this one? */
bool unpack_is_below(const struct unpack *u, const struct stat *st);

/* Does what the entry name, which begins with WHITEOUT, in dir says. Returns 0, or -1 after
 * fail(). */
int unpack_whiteout(struct unpack *u, int dir, const char *name, const char *path) MUST_CHECK;

/* ---- zbox-unpack-image.c ---- */

/* Unpacks an image. Standard input is index.json of the layout in /image, or an archive of
 * docker save; tag may be "". Returns 0, or -1 after fail(). */
int unpack_image(bool layout, const char *tag) MUST_CHECK;

/* ---- zbox-unpack.c ---- */

/* Says how many bytes of the source were read in all. */
void unpack_tell(uint64_t bytes);

/* ---- zbox-unpack-remove.c ---- */

/* Removes what is at name in the directory dir, and all that is below it; links are removed, not
 * followed. What is not there is fine. Returns 0, or -1 after fail(). */
int unpack_remove(int dir, const char *name) MUST_CHECK;

#endif
