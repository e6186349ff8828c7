/*
 * landlock-only.c - --landlock-only: for systems that forbid user namespaces.
 *
 * Nothing is mounted: the command sees the host's own tree and may open of it what the mount list
 * names, as far as the list can be said in grants on paths as they are. Landlock cannot take away
 * inside of what it grants, show a file elsewhere, or make an empty directory, so a list that asks
 * for such a thing is refused with the line that does it; what base.c added of that kind is left
 * out. Symlinks and metadata are not Landlock's: names, sizes and owners of all files can be seen.
 *
 * What an attacker would try: a read-only place inside a writable one by another name. Both are
 * compared by their real paths.
 */
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const kind_names[] = {
	[MOUNT_BIND] = "a bind mount",
	[MOUNT_BIND_FD] = "a bind mount of a descriptor",
	[MOUNT_REMOUNT_RO] = "a read-only remount",
	[MOUNT_TMPFS] = "an empty tmpfs",
	[MOUNT_PROC] = "a fresh /proc",
	[MOUNT_DEV] = "a minimal /dev",
	[MOUNT_MQUEUE] = "message queues of its own",
	[MOUNT_DIR] = "a directory",
	[MOUNT_FILE] = "a file",
	[MOUNT_DATA] = "a file with data",
	[MOUNT_SYMLINK] = "a symlink",
	[MOUNT_CHMOD] = "other permissions",
	[MOUNT_OVERLAY] = "an overlay",
	[MOUNT_TMP_OVERLAY] = "an overlay",
	[MOUNT_RO_OVERLAY] = "an overlay",
	[MOUNT_SCRATCH] = "an empty directory",
	[MOUNT_MASK] = "a mask",
};
_Static_assert(COUNT(kind_names) == MOUNT_KINDS, "every kind of mount has a name");

/* Of the host's /dev: what the minimal one would hold, but for shm and pts, which are shared. */
static const char *const devices[] = {
	"null", "zero", "full", "random", "urandom", "tty",
};

const char *landlock_only_sentence(int abi)
{
	if (abi < 6)
		return "--landlock-only protects the contents of files and little else: processes "
		       "of the same user can be seen and sent signals, abstract unix sockets, "
		       "sockets in readable directories, System V IPC, keys, names and metadata "
		       "of all files and the host's name are within reach, and no resource is "
		       "limited";
	return "--landlock-only protects the contents of files, and keeps signals and abstract "
	       "unix sockets from leaving; other processes can be seen, and sockets in "
	       "directories, System V IPC, keys, names and metadata of all files and the host's "
	       "name are within reach";
}

static bool from_base(const struct mount *m)
{
	return m->origin.file && strcmp(m->origin.file, "base") == 0;
}

/* One grant, kept for the comparison of writable with read-only places. */
struct place {
	char *path; /* real path, owned */
	bool writable;
};

struct places {
	struct place *items;
	size_t count;
};

static void free_places(struct places *places)
{
	for (size_t i = 0; i < places->count; i++)
		free(places->items[i].path);
	free(places->items);
}

static bool is_beneath(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	if (strcmp(directory, "/") == 0)
		return true;
	return strncmp(path, directory, length) == 0 &&
	       (path[length] == '/' || path[length] == '\0');
}

/* Read-only inside writable: Landlock cannot take away what it grants above. */
static int check_places(const struct places *places)
{
	for (size_t i = 0; i < places->count; i++)
		for (size_t j = 0; j < places->count; j++)
			if (!places->items[i].writable && places->items[j].writable &&
			    is_beneath(places->items[i].path, places->items[j].path))
				return fail(0,
					    "--landlock-only cannot keep %s read-only inside of "
					    "%s, which is writable",
					    places->items[i].path, places->items[j].path);
	return 0;
}

/* Two paths with the same words; doubled and trailing slashes do not count. */
static bool same_path(const char *a, const char *b)
{
	if (*a != '/')
		return false; /* relative sources are relative to somewhere else */
	for (;;) {
		size_t length;

		a += strspn(a, "/");
		b += strspn(b, "/");
		length = strcspn(a, "/");
		if (length != strcspn(b, "/") || strncmp(a, b, length) != 0)
			return false;
		if (length == 0)
			return true;
		a += length;
		b += length;
	}
}

static int grant_bind(const struct landlock *l, const struct mount *m, struct places *places)
{
	uint64_t rights = LANDLOCK_READING;
	autoclose int fd = -1;
	struct place *place;
	char *real;

	if (!same_path(m->source, m->dest))
		return from_base(m) ? 0
				    : fail(0,
					   "--landlock-only shows files where they are: %s "
					   "cannot be seen as %s",
					   m->source, m->dest);
	real = realpath(m->source, NULL);
	if (!real)
		return errno == ENOENT && (from_base(m) || (m->flags & MOUNT_TRY))
			       ? 0
			       : fail(errno, "Can't find source path %s", m->source);
	place = array_add(&places->items, &places->count, sizeof(*place));
	if (!place) {
		free(real);
		return -1;
	}
	*place = (struct place){real, !(m->flags & MOUNT_READONLY)};
	rights |= place->writable ? LANDLOCK_WRITING : 0;
	rights |= m->flags & MOUNT_DEVICES ? LANDLOCK_IOCTL_DEV : 0;
	/* the real path has no symlink any more; one that appears meanwhile is an error */
	fd = open(real, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? fail(errno, "%s", real) : landlock_grant(l, fd, rights);
}

static int grant_devices(const struct landlock *l)
{
	autoclose int dev = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dev < 0)
		return fail(errno, "/dev");
	for (size_t i = 0; i < COUNT(devices); i++) {
		autoclose int fd = openat(dev, devices[i], O_PATH | O_CLOEXEC);
		uint64_t rights = LANDLOCK_READING | LANDLOCK_WRITING | LANDLOCK_IOCTL_DEV;

		if (fd >= 0 && landlock_grant(l, fd, rights) < 0)
			return -1;
	}
	return 0;
}

static int grant_proc(const struct landlock *l)
{
	autoclose int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (proc < 0)
		return fail(errno, "/proc");
	return landlock_grant(l, proc, LANDLOCK_READ_FILE | LANDLOCK_READ_DIR);
}

static int grant_mount(const struct landlock *l, const struct mount *m, struct places *places)
{
	if (m->kind == MOUNT_BIND)
		return grant_bind(l, m, places);
	if (m->kind == MOUNT_DEV && same_path("/dev", m->dest))
		return grant_devices(l);
	/* other processes' secrets in there need ptrace rights, which Landlock refuses */
	if (m->kind == MOUNT_PROC && same_path("/proc", m->dest))
		return grant_proc(l);
	if (from_base(m))
		return 0;
	return fail(0, "--landlock-only cannot make %s at %s", kind_names[m->kind], m->dest);
}

static int grant_list(const struct landlock *l, const struct sandbox *sb)
{
	struct places places = {NULL, 0};
	int result = 0;

	for (size_t i = 0; i < sb->mount_count && result == 0; i++)
		result = grant_mount(l, &sb->mounts[i], &places);
	if (result == 0)
		result = check_places(&places);
	free_places(&places);
	return result < 0 ? -1 : landlock_grant_descriptors(l, sb);
}

int landlock_only_apply(const struct sandbox *sb, int abi)
{
	bool no_network = (sb->unshare & CLONE_NEWNET) != 0;
	struct landlock l;

	if (abi < 1)
		return fail(0, "--landlock-only: the kernel does not offer Landlock");
	if (landlock_begin(&l, abi, no_network) < 0)
		return -1;
	if (grant_list(&l, sb) < 0) {
		close_fd(&l.ruleset);
		return -1;
	}
	return landlock_end(&l);
}
