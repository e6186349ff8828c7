/*
 * base.h - the default root: what is inside although the user did not say so.
 */
#ifndef ZBOX_BASE_H
#define ZBOX_BASE_H

#include "sandbox.h"
#include "utils.h"

/* Adds the base to sb's operations, where sb->base says so and /usr was put in. What the user put
 * at a path wins. Reads the host (links of /, which files of /etc there are); changes nothing.
 * Returns 0, or -1 after fail(). */
int base_add(struct sandbox *sb) MUST_CHECK;

#endif
