/*
 * Which frames may leave the sandbox, and what the others are told. Frames are put together here
 * byte by byte, as a hostile program with a raw socket would.
 */
#include "network/filter.h"
#include "network/addresses.h"
#include "network/refusal.h"
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

struct frame {
	uint8_t bytes[256];
	size_t length;
};

static struct filter closed = {.ipv6 = true, .echo4 = true, .echo6 = true};

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static struct frame frame_to(const char *to, uint8_t protocol, size_t payload)
{
	static const uint8_t guest4[4] = {10, 0, 2, 100}, guest6[16] = NET_GUEST6;
	struct frame f = {.bytes = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1}};
	uint8_t *ip = f.bytes + ETHERNET_HEADER;

	if (strchr(to, ':')) {
		put16(f.bytes + 12, TYPE_IP6);
		ip[0] = 0x60;
		put16(ip + 4, (unsigned)payload);
		ip[6] = protocol;
		ip[7] = 64;
		memcpy(ip + 8, guest6, 16);
		(void)inet_pton(AF_INET6, to, ip + 24);
		f.length = ETHERNET_HEADER + IP6_HEADER + payload;
	} else {
		put16(f.bytes + 12, TYPE_IP4);
		ip[0] = 0x45;
		put16(ip + 2, (unsigned)(IP4_HEADER + payload));
		ip[8] = 64;
		ip[9] = protocol;
		memcpy(ip + 12, guest4, 4);
		(void)inet_pton(AF_INET, to, ip + 16);
		f.length = ETHERNET_HEADER + IP4_HEADER + payload;
	}
	return f;
}

static uint8_t *payload_of(struct frame *f)
{
	return f->bytes + ETHERNET_HEADER +
	       (read16(f->bytes + 12) == TYPE_IP6 ? IP6_HEADER : IP4_HEADER);
}

static struct frame tcp_to(const char *to, unsigned port, uint8_t flags)
{
	struct frame f = frame_to(to, IPPROTO_TCP, TCP_HEADER);
	uint8_t *tcp = payload_of(&f);

	put16(tcp, 40000);
	put16(tcp + 2, port);
	tcp[7] = 9; /* sequence number */
	tcp[12] = 5 << 4;
	tcp[13] = flags;
	return f;
}

static struct frame udp_to(const char *to, unsigned port)
{
	struct frame f = frame_to(to, IPPROTO_UDP, UDP_HEADER + 4);
	uint8_t *udp = payload_of(&f);

	put16(udp, 40000);
	put16(udp + 2, port);
	put16(udp + 4, UDP_HEADER + 4);
	return f;
}

static struct frame echo_to(const char *to)
{
	bool ip6 = strchr(to, ':') != NULL;
	struct frame f = frame_to(to, ip6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, ICMP_HEADER);

	*payload_of(&f) = ip6 ? 128 : 8;
	return f;
}

static enum filter_verdict verdict(const struct filter *f, const struct frame *frame)
{
	struct filter_flow flow;

	return filter_frame(f, frame->bytes, frame->length, &flow);
}

static void is_closed(const char *to)
{
	struct frame tcp = tcp_to(to, 80, TCP_SYN), udp = udp_to(to, 80), echo = echo_to(to);

	check(verdict(&closed, &tcp) != FILTER_PASS, "%s is closed to TCP", to);
	check(verdict(&closed, &udp) != FILTER_PASS, "%s is closed to UDP", to);
	check(strcmp(to, "10.0.2.2") == 0 || strcmp(to, "fd5a:62b0:7841::2") == 0 ||
		      verdict(&closed, &echo) != FILTER_PASS,
	      "%s is closed to echo", to);
}

static void is_open(const struct filter *f, const char *to)
{
	struct frame tcp = tcp_to(to, 80, TCP_SYN), udp = udp_to(to, 80), echo = echo_to(to);

	check(verdict(f, &tcp) == FILTER_PASS && verdict(f, &udp) == FILTER_PASS &&
		      verdict(f, &echo) == FILTER_PASS,
	      "%s is open", to);
}

static const char *const closed_list[] = {"0.0.0.0",
					  "0.1.2.3",
					  "127.0.0.1",
					  "127.255.255.254",
					  "10.0.0.1",
					  "10.0.2.1",
					  "10.0.2.2",
					  "10.0.2.3",
					  "10.0.2.100",
					  "10.0.2.255",
					  "10.255.255.255",
					  "100.64.0.1",
					  "100.100.100.200",
					  "100.127.255.255",
					  "169.254.169.254",
					  "169.254.170.2",
					  "168.63.129.16",
					  "172.16.0.1",
					  "172.31.255.255",
					  "192.0.0.192",
					  "192.88.99.1",
					  "192.168.0.1",
					  "192.168.255.255",
					  "198.18.0.1",
					  "198.19.255.255",
					  "224.0.0.1",
					  "239.255.255.250",
					  "240.0.0.1",
					  "255.255.255.255",
					  "203.0.113.7",
					  "::",
					  "::1",
					  "::127.0.0.1",
					  "::ffff:127.0.0.1",
					  "::ffff:93.184.216.34",
					  "::ffff:0:127.0.0.1",
					  "64:ff9b::127.0.0.1",
					  "64:ff9b::10.0.0.1",
					  "64:ff9b::169.254.169.254",
					  "64:ff9b::203.0.113.7",
					  "64:ff9b:1::1",
					  "100::1",
					  "2001::1",
					  "2002:7f00:1::1",
					  "2002:c0a8:101::1",
					  "2002:a9fe:a9fe::1",
					  "2002:cb00:7107::",
					  "fc00::1",
					  "fd00:ec2::254",
					  "fd5a:62b0:7841::2",
					  "fd5a:62b0:7841::3",
					  "fd5a:62b0:7841::1234",
					  "fdff::1",
					  "fe80::1",
					  "febf::1",
					  "fec0::1",
					  "ff02::1",
					  "ff0e::1",
					  "2001:db8::7"};
static const char *const open_list[] = {
	"1.1.1.1",           "9.255.255.255",  "11.0.0.1",        "93.184.216.34",
	"100.63.255.255",    "100.128.0.0",    "126.255.255.255", "128.0.0.1",
	"169.253.1.1",       "172.15.255.255", "172.32.0.0",      "192.0.1.1",
	"192.167.1.1",       "198.17.255.255", "198.20.0.0",      "203.0.113.8",
	"223.255.255.255",   "2001:db8::8",    "2606:4700::1111", "64:ff9b::93.184.216.34",
	"2002:5db8:d822::1", "2003::1",        "2a00::1"};

static void test_addresses(void)
{
	for (size_t i = 0; i < sizeof(closed_list) / sizeof(closed_list[0]); i++)
		is_closed(closed_list[i]);
	for (size_t i = 0; i < sizeof(open_list) / sizeof(open_list[0]); i++)
		is_open(&closed, open_list[i]);
}

static void test_opened(void)
{
	struct filter f = closed;
	struct frame one = tcp_to("10.0.2.2", 5432, TCP_SYN), two = tcp_to("10.0.2.2", 22, TCP_SYN);
	struct frame six = tcp_to("fd5a:62b0:7841::2", 5432, TCP_SYN);
	struct frame tftp = udp_to("10.0.2.2", 69);

	f.loopback = true;
	check(verdict(&f, &one) == FILTER_PASS && verdict(&f, &two) == FILTER_PASS &&
		      verdict(&f, &six) == FILTER_PASS,
	      "the whole loopback is open");
	check(verdict(&f, &tftp) == FILTER_REFUSE, "but not what libslirp serves there itself");
	f.ports[f.port_count++] = 5432;
	check(verdict(&f, &one) == FILTER_PASS && verdict(&f, &six) == FILTER_PASS,
	      "one port of the loopback is open");
	check(verdict(&f, &two) == FILTER_REFUSE, "and no other");
	one = tcp_to("127.0.0.1", 5432, TCP_SYN);
	check(verdict(&f, &one) == FILTER_REFUSE, "only by the gateway's address");
	f = closed;
	f.lan = true;
	is_open(&f, "192.168.1.1");
	is_open(&f, "10.1.2.3");
	is_open(&f, "fd12::1");
	is_open(&f, "64:ff9b::10.1.1.1");
	one = tcp_to("10.0.2.9", 80, TCP_SYN);
	two = tcp_to("fd00:ec2::254", 80, TCP_SYN);
	six = tcp_to("169.254.169.254", 80, TCP_SYN);
	check(verdict(&f, &one) == FILTER_REFUSE && verdict(&f, &two) == FILTER_REFUSE &&
		      verdict(&f, &six) == FILTER_REFUSE,
	      "an open LAN opens neither our own network nor metadata");
	f.own[0] = filter_address4(0xc0a80101);
	f.own_count = 1;
	one = tcp_to("192.168.1.1", 80, TCP_SYN);
	check(verdict(&f, &one) == FILTER_REFUSE, "nor the host's own address in it");
	f = closed;
	f.own_overflow = true;
	one = tcp_to("1.1.1.1", 80, TCP_SYN);
	check(verdict(&f, &one) == FILTER_REFUSE, "more own addresses than are known close all");
}

/* One byte of a good frame is changed. */
static void malformed(const char *what, struct frame f, size_t at, uint8_t value)
{
	f.bytes[at] = value;
	check(verdict(&closed, &f) == FILTER_DROP, "dropped: %s", what);
}

static void test_form(void)
{
	struct frame four = tcp_to("1.1.1.1", 80, TCP_SYN), six = tcp_to("2a00::1", 80, TCP_SYN);
	struct frame udp = udp_to("1.1.1.1", 80);
	enum { IP = ETHERNET_HEADER, TCP4 = IP + IP4_HEADER, TCP6 = IP + IP6_HEADER };
	bool passed = false;

	malformed("VLAN", four, 12, 0x81);
	malformed("NC-SI", four, 12, 0x88);
	malformed("version 6 in an IPv4 frame", four, IP, 0x65);
	malformed("IP options", four, IP, 0x46);
	malformed("a short header", four, IP, 0x44);
	malformed("total length beyond the frame", four, IP + 3, 200);
	malformed("total length below the header", four, IP + 3, 19);
	malformed("more fragments", four, IP + 6, 0x20);
	malformed("a later fragment", four, IP + 7, 1);
	malformed("the reserved bit", four, IP + 6, 0x80);
	malformed("another source", four, IP + 15, 101);
	malformed("an unknown protocol", four, IP + 9, 132);
	malformed("IGMP", four, IP + 9, 2);
	malformed("a TCP header beyond the packet", four, TCP4 + 12, 0xf0);
	malformed("a short TCP header", four, TCP4 + 12, 0x40);
	malformed("urgent data", four, TCP4 + 13, TCP_ACK | TCP_URG);
	malformed("UDP longer than the packet", udp, TCP4 + 5, 200);
	malformed("UDP shorter than its header", udp, TCP4 + 5, 7);
	malformed("another source of IPv6", six, IP + 23, 9);
	malformed("payload beyond the frame", six, IP + 5, 200);
	malformed("version 4 in an IPv6 frame", six, IP, 0x45);
	malformed("hop-by-hop options", six, IP + 6, 0);
	malformed("a routing header", six, IP + 6, 43);
	malformed("an IPv6 fragment", six, IP + 6, 44);
	malformed("destination options", six, IP + 6, 60);
	malformed("a router solicitation", echo_to("2a00::1"), TCP6, 133);
	malformed("a router advertisement", echo_to("2a00::1"), TCP6, 134);
	malformed("a redirect", echo_to("1.1.1.1"), TCP4, 5);
	malformed("an echo reply", echo_to("1.1.1.1"), TCP4, 0);
	for (size_t length = 0; length < four.length; length++) {
		four.length = length;
		passed |= verdict(&closed, &four) != FILTER_DROP;
		six.length = length;
		passed |= verdict(&closed, &six) != FILTER_DROP;
		four.length = TCP4 + TCP_HEADER;
	}
	check(!passed, "dropped: frames that were cut");
}

static void test_modes(void)
{
	struct filter f = closed;
	struct frame six = tcp_to("2a00::1", 80, TCP_SYN), echo = echo_to("1.1.1.1");
	struct frame gateway = echo_to("10.0.2.2");
	struct filter_flow flow;

	f.ipv6 = false;
	check(verdict(&f, &six) == FILTER_DROP, "without IPv6 none of it passes");
	f.echo4 = false;
	check(verdict(&f, &echo) == FILTER_REFUSE, "no echo where it would leave as UDP");
	check(verdict(&f, &gateway) == FILTER_PASS, "the gateway answers echo itself");
	(void)filter_frame(&closed, six.bytes, six.length, &flow);
	check(flow.protocol == IPPROTO_TCP && flow.starts && flow.port == 40000, "a flow starts");
	six = tcp_to("2a00::1", 80, TCP_ACK);
	(void)filter_frame(&closed, six.bytes, six.length, &flow);
	check(flow.protocol == IPPROTO_TCP && !flow.starts, "a flow goes on");
}

static void test_arp(void)
{
	static const uint8_t good[] = {0,  1, 8, 0,   6, 4, 0, 1, 2, 0, 0,  0, 0, 1,
				       10, 0, 2, 100, 0, 0, 0, 0, 0, 0, 10, 0, 2, 2};
	struct frame f = {.length = ETHERNET_HEADER + sizeof(good)};

	put16(f.bytes + 12, TYPE_ARP);
	memcpy(f.bytes + ETHERNET_HEADER, good, sizeof(good));
	check(verdict(&closed, &f) == FILTER_PASS, "ARP passes");
	malformed("ARP of another sender", f, ETHERNET_HEADER + 17, 2);
	malformed("ARP that is no question or answer", f, ETHERNET_HEADER + 7, 3);
	f.length--;
	check(verdict(&closed, &f) == FILTER_DROP, "dropped: ARP that was cut");
}

static unsigned folded(const uint8_t *bytes, size_t length, uint32_t total)
{
	for (size_t i = 0; i + 1 < length; i += 2)
		total += read16(bytes + i);
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return total;
}

static void test_reset(void)
{
	struct frame f = tcp_to("10.9.8.7", 80, TCP_SYN);
	uint8_t out[REFUSAL_MAX] = {0}, *ip = out + ETHERNET_HEADER, *tcp = ip + IP4_HEADER;

	check(verdict(&closed, &f) == FILTER_REFUSE, "TCP is refused");
	check(refusal_make(f.bytes, out) == ETHERNET_HEADER + IP4_HEADER + TCP_HEADER,
	      "by one segment");
	check(memcmp(out, f.bytes + 6, 6) == 0 && memcmp(out + 6, f.bytes, 6) == 0 &&
		      memcmp(ip + 12, f.bytes + 30, 4) == 0 &&
		      memcmp(ip + 16, f.bytes + 26, 4) == 0,
	      "from whom it was for");
	check(folded(ip, IP4_HEADER, 0) == 0xffff, "with a good IP checksum");
	check(folded(tcp, TCP_HEADER, folded(ip + 12, 8, 6 + TCP_HEADER)) == 0xffff,
	      "and a good TCP checksum");
	check(tcp[13] == (TCP_RST | TCP_ACK) && read32(tcp + 8) == 10 && read16(tcp) == 80 &&
		      read16(tcp + 2) == 40000,
	      "that acknowledges the SYN");
	f = tcp_to("10.9.8.7", 80, TCP_ACK);
	payload_of(&f)[11] = 77;
	(void)refusal_make(f.bytes, out);
	check(tcp[13] == TCP_RST && read32(tcp + 4) == 77, "or takes the number of an ACK");
	f = tcp_to("10.9.8.7", 80, TCP_RST);
	check(verdict(&closed, &f) == FILTER_DROP, "a reset is not answered");
	f = tcp_to("fe80::1", 80, TCP_SYN);
	ip = out + ETHERNET_HEADER;
	check(refusal_make(f.bytes, out) == ETHERNET_HEADER + IP6_HEADER + TCP_HEADER &&
		      folded(ip + IP6_HEADER, TCP_HEADER, folded(ip + 8, 32, 6 + TCP_HEADER)) ==
			      0xffff,
	      "the same for IPv6");
}

static void test_unreachable(void)
{
	struct frame f = udp_to("192.168.1.1", 443);
	uint8_t out[REFUSAL_MAX] = {0}, *ip = out + ETHERNET_HEADER, *icmp = ip + IP4_HEADER;
	size_t length = IP4_HEADER + 8 + ICMP_HEADER;

	check(verdict(&closed, &f) == FILTER_REFUSE, "UDP is refused");
	check(refusal_make(f.bytes, out) == ETHERNET_HEADER + IP4_HEADER + length && icmp[0] == 3 &&
		      icmp[1] == 3,
	      "by port unreachable");
	check(folded(icmp, length, 0) == 0xffff && folded(ip, IP4_HEADER, 0) == 0xffff,
	      "with good checksums");
	check(memcmp(icmp + 8, f.bytes + ETHERNET_HEADER, IP4_HEADER + 8) == 0,
	      "and what was sent");
	f = echo_to("192.168.1.1");
	(void)refusal_make(f.bytes, out);
	check(icmp[0] == 3 && icmp[1] == 13, "echo by prohibited");
	f = udp_to("fe80::1", 443);
	length = IP6_HEADER + 8 + ICMP_HEADER;
	check(refusal_make(f.bytes, out) == ETHERNET_HEADER + IP6_HEADER + length &&
		      ip[IP6_HEADER] == 1 && ip[IP6_HEADER + 1] == 4 &&
		      folded(ip + IP6_HEADER, length,
			     folded(ip + 8, 32, IPPROTO_ICMPV6 + (uint32_t)length)) == 0xffff,
	      "the same for IPv6");
}

int main(void)
{
	static const uint8_t own6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 7};

	closed.own[0] = filter_address4(0xcb007107); /* 203.0.113.7 */
	memcpy(closed.own[1].bytes, own6, sizeof(own6));
	closed.own_count = 2;
	test_addresses();
	test_opened();
	test_form();
	test_modes();
	test_arp();
	test_reset();
	test_unreachable();
	return test_done();
}
