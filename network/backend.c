/*
 * backend.c - slirp4netns and pasta: zbox's side of programs of others.
 *
 * They are told what was asked for in their own words, and attached by zbox-backend, which ends
 * them with the sandbox and reports their end. What they cannot do was refused by
 * options-network.c. What they do not hold, of what zbox-net does, is said at the start and in the
 * record: they close nothing of the host's surroundings but its loopback.
 *
 *   slirp4netns   --disable-host-loopback unless that is opened. Its name server is at + 3
 *   pasta         no port of either side, the gateway is not the host, and questions to the address
 *                 of the name server go to the host's. Started by root it stays root, or it could
 *                 not enter the sandbox's namespaces; there it has no rights over the host's
 */
#include "network/backend.h"

#include "network/addresses.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel.h"

#define END_WAIT 3000 /* milliseconds that the program has to end */

struct word_list {
	char **list; /* each owned; ends with NULL */
	size_t count;
};

/* Adds a word, or does nothing when the list is NULL already: then memory is short. */
static void add_word(struct word_list *w, char *word)
{
	char **slot = word ? array_add(&w->list, &w->count, sizeof(*slot)) : NULL;

	if (slot)
		*slot = word;
	else
		free(word);
}

static void add_words(struct word_list *w, const char *const *words)
{
	for (; *words; words++)
		add_word(w, format_text("%s", *words));
}

const char *backend_name(const struct sandbox *sb)
{
	return sb->net == NET_SLIRP4NETNS ? "slirp4netns" : sb->net == NET_PASTA ? "pasta" : NULL;
}

const char *backend_weakness(const struct sandbox *sb)
{
	if (sb->net == NET_SLIRP4NETNS)
		return "slirp4netns leaves the host's addresses and its private surroundings open, "
		       "and its loopback to programs that make frames by hand; --net slirp closes "
		       "them";
	return sb->net == NET_PASTA ? "pasta leaves the host's private surroundings open; --net "
				      "slirp closes them"
				    : NULL;
}

static bool opens_loopback(const struct sandbox *sb)
{
	for (size_t i = 0; i < sb->net_open_count; i++)
		if (!sb->net_open[i].lan)
			return true;
	return false;
}

static long long mtu_of(const struct sandbox *sb, long long other)
{
	return sb->net_mtu ? (long long)sb->net_mtu : other;
}

static void slirp4netns_words(const struct sandbox *sb, struct word_list *w)
{
	static const char *const fixed[] = {"--configure", "--ready-fd=" BACKEND_READY,
					    "--exit-fd=" BACKEND_EXIT, "--enable-seccomp", NULL};
	static const char *const last[] = {"--netns-type=path", "--userns-path", BACKEND_USER,
					   BACKEND_NETWORK,     NET_INTERFACE,   NULL};
	struct in_addr network = {htonl(net_network4)};
	char text[INET_ADDRSTRLEN];

	add_words(w, fixed);
	add_word(w, format_text("--mtu=%lld", mtu_of(sb, NET_MTU_DEFAULT)));
	add_word(w, format_text("--cidr=%s/%u", inet_ntop(AF_INET, &network, text, sizeof(text)),
				sb->net_prefix ? sb->net_prefix : NET_PREFIX4));
	if (!opens_loopback(sb))
		add_word(w, format_text("--disable-host-loopback"));
	if (sb->net_ipv6 == NET_IPV6_ON)
		add_word(w, format_text("--enable-ipv6"));
	for (size_t i = 0; i < sb->outbound_count; i++)
		add_word(w, format_text("--outbound-addr%s=%s",
					strchr(sb->outbound[i], ':') ? "6" : "", sb->outbound[i]));
	add_words(w, last);
}

static void pasta_words(const struct sandbox *sb, struct word_list *w)
{
	static const char *const fixed[] = {"--quiet",
					    "--foreground",
					    "--pid",
					    BACKEND_READY_FILE,
					    "--no-netns-quit",
					    "--config-net",
					    "--ns-ifname",
					    NET_INTERFACE,
					    "--tcp-ports",
					    "none",
					    "--udp-ports",
					    "none",
					    "--tcp-ns",
					    "none",
					    "--udp-ns",
					    "none",
					    "--netns",
					    BACKEND_NETWORK,
					    "--userns",
					    BACKEND_USER,
					    NULL};
	struct in_addr dns = {htonl(NET_DNS4)};
	char text[INET_ADDRSTRLEN];

	add_words(w, fixed);
	add_word(w, format_text("--mtu"));
	add_word(w, format_text("%lld", mtu_of(sb, NET_MTU_PASTA)));
	add_word(w, format_text("--dns-forward"));
	add_word(w, format_text("%s", inet_ntop(AF_INET, &dns, text, sizeof(text))));
	if (!opens_loopback(sb))
		add_word(w, format_text("--no-map-gw"));
	if (sb->net_ipv6 != NET_IPV6_ON)
		add_word(w, format_text("--ipv4-only"));
	/* else it becomes nobody, who may not enter the sandbox's namespaces */
	if (geteuid() == 0) {
		add_word(w, format_text("--runas"));
		add_word(w, format_text("0:0"));
	}
}

int backend_start(const struct sandbox *sb, struct net_helper *h)
{
	struct word_list w = {NULL, 0};
	int result = -1;

	add_word(&w, format_text(BACKEND_PROGRAM));
	add_word(&w, format_text("%s", backend_name(sb)));
	if (sb->net == NET_SLIRP4NETNS)
		slirp4netns_words(sb, &w);
	else
		pasta_words(sb, &w);
	/* a word that there was no memory for is a failure on record */
	if (array_add(&w.list, &w.count, sizeof(char *)) && !failure_get())
		result = net_helper_exec(h, w.list);
	for (size_t i = 0; i < w.count; i++)
		free(w.list[i]);
	free(w.list);
	return result;
}

int backend_attach(const struct sandbox *sb, int *socket, int proc)
{
	autoclose int network = openat(proc, "self/ns/net", O_RDONLY | O_CLOEXEC);

	if (network < 0)
		return fail(errno, "the network namespace");
	/* one that has gone has left word why, which is read next */
	if (send_fd(*socket, network) < 0)
		failure_clear();
	return net_helper_hear(socket, backend_name(sb));
}

void backend_end(struct net_helper *h)
{
	struct pollfd process = {.fd = -1, .events = POLLIN};

	if (h->pid > 0) {
		close_fd(&h->socket);
		process.fd = kernel_pidfd_open(h->pid);
		(void)poll(&process, 1, END_WAIT);
		close_fd(&process.fd);
	}
	net_helper_end(h);
}
