/*
 * zbox-unpack-layer.c - what a layer of an image takes away from those below it.
 *
 *   .wh.NAME       NAME of the layers below is not there any more
 *   .wh..wh..opq   nothing of the layers below is in this directory
 *   .wh..wh.OTHER  another file system's own; left out
 *
 * A whiteout says nothing of what its own layer has, whichever comes first in the archive. So what
 * a layer makes is noted, by inode numbers, all of one file system; and the directories above it.
 * What is not noted came from below, with all that is in it.
 *
 * What an attacker would try: a whiteout that climbs (its directory was looked up beneath the tree
 * as that of any entry, its name is one part of a path and neither "." nor ".."), or one of what is
 * a link (the link goes, nothing behind it); depth (no recursion: a list of directories).
 */
#include "unpack/zbox-unpack.h"

#include "kernel.h"
#include "listing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPAQUE ".wh..wh..opq"
#define RESERVED ".wh..wh."
#define ROOM_FIRST 1024

/* A set of numbers: open addressing, 0 is free (no inode has it). */
struct layer {
	ino_t *slots;
	size_t room, count; /* room is a power of two */
};

/* ---- what is of this layer ---- */

static size_t slot_of(const struct layer *l, ino_t number)
{
	size_t at = (size_t)((uint64_t)number * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (l->room - 1);

	while (l->slots[at] != 0 && l->slots[at] != number)
		at = (at + 1) & (l->room - 1);
	return at;
}

static bool has(const struct layer *l, ino_t number)
{
	return l->slots[slot_of(l, number)] != 0;
}

static int grow(struct layer *l)
{
	struct layer bigger = {calloc(l->room * 2, sizeof(*l->slots)), l->room * 2, l->count};

	if (!bigger.slots)
		return fail(0, "out of memory");
	for (size_t i = 0; i < l->room; i++)
		if (l->slots[i] != 0)
			bigger.slots[slot_of(&bigger, l->slots[i])] = l->slots[i];
	free(l->slots);
	*l = bigger;
	return 0;
}

int unpack_note(struct unpack *u, const struct stat *st)
{
	struct layer *l = u->layer;

	if (!l || has(l, st->st_ino))
		return 0;
	if (l->count * 2 >= l->room && grow(l) < 0)
		return -1;
	l->slots[slot_of(l, st->st_ino)] = st->st_ino;
	l->count++;
	return 0;
}

int unpack_note_above(struct unpack *u, int dir)
{
	autoclose int at = u->layer ? fcntl(dir, F_DUPFD_CLOEXEC, 3) : -1;
	struct stat st, top;

	if (!u->layer)
		return 0;
	if (at < 0 || fstat(u->tree, &top) < 0 || fstat(at, &st) < 0)
		return fail(errno, "a directory of the tree");
	/* those above one that is noted are noted too: the top ends the way for the first */
	while (!has(u->layer, st.st_ino)) {
		int up;

		if (unpack_note(u, &st) < 0)
			return -1;
		if (st.st_ino == top.st_ino)
			break;
		up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (up < 0 || fstat(up, &st) < 0) {
			close_fd(&up);
			return fail(errno, "a directory of the tree");
		}
		close_fd(&at);
		at = up;
	}
	return 0;
}

bool unpack_is_below(const struct unpack *u, const struct stat *st)
{
	return u->layer && !has(u->layer, st->st_ino);
}

int unpack_layer_begin(struct unpack *u)
{
	unpack_layer_end(u);
	u->layer = calloc(1, sizeof(*u->layer));
	if (!u->layer)
		return fail(0, "out of memory");
	u->layer->room = ROOM_FIRST;
	u->layer->slots = calloc(ROOM_FIRST, sizeof(*u->layer->slots));
	return u->layer->slots ? 0 : fail(0, "out of memory");
}

void unpack_layer_end(struct unpack *u)
{
	if (u->layer)
		free(u->layer->slots);
	free(u->layer);
	u->layer = NULL;
	unpack_forget_parent(u);
}

/* ---- what goes ---- */

struct list {
	char **paths; /* below the directory that is cleared; owned */
	size_t count;
};

/* One thing in a directory of this layer: what is not of the layer goes, a directory that is joins
 * the list. */
static int clear_name(struct unpack *u, int dir, const char *path, const char *name,
		      struct list *list)
{
	struct stat st;
	char **slot;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(errno, "%s/%s", path, name);
	if (unpack_is_below(u, &st) && S_ISDIR(st.st_mode))
		return unpack_remove(dir, name);
	if (unpack_is_below(u, &st))
		return unlinkat(dir, name, 0) < 0 ? fail(errno, "%s/%s", path, name) : 0;
	if (!S_ISDIR(st.st_mode))
		return 0;
	slot = array_add(&list->paths, &list->count, sizeof(*slot));
	return slot && (*slot = format_text("%s/%s", path, name)) ? 0 : -1;
}

static int clear_one(struct unpack *u, int top, const char *path, struct list *list)
{
	autoclose int dir =
		kernel_openat2(top, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
			       RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	struct listing names;
	int result = 0;

	if (dir < 0)
		return fail(errno, "%s", path);
	if (listing_read(&names, dir, path, 0, NULL, NULL) < 0)
		return -1;
	for (size_t i = 0; i < names.count && result == 0; i++)
		result = clear_name(u, dir, path, names.names[i], list);
	listing_free(&names);
	return result;
}

/* All of the layers below goes from the directory name in dir. */
static int clear_below(struct unpack *u, int dir, const char *name)
{
	struct list list = {NULL, 0};
	int result = clear_one(u, dir, name, &list);

	while (list.count > 0) {
		autofree char *path = list.paths[--list.count];

		if (result == 0)
			result = clear_one(u, dir, path, &list);
	}
	free(list.paths);
	return result;
}

int unpack_whiteout(struct unpack *u, int dir, const char *name, const char *path)
{
	const char *hidden = name + strlen(WHITEOUT);
	struct stat st;

	if (strcmp(name, OPAQUE) == 0) {
		unpack_forget_parent(u);
		return clear_below(u, dir, ".");
	}
	if (strncmp(name, RESERVED, strlen(RESERVED)) == 0)
		return 0;
	if (hidden[0] == '\0' || strcmp(hidden, ".") == 0 || strcmp(hidden, "..") == 0)
		return fail(0, "%s: a whiteout of nothing that could be there", path);
	if (fstatat(dir, hidden, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : fail(errno, "%s", path);
	unpack_forget_parent(u);
	if (S_ISDIR(st.st_mode))
		return unpack_is_below(u, &st) ? unpack_remove(dir, hidden)
					       : clear_below(u, dir, hidden);
	if (unpack_is_below(u, &st) && unlinkat(dir, hidden, 0) < 0)
		return fail(errno, "%s", path);
	return 0;
}
