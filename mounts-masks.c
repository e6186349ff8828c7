/*
 * mounts-masks.c - --mask and --protect: paths that the command shall not see, or not change.
 *
 *   mask_below      takes the path apart, one name after the other, from the new root on
 *     mask_glob     a name with * ? [: all that match now
 *     mask_link     a symbolic link: goes on at its target, inside the root
 *     mask_name     a directory on the way: pinned; the last name: covered
 *     mask_absent   nothing there: made where the file system is ours, else kept free (guard.c)
 *
 * Executed behind all other operations, so that nothing which is put in later shows a masked path
 * again. A mask is one empty read-only file or directory, the same for all paths. --protect puts
 * what is there on itself, read-only.
 *
 * What an attacker would try, who may write in the directory around: to rename the masked file, or
 * put another in its place (it is a mount point: EBUSY); to rename a directory above and make it
 * anew (each one on the way, up to where its mount begins, is bound on itself: EBUSY); to exchange
 * a link on the way (its name is guarded); to unmount (no capability, and Landlock). To prepare
 * names: a file called "*" does not stop the pattern, every name is opened by itself with
 * O_NOFOLLOW below the directory that was opened before, and links are counted. Other names of a
 * file, hard links, are not found by its path: a mask cannot cover them, and the manual says so.
 */
#include "guard.h"
#include "listing.h"
#include "mounts-private.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define LINKS_MAX 40  /* as the kernel's MAXSYMLINKS */
#define DEPTH_MAX 256 /* directories on the way */
#define MATCHES_MAX 4096
#define EMPTY_FILE ".mask-file"
#define EMPTY_DIRECTORY ".mask-directory"
#define QUIET_FLAGS (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

struct masker {
	struct builder *b;
	const struct mount *m;
	unsigned links, depth;
};

/* A directory on the way; up: the one before, NULL at the root. */
struct level {
	int fd;
	const struct level *up;
};

static int mask_below(struct masker *k, const struct level *at, const char *rest);
static int mask_name(struct masker *k, const struct level *at, const char *name, const char *rest);

static bool is_last(const char *rest)
{
	return rest[strspn(rest, "/")] == '\0';
}

/* ---- covering ---- */

/* The empty file or directory, a fresh copy of its mount. */
static int empty_tree(const struct builder *b, bool directory)
{
	const char *name = directory ? EMPTY_DIRECTORY : EMPTY_FILE;
	int made;

	if (directory) {
		made = mkdirat(b->base, name, 0555);
	} else {
		made = openat(b->base, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0444);
		close_fd(&(int){made});
	}
	if (made < 0 && errno != EEXIST)
		return -1;
	return tree_open(b, b->base, name);
}

/* A second name of the same place: a mount on the empty file would keep that from being removed. */
static bool is_masked(const struct builder *b, int fd)
{
	static const char *const names[] = {EMPTY_FILE, EMPTY_DIRECTORY};
	struct stat st, empty;

	for (size_t i = 0; i < COUNT(names); i++)
		if (fstat(fd, &st) == 0 && fstatat(b->base, names[i], &empty, 0) == 0 &&
		    st.st_dev == empty.st_dev && st.st_ino == empty.st_ino)
			return true;
	return false;
}

/* Puts the mask, or the thing itself read-only, on what fd is open at. */
static int cover(struct masker *k, int fd, mode_t type)
{
	bool protect = k->m->flags & MOUNT_READONLY;
	uint64_t attributes = MOUNT_ATTR_RDONLY | QUIET_FLAGS;
	autoclose int tree = -1;

	if (is_masked(k->b, fd))
		return 0;
	if (!protect)
		attributes |= MOUNT_ATTR_NOEXEC;
	tree = protect ? tree_open(k->b, fd, "") : empty_tree(k->b, S_ISDIR(type));
	if (tree < 0)
		return fail(errno, "Can't cover %s", k->m->dest);
	return tree_attach(k->b, tree, fd, attributes, k->m->dest);
}

/* What name in the directory is now has to stay. The host cannot get at file systems of ours, and
 * the command not at mount points. */
static int guard_name(struct masker *k, const struct level *at, const char *name)
{
	struct stat dir, st;

	if (fstat(at->fd, &dir) < 0 ||
	    fstatat(at->fd, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
		return fail(errno, "%s", k->m->dest);
	if (root_is_own(k->b->root, dir.st_dev))
		return 0;
	return guard_add(k->b->guard, at->fd, name, &st, k->m->dest);
}

/* A directory on the way becomes a mount point, unless it is one. */
static int pin(struct masker *k, const struct level *at, const char *name, int *fd)
{
	autoclose int tree = -1;
	uint64_t above, here;
	struct statvfs vfs;

	if (kernel_mount_id(at->fd, &above) == 0 && kernel_mount_id(*fd, &here) == 0 &&
	    above != here)
		return 0;
	if (fstatvfs(*fd, &vfs) < 0)
		return fail(errno, "%s", k->m->dest);
	if (vfs.f_flag & ST_RDONLY)
		return 0; /* nobody inside can rename it */
	tree = tree_open(k->b, *fd, "");
	if (tree < 0)
		return fail(errno, "Can't hold a directory of %s in its place", k->m->dest);
	if (tree_attach(k->b, tree, *fd, 0, k->m->dest) < 0)
		return -1;
	close_fd(fd);
	*fd = openat(at->fd, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
	return *fd < 0 ? fail(errno, "%s", k->m->dest) : 0;
}

/* ---- one name ---- */

static int mask_absent(struct masker *k, const struct level *at, const char *name, const char *rest)
{
	bool directory = rest[0] == '/';
	struct stat dir;
	int made;

	if (fstat(at->fd, &dir) < 0)
		return fail(errno, "%s", k->m->dest);
	if ((k->m->flags & MOUNT_TRY) && !is_last(rest))
		return 0;
	if (!root_is_own(k->b->root, dir.st_dev))
		return guard_add(k->b->guard, at->fd, name, NULL, k->m->dest);
	if (directory) {
		made = mkdirat(at->fd, name, 0755);
	} else {
		made = openat(at->fd, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0444);
		close_fd(&(int){made});
	}
	/* a file system of ours that cannot be written stays without it */
	if (made < 0)
		return errno == EROFS ? 0 : fail(errno, "Can't make a place for %s", k->m->dest);
	return mask_name(k, at, name, rest);
}

static int mask_link(struct masker *k, const struct level *at, const char *name, const char *rest)
{
	char target[PATH_MAX];
	const struct level *from = at;
	autofree char *path = NULL;
	ssize_t length = readlinkat(at->fd, name, target, sizeof(target) - 1);

	if (length < 0)
		return fail(errno, "%s", k->m->dest);
	target[length] = '\0';
	if (++k->links > LINKS_MAX)
		return fail(ELOOP, "%s", k->m->dest);
	while (target[0] == '/' && from->up)
		from = from->up;
	path = format_text("%s/%s", target, rest);
	if (!path || mask_below(k, from, path) < 0)
		return -1;
	return guard_name(k, at, name);
}

static int mask_name(struct masker *k, const struct level *at, const char *name, const char *rest)
{
	autoclose int fd = openat(at->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct level next = {.up = at};
	struct stat st;
	int result;

	if (fd < 0 && errno == ENOENT)
		return mask_absent(k, at, name, rest);
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(errno, "Can't mask %s", k->m->dest);
	if (S_ISLNK(st.st_mode))
		return mask_link(k, at, name, rest);
	if (is_last(rest))
		return cover(k, fd, st.st_mode) < 0 ? -1 : guard_name(k, at, name);
	if (!S_ISDIR(st.st_mode)) /* nothing can be below it while it is what it is */
		return guard_name(k, at, name);
	if (++k->depth > DEPTH_MAX)
		return fail(ENAMETOOLONG, "%s", k->m->dest);
	if (pin(k, at, name, &fd) < 0 || guard_name(k, at, name) < 0)
		return -1;
	next.fd = fd;
	result = mask_below(k, &next, rest);
	k->depth--;
	return result;
}

/* ---- patterns ---- */

/* The pattern's own words count as a match: a folder may be called a[1]. */
static bool is_match(const char *name, const void *pattern)
{
	return fnmatch(pattern, name, FNM_PERIOD) == 0 || strcmp(pattern, name) == 0;
}

static int mask_glob(struct masker *k, const struct level *at, const char *pattern,
		     const char *rest)
{
	struct listing matches;
	unsigned links = k->links;
	int result = listing_read(&matches, at->fd, k->m->dest, MATCHES_MAX, is_match, pattern);

	for (size_t i = 0; result == 0 && i < matches.count; i++) {
		k->links = links;
		result = mask_name(k, at, matches.names[i], rest);
	}
	listing_free(&matches);
	return result;
}

/* ---- the path ---- */

static int mask_below(struct masker *k, const struct level *at, const char *rest)
{
	char name[NAME_MAX + 1];
	size_t length;

	rest += strspn(rest, "/");
	length = strcspn(rest, "/");
	if (length == 0) /* a link to a directory that was passed on the way, or "/" */
		return at->up ? cover(k, at->fd, S_IFDIR)
			      : fail(0, "%s: the root itself cannot be masked", k->m->dest);
	if (length > NAME_MAX)
		return fail(ENAMETOOLONG, "%s", k->m->dest);
	memcpy(name, rest, length);
	name[length] = '\0';
	rest += length;
	if (strcmp(name, ".") == 0)
		return mask_below(k, at, rest);
	if (strcmp(name, "..") == 0)
		return mask_below(k, at->up ? at->up : at, rest);
	if (strpbrk(name, "*?["))
		return mask_glob(k, at, name, rest);
	return mask_name(k, at, name, rest);
}

int mount_mask(struct builder *b, const struct mount *m)
{
	struct masker k = {.b = b, .m = m};
	const struct level root = {.fd = b->root->fd};

	return mask_below(&k, &root, m->dest);
}

int masks_finish(struct builder *b)
{
	bool masks = false;

	for (size_t i = 0; i < b->sb->mount_count; i++)
		masks |= b->sb->mounts[i].kind == MOUNT_MASK;
	if (!masks)
		return 0;
	/* the mounts keep them */
	if (unlinkat(b->base, EMPTY_FILE, 0) < 0 && errno != ENOENT)
		return fail(errno, EMPTY_FILE);
	if (unlinkat(b->base, EMPTY_DIRECTORY, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return fail(errno, EMPTY_DIRECTORY);
	return 0;
}
