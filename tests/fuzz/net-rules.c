/*
 * --allow and --deny: lines of rules, the first character of each says which. What has to hold for
 * every input: a rule is taken or it is a failure; no rule opens the host's loopback, the gateway,
 * or multicast; a name that only ends like an allowed one is not resolved.
 */
#include "network/filter.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rules rules;
static struct learned learned;

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void never_open(const struct filter *f)
{
	static const uint32_t shut[] = {0x7f000001, 0,          0x0a000202,
					0x0a000264, 0xe0000001, 0xffffffff};

	for (size_t i = 0; i < COUNT(shut); i++) {
		struct filter_flow flow = {.to = {filter_address4(shut[i]), 443, IPPROTO_TCP}};

		require(!filter_decide(f, &flow));
		require(filter_rebinds(f, &flow.to.address));
	}
}

static void names(void)
{
	char name[RULE_NAME + 8];
	struct rule_set set;
	int by;

	for (size_t i = 0; i < rules.count; i++) {
		const struct rule *r = &rules.list[i];

		if (r->host == RULE_PREFIX)
			continue;
		(void)snprintf(name, sizeof(name), "x%s", r->name);
		if (rules.count == 1 && r->allow && r->host == RULE_IS)
			require(!rules_name(&rules, name, &set, &by) &&
				rules_name(&rules, r->name, &set, &by));
		if (rules.count == 1 && r->allow && r->host == RULE_BELOW)
			require(!rules_name(&rules, name, &set, &by) &&
				!rules_name(&rules, r->name, &set, &by));
		if (!r->allow && !r->ports && !r->protocol && r->host == RULE_IS)
			require(!rules_name(&rules, r->name, &set, &by));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct filter f = {.ipv6 = true, .rules = &rules, .learned = &learned};
	char *text = malloc(size + 1), *rest = text, *line;

	require(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	memset(&rules, 0, sizeof(rules));
	while ((line = strsep(&rest, "\n")) != NULL) {
		size_t before = rules.count;

		failure_clear();
		if (line[0] != '\0' && rules_add(&rules, line[0] != '-', line + 1) < 0)
			require(rules.count == before && failure_get());
	}
	if (rules.count > 0) {
		never_open(&f);
		names();
	}
	free(text);
	return 0;
}
