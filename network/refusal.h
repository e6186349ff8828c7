/*
 * refusal.h - the answer to a frame that is refused: RST or ICMP. Pure.
 */
#ifndef ZBOX_NETWORK_REFUSAL_H
#define ZBOX_NETWORK_REFUSAL_H

#include "network/addresses.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REFUSAL_MAX 128 /* bytes of the longest answer */

/* Makes the answer to a frame for which filter_frame() said FILTER_REFUSE (or FILTER_PASS, when
 * there is no room for its flow), as the sandbox would get it: TCP is reset, UDP gets "port
 * unreachable", echo "administratively prohibited". Returns its length, 0: none. */
size_t refusal_make(const uint8_t *frame, uint8_t answer[REFUSAL_MAX]);

/* Adds the bytes, as numbers of 16 bits, to start, which is below 2^31. Returns something that has
 * the same checksum as the sum (RFC 1071). */
uint32_t frame_sum(const uint8_t *bytes, size_t length, uint32_t start);

/* The checksum that such a sum makes. */
unsigned frame_fold(uint32_t total);

/* Whether the checksums of a frame with TCP are right, that of IP and that of TCP; filter_frame()
 * has parsed it. */
bool refusal_sums_good(const uint8_t *frame);

/* One end of a connection of TCP. */
struct refusal_end {
	uint8_t hardware[6];
	struct filter_address address;
	uint16_t port;
};

/* Makes a segment without data from one end to the other: a reset, with the number that the other
 * waits for; or with acknowledged, not NULL, what it says. Returns its length. */
size_t refusal_segment(const struct refusal_end *from, const struct refusal_end *to, uint32_t next,
		       const uint32_t *acknowledged, uint8_t frame[REFUSAL_MAX]);

#endif
