/*
 * What Landlock lets through after landlock_apply() and landlock_only_apply(), each in a child.
 * Compiled with -DZBOX_TESTING, links landlock.c, landlock-only.c and utils.c. Works on a temporary
 * directory of the host: the rules do not ask whether the root is a new one.
 */
#include "test.h"

#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef ZBOX_TESTING
#error "compile with -DZBOX_TESTING"
#endif

static char base[] = "/tmp/landlock-test-XXXXXX";

static const char *at(const char *name)
{
	static char paths[8][200];
	static unsigned next;
	char *path = paths[next++ % COUNT(paths)];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", base, name);
	return path;
}

static struct sandbox empty(struct mount *mounts, size_t count)
{
	struct sandbox sb;

	memset(&sb, 0, sizeof(sb));
	sb.read_only = true;
	sb.mounts = mounts;
	sb.mount_count = count;
	return sb;
}

/* 0, or the errno that creating a file gave. */
static int creates(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	close_fd(&fd);
	return 0;
}

static int opens(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close_fd(&fd);
	return 0;
}

static int confine(struct mount *mounts, size_t count)
{
	struct sandbox sb = empty(mounts, count);

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return landlock_apply(&sb, landlock_abi());
}

static int write_only_where_planned(void)
{
	struct mount mounts[] = {
		{.kind = MOUNT_BIND, .dest = at("rw"), .perms = -1},
		{.kind = MOUNT_BIND, .dest = at("ro"), .flags = MOUNT_READONLY},
		{.kind = MOUNT_BIND, .dest = at("file") + 1}, /* relative: from the root */
		{.kind = MOUNT_BIND, .dest = at("missing"), .flags = MOUNT_TRY},
		{.kind = MOUNT_TMPFS, .dest = at("remounted")},
		{.kind = MOUNT_REMOUNT_RO, .dest = at("remounted")},
	};

	if (confine(mounts, COUNT(mounts)) < 0)
		return 1;
	if (creates(at("rw/new")) != 0 || mkdir(at("rw/dir"), 0700) < 0)
		return 2;
	if (creates(at("ro/new")) != EACCES || creates(at("new")) != EACCES)
		return 3;
	if (opens(at("ro/old"), O_RDONLY) != 0 || opens(at("ro/old"), O_WRONLY) != EACCES)
		return 4;
	if (opens(at("file"), O_RDWR) != 0)
		return 5;
	if (creates(at("remounted/new")) != EACCES)
		return 6;
	if (rename(at("rw/new"), at("rw/dir/new")) < 0)
		return 7;
	if (rename(at("rw/dir/new"), at("ro/new")) == 0)
		return 8;
	return truncate(at("ro/old"), 0) < 0 && errno == EACCES ? 0 : 9;
}

static int no_device_nodes(void)
{
	struct mount m = {.kind = MOUNT_SCRATCH, .dest = at("rw")};

	if (confine(&m, 1) < 0)
		return 1;
	if (mkfifo(at("rw/fifo"), 0600) < 0)
		return 2;
	return mknod(at("rw/char"), S_IFCHR | 0600, 0) < 0 && errno == EACCES ? 0 : 3;
}

static int no_mounts(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 || confine(NULL, 0) < 0)
		return 1;
	return mount("none", base, "tmpfs", 0, NULL) < 0 && errno == EPERM ? 0 : 2;
}

/* The signal and the socket are for the parent, which is outside of the domain. */
static int scopes(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t length = offsetof(struct sockaddr_un, sun_path) + 1;
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t parent = getppid();

	length += (socklen_t)snprintf(address.sun_path + 1, 64, "landlock-test-%d", getpid());
	if (bind(server, (const struct sockaddr *)&address, length) < 0 || listen(server, 1) < 0)
		return 1;
	if (confine(NULL, 0) < 0)
		return 2;
	if (landlock_abi() < 6)
		return kill(parent, 0) == 0 ? 0 : 3;
	if (connect(client, (const struct sockaddr *)&address, length) == 0 || errno != EPERM)
		return 4;
	return kill(parent, 0) < 0 && errno == EPERM && kill(getpid(), 0) == 0 ? 0 : 5;
}

/* Opening /dev/stderr and the like, which are links to /proc/self/fd/N. */
static int standard_descriptors(void)
{
	int fd = open(at("log"), O_WRONLY | O_CREAT | O_APPEND, 0600);
	int pipes[2];

	if (fd < 0 || dup2(fd, 2) < 0 || pipe(pipes) < 0 || dup2(pipes[1], 1) < 0)
		return 1;
	fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || dup2(fd, 0) < 0)
		return 2;
	if (confine(NULL, 0) < 0)
		return 3;
	if (opens("/proc/self/fd/2", O_WRONLY | O_TRUNC) != 0)
		return 4;
	if (opens("/proc/self/fd/2", O_RDONLY) != 0 && landlock_abi() > 0)
		return 5; /* it lies beneath the root here, so reading is allowed */
	if (opens("/proc/self/fd/1", O_WRONLY) != 0)
		return 6;
	fd = openat(0, "other", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return fd < 0 && errno == EACCES ? 0 : 7; /* a directory as standard input grants nothing */
}

static int device_ioctl(void)
{
	struct mount dev = {.kind = MOUNT_BIND, .dest = "/dev", .flags = MOUNT_DEVICES};
	int size, fd;

	if (confine(&dev, 1) < 0)
		return 1;
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	return fd >= 0 && ioctl(fd, 0x1234, &size) < 0 && errno == ENOTTY ? 0 : 2;
}

static int device_ioctl_refused(void)
{
	int size, fd;

	if (confine(NULL, 0) < 0)
		return 1;
	fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	if (landlock_abi() < 5)
		return 0;
	return fd >= 0 && ioctl(fd, 0x1234, &size) < 0 && errno == EACCES ? 0 : 2;
}

static int only(struct mount *mounts, size_t count, unsigned namespaces)
{
	struct sandbox sb = empty(mounts, count);

	sb.unshare = namespaces;
	sb.landlock_only = true;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return landlock_only_apply(&sb, landlock_abi());
}

static int only_what_is_named(void)
{
	struct mount mounts[] = {
		{.kind = MOUNT_BIND, .source = at("rw"), .dest = at("rw")},
		{.kind = MOUNT_BIND, .source = "/usr/", .dest = "//usr", .flags = MOUNT_READONLY},
		{.kind = MOUNT_DEV, .dest = "/dev"},
		{.kind = MOUNT_SCRATCH, .dest = "/tmp", .origin = {.file = "base"}},
		{.kind = MOUNT_BIND, .source = at("none"), .dest = at("none"), .flags = MOUNT_TRY},
	};

	if (only(mounts, COUNT(mounts), CLONE_NEWNET) < 0)
		return 1;
	if (creates(at("rw/only")) != 0 || opens("/usr", O_RDONLY) != 0)
		return 2;
	if (opens(at("ro/old"), O_RDONLY) != EACCES || opens("/etc/passwd", O_RDONLY) != EACCES)
		return 3;
	if (creates("/usr/new") == 0 || opens("/dev/null", O_RDWR) != 0)
		return 4;
	return opens("/dev/kmsg", O_RDONLY) != 0 ? 0 : 5;
}

static int only_without_tcp(void)
{
	struct sockaddr address = {.sa_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (only(NULL, 0, CLONE_NEWNET) < 0)
		return 1;
	if (landlock_abi() < 4)
		return 0;
	return bind(fd, &address, 16) < 0 && errno == EACCES ? 0 : 2;
}

/* What grants on paths as they are cannot say. */
static void test_only_refuses(void)
{
	struct mount elsewhere = {.kind = MOUNT_BIND, .source = "/usr", .dest = "/opt"};
	struct mount relative = {.kind = MOUNT_BIND, .source = "usr", .dest = "/usr"};
	struct mount tmpfs = {.kind = MOUNT_TMPFS, .dest = "/tmp"};
	struct mount missing = {.kind = MOUNT_BIND, .source = "/nonesuch", .dest = "/nonesuch"};
	struct mount inside[] = {
		{.kind = MOUNT_BIND,
		 .source = at("link"),
		 .dest = at("link"),
		 .flags = MOUNT_READONLY},
		{.kind = MOUNT_BIND, .source = base, .dest = base},
	};
	const struct {
		struct mount *mounts;
		size_t count;
		const char *text;
	} rows[] = {
		{&elsewhere, 1, "--landlock-only shows files where they are: /usr cannot be"},
		{&relative, 1, "--landlock-only shows files where they are: usr cannot be"},
		{&tmpfs, 1, "--landlock-only cannot make an empty tmpfs at /tmp"},
		{&missing, 1, "Can't find source path /nonesuch"},
		{inside, 2, "--landlock-only cannot keep"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sandbox sb = empty(rows[i].mounts, rows[i].count);

		failure_clear();
		check(landlock_only_apply(&sb, landlock_abi()) < 0 && failure_get() &&
			      strncmp(failure_get()->text, rows[i].text, strlen(rows[i].text)) == 0,
		      "%s", rows[i].text);
	}
	failure_clear();
}

static void test_choose(void)
{
	const char *note;
	int abi;

	check(landlock_choose(LANDLOCK_DEFAULT, false, false, &abi, &note) == 0 && abi == 0 &&
		      !note,
	      "bwrap: off, without a note");
	check(landlock_choose(LANDLOCK_OFF, true, false, &abi, &note) == 0 && abi == 0 && !note,
	      "off is off");
	check(landlock_choose(LANDLOCK_DEFAULT, true, true, &abi, &note) == 0 && abi == 0 && note,
	      "off with a note where the command mounts");
	check(landlock_choose(LANDLOCK_REQUIRE, true, true, &abi, &note) < 0,
	      "required and mounting is an error");
	setenv("ZBOX_TEST_LANDLOCK_ABI", "0", 1);
	check(landlock_choose(LANDLOCK_AUTO, true, false, &abi, &note) == 0 && abi == 0 && note,
	      "no Landlock: a note");
	check(landlock_choose(LANDLOCK_REQUIRE, true, false, &abi, &note) < 0,
	      "no Landlock: required is an error");
	setenv("ZBOX_TEST_LANDLOCK_ABI", "1", 1);
	check(landlock_choose(LANDLOCK_AUTO, true, false, &abi, &note) == 0 && abi == 0 && note,
	      "ABI 1: a note");
	check(landlock_choose(LANDLOCK_REQUIRE, true, false, &abi, &note) == 0 && abi == 1,
	      "ABI 1: used when required");
	unsetenv("ZBOX_TEST_LANDLOCK_ABI");
	failure_clear();
	check(landlock_missing(7, 0) == NULL, "nothing is missing at ABI 7");
	check(landlock_missing(5, 0) && !landlock_missing(5, 1), "one thing is missing at ABI 5");
	check(landlock_missing(0, 5) && !landlock_missing(0, 6), "everything is missing at 0");
}

static int in_child(int (*body)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(body());
	if (child < 0 || waitpid(child, &status, 0) != child)
		return 255;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 254;
}

static const struct {
	int (*body)(void);
	const char *name;
	int from; /* ABI from which on it holds as it is written */
} children[] = {
	{write_only_where_planned, "writing only where the plan says", 3},
	{no_device_nodes, "fifos, but no device nodes", 1},
	{no_mounts, "no mount any more", 1},
	{scopes, "signals and abstract sockets end here", 1},
	{standard_descriptors, "/dev/stderr on a file and on a pipe", 3},
	{device_ioctl, "ioctl where devices are put", 1},
	{device_ioctl_refused, "and nowhere else", 1},
	{only_what_is_named, "--landlock-only: what is named, and no more", 1},
	{only_without_tcp, "--landlock-only: no TCP", 1},
};

int main(void)
{
	const int real = landlock_abi();

	test_choose();
	if (!mkdtemp(base) || mkdir(at("rw"), 0700) < 0 || mkdir(at("ro"), 0700) < 0 ||
	    mkdir(at("remounted"), 0700) < 0 || creates(at("ro/old")) != 0 ||
	    creates(at("file")) != 0 || symlink("ro", at("link")) < 0)
		return 99;
	if (real == 0)
		puts("# SKIP: this kernel has no Landlock");
	else
		test_only_refuses();
	for (int abi = 1; abi <= real; abi++) {
		char text[16];
		autofree char *clean = format_text("rm -rf %s/rw/*", base);

		(void)snprintf(text, sizeof(text), "%d", abi);
		setenv("ZBOX_TEST_LANDLOCK_ABI", text, 1);
		for (size_t i = 0; i < COUNT(children); i++) {
			int status;

			if (abi < children[i].from)
				continue;
			status = in_child(children[i].body);
			check(status == 0, "ABI %d: %s (%d)", abi, children[i].name, status);
			if (!clean || system(clean) != 0)
				return 99;
		}
	}
	autofree char *clean = format_text("rm -rf %s", base);

	return clean && system(clean) == 0 ? test_done() : 99;
}
