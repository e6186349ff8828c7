/*
 * The table of flows: found by their ends, in the order of their last frame, and never more than
 * there is room for.
 */
#include "network/flows.h"
#include "test.h"

#include <netinet/in.h>

static struct flows flows;

static struct destination to(unsigned number, uint8_t protocol)
{
	struct destination d = {.port = 443, .protocol = protocol};

	d.address = (struct filter_address){.bytes = {[10] = 0xff, 0xff, 198, 51}};
	d.address.bytes[14] = (uint8_t)(number >> 8);
	d.address.bytes[15] = (uint8_t)number;
	return d;
}

static struct flow *begin(unsigned number, uint8_t protocol, int64_t now)
{
	struct destination d = to(number, protocol);

	return flows_begin(&flows, &d, 40000, now);
}

static struct flow *find(unsigned number, uint8_t protocol, uint16_t port)
{
	struct destination d = to(number, protocol);

	return flows_find(&flows, &d, port);
}

static void test_few(void)
{
	struct flow *a = begin(1, IPPROTO_TCP, 10), *b = begin(1, IPPROTO_UDP, 20),
		    *c = begin(2, IPPROTO_TCP, 30);

	check(a && b && c && find(1, IPPROTO_TCP, 40000) == a && find(1, IPPROTO_UDP, 40000) == b,
	      "found by their ends");
	check(!find(1, IPPROTO_TCP, 40001) && !find(3, IPPROTO_TCP, 40000), "others are not");
	check(flows_oldest(&flows, 0) == a && flows_newer(&flows, a) == b, "in order of time");
	flows_touch(&flows, a, 40);
	check(flows_oldest(&flows, 0) == b && flows_oldest(&flows, IPPROTO_TCP) == c &&
		      flows_newer(&flows, c) == a && !flows_newer(&flows, a),
	      "of their last frame");
	flows_end(&flows, c);
	check(!find(2, IPPROTO_TCP, 40000) && flows_newer(&flows, b) == a, "one is over");
	flows_end(&flows, b);
	flows_end(&flows, a);
	check(!flows_oldest(&flows, 0), "all are");
}

static void test_many(void)
{
	unsigned good = 0;

	for (unsigned i = 0; i < FLOWS_MAX; i++)
		good += begin(i, IPPROTO_TCP, i) != NULL;
	check(good == FLOWS_MAX && !begin(FLOWS_MAX, IPPROTO_TCP, 0), "there is room for %d", good);
	for (unsigned i = 0; i < FLOWS_MAX; i++)
		good -= find(i, IPPROTO_TCP, 40000) != NULL;
	check(good == 0, "each is found");
	/* the oldest makes room, many times over */
	for (unsigned i = FLOWS_MAX; i < 20 * FLOWS_MAX; i++) {
		struct flow *oldest = flows_oldest(&flows, 0);

		good += oldest->first == (int64_t)i - FLOWS_MAX;
		flows_end(&flows, oldest);
		good += begin(i, IPPROTO_TCP, i) != NULL;
	}
	check(good == 2 * 19 * FLOWS_MAX, "the oldest makes room");
}

int main(void)
{
	test_few();
	test_many();
	return test_done();
}
