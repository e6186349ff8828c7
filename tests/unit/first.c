/*
 * Whom the first bytes of a connection are for: TLS and HTTP as honest clients send them, cut at
 * every place, and as somebody sends them who wants two readers to see two names.
 */
#include "network/first.h"
#include "test.h"

#include <string.h>

static char name[RULE_NAME];
static uint8_t hello[1024];
static size_t used;

static enum first look(const void *bytes, size_t length)
{
	memset(name, 0, sizeof(name));
	return first_name(bytes, length, name);
}

/* ---- HTTP ---- */

static void http(const char *text, enum first want, const char *want_name, const char *what)
{
	check(look(text, strlen(text)) == want && (!want_name || strcmp(name, want_name) == 0),
	      "HTTP: %s", what);
}

static void test_http(void)
{
	static const char good[] = "GET /a HTTP/1.1\r\nAccept: */*\r\nHost: Web.Test:80\r\n\r\n";
	bool more = true;

	http(good, FIRST_NAME, "web.test", "a request");
	for (size_t i = 0; i < sizeof(good) - 1; i++)
		more &= look(good, i) == FIRST_MORE;
	check(more, "HTTP: all of the head is waited for");
	http("POST / HTTP/1.1\nHost: web.test.\n\nbody", FIRST_NAME, "web.test", "bare newlines");
	http("GET / HTTP/1.1\r\n\r\n", FIRST_NONE, NULL, "no host");
	http("GET / HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n", FIRST_NONE, NULL,
	     "two hosts");
	http("GET / HTTP/1.1\r\nHost : a.test\r\n\r\n", FIRST_NONE, NULL,
	     "a blank before the colon");
	http("GET / HTTP/1.1\r\nX: y\r\n Host: a.test\r\nHost: b.test\r\n\r\n", FIRST_NONE, NULL,
	     "a continued line");
	http("GET / HTTP/1.1\rHost: a.test\r\nHost: b.test\r\n\r\n", FIRST_NONE, NULL,
	     "a return within a line");
	http("GET / HTTP/1.1\r\nHost: a.test\rX\r\n\r\n", FIRST_NONE, NULL,
	     "a return within the host");
	http("GET / HTTP/1.1\r\nHost: a.test b.test\r\n\r\n", FIRST_NONE, NULL,
	     "two names in one host");
	http("GET / HTTP/1.1\r\nHost: a.test:80@b.test\r\n\r\n", FIRST_NONE, NULL,
	     "a port that is none");
	http("GET http://a.test/ HTTP/1.1\r\nHost: b.test\r\n\r\n", FIRST_NONE, NULL,
	     "a whole URL");
	http("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n", FIRST_NONE, NULL, "CONNECT");
	http("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", FIRST_NONE, NULL, "version 2");
	http("GET / HTTP/1.1\r\nno colon\r\nHost: a.test\r\n\r\n", FIRST_NONE, NULL,
	     "a line without a colon");
	http("SSH-2.0-OpenSSH\r\n", FIRST_OTHER, NULL, "another protocol");
	http("\r\nGET / HTTP/1.1\r\nHost: a.test\r\n\r\n", FIRST_OTHER, NULL,
	     "an empty line first");
	http("get / HTTP/1.1\r\nHost: a.test\r\n\r\n", FIRST_OTHER, NULL, "small letters");
}

/* ---- TLS ---- */

static void put(const void *bytes, size_t length)
{
	memcpy(hello + used, bytes, length);
	used += length;
}

static void put16(size_t at, size_t value)
{
	hello[at] = (uint8_t)(value >> 8);
	hello[at + 1] = (uint8_t)value;
}

/* A ClientHello with these extensions, behind its record. */
static void make(const void *extensions, size_t length)
{
	used = 0;
	put("\x16\3\1\0\0\1\0\0\0\3\3", 11);
	put("0123456789abcdef0123456789abcdef", 32);
	put("\0\0\2\x13\x01\1\0\0\0", 9);
	put16(used - 2, length);
	put(extensions, length);
	put16(3, used - 5);
	put16(7, used - 9);
}
#define MAKE(text) make(text, sizeof(text) - 1)
#define NAME "\0\0\0\x0d\0\x0b\0\0\x08Web.Test"

static void test_tls(void)
{
	static uint8_t split[2048];
	bool more = true;
	size_t at = 0;

	MAKE("\0\x17\0\0" NAME "\0\x2b\0\3\2\3\4");
	check(look(hello, used) == FIRST_NAME && strcmp(name, "web.test") == 0, "TLS: a name");
	for (size_t i = 0; i < used; i++)
		more &= look(hello, i) == FIRST_MORE;
	check(more, "TLS: all of it is waited for");
	for (size_t i = 5; i < used; i++) { /* a record for each byte */
		memcpy(split + at, "\x16\3\1\0\1", 5);
		split[at + 5] = hello[i];
		at += 6;
	}
	check(look(split, at) == FIRST_NAME && strcmp(name, "web.test") == 0, "TLS: many records");
	MAKE("\0\x17\0\0");
	check(look(hello, used) == FIRST_NONE, "TLS: no name");
	MAKE(NAME NAME);
	check(look(hello, used) == FIRST_NONE, "TLS: two names");
	MAKE("\0\0\0\x13\0\x11\0\0\3a.b\0\0\x08Web.Test");
	check(look(hello, used) == FIRST_NONE, "TLS: two names in one list");
	MAKE("\0\0\0\x0d\0\x0b\0\0\x08"
	     "Web\0Test");
	check(look(hello, used) == FIRST_NONE, "TLS: a zero in the name");
	MAKE("\0\0\0\x0d\0\x0b\0\0\x09Web.Test");
	check(look(hello, used) == FIRST_NONE, "TLS: a length that is wrong");
	MAKE(NAME);
	hello[5] = 2;
	check(look(hello, used) == FIRST_NONE, "TLS: no ClientHello");
	check(look("\x16\3\1\xff\xff\1", 6) == FIRST_NONE, "TLS: a record that is too long");
	check(look("\x80\x2e\1\3\1", 5) == FIRST_OTHER, "the oldest TLS is none");
}

int main(void)
{
	test_http();
	test_tls();
	return test_done();
}
