/*
 * filter.h - which frames of the sandbox may reach the user-mode network. Pure: bytes in, a verdict
 * out.
 */
#ifndef ZBOX_NETWORK_FILTER_H
#define ZBOX_NETWORK_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Addresses are IPv6; those of IPv4 are in the form ::ffff:a.b.c.d. */
struct filter_address {
	uint8_t bytes[16];
};

#define FILTER_OWN_MAX 256 /* addresses of the host that are known */
#define FILTER_PORTS_MAX 64

struct filter {
	bool ipv6;         /* the sandbox has IPv6 at all */
	bool echo4, echo6; /* echo requests can be sent out as such */
	bool lan;          /* private networks are open */
	bool loopback;     /* the host's loopback is open at the gateway's address, */
	uint16_t ports[FILTER_PORTS_MAX]; /* but only these ports of it, unless there are none */
	size_t port_count;
	struct filter_address own[FILTER_OWN_MAX]; /* the host's addresses */
	size_t own_count;
	bool own_overflow; /* the host has more: then nothing goes out at all */
};

enum filter_verdict {
	FILTER_PASS,
	FILTER_DROP,  /* nothing that an answer would make sense for, or that cannot be parsed */
	FILTER_REFUSE /* answer with refusal_make() */
};

/* What a frame that passes belongs to. */
struct filter_flow {
	uint8_t protocol; /* IPPROTO_TCP, _UDP, _ICMP, _ICMPV6; 0 none */
	bool starts;      /* TCP: a first segment */
	uint16_t port;    /* TCP, UDP: the sandbox's */
};

/* Decides about one Ethernet frame of the sandbox. */
enum filter_verdict filter_frame(const struct filter *f, const uint8_t *frame, size_t length,
				 struct filter_flow *flow);

/* Whether the sandbox may talk to an address. port: 0 where the protocol has none. */
bool filter_open(const struct filter *f, const struct filter_address *to, uint16_t port);

/* Puts an address of IPv4, in the order of bytes of this machine, into the common form. */
struct filter_address filter_address4(uint32_t address);

/* ---- layout of frames, for filter.c and refusal.c ---- */

enum {
	ETHERNET_HEADER = 14,
	IP4_HEADER = 20, /* always: options are dropped */
	IP6_HEADER = 40,
	TCP_HEADER = 20,
	UDP_HEADER = 8,
	ICMP_HEADER = 8,
	TYPE_IP4 = 0x0800,
	TYPE_ARP = 0x0806,
	TYPE_IP6 = 0x86dd,
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_ACK = 0x10,
	TCP_URG = 0x20
};

static inline uint16_t read16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t read32(const uint8_t *at)
{
	return (uint32_t)read16(at) << 16 | read16(at + 2);
}

#endif
