/*
 * probes-host.c - what --doctor tries of the things that a machine may or may not offer: a network
 * tap, ranges of ids, a cgroup of one's own.
 *
 * newuidmap and newgidmap are the only programs that are run. They are set-uid; nothing that is
 * not the caller's own goes to them.
 */
#include "probes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/magic.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

void probe_line(const char *file, const char *key, char *text, size_t size)
{
	FILE *in = fopen(file, "re");
	char line[1024];

	while (in && fgets(line, sizeof(line), in)) {
		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		(void)snprintf(text, size, "%s",
			       line + strlen(key) + strspn(line + strlen(key), " \t"));
		break;
	}
	if (in)
		(void)fclose(in);
}

/* ---- network ---- */

int probe_loopback(char *detail)
{
	struct ifreq request = {.ifr_name = "lo"};
	autoclose int fd = -1;

	(void)detail;
	if (probe_enter(CLONE_NEWNET) < 0)
		return -1;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(errno, "loopback: socket");
	request.ifr_flags = IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return fail(errno, "loopback: up");
	return 0;
}

int probe_tun(char *detail)
{
	struct ifreq request = {.ifr_name = "zbox0"};
	autoclose int fd = -1;

	(void)detail;
	if (probe_enter(CLONE_NEWNET) < 0)
		return -1;
	/* the interface appears in the network namespace that it was opened in */
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return fail(errno, "/dev/net/tun");
	request.ifr_flags = IFF_TAP | IFF_NO_PI;
	if (ioctl(fd, TUNSETIFF, &request) < 0)
		return fail(errno, "a tap by /dev/net/tun");
	return 0;
}

/* ---- ranges of ids ---- */

/* The caller's name in /etc/passwd: no name service, the program is linked statically. */
static void own_name(char *name, size_t size)
{
	FILE *in = fopen("/etc/passwd", "re");
	char line[1024], found[128];
	unsigned uid;

	(void)snprintf(name, size, "%u", getuid());
	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, "%127[^:]:%*[^:]:%u:", found, &uid) == 2 && uid == getuid()) {
			(void)snprintf(name, size, "%s", found);
			break;
		}
	if (in)
		(void)fclose(in);
}

/* The first range of the caller in a file of lines NAME:FIRST:COUNT. */
static int own_range(const char *file, unsigned *first, unsigned *count)
{
	char name[128], number[16], key[130], rest[64] = "";

	own_name(name, sizeof(name));
	(void)snprintf(number, sizeof(number), "%u:", getuid());
	(void)snprintf(key, sizeof(key), "%s:", name);
	probe_line(file, key, rest, sizeof(rest));
	if (rest[0] == '\0')
		probe_line(file, number, rest, sizeof(rest));
	if (sscanf(rest, "%u:%u", first, count) != 2)
		return fail(0, "no range for %s in %s", name, file);
	return 0;
}

/* Runs PROGRAM PID 0 OWN 1 1 FIRST COUNT, silently. */
static int run_mapper(const char *program, pid_t pid, unsigned own, unsigned first, unsigned count)
{
	char text[4][16];
	int status;
	pid_t mapper;

	(void)snprintf(text[0], sizeof(text[0]), "%d", pid);
	(void)snprintf(text[1], sizeof(text[1]), "%u", own);
	(void)snprintf(text[2], sizeof(text[2]), "%u", first);
	(void)snprintf(text[3], sizeof(text[3]), "%u", count);
	mapper = fork();
	if (mapper < 0)
		return fail(errno, "fork");
	if (mapper == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		(void)dup2(null, 2);
		execlp(program, program, text[0], "0", text[1], "1", "1", text[2], text[3],
		       (char *)NULL);
		_exit(errno == ENOENT ? 127 : 126);
	}
	if (waitpid(mapper, &status, 0) < 0)
		return fail(errno, "wait for %s", program);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return fail(ENOENT, "run %s", program);
	return status == 0 ? 0 : fail(EPERM, "%s refused the range", program);
}

/* A child in a user namespace of its own that waits to be mapped; says when it is there. */
static pid_t waiting_child(void)
{
	int ends[2];
	pid_t pid;
	char byte;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(errno, "pipe");
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWUSER) < 0)
			_exit(1);
		(void)!write(ends[1], "r", 1);
		(void)alarm(5);
		for (;;)
			(void)pause();
	}
	(void)close(ends[1]);
	if (pid < 0 || read(ends[0], &byte, 1) != 1)
		pid = fail(errno, "new user namespace");
	(void)close(ends[0]);
	return pid;
}

static int try_range(const char *program, const char *file, unsigned own, char *detail)
{
	unsigned first, count;
	pid_t pid;
	int result;

	if (own_range(file, &first, &count) < 0)
		return -1;
	(void)snprintf(detail, PROBE_DETAIL, "%u ids from %u", count, first);
	pid = waiting_child();
	if (pid < 0)
		return -1;
	result = run_mapper(program, pid, own, first, count);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	return result;
}

int probe_uid_range(char *detail)
{
	return try_range("newuidmap", "/etc/subuid", getuid(), detail);
}

int probe_gid_range(char *detail)
{
	return try_range("newgidmap", "/etc/subgid", getgid(), detail);
}

/* ---- cgroups ---- */

/* Makes and removes a group in that of the path, which must have controllers to give. */
static int try_cgroup(const char *path, char *detail)
{
	char file[512], controllers[PROBE_DETAIL] = "";
	struct statfs fs;

	if (statfs("/sys/fs/cgroup", &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC) {
		errno = 0; /* another file system there says nothing */
		return -1;
	}
	(void)snprintf(file, sizeof(file), "/sys/fs/cgroup%s/cgroup.controllers", path);
	probe_line(file, "", controllers, sizeof(controllers));
	(void)snprintf(file, sizeof(file), "/sys/fs/cgroup%s/zbox-doctor-%d", path, getpid());
	if (mkdir(file, 0755) < 0)
		return -1;
	(void)rmdir(file);
	(void)snprintf(detail, PROBE_DETAIL, "%.200s: %.40s", path,
		       controllers[0] ? controllers : "no controllers");
	errno = 0;
	return controllers[0] ? 0 : -1;
}

/* The group of the caller itself, or that of its systemd user manager, which can be asked for one.
 */
int probe_cgroup(char *detail)
{
	char own[256] = "", manager[256];

	probe_line("/proc/self/cgroup", "0::", own, sizeof(own));
	if (own[0] == '\0')
		return fail(0, "no cgroup of version 2");
	(void)snprintf(manager, sizeof(manager), "/user.slice/user-%u.slice/user@%u.service",
		       getuid(), getuid());
	if (try_cgroup(own, detail) == 0 || try_cgroup(manager, detail) == 0)
		return 0;
	return fail(errno, "no delegated cgroup of version 2 with controllers");
}
