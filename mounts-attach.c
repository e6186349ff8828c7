/*
 * mounts-attach.c - one tree of mounts onto one place, by the new kernel interface or the old.
 *
 * New (Linux 5.12: open_tree, mount_setattr, move_mount): the tree is copied, the copy gets its
 * flags while it is attached nowhere, and is then attached by descriptor. Nobody ever sees it with
 * fewer flags than were asked for, and the cost does not depend on how many mounts there are.
 *
 * Old: bind out of sight, then one remount for each mount of the tree, which are found in
 * /proc/self/mountinfo by mount id and reached by a walk from the top of the tree, then a move to
 * the place; flags that a mount had are repeated, or the kernel would refuse them as an attempt to
 * clear locked ones (mount_namespaces(7)).
 *
 * Out of sight is on top of the host's "/", where only ".." of the root leads: what has to be
 * worked on after it was mounted is never looked up by the name of its place, which somebody may
 * have changed since.
 *
 * An attacker would want a submount to stay writable, or a mount to land beside its place because
 * a name changed between two steps: both ends are descriptors here, names are only used below a
 * descriptor of the new tree itself.
 */
#include "mounts-private.h"

#include "mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define STAGE_FILE ".stage"

int tree_open(const struct builder *b, int dir, const char *path)
{
	unsigned empty = path[0] ? 0 : AT_EMPTY_PATH;

	if (b->modern)
		return kernel_open_tree(dir, path,
					OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | empty);
	if (empty)
		return fcntl(dir, F_DUPFD_CLOEXEC, 3);
	return openat(dir, path, O_PATH | O_CLOEXEC);
}

int root_refresh(struct builder *b)
{
	/* ".." at the root of the process stays there, but crosses what is mounted on it */
	int top = open("/..", O_PATH | O_DIRECTORY | O_CLOEXEC);

	struct stat st;

	if (top < 0 || fstat(top, &st) < 0)
		return fail(errno, "the new root");
	close_fd(&b->root->fd);
	b->root->fd = top;
	b->root->stacked++;
	b->top_dev = st.st_dev;
	b->top_ino = st.st_ino;
	return 0;
}

/* The number of the mount that fd is on, from /proc/self/fdinfo (Linux 3.15); -1 unknown. */
static int64_t mount_id(int fd)
{
	char path[FD_PATH], text[512], number[24];
	const char *line;
	size_t length;
	int64_t id;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (read_file_at(AT_FDCWD, path, text, sizeof(text)) < 0)
		return -1;
	line = strstr(text, "mnt_id:");
	if (!line)
		return -1;
	line += strlen("mnt_id:");
	line += strspn(line, " \t");
	length = strspn(line, "0123456789");
	if (length >= sizeof(number))
		return -1;
	memcpy(number, line, length);
	number[length] = '\0';
	return parse_number(number, 0, INT64_MAX, &id) < 0 ? -1 : id;
}

/* The same directory can be bound elsewhere as well: then it is another mount. */
static bool is_root(const struct builder *b, int dest)
{
	struct stat st;

	return fstat(dest, &st) == 0 && st.st_dev == b->top_dev && st.st_ino == b->top_ino &&
	       mount_id(dest) == mount_id(b->root->fd);
}

/* ---- made out of sight, then moved to its place ---- */

static int stage_top(void)
{
	return open("/..", O_PATH | O_DIRECTORY | O_CLOEXEC); /* see root_refresh() */
}

int stage_mount(const char *type, unsigned long flags, const char *options)
{
	return kernel_mount(type, "/", type, flags, options) < 0 ? -1 : stage_top();
}

int stage_move(struct builder *b, int top, int dest)
{
	char from[FD_PATH], to[FD_PATH];

	if (is_root(b, dest))
		return root_refresh(b);
	if (b->modern)
		return kernel_move_mount(top, "", dest, "",
					 MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
	return kernel_mount(fd_path(from, top), fd_path(to, dest), NULL, MS_MOVE, NULL);
}

/* ---- the old interface ---- */

struct flag_pair {
	uint64_t attribute;
	unsigned long statvfs_flag, mount_flag;
};

static const struct flag_pair flag_pairs[] = {
	{MOUNT_ATTR_RDONLY, ST_RDONLY, MS_RDONLY},
	{MOUNT_ATTR_NOSUID, ST_NOSUID, MS_NOSUID},
	{MOUNT_ATTR_NODEV, ST_NODEV, MS_NODEV},
	{MOUNT_ATTR_NOEXEC, ST_NOEXEC, MS_NOEXEC},
	{0, ST_NOATIME, MS_NOATIME},
	{0, ST_NODIRATIME, MS_NODIRATIME},
	{0, ST_RELATIME, MS_RELATIME},
};

static int restrict_old(int fd, uint64_t attributes)
{
	unsigned long flags = MS_REMOUNT | MS_BIND;
	char path[FD_PATH];
	struct statvfs vfs;

	if (fstatvfs(fd, &vfs) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(flag_pairs); i++)
		if ((attributes & flag_pairs[i].attribute) ||
		    (vfs.f_flag & flag_pairs[i].statvfs_flag))
			flags |= flag_pairs[i].mount_flag;
	return kernel_mount("none", fd_path(path, fd), NULL, flags, NULL);
}

int mount_restrict(const struct builder *b, int fd, uint64_t attributes)
{
	if (b->modern)
		return kernel_mount_setattr(fd, "", AT_EMPTY_PATH, attributes);
	return restrict_old(fd, attributes);
}

struct mount_line {
	struct mountinfo at;
	bool below; /* in the tree that is looked for */
};

/* All lines of text, which is changed; returns how many, or -1 after fail(). */
static ssize_t all_mounts(char *text, struct mount_line **lines)
{
	struct mountinfo at;
	size_t count = 0;
	int found;

	while ((found = mountinfo_next(&text, &at)) > 0) {
		struct mount_line *entry = array_add(lines, &count, sizeof(*entry));

		if (!entry)
			return -1;
		entry->at = at;
	}
	return found < 0 ? -1 : (ssize_t)count;
}

/* Marks the descendants of the mount. Children come after their parents in mountinfo. */
static const char *mountinfo_mark(struct mount_line *lines, size_t count, int64_t top)
{
	const char *point = NULL;

	for (size_t i = 0; i < count; i++) {
		if (lines[i].at.id == top)
			point = lines[i].at.point;
		for (size_t j = i; j-- > 0;)
			if (lines[j].at.id == lines[i].at.parent) {
				lines[i].below = lines[j].below || lines[j].at.id == top;
				break;
			}
	}
	return point;
}

/* One submount: reached from the top of the tree, so that no name of another tree can be meant. */
static int restrict_below(const struct builder *b, int top, const struct mount_line *line,
			  const char *relative, uint64_t attributes)
{
	struct root tree = {.fd = top};
	autoclose int fd = path_open(&tree, relative, O_NOFOLLOW);
	int64_t id = fd < 0 ? line->at.id : mount_id(fd);

	if (id < 0)
		return fail(0, "the id of the mount at \"%s\" is unknown", relative);
	/* what another mount covers, here or above, nobody can get at */
	if (id != line->at.id)
		return 0;
	if (fd >= 0 && restrict_old(fd, attributes) == 0)
		return 0;
	/* what nobody may enter (another user's FUSE) is out of reach for the command too */
	if (errno == EACCES || errno == ENOENT || b->sb->tolerate_remount)
		return 0;
	return fail(errno, "Unable to apply mount flags: remount \"%s\"", relative);
}

static int restrict_tree_old(const struct builder *b, int top, uint64_t attributes)
{
	autofree struct mount_line *lines = NULL;
	autofree char *text = mountinfo_read(-1);
	const char *point;
	ssize_t count;
	size_t skip;

	if (!text)
		return -1;
	count = all_mounts(text, &lines);
	if (count < 0)
		return -1;
	point = mountinfo_mark(lines, (size_t)count, mount_id(top));
	if (!point)
		return fail(0, "the new mount is not in /proc/self/mountinfo");
	skip = strcmp(point, "/") == 0 ? 0 : strlen(point);
	for (ssize_t i = 0; i < count; i++)
		if (lines[i].below &&
		    restrict_below(b, top, &lines[i], lines[i].at.point + skip, attributes) < 0)
			return -1;
	return 0;
}

/* The new root lies on the host's "/", so a recursive bind of something that contains "/" would
 * copy it as well. An unbindable mount is left out, with all that is below it. */
static int bottom_bindable(const struct builder *b, bool bindable)
{
	char path[FD_PATH];

	return kernel_mount(NULL, fd_path(path, b->bottom), NULL,
			    bindable ? MS_PRIVATE : MS_UNBINDABLE, NULL);
}

static bool is_base(const struct builder *b, const struct stat *st)
{
	struct stat base;

	return fstat(b->base, &base) == 0 && base.st_dev == st->st_dev && base.st_ino == st->st_ino;
}

static int bind_old(const struct builder *b, int tree, const char *to)
{
	char from[FD_PATH];
	struct stat st;
	int result;

	if (fstat(tree, &st) < 0)
		return -1;
	(void)fd_path(from, tree);
	/* what is unbindable could not be bound from; and nothing of base but base contains "/" */
	if (st.st_dev == b->base_dev)
		return kernel_mount(from, to, NULL, MS_BIND | (is_base(b, &st) ? 0 : MS_REC), NULL);
	if (bottom_bindable(b, false) < 0)
		return -1;
	result = kernel_mount(from, to, NULL, MS_BIND | MS_REC, NULL);
	return bottom_bindable(b, true) < 0 ? -1 : result;
}

/* Binds the tree where nobody else can change a name: a directory on the stack of mounts on the
 * root, a file on one of the root's own tmpfs. Returns its top, or -1 with errno set. */
static int stage_old(const struct builder *b, int tree)
{
	struct stat st;
	autoclose int file = -1;
	char to[FD_PATH];

	if (fstat(tree, &st) < 0)
		return -1;
	if (S_ISDIR(st.st_mode))
		return bind_old(b, tree, "/") < 0 ? -1 : stage_top();
	file = openat(b->base, STAGE_FILE, O_CREAT | O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0400);
	if (file < 0 || bind_old(b, tree, fd_path(to, file)) < 0)
		return -1;
	return openat(b->base, STAGE_FILE, O_PATH | O_CLOEXEC | O_NOFOLLOW);
}

static int attach_old(struct builder *b, int tree, int dest, uint64_t attributes, const char *path)
{
	autoclose int top = stage_old(b, tree);

	if (top < 0)
		return fail(errno, "Can't bind mount on %s", path);
	if (restrict_old(top, attributes) < 0)
		return fail(errno, "Unable to apply mount flags: remount \"%s\"", path);
	if (restrict_tree_old(b, top, attributes) < 0)
		return -1;
	if (stage_move(b, top, dest) < 0 || dup3(top, tree, O_CLOEXEC) < 0)
		return fail(errno, "Can't bind mount on %s", path);
	if (unlinkat(b->base, STAGE_FILE, 0) < 0 && errno != ENOENT)
		return fail(errno, "Can't bind mount on %s", path);
	return 0;
}

/* ---- the new interface ---- */

static int attach_new(struct builder *b, int tree, int dest, uint64_t attributes, const char *path)
{
	bool root = is_root(b, dest);

	if (attributes &&
	    kernel_mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, attributes) < 0 &&
	    (!b->sb->tolerate_remount ||
	     kernel_mount_setattr(tree, "", AT_EMPTY_PATH, attributes) < 0))
		return fail(errno, "Unable to apply mount flags: remount \"%s\"", path);
	if (kernel_move_mount(tree, "", dest, "",
			      MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return fail(errno, "Can't bind mount on %s", path);
	return root ? root_refresh(b) : 0;
}

int tree_attach(struct builder *b, int tree, int dest, uint64_t attributes, const char *path)
{
	return b->modern ? attach_new(b, tree, dest, attributes, path)
			 : attach_old(b, tree, dest, attributes, path);
}

/* ---- both ---- */

int filesystem_mount(struct builder *b, const char *type, int dest, unsigned long flags,
		     const char *options)
{
	bool root = is_root(b, dest);

	/* "." is what dest is open at, with no name in between that could have changed */
	if (fchdir(dest) < 0 || kernel_mount(type, ".", type, flags, options) < 0)
		return -1;
	return root ? root_refresh(b) : 0;
}

static int refuse_link(const struct builder *b, const char *path)
{
	autoclose int fd = path_open(b->root, path, O_NOFOLLOW);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISLNK(st.st_mode))
		return fail(0, "Can't mount on symlink destination %s", path);
	return 0;
}

int mount_place(struct builder *b, const struct mount *m, enum path_kind kind)
{
	const struct path_request request = {
		.path = m->dest,
		.kind = kind,
		.mode = kind == PATH_FILE ? 0444 : 0755,
		.parents = mounts_parent_mode(b, m),
	};
	autoclose int fd = -1;
	struct stat st;

	if (b->sb->strict_dest && refuse_link(b, m->dest) < 0)
		return -1;
	fd = path_make(b->root, &request, NULL);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return fail(errno, "%s", m->dest);
	if (S_ISDIR(st.st_mode) != (kind == PATH_DIRECTORY))
		return fail(0, "Destination is not a %s %s",
			    kind == PATH_DIRECTORY ? "directory" : "file", m->dest);
	return take_fd(&fd);
}
