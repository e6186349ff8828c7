/*
 * SHA-256 in both ways: the examples of the standard's authors, every length around a block, and
 * one stream cut in all kinds of pieces.
 */
#include "sha256.h"
#include "test.h"

#include <string.h>

static const char *digest_of(const void *bytes, size_t length, size_t piece)
{
	static char hex[SHA256_HEX];
	struct sha256 s;

	sha256_begin(&s);
	for (size_t at = 0; at < length; at += piece)
		sha256_add(&s, (const char *)bytes + at, length - at < piece ? length - at : piece);
	sha256_end(&s, hex);
	return hex;
}

static void test_all(void)
{
	static const struct {
		const char *text, *digest;
	} known[] = {
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	};
	static char million[1000000];
	char whole[SHA256_HEX];

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		check(strcmp(digest_of(known[i].text, strlen(known[i].text), 1000),
			     known[i].digest) == 0,
		      "known: \"%s\"", known[i].text);
	memset(million, 'a', sizeof(million));
	memcpy(whole, digest_of(million, sizeof(million), sizeof(million)), sizeof(whole));
	check(strcmp(whole, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0") ==
		      0,
	      "a million times a");
	for (size_t piece = 1; piece < 200; piece += 21)
		check(strcmp(digest_of(million, sizeof(million), piece), whole) == 0,
		      "in pieces of %zu", piece);
	for (size_t length = 53; length <= 66; length++) {
		memcpy(whole, digest_of(million, length, 200), sizeof(whole));
		check(strcmp(digest_of(million, length, 1), whole) == 0, "%zu bytes, one by one",
		      length);
	}
}

int main(void)
{
	sha256_in_c(true);
	test_all();
	sha256_in_c(false); /* by instructions, where this processor has them */
	test_all();
	return test_done();
}
