/*
 * dns.h - messages of the domain name system: reading and writing. Pure.
 */
#ifndef ZBOX_NETWORK_DNS_H
#define ZBOX_NETWORK_DNS_H

#include "network/rules.h"

#define DNS_HEADER 12
#define DNS_MESSAGE 4096  /* bytes of the longest that is written */
#define DNS_QUERY 300     /* bytes of the longest question that is written */
#define DNS_DATAGRAM 512  /* bytes that every client takes */
#define DNS_CHAIN 12      /* names that lead to each other */
#define DNS_ADDRESSES 200 /* of a name */

enum dns_type { DNS_A = 1, DNS_CNAME = 5, DNS_AAAA = 28, DNS_OPT = 41 };

enum dns_code {
	DNS_GOOD = 0,
	DNS_FORMAT = 1,
	DNS_FAILURE = 2,
	DNS_NO_NAME = 3,
	DNS_NOT_DONE = 4,
	DNS_REFUSED = 5
};

/* Extended errors, RFC 8914. */
enum dns_extra { DNS_EXTRA_NONE = -1, DNS_BLOCKED = 15, DNS_FILTERED = 17 };

struct dns_question {
	uint16_t id;
	uint16_t type;
	char name[RULE_NAME]; /* lower case, no last dot; "": none that a rule could have */
	const uint8_t *bytes; /* of the question in the message: name, type, class; borrowed */
	size_t length;        /* of that */
	size_t limit;         /* bytes of an answer that the client takes by UDP */
	bool extended;        /* it understands EDNS */
	bool recursion;       /* it asked for it */
};

struct dns_answer {
	uint8_t code;
	bool truncated;
	char chain[DNS_CHAIN][RULE_NAME]; /* CNAME: what the name leads to, in order */
	size_t chain_count;
	struct filter_address addresses[DNS_ADDRESSES];
	size_t count;
	uint32_t ttl; /* the smallest of all */
};

/* Reads a question. Returns DNS_GOOD; another code, with which it has to be answered (the fields
 * are there then); or -1: it is not worth an answer. */
int dns_read_question(const uint8_t *bytes, size_t length, struct dns_question *q);

/* Reads a server's answer to a question about q's name and type, with this id. Returns 0; or -1: it
 * is none. What belongs to other names is left out. */
int dns_read_answer(const uint8_t *bytes, size_t length, const struct dns_question *q, uint16_t id,
		    struct dns_answer *a) MUST_CHECK;

/* Writes a question for a server. Returns its length. */
size_t dns_write_question(const struct dns_question *q, uint16_t id, uint8_t out[DNS_QUERY]);

/* Writes the answer to a client. a: NULL: nothing but the code. limit: bytes that it takes; what is
 * longer becomes a question to ask again by TCP. Returns its length. */
size_t dns_write_answer(const struct dns_question *q, enum dns_code code, enum dns_extra extra,
			const struct dns_answer *a, size_t limit, uint8_t out[DNS_MESSAGE]);

#endif
