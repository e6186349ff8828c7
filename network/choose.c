/*
 * choose.c - what --net leaves to this machine.
 *
 *   slirp   IPv6 where the host has a route by it: a datagram socket that is connected sends
 *           nothing, but the kernel looks for the way. The sandbox's resolv.conf is the host's
 *           with another server.
 *   join    user and network namespace of a process of the other sandbox, and that sandbox's
 *           resolv.conf, for the servers in ours may not be reachable from there
 *
 * What an attacker inside the other sandbox would try: to end in time, so that the number belongs
 * to another process (its directory in /proc is opened once, and is of that process or of none); to
 * make its resolv.conf a link to a secret of the caller (it is opened below that sandbox's root,
 * and has to be an ordinary file). A process of the caller's own network is refused: join is never
 * a way to --net host.
 */
#include "network/choose.h"

#include "kernel.h"
#include "network/addresses.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define RESOLVER_MAX 16384 /* bytes of a resolv.conf that are read */

static bool has_ipv6(void)
{
	autoclose int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in6 far = {.sin6_family = AF_INET6, .sin6_port = htons(53)};

	far.sin6_addr.s6_addr[0] = 0x20; /* 2000::, where the Internet begins */
	return fd >= 0 && connect(fd, (const struct sockaddr *)&far, sizeof(far)) == 0;
}

/* The lines of a resolv.conf that are true inside too: which names are completed, and how. With
 * rules, names are not completed. */
static char *make_resolver(const char *host, bool completes)
{
	autofree char *kept = calloc(1, strlen(host) + 2);
	size_t used = 0;

	if (!kept) {
		(void)fail(0, "out of memory");
		return NULL;
	}
	while (*host) {
		size_t length = strcspn(host, "\n");
		bool keep = (completes && (strncmp(host, "search", 6) == 0 ||
					   strncmp(host, "domain", 6) == 0)) ||
			    strncmp(host, "options", 7) == 0;

		if (keep) {
			memcpy(kept + used, host, length);
			kept[used + length] = '\n';
			used += length + 1;
		}
		host += length + (host[length] == '\n');
	}
	return format_text("nameserver " NET_DNS_TEXT "\n%s", kept);
}

static int choose_slirp(struct sandbox *sb)
{
	char text[RESOLVER_MAX];

	if (sb->net_ipv6 == NET_IPV6_AUTO)
		sb->net_ipv6 = has_ipv6() ? NET_IPV6_ON : NET_IPV6_OFF;
	if (read_file_at(AT_FDCWD, "/etc/resolv.conf", text, sizeof(text)) < 0)
		text[0] = '\0'; /* none, or out of reach: there is nothing to keep */
	sb->net_resolver = sandbox_own(sb, make_resolver(text, sb->net_rule_count == 0));
	return sb->net_resolver ? 0 : -1;
}

/* ---- join ---- */

static int open_of(const struct sandbox *sb, int process, const char *name)
{
	int fd = openat(process, name, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno == EACCES)
		return fail(errno,
			    "--net join: process %lld is no command of a sandbox of the same user",
			    (long long)sb->net_pid);
	return fail(errno, "--net join: process %lld", (long long)sb->net_pid);
}

/* The other sandbox's resolv.conf; without one, names are not resolved. */
static int read_resolver(struct sandbox *sb, int process)
{
	autoclose int root = openat(process, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	autoclose int fd = root < 0 ? -1
				    : kernel_openat2(root, "etc/resolv.conf",
						     O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
						     RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	struct stat st;
	size_t length;
	char *text = NULL;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		text = read_fd(fd, RESOLVER_MAX, &length);
	sb->net_resolver = text ? sandbox_own(sb, text) : "# no name server is known\n";
	return sb->net_resolver ? 0 : -1;
}

static int choose_join(struct sandbox *sb)
{
	autofree char *path = format_text("/proc/%lld", (long long)sb->net_pid);
	autoclose int process = -1;
	struct stat theirs, ours;

	if (!path)
		return -1;
	process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (process < 0)
		return fail(errno == ENOENT ? ESRCH : errno, "--net join: process %lld",
			    (long long)sb->net_pid);
	sb->netns_fd = open_of(sb, process, "ns/net");
	if (sb->netns_fd < 0)
		return -1;
	sb->userns_fd = open_of(sb, process, "ns/user");
	if (sb->userns_fd < 0)
		return -1;
	if (fstat(sb->netns_fd, &theirs) < 0 || stat("/proc/self/ns/net", &ours) < 0)
		return fail(errno, "--net join: network namespaces");
	if (theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino)
		return fail(0, "--net join: process %lld has the caller's own network",
			    (long long)sb->net_pid);
	return read_resolver(sb, process);
}

int network_choose(struct sandbox *sb)
{
	switch (sb->net) {
	case NET_SLIRP:
		return choose_slirp(sb);
	case NET_JOIN:
		return choose_join(sb);
	case NET_NAMESPACES:
		break;
	}
	return 0;
}
