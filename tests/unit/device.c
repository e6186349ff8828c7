/*
 * Frames to and from the interface: which segments are gathered, what the kernel is told of them,
 * and checksums that were left to us. The interface is a socket that keeps messages apart.
 */
#include "network/device.h"
#include "network/refusal.h"
#include "test.h"

#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADERS4 = ETHERNET_HEADER + IP4_HEADER + TCP_HEADER, DATA = 1000, PUSH = 0x08 };

static struct device device;
static int kernel; /* the other end */

/* A segment of TCP with right checksums. Returns its length. */
static size_t segment(uint8_t *frame, bool ip6, uint32_t number, size_t data, uint8_t flags)
{
	size_t ip = ip6 ? IP6_HEADER : IP4_HEADER, tcp = ETHERNET_HEADER + ip;
	uint8_t *at = frame + ETHERNET_HEADER;
	uint32_t pseudo = (uint32_t)(IPPROTO_TCP + TCP_HEADER + data);

	memset(frame, 0, tcp + TCP_HEADER);
	write16(frame + 12, ip6 ? TYPE_IP6 : TYPE_IP4);
	if (ip6) {
		at[0] = 0x60;
		write16(at + 4, (unsigned)(TCP_HEADER + data));
		at[6] = IPPROTO_TCP;
		at[7] = 64;
		at[23] = 1;
		at[39] = 2;
		pseudo = frame_sum(at + 8, 32, pseudo);
	} else {
		at[0] = 0x45;
		write16(at + 2, (unsigned)(IP4_HEADER + TCP_HEADER + data));
		write16(at + 4, (unsigned)number); /* the identification differs */
		at[8] = 64;
		at[9] = IPPROTO_TCP;
		at[15] = 1;
		at[19] = 2;
		write16(at + 10, frame_fold(frame_sum(at, IP4_HEADER, 0)));
		pseudo = frame_sum(at + 12, 8, pseudo);
	}
	write16(frame + tcp, 80);
	write16(frame + tcp + 2, 4000);
	write16(frame + tcp + 4, number >> 16);
	write16(frame + tcp + 6, number & 0xffff);
	frame[tcp + 12] = TCP_HEADER / 4 << 4;
	frame[tcp + 13] = flags;
	for (size_t i = 0; i < data; i++)
		frame[tcp + TCP_HEADER + i] = (uint8_t)(number + i);
	write16(frame + tcp + 16, frame_fold(frame_sum(frame + tcp, TCP_HEADER + data, pseudo)));
	return tcp + TCP_HEADER + data;
}

static void give(bool ip6, uint32_t number, size_t data, uint8_t flags)
{
	uint8_t frame[HEADERS4 + 20 + DATA + 1];

	device_write(&device, frame, segment(frame, ip6, number, data, flags));
}

/* What the kernel was given. Returns its length, 0: nothing. */
static size_t taken(struct virtio_net_hdr *header, uint8_t *frame)
{
	static uint8_t bytes[sizeof(*header) + FRAME_MAX];
	ssize_t got = recv(kernel, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (got < (ssize_t)sizeof(*header))
		return 0;
	memcpy(header, bytes, sizeof(*header));
	memcpy(frame, bytes + sizeof(*header), (size_t)got - sizeof(*header));
	return (size_t)got - sizeof(*header);
}

/* Whether the kernel was given one frame as it is, and no more. */
static bool single(size_t length)
{
	static uint8_t frame[FRAME_MAX];
	struct virtio_net_hdr header;

	return taken(&header, frame) == length && header.gso_type == 0 && header.flags == 0 &&
	       refusal_sums_good(frame);
}

static void test_gathered(bool ip6)
{
	static uint8_t frame[FRAME_MAX];
	struct virtio_net_hdr header = {0};
	size_t headers = (size_t)HEADERS4 + (ip6 ? 20 : 0), tcp = headers - TCP_HEADER;
	bool right = true;

	give(ip6, 0xfffffe00, DATA, TCP_ACK); /* numbers go round */
	give(ip6, 0xfffffe00 + DATA, DATA, TCP_ACK);
	check(taken(&header, frame) == 0, "segments wait");
	give(ip6, 0xfffffe00 + 2 * DATA, 10, TCP_ACK);
	check(taken(&header, frame) == headers + 2 * DATA + 10, "a short one is the last");
	check(header.gso_type == (ip6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4) &&
		      header.gso_size == DATA && header.hdr_len == headers &&
		      header.flags == VIRTIO_NET_HDR_F_NEEDS_CSUM && header.csum_start == tcp &&
		      header.csum_offset == 16,
	      "the kernel is told what it is");
	for (size_t i = 0; i < 2 * DATA + 10; i++)
		right &= frame[headers + i] == (uint8_t)(0xfffffe00 + i);
	check(right, "all bytes are there");
	/* what the kernel would do where it sends it on */
	write16(frame + tcp + 16,
		frame_fold(frame_sum(frame + tcp, TCP_HEADER + 2 * DATA + 10, 0)));
	check(refusal_sums_good(frame), "its sums come right");
}

static void test_apart(void)
{
	uint8_t frame[HEADERS4 + DATA];
	size_t length;

	give(false, 0, DATA, TCP_ACK);
	device_flush(&device);
	check(single(HEADERS4 + DATA), "one alone stays as it is");
	give(false, 0, DATA, TCP_ACK | PUSH);
	check(single(HEADERS4 + DATA), "one that pushes goes at once");
	give(false, 0, DATA, TCP_ACK);
	give(false, 2 * DATA, DATA, TCP_ACK | PUSH);
	check(single(HEADERS4 + DATA) && single(HEADERS4 + DATA), "a gap");
	give(false, 0, DATA, TCP_ACK);
	give(true, DATA, DATA, TCP_ACK | PUSH);
	check(single(HEADERS4 + DATA) && single(HEADERS4 + 20 + DATA), "another protocol");
	give(false, 0, 10, TCP_ACK);
	give(false, 10, DATA, TCP_ACK | PUSH);
	check(single(HEADERS4 + 10) && single(HEADERS4 + DATA), "a longer one");
	give(false, 0, DATA, TCP_ACK);
	give(false, DATA, DATA, TCP_ACK | TCP_FIN);
	check(single(HEADERS4 + DATA) && single(HEADERS4 + DATA), "an end, behind the rest");
	give(false, 0, DATA, TCP_ACK);
	give(false, DATA, 0, TCP_ACK);
	check(single(HEADERS4 + DATA) && single(HEADERS4), "no data");
	give(false, 0, DATA, TCP_ACK);
	length = segment(frame, false, DATA, DATA, TCP_ACK);
	frame[HEADERS4 - TCP_HEADER + 3]++; /* the port, and its place in the checksum */
	frame[HEADERS4 - TCP_HEADER + 17]--;
	device_write(&device, frame, length);
	check(single(HEADERS4 + DATA), "another connection");
	device_flush(&device);
	check(single(HEADERS4 + DATA), "which begins anew");
}

static void test_full(void)
{
	static uint8_t frame[FRAME_MAX];
	struct virtio_net_hdr header;
	size_t all = 0, length, frames = 0;

	for (uint32_t i = 0; i < 200; i++)
		give(false, i * DATA, DATA, TCP_ACK);
	device_flush(&device);
	while ((length = taken(&header, frame)) > 0) {
		all += length - HEADERS4;
		frames += length <= FRAME_MAX;
	}
	check(all == (size_t)200 * DATA && frames == 4, "never more than a packet can have");
}

static ssize_t read_one(const uint8_t *frame, size_t length, struct virtio_net_hdr header,
			const uint8_t **got)
{
	uint8_t bytes[sizeof(header) + HEADERS4 + DATA];

	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + sizeof(header), frame, length);
	(void)!write(kernel, bytes, sizeof(header) + length);
	return device_read(&device, got);
}

static void test_read(void)
{
	static const struct {
		uint16_t start, offset;
	} beyond[] = {{UINT16_MAX, 0},
		      {0, UINT16_MAX},
		      {UINT16_MAX, UINT16_MAX},
		      {HEADERS4 + DATA, 0},
		      {HEADERS4 + DATA - 1, 0}};
	uint8_t frame[HEADERS4 + DATA];
	size_t length = segment(frame, false, 5, DATA - 1, TCP_ACK), tcp = HEADERS4 - TCP_HEADER;
	struct virtio_net_hdr header = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
					.csum_start = (uint16_t)tcp,
					.csum_offset = 16};
	const uint8_t *got = NULL;

	check(read_one(frame, length, (struct virtio_net_hdr){0}, &got) == (ssize_t)length &&
		      memcmp(got, frame, length) == 0,
	      "a frame comes as it is");
	write16(frame + tcp + 16,
		~frame_fold(frame_sum(frame + tcp - 8, 8, (uint32_t)(IPPROTO_TCP + length - tcp))) &
			0xffff);
	check(read_one(frame, length, header, &got) == (ssize_t)length && refusal_sums_good(got),
	      "the checksum is made");
	for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
		header.csum_start = beyond[i].start;
		header.csum_offset = beyond[i].offset;
		check(read_one(frame, length, header, &got) == (ssize_t)length &&
			      memcmp(got, frame, length) == 0,
		      "not at %u and %u", beyond[i].start, beyond[i].offset);
	}
	check(write(kernel, "short", 5) == 5 && device_read(&device, &got) < 0, "no frame at all");
	check(device_read(&device, &got) < 0, "nothing there");
}

int main(void)
{
	int ends[2], large = 1 << 20;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends) < 0)
		return 1;
	device.fd = ends[0];
	kernel = ends[1];
	(void)setsockopt(device.fd, SOL_SOCKET, SO_SNDBUF, &large, sizeof(large));
	test_gathered(false);
	test_gathered(true);
	test_apart();
	test_full();
	test_read();
	return test_done();
}
