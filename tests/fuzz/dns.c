/*
 * Messages of the domain name system: the first byte chooses between a client's question and a
 * server's answer to "web.test". What has to hold for every input: no read outside; names are plain
 * or none; what is written can be read again and says the same; nothing is longer than it may be.
 */
#include "network/dns.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void plain(const char *name)
{
	require(strlen(name) < RULE_NAME);
	for (; *name; name++)
		require(islower((unsigned char)*name) || isdigit((unsigned char)*name) ||
			*name == '-' || *name == '_' || *name == '.');
}

static void question(const uint8_t *bytes, size_t length)
{
	static uint8_t out[DNS_MESSAGE], asked[DNS_QUERY];
	struct dns_question q, again;
	int code = dns_read_question(bytes, length, &q);
	size_t made;

	if (code < 0)
		return;
	plain(q.name);
	made = dns_write_answer(&q, (enum dns_code)code, DNS_FILTERED, NULL, q.limit, out);
	require(made >= DNS_HEADER && made <= q.limit && (out[2] & 0x80));
	require(dns_read_question(out, made, &again) == -1);
	if (code != DNS_GOOD || q.name[0] == '\0')
		return;
	made = dns_write_question(&q, 0x5678, asked);
	require(made <= DNS_QUERY && dns_read_question(asked, made, &again) == DNS_GOOD);
	require(strcmp(q.name, again.name) == 0 && q.type == again.type && again.id == 0x5678);
}

static void answer(const uint8_t *bytes, size_t length)
{
	static const uint8_t text[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0\3web\4test\0\0\1\0\1";
	static uint8_t out[DNS_MESSAGE];
	static struct dns_answer a, again;
	struct dns_question q;
	size_t made;

	require(dns_read_question(text, sizeof(text) - 1, &q) == DNS_GOOD);
	if (length >= 2 && (bytes[0] & 1))
		q.type = DNS_AAAA;
	if (dns_read_answer(bytes, length, &q, 0x1234, &a) < 0)
		return;
	require(a.chain_count <= DNS_CHAIN && a.count <= DNS_ADDRESSES);
	for (size_t i = 0; i < a.chain_count; i++)
		plain(a.chain[i]);
	for (size_t limit = 512; limit <= DNS_MESSAGE; limit *= 2) {
		made = dns_write_answer(&q, DNS_GOOD, DNS_EXTRA_NONE, &a, limit, out);
		require(made <= limit);
	}
	if (a.code != DNS_GOOD || (out[2] & 2) || q.type != DNS_A)
		return;
	require(dns_read_answer(out, made, &q, 0x1234, &again) == 0 && again.code == DNS_GOOD);
	require(again.count == a.count && again.chain_count == a.chain_count);
	require(memcmp(again.addresses, a.addresses, a.count * sizeof(a.addresses[0])) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes;

	if (size < 1)
		return 0;
	bytes = malloc(size);
	require(bytes != NULL);
	memcpy(bytes, data + 1, size - 1);
	bytes = realloc(bytes, size - 1 ? size - 1 : 1);
	require(bytes != NULL);
	if (data[0] & 1)
		question(bytes, size - 1);
	else
		answer(bytes, size - 1);
	free(bytes);
	return 0;
}
