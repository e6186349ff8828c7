/*
 * mounts-system.c - procfs with its masks, and /dev.
 *
 * procfs of a new pid namespace shows the sandbox's processes only, but its other files are the
 * kernel's own: /proc/sys, /proc/sysrq-trigger and the like change the host when the caller is the
 * real root, and some tell about the host to anyone. They are made read-only, or hidden under one
 * empty file or directory, before the command can exist. As an ordinary user the permissions
 * of procfs say the same; this is the second lock.
 *
 * /dev holds bind mounts of six harmless nodes, a devpts of its own, and links. The nodes of the
 * host are opened by their fixed names in the host's tree, which only root can change.
 */
#include "mounts-private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const proc_readonly[] = {"sys", "sysrq-trigger", "irq", "bus", "fs"};

static const struct {
	const char *name;
	bool always; /* else only where the command could read it */
} proc_hidden[] = {
	{"kcore", true},         /* the memory of the kernel */
	{"keys", true},          /* names of keys of the user */
	{"timer_list", true},    /* addresses and timers of all processes */
	{"latency_stats", true}, /* the same family */
	{"sched_debug", true},   {"timer_stats", true},
	{"kpagecount", false}, /* pages of other processes */
	{"kpageflags", false},   {"kpagecgroup", false},
	{"vmallocinfo", false},  {"slabinfo", false},
	{"pagetypeinfo", false}, {"kallsyms", false}, /* what defeats address randomisation */
	{"modules", false},      {"mtrr", false},
	{"acpi", false}, /* directories */
	{"scsi", false},         {"asound", false},
	{"driver", false},
};

/* Binds a name of the directory we are in on itself, read-only. Absent names are not there to be
 * protected. */
static int bind_readonly(const struct builder *b, const char *name)
{
	autoclose int fd = -1;

	if (kernel_mount(name, name, NULL, MS_BIND | MS_REC, NULL) < 0)
		return errno == ENOENT ? 0 : fail(errno, "Can't make %s read-only", name);
	fd = open(name, O_PATH | O_CLOEXEC);
	if (fd < 0 || mount_restrict(b, fd,
				     MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					     MOUNT_ATTR_NOEXEC) < 0)
		return fail(errno, "Can't make %s read-only", name);
	return 0;
}

/* What things are hidden under: an empty file and an empty directory of the root's own tmpfs. The
 * first mount of each is made read-only and serves as the source of the others, as copies keep
 * flags. */
struct covers {
	const char *file, *directory; /* names that are hidden already; NULL none yet */
};

static int cover_make(const struct builder *b, bool directory, const char *name)
{
	const uint64_t attributes =
		MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	autoclose int empty = -1, top = -1;
	char path[FD_PATH];

	if (directory && mkdirat(b->base, ".empty-directory", 0555) == 0)
		empty = openat(b->base, ".empty-directory", O_PATH | O_DIRECTORY | O_CLOEXEC);
	else if (!directory)
		empty = openat(b->base, ".empty-file", O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC,
			       0444);
	if (empty < 0)
		return -1;
	if (kernel_mount(fd_path(path, empty), name, NULL, MS_BIND, NULL) < 0)
		return -1;
	top = open(name, O_PATH | O_CLOEXEC);
	return top < 0 ? -1 : mount_restrict(b, top, attributes);
}

/* Hides a name of the directory we are in. */
static int hide(const struct builder *b, const char *name, struct covers *covers)
{
	const char **cover;
	struct stat st;
	int result;

	if (fstatat(AT_FDCWD, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : fail(errno, "Can't hide %s", name);
	cover = S_ISDIR(st.st_mode) ? &covers->directory : &covers->file;
	if (*cover)
		result = kernel_mount(*cover, name, NULL, MS_BIND, NULL);
	else
		result = cover_make(b, S_ISDIR(st.st_mode), name);
	if (result < 0)
		return fail(errno, "Can't hide %s", name);
	*cover = name;
	return 0;
}

/* The mounts keep the file and the directory; they can be bound as long as they have a name. */
static int covers_finish(const struct builder *b, const struct covers *covers)
{
	if (covers->file && unlinkat(b->base, ".empty-file", 0) < 0)
		return fail(errno, "Can't hide %s", covers->file);
	if (covers->directory && unlinkat(b->base, ".empty-directory", AT_REMOVEDIR) < 0)
		return fail(errno, "Can't hide %s", covers->directory);
	return 0;
}

/* Under the name bwrap: what the caller could write is made read-only, nothing is hidden. For the
 * real root access(2) asks the wrong question (the directory /proc/sys is not writable, the files
 * in it are), so there all are covered. */
static int proc_mask_bwrap(const struct builder *b)
{
	for (size_t i = 0; i < 4; i++)
		if ((b->caller == 0 || access(proc_readonly[i], W_OK) == 0) &&
		    bind_readonly(b, proc_readonly[i]) < 0)
			return -1;
	return 0;
}

static int proc_mask(const struct builder *b)
{
	struct covers covers = {0};

	for (size_t i = 0; i < COUNT(proc_readonly); i++)
		if (bind_readonly(b, proc_readonly[i]) < 0)
			return -1;
	for (size_t i = 0; i < COUNT(proc_hidden); i++) {
		bool readable = proc_hidden[i].always || b->caller == 0 ||
				access(proc_hidden[i].name, R_OK) == 0;

		if (readable && hide(b, proc_hidden[i].name, &covers) < 0)
			return -1;
	}
	return covers_finish(b, &covers);
}

/* Another sandbox inside needs a procfs of its own, which the kernel only allows below one that
 * nothing covers. An ordinary user's permissions on it are what they would be under the masks. */
static bool leaves_proc_whole(const struct builder *b)
{
	return b->caller != 0 && b->sb->seccomp_profile &&
	       strcmp(b->sb->seccomp_profile, "nested") == 0;
}

/* The directory we are in is the top of the procfs. */
static int proc_protect(const struct builder *b)
{
	if (b->sb->personality == PERSONALITY_BWRAP)
		return proc_mask_bwrap(b);
	return leaves_proc_whole(b) ? 0 : proc_mask(b);
}

int mount_proc(struct builder *b, const struct mount *m)
{
	const struct sandbox *sb = b->sb;
	bool fresh = (sb->unshare & CLONE_NEWPID) || sb->pidns_fd >= 0;
	autoclose int place = mount_place(b, m, PATH_DIRECTORY);
	autoclose int top = -1;

	if (place < 0)
		return -1;
	if (fresh) {
		top = stage_mount("proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	} else {
		top = tree_open(b, AT_FDCWD, "/proc");
		if (top < 0)
			return fail(errno, "Can't bind /proc");
		if (tree_attach(b, top, place, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, m->dest) < 0)
			return -1;
	}
	if (top < 0 || fchdir(top) < 0)
		return fail(errno, "Can't mount proc on %s", m->dest);
	if (proc_protect(b) < 0)
		return -1;
	if (fresh && stage_move(b, top, place) < 0)
		return fail(errno, "Can't mount proc on %s", m->dest);
	return 0;
}

/* ---- /dev; all names below are in the directory we are in ---- */

static int dev_node(const char *host, const char *name)
{
	autoclose int fd = open(name, O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0444);

	if (fd < 0 && errno != EEXIST)
		return fail(errno, "Can't create file %s in /dev", name);
	if (kernel_mount(host, name, NULL, MS_BIND, NULL) < 0)
		return fail(errno, "Can't bind %s", host);
	return 0;
}

static int dev_link(const char *target, const char *name)
{
	if (symlink(target, name) < 0 && errno != EEXIST)
		return fail(errno, "Can't create symlink %s in /dev", name);
	return 0;
}

static int dev_dir(const char *name, mode_t mode)
{
	if (mkdir(name, mode) < 0 && errno != EEXIST)
		return fail(errno, "Can't create directory %s in /dev", name);
	return 0;
}

/* bubblewrap shows the terminal that standard output is as /dev/console, if it has a name here: the
 * name of one from another devpts may be that of somebody else's terminal. */
static int dev_console(void)
{
	char tty[PATH_MAX];

	return ttyname_r(STDOUT_FILENO, tty, sizeof(tty)) == 0 ? dev_node(tty, "console") : 0;
}

static int dev_fill(bool shm_is_plain)
{
	static const char *const nodes[] = {"/dev/null",   "/dev/zero",    "/dev/full",
					    "/dev/random", "/dev/urandom", "/dev/tty"};
	static const struct {
		const char *target, *name;
	} links[] = {
		{"/proc/self/fd/0", "stdin"},  {"/proc/self/fd/1", "stdout"},
		{"/proc/self/fd/2", "stderr"}, {"/proc/self/fd", "fd"},
		{"/proc/kcore", "core"},       {"pts/ptmx", "ptmx"},
	};

	for (size_t i = 0; i < COUNT(nodes); i++)
		if (dev_node(nodes[i], nodes[i] + strlen("/dev/")) < 0)
			return -1;
	for (size_t i = 0; i < COUNT(links); i++)
		if (dev_link(links[i].target, links[i].name) < 0)
			return -1;
	if (dev_dir("shm", shm_is_plain ? 0755 : 01777) < 0 || dev_dir("pts", 0755) < 0)
		return -1;
	if (kernel_mount("devpts", "pts", "devpts", MS_NOSUID | MS_NOEXEC,
			 "newinstance,ptmxmode=0666,mode=620") < 0)
		return fail(errno, "Can't mount devpts on /dev/pts");
	return 0;
}

/* zbox: shared memory is a writable directory of everyone, as programs expect it. */
static int dev_shm(struct builder *b)
{
	autoclose int shm = open("shm", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (shm < 0)
		return fail(errno, "/dev/shm");
	return scratch_attach(b, shm, 01777, "/dev/shm");
}

int mount_dev(struct builder *b, const struct mount *m)
{
	bool bwrap = b->sb->personality == PERSONALITY_BWRAP;
	autoclose int place = mount_place(b, m, PATH_DIRECTORY);
	autoclose int top = -1;
	struct stat st;
	bool own;

	if (place < 0)
		return -1;
	if (fstat(place, &st) < 0)
		return fail(errno, "%s", m->dest);
	/* in our own root, which becomes read-only, a directory does; elsewhere, and for
	 * bubblewrap, whose /dev is writable, it is a file system */
	own = !bwrap && st.st_dev == b->base_dev;
	top = own ? take_fd(&place) : stage_mount("tmpfs", MS_NOSUID | MS_NODEV, "mode=0755");
	if (top < 0)
		return fail(errno, "Can't mount tmpfs on %s", m->dest);
	if (fchdir(top) < 0)
		return fail(errno, "%s", m->dest);
	if (bwrap && root_owns(b->root, top) < 0)
		return -1;
	if (dev_fill(bwrap) < 0 || (bwrap ? dev_console() : dev_shm(b)) < 0)
		return -1;
	if (own)
		return 0;
	if (!bwrap && mount_restrict(b, top, MOUNT_ATTR_RDONLY) < 0)
		return fail(errno, "Can't make %s read-only", m->dest);
	if (stage_move(b, top, place) < 0)
		return fail(errno, "Can't mount tmpfs on %s", m->dest);
	return 0;
}
