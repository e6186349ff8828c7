/*
 * mounts.c - the list of operations -> the new root.
 *
 * The order, and why:
 *   1. Propagation ends: nothing that we mount reaches the host. (Under the name bwrap mounts of
 *      the host still arrive, because Flatpak's document portal is mounted after the start.)
 *   2. Every source on the host is opened, for all operations, before the first mount. A source
 *      cannot refer to what an earlier operation made, and where one is missing nothing has been
 *      made yet.
 *   3. A tmpfs is mounted on "/". The process still has the host's root as its root, because that
 *      was looked up before; the new one is reached as a descriptor ("/..", see root_refresh()).
 *      So the host's tree and the new root are never in each other's paths, and no directory of
 *      the host is needed as a scaffold.
 *   4. The list is executed in its order, each place resolved inside the new root (paths.c).
 *   5. The root becomes read-only where that was asked for.
 *   6. A step of its own: pivot_root(2) makes it the root, and the host's tree, with whatever else
 *      was mounted below, is detached.
 *
 * An attacker has prepared the trees that are bound, and may change them while we work. He wants
 * a mkdir, a file or a mount to land outside of the new root, a flag to be missing, or the host's
 * tree to stay within reach.
 */
#include "mounts-private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bounds of the tmpfs that zbox makes: a full /tmp is ENOSPC inside, not a host without memory. */
#define TMPFS_BOUNDS "size=25%,nr_inodes=400k"

#define MASK_DESCRIPTORS 64 /* guarded names of one; a pattern may have more */

mode_t mounts_parent_mode(const struct builder *b, const struct mount *m)
{
	static const int defaults[MOUNT_KINDS] = {
		[MOUNT_DIR] = 0755, [MOUNT_TMPFS] = 0755, [MOUNT_FILE] = 0666, [MOUNT_DATA] = 0600};
	mode_t mode = 0755;
	int perms = m->perms;

	/* bubblewrap takes the bits that were not given as 0 where the kind has none of its own */
	if (perms < 0 && b->sb->personality == PERSONALITY_BWRAP)
		perms = defaults[m->kind];
	if (perms >= 0 && !(perms & 0070))
		mode &= ~(mode_t)0050;
	if (perms >= 0 && !(perms & 0007))
		mode &= ~(mode_t)0005;
	return mode;
}

/* ---- sources ---- */

/* A descriptor of the caller refers to a mount of the caller's namespace, which cannot be copied
 * here. Its path is opened in ours, and has to lead to the same file. */
static int open_caller_fd(const struct builder *b, const struct mount *m)
{
	char link[FD_PATH], path[PATH_MAX];
	autoclose int tree = -1;
	struct stat given, found;
	ssize_t length;
	int fd = m->fd;

	length = readlink(fd_path(link, m->fd), path, sizeof(path) - 1);
	if (length < 0)
		return fail(errno == ENOENT ? EBADF : errno, "Can't find source path %s", link);
	path[length] = '\0';
	if (fstat(m->fd, &given) < 0)
		return fail(errno, "Can't get type of source %s", path);
	tree = tree_open(b, AT_FDCWD, path);
	if (tree < 0 || fstat(tree, &found) < 0)
		return fail(errno, "Can't find source path %s", path);
	if (given.st_dev != found.st_dev || given.st_ino != found.st_ino)
		return fail(0, "Race condition binding dirfd");
	close_fd(&fd);
	return take_fd(&tree);
}

/* --rw-bind-create: parents that exist are the caller's words and may be links; what is made is
 * opened as what it is. Whoever may write in a parent could put a directory of his own there first:
 * then it has to be the caller's, or is refused. */
static int source_create(const struct builder *b, const struct mount *m, struct source *s)
{
	autofree char *path = format_text("%s", m->source);
	autoclose int dir = -1;
	struct stat st;
	char *part = path;

	if (!path || (dir = open(path[0] == '/' ? "/" : ".", O_PATH | O_CLOEXEC)) < 0)
		return path ? fail(errno, "Can't make source path %s", m->source) : -1;
	while (part[part[0] == '/' ? strspn(part, "/") : 0] != '\0') {
		char *name = part + strspn(part, "/");
		size_t length = strcspn(name, "/");
		bool made, last = name[length] == '\0';
		int next;

		name[length] = '\0';
		made = mkdirat(dir, name, 0700) == 0;
		if (!made && errno != EEXIST)
			return fail(errno, "Can't make source path %s", m->source);
		next = openat(dir, name,
			      O_PATH | O_DIRECTORY | O_CLOEXEC | (made ? O_NOFOLLOW : 0));
		close_fd(&dir);
		dir = next;
		if (dir < 0 || fstat(dir, &st) < 0)
			return fail(errno, "Can't make source path %s", m->source);
		if (made && st.st_uid != geteuid())
			return fail(0, "Can't make source path %s: somebody else was quicker",
				    m->source);
		part = name + length + !last;
	}
	s->fd = tree_open(b, dir, "");
	return s->fd < 0 ? fail(errno, "Can't find source path %s", m->source) : 0;
}

static int source_open(const struct builder *b, const struct mount *m, struct source *s)
{
	switch (m->kind) {
	case MOUNT_BIND:
		s->fd = tree_open(b, AT_FDCWD, m->source);
		/* what is to be made comes when everything else has been found */
		if (s->fd >= 0 || (errno == ENOENT && (m->flags & (MOUNT_TRY | MOUNT_CREATE))))
			return 0;
		return fail(errno, "Can't find source path %s", m->source);
	case MOUNT_BIND_FD:
		s->fd = open_caller_fd(b, m);
		return s->fd < 0 ? -1 : 0;
	case MOUNT_OVERLAY:
	case MOUNT_TMP_OVERLAY:
	case MOUNT_RO_OVERLAY:
		return overlay_open(b, m, s);
	case MOUNT_REMOUNT_RO:
	case MOUNT_TMPFS:
	case MOUNT_PROC:
	case MOUNT_DEV:
	case MOUNT_MQUEUE:
	case MOUNT_DIR:
	case MOUNT_FILE:
	case MOUNT_DATA:
	case MOUNT_SYMLINK:
	case MOUNT_CHMOD:
	case MOUNT_SCRATCH:
	case MOUNT_MASK:
	case MOUNT_KINDS:
		break;
	}
	return 0;
}

/* Says of an operation that failed in which line of a profile it stands. */
static int blame_profile(const struct mount *m)
{
	if (m->origin.column > 0)
		failure_prefix("%s:%u:%u: ", m->origin.file, m->origin.at, m->origin.column);
	return -1;
}

static int sources_open(struct builder *b)
{
	const struct sandbox *sb = b->sb;

	if (sb->mount_count == 0)
		return 0;
	b->sources = calloc(sb->mount_count, sizeof(*b->sources));
	if (!b->sources)
		return fail(0, "out of memory");
	for (size_t i = 0; i < sb->mount_count; i++)
		b->sources[i] = (struct source){.fd = -1, .work = -1};
	for (size_t i = 0; i < sb->mount_count; i++)
		if (source_open(b, &sb->mounts[i], &b->sources[i]) < 0)
			return blame_profile(&sb->mounts[i]);
	for (size_t i = 0; i < sb->mount_count; i++)
		if ((sb->mounts[i].flags & MOUNT_CREATE) && b->sources[i].fd < 0 &&
		    source_create(b, &sb->mounts[i], &b->sources[i]) < 0)
			return blame_profile(&sb->mounts[i]);
	return 0;
}

static void source_close(const struct mount *m, struct source *s)
{
	close_fd(&s->fd);
	close_fd(&s->work);
	for (size_t i = 0; s->layers && i < m->layer_count; i++)
		close_fd(&s->layers[i]);
	free(s->layers);
	s->layers = NULL;
}

/* ---- operations ---- */

static int mount_bind(struct builder *b, const struct mount *m, const struct source *s)
{
	uint64_t attributes = MOUNT_ATTR_NOSUID;
	autoclose int place = -1;
	struct stat st;

	if (s->fd < 0)
		return 0; /* MOUNT_TRY */
	if (fstat(s->fd, &st) < 0)
		return fail(errno, "Can't get type of source %s", m->source);
	place = mount_place(b, m, S_ISDIR(st.st_mode) ? PATH_DIRECTORY : PATH_FILE);
	if (place < 0)
		return -1;
	if (!(m->flags & MOUNT_DEVICES))
		attributes |= MOUNT_ATTR_NODEV;
	if (m->flags & MOUNT_READONLY)
		attributes |= MOUNT_ATTR_RDONLY;
	return tree_attach(b, s->fd, place, attributes, m->dest);
}

static int mount_remount(struct builder *b, const struct mount *m)
{
	autoclose int fd = path_open(b->root, m->dest, 0);

	if (fd < 0)
		return fail(errno, "Can't remount readonly on %s", m->dest);
	if (mount_restrict(b, fd, MOUNT_ATTR_RDONLY) == 0)
		return 0;
	if (errno == EINVAL)
		return fail(0, "Can't remount readonly on %s: Unable to find \"%s\" in mount table",
			    m->dest, m->dest);
	return fail(errno, "Can't remount readonly on %s", m->dest);
}

static int mount_tmpfs(struct builder *b, const struct mount *m)
{
	autoclose int place = mount_place(b, m, PATH_DIRECTORY);
	autoclose int top = -1;
	char options[96], size[40] = "";

	if (place < 0)
		return -1;
	if (m->size > 0)
		(void)snprintf(size, sizeof(size), ",size=%llu", (unsigned long long)m->size);
	(void)snprintf(options, sizeof(options), "mode=%#o%s%s",
		       (unsigned)(m->perms >= 0 ? m->perms : 0755),
		       b->sb->personality == PERSONALITY_ZBOX ? "," TMPFS_BOUNDS : "", size);
	if (b->root->make_on_host) {
		if (filesystem_mount(b, "tmpfs", place, MS_NOSUID | MS_NODEV, options) < 0)
			return fail(errno, "Can't mount tmpfs on %s", m->dest);
		return 0;
	}
	top = stage_mount("tmpfs", MS_NOSUID | MS_NODEV, options);
	if (top < 0 || stage_move(b, top, place) < 0)
		return fail(errno, "Can't mount tmpfs on %s", m->dest);
	return root_owns(b->root, top);
}

static int mount_mqueue(struct builder *b, const struct mount *m)
{
	autoclose int place = mount_place(b, m, PATH_DIRECTORY);

	if (place < 0)
		return -1;
	if (filesystem_mount(b, "mqueue", place, MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return fail(errno, "Can't mount mqueue on %s", m->dest);
	return 0;
}

static int operation_apply(struct builder *b, const struct mount *m, const struct source *s)
{
	switch (m->kind) {
	case MOUNT_BIND:
	case MOUNT_BIND_FD:
		return mount_bind(b, m, s);
	case MOUNT_REMOUNT_RO:
		return mount_remount(b, m);
	case MOUNT_TMPFS:
		return mount_tmpfs(b, m);
	case MOUNT_PROC:
		return mount_proc(b, m);
	case MOUNT_DEV:
		return mount_dev(b, m);
	case MOUNT_MQUEUE:
		return mount_mqueue(b, m);
	case MOUNT_DIR:
		return mount_dir(b, m);
	case MOUNT_FILE:
		return mount_file(b, m);
	case MOUNT_DATA:
		return mount_data(b, m);
	case MOUNT_SYMLINK:
		return mount_symlink(b, m);
	case MOUNT_CHMOD:
		return mount_chmod(b, m);
	case MOUNT_OVERLAY:
	case MOUNT_TMP_OVERLAY:
	case MOUNT_RO_OVERLAY:
		return mount_overlay(b, m, s);
	case MOUNT_SCRATCH:
		return mount_scratch(b, m);
	case MOUNT_MASK:
		return mount_mask(b, m);
	case MOUNT_KINDS:
		break;
	}
	return fail(0, "an unknown operation on %s", m->dest);
}

/* ---- the root ---- */

static bool needs_hidden(const struct sandbox *sb)
{
	for (size_t i = 0; i < sb->mount_count; i++)
		if (sb->mounts[i].kind == MOUNT_TMP_OVERLAY)
			return true;
	return false;
}

static int tmpfs_on_root(struct builder *b)
{
	const char *options =
		b->sb->personality == PERSONALITY_ZBOX ? "mode=0755," TMPFS_BOUNDS : "mode=0755";

	if (kernel_mount("tmpfs", "/", "tmpfs", MS_NOSUID | MS_NODEV, options) < 0)
		return fail(errno, "Failed to mount tmpfs");
	return root_refresh(b);
}

static int root_begin(struct builder *b)
{
	struct stat host;

	if (needs_hidden(b->sb)) {
		if (tmpfs_on_root(b) < 0)
			return -1;
		b->hidden = take_fd(&b->root->fd);
		b->bottom = b->hidden;
	}
	if (tmpfs_on_root(b) < 0)
		return -1;
	/* everything rests on having our tmpfs there and not the host's root */
	if (stat("/", &host) < 0)
		return fail(errno, "the new root");
	if (host.st_dev == b->top_dev)
		return fail(0, "the new root cannot be reached");
	b->base_dev = b->top_dev;
	b->base = fcntl(b->root->fd, F_DUPFD_CLOEXEC, 3);
	if (b->base < 0)
		return fail(errno, "the new root");
	if (b->bottom < 0)
		b->bottom = b->base;
	return root_owns(b->root, b->base);
}

/* What lies on the new root has to be gone: the host's tree would be one "/.." away. */
static int root_verify(const struct root *root)
{
	autoclose int top = open("/..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	uint64_t ours, found;

	if (top < 0)
		return fail(errno, "the new root");
	if (kernel_mount_id(root->fd, &ours) == 0 && kernel_mount_id(top, &found) == 0 &&
	    ours != found)
		return fail(0, "something lies on the new root");
	return 0;
}

int mounts_enter(struct root *root)
{
	int result;

	if (fchdir(root->fd) < 0)
		return fail(errno, "the new root");
	/* with both arguments the same directory the old root ends up on top of the new one, where
	 * umount2(2) finds it: pivot_root(2), NOTES. What else was mounted on the old root, our own
	 * tmpfs below a bind on "/" for one, lies on top of it, and each umount takes one away. */
	if (kernel_pivot_root(".", ".") < 0)
		return fail(errno, "pivot_root");
	for (unsigned i = 0; i < root->stacked; i++)
		if (kernel_umount(".", DETACH) < 0)
			return fail(errno, "unmount old root");
	result = chdir("/") < 0 ? fail(errno, "chdir /") : root_verify(root);
	root_free(root);
	return result;
}

static int build(struct builder *b)
{
	const struct sandbox *sb = b->sb;
	unsigned long propagation = sb->personality == PERSONALITY_BWRAP ? MS_SLAVE : MS_PRIVATE;

	if (kernel_mount(NULL, "/", NULL, MS_REC | MS_SILENT | propagation, NULL) < 0)
		return fail(errno, "Failed to make / private");
	if (sources_open(b) < 0 || root_begin(b) < 0)
		return -1;
	for (size_t i = 0; i < sb->mount_count; i++) {
		if (operation_apply(b, &sb->mounts[i], &b->sources[i]) < 0)
			return blame_profile(&sb->mounts[i]);
		source_close(&sb->mounts[i], &b->sources[i]);
	}
	if (masks_finish(b) < 0)
		return -1;
	if (sb->read_only && mount_restrict(b, b->base, MOUNT_ATTR_RDONLY) < 0)
		return fail(errno, "Can't make the root read-only");
	return 0;
}

size_t mounts_descriptors(const struct sandbox *sb)
{
	size_t count = 0;

	for (size_t i = 0; i < sb->mount_count; i++)
		count += sb->mounts[i].kind == MOUNT_MASK ? MASK_DESCRIPTORS
							  : 1 + sb->mounts[i].layer_count;
	return count;
}

int mounts_build(const struct sandbox *sb, uid_t caller, struct root *root, struct guard *guard)
{
	struct builder b = {.sb = sb,
			    .root = root,
			    .guard = guard,
			    .caller = caller,
			    .base = -1,
			    .bottom = -1,
			    .hidden = -1};
	int result;

	root->make_on_host = sb->personality == PERSONALITY_BWRAP;
	b.modern = kernel_has_mount_api();
	result = build(&b);
	for (size_t i = 0; b.sources && i < sb->mount_count; i++)
		source_close(&sb->mounts[i], &b.sources[i]);
	free(b.sources);
	close_fd(&b.base);
	close_fd(&b.hidden);
	return result;
}
