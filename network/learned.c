/*
 * learned.c - which names an address was given for, and for how long that counts.
 *
 * Frames have no names, so a rule with a name holds through this table: the sandbox's name server
 * writes an address here before it answers with it, and a flow to it begins only while it is here.
 *
 *   fresh     the answer's own time, but a minute at least and an hour at most, and ten minutes
 *             more: programs keep addresses longer than they should, and what they were told is
 *             cut to the same hour. A flow of TCP that has begun goes on for as long as it likes.
 *   shared    one address may have several names; each is asked. A rule that denies one of them
 *             for a port denies the port.
 *
 * What an attacker would try: to fill the table with names below an allowed one (it has a fixed
 * size, and loses what is oldest: his own), and to keep an address for longer than it belongs to
 * the name (only a flow of UDP that goes on does).
 */
#include "network/learned.h"

#include <string.h>

enum {
	SECOND = 1000,
	TTL_MIN = 60, /* seconds */
	TTL_MAX = 3600,
	GRACE = 600,
	UDP_QUIET = 240 * SECOND /* for as long as libslirp keeps its sockets */
};

uint32_t learned_ttl(uint32_t ttl)
{
	return ttl < TTL_MAX ? ttl : TTL_MAX;
}

static int64_t fresh_until(uint32_t ttl, int64_t now)
{
	uint32_t seconds = ttl < TTL_MIN ? TTL_MIN : learned_ttl(ttl);

	return now + (int64_t)(seconds + GRACE) * SECOND;
}

/* ---- the table ---- */

static uint16_t *slot_of(struct learned *l, const struct filter_address *a)
{
	uint64_t high, low;

	memcpy(&high, a->bytes, 8);
	memcpy(&low, a->bytes + 8, 8);
	/* splitmix64: whoever chooses addresses to collide only makes his own flows slower */
	low ^= high * UINT64_C(0x9e3779b97f4a7c15);
	low = (low ^ low >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	return &l->slots[(low >> 32) % LEARNED_SLOTS];
}

static void unlink_address(struct learned *l, struct learned_address *entry)
{
	uint16_t place = (uint16_t)(entry - l->addresses + 1);
	uint16_t *at = slot_of(l, &entry->address);

	while (*at != place)
		at = &l->addresses[*at - 1].next;
	*at = entry->next;
	entry->until = 0;
}

static struct learned_address *find(struct learned *l, const struct filter_address *a,
				    uint16_t name)
{
	for (uint16_t at = *slot_of(l, a); at; at = l->addresses[at - 1].next) {
		struct learned_address *entry = &l->addresses[at - 1];

		if (entry->name == name && memcmp(&entry->address, a, sizeof(*a)) == 0)
			return entry;
	}
	return NULL;
}

/* A place that is in no slot: a new one, a free one, or that which ends first. */
static struct learned_address *make_room(struct learned *l)
{
	struct learned_address *first = &l->addresses[0];

	if (l->used < LEARNED_ADDRESSES)
		return &l->addresses[l->used++];
	for (size_t i = 1; i < LEARNED_ADDRESSES; i++)
		if (l->addresses[i].until < first->until)
			first = &l->addresses[i];
	if (first->until != 0)
		unlink_address(l, first);
	return first;
}

static const struct learned_name *find_name(const struct learned *l, const char *name)
{
	for (size_t i = 0; i < LEARNED_NAMES && l->names[i].text[0]; i++)
		if (strcmp(l->names[i].text, name) == 0)
			return &l->names[i];
	return NULL;
}

bool learned_knows(const struct learned *l, const char *name)
{
	return find_name(l, name) != NULL;
}

/* The name's place: its own, a free one, or that of the name that was not seen for longest, whose
 * addresses go with it. */
static uint16_t take_name(struct learned *l, const char *name)
{
	const struct learned_name *known = find_name(l, name);
	size_t place = 0;

	if (known)
		return (uint16_t)(known - l->names);
	for (size_t i = 0; i < LEARNED_NAMES; i++) {
		if (!l->names[i].text[0]) {
			place = i;
			break;
		}
		if (l->names[i].seen < l->names[place].seen)
			place = i;
	}
	for (size_t i = 0; l->names[place].text[0] && i < l->used; i++)
		if (l->addresses[i].until != 0 && l->addresses[i].name == place)
			unlink_address(l, &l->addresses[i]);
	(void)snprintf(l->names[place].text, RULE_NAME, "%s", name);
	return (uint16_t)place;
}

void learned_add(struct learned *l, const char *name, const struct rule_set *rules,
		 const struct filter_address *address, uint32_t ttl, int64_t now)
{
	uint16_t place = take_name(l, name), *slot;
	struct learned_address *entry = find(l, address, place);
	int64_t until = fresh_until(ttl, now);

	l->names[place].rules = *rules;
	l->names[place].seen = now;
	if (entry) {
		entry->until = until > entry->until ? until : entry->until;
		return;
	}
	entry = make_room(l);
	slot = slot_of(l, address);
	*entry = (struct learned_address){
		.address = *address, .name = place, .next = *slot, .until = until};
	*slot = (uint16_t)(entry - l->addresses + 1);
}

/* ---- questions ---- */

const char *learned_name_of(const struct learned *l, const struct filter_address *address,
			    int64_t now)
{
	/* the slot is only read */
	for (uint16_t at = *slot_of((struct learned *)(uintptr_t)l, address); at;
	     at = l->addresses[at - 1].next) {
		const struct learned_address *entry = &l->addresses[at - 1];

		if (entry->until > now && memcmp(&entry->address, address, sizeof(*address)) == 0)
			return l->names[entry->name].text;
	}
	return NULL;
}

struct learned_verdict learned_check(struct learned *l, const struct rules *rules,
				     const struct destination *to, int64_t now)
{
	struct learned_verdict v = {.rule = RULE_NONE};

	for (uint16_t at = *slot_of(l, &to->address); at; at = l->addresses[at - 1].next) {
		struct learned_address *entry = &l->addresses[at - 1];
		const struct learned_name *name = &l->names[entry->name];
		int rule;

		if (entry->until <= now ||
		    memcmp(&entry->address, &to->address, sizeof(to->address)) != 0)
			continue;
		rule = rules_in(rules, &name->rules, to);
		if (rule != RULE_NONE && !rules->list[rule].allow)
			return (struct learned_verdict){.rule = rule, .name = name->text};
		if (!v.name)
			v.name = name->text;
		if (v.open || (rule == RULE_NONE && (rules->allows || rules_has_to_name(NULL, to))))
			continue;
		v = (struct learned_verdict){
			.open = true, .rule = rule, .name = name->text, .by = entry};
	}
	return v;
}

void learned_keep(struct learned_address *by, int64_t now)
{
	if (by && by->until < now + UDP_QUIET)
		by->until = now + UDP_QUIET;
}
