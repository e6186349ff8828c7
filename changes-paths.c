/*
 * changes-paths.c - files below a directory, by descriptor.
 *
 * Whoever may write below the directory, on the host or inside before, would like us to follow a
 * link to somewhere else, or to end up on another file system. So every path is opened by
 * openat2(2) with RESOLVE_BENEATH, NO_SYMLINKS, NO_XDEV; there is no fallback, because an overlay
 * in a user namespace needs a newer kernel than openat2 does. What is done afterwards is done to
 * descriptors, or to one name in a directory that is open.
 */
#include "changes.h"

#include "kernel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define KEPT_MODE "user.zbox.mode"
#define RACE_TRIES 64 /* openat2 says EAGAIN when a rename anywhere might have mattered */

int below_open(int dir, const char *path, int flags)
{
	const uint64_t resolve =
		RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
	int fd = -1;

	for (int tries = 0; tries < RACE_TRIES; tries++) {
		fd = kernel_openat2(dir, path[0] ? path : ".",
				    (uint64_t)(unsigned)(flags | O_CLOEXEC | O_NOFOLLOW), resolve);
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd;
}

int below_parent(int dir, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	char parent[PATH_MAX];
	size_t length = slash ? (size_t)(slash - path) : 0;

	if (length >= sizeof(parent)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(parent, path, length);
	parent[length] = '\0';
	*name = slash ? slash + 1 : path;
	return below_open(dir, parent, O_PATH | O_DIRECTORY);
}

int reveal(int fd, const struct stat *st)
{
	mode_t wanted = S_ISDIR(st->st_mode) ? 0700 : 0600;
	char path[FD_PATH], mode[8];
	int length = snprintf(mode, sizeof(mode), "%04o", (unsigned)(st->st_mode & 07777));

	if ((st->st_mode & wanted) == wanted || st->st_uid != geteuid() || geteuid() == 0)
		return 0;
	(void)fd_path(path, fd);
	if (chmod(path, (st->st_mode & 07777) | wanted) < 0)
		return -1;
	return setxattr(path, KEPT_MODE, mode, (size_t)length, XATTR_CREATE) < 0 && errno != EEXIST
		       ? -1
		       : 0;
}

mode_t revealed_mode(int fd, const struct stat *st)
{
	char path[FD_PATH], text[8] = "";
	ssize_t length = getxattr(fd_path(path, fd), KEPT_MODE, text, sizeof(text) - 1);
	int64_t mode;

	if (length <= 0 || parse_octal(text, 07777, &mode) < 0)
		return st->st_mode;
	return (st->st_mode & S_IFMT) | (mode_t)mode;
}

/* ---- removing ---- */

static int remove_below(int dir, unsigned depth);

int remove_name(int dir, const char *name, unsigned depth)
{
	autoclose int below = -1;
	char path[FD_PATH];
	struct stat st;
	int saved;

	if (unlinkat(dir, name, 0) == 0)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	saved = errno;
	below = below_open(dir, name, O_PATH | O_DIRECTORY);
	if (below < 0 || fstat(below, &st) < 0) {
		errno = saved;
		return -1;
	}
	if ((st.st_mode & 0700) != 0700 && chmod(fd_path(path, below), 0700) < 0)
		return -1;
	if (remove_below(below, depth) < 0)
		return -1;
	return unlinkat(dir, name, AT_REMOVEDIR);
}

static int remove_below(int dir, unsigned depth)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int result = 0, err = 0;

	if (!stream) {
		close_fd(&fd);
		return -1;
	}
	if (depth == 0) {
		result = -1;
		err = ENAMETOOLONG;
	}
	while (result == 0 && (errno = 0, entry = readdir(stream)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		result = remove_name(dir, entry->d_name, depth - 1);
		err = errno;
	}
	if (result == 0 && errno != 0) {
		result = -1;
		err = errno;
	}
	(void)closedir(stream);
	errno = err;
	return result;
}
