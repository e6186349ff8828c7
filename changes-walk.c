/*
 * changes-walk.c - the upper directories of overlays, and the host: the list of changes.
 *
 *   walk_directory   the entries of one upper directory, sorted by name
 *     walk_entry     a whiteout removes; a directory is gone into; anything else is compared
 *     removed_tree   all that is below a directory of the host that goes
 *
 * What an overlay writes (Documentation/filesystems/overlayfs.rst): what was changed or made is in
 * the upper directory as it is to be; what was removed is a character device 0:0; a directory that
 * replaces one is marked user.overlay.opaque, which nothing inside can set. Redirects and
 * metacopies are off, so a directory is where its name is and a file has all of its bytes. That a
 * file was copied up says nothing: it is compared.
 *
 * The order of the list can be applied as it is: what goes before what comes in its place, entries
 * of a directory that goes before it, a directory before its entries.
 *
 * What an attacker would try with what he leaves behind: directories without end or without rights
 * (depth is limited, rights are given and kept beside), names with anything in them (they are only
 * printed by text_print()), a change in the directory that holds the changes (left out), devices
 * and sockets (refused), set-id bits (dropped), a link on the host where a directory was (not
 * followed). A file that the host changed after the start is told from others by its ctime, which
 * cannot be set.
 */
#include "changes.h"
#include "listing.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define DEPTH_MAX 1000 /* directories; each holds two descriptors */

struct walk {
	const struct store *s;
	struct changes *list;
	struct stat store; /* its directory */
	size_t root;
	unsigned depth;
};

/* One directory: as the overlay has it, as the host has it. */
struct place {
	int upper, host; /* host: -1 there is none */
	bool replaced;   /* what the host has is gone */
	const char *path;
};

static int walk_directory(struct walk *w, const struct place *p);

void changes_free(struct changes *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].path);
		free(list->items[i].target);
	}
	free(list->items);
	*list = (struct changes){0};
}

/* ---- the list ---- */

static char *join(const char *path, const char *name)
{
	return path[0] ? format_text("%s/%s", path, name) : format_text("%s", name);
}

static struct change *note(struct walk *w, enum change_kind kind, const char *path,
			   const struct stat *st, const struct stat *host)
{
	struct change *c = array_add(&w->list->items, &w->list->count, sizeof(*c));

	if (!c)
		return NULL;
	c->kind = kind;
	c->root = w->root;
	c->st = *st;
	c->set_id = !S_ISDIR(st->st_mode) && (st->st_mode & 06000);
	if (kind != CHANGE_REMOVED)
		c->st.st_mode &= ~(mode_t)06000;
	if (host) {
		c->exists = true;
		c->host = *host;
		/* that entries of a directory changed is no matter */
		c->newer = !S_ISDIR(host->st_mode) && store_is_newer(w->s, host);
	}
	c->path = format_text("%s", path);
	w->list->told++;
	return c->path ? c : NULL;
}

static char *read_target(int dir, const char *name)
{
	char text[PATH_MAX];
	ssize_t length = readlinkat(dir, name, text, sizeof(text) - 1);

	if (length < 0) {
		(void)fail(errno, "%s", name);
		return NULL;
	}
	text[length] = '\0';
	return format_text("%s", text);
}

static const char *refusal(const struct stat *st)
{
	if (S_ISSOCK(st->st_mode))
		return "a socket is nothing without its program";
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		return "devices are not made";
	return NULL;
}

/* ---- what goes ---- */

/* What is below the host's directory, then itself. host: its parent. */
static int removed_tree(struct walk *w, int host, const char *name, const char *path)
{
	autoclose int below = -1;
	struct listing listing = {NULL, 0};
	struct stat st;
	int result = 0;

	if (fstatat(host, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : fail(errno, "%s", path);
	if (st.st_dev == w->store.st_dev && st.st_ino == w->store.st_ino)
		return 0;
	if (S_ISDIR(st.st_mode)) {
		below = openat(host, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below < 0)
			return fail(errno, "%s", path);
		if (++w->depth > DEPTH_MAX)
			return fail(ENAMETOOLONG, "%s", path);
		result = listing_read(&listing, below, path, 0, NULL, NULL);
		for (size_t i = 0; result == 0 && i < listing.count; i++) {
			autofree char *entry = join(path, listing.names[i]);

			result = entry ? removed_tree(w, below, listing.names[i], entry) : -1;
		}
		listing_free(&listing);
		w->depth--;
	}
	return result == 0 && note(w, CHANGE_REMOVED, path, &st, &st) ? 0 : -1;
}

/* ---- what is or was changed ---- */

static bool same_times(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* A file, a link or the like, over the same kind. */
static int walk_same_kind(struct walk *w, const struct place *p, const char *name, const char *path,
			  const struct stat *upper, const struct stat *host)
{
	struct change *c;
	bool same =
		upper->st_size == host->st_size && same_times(upper, host) &&
		(S_ISLNK(upper->st_mode) || (upper->st_mode & 01777) == (host->st_mode & 01777)) &&
		!(host->st_mode & 06000 & ~upper->st_mode) && upper->st_uid == host->st_uid &&
		upper->st_gid == host->st_gid;

	/* what cannot be read is not the same */
	same = same && same_contents(p->upper, name, p->host, name, upper, true) == 1;
	if (same && (upper->st_nlink == 1 || !S_ISREG(upper->st_mode)))
		return 0;
	c = note(w, CHANGE_CHANGED, path, upper, host);
	if (!c)
		return -1;
	if (same) { /* another name of it may have been made */
		c->touched = true;
		w->list->told--;
		return 0;
	}
	c->refuse = refusal(upper);
	if (S_ISLNK(upper->st_mode))
		c->target = read_target(p->upper, name);
	return S_ISLNK(upper->st_mode) && !c->target ? -1 : 0;
}

static int walk_file(struct walk *w, const struct place *p, const char *name, const char *path,
		     struct stat *upper, const struct stat *host)
{
	struct change *c;

	if (host && (host->st_mode & S_IFMT) == (upper->st_mode & S_IFMT))
		return walk_same_kind(w, p, name, path, upper, host);
	if (host && removed_tree(w, p->host, name, path) < 0)
		return -1;
	c = note(w, CHANGE_ADDED, path, upper, NULL);
	if (!c)
		return -1;
	c->refuse = refusal(upper);
	if (S_ISLNK(upper->st_mode))
		c->target = read_target(p->upper, name);
	return S_ISLNK(upper->st_mode) && !c->target ? -1 : 0;
}

static bool is_opaque(int fd)
{
	char value;

	return fgetxattr(fd, "user.overlay.opaque", &value, 1) == 1 && value == 'y';
}

/* Entries of the host that a directory in their place does not show any more. */
static int walk_hidden(struct walk *w, const struct place *p)
{
	struct listing listing = {NULL, 0};
	int result = listing_read(&listing, p->host, p->path, 0, NULL, NULL);

	for (size_t i = 0; result == 0 && i < listing.count; i++) {
		autofree char *entry = join(p->path, listing.names[i]);
		struct stat st;

		if (!entry)
			result = -1;
		else if (fstatat(p->upper, listing.names[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			result = removed_tree(w, p->host, listing.names[i], entry);
	}
	listing_free(&listing);
	return result;
}

static int walk_below(struct walk *w, const struct place *p, const char *name, const char *path,
		      const struct stat *host)
{
	struct place below = {.upper = -1, .host = -1, .path = path};
	int result = -1;

	below.upper = openat(p->upper, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (host)
		below.host = openat(p->host, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (below.upper < 0 || (host && below.host < 0))
		(void)fail(errno, "%s", path);
	else if (++w->depth > DEPTH_MAX)
		(void)fail(ENAMETOOLONG, "%s", path);
	else if (host && is_opaque(below.upper) && walk_hidden(w, &below) < 0)
		result = -1;
	else
		result = walk_directory(w, &below);
	w->depth--;
	close_fd(&below.upper);
	close_fd(&below.host);
	return result;
}

static bool same_directory_attributes(const struct place *p, const char *name)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	autoclose int upper = openat(p->upper, name, flags), host = openat(p->host, name, flags);

	return upper < 0 || host < 0 || same_attributes(upper, host);
}

static int walk_subdirectory(struct walk *w, const struct place *p, const char *name,
			     const char *path, const struct stat *upper, const struct stat *host)
{
	size_t first;
	struct change *c;
	bool changed;

	if (host && !S_ISDIR(host->st_mode)) {
		if (removed_tree(w, p->host, name, path) < 0)
			return -1;
		host = NULL;
	}
	if (!host)
		return note(w, CHANGE_ADDED, path, upper, NULL) ? walk_below(w, p, name, path, NULL)
								: -1;
	changed = (upper->st_mode & 01777) != (host->st_mode & 01777) ||
		  !same_directory_attributes(p, name);
	first = w->list->count;
	c = note(w, CHANGE_CHANGED, path, upper, host);
	if (!c)
		return -1;
	c->st.st_mode |= host->st_mode & 06000;
	c->newer = changed && store_is_newer(w->s, host);
	c->touched = !changed;
	w->list->told -= !changed;
	if (walk_below(w, p, name, path, host) < 0)
		return -1;
	/* nothing below it, and itself as it was */
	if (!changed && w->list->count == first + 1) {
		free(w->list->items[first].path);
		w->list->count--;
	}
	return 0;
}

static int walk_entry(struct walk *w, const struct place *p, const char *name, const char *path)
{
	autoclose int fd = openat(p->upper, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat upper, host;
	bool exists = p->host >= 0 && fstatat(p->host, name, &host, AT_SYMLINK_NOFOLLOW) == 0;

	if (fd < 0 || fstat(fd, &upper) < 0)
		return fail(errno, "%s", path);
	if (exists && host.st_dev == w->store.st_dev && host.st_ino == w->store.st_ino)
		return 0;
	if (S_ISCHR(upper.st_mode) && upper.st_rdev == makedev(0, 0))
		return exists ? removed_tree(w, p->host, name, path) : 0;
	if (S_ISDIR(upper.st_mode) || S_ISREG(upper.st_mode)) {
		if (reveal(fd, &upper) < 0)
			return fail(errno, "%s", path);
		upper.st_mode = revealed_mode(fd, &upper);
	}
	if (S_ISDIR(upper.st_mode))
		return walk_subdirectory(w, p, name, path, &upper, exists ? &host : NULL);
	return walk_file(w, p, name, path, &upper, exists ? &host : NULL);
}

static int walk_directory(struct walk *w, const struct place *p)
{
	struct listing listing = {NULL, 0};
	int result = listing_read(&listing, p->upper, p->path, 0, NULL, NULL);

	for (size_t i = 0; result == 0 && i < listing.count; i++) {
		autofree char *entry = join(p->path, listing.names[i]);

		result = entry ? walk_entry(w, p, listing.names[i], entry) : -1;
	}
	listing_free(&listing);
	return result;
}

/* ---- all roots ---- */

static int walk_root(struct walk *w)
{
	const struct store_root *root = &w->s->roots[w->root];
	autoclose int upper = -1, host = -1;
	struct place p = {.path = ""};
	struct stat st;
	char name[40];

	(void)snprintf(name, sizeof(name), "%zu/upper", w->root);
	upper = below_open(w->s->fd, name, O_RDONLY | O_DIRECTORY);
	if (upper < 0)
		return fail(errno, "%s/%s", w->s->path, name);
	host = open(root->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (host < 0 || fstat(host, &st) < 0)
		return fail(errno, "%s", root->path);
	if (st.st_dev != root->dev || st.st_ino != root->ino)
		return fail(0, "%s is not the directory any more that it was", root->path);
	p.upper = upper;
	p.host = host;
	return walk_directory(w, &p);
}

int changes_find(const struct store *s, struct changes *list)
{
	struct walk w = {.s = s, .list = list};

	*list = (struct changes){0};
	if (fstat(s->fd, &w.store) < 0)
		return fail(errno, "%s", s->path);
	for (w.root = 0; w.root < s->root_count; w.root++)
		if (walk_root(&w) < 0)
			return -1;
	return 0;
}

char *change_path(const struct store *s, const struct change *c)
{
	const char *root = s->roots[c->root].path;

	if (c->path[0] == '\0')
		return format_text("%s", root);
	return format_text("%s/%s", strcmp(root, "/") == 0 ? "" : root, c->path);
}
