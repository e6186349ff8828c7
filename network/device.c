/*
 * device.c - frames from the interface and to it, each behind a header of virtio.
 *
 * What a frame costs is its system call and the waking of who waits for it, more than its bytes. So
 * segments of a connection cross together, as between a kernel and a network card:
 *
 *   from the sandbox   its kernel leaves cutting and summing to the card (tap.c). Nothing is cut:
 *                      libslirp takes a packet of any length; the checksum is made here
 *   to the sandbox     segments that libslirp makes one after the other are gathered to one frame
 *                      with the length of each, which the kernel takes as the several it stands for
 *
 * A segment is gathered only as long as more of its kind may follow: a short one, one that pushes,
 * any other frame and the end of a turn send what there is. The order of frames is kept.
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

/* Whether the headers are those of the next segment: the same but for lengths, numbers, sums. */
static bool follows(const struct device *d, const uint8_t *frame)
{
	const uint8_t *first = d->frame;
	size_t tcp = d->headers - TCP_HEADER, ip = ETHERNET_HEADER;
	bool ip6 = tcp == ETHERNET_HEADER + IP6_HEADER;

	if (memcmp(frame, first, ip + 2) != 0 || memcmp(frame + tcp, first + tcp, 4) != 0 ||
	    memcmp(frame + tcp + 8, first + tcp + 8, 4) != 0 ||
	    memcmp(frame + tcp + 14, first + tcp + 14, 2) != 0)
		return false;
	/* from the time to live on, with the addresses; between them is the sum of IPv4 */
	if (ip6 ? memcmp(frame + ip + 6, first + ip + 6, IP6_HEADER - 6) != 0
		: memcmp(frame + ip + 6, first + ip + 6, 4) != 0 ||
			    memcmp(frame + ip + 12, first + ip + 12, 8) != 0)
		return false;
	return read32(frame + tcp + 4) ==
	       read32(first + tcp + 4) + (uint32_t)(d->length - d->headers);
}

static void write_out(const struct device *d, const struct virtio_net_hdr *header,
		      const void *frame, size_t length)
{
	struct iovec parts[] = {{(void *)(uintptr_t)header, HEADER},
				{(void *)(uintptr_t)frame, length}};

	/* when the queue is full: TCP sends again, datagrams are lost as they may be */
	(void)!writev(d->fd, parts, 2);
}

/* The headers of what was gathered: one packet, its length, and the sums that this changes. */
static struct virtio_net_hdr join(struct device *d)
{
	size_t tcp = d->headers - TCP_HEADER, length = d->length - tcp;
	bool ip6 = tcp == ETHERNET_HEADER + IP6_HEADER;
	uint8_t *ip = d->frame + ETHERNET_HEADER;
	uint32_t pseudo = IPPROTO_TCP + (uint32_t)length;

	if (ip6) {
		write16(ip + 4, (unsigned)length);
		pseudo = frame_sum(ip + 8, 32, pseudo);
	} else {
		write16(ip + 2, (unsigned)(IP4_HEADER + length));
		write16(ip + 10, 0);
		write16(ip + 10, frame_fold(frame_sum(ip, IP4_HEADER, 0)));
		pseudo = frame_sum(ip + 12, 8, pseudo);
	}
	write16(d->frame + tcp + 16, ~frame_fold(pseudo) & 0xffff);
	return (struct virtio_net_hdr){.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
				       .gso_type = ip6 ? VIRTIO_NET_HDR_GSO_TCPV6
						       : VIRTIO_NET_HDR_GSO_TCPV4,
				       .hdr_len = (uint16_t)d->headers,
				       .gso_size = (uint16_t)d->segment,
				       .csum_start = (uint16_t)tcp,
				       .csum_offset = 16};
}

void device_flush(struct device *d)
{
	struct virtio_net_hdr header = {.flags = 0};

	if (d->length == 0)
		return;
	if (d->length > d->headers + d->segment)
		header = join(d);
	write_out(d, &header, d->frame, d->length);
	d->length = 0;
}

/* Takes a segment to those that were gathered. Returns whether it could. */
static bool gather(struct device *d, const uint8_t *frame, size_t headers, size_t data)
{
	const uint8_t *tcp = frame + headers - TCP_HEADER;
	size_t room = ETHERNET_HEADER + UINT16_MAX - d->length;

	if (d->length == 0) {
		d->headers = headers;
		d->segment = data;
		memcpy(d->frame, frame, headers + data);
		d->length = headers + data;
		return true;
	}
	if (headers != d->headers || data > d->segment || data > room || !follows(d, frame))
		return false;
	memcpy(d->frame + d->length, frame + headers, data);
	d->frame[headers - TCP_HEADER + 13] |= tcp[13];
	d->length += data;
	return true;
}

void device_write(struct device *d, const void *frame, size_t length)
{
	static const struct virtio_net_hdr plain = {.flags = 0};
	const uint8_t *bytes = frame;
	size_t headers = length <= FRAME_MAX ? plain_segment(frame, length) : 0;
	bool last = headers == 0 || (bytes[headers - TCP_HEADER + 13] & TCP_PUSH);

	if (headers > 0 && d->length > 0 && gather(d, bytes, headers, length - headers)) {
		if (last || length - headers < d->segment ||
		    d->length + d->segment > ETHERNET_HEADER + UINT16_MAX)
			device_flush(d);
		return;
	}
	device_flush(d);
	if (last || !gather(d, bytes, headers, length - headers))
		write_out(d, &plain, frame, length);
}
