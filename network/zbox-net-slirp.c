/*
 * zbox-net-slirp.c - libslirp, and the loop: the only file that knows that library.
 *
 *   frame of the sandbox -> filter.c -> is there room for its flow? -> libslirp -> sockets
 *   sockets -> libslirp -> frame for the sandbox
 *
 * libslirp is set up to do as little as it can: no DHCP, no TFTP, no names, no emulation of
 * protocols. Its one timer, which advertises routers, is never started.
 *
 * The number of flows is bounded twice: by counting the sockets that libslirp says it has, so that
 * a new flow is refused at once, or an idle one ended for it (zbox-net-flows.c), instead of failing
 * somewhere inside, and by the limit of descriptors. UDP sockets live for minutes in libslirp, and
 * it makes one for each port that the sandbox sends from, so ports that were seen lately are
 * remembered: they go on when the table is full.
 *
 * Frames are read in batches, because a call for each is what this costs (measured: serving the
 * sockets after 64 frames instead of one more than doubles datagrams a second). When nothing is
 * open, the loop waits without a limit of time; libslirp alone would wake up each second.
 */
#include "network/zbox-net.h"

#include <errno.h>
#include <malloc.h>
#include <slirp/libslirp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#if !SLIRP_CHECK_VERSION(4, 7, 0)
#error "zbox-net needs libslirp 4.7"
#endif

enum {
	BATCH = 64,          /* frames that are read at once */
	QUIET_TIME = 2000,   /* milliseconds without a frame before the wait is unlimited */
	EVICTIONS = 64,      /* for one new flow: libslirp may have forgotten some */
	REMEMBER_TIME = 230, /* seconds for which libslirp surely keeps a UDP socket */
	KINDS = 3,
	/* Bytes of a packet with a segment: four fill the window that libslirp has, which is below
	 * 64 KiB, and what a kernel gives to a card at once (GSO_LEGACY_MAX_SIZE less its own
	 * headers). Three would leave a fourth behind, with a call and a waking of its own; one of
	 * 64 KiB is quicker out of the sandbox or slower, by where the scheduler puts the two. */
	SEGMENT = 16304
};

enum kind { OTHER, TCP, UDP };

struct loop {
	struct carrier *c;
	Slirp *slirp;
	struct polls polls;
	uint8_t *kinds;        /* of a descriptor, enum kind */
	unsigned flows[KINDS]; /* how many there are */
	unsigned limits[KINDS];
	int64_t last_frame;
	uint16_t seen[65536]; /* UDP: second in which the port was last used, 0 never */
};

static struct loop loop;

/* ---- what libslirp calls ---- */

static void deliver(const struct loop *l, const void *frame, size_t length)
{
	pcap_frame(l->c->pcap, frame, length);
	device_write(&l->c->device, frame, length);
}

static ssize_t to_sandbox(const void *frame, size_t length, void *opaque)
{
	const struct loop *l = opaque;
	struct filter_flow from;

	if (filter_inbound(&l->c->filter, frame, length, &from)) {
		traffic_in(l->c, &from);
		deliver(l, frame, length);
	}
	return (ssize_t)length;
}

static void guest_error(const char *text, void *opaque)
{
	(void)text;
	(void)opaque;
}

static int64_t clock_ns(void *opaque)
{
	struct timespec now;

	(void)opaque;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void *timer_new(SlirpTimerId id, void *argument, void *opaque)
{
	(void)id;
	(void)argument;
	return opaque; /* not NULL; never started */
}

static void timer_free(void *timer, void *opaque)
{
	(void)timer;
	(void)opaque;
}

static void timer_mod(void *timer, int64_t at, void *opaque)
{
	(void)timer;
	(void)at;
	(void)opaque;
}

static void socket_made(int fd, void *opaque)
{
	struct loop *l = opaque;
	int type = 0;
	socklen_t size = sizeof(type);

	if (fd < 0 || (unsigned)fd >= l->c->descriptors || l->kinds[fd] != OTHER)
		return;
	(void)getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
	l->kinds[fd] = type == SOCK_STREAM ? TCP : UDP;
	l->flows[l->kinds[fd]]++;
}

static void socket_gone(int fd, void *opaque)
{
	struct loop *l = opaque;

	if (fd < 0 || (unsigned)fd >= l->c->descriptors || l->kinds[fd] == OTHER)
		return;
	l->flows[l->kinds[fd]]--;
	l->kinds[fd] = OTHER;
}

static void notify(void *opaque)
{
	(void)opaque;
}

static const SlirpCb callbacks = {
	.send_packet = to_sandbox,
	.guest_error = guest_error,
	.clock_get_ns = clock_ns,
	.timer_free = timer_free,
	.timer_mod = timer_mod,
	.register_poll_fd = socket_made,
	.unregister_poll_fd = socket_gone,
	.notify = notify,
	.timer_new_opaque = timer_new,
};

/* ---- frames ---- */

/* Ends flows of TCP that are quiet until there is room for one. */
static bool make_room(struct loop *l)
{
	uint8_t frame[REFUSAL_MAX], back[REFUSAL_MAX];
	struct flow *flow;
	size_t length;

	for (int i = 0; i < EVICTIONS && l->flows[TCP] >= l->limits[TCP]; i++) {
		flow = traffic_victim(l->c);
		if (!flow)
			return false;
		length = traffic_reset(l->c, flow, true, frame);
		deliver(l, back, traffic_reset(l->c, flow, false, back));
		traffic_end(l->c,
			    flow); /* libslirp answers, and nothing may be found any more then */
		slirp_input(l->slirp, frame, (int)length);
	}
	return l->flows[TCP] < l->limits[TCP];
}

static bool has_room(struct loop *l, const struct filter_flow *flow)
{
	uint16_t now, last;

	if (flow->protocol == IPPROTO_TCP)
		return !flow->starts || l->flows[TCP] < l->limits[TCP] || make_room(l);
	if (flow->protocol != IPPROTO_UDP)
		return flow->protocol == 0 || l->flows[UDP] < l->limits[UDP];
	now = (uint16_t)(clock_ms() / 1000 % UINT16_MAX + 1);
	last = l->seen[flow->port];
	if (l->flows[UDP] >= l->limits[UDP] &&
	    (last == 0 || (uint16_t)(now - last) > REMEMBER_TIME))
		return false;
	l->seen[flow->port] = now;
	return true;
}

static void refuse(const struct loop *l, const uint8_t *frame)
{
	uint8_t answer[REFUSAL_MAX];
	size_t length = refusal_make(frame, answer);

	deliver(l, answer, length);
}

/* A flow that was refused after it had begun: both sides are told. */
static void end_flow(struct loop *l, const uint8_t *frame, const struct filter_flow *from)
{
	struct flow *flow = flows_find(&l->c->flows, &from->to, from->port);
	uint8_t reset[REFUSAL_MAX];
	size_t length;

	log_refused(&l->c->log, from);
	refuse(l, frame);
	if (!flow)
		return;
	length = traffic_reset(l->c, flow, true, reset);
	traffic_end(l->c, flow); /* libslirp answers, and nothing may be found any more then */
	slirp_input(l->slirp, reset, (int)length);
}

static void send_out(struct loop *l, const uint8_t *frame, size_t length,
		     const struct filter_flow *flow)
{
	traffic_out(l->c, flow);
	slirp_input(l->slirp, frame, (int)length);
}

static void let_through(struct loop *l, const uint8_t *frame, size_t length,
			struct filter_flow *flow)
{
	uint8_t answer[REFUSAL_MAX];
	const uint8_t *held;
	size_t at = 0, size;

	switch (l->c->look ? first_look(l->c, frame, length, flow) : FIRST_PASS) {
	case FIRST_REFUSE:
		end_flow(l, frame, flow);
		break;
	case FIRST_DROP:
		break;
	case FIRST_HOLD:
		deliver(l, answer, first_acknowledge(l->c, flow, answer));
		break;
	case FIRST_PASS:
		while (l->c->look && (held = first_next(l->c, flow, &at, &size)) != NULL) {
			struct filter_flow one;

			if (filter_frame(&l->c->filter, held, size, &one) == FILTER_PASS)
				send_out(l, held, size, &one);
		}
		send_out(l, frame, length, flow);
		break;
	}
}

static void take_frame(struct loop *l, const uint8_t *frame, size_t length)
{
	struct filter_flow flow;

	pcap_frame(l->c->pcap, frame, length);
	switch (filter_frame(&l->c->filter, frame, length, &flow)) {
	case FILTER_PASS:
		memcpy(l->c->hardware, frame + 6, sizeof(l->c->hardware));
		if (has_room(l, &flow))
			let_through(l, frame, length, &flow);
		else
			refuse(l, frame);
		break;
	case FILTER_REFUSE:
		log_refused(&l->c->log, &flow);
		refuse(l, frame);
		break;
	case FILTER_DROP:
		break;
	}
}

static void take_frames(struct loop *l)
{
	const uint8_t *frame;

	for (int i = 0; i < BATCH; i++) {
		ssize_t length = device_read(&l->c->device, &frame);

		if (length < 0)
			return;
		l->last_frame = l->c->filter.now = clock_ms();
		take_frame(l, frame, (size_t)length);
	}
}

/* ---- waiting ---- */

int64_t clock_ms(void)
{
	return clock_ns(NULL) / 1000000;
}

int polls_add(struct polls *p, int fd, int events)
{
	if (fd < 0)
		return -1;
	if (p->count == p->room) {
		size_t room = p->room ? 2 * p->room : 64;
		struct pollfd *list = realloc(p->list, room * sizeof(*list));

		if (!list)
			return -1;
		p->list = list;
		p->room = room;
	}
	p->list[p->count] = (struct pollfd){.fd = fd, .events = (short)events};
	return (int)p->count++;
}

int polls_seen(const struct polls *p, int place)
{
	return place < 0 || (size_t)place >= p->count ? 0 : p->list[place].revents;
}

static const struct {
	int slirp, poll;
} events_of[] = {
	{SLIRP_POLL_IN, POLLIN},   {SLIRP_POLL_OUT, POLLOUT}, {SLIRP_POLL_PRI, POLLPRI},
	{SLIRP_POLL_ERR, POLLERR}, {SLIRP_POLL_HUP, POLLHUP},
};

static int add_poll(int fd, int events, void *opaque)
{
	struct loop *l = opaque;
	int wanted = 0;

	for (size_t i = 0; i < COUNT(events_of); i++)
		wanted |= events & events_of[i].slirp ? events_of[i].poll : 0;
	return polls_add(&l->polls, fd, wanted);
}

static int get_events(int place, void *opaque)
{
	const struct loop *l = opaque;
	int seen = polls_seen(&l->polls, place), events = 0;

	for (size_t i = 0; i < COUNT(events_of); i++)
		events |= seen & events_of[i].poll ? events_of[i].slirp : 0;
	return events;
}

/* How long to wait: as libslirp says, but for ever when nothing is going on. */
static int wait_time(struct loop *l)
{
	uint32_t timeout = UINT32_MAX;

	slirp_pollfds_fill(l->slirp, &timeout, add_poll, l);
	if (l->flows[TCP] + l->flows[UDP] == 0 && clock_ms() - l->last_frame > QUIET_TIME)
		return -1;
	return timeout > INT32_MAX ? -1 : (int)timeout;
}

void carrier_run(struct carrier *c)
{
	struct loop *l = &loop;

	for (;;) {
		int life, device, timeout, slirp_timeout, got;

		l->polls.count = 0;
		life = polls_add(&l->polls, c->life, POLLIN);
		device = polls_add(&l->polls, c->device.fd, POLLIN);
		c->host.place = polls_add(&l->polls, c->host.fd, POLLIN);
		slirp_timeout = timeout = wait_time(l);
		names_poll(&c->names, &l->polls, &timeout);
		got = poll(l->polls.list, l->polls.count, timeout);
		if (got < 0 && errno != EINTR)
			return;
		if (got < 0)
			continue;
		/* the end of zbox, or of the sandbox's network with its interface */
		if (polls_seen(&l->polls, life) ||
		    (polls_seen(&l->polls, device) & (POLLERR | POLLHUP | POLLNVAL)))
			return;
		if (polls_seen(&l->polls, device))
			take_frames(l);
		if (slirp_timeout >= 0 || got > 0)
			slirp_pollfds_poll(l->slirp, 0, get_events, l);
		if (polls_seen(&l->polls, c->host.place))
			host_serve(&c->host, &c->filter);
		names_serve(&c->names, &l->polls);
	}
}

/* ---- the start ---- */

static bool can_echo(int family, int protocol)
{
	autoclose int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, protocol);

	return fd >= 0;
}

/* 4.7 answers echo requests of IPv6 only for its own address. */
static bool forwards_echo6(void)
{
	int64_t minor = 0;
	const char *version = slirp_version_string();
	char text[8];

	if (strncmp(version, "4.", 2) != 0)
		return true;
	(void)snprintf(text, sizeof(text), "%.*s", (int)strcspn(version + 2, "."), version + 2);
	return parse_number(text, 0, 1000, &minor) == 0 && minor >= 8;
}

int carrier_begin(struct carrier *c)
{
	static const struct in6_addr network6 = {{NET_NETWORK6}}, gateway6 = {{NET_GATEWAY6}},
				     dns6 = {{NET_DNS6}};
	SlirpConfig config = {
		.version = 4,
		.in_enabled = true,
		.vnetwork.s_addr = htonl(net_network4),
		.vnetmask.s_addr = htonl(UINT32_MAX << (32 - NET_PREFIX4_MAX)),
		.vhost.s_addr = htonl(NET_GATEWAY4),
		.vnameserver.s_addr = htonl(NET_DNS4),
		.vdhcp_start.s_addr = htonl(NET_GUEST4),
		.in6_enabled = c->filter.ipv6,
		.vprefix_addr6 = network6,
		.vprefix_len = NET_PREFIX6,
		.vhost6 = gateway6,
		.vnameserver6 = dns6,
		.if_mtu = NET_MTU_MAX,                         /* of what it takes: device.c */
		.if_mru = c->mtu < SEGMENT ? c->mtu : SEGMENT, /* of the segments both ways */
		.disable_host_loopback = !c->filter.loopback,
		.disable_dns = true,
		.disable_dhcp = true,
	};
	struct loop *l = &loop;

	if (c->outbound4.sin_family == AF_INET)
		config.outbound_addr = &c->outbound4;
	if (c->outbound6.sin6_family == AF_INET6)
		config.outbound_addr6 = &c->outbound6;
	/* libslirp's buffers of 128 KiB a flow stay out of the heap, where they would be touched:
	 * 134 MB for 500 idle connections become 9. Nor may the heap's end have room for one: it
	 * is made larger soon, which would copy it (31 MB for 1000 become 13; all measured). */
	(void)mallopt(M_MMAP_THRESHOLD, 96 << 10);
	(void)mallopt(M_TOP_PAD, 32 << 10);
	(void)mallopt(M_TRIM_THRESHOLD, 64 << 10);
	c->filter.echo4 = can_echo(AF_INET, IPPROTO_ICMP);
	c->filter.echo6 = forwards_echo6() && can_echo(AF_INET6, IPPROTO_ICMPV6);
	l->c = c;
	l->kinds = calloc(c->descriptors, 1);
	l->limits[TCP] = c->descriptors / 8 * 5 < FLOWS_TCP ? c->descriptors / 8 * 5 : FLOWS_TCP;
	l->limits[UDP] = c->descriptors / 4 < FLOWS_UDP ? c->descriptors / 4 : FLOWS_UDP;
	l->last_frame = clock_ms();
	l->slirp = slirp_new(&config, &callbacks, l);
	return l->slirp && l->kinds ? 0 : fail(0, "libslirp did not start");
}
