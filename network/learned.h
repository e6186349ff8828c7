/*
 * learned.h - which names an address was given for, and for how long that counts. Pure: the time
 * is passed in, in milliseconds.
 */
#ifndef ZBOX_NETWORK_LEARNED_H
#define ZBOX_NETWORK_LEARNED_H

#include "network/rules.h"

#define LEARNED_NAMES 1024
#define LEARNED_ADDRESSES 4096
#define LEARNED_SLOTS 4096 /* a power of two */

struct learned_name {
	char text[RULE_NAME]; /* "" free */
	struct rule_set rules;
	int64_t seen;
};

struct learned_address {
	struct filter_address address;
	uint16_t name;
	uint16_t next; /* in the slot, place + 1; 0 none */
	int64_t until; /* 0: free, and in no slot */
};

struct learned {
	struct learned_name names[LEARNED_NAMES];
	struct learned_address addresses[LEARNED_ADDRESSES];
	uint16_t slots[LEARNED_SLOTS]; /* place + 1; 0 none */
	size_t used;                   /* addresses: those from here on were never used */
};

/* The time in seconds that a program inside may keep an answer whose records have this one. */
uint32_t learned_ttl(uint32_t ttl);

/* Remembers that an address was given for a name that these rules speak of. */
void learned_add(struct learned *l, const char *name, const struct rule_set *rules,
		 const struct filter_address *address, uint32_t ttl, int64_t now);

/* The name an address was last given for, or NULL. */
const char *learned_name_of(const struct learned *l, const struct filter_address *address,
			    int64_t now);

/* Whether a name was resolved lately. */
bool learned_knows(const struct learned *l, const char *name);

struct learned_verdict {
	bool open;
	int rule;                   /* that decided, RULE_NONE */
	const char *name;           /* NULL: the address belongs to none */
	struct learned_address *by; /* what opened it, else NULL; until the next learned_add() */
};

/* What the names of an address mean for a destination. */
struct learned_verdict learned_check(struct learned *l, const struct rules *rules,
				     const struct destination *to, int64_t now);

/* A datagram was sent there: a flow of UDP has no beginning that could be asked for, so its address
 * stays open while it goes on. by: NULL does nothing. */
void learned_keep(struct learned_address *by, int64_t now);

#endif
