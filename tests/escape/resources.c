/* K: resources that hold without cgroups. Nothing is filled up: the limits are looked at. */
#include "escape.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/vfs.h>
#include <unistd.h>

#define TMPFS 0x01021994

static const char *const places[] = {"/", "/tmp", "/var/tmp", "/run", "/dev", "/dev/shm"};

static void tmpfs_bytes(struct result *r)
{
	struct sysinfo info;

	(void)sysinfo(&info);
	stopped(r, "bounded");
	for (size_t i = 0; i < COUNT(places); i++) {
		unsigned long long bytes, half = info.totalram * info.mem_unit / 2;
		struct statfs fs;

		if (statfs(places[i], &fs) < 0 || fs.f_type != TMPFS || (fs.f_flags & ST_RDONLY))
			continue;
		bytes = (unsigned long long)fs.f_blocks * (unsigned long long)fs.f_bsize;
		/* half of the memory is what the kernel sets where nobody says anything */
		if (bytes == 0 || bytes >= half / 100 * 99) {
			open_hole(r, "%s may grow to %llu MiB", places[i], bytes >> 20);
			return;
		}
	}
}

static void tmpfs_inodes(struct result *r)
{
	/* What zbox gives. The kernel's default is half of the pages, which may be less. */
	const unsigned long long most = 400 * 1024;

	stopped(r, "bounded");
	for (size_t i = 0; i < COUNT(places); i++) {
		struct statfs fs;

		if (statfs(places[i], &fs) < 0 || fs.f_type != TMPFS || (fs.f_flags & ST_RDONLY))
			continue;
		if (fs.f_files == 0 || fs.f_files > most) {
			open_hole(r, "%s may hold %llu files", places[i],
				  (unsigned long long)fs.f_files);
			return;
		}
	}
}

static void fds(struct result *r)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max != RLIM_INFINITY)
		stopped(r, "bounded");
	else
		open_hole(r, "no limit");
}

static void core_dump(struct result *r)
{
	struct rlimit limit = {0, 0};

	(void)getrlimit(RLIMIT_CORE, &limit);
	/* 1 is less than any core, and keeps the host's handler out as well */
	if (limit.rlim_max > 1)
		open_hole(r, "cores are written");
	else
		stopped(r, "none");
}

static void rt_sched(struct result *r)
{
	struct sched_param param = {.sched_priority = 10};

	if (sched_setscheduler(0, SCHED_FIFO, &param) == 0)
		open_hole(r, "SCHED_FIFO");
	else if (setpriority(PRIO_PROCESS, 0, -10) == 0)
		open_hole(r, "nice -10");
	else
		stopped(r, "%s", errno_name(errno));
}

static void namespace_count(struct result *r)
{
	char text[32];

	if (syscall(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNS) < 0)
		stopped(r, "%s", errno_name(errno));
	else if (read_text("/proc/sys/user/max_mnt_namespaces", text, sizeof(text)) > 0 &&
		 strtol(text, NULL, 10) > 100)
		open_hole(r, "%ld mount namespaces", strtol(text, NULL, 10));
	else
		stopped(r, "limited");
}

/* setpriority of the user's processes reaches those outside. */
static void nice_others(struct result *r)
{
	judge(r, syscall(SYS_setpriority, PRIO_USER, 0, 19), "every process of the user is slower");
}

static const struct check checks[] = {
	{"tmpfs-bytes", "bounded", tmpfs_bytes, NULL, NULL},
	{"tmpfs-inodes", "bounded", tmpfs_inodes, NULL, NULL},
	{"fds", "bounded", fds, NULL, NULL},
	{"core-dump", "none", core_dump, NULL, NULL},
	{"rt-sched", "EPERM|EACCES", rt_sched, NULL, NULL},
	{"ns-count", "EPERM", namespace_count, "desktop nested none permissive", NULL},
	{"nice-others", "EPERM", nice_others, "none permissive nested container", NULL},
	{"fork-bomb", NULL, NULL, NULL,
	 "needs --pids: tests/vm, where control groups are delegated"},
	{"memory", NULL, NULL, NULL,
	 "needs --memory: tests/vm, where control groups are delegated"},
	{"user-pools", NULL, NULL, NULL,
	 "terminals, inotify, pipes and keys of a user are the kernel's to bound: documented"},
	{"output-flood", NULL, NULL, NULL, "the terminal's copying is tested in tests/e2e"},
	{"disk-fill", NULL, NULL, NULL, "a writable bind has the host's quota: documented"},
};

const struct check_group group_resources = {'K', checks, COUNT(checks)};
