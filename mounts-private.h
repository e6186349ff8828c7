/*
 * mounts-private.h - what the mount engine's files share. Nobody else includes it.
 *
 *   mounts.c          the order: sources, the empty root, the list, the exchange of roots
 *   mounts-attach.c   one tree of mounts onto one place, by the new kernel interface or the old
 *   mounts-files.c    directories, files, links, modes
 *   mounts-system.c   procfs with its masks, /dev
 *   mounts-overlay.c  overlays
 *   mounts-masks.c    masks and what is protected
 */
#ifndef ZBOX_MOUNTS_PRIVATE_H
#define ZBOX_MOUNTS_PRIVATE_H

#include "kernel.h"
#include "mounts.h"
#include "paths.h"
#include "sandbox.h"

/* What was opened on the host for one operation. */
struct source {
	int fd;      /* bind: the tree; overlay: its upper directory; -1 none */
	int work;    /* overlay: its work directory, -1 none */
	int *layers; /* overlay: its lower directories; owned */
};

struct builder {
	const struct sandbox *sb;
	struct root *root;
	struct guard *guard;    /* what has to stay as it is, filled by masks */
	uid_t caller;           /* effective uid outside */
	bool modern;            /* the new mount interface can be used */
	struct source *sources; /* one for each operation; owned */
	dev_t top_dev;          /* what root->fd is open at */
	ino_t top_ino;
	int base;          /* top directory of the root's own tmpfs, whatever is mounted on it */
	dev_t base_dev;    /* its device number */
	int bottom;        /* the first mount that was put on the host's "/" */
	int hidden;        /* a tmpfs below the root for tmp-overlays, -1 none */
	unsigned numbered; /* names handed out in base and hidden */
};

/* ---- mounts-attach.c ---- */

/* Opens a tree of the host for tree_attach(): a detached copy, or the path alone for the old
 * interface. Returns a descriptor, or -1 with errno set. */
int tree_open(const struct builder *b, int dir, const char *path) MUST_CHECK;

/* Puts the tree on the place that dest is open at and gives it and all mounts below it the
 * attributes (MOUNT_ATTR_RDONLY, _NOSUID, _NODEV, _NOEXEC); flags that they had are kept. what and
 * path are for messages. On the root itself, b->root follows. tree is then open at the top of what
 * was attached. Returns 0, or -1 after fail(). */
int tree_attach(struct builder *b, int tree, int dest, uint64_t attributes,
		const char *path) MUST_CHECK;

/* Gives attributes to the one mount whose top fd is. Returns 0, or -1 with errno set. */
int mount_restrict(const struct builder *b, int fd, uint64_t attributes) MUST_CHECK;

/* Mounts a new file system of the type on the directory dest. On the root itself, b->root follows.
 * Returns 0, or -1 with errno set. */
int filesystem_mount(struct builder *b, const char *type, int dest, unsigned long flags,
		     const char *options) MUST_CHECK;

/* Mounts a new file system out of sight, for what has to be done in it before it is put on its
 * place. Returns its top directory, or -1 with errno set. */
int stage_mount(const char *type, unsigned long flags, const char *options) MUST_CHECK;

/* Moves the mount whose top is given from out of sight to the place that dest is open at. On the
 * root itself it is there already, and b->root follows. Returns 0, or -1 with errno set. */
int stage_move(struct builder *b, int top, int dest) MUST_CHECK;

/* Opens the top of the stack of mounts on the root. Returns 0, or -1 after fail(). */
int root_refresh(struct builder *b) MUST_CHECK;

/* The place of a mount: opens it, makes it if missing. Returns a descriptor, or -1 after fail(). */
int mount_place(struct builder *b, const struct mount *m, enum path_kind kind) MUST_CHECK;

/* Permission bits of parents that are made for the operation: 0755 without the group's or the
 * others' share where its own bits give those nothing. */
mode_t mounts_parent_mode(const struct builder *b, const struct mount *m);

/* ---- operations; each returns 0, or -1 after fail() ---- */

int mount_dir(struct builder *b, const struct mount *m) MUST_CHECK;
int mount_file(struct builder *b, const struct mount *m) MUST_CHECK;
int mount_data(struct builder *b, const struct mount *m) MUST_CHECK;
int mount_symlink(struct builder *b, const struct mount *m) MUST_CHECK;
int mount_chmod(struct builder *b, const struct mount *m) MUST_CHECK;
int mount_scratch(struct builder *b, const struct mount *m) MUST_CHECK;
int mount_proc(struct builder *b, const struct mount *m) MUST_CHECK;
int mount_dev(struct builder *b, const struct mount *m) MUST_CHECK;
int mount_overlay(struct builder *b, const struct mount *m, const struct source *s) MUST_CHECK;

int mount_mask(struct builder *b, const struct mount *m) MUST_CHECK;

/* After the last operation: what masks were made of is taken out of sight. */
int masks_finish(struct builder *b) MUST_CHECK;

/* A directory of the root's own tmpfs, bound writable on dest. */
int scratch_attach(struct builder *b, int dest, mode_t mode, const char *path) MUST_CHECK;

/* Opens the host's directories of an overlay. */
int overlay_open(const struct builder *b, const struct mount *m, struct source *s) MUST_CHECK;

#endif
