/*
 * try-places.c - which directories get an overlay for --try.
 *
 *   --try=DIR   DIR
 *   --try       the whole host read-only, and an overlay on each topmost directory that the caller
 *               may write in
 *
 * What is mounted below a directory cannot be uncovered in a user namespace, and so the kernel
 * takes no directory with mounts below as a layer (mount_namespaces(7), locked mounts). Such a one
 * is read-only itself, and the directories in it are looked at by themselves.
 *
 * An overlay in a user namespace can only change files whose owner is mapped (Linux 6.2,
 * CVE-2023-0386), and that goes for the directories above a file too. So one overlay on "/" would
 * let an ordinary user change nothing; his own directories have to be the tops of overlays. They
 * are found by a walk over the directories that he cannot write in.
 *
 * What an attacker would try, who owns some of the directories: links (none is followed), trees
 * without end (what he may not write in is not his; and the walk is bounded, and says so).
 */
#include "try.h"

#include "mountinfo.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIRECTORIES_MAX 1000000
#define DEPTH_MAX 64
#define OPTIONS "redirect_dir=nofollow,metacopy=off,index=off,xino=off"

/* File systems that are windows into the kernel, or that no overlay takes as its lower layer. */
static const char *const left_out[] = {
	"autofs",     "binfmt_misc", "bpf",       "cgroup",   "cgroup2", "configfs",
	"debugfs",    "devpts",      "devtmpfs",  "efivarfs", "exfat",   "fusectl",
	"hugetlbfs",  "mqueue",      "nsfs",      "ntfs3",    "proc",    "pstore",
	"rpc_pipefs", "securityfs",  "selinuxfs", "sysfs",    "tracefs", "vfat",
};

/* Directories of the host that the base makes anew, or that no file is kept in. */
static const char *const not_walked[] = {"/proc", "/sys", "/dev", "/run"};

struct search {
	struct sandbox *sb;
	struct store *s;
	const struct mount *from;
	size_t directories;
	struct mountinfo *mounted; /* owned; points into text */
	size_t mounted_count;
	char *text; /* of mountinfo; owned */
};

static const char *own(struct sandbox *sb, char *text)
{
	return text ? sandbox_own(sb, text) : NULL;
}

static int add_readonly(struct search *k, const char *path)
{
	const char *text = own(k->sb, format_text("%s", path));
	struct mount *m = text ? sandbox_mount(k->sb, MOUNT_BIND, text) : NULL;

	if (!m)
		return -1;
	m->source = text;
	m->flags = MOUNT_READONLY;
	m->origin = k->from->origin;
	return 0;
}

static int add_overlay(struct search *k, const char *path)
{
	const char *text = own(k->sb, format_text("%s", path));
	struct mount *m = text ? sandbox_mount(k->sb, MOUNT_OVERLAY, text) : NULL;
	size_t number = k->s->root_count;
	const char *place = k->s->path ? k->s->path : "(made at the start)";

	if (!m)
		return -1;
	m->origin = k->from->origin;
	m->flags = MOUNT_CHANGES;
	m->options = OPTIONS;
	m->source = own(k->sb, format_text("%s/%zu/upper", place, number));
	m->work = own(k->sb, format_text("%s/%zu/work", place, number));
	m->layers = calloc(1, sizeof(*m->layers));
	if (!m->source || !m->work)
		return -1;
	if (!m->layers)
		return fail(0, "out of memory");
	m->layers[0] = text;
	m->layer_count = 1;
	if (!k->s->path) { /* the plan is only printed */
		k->s->root_count++;
		return 0;
	}
	return store_add_root(k->s, path);
}

/* ---- mounts below ---- */

static bool is_left_out(const char *type)
{
	for (size_t i = 0; i < COUNT(left_out); i++)
		if (strcmp(type, left_out[i]) == 0)
			return true;
	return false;
}

static bool is_not_walked(const char *path)
{
	for (size_t i = 0; i < COUNT(not_walked); i++) {
		size_t length = strlen(not_walked[i]);

		if (strncmp(path, not_walked[i], length) == 0 &&
		    (path[length] == '/' || path[length] == '\0'))
			return true;
	}
	return false;
}

static bool is_below(const char *path, const char *top)
{
	size_t length = strcmp(top, "/") == 0 ? 0 : strlen(top);

	return strncmp(path, top, length) == 0 && path[length] == '/' && path[length + 1] != '\0';
}

static int read_mounts(struct search *k)
{
	struct mountinfo at;
	char *rest;
	int found;

	k->text = mountinfo_read(-1);
	if (!k->text)
		return -1;
	rest = k->text;
	while ((found = mountinfo_next(&rest, &at)) > 0) {
		struct mountinfo *m = array_add(&k->mounted, &k->mounted_count, sizeof(*m));

		if (!m)
			return -1;
		*m = at;
	}
	return found;
}

static bool has_mounts_below(const struct search *k, const char *top)
{
	for (size_t i = 0; i < k->mounted_count; i++)
		if (is_below(k->mounted[i].point, top))
			return true;
	return false;
}

/* Of what is mounted on the path itself, the last one counts. */
static bool can_be_layer(const struct search *k, const char *path)
{
	for (size_t i = k->mounted_count; i-- > 0;)
		if (strcmp(k->mounted[i].point, path) == 0)
			return !is_left_out(k->mounted[i].type);
	return true;
}

/* ---- what the caller may write in ---- */

static int walk(struct search *k, int dir, const char *path, unsigned depth);

static int walk_entry(struct search *k, int dir, const char *path, const struct dirent *entry,
		      unsigned depth)
{
	autofree char *below = NULL;
	autoclose int fd = -1;

	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
	    (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN))
		return 0;
	below = format_text("%s/%s", strcmp(path, "/") == 0 ? "" : path, entry->d_name);
	if (!below)
		return -1;
	if (is_not_walked(below))
		return 0;
	fd = openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* what may be written but not read is not found either */
	if (fd < 0)
		return 0;
	if (!can_be_layer(k, below))
		return 0;
	if (faccessat(fd, ".", W_OK | X_OK, 0) == 0 && !has_mounts_below(k, below))
		return add_overlay(k, below);
	return walk(k, fd, below, depth - 1);
}

static int walk(struct search *k, int dir, const char *path, unsigned depth)
{
	int fd, result = 0;
	const struct dirent *entry;
	DIR *stream;

	if (depth == 0)
		return 0;
	if (++k->directories > DIRECTORIES_MAX)
		return fail(0,
			    "--try: there are too many directories to find those that you may "
			    "write in: name them, as in --try=%s",
			    path);
	fd = fcntl(dir, F_DUPFD_CLOEXEC, 3);
	stream = fd < 0 ? NULL : fdopendir(fd);
	if (!stream) {
		close_fd(&fd);
		return fail(errno, "%s", path);
	}
	while (result == 0 && (entry = readdir(stream)) != NULL)
		result = walk_entry(k, dir, path, entry, depth);
	(void)closedir(stream);
	return result;
}

/* The directory itself, or what can be had of it. */
static int add_top(struct search *k, const char *path)
{
	autoclose int dir = -1;

	if (k->from->source && !has_mounts_below(k, path))
		return add_overlay(k, path);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail(errno, "--try %s", path);
	return add_readonly(k, path) < 0 ? -1 : walk(k, dir, path, DEPTH_MAX);
}

int try_expand(struct sandbox *sb, struct store *s, const struct mount *m)
{
	struct search k = {.sb = sb, .s = s, .from = m};
	autofree char *path = realpath(m->source ? m->source : "/", NULL);
	int result;

	if (!path)
		return fail(errno, "--try %s", m->source ? m->source : "/");
	result = read_mounts(&k);
	if (result == 0)
		result = add_top(&k, path);
	free(k.mounted);
	free(k.text);
	return result;
}
