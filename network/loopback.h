/*
 * loopback.h - the loopback interface of a new network namespace.
 */
#ifndef ZBOX_LOOPBACK_H
#define ZBOX_LOOPBACK_H

#include "utils.h"

/* Brings lo up in the network namespace of this process; the kernel then gives it 127.0.0.1/8 and
 * ::1 by itself. Needs CAP_NET_ADMIN there. Returns 0, or -1 after fail(). */
int loopback_up(void) MUST_CHECK;

#endif
