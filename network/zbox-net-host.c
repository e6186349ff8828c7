/*
 * zbox-net-host.c - the host's own addresses and name servers.
 *
 * What listens on all interfaces of the host can be reached by the address of any of them, so each
 * is closed. They change while a sandbox runs (a VPN begins, a laptop moves), so they are not read
 * once: the socket of rtnetlink(7) on which the kernel tells changes is opened before zbox-net
 * confines itself. A new address is closed as soon as it is told; the whole list is read again
 * after any change or loss, and replaces the old one when it is complete.
 *
 * The name servers are read once, from /etc/resolv.conf, which cannot be opened later.
 */
#include "network/zbox-net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- addresses ---- */

static int ask(struct host *h)
{
	struct {
		struct nlmsghdr header;
		struct ifaddrmsg body;
	} question = {
		.header = {.nlmsg_len = sizeof(question),
			   .nlmsg_type = RTM_GETADDR,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
			   .nlmsg_seq = 1},
	};

	if (send(h->fd, &question, sizeof(question), 0) < 0)
		return -1;
	h->asking = true;
	h->stale = false;
	h->next_count = 0;
	h->next_overflow = false;
	return 0;
}

static void add_to(struct filter_address *list, size_t *count, bool *overflow,
		   const struct filter_address *a)
{
	for (size_t i = 0; i < *count; i++)
		if (memcmp(&list[i], a, sizeof(*a)) == 0)
			return;
	if (*count == FILTER_OWN_MAX)
		*overflow = true;
	else
		list[(*count)++] = *a;
}

/* The address in a message, IFA_LOCAL before IFA_ADDRESS, which may be the other end's. */
static bool address_of(const uint8_t *bytes, size_t length, struct filter_address *address)
{
	struct ifaddrmsg body;
	bool found = false;

	if (length < NLMSG_ALIGN(sizeof(body)))
		return false;
	memcpy(&body, bytes, sizeof(body));
	for (size_t at = NLMSG_ALIGN(sizeof(body)); at + sizeof(struct rtattr) <= length;) {
		struct rtattr attribute;
		const uint8_t *value = bytes + at + RTA_LENGTH(0);

		memcpy(&attribute, bytes + at, sizeof(attribute));
		if (attribute.rta_len < RTA_LENGTH(0) || attribute.rta_len > length - at)
			return found;
		at += RTA_ALIGN(attribute.rta_len);
		if (attribute.rta_type != IFA_LOCAL && (attribute.rta_type != IFA_ADDRESS || found))
			continue;
		if (body.ifa_family == AF_INET && attribute.rta_len == RTA_LENGTH(4))
			*address = filter_address4(read32(value));
		else if (body.ifa_family == AF_INET6 && attribute.rta_len == RTA_LENGTH(16))
			memcpy(address->bytes, value, 16);
		else
			continue;
		found = true;
	}
	return found;
}

static void take_message(struct host *h, struct filter *f, const struct nlmsghdr *header,
			 const uint8_t *bytes)
{
	struct filter_address address;
	size_t length = header->nlmsg_len - NLMSG_HDRLEN;

	if (header->nlmsg_type == NLMSG_DONE && h->asking) {
		h->asking = false;
		memcpy(f->own, h->next, h->next_count * sizeof(f->own[0]));
		f->own_count = h->next_count;
		f->own_overflow = h->next_overflow;
	} else if (header->nlmsg_type == RTM_NEWADDR && address_of(bytes, length, &address)) {
		add_to(h->next, &h->next_count, &h->next_overflow, &address);
		add_to(f->own, &f->own_count, &f->own_overflow, &address);
		h->stale |= header->nlmsg_seq != 1;
	} else if (header->nlmsg_type == RTM_DELADDR) {
		h->stale = true;
	}
	h->stale |= (header->nlmsg_flags & NLM_F_DUMP_INTR) && h->asking;
}

/* Reads what is there. Returns whether there was anything. */
static bool take(struct host *h, struct filter *f)
{
	_Alignas(struct nlmsghdr) uint8_t bytes[16384];
	ssize_t got = recv(h->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (got < 0 && errno == ENOBUFS) { /* some were lost */
		h->asking = false;
		h->stale = true;
		return true;
	}
	for (size_t at = 0; got > 0 && at + NLMSG_HDRLEN <= (size_t)got;) {
		struct nlmsghdr header;

		memcpy(&header, bytes + at, sizeof(header));
		if (header.nlmsg_len < NLMSG_HDRLEN || header.nlmsg_len > (size_t)got - at)
			break;
		take_message(h, f, &header, bytes + at + NLMSG_HDRLEN);
		at += NLMSG_ALIGN(header.nlmsg_len);
	}
	return got > 0;
}

void host_serve(struct host *h, struct filter *filter)
{
	while (take(h, filter))
		;
	if (h->stale && !h->asking)
		(void)ask(h); /* what is known stays closed */
}

int host_open(struct host *h, struct filter *filter)
{
	struct sockaddr_nl here = {.nl_family = AF_NETLINK,
				   .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
	struct pollfd ready;

	h->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (h->fd < 0 || bind(h->fd, (const struct sockaddr *)&here, sizeof(here)) < 0 ||
	    ask(h) < 0)
		return fail(errno, "the host's addresses");
	ready = (struct pollfd){.fd = h->fd, .events = POLLIN};
	while (h->asking) {
		if (poll(&ready, 1, 2000) <= 0)
			return fail(errno, "the host's addresses");
		host_serve(h, filter);
	}
	return 0;
}

/* ---- name servers ---- */

bool server_parse(const char *text, union server *server)
{
	char address[INET6_ADDRSTRLEN];
	size_t length = strcspn(text, "%");

	*server = (union server){.six = {.sin6_family = AF_INET6, .sin6_port = htons(53)}};
	if (length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	if (inet_pton(AF_INET6, address, &server->six.sin6_addr) == 1) {
		server->six.sin6_scope_id = text[length] ? if_nametoindex(text + length + 1) : 0;
		return true;
	}
	*server = (union server){.four = {.sin_family = AF_INET, .sin_port = htons(53)}};
	return text[length] == '\0' && inet_pton(AF_INET, address, &server->four.sin_addr) == 1;
}

size_t host_servers(union server *servers)
{
	char text[16384], *rest = text, *line;
	size_t count = 0;

	if (read_file_at(AT_FDCWD, "/etc/resolv.conf", text, sizeof(text)) < 0)
		text[0] = '\0';
	while (count < NET_DNS_MAX && (line = strsep(&rest, "\n")) != NULL) {
		char *word = line + strlen("nameserver");

		if (strncmp(line, "nameserver", strlen("nameserver")) != 0 ||
		    (*word != ' ' && *word != '\t'))
			continue;
		word += strspn(word, " \t");
		word[strcspn(word, " \t\r#;")] = '\0';
		count += server_parse(word, &servers[count]);
	}
	/* resolv.conf(5): where none is named it is this machine */
	if (count == 0)
		count += server_parse("127.0.0.1", &servers[0]);
	return count;
}
