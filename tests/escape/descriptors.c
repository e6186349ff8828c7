/* B: descriptors that were open when the sandbox was started, and other ways to one. */
#include "escape.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define HIGHEST 1024

static void leaked_fds(struct result *r)
{
	char list[150] = "";
	size_t used = 0;

	for (int fd = 3; fd < HIGHEST; fd++)
		if (fcntl(fd, F_GETFD) >= 0 && used < sizeof(list) - 8)
			used += (size_t)snprintf(list + used, sizeof(list) - used, " %d", fd);
	if (used)
		open_hole(r, "open:%s", list);
	else
		stopped(r, "none");
}

static void leaked_dirfd(struct result *r)
{
	const char *name = strrchr(canaries.secret, '/');

	for (int fd = 3; name && fd < HIGHEST; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode))
			continue;
		if (openat(fd, name + 1, O_RDONLY | O_CLOEXEC) >= 0) {
			open_hole(r, "the secret of the home, through descriptor %d", fd);
			return;
		}
		stopped(r, "%s", errno_name(errno));
		return;
	}
	stopped(r, "none");
}

/* We were started in the canary's directory. */
static void cwd_escape(struct result *r)
{
	const char *name = strrchr(canaries.secret, '/');
	char cwd[PATH_MAX];
	struct stat root, up;

	if (syscall(SYS_getcwd, cwd, sizeof(cwd)) < 0 || cwd[0] != '/') {
		open_hole(r, "the working directory is not beneath the root");
		return;
	}
	/* where the home is inside anyway, home-secrets says so */
	if (name && access(canaries.secret, F_OK) < 0 &&
	    open(name + 1, O_RDONLY | O_CLOEXEC) >= 0) {
		open_hole(r, "the secret of the home is in the working directory");
		return;
	}
	for (int i = 0; i < 40 && chdir("..") == 0; i++)
		;
	if (stat("/", &root) < 0 || stat(".", &up) < 0 || root.st_ino != up.st_ino ||
	    root.st_dev != up.st_dev)
		open_hole(r, "the way up does not end at the root");
	else
		stopped(r, "inside");
}

static void scm_rights(struct result *r)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", canaries.socket);
	judge(r, connect(fd, (const struct sockaddr *)&address, sizeof(address)),
	      "a descriptor can be passed to a process outside");
}

static void self_exe(struct result *r)
{
	const char *const paths[] = {"/proc/1/exe", "/proc/self/exe"};
	char held[32];
	int fd;

	for (size_t i = 0; i < COUNT(paths); i++) {
		if (open(paths[i], O_RDWR | O_CLOEXEC) >= 0) {
			open_hole(r, "%s can be written", paths[i]);
			return;
		}
		stopped(r, "%s", errno_name(errno));
		fd = open(paths[i], O_PATH | O_CLOEXEC);
		if (fd < 0)
			continue;
		(void)snprintf(held, sizeof(held), "/proc/self/fd/%d", fd);
		if (open(held, O_WRONLY | O_CLOEXEC) >= 0) {
			open_hole(r, "%s can be written through a held descriptor", paths[i]);
			return;
		}
	}
}

/* Descriptors of PID 1, and of us, that are handles on the sandbox itself. */
static void supervisor_fd(struct result *r)
{
	static const char *const bad[] = {"seccomp notify", "net:[", "mnt:[", "cgroup", "pidfd"};
	static const char *const dirs[] = {"/proc/1/fd", "/proc/self/fd"};
	unsigned seen = 0;

	for (size_t d = 0; d < COUNT(dirs); d++) {
		DIR *dir = opendir(dirs[d]);
		const struct dirent *entry;

		while (dir && (entry = readdir(dir)) != NULL) {
			char target[PATH_MAX];
			ssize_t length =
				readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

			if (length < 0)
				continue;
			seen++;
			target[length] = '\0';
			for (size_t i = 0; i < COUNT(bad); i++)
				if (strstr(target, bad[i])) {
					open_hole(r, "%s/%s is %s", dirs[d], entry->d_name, target);
					return;
				}
		}
		if (dir)
			(void)closedir(dir);
	}
	stopped(r, "none");
	(void)seen;
}

static void take_from(struct result *r, pid_t pid)
{
	long pidfd = syscall(SYS_pidfd_open, pid, 0);

	if (pidfd < 0)
		stopped(r, "%s", errno_name(errno));
	else
		judge(r, syscall(SYS_pidfd_getfd, pidfd, 1, 0), "a descriptor was taken");
}

static void pidfd_getfd_outside(struct result *r)
{
	take_from(r, canaries.host);
}

static void pidfd_getfd_init(struct result *r)
{
	if (getppid() == 1)
		stopped(r, "no init");
	else
		take_from(r, 1);
}

static const struct check checks[] = {
	{"leaked-fds", "none", leaked_fds, NULL, NULL},
	{"leaked-dirfd", "none", leaked_dirfd, NULL, NULL},
	{"cwd-escape", "inside", cwd_escape, NULL, NULL},
	{"scm-rights", "ENOENT|EACCES|ECONNREFUSED", scm_rights, NULL, NULL},
	{"self-exe", NULL, self_exe, NULL, NULL},
	{"supervisor-fd", "none", supervisor_fd, NULL, NULL},
	{"pidfd-getfd", "ENOSYS|ESRCH|EPERM", pidfd_getfd_outside, NULL, NULL},
	{"pidfd-getfd-init", "ENOSYS|EPERM|no init", pidfd_getfd_init, NULL, NULL},
};

const struct check_group group_descriptors = {'B', checks, COUNT(checks)};
