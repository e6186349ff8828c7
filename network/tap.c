/*
 * tap.c - the sandbox's end of user-mode networking.
 *
 *   interface   a tap, made here because it belongs to the network namespace in which the device
 *               was opened, and this is the one process that is in it, may configure it, and is
 *               ours
 *   addresses   of the sandbox, and of the name server, which is on lo: a program inside that asks
 *               it talks to an ordinary socket and no frame of that ever leaves
 *   sockets     for names, UDP and TCP, bound to that address
 *   handing over: all three descriptors in one message to zbox-net
 *
 * Nobody is a neighbour but the gateway: an address of the same network is refused like any other
 * that is closed, instead of waited for.
 *
 * All that is configured goes to the kernel as one batch of rtnetlink(7) messages. IPv6 is used
 * with one fixed address and a fixed route: no link-local address is made, so that the kernel
 * neither waits for other owners of its address (a second) nor listens to advertisements.
 *
 * Nothing of the command has run yet. What it could do later with the right to (--cap-add
 * net_admin) is to take this apart; what leaves is decided in zbox-net.
 */
#include "network/tap.h"

#include "network/addresses.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- rtnetlink ---- */

struct batch {
	_Alignas(struct nlmsghdr) uint8_t bytes[1024];
	size_t used;
	size_t last;       /* where the message that is being made starts */
	unsigned messages; /* numbered from 1 */
	unsigned lenient;  /* bits of those whose failure does not matter */
};

static void *put(struct batch *b, const void *bytes, size_t length)
{
	struct nlmsghdr header;
	void *place = b->bytes + b->used;

	memcpy(place, bytes, length);
	b->used += NLMSG_ALIGN(length);
	memcpy(&header, b->bytes + b->last, sizeof(header));
	header.nlmsg_len = (uint32_t)(b->used - b->last);
	memcpy(b->bytes + b->last, &header, sizeof(header));
	return place;
}

static void message(struct batch *b, uint16_t type, unsigned flags, const void *body, size_t length)
{
	struct nlmsghdr header = {.nlmsg_type = type,
				  .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags),
				  .nlmsg_seq = ++b->messages};

	b->last = b->used;
	(void)put(b, &header, sizeof(header));
	(void)put(b, body, length);
}

static void attribute(struct batch *b, uint16_t type, const void *bytes, size_t length)
{
	struct rtattr head = {.rta_len = (uint16_t)RTA_LENGTH(length), .rta_type = type};

	(void)put(b, &head, sizeof(head));
	if (length > 0)
		(void)put(b, bytes, length);
}

static void add_address(struct batch *b, int interface, uint8_t family, const void *address,
			uint8_t prefix)
{
	struct ifaddrmsg body = {.ifa_family = family,
				 .ifa_prefixlen = prefix,
				 .ifa_flags = IFA_F_PERMANENT | IFA_F_NODAD,
				 .ifa_index = (uint32_t)interface};
	size_t length = family == AF_INET ? 4 : 16;

	message(b, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof(body));
	attribute(b, IFA_LOCAL, address, length);
	attribute(b, IFA_ADDRESS, address, length);
}

/* A route to an address on the interface itself, or with a gateway for all others. */
static void add_route(struct batch *b, int interface, uint8_t family, const void *to, bool gateway)
{
	size_t length = family == AF_INET ? 4 : 16;
	struct rtmsg body = {.rtm_family = family,
			     .rtm_dst_len = (uint8_t)(gateway ? 0 : 8 * length),
			     .rtm_table = RT_TABLE_MAIN,
			     .rtm_protocol = RTPROT_BOOT,
			     .rtm_scope = gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
			     .rtm_type = RTN_UNICAST};

	message(b, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof(body));
	attribute(b, gateway ? RTA_GATEWAY : RTA_DST, to, length);
	attribute(b, RTA_OIF, &interface, sizeof(interface));
}

/* Without its own link-local address; the failure of a kernel without IPv6 does not matter. */
static void no_link_local(struct batch *b, int interface)
{
	struct ifinfomsg body = {.ifi_family = AF_UNSPEC, .ifi_index = interface};
	struct {
		struct rtattr family, mode;
		uint8_t value, pad[3];
	} inner = {.family = {.rta_len = sizeof(inner), .rta_type = AF_INET6},
		   .mode = {.rta_len = RTA_LENGTH(1), .rta_type = IFLA_INET6_ADDR_GEN_MODE},
		   .value = IN6_ADDR_GEN_MODE_NONE};

	message(b, RTM_NEWLINK, 0, &body, sizeof(body));
	attribute(b, IFLA_AF_SPEC, &inner, sizeof(inner));
	b->lenient |= 1U << b->messages;
}

static void set_up(struct batch *b, int interface, uint32_t mtu)
{
	struct ifinfomsg body = {.ifi_family = AF_UNSPEC,
				 .ifi_index = interface,
				 .ifi_flags = IFF_UP,
				 .ifi_change = IFF_UP};

	message(b, RTM_NEWLINK, 0, &body, sizeof(body));
	attribute(b, IFLA_MTU, &mtu, sizeof(mtu));
}

/* Reads the answers, one for each message. */
static int read_answers(const struct batch *b, int fd)
{
	for (unsigned answered = 0; answered < b->messages;) {
		_Alignas(struct nlmsghdr) uint8_t bytes[4096];
		ssize_t got = recv(fd, bytes, sizeof(bytes), 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < (ssize_t)sizeof(struct nlmsghdr))
			return fail(got < 0 ? errno : EPROTO, "the interface %s", NET_INTERFACE);
		for (size_t at = 0; at + NLMSG_LENGTH(sizeof(struct nlmsgerr)) <= (size_t)got;
		     answered++) {
			struct nlmsghdr header;
			struct nlmsgerr answer;

			memcpy(&header, bytes + at, sizeof(header));
			memcpy(&answer, bytes + at + NLMSG_HDRLEN, sizeof(answer));
			at += NLMSG_ALIGN(header.nlmsg_len);
			if (header.nlmsg_type != NLMSG_ERROR || answer.error == 0 ||
			    (b->lenient >> header.nlmsg_seq & 1))
				continue;
			return fail(-answer.error, "the interface %s, step %u", NET_INTERFACE,
				    header.nlmsg_seq);
		}
	}
	return 0;
}

static int configure(const struct tap *t, int interface)
{
	static const uint8_t guest6[16] = NET_GUEST6, gateway6[16] = NET_GATEWAY6;
	const uint32_t guest4 = htonl(NET_GUEST4), gateway4 = htonl(NET_GATEWAY4),
		       dns4 = htonl(NET_DNS4);
	autoclose int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	const int loopback = 1; /* the first interface of every namespace */
	struct batch b = {.used = 0};

	if (fd < 0)
		return fail(errno, "rtnetlink");
	no_link_local(&b, interface);
	set_up(&b, interface, t->mtu);
	add_address(&b, loopback, AF_INET, &dns4, 32);
	add_address(&b, interface, AF_INET, &guest4, 32);
	add_route(&b, interface, AF_INET, &gateway4, false);
	add_route(&b, interface, AF_INET, &gateway4, true);
	if (t->ipv6) {
		add_address(&b, interface, AF_INET6, guest6, 128);
		add_route(&b, interface, AF_INET6, gateway6, false);
		add_route(&b, interface, AF_INET6, gateway6, true);
	}
	if (send(fd, b.bytes, b.used, 0) != (ssize_t)b.used)
		return fail(errno, "rtnetlink");
	return read_answers(&b, fd);
}

/* ---- descriptors ---- */

/* The device, opened anew: it is of the network namespace in which it was opened. */
static int open_device(const struct tap *t, int proc, int *interface)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	char path[40];
	autoclose int fd = -1;

	(void)snprintf(path, sizeof(path), "self/fd/%d", t->device);
	fd = openat(proc, path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return fail(errno, "/dev/net/tun");
	memcpy(request.ifr_name, NET_INTERFACE, sizeof(NET_INTERFACE));
	if (ioctl(fd, TUNSETIFF, &request) < 0)
		return fail(errno, "/dev/net/tun: make the interface %s", NET_INTERFACE);
	/* device.c: a frame is as long as IP allows, whatever the MTU */
	if (ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) < 0)
		return fail(errno, "/dev/net/tun: long frames");
	*interface = (int)if_nametoindex(NET_INTERFACE);
	if (*interface == 0)
		return fail(errno, "the interface %s", NET_INTERFACE);
	return take_fd(&fd);
}

static int open_names(int type)
{
	autoclose int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_in here = {
		.sin_family = AF_INET, .sin_port = htons(53), .sin_addr.s_addr = htonl(NET_DNS4)};

	if (fd < 0 || bind(fd, (const struct sockaddr *)&here, sizeof(here)) < 0)
		return fail(errno, "the name server's socket");
	if (type == SOCK_STREAM && listen(fd, 16) < 0)
		return fail(errno, "the name server's socket");
	return take_fd(&fd);
}

static int send_three(int socket, const int fds[3])
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(3 * sizeof(int))] = {0};
	char byte = 0;
	struct iovec part = {&byte, 1};
	struct msghdr header = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = control,
				.msg_controllen = sizeof(control)};
	struct cmsghdr *extra = CMSG_FIRSTHDR(&header);

	extra->cmsg_level = SOL_SOCKET;
	extra->cmsg_type = SCM_RIGHTS;
	extra->cmsg_len = CMSG_LEN(3 * sizeof(int));
	memcpy(CMSG_DATA(extra), fds, 3 * sizeof(int));
	/* when zbox-net has gone, what it said of its end is still there to be read */
	if (sendmsg(socket, &header, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET)
		return fail(errno, "zbox-net");
	return 0;
}

int tap_hand_over(const struct tap *t, int proc)
{
	int interface = 0;
	autoclose int device = open_device(t, proc, &interface);
	autoclose int udp = -1, tcp = -1;

	if (device < 0 || configure(t, interface) < 0)
		return -1;
	udp = open_names(SOCK_DGRAM);
	if (udp < 0)
		return -1;
	tcp = open_names(SOCK_STREAM);
	if (tcp < 0)
		return -1;
	return send_three(t->helper, (const int[3]){device, udp, tcp});
}

void tap_allow_ping(int proc, gid_t group)
{
	char range[32];

	(void)snprintf(range, sizeof(range), "%u %u", group, group);
	(void)!write_file_at(proc, "sys/net/ipv4/ping_group_range", range);
}
