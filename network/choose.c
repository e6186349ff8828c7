/*
 * choose.c - what --net leaves to this machine.
 *
 *   slirp   IPv6 where the host has a route by it: a datagram socket that is connected sends
 *           nothing, but the kernel looks for the way. The sandbox's resolv.conf is the host's
 *           with another server.
 *   join    user and network namespace of a process of the other sandbox, or by the name of that
 *           what its zbox holds of it; and that sandbox's resolv.conf, for the servers in ours may
 *           not be reachable from there
 *
 * What an attacker inside the other sandbox would try: to end in time, so that the number belongs
 * to another process (its directory in /proc is opened once, and is of that process or of none); to
 * make its resolv.conf a link to a secret of the caller (it is opened below that sandbox's root,
 * and has to be an ordinary file). A process of the caller's own network is refused: join is never
 * a way to --net host.
 */
#include "network/choose.h"

#include "control-client.h"
#include "kernel.h"
#include "network/addresses.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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

/* The servers: the one at the gateway's side, or where another program leaves it to the sandbox to
 * ask them, those that were named. */
static char *make_servers(const struct sandbox *sb)
{
	struct in_addr own = {htonl(NET_DNS4)};
	char text[INET_ADDRSTRLEN];
	char *lines;

	if (sb->net == NET_SLIRP || sb->dns_count == 0)
		return format_text("nameserver %s\n", inet_ntop(AF_INET, &own, text, sizeof(text)));
	lines = format_text("%s", "");
	for (size_t i = 0; lines && i < sb->dns_count; i++) {
		char *longer = format_text("%snameserver %s\n", lines, sb->dns[i]);

		free(lines);
		lines = longer;
	}
	return lines;
}

/* The lines of a resolv.conf that are true inside too: which names are completed, and how. With
 * rules, names are not completed. */
static char *make_resolver(const struct sandbox *sb, const char *host, bool completes)
{
	autofree char *kept = calloc(1, strlen(host) + 2), *servers = make_servers(sb);
	size_t used = 0;

	if (!kept || !servers) {
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
	return format_text("%s%s", servers, kept);
}

/* They are addresses of this machine: one that is not would refuse every connection, later. */
static int try_outbound(const char *text)
{
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	bool is_four = inet_pton(AF_INET, text, &four.sin_addr) == 1;
	autoclose int fd = socket(is_four ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int result = -1;

	if (is_four && fd >= 0)
		result = bind(fd, (const struct sockaddr *)&four, sizeof(four));
	else if (fd >= 0 && inet_pton(AF_INET6, text, &six.sin6_addr) == 1)
		result = bind(fd, (const struct sockaddr *)&six, sizeof(six));
	return result < 0 ? fail(errno, "--outbound-addr %s", text) : 0;
}

static int choose_slirp(struct sandbox *sb)
{
	char text[RESOLVER_MAX];

	net_choose4(sb->net_network);
	if (sb->net_ipv6 == NET_IPV6_AUTO)
		sb->net_ipv6 = has_ipv6() ? NET_IPV6_ON : NET_IPV6_OFF;
	for (size_t i = 0; i < sb->outbound_count; i++)
		if (try_outbound(sb->outbound[i]) < 0)
			return -1;
	if (read_file_at(AT_FDCWD, "/etc/resolv.conf", text, sizeof(text)) < 0)
		text[0] = '\0'; /* none, or out of reach: there is nothing to keep */
	sb->net_resolver = sandbox_own(sb, make_resolver(sb, text, sb->net_rule_count == 0));
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

static int open_resolver(int process)
{
	autoclose int root = openat(process, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return root < 0 ? -1
			: kernel_openat2(root, "etc/resolv.conf",
					 O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
					 RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

/* The other sandbox's resolv.conf; without one, names are not resolved. */
static int read_resolver(struct sandbox *sb, int fd)
{
	struct stat st;
	size_t length;
	char *text = NULL;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		text = read_fd(fd, RESOLVER_MAX, &length);
	sb->net_resolver = text ? sandbox_own(sb, text) : "# no name server is known\n";
	return sb->net_resolver ? 0 : -1;
}

/* join is never a way to --net host. */
static int check_network(const struct sandbox *sb, const char *whose)
{
	struct stat theirs, ours;

	if (fstat(sb->netns_fd, &theirs) < 0 || stat("/proc/self/ns/net", &ours) < 0)
		return fail(errno, "--net join: network namespaces");
	if (theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino)
		return fail(0, "--net join: %s has the caller's own network", whose);
	return 0;
}

static int take_network(struct sandbox *sb, struct control_client *c)
{
	struct control_answer answer = {0};

	if (client_ask(c, CONTROL_NETWORK, 0, NULL, &answer, NULL) < 0)
		return -1;
	if (answer.err != 0 || c->fd_count == 0)
		return fail(0, "--net join: the sandbox %s: %s", sb->net_name, answer.text);
	sb->netns_fd = take_fd(&c->fds[0]);
	if (check_network(sb, sb->net_name) < 0)
		return -1;
	/* the one that it belongs to, which need not be the command's */
	sb->userns_fd = ioctl(sb->netns_fd, NS_GET_USERNS);
	if (sb->userns_fd < 0)
		return fail(errno, "--net join: the user namespace of the sandbox %s",
			    sb->net_name);
	return 0;
}

/* The zbox of that sandbox has both, opened when nothing of its command had run yet. */
static int join_name(struct sandbox *sb)
{
	struct control_client c = CONTROL_CLIENT_NONE;
	autoclose int resolver = -1;
	int result = client_find(sb->net_name, false, &c);

	if (result == 0)
		result = take_network(sb, &c);
	if (result == 0 && c.fd_count > 1)
		resolver = take_fd(&c.fds[1]);
	client_close(&c);
	return result < 0 ? -1 : read_resolver(sb, resolver);
}

static int choose_join(struct sandbox *sb)
{
	autofree char *path = format_text("/proc/%lld", (long long)sb->net_pid);
	autoclose int process = -1, resolver = -1;
	char whose[40];

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
	(void)snprintf(whose, sizeof(whose), "process %lld", (long long)sb->net_pid);
	if (check_network(sb, whose) < 0)
		return -1;
	resolver = open_resolver(process);
	return read_resolver(sb, resolver);
}

int network_choose(struct sandbox *sb)
{
	switch (sb->net) {
	case NET_SLIRP:
	case NET_SLIRP4NETNS:
	case NET_PASTA:
		return choose_slirp(sb);
	case NET_JOIN:
		return sb->net_name ? join_name(sb) : choose_join(sb);
	case NET_NAMESPACES:
		break;
	}
	return 0;
}
