/*
 * filter.c - which frames of the sandbox may reach the user-mode network.
 *
 * libslirp turns what the sandbox sends into sockets of the host: whatever address a frame names,
 * the host's own kernel is asked to talk to. Its switch against the host's loopback only looks at
 * the gateway's address (a raw frame to 127.0.0.1 goes through, measured with 4.7), so the decision
 * is made here, on the bytes of every frame, before libslirp sees them:
 *
 *   1. ARP, IPv4 and, where it is on, IPv6; nothing else (libslirp parses more, NC-SI for one)
 *   2. the form: no options, no fragments, no extension headers, lengths that agree, the sandbox's
 *      own address as the source. libslirp reassembles, and a first fragment could hide the port.
 *   3. TCP, UDP, echo requests, and of ICMPv6 what finds neighbours; no urgent data (CVE-2026-9539)
 *   4. the destination: not the host, and nothing that only the host's place in its network makes
 *      reachable, unless it was opened by name
 *
 * Every frame is looked at in full, not only the first of a flow: libslirp finds a UDP socket by
 * the sandbox's port alone, so one that was opened for a permitted peer could be aimed elsewhere.
 *
 * What an attacker would try: other spellings of a closed address (0.0.0.0, mapped and translated
 * forms, the addresses of the host's interfaces), which is why everything becomes one form of 16
 * bytes and is looked up in one table; headers that lie about lengths, which is why each is held
 * against the frame; a spoofed source.
 */
#include "network/filter.h"

#include "network/addresses.h"

#include <netinet/in.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(0 [array]))

/* ---- addresses ---- */

enum closing { CLOSED, CLOSED_UNLESS_LAN, EMBEDS_IP4 };

struct range {
	uint8_t prefix[16];
	uint8_t bits;
	uint8_t closing; /* enum closing */
	uint8_t at;      /* EMBEDS_IP4: where the address of IPv4 is */
};

/* IANA's special-purpose registries of 2025, without the blocks for documentation, which are merely
 * unused. The order does not matter but for what is open with the LAN: exceptions come first. */
static const struct {
	uint32_t prefix;
	uint8_t bits;
	uint8_t closing;
} ranges4[] = {
	{0x00000000, 8, CLOSED},             /* this host: 0.0.0.0 is the loopback to Linux */
	{0x0a000200, 24, CLOSED},            /* our own network, but for what is said below */
	{0x0a000000, 8, CLOSED_UNLESS_LAN},  /* private */
	{0x64400000, 10, CLOSED},            /* carrier-grade NAT; metadata 100.100.100.200 */
	{0x7f000000, 8, CLOSED},             /* loopback */
	{0xa9fe0000, 16, CLOSED},            /* link-local; metadata 169.254.169.254 */
	{0xac100000, 12, CLOSED_UNLESS_LAN}, /* private */
	{0xc0000000, 24, CLOSED},            /* protocol assignments, DS-Lite; metadata of Oracle */
	{0xc0586300, 24, CLOSED},            /* 6to4 relays */
	{0xc0a80000, 16, CLOSED_UNLESS_LAN}, /* private */
	{0xc6120000, 15, CLOSED},            /* benchmarks */
	{0xa83f8110, 32, CLOSED},            /* metadata of Azure, 168.63.129.16 */
	{0xe0000000, 4, CLOSED},             /* multicast */
	{0xf0000000, 4, CLOSED},             /* reserved, broadcast */
};

static const struct range ranges6[] = {
	{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, CLOSED, 0}, /* IPv4 in IPv6's clothes */
	{{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0}, 96, CLOSED, 0}, /* translated, RFC 2765 */
	{{0}, 96, CLOSED, 0},                                        /* ::, ::1, compatible */
	{{0x00, 0x64, 0xff, 0x9b}, 96, EMBEDS_IP4, 12},              /* NAT64 */
	{{0x00, 0x64, 0xff, 0x9b, 0, 1}, 48, CLOSED, 0},             /* NAT64, local use */
	{{0x01, 0x00}, 64, CLOSED, 0},                               /* discard only */
	{{0x20, 0x01, 0, 0}, 32, CLOSED, 0},                         /* Teredo */
	{{0x20, 0x02}, 16, EMBEDS_IP4, 2},                           /* 6to4 */
	{{0xfd, 0x5a, 0x62, 0xb0, 0x78, 0x41}, 64, CLOSED, 0},       /* our own network */
	{{0xfd, 0x00, 0x0e, 0xc2}, 32, CLOSED, 0},                   /* metadata of AWS */
	{{0xfc, 0x00}, 7, CLOSED_UNLESS_LAN, 0},                     /* unique local */
	{{0xfe, 0x80}, 10, CLOSED, 0},                               /* link-local */
	{{0xfe, 0xc0}, 10, CLOSED, 0},                               /* site-local */
	{{0xff, 0x00}, 8, CLOSED, 0},                                /* multicast */
};

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
static const uint8_t gateway6[16] = NET_GATEWAY6;
static const uint8_t guest6[16] = NET_GUEST6;

struct filter_address filter_address4(uint32_t address)
{
	struct filter_address a;

	memcpy(a.bytes, mapped, sizeof(mapped));
	for (unsigned i = 0; i < 4; i++)
		a.bytes[12 + i] = (uint8_t)(address >> (24 - 8 * i));
	return a;
}

static bool is_ip4(const struct filter_address *a)
{
	return memcmp(a->bytes, mapped, sizeof(mapped)) == 0;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

static bool open4(const struct filter *f, uint32_t address)
{
	for (size_t i = 0; i < COUNT(ranges4); i++)
		if ((address ^ ranges4[i].prefix) >> (32 - ranges4[i].bits) == 0)
			return ranges4[i].closing == CLOSED_UNLESS_LAN && f->lan;
	return true;
}

static bool is_own(const struct filter *f, const struct filter_address *a)
{
	for (size_t i = 0; i < f->own_count; i++)
		if (memcmp(f->own[i].bytes, a->bytes, sizeof(a->bytes)) == 0)
			return true;
	return f->own_overflow;
}

static bool open6(const struct filter *f, const struct filter_address *a)
{
	for (size_t i = 0; i < COUNT(ranges6); i++) {
		const struct range *r = &ranges6[i];

		if (!same_bits(a->bytes, r->prefix, r->bits))
			continue;
		if (r->closing == EMBEDS_IP4) {
			struct filter_address inner = filter_address4(read32(a->bytes + r->at));

			return !is_own(f, &inner) && open4(f, read32(a->bytes + r->at));
		}
		return r->closing == CLOSED_UNLESS_LAN && f->lan;
	}
	return true;
}

/* The gateway's address stands for the host's loopback. */
static bool is_gateway(const struct filter_address *a)
{
	if (is_ip4(a))
		return read32(a->bytes + 12) == NET_GATEWAY4;
	return memcmp(a->bytes, gateway6, sizeof(gateway6)) == 0;
}

static bool loopback_open(const struct filter *f, uint16_t port)
{
	if (!f->loopback || port == 0)
		return false;
	for (size_t i = 0; i < f->port_count; i++)
		if (f->ports[i] == port)
			return true;
	return f->port_count == 0;
}

bool filter_open(const struct filter *f, const struct filter_address *to, uint16_t port)
{
	if (is_gateway(to))
		return loopback_open(f, port);
	if (is_own(f, to))
		return false;
	return is_ip4(to) ? open4(f, read32(to->bytes + 12)) : open6(f, to);
}

/* ---- frames ---- */

/* What TCP, UDP and echo need of either IP header. */
struct packet {
	struct filter_address to;
	const uint8_t *payload;
	size_t length;
	uint8_t protocol;
};

static enum filter_verdict refuse(const struct packet *p)
{
	/* to many: whoever answered would answer for all of them (RFC 1122, 3.2.2) */
	bool many = is_ip4(&p->to) ? p->to.bytes[12] >= 0xe0 : p->to.bytes[0] == 0xff;

	return many ? FILTER_DROP : FILTER_REFUSE;
}

static enum filter_verdict check_tcp(const struct filter *f, const struct packet *p,
				     struct filter_flow *flow)
{
	uint8_t flags;
	size_t header;

	if (p->length < TCP_HEADER)
		return FILTER_DROP;
	flags = p->payload[13];
	header = (size_t)(p->payload[12] >> 4) * 4;
	if (header < TCP_HEADER || header > p->length || (flags & TCP_URG))
		return FILTER_DROP;
	if (!filter_open(f, &p->to, read16(p->payload + 2)))
		return flags & TCP_RST ? FILTER_DROP : refuse(p);
	*flow = (struct filter_flow){.protocol = IPPROTO_TCP,
				     .starts = (flags & (TCP_SYN | TCP_ACK)) == TCP_SYN,
				     .port = read16(p->payload)};
	return FILTER_PASS;
}

/* libslirp answers DHCP and TFTP itself; nobody needs that here, and less code is reached. */
static bool is_service_of_slirp(uint16_t port)
{
	return port == 67 || port == 68 || port == 69 || port == 547;
}

static enum filter_verdict check_udp(const struct filter *f, const struct packet *p,
				     struct filter_flow *flow)
{
	uint16_t port, length;

	if (p->length < UDP_HEADER)
		return FILTER_DROP;
	port = read16(p->payload + 2);
	length = read16(p->payload + 4);
	if (length < UDP_HEADER || length > p->length)
		return FILTER_DROP;
	if (is_service_of_slirp(port) || !filter_open(f, &p->to, port))
		return refuse(p);
	*flow = (struct filter_flow){.protocol = IPPROTO_UDP, .port = read16(p->payload)};
	return FILTER_PASS;
}

/* Where it cannot be sent as an echo, libslirp would send its contents as UDP. */
static enum filter_verdict check_echo(const struct filter *f, const struct packet *p, bool can,
				      struct filter_flow *flow)
{
	if (p->length < ICMP_HEADER || p->payload[1] != 0)
		return FILTER_DROP;
	if (!is_gateway(&p->to) && (!can || !filter_open(f, &p->to, 0)))
		return refuse(p);
	*flow = (struct filter_flow){.protocol = p->protocol};
	return FILTER_PASS;
}

static enum filter_verdict check_ip4(const struct filter *f, const uint8_t *ip, size_t length,
				     struct filter_flow *flow)
{
	struct packet p;
	size_t total;

	if (length < IP4_HEADER || ip[0] != 0x45)
		return FILTER_DROP;
	total = read16(ip + 2);
	if (total < IP4_HEADER || total > length || (read16(ip + 6) & 0xbfff) != 0)
		return FILTER_DROP;
	if (read32(ip + 12) != NET_GUEST4)
		return FILTER_DROP;
	p = (struct packet){.to = filter_address4(read32(ip + 16)),
			    .payload = ip + IP4_HEADER,
			    .length = total - IP4_HEADER,
			    .protocol = ip[9]};
	switch (p.protocol) {
	case IPPROTO_TCP:
		return check_tcp(f, &p, flow);
	case IPPROTO_UDP:
		return check_udp(f, &p, flow);
	case IPPROTO_ICMP:
		if (p.length < ICMP_HEADER || p.payload[0] != 8)
			return FILTER_DROP;
		return check_echo(f, &p, f->echo4, flow);
	default:
		return FILTER_DROP;
	}
}

/* Questions and answers about who is on the link: only to the gateway, or to all who could be
 * meant. */
static enum filter_verdict check_neighbour(const struct packet *p, const uint8_t *ip)
{
	static const uint8_t solicited[13] = {0xff, 0x02, [11] = 0x01, [12] = 0xff};
	const uint8_t *to = ip + 24;

	if (p->length < 24 || p->payload[1] != 0 || ip[7] != 255)
		return FILTER_DROP;
	if (memcmp(to, gateway6, 16) != 0 && memcmp(to, solicited, sizeof(solicited)) != 0)
		return FILTER_DROP;
	return FILTER_PASS;
}

static enum filter_verdict check_ip6(const struct filter *f, const uint8_t *ip, size_t length,
				     struct filter_flow *flow)
{
	struct packet p;

	if (length < IP6_HEADER || ip[0] >> 4 != 6 || read16(ip + 4) > length - IP6_HEADER)
		return FILTER_DROP;
	if (memcmp(ip + 8, guest6, sizeof(guest6)) != 0)
		return FILTER_DROP;
	p = (struct packet){
		.payload = ip + IP6_HEADER, .length = read16(ip + 4), .protocol = ip[6]};
	memcpy(p.to.bytes, ip + 24, sizeof(p.to.bytes));
	if (is_ip4(&p.to)) /* such an address has no place in a packet */
		return FILTER_DROP;
	switch (p.protocol) {
	case IPPROTO_TCP:
		return check_tcp(f, &p, flow);
	case IPPROTO_UDP:
		return check_udp(f, &p, flow);
	case IPPROTO_ICMPV6:
		if (p.length < ICMP_HEADER)
			return FILTER_DROP;
		if (p.payload[0] == 135 || p.payload[0] == 136)
			return check_neighbour(&p, ip);
		return p.payload[0] == 128 ? check_echo(f, &p, f->echo6, flow) : FILTER_DROP;
	default:
		return FILTER_DROP;
	}
}

/* Questions about hardware addresses, and the sandbox's answers. */
static enum filter_verdict check_arp(const uint8_t *arp, size_t length)
{
	static const uint8_t kind[] = {0, 1, 8, 0, 6, 4, 0}; /* Ethernet, IPv4, their lengths */

	if (length < 28 || memcmp(arp, kind, sizeof(kind)) != 0)
		return FILTER_DROP;
	if ((arp[7] != 1 && arp[7] != 2) || read32(arp + 14) != NET_GUEST4)
		return FILTER_DROP;
	return FILTER_PASS;
}

enum filter_verdict filter_frame(const struct filter *f, const uint8_t *frame, size_t length,
				 struct filter_flow *flow)
{
	const uint8_t *rest = frame + ETHERNET_HEADER;

	*flow = (struct filter_flow){0};
	if (length < ETHERNET_HEADER)
		return FILTER_DROP;
	length -= ETHERNET_HEADER;
	switch (read16(frame + 12)) {
	case TYPE_ARP:
		return check_arp(rest, length);
	case TYPE_IP4:
		return check_ip4(f, rest, length, flow);
	case TYPE_IP6:
		return f->ipv6 ? check_ip6(f, rest, length, flow) : FILTER_DROP;
	default:
		return FILTER_DROP;
	}
}
