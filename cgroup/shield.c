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

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MOUNTINFO_MAX (64U << 20)

/* Undoes the \ooo of mountinfo, in place. */
static void unescape(char *text)
{
	char *out = text;

	for (; *text; text++) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] >= '0' &&
		    text[2] <= '7' && text[3] >= '0' && text[3] <= '7') {
			*out++ = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 +
					(text[3] - '0'));
			text += 3;
		} else {
			*out++ = *text;
		}
	}
	*out = '\0';
}

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

static int make_read_only(const char *point, uint64_t id)
{
	autoclose int fd = open(point, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;
	uint64_t got;

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : fail(errno, "%s", point);
	if (fs.f_type != CGROUP2_SUPER_MAGIC && fs.f_type != CGROUP_SUPER_MAGIC)
		return 0;
	if (kernel_mount_id(fd, &got) == 0 && got != id)
		return 0;
	if (kernel_mount_setattr(fd, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY) == 0 || remount(fd) == 0)
		return 0;
	return fail(errno, "%s, which must not be writable where limits are to hold", point);
}

/* One line: ID PARENT DEVICE ROOT POINT OPTIONS ... - TYPE ..., see proc(5). */
static int look_at(char *line)
{
	char *fields[5], *rest = line, *type = strstr(line, " - ");
	int64_t id;

	if (!type || strncmp(type + 3, "cgroup", 6) != 0)
		return 0;
	for (size_t i = 0; i < COUNT(fields); i++)
		fields[i] = strsep(&rest, " ");
	if (!fields[4] || parse_number(fields[0], 0, INT64_MAX, &id) < 0)
		return fail(0, "/proc/self/mountinfo: unexpected line");
	unescape(fields[4]);
	return make_read_only(fields[4], (uint64_t)id);
}

int cgroup_shield(int proc)
{
	autoclose int fd = openat(proc, "self/mountinfo", O_RDONLY | O_CLOEXEC);
	autofree char *text = NULL;
	char *save = NULL;
	size_t length;

	if (fd >= 0)
		text = read_fd(fd, MOUNTINFO_MAX, &length);
	if (!text)
		return fail(errno, "/proc/self/mountinfo");
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (look_at(line) < 0)
			return -1;
	return chdir("/") < 0 ? fail(errno, "/") : 0;
}
