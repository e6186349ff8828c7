/*
 * refusal.c - the answer to a frame that is refused: RST or ICMP.
 *
 * Silence would cost the program a time-out of two minutes; an answer ends connect(2) at once with
 * ECONNREFUSED, for UDP too, so that programs that try QUIC go on with TCP (measured on Linux 6.18:
 * 0.1 ms). Port unreachable is what every program understands; for an echo it is the sentence that
 * ping prints as "Packet filtered".
 *
 *   Ethernet   the two addresses change places
 *   IP         to the sandbox; from whom it was meant for (RST) or from the gateway (ICMP)
 *   above      RST with the numbers of RFC 9293, 3.10.7.1; or ICMP with the head of the frame
 *
 * Only frames that filter.c has parsed come here, so all lengths agree; nothing is read beyond the
 * headers that it checked. An answer is never longer than what was asked, and goes only to the
 * sandbox, so nobody can be flooded with it.
 */
#include "network/refusal.h"

#include "network/addresses.h"
#include "network/filter.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

static void write32(uint8_t *at, uint32_t value)
{
	write16(at, value >> 16);
	write16(at + 2, value & 0xffff);
}

uint32_t frame_sum(const uint8_t *bytes, size_t length, uint32_t start)
{
	uint64_t low = 0, high = 0, total, word;

	/* eight bytes at a time in the order of this machine: RFC 1071, 2 (B) and (C) */
	for (; length >= sizeof(word); length -= sizeof(word), bytes += sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		low += (uint32_t)word;
		high += word >> 32;
	}
	total = (low & UINT32_MAX) + (low >> 32) + (high & UINT32_MAX) + (high >> 32);
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	start += ntohs((uint16_t)total);
	for (; length > 1; length -= 2, bytes += 2)
		start += read16(bytes);
	return length ? start + (uint32_t)(*bytes << 8) : start;
}

unsigned frame_fold(uint32_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return ~total & 0xffff;
}

/* Where things are in the frame, and in the answer, whose headers have the same lengths. */
struct shape {
	bool ip6;
	size_t ip_header;
	const uint8_t *ip;      /* of the frame */
	const uint8_t *payload; /* of the frame */
	size_t length;          /* of that */
	uint8_t *out_ip, *out;  /* of the answer */
};

/* The IP header of the answer, for length bytes behind it. from: NULL the frame's destination. */
static void write_ip(const struct shape *s, size_t length, uint8_t protocol, const uint8_t *from)
{
	uint8_t *ip = s->out_ip;

	memset(ip, 0, s->ip_header);
	if (s->ip6) {
		ip[0] = 0x60;
		write16(ip + 4, (unsigned)length);
		ip[6] = protocol;
		ip[7] = 255;
		memcpy(ip + 8, from ? from : s->ip + 24, 16);
		memcpy(ip + 24, s->ip + 8, 16);
		return;
	}
	ip[0] = 0x45;
	write16(ip + 2, (unsigned)(IP4_HEADER + length));
	ip[8] = 64;
	ip[9] = protocol;
	memcpy(ip + 12, from ? from : s->ip + 16, 4);
	memcpy(ip + 16, s->ip + 12, 4);
	write16(ip + 10, frame_fold(frame_sum(ip, IP4_HEADER, 0)));
}

/* Checksum of what is behind the IP header, with the pseudo-header. */
static unsigned checksum(const struct shape *s, size_t length, uint8_t protocol)
{
	size_t addresses = s->ip6 ? 32 : 8;
	uint32_t start =
		frame_sum(s->out_ip + (s->ip6 ? 8 : 12), addresses, protocol + (uint32_t)length);

	return frame_fold(frame_sum(s->out, length, start));
}

static size_t reset(const struct shape *s)
{
	const uint8_t *tcp = s->payload;
	uint8_t flags = tcp[13];
	size_t data = s->length - (size_t)(tcp[12] >> 4) * 4;
	uint8_t *out = s->out;

	memset(out, 0, TCP_HEADER);
	memcpy(out, tcp + 2, 2);
	memcpy(out + 2, tcp, 2);
	out[12] = TCP_HEADER / 4 << 4;
	if (flags & TCP_ACK) {
		memcpy(out + 4, tcp + 8, 4);
		out[13] = TCP_RST;
	} else {
		write32(out + 8, read32(tcp + 4) + (uint32_t)data + !!(flags & TCP_SYN) +
					 !!(flags & TCP_FIN));
		out[13] = TCP_RST | TCP_ACK;
	}
	write_ip(s, TCP_HEADER, IPPROTO_TCP, NULL);
	write16(out + 16, checksum(s, TCP_HEADER, IPPROTO_TCP));
	return TCP_HEADER;
}

static size_t unreachable(const struct shape *s, bool udp)
{
	const uint8_t from4[4] = {(uint8_t)(NET_GATEWAY4 >> 24), NET_GATEWAY4 >> 16 & 255,
				  NET_GATEWAY4 >> 8 & 255, NET_GATEWAY4 & 255};
	static const uint8_t from6[16] = NET_GATEWAY6;
	size_t quoted = s->ip_header + 8, length = ICMP_HEADER + quoted;
	uint8_t *out = s->out;

	memset(out, 0, ICMP_HEADER);
	memcpy(out + ICMP_HEADER, s->ip, quoted);
	if (s->ip6) {
		out[0] = 1;
		out[1] = udp ? 4 : 1;
		write_ip(s, length, IPPROTO_ICMPV6, from6);
		write16(out + 2, checksum(s, length, IPPROTO_ICMPV6));
	} else {
		out[0] = 3;
		out[1] = udp ? 3 : 13;
		write_ip(s, length, IPPROTO_ICMP, from4);
		write16(out + 2, frame_fold(frame_sum(out, length, 0)));
	}
	return length;
}

size_t refusal_make(const uint8_t *frame, uint8_t answer[REFUSAL_MAX])
{
	bool ip6 = read16(frame + 12) == TYPE_IP6;
	struct shape s = {.ip6 = ip6,
			  .ip_header = ip6 ? IP6_HEADER : IP4_HEADER,
			  .ip = frame + ETHERNET_HEADER,
			  .out_ip = answer + ETHERNET_HEADER};
	uint8_t protocol = s.ip[ip6 ? 6 : 9];

	s.payload = s.ip + s.ip_header;
	s.length = ip6 ? read16(s.ip + 4) : read16(s.ip + 2) - (size_t)IP4_HEADER;
	s.out = s.out_ip + s.ip_header;
	memcpy(answer, frame + 6, 6);
	memcpy(answer + 6, frame, 6);
	memcpy(answer + 12, frame + 12, 2);
	return ETHERNET_HEADER + s.ip_header +
	       (protocol == IPPROTO_TCP ? reset(&s) : unreachable(&s, protocol == IPPROTO_UDP));
}

size_t refusal_segment(const struct refusal_end *from, const struct refusal_end *to, uint32_t next,
		       const uint32_t *acknowledged, uint8_t frame[REFUSAL_MAX])
{
	bool ip6 = !address_is_ip4(&from->address);
	/* where write_ip() looks for addresses: a frame of the other direction */
	uint8_t other[IP6_HEADER];
	size_t at = ip6 ? 8 : 12, size = ip6 ? 16 : 4;
	struct shape s = {.ip6 = ip6,
			  .ip_header = ip6 ? IP6_HEADER : IP4_HEADER,
			  .ip = other,
			  .out_ip = frame + ETHERNET_HEADER};

	s.out = s.out_ip + s.ip_header;
	memcpy(other + at, to->address.bytes + 16 - size, size);
	memcpy(other + at + size, from->address.bytes + 16 - size, size);
	memcpy(frame, to->hardware, 6);
	memcpy(frame + 6, from->hardware, 6);
	write16(frame + 12, ip6 ? TYPE_IP6 : TYPE_IP4);
	memset(s.out, 0, TCP_HEADER);
	write16(s.out, from->port);
	write16(s.out + 2, to->port);
	write32(s.out + 4, next);
	s.out[12] = TCP_HEADER / 4 << 4;
	s.out[13] = acknowledged ? TCP_ACK : TCP_RST;
	if (acknowledged) {
		write32(s.out + 8, *acknowledged);
		write16(s.out + 14, UINT16_MAX); /* the window */
	}
	write_ip(&s, TCP_HEADER, IPPROTO_TCP, NULL);
	write16(s.out + 16, checksum(&s, TCP_HEADER, IPPROTO_TCP));
	return ETHERNET_HEADER + s.ip_header + TCP_HEADER;
}

bool refusal_sums_good(const uint8_t *frame)
{
	bool ip6 = read16(frame + 12) == TYPE_IP6;
	const uint8_t *ip = frame + ETHERNET_HEADER;
	size_t header = ip6 ? IP6_HEADER : IP4_HEADER,
	       length = ip6 ? read16(ip + 4) : read16(ip + 2) - (size_t)IP4_HEADER;
	uint32_t pseudo =
		frame_sum(ip + (ip6 ? 8 : 12), ip6 ? 32 : 8, IPPROTO_TCP + (uint32_t)length);

	return (ip6 || frame_fold(frame_sum(ip, IP4_HEADER, 0)) == 0) &&
	       frame_fold(frame_sum(ip + header, length, pseudo)) == 0;
}
