/*
 * base.h - the default root: what is inside although the user did not say so.
 */
#ifndef ZBOX_BASE_H
#define ZBOX_BASE_H

#include "sandbox.h"
#include "utils.h"

#define BASE_HOSTNAME "zbox" /* the name inside, when none was given and UTS is not shared */
#define BASE_USER_HOME "/home/user"
#define BASE_ORIGIN "base" /* origin.file of what this module adds */

/* Adds the base to sb's operations, where sb->base says so and /usr was put in. What the user put
 * at a path wins. Reads the host (links of /, which files of /etc there are); changes nothing.
 * A second call adds nothing. Returns 0, or -1 after fail(). */
int base_add(struct sandbox *sb) MUST_CHECK;

/* The same with another directory in the place of the host's root: for tests. host is borrowed. */
int base_add_at(struct sandbox *sb, int host) MUST_CHECK;

/* Why the base holds something at dest, in a few words for --explain; NULL if it is not in the
 * table. */
const char *base_reason(const char *dest);

/* What is true inside, whether or not the base is added: identity.c sets USER, HOME and the
 * hostname from the same source as the made /etc/passwd. Never fail. */
uid_t base_uid(const struct sandbox *sb);
gid_t base_gid(const struct sandbox *sb);
const char *base_user(const struct sandbox *sb);     /* "root" or "user" */
const char *base_home(const struct sandbox *sb);     /* "/root" or BASE_USER_HOME */
const char *base_hostname(const struct sandbox *sb); /* NULL: the host's own, UTS is shared */

#endif
