/*
 * zbox-unpack.h - what the files of zbox-unpack share.
 *
 *   zbox-unpack.c         main; a tar archive
 *   zbox-unpack-tree.c    its entries -> files below ./tree
 *   zbox-unpack-write.c   what is in files, written beside the reading of the archive
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
struct writer;

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
	struct layer *layer;   /* what this layer has made, NULL: there are no layers */
	struct writer *writer; /* NULL: nothing waits to be written */
};

/* What an entry says of owner, mode and time. */
struct attributes {
	int64_t uid, gid;
	mode_t mode;
	struct timespec time; /* of the last change; UTIME_OMIT: none */
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

/* Changes owner, mode (not of links) and, with times, the time of what is at name in dir to what is
 * wanted. name "": dir itself. Returns 0, or an errno, and *what is what could not be changed: for
 * unpack_not_set(). No other state: any thread may call it. */
int unpack_set_attributes(const struct attributes *wanted, int dir, const char *name, bool times,
			  const char **what) MUST_CHECK;

/* Records that. Returns -1. */
int unpack_not_set(int err, const char *what, const struct attributes *wanted, const char *path);

/* ---- zbox-unpack-write.c ---- */

/* Writes a copy of the bytes at that place of the file fd, now or later. The caller keeps fd open
 * until unpack_finish(), or a draining. Returns 0, or -1 after fail(), also of
 * what was to be written before. */
int unpack_write(struct unpack *u, int fd, const char *path, const void *bytes, size_t length,
		 int64_t offset) MUST_CHECK;

/* After what was written to it before: sets attributes and closes *fd, which is taken. Returns as
 * unpack_write(). */
int unpack_finish(struct unpack *u, int *fd, const char *path,
		  const struct attributes *wanted) MUST_CHECK;

/* Until all is written. Returns as unpack_write(). */
int unpack_drain(struct unpack *u) MUST_CHECK;

/* After fail(): the same, and what went wrong with what came before takes its place on record. */
void unpack_drain_failed(struct unpack *u);

/* Gives up what waits, and closes what was finished. No file is touched after that. */
void unpack_stop_writing(struct unpack *u);

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
