/*
 * probes-mounts.c - what --doctor tries of namespaces and mounts.
 *
 * Each probe runs in a child of its own and in namespaces of its own, so nothing that is mounted
 * here is seen by anybody else or outlives the child. /usr serves as the place to mount on: it is
 * the one directory that each machine with zbox has.
 */
#include "probes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#define PLACE "/usr"

/* ---- namespaces ---- */

static int write_map(const char *path, unsigned outside)
{
	char line[32];

	(void)snprintf(line, sizeof(line), "0 %u 1\n", outside);
	if (write_file_at(AT_FDCWD, path, line) < 0)
		return fail(errno, "%s", path);
	return 0;
}

int probe_enter(int namespaces)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(CLONE_NEWUSER) < 0)
		return fail(errno, "new user namespace");
	if (write_file_at(AT_FDCWD, "/proc/self/setgroups", "deny") < 0 && errno != ENOENT)
		return fail(errno, "/proc/self/setgroups");
	if (write_map("/proc/self/uid_map", uid) < 0 || write_map("/proc/self/gid_map", gid) < 0)
		return -1;
	if (namespaces && unshare(namespaces) < 0)
		return fail(errno, "new namespace");
	return 0;
}

int probe_user(char *detail)
{
	probe_line("/proc/sys/user/max_user_namespaces", "", detail, PROBE_DETAIL);
	if (unshare(CLONE_NEWUSER) < 0)
		return fail(errno, "new user namespace");
	return 0;
}

int probe_map(char *detail)
{
	(void)detail;
	return probe_enter(0);
}

int probe_mount_ns(char *detail)
{
	(void)detail;
	return probe_enter(CLONE_NEWNS);
}

int probe_pid(char *detail)
{
	(void)detail;
	return probe_enter(CLONE_NEWPID);
}

int probe_ipc(char *detail)
{
	(void)detail;
	return probe_enter(CLONE_NEWIPC);
}

int probe_uts(char *detail)
{
	(void)detail;
	if (probe_enter(CLONE_NEWUTS) < 0)
		return -1;
	return sethostname("zbox", 4) < 0 ? fail(errno, "hostname in a new UTS namespace") : 0;
}

int probe_net(char *detail)
{
	(void)detail;
	return probe_enter(CLONE_NEWNET);
}

int probe_cgroup_ns(char *detail)
{
	(void)detail;
	return probe_enter(CLONE_NEWCGROUP);
}

int probe_time(char *detail)
{
	(void)detail;
	if (probe_enter(0) < 0)
		return -1;
	if (unshare(CLONE_NEWTIME) < 0)
		return fail(errno, "new time namespace");
	return write_file_at(AT_FDCWD, "/proc/self/timens_offsets", "monotonic 1 0") < 0
		       ? fail(errno, "offsets of a new time namespace")
		       : 0;
}

/* ---- file systems ---- */

/* User and mount namespaces (and more), nothing propagates. */
static int enter_mounts(int more)
{
	if (probe_enter(CLONE_NEWNS | more) < 0)
		return -1;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return fail(errno, "mount / private");
	return 0;
}

static int mount_type(const char *type, unsigned long flags, const char *options)
{
	if (mount("zbox", PLACE, type, flags, options) < 0)
		return fail(errno, "mount %s in a user namespace", type);
	return 0;
}

int probe_tmpfs(char *detail)
{
	(void)detail;
	return enter_mounts(0) < 0 ? -1 : mount_type("tmpfs", MS_NOSUID | MS_NODEV, "mode=0755");
}

int probe_bind(char *detail)
{
	(void)detail;
	if (enter_mounts(0) < 0)
		return -1;
	if (mount(PLACE, PLACE, NULL, MS_BIND | MS_REC, NULL) < 0)
		return fail(errno, "bind %s", PLACE);
	return 0;
}

int probe_proc(char *detail)
{
	pid_t pid;
	int status;

	(void)detail;
	if (enter_mounts(CLONE_NEWPID) < 0)
		return -1;
	/* only a process in the new namespace can mount its /proc */
	pid = fork();
	if (pid < 0)
		return fail(errno, "fork in a new process namespace");
	if (pid == 0)
		_exit(mount("proc", PLACE, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0
			      ? errno
			      : 0);
	if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return fail(0, "a process in a new process namespace died");
	return WEXITSTATUS(status) ? fail(WEXITSTATUS(status), "mount proc in a user namespace")
				   : 0;
}

int probe_devpts(char *detail)
{
	(void)detail;
	if (enter_mounts(0) < 0)
		return -1;
	return mount_type("devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620");
}

int probe_mqueue(char *detail)
{
	(void)detail;
	return enter_mounts(CLONE_NEWIPC) < 0 ? -1 : mount_type("mqueue", 0, NULL);
}

int probe_overlay(char *detail)
{
	static const char *const names[] = {"lower", "upper", "work", "merged"};

	(void)detail;
	if (enter_mounts(0) < 0 || mount_type("tmpfs", 0, "mode=0755") < 0)
		return -1;
	for (size_t i = 0; i < COUNT(names); i++) {
		char path[32];

		(void)snprintf(path, sizeof(path), PLACE "/%s", names[i]);
		if (mkdir(path, 0755) < 0)
			return fail(errno, "mkdir %s", path);
	}
	if (mount("overlay", PLACE "/merged", "overlay", 0,
		  "lowerdir=" PLACE "/lower,upperdir=" PLACE "/upper,workdir=" PLACE
		  "/work,userxattr") < 0)
		return fail(errno, "mount overlay in a user namespace");
	return 0;
}

int probe_pivot(char *detail)
{
	(void)detail;
	if (enter_mounts(0) < 0 || mount_type("tmpfs", 0, "mode=0755") < 0)
		return -1;
	if (chdir(PLACE) < 0)
		return fail(errno, "chdir %s", PLACE);
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return fail(errno, "pivot_root");
	return umount2(".", MNT_DETACH) < 0 ? fail(errno, "umount the old root") : 0;
}

/* ---- the mount calls of Linux 5.2 and later ---- */

/* A detached copy of the mount at PLACE. */
static int clone_tree(void)
{
	int fd = (int)syscall(SYS_open_tree, AT_FDCWD, PLACE,
			      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

	return fd < 0 ? fail(errno, "open_tree") : fd;
}

int probe_open_tree(char *detail)
{
	(void)detail;
	return enter_mounts(0) < 0 || clone_tree() < 0 ? -1 : 0;
}

int probe_mount_setattr(char *detail)
{
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID};
	autoclose int fd = -1;

	(void)detail;
	if (enter_mounts(0) < 0 || (fd = clone_tree()) < 0)
		return -1;
	if (syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes,
		    sizeof(attributes)) < 0)
		return fail(errno, "mount_setattr");
	return 0;
}

int probe_move_mount(char *detail)
{
	autoclose int fd = -1;

	(void)detail;
	if (enter_mounts(0) < 0 || (fd = clone_tree()) < 0)
		return -1;
	if (syscall(SYS_move_mount, fd, "", AT_FDCWD, PLACE, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return fail(errno, "move_mount");
	return 0;
}

int probe_fsopen(char *detail)
{
	autoclose int context = -1, fd = -1;

	(void)detail;
	if (enter_mounts(0) < 0)
		return -1;
	context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	if (context < 0)
		return fail(errno, "fsopen");
	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return fail(errno, "fsconfig");
	fd = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	return fd < 0 ? fail(errno, "fsmount") : 0;
}
