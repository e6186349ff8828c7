/*
 * ports.h - zbox-ports, the program that carries published ports and forwarded services.
 */
#ifndef ZBOX_NETWORK_PORTS_H
#define ZBOX_NETWORK_PORTS_H

#include "network/helper.h"

/* One for --publish, one for --forward: each lives where it has to make connections. */
#define PORTS_WAYS 2

#define PORTS_PROGRAM "zbox-ports"
/* What the words of its command line may say of an end, instead of an address. */
#define PORTS_LOOPBACK "loopback"
#define PORTS_INTERFACE "interface"

/* Starts those that are needed, outside, in the caller's namespaces. Returns 0, or -1 after
 * fail(). */
int ports_start(const struct sandbox *sb, struct net_helper ports[PORTS_WAYS]) MUST_CHECK;

/* Inside, in the finished root and network: tells them where that is. proc: the host's procfs.
 * Returns 0, or -1 after fail(). */
int ports_hand_over(const struct net_helper ports[PORTS_WAYS], int proc) MUST_CHECK;

/* Inside, then: waits until they can carry connections, and closes their sockets. Returns 0, or -1
 * after fail() with what one of them failed at. */
int ports_wait(struct net_helper ports[PORTS_WAYS]) MUST_CHECK;

/* Ends them, and removes the Unix sockets that they listened at outside. */
void ports_end(const struct sandbox *sb, struct net_helper ports[PORTS_WAYS]);

/* Removes a Unix socket at which nobody listens any more. */
void ports_remove_stale(const char *path);

#endif
