/*
 * zbox-net.h - the parts of zbox-net; nobody else includes it.
 *
 *   zbox-net.c          its words, what it gets, its end
 *   zbox-net-confine.c  it gives up what it does not need
 *   zbox-net-host.c     the host's own addresses and name servers
 *   zbox-net-names.c    the sandbox's name server: questions and answers on their way
 *   zbox-net-resolver.c what becomes of them where there are rules
 *   zbox-net-slirp.c    libslirp, and the loop
 */
#ifndef ZBOX_NETWORK_ZBOX_NET_H
#define ZBOX_NETWORK_ZBOX_NET_H

#include "network/addresses.h"
#include "network/dns.h"
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

#define NAMES_QUERIES 64     /* at a time */
#define NAMES_STREAMS 16     /* over TCP */
#define NAMES_QUERY_MAX 1500 /* bytes of a question */

/* Who asked. */
struct client {
	int stream;      /* its number, -1: by UDP, */
	uint32_t serial; /* and which of those that had it */
	struct sockaddr_in address;
};

/* A question that waits for its answer. */
struct query {
	bool used;
	int fd; /* to the server, -1 none */
	int place;
	bool tcp; /* how the server is asked */
	struct client client;
	uint16_t id;  /* as passed on */
	size_t tries; /* servers that were asked */
	int64_t deadline;
	size_t length;
	uint8_t bytes[NAMES_QUERY_MAX]; /* as asked */
	size_t out_length, sent;
	uint8_t out[2 + NAMES_QUERY_MAX]; /* as passed on, behind its length */
	size_t got;
	uint8_t *in; /* TCP: the answer so far, behind its length; owned */
};

/* A connection of a client. One question at a time. */
struct stream {
	int fd; /* -1: free */
	int place;
	uint32_t serial;
	bool waits; /* for an answer */
	int64_t deadline;
	size_t got;
	uint8_t in[2 + NAMES_QUERY_MAX];
	uint8_t *out; /* owned */
	size_t out_length, sent;
};

struct names {
	int udp, tcp; /* in the sandbox's network */
	int udp_place, tcp_place;
	struct resolver *resolver; /* NULL: questions and answers are passed on as they are */
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

/* ---- zbox-net-resolver.c ---- */

#define RESOLVER_ROOM DNS_MESSAGE /* bytes of its longest message */

struct resolver {
	struct filter *filter; /* with rules, and what was learned */
	int64_t last;          /* when credit was given, milliseconds */
	int64_t credit;        /* for names that were not asked for lately, in thousandths */
};

/* What becomes of a message. More than 0: the length of what is to be sent to the client. */
enum resolver_step {
	RESOLVER_DROP = 0,
	RESOLVER_ASK = -1,  /* the server is to be asked */
	RESOLVER_WAIT = -2, /* this was no answer */
	RESOLVER_TCP = -3,  /* the server is to be asked again, by TCP */
	RESOLVER_NEXT = -4  /* another server is to be asked */
};

/* A question of a client; out: room for RESOLVER_ROOM bytes. Returns a length or RESOLVER_DROP,
 * _ASK. */
int resolver_question(struct resolver *r, const struct query *q, uint8_t *out);

/* What to send to the server. Returns its length. */
size_t resolver_ask(const struct query *q, uint8_t *out);

/* What a server answered. Returns a length or RESOLVER_WAIT, _TCP, _NEXT. */
int resolver_answer(struct resolver *r, const struct query *q, const uint8_t *bytes, size_t length,
		    uint8_t *out);

/* When no server is left. Returns a length, or RESOLVER_DROP. */
int resolver_failure(const struct query *q, uint8_t *out);

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
	unsigned descriptors; /* limit of their number */
	struct filter filter;
	struct host host;
	struct names names;
	struct rules rules;
	struct learned learned;
	struct resolver resolver;
};

/* Begins libslirp. Returns 0, or -1 after fail(). */
int carrier_begin(struct carrier *c) MUST_CHECK;

/* Carries frames until the end. */
void carrier_run(struct carrier *c);

#endif
