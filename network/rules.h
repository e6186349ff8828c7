/*
 * rules.h - --allow and --deny: what they say, and what they mean together. Pure.
 */
#ifndef ZBOX_NETWORK_RULES_H
#define ZBOX_NETWORK_RULES_H

#include "network/addresses.h"
#include "utils.h"

#define RULES_MAX 512
#define RULE_NAME 254 /* bytes of a name without its last dot, and a NUL */

enum rule_host {
	RULE_IS,    /* this name */
	RULE_BELOW, /* *.name: every name below it, not itself */
	RULE_PREFIX /* addresses */
};

struct rule {
	const char *text; /* as it was given; borrowed */
	bool allow;
	enum rule_host host;
	char name[RULE_NAME]; /* in lower case, without a last dot */
	struct filter_address prefix;
	bool ip4;
	uint8_t bits;         /* of the prefix, of 128 */
	uint8_t protocol;     /* IPPROTO_TCP, _UDP; 0 all */
	bool ports;           /* only these: */
	uint16_t first, last; /* inclusive */
};

/* Numbers of rules. */
struct rule_set {
	uint64_t bits[RULES_MAX / 64];
};

struct rules {
	struct rule list[RULES_MAX];
	size_t count;
	bool allows;  /* there is an --allow: what none names is refused */
	bool by_name; /* some rule has a name: an address is nothing by itself */
};

#define RULE_NONE (-1)

/* Adds what is said by text, HOST[:PORT[-PORT]][/tcp|udp], which has to live as long as the rules.
 * Returns 0, or -1 after fail(). */
int rules_add(struct rules *rules, bool allow, const char *text) MUST_CHECK;

/* Whether there is any. rules may be NULL. */
bool rules_any(const struct rules *rules);

/* ---- names ---- */

/* Whether a name (lower case, no last dot) may be resolved. *set becomes the rules that speak of
 * it, *by the one that decided, RULE_NONE when it was none. */
bool rules_name(const struct rules *rules, const char *name, struct rule_set *set, int *by);

/* Whether a name is denied as a whole, which also holds for a name that another leads to. Returns
 * the rule, or RULE_NONE. */
int rules_denied(const struct rules *rules, const char *name);

/* ---- addresses ---- */

/* What is to be decided. */
struct destination {
	struct filter_address address;
	uint16_t port;    /* 0 where the protocol has none */
	uint8_t protocol; /* IPPROTO_* */
};

/* The first rule with addresses that allows (denies) it and whose prefix has at least bits bits;
 * RULE_NONE: there is none. */
int rules_address(const struct rules *rules, bool allow, const struct destination *to,
		  unsigned bits);

/* Whether some rule opens an address for anything, with a prefix of at least bits bits. */
bool rules_opens(const struct rules *rules, const struct filter_address *address, unsigned bits);

/* What the rules of a set say: the first that denies, else the first that allows, else RULE_NONE.
 */
int rules_in(const struct rules *rules, const struct rule_set *set, const struct destination *to);

/* Whether only a rule that names this port opens it: other name servers, and QUIC. r: the rule that
 * is asked, NULL: there is none. */
bool rules_has_to_name(const struct rule *r, const struct destination *to);

/* ---- for all of network/ ---- */

static inline bool address_is_ip4(const struct filter_address *a)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return __builtin_memcmp(a->bytes, mapped, sizeof(mapped)) == 0;
}

/* Whether the first bits are the same. */
bool address_same_bits(const uint8_t *a, const uint8_t *b, unsigned bits);

/* ---- pages ---- */

/* How the rules are used, a sentence for each i from 0 on, in the order in which they count; NULL:
 * no more. For --explain and the manual. */
const char *rules_order(unsigned i);

#endif
