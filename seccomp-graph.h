/*
 * seccomp-graph.h - the decisions of a profile as a graph of tests. Private to seccomp-graph.c,
 * which builds it, and seccomp-code.c, which writes it down as instructions.
 */
#ifndef ZBOX_SECCOMP_GRAPH_H
#define ZBOX_SECCOMP_GRAPH_H

#include "seccomp-rules.h"

enum node_kind {
	NODE_ANSWER, /* value is the answer */
	NODE_EQUAL,  /* (word & mask) == value */
	NODE_ABOVE,  /* word >= value */
	NODE_BITS    /* (word & value) != 0 */
};

/* Nodes are made once for each content, children first, so a child's index is always smaller. */
struct node {
	enum node_kind kind;
	uint32_t word; /* offset in struct seccomp_data */
	uint32_t mask; /* NODE_EQUAL only; all ones elsewhere */
	uint32_t value;
	uint32_t rule; /* NODE_ANSWER: 1 + rule, where rules are told apart; else 0 */
	uint32_t yes, no;
	uint32_t chain; /* next node of the same hash, 1 + index */
};

enum { NODE_HASHES = 4096, NODE_LIMIT = 1 << 16 };

struct graph {
	const struct profile *p;
	struct node *nodes;
	size_t node_count;
	uint32_t hashes[NODE_HASHES]; /* 1 + index of the first node */
	bool tell_rules;              /* answers of different rules are different nodes */
	unsigned steps;               /* left for simplifying one call */
};

#define NODE_NONE UINT32_MAX /* after fail() */

void graph_init(struct graph *g, const struct profile *p, bool tell_rules);
void graph_free(struct graph *g);

/* The node with this content. NODE_NONE after fail(). */
uint32_t graph_answer(struct graph *g, uint32_t answer, uint32_t rule) MUST_CHECK;
uint32_t graph_test(struct graph *g, struct node test) MUST_CHECK;

/* The tests of one call (index), or of a whole program. NODE_NONE after fail(). */
uint32_t graph_call(struct graph *g, int call) MUST_CHECK;
uint32_t graph_program(struct graph *g, enum machine target) MUST_CHECK;

#endif
