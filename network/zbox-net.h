/*
 * zbox-net.h - the parts of zbox-net; nobody else includes it.
 *
 *   zbox-net.c          its words, what it gets, its end
 *   zbox-net-confine.c  it gives up what it does not need
 *   zbox-net-host.c     the host's own addresses and name servers
 *   zbox-net-names.c    the sandbox's name server
 *   zbox-net-slirp.c    libslirp, and the loop
 */
#ifndef ZBOX_NETWORK_ZBOX_NET_H
#define ZBOX_NETWORK_ZBOX_NET_H

#include "network/addresses.h"
#include "network/filter.h"
#include "utils.h"

#include <netinet/in.h>
#include <poll.h>

/* ---- what is waited for ---- */

struct polls {
	struct pollfd *list; /* owned */
	size_t count, room;
};

/* Adds a descriptor (-1: none). Returns its place, or -1 when there is no memory. */
int polls_add(struct polls *p, int fd, int events);

/* What happened to the descriptor at that place. */
int polls_seen(const struct polls *p, int place);

/* Milliseconds of a clock that only goes forward. */
int64_t clock_ms(void);

/* ---- zbox-net-host.c ---- */

union server {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

struct host {
	int fd; /* rtnetlink, where changes are told */
	int place;
	bool asking, stale; /* a list is being read; it is out of date already */
	struct filter_address next[FILTER_OWN_MAX];
	size_t next_count;
	bool next_overflow;
};

/* Opens the socket and reads the addresses into filter. Returns 0, or -1 after fail(). */
int host_open(struct host *h, struct filter *filter) MUST_CHECK;

/* Takes over what has changed. */
void host_serve(struct host *h, struct filter *filter);

/* The servers of the host's resolv.conf, at most NET_DNS_MAX. Returns how many. */
size_t host_servers(union server *servers);

/* An address with port 53. Returns whether it is one. */
bool server_parse(const char *text, union server *server);

/* ---- zbox-net-names.c ---- */

#define NAMES_QUERIES 64      /* at a time */
#define NAMES_STREAMS 16      /* over TCP */
#define NAMES_QUERY_MAX 1500  /* bytes of a question by UDP */
#define NAMES_STREAM_MAX 4096 /* bytes on their way over TCP */

/* A question that waits for its answer. */
struct query {
	int fd; /* to the server, -1: free */
	int place;
	struct sockaddr_in client;
	uint16_t client_id, id; /* as asked, as passed on */
	size_t tries;           /* servers that were asked */
	int64_t deadline;
	size_t length;
	uint8_t bytes[NAMES_QUERY_MAX];
};

/* One way of a connection. */
struct way {
	size_t start, end;
	bool finished; /* nothing more comes */
	uint8_t bytes[NAMES_STREAM_MAX];
};

/* A connection that is passed on: [0] the client's side, [1] the server's. */
struct stream {
	int fds[2]; /* -1: free */
	int places[2];
	int64_t deadline;
	struct way ways[2]; /* from the side of that number */
};

struct names {
	int udp, tcp; /* in the sandbox's network */
	int udp_place, tcp_place;
	union server servers[NET_DNS_MAX];
	size_t server_count;
	size_t first; /* server that is asked first: the last that answered */
	struct query queries[NAMES_QUERIES];
	struct stream streams[NAMES_STREAMS];
};

void names_init(struct names *n);

/* Adds what it waits for, and shortens the time to wait (-1: for ever). */
void names_poll(struct names *n, struct polls *p, int *timeout);

/* Does what can be done. */
void names_serve(struct names *n, const struct polls *p);

/* ---- zbox-net-confine.c ---- */

#define FLOWS_TCP 1024 /* at a time; fewer where fewer descriptors are allowed */
#define FLOWS_UDP 512  /* echo included */

/* Limits the descriptors. Returns how many there may be. */
unsigned confine_limits(void);

/* Gives up everything else. Returns 0, or -1 after fail(). */
int confine(void) MUST_CHECK;

/* ---- zbox-net-slirp.c ---- */

struct carrier {
	int life;   /* the socket to zbox: its end is ours */
	int device; /* the interface */
	unsigned mtu;
	struct sockaddr_in outbound4; /* own addresses of what goes out; a family of 0: any */
	struct sockaddr_in6 outbound6;
	unsigned descriptors; /* limit of their number */
	struct filter filter;
	struct host host;
	struct names names;
};

/* Begins libslirp. Returns 0, or -1 after fail(). */
int carrier_begin(struct carrier *c) MUST_CHECK;

/* Carries frames until the end. */
void carrier_run(struct carrier *c);

#endif
