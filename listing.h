/*
 * listing.h - the names in a directory, all of them or an error.
 */
#ifndef ZBOX_LISTING_H
#define ZBOX_LISTING_H

#include "utils.h"

struct listing {
	char **names; /* in the order of their bytes */
	size_t count;
};

/* Reads the names, without . and .., of the directory dir, whose position is not changed. wanted
 * chooses among them (NULL: all); what is handed to it. More than limit is an error (0: no limit).
 * path is for messages. Returns 0, the names being the caller's for listing_free(), or -1 after
 * fail() with none. */
int listing_read(struct listing *listing, int dir, const char *path, size_t limit,
		 bool (*wanted)(const char *name, const void *what), const void *what) MUST_CHECK;

void listing_free(struct listing *listing);

#endif
