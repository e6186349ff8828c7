/*
 * refusal.h - the answer to a frame that is refused: RST or ICMP. Pure.
 */
#ifndef ZBOX_NETWORK_REFUSAL_H
#define ZBOX_NETWORK_REFUSAL_H

#include <stddef.h>
#include <stdint.h>

#define REFUSAL_MAX 128 /* bytes of the longest answer */

/* Makes the answer to a frame for which filter_frame() said FILTER_REFUSE (or FILTER_PASS, when
 * there is no room for its flow), as the sandbox would get it: TCP is reset, UDP gets "port
 * unreachable", echo "administratively prohibited". Returns its length, 0: none. */
size_t refusal_make(const uint8_t *frame, uint8_t answer[REFUSAL_MAX]);

#endif
