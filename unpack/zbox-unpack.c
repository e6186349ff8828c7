/*
 * zbox-unpack.c - a tar archive -> a tree, for --rootfs.
 *
 *   zbox-unpack unpack   standard input is the archive, the tree is made in ./tree
 *   zbox-unpack remove   ./tree and all in it goes
 *
 * zbox starts it in a sandbox of its own (rootfs-unpack.c): the ids of --map, the capabilities for
 * owners and modes, no network, and nothing to write in but the directory in which it starts. What
 * it says goes to standard output, a line each: "at N" (bytes of the archive that were read), and
 * at the end "done" or "failed TEXT". Its status is 0 after "done" alone.
 *
 * What an attacker would try: the archive is his.
 *   names       absolute ones, and ".." anywhere, are refused
 *   links       a parent is looked up beneath the tree by openat2(2): a link in it that is absolute
 *               or leads above the tree is an error. The last part of a name is never followed
 *   hard links  the same for the target
 *   devices     below dev/, which every sandbox covers, they are left out; elsewhere refused
 *   sizes       a file that claims more than is free is refused before it is begun
 *   owners      that are not in the map are refused
 *   attributes  extended ones are not restored: those of overlayfs and of capabilities mean things
 *   libarchive  may have holes. What it could do then is to fill this tree with something else,
 *               which the archive could do as well
 */
#include "unpack/zbox-unpack.h"

#include "kernel.h"
#include "utils.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define TREE "tree"
#define BLOCK ((size_t)256 * 1024) /* read at a time */
#define ASK_FROM (1 << 20)         /* bytes of a file from which on the disk is asked for room */
#define TELL_EVERY ((uint64_t)4 * 1024 * 1024) /* bytes between two "at" */

/* The time of a directory, which changes with all that is made in it. */
struct dir_time {
	char *path;
	struct timespec at;
};

struct unpack {
	int tree;     /* O_PATH */
	char *parent; /* where the last entry was, NULL nowhere; */
	int parent_fd;
	struct dir_time *dirs;
	size_t dir_count;
	uint64_t read, told;
	char *buffer;
};

/* ---- names ---- */

/* Takes "./" and slashes off the front and the end. Returns new memory, "" for the tree itself, or
 * NULL after fail(). */
static char *clean_name(const char *name)
{
	size_t length;
	char *clean;

	if (!name || name[0] == '\0') {
		(void)fail(0, "an entry without a name");
		return NULL;
	}
	if (name[0] == '/') {
		(void)fail(0, "%s: an absolute name", name);
		return NULL;
	}
	for (const char *part = name; *part; part += strspn(part, "/")) {
		length = strcspn(part, "/");
		if (length == 2 && memcmp(part, "..", 2) == 0) {
			(void)fail(0, "%s: a name with \"..\"", name);
			return NULL;
		}
		part += length;
	}
	while (name[0] == '.' && (name[1] == '/' || name[1] == '\0'))
		name += 1 + strspn(name + 1, "/");
	clean = format_text("%s", name);
	if (!clean)
		return NULL;
	length = strlen(clean);
	while (length > 0 && (clean[length - 1] == '/' ||
			      (clean[length - 1] == '.' && length > 1 && clean[length - 2] == '/')))
		clean[--length] = '\0';
	return clean;
}

/* Opens the directory of the tree that path is in; *last is its last part. Directories that are
 * missing are made. Returns a descriptor, or -1 after fail(). */
static int open_parent(const struct unpack *u, char *path, const char **last)
{
	char *slash = strrchr(path, '/');
	int fd;

	*last = slash ? slash + 1 : path;
	if (!slash)
		return openat(u->tree, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	*slash = '\0';
	fd = kernel_openat2(u->tree, path, O_PATH | O_DIRECTORY | O_CLOEXEC,
			    RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
	if (fd < 0 && errno == ENOENT) {
		autofree char *copy = format_text("%s", path);
		const char *name;
		autoclose int above = copy ? open_parent(u, copy, &name) : -1;

		if (above < 0)
			return -1;
		if (mkdirat(above, name, 0755) < 0 && errno != EEXIST) {
			(void)fail(errno, "%s", path);
			return -1;
		}
		fd = kernel_openat2(u->tree, path, O_PATH | O_DIRECTORY | O_CLOEXEC,
				    RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
	}
	if (fd < 0 && errno == EXDEV)
		(void)fail(0, "%s: a link in it leads out of the tree", path);
	else if (fd < 0)
		(void)fail(errno, "%s", path);
	*slash = '/';
	return fd;
}

/* The same, and the descriptor is u's: entries of one directory come one after the other. */
static int hold_parent(struct unpack *u, char *path, const char **last)
{
	char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;

	*last = slash ? slash + 1 : path;
	if (u->parent && strlen(u->parent) == length && memcmp(u->parent, path, length) == 0)
		return u->parent_fd;
	free(u->parent);
	u->parent = NULL;
	close_fd(&u->parent_fd);
	u->parent_fd = open_parent(u, path, last);
	if (u->parent_fd >= 0)
		u->parent = format_text("%.*s", (int)length, path);
	return u->parent ? u->parent_fd : -1;
}

/* ---- one entry ---- */

static struct timespec time_of(struct archive_entry *e)
{
	struct timespec at = {.tv_nsec = UTIME_OMIT};

	if (archive_entry_mtime_is_set(e))
		at = (struct timespec){archive_entry_mtime(e), archive_entry_mtime_nsec(e)};
	return at;
}

/* Owner, mode (not of links) and time of what is at name in dir. */
static int set_attributes(struct archive_entry *e, int dir, const char *name, const char *path,
			  bool times)
{
	struct timespec both[2] = {{.tv_nsec = UTIME_OMIT}, time_of(e)};
	int64_t uid = archive_entry_uid(e), gid = archive_entry_gid(e);
	const int flags = name[0] ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH;

	errno = EINVAL;
	if (uid < 0 || gid < 0 || uid >= UINT32_MAX || gid >= UINT32_MAX ||
	    fchownat(dir, name, (uid_t)uid, (gid_t)gid, flags) < 0) {
		if (errno == EINVAL)
			return fail(0, "%s: its owner %lld:%lld is not in the map of ids", path,
				    (long long)uid, (long long)gid);
		return fail(errno, "owner of %s", path);
	}
	if (archive_entry_filetype(e) != AE_IFLNK &&
	    fchmodat(dir, name[0] ? name : ".", archive_entry_perm(e) & 07777, 0) < 0)
		return fail(errno, "mode of %s", path);
	if (times && utimensat(dir, name[0] ? name : ".", both, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(errno, "time of %s", path);
	return 0;
}

static int archive_failed(struct archive *a)
{
	const char *text = archive_error_string(a);

	return fail(0, "%s", text ? text : "the archive cannot be read");
}

/* *end: behind the last byte that was written. */
static int write_data(struct archive *a, int fd, const char *path, int64_t *end)
{
	for (;;) {
		const void *bytes;
		size_t length;
		la_int64_t offset;
		int got = archive_read_data_block(a, &bytes, &length, &offset);

		if (got == ARCHIVE_EOF)
			return 0;
		if (got != ARCHIVE_OK)
			return archive_failed(a);
		for (const char *next = bytes; length > 0;) {
			ssize_t written = pwrite(fd, next, length, offset);

			if (written < 0 && errno == EINTR)
				continue;
			if (written < 0)
				return fail(errno, "%s", path);
			next += written;
			offset += written;
			length -= (size_t)written;
			*end = offset;
		}
	}
}

static int make_file(struct archive *a, struct archive_entry *e, int dir, const char *name,
		     const char *path)
{
	int64_t size = archive_entry_size_is_set(e) ? archive_entry_size(e) : 0;
	autoclose int fd = -1;
	struct statvfs system;
	int64_t end = 0;

	if (size < 0)
		return fail(0, "%s: a size below 0", path);
	if (size > ASK_FROM && archive_entry_sparse_count(e) == 0 && fstatvfs(dir, &system) == 0 &&
	    (uint64_t)size / system.f_frsize > system.f_bavail)
		return fail(ENOSPC, "%s: %lld bytes", path, (long long)size);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(errno, "%s", path);
	if (write_data(a, fd, path, &end) < 0)
		return -1;
	if (end < size && ftruncate(fd, size) < 0) /* a hole at the end */
		return fail(errno, "%s: %lld bytes", path, (long long)size);
	return set_attributes(e, dir, name, path, true);
}

static int make_hardlink(const struct unpack *u, const char *target, int dir, const char *name,
			 const char *path)
{
	autofree char *clean = clean_name(target);
	autoclose int from = -1;
	const char *last;
	struct stat st;

	if (!clean)
		return -1;
	from = open_parent(u, clean, &last);
	if (from < 0)
		return -1;
	if (fstatat(from, last, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(errno, "%s: a link to %s", path, target);
	if (S_ISDIR(st.st_mode))
		return fail(0, "%s: a hard link to a directory", path);
	if (linkat(from, last, dir, name, 0) < 0)
		return fail(errno, "%s: a link to %s", path, target);
	return 0;
}

static int note_time(struct unpack *u, struct archive_entry *e, const char *path)
{
	struct dir_time *slot = array_add(&u->dirs, &u->dir_count, sizeof(*slot));

	if (!slot)
		return -1;
	slot->at = time_of(e);
	slot->path = format_text("%s", path[0] ? path : ".");
	return slot->path ? 0 : -1;
}

static int make_directory(struct unpack *u, struct archive_entry *e, int dir, const char *name,
			  const char *path)
{
	struct stat st;

	if (mkdirat(dir, name, 0700) < 0 &&
	    (errno != EEXIST || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	     !S_ISDIR(st.st_mode)))
		return fail(errno, "%s", path);
	if (set_attributes(e, dir, name, path, false) < 0)
		return -1;
	return note_time(u, e, path);
}

/* An entry that comes a second time takes the place of the first, but for directories. */
static int clear_place(struct unpack *u, struct archive_entry *e, int dir, const char *name,
		       const char *path)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : fail(errno, "%s", path);
	if (S_ISDIR(st.st_mode)) {
		if (archive_entry_filetype(e) == AE_IFDIR && !archive_entry_hardlink(e))
			return 0;
		return fail(0, "%s: comes again, and is a directory", path);
	}
	if (unlinkat(dir, name, 0) < 0)
		return fail(errno, "%s", path);
	/* it may have been a link in the way to the parent that is held: dir is its descriptor, and
	 * stays open for this entry */
	free(u->parent);
	u->parent = NULL;
	return 0;
}

static int make_entry(struct unpack *u, struct archive *a, struct archive_entry *e, int dir,
		      const char *name, const char *path)
{
	const char *target = archive_entry_hardlink(e);

	if (target)
		return make_hardlink(u, target, dir, name, path);
	switch (archive_entry_filetype(e)) {
	case AE_IFREG:
		return make_file(a, e, dir, name, path);
	case AE_IFDIR:
		return make_directory(u, e, dir, name, path);
	case AE_IFLNK:
		target = archive_entry_symlink(e);
		if (!target || symlinkat(target, dir, name) < 0)
			return fail(target ? errno : 0, "%s: a link", path);
		return set_attributes(e, dir, name, path, true);
	case AE_IFIFO:
		if (mkfifoat(dir, name, 0600) < 0)
			return fail(errno, "%s", path);
		return set_attributes(e, dir, name, path, true);
	case AE_IFCHR:
	case AE_IFBLK:
		return fail(0, "%s: a device, and not below dev/", path);
	default:
		return fail(0, "%s: neither a file nor a directory nor a link", path);
	}
}

static bool left_out(struct archive_entry *e, const char *path)
{
	mode_t type = archive_entry_filetype(e);

	return (type == AE_IFCHR || type == AE_IFBLK) && strncmp(path, "dev/", 4) == 0;
}

static int take_entry(struct unpack *u, struct archive *a, struct archive_entry *e)
{
	autofree char *path = clean_name(archive_entry_pathname(e));
	autoclose int dir = -1;
	const char *name;
	int parent;

	if (!path)
		return -1;
	if (path[0] == '\0') {
		if (archive_entry_filetype(e) != AE_IFDIR)
			return fail(0, "the top of the tree is no directory");
		dir = openat(u->tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			return fail(errno, "%s", TREE);
		return set_attributes(e, dir, "", ".", false) < 0 ? -1 : note_time(u, e, "");
	}
	if (left_out(e, path))
		return 0;
	parent = hold_parent(u, path, &name);
	if (parent < 0 || clear_place(u, e, parent, name, path) < 0)
		return -1;
	return make_entry(u, a, e, parent, name, path);
}

/* ---- the archive ---- */

static la_ssize_t read_archive(struct archive *a, void *context, const void **bytes)
{
	struct unpack *u = context;
	ssize_t got;

	do
		got = read(STDIN_FILENO, u->buffer, BLOCK);
	while (got < 0 && errno == EINTR);
	if (got < 0) {
		archive_set_error(a, errno, "%s", reason_text(errno));
		return -1;
	}
	u->read += (uint64_t)got;
	if (u->read - u->told >= TELL_EVERY) {
		u->told = u->read;
		(void)printf("at %llu\n", (unsigned long long)u->read);
		(void)fflush(stdout);
	}
	*bytes = u->buffer;
	return got;
}

static int take_entries(struct unpack *u, struct archive *a)
{
	struct archive_entry *e;
	int got;

	if (archive_read_support_filter_gzip(a) < ARCHIVE_WARN ||
	    archive_read_support_filter_xz(a) < ARCHIVE_WARN ||
	    archive_read_support_filter_zstd(a) < ARCHIVE_WARN ||
	    archive_read_support_format_tar(a) != ARCHIVE_OK ||
	    archive_read_open(a, u, NULL, read_archive, NULL) != ARCHIVE_OK)
		return archive_failed(a);
	while ((got = archive_read_next_header(a, &e)) == ARCHIVE_OK || got == ARCHIVE_WARN)
		if (take_entry(u, a, e) < 0)
			return -1;
	return got == ARCHIVE_EOF ? 0 : archive_failed(a);
}

/* The deepest come last in most archives, and their times change nothing above them. */
static int set_times(struct unpack *u)
{
	for (size_t i = u->dir_count; i-- > 0;) {
		struct timespec both[2] = {{.tv_nsec = UTIME_OMIT}, u->dirs[i].at};
		autoclose int fd =
			kernel_openat2(u->tree, u->dirs[i].path, O_RDONLY | O_DIRECTORY | O_CLOEXEC,
				       RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);

		/* a parent may have been a link, or have been replaced by one since */
		if (fd >= 0 && futimens(fd, both) < 0)
			return fail(errno, "time of %s", u->dirs[i].path);
	}
	return 0;
}

static int unpack(void)
{
	struct unpack u = {.tree = -1, .parent_fd = -1};
	struct archive *a = archive_read_new();
	int result = -1;

	u.buffer = malloc(BLOCK);
	if (!a || !u.buffer)
		(void)fail(0, "out of memory");
	else if (mkdir(TREE, 0755) == 0)
		u.tree = open(TREE, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (u.tree < 0)
		(void)fail(errno, "%s", TREE);
	else if (take_entries(&u, a) == 0)
		result = set_times(&u);
	if (a)
		(void)archive_read_free(a);
	for (size_t i = 0; i < u.dir_count; i++)
		free(u.dirs[i].path);
	free(u.dirs);
	free(u.buffer);
	free(u.parent);
	close_fd(&u.parent_fd);
	close_fd(&u.tree);
	return result;
}

int main(int argc, char **argv)
{
	bool remove = argc == 2 && strcmp(argv[1], "remove") == 0;
	int result = 0;

	(void)umask(0);
	if (!remove && (argc != 2 || strcmp(argv[1], "unpack") != 0))
		(void)fail(0, "zbox-unpack is started by zbox");
	if (!failure_get() && (remove ? unpack_remove(AT_FDCWD, TREE) : unpack()) < 0)
		result = 1;
	if (failure_get()) {
		const struct failure *f = failure_get();

		(void)printf("failed %s%s%s\n", f->text, f->err ? ": " : "",
			     f->err ? reason_text(f->err) : "");
		(void)fflush(stdout);
		_exit(1);
	}
	(void)printf("done\n");
	/* at once: nothing here is worth to be put in order, and a sanitizer's last look at memory
	 * needs more than there is in here */
	_exit(fflush(stdout) != 0 || result);
}
