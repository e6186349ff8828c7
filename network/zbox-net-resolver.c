/*
 * zbox-net-resolver.c - the sandbox's name server where there are rules: what becomes of questions
 * and answers.
 *
 *   question   a name that the rules do not allow does not exist, and nobody outside is asked: a
 *              question can carry away as much as an answer brings. Nor do names without a dot,
 *              so no domain is searched.
 *   types      A, AAAA and CNAME. Of others an allowed name has none: HTTPS and SVCB have addresses
 *              in them, and keys that would hide names; the rest would have to be understood first
 *   names      that were not asked for lately are counted: below an allowed *.name anybody can
 *              make up names, and say much in them
 *   answer     put together anew, from the name's own addresses (dns.c). An answer that leads over
 *              a denied name is refused as that is. Addresses that are closed by default are
 *              dropped, unless a rule or --net-open opens them: a name is not a way to them.
 *   learning   what is answered is written down first (learned.c), so that the first packet finds
 * it
 *
 * What an attacker would try, inside: names that are nearly allowed, thousands of them, types that
 * nobody thought of. Outside, as the owner of an allowed zone: the address of somebody else's host
 * (it is open then, as that name's address; --allow-sni is against that), of the caller's router,
 * or hundreds of them. As nobody in particular: forged answers, against which there are ports and
 * numbers that he does not see.
 */
#include "network/zbox-net.h"

#include <netinet/in.h>
#include <string.h>

enum {
	CREDIT_MAX = 300 * 1000, /* names at once */
	CREDIT_PER_MS = 5        /* thousandths: five a second */
};

static struct dns_answer answer; /* too large for a stack */

static int no_such_name(const struct dns_question *question, uint8_t *out)
{
	return (int)dns_write_answer(question, DNS_NO_NAME, DNS_FILTERED, NULL, DNS_MESSAGE, out);
}

/* Bytes that the client takes. */
static size_t limit_of(const struct query *q, const struct dns_question *question)
{
	return q->client.stream >= 0 ? DNS_MESSAGE : question->limit;
}

static bool has_credit(struct resolver *r, const char *name)
{
	int64_t now = clock_ms(), given = (now - r->last) * CREDIT_PER_MS;

	r->credit = r->credit + given < CREDIT_MAX ? r->credit + given : CREDIT_MAX;
	r->last = now;
	if (learned_knows(r->filter->learned, name))
		return true;
	if (r->credit < 1000)
		return false;
	r->credit -= 1000;
	return true;
}

static bool is_known_type(const struct resolver *r, uint16_t type)
{
	return type == DNS_A || type == DNS_CNAME || (type == DNS_AAAA && r->filter->ipv6);
}

int resolver_question(struct resolver *r, const struct query *q, uint8_t *out)
{
	struct dns_question question;
	struct rule_set rules;
	int by, code = dns_read_question(q->bytes, q->length, &question);

	if (code < 0)
		return RESOLVER_DROP;
	if (code != DNS_GOOD)
		return (int)dns_write_answer(&question, (enum dns_code)code, DNS_EXTRA_NONE, NULL,
					     DNS_MESSAGE, out);
	if (question.name[0] == '\0' || !rules_name(r->filter->rules, question.name, &rules, &by))
		return no_such_name(&question, out);
	if (!is_known_type(r, question.type))
		return (int)dns_write_answer(&question, DNS_GOOD, DNS_EXTRA_NONE, NULL, DNS_MESSAGE,
					     out);
	if (!has_credit(r, question.name))
		return (int)dns_write_answer(&question, DNS_FAILURE, DNS_FILTERED, NULL,
					     DNS_MESSAGE, out);
	return RESOLVER_ASK;
}

size_t resolver_ask(const struct query *q, uint8_t *out)
{
	struct dns_question question;

	if (dns_read_question(q->bytes, q->length, &question) != DNS_GOOD)
		return 0; /* cannot be: it was read before */
	return dns_write_question(&question, q->id, out);
}

int resolver_failure(const struct query *q, uint8_t *out)
{
	struct dns_question question;

	if (dns_read_question(q->bytes, q->length, &question) != DNS_GOOD)
		return RESOLVER_DROP;
	return (int)dns_write_answer(&question, DNS_FAILURE, DNS_EXTRA_NONE, NULL, DNS_MESSAGE,
				     out);
}

/* Keeps only addresses that are not closed. Returns whether there were others. */
static bool drop_closed(const struct resolver *r, struct dns_answer *a)
{
	size_t kept = 0;
	bool dropped = false;

	for (size_t i = 0; i < a->count; i++) {
		if (filter_rebinds(r->filter, &a->addresses[i]))
			dropped = true;
		else
			a->addresses[kept++] = a->addresses[i];
	}
	a->count = kept;
	return dropped;
}

/* An answer that may be given. */
static int give(struct resolver *r, const struct query *q, const struct dns_question *question,
		const struct rule_set *rules, uint8_t *out)
{
	bool dropped = drop_closed(r, &answer);
	enum dns_extra extra = dropped && answer.count == 0 ? DNS_BLOCKED : DNS_EXTRA_NONE;
	int64_t now = clock_ms();

	for (size_t i = 0; i < answer.count; i++)
		learned_add(r->filter->learned, question->name, rules, &answer.addresses[i],
			    answer.ttl, now);
	answer.ttl = learned_ttl(answer.ttl);
	return (int)dns_write_answer(question, DNS_GOOD, extra, &answer, limit_of(q, question),
				     out);
}

int resolver_answer(struct resolver *r, const struct query *q, const uint8_t *bytes, size_t length,
		    uint8_t *out)
{
	struct dns_question question;
	struct rule_set rules;
	int by;

	if (dns_read_question(q->bytes, q->length, &question) != DNS_GOOD ||
	    dns_read_answer(bytes, length, &question, q->id, &answer) < 0)
		return RESOLVER_WAIT;
	if (answer.truncated)
		return q->tcp ? RESOLVER_NEXT : RESOLVER_TCP;
	if (answer.code == DNS_NO_NAME)
		return (int)dns_write_answer(&question, DNS_NO_NAME, DNS_EXTRA_NONE, NULL,
					     DNS_MESSAGE, out);
	if (answer.code != DNS_GOOD)
		return RESOLVER_NEXT;
	if (!rules_name(r->filter->rules, question.name, &rules, &by))
		return no_such_name(&question, out);
	for (size_t i = 0; i < answer.chain_count; i++)
		if (rules_denied(r->filter->rules, answer.chain[i]) != RULE_NONE)
			return no_such_name(&question, out);
	return give(r, q, &question, &rules, out);
}
