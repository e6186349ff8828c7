/*
 * registry.c - the names of sandboxes that run: a directory with a socket for each.
 *
 * The zbox of a sandbox with a name listens on the socket of that name, and that is all there is:
 * no file says anything about a sandbox, so none can be out of date, and no process number is kept
 * that could come to mean another process. A name whose socket nobody listens to is free, whatever
 * became of its zbox.
 *
 *   claim    under the lock of the directory: is it taken? else the old socket goes, ours comes
 *   release  at the end; the kernel does the same for who is killed, but for the name
 *   clean    whoever finds a dead name removes it, under the lock, after a second look
 *
 * The directory is below $XDG_RUNTIME_DIR, else /run/user/UID, if that is the caller's own, which
 * after su(1) it is not; else it is /tmp/zbox-UID. It has to be a directory of the caller's that
 * nobody else can enter. Sockets are reached by way of its descriptor, so that it is the one that
 * was looked at, and a long path is no obstacle (a socket's may have 108 bytes).
 *
 * What an attacker would try: to make /tmp/zbox-UID first (then nothing with a name starts, and the
 * message says why); a name that is a path (a name has no slash and begins with no dot); to hold
 * the lock for ever, which takes somebody who may open the directory.
 */
#include "registry.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG 64
#define LOCK_PATIENCE 1000   /* tries, */
#define LOCK_PAUSE 10000000L /* with as many nanoseconds between them */
#define CONNECT_PATIENCE 5   /* seconds until a full backlog counts as no answer */

bool registry_name_is_good(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789";
	size_t length = strlen(name);

	if (length == 0 || length > REGISTRY_NAME_MAX || !strchr(letters, name[0]))
		return false;
	for (size_t i = 0; i < length; i++)
		if (!strchr(letters, name[i]) && !strchr("._-", name[i]))
			return false;
	return true;
}

/* ---- the directory ---- */

/* A directory that is ours, for others to read or search at most; -1: it is not. */
static int open_own(const char *path)
{
	autoclose int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & 022))
		return -1;
	return take_fd(&fd);
}

/* Opens what the directory is in; name is what it is called there. */
static int open_parent(char name[40])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char path[40];
	int fd = runtime && runtime[0] == '/' ? open_own(runtime) : -1;

	(void)snprintf(name, 40, "zbox");
	if (fd >= 0)
		return fd;
	(void)snprintf(path, sizeof(path), "/run/user/%u", geteuid());
	fd = open_own(path);
	if (fd >= 0)
		return fd;
	(void)snprintf(name, 40, "zbox-%u", geteuid());
	fd = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? fail(errno, "/tmp") : fd;
}

int registry_open(bool make)
{
	char name[40];
	autoclose int parent = open_parent(name), fd = -1;
	struct stat st;

	if (parent < 0)
		return -1;
	if (make && mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
		return fail(errno, "the directory for names, %s", name);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && !make)
		return -2;
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(errno, "the directory for names, %s", name);
	if (st.st_uid != geteuid())
		return fail(0, "the directory for names, %s, belongs to somebody else", name);
	if (st.st_mode & 077)
		return fail(0, "the directory for names, %s, can be entered by others: chmod 700",
			    name);
	return take_fd(&fd);
}

/* Returns 0, or -1 after fail(). */
static int lock(int dir)
{
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE};

	for (int i = 0; i < LOCK_PATIENCE; i++) {
		if (flock(dir, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return fail(errno, "the lock of the directory for names");
		(void)nanosleep(&pause, NULL);
	}
	return fail(EWOULDBLOCK, "the lock of the directory for names");
}

static void unlock(int dir)
{
	(void)flock(dir, LOCK_UN);
}

/* ---- one name ---- */

static void address_of(int dir, const char *name, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	(void)snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s", dir,
		       name);
}

int registry_connect(int dir, const char *name)
{
	autoclose int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	const struct timeval patience = {.tv_sec = CONNECT_PATIENCE};
	struct sockaddr_un address;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
		return -1;
	address_of(dir, name, &address);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return take_fd(&fd);
}

/* A zbox that was killed may have left a child that has not let go of the socket yet. */
static bool listener_is_dead(int socket)
{
	struct ucred who;
	socklen_t size = sizeof(who);

	return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.pid > 0 &&
	       kill(who.pid, 0) < 0 && errno == ESRCH;
}

/* Under the lock. Returns whether the name is free now, or -1 after fail(). */
static int free_name(int dir, const char *name)
{
	autoclose int other = registry_connect(dir, name);

	if (other < 0 && errno == ENOENT)
		return 1;
	if (other >= 0 ? !listener_is_dead(other) : errno == EAGAIN)
		return 0;
	if (other < 0 && errno != ECONNREFUSED)
		return fail(errno, "the socket of the name %s", name);
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return fail(errno, "remove the old socket of the name %s", name);
	return 1;
}

static int listen_to(int dir, const char *name, ino_t *inode)
{
	autoclose int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;
	struct stat st;

	if (fd < 0)
		return fail(errno, "a socket");
	address_of(dir, name, &address);
	/* before bind(2), which gives the file this mode */
	if (fchmod(fd, 0600) < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return fail(errno, "the socket of the name %s", name);
	if (listen(fd, BACKLOG) < 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		(void)fail(errno, "the socket of the name %s", name);
		(void)unlinkat(dir, name, 0);
		return -1;
	}
	*inode = st.st_ino;
	return take_fd(&fd);
}

int registry_claim(int dir, const char *name, ino_t *inode)
{
	int fd = -1, free;

	if (lock(dir) < 0)
		return -1;
	free = free_name(dir, name);
	if (free > 0)
		fd = listen_to(dir, name, inode);
	unlock(dir);
	if (free == 0)
		return fail(0, "a sandbox with the name %s is running already", name);
	return fd;
}

void registry_release(int dir, const char *name, ino_t inode)
{
	struct stat st;

	/* as long as we listen nobody takes the name, but the caller may have removed ours */
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == inode)
		(void)unlinkat(dir, name, 0);
}

void registry_clean(int dir, const char *name)
{
	if (lock(dir) < 0) {
		failure_clear(); /* another time */
		return;
	}
	if (free_name(dir, name) < 0)
		failure_clear();
	unlock(dir);
}

/* ---- all names ---- */

static bool is_good(const char *name, const void *what)
{
	(void)what;
	return registry_name_is_good(name);
}

int registry_names(int dir, struct listing *names)
{
	return listing_read(names, dir, "the directory for names", 0, is_good, NULL);
}
