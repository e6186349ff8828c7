/*
 * device.c - frames from the interface and to it, each behind a header of virtio.
 *
 * As between a kernel and a network card, some of the work is left to the other side:
 *
 *   from the sandbox   its kernel leaves cutting and summing to the card (tap.c). Nothing is cut:
 *                      libslirp takes a packet of any length; the checksum is made here
 *   to the sandbox     the checksum of a segment of TCP is not looked at again by a kernel that is
 *                      told that it is still to be made. Each segment crosses at once: the command
 *                      reads the first while the next are made. (To gather them, as a card does,
 *                      saves calls, and was a fifth slower: measured)
 *
 * What an attacker would try: the header is of the sandbox's kernel, but a program with a raw
 * socket may have written it. Of it only the place of the checksum is used, and only inside the
 * frame, of which any byte could have been anything anyway. The frame is judged after that.
 */
#include "network/device.h"

#include "network/refusal.h"

#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define HEADER sizeof(struct virtio_net_hdr)
#define TCP_PUSH 0x08
#define CHECKSUM 16 /* its place in the header of TCP */

/* ---- from the sandbox ---- */

/* What is at the place of the checksum already is the sum of the pseudo-header. */
static void complete(uint8_t *frame, size_t length, size_t start, size_t offset)
{
	unsigned value;

	if (start + offset + 2 > length)
		return;
	value = frame_fold(frame_sum(frame + start, length - start, 0));
	write16(frame + start + offset, value ? value : 0xffff); /* RFC 768: 0 is none */
}

ssize_t device_read(const struct device *d, const uint8_t **frame)
{
	static uint8_t bytes[HEADER + FRAME_MAX];
	struct virtio_net_hdr header;
	ssize_t got = read(d->fd, bytes, sizeof(bytes));

	if (got <= (ssize_t)HEADER)
		return -1;
	memcpy(&header, bytes, HEADER);
	*frame = bytes + HEADER;
	if (header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		complete(bytes + HEADER, (size_t)got - HEADER, header.csum_start,
			 header.csum_offset);
	return got - (ssize_t)HEADER;
}

/* ---- to the sandbox ---- */

/* A segment with data and nothing special. Returns the length of its headers, 0: it is none. */
static size_t plain_segment(const uint8_t *frame, size_t length)
{
	const uint8_t *ip = frame + ETHERNET_HEADER;
	size_t header, packet;

	if (length < ETHERNET_HEADER + IP4_HEADER + TCP_HEADER)
		return 0;
	if (read16(frame + 12) == TYPE_IP4 && ip[0] == 0x45 && ip[9] == IPPROTO_TCP &&
	    (read16(ip + 6) & 0x3fff) == 0) {
		header = IP4_HEADER;
		packet = read16(ip + 2);
	} else if (read16(frame + 12) == TYPE_IP6 && ip[6] == IPPROTO_TCP) {
		header = IP6_HEADER;
		packet = IP6_HEADER + (size_t)read16(ip + 4);
	} else {
		return 0;
	}
	if (packet != length - ETHERNET_HEADER || packet < header + TCP_HEADER ||
	    ip[header + 12] != TCP_HEADER / 4 << 4 || (ip[header + 13] & ~TCP_PUSH) != TCP_ACK)
		return 0;
	header += ETHERNET_HEADER + TCP_HEADER;
	return length > header ? header : 0;
}

/* The sum of the pseudo-header, which is in the place of a checksum that is still to be made. */
static void pseudo_sum(const uint8_t *frame, size_t tcp, size_t length, uint8_t *sum)
{
	const uint8_t *ip = frame + ETHERNET_HEADER;
	uint32_t pseudo = IPPROTO_TCP + (uint32_t)(length - tcp);
	bool ip6 = tcp == ETHERNET_HEADER + IP6_HEADER;

	pseudo = ip6 ? frame_sum(ip + 8, 32, pseudo) : frame_sum(ip + 12, 8, pseudo);
	write16(sum, ~frame_fold(pseudo) & 0xffff);
}

void device_write(const struct device *d, const void *frame, size_t length)
{
	struct virtio_net_hdr header = {.flags = 0};
	/* void *: iovec(3type) is for reading too */
	uint8_t *bytes = (uint8_t *)(uintptr_t)frame, sum[2];
	size_t headers = length <= FRAME_MAX ? plain_segment(bytes, length) : 0;
	struct iovec parts[4] = {{&header, HEADER}, {bytes, length}};
	int count = 2;

	if (headers > 0) {
		size_t tcp = headers - TCP_HEADER, at = tcp + CHECKSUM;

		pseudo_sum(bytes, tcp, length, sum);
		header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		header.csum_start = (uint16_t)tcp;
		header.csum_offset = CHECKSUM;
		parts[1].iov_len = at;
		parts[2] = (struct iovec){sum, sizeof(sum)};
		parts[3] = (struct iovec){bytes + at + sizeof(sum), length - at - sizeof(sum)};
		count = 4;
	}
	/* when the queue is full: TCP sends again, datagrams are lost as they may be */
	(void)!writev(d->fd, parts, count);
}
