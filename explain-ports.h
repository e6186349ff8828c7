/*
 * explain-ports.h - --explain: published ports and forwarded services.
 */
#ifndef ZBOX_EXPLAIN_PORTS_H
#define ZBOX_EXPLAIN_PORTS_H

#include "page.h"
#include "sandbox.h"

/* Its section, where there are any. */
void explain_ports(struct page *p, const struct sandbox *sb);

#endif
