/*
 * seccomp-graph.c - rules -> a graph of tests, the smallest that we know how to make.
 *
 *   1. The lines about a call become a chain: the condition said last is tested first, and where it
 *      does not hold the next one is. Nodes with the same content are one node, so that calls with
 *      the same rules share their tests, and everything shares its ends.
 *   2. Where the chain lets a call through by a line without "override", the conditions of the
 * floor follow. What is known by then (a word's value, bits that are set) decides most of them.
 *   3. The calls of a machine become intervals of numbers with the same node, and these a tree that
 *      is searched by halves; a lone number between two equal neighbours costs one test.
 *
 * The kernel runs a new filter once for every number to find those that it always allows (Linux
 * 5.11), and stops at the first look at an argument: the tree is what makes that quick, too.
 *
 * The floor is never lost: a graph that would grow too big is refused, and where simplifying takes
 * too long the tests of the floor are kept as they are.
 */
#include "seccomp-graph.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 2048, NUMBERS = 2 * SECCOMP_CALLS };

#define WORD_NUMBER ((uint32_t)offsetof(struct seccomp_data, nr))
#define WORD_ARCH ((uint32_t)offsetof(struct seccomp_data, arch))

/* Both machines are little-endian: the lower half comes first. */
static uint32_t word_low(unsigned arg)
{
	return (uint32_t)(offsetof(struct seccomp_data, args) + (size_t)8 * arg);
}

static uint32_t word_high(unsigned arg)
{
	return word_low(arg) + 4;
}

void graph_init(struct graph *g, const struct profile *p, bool tell_rules)
{
	memset(g, 0, sizeof(*g));
	g->p = p;
	g->tell_rules = tell_rules;
}

void graph_free(struct graph *g)
{
	free(g->nodes);
	g->nodes = NULL;
}

static bool same_node(const struct node *a, const struct node *b)
{
	return a->kind == b->kind && a->word == b->word && a->mask == b->mask &&
	       a->value == b->value && a->rule == b->rule && a->yes == b->yes && a->no == b->no;
}

static uint32_t hash_node(const struct node *n)
{
	const uint32_t parts[] = {(uint32_t)n->kind, n->word, n->mask, n->value,
				  n->rule,           n->yes,  n->no};
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < COUNT(parts); i++)
		hash = (hash ^ parts[i]) * 16777619U ^ hash >> 15;
	return hash % NODE_HASHES;
}

static uint32_t intern(struct graph *g, struct node n)
{
	uint32_t hash = hash_node(&n);
	struct node *slot;

	for (uint32_t i = g->hashes[hash]; i != 0; i = g->nodes[i - 1].chain)
		if (same_node(&g->nodes[i - 1], &n))
			return i - 1;
	if (g->node_count >= NODE_LIMIT) {
		(void)fail(0, "seccomp profile %s: too many tests for a program", g->p->name);
		return NODE_NONE;
	}
	slot = array_add(&g->nodes, &g->node_count, sizeof(*slot));
	if (!slot)
		return NODE_NONE;
	*slot = n;
	slot->chain = g->hashes[hash];
	g->hashes[hash] = (uint32_t)g->node_count;
	return (uint32_t)g->node_count - 1;
}

uint32_t graph_answer(struct graph *g, uint32_t answer, uint32_t rule)
{
	struct node n = {.kind = NODE_ANSWER, .value = answer, .mask = UINT32_MAX, .rule = rule};

	if (!g->tell_rules)
		n.rule = 0;
	return intern(g, n);
}

uint32_t graph_test(struct graph *g, struct node test)
{
	if (test.yes == NODE_NONE || test.no == NODE_NONE)
		return NODE_NONE;
	if (test.yes == test.no)
		return test.yes;
	return intern(g, test);
}

static uint32_t test(struct graph *g, enum node_kind kind, uint32_t word, uint32_t value,
		     uint32_t yes, uint32_t no)
{
	return graph_test(g, (struct node){kind, word, UINT32_MAX, value, 0, yes, no, 0});
}

/* One half of (argument & mask) == value. */
static uint32_t test_half(struct graph *g, uint32_t word, uint32_t mask, uint32_t value,
			  uint32_t yes, uint32_t no)
{
	if (mask == 0)
		return yes; /* the parser has made sure that value lies within the mask */
	if (mask != UINT32_MAX && value == 0)
		return test(g, NODE_BITS, word, mask, no, yes);
	if (mask == value && (mask & (mask - 1)) == 0)
		return test(g, NODE_BITS, word, mask, yes, no);
	return graph_test(g, (struct node){NODE_EQUAL, word, mask, value, 0, yes, no, 0});
}

static uint32_t test_equal(struct graph *g, const struct term *t, uint64_t value, uint32_t yes,
			   uint32_t no)
{
	if (t->bits == 64)
		yes = test_half(g, word_high(t->arg), (uint32_t)(t->mask >> 32),
				(uint32_t)(value >> 32), yes, no);
	return test_half(g, word_low(t->arg), (uint32_t)t->mask, (uint32_t)value, yes, no);
}

/* Ordered, without a mask. A 64-bit order looks at the upper halves first. */
static uint32_t test_order(struct graph *g, const struct term *t, uint64_t value, uint32_t yes,
			   uint32_t no)
{
	uint32_t high = (uint32_t)(value >> 32), low, equal;

	low = test(g, NODE_ABOVE, word_low(t->arg), (uint32_t)value, yes, no);
	if (t->bits == 32)
		return low;
	equal = test(g, NODE_EQUAL, word_high(t->arg), high, low, no);
	if (high == UINT32_MAX)
		return equal;
	return test(g, NODE_ABOVE, word_high(t->arg), high + 1, yes, equal);
}

static uint32_t test_term(struct graph *g, const struct term *t, uint32_t yes, uint32_t no)
{
	const uint64_t *values = &g->p->values[t->value];
	uint32_t found = t->op == TERM_IN || t->op == TERM_AT_LEAST ? yes : no;
	uint32_t next = found == yes ? no : yes;

	if (t->op == TERM_AT_LEAST || t->op == TERM_BELOW)
		return test_order(g, t, values[0], found, next);
	for (size_t i = t->values; i > 0; i--)
		next = test_equal(g, t, values[i - 1], found, next);
	return next;
}

static uint32_t test_rule(struct graph *g, const struct rule *r, uint32_t yes, uint32_t no)
{
	for (size_t i = r->terms; i > 0; i--)
		yes = test_term(g, &g->p->terms[r->term + i - 1], yes, no);
	return yes;
}

/* An answer, behind the floor's conditions where these apply to it. */
static uint32_t answer_above_floor(struct graph *g, const struct verdict *v, uint32_t answer,
				   uint32_t rule, bool lifts)
{
	uint32_t end = graph_answer(g, answer, rule);

	if (!answer_allows(answer) || lifts)
		return end;
	for (size_t i = 0; i < v->floor_count && end != NODE_NONE; i++) {
		const struct rule *floor = &g->p->rules[v->floor[i]];

		end = test_rule(g, floor, graph_answer(g, floor->answer, v->floor[i] + 1), end);
	}
	return end;
}

/* The chain of a call's rules: the one said last is tried first, the default comes at the end. */
static uint32_t chain_of(struct graph *g, const struct verdict *v)
{
	uint32_t end = answer_above_floor(g, v, g->p->fallback.answer, 0, false);

	for (size_t i = 0; i < v->count && end != NODE_NONE; i++) {
		const struct rule *r = &g->p->rules[v->rules[i]];

		end = test_rule(
			g, r, answer_above_floor(g, v, r->answer, v->rules[i] + 1, r->lifts), end);
	}
	return end;
}

/* ---- what is known on a path ---- */

/* One outcome of a test, and those before it on the path. */
struct fact {
	const struct node *test;
	bool holds;
	const struct fact *before;
};

/* The value of the test where a fact decides it: 1 or 0, -1 not known. */
static int decided_by(const struct node *n, const struct fact *f)
{
	const struct node *known = f->test;

	if (known->word != n->word)
		return -1;
	if (known->kind == n->kind && known->mask == n->mask && known->value == n->value)
		return f->holds;
	if (known->kind == NODE_EQUAL && known->mask == UINT32_MAX && f->holds) {
		if (n->kind == NODE_EQUAL)
			return (known->value & n->mask) == n->value;
		return n->kind == NODE_BITS ? (known->value & n->value) != 0
					    : known->value >= n->value;
	}
	/* the same bits cannot have two values */
	if (known->kind == NODE_EQUAL && n->kind == NODE_EQUAL && known->mask == n->mask)
		return f->holds ? 0 : -1;
	/* none of more bits is set; one of fewer bits is */
	if (known->kind == NODE_BITS && n->kind == NODE_BITS) {
		if (!f->holds && (n->value & ~known->value) == 0)
			return 0;
		if (f->holds && (known->value & ~n->value) == 0)
			return 1;
	}
	return -1;
}

static int decided(const struct node *n, const struct fact *facts)
{
	int value = -1;

	for (const struct fact *f = facts; f && value < 0; f = f->before)
		value = decided_by(n, f);
	return value;
}

/* The node without the tests that the facts decide. Steps bound the time and the stack. */
static uint32_t simplify(struct graph *g, uint32_t node, const struct fact *facts)
{
	struct node n;
	int value;

	if (node == NODE_NONE)
		return NODE_NONE;
	n = g->nodes[node]; /* a copy: the array moves when it grows */
	if (n.kind == NODE_ANSWER || g->steps == 0)
		return node; /* out of steps: correct as it is, only longer */
	g->steps--;
	value = decided(&n, facts);
	if (value >= 0)
		return simplify(g, value ? n.yes : n.no, facts);
	{
		const struct node tested = n;
		const struct fact yes = {&tested, true, facts}, no = {&tested, false, facts};

		n.yes = simplify(g, tested.yes, &yes);
		n.no = simplify(g, tested.no, &no);
	}
	return graph_test(g, n);
}

uint32_t graph_call(struct graph *g, int call)
{
	g->steps = STEPS;
	return simplify(g, chain_of(g, &g->p->calls[call]), NULL);
}

/* ---- the tree ---- */

/* Numbers from first up to the next interval's have the same node. */
struct interval {
	uint32_t first, node;
};

struct intervals {
	struct interval list[NUMBERS + 4];
	size_t count;
};

static void add_interval(struct intervals *t, uint32_t first, uint32_t node)
{
	if (t->count > 0 && t->list[t->count - 1].node == node)
		return;
	t->list[t->count++] = (struct interval){first, node};
}

static bool is_single(const struct intervals *t, size_t i)
{
	return t->list[i + 1].first - t->list[i].first == 1;
}

/* Whether every other interval of low..high is a lone number between the same neighbours: then a
 * test of equality for each of these is shorter than the halves. */
static bool is_comb(const struct intervals *t, size_t low, size_t high)
{
	if (high - low != 2 && high - low != 4)
		return false;
	for (size_t i = low + 1; i < high; i += 2)
		if (!is_single(t, i) || t->list[i + 1].node != t->list[low].node)
			return false;
	return true;
}

static uint32_t tree(struct graph *g, const struct intervals *t, size_t low, size_t high)
{
	size_t middle = (low + high + 1) / 2;

	if (low == high)
		return t->list[low].node;
	if (is_comb(t, low, high)) {
		uint32_t node = t->list[low].node;

		for (size_t i = low + 1; i < high; i += 2)
			node = test(g, NODE_EQUAL, WORD_NUMBER, t->list[i].first, t->list[i].node,
				    node);
		return node;
	}
	return test(g, NODE_ABOVE, WORD_NUMBER, t->list[middle].first, tree(g, t, middle, high),
		    tree(g, t, low, middle - 1));
}

/* The calls of a machine, by number. Returns the first number behind the last of them. */
static unsigned list_calls(enum machine machine, int calls[NUMBERS])
{
	unsigned end = 0;

	for (size_t i = 0; i < NUMBERS; i++)
		calls[i] = -1;
	for (int i = 0; i < SECCOMP_CALLS; i++) {
		short number = seccomp_calls[i].number[machine];

		if (number < 0 || number >= (int)NUMBERS)
			continue;
		calls[number] = i;
		if ((unsigned)number >= end)
			end = (unsigned)number + 1;
	}
	return end;
}

/* The tree of one machine's calls. */
static uint32_t machine_tree(struct graph *g, enum machine machine)
{
	uint32_t newer = graph_answer(g, g->p->newer.answer, 0), node;
	struct intervals t = {.count = 0};
	int calls[NUMBERS];
	unsigned end = list_calls(machine, calls);

	for (unsigned number = 0; number < end; number++) {
		node = calls[number] < 0 ? newer : graph_call(g, calls[number]);
		if (node == NODE_NONE)
			return NODE_NONE;
		add_interval(&t, number, node);
	}
	if (newer == NODE_NONE)
		return NODE_NONE;
	add_interval(&t, end, newer);
	if (machine == MACHINE_X86_64) {
		/* x32's numbers; -1 is a debugger's way to have a call not happen */
		add_interval(&t, X32_BIT, graph_answer(g, g->p->foreign.answer, 0));
		add_interval(&t, UINT32_MAX, newer);
	}
	return tree(g, &t, 0, t.count - 1);
}

uint32_t graph_program(struct graph *g, enum machine target)
{
	uint32_t end = graph_answer(g, g->p->foreign.answer, 0);

	if (target == MACHINE_X86_64 && g->p->i386)
		end = test(g, NODE_EQUAL, WORD_ARCH, machine_audit[MACHINE_I386],
			   machine_tree(g, MACHINE_I386), end);
	return test(g, NODE_EQUAL, WORD_ARCH, machine_audit[target], machine_tree(g, target), end);
}
