/*
 * mounts-files.c - directories, files, links and modes of the new root.
 *
 * These are the operations that write through a writable bind into the host when that is what they
 * name: there they were asked for, so they may make what is missing. Every place is resolved inside
 * the root (paths.c); a file is reopened through the descriptor that was found, never by its name,
 * so that a link put there in the meantime is not followed.
 */
#include "mounts-private.h"

#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct path_request request_for(const struct builder *b, const struct mount *m,
				       enum path_kind kind, int mode)
{
	return (struct path_request){
		.path = m->dest,
		.kind = kind,
		.mode = (mode_t)(m->perms >= 0 ? m->perms : mode),
		.parents = mounts_parent_mode(b, m),
		.on_host = true,
	};
}

/* The base's own directories that are for one user alone are for the command, which may be another
 * than the caller where there are ranges of ids. */
static int give_to_command(const struct builder *b, const struct mount *m, int fd)
{
	const struct sandbox *sb = b->sb;

	if (sb->uid_map.count == 0 || m->perms != 0700 || !m->origin.file ||
	    strcmp(m->origin.file, BASE_ORIGIN) != 0)
		return 0;
	if (fchownat(fd, "", base_uid(sb), base_gid(sb), AT_EMPTY_PATH) < 0)
		return fail(errno, "owner of %s", m->dest);
	return 0;
}

int mount_dir(struct builder *b, const struct mount *m)
{
	const struct path_request request = request_for(b, m, PATH_DIRECTORY, 0755);
	autoclose int fd = path_make(b->root, &request, NULL);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode))
		return fail(ENOTDIR, "Can't mkdir %s", m->dest);
	return give_to_command(b, m, fd);
}

/* Copies what the caller's descriptor still has to give to the file. */
static __attribute__((noinline)) int copy_fd(int source, int file)
{
	char buffer[65536];

	for (;;) {
		ssize_t got = read(source, buffer, sizeof(buffer));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return (int)got;
		if (write_fd(file, buffer, (size_t)got) < 0)
			return -1;
	}
}

static int fill(const struct mount *m, int file)
{
	int source = m->fd;
	int result = m->text ? write_fd(file, m->text, strlen(m->text)) : copy_fd(source, file);

	if (result < 0)
		return fail(errno, "Can't write data to file %s", m->dest);
	close_fd(&source);
	return 0;
}

static int reopen(int fd, int flags)
{
	char path[FD_PATH];

	return open(fd_path(path, fd), flags | O_CLOEXEC | O_NOCTTY);
}

int mount_file(struct builder *b, const struct mount *m)
{
	const struct path_request request = request_for(b, m, PATH_FILE, 0666);
	bool made = false;
	autoclose int place = path_make(b->root, &request, &made);
	autoclose int file = -1;
	struct stat st;

	if (place < 0)
		return -1;
	if (made)
		return fill(m, place);
	if (fstat(place, &st) < 0 || !S_ISREG(st.st_mode))
		return fail(S_ISDIR(st.st_mode) ? EISDIR : EINVAL, "Can't create file at %s",
			    m->dest);
	file = reopen(place, O_WRONLY | O_TRUNC);
	if (file < 0)
		return fail(errno, "Can't create file at %s", m->dest);
	return fill(m, file);
}

int mount_data(struct builder *b, const struct mount *m)
{
	mode_t mode = (mode_t)(m->perms >= 0 ? m->perms : 0600);
	uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	autoclose int file = -1, tree = -1, place = -1;
	char name[32];
	int result;

	(void)snprintf(name, sizeof(name), ".data-%u", b->numbered++);
	file = openat(b->base, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode);
	if (file < 0)
		return fail(errno, "Can't create file for %s", m->dest);
	result = fill(m, file);
	if (result == 0) {
		tree = tree_open(b, b->base, name);
		if (tree < 0)
			result = fail(errno, "Can't open data of %s", m->dest);
	}
	if (result == 0 && (place = mount_place(b, m, PATH_FILE)) < 0)
		result = -1;
	if (m->flags & MOUNT_READONLY)
		attributes |= MOUNT_ATTR_RDONLY;
	if (result == 0)
		result = tree_attach(b, tree, place, attributes, m->dest);
	(void)unlinkat(b->base, name, 0); /* the mount keeps it; a failure ends the whole root */
	return result;
}

/* What is at the place already may be the same link. */
static int link_exists(int dir, const char *last, const struct mount *m)
{
	char there[4096];
	ssize_t length = readlinkat(dir, last, there, sizeof(there) - 1);

	if (length < 0 && errno == EINVAL)
		return fail(EEXIST,
			    "Can't make symlink at %s: destination exists and is not a symlink",
			    m->dest);
	if (length < 0)
		return fail(errno, "Can't make symlink at %s", m->dest);
	there[length] = '\0';
	if (strcmp(there, m->source) == 0)
		return 0;
	return fail(0, "Can't make symlink at %s: existing destination is %s", m->dest, there);
}

int mount_symlink(struct builder *b, const struct mount *m)
{
	const struct path_request request = request_for(b, m, PATH_FILE, 0777);
	autofree char *last = NULL;
	autoclose int dir = path_parent(b->root, &request, &last);

	if (dir < 0)
		return -1;
	if (symlinkat(m->source, dir, last) == 0)
		return 0;
	if (errno == EEXIST)
		return link_exists(dir, last, m);
	return fail(errno, "Can't make symlink at %s", m->dest);
}

int mount_chmod(struct builder *b, const struct mount *m)
{
	autoclose int fd = path_open(b->root, m->dest, 0);
	char path[FD_PATH];

	if (fd < 0 || chmod(fd_path(path, fd), (mode_t)m->perms) < 0)
		return fail(errno, "Can't chmod %#o %s", (unsigned)m->perms, m->dest);
	return 0;
}

int scratch_attach(struct builder *b, int dest, mode_t mode, const char *path)
{
	const uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	autoclose int tree = -1;
	struct stat st;
	char name[32];

	if (fstat(dest, &st) < 0)
		return fail(errno, "%s", path);
	if (st.st_dev == b->base_dev) {
		/* a directory of our own: bound on itself, so that it stays writable when the root
		 * does not */
		tree = tree_open(b, dest, "");
	} else {
		/* over a directory of something that was bound on the root, which hides our own
		 * tmpfs: the directory is made there, out of sight */
		(void)snprintf(name, sizeof(name), ".scratch-%u", b->numbered++);
		if (mkdirat(b->base, name, mode) == 0)
			tree = tree_open(b, b->base, name);
	}
	if (tree < 0)
		return fail(errno, "a writable directory for %s", path);
	return tree_attach(b, tree, dest, attributes, path);
}

int mount_scratch(struct builder *b, const struct mount *m)
{
	const struct path_request request = {
		.path = m->dest,
		.kind = PATH_DIRECTORY,
		.mode = (mode_t)(m->perms >= 0 ? m->perms : 0755),
		.parents = 0755,
	};
	autoclose int fd = path_make(b->root, &request, NULL);

	if (fd < 0 || give_to_command(b, m, fd) < 0)
		return -1;
	return scratch_attach(b, fd, request.mode, m->dest);
}
