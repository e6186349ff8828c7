/*
 * zbox-ports-listen.c - addresses, and sockets that listen.
 *
 * All of this happens before anything of the sandbox is looked at, while this process may still
 * open files and make sockets as it likes. What an attacker could have prepared is the file system
 * of the sandbox, for a Unix socket inside: this process has the sandbox's root by then, so that no
 * link leads out of it.
 *
 * A server on the loopback of the sandbox may have IPv4 or IPv6: both are tried. The interface's
 * addresses are asked for, because the network may be one that somebody else made.
 */
#include "network/zbox-ports.h"

#include "network/ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG 4096 /* the kernel takes what it allows */

/* ---- addresses ---- */

static void set_port(struct address *a, unsigned port)
{
	if (a->is.any.sa_family == AF_INET)
		a->is.four.sin_port = htons((uint16_t)port);
	else if (a->is.any.sa_family == AF_INET6)
		a->is.six.sin6_port = htons((uint16_t)port);
}

static unsigned get_port(const struct address *a)
{
	return ntohs(a->is.any.sa_family == AF_INET ? a->is.four.sin_port : a->is.six.sin6_port);
}

static void add_target(struct targets *t, const struct sockaddr *from, socklen_t length,
		       uint16_t port)
{
	struct address *a = &t->list[t->count];

	if (t->count == TARGETS || length > sizeof(a->is))
		return;
	memcpy(&a->is, from, length);
	a->length = length;
	set_port(a, port);
	t->count++;
}

static void add_text(struct targets *t, const char *text, uint16_t port)
{
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
		add_target(t, (const struct sockaddr *)&four, sizeof(four), port);
	else if (inet_pton(AF_INET6, text, &six.sin6_addr) == 1)
		add_target(t, (const struct sockaddr *)&six, sizeof(six), port);
}

static int add_path(struct targets *t, const char *path)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(name.sun_path))
		return fail(ENAMETOOLONG, "%s", path);
	memcpy(name.sun_path, path, strlen(path) + 1);
	add_target(t, (const struct sockaddr *)&name, sizeof(name), 0);
	return 0;
}

static bool is_usable(const struct ifaddrs *i, int family)
{
	if (!i->ifa_addr || i->ifa_addr->sa_family != family || !(i->ifa_flags & IFF_UP) ||
	    (i->ifa_flags & IFF_LOOPBACK))
		return false;
	return family == AF_INET ||
	       !IN6_IS_ADDR_LINKLOCAL(
		       &((const struct sockaddr_in6 *)(const void *)i->ifa_addr)->sin6_addr);
}

/* IPv4 first, as for the loopback. */
static int add_interfaces(struct targets *t, uint16_t port)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct ifaddrs *list;

	if (getifaddrs(&list) < 0)
		return fail(errno, "the interfaces of the sandbox");
	for (size_t f = 0; f < COUNT(families); f++)
		for (struct ifaddrs *i = list; i; i = i->ifa_next)
			if (is_usable(i, families[f]))
				add_target(t, i->ifa_addr,
					   families[f] == AF_INET ? sizeof(struct sockaddr_in)
								  : sizeof(struct sockaddr_in6),
					   port);
	freeifaddrs(list);
	return 0;
}

static int add_name(struct targets *t, const struct end *end, bool udp)
{
	struct addrinfo want = {.ai_socktype = udp ? SOCK_DGRAM : SOCK_STREAM}, *list;
	int result = getaddrinfo(end->host, NULL, &want, &list);

	if (result != 0)
		return fail(0, "%s: %s", end->host, gai_strerror(result));
	for (struct addrinfo *i = list; i; i = i->ai_next)
		add_target(t, i->ai_addr, i->ai_addrlen, end->port);
	freeaddrinfo(list);
	return 0;
}

int targets_find(const struct end *end, bool udp, struct targets *targets)
{
	struct targets t = {.count = 0};

	if (end->port == 0) {
		if (add_path(&t, end->host) < 0)
			return -1;
	} else if (strcmp(end->host, PORTS_INTERFACE) == 0) {
		if (add_interfaces(&t, end->port) < 0)
			return -1;
	} else if (strcmp(end->host, PORTS_LOOPBACK) != 0) {
		add_text(&t, end->host, end->port);
		if (t.count == 0 && add_name(&t, end, udp) < 0)
			return -1;
	}
	/* without an interface the loopback is all there is */
	if (t.count == 0) {
		add_text(&t, "127.0.0.1", end->port);
		add_text(&t, "::1", end->port);
	}
	*targets = t;
	return 0;
}

struct targets targets_at(const struct targets *first, unsigned offset)
{
	struct targets t = *first;

	for (size_t i = 0; i < t.count && offset > 0; i++)
		set_port(&t.list[i], get_port(&t.list[i]) + offset);
	return t;
}

/* ---- listening ---- */

/* Failures do not matter: the kernel may lack one, and what it is for still works. */
static void set_options(int fd, const struct listener *l)
{
	static const int on = 1, idle = 600, interval = 30, probes = 8;

	if (l->family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (l->udp && l->any && l->family == AF_INET)
		(void)setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	if (l->udp && l->any && l->family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	if (l->udp || l->family == AF_UNIX)
		return;
	/* what is accepted inherits these: no byte waits for another, and a client that vanished
	 * does not stay for ever */
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

/* As a person would write it, for messages. */
static void name_address(const struct address *a, char text[160])
{
	char host[INET6_ADDRSTRLEN] = "";

	if (a->is.any.sa_family == AF_UNIX)
		(void)snprintf(text, 160, "%s", a->is.path.sun_path);
	else if (a->is.any.sa_family == AF_INET)
		(void)snprintf(text, 160, "%s:%u",
			       inet_ntop(AF_INET, &a->is.four.sin_addr, host, sizeof(host)),
			       get_port(a));
	else
		(void)snprintf(text, 160, "[%s]:%u",
			       inet_ntop(AF_INET6, &a->is.six.sin6_addr, host, sizeof(host)),
			       get_port(a));
}

static bool is_any(const struct address *a)
{
	if (a->is.any.sa_family == AF_INET)
		return a->is.four.sin_addr.s_addr == htonl(INADDR_ANY);
	return a->is.any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&a->is.six.sin6_addr);
}

static int open_listener(struct listener *l, const struct address *a)
{
	char text[160];
	autoclose int fd =
		socket(a->is.any.sa_family,
		       (l->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask;
	int bound;

	name_address(a, text);
	l->family = a->is.any.sa_family;
	l->any = is_any(a);
	if (fd < 0)
		return fail(errno, "%s", text);
	set_options(fd, l);
	if (l->family == AF_UNIX)
		ports_remove_stale(a->is.path.sun_path);
	mask = umask(0177); /* a Unix socket is the caller's alone */
	bound = bind(fd, &a->is.any, a->length);
	(void)umask(mask);
	if (bound < 0 || (!l->udp && listen(fd, BACKLOG) < 0))
		return fail(errno, "%s%s", text, l->udp ? "/udp" : "");
	l->fd = take_fd(&fd);
	return 0;
}

/* A second address of the loopback is only there where the kernel has IPv6. */
static bool may_miss(int err)
{
	return err == EADDRNOTAVAIL || err == EAFNOSUPPORT;
}

static int listen_at(struct ports *p, const struct rule *r, const struct address *a, unsigned at,
		     bool second)
{
	struct listener *l = array_add(&p->listeners, &p->listener_count, sizeof(*l));
	const struct targets all = {.list = {*a}, .count = 1};
	const struct targets here = targets_at(&all, at);

	if (!l)
		return -1;
	l->udp = r->udp;
	l->at = at;
	l->fd = -1;
	if (open_listener(l, &here.list[0]) == 0)
		return 0;
	if (!second || !may_miss(failure_get()->err))
		return -1;
	failure_clear();
	p->listener_count--;
	return 0;
}

static int listen_rule(struct ports *p, const struct rule *r)
{
	struct targets from;

	if (targets_find(&r->from, r->udp, &from) < 0)
		return -1;
	for (unsigned at = 0; at < r->count; at++)
		for (size_t i = 0; i < from.count; i++)
			if (listen_at(p, r, &from.list[i], at, i > 0) < 0)
				return -1;
	return 0;
}

int listen_all(struct ports *p)
{
	for (size_t i = 0; i < p->rule_count; i++) {
		p->rules[i].first = p->listener_count;
		if (listen_rule(p, &p->rules[i]) < 0)
			return -1;
		p->rules[i].listeners = p->listener_count - p->rules[i].first;
	}
	return 0;
}

void listen_targets(struct ports *p)
{
	for (size_t i = 0; i < p->rule_count; i++) {
		const struct rule *r = &p->rules[i];

		for (size_t l = r->first; l < r->first + r->listeners; l++)
			p->listeners[l].targets = targets_at(&r->targets, p->listeners[l].at);
	}
}

/* ---- from one process to the other ---- */

/* Each with what is known of it, so that the other side need not listen itself. */
int listen_send(const struct ports *p, int socket)
{
	for (size_t i = 0; i < p->rule_count; i++)
		if (write_fd(socket, &p->rules[i].listeners, sizeof(p->rules[i].listeners)) < 0)
			return fail(errno, "listeners");
	for (size_t i = 0; i < p->listener_count; i++)
		if (write_fd(socket, &p->listeners[i], sizeof(p->listeners[i])) < 0 ||
		    send_fd(socket, p->listeners[i].fd) < 0)
			return fail(errno, "listeners");
	return 0;
}

static int receive_bytes(int socket, void *bytes, size_t length)
{
	ssize_t got = recv(socket, bytes, length, 0);

	return got == (ssize_t)length ? 0 : fail(got < 0 ? errno : EPROTO, "listeners");
}

int listen_receive(struct ports *p, int socket)
{
	size_t all = 0;

	for (size_t i = 0; i < p->rule_count; i++) {
		if (receive_bytes(socket, &p->rules[i].listeners, sizeof(size_t)) < 0)
			return -1;
		p->rules[i].first = all;
		all += p->rules[i].listeners;
	}
	while (p->listener_count < all) {
		struct listener *l = array_add(&p->listeners, &p->listener_count, sizeof(*l));

		if (!l || receive_bytes(socket, l, sizeof(*l)) < 0)
			return -1;
		l->fd = receive_fd(socket);
		if (l->fd < 0)
			return -1;
	}
	return 0;
}
