/*
 * seccomp-code.c - a graph of tests -> instructions, and the search for lines without effect.
 *
 * A classic BPF program has one register that we use and jumps only forward, by at most 255. It is
 * written from its end to its beginning: a node's children are already there when the node is
 * written, and every distance is known. A child that is too far away gets a stepping stone close
 * by: a copy of an answer, or a long jump.
 *
 * A node is up to three instructions: load the word, apply the mask, compare. A predecessor that
 * has just looked at the same word enters behind the load, and where all do, there is none.
 */
#include "seccomp-graph.h"

#include <stdlib.h>
#include <string.h>

enum entry { ENTRY_LOAD, ENTRY_MASK, ENTRY_TEST, ENTRIES };
enum { REACH = 250 }; /* 255, less what is written between a look at the distance and the jump */

/* What a node needs to be written, and where it is: positions count from the end of the program,
 * 0 is not written yet, 1 the last instruction. */
struct writing {
	unsigned wanted; /* bits of the entries that predecessors use */
	bool reached;
	unsigned at[ENTRIES]; /* the nearest copy or stepping stone */
};

struct writer {
	const struct graph *g;
	struct writing *nodes;
	struct sock_filter code[BPF_MAXINSNS]; /* backwards */
	unsigned length;
};

/* How a node is entered when the register holds (word & mask). */
static enum entry entry_from(const struct node *from, const struct node *to)
{
	if (to->kind == NODE_ANSWER)
		return ENTRY_TEST;
	if (!from || from->word != to->word)
		return ENTRY_LOAD;
	if (from->mask == to->mask)
		return ENTRY_TEST;
	return from->mask == UINT32_MAX ? ENTRY_MASK : ENTRY_LOAD;
}

/* Marks what is used. Parents have greater indices, so one pass down sees them first. */
static void mark_entries(struct writer *w, uint32_t root)
{
	const struct node *nodes = w->g->nodes;

	w->nodes[root].reached = true;
	w->nodes[root].wanted = 1U << entry_from(NULL, &nodes[root]);
	for (uint32_t i = root + 1; i-- > 0;) {
		const uint32_t child[] = {nodes[i].yes, nodes[i].no};

		if (!w->nodes[i].reached || nodes[i].kind == NODE_ANSWER)
			continue;
		for (size_t c = 0; c < COUNT(child); c++) {
			w->nodes[child[c]].reached = true;
			w->nodes[child[c]].wanted |= 1U << entry_from(&nodes[i], &nodes[child[c]]);
		}
	}
}

/* Writes one instruction in front of the program. Returns its position, 0 after fail(). */
static unsigned put(struct writer *w, unsigned code, uint32_t k, unsigned yes, unsigned no)
{
	if (w->length == BPF_MAXINSNS) {
		(void)fail(0, "seccomp profile %s: more than %d instructions", w->g->p->name,
			   BPF_MAXINSNS);
		return 0;
	}
	w->code[w->length++] = (struct sock_filter){(uint16_t)code, (uint8_t)yes, (uint8_t)no, k};
	return w->length;
}

/* A position of the entry that the next instruction can jump to, 0 after fail(). */
static unsigned near(struct writer *w, uint32_t node, enum entry entry)
{
	const struct node *n = &w->g->nodes[node];
	unsigned *at = &w->nodes[node].at[entry];

	if (w->length - *at <= REACH)
		return *at;
	if (n->kind == NODE_ANSWER)
		return *at = put(w, BPF_RET | BPF_K, n->value, 0, 0);
	return *at = put(w, BPF_JMP | BPF_JA, w->length - *at, 0, 0);
}

static int write_answer(struct writer *w, uint32_t node)
{
	unsigned at = put(w, BPF_RET | BPF_K, w->g->nodes[node].value, 0, 0);

	w->nodes[node].at[ENTRY_TEST] = at;
	return at ? 0 : -1;
}

static int write_test(struct writer *w, uint32_t node)
{
	static const unsigned jump[] = {
		[NODE_EQUAL] = BPF_JEQ,
		[NODE_ABOVE] = BPF_JGE,
		[NODE_BITS] = BPF_JSET,
	};
	const struct node *n = &w->g->nodes[node];
	struct writing *here = &w->nodes[node];
	unsigned yes = near(w, n->yes, entry_from(n, &w->g->nodes[n->yes]));
	unsigned no = yes ? near(w, n->no, entry_from(n, &w->g->nodes[n->no])) : 0;
	unsigned at;

	if (!no)
		return -1;
	at = put(w, BPF_JMP | BPF_K | jump[n->kind], n->value, w->length - yes, w->length - no);
	here->at[ENTRY_TEST] = at;
	if (at && n->mask != UINT32_MAX && here->wanted != 1U << ENTRY_TEST) {
		at = put(w, BPF_ALU | BPF_AND | BPF_K, n->mask, 0, 0);
		here->at[ENTRY_MASK] = at;
	}
	if (at && (here->wanted & 1U << ENTRY_LOAD)) {
		at = put(w, BPF_LD | BPF_W | BPF_ABS, n->word, 0, 0);
		here->at[ENTRY_LOAD] = at;
	}
	return at ? 0 : -1;
}

/* Writes a node behind its children. The depth is that of the graph: bounded by its size only, so
 * the way back is kept in a list and not on the stack. */
static int write_nodes(struct writer *w, uint32_t root)
{
	autofree uint32_t *path = calloc(w->g->node_count, sizeof(*path));
	size_t depth = 0;

	if (!path)
		return fail(0, "out of memory");
	for (path[depth++] = root; depth > 0;) {
		uint32_t node = path[depth - 1];
		const struct node *n = &w->g->nodes[node];
		bool answer = n->kind == NODE_ANSWER;

		if (w->nodes[node].at[ENTRY_TEST]) {
			depth--;
		} else if (!answer && !w->nodes[n->no].at[ENTRY_TEST]) {
			path[depth++] = n->no;
		} else if (!answer && !w->nodes[n->yes].at[ENTRY_TEST]) {
			path[depth++] = n->yes;
		} else {
			if ((answer ? write_answer(w, node) : write_test(w, node)) < 0)
				return -1;
			depth--;
		}
	}
	return 0;
}

static int write_program(struct writer *w, uint32_t root, struct sock_filter **code,
			 unsigned short *length)
{
	struct sock_filter *forward;

	w->nodes = calloc(w->g->node_count, sizeof(*w->nodes));
	if (!w->nodes)
		return fail(0, "out of memory");
	mark_entries(w, root);
	if (write_nodes(w, root) < 0)
		return -1;
	forward = calloc(w->length, sizeof(*forward));
	if (!forward)
		return fail(0, "out of memory");
	for (unsigned i = 0; i < w->length; i++)
		forward[i] = w->code[w->length - 1 - i];
	*code = forward;
	*length = (unsigned short)w->length;
	return 0;
}

int seccomp_assemble(const struct profile *p, enum machine target, struct sock_filter **code,
		     unsigned short *length)
{
	autofree struct writer *w = calloc(1, sizeof(*w));
	struct graph g;
	uint32_t root;
	int result = -1;

	if (!w)
		return fail(0, "out of memory");
	graph_init(&g, p, false);
	root = graph_program(&g, target);
	w->g = &g;
	if (root != NODE_NONE)
		result = write_program(w, root, code, length);
	free(w->nodes);
	graph_free(&g);
	return result;
}

/* ---- lines without effect ---- */

static void mark_used(const struct graph *g, uint32_t root, bool *seen, bool *used)
{
	if (seen[root])
		return;
	memset(seen, 0, root + 1);
	seen[root] = true;
	for (uint32_t i = root + 1; i-- > 0;) {
		const struct node *n = &g->nodes[i];

		if (!seen[i])
			continue;
		if (n->kind == NODE_ANSWER) {
			if (n->rule > 0)
				used[n->rule - 1] = true;
			continue;
		}
		seen[n->yes] = seen[n->no] = true;
	}
}

int seccomp_check_dead(const struct profile *p)
{
	autofree bool *used = calloc(p->rule_count + 1, 1), *seen = calloc(NODE_LIMIT, 1);
	struct graph g;
	int result = 0;

	if (!used || !seen)
		return fail(0, "out of memory");
	if (!p->file)
		return 0; /* imported: such files repeat themselves for machines that are not ours
			   */
	graph_init(&g, p, true);
	for (int call = 0; call < SECCOMP_CALLS && result == 0; call++) {
		uint32_t root = graph_call(&g, call);

		if (root == NODE_NONE)
			result = -1;
		else
			mark_used(&g, root, seen, used);
	}
	graph_free(&g);
	for (size_t i = 0; i < p->rule_count && result == 0; i++) {
		const struct rule *r = &p->rules[i];

		if (!used[i] && !r->used && r->place.file == p->file)
			result = fail(0, "%s:%u:%u: this line never decides anything",
				      r->place.file, r->place.line, r->place.column);
	}
	return result;
}
