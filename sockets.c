/*
 * sockets.c - unix sockets that a bound directory would bring in, for --explain.
 *
 * A socket in a bound directory is a door to a process outside: the session bus, docker.sock, an
 * ssh agent. Binding it read-only does not close it. Who reads the plan should see them.
 *
 * Level by level, so that the bound on entries cuts off what is deep rather than what is late in
 * the alphabet. What an attacker would try, in a directory that the caller binds: a link out of it
 * (no link is followed), a FIFO that blocks (only directories are opened), a tree without end
 * (depth and entries are bounded), a file system that hangs (nothing can be done; --explain is run
 * by a person).
 */
#include "sockets.h"

#include "plan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The walk through the source of one bind. */
struct search {
	const struct sandbox *sb;
	size_t mount; /* its index */
	char dest[PATH_MAX];
	char **queue; /* directories to read, relative to the source, "" first; owned */
	size_t queued;
	size_t entries;
	struct socket_list *list;
};

/* Does a later operation put something else there? */
static bool is_covered(const struct search *s, const char *inside)
{
	char dest[PATH_MAX];

	for (size_t i = s->mount + 1; i < s->sb->mount_count; i++) {
		const struct mount *m = &s->sb->mounts[i];

		if (plan_puts(m) && m->kind != MOUNT_DIR && plan_normalise(m->dest, dest) &&
		    plan_is_below(inside, dest))
			return true;
	}
	return false;
}

static int found(struct search *s, const char *inside)
{
	char **slot;

	if (s->list->count >= SOCKETS_FOUND) {
		s->list->complete = false;
		return 0;
	}
	slot = array_add(&s->list->paths, &s->list->count, sizeof(*slot));
	if (!slot)
		return -1;
	*slot = format_text("%s", inside);
	if (!*slot)
		s->list->count--;
	return *slot ? 0 : -1;
}

static int enqueue(struct search *s, const char *path)
{
	char **slot = array_add(&s->queue, &s->queued, sizeof(*slot));

	if (!slot)
		return -1;
	*slot = format_text("%s", path);
	return *slot ? 0 : -1;
}

/* One entry of the directory path, which is depth levels down. */
static int look_at(struct search *s, DIR *dir, const struct dirent *entry, const char *path,
		   unsigned depth)
{
	unsigned char type = entry->d_type;
	char below[PATH_MAX], inside[2 * PATH_MAX];
	struct stat st;

	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
		return 0;
	if (type == DT_UNKNOWN && fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		type = S_ISDIR(st.st_mode) ? DT_DIR : S_ISSOCK(st.st_mode) ? DT_SOCK : DT_REG;
	if (type != DT_DIR && type != DT_SOCK)
		return 0;
	if (snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) >= (int)sizeof(below))
		return 0;
	(void)snprintf(inside, sizeof(inside), "%s%s", strcmp(s->dest, "/") == 0 ? "" : s->dest,
		       below);
	if (is_covered(s, inside))
		return 0;
	if (type == DT_SOCK)
		return found(s, inside);
	if (depth < SOCKETS_DEPTH)
		return enqueue(s, below);
	s->list->complete = false;
	return 0;
}

static unsigned depth_of(const char *path)
{
	unsigned depth = 1;

	for (; *path; path++)
		depth += *path == '/';
	return depth;
}

static int read_directory(struct search *s, int root, const char *path)
{
	autoclose int fd = openat(root, *path ? path + 1 : ".",
				  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int result = 0;

	if (!dir) {
		s->list->complete = false;
		return 0;
	}
	fd = -1; /* the stream owns it now */
	while (result == 0 && (entry = readdir(dir)) != NULL) {
		if (s->entries++ >= SOCKETS_ENTRIES) {
			s->list->complete = false;
			break;
		}
		result = look_at(s, dir, entry, path, depth_of(path));
	}
	(void)closedir(dir);
	return result;
}

/* The source is a directory that is open as root. */
static int search_tree(struct search *s, int root)
{
	int result = enqueue(s, "");

	/* the queue grows meanwhile: its strings stay where they are, the array does not */
	for (size_t i = 0; result == 0 && i < s->queued && s->entries <= SOCKETS_ENTRIES; i++)
		result = read_directory(s, root, s->queue[i]);
	for (size_t i = 0; i < s->queued; i++)
		free(s->queue[i]);
	free(s->queue);
	return result;
}

static int search_mount(const struct sandbox *sb, size_t i, struct socket_list *list)
{
	const struct mount *m = &sb->mounts[i];
	struct search s = {.sb = sb, .mount = i, .list = list};
	autoclose int root = -1;
	struct stat st;

	if (!plan_normalise(m->dest, s.dest) || is_covered(&s, s.dest))
		return 0;
	/* O_PATH first: the source may be a FIFO or a device */
	root = m->kind == MOUNT_BIND_FD ? fcntl(m->fd, F_DUPFD_CLOEXEC, 3)
					: open(m->source, O_PATH | O_CLOEXEC);
	if (root < 0 || fstat(root, &st) < 0)
		return 0; /* a source that is missing is reported when it is mounted */
	if (S_ISSOCK(st.st_mode))
		return found(&s, s.dest);
	return S_ISDIR(st.st_mode) ? search_tree(&s, root) : 0;
}

int sockets_find(const struct sandbox *sb, struct socket_list *list)
{
	*list = (struct socket_list){.complete = true};
	for (size_t i = 0; i < sb->mount_count; i++)
		if ((sb->mounts[i].kind == MOUNT_BIND || sb->mounts[i].kind == MOUNT_BIND_FD) &&
		    search_mount(sb, i, list) < 0)
			return -1;
	return 0;
}

void sockets_free(struct socket_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->paths[i]);
	free(list->paths);
	*list = (struct socket_list){0};
}
