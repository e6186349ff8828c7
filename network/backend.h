/*
 * backend.h - slirp4netns and pasta: programs of others that carry user-mode networking.
 */
#ifndef ZBOX_NETWORK_BACKEND_H
#define ZBOX_NETWORK_BACKEND_H

#include "network/helper.h"

#define BACKEND_PROGRAM "zbox-backend"
/* Words of the command line that zbox-backend puts paths and descriptors in the place of. */
#define BACKEND_NETWORK "@network"
#define BACKEND_USER "@user"
#define BACKEND_READY "@ready"
#define BACKEND_EXIT "@exit"
#define BACKEND_READY_FILE "/proc/self/fd/@ready" /* the same as a path */

/* The program that --net names, NULL where it names none. */
const char *backend_name(const struct sandbox *sb);

/* What it does not hold of what user-mode networking holds, for the record; NULL none. */
const char *backend_weakness(const struct sandbox *sb);

/* Starts zbox-backend for it, outside. Returns 0, or -1 after fail(). */
int backend_start(const struct sandbox *sb, struct net_helper *h) MUST_CHECK;

/* Inside, in the network namespace: has it attached there, waits until it works, and closes the
 * socket. proc: the host's procfs. Returns 0, or -1 after fail(). */
int backend_attach(const struct sandbox *sb, int *socket, int proc) MUST_CHECK;

/* Ends it; it is given the time to end the program. */
void backend_end(struct net_helper *h);

#endif
