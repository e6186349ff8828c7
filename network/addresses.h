/*
 * addresses.h - the addresses of user-mode networking: the same in every sandbox, because nothing
 * of them is ever seen outside.
 *
 *   10.0.2.0/24          the sandbox is .100, the gateway .2, the name server .3
 *   fd5a:62b0:7841::/64  the sandbox is ::100, the gateway ::2; a random prefix, so that it is
 *                        nobody's (RFC 4193)
 *
 * The name server's address is on the sandbox's own loopback interface, and zbox-net listens there.
 */
#ifndef ZBOX_NETWORK_ADDRESSES_H
#define ZBOX_NETWORK_ADDRESSES_H

#include <stdint.h>

#define NET_INTERFACE "tap0"

/* Addresses are IPv6; those of IPv4 are in the form ::ffff:a.b.c.d. */
struct filter_address {
	uint8_t bytes[16];
};

/* in the order of bytes of this machine */
#define NET_NETWORK4 0x0a000200U
#define NET_MASK4 0xffffff00U
#define NET_GATEWAY4 0x0a000202U
#define NET_DNS4 0x0a000203U
#define NET_GUEST4 0x0a000264U
#define NET_DNS_TEXT "10.0.2.3"

/* as initialisers of 16 bytes */
#define NET_PREFIX6 64
#define NET_ADDRESS6(last_but_one, last)                                                           \
	{                                                                                          \
		0xfd, 0x5a, 0x62, 0xb0, 0x78, 0x41, 0, 0, 0, 0, 0, 0, 0, 0, last_but_one, last     \
	}
#define NET_NETWORK6 NET_ADDRESS6(0, 0)
#define NET_GATEWAY6 NET_ADDRESS6(0, 2)
#define NET_DNS6 NET_ADDRESS6(0, 3)
#define NET_GUEST6 NET_ADDRESS6(1, 0)

/* Bytes of a packet, without the Ethernet header. */
#define NET_MTU_DEFAULT 16384
#define NET_MTU_MIN 1280
#define NET_MTU_MAX 65521

#define NET_DNS_MAX 3 /* name servers, as in resolv.conf(5) */

#endif
