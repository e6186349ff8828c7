/*
 * zbox-net-flows.c - flows as they begin, go on and end: for the log, and to make room.
 *
 * Whoever is inside may open as many flows as there is room for (zbox-net-slirp.c has the limits).
 * When there is no more, the flow that was quiet for longest is ended on both sides with a reset,
 * if it was quiet for some seconds; one that both sides have finished, which libslirp keeps for a
 * while, is ended before. Otherwise the new one is refused. So idle connections of one program do
 * not shut out another for ever, and working ones are not lost.
 *
 * UDP has entries only for the log: libslirp's sockets are not of flows, but of ports.
 */
#include "network/zbox-net.h"

#include "network/refusal.h"

#include <string.h>

enum {
	IDLE_MIN = 5000,  /* milliseconds after which a flow may be ended for another */
	SEARCH_MAX = 256, /* of the oldest flows, for one that is finished */
	FLOW_TOLD = 4     /* beside enum flow_ended: its end is in the log */
};

void traffic_end(struct carrier *c, struct flow *flow)
{
	if (!(flow->ended & FLOW_TOLD))
		log_flow(&c->log, flow, true);
	flows_end(&c->flows, flow);
}

void traffic_end_all(struct carrier *c)
{
	struct flow *flow;

	while ((flow = flows_oldest(&c->flows, 0)) != NULL)
		traffic_end(c, flow);
}

static struct flow *begin(struct carrier *c, const struct filter_flow *from)
{
	int64_t now = c->filter.now;
	struct flow *flow = flows_begin(&c->flows, &from->to, from->port, now);

	if (!flow) {
		traffic_end(c, flows_oldest(&c->flows, 0));
		flow = flows_begin(&c->flows, &from->to, from->port, now);
	}
	if (!flow)
		return NULL;
	flow->rule = from->rule;
	flow->checked = c->look && from->protocol == IPPROTO_TCP && from->learned;
	if (from->name)
		(void)snprintf(flow->name, sizeof(flow->name), "%s", from->name);
	log_flow(&c->log, flow, false);
	return flow;
}

static void note_end(struct carrier *c, struct flow *flow, unsigned how)
{
	flow->ended |= (uint8_t)how;
	if ((flow->ended & FLOW_ENDED) != FLOW_ENDED || (flow->ended & FLOW_TOLD))
		return;
	log_flow(&c->log, flow, true);
	flow->ended |= FLOW_TOLD;
}

static void outgoing_tcp(struct carrier *c, const struct filter_flow *from)
{
	struct flow *flow = flows_find(&c->flows, &from->to, from->port);
	const uint8_t *tcp = from->transport;
	uint32_t number = read32(tcp + 4), end;
	uint8_t flags = tcp[13];

	if (from->starts && flow && ((flow->ended & FLOW_ENDED) || flow->next != number + 1)) {
		traffic_end(c, flow);
		flow = NULL;
	}
	if (from->starts && !flow) {
		flow = begin(c, from);
		if (flow)
			flow->next = number + 1;
	}
	if (!flow)
		return;
	flows_touch(&c->flows, flow, c->filter.now);
	end = number + (uint32_t)from->data;
	if (!from->starts && (int32_t)(end - flow->next) > 0) {
		flow->sent += end - flow->next;
		flow->next = end;
	}
	if (flags & TCP_ACK)
		flow->acknowledged = read32(tcp + 8);
	if (flags & TCP_RST)
		traffic_end(c, flow);
	else if ((flags & TCP_FIN) && !(flow->ended & FLOW_ENDED_HERE)) {
		flow->next = end + 1;
		note_end(c, flow, FLOW_ENDED_HERE);
	}
}

void traffic_out(struct carrier *c, const struct filter_flow *from)
{
	struct flow *flow;

	if (from->protocol == IPPROTO_TCP)
		outgoing_tcp(c, from);
	if (from->protocol != IPPROTO_UDP || c->log.fd < 0)
		return;
	flow = flows_find(&c->flows, &from->to, from->port);
	if (!flow)
		flow = begin(c, from);
	if (!flow)
		return;
	flow->sent += from->data;
	flows_touch(&c->flows, flow, c->filter.now);
}

void traffic_in(struct carrier *c, const struct filter_flow *from)
{
	struct flow *flow = from->protocol && (from->protocol == IPPROTO_TCP || c->log.fd >= 0)
				    ? flows_find(&c->flows, &from->to, from->port)
				    : NULL;
	uint32_t heard;
	uint8_t flags;

	if (!flow)
		return;
	flow->received += from->data;
	flows_touch(&c->flows, flow, clock_ms());
	if (from->protocol != IPPROTO_TCP)
		return;
	flags = from->transport[13];
	heard = read32(from->transport + 4) + (uint32_t)from->data + !!(flags & TCP_SYN);
	if (flags & TCP_SYN)
		flow->begin = heard;
	if (!flow->answered || (int32_t)(heard - flow->heard) > 0)
		flow->heard = heard;
	flow->answered |= (flags & TCP_SYN) != 0;
	if (flags & TCP_RST)
		traffic_end(c, flow);
	else if (flags & TCP_FIN)
		note_end(c, flow, FLOW_ENDED_THERE);
}

/* ---- making room ---- */

struct flow *traffic_victim(struct carrier *c)
{
	struct flow *flow = flows_oldest(&c->flows, IPPROTO_TCP), *oldest = flow;

	for (unsigned i = 0; flow && i < SEARCH_MAX; i++, flow = flows_newer(&c->flows, flow))
		if (flow->to.protocol == IPPROTO_TCP && (flow->ended & FLOW_ENDED) == FLOW_ENDED)
			return flow;
	return oldest && clock_ms() - oldest->last >= IDLE_MIN ? oldest : NULL;
}

static void ends_of(const struct carrier *c, const struct flow *flow, struct refusal_end *guest,
		    struct refusal_end *other)
{
	static const uint8_t guest6[16] = NET_GUEST6;

	*guest = (struct refusal_end){.address = filter_address4(NET_GUEST4), .port = flow->port};
	*other = (struct refusal_end){.hardware = {0x52, 0x55, 0x0a, 0, 2, 2}, /* libslirp's own */
				      .address = flow->to.address,
				      .port = flow->to.port};
	memcpy(guest->hardware, c->hardware, sizeof(guest->hardware));
	if (!address_is_ip4(&other->address))
		memcpy(guest->address.bytes, guest6, sizeof(guest6));
}

size_t traffic_reset(const struct carrier *c, const struct flow *flow, bool outwards,
		     uint8_t frame[REFUSAL_MAX])
{
	struct refusal_end guest, other;

	ends_of(c, flow, &guest, &other);
	return outwards ? refusal_segment(&guest, &other, flow->next, NULL, frame)
			: refusal_segment(&other, &guest, flow->acknowledged, NULL, frame);
}

size_t traffic_acknowledge(const struct carrier *c, const struct flow *flow, size_t held,
			   uint8_t frame[REFUSAL_MAX])
{
	uint32_t next = flow->next + (uint32_t)held;
	struct refusal_end guest, other;

	ends_of(c, flow, &guest, &other);
	return refusal_segment(&other, &guest, flow->heard, &next, frame);
}
