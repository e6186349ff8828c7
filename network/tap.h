/*
 * tap.h - the sandbox's end of user-mode networking: its interface, and sockets for names.
 */
#ifndef ZBOX_NETWORK_TAP_H
#define ZBOX_NETWORK_TAP_H

#include "utils.h"

/* What is to be made, and who gets it. */
struct tap {
	int device;   /* /dev/net/tun, O_PATH: opened while the host's /dev was in reach; -1 none */
	int helper;   /* socket to zbox-net */
	unsigned mtu; /* of the interface */
	bool ipv6;
};

/* Makes the interface in the network namespace of this process, with addresses and routes, and the
 * name server's sockets, and sends them to zbox-net. lo has to be up. proc: the host's procfs.
 * Needs CAP_NET_ADMIN and CAP_NET_BIND_SERVICE there. Returns 0, or -1 after fail(). */
int tap_hand_over(const struct tap *t, int proc) MUST_CHECK;

/* Lets the group of the command make echo requests without a capability, where /proc/sys may be
 * written. */
void tap_allow_ping(int proc, gid_t group);

#endif
