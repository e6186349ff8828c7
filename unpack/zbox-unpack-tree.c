/*
 * zbox-unpack-tree.c - the entries of a tar archive -> files below ./tree.
 *
 * What is made is looked at once (fstat(2)), and only what is not as the archive wants it is
 * changed: the cost of unpacking is system calls, and most files belong to who unpacks them.
 *
 * What an attacker would try is in zbox-unpack.c; whiteouts are in zbox-unpack-layer.c.
 */
#include "unpack/zbox-unpack.h"

#include "kernel.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define ASK_FROM (1 << 20) /* bytes of a file from which on the disk is asked for room */

/* ---- names ---- */

/* Takes "./" and slashes off the front and the end. In layers of images names may begin with a
 * slash, which is that of the tree. Returns new memory, "" for the tree itself, or NULL after
 * fail().
 */
static char *clean_name(const struct unpack *u, const char *name)
{
	size_t length;
	char *clean;

	if (!name || name[0] == '\0') {
		(void)fail(0, "an entry without a name");
		return NULL;
	}
	if (u->layer)
		name += strspn(name, "/");
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

void unpack_forget_parent(struct unpack *u)
{
	free(u->parent);
	u->parent = NULL;
}

/* The same, and the descriptor is u's: entries of one directory come one after the other. */
static int hold_parent(struct unpack *u, char *path, const char **last)
{
	char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;

	*last = slash ? slash + 1 : path;
	if (u->parent && strlen(u->parent) == length && memcmp(u->parent, path, length) == 0)
		return u->parent_fd;
	unpack_forget_parent(u);
	close_fd(&u->parent_fd);
	u->parent_fd = open_parent(u, path, last);
	if (u->parent_fd >= 0)
		u->parent = format_text("%.*s", (int)length, path);
	if (!u->parent || unpack_note_above(u, u->parent_fd) < 0)
		return -1;
	return u->parent_fd;
}

/* ---- one entry ---- */

static struct attributes attributes_of(struct archive_entry *e)
{
	struct attributes wanted = {.uid = archive_entry_uid(e),
				    .gid = archive_entry_gid(e),
				    .mode = archive_entry_perm(e) & 07777,
				    .time = {.tv_nsec = UTIME_OMIT}};

	if (archive_entry_mtime_is_set(e))
		wanted.time =
			(struct timespec){archive_entry_mtime(e), archive_entry_mtime_nsec(e)};
	return wanted;
}

static const char THE_OWNER[] = "owner of ";

int unpack_set_attributes(const struct attributes *wanted, int dir, const char *name, bool times,
			  const char **what)
{
	const struct timespec both[2] = {{.tv_nsec = UTIME_OMIT}, wanted->time};
	const int flags = name[0] ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH;
	const int64_t uid = wanted->uid, gid = wanted->gid;
	struct stat st;

	*what = "";
	if (fstatat(dir, name, &st, flags) < 0)
		return errno;
	*what = THE_OWNER;
	errno = EINVAL;
	if (((int64_t)st.st_uid != uid || (int64_t)st.st_gid != gid) &&
	    (uid < 0 || gid < 0 || uid >= UINT32_MAX || gid >= UINT32_MAX ||
	     fchownat(dir, name, (uid_t)uid, (gid_t)gid, flags) < 0))
		return errno;
	/* a change of the owner takes set-id bits away */
	*what = "mode of ";
	if (!S_ISLNK(st.st_mode) &&
	    ((st.st_mode & 07777) != wanted->mode || (wanted->mode & (S_ISUID | S_ISGID))) &&
	    (name[0] ? fchmodat(dir, name, wanted->mode, 0) : fchmod(dir, wanted->mode)) < 0)
		return errno;
	*what = "time of ";
	if (times &&
	    (name[0] ? utimensat(dir, name, both, AT_SYMLINK_NOFOLLOW) : futimens(dir, both)) < 0)
		return errno;
	return 0;
}

int unpack_not_set(int err, const char *what, const struct attributes *wanted, const char *path)
{
	if (what == THE_OWNER && err == EINVAL)
		return fail(0, "%s: its owner %lld:%lld is not in the map of ids", path,
			    (long long)wanted->uid, (long long)wanted->gid);
	return fail(err, "%s%s", what, path);
}

/* What has no bytes to wait for. */
static int set_now(struct archive_entry *e, int dir, const char *name, const char *path, bool times)
{
	const struct attributes wanted = attributes_of(e);
	const char *what;
	int err = unpack_set_attributes(&wanted, dir, name, times, &what);

	return err ? unpack_not_set(err, what, &wanted, path) : 0;
}

/* name "": dir itself. */
static int note_made(struct unpack *u, int dir, const char *name, const char *path)
{
	struct stat st;

	if (!u->layer)
		return 0;
	if (fstatat(dir, name, &st, name[0] ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH) < 0)
		return fail(errno, "%s", path);
	return unpack_note(u, &st);
}

int unpack_filters(struct archive *a)
{
	if (archive_read_support_filter_gzip(a) < ARCHIVE_WARN ||
	    archive_read_support_filter_xz(a) < ARCHIVE_WARN ||
	    archive_read_support_filter_zstd(a) < ARCHIVE_WARN)
		return unpack_failed(a);
	return 0;
}

int unpack_failed(struct archive *a)
{
	const char *text = archive_error_string(a);

	return fail(0, "%s", text ? text : "the archive cannot be read");
}

/* *end: behind the last byte that was written. */
static int write_data(struct unpack *u, struct archive *a, int fd, const char *path, int64_t *end)
{
	for (;;) {
		const void *bytes;
		size_t length;
		la_int64_t offset;
		int got = archive_read_data_block(a, &bytes, &length, &offset);

		if (got == ARCHIVE_EOF)
			return 0;
		if (got != ARCHIVE_OK)
			return unpack_failed(a);
		if (length == 0)
			continue;
		if (unpack_write(u, fd, path, bytes, length, offset) < 0)
			return -1;
		*end = offset + (int64_t)length;
	}
}

/* Room for a file is asked for before it is begun. */
static int check_size(struct archive_entry *e, int dir, const char *path)
{
	int64_t size = archive_entry_size_is_set(e) ? archive_entry_size(e) : 0;
	struct statvfs system;

	if (size < 0)
		return fail(0, "%s: a size below 0", path);
	if (size > ASK_FROM && archive_entry_sparse_count(e) == 0 && fstatvfs(dir, &system) == 0 &&
	    (uint64_t)size / system.f_frsize > system.f_bavail)
		return fail(ENOSPC, "%s: %lld bytes", path, (long long)size);
	return 0;
}

/* Takes *fd, but where it fails. */
static int fill_file(struct unpack *u, struct archive *a, struct archive_entry *e, int *fd,
		     const char *path)
{
	const struct attributes wanted = attributes_of(e);
	int64_t size = archive_entry_size_is_set(e) ? archive_entry_size(e) : 0, end = 0;

	if (note_made(u, *fd, "", path) < 0)
		return -1;
	if (size > 0 && write_data(u, a, *fd, path, &end) < 0)
		return -1;
	if (end < size && ftruncate(*fd, size) < 0) /* a hole at the end */
		return fail(errno, "%s: %lld bytes", path, (long long)size);
	return unpack_finish(u, fd, path, &wanted);
}

/* What a hard link is to: its directory and its name in it. Returns a descriptor, or -1 after
 * fail(). clean is where the name is kept. */
static int find_target(const struct unpack *u, const char *target, const char *path, char **clean,
		       const char **last)
{
	autoclose int from = -1;
	struct stat st;

	*clean = clean_name(u, target);
	if (!*clean)
		return -1;
	from = open_parent(u, *clean, last);
	if (from < 0)
		return -1;
	if (fstatat(from, *last, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(errno, "%s: a link to %s", path, target);
	if (S_ISDIR(st.st_mode))
		return fail(0, "%s: a hard link to a directory", path);
	return take_fd(&from);
}

static int note_time(struct unpack *u, struct archive_entry *e, const char *path)
{
	struct dir_time *slot = array_add(&u->dirs, &u->dir_count, sizeof(*slot));

	if (!slot)
		return -1;
	slot->at = attributes_of(e).time;
	slot->path = format_text("%s", path[0] ? path : ".");
	return slot->path ? 0 : -1;
}

/* An entry that comes a second time takes the place of the first, but for directories. What comes
 * from a layer below may be of any kind. Returns whether there is a directory that stays, or -1
 * after fail(). */
static int clear_place(struct unpack *u, struct archive_entry *e, int dir, const char *name,
		       const char *path)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : fail(errno, "%s", path);
	/* it may have been in the way to the parent that is held: dir is its descriptor, and stays
	 * open for this entry */
	if (S_ISDIR(st.st_mode)) {
		if (archive_entry_filetype(e) == AE_IFDIR && !archive_entry_hardlink(e))
			return 1;
		if (!unpack_is_below(u, &st))
			return fail(0, "%s: comes again, and is a directory", path);
		unpack_forget_parent(u);
		return unpack_remove(dir, name);
	}
	unpack_forget_parent(u);
	return unlinkat(dir, name, 0) < 0 ? fail(errno, "%s", path) : 0;
}

/* ---- making it ---- */

/* The entry as it is made: what is empty and ours gets the rest afterwards. */
struct making {
	struct archive_entry *e;
	const char *path;
	int from;           /* of a hard link: its target's directory, */
	const char *target; /* and name; of a symbolic one what it says */
	int fd;             /* of a file that was made */
};

/* Returns 0, or -1 with errno set. */
static int make_it(struct making *m, int dir, const char *name)
{
	mode_t mode = archive_entry_perm(m->e) & 0777;

	if (m->from >= 0)
		return linkat(m->from, m->target, dir, name, 0);
	if (m->target)
		return symlinkat(m->target, dir, name);
	switch (archive_entry_filetype(m->e)) {
	case AE_IFREG:
		m->fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			       mode);
		return m->fd < 0 ? -1 : 0;
	case AE_IFDIR:
		return mkdirat(dir, name, mode);
	default:
		return mkfifoat(dir, name, mode);
	}
}

/* Nothing is looked for where nothing is: an entry is made, and only when that fails its place is
 * cleared. */
static int make_place(struct unpack *u, struct making *m, int dir, const char *name)
{
	int stays = 0;

	if (make_it(m, dir, name) == 0)
		return 0;
	if (errno == EEXIST)
		stays = clear_place(u, m->e, dir, name, m->path);
	if (stays > 0)
		return 0;
	return stays < 0 || make_it(m, dir, name) < 0 ? fail(errno, "%s", m->path) : 0;
}

static int check_kind(struct making *m, int dir)
{
	switch (archive_entry_filetype(m->e)) {
	case AE_IFREG:
		return check_size(m->e, dir, m->path);
	case AE_IFDIR:
	case AE_IFIFO:
		return 0;
	case AE_IFLNK:
		m->target = archive_entry_symlink(m->e);
		return m->target ? 0 : fail(0, "%s: a link", m->path);
	case AE_IFCHR:
	case AE_IFBLK:
		return fail(0, "%s: a device, and not below dev/", m->path);
	default:
		return fail(0, "%s: neither a file nor a directory nor a link", m->path);
	}
}

static int make_link(struct unpack *u, struct making *m, int dir, const char *name)
{
	autofree char *clean = NULL;
	autoclose int from =
		find_target(u, archive_entry_hardlink(m->e), m->path, &clean, &m->target);

	if (from < 0)
		return -1;
	m->from = from;
	return make_place(u, m, dir, name) < 0 ? -1 : note_made(u, dir, name, m->path);
}

static int make_entry(struct unpack *u, struct archive *a, struct archive_entry *e, int dir,
		      const char *name, const char *path)
{
	struct making m = {.e = e, .path = path, .from = -1, .fd = -1};
	int result;

	if (archive_entry_hardlink(e))
		return make_link(u, &m, dir, name);
	if (check_kind(&m, dir) < 0 || make_place(u, &m, dir, name) < 0)
		return -1;
	if (m.fd < 0) {
		bool directory = archive_entry_filetype(e) == AE_IFDIR;

		if (set_now(e, dir, name, path, !directory) < 0 ||
		    note_made(u, dir, name, path) < 0)
			return -1;
		return directory ? note_time(u, e, path) : 0;
	}
	result = fill_file(u, a, e, &m.fd, path);
	if (result < 0)
		unpack_drain_failed(u);
	close_fd(&m.fd);
	return result;
}

static bool left_out(struct archive_entry *e, const char *path)
{
	mode_t type = archive_entry_filetype(e);

	return (type == AE_IFCHR || type == AE_IFBLK) && strncmp(path, "dev/", 4) == 0;
}

static int take_entry(struct unpack *u, struct archive *a, struct archive_entry *e)
{
	autofree char *path = clean_name(u, archive_entry_pathname(e));
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
		if (set_now(e, dir, "", ".", false) < 0 || note_made(u, dir, "", ".") < 0)
			return -1;
		return note_time(u, e, "");
	}
	if (left_out(e, path))
		return 0;
	parent = hold_parent(u, path, &name);
	if (parent < 0)
		return -1;
	if (u->layer && strncmp(name, WHITEOUT, strlen(WHITEOUT)) == 0)
		return unpack_whiteout(u, parent, name, path);
	return make_entry(u, a, e, parent, name, path);
}

int unpack_entries(struct unpack *u, struct archive *a)
{
	struct archive_entry *e;
	int got;

	while ((got = archive_read_next_header(a, &e)) == ARCHIVE_OK || got == ARCHIVE_WARN)
		if (take_entry(u, a, e) < 0)
			break;
	if (got == ARCHIVE_EOF)
		return unpack_drain(u);
	if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
		(void)unpack_failed(a);
	unpack_drain_failed(u);
	return -1;
}

/* ---- the tree ---- */

int unpack_begin(struct unpack *u)
{
	*u = (struct unpack){.tree = -1, .parent_fd = -1};
	if (mkdir(TREE, 0755) == 0)
		u->tree = open(TREE, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return u->tree < 0 ? fail(errno, "%s", TREE) : 0;
}

/* The deepest come last in most archives, and their times change nothing above them. */
int unpack_set_times(struct unpack *u)
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

void unpack_end(struct unpack *u)
{
	unpack_stop_writing(u);
	for (size_t i = 0; i < u->dir_count; i++)
		free(u->dirs[i].path);
	free(u->dirs);
	free(u->parent);
	close_fd(&u->parent_fd);
	close_fd(&u->tree);
}
