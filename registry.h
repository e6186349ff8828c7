/*
 * registry.h - the names of sandboxes that run: a directory with a socket for each.
 */
#ifndef ZBOX_REGISTRY_H
#define ZBOX_REGISTRY_H

#include "listing.h"

#define REGISTRY_NAME_MAX 64

/* Whether a sandbox may be called so. Pure. */
bool registry_name_is_good(const char *name);

/* Opens the directory (CLOEXEC, the caller closes it); make: makes it where it is not there.
 * Returns it, -1 after fail(), or -2 where it is not there and was not to be made. */
int registry_open(bool make) MUST_CHECK;

/* Makes a name this process's: a listening socket, which does not block. An old one that nobody
 * listens to is replaced. *inode: that of the name. Returns the socket, or -1 after fail(), also
 * when the name is taken. */
int registry_claim(int dir, const char *name, ino_t *inode) MUST_CHECK;

/* Gives the name back, while its socket still listens. */
void registry_release(int dir, const char *name, ino_t inode);

/* Connects to a name. Returns the socket, or -1 with errno set: ENOENT or ECONNREFUSED where no
 * such sandbox runs, EAGAIN where it does not answer; does not call fail(). */
int registry_connect(int dir, const char *name) MUST_CHECK;

/* Removes a name that nobody listens to. */
void registry_clean(int dir, const char *name);

/* All names, as listing_read() does. */
int registry_names(int dir, struct listing *names) MUST_CHECK;

#endif
