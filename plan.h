/*
 * plan.h - questions about the list of mounts, answered without mounting anything.
 *
 * The answers are good enough to choose defaults, to explain and to give hints. Nothing that has
 * to be right for safety may rest on them: what is mounted where is decided by the kernel, inside
 * the new root, at the moment of mounting.
 */
#ifndef ZBOX_PLAN_H
#define ZBOX_PLAN_H

#include "sandbox.h"

#include <limits.h>

/* Writes path as an absolute path without //, . and .. to normal. Returns whether it fits. */
bool plan_normalise(const char *path, char normal[PATH_MAX]);

/* Is path the directory dir, or below it? Both normalised. */
bool plan_is_below(const char *path, const char *dir);

/* Does the operation put something at its destination, or only change what is there? */
bool plan_puts(const struct mount *m);

/* Does the operation show a directory tree or file that exists outside? */
bool plan_shows_host(const struct mount *m);

/* Is it the operation that --rootfs stands for? */
bool plan_is_rootfs(const struct mount *m);

/* Finds what of the host will be seen at the absolute path inside, links followed as they lead
 * inside. Returns whether something will be there; host is "" where that is not of the host (a
 * made file, a directory of a tmpfs, /proc, /dev) or not known (overlays). */
bool plan_lookup(const struct sandbox *sb, const char *inside, char host[PATH_MAX]);

#endif
