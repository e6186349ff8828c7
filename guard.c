/*
 * guard.c - names that have to stay what they were when the sandbox was made.
 *
 * A mount lies on one file, not on a name. When the host removes that file, or renames another over
 * it as editors do, the kernel takes the mount away in every namespace, and what is there now is in
 * sight. And a name that is not there has nothing to mount on: without leaving an empty file on the
 * host it cannot be kept free. So PID 1 watches the directories of such names (inotify(7)) and
 * looks at the names whenever anything changes there; when one is not what it was, the sandbox
 * ends.
 *
 * What an attacker would try: to be quicker. Between the change and the end lies the time that PID
 * 1 needs to wake up, and the manual says so; what he can do himself (rename, remove, exchange) the
 * mounts on the name and on its parents refuse, so he has to wait for the host. To flood the queue:
 * no event is counted or believed, each wake-up looks at all names, and an overflow wakes as well.
 * To make another file with the number of the old one: that is held open, so that its number is
 * not given away. To use the descriptors: PID 1 is not dumpable. A command with capabilities lives
 * in a copy of the mounts, from which the kernel takes a mount away as it does from the ones that
 * are looked at here. What he made under a name that was to stay free is still there afterwards,
 * and the message names it.
 */
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define CHANGES (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR)

static int watch(struct guard *g, int dir, const char *path)
{
	char link[FD_PATH];

	if (g->inotify < 0)
		g->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (g->inotify < 0 || inotify_add_watch(g->inotify, fd_path(link, dir), CHANGES) < 0)
		return fail(errno, "%s cannot be watched", path);
	return 0;
}

static int name_check(const struct guard_name *n)
{
	struct stat st;

	if (fstatat(n->dir, n->name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0) {
		if (n->absent && (errno == ENOENT || errno == ENOTDIR))
			return 0;
		return fail(errno, "%s is not what it was, so the sandbox was ended", n->path);
	}
	if (n->absent)
		return fail(0,
			    "%s was made although it was to stay away, so the sandbox was ended; "
			    "look at it before you use it",
			    n->path);
	if (st.st_dev == n->dev && st.st_ino == n->ino)
		return 0;
	return fail(0, "%s was replaced and is not covered any more, so the sandbox was ended",
		    n->path);
}

int guard_add(struct guard *g, int dir, const char *name, const struct stat *expected,
	      const char *path)
{
	struct guard_name *n;

	if (watch(g, dir, path) < 0)
		return -1;
	n = array_add(&g->names, &g->count, sizeof(*n));
	if (!n)
		return -1;
	n->absent = !expected;
	n->dev = expected ? expected->st_dev : 0;
	n->ino = expected ? expected->st_ino : 0;
	n->held = expected ? openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1;
	n->dir = fcntl(dir, F_DUPFD_CLOEXEC, 3);
	if (n->dir < 0 || (expected && n->held < 0))
		return fail(errno, "%s", path);
	n->name = format_text("%s", name);
	n->path = format_text("%s", path);
	return n->name && n->path ? name_check(n) : -1;
}

int guard_hold_mounts(struct guard *g, int proc)
{
	if (g->count == 0)
		return 0;
	g->mounts = openat(proc, "self/ns/mnt", O_RDONLY | O_CLOEXEC);
	return g->mounts < 0 ? fail(errno, "/proc/self/ns/mnt") : 0;
}

int guard_check(struct guard *g)
{
	char events[4096];

	while (read(g->inotify, events, sizeof(events)) > 0)
		;
	failure_step("mask");
	for (size_t i = 0; i < g->count; i++)
		if (name_check(&g->names[i]) < 0)
			return -1;
	return 0;
}

size_t guard_descriptors(const struct guard *g, int *keep)
{
	for (size_t i = 0; i < g->count; i++)
		keep[i] = g->names[i].dir;
	for (size_t i = 0; i < g->count; i++)
		keep[g->count + i] = g->names[i].held;
	keep[2 * g->count] = g->inotify;
	keep[2 * g->count + 1] = g->mounts;
	return 2 * g->count + 2;
}

void guard_free(struct guard *g)
{
	for (size_t i = 0; i < g->count; i++) {
		close_fd(&g->names[i].dir);
		close_fd(&g->names[i].held);
		free(g->names[i].name);
		free(g->names[i].path);
	}
	free(g->names);
	close_fd(&g->inotify);
	close_fd(&g->mounts);
	*g = (struct guard)GUARD_NONE;
}
