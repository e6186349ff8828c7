/* E: /proc, /sys and /dev. */
#include "escape.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Opening for writing is enough: nothing is ever written. */
static void try_write(struct result *r, const char *const *paths, size_t count)
{
	stopped(r, "absent");
	for (size_t i = 0; i < count; i++) {
		int fd = open(paths[i], O_WRONLY | O_CLOEXEC);

		if (fd >= 0) {
			open_hole(r, "%s can be written", paths[i]);
			return;
		}
		if (errno != ENOENT && errno != ENOTDIR)
			stopped(r, "%s", errno_name(errno));
	}
}

static void core_pattern(struct result *r)
{
	static const char *const paths[] = {"/proc/sys/kernel/core_pattern"};

	try_write(r, paths, COUNT(paths));
}

static void sysrq(struct result *r)
{
	static const char *const paths[] = {"/proc/sysrq-trigger", "/proc/sys/kernel/sysrq"};

	try_write(r, paths, COUNT(paths));
}

static void hotplug_helpers(struct result *r)
{
	static const char *const paths[] = {"/proc/sys/kernel/hotplug", "/proc/sys/kernel/modprobe",
					    "/proc/sys/kernel/poweroff_cmd",
					    "/sys/kernel/uevent_helper"};

	try_write(r, paths, COUNT(paths));
}

static void drop_caches(struct result *r)
{
	static const char *const paths[] = {"/proc/sys/vm/drop_caches", "/proc/sys/vm/swappiness",
					    "/proc/sys/vm/compact_memory"};

	try_write(r, paths, COUNT(paths));
}

/* Under a real root the directories lie: access(2) says no while the files can be written. */
static void proc_sys_all(struct result *r)
{
	static const char *const paths[] = {"/proc/sys/kernel/hostname",
					    "/proc/sys/kernel/randomize_va_space",
					    "/proc/sys/fs/file-max",
					    "/proc/sys/net/ipv4/ip_forward",
					    "/proc/irq/default_smp_affinity",
					    "/proc/bus/pci/00/00.0",
					    "/proc/fs/xfs/stat"};

	try_write(r, paths, COUNT(paths));
}

static void binfmt(struct result *r)
{
	static const char *const paths[] = {"/proc/sys/fs/binfmt_misc/register"};

	try_write(r, paths, COUNT(paths));
	if (r->verdict == STOPPED &&
	    syscall(SYS_mount, "none", "/tmp", "binfmt_misc", 0, NULL) == 0)
		open_hole(r, "binfmt_misc is mounted");
}

static void sys_write(struct result *r)
{
	static const char *const paths[] = {
		"/sys/power/state", "/sys/kernel/mm/ksm/run", "/sys/fs/cgroup/cgroup.procs",
		"/sys/fs/cgroup/release_agent", "/sys/kernel/mm/transparent_hugepage/enabled"};

	try_write(r, paths, COUNT(paths));
}

static void try_read(struct result *r, const char *const *paths, size_t count)
{
	stopped(r, "absent");
	for (size_t i = 0; i < count; i++) {
		char text[64];
		ssize_t got = read_text(paths[i], text, sizeof(text));

		if (got > 0) {
			open_hole(r, "%s can be read", paths[i]);
			return;
		}
		if (got < 0 && errno != ENOENT && errno != ENOTDIR)
			stopped(r, "%s", errno_name(errno));
		else if (got == 0)
			stopped(r, "empty");
	}
}

static void sys_read(struct result *r)
{
	static const char *const paths[] = {"/sys/devices/system/cpu/online",
					    "/sys/class/dmi/id/product_name",
					    "/sys/kernel/uevent_seqnum"};

	try_read(r, paths, COUNT(paths));
}

static void firmware(struct result *r)
{
	static const char *const paths[] = {"/sys/firmware/acpi/tables/DSDT",
					    "/sys/firmware/memmap/0/start",
					    "/sys/class/powercap/intel-rapl/enabled"};

	try_read(r, paths, COUNT(paths));
}

static void kcore(struct result *r)
{
	static const char *const paths[] = {"/proc/kcore",         "/proc/timer_list",
					    "/proc/latency_stats", "/proc/sched_debug",
					    "/proc/scsi/scsi",     "/proc/kpagecount"};

	try_read(r, paths, COUNT(paths));
}

static void kallsyms(struct result *r)
{
	char text[4096];

	if (read_text("/proc/kallsyms", text, sizeof(text)) <= 0)
		stopped(r, "not there");
	else if (strtoull(text, NULL, 16) != 0)
		open_hole(r, "addresses of the kernel");
	else
		stopped(r, "zeroes");
}

static void proc_keys(struct result *r)
{
	static const char *const paths[] = {"/proc/keys"};

	/* one line for a keyring of our own is all that may be there; the host's session had two */
	try_read(r, paths, COUNT(paths));
}

static void kmsg(struct result *r)
{
	(void)judge_open(r, "/dev/kmsg", O_RDONLY);
	if (r->verdict == STOPPED)
		(void)judge_open(r, "/proc/kmsg", O_RDONLY);
}

static void syslog_(struct result *r)
{
	char text[64];

	judge(r, syscall(SYS_syslog, 3, text, sizeof(text)), "the kernel log");
}

static bool known_device(const char *name)
{
	static const char *const known[] = {"null",    "zero", "full",    "random",
					    "urandom", "tty",  "console", "ptmx"};

	for (size_t i = 0; i < COUNT(known); i++)
		if (strcmp(name, known[i]) == 0)
			return true;
	return false;
}

static void dev_inventory(struct result *r)
{
	DIR *dir = opendir("/dev");
	const struct dirent *entry;
	unsigned others = 0;
	char first[NAME_MAX + 1] = "";

	if (!dir) {
		stopped(r, "no /dev");
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		struct stat st;

		if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !(S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) || known_device(entry->d_name))
			continue;
		others++;
		(void)snprintf(first, sizeof(first), "%s", entry->d_name);
	}
	(void)closedir(dir);
	if (others)
		open_hole(r, "%u more nodes, such as %s", others, first);
	else
		stopped(r, "none");
}

static void devpts_own(struct result *r)
{
	int fd = open("/dev/ptmx", O_RDWR | O_CLOEXEC | O_NOCTTY);
	unsigned number = 0;

	if (fd < 0 || ioctl(fd, TIOCGPTN, &number) < 0)
		stopped(r, "%s", errno_name(errno));
	else if (number > 2)
		open_hole(r, "the new terminal has number %u: not an instance of its own", number);
	else
		stopped(r, "own");
}

static void shm_own(struct result *r)
{
	DIR *dir = opendir("/dev/shm");
	const struct dirent *entry;

	stopped(r, "empty");
	if (!dir) {
		stopped(r, "%s", errno_name(errno));
		return;
	}
	while ((entry = readdir(dir)) != NULL)
		if (strncmp(entry->d_name, canaries.tag, strlen(canaries.tag)) == 0 &&
		    strcmp(entry->d_name + strlen(canaries.tag), ".shm") == 0)
			open_hole(r, "the host's /dev/shm");
	(void)closedir(dir);
}

static void oom_adjust(struct result *r)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		stopped(r, "%s", errno_name(errno));
	else
		judge(r, write(fd, "-1000", 5), "the score is lowered");
}

static void uid_map_rewrite(struct result *r)
{
	static const char *const paths[] = {"/proc/self/uid_map", "/proc/self/gid_map",
					    "/proc/self/setgroups"};
	static const char *const texts[] = {"0 0 1", "0 0 1", "allow"};

	for (size_t i = 0; i < COUNT(paths); i++) {
		int fd = open(paths[i], O_WRONLY | O_CLOEXEC);

		if (fd >= 0 && write(fd, texts[i], strlen(texts[i])) >= 0) {
			open_hole(r, "%s was written", paths[i]);
			return;
		}
		stopped(r, "%s", errno_name(errno));
	}
}

static const struct check checks[] = {
	{"core-pattern", "EROFS|EACCES", core_pattern, NULL, NULL},
	{"sysrq", "EROFS|EACCES|absent", sysrq, NULL, NULL},
	{"hotplug-helpers", "EROFS|EACCES|absent", hotplug_helpers, NULL, NULL},
	{"drop-caches", "EROFS|EACCES", drop_caches, NULL, NULL},
	{"proc-sys", "EROFS|EACCES", proc_sys_all, NULL, NULL},
	{"binfmt", NULL, binfmt, NULL, NULL},
	{"sys-write", "absent|EROFS|EACCES", sys_write, NULL, NULL},
	{"sys-read", "absent", sys_read, NULL, NULL},
	{"kcore", NULL, kcore, NULL, NULL},
	{"kallsyms", NULL, kallsyms, NULL, NULL},
	{"kmsg", "ENOENT|EPERM|EACCES|ENXIO", kmsg, NULL, NULL},
	{"syslog", "EPERM", syslog_, NULL, NULL},
	{"proc-keys", NULL, proc_keys, "nested", NULL},
	{"dev-inventory", "none", dev_inventory, NULL, NULL},
	{"devpts-own", "own", devpts_own, NULL, NULL},
	{"shm-own", "empty", shm_own, NULL, NULL},
	{"oom-adj", "EACCES", oom_adjust, NULL, NULL},
	{"uid-map-rewrite", NULL, uid_map_rewrite, NULL, NULL},
	{"firmware", "absent", firmware, NULL, NULL},
};

const struct check_group group_system = {'E', checks, COUNT(checks)};
