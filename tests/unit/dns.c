/*
 * Messages of the domain name system, put together by hand as a hostile client or server would.
 */
#include "network/dns.h"
#include "test.h"

#include <string.h>

static uint8_t message[4096];
static size_t used;

static void put(const void *bytes, size_t length)
{
	memcpy(message + used, bytes, length);
	used += length;
}
#define PUT(text) put(text, sizeof(text) - 1)

static void name(const char *text)
{
	while (*text) {
		size_t length = strcspn(text, ".");
		uint8_t size = (uint8_t)length;

		put(&size, 1);
		put(text, length);
		text += length + (text[length] == '.');
	}
	PUT("\0");
}

/* A question for A of a name, with number 0x1234. */
static void question(const char *text)
{
	used = 0;
	PUT("\x12\x34\1\0\0\1\0\0\0\0\0\0");
	name(text);
	PUT("\0\1\0\1");
}

static struct dns_question q;
static struct dns_answer a;

/* The head of an answer to the question that was read last. */
static void answer(uint8_t records)
{
	uint8_t kept[300];

	memcpy(kept, q.bytes, q.length);
	used = 0;
	PUT("\x56\x78\x81\x80\0\1\0");
	put(&records, 1);
	PUT("\0\0\0\0");
	put(kept, q.length);
}

static int read_answer(void)
{
	return dns_read_answer(message, used, &q, 0x5678, &a);
}

static void ask(const char *text)
{
	static uint8_t asked[300];

	question(text);
	memcpy(asked, message, used);
	(void)dns_read_question(asked, used, &q);
}

static void test_questions(void)
{
	char longest[256];

	question("WWW.Example.TEST");
	check(dns_read_question(message, used, &q) == DNS_GOOD && q.id == 0x1234 &&
		      q.type == DNS_A && strcmp(q.name, "www.example.test") == 0 && q.recursion &&
		      !q.extended && q.limit == 512,
	      "a question, in one form");
	for (size_t i = 0; i < used; i++)
		check(dns_read_question(message, i, &q) != DNS_GOOD, "cut after %zu bytes", i);
	message[11] = 1;
	PUT("\0\0\x29\x10\0\0\0\0\0\0\0");
	check(dns_read_question(message, used, &q) == DNS_GOOD && q.extended && q.limit == 4096,
	      "EDNS");
	question("a\001b.test");
	check(dns_read_question(message, used, &q) == DNS_GOOD && q.name[0] == '\0',
	      "a name with other bytes is no name");
	question("a b.test");
	check(dns_read_question(message, used, &q) == DNS_GOOD && q.name[0] == '\0',
	      "nor one with a blank");
	question("");
	check(dns_read_question(message, used, &q) == DNS_GOOD && q.name[0] == '\0',
	      "nor the root");
	used = 0;
	PUT("\x12\x34\1\0\0\1\0\0\0\0\0\0\4a.b\0\4test\0\0\1\0\1");
	check(dns_read_question(message, used, &q) != DNS_GOOD || q.name[0] == '\0',
	      "a dot within a label is not the end of one");
	used = 0;
	PUT("\x12\x34\1\0\0\1\0\0\0\0\0\0\3web\xc0\x0c\0\1\0\1");
	check(dns_read_question(message, used, &q) == DNS_FORMAT, "no pointers in a question");
	question("web.test");
	message[5] = 2;
	check(dns_read_question(message, used, &q) == DNS_FORMAT, "two questions");
	question("web.test");
	message[2] |= 0x80;
	check(dns_read_question(message, used, &q) == -1, "an answer is no question");
	question("web.test");
	message[2] |= 5 << 3;
	check(dns_read_question(message, used, &q) == DNS_NOT_DONE, "an update");
	question("web.test");
	message[used - 1] = 3;
	check(dns_read_question(message, used, &q) == DNS_REFUSED, "class CHAOS");
	memset(longest, 'a', sizeof(longest));
	for (size_t i = 49; i < 250; i += 50)
		longest[i] = '.';
	longest[253] = '\0';
	question(longest);
	check(dns_read_question(message, used, &q) == DNS_GOOD && strlen(q.name) == 253,
	      "the longest name");
	longest[253] = 'a';
	longest[254] = '\0';
	question(longest);
	check(dns_read_question(message, used, &q) == DNS_FORMAT, "one that is too long");
}

static void test_answers(void)
{
	ask("web.test");
	answer(1);
	PUT("\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc6\x33\x64\x50");
	check(read_answer() == 0 && a.code == DNS_GOOD && a.count == 1 && a.ttl == 60 &&
		      memcmp(a.addresses[0].bytes + 10, "\xff\xff\xc6\x33\x64\x50", 6) == 0,
	      "an address");
	for (size_t i = 0; i < used; i++)
		check(dns_read_answer(message, i, &q, 0x5678, &a) < 0 || a.code == DNS_FAILURE,
		      "cut after %zu bytes", i);
	message[0] = 0;
	check(read_answer() < 0, "another number");
	answer(1);
	PUT("\4evil\4test\0\0\1\0\1\0\0\0\x3c\0\4\xc6\x33\x64\x50");
	check(read_answer() == 0 && a.count == 0, "another name's address does not count");
	answer(3);
	PUT("\5inner\4test\0\0\1\0\1\0\0\0\x3c\0\4\xc6\x33\x64\x51");
	PUT("\3cdn\4test\0\0\5\0\1\0\0\0\x1e\0\x0c\5inner\4test\0");
	PUT("\xc0\x0c\0\5\0\1\0\0\0\x0a\0\x0a\3cdn\4test\0");
	check(read_answer() == 0 && a.chain_count == 2 && strcmp(a.chain[1], "inner.test") == 0 &&
		      a.count == 1 && a.ttl == 10,
	      "names that lead to each other, in any order");
	answer(1);
	PUT("\xc0\x0c\0\5\0\1\0\0\0\x0a\0\2\xc0\x0c");
	check(read_answer() == 0 && a.code == DNS_FAILURE, "a name that leads to itself");
	answer(1);
	PUT("\xc0\xff\0\1\0\1\0\0\0\x3c\0\4\xc6\x33\x64\x50");
	check(read_answer() == 0 && a.code == DNS_FAILURE, "a pointer forward");
	answer(1);
	PUT("\xc0\x16\0\1\0\1\0\0\0\x3c\0\4\xc6\x33\x64\x50");
	check(read_answer() == 0 && (a.code == DNS_FAILURE || a.count == 0), "a pointer to itself");
	answer(1);
	PUT("\xc0\x0c\0\1\0\1\0\0\0\x3c\0\3\xc6\x33\x64");
	check(read_answer() == 0 && a.code == DNS_FAILURE, "an address of three bytes");
	answer(1);
	PUT("\xc0\x0c\0\1\0\1\xff\xff\xff\xff\0\4\xc6\x33\x64\x50");
	check(read_answer() == 0 && a.ttl == 0, "a time with its first bit set is none");
	ask("other.test");
	check(read_answer() < 0, "the answer to another question");
	ask("web.test");
	answer(0);
	message[3] = 0x83;
	check(read_answer() == 0 && a.code == DNS_NO_NAME, "no such name");
	message[2] |= 2;
	check(read_answer() == 0 && a.truncated, "cut by the server");
}

static void test_writing(void)
{
	static uint8_t out[DNS_MESSAGE], asked[DNS_QUERY];
	struct dns_question again;
	size_t length;

	ask("Web.Test");
	length = dns_write_question(&q, 0x5678, asked);
	check(length > 0 && dns_read_question(asked, length, &again) == DNS_GOOD &&
		      strcmp(again.name, "web.test") == 0 && again.id == 0x5678 &&
		      again.limit == 1232,
	      "what is asked can be read");
	a = (struct dns_answer){.chain_count = 2, .count = 3, .ttl = 60};
	memcpy(a.chain[0], "cdn.test", 9);
	memcpy(a.chain[1], "inner.cdn.test", 15);
	memset(&a.addresses[0].bytes, 0, sizeof(a.addresses[0]));
	length = dns_write_answer(&q, DNS_GOOD, DNS_EXTRA_NONE, &a, 512, out);
	memset(&a, 0, sizeof(a));
	check(dns_read_answer(out, length, &q, 0x1234, &a) == 0 && a.chain_count == 2 &&
		      a.count == 3 && strcmp(a.chain[1], "inner.cdn.test") == 0 && a.ttl == 60,
	      "what is answered can be read");
	check(memcmp(out + 12, "\3Web\4Test", 9) == 0,
	      "the question is answered as it was written");
	a.count = 100;
	length = dns_write_answer(&q, DNS_GOOD, DNS_EXTRA_NONE, &a, 512, out);
	check(length <= 512 && (out[2] & 2) && out[7] == 0, "what is too long is cut, and says so");
	length = dns_write_answer(&q, DNS_GOOD, DNS_EXTRA_NONE, &a, DNS_MESSAGE, out);
	check(length > 1600 && !(out[2] & 2) && out[7] == 102, "with room it is whole");
	q.extended = true;
	length = dns_write_answer(&q, DNS_NO_NAME, DNS_FILTERED, NULL, 512, out);
	check((out[3] & 15) == DNS_NO_NAME && memcmp(out + length - 6, "\0\x0f\0\2\0\x11", 6) == 0,
	      "a refusal says why");
}

int main(void)
{
	test_questions();
	test_answers();
	test_writing();
	return test_done();
}
