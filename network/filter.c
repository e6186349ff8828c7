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
 *      reachable, unless it was opened by name; and what --allow and --deny say of it, in the order
 *      that rules.c has in words
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

/* ---- addresses ---- */

/* CLOSED: an --allow of no more than such addresses opens them. NEVER: nothing does. */
enum closing { CLOSED, CLOSED_UNLESS_LAN, NEVER, EMBEDS_IP4 };

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
	{0x00000000, 8, NEVER},              /* this host: 0.0.0.0 is the loopback to Linux */
	{0x0a000200, 24, NEVER},             /* our own network, but for what is said below */
	{0x0a000000, 8, CLOSED_UNLESS_LAN},  /* private */
	{0x64400000, 10, CLOSED},            /* carrier-grade NAT; metadata 100.100.100.200 */
	{0x7f000000, 8, NEVER},              /* loopback */
	{0xa9fe0000, 16, CLOSED},            /* link-local; metadata 169.254.169.254 */
	{0xac100000, 12, CLOSED_UNLESS_LAN}, /* private */
	{0xc0000000, 24, CLOSED},            /* protocol assignments, DS-Lite; metadata of Oracle */
	{0xc0586300, 24, CLOSED},            /* 6to4 relays */
	{0xc0a80000, 16, CLOSED_UNLESS_LAN}, /* private */
	{0xc6120000, 15, CLOSED},            /* benchmarks */
	{0xa83f8110, 32, CLOSED},            /* metadata of Azure, 168.63.129.16 */
	{0xe0000000, 4, NEVER},              /* multicast */
	{0xf0000000, 4, NEVER},              /* reserved, broadcast */
};

static const struct range ranges6[] = {
	{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, NEVER, 0}, /* IPv4 in IPv6's clothes */
	{{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0}, 96, NEVER, 0}, /* translated, RFC 2765 */
	{{0}, 96, NEVER, 0},                                        /* ::, ::1, compatible */
	{{0x00, 0x64, 0xff, 0x9b}, 96, EMBEDS_IP4, 12},             /* NAT64 */
	{{0x00, 0x64, 0xff, 0x9b, 0, 1}, 48, CLOSED, 0},            /* NAT64, local use */
	{{0x01, 0x00}, 64, CLOSED, 0},                              /* discard only */
	{{0x20, 0x01, 0, 0}, 32, CLOSED, 0},                        /* Teredo */
	{{0x20, 0x02}, 16, EMBEDS_IP4, 2},                          /* 6to4 */
	{{0xfd, 0x5a, 0x62, 0xb0, 0x78, 0x41}, 64, NEVER, 0},       /* our own network */
	{{0xfd, 0x00, 0x0e, 0xc2}, 32, CLOSED, 0},                  /* metadata of AWS */
	{{0xfc, 0x00}, 7, CLOSED_UNLESS_LAN, 0},                    /* unique local */
	{{0xfe, 0x80}, 10, CLOSED, 0},                              /* link-local */
	{{0xfe, 0xc0}, 10, CLOSED, 0},                              /* site-local */
	{{0xff, 0x00}, 8, NEVER, 0},                                /* multicast */
};

static const uint8_t gateway6[16] = NET_GATEWAY6;
static const uint8_t guest6[16] = NET_GUEST6;

struct filter_address filter_address4(uint32_t address)
{
	struct filter_address a = {.bytes = {[10] = 0xff, [11] = 0xff}};

	for (unsigned i = 0; i < 4; i++)
		a.bytes[12 + i] = (uint8_t)(address >> (24 - 8 * i));
	return a;
}

/* What an address is without any rule: the bits that the prefix of an --allow needs to open it, 0
 * where it is open, OPENED where --net-open does, SHUT for ever. */
enum { OPENED = -1, SHUT = 129 };

static int meaning(const struct filter *f, unsigned closing, unsigned bits)
{
	if (closing == CLOSED_UNLESS_LAN && f->lan)
		return OPENED;
	return closing == NEVER ? SHUT : (int)bits;
}

static int standing4(const struct filter *f, uint32_t address)
{
	for (size_t i = 0; i < COUNT(ranges4); i++)
		if ((address ^ ranges4[i].prefix) >> (32 - ranges4[i].bits) == 0)
			return meaning(f, ranges4[i].closing, 96U + ranges4[i].bits);
	return 0;
}

static bool is_own(const struct filter *f, const struct filter_address *a)
{
	for (size_t i = 0; i < f->own_count; i++)
		if (memcmp(f->own[i].bytes, a->bytes, sizeof(a->bytes)) == 0)
			return true;
	return f->own_overflow;
}

static int standing6(const struct filter *f, const struct filter_address *a)
{
	for (size_t i = 0; i < COUNT(ranges6); i++) {
		const struct range *r = &ranges6[i];
		struct filter_address inner;
		int standing;

		if (!address_same_bits(a->bytes, r->prefix, r->bits))
			continue;
		if (r->closing != EMBEDS_IP4)
			return meaning(f, r->closing, r->bits);
		inner = filter_address4(read32(a->bytes + r->at));
		standing = is_own(f, &inner) ? SHUT : standing4(f, read32(a->bytes + r->at));
		return standing > 0 && standing != SHUT ? 128 : standing;
	}
	return 0;
}

/* The gateway's address stands for the host's loopback. */
static bool is_gateway(const struct filter_address *a)
{
	if (address_is_ip4(a))
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

/* An address of the host is opened by a rule for it alone. */
static int standing_of(const struct filter *f, const struct filter_address *a)
{
	int standing = address_is_ip4(a) ? standing4(f, read32(a->bytes + 12)) : standing6(f, a);

	return standing != SHUT && is_own(f, a) ? 128 : standing;
}

/* The order is that of rules_order(). */
static bool decide(const struct filter *f, struct filter_flow *flow, int standing)
{
	struct learned_verdict v;

	flow->rule = rules_address(f->rules, false, &flow->to, 0);
	if (flow->rule != RULE_NONE)
		return false;
	flow->rule =
		rules_address(f->rules, true, &flow->to, standing > 0 ? (unsigned)standing : 0);
	if (flow->rule != RULE_NONE)
		return true;
	if (standing != 0)
		return standing == OPENED;
	v = learned_check(f->learned, f->rules, &flow->to, f->now);
	flow->rule = v.rule;
	flow->name = v.name;
	flow->learned = v.by;
	if (v.rule != RULE_NONE)
		return v.open;
	return v.open || (!f->rules->allows && !f->rules->by_name);
}

bool filter_decide(const struct filter *f, struct filter_flow *flow)
{
	int standing;

	flow->rule = RULE_NONE;
	if (is_gateway(&flow->to.address))
		standing = loopback_open(f, flow->to.port) ? OPENED : SHUT;
	else
		standing = standing_of(f, &flow->to.address);
	return rules_any(f->rules) ? decide(f, flow, standing) : standing <= 0;
}

bool filter_rebinds(const struct filter *f, const struct filter_address *address)
{
	int standing = is_gateway(address) ? SHUT : standing_of(f, address);

	return standing > 0 && !rules_opens(f->rules, address, (unsigned)standing);
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
	bool many = address_is_ip4(&p->to) ? p->to.bytes[12] >= 0xe0 : p->to.bytes[0] == 0xff;

	return many ? FILTER_DROP : FILTER_REFUSE;
}

/* A segment of a flow that has begun. */
static bool goes_on(const struct filter *f, const struct filter_flow *flow)
{
	const struct filter_address *to = &flow->to.address;

	return is_gateway(to) ? loopback_open(f, flow->to.port) : !filter_rebinds(f, to);
}

/* Only a first segment is held against the rules: libslirp answers what belongs to no flow itself,
 * and a flow that has begun goes on. That its address is not closed is asked of every segment. */
static enum filter_verdict check_tcp(const struct filter *f, const struct packet *p,
				     struct filter_flow *flow)
{
	uint8_t flags;
	size_t header;
	bool open;

	if (p->length < TCP_HEADER)
		return FILTER_DROP;
	flags = p->payload[13];
	header = (size_t)(p->payload[12] >> 4) * 4;
	if (header < TCP_HEADER || header > p->length || (flags & TCP_URG))
		return FILTER_DROP;
	flow->protocol = IPPROTO_TCP;
	flow->starts = (flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
	flow->port = read16(p->payload);
	flow->to.port = read16(p->payload + 2);
	open = flow->starts || !rules_any(f->rules) ? filter_decide(f, flow) : goes_on(f, flow);
	if (open)
		return FILTER_PASS;
	return flags & TCP_RST ? FILTER_DROP : refuse(p);
}

/* libslirp answers DHCP and TFTP itself; nobody needs that here, and less code is reached. */
static bool is_service_of_slirp(uint16_t port)
{
	return port == 67 || port == 68 || port == 69 || port == 547;
}

static enum filter_verdict check_udp(const struct filter *f, const struct packet *p,
				     struct filter_flow *flow)
{
	uint16_t length;

	if (p->length < UDP_HEADER)
		return FILTER_DROP;
	length = read16(p->payload + 4);
	if (length < UDP_HEADER || length > p->length)
		return FILTER_DROP;
	flow->protocol = IPPROTO_UDP;
	flow->port = read16(p->payload);
	flow->to.port = read16(p->payload + 2);
	if (is_service_of_slirp(flow->to.port) || !filter_decide(f, flow))
		return refuse(p);
	learned_keep(flow->learned, f->now);
	return FILTER_PASS;
}

/* Where it cannot be sent as an echo, libslirp would send its contents as UDP. */
static enum filter_verdict check_echo(const struct filter *f, const struct packet *p, bool can,
				      struct filter_flow *flow)
{
	if (p->length < ICMP_HEADER || p->payload[1] != 0)
		return FILTER_DROP;
	flow->protocol = p->protocol;
	if (is_gateway(&p->to))
		return FILTER_PASS;
	return can && filter_decide(f, flow) ? FILTER_PASS : refuse(p);
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
	flow->to = (struct destination){.address = p.to, .protocol = p.protocol};
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
	if (address_is_ip4(&p.to)) /* such an address has no place in a packet */
		return FILTER_DROP;
	flow->to = (struct destination){.address = p.to, .protocol = p.protocol};
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

	*flow = (struct filter_flow){.rule = RULE_NONE};
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

bool filter_inbound(const struct filter *f, const uint8_t *frame, size_t length)
{
	const uint8_t *ip = frame + ETHERNET_HEADER, *udp = NULL;
	struct filter_flow from = {.to.protocol = IPPROTO_UDP};

	if (length < ETHERNET_HEADER + IP4_HEADER + UDP_HEADER)
		return true;
	if (read16(frame + 12) == TYPE_IP4 && ip[9] == IPPROTO_UDP) {
		if (read16(ip + 6) & 0x1fff)
			return true; /* nothing without its first part */
		from.to.address = filter_address4(read32(ip + 12));
		udp = ip + IP4_HEADER;
	} else if (read16(frame + 12) == TYPE_IP6 && ip[6] == IPPROTO_UDP &&
		   length >= ETHERNET_HEADER + IP6_HEADER + UDP_HEADER) {
		memcpy(from.to.address.bytes, ip + 8, 16);
		udp = ip + IP6_HEADER;
	}
	if (!udp)
		return true;
	from.to.port = read16(udp);
	return filter_decide(f, &from);
}
