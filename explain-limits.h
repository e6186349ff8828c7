/*
 * explain-limits.h - the part of --explain that is about limits.
 */
#ifndef ZBOX_EXPLAIN_LIMITS_H
#define ZBOX_EXPLAIN_LIMITS_H

#include "page.h"
#include "sandbox.h"

/* One line for each limit that was asked for; the files for the result. */
void explain_limits(struct page *p, const struct sandbox *sb);

/* The limits as sentences with newlines between them; what has no room is left out. */
void limits_text(const struct sandbox *sb, char *text, size_t size);

#endif
