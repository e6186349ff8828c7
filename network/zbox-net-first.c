/*
 * zbox-net-first.c - --allow-sni strict: the first bytes of a connection, before any has left.
 *
 * An address may have many names, and the rules about names only see the address. So a connection
 * that a name let begin has to say in its first bytes whom it is for (first.c), and that has to be
 * a name which was resolved to this address and is allowed there.
 *
 *   1. connecting goes on as it is; no byte is sent by it
 *   2. the sandbox's first bytes are held until the name is there: nearly always that is one frame,
 *      which goes on at once. Otherwise its frames wait here, in order, and the sandbox is told
 * that they arrived
 *   3. a name that fits: they go on, and nothing is looked at any more. Else both sides are reset
 *
 * What was looked at has to be what libslirp sends. What an attacker with a raw socket would try is
 * to show one thing here that libslirp drops, and to send it another: bytes before the other side
 * has answered, wrong checksums, numbers that are not next, an acknowledgement of what was never
 * sent, a time to live of 0; all those are dropped here. He would also try to make this table lose
 * the connection while libslirp keeps it, by a reset that it ignores, say: bytes of a connection
 * that is not known are refused.
 */
#include "network/zbox-net.h"

#include <string.h>

#define HELD_TIME 10000 /* milliseconds after which frames that are held make room */

static bool same_flow(const struct held *h, const struct filter_flow *from)
{
	return h->to.protocol != 0 && h->port == from->port && h->to.port == from->to.port &&
	       memcmp(&h->to.address, &from->to.address, sizeof(h->to.address)) == 0;
}

static struct held *find_held(struct carrier *c, const struct filter_flow *from)
{
	for (size_t i = 0; i < HELD_FLOWS; i++)
		if (same_flow(&c->held[i], from))
			return &c->held[i];
	return NULL;
}

/* A place for frames, or NULL: then they are dropped, and come again. */
static struct held *make_held(struct carrier *c, const struct filter_flow *from)
{
	for (size_t i = 0; i < HELD_FLOWS; i++) {
		struct held *h = &c->held[i];

		if (h->to.protocol != 0 && c->filter.now - h->since < HELD_TIME)
			continue;
		h->to = from->to;
		h->port = from->port;
		h->since = c->filter.now;
		h->length = h->used = 0;
		return h;
	}
	return NULL;
}

/* Whether libslirp will take the frame's bytes as the next. ahead: how many are held. */
static bool is_next(const struct flow *flow, const uint8_t *frame, const struct filter_flow *from,
		    size_t ahead)
{
	const uint8_t *ip = frame + ETHERNET_HEADER, *tcp = from->transport;
	bool ip6 = read16(frame + 12) == TYPE_IP6;
	uint32_t acknowledged = read32(tcp + 8);

	if (!flow->answered || ip[ip6 ? 7 : 8] == 0 || !refusal_sums_good(frame))
		return false;
	if ((tcp[13] & (TCP_ACK | TCP_SYN | TCP_RST)) != TCP_ACK ||
	    read32(tcp + 4) != flow->next + (uint32_t)ahead)
		return false;
	return (int32_t)(acknowledged - flow->begin) >= 0 &&
	       (int32_t)(flow->heard - acknowledged) >= 0;
}

static enum first_step judge(struct carrier *c, struct flow *flow, struct filter_flow *from,
			     const uint8_t *bytes, size_t length)
{
	static char name[RULE_NAME];
	const struct rules *rules = c->filter.rules;
	bool named = flow->rule != RULE_NONE && rules->list[flow->rule].ports;

	from->name = flow->name;
	switch (first_name(bytes, length, name)) {
	case FIRST_MORE:
		return FIRST_HOLD;
	case FIRST_NAME:
		from->name = name;
		if (!learned_belongs(c->filter.learned, rules, &flow->to, name, flow->first,
				     &from->rule))
			return FIRST_REFUSE;
		(void)snprintf(flow->name, sizeof(flow->name), "%s", name);
		break;
	case FIRST_NONE:
		return FIRST_REFUSE;
	case FIRST_OTHER:
		if (!named || flow->to.port == 80 || flow->to.port == 443)
			return FIRST_REFUSE;
		break;
	}
	flow->checked = false;
	return FIRST_PASS;
}

static enum first_step hold(struct held *h, const uint8_t *frame, size_t length)
{
	uint16_t size = (uint16_t)length;

	if (length > UINT16_MAX || h->used + sizeof(size) + length > sizeof(h->frames))
		return FIRST_REFUSE;
	memcpy(h->frames + h->used, &size, sizeof(size));
	memcpy(h->frames + h->used + sizeof(size), frame, length);
	h->used += sizeof(size) + length;
	return FIRST_HOLD;
}

enum first_step first_look(struct carrier *c, const uint8_t *frame, size_t length,
			   struct filter_flow *from)
{
	struct flow *flow;
	struct held *h;
	enum first_step step;
	const uint8_t *data;
	size_t size = from->data;

	if (from->protocol != IPPROTO_TCP || !rules_any(c->filter.rules))
		return FIRST_PASS;
	h = find_held(c, from);
	if (from->starts && h)
		h->to.protocol = 0; /* of a flow that had these ends before */
	if (from->data == 0)
		return FIRST_PASS;
	if (from->starts) /* bytes with the first segment: without them it comes again */
		return FIRST_DROP;
	flow = flows_find(&c->flows, &from->to, from->port);
	if (!flow)
		return FIRST_REFUSE;
	if (!flow->checked)
		return FIRST_PASS;
	if (!is_next(flow, frame, from, h ? h->length : 0))
		return FIRST_DROP;
	data = from->transport + (size_t)(from->transport[12] >> 4) * 4;
	if (!h) {
		step = judge(c, flow, from, data, from->data);
		if (step != FIRST_HOLD)
			return step;
		h = make_held(c, from);
		if (!h)
			return FIRST_DROP;
	}
	if (size > sizeof(h->bytes) - h->length)
		size = sizeof(h->bytes) - h->length;
	memcpy(h->bytes + h->length, data, size);
	h->length += size;
	step = judge(c, flow, from, h->bytes, h->length);
	if (step == FIRST_HOLD)
		step = size < from->data ? FIRST_REFUSE : hold(h, frame, length);
	if (step == FIRST_REFUSE)
		h->to.protocol = 0;
	return step;
}

size_t first_acknowledge(struct carrier *c, const struct filter_flow *from,
			 uint8_t frame[REFUSAL_MAX])
{
	const struct flow *flow = flows_find(&c->flows, &from->to, from->port);
	const struct held *h = find_held(c, from);

	return flow && h ? traffic_acknowledge(c, flow, h->length, frame) : 0;
}

const uint8_t *first_next(struct carrier *c, const struct filter_flow *from, size_t *at,
			  size_t *length)
{
	struct held *h =
		from->protocol == IPPROTO_TCP && from->data > 0 ? find_held(c, from) : NULL;
	uint16_t size;
	const uint8_t *frame;

	if (!h)
		return NULL;
	if (*at >= h->used) {
		h->to.protocol = 0;
		return NULL;
	}
	memcpy(&size, h->frames + *at, sizeof(size));
	frame = h->frames + *at + sizeof(size);
	*at += sizeof(size) + size;
	*length = size;
	return frame;
}
