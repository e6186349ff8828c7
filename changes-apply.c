/*
 * changes-apply.c - the list of changes -> the host.
 *
 *   apply_all      each change in the order of the list, then the directories from the last to the
 *                  first: their modes may forbid what is still to be done in them, and their times
 *                  move with it
 *     apply_one    is it still as it was when the list was made? Then the change itself
 *   sync           names are on the disk before anybody removes the directory with the changes
 *
 * It runs outside, as the caller, when nothing of the sandbox lives any more. It could run in a
 * user namespace with Landlock around it, but has to have the caller's rights on every place that
 * was under an overlay, and those are what there is to be gained; so it rests on descriptors.
 *
 * What an attacker would try, who chose every name, type and byte in the list, and perhaps still
 * writes in the host's directories from another sandbox of the same user: to have a link followed
 * or a mount crossed (below_open(); what is done is done to one name in an open directory), to have
 * something replaced that was put there meanwhile (compared before each step by inode and ctime; a
 * few microseconds remain for names that exist, none for those that do not: RENAME_NOREPLACE,
 * link(2), mkdir(2)), to leave a set-id program or a device behind (dropped, refused), to stop us
 * half way (each step is complete or not done; what was done is the same as on the host then, and
 * is no change any more when it is tried again).
 */
#include "changes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define NAME_PREFIX ".zbox-"
#define NAME_SIZE (sizeof(NAME_PREFIX) + 16)

/* A file with more than one name, of which one was made. */
struct other_name {
	dev_t dev; /* in the upper directory */
	ino_t ino;
	const struct change *first;
};

struct apply {
	const struct store *s;
	const struct changes *list;
	changes_refused *refused;
	void *context;
	size_t refusals;
	char temporary[NAME_SIZE];
	bool again; /* somebody tried before */
	int *hosts; /* the roots, O_RDONLY; owned */
	int *uppers;
	struct other_name *names; /* owned */
	size_t name_count;
};

static void refuse(struct apply *a, const struct change *c, const char *why)
{
	a->refusals++;
	a->refused(a->context, c, why);
}

/* ---- beginning ---- */

/* The temporary name, kept for whoever tries again. Returns 0, or -1 with errno set. */
static int choose_name(struct apply *a)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[8];
	char *end = a->temporary;
	autoclose int fd = -1;

	if (read_file_at(a->s->fd, STORE_APPLYING, a->temporary, sizeof(a->temporary)) ==
		    (ssize_t)(NAME_SIZE - 1) &&
	    strncmp(a->temporary, NAME_PREFIX, strlen(NAME_PREFIX)) == 0 &&
	    strspn(a->temporary + strlen(NAME_PREFIX), digits) == 16) {
		a->again = true;
		return 0;
	}
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return -1;
	end = stpcpy(end, NAME_PREFIX);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		*end++ = digits[bytes[i] >> 4];
		*end++ = digits[bytes[i] & 15];
	}
	*end = '\0';
	fd = openat(a->s->fd, STORE_APPLYING, O_CREAT | O_TRUNC | O_WRONLY | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0 || write_fd(fd, a->temporary, strlen(a->temporary)) < 0)
		return -1;
	return fsync(fd);
}

static int open_roots(struct apply *a)
{
	a->hosts = calloc(a->s->root_count * 2, sizeof(*a->hosts));
	if (!a->hosts)
		return fail(0, "out of memory");
	a->uppers = a->hosts + a->s->root_count;
	for (size_t i = 0; i < a->s->root_count * 2; i++)
		a->hosts[i] = -1;
	for (size_t i = 0; i < a->s->root_count; i++) {
		const struct store_root *root = &a->s->roots[i];
		struct stat st;
		char name[40];

		(void)snprintf(name, sizeof(name), "%zu/upper", i);
		a->uppers[i] = below_open(a->s->fd, name, O_RDONLY | O_DIRECTORY);
		if (a->uppers[i] < 0)
			return fail(errno, "%s/%s", a->s->path, name);
		a->hosts[i] = open(root->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (a->hosts[i] < 0 || fstat(a->hosts[i], &st) < 0)
			return fail(errno, "%s", root->path);
		if (st.st_dev != root->dev || st.st_ino != root->ino)
			return fail(0, "%s is not the directory any more that it was", root->path);
	}
	return 0;
}

/* ---- one change; each returns 0, or -1 with errno set ---- */

/* A name in a directory of the host, and the same in the upper one. */
struct step {
	const struct change *c;
	int dir;
	const char *name;
	int upper;
	const char *upper_name;
};

static struct new_file new_file(const struct apply *a, const struct step *t)
{
	return (struct new_file){.dir = t->dir,
				 .name = t->name,
				 .temporary = a->temporary,
				 .replaces = t->c->exists};
}

/* The file that another name of the same was made for. */
static int apply_other_name(struct apply *a, const struct step *t, const struct other_name *o)
{
	const struct new_file n = new_file(a, t);
	const char *name;
	autoclose int dir = below_parent(a->hosts[o->first->root], o->first->path, &name);

	return dir < 0 ? -1 : write_name(&n, dir, name);
}

static const struct other_name *find_name(const struct apply *a, const struct change *c)
{
	for (size_t i = 0; i < a->name_count; i++)
		if (a->names[i].dev == c->st.st_dev && a->names[i].ino == c->st.st_ino)
			return &a->names[i];
	return NULL;
}

static void note_name(struct apply *a, const struct change *c)
{
	struct other_name *o = array_add(&a->names, &a->name_count, sizeof(*o));

	if (o)
		*o = (struct other_name){c->st.st_dev, c->st.st_ino, c};
}

/* The contents stay: the file itself gets what has changed beside. */
static int apply_metadata(const struct step *t, int from)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, t->c->st.st_mtim};
	autoclose int fd = openat(t->dir, t->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char path[FD_PATH];
	struct stat now;

	if (fd < 0 || fstat(fd, &now) < 0)
		return -1;
	if (now.st_dev != t->c->host.st_dev || now.st_ino != t->c->host.st_ino) {
		errno = ESTALE;
		return -1;
	}
	(void)fd_path(path, fd);
	if ((now.st_uid != t->c->st.st_uid || now.st_gid != t->c->st.st_gid) &&
	    chown(path, t->c->st.st_uid, t->c->st.st_gid) < 0)
		return -1;
	if (copy_attributes(from, fd) < 0 || chmod(path, t->c->st.st_mode & 01777) < 0)
		return -1;
	return utimensat(AT_FDCWD, path, times, 0);
}

static int apply_file(struct apply *a, const struct step *t)
{
	const struct change *c = t->c;
	const struct other_name *other = c->st.st_nlink > 1 ? find_name(a, c) : NULL;
	const struct new_file n = new_file(a, t);
	autoclose int from = -1;

	/* where that does not work, a copy is as good */
	if (other && apply_other_name(a, t, other) == 0)
		return 0;
	from = openat(t->upper, t->upper_name,
		      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (from < 0)
		return -1;
	if (c->exists && c->st.st_size == c->host.st_size &&
	    same_contents(t->upper, t->upper_name, t->dir, t->name, &c->st, false) == 1)
		return apply_metadata(t, from);
	if (write_copy(&n, from, &c->st) < 0)
		return -1;
	if (c->st.st_nlink > 1)
		note_name(a, c);
	return 0;
}

/* Whoever tries again is to know that it is ours. */
static int apply_directory(const struct apply *a, const struct step *t)
{
	struct stat st;

	if (mkdirat(t->dir, t->name, (t->c->st.st_mode & 0777) | 0700) < 0 ||
	    fstatat(t->dir, t->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	return store_note(a->s, &st);
}

static int apply_present(struct apply *a, const struct step *t)
{
	const struct change *c = t->c;
	const struct new_file n = new_file(a, t);

	switch (c->st.st_mode & S_IFMT) {
	case S_IFDIR:
		return c->exists ? 0 : apply_directory(a, t);
	case S_IFREG:
		return apply_file(a, t);
	case S_IFLNK:
		return write_link(&n, c->target, &c->st);
	case S_IFIFO:
		return write_fifo(&n, &c->st);
	default:
		errno = EPERM;
		return -1;
	}
}

/* Whether the host has what it had when the list was made. */
static bool unchanged(const struct step *t)
{
	const struct change *c = t->c;
	struct stat now;

	if (fstatat(t->dir, t->name, &now, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT && !c->exists;
	if (!c->exists || now.st_dev != c->host.st_dev || now.st_ino != c->host.st_ino)
		return false;
	/* with its other names we have touched the file, too */
	if (c->host.st_nlink > 1 && now.st_nlink < c->host.st_nlink)
		return now.st_size == c->host.st_size && now.st_mode == c->host.st_mode &&
		       now.st_mtim.tv_sec == c->host.st_mtim.tv_sec &&
		       now.st_mtim.tv_nsec == c->host.st_mtim.tv_nsec;
	return S_ISDIR(now.st_mode) || (now.st_ctim.tv_sec == c->host.st_ctim.tv_sec &&
					now.st_ctim.tv_nsec == c->host.st_ctim.tv_nsec);
}

static int apply_step(struct apply *a, const struct step *t)
{
	if (a->again)
		(void)unlinkat(t->dir, a->temporary, 0);
	if (t->c->exists && !S_ISDIR(t->c->host.st_mode) && t->c->host.st_nlink > 1 &&
	    store_note(a->s, &t->c->host) < 0)
		return -1;
	if (t->c->kind != CHANGE_REMOVED)
		return apply_present(a, t);
	return unlinkat(t->dir, t->name, S_ISDIR(t->c->host.st_mode) ? AT_REMOVEDIR : 0);
}

static void apply_one(struct apply *a, const struct change *c)
{
	autoclose int dir = -1, upper = -1;
	struct step t = {.c = c};

	if (c->touched)
		return;
	if (c->refuse || c->newer) {
		refuse(a, c, c->refuse ? c->refuse : "it was changed on the host meanwhile");
		return;
	}
	t.dir = dir = below_parent(a->hosts[c->root], c->path, &t.name);
	if (dir >= 0 && c->kind != CHANGE_REMOVED)
		t.upper = upper = below_parent(a->uppers[c->root], c->path, &t.upper_name);
	if (dir >= 0 && (c->kind == CHANGE_REMOVED || upper >= 0) && !unchanged(&t))
		refuse(a, c, "it was changed on the host meanwhile");
	else if (dir < 0 || (c->kind != CHANGE_REMOVED && upper < 0) || apply_step(a, &t) < 0)
		refuse(a, c, reason_text(errno));
}

/* ---- directories, at the end ---- */

static bool older(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

static int finish_directory(struct apply *a, const struct change *c)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, c->st.st_mtim};
	autoclose int fd = below_open(a->hosts[c->root], c->path, O_PATH | O_DIRECTORY);
	autoclose int upper = below_open(a->uppers[c->root], c->path, O_PATH | O_DIRECTORY);
	char path[FD_PATH];
	struct stat now;

	if (fd < 0 || upper < 0 || fstat(fd, &now) < 0)
		return -1;
	(void)fd_path(path, fd);
	if (!c->touched) {
		/* what the parent hands down stays, see mkdir(2) */
		mode_t mode = (c->st.st_mode & 01777) | (now.st_mode & 06000);

		if ((now.st_uid != c->st.st_uid || now.st_gid != c->st.st_gid) && !c->exists &&
		    !(now.st_mode & 02000) && chown(path, c->st.st_uid, c->st.st_gid) < 0)
			return -1;
		if (copy_attributes(upper, fd) < 0 || chmod(path, mode) < 0)
			return -1;
	}
	/* unless somebody else worked in it */
	if (c->exists && !older(&c->host.st_mtim, &a->s->start))
		return 0;
	return utimensat(AT_FDCWD, path, times, 0) < 0 && !c->touched ? -1 : 0;
}

static void finish_directories(struct apply *a)
{
	for (size_t i = a->list->count; i-- > 0;) {
		const struct change *c = &a->list->items[i];

		if (c->kind == CHANGE_REMOVED || !S_ISDIR(c->st.st_mode) || c->newer)
			continue;
		if (finish_directory(a, c) < 0)
			refuse(a, c, reason_text(errno));
	}
}

ssize_t changes_apply(const struct store *s, const struct changes *list, changes_refused *refused,
		      void *context)
{
	struct apply a = {.s = s, .list = list, .refused = refused, .context = context};
	int result = open_roots(&a);

	if (result == 0 && choose_name(&a) < 0)
		result = fail(errno, "the changes in %s", s->path);
	for (size_t i = 0; result == 0 && i < list->count; i++)
		if (list->items[i].touched && S_ISREG(list->items[i].st.st_mode))
			note_name(&a, &list->items[i]);
	for (size_t i = 0; result == 0 && i < list->count; i++)
		apply_one(&a, &list->items[i]);
	if (result == 0)
		finish_directories(&a);
	for (size_t i = 0; result == 0 && i < s->root_count; i++)
		if (syncfs(a.hosts[i]) < 0)
			result = fail(errno, "%s", s->roots[i].path);
	for (size_t i = 0; a.hosts && i < s->root_count * 2; i++)
		close_fd(&a.hosts[i]);
	free(a.hosts);
	free(a.names);
	return result < 0 ? -1 : (ssize_t)a.refusals;
}
