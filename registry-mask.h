/*
 * registry-mask.h - the directory of names is not shown to a sandbox.
 */
#ifndef ZBOX_REGISTRY_MASK_H
#define ZBOX_REGISTRY_MASK_H

#include "sandbox.h"
#include "utils.h"

/* Where a bind of something above it would bring the directory of names in: adds a mask for it.
 * Looks at nothing where there is no such bind. Returns 0, or -1 after fail(). */
int registry_mask(struct sandbox *sb) MUST_CHECK;

#endif
