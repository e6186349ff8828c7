/* D: mounts, as they are and as one would like to change them. */
#include "escape.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif
#ifndef SYS_statmount
#define SYS_statmount 457
#define SYS_listmount 458
#endif

#define BIND 4096UL
#define REMOUNT 32UL
#define RDONLY 1UL

static long raw_mount(const char *source, const char *target, const char *type, unsigned long flags)
{
	return syscall(SYS_mount, source, target, type, flags, NULL);
}

static void remount_rw(struct result *r)
{
	static const char *const places[] = {"/usr", "/proc/sys", "/"};

	for (size_t i = 0; i < COUNT(places); i++) {
		if (raw_mount("none", places[i], "", BIND | REMOUNT) == 0) {
			open_hole(r, "%s is writable", places[i]);
			return;
		}
		stopped(r, "%s", errno_name(errno));
	}
}

static void umount_locked(struct result *r)
{
	static const char *const places[] = {"/proc/sys", "/proc/kcore", "/dev/null",
					     "/proc",     "/tmp",        "/usr"};

	for (size_t i = 0; i < COUNT(places); i++) {
		if (syscall(SYS_umount2, places[i], 2 /* MNT_DETACH */) == 0) {
			open_hole(r, "%s is gone", places[i]);
			return;
		}
		stopped(r, "%s", errno_name(errno));
	}
}

/* The same from a user namespace of our own, where the profile lets us have one. */
static void nested_umount(struct result *r)
{
	if (syscall(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNS) < 0) {
		stopped(r, "no namespace: %s", errno_name(errno));
		return;
	}
	umount_locked(r);
	if (r->verdict == STOPPED)
		remount_rw(r);
}

/* "/.." crosses what is mounted on the root: an old root that was not taken away lies there. */
static void root_parent(struct result *r)
{
	struct statx root, parent;

	if (statx(AT_FDCWD, "/", 0, STATX_MNT_ID | STATX_INO, &root) < 0 ||
	    statx(AT_FDCWD, "/..", 0, STATX_MNT_ID | STATX_INO, &parent) < 0)
		stopped(r, "%s", errno_name(errno));
	else if (root.stx_mnt_id != parent.stx_mnt_id || root.stx_ino != parent.stx_ino)
		open_hole(r, "another tree lies on the root");
	else
		stopped(r, "the root");
}

static void mount_tmpfs(struct result *r)
{
	judge(r, raw_mount("none", "/tmp", "tmpfs", 0), "a tmpfs is mounted");
}

static void mount_bind(struct result *r)
{
	judge(r, raw_mount("/usr", "/tmp", "none", BIND), "a bind mount is made");
}

static void move_mount_(struct result *r)
{
	judge(r, syscall(SYS_move_mount, AT_FDCWD, "/proc", AT_FDCWD, "/tmp", 0), "moved");
}

static void open_tree_clone(struct result *r)
{
	judge(r, syscall(SYS_open_tree, AT_FDCWD, "/", 1 /* OPEN_TREE_CLONE */), "a detached tree");
}

static void open_tree_attributes(struct result *r)
{
	struct mount_attr attr;

	memset(&attr, 0, sizeof(attr));
	judge(r, syscall(SYS_open_tree_attr, AT_FDCWD, "/", 1, &attr, sizeof(attr)),
	      "a detached tree");
}

static void mount_setattr_(struct result *r)
{
	struct mount_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.attr_clr = MOUNT_ATTR_RDONLY;
	judge(r, syscall(SYS_mount_setattr, AT_FDCWD, "/usr", 0, &attr, sizeof(attr)),
	      "/usr is writable");
}

static void fsopen_(struct result *r)
{
	judge(r, syscall(SYS_fsopen, "tmpfs", 1), "a file system is opened");
}

static void pivot_root_(struct result *r)
{
	judge(r, syscall(SYS_pivot_root, "/tmp", "/tmp"), "the root is another");
}

static void chroot_(struct result *r)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (chroot("/tmp") < 0) {
		stopped(r, "%s", errno_name(errno));
		return;
	}
	if (fchdir(fd) == 0)
		for (int i = 0; i < 40 && chdir("..") == 0; i++)
			;
	open_hole(r, "chroot works%s", access("usr", F_OK) == 0 ? ", and is left" : "");
}

static void listmount(struct result *r)
{
	struct {
		uint32_t size, spare;
		uint64_t id, param, ns;
	} request = {24, 0, UINT64_MAX, 0, 0};
	uint64_t ids[64];

	judge(r, syscall(SYS_listmount, &request, ids, COUNT(ids), 0), "the mounts are listed");
}

static const struct check checks[] = {
	{"root-parent", "the root", root_parent, NULL, NULL},
	{"remount-rw", "EPERM", remount_rw, NULL, NULL},
	{"umount-locked", "EPERM|EINVAL", umount_locked, NULL, NULL},
	{"nested-umount", NULL, nested_umount, NULL, NULL},
	{"mount", "EPERM", mount_tmpfs, NULL, NULL},
	{"mount-bind", "EPERM", mount_bind, NULL, NULL},
	{"move-mount", "ENOSYS|EPERM", move_mount_, NULL, NULL},
	{"open-tree", "ENOSYS|EPERM", open_tree_clone, NULL, NULL},
	{"open-tree-attr", "ENOSYS|EPERM", open_tree_attributes, NULL, NULL},
	{"mount-setattr", "ENOSYS|EPERM", mount_setattr_, NULL, NULL},
	{"fsopen", "ENOSYS|EPERM", fsopen_, NULL, NULL},
	{"pivot-root", "EPERM", pivot_root_, NULL, NULL},
	{"chroot", "EPERM", chroot_, NULL, NULL},
	{"listmount", "ENOSYS", listmount, "none permissive nested", NULL},
};

const struct check_group group_mounts = {'D', checks, COUNT(checks)};
