/*
 * namespace.h - a new network namespace with its loopback interface.
 */
#ifndef ZBOX_NETWORK_NAMESPACE_H
#define ZBOX_NETWORK_NAMESPACE_H

#include "network/tap.h"
#include "utils.h"

#include <sys/types.h>

/* A network namespace in the making. */
struct netns_maker {
	pid_t helper; /* -1: none */
	int fd;       /* where the helper puts the namespace; owned */
};

#define NETNS_MAKER_NONE                                                                           \
	{                                                                                          \
		-1, -1                                                                             \
	}

/* Fails for clone(2) or unshare(2) with whatever namespaces, whose errno is err. Returns -1. */
int namespaces_failed(int err);

/* Starts a helper that makes a new network namespace, owned by this process's user namespace, while
 * this process goes on. proc: a procfs. channel: where its failure record is sent. tap: what to
 * make in it, nothing without a device. Returns 0, or -1 after fail(). */
int netns_begin(struct netns_maker *m, int proc, int channel, const struct tap *tap) MUST_CHECK;

/* Enters the namespace as soon as it is there; nothing where none is made. What is in it may not
 * be ready before netns_end(). Returns 0, or -1 after fail(). */
int netns_enter(struct netns_maker *m) MUST_CHECK;

/* Waits for the helper's end; nothing where there is none. Returns 0, or -1 after fail(). */
int netns_end(struct netns_maker *m) MUST_CHECK;

/* For a sandbox with a name: sends the network namespace of this process, and the resolv.conf in
 * its root if there is one, to zbox outside (MESSAGE_NETWORK), for those who join it. To be called
 * while nothing runs that could change what that is. proc: the host's procfs. Returns 0, or -1
 * after fail(). */
int netns_tell(int proc, int channel) MUST_CHECK;

/* Brings lo up in the network namespace of this process; the kernel then gives it 127.0.0.1/8 and
 * ::1 by itself. Needs CAP_NET_ADMIN there. Returns 0, or -1 after fail(). */
int loopback_up(void) MUST_CHECK;

#endif
