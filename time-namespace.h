/*
 * time-namespace.h - clocks of its own: --unshare-time, --boottime, --monotonic.
 */
#ifndef ZBOX_TIME_NAMESPACE_H
#define ZBOX_TIME_NAMESPACE_H

#include "sandbox.h"
#include "utils.h"

/* Moves this process, and so its children, to a new time namespace with the offsets of sb; nothing
 * when sb does not ask for one. Needs CAP_SYS_ADMIN and CAP_SYS_TIME in its user namespace and a
 * procfs proc in which it sees itself. Returns 0, or -1 after fail(). */
int time_namespace_enter(const struct sandbox *sb, int proc) MUST_CHECK;

#endif
