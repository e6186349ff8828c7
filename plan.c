/*
 * plan.c - questions about the list of mounts, answered without mounting anything.
 *
 * plan_lookup() walks a path as the command would: at each component the last operation that
 * covers it decides what is seen, a link of the plan or of a bound tree is replaced by its text.
 * It opens nothing and follows no link on the host, so it can be asked about any path; the number
 * of links is bounded as the kernel's is.
 */
#include "plan.h"

#include "rootfs.h"

#include "utils.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as path_resolution(7) */

bool plan_normalise(const char *path, char normal[PATH_MAX])
{
	size_t used = 0;

	while (*path) {
		size_t length = strcspn(path, "/");

		if (length == 2 && path[0] == '.' && path[1] == '.') {
			while (used > 0 && normal[--used] != '/')
				;
		} else if (length > 0 && !(length == 1 && path[0] == '.')) {
			if (used + length + 2 > PATH_MAX)
				return false;
			normal[used++] = '/';
			memcpy(normal + used, path, length);
			used += length;
		}
		path += length + (path[length] == '/');
	}
	if (used == 0)
		normal[used++] = '/';
	normal[used] = '\0';
	return true;
}

bool plan_is_below(const char *path, const char *dir)
{
	size_t length = strlen(dir);

	if (strcmp(dir, "/") == 0)
		return true;
	return strncmp(path, dir, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

bool plan_puts(const struct mount *m)
{
	return m->kind != MOUNT_REMOUNT_RO && m->kind != MOUNT_CHMOD && m->kind != MOUNT_MASK;
}

bool plan_shows_host(const struct mount *m)
{
	return m->kind == MOUNT_BIND || m->kind == MOUNT_BIND_FD || m->kind == MOUNT_OVERLAY ||
	       m->kind == MOUNT_TMP_OVERLAY || m->kind == MOUNT_RO_OVERLAY;
}

bool plan_is_rootfs(const struct mount *m)
{
	return m->origin.file && strcmp(m->origin.file, ROOTFS_ORIGIN) == 0;
}

/* The walk: done is the normalised part that needs no more looking, left what follows. */
struct walk {
	const struct sandbox *sb;
	char done[PATH_MAX], left[PATH_MAX], host[PATH_MAX];
	unsigned links;
};

/* The operation that decides what is seen at path: the last one at it or above it. Writes its
 * normalised destination. A directory that is merely to exist decides nothing below itself. */
static const struct mount *covering(const struct sandbox *sb, const char *path, char dest[PATH_MAX])
{
	for (size_t i = sb->mount_count; i-- > 0;) {
		const struct mount *m = &sb->mounts[i];

		if (plan_puts(m) && plan_normalise(m->dest, dest) &&
		    (m->kind == MOUNT_DIR ? strcmp(path, dest) == 0 : plan_is_below(path, dest)))
			return m;
	}
	return NULL;
}

/* Is path there because some operation needs it as a parent? */
static bool is_parent(const struct sandbox *sb, const char *path)
{
	char dest[PATH_MAX];

	for (size_t i = 0; i < sb->mount_count; i++)
		if (plan_puts(&sb->mounts[i]) && plan_normalise(sb->mounts[i].dest, dest) &&
		    plan_is_below(dest, path))
			return true;
	return false;
}

/* Puts the text of a link in front of what is left. */
static bool follow(struct walk *w, const char *text)
{
	char left[PATH_MAX];
	int length = snprintf(left, sizeof(left), "%s/%s", text, w->left);

	if (++w->links > LINKS_MAX || length < 0 || (size_t)length >= sizeof(left))
		return false;
	memcpy(w->left, left, (size_t)length + 1);
	if (text[0] == '/')
		w->done[0] = '\0';
	return true;
}

enum found { FOUND_NOTHING, FOUND_ENTRY, FOUND_LINK };

/* Looks at source + rest on the host; where that is a link, follows it inside. */
static enum found look_outside(struct walk *w, const char *source, const char *rest)
{
	char text[PATH_MAX];
	struct stat st;
	ssize_t length;
	int used = snprintf(w->host, sizeof(w->host), "%s%s", source, rest);

	if (used < 0 || (size_t)used >= sizeof(w->host))
		return FOUND_NOTHING;
	/* the source itself is opened through its links, below it they lead inside */
	if (*rest == '\0')
		return stat(w->host, &st) == 0 ? FOUND_ENTRY : FOUND_NOTHING;
	if (lstat(w->host, &st) < 0)
		return FOUND_NOTHING;
	if (!S_ISLNK(st.st_mode))
		return FOUND_ENTRY;
	length = readlink(w->host, text, sizeof(text) - 1);
	if (length < 0)
		return FOUND_NOTHING;
	text[length] = '\0';
	return follow(w, text) ? FOUND_LINK : FOUND_NOTHING;
}

/* One step: what is at path? */
static enum found look(struct walk *w, const char *path)
{
	char dest[PATH_MAX];
	const struct mount *m = covering(w->sb, path, dest);
	bool exact = m && strcmp(path, dest) == 0;

	w->host[0] = '\0';
	if (m && exact && m->kind == MOUNT_SYMLINK)
		return follow(w, m->source) ? FOUND_LINK : FOUND_NOTHING;
	if (m && m->kind == MOUNT_BIND)
		return look_outside(w, m->source,
				    path + (strcmp(dest, "/") == 0 ? 0 : strlen(dest)));
	if (exact || is_parent(w->sb, path))
		return FOUND_ENTRY;
	/* what overlays, /proc and /dev hold is not looked up: assume the best, a wrong hint is
	 * worse than none */
	return m && (plan_shows_host(m) || m->kind == MOUNT_PROC || m->kind == MOUNT_DEV)
		       ? FOUND_ENTRY
		       : FOUND_NOTHING;
}

/* Takes the next component off what is left. */
static bool next_path(struct walk *w, char path[PATH_MAX])
{
	char joined[2 * PATH_MAX];
	const char *start = w->left + strspn(w->left, "/");
	size_t length = strcspn(start, "/");

	(void)snprintf(joined, sizeof(joined), "%s/%.*s", w->done, (int)length, start);
	memmove(w->left, start + length, strlen(start + length) + 1);
	return plan_normalise(joined, path);
}

bool plan_lookup(const struct sandbox *sb, const char *inside, char host[PATH_MAX])
{
	struct walk w = {.sb = sb};
	char path[PATH_MAX];

	if (strlen(inside) >= sizeof(w.left))
		return false;
	memcpy(w.left, inside, strlen(inside) + 1);
	while (w.left[strspn(w.left, "/")] != '\0') {
		if (!next_path(&w, path))
			return false;
		switch (look(&w, path)) {
		case FOUND_NOTHING:
			return false;
		case FOUND_LINK:
			break; /* the link is replaced, its directory stays */
		case FOUND_ENTRY:
			memcpy(w.done, path, sizeof(w.done));
			break;
		}
	}
	memcpy(host, w.host, PATH_MAX);
	return true;
}
