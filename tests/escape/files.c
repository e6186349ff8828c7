/* D: files. What makes files leaves them for host.c, which knows whether they came out. */
#include "escape.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static void host_write(struct result *r)
{
	static const char *const dirs[] = {"/",        "/usr",  "/usr/lib", "/etc",     "/var",
					   "/home",    "/root", "/tmp",     "/var/tmp", "/run",
					   "/dev/shm", "/opt",  "/srv",     "/mnt"};

	for (size_t i = 0; i < COUNT(dirs); i++) {
		char path[PATH_MAX];
		int fd;

		(void)snprintf(path, sizeof(path), "%s/%s", dirs[i], canaries.tag);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd >= 0)
			(void)close(fd);
	}
	stopped(r, "host decides");
}

static void home_write(struct result *r)
{
	char path[PATH_MAX];
	int fd;

	(void)snprintf(path, sizeof(path), "%s.written", canaries.secret);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0)
		(void)close(fd);
	stopped(r, "host decides");
}

/* Every mount that can be written and is not a file system of the sandbox's own. */
static void rw_inventory(struct result *r)
{
	static const char *const own[] = {" tmpfs ",  " proc ",    " devpts ",
					  " mqueue ", " overlay ", " devtmpfs "};
	char *text = malloc(1 << 20), *next = NULL;

	if (!text || read_text("/proc/self/mountinfo", text, 1 << 20) < 0) {
		stopped(r, "no mountinfo");
		return;
	}
	stopped(r, "none");
	for (char *line = strtok_r(text, "\n", &next); line; line = strtok_r(NULL, "\n", &next)) {
		char point[256], options[256];
		char *type = strstr(line, " - ");
		bool mine = false;

		if (!type || sscanf(line, "%*s %*s %*s %*s %255s %255s", point, options) != 2)
			continue;
		for (size_t i = 0; i < COUNT(own); i++)
			mine |= strstr(type, own[i]) != NULL;
		/* device nodes are files of the host's /dev, bound one by one */
		if (mine || strncmp(options, "rw", 2) != 0 || strncmp(point, "/dev/", 5) == 0)
			continue;
		open_hole(r, "%s", point);
		return;
	}
}

static void suid_honoured(struct result *r)
{
	static const char *const programs[] = {"/bin/su", "/usr/bin/su", "/usr/bin/passwd",
					       "/usr/bin/mount", "/usr/bin/newuidmap"};

	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) {
		open_hole(r, "no_new_privs is off");
		return;
	}
	for (size_t i = 0; i < COUNT(programs); i++) {
		struct statvfs fs;
		struct stat st;

		if (stat(programs[i], &st) == 0 && (st.st_mode & S_ISUID) &&
		    statvfs(programs[i], &fs) == 0 && !(fs.f_flag & ST_NOSUID)) {
			open_hole(r, "%s on a mount without nosuid", programs[i]);
			return;
		}
	}
	stopped(r, "nosuid, no_new_privs");
}

static void hardlink_cross(struct result *r)
{
	static const char *const to[] = {"/tmp", "/var/tmp", "/run", "/dev/shm"};
	int err = 0;

	for (size_t i = 0; i < COUNT(to); i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "%s/link.%d", to[i], getpid());
		if (link("/usr/bin/env", path) == 0) {
			(void)unlink(path);
			open_hole(r, "a link to /usr/bin/env in %s", to[i]);
			return;
		}
		err = errno == ENOENT ? err : errno;
	}
	stopped(r, "%s", errno_name(err));
}

static void shocker(struct result *r)
{
	struct {
		unsigned bytes;
		int type;
		unsigned char handle[8];
	} handle = {8, 1, {2}};
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	judge(r, syscall(SYS_open_by_handle_at, fd, &handle, O_RDONLY), "a file by its handle");
}

static void name_to_handle(struct result *r)
{
	char room[200] = {0};
	unsigned size = 128;
	int mount;

	memcpy(room, &size, sizeof(size));
	judge(r, syscall(SYS_name_to_handle_at, AT_FDCWD, "/usr", room, &mount, 0), "a handle");
}

static void mknod_device(struct result *r)
{
	static const char *const where[] = {"/tmp/node", "/dev/shm/node", "/run/node"};

	for (size_t i = 0; i < COUNT(where); i++) {
		if (mknod(where[i], S_IFCHR | 0600, makedev(1, 5)) == 0) {
			int fd = open(where[i], O_RDONLY | O_CLOEXEC);

			(void)unlink(where[i]);
			if (fd >= 0) {
				open_hole(r, "%s is a device that works", where[i]);
				return;
			}
		}
		stopped(r, "%s", errno_name(errno));
		if (mknod(where[i], S_IFBLK | 0600, makedev(8, 0)) == 0) {
			open_hole(r, "a block device at %s", where[i]);
			return;
		}
	}
}

static void inotify_host(struct result *r)
{
	int fd = inotify_init1(IN_CLOEXEC);

	if (fd < 0 || inotify_add_watch(fd, "/usr", IN_CREATE) < 0)
		stopped(r, "%s", errno_name(errno));
	else
		skipped(r, "a bound directory can be watched, as documented");
}

static void mountinfo_leak(struct result *r)
{
	char *text = malloc(1 << 20);
	unsigned lines = 0;

	if (!text || read_text("/proc/self/mountinfo", text, 1 << 20) < 0) {
		stopped(r, "no mountinfo");
		return;
	}
	for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	/* its own layout is what a program must be able to see: the host's is the question */
	if (strstr(text, canaries.tag))
		open_hole(r, "a path of the host");
	else if (strstr(text, " - cgroup") || strstr(text, " - sysfs") ||
		 strstr(text, " - securityfs") || strstr(text, " - debugfs"))
		open_hole(r, "the layout of the host, %u lines", lines);
	else
		stopped(r, "%u lines", lines);
}

static void propagation(struct result *r)
{
	char *text = malloc(1 << 20);

	if (!text || read_text("/proc/self/mountinfo", text, 1 << 20) < 0)
		stopped(r, "no mountinfo");
	else if (strstr(text, " shared:") || strstr(text, " master:") ||
		 strstr(text, " propagate_from:"))
		open_hole(r, "a mount that receives or sends mounts");
	else
		stopped(r, "private");
}

static const struct check checks[] = {
	{"host-write", "nothing on the host", host_write, NULL, NULL},
	{"home-write", "nothing on the host", home_write, NULL, NULL},
	{"rw-inventory", "none", rw_inventory, NULL, NULL},
	{"suid-honoured", "nosuid, no_new_privs", suid_honoured, NULL, NULL},
	{"hardlink-cross", "EXDEV|EPERM", hardlink_cross, NULL, NULL},
	{"shocker", "EPERM", shocker, NULL, NULL},
	{"name-to-handle", "EOPNOTSUPP", name_to_handle, "none permissive nested", NULL},
	{"mknod-dev", "EPERM", mknod_device, NULL, NULL},
	{"inotify-host", NULL, inotify_host, NULL, NULL},
	{"mountinfo-leak", NULL, mountinfo_leak, NULL, NULL},
	{"propagation", "private", propagation, NULL, NULL},
	{"overlay-tricks", NULL, NULL, NULL, "needs an overlay over host directories: tests/e2e"},
	{"mask-race", NULL, NULL, NULL,
	 "masks are bound from objects of the sandbox's own, there is no file to exchange"},
	{"openat2-missing", NULL, NULL, NULL, "the fallbacks are forced in tests/e2e"},
};

const struct check_group group_files = {'D', checks, COUNT(checks)};
