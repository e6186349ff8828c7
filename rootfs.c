/*
 * rootfs.c - --rootfs: a whole root file system in the place of one that is put together.
 *
 * What is named is a directory, or an archive whose tree is in the cache (rootfs-cache.c), or with
 * --oci a container image, which says more (rootfs-image.c).
 *
 * It becomes one ordinary operation on "/", the first of the list whatever the order of the words:
 *
 *   --rootfs DIR                         ro-bind DIR /
 *   --rootfs DIR --rootfs-writable       bind DIR /
 *   --rootfs DIR --rootfs-overlay        tmp-overlay / with the layer DIR: changes vanish
 *   --rootfs DIR --rootfs-overlay=KEPT   overlay / : changes are in KEPT/changes
 *
 * so that --explain shows it and mounts.c knows nothing of it. base.c then covers /proc, /dev, /tmp
 * and /run, as on every tree that is put on "/".
 *
 * What an attacker would try: he has made the tree. Links in it lead inside, always (paths.c); its
 * set-user-ID bits and devices do nothing (mounts.c). KEPT is made by the caller's own rights
 * before anything is mounted, and its two directories are not followed if they are links.
 */
#include "rootfs.h"

#include "plan.h"
#include "rootfs-cache.h"
#include "rootfs-image.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The directory name in dir is made if it is missing. Returns its path, owned by sb, or NULL after
 * fail(). */
static const char *make_below(struct sandbox *sb, const char *dir, const char *name, mode_t mode)
{
	char *path = sandbox_own(sb, format_text("%s/%s", dir, name));
	struct stat st;

	if (!path || sb->print != PRINT_NOTHING)
		return path;
	if (mkdir(path, mode) == 0) {
		/* whatever the umask is: it is the mode of "/" inside */
		if (chmod(path, mode) == 0)
			return path;
	} else if (errno == EEXIST) {
		if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
			return path;
		errno = ENOTDIR;
	}
	(void)fail(errno, "--rootfs-overlay: %s", path);
	return NULL;
}

/* Where changes are kept, with the mode of the tree that they are changes of. */
static int keep_changes(struct sandbox *sb, struct mount *m, const struct stat *tree)
{
	const char *dir = sb->rootfs_overlay_dir;

	if (sb->print == PRINT_NOTHING && mkdir(dir, 0700) < 0 && errno != EEXIST)
		return fail(errno, "--rootfs-overlay: %s", dir);
	m->source = make_below(sb, dir, "changes", tree->st_mode & 07777);
	m->work = m->source ? make_below(sb, dir, "work", 0700) : NULL;
	return m->work ? 0 : -1;
}

static int make_overlay(struct sandbox *sb, struct mount *m, const char *dir,
			const struct stat *tree)
{
	const char **layer = array_add(&m->layers, &m->layer_count, sizeof(*layer));

	if (!layer)
		return -1;
	*layer = dir;
	m->flags |= MOUNT_OWN;
	m->kind = MOUNT_TMP_OVERLAY;
	if (!sb->rootfs_overlay_dir)
		return 0;
	m->kind = MOUNT_OVERLAY;
	return keep_changes(sb, m, tree);
}

/* Somebody who names two roots expects to see what is not there. */
static int only_root(const struct sandbox *sb)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < sb->mount_count; i++)
		if (plan_puts(&sb->mounts[i]) && plan_normalise(sb->mounts[i].dest, path) &&
		    strcmp(path, "/") == 0)
			return fail(0, "--rootfs cannot be combined with something else on /");
	return 0;
}

static int add_tree(struct sandbox *sb, const char *dir, const struct stat *tree)
{
	struct mount *m = sandbox_mount(sb, MOUNT_BIND, "/"), first;

	if (!m)
		return -1;
	m->origin = (struct origin){.file = ROOTFS_ORIGIN};
	m->source = dir;
	m->flags = sb->rootfs_writable ? 0 : MOUNT_READONLY;
	if (sb->rootfs_overlay) {
		m->source = NULL;
		m->flags = 0;
		if (make_overlay(sb, m, dir, tree) < 0)
			return -1;
	}
	first = *m;
	memmove(sb->mounts + 1, sb->mounts, (sb->mount_count - 1) * sizeof(*sb->mounts));
	sb->mounts[0] = first;
	return 0;
}

/* Its tree is there for all who use the archive or image. */
static int add_cached(struct sandbox *sb, const struct rootfs_source *source, struct stat *st)
{
	static char words[] = "(what the image says)", *unknown[] = {words, NULL};
	struct warning *w;
	const char *tree;

	if (rootfs_cached(sb, source, &tree) < 0)
		return -1;
	if (tree && sb->oci && image_use(sb, tree) < 0)
		return -1;
	if (tree)
		return stat(tree, st) < 0 ? fail(errno, "%s", tree) : add_tree(sb, tree, st);
	w = array_add(&sb->warnings, &sb->warning_count, sizeof(*w));
	if (!w)
		return -1;
	w->text = sb->oci ? "the image has not been unpacked yet: what it says of its command, and "
			    "which of its directories are covered, is known when it is"
			  : "the archive has not been unpacked yet: which of its directories are "
			    "covered is known when it is";
	if (!sb->command)
		sb->command = unknown;
	w->note = true;
	st->st_mode = 0755;
	return add_tree(sb, sb->rootfs, st);
}

static int add_archive(struct sandbox *sb, struct stat *st)
{
	const struct rootfs_source source = {.kind = "unpack", .file = sb->rootfs};

	if (sb->rootfs_writable)
		return fail(0, "--rootfs-writable requires a directory: the tree of an archive is "
			       "kept for the next time. --rootfs-overlay=DIR keeps changes");
	return add_cached(sb, &source, st);
}

int rootfs_choose(struct sandbox *sb)
{
	struct rootfs_source source;
	struct stat st;

	if (!sb->rootfs)
		return 0;
	if (only_root(sb) < 0)
		return -1;
	if (sb->oci)
		return image_find(sb, &source) < 0 ? -1 : add_cached(sb, &source, &st);
	if (stat(sb->rootfs, &st) < 0)
		return fail(errno, "--rootfs %s", sb->rootfs);
	if (S_ISDIR(st.st_mode))
		return add_tree(sb, sb->rootfs, &st);
	if (!S_ISREG(st.st_mode))
		return fail(0, "--rootfs %s: neither a directory nor an archive", sb->rootfs);
	return add_archive(sb, &st);
}
