/*
 * options-ports.c - what --publish and --forward say: pure, one text into one struct net_port.
 *
 *   --publish  [ADDR:]PORT[-PORT][:INNER[-INNER]][/udp]    --forward
 * [ADDR:]INNER[-INNER]:HOST:PORT[-PORT][/udp] unix:PATH:INNER unix:PATH:HOST:PORT
 *              [ADDR:]PORT:unix:PATH                                  [ADDR:]INNER:unix:PATH
 *
 * An end is read from the front up to the colon behind it; an address of IPv6 stands in brackets,
 * and a path has no colon. What is not exactly one of these forms is refused: a port that is open
 * by a typing error is worse than a message.
 */
#include "options-table.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/un.h>

#define UNIX_PREFIX "unix:"

/* What is being read: the rest of a copy of the text, and the words for a failure. */
struct ports_text {
	const char *option, *whole;
	char *rest; /* NULL: at its end */
};

static int PRINTF(2, 3) refuse(const struct ports_text *t, const char *format, ...)
{
	char why[160];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	return fail(0, "--%s %s: %s", t->option, t->whole, why);
}

/* Cuts off the part in front of the next colon. */
static char *next_part(struct ports_text *t)
{
	char *part = t->rest, *colon;

	if (!part)
		return NULL;
	colon = *part == '[' ? strchr(part, ']') : part;
	colon = colon ? strchr(colon, ':') : NULL;
	t->rest = colon ? colon + 1 : NULL;
	if (colon)
		*colon = '\0';
	return part;
}

static int read_path(struct ports_text *t, struct port_end *end)
{
	size_t room = sizeof(((struct sockaddr_un *)0)->sun_path);

	t->rest += strlen(UNIX_PREFIX);
	end->path = next_part(t);
	if (!end->path || *end->path != '/' || strlen(end->path) >= room)
		return refuse(t,
			      "the path of a Unix socket begins with / and has at most %zu bytes",
			      room - 1);
	return 0;
}

/* PORT or PORT-PORT. */
static int read_ports(const struct ports_text *t, char *text, struct port_end *end, uint16_t *count)
{
	char *dash = text ? strchr(text, '-') : NULL;
	int64_t first = 0, last = 0;

	if (dash)
		*dash = '\0';
	if (!text || parse_number(text, 1, UINT16_MAX, &first) < 0 ||
	    parse_number(dash ? dash + 1 : text, 1, UINT16_MAX, &last) < 0)
		return refuse(t, "a port is a number from 1 to %d", UINT16_MAX);
	if (last < first)
		return refuse(t, "the range %lld-%lld is empty", (long long)first, (long long)last);
	if (last - first >= NET_PORTS_MAX)
		return refuse(t, "at most %d ports", NET_PORTS_MAX);
	end->port = (uint16_t)first;
	*count = (uint16_t)(last - first + 1);
	return 0;
}

static bool is_name(const char *text)
{
	return *text && text[strspn(text, "-._0123456789abcdefghijklmnopqrstuvwxyz"
					  "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
}

/* An address or a name, without its brackets. names: a name will do. */
static int read_host(const struct ports_text *t, char *text, bool names, struct port_end *end)
{
	struct in6_addr address;
	size_t length = strlen(text);
	bool brackets = *text == '[' && text[length - 1] == ']';

	if (brackets)
		text[length - 1] = '\0';
	end->host = text + brackets;
	if (inet_pton(brackets ? AF_INET6 : AF_INET, end->host, &address) == 1)
		return 0;
	if (!brackets && names && is_name(text))
		return 0;
	return refuse(t, "%s%s is no address%s", text, brackets ? "]" : "",
		      names ? " and no name" : "");
}

/* The end that is listened to. */
static int read_from(struct ports_text *t, struct net_port *port)
{
	char *part;

	if (strncmp(t->rest, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
		return read_path(t, &port->from);
	part = next_part(t);
	if (part && (!isdigit((unsigned char)*part) || strchr(part, '.'))) {
		if (read_host(t, part, false, &port->from) < 0)
			return -1;
		part = next_part(t);
	}
	return read_ports(t, part, &port->from, &port->count);
}

/* The end that is connected to. */
static int read_to(struct ports_text *t, struct net_port *port)
{
	uint16_t count = 0;

	if (t->rest && strncmp(t->rest, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0) {
		count = 1;
		if (read_path(t, &port->to) < 0)
			return -1;
	} else if (t->rest) {
		char *host = port->forward ? next_part(t) : NULL;

		if (host && read_host(t, host, true, &port->to) < 0)
			return -1;
		if (read_ports(t, next_part(t), &port->to, &count) < 0)
			return -1;
	} else if (port->forward || port->from.path) {
		return refuse(t, "where it leads to is missing");
	} else {
		port->to.port = port->from.port;
		count = port->count;
	}
	if (t->rest)
		return refuse(t, "there is more than two ends");
	return count == port->count ? 0 : refuse(t, "the two ranges differ in length");
}

/* Cuts off /udp or /tcp, unless it is part of a path. */
static void read_protocol(char *text, struct net_port *port)
{
	char *slash = strrchr(text, '/');
	const char *path = strstr(text, UNIX_PREFIX "/");

	if (!slash || (path && !strchr(path + strlen(UNIX_PREFIX), ':')))
		return;
	port->udp = strcmp(slash, "/udp") == 0;
	if (port->udp || strcmp(slash, "/tcp") == 0)
		*slash = '\0';
}

int add_port(struct parser *p, const struct option *o, char **arg)
{
	struct ports_text t = {o->name, arg[0], NULL};
	struct net_port port = {.forward = o->value != 0, .count = 1}, *slot;
	size_t all = 0;

	t.rest = sandbox_own(p->sb, format_text("%s", arg[0]));
	if (!t.rest)
		return -1;
	read_protocol(t.rest, &port);
	if (read_from(&t, &port) < 0 || read_to(&t, &port) < 0)
		return -1;
	if (port.udp && (port.from.path || port.to.path))
		return refuse(&t, "Unix sockets carry streams, not /udp");
	for (size_t i = 0; i < p->sb->port_count; i++)
		all += p->sb->ports[i].count;
	if (all + port.count > NET_PORTS_MAX)
		return refuse(&t, "at most %d ports in all", NET_PORTS_MAX);
	slot = array_add(&p->sb->ports, &p->sb->port_count, sizeof(*slot));
	if (!slot)
		return -1;
	*slot = port;
	return 0;
}

int check_ports(const struct sandbox *sb)
{
	const char *name = option_given(sb, "publish") ? "publish" : "forward";

	if (sb->port_count == 0)
		return 0;
	if (sb->landlock_only || !(sb->unshare & CLONE_NEWNET))
		return fail(0, "--%s needs a network of the sandbox's own: not --net host", name);
	for (size_t i = 0; sb->proxy_protocol && i < sb->port_count; i++)
		if (!sb->ports[i].forward && sb->ports[i].udp)
			return fail(0, "--publish-proxy-protocol cannot be combined with a port of "
				       "UDP");
	return 0;
}
