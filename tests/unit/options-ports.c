/*
 * --publish and --forward: what each form of the text means, and which are none.
 */
#include "parse.h"

#include <sched.h>

/* The last port of the words: its ends as one text. */
static const char *ends(const char *words)
{
	static char text[300];
	const struct net_port *p;

	(void)parse_as(1000, words);
	if (sb.port_count == 0)
		return "none";
	p = &sb.ports[sb.port_count - 1];
	(void)snprintf(text, sizeof(text), "%s%s %s%s:%u -> %s%s:%u x%u", p->forward ? "out " : "",
		       p->udp ? "udp" : "tcp", p->from.path ? "unix " : "",
		       p->from.path   ? p->from.path
		       : p->from.host ? p->from.host
				      : "",
		       p->from.port, p->to.path ? "unix " : "",
		       p->to.path   ? p->to.path
		       : p->to.host ? p->to.host
				    : "",
		       p->to.port, p->count);
	return text;
}

static void test_publish(void)
{
	static const struct {
		const char *words, *means;
	} forms[] = {
		{"zbox --publish 8080 true", "tcp :8080 -> :8080 x1"},
		{"zbox --publish 8080/tcp true", "tcp :8080 -> :8080 x1"},
		{"zbox --publish=8080:80 true", "tcp :8080 -> :80 x1"},
		{"zbox --publish 8080-8089 true", "tcp :8080 -> :8080 x10"},
		{"zbox --publish 8080-8089:80-89/udp true", "udp :8080 -> :80 x10"},
		{"zbox --publish 0.0.0.0:53/udp true", "udp 0.0.0.0:53 -> :53 x1"},
		{"zbox --publish 192.0.2.1:8080:80 true", "tcp 192.0.2.1:8080 -> :80 x1"},
		{"zbox --publish [::1]:8080:80 true", "tcp ::1:8080 -> :80 x1"},
		{"zbox --publish [::]:8080 true", "tcp :::8080 -> :8080 x1"},
		{"zbox --publish unix:/a/b:80 true", "tcp unix /a/b:0 -> :80 x1"},
		{"zbox --publish 80:unix:/a/udp true", "tcp :80 -> unix /a/udp:0 x1"},
		{"zbox --publish unix:/a:unix:/b true", "tcp unix /a:0 -> unix /b:0 x1"},
		{"zbox --forward 80:h.example:8080 true", "out tcp :80 -> h.example:8080 x1"},
		{"zbox --forward 80-81:[::1]:90-91 true", "out tcp :80 -> ::1:90 x2"},
		{"zbox --forward 127.0.0.2:80:127.0.0.1:90/udp true",
		 "out udp 127.0.0.2:80 -> 127.0.0.1:90 x1"},
		{"zbox --forward [::1]:80:h:90 true", "out tcp ::1:80 -> h:90 x1"},
		{"zbox --forward unix:/a:h:90 true", "out tcp unix /a:0 -> h:90 x1"},
		{"zbox --forward 80:unix:/a true", "out tcp :80 -> unix /a:0 x1"},
	};

	for (size_t i = 0; i < COUNT(forms); i++) {
		const char *is = ends(forms[i].words);

		check(same(is, forms[i].means), "%s: %s", forms[i].words, is);
	}
}

static void test_refused(void)
{
	static const struct {
		const char *text, *why;
	} forms[] = {
		{"x", "x is no address"},
		{"0", "a port is a number from 1 to 65535"},
		{"65536", "a port is a number from 1 to 65535"},
		{"80:", "a port is a number from 1 to 65535"},
		{":80", " is no address"},
		{"80:x", "a port is a number from 1 to 65535"},
		{"80:90:100", "there is more than two ends"},
		{"127.0.0.1", "a port is a number from 1 to 65535"},
		{"127.0.0.300:80", "127.0.0.300 is no address"},
		{"localhost:80", "localhost is no address"},
		{"::1:80", " is no address"},
		{"[::1:80", "[::1:80 is no address"},
		{"[1.2.3.4]:80", "[1.2.3.4] is no address"},
		{"80-", "a port is a number from 1 to 65535"},
		{"90-80", "the range 90-80 is empty"},
		{"1-1025", "at most 1024 ports"},
		{"80-89:90-98", "the two ranges differ in length"},
		{"80-89:90", "the two ranges differ in length"},
		{"80/sctp", "a port is a number from 1 to 65535"},
		{"80/udp/tcp", "a port is a number from 1 to 65535"},
		{"unix:/a", "where it leads to is missing"},
		{"unix:a:80", "the path of a Unix socket begins with / and has at most 107 bytes"},
		{"unix:/a:80/udp", "Unix sockets carry streams, not /udp"},
		{"80-81:unix:/a", "the two ranges differ in length"},
	};

	for (size_t i = 0; i < COUNT(forms); i++) {
		char words[120], want[240];

		(void)snprintf(words, sizeof(words), "zbox --publish %s true", forms[i].text);
		(void)snprintf(want, sizeof(want), "--publish %s: %s", forms[i].text, forms[i].why);
		expect_as(1000, words, want);
	}
	expect_as(1000, "zbox --forward 80 true", "--forward 80: where it leads to is missing");
	expect_as(1000, "zbox --forward 80:90 true",
		  "--forward 80:90: a port is a number from 1 to 65535");
	expect_as(1000, "zbox --forward 80:a_b!c:90 true",
		  "--forward 80:a_b!c:90: a_b!c is no address and no name");
	expect_as(1000, "zbox --publish 1-600 --publish 1001-1500 true",
		  "--publish 1001-1500: at most 1024 ports in all");
}

static void test_together(void)
{
	expect_as(1000, "zbox --net host --publish 80 true",
		  "--publish needs a network of the sandbox's own: not --net host");
	expect_as(1000, "zbox --share-net --forward 80:h:80 true",
		  "--forward needs a network of the sandbox's own: not --net host");
	expect_as(1000, "zbox --landlock-only --publish 80 true",
		  "--publish needs a network of the sandbox's own: not --net host");
	expect_as(1000, "zbox --publish-proxy-protocol true",
		  "--publish-proxy-protocol requires --publish");
	expect_as(1000, "zbox --publish-proxy-protocol --publish 80/udp true",
		  "--publish-proxy-protocol cannot be combined with a port of UDP");
	expect_as(1000, "zbox --publish-proxy-protocol --publish 80 --forward 53:h:53/udp true",
		  NULL);
	expect_as(1000, "zbox --net none --publish 80 true", NULL);
	expect_as(1000, "zbox --net join:5 --publish 80 true", NULL);
	expect_as(1000, "zbox --net slirp --publish 80 true", NULL);
	expect_as(1000, "bwrap --publish 80 true", "Unknown option --publish");
}

int main(void)
{
	test_publish();
	test_refused();
	test_together();
	sandbox_free(&sb);
	return test_done();
}
