/*
 * zbox-unpack.h - what the files of zbox-unpack share.
 */
#ifndef ZBOX_UNPACK_H
#define ZBOX_UNPACK_H

#include "utils.h"

/* Removes what is at name in the directory dir, and all that is below it; links are removed, not
 * followed. What is not there is fine. Returns 0, or -1 after fail(). */
int unpack_remove(int dir, const char *name) MUST_CHECK;

#endif
