/*
 * filter.h - which frames of the sandbox may reach the user-mode network. Pure: bytes in, a verdict
 * out.
 */
#ifndef ZBOX_NETWORK_FILTER_H
#define ZBOX_NETWORK_FILTER_H

#include "network/learned.h"
#include "network/rules.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	bool own_overflow;         /* the host has more: then nothing goes out at all */
	const struct rules *rules; /* borrowed; NULL or empty: none */
	struct learned *learned;   /* borrowed, there if there are rules */
	int64_t now;               /* milliseconds, for that */
};

enum filter_verdict {
	FILTER_PASS,
	FILTER_DROP,  /* nothing that an answer would make sense for, or that cannot be parsed */
	FILTER_REFUSE /* answer with refusal_make() */
};

/* What a frame that passes belongs to. */
struct filter_flow {
	uint8_t protocol;         /* IPPROTO_TCP, _UDP, _ICMP, _ICMPV6; 0 none */
	bool starts;              /* TCP: a first segment */
	uint16_t port;            /* TCP, UDP: the sandbox's */
	struct destination to;    /* inbound: from where */
	const uint8_t *transport; /* TCP, UDP: the header, in the frame */
	size_t data;              /* bytes behind it */
	int rule;                 /* that decided, RULE_NONE */
	const char
		*name; /* of the destination, as far as known; lives as long as what was learned */
	struct learned_address *learned; /* that opened it, or NULL */
};

/* Decides about one Ethernet frame of the sandbox. *flow is filled in for what passes and for what
 * is refused; protocol 0: it belongs to no flow. */
enum filter_verdict filter_frame(const struct filter *f, const uint8_t *frame, size_t length,
				 struct filter_flow *flow);

/* Whether a flow may begin; flow->to is the question, its rule and name are filled in. */
bool filter_decide(const struct filter *f, struct filter_flow *flow);

/* Whether a frame for the sandbox may reach it: a datagram has to come from where one may go, for
 * libslirp takes it from anybody. *flow: what it belongs to; protocol 0: nothing that counts. */
bool filter_inbound(const struct filter *f, const uint8_t *frame, size_t length,
		    struct filter_flow *flow);

/* Whether an answer with this address is kept from the sandbox, because it is closed by default and
 * no rule opens it. */
bool filter_rebinds(const struct filter *f, const struct filter_address *address);

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

static inline void write16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline uint32_t read32(const uint8_t *at)
{
	return (uint32_t)read16(at) << 16 | read16(at + 2);
}

#endif
