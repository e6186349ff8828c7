/*
 * explain-mounts.h - the part of --explain that is about files.
 */
#ifndef ZBOX_EXPLAIN_MOUNTS_H
#define ZBOX_EXPLAIN_MOUNTS_H

#include "page.h"
#include "sandbox.h"

/* The operations on the new root, in their order, and the sockets below what is bound. */
void explain_mounts(struct page *p, const struct sandbox *sb);
void explain_sockets(struct page *p, const struct sandbox *sb);

#define ORIGIN_TEXT 4200 /* a path and a number */

/* Where a part of the plan came from, in words. */
void explain_origin(const struct origin *origin, char *text, size_t size);

#endif
