/*
 * zbox-ports.h - the parts of zbox-ports; nobody else includes it.
 *
 *   zbox-ports.c          its words, where it lives, its loop
 *   zbox-ports-listen.c   addresses, and sockets that listen
 *   zbox-ports-stream.c   connections: accepted, made, spliced
 *   zbox-ports-udp.c      datagrams and their flows
 */
#ifndef ZBOX_NETWORK_ZBOX_PORTS_H
#define ZBOX_NETWORK_ZBOX_PORTS_H

#include "utils.h"

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

/* ---- addresses ---- */

struct address {
	socklen_t length; /* of what is used; 0 none */
	union {
		struct sockaddr any;
		struct sockaddr_in four;
		struct sockaddr_in6 six;
		struct sockaddr_un path;
	} is;
};

#define TARGETS 4

/* The addresses that a connection tries, in this order. */
struct targets {
	struct address list[TARGETS];
	size_t count;
};

/* An end as it was said: an address, a name, a path, or one of the words of network/ports.h. */
struct end {
	const char *host;
	uint16_t port; /* 0 a path */
};

/* Finds the addresses of an end for its first port; those of a word in the network where this
 * process is now. Returns 0, or -1 after fail(). */
int targets_find(const struct end *end, bool udp, struct targets *targets) MUST_CHECK;

/* The same addresses, some ports further. */
struct targets targets_at(const struct targets *first, unsigned offset);

/* ---- what is waited for ---- */

/* The first member of whatever has a descriptor in the loop. */
struct source {
	void (*happened)(struct source *source, uint32_t events); /* of epoll(7) */
};

struct loop {
	int epoll;
	int64_t now; /* milliseconds, of the moment when it last woke up */
};

/* Returns 0, or -1 with errno. */
int loop_add(const struct loop *l, int fd, struct source *source, uint32_t events) MUST_CHECK;
int loop_change(const struct loop *l, int fd, struct source *source, uint32_t events) MUST_CHECK;

struct streams;
struct flows;

/* A socket that listens. */
struct listener {
	struct source source;
	int fd;
	bool udp;
	bool any;    /* bound to all addresses */
	int family;  /* AF_* */
	unsigned at; /* ports beyond the first of its rule */
	struct targets targets;
	struct streams *streams; /* whose work it is */
	struct flows *flows;
};

/* What one option said. */
struct rule {
	bool udp;
	struct end from, to;
	unsigned count;          /* ports one after the other */
	struct targets targets;  /* of its first port */
	size_t first, listeners; /* where its listeners are in the list, and how many */
};

struct ports {
	int life; /* the socket to zbox: its end is ours */
	bool forward, proxy;
	struct rule *rules; /* owned */
	size_t rule_count;
	struct listener *listeners; /* owned; made once */
	size_t listener_count;
};

/* ---- zbox-ports-listen.c ---- */

/* Makes the listeners of all rules, in the network where this process is now. Returns 0, or -1
 * after fail(). */
int listen_all(struct ports *p) MUST_CHECK;

/* Gives each listener its targets. */
void listen_targets(struct ports *p);

/* Sends the listeners' descriptors over a socket, and takes them from it. Each returns 0, or -1
 * after fail(). */
int listen_send(const struct ports *p, int socket) MUST_CHECK;
int listen_receive(struct ports *p, int socket) MUST_CHECK;

/* ---- zbox-ports-stream.c ---- */

#define STREAMS_MAX 4096      /* connections at a time; fewer where fewer descriptors are allowed */
#define STREAM_SOCKETS 2      /* descriptors of one: */
#define STREAM_PIPES 4        /* both ways on their way */
#define STREAM_RETRY 5        /* milliseconds to the next try where the server's queue is full */
#define STREAM_PATIENCE 10000 /* milliseconds of such tries */

/* Begins with room for so many connections. Returns NULL after fail(). */
struct streams *streams_new(struct loop *l, struct ports *p, unsigned room) MUST_CHECK;

/* Accepts what waits there. */
void streams_accept(struct listener *l);

/* Does what was left over; at the end of each turn. Returns in how many milliseconds there is more
 * to do, -1 never. */
int streams_turn(struct streams *s);

/* ---- zbox-ports-udp.c ---- */

#define FLOWS_MAX 512
#define FLOW_IDLE 30000      /* milliseconds after which a flow without an answer ends */
#define FLOW_ANSWERED 180000 /* and one with */
#define FLOW_LOOK 5000       /* between two searches for those */

struct flows *flows_new(struct loop *l) MUST_CHECK;

/* Passes on what waits there. */
void flows_receive(struct listener *l);

/* Ends flows that have been idle. Returns in how many milliseconds to look again, -1 never. */
int flows_turn(struct flows *f);

#endif
