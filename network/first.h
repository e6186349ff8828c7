/*
 * first.h - whom the first bytes of a connection are for: the server's name in TLS, the host in
 * HTTP. Pure.
 */
#ifndef ZBOX_NETWORK_FIRST_H
#define ZBOX_NETWORK_FIRST_H

#include "network/rules.h"

#define FIRST_MAX 16384 /* bytes that are looked at; what has no name until then has none */

enum first {
	FIRST_MORE, /* there are too few yet */
	FIRST_NAME, /* it is TLS or HTTP, and has this one name */
	FIRST_NONE, /* it is TLS or HTTP, and has no name, or not one, or cannot be understood */
	FIRST_OTHER /* it is neither */
};

/* Looks at the bytes from the sandbox's first on. name: in lower case, without a last dot; only
 * with FIRST_NAME. */
enum first first_name(const uint8_t *bytes, size_t length, char name[RULE_NAME]);

#endif
