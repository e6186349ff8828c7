/*
 * refusals.h - what zbox-net tells zbox at the end: destinations that were refused. Each is one
 * message of exactly this size.
 */
#ifndef ZBOX_NETWORK_REFUSALS_H
#define ZBOX_NETWORK_REFUSALS_H

#include <stdint.h>

#define REFUSALS_MAX 64 /* that are told one by one */

struct net_refusal {
	char name[256];   /* that was asked for, or that the address was resolved from; "" none */
	char address[48]; /* "" where only the name was asked for, or for all that are not listed */
	char protocol[8]; /* "tcp", "udp", "echo"; "name": it was not resolved; "": all others */
	uint32_t port;    /* 0 none */
	uint32_t count;
};

#endif
