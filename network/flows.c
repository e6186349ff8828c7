/*
 * flows.c - what goes on between the sandbox and others: one entry for each flow.
 *
 * libslirp keeps its own state, but tells nobody what it belongs to. Here is what is needed of it:
 * how much went where, for the log, and which flow was quiet for longest, so that it can make room
 * for a new one. An entry is found by its two ends and hangs in a list by the time of its last
 * frame; both cost the same however many there are.
 *
 * An attacker inside can only make entries that the rules let him; the table has a fixed size.
 */
#include "network/flows.h"

#include <string.h>

static uint16_t *slot_of(struct flows *f, const struct destination *to, uint16_t port)
{
	uint64_t high, low;

	memcpy(&high, to->address.bytes, 8);
	memcpy(&low, to->address.bytes + 8, 8);
	low ^= high * UINT64_C(0x9e3779b97f4a7c15);
	low ^= (uint64_t)port << 16 ^ (uint64_t)to->port << 40 ^ to->protocol;
	low = (low ^ low >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	low = (low ^ low >> 27) * UINT64_C(0x94d049bb133111eb);
	return &f->slots[(low >> 40) % FLOWS_SLOTS];
}

static uint16_t place_of(const struct flows *f, const struct flow *flow)
{
	return (uint16_t)(flow - f->list + 1);
}

static struct flow *at(struct flows *f, uint16_t place)
{
	return place ? &f->list[place - 1] : NULL;
}

struct flow *flows_find(struct flows *f, const struct destination *to, uint16_t port)
{
	struct flow *flow = at(f, *slot_of(f, to, port));

	while (flow && (flow->port != port || flow->to.port != to->port ||
			flow->to.protocol != to->protocol ||
			memcmp(&flow->to.address, &to->address, sizeof(to->address)) != 0))
		flow = at(f, flow->in_slot);
	return flow;
}

/* ---- the list by time ---- */

static void append(struct flows *f, struct flow *flow)
{
	uint16_t place = place_of(f, flow);

	flow->older = f->newest;
	flow->newer = 0;
	if (f->newest)
		f->list[f->newest - 1].newer = place;
	else
		f->oldest = place;
	f->newest = place;
}

static void take_out(struct flows *f, struct flow *flow)
{
	if (flow->older)
		f->list[flow->older - 1].newer = flow->newer;
	else
		f->oldest = flow->newer;
	if (flow->newer)
		f->list[flow->newer - 1].older = flow->older;
	else
		f->newest = flow->older;
}

void flows_touch(struct flows *f, struct flow *flow, int64_t now)
{
	flow->last = now;
	if (f->newest == place_of(f, flow))
		return;
	take_out(f, flow);
	append(f, flow);
}

struct flow *flows_begin(struct flows *f, const struct destination *to, uint16_t port, int64_t now)
{
	uint16_t *slot = slot_of(f, to, port);
	struct flow *flow = at(f, f->free);

	if (flow)
		f->free = flow->newer;
	else if (f->used < FLOWS_MAX)
		flow = &f->list[f->used++];
	else
		return NULL;
	*flow = (struct flow){.to = *to,
			      .port = port,
			      .rule = RULE_NONE,
			      .first = now,
			      .last = now,
			      .in_slot = *slot};
	*slot = place_of(f, flow);
	append(f, flow);
	return flow;
}

void flows_end(struct flows *f, struct flow *flow)
{
	uint16_t place = place_of(f, flow), *link = slot_of(f, &flow->to, flow->port);

	if (flow->to.protocol == 0)
		return;
	while (*link != place)
		link = &f->list[*link - 1].in_slot;
	*link = flow->in_slot;
	take_out(f, flow);
	flow->to.protocol = 0;
	flow->newer = f->free;
	f->free = place;
}

struct flow *flows_newer(struct flows *f, const struct flow *flow)
{
	return at(f, flow->newer);
}

struct flow *flows_oldest(struct flows *f, uint8_t protocol)
{
	struct flow *flow = at(f, f->oldest);

	while (flow && protocol && flow->to.protocol != protocol)
		flow = flows_newer(f, flow);
	return flow;
}
