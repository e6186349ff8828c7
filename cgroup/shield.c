/*
 * shield.c - control group file systems of the host inside the sandbox are only read.
 *
 * Whoever binds "/" or "/sys" writable gives the command the files of his own control groups, and
 * the command is him as far as the kernel can tell: it would raise its limits, or move out of them.
 * So with limits these mounts become read-only, once the new root is complete. The command cannot
 * undo that: it has no capability over the mount namespace, or, with --cap-add, only over a second
 * one in which these mounts are locked.
 *
 * Names come from mountinfo. One that is covered by another mount leads to that: its id differs,
 * and nobody inside can uncover it.
 */
#include "cgroup/shield.h"

#include "kernel.h"
#include "mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Before Linux 5.12 flags that a mount has must be repeated. */
static int remount(int fd)
{
	static const struct {
		unsigned long has, flag;
	} flags[] = {
		{ST_NOSUID, MS_NOSUID},         {ST_NODEV, MS_NODEV},
		{ST_NOEXEC, MS_NOEXEC},         {ST_NOATIME, MS_NOATIME},
		{ST_NODIRATIME, MS_NODIRATIME}, {ST_RELATIME, MS_RELATIME},
	};
	unsigned long set = MS_REMOUNT | MS_BIND | MS_RDONLY;
	struct statvfs st;

	if (fstatvfs(fd, &st) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(flags); i++)
		if (st.f_flag & flags[i].has)
			set |= flags[i].flag;
	/* "." is what fd is open at, with no name in between that could change */
	return fchdir(fd) < 0 ? -1 : kernel_mount("none", ".", NULL, set, NULL);
}

static int make_read_only(const char *point, int64_t id)
{
	autoclose int fd = open(point, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;
	uint64_t got;

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : fail(errno, "%s", point);
	if (fs.f_type != CGROUP2_SUPER_MAGIC && fs.f_type != CGROUP_SUPER_MAGIC)
		return 0;
	if (kernel_mount_id(fd, &got) == 0 && got != (uint64_t)id)
		return 0;
	if (kernel_mount_setattr(fd, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY) == 0 || remount(fd) == 0)
		return 0;
	return fail(errno, "%s, which must not be writable where limits are to hold", point);
}

int cgroup_shield(int proc)
{
	autofree char *text = mountinfo_read(proc);
	struct mountinfo m;
	char *rest = text;
	int found = text ? 1 : -1;

	while (found > 0) {
		found = mountinfo_next(&rest, &m);
		if (found > 0 && strncmp(m.type, "cgroup", 6) == 0 &&
		    make_read_only(m.point, m.id) < 0)
			return -1;
	}
	if (found < 0)
		return -1;
	return chdir("/") < 0 ? fail(errno, "/") : 0;
}
