/*
 * rootfs-cache.c - archives for --rootfs, unpacked once.
 *
 *   $XDG_CACHE_HOME/zbox, else ~/.cache/zbox, for the caller alone:
 *     trees/NAME/tree   what the archive is unpacked to
 *     trees/NAME/boot   the boot of the machine in which that was done
 *     trees/NAME/image  of a container image: what it says of its command
 * NAME is sha256-DIGEST-SIZE-MAP: of the archive, and MAP a digest of the ids and an image's tag.
 *
 *     files/FILE-MAP                 a link with the name of the tree of a file, known by its
 *                                    device, inode, size and times, so that it is not read again
 *     unpacking/run-XXXXXX           trees that are being made, each with a lock that is held
 *
 *   1. the file is known and has not changed: its tree is taken, after five system calls
 *   2. else it is read for its digest; where there is a tree of that, it is taken. When no tree
 *      is of an archive of that size there can be none, and the digest is made while 3 goes on
 *   3. else it is unpacked in unpacking/, and what is finished gets its name in trees/ by one
 *      rename(2). So whatever ends zbox and when, there is no half tree in trees/. What is left in
 *      unpacking/ by a kill is removed by the next one who unpacks. After a power failure files
 *      of it might be empty, and waiting for the disk would take longer than unpacking does
 *      (syncfs(2) waits for everybody's files): so a tree counts for the boot in which it was
 *      made, and is made anew in the next.
 *
 * What an attacker would try: another user, to be root's or the caller's by a set-user-ID program
 * in the tree; the directory is mode 0700 or is refused. The command in a sandbox, to change the
 * tree for the next one: it is never mounted writable. Who made the archive, to have another one's
 * tree taken: names are digests, and a file that changed at the very moment in which it was read is
 * not remembered by its times.
 */
#include "rootfs-cache.h"

#include "listing.h"
#include "rootfs-image.h"
#include "sha256.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BLOCK ((size_t)256 * 1024)
#define MAP_DIGITS 16     /* of the digest of a map, in names */
#define NAME_ROOM 256     /* of a name in the cache */
#define SETTLED 100000000 /* ns: the finest clock of a file system that a change might hide in */
#define LOCK "lock"
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define BOOT_ROOM 64

struct cache {
	char *path; /* owned */
	int dir, trees, files, unpacking;
};

/* What is known of the archive; of a layout of an image, of its index.json. */
struct archive {
	const struct rootfs_source *source;
	const char *name; /* source->file */
	int fd;
	struct stat st;
	char map[MAP_DIGITS + 1];
	char file[NAME_ROOM]; /* its name in files/ */
	char key[NAME_ROOM];  /* its name in trees/, "" not known yet */
};

/* ---- directories ---- */

static void cache_close(struct cache *c)
{
	close_fd(&c->dir);
	close_fd(&c->trees);
	close_fd(&c->files);
	close_fd(&c->unpacking);
	free(c->path);
}

/* A directory of the caller's alone. Returns a descriptor, or -1 after fail(). */
static int private_dir(int dir, const char *name, const char *path)
{
	autoclose int fd = -1;
	struct stat st;

	if (mkdirat(dir, name, 0700) < 0 && errno != EEXIST)
		return fail(errno, "the cache %s", path);
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(errno, "the cache %s", path);
	if (st.st_uid != geteuid() || (st.st_mode & 0077))
		return fail(0, "the cache %s has to be the caller's, with mode 0700", path);
	return take_fd(&fd);
}

/* The directory that holds it; made if it is missing, as the specification of XDG_CACHE_HOME says.
 */
static char *parent_path(void)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	char *path = NULL;

	if (cache && cache[0] == '/')
		path = format_text("%s", cache);
	else if (home && home[0] == '/')
		path = format_text("%s/.cache", home);
	else
		(void)fail(0, "neither XDG_CACHE_HOME nor HOME says where the cache is");
	if (path && mkdir(path, 0700) < 0 && errno != EEXIST) {
		(void)fail(errno, "the cache %s", path);
		free(path);
		return NULL;
	}
	return path;
}

static int cache_open(struct cache *c)
{
	autofree char *parent = parent_path();

	*c = (struct cache){NULL, -1, -1, -1, -1};
	c->path = parent ? format_text("%s/zbox", parent) : NULL;
	if (!c->path || (c->dir = private_dir(AT_FDCWD, c->path, c->path)) < 0 ||
	    (c->trees = private_dir(c->dir, "trees", c->path)) < 0 ||
	    (c->files = private_dir(c->dir, "files", c->path)) < 0 ||
	    (c->unpacking = private_dir(c->dir, "unpacking", c->path)) < 0) {
		cache_close(c);
		return -1;
	}
	return 0;
}

/* ---- names ---- */

static void name_map(const struct sandbox *sb, const struct rootfs_source *source,
		     char name[MAP_DIGITS + 1])
{
	char hex[SHA256_HEX];
	struct sha256 s;
	uint32_t ids[2] = {geteuid(), getegid()};

	sha256_begin(&s);
	sha256_add(&s, ids, sizeof(ids));
	for (size_t i = 0; i < sb->uid_map.count; i++)
		sha256_add(&s, &sb->uid_map.lines[i], sizeof(*sb->uid_map.lines));
	sha256_add(&s, "|", 1);
	for (size_t i = 0; i < sb->gid_map.count; i++)
		sha256_add(&s, &sb->gid_map.lines[i], sizeof(*sb->gid_map.lines));
	if (source->tag) {
		sha256_add(&s, source->kind, strlen(source->kind) + 1);
		sha256_add(&s, source->tag, strlen(source->tag));
	}
	sha256_end(&s, hex);
	(void)snprintf(name, MAP_DIGITS + 1, "%.*s", MAP_DIGITS, hex);
}

static void name_file(struct archive *a)
{
	(void)snprintf(a->file, sizeof(a->file), "%llx-%llx-%llx-%llx.%lx-%llx.%lx-%s",
		       (unsigned long long)a->st.st_dev, (unsigned long long)a->st.st_ino,
		       (unsigned long long)a->st.st_size, (unsigned long long)a->st.st_mtim.tv_sec,
		       (unsigned long)a->st.st_mtim.tv_nsec,
		       (unsigned long long)a->st.st_ctim.tv_sec,
		       (unsigned long)a->st.st_ctim.tv_nsec, a->map);
}

/* what: a struct archive. */
static int name_tree(void *what)
{
	struct archive *a = what;
	autofree char *buffer = malloc(BLOCK);
	char hex[SHA256_HEX];
	struct sha256 s;
	off_t at = 0;
	ssize_t got;

	if (!buffer)
		return fail(0, "out of memory");
	sha256_begin(&s);
	while ((got = pread(a->fd, buffer, BLOCK, at)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(errno, "%s", a->name);
		sha256_add(&s, buffer, (size_t)got);
		at += got;
	}
	sha256_end(&s, hex);
	(void)snprintf(a->key, sizeof(a->key), "sha256-%s-%llx-%s", hex,
		       (unsigned long long)a->st.st_size, a->map);
	return 0;
}

/* ---- looking ---- */

static bool ends_with(const char *name, const void *end)
{
	size_t length = strlen(name), end_length = strlen(end);

	return length >= end_length && strcmp(name + length - end_length, end) == 0;
}

/* Could one of the trees, of whatever boot, be the archive's? Returns 1, 0 or -1 after fail(). */
static int may_have_tree(const struct cache *c, const struct archive *a)
{
	char end[NAME_ROOM];
	struct listing names;
	int found;

	(void)snprintf(end, sizeof(end), "-%llx-%s", (unsigned long long)a->st.st_size, a->map);
	if (listing_read(&names, c->trees, c->path, 0, ends_with, end) < 0)
		return -1;
	found = names.count > 0;
	listing_free(&names);
	return found;
}

static bool has_tree(const struct cache *c, const char *key)
{
	char path[NAME_ROOM + 8], boot[BOOT_ROOM], made[BOOT_ROOM];

	(void)snprintf(path, sizeof(path), "%s/boot", key);
	return read_file_at(c->trees, path, made, sizeof(made)) >= 0 &&
	       read_file_at(-1, BOOT_ID, boot, sizeof(boot)) >= 0 && strcmp(made, boot) == 0;
}

/* Is the file known, and its tree there? */
static bool find_file(const struct cache *c, struct archive *a)
{
	ssize_t length = readlinkat(c->files, a->file, a->key, sizeof(a->key) - 1);

	a->key[length > 0 ? length : 0] = '\0';
	if (length > 0 && !strchr(a->key, '/') && has_tree(c, a->key))
		return true;
	a->key[0] = '\0';
	return false;
}

/* A change in the same tick of the file system's clock would leave no trace in its times. */
static bool is_settled(const struct stat *st)
{
	const struct timespec *changed = &st->st_ctim;
	struct timespec now;
	int64_t age;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	age = (now.tv_sec - changed->tv_sec) * INT64_C(1000000000) + now.tv_nsec - changed->tv_nsec;
	/* a clock of whole seconds, or of two */
	return age > (changed->tv_nsec == 0 ? INT64_C(3000000000) : SETTLED);
}

/* For the next time. Without it the file is only read once more. */
static void remember_file(const struct cache *c, const struct archive *a)
{
	char name[NAME_ROOM + 16];

	(void)snprintf(name, sizeof(name), "%s.%d", a->file, (int)getpid());
	if (symlinkat(a->key, c->files, name) == 0 &&
	    renameat(c->files, name, c->files, a->file) < 0)
		(void)unlinkat(c->files, name, 0);
}

static int check_unchanged(const struct archive *a)
{
	struct stat now;

	if (fstat(a->fd, &now) < 0)
		return fail(errno, "%s", a->name);
	if (now.st_size != a->st.st_size || now.st_mtim.tv_sec != a->st.st_mtim.tv_sec ||
	    now.st_mtim.tv_nsec != a->st.st_mtim.tv_nsec ||
	    now.st_ctim.tv_sec != a->st.st_ctim.tv_sec ||
	    now.st_ctim.tv_nsec != a->st.st_ctim.tv_nsec)
		return fail(0, "%s changed while it was read", a->name);
	return 0;
}

/* ---- making ---- */

/* Opens and locks a file. Returns a descriptor that holds the lock until it is closed, or -1 with
 * errno set (EWOULDBLOCK: somebody else holds it). */
static int lock_at(int dir, const char *path, bool wait)
{
	autoclose int fd = openat(dir, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 || flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB)) < 0)
		return -1;
	return take_fd(&fd);
}

/* A directory in unpacking/ goes, with the tree in it. */
static int discard(const struct sandbox *sb, const struct cache *c, const char *name)
{
	autofree char *path = format_text("%s/unpacking/%s", c->path, name);
	char path_of[NAME_ROOM + 8];
	struct stat st;

	if (!path)
		return -1;
	(void)snprintf(path_of, sizeof(path_of), "%s/tree", name);
	if (fstatat(c->unpacking, path_of, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    rootfs_remove(sb, path) < 0)
		return -1;
	(void)snprintf(path_of, sizeof(path_of), "%s/boot", name);
	(void)unlinkat(c->unpacking, path_of, 0);
	(void)snprintf(path_of, sizeof(path_of), "%s/" IMAGE_START, name);
	(void)unlinkat(c->unpacking, path_of, 0);
	(void)snprintf(path_of, sizeof(path_of), "%s/" LOCK, name);
	(void)unlinkat(c->unpacking, path_of, 0);
	if (unlinkat(c->unpacking, name, AT_REMOVEDIR) < 0)
		return fail(errno, "%s", path);
	return 0;
}

/* What others left behind when they were killed: nobody holds its lock. What cannot be removed (it
 * was made with other ids) stays, and is tried again the next time. */
static void discard_stale(const struct sandbox *sb, const struct cache *c)
{
	int copy = openat(c->unpacking, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (!dir) {
		close_fd(&copy);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		char path[NAME_ROOM + 8];
		autoclose int lock = -1;

		if (strncmp(entry->d_name, "run-", 4) != 0)
			continue;
		(void)snprintf(path, sizeof(path), "%.*s/" LOCK, NAME_ROOM - 1, entry->d_name);
		lock = lock_at(c->unpacking, path, false);
		if (lock >= 0 && discard(sb, c, entry->d_name) < 0)
			failure_clear();
	}
	(void)closedir(dir);
}

/* A tree of another boot goes out of the way, to be removed like what is left of a kill. */
static int retire(const struct cache *c, const char *key)
{
	char name[NAME_ROOM + 8];

	(void)snprintf(name, sizeof(name), "run-%s", key);
	if (renameat(c->trees, key, c->unpacking, name) == 0 || errno == ENOENT ||
	    errno == EEXIST || errno == ENOTEMPTY)
		return 0;
	return fail(errno, "the cache %s", c->path);
}

/* Notes the boot in a directory of unpacking/. Returns 0, or -1 after fail(). */
static int note_boot(const struct cache *c, const char *name)
{
	char path[NAME_ROOM + 8], boot[BOOT_ROOM];
	autoclose int fd = -1;

	if (read_file_at(-1, BOOT_ID, boot, sizeof(boot)) < 0)
		return fail(errno, BOOT_ID);
	(void)snprintf(path, sizeof(path), "%s/boot", name);
	fd = openat(c->unpacking, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write_fd(fd, boot, strlen(boot)) < 0)
		return fail(errno, "the cache %s", c->path);
	return 0;
}

/* Makes a directory in unpacking/, whose lock is held. Returns its lock, or -1 after fail(). */
static int begin(const struct sandbox *sb, const struct cache *c, char **path)
{
	autoclose int all = lock_at(c->unpacking, LOCK, true);
	char *made = NULL, lock[PATH_MAX];
	int fd = -1;

	if (all < 0)
		return fail(errno, "the cache %s", c->path);
	discard_stale(sb, c);
	made = format_text("%s/unpacking/run-XXXXXX", c->path);
	if (made && mkdtemp(made)) {
		(void)snprintf(lock, sizeof(lock), "%s/" LOCK, made);
		fd = lock_at(AT_FDCWD, lock, false);
	}
	if (fd < 0) {
		(void)fail(errno, "the cache %s", c->path);
		free(made);
		return -1;
	}
	*path = made;
	return fd;
}

/* Without a key: it is found meanwhile. */
static int unpack(const struct sandbox *sb, const struct cache *c, struct archive *a)
{
	const struct rootfs_meanwhile digest = {name_tree, a};
	autofree char *path = NULL;
	autoclose int lock = begin(sb, c, &path);
	const char *name;
	struct failure first;

	if (lock < 0 || !path)
		return -1;
	name = path + strlen(c->path) + strlen("/unpacking/");
	if (rootfs_unpack(sb, path, a->fd, (uint64_t)a->st.st_size, a->source,
			  a->key[0] ? NULL : &digest) == 0 &&
	    check_unchanged(a) == 0) {
		if (note_boot(c, name) == 0 && renameat(c->unpacking, name, c->trees, a->key) == 0)
			return 0;
		if (!failure_get() && (errno == EEXIST || errno == ENOTEMPTY))
			return discard(sb, c, name); /* somebody else was faster */
		(void)fail(errno, "the cache %s", c->path);
	}
	/* why it failed is what counts, not what the cleaning up says */
	first = *failure_get();
	failure_clear();
	(void)!discard(sb, c, name);
	failure_clear();
	failure_adopt(&first);
	return -1;
}

static int find_tree(const struct sandbox *sb, const struct cache *c, struct archive *a)
{
	bool settled;
	int known;

	name_file(a);
	if (find_file(c, a) || sb->print != PRINT_NOTHING)
		return 0;
	settled = is_settled(&a->st);
	known = may_have_tree(c, a);
	if (known < 0 || (known && (name_tree(a) < 0 || check_unchanged(a) < 0)))
		return -1;
	known = known && has_tree(c, a->key);
	if (!known && ((a->key[0] && retire(c, a->key) < 0) || unpack(sb, c, a) < 0))
		return -1;
	if (settled)
		remember_file(c, a);
	return 0;
}

int rootfs_cached(struct sandbox *sb, const struct rootfs_source *source, const char **tree)
{
	struct archive a = {.source = source,
			    .name = source->file,
			    .fd = open(source->file, O_RDONLY | O_CLOEXEC | O_NOCTTY)};
	autoclose int fd = a.fd;
	struct cache c;
	int result = 0;

	if (fd < 0 || fstat(fd, &a.st) < 0)
		return fail(errno, "--%s %s", source->tag ? "oci" : "rootfs", source->file);
	name_map(sb, source, a.map);
	if (cache_open(&c) < 0)
		return -1;
	result = find_tree(sb, &c, &a);
	*tree = NULL;
	if (result == 0 && a.key[0]) {
		*tree = sandbox_own(sb, format_text("%s/trees/%s/tree", c.path, a.key));
		result = *tree ? 0 : -1;
	}
	cache_close(&c);
	return result;
}
