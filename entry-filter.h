/*
 * entry-filter.h - whether a command can enter a sandbox at all.
 */
#ifndef ZBOX_ENTRY_FILTER_H
#define ZBOX_ENTRY_FILTER_H

#include "privileges.h"
#include "sandbox.h"

/* Why no command can enter, in words that go on after "cannot be entered: "; NULL: one can.
 * Valid until the next call. */
const char *entry_obstacle(const struct sandbox *sb, const struct privileges *p);

#endif
