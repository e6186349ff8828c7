/*
 * probe.c - run inside a sandbox, says all that can be seen of its confinement, in one write.
 *
 *   probe HOST-NAMESPACES [PORT]
 *
 *   HOST-NAMESPACES   links of /proc/self/ns of the caller, joined by blanks
 *   PORT              where somebody listens on the loopback of the host
 *
 * What differs from run to run though nothing is wrong (inode numbers, ids of mounts) is left out,
 * so that two outputs are equal when the confinement is. What the system call filter lets us ask is
 * asked of the kernel, the rest is tried.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(0 [array]))

static FILE *out;

static void status_of(const char *title, const char *who, const char *const *names, size_t count)
{
	char path[64], line[512];
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%s/status", who);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		for (size_t i = 0; i < count; i++)
			if (strncmp(line, names[i], strlen(names[i])) == 0)
				(void)fprintf(out, "%s %s", title, line);
	if (file)
		(void)fclose(file);
	else
		(void)fprintf(out, "%s status: %s\n", title, strerror(errno));
}

static int filters(const char *status)
{
	const char *line = strstr(status, "Seccomp_filters:");

	return line ? atoi(line + strlen("Seccomp_filters:")) : 0;
}

/* Our parent, which is PID 1 or in its place, lets go of its rights while we already run. */
static void wait_for_init(const char *init)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	char path[64], own[4096] = "";
	int self = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	if (self < 0 || read(self, own, sizeof(own) - 1) < 0)
		return;
	(void)close(self);

	(void)snprintf(path, sizeof(path), "/proc/%s/status", init);
	for (int i = 0; i < 2000; i++) {
		char text[4096] = "";
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
			return;
		(void)close(fd);
		/* with ranges of ids it keeps the right to kill */
		if ((strstr(text, "CapPrm:\t0000000000000000") ||
		     strstr(text, "CapPrm:\t0000000000000020")) &&
		    filters(text) == filters(own))
			return;
		(void)nanosleep(&pause, NULL);
	}
	(void)fputs("our parent keeps its rights\n", out);
}

static void namespaces(const char *host)
{
	static const char *const kinds[] = {"user", "mnt", "pid", "ipc", "uts", "net", "cgroup"};

	for (size_t i = 0; i < COUNT(kinds); i++) {
		char path[64], link[64] = "";

		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i]);
		if (readlink(path, link, sizeof(link) - 1) < 0)
			(void)fprintf(out, "%s: %s\n", path, strerror(errno));
		else
			(void)fprintf(out, "%s: %s\n", path, strstr(host, link) ? "host" : "own");
	}
}

/* Where, with which flags, of which type: fields 5, 6 and those behind the hyphen. */
static void mounts(void)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char line[8192];

	while (file && fgets(line, sizeof(line), file)) {
		char root[2048], point[2048], flags[512], type[256];
		const char *end = strstr(line, " - ");

		if (end &&
		    sscanf(line, "%*s %*s %*s %2047s %2047s %511s", root, point, flags) == 3 &&
		    sscanf(end, " - %255s", type) == 1)
			(void)fprintf(out, "mount %s %s %s\n", point, flags, type);
	}
	if (file)
		(void)fclose(file);
}

static void descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(dir))
			(void)fprintf(out, "descriptor %s\n", entry->d_name);
	if (dir)
		(void)closedir(dir);
}

static void limits(void)
{
	struct rlimit limit;
	unsigned long processors[16] = {0};

	if (getrlimit(RLIMIT_CORE, &limit) == 0)
		(void)fprintf(out, "core files: %s\n", limit.rlim_max <= 1 ? "none" : "some");
	for (int i = 0; i < RLIM_NLIMITS; i++)
		if (i != RLIMIT_CORE && getrlimit((__rlimit_resource_t)i, &limit) == 0)
			(void)fprintf(out, "limit %d: %llu %llu\n", i,
				      (unsigned long long)limit.rlim_cur,
				      (unsigned long long)limit.rlim_max);
	(void)fprintf(out, "nice %d\n", getpriority(PRIO_PROCESS, 0));
	if (syscall(SYS_sched_getaffinity, 0, sizeof(processors), processors) > 0)
		(void)fprintf(out, "processors %lx\n", processors[0]);
}

/* The interfaces, and where routes lead: what does not change by itself. */
static void interfaces(void)
{
	FILE *devices = fopen("/proc/net/dev", "re"), *routes = fopen("/proc/net/route", "re");
	char line[512], name[64], to[64];

	while (devices && fgets(line, sizeof(line), devices))
		if (strchr(line, ':') && sscanf(line, " %63[^: ]", name) == 1)
			(void)fprintf(out, "interface %s\n", name);
	while (routes && fgets(line, sizeof(line), routes))
		if (sscanf(line, "%63s %63s", name, to) == 2)
			(void)fprintf(out, "route %s %s\n", name, to);
	if (devices)
		(void)fclose(devices);
	if (routes)
		(void)fclose(routes);
}

static void network(const char *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int fd;

	interfaces();
	if (!port)
		return;
	address.sin_port = htons((in_port_t)atoi(port));
	/* itself, and what leads there through --net slirp */
	for (unsigned i = 0; i < 2; i++) {
		address.sin_addr.s_addr = htonl(i == 0 ? INADDR_LOOPBACK : 0x0a000202);
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		(void)fprintf(out, "the host's loopback %u: %s\n", i,
			      connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0
				      ? strerror(errno)
				      : "worked");
		(void)close(fd);
	}
}

static void tried(const char *what, long result)
{
	(void)fprintf(out, "%s: %s\n", what, result < 0 ? strerror(errno) : "worked");
}

static void attempts(void)
{
	const struct sockaddr_un name = {AF_UNIX, "\0zbox-faults"};
	const char *outside = getenv("PROBE_KEYRING");
	char letter[1];
	long keyring;
	int fd;

	errno = 0;
	tried("hidden file", read(open("/d/secret", O_RDONLY | O_CLOEXEC), letter, 1) - 1);
	tried("protected file", open("/d/config", O_WRONLY | O_CLOEXEC));
	tried("hidden directory", open("/d/dir/inside", O_RDONLY | O_CLOEXEC));
	tried("write to /usr", open("/usr/probe", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	tried("write to /", open("/probe-was-here", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	tried("write to /tmp", open("/tmp/probe", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	/* the file system cannot do it either, but with another error than Landlock's */
	tried("mkdir in devpts", mkdir("/dev/pts/probe", 0700));
	tried("core_pattern", open("/proc/sys/kernel/core_pattern", O_WRONLY | O_CLOEXEC));
	tried("kcore", open("/proc/kcore", O_RDONLY | O_CLOEXEC));
	tried("memory of PID 1", open("/proc/1/mem", O_RDWR | O_CLOEXEC));
	tried("command line of PID 1", open("/proc/1/environ", O_RDONLY | O_CLOEXEC));
	tried("caller's terminal", open("/dev/tty", O_RDWR | O_CLOEXEC));
	tried("mount", syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL));
	tried("sethostname", sethostname("probe", 5));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	tried("abstract socket of the host",
	      connect(fd, (const struct sockaddr *)&name, sizeof(sa_family_t) + 12));
	(void)close(fd);
	keyring = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
	if (keyring < 0)
		tried("session keyring", keyring);
	else
		(void)fprintf(out, "session keyring: %s\n",
			      outside && atol(outside) == keyring ? "the caller's" : "own");
	tried("unshare user", syscall(SYS_unshare, CLONE_NEWUSER)); /* last, it would change us */
}

static void surroundings(char **environment)
{
	char directory[4096], host[256] = "";

	for (; *environment; environment++)
		if (strncmp(*environment, "PROBE_", 6) != 0)
			(void)fprintf(out, "variable %s\n", *environment);
	(void)fprintf(out, "directory %s\n",
		      getcwd(directory, sizeof(directory)) ? directory : strerror(errno));
	(void)gethostname(host, sizeof(host) - 1);
	(void)fprintf(out, "host name %s\n", host);
	(void)fprintf(out, "session %s\n",
		      getsid(0) == getppid() || getsid(0) == getpid() ? "own" : "other");
	(void)fprintf(out, "group %s\n", getpgrp() == getpid() ? "own" : "other");
}

int main(int argc, char **argv, char **environment)
{
	static const char *const own[] = {
		"Umask",  "Uid",        "Gid",      "Groups",         "SigBlk",
		"SigIgn", "CapInh",     "CapPrm",   "CapEff",         "CapBnd",
		"CapAmb", "NoNewPrivs", "Seccomp:", "Seccomp_filters"};
	static const char *const init[] = {"CapPrm", "CapBnd", "NoNewPrivs", "Seccomp"};
	static const char *const files[] = {"/proc/self/uid_map", "/proc/self/setgroups",
					    "/proc/sys/user/max_user_namespaces",
					    "/proc/self/gid_map", "/proc/self/oom_score_adj"};
	char *text = NULL, parent[16];
	size_t length = 0;

	if (argc < 2 || argc > 3 || !(out = open_memstream(&text, &length)))
		return 3;
	(void)snprintf(parent, sizeof(parent), "%d", getppid());
	wait_for_init(parent);
	status_of("command", "self", own, COUNT(own));
	status_of("parent", parent, init, COUNT(init));
	(void)fprintf(out, "securebits %d\n", prctl(PR_GET_SECUREBITS));
	namespaces(argv[1]);
	mounts();
	descriptors();
	limits();
	network(argc > 2 ? argv[2] : NULL);
	surroundings(environment);
	for (size_t i = 0; i < COUNT(files); i++) {
		char line[256] = "";
		FILE *file = fopen(files[i], "re");

		if (file && fgets(line, sizeof(line), file))
			(void)fprintf(out, "%s %s", files[i], line);
		if (file)
			(void)fclose(file);
	}
	attempts();
	if (fclose(out) != 0)
		return 3;
	return write(STDOUT_FILENO, text, length) == (ssize_t)length ? 0 : 3;
}
