/*
 * landlock.c - the second layer on files: rules from the same mount list, kept by Landlock.
 *
 * The mounts alone decide what is inside and what can be written. Landlock says the same a second
 * time in another part of the kernel, so that a mistake in the mounts, a mount flag that was lost,
 * a descriptor that leaked or a hole in the VFS does not at once mean a write to the host:
 *
 *   - read and execute beneath the root directory; nothing at all on what is not beneath it, such
 *     as a host directory behind a leaked descriptor
 *   - write only beneath destinations that are writable by the plan, device ioctls only where
 *     devices were put
 *   - signals and abstract unix sockets end at the sandbox (Linux 6.12), which no namespace does
 *     for process groups, nor for sockets where the network is shared
 *
 * Rules cost: one for the root and one for each writable destination, no more. They only ever
 * grant, so read-only places inside writable ones are the mounts' work alone. A destination that
 * cannot be opened gets no rule; that takes away, it gives nothing.
 *
 * Applied after the last mount, in PID 1, so that everything inside is in one domain: from then on
 * mount(2) and its relatives are refused. See landlock(7); the interface numbers are in the table
 * of what is missing.
 *
 * What an attacker would try: a symlink at a writable destination, to get the rule for another
 * directory. It resolves inside the root, and the mounts still hold.
 */
#include "landlock.h"

#include "paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ABI_KNOWN 7 /* the newest whose rights are used here (Linux 6.15) */

#define CREATE_RULESET_VERSION 1U
#define RULE_PATH_BENEATH 1
#define RULE_NET_PORT 2
#define NET_CONNECT (UINT64_C(1) << 1)
#define NET_TCP (UINT64_C(1) << 0 | NET_CONNECT)        /* bind, connect: ABI 4 */
#define SCOPE_ALL (UINT64_C(1) << 0 | UINT64_C(1) << 1) /* abstract sockets, signals: ABI 6 */

#define ON_FILES                                                                                   \
	(LANDLOCK_EXECUTE | LANDLOCK_READ_FILE | LANDLOCK_WRITE_FILE | LANDLOCK_TRUNCATE |         \
	 LANDLOCK_IOCTL_DEV)
#define WRITE_IN_PLACE (LANDLOCK_WRITE_FILE | LANDLOCK_TRUNCATE)

/* The kernel takes a longer structure than its own as long as the rest is zero. */
struct ruleset_attributes {
	uint64_t files, net, scopes;
};

struct port_attributes {
	uint64_t rights, port;
};

struct beneath_attributes {
	uint64_t rights;
	int32_t fd;
} __attribute__((packed));

static const struct {
	int abi; /* from which on it is there */
	const char *text;
} features[] = {
	{1, "files: reading, writing, executing by place"},
	{2, "renaming and linking between directories (refused everywhere instead)"},
	{3, "truncating files that may not be written"},
	{4, "TCP ports"},
	{5, "device ioctls"},
	{6, "signals and abstract unix sockets to the outside"},
};

const char *landlock_missing(int abi, unsigned i)
{
	for (size_t row = 0; row < COUNT(features); row++)
		if (features[row].abi > abi && i-- == 0)
			return features[row].text;
	return NULL;
}

int landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
	int limit = ABI_KNOWN;

#ifdef ZBOX_TESTING
	const char *test = getenv("ZBOX_TEST_LANDLOCK_ABI");
	int64_t number;

	if (test && parse_number(test, 0, ABI_KNOWN, &number) == 0)
		limit = (int)number;
#endif
	/* ENOSYS: not built in, or refused by an outer filter; EOPNOTSUPP: not started */
	return abi < 0 ? 0 : abi > limit ? limit : (int)abi;
}

int landlock_choose(enum landlock_mode mode, bool zbox, bool mounts, int *abi, const char **note)
{
	int found;

	*abi = 0;
	*note = NULL;
	if (mode == LANDLOCK_OFF || (mode == LANDLOCK_DEFAULT && !zbox))
		return 0;
	if (mounts) {
		*note = "Landlock is off: the command may mount, which Landlock would refuse";
		return mode == LANDLOCK_REQUIRE
			       ? fail(0, "--landlock require: the profile or --cap-add lets the "
					 "command mount, which Landlock would refuse")
			       : 0;
	}
	found = landlock_abi();
	if (found == 0) {
		*note = "Landlock is off: the kernel does not offer it";
		return mode == LANDLOCK_REQUIRE
			       ? fail(0, "--landlock require: the kernel does not offer Landlock")
			       : 0;
	}
	/* before ABI 2 every rename between two directories is refused, and builds need them */
	if (found < 2 && mode != LANDLOCK_REQUIRE) {
		*note = "Landlock is off: before Linux 5.19 it refuses all renames between "
			"directories";
		return 0;
	}
	*abi = found;
	return 0;
}

int landlock_begin(struct landlock *l, int abi, bool tcp)
{
	struct ruleset_attributes attributes = {0};
	long fd;

	attributes.files = (LANDLOCK_MAKE_SYM << 1) - 1; /* ABI 1 ends there */
	attributes.files |= abi >= 2 ? LANDLOCK_REFER : 0;
	attributes.files |= abi >= 3 ? LANDLOCK_TRUNCATE : 0;
	attributes.files |= abi >= 5 ? LANDLOCK_IOCTL_DEV : 0;
	attributes.net = abi >= 4 && tcp ? NET_TCP : 0;
	attributes.scopes = abi >= 6 ? SCOPE_ALL : 0;
	/* the descriptor is close-on-exec */
	fd = syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
	if (fd < 0)
		return fail(errno, "Landlock ruleset");
	*l = (struct landlock){(int)fd, attributes.files};
	return 0;
}

/* Returns 0, or -1 with errno; does not call fail(). */
static int add_rule(const struct landlock *l, int fd, uint64_t rights)
{
	struct beneath_attributes attributes = {rights & l->rights, fd};

	if (attributes.rights == 0)
		return 0;
	return syscall(SYS_landlock_add_rule, l->ruleset, RULE_PATH_BENEATH, &attributes, 0) < 0
		       ? -1
		       : 0;
}

int landlock_grant(const struct landlock *l, int fd, uint64_t rights)
{
	struct stat st;

	/* rights that only directories have make the kernel refuse the rule for a file */
	if (fstat(fd, &st) < 0)
		return fail(errno, "Landlock rule");
	if (!S_ISDIR(st.st_mode))
		rights &= ON_FILES;
	return add_rule(l, fd, rights) < 0 ? fail(errno, "Landlock rule") : 0;
}

int landlock_grant_connect(const struct landlock *l, uint16_t port)
{
	struct port_attributes attributes = {NET_CONNECT, port};

	if (syscall(SYS_landlock_add_rule, l->ruleset, RULE_NET_PORT, &attributes, 0) < 0)
		return fail(errno, "Landlock rule for port %u", port);
	return 0;
}

static int grant_descriptor(const struct landlock *l, int fd, bool kept)
{
	struct stat st;
	int mode = fcntl(fd, F_GETFL);
	uint64_t rights = 0;

	if (mode < 0 || (mode & O_PATH) || fstat(fd, &st) < 0)
		return 0; /* closed, or good for nothing by itself */
	if (S_ISREG(st.st_mode) || S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode)) {
		rights |= (mode & O_ACCMODE) != O_WRONLY ? LANDLOCK_READ_FILE : 0;
		rights |= (mode & O_ACCMODE) != O_RDONLY ? WRITE_IN_PLACE : 0;
		rights |= S_ISCHR(st.st_mode) ? LANDLOCK_IOCTL_DEV : 0;
	} else if (S_ISDIR(st.st_mode) && kept) {
		/* given by name: a directory is there for what is beneath it, but no longer for
		 * what is above */
		rights = LANDLOCK_READING | LANDLOCK_WRITING;
	}
	/* EBADFD: a pipe, a socket, a memfd; those need no rule */
	if (add_rule(l, fd, rights) < 0 && errno != EBADFD)
		return fail(errno, "Landlock rule for descriptor %d", fd);
	return 0;
}

int landlock_grant_descriptors(const struct landlock *l, const struct sandbox *sb)
{
	for (int fd = 0; fd <= 2; fd++)
		if (grant_descriptor(l, fd, false) < 0)
			return -1;
	for (size_t i = 0; i < sb->keep_fd_count; i++)
		if (grant_descriptor(l, sb->keep_fds[i], true) < 0)
			return -1;
	return 0;
}

int landlock_end(struct landlock *l)
{
	long result = syscall(SYS_landlock_restrict_self, l->ruleset, 0);

	if (result < 0)
		(void)fail(errno, "Landlock");
	close_fd(&l->ruleset);
	return result < 0 ? -1 : 0;
}

/* What is granted at a destination beyond reading. */
static uint64_t rights_at(const struct mount *m)
{
	uint64_t writing = m->flags & MOUNT_READONLY ? 0 : LANDLOCK_WRITING;

	switch (m->kind) {
	case MOUNT_BIND:
	case MOUNT_BIND_FD:
		return writing | (m->flags & MOUNT_DEVICES ? LANDLOCK_IOCTL_DEV : 0);
	case MOUNT_TMPFS:
	case MOUNT_MQUEUE:
	case MOUNT_DATA:
	case MOUNT_OVERLAY:
	case MOUNT_TMP_OVERLAY:
	case MOUNT_SCRATCH:
		return writing;
	case MOUNT_PROC: /* comm, oom_score_adj, uid_map of children: procfs has its own rules */
		return WRITE_IN_PLACE;
	case MOUNT_DEV: /* and everything in shm, see apply_mounts() */
		return WRITE_IN_PLACE | LANDLOCK_IOCTL_DEV;
	case MOUNT_RO_OVERLAY:
	case MOUNT_REMOUNT_RO:
	case MOUNT_DIR: /* these are part of what they were made in */
	case MOUNT_FILE:
	case MOUNT_SYMLINK:
	case MOUNT_CHMOD:
	case MOUNT_MASK:
	case MOUNT_KINDS:
		return 0;
	}
	return 0;
}

/* A path as it was given for a destination, resolved as it was for the mount: a magic link of
 * procfs would lead to what the set-up still holds of the host. */
static int grant_path(const struct landlock *l, int root, const char *path, uint64_t rights)
{
	const struct root inside = {.fd = root};
	autoclose int fd = path_open(&inside, path, 0);

	if (fd >= 0)
		return landlock_grant(l, fd, rights);
	/* covered by a later mount, skipped (--bind-try), or behind a directory that is closed to
	 * us and so to the command: nothing to grant */
	if (errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP)
		return 0;
	return fail(errno, "Landlock rule for %s", path);
}

/* A later --remount-ro at the very same place. */
static bool remounted(const struct sandbox *sb, size_t i)
{
	for (size_t later = i + 1; later < sb->mount_count; later++)
		if (sb->mounts[later].kind == MOUNT_REMOUNT_RO &&
		    strcmp(sb->mounts[later].dest, sb->mounts[i].dest) == 0)
			return true;
	return false;
}

static int grant_mounts(const struct landlock *l, const struct sandbox *sb, int root)
{
	bool remounts = false;

	for (size_t i = 0; i < sb->mount_count; i++)
		remounts |= sb->mounts[i].kind == MOUNT_REMOUNT_RO;
	for (size_t i = 0; i < sb->mount_count; i++) {
		const struct mount *m = &sb->mounts[i];
		uint64_t rights = rights_at(m);
		autofree char *shm = NULL;

		if (rights == 0 || (remounts && remounted(sb, i)))
			continue;
		if (grant_path(l, root, m->dest, rights) < 0)
			return -1;
		if (m->kind != MOUNT_DEV)
			continue;
		shm = format_text("%s/shm", m->dest);
		if (!shm || grant_path(l, root, shm, LANDLOCK_WRITING) < 0)
			return -1;
	}
	return 0;
}

static int grant_all(const struct landlock *l, const struct sandbox *sb)
{
	autoclose int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	uint64_t rights = LANDLOCK_READING | (sb->read_only ? 0 : LANDLOCK_WRITING);

	if (root < 0)
		return fail(errno, "/");
	if (add_rule(l, root, rights) < 0)
		return fail(errno, "Landlock rule for /");
	if (grant_mounts(l, sb, root) < 0)
		return -1;
	return landlock_grant_descriptors(l, sb);
}

int landlock_apply(const struct sandbox *sb, int abi)
{
	struct landlock l = {-1, 0};

	if (landlock_begin(&l, abi, false) < 0)
		return -1;
	if (grant_all(&l, sb) < 0) {
		close_fd(&l.ruleset);
		return -1;
	}
	return landlock_end(&l);
}
