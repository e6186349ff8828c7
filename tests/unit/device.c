/*
 * Frames to and from the interface: what the kernel is told of checksums, and those that were left
 * to us. The interface is a socket that keeps messages apart.
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

/* Whether the kernel was given the frame as it is. */
static bool as_it_is(const uint8_t *frame, size_t length)
{
	static uint8_t got[FRAME_MAX];
	struct virtio_net_hdr header;

	device_write(&device, frame, length);
	return taken(&header, got) == length && header.flags == 0 && header.gso_type == 0 &&
	       memcmp(got, frame, length) == 0;
}

static void test_segment(bool ip6, uint8_t flags)
{
	static uint8_t frame[FRAME_MAX], got[FRAME_MAX];
	struct virtio_net_hdr header = {0};
	size_t length = segment(frame, ip6, 0xfffffe00, DATA, flags),
	       tcp = length - DATA - TCP_HEADER;

	device_write(&device, frame, length);
	check(taken(&header, got) == length, "a segment goes at once");
	check(header.flags == VIRTIO_NET_HDR_F_NEEDS_CSUM && header.gso_type == 0 &&
		      header.csum_start == tcp && header.csum_offset == 16,
	      "the kernel is told where its checksum belongs");
	/* what the kernel would do where it sends it on */
	write16(got + tcp + 16, frame_fold(frame_sum(got + tcp, TCP_HEADER + DATA, 0)));
	check(memcmp(got, frame, length) == 0, "which comes out as libslirp made it");
}

static void test_others(void)
{
	uint8_t frame[HEADERS4 + DATA];
	size_t length = segment(frame, false, 0, DATA, TCP_ACK);

	frame[HEADERS4 - 8] = 6 << 4;
	check(as_it_is(frame, length), "options");
	length = segment(frame, false, 0, DATA, TCP_ACK | TCP_FIN);
	check(as_it_is(frame, length), "an end");
	length = segment(frame, false, 0, 0, TCP_ACK);
	check(as_it_is(frame, length), "no data");
	length = segment(frame, false, 0, DATA, TCP_ACK);
	frame[ETHERNET_HEADER + 9] = IPPROTO_UDP;
	check(as_it_is(frame, length), "no TCP");
	check(as_it_is(frame, ETHERNET_HEADER), "no packet");
	length = segment(frame, false, 0, DATA, TCP_ACK);
	check(as_it_is(frame, length - 1), "shorter than it says");
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
	for (int ip6 = 0; ip6 < 2; ip6++) {
		test_segment(ip6, TCP_ACK);
		test_segment(ip6, TCP_ACK | PUSH);
	}
	test_others();
	test_read();
	close(ends[0]);
	close(ends[1]);
	return test_done();
}
