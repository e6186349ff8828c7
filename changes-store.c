/*
 * changes-store.c - the directory that holds what a command changed: made, opened, removed.
 *
 *   store_make      a new directory, mode 0700, locked for as long as zbox runs
 *   store_add_root  for each directory under an overlay: N/upper, N/work
 *   store_begin     the time from which on the host's changes count as others', then the manifest
 *   store_open      later: --changes, --apply, --discard
 *   store_discard   says first that it has begun, in a file of its own that goes last, so that what
 *                   was interrupted is never taken for changes, and can be done again
 *
 * The time is the kernel's clock for files, read as the ctime of a file that is made here: a ctime
 * cannot be set, and every change of a file moves it. The clock ticks a few hundred times a second;
 * the next tick is waited for, so that what was written before is older for certain.
 *
 * What an attacker would try: a directory of his under the name that the caller gives (it has to be
 * the caller's and nobody else may write in it), a link instead of it (refused), two of us at once
 * (flock).
 */
#include "changes.h"

#include "listing.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MANIFEST "zbox-try"
#define MANIFEST_NEW "zbox-try.new"
#define MARK "zbox-try.time"
#define NOTES "touched"
#define ENDED "ended"
#define NOTES_MAX (64U << 20)
#define MANIFEST_MAX (1U << 20)
#define TICKS_MAX 10000000 /* looks at the clock; a tick comes within 10 ms */

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

static int fail_store(const struct store *s, int err)
{
	return fail(err, "the changes in %s", s->path);
}

static int lock_store(struct store *s)
{
	struct stat st;

	if (fstat(s->fd, &st) < 0)
		return fail_store(s, errno);
	if (st.st_uid != geteuid() || (st.st_mode & 0022))
		return fail(0, "%s has to belong to you, and nobody else may write in it", s->path);
	if (flock(s->fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? fail(0, "%s is in use by another zbox", s->path)
					    : fail_store(s, errno);
	return 0;
}

static int open_store(struct store *s)
{
	s->fd = open(s->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return s->fd < 0 ? fail_store(s, errno) : lock_store(s);
}

/* ---- making ---- */

static char *temporary_store(void)
{
	const char *place = getenv("TMPDIR");
	char *path =
		format_text("%s/zbox-try.XXXXXX", place && place[0] == '/' ? place : "/var/tmp");

	if (path && !mkdtemp(path)) {
		(void)fail(errno, "%s", path);
		free(path);
		return NULL;
	}
	return path;
}

static int require_empty(const struct store *s)
{
	struct stat st;

	if (fstatat(s->fd, MANIFEST, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return fail(0, "%s holds changes already: --apply or --discard them first",
			    s->path);
	if (unlinkat(AT_FDCWD, s->path, AT_REMOVEDIR) == 0)
		return 0;
	return errno == ENOTEMPTY || errno == EEXIST ? fail(0, "%s is not empty", s->path)
						     : fail_store(s, errno);
}

/* rmdir(2) tells whether the directory was empty, then it is made anew. */
static int named_store(struct store *s, const char *path)
{
	char *absolute;

	s->path = format_text("%s", path);
	if (!s->path)
		return -1;
	if (mkdir(s->path, 0700) < 0) {
		if (errno != EEXIST)
			return fail_store(s, errno);
		if (open_store(s) < 0 || require_empty(s) < 0)
			return -1;
		close_fd(&s->fd);
		if (mkdir(s->path, 0700) < 0)
			return fail_store(s, errno);
	}
	absolute = realpath(s->path, NULL);
	if (!absolute)
		return fail_store(s, errno);
	free(s->path);
	s->path = absolute;
	return 0;
}

int store_make(struct store *s, const char *path)
{
	*s = (struct store)STORE_NONE;
	if (path) {
		if (named_store(s, path) < 0)
			return -1;
	} else {
		s->path = temporary_store();
		if (!s->path)
			return -1;
	}
	s->made = true;
	if (chmod(s->path, 0700) < 0) /* whatever the umask was */
		return fail_store(s, errno);
	return open_store(s);
}

/* An overlay marks directories with attributes, and goes on without where it cannot. */
static int require_attributes(const struct store *s, int upper)
{
	if (fsetxattr(upper, "user.overlay.zbox", "y", 1, 0) < 0)
		return fail(errno,
			    "the file system of %s cannot hold changes: name a directory elsewhere "
			    "with --try-keep",
			    s->path);
	return fremovexattr(upper, "user.overlay.zbox") < 0 ? fail_store(s, errno) : 0;
}

int store_add_root(struct store *s, const char *path)
{
	struct store_root *root;
	autoclose int upper = -1;
	struct stat st;
	char name[3][40];

	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return fail(errno ? errno : ENOTDIR, "--try %s", path);
	if (s->root_count == STORE_ROOTS_MAX)
		return fail(0, "--try: more than %d file systems", STORE_ROOTS_MAX);
	(void)snprintf(name[0], sizeof(name[0]), "%zu", s->root_count);
	(void)snprintf(name[1], sizeof(name[1]), "%zu/upper", s->root_count);
	(void)snprintf(name[2], sizeof(name[2]), "%zu/work", s->root_count);
	for (size_t i = 0; i < COUNT(name); i++)
		if (mkdirat(s->fd, name[i], 0700) < 0)
			return fail_store(s, errno);
	upper = openat(s->fd, name[1], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (upper < 0)
		return fail_store(s, errno);
	if (require_attributes(s, upper) < 0)
		return -1;
	/* the top of an overlay has the mode of its upper directory */
	if (fchmod(upper, st.st_mode & 01777) < 0)
		return fail_store(s, errno);
	root = array_add(&s->roots, &s->root_count, sizeof(*root));
	if (!root)
		return -1;
	root->dev = st.st_dev;
	root->ino = st.st_ino;
	root->path = format_text("%s", path);
	return root->path ? 0 : -1;
}

static int mark(const struct store *s, struct timespec *now)
{
	autoclose int fd = -1;
	struct stat st;

	if (unlinkat(s->fd, MARK, 0) < 0 && errno != ENOENT)
		return -1;
	fd = openat(s->fd, MARK, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	*now = st.st_ctim;
	return 0;
}

/* The next tick of the clock for files. */
static int read_clock(struct store *s)
{
	struct timespec first;

	if (mark(s, &first) < 0)
		return fail_store(s, errno);
	for (unsigned i = 0; i < TICKS_MAX; i++) {
		if (mark(s, &s->start) < 0)
			return fail_store(s, errno);
		if (s->start.tv_sec != first.tv_sec || s->start.tv_nsec != first.tv_nsec)
			return unlinkat(s->fd, MARK, 0) < 0 ? fail_store(s, errno) : 0;
	}
	return fail(0, "the clock for files stands still");
}

int store_begin(struct store *s)
{
	autofree char *text = NULL;
	autoclose int fd = -1;

	if (read_clock(s) < 0)
		return -1;
	text = manifest_text(s);
	if (!text)
		return -1;
	fd = openat(s->fd, MANIFEST_NEW, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0 || write_fd(fd, text, strlen(text)) < 0 || fsync(fd) < 0 ||
	    renameat(s->fd, MANIFEST_NEW, s->fd, MANIFEST) < 0)
		return fail_store(s, errno);
	return 0;
}

/* ---- what was touched when it was applied ---- */

int store_note(const struct store *s, const struct stat *st)
{
	const struct store_file file = {st->st_dev, st->st_ino};
	autoclose int fd =
		openat(s->fd, NOTES, O_CREAT | O_APPEND | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? -1 : write_fd(fd, &file, sizeof(file));
}

/* Whole records; one that was cut off was not acted upon. */
static int read_notes(struct store *s)
{
	autoclose int fd = openat(s->fd, NOTES, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	size_t length;
	char *bytes;

	if (fd < 0)
		return errno == ENOENT ? 0 : fail_store(s, errno);
	bytes = read_fd(fd, NOTES_MAX, &length);
	if (!bytes)
		return fail_store(s, errno);
	s->ours = (struct store_file *)(void *)bytes;
	s->our_count = length / sizeof(*s->ours);
	return 0;
}

bool store_is_newer(const struct store *s, const struct stat *st)
{
	if (is_before(&st->st_ctim, &s->start))
		return false;
	for (size_t i = 0; i < s->our_count; i++)
		if (s->ours[i].dev == st->st_dev && s->ours[i].ino == st->st_ino)
			/* a directory that we made; another name of a file that we removed */
			return !S_ISDIR(st->st_mode) && !is_before(&st->st_mtim, &s->start);
	return true;
}

/* ---- opening, removing ---- */

/* Whether it is a name that a store has: all but these is somebody else's. */
static bool is_ours(const char *name)
{
	static const char *const names[] = {MANIFEST, MANIFEST_NEW, MARK,
					    NOTES,    ENDED,        STORE_APPLYING};

	for (size_t i = 0; i < COUNT(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return strspn(name, "0123456789") == strlen(name);
}

/* Had its removal begun? The last that is left of it is an empty directory. *foreign: there is
 * something else in it. */
static int find_end(struct store *s, bool *foreign)
{
	struct listing names;

	if (listing_read(&names, s->fd, s->path, 0, NULL, NULL) < 0)
		return -1;
	s->ended = names.count == 0;
	for (size_t i = 0; i < names.count; i++) {
		s->ended |= strcmp(names.names[i], ENDED) == 0;
		*foreign |= !is_ours(names.names[i]);
	}
	listing_free(&names);
	return 0;
}

int store_open(struct store *s, const char *path)
{
	autoclose int fd = -1;
	autofree char *text = NULL;
	bool foreign = false;
	size_t length;

	*s = (struct store)STORE_NONE;
	s->path = realpath(path, NULL);
	if (!s->path)
		return fail(errno, "the changes in %s", path);
	if (open_store(s) < 0)
		return -1;
	if (find_end(s, &foreign) < 0)
		return -1;
	fd = openat(s->fd, MANIFEST, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT && s->ended && !foreign)
		return 0;
	if (fd < 0)
		return errno == ENOENT ? fail(0, "%s holds no changes of zbox", s->path)
				       : fail_store(s, errno);
	text = read_fd(fd, MANIFEST_MAX, &length);
	if (!text)
		return fail_store(s, errno);
	if (strlen(text) != length)
		return fail(0, "%s: zbox-try: a line is not understood", s->path);
	return manifest_parse(s, text) < 0 ? -1 : read_notes(s);
}

/* Without it on a full disk: then a repetition finds less than the manifest says. */
static void note_end(const struct store *s)
{
	int fd = openat(s->fd, ENDED, O_CREAT | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);

	close_fd(&fd);
}

static int remove_file(const struct store *s, const char *name)
{
	return unlinkat(s->fd, name, 0) < 0 && errno != ENOENT ? -1 : 0;
}

/* The manifest goes after the changes, and last what says that this had begun: find_end(). */
int store_discard(struct store *s)
{
	struct listing names;
	int result = 0;

	note_end(s);
	if (listing_read(&names, s->fd, s->path, 0, NULL, NULL) < 0)
		return -1;
	for (size_t i = 0; result == 0 && i < names.count; i++)
		if (is_ours(names.names[i]) && strcmp(names.names[i], MANIFEST) != 0 &&
		    strcmp(names.names[i], ENDED) != 0)
			result = remove_name(s->fd, names.names[i], REMOVE_DEPTH);
	if (result < 0 || remove_file(s, MANIFEST) < 0 || remove_file(s, ENDED) < 0 ||
	    unlinkat(AT_FDCWD, s->path, AT_REMOVEDIR) < 0)
		result = fail_store(s, errno);
	listing_free(&names);
	return result;
}

void store_free(struct store *s)
{
	for (size_t i = 0; i < s->root_count; i++)
		free(s->roots[i].path);
	free(s->roots);
	free(s->ours);
	free(s->path);
	close_fd(&s->fd);
	*s = (struct store)STORE_NONE;
}
