/*
 * desktop.h - the presets: --wayland, --audio, --gpu and their like, as operations on the new root.
 */
#ifndef ZBOX_DESKTOP_H
#define ZBOX_DESKTOP_H

#include "sandbox.h"
#include "utils.h"

/* Before the plan is final, and before the base is added: each preset becomes operations and
 * variables, in the place among those of the user where its word stood. Looks at the caller's
 * environment and at the host; changes nothing there but that the folders of --home private and
 * --cache are made, unless the plan is only to be printed. What the host does not have is a failure
 * where it was asked for, and noted in the preset (missing) where it was only to be tried.
 * Returns 0, or -1 after fail(). */
int desktop_add(struct sandbox *sb) MUST_CHECK;

/* The same with another environment, and another directory in the place of the host's root: for
 * tests. Both are borrowed. */
int desktop_add_at(struct sandbox *sb, int host, char *const *environment) MUST_CHECK;

/* For a command that is to run in a sandbox that was made of the same options: its words get the
 * names that files have there. Returns 0, or -1 after fail(): a file cannot be given to it. */
int desktop_join(struct sandbox *sb) MUST_CHECK;

#endif
