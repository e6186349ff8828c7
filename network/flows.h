/*
 * flows.h - what goes on between the sandbox and others: one entry for each flow. Pure: the time is
 * passed in, in milliseconds.
 */
#ifndef ZBOX_NETWORK_FLOWS_H
#define ZBOX_NETWORK_FLOWS_H

#include "network/rules.h"

#define FLOWS_MAX 2048
#define FLOWS_SLOTS 4096 /* a power of two */

enum flow_ended { FLOW_ENDED_HERE = 1, FLOW_ENDED_THERE = 2, FLOW_ENDED = 3 };

struct flow {
	struct destination to; /* protocol 0: no flow */
	uint16_t port;         /* the sandbox's */
	uint8_t ended;         /* enum flow_ended: whose direction is over */
	int rule;              /* that let it begin, RULE_NONE */
	char name[RULE_NAME];  /* that its address was resolved from, "" none */
	int64_t first, last;
	uint64_t sent, received; /* bytes, without headers */
	uint32_t next;           /* TCP: the number of the sandbox's next byte, */
	uint32_t acknowledged;   /* and of the next that it waits for */
	bool checked;            /* --allow-sni: its first bytes are to be looked at, */
	bool answered;           /* when the other side has answered: */
	uint32_t begin, heard;   /* numbers of that one's first byte, and of the next to come */
	uint16_t in_slot;        /* place + 1; 0 none */
	uint16_t older, newer;   /* the same */
};

struct flows {
	struct flow list[FLOWS_MAX];
	uint16_t slots[FLOWS_SLOTS]; /* place + 1; 0 none */
	uint16_t oldest, newest;     /* by their last frame; place + 1 */
	uint16_t free;               /* the same, linked by newer */
	size_t used;                 /* those from here on were never used */
};

/* The flow with these ends, or NULL. */
struct flow *flows_find(struct flows *f, const struct destination *to, uint16_t port);

/* Begins one; there is none with these ends. NULL: the table is full, and flows_oldest() has to be
 * ended first. */
struct flow *flows_begin(struct flows *f, const struct destination *to, uint16_t port, int64_t now);

/* It is in use. */
void flows_touch(struct flows *f, struct flow *flow, int64_t now);

/* Forgets it. */
void flows_end(struct flows *f, struct flow *flow);

/* The flow that was quiet for longest, or NULL. protocol: 0 any. */
struct flow *flows_oldest(struct flows *f, uint8_t protocol);

/* The next one in order of their last frame, or NULL. */
struct flow *flows_newer(struct flows *f, const struct flow *flow);

#endif
