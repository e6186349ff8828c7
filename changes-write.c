/*
 * changes-write.c - one new file on the host: complete or not at all.
 *
 * A file is written without a name (O_TMPFILE), gets its owner, attributes, mode and times, is
 * synced, and only then gets a name: its own where nothing is, else a temporary one from which it
 * is renamed over the old file. Whoever is killed in between leaves the old file, and at worst the
 * temporary name, which the next try removes. File systems without O_TMPFILE get the temporary
 * name first.
 *
 * What an attacker would try: to get a set-id bit through (the mode has none, and is set after the
 * owner), to have the file read by others before its mode is right (0600 until then), to put
 * something under the temporary name (it is random, made when nothing inside runs any more, and
 * made with O_EXCL).
 */
#include "changes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#define NAMES_MAX 65536 /* the kernel's bounds of a list of attributes, and of one */
#define VALUE_MAX 65536

/* ---- attributes ---- */

static bool is_copied(const char *name)
{
	if (strncmp(name, "user.overlay.", 13) == 0 || strncmp(name, "user.zbox.", 10) == 0)
		return false;
	return strncmp(name, "user.", 5) == 0 || strncmp(name, "system.posix_acl_", 17) == 0;
}

/* Attributes of from that to has not, or otherwise. */
static bool has_attributes(const char *from, const char *to, char *buffer)
{
	ssize_t length = listxattr(from, buffer, NAMES_MAX);
	char *value = buffer + NAMES_MAX, *other = value + VALUE_MAX;

	for (const char *name = buffer; name < buffer + length; name += strlen(name) + 1) {
		ssize_t got = is_copied(name) ? getxattr(from, name, value, VALUE_MAX) : -1;

		if (got >= 0 && (getxattr(to, name, other, VALUE_MAX) != got ||
				 memcmp(value, other, (size_t)got) != 0))
			return false;
	}
	return true;
}

bool same_attributes(int a, int b)
{
	autofree char *buffer = malloc(NAMES_MAX + 2 * VALUE_MAX);
	char path_a[FD_PATH], path_b[FD_PATH];

	return buffer && has_attributes(fd_path(path_a, a), fd_path(path_b, b), buffer) &&
	       has_attributes(path_b, path_a, buffer);
}

static int copy_attribute(const char *from, const char *to, const char *name, char *value)
{
	ssize_t length = getxattr(from, name, value, VALUE_MAX);

	if (length < 0)
		return errno == ENODATA ? 0 : -1;
	return setxattr(to, name, value, (size_t)length, 0);
}

/* Those that from has not. */
static int remove_attributes(const char *from, const char *to, char *names)
{
	ssize_t length = listxattr(to, names, NAMES_MAX);

	for (const char *name = names; name < names + length; name += strlen(name) + 1)
		if (is_copied(name) && getxattr(from, name, NULL, 0) < 0 && errno == ENODATA &&
		    removexattr(to, name) < 0)
			return -1;
	return 0;
}

int copy_attributes(int from, int to)
{
	char from_path[FD_PATH], to_path[FD_PATH];
	autofree char *names = malloc(NAMES_MAX + VALUE_MAX);
	ssize_t length;

	if (!names)
		return -1;
	(void)fd_path(from_path, from);
	(void)fd_path(to_path, to);
	if (remove_attributes(from_path, to_path, names) < 0)
		return -1;
	length = listxattr(from_path, names, NAMES_MAX);
	if (length < 0)
		return errno == EOPNOTSUPP ? 0 : -1;
	for (const char *name = names; name < names + length; name += strlen(name) + 1)
		if (is_copied(name) &&
		    copy_attribute(from_path, to_path, name, names + NAMES_MAX) < 0)
			return -1;
	return 0;
}

/* ---- bytes ---- */

static int copy_range(int from, int to, off_t start, off_t end)
{
	char piece[65536];

	if (lseek(from, start, SEEK_SET) < 0 || lseek(to, start, SEEK_SET) < 0)
		return -1;
	while (start < end) {
		size_t wanted =
			end - start < (off_t)sizeof(piece) ? (size_t)(end - start) : sizeof(piece);
		ssize_t got = read(from, piece, wanted);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		if (write_fd(to, piece, (size_t)got) < 0)
			return -1;
		start += got;
	}
	return 0;
}

/* Holes stay holes: a file that claims terabytes takes what it has. */
static int copy_bytes(int from, int to, off_t size)
{
	off_t start = 0;

	while (start < size) {
		off_t data = lseek(from, start, SEEK_DATA), end;

		if (data < 0 && errno == ENXIO)
			break;
		if (data < 0)
			return errno == EINVAL ? copy_range(from, to, start, size) : -1;
		end = lseek(from, data, SEEK_HOLE);
		if (end < 0)
			return -1;
		if (copy_range(from, to, data, end) < 0)
			return -1;
		start = end;
	}
	return ftruncate(to, size);
}

/* ---- names ---- */

static int rename_over(const struct new_file *n)
{
	unsigned flags = n->replaces ? 0 : RENAME_NOREPLACE;

	return (int)syscall(SYS_renameat2, n->dir, n->temporary, n->dir, n->name, flags);
}

/* What was not renamed is not left behind. */
static int finish_temporary(const struct new_file *n, bool good)
{
	int err;

	if (good && rename_over(n) == 0)
		return 0;
	err = errno;
	(void)unlinkat(n->dir, n->temporary, 0);
	errno = err;
	return -1;
}

static int remove_temporary(const struct new_file *n)
{
	return unlinkat(n->dir, n->temporary, 0) < 0 && errno != ENOENT ? -1 : 0;
}

static int set_owner(int fd, const struct stat *st)
{
	struct stat now;

	if (fstat(fd, &now) < 0)
		return -1;
	if (now.st_uid == st->st_uid && now.st_gid == st->st_gid)
		return 0;
	return fchown(fd, st->st_uid, st->st_gid);
}

static int fill(int from, int to, const struct stat *st)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, st->st_mtim};

	if (copy_bytes(from, to, st->st_size) < 0 || set_owner(to, st) < 0 ||
	    copy_attributes(from, to) < 0 || fchmod(to, st->st_mode & 01777) < 0 ||
	    futimens(to, times) < 0)
		return -1;
	return fsync(to);
}

/* A file that has no name yet gets one. */
static int give_name(const struct new_file *n, int fd)
{
	char path[FD_PATH];

	(void)fd_path(path, fd);
	if (!n->replaces)
		return linkat(AT_FDCWD, path, n->dir, n->name, AT_SYMLINK_FOLLOW);
	if (linkat(AT_FDCWD, path, n->dir, n->temporary, AT_SYMLINK_FOLLOW) < 0)
		return -1;
	return finish_temporary(n, true);
}

int write_copy(const struct new_file *n, int from, const struct stat *st)
{
	char dot[FD_PATH];
	autoclose int fd = -1;

	if (remove_temporary(n) < 0)
		return -1;
	fd = open(fd_path(dot, n->dir), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fill(from, fd, st) < 0 ? -1 : give_name(n, fd);
	if (errno != EOPNOTSUPP && errno != EISDIR)
		return -1;
	fd = openat(n->dir, n->temporary, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	return finish_temporary(n, fill(from, fd, st) == 0);
}

static int settle(const struct new_file *n, const struct stat *st)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, st->st_mtim};
	struct stat now;

	if (fstatat(n->dir, n->temporary, &now, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if ((now.st_uid != st->st_uid || now.st_gid != st->st_gid) &&
	    fchownat(n->dir, n->temporary, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	return utimensat(n->dir, n->temporary, times, AT_SYMLINK_NOFOLLOW);
}

int write_link(const struct new_file *n, const char *target, const struct stat *st)
{
	if (remove_temporary(n) < 0 || symlinkat(target, n->dir, n->temporary) < 0)
		return -1;
	return finish_temporary(n, settle(n, st) == 0);
}

int write_fifo(const struct new_file *n, const struct stat *st)
{
	autoclose int fd = -1;
	char path[FD_PATH];

	if (remove_temporary(n) < 0 || mknodat(n->dir, n->temporary, S_IFIFO | 0600, 0) < 0)
		return -1;
	fd = openat(n->dir, n->temporary, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return finish_temporary(n, fd >= 0 && settle(n, st) == 0 &&
					   chmod(fd_path(path, fd), st->st_mode & 0777) == 0);
}

int write_name(const struct new_file *n, int other_dir, const char *other_name)
{
	if (remove_temporary(n) < 0 || linkat(other_dir, other_name, n->dir, n->temporary, 0) < 0)
		return -1;
	return finish_temporary(n, true);
}
