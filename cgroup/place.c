/*
 * place.c - where a control group for the sandbox can be made.
 *
 *   --cgroup PATH   a directory that was prepared for it
 *   its own         the group in which zbox is, or one above it, where that was delegated to the
 *                   caller: systemd marks such a directory (user.delegate); where systemd does not
 *                   run, one that the caller can write to
 *   a scope         else systemd is asked for one (scope.c)
 *
 * Only version 2 counts, because a tree of version 1 cannot be given to an ordinary user. A group
 * that has controllers for others below it must hold no process itself, so a place is one that is
 * empty but for zbox, which then moves below. What systemd did not mark is systemd's, even if the
 * caller could write to it: it would take away what it finds there.
 *
 * An attacker inside has no part in this. Files of the caller's own (XDG_RUNTIME_DIR, PATH) can at
 * worst lead to a group of the caller's own.
 */
#include "cgroup/place.h"

#include "cgroup/limits.h"
#include "cgroup/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#define TREE "/sys/fs/cgroup"
#define HYBRID TREE "/unified"
#define SYSTEMD "/run/systemd/system" /* there while systemd manages this machine */

void cgroup_place_free(struct cgroup_place *place)
{
	close_fd(&place->dir);
	free(place->path);
	*place = (struct cgroup_place)CGROUP_PLACE_NONE;
}

/* ---- the tree ---- */

static bool is_version_2(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

/* Returns the top of the tree of version 2, or NULL after fail(). */
static const char *find_tree(unsigned controllers)
{
	char text[CONTROLLERS_TEXT];
	autoclose int dir = -1;

	if (is_version_2(TREE))
		return TREE;
	if (is_version_2(HYBRID)) {
		dir = open(HYBRID, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		controllers &= ~cgroup_controllers(dir, "cgroup.controllers");
		if (controllers == 0)
			return HYBRID;
		(void)fail(0,
			   "limits need control groups of version 2, and this system is hybrid: %s "
			   "has no %s, version 1 has",
			   HYBRID, cgroup_controllers_print(text, controllers, ""));
	} else if (access(TREE "/memory", F_OK) == 0 || access(TREE "/cpu", F_OK) == 0 ||
		   access(TREE "/systemd", F_OK) == 0) {
		(void)fail(0,
			   "limits need control groups of version 2, and this system has version "
			   "1 only");
	} else {
		(void)fail(0, "limits need control groups of version 2, and none are mounted at %s",
			   TREE);
	}
	return NULL;
}

/* Where this process is, relative to the top of version 2: "/..." in text. Returns 0, or -1 after
 * fail(). */
static int read_own(char *text, size_t size)
{
	ssize_t length = read_file_at(-1, "/proc/self/cgroup", text, size);
	char *line = text;

	if (length < 0)
		return fail(errno, "/proc/self/cgroup");
	while (line && strncmp(line, "0::/", 4) != 0) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (!line)
		return fail(0, "/proc/self/cgroup names no group of version 2");
	line += 3;
	line[strcspn(line, "\n")] = '\0';
	memmove(text, line, strlen(line) + 1);
	/* above the root of our own control group namespace, or removed */
	if (strncmp(text, "/..", 3) == 0 || strstr(text, " (deleted)"))
		return fail(0, "zbox is in a control group that cannot be seen here: %s", text);
	return 0;
}

/* ---- the group that zbox is in ---- */

static bool is_marked(const char *path)
{
	static const char *const names[] = {"user.delegate", "trusted.delegate"};
	char value[2];

	for (size_t i = 0; i < COUNT(names); i++)
		if (getxattr(path, names[i], value, sizeof(value)) == 1 && value[0] == '1')
			return true;
	return false;
}

/* What systemd made, rather than somebody below: the manager of a user has a mark too, but what is
 * in it is the manager's. */
static bool is_unit(const char *path)
{
	static const char *const ends[] = {".service", ".scope", ".slice"};
	size_t length = strlen(path);

	for (size_t i = 0; i < COUNT(ends); i++)
		if (length > strlen(ends[i]) &&
		    strcmp(path + length - strlen(ends[i]), ends[i]) == 0)
			return true;
	return false;
}

static bool is_writable(int dir)
{
	return faccessat(dir, ".", W_OK, 0) == 0 && faccessat(dir, "cgroup.procs", W_OK, 0) == 0 &&
	       faccessat(dir, "cgroup.subtree_control", W_OK, 0) == 0;
}

/* Whether nobody is in the group; or nobody but this process, then *own is set. */
static bool is_empty(int dir, bool *own)
{
	char text[32], self[32];

	if (read_file_at(dir, "cgroup.procs", text, sizeof(text)) < 0)
		return false;
	(void)snprintf(self, sizeof(self), "%d", (int)getpid());
	*own = strcmp(text, self) == 0;
	return text[0] == '\0' || *own;
}

/* Can it be divided? The top of the whole machine's tree may hold processes beside. */
static bool can_divide(int dir, unsigned controllers, bool *own)
{
	*own = false;
	if (!is_writable(dir) || (controllers & ~cgroup_controllers(dir, "cgroup.controllers")))
		return false;
	return faccessat(dir, "cgroup.type", F_OK, 0) < 0 || is_empty(dir, own);
}

/* From the group that this process is in upwards. With systemd the unit in which that is comes
 * last, and has to be marked. Returns whether there is such a place. */
static bool find_own(const char *tree, const char *own, unsigned controllers,
		     struct cgroup_place *place)
{
	bool systemd = access(SYSTEMD, F_OK) == 0, allowed = !systemd;
	struct cgroup_place found = CGROUP_PLACE_NONE;
	autofree char *path = format_text("%s%s", tree, strcmp(own, "/") == 0 ? "" : own);

	while (path && strlen(path) >= strlen(tree)) {
		autoclose int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		bool empty_but_us = false;

		if (dir < 0 || !is_writable(dir))
			break;
		if (found.dir < 0 && can_divide(dir, controllers, &empty_but_us)) {
			found.path = format_text("%s", path);
			found.dir = take_fd(&dir);
			found.own = empty_but_us;
		}
		if (systemd)
			allowed = is_marked(path);
		if (systemd ? allowed || is_unit(path) : found.dir >= 0)
			break;
		*strrchr(path, '/') = '\0';
	}
	if (!allowed || !found.path) {
		cgroup_place_free(&found);
		return false;
	}
	*place = found;
	return true;
}

/* ---- the three ways ---- */

static int find_named(const struct sandbox *sb, struct cgroup_place *place)
{
	autoclose int dir = open(sb->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (dir < 0 || fstatfs(dir, &fs) < 0)
		return fail(errno, "--cgroup %s", sb->cgroup);
	if (fs.f_type != CGROUP2_SUPER_MAGIC)
		return fail(0, "--cgroup %s: this is no control group of version 2", sb->cgroup);
	if (!is_writable(dir))
		return fail(EACCES, "--cgroup %s", sb->cgroup);
	place->path = format_text("%s", sb->cgroup);
	if (!place->path)
		return -1;
	place->dir = take_fd(&dir);
	return 0;
}

static int find_scope(const char *tree, char *own, size_t size, struct cgroup_place *place)
{
	char unit[SCOPE_NAME];

	if (scope_enter(unit) < 0 || read_own(own, size) < 0)
		return -1;
	if (!strrchr(own, '/') || strcmp(strrchr(own, '/') + 1, unit) != 0)
		return fail(0, "systemd made %s, and zbox is in %s", unit, own);
	place->path = format_text("%s%s", tree, own);
	if (!place->path)
		return -1;
	place->dir = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (place->dir < 0)
		return fail(errno, "%s", place->path);
	place->own = place->collected = true;
	return 0;
}

int cgroup_place_find(const struct sandbox *sb, unsigned controllers, struct cgroup_place *place)
{
	char own[4096];
	const char *tree;

	if (sb->cgroup)
		return find_named(sb, place);
	tree = find_tree(controllers);
	if (!tree || read_own(own, sizeof(own)) < 0)
		return -1;
	if (find_own(tree, own, controllers, place))
		return 0;
	if (access(SYSTEMD, F_OK) < 0)
		return fail(0,
			    "no control group was delegated: %s%s is not this user's alone, and "
			    "there is no systemd to ask for another",
			    tree, own);
	return find_scope(tree, own, sizeof(own), place);
}
