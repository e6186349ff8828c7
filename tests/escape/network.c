/* I: IPC and network. */
#include "escape.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* name begins with '@' for an abstract one. Tried as a stream, then as datagrams. */
static int connect_to(const char *name)
{
	static const int kinds[] = {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(name);
	int err = ENAMETOOLONG;

	if (length >= sizeof(address.sun_path)) {
		errno = err;
		return -1;
	}
	memcpy(address.sun_path, name, length);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	for (size_t i = 0; i < COUNT(kinds); i++) {
		int fd = socket(AF_UNIX, kinds[i] | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length +
					     (name[0] != '@'));

		if (connect(fd, (const struct sockaddr *)&address, size) == 0)
			return fd;
		err = errno;
		(void)close(fd);
		if (err != EPROTOTYPE)
			break;
	}
	errno = err;
	return -1;
}

static void abstract_socket(struct result *r)
{
	char name[80];

	(void)snprintf(name, sizeof(name), "@%s", canaries.abstract);
	judge(r, connect_to(name), "a socket of the host");
}

static void x11_socket(struct result *r)
{
	if (connect_to("@/tmp/.X11-unix/X0") >= 0 || connect_to("/tmp/.X11-unix/X0") >= 0)
		open_hole(r, "the display");
	else
		stopped(r, "%s", errno_name(errno));
}

struct search {
	unsigned found, left;
	char first[PATH_MAX];
};

/* Sockets that somebody answers on, in one directory and a few levels beneath. */
static void search_sockets(const char *path, int depth, struct search *s)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	while (dir && s->left > 0 && (entry = readdir(dir)) != NULL) {
		char at[PATH_MAX];
		struct stat st;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    (size_t)snprintf(at, sizeof(at), "%s/%s", path, entry->d_name) >= sizeof(at) ||
		    lstat(at, &st) < 0)
			continue;
		s->left--;
		if (S_ISDIR(st.st_mode) && depth > 0)
			search_sockets(at, depth - 1, s);
		if (!S_ISSOCK(st.st_mode))
			continue;
		if (connect_to(at) < 0)
			continue;
		s->found++;
		memcpy(s->first, at, sizeof(at));
	}
	if (dir)
		(void)closedir(dir);
}

static void path_sockets(struct result *r)
{
	static const char *const places[] = {"/run",  "/var/run", "/tmp", "/var/lib",
					     "/home", "/root",    "/dev"};
	struct search s = {0, 20000, ""};

	for (size_t i = 0; i < COUNT(places); i++)
		search_sockets(places[i], 5, &s);
	if (connect_to(canaries.socket) >= 0) {
		s.found++;
		(void)snprintf(s.first, sizeof(s.first), "%s", canaries.socket);
	}
	if (s.found)
		open_hole(r, "%u answer, such as %.120s", s.found, s.first);
	else
		stopped(r, "none");
}

static void dbus(struct result *r)
{
	static const char *const paths[] = {"/run/dbus/system_bus_socket",
					    "/var/run/dbus/system_bus_socket", "/run/user/1000/bus",
					    "/run/user/0/bus"};

	for (size_t i = 0; i < COUNT(paths); i++)
		if (connect_to(paths[i]) >= 0) {
			open_hole(r, "%s", paths[i]);
			return;
		}
	stopped(r, "%s", errno_name(errno));
}

static void sysv(struct result *r)
{
	judge(r, shmget(canaries.shm_key, 1, 0), "the host's segment");
}

static void host_loopback(struct result *r)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_port = htons((uint16_t)canaries.port);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	judge(r, connect(fd, (const struct sockaddr *)&address, sizeof(address)),
	      "a port of the host");
}

/* A route to anywhere, without sending: connecting a datagram socket looks one up. */
static void route_to(struct result *r, const char *where)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(80)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)inet_pton(AF_INET, where, &address.sin_addr);
	judge(r, connect(fd, (const struct sockaddr *)&address, sizeof(address)), "there is a way");
}

static void metadata(struct result *r)
{
	route_to(r, "169.254.169.254");
}

static void outside_route(struct result *r)
{
	route_to(r, "192.0.2.1");
}

static void host_keyring(struct result *r)
{
	char text[64];
	long found =
		syscall(SYS_keyctl, 10L /* SEARCH */, -3L /* session */, "user", "zbox-escape", 0L);

	if (found >= 0)
		open_hole(r, "found in the session keyring");
	else if (syscall(SYS_keyctl, 11L /* READ */, (long)canaries.key, text, sizeof(text)) >= 0)
		open_hole(r, "read by its number");
	else
		stopped(r, "%s", errno_name(errno));
}

static const struct check checks[] = {
	{"abstract-socket", "ECONNREFUSED|EPERM", abstract_socket, NULL, NULL},
	{"x11-socket", "ENOENT|ECONNREFUSED|EPERM", x11_socket, NULL, NULL},
	{"path-sockets", "none", path_sockets, NULL, NULL},
	{"dbus", "ENOENT", dbus, NULL, NULL},
	{"sysv", "ENOENT", sysv, NULL, NULL},
	{"host-loopback", "ECONNREFUSED", host_loopback, NULL, NULL},
	{"metadata", "ENETUNREACH", metadata, NULL, NULL},
	{"outside-route", "ENETUNREACH", outside_route, NULL, NULL},
	{"host-keyring", "EPERM|ENOSYS|ENOKEY|EACCES", host_keyring, NULL, NULL},
	{"slirp-gateway", NULL, NULL, NULL, "tests/e2e/net-closed.sh, with a network around it"},
	{"slirp-fuzz", NULL, NULL, NULL, "tests/fuzz"},
	{"jailed-helper", NULL, NULL, NULL, "tests/e2e/net-life.sh"},
};

const struct check_group group_network = {'I', checks, COUNT(checks)};
