/*
 * scope.h - a control group from systemd: a transient scope with this process in it.
 */
#ifndef ZBOX_CGROUP_SCOPE_H
#define ZBOX_CGROUP_SCOPE_H

#include "utils.h"

#define SCOPE_NAME 64

/* Asks systemd (the caller's user manager; root: the system's) for a scope that is delegated, and
 * is moved into it. It is collected when the last process in it has ended. Needs a moment; at most
 * two seconds when nobody answers. Returns 0 with the unit's name, or -1 after fail(). */
int scope_enter(char unit[SCOPE_NAME]) MUST_CHECK;

#endif
