/*
 * The filter on frames: the first byte chooses what is open, the rest is the frame, in a block of
 * its own so that the sanitizers see every read beyond it. What has to hold for every input: no
 * read outside; what passes names no closed destination, has the sandbox's source, no fragment, no
 * option; an answer fits, goes to the sandbox, and is never answered itself.
 */
#include "network/addresses.h"
#include "network/filter.h"
#include "network/refusal.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* Looked at in another way than the filter does. */
static void passed(const struct filter *f, const uint8_t *frame)
{
	const uint8_t *ip = frame + ETHERNET_HEADER;

	if (frame[12] != 8 || frame[13] != 0)
		return;
	require(ip[0] == 0x45 && (ip[6] & 0xbf) == 0 && ip[7] == 0);
	require(ip[12] == 10 && ip[13] == 0 && ip[14] == 2 && ip[15] == 100);
	require(ip[16] != 127 && ip[16] != 0 && ip[16] < 224);
	require(!(ip[16] == 169 && ip[17] == 254));
	require(!(ip[16] == 192 && ip[17] == 168) || f->lan);
	if (ip[16] == 10 && !f->lan)
		require(ip[17] == 0 && ip[18] == 2 && ip[19] == 2);
	if (ip[16] == 10 && ip[17] == 0 && ip[18] == 2)
		require(ip[19] == 2 && (ip[9] == 1 || f->loopback));
}

/* With a name and an address allowed: nothing else begins. */
static void ruled(struct filter *f, const uint8_t *frame, size_t length)
{
	static struct rules rules;
	static struct learned learned;
	struct filter_address web = filter_address4(0xc6336450);
	struct filter_flow flow;
	struct rule_set set;
	int by;

	if (rules.count == 0) {
		require(rules_add(&rules, true, "web.test:80-90") == 0 &&
			rules_add(&rules, true, "192.0.2.7") == 0 &&
			rules_name(&rules, "web.test", &set, &by));
		learned_add(&learned, "web.test", &set, &web, 60, 0);
	}
	f->rules = &rules;
	f->learned = &learned;
	f->lan = f->loopback = false;
	(void)filter_inbound(f, frame, length);
	if (filter_frame(f, frame, length, &flow) != FILTER_PASS ||
	    (flow.protocol != IPPROTO_UDP && !flow.starts))
		return;
	require(address_is_ip4(&flow.to.address));
	if (memcmp(&flow.to.address, &web, sizeof(web)) == 0)
		require(flow.to.port >= 80 && flow.to.port <= 90 && flow.name);
	else
		require(read32(flow.to.address.bytes + 12) == 0xc0000207);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct filter f = {0};
	struct filter_flow flow;
	uint8_t answer[REFUSAL_MAX], *frame;
	enum filter_verdict verdict;
	size_t length;

	if (size < 1)
		return 0;
	f.ipv6 = data[0] & 1;
	f.echo4 = f.echo6 = data[0] & 2;
	f.lan = data[0] & 4;
	f.loopback = data[0] & 8;
	f.ports[0] = 5432;
	f.port_count = data[0] >> 4 & 1;
	frame = malloc(size);
	require(frame != NULL);
	memcpy(frame, data + 1, size - 1);
	frame = realloc(frame, size - 1 ? size - 1 : 1);
	require(frame != NULL);
	verdict = filter_frame(&f, frame, size - 1, &flow);
	if (verdict == FILTER_PASS)
		passed(&f, frame);
	if (verdict == FILTER_REFUSE || flow.protocol != 0) {
		length = refusal_make(frame, answer);
		require(length <= REFUSAL_MAX && memcmp(answer, frame + 6, 6) == 0);
		require(filter_frame(&f, answer, length, &flow) == FILTER_DROP);
	}
	ruled(&f, frame, size - 1);
	free(frame);
	return 0;
}
