/*
 * --allow and --deny: what is a rule, which names and addresses it speaks of, what wins; and for
 * how long an address belongs to a name.
 */
#include "network/filter.h"
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static struct rules rules;
static struct learned learned;
static struct filter filter;

static struct filter_address address(const char *text)
{
	struct filter_address a = {.bytes = {[10] = 0xff, [11] = 0xff}};

	if (inet_pton(AF_INET, text, a.bytes + 12) != 1)
		(void)inet_pton(AF_INET6, text, a.bytes);
	return a;
}

/* Begins anew with these rules: "+" in front allows, "-" denies. */
static void given(const char *const *texts)
{
	static const struct filter_address host = {.bytes = {[10] = 0xff, 0xff, 203, 0, 113, 7}};

	memset(&rules, 0, sizeof(rules));
	memset(&learned, 0, sizeof(learned));
	filter = (struct filter){.ipv6 = true, .rules = &rules, .learned = &learned, .now = 1000};
	filter.own[filter.own_count++] = host;
	for (; *texts; texts++)
		if (rules_add(&rules, **texts == '+', *texts + 1) < 0)
			check(false, "%s: %s", *texts, failure_get()->text);
}
#define GIVEN(...) given((const char *const[]){__VA_ARGS__, NULL})

static bool goes(const char *to, uint8_t protocol, uint16_t port)
{
	struct filter_flow flow = {.to = {address(to), port, protocol}};

	return filter_decide(&filter, &flow);
}

static void opens(const char *to, uint8_t protocol, uint16_t port, bool open)
{
	check(goes(to, protocol, port) == open, "%s port %u by %s is %s", to, port,
	      protocol == IPPROTO_TCP   ? "TCP"
	      : protocol == IPPROTO_UDP ? "UDP"
					: "echo",
	      open ? "open" : "refused");
}

/* The name is asked for, and answered with this address. */
static void learn(const char *name, const char *to)
{
	struct filter_address a = address(to);
	struct rule_set set;
	int by;

	if (check(rules_name(&rules, name, &set, &by), "%s is resolved", name) &&
	    !filter_rebinds(&filter, &a))
		learned_add(&learned, name, &set, &a, 1, filter.now);
}

static void unknown(const char *name)
{
	struct rule_set set;
	int by;

	check(!rules_name(&rules, name, &set, &by), "%s is not resolved", name);
}

/* ---- words ---- */

static const char *const good_words[] = {"web.test",
					 "WEB.Test.",
					 "*.web.test",
					 "*.test",
					 "a_b.test",
					 "web.test:443",
					 "web.test:443/tcp",
					 "web.test/udp",
					 "web.test:1-65535",
					 "198.51.100.80",
					 "198.51.100.80:80",
					 "198.51.100.0/24",
					 "198.51.100.0/24:80-90/udp",
					 "0.0.0.0/0",
					 "2001:db8::1",
					 "2001:db8::/32",
					 "[2001:db8::1]:443",
					 "[2001:db8::/32]:443/tcp",
					 "[2001:db8::1]",
					 "::/0",
					 "10.0.0.0/8",
					 "169.254.169.254:80",
					 "xn--bcher-kva.test"};
static const char *const wrong_words[] = {"",
					  "web",
					  "*",
					  "*web.test",
					  "w*.test",
					  "a.*.test",
					  "web..test",
					  ".test",
					  "web.test:",
					  "web.test:0",
					  "web.test:65536",
					  "web.test:9-8",
					  "web.test:80-",
					  "web.test:http",
					  "web.test/sctp",
					  "web.test/24",
					  "1.2.3",
					  "1.2.3.4.5",
					  "1.2.3.4/33",
					  "1.2.3.4/24",
					  "1.2.3.4/",
					  "2001:db8::1/64",
					  "[2001:db8::1",
					  "[web.test]:80",
					  "2001:db8::1:443:",
					  "127.0.0.1",
					  "0.0.0.0",
					  "10.0.2.2",
					  "::1",
					  "::",
					  "224.0.0.1",
					  "255.255.255.255",
					  "ff02::1",
					  "::ffff:1.2.3.4",
					  "web.test:80:90",
					  ("b\xc3\xbc"
					   "cher.test"),
					  "http://web.test/",
					  "web test.test",
					  "web.test:+80"};

static void test_words(void)
{
	memset(&rules, 0, sizeof(rules));
	for (size_t i = 0; i < COUNT(good_words); i++)
		check(rules_add(&rules, true, good_words[i]) == 0, "\"%s\" is a rule",
		      good_words[i]);
	for (size_t i = 0; i < COUNT(wrong_words); i++) {
		failure_clear();
		check(rules_add(&rules, true, wrong_words[i]) < 0 && failure_get(),
		      "\"%s\" is none: %s", wrong_words[i],
		      failure_get() ? failure_get()->text : "");
	}
	failure_clear();
	check(rules_add(&rules, false, "127.0.0.1") == 0, "what cannot be opened can be denied");
}

static void test_many(void)
{
	static char texts[RULES_MAX + 1][32];
	bool good = true;

	memset(&rules, 0, sizeof(rules));
	for (size_t i = 0; i < RULES_MAX; i++) {
		(void)snprintf(texts[i], sizeof(texts[i]), "n%zu.test", i);
		good &= rules_add(&rules, true, texts[i]) == 0;
	}
	check(good, "%d rules", RULES_MAX);
	check(rules_add(&rules, true, "one.more") < 0, "and no more");
	failure_clear();
}

/* ---- names ---- */

static void test_names(void)
{
	GIVEN("+web.test", "+*.cdn.test", "-evil.cdn.test", "-half.cdn.test:22");
	learn("web.test", "198.51.100.80");
	learn("a.cdn.test", "198.51.100.81");
	learn("a.b.cdn.test", "198.51.100.82");
	learn("half.cdn.test", "198.51.100.83");
	unknown("cdn.test");
	unknown("www.web.test");
	unknown("notweb.test");
	unknown("web.test.evil.net");
	unknown("xcdn.test");
	unknown("evil.cdn.test");
	unknown("web");
	unknown("test");
	opens("198.51.100.80", IPPROTO_TCP, 443, true);
	opens("198.51.100.80", IPPROTO_UDP, 1194, true);
	opens("198.51.100.80", IPPROTO_ICMP, 0, true);
	opens("198.51.100.80", IPPROTO_UDP, 443, false);
	opens("198.51.100.80", IPPROTO_UDP, 53, false);
	opens("198.51.100.80", IPPROTO_TCP, 53, false);
	opens("198.51.100.80", IPPROTO_TCP, 853, false);
	opens("198.51.100.83", IPPROTO_TCP, 22, false);
	opens("198.51.100.83", IPPROTO_TCP, 80, true);
	opens("198.51.100.84", IPPROTO_TCP, 443, false);
	filter.now += INT64_C(659) * 1000;
	opens("198.51.100.80", IPPROTO_TCP, 443, true);
	filter.now += INT64_C(2) * 1000;
	opens("198.51.100.80", IPPROTO_TCP, 443, false);
}

static void test_ports(void)
{
	GIVEN("+web.test:80-90/tcp", "+dns.test:53", "+quic.test:443/udp");
	learn("web.test", "198.51.100.80");
	learn("dns.test", "198.51.100.53");
	learn("quic.test", "198.51.100.43");
	opens("198.51.100.80", IPPROTO_TCP, 79, false);
	opens("198.51.100.80", IPPROTO_TCP, 80, true);
	opens("198.51.100.80", IPPROTO_TCP, 90, true);
	opens("198.51.100.80", IPPROTO_TCP, 91, false);
	opens("198.51.100.80", IPPROTO_UDP, 80, false);
	opens("198.51.100.80", IPPROTO_ICMP, 0, false);
	opens("198.51.100.53", IPPROTO_UDP, 53, true);
	opens("198.51.100.53", IPPROTO_TCP, 53, true);
	opens("198.51.100.43", IPPROTO_UDP, 443, true);
	opens("198.51.100.43", IPPROTO_TCP, 443, false);
}

/* Two names of one address: what one allows is open, what one denies is not. */
static void test_shared(void)
{
	GIVEN("+a.test:80", "+b.test:81", "-b.test:90", "+a.test:90");
	learn("a.test", "198.51.100.80");
	learn("b.test", "198.51.100.80");
	opens("198.51.100.80", IPPROTO_TCP, 80, true);
	opens("198.51.100.80", IPPROTO_TCP, 81, true);
	opens("198.51.100.80", IPPROTO_TCP, 82, false);
	opens("198.51.100.80", IPPROTO_TCP, 90, false);
}

/* ---- addresses ---- */

static void test_addresses(void)
{
	GIVEN("+198.51.100.0/24:443", "+2001:db8:80::/48", "-198.51.100.7", "+10.9.9.0/24",
	      "+169.254.169.254:80", "+203.0.113.7:22", "+64:ff9b::a09:909");
	opens("198.51.100.80", IPPROTO_TCP, 443, true);
	opens("198.51.100.80", IPPROTO_TCP, 80, false);
	opens("198.51.100.7", IPPROTO_TCP, 443, false);
	opens("198.51.101.80", IPPROTO_TCP, 443, false);
	opens("2001:db8:80::80", IPPROTO_TCP, 22, true);
	opens("2001:db8:81::80", IPPROTO_TCP, 22, false);
	opens("10.9.9.9", IPPROTO_TCP, 22, true);
	opens("10.9.8.9", IPPROTO_TCP, 22, false);
	opens("169.254.169.254", IPPROTO_TCP, 80, true);
	opens("169.254.169.254", IPPROTO_TCP, 81, false);
	opens("203.0.113.7", IPPROTO_TCP, 22, true);
	opens("203.0.113.7", IPPROTO_TCP, 23, false);
	opens("64:ff9b::a09:909", IPPROTO_TCP, 22, true);
	opens("64:ff9b::a09:90a", IPPROTO_TCP, 22, false);
	opens("127.0.0.1", IPPROTO_TCP, 443, false);
	unknown("web.test");

	GIVEN("+0.0.0.0/0", "+::/0");
	learn("web.test", "198.51.100.80");
	opens("1.2.3.4", IPPROTO_TCP, 1, true);
	opens("2001:db8::1", IPPROTO_TCP, 1, true);
	opens("1.2.3.4", IPPROTO_UDP, 53, false);
	opens("10.9.9.9", IPPROTO_TCP, 1, false);
	opens("127.0.0.1", IPPROTO_TCP, 1, false);
	opens("0.0.0.0", IPPROTO_TCP, 1, false);
	opens("169.254.169.254", IPPROTO_TCP, 1, false);
	opens("203.0.113.7", IPPROTO_TCP, 1, false);
	opens("10.0.2.2", IPPROTO_TCP, 1, false);
	opens("64:ff9b::a09:909", IPPROTO_TCP, 1, false);
	opens("::ffff:1.2.3.4", IPPROTO_TCP, 1, true);

	GIVEN("+203.0.0.0/8", "+10.0.0.0/7");
	opens("203.0.113.8", IPPROTO_TCP, 1, true);
	opens("203.0.113.7", IPPROTO_TCP, 1, false);
	opens("10.9.9.9", IPPROTO_TCP, 1, false);
}

/* ---- only --deny ---- */

static void test_deny(void)
{
	GIVEN("-198.51.100.0/24");
	learn("web.test", "198.51.101.80");
	opens("198.51.100.80", IPPROTO_TCP, 80, false);
	opens("198.51.101.80", IPPROTO_TCP, 80, true);
	opens("1.1.1.1", IPPROTO_UDP, 53, true);
	opens("10.9.9.9", IPPROTO_TCP, 1, false);

	GIVEN("-evil.test", "-*.ads.test", "-half.test:25");
	unknown("evil.test");
	unknown("x.ads.test");
	learn("web.test", "198.51.100.80");
	learn("half.test", "198.51.100.81");
	opens("198.51.100.80", IPPROTO_TCP, 80, true);
	opens("198.51.100.80", IPPROTO_UDP, 53, false);
	opens("198.51.100.81", IPPROTO_TCP, 25, false);
	opens("198.51.100.81", IPPROTO_TCP, 80, true);
	opens("198.51.100.99", IPPROTO_TCP, 80, false);
}

/* ---- closed ranges ---- */

static void test_opened(void)
{
	GIVEN("+web.test", "+inner.test", "-10.9.9.0/24");
	filter.lan = filter.loopback = true;
	opens("192.168.7.1", IPPROTO_TCP, 80, true);
	opens("10.9.9.9", IPPROTO_TCP, 80, false);
	opens("10.0.2.2", IPPROTO_TCP, 80, true);
	opens("169.254.169.254", IPPROTO_TCP, 80, false);
	learn("inner.test", "169.254.169.254");
	opens("169.254.169.254", IPPROTO_TCP, 80, false);
	filter.lan = filter.loopback = false;
	opens("192.168.7.1", IPPROTO_TCP, 80, false);
	opens("10.0.2.2", IPPROTO_TCP, 80, false);
}

static void rebinds(const char *to, bool yes)
{
	struct filter_address a = address(to);

	check(filter_rebinds(&filter, &a) == yes, "a name may%s lead to %s", yes ? " not" : "", to);
}

static void test_rebinding(void)
{
	static const char *const never[] = {
		"127.0.0.1",   "0.0.0.0",         "10.0.2.2",      "10.0.2.100",
		"203.0.113.7", "169.254.169.254", "192.168.7.1",   "::1",
		"fe80::1",     "64:ff9b::7f00:1", "2002:7f00:1::", "fd5a:62b0:7841::2"};

	GIVEN("+web.test", "+10.9.9.9:80");
	for (size_t i = 0; i < COUNT(never); i++)
		rebinds(never[i], true);
	rebinds("198.51.100.80", false);
	rebinds("10.9.9.9", false);
	rebinds("10.9.9.8", true);
	filter.lan = true;
	rebinds("192.168.7.1", false);
	rebinds("127.0.0.1", true);
}

/* ---- the table of what was learned ---- */

static void test_full(void)
{
	char name[32];
	struct rule_set set = {{1}};
	struct filter_address a = address("198.51.100.80");
	size_t names = 0;

	GIVEN("+*.test");
	for (unsigned i = 0; i < 20000; i++) {
		(void)snprintf(name, sizeof(name), "n%u.test", i);
		memcpy(a.bytes + 13, &i, 3);
		learned_add(&learned, name, &set, &a, 300, filter.now + i);
	}
	for (size_t i = 0; i < LEARNED_NAMES; i++)
		names += learned.names[i].text[0] != '\0';
	check(names == LEARNED_NAMES, "the table is full");
	check(learned_knows(&learned, "n19999.test") && !learned_knows(&learned, "n1.test"),
	      "what is oldest makes room");
	for (unsigned i = 0; i < 20000; i++) {
		memcpy(a.bytes + 13, &i, 3);
		learned_add(&learned, "one.test", &set, &a, 300, filter.now + 20000 + i);
	}
	check(learned_name_of(&learned, &a, filter.now + 20000) != NULL,
	      "many addresses of one name");
}

static void test_datagrams(void)
{
	struct filter_flow flow = {.to = {address("198.51.100.80"), 1194, IPPROTO_UDP}};
	bool open = true;

	GIVEN("+web.test");
	learn("web.test", "198.51.100.80");
	for (unsigned i = 0; i < 100; i++) {
		filter.now += INT64_C(200) * 1000;
		open &= filter_decide(&filter, &flow);
		learned_keep(flow.learned, filter.now);
	}
	check(open, "a flow of datagrams goes on");
	filter.now += INT64_C(241) * 1000;
	check(!filter_decide(&filter, &flow), "and ends when it pauses");
}

int main(void)
{
	test_words();
	test_many();
	test_names();
	test_ports();
	test_shared();
	test_addresses();
	test_deny();
	test_opened();
	test_rebinding();
	test_full();
	test_datagrams();
	return test_done();
}
