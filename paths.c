/*
 * paths.c - walking and making paths inside the new root, by descriptor.
 *
 * An attacker owns a directory that is bound into the root and has put links there, or exchanges
 * its parts while we walk. Every name is therefore resolved with the new root as the root, by the
 * kernel in one call where it can (openat2 with RESOLVE_IN_ROOT: absolute links and ".." end at the
 * root; RESOLVE_NO_MAGICLINKS: no jump through /proc/self/fd), and elsewhere by a walk that opens
 * one part after the other with O_NOFOLLOW and keeps the chain of directories open, so that ".."
 * goes back to where we came from and not to where the directory was moved in the meantime. What is
 * made is made with *at calls on such a descriptor (CVE-2026-87766 was a mkdir by path name).
 *
 * Directories are opened with O_PATH, so that search permission is enough (mode 0711).
 */
#include "paths.h"

#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40   /* as the kernel's MAXSYMLINKS */
#define WALK_DEPTH 512 /* descriptors of a chain; deeper trees are refused */
#define RACE_TRIES 64  /* openat2 says EAGAIN when a rename anywhere might have mattered */

/* ---- the walk, for kernels without openat2 ---- */

struct walk {
	int chain[WALK_DEPTH]; /* [0] is a duplicate of the root */
	size_t depth;
	unsigned links;
	char *rest; /* what is still to be walked; owned */
};

static void walk_close(struct walk *w)
{
	while (w->depth > 0)
		close_fd(&w->chain[--w->depth]);
	free(w->rest);
}

/* Puts the text of the link fd in front of the rest of the path. */
static int walk_link(struct walk *w, int fd, const char *after)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(fd, "", target, sizeof(target));
	char *joined;

	if (length < 0)
		return -1;
	if (length == 0 || (size_t)length == sizeof(target) || ++w->links > LINKS_MAX) {
		errno = ELOOP;
		return -1;
	}
	joined = malloc((size_t)length + strlen(after) + 1);
	if (!joined)
		return -1;
	memcpy(joined, target, (size_t)length);
	memcpy(joined + length, after, strlen(after) + 1); /* nothing, or a slash comes first */
	free(w->rest);
	w->rest = joined;
	while (target[0] == '/' && w->depth > 1)
		close_fd(&w->chain[--w->depth]);
	return 0;
}

/* One part of the path; *rest is what follows it. */
static int walk_part(struct walk *w, const char *part, const char *after, bool follow)
{
	struct stat st;
	int fd;

	if (strcmp(part, ".") == 0 || strcmp(part, "..") == 0) {
		if (fstat(w->chain[w->depth - 1], &st) < 0)
			return -1;
		if (!S_ISDIR(st.st_mode)) {
			errno = ENOTDIR;
			return -1;
		}
		if (part[1] == '.' && w->depth > 1)
			close_fd(&w->chain[--w->depth]);
		return 0;
	}
	if (w->depth == WALK_DEPTH) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = openat(w->chain[w->depth - 1], part, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0) {
		close_fd(&fd);
		return -1;
	}
	if (S_ISLNK(st.st_mode) && follow) {
		int result = walk_link(w, fd, after);

		close_fd(&fd);
		return result < 0 ? -1 : 1;
	}
	w->chain[w->depth++] = fd;
	return 0;
}

static int walk_all(struct walk *w, int flags)
{
	char *next = w->rest;

	for (;;) {
		char part[NAME_MAX + 1];
		size_t length;
		bool last;
		int moved;

		next += strspn(next, "/");
		length = strcspn(next, "/");
		if (length == 0)
			return 0;
		if (length > NAME_MAX) {
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(part, next, length);
		part[length] = '\0';
		next += length;
		last = next[strspn(next, "/")] == '\0';
		moved = walk_part(w, part, next, !last || !(flags & O_NOFOLLOW) || *next == '/');
		if (moved < 0)
			return -1;
		if (moved > 0)
			next = w->rest;
	}
}

static int path_walk(int root, const char *path, int flags)
{
	struct walk *w = calloc(1, sizeof(*w));
	int fd = -1;

	if (!w)
		return -1;
	w->rest = strdup(path);
	w->chain[0] = fcntl(root, F_DUPFD_CLOEXEC, 3);
	if (w->chain[0] >= 0)
		w->depth = 1;
	if (w->rest && w->depth == 1 && walk_all(w, flags) == 0) {
		const size_t length = strlen(w->rest);
		bool slash = length > 0 && w->rest[length - 1] == '/';
		struct stat st;

		fd = w->chain[--w->depth];
		if ((slash || (flags & O_DIRECTORY)) && fstat(fd, &st) == 0 &&
		    !S_ISDIR(st.st_mode)) {
			close_fd(&fd);
			errno = ENOTDIR;
		}
	}
	walk_close(w);
	free(w);
	return fd;
}

int path_open(const struct root *root, const char *path, int flags)
{
	const uint64_t resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;

	for (int tries = 0; tries < RACE_TRIES; tries++) {
		int fd = kernel_openat2(root->fd, path[0] ? path : "/",
					(uint64_t)(O_PATH | O_CLOEXEC | flags), resolve);

		if (fd >= 0)
			return fd;
		/* EPERM: an old container filter that does not know the call; O_PATH cannot say it
		 */
		if (errno == ENOSYS || errno == EPERM)
			break;
		if (errno != EAGAIN)
			return -1;
	}
	return path_walk(root->fd, path, flags);
}

/* ---- making ---- */

struct maker {
	const struct root *root;
	const struct path_request *request;
	char *path; /* cut and restored while parents are made; owned */
	unsigned links;
	bool made;
};

bool root_is_own(const struct root *root, dev_t dev)
{
	for (size_t i = 0; i < root->own_count; i++)
		if (root->own[i] == dev)
			return true;
	return false;
}

/* Nothing may be left on the host that was not asked for. */
static int making_allowed(const struct maker *m, int dir, const char *name)
{
	struct stat st;

	if (m->request->on_host || m->root->make_on_host)
		return 0;
	if (fstat(dir, &st) < 0)
		return fail(errno, "%s", m->path);
	if (root_is_own(m->root, st.st_dev))
		return 0;
	return fail(0, "%s does not exist: %s would have to be made in a directory of the host",
		    m->request->path, name);
}

static int make_open(struct maker *m, size_t length, enum path_kind kind, mode_t mode);

/* A link that leads nowhere: goes on at its target, inside the root. */
static int make_target(struct maker *m, int dir, size_t start, enum path_kind kind, mode_t mode)
{
	char target[PATH_MAX], *joined;
	char *name = m->path + start;
	ssize_t got = readlinkat(dir, name, target, sizeof(target) - 1);
	struct maker next = *m;
	int fd;

	if (got < 0)
		return fail(errno, "%s", m->request->path);
	if (++next.links > LINKS_MAX)
		return fail(ELOOP, "%s", m->request->path);
	target[got] = '\0';
	joined = target[0] == '/' ? format_text("%s", target)
				  : format_text("%.*s/%s", (int)start, m->path, target);
	if (!joined)
		return -1;
	next.path = joined;
	fd = make_open(&next, strlen(joined), kind, mode);
	m->made = next.made;
	free(joined);
	return fd;
}

/* Makes in dir what the path, cut behind it, has from start on. */
static int make_part(struct maker *m, int dir, size_t start, enum path_kind kind, mode_t mode)
{
	char *name = m->path + start;
	int fd = -1;

	if (making_allowed(m, dir, name) < 0)
		return -1;
	if (kind == PATH_DIRECTORY) {
		if (mkdirat(dir, name, mode) == 0)
			fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
	} else {
		fd = openat(dir, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOCTTY, mode);
	}
	if (fd >= 0) {
		m->made = true;
		return fd;
	}
	if (errno == EEXIST)
		return make_target(m, dir, start, kind, mode);
	return fail(errno, kind == PATH_DIRECTORY ? "Can't mkdir %s" : "Can't create file at %s",
		    m->request->path);
}

/* Opens the first length bytes of the path, making what is missing. */
static int make_open(struct maker *m, size_t length, enum path_kind kind, mode_t mode)
{
	char *path = m->path;
	char saved;
	size_t start;
	int fd;

	while (length > 0 && path[length - 1] == '/')
		length--;
	saved = path[length];
	path[length] = '\0';
	fd = path_open(m->root, path, 0);
	if (fd >= 0 || errno != ENOENT) {
		if (fd < 0)
			(void)fail(errno, "%s", m->request->path);
		path[length] = saved;
		return fd;
	}
	for (start = length; start > 0 && path[start - 1] != '/'; start--)
		;
	{
		autoclose int dir = make_open(m, start, PATH_DIRECTORY, m->request->parents);

		if (dir < 0)
			fd = -1;
		else if (strcmp(path + start, ".") == 0 || strcmp(path + start, "..") == 0)
			fd = path_open(m->root, path, 0);
		else
			fd = make_part(m, dir, start, kind, mode);
	}
	path[length] = saved;
	return fd;
}

int path_make(const struct root *root, const struct path_request *request, bool *made)
{
	struct maker m = {.root = root, .request = request};
	int fd;

	m.path = strdup(request->path);
	if (!m.path)
		return fail(0, "out of memory");
	fd = make_open(&m, strlen(m.path), request->kind, request->mode);
	if (made)
		*made = m.made;
	free(m.path);
	return fd;
}

int path_parent(const struct root *root, const struct path_request *request, char **last)
{
	struct maker m = {.root = root, .request = request};
	size_t length, start;
	char *name;
	int fd;

	m.path = strdup(request->path);
	if (!m.path)
		return fail(0, "out of memory");
	length = strlen(m.path);
	while (length > 0 && m.path[length - 1] == '/')
		m.path[--length] = '\0';
	for (start = length; start > 0 && m.path[start - 1] != '/'; start--)
		;
	name = strdup(m.path + start);
	fd = name ? make_open(&m, start, PATH_DIRECTORY, request->parents)
		  : fail(0, "out of memory");
	free(m.path);
	if (fd < 0)
		free(name);
	else
		*last = name;
	return fd;
}

/* ---- file systems of our own ---- */

int root_owns(struct root *root, int fd)
{
	struct stat st;
	dev_t *dev;

	if (fstat(fd, &st) < 0)
		return fail(errno, "the new root");
	dev = array_add(&root->own, &root->own_count, sizeof(*dev));
	if (!dev)
		return -1;
	*dev = st.st_dev;
	return 0;
}

void root_free(struct root *root)
{
	close_fd(&root->fd);
	free(root->own);
	root->own = NULL;
	root->own_count = 0;
}
