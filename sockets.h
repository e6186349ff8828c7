/*
 * sockets.h - unix sockets that a bound directory would bring in, for --explain.
 */
#ifndef ZBOX_SOCKETS_H
#define ZBOX_SOCKETS_H

#include "sandbox.h"
#include "utils.h"

#define SOCKETS_DEPTH 5      /* levels below the source of a bind that are looked at */
#define SOCKETS_ENTRIES 8192 /* directory entries, for one bind */
#define SOCKETS_FOUND 256    /* for the whole plan */

struct socket_list {
	char **paths; /* inside; owned */
	size_t count;
	bool complete; /* no bound was reached, no directory refused to be read */
};

/* Looks below the sources of the plan's binds, level by level, not into what a later operation
 * covers. Opens directories only, follows no link. Returns 0, or -1 after fail(); list is for
 * sockets_free() in any case. */
int sockets_find(const struct sandbox *sb, struct socket_list *list) MUST_CHECK;
void sockets_free(struct socket_list *list);

#endif
