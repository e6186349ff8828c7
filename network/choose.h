/*
 * choose.h - what --net leaves to this machine.
 */
#ifndef ZBOX_NETWORK_CHOOSE_H
#define ZBOX_NETWORK_CHOOSE_H

#include "sandbox.h"
#include "utils.h"

/* Before the plan is final: opens the namespaces of --net join:, decides about IPv6 where nobody
 * did, and makes the text of resolv.conf. Returns 0, or -1 after fail(). */
int network_choose(struct sandbox *sb) MUST_CHECK;

#endif
