/*
 * zbox-net.h - the parts of zbox-net; nobody else includes it.
 *
 *   zbox-net.c          its words, what it gets, its end
 *   zbox-net-confine.c  it gives up what it does not need
 *   zbox-net-host.c     the host's own addresses and name servers
 *   zbox-net-names.c    the sandbox's name server: questions and answers on their way
 *   zbox-net-resolver.c what becomes of them where there are rules
 *   zbox-net-flows.c    flows as they begin, go on and end
 *   zbox-net-first.c    their first bytes, with --allow-sni
 *   zbox-net-log.c      what is told of them
 *   zbox-net-slirp.c    libslirp, and the loop
 */
#ifndef ZBOX_NETWORK_ZBOX_NET_H
#define ZBOX_NETWORK_ZBOX_NET_H

#include "network/addresses.h"
#include "network/device.h"
#include "network/dns.h"
#include "network/filter.h"
#include "network/first.h"
#include "network/flows.h"
#include "network/refusal.h"
#include "network/refusals.h"
#include "utils.h"

#include <netinet/in.h>
#include <poll.h>

struct carrier;

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

/* ---- zbox-net-log.c ---- */

struct refused {
	struct net_refusal what;
	int64_t told;     /* when it was in the log, 0 never */
	uint32_t counted; /* of what.count, that are in the log */
};

struct net_log {
	bool wanted; /* refusals are remembered */
	int fd;      /* --net-log, -1 none */
	const struct rules *rules;
	int64_t last, credit; /* for lines */
	uint64_t skipped;     /* lines for which there was none */
	struct refused list[REFUSALS_MAX];
	size_t count;
	uint64_t others; /* refusals that have no place in the list */
};

/* A flow that begins or ends. */
void log_flow(struct net_log *l, const struct flow *flow, bool ended);

/* A flow that was refused. */
void log_refused(struct net_log *l, const struct filter_flow *flow);

/* A name that was not resolved. */
void log_name(struct net_log *l, const char *name, int rule);

/* Tells zbox what was refused. */
void log_end(struct net_log *l, int socket);

/* --net-pcap; fd -1: nothing is done. */
void pcap_begin(int fd);
void pcap_frame(int fd, const void *frame, size_t length);

/* ---- zbox-net-first.c ---- */

#define HELD_FLOWS 32

/* A flow whose first bytes are not all there yet. */
struct held {
	struct destination to; /* protocol 0: free */
	uint16_t port;
	int64_t since;
	size_t length, used;
	uint8_t bytes[FIRST_MAX];      /* of the flow */
	uint8_t frames[2 * FIRST_MAX]; /* in which they came, each behind its length */
};

enum first_step { FIRST_PASS, FIRST_DROP, FIRST_HOLD, FIRST_REFUSE };

/* What becomes of a frame of TCP that the rules let through. FIRST_PASS: the frames that are held
 * for its flow go first (first_next). FIRST_REFUSE: the flow is to be ended. */
enum first_step first_look(struct carrier *c, const uint8_t *frame, size_t length,
			   struct filter_flow *from);

/* After FIRST_HOLD: makes the sandbox's acknowledgement of what is held, without which it would not
 * go on. Returns its length, 0: there is none. */
size_t first_acknowledge(struct carrier *c, const struct filter_flow *from,
			 uint8_t frame[REFUSAL_MAX]);

/* The frames that are held for a flow, one after the other; *at starts with 0. NULL: no more, and
 * they are forgotten. */
const uint8_t *first_next(struct carrier *c, const struct filter_flow *from, size_t *at,
			  size_t *length);

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
	struct net_log *log;
	int64_t last;   /* when credit was given, milliseconds */
	int64_t credit; /* for names that were not asked for lately, in thousandths */
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
	int life; /* the socket to zbox: its end is ours */
	struct device device;
	unsigned mtu;
	struct sockaddr_in outbound4; /* own addresses of what goes out; a family of 0: any */
	struct sockaddr_in6 outbound6;
	unsigned descriptors; /* limit of their number */
	struct filter filter;
	struct host host;
	struct names names;
	struct rules rules;
	struct learned learned;
	struct resolver resolver;
	struct flows flows;
	struct net_log log;
	bool look; /* --allow-sni strict */
	struct held held[HELD_FLOWS];
	int pcap;            /* --net-pcap, -1 none */
	uint8_t hardware[6]; /* of the sandbox, from its last frame */
};

/* Begins libslirp. Returns 0, or -1 after fail(). */
int carrier_begin(struct carrier *c) MUST_CHECK;

/* Carries frames until the end. */
void carrier_run(struct carrier *c);

/* ---- zbox-net-flows.c ---- */

/* A frame of this flow goes out, or comes in. */
void traffic_out(struct carrier *c, const struct filter_flow *from);
void traffic_in(struct carrier *c, const struct filter_flow *from);

/* A flow is over; all are. */
void traffic_end(struct carrier *c, struct flow *flow);
void traffic_end_all(struct carrier *c);

/* The flow of TCP that may be ended for a new one, or NULL. */
struct flow *traffic_victim(struct carrier *c);

/* Makes the reset for one of its ends. Returns its length. */
size_t traffic_reset(const struct carrier *c, const struct flow *flow, bool outwards,
		     uint8_t frame[REFUSAL_MAX]);

/* Makes what tells the sandbox that its bytes arrived, though they are held. Returns its length. */
size_t traffic_acknowledge(const struct carrier *c, const struct flow *flow, size_t held,
			   uint8_t frame[REFUSAL_MAX]);

#endif
