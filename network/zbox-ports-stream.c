/*
 * zbox-ports-stream.c - connections: accepted on one side, made on the other, spliced.
 *
 * Bytes go from socket to pipe to socket by splice(2) and are never in the memory of this process.
 * A pipe is held only while something is in it, so that a connection that waits costs two
 * descriptors. Of each of the two ways of a connection:
 *
 *   back-pressure   a pipe that is full is not filled further; the kernel's window does the rest
 *   half-close      the end of one side is passed on once all before it was, and the other way
 *                   goes on
 *   reset           is passed on as a reset: an end would look as if all had arrived
 *
 * The loop is edge-triggered: what a descriptor can do is remembered until the kernel says EAGAIN.
 * Each connection gets a number of splices a turn, so that a fast one leaves room for others.
 *
 * There are as many connections as there are descriptors for. What comes beyond waits in the queue
 * of the listener, where the kernel has a bound. An attacker inside may accept and never read: that
 * holds connections of its own published port, and nothing else of the host.
 */
#include "network/zbox-ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#define CHUNK (1 << 20) /* bytes of one splice, at most */
#define TURN_SPLICES 16 /* of one connection in one turn */
#define ACCEPTS 64      /* of one listener in one turn */
#define POOL 64         /* pipes that are kept for the next */
#define SMALL 65536     /* bytes in a pipe, as the kernel makes it (pipe(7)) */
#define LARGE CHUNK /* and for those with more to carry: a tenth to a quarter faster (measured) */
#define LARGE_PIPES 16 /* so many: the user's other pipes get smaller after 64 MiB (pipe(7)) */
#define SOURCES 200    /* other addresses of this side, when all ports of the first are in use */
#define CLIENT 0
#define SERVER 1

struct stream;

struct side {
	struct source source;
	struct stream *stream;
	int fd;
	bool readable, writable;
};

struct pipe {
	int ends[2]; /* -1 none */
	bool large;  /* was asked for */
};

/* From the side of that number to the other. */
struct way {
	struct pipe pipe;
	size_t held; /* bytes in it */
	bool ended;  /* nothing more comes */
	bool done;   /* and the other side knows */
};

struct stream {
	struct side sides[2];
	struct way ways[2];
	const struct listener *listener;
	struct address client; /* for the PROXY protocol */
	size_t target;         /* that is tried */
	int64_t since;         /* of its first try */
	enum { CONNECTING, RETRYING, OPEN, CLOSED } state;
	bool again; /* on the list for the next turn */
	struct stream *next;
};

struct streams {
	struct loop *loop;
	struct ports *ports;
	unsigned room, count;
	bool full;             /* listeners are not waited for */
	struct stream *again;  /* more to do at once */
	struct stream *closed; /* freed at the end of the turn: events may still name them */
	unsigned retrying;
	unsigned sources; /* for the next other address */
	struct pipe pool[POOL];
	size_t pooled;
	unsigned large; /* how many of them are */
};

/* ---- pipes ---- */

static int take_pipe(struct streams *s, struct way *w)
{
	if (w->pipe.ends[0] >= 0)
		return 0;
	if (s->pooled > 0) {
		w->pipe = s->pool[--s->pooled];
		return 0;
	}
	w->pipe.large = false;
	return pipe2(w->pipe.ends, O_CLOEXEC | O_NONBLOCK);
}

/* Asked for once: where the kernel refuses, it stays as it is. */
static void enlarge(struct streams *s, struct pipe *p)
{
	if (p->large || s->large == LARGE_PIPES)
		return;
	p->large = true;
	s->large++;
	(void)fcntl(p->ends[0], F_SETPIPE_SZ, LARGE);
}

/* One with bytes of a connection that failed is not for the next. */
static void leave_pipe(struct streams *s, struct way *w)
{
	if (w->pipe.ends[0] < 0)
		return;
	if (w->held == 0 && s->pooled < POOL) {
		s->pool[s->pooled++] = w->pipe;
		w->pipe.ends[0] = w->pipe.ends[1] = -1;
		return;
	}
	s->large -= w->pipe.large;
	close_fd(&w->pipe.ends[0]);
	close_fd(&w->pipe.ends[1]);
	w->held = 0;
}

/* ---- room ---- */

static void listen_events(struct streams *s, uint32_t events)
{
	for (size_t i = 0; i < s->ports->listener_count; i++) {
		struct listener *l = &s->ports->listeners[i];

		if (!l->udp && loop_change(s->loop, l->fd, &l->source, events) < 0)
			continue; /* known to the loop since the beginning: this cannot fail */
	}
	s->full = events == 0;
}

/* Takes up work again only when there is room for some, so that it does not go on and off with each
 * connection. */
static void room_made(struct streams *s)
{
	s->count--;
	if (s->full && s->count <= s->room - s->room / 8)
		listen_events(s, EPOLLIN);
}

/* ---- end ---- */

/* reset: both sides learn that it broke off. */
static void stream_close(struct streams *s, struct stream *c, bool reset)
{
	static const struct linger at_once = {.l_onoff = 1};

	if (c->state == CLOSED)
		return;
	if (c->state == RETRYING)
		s->retrying--;
	for (int i = 0; i < 2; i++) {
		leave_pipe(s, &c->ways[i]);
		if (reset && c->sides[i].fd >= 0)
			(void)setsockopt(c->sides[i].fd, SOL_SOCKET, SO_LINGER, &at_once,
					 sizeof(at_once));
		close_fd(&c->sides[i].fd);
	}
	c->state = CLOSED;
	if (!c->again) {
		c->next = s->closed;
		s->closed = c;
	}
	room_made(s);
}

static void do_again(struct streams *s, struct stream *c)
{
	if (c->again)
		return;
	c->again = true;
	c->next = s->again;
	s->again = c;
}

/* ---- the two ways ---- */

enum progress { STUCK, MOVED, BROKEN };

static enum progress fill(struct streams *s, struct way *w, struct side *in)
{
	ssize_t got;

	if (w->ended || !in->readable)
		return STUCK;
	if (take_pipe(s, w) < 0)
		return BROKEN; /* no descriptor, no memory: room was counted so that it does not */
	got = splice(in->fd, NULL, w->pipe.ends[1], NULL, CHUNK, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (got > 0) {
		w->held += (size_t)got;
		if (got >= SMALL)
			enlarge(s, &w->pipe);
		return MOVED;
	}
	if (got == 0) {
		w->ended = true;
		return MOVED;
	}
	if (errno == EINTR)
		return MOVED;
	if (errno != EAGAIN)
		return BROKEN;
	/* with bytes in it, it may be the pipe that is full: then emptying it comes first */
	if (w->held == 0)
		in->readable = false;
	return STUCK;
}

static enum progress drain(struct way *w, struct side *out)
{
	ssize_t put;

	if (w->held == 0 || !out->writable)
		return STUCK;
	put = splice(w->pipe.ends[0], NULL, out->fd, NULL, w->held,
		     SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (put > 0) {
		w->held -= (size_t)put;
		return MOVED;
	}
	if (put < 0 && errno == EINTR)
		return MOVED;
	if (put == 0 || errno != EAGAIN)
		return BROKEN;
	out->writable = false;
	return STUCK;
}

/* As far as it goes, at most that many splices. Returns MOVED when there was more to do. */
static enum progress way_carry(struct streams *s, struct stream *c, int from, unsigned *splices)
{
	struct way *w = &c->ways[from];
	struct side *in = &c->sides[from], *out = &c->sides[!from];
	enum progress filled = MOVED, drained = MOVED;

	while ((filled == MOVED || drained == MOVED) && *splices > 0) {
		filled = fill(s, w, in);
		drained = filled == BROKEN ? BROKEN : drain(w, out);
		if (drained == BROKEN)
			return BROKEN;
		--*splices;
	}
	if (w->held == 0)
		leave_pipe(s, w);
	if (w->held == 0 && w->ended) {
		/* at the end of both ways, closing says it */
		if (!w->done && !c->ways[!from].done && shutdown(out->fd, SHUT_WR) < 0)
			return BROKEN;
		w->done = true;
		return STUCK;
	}
	return filled == MOVED || drained == MOVED ? MOVED : STUCK;
}

static void stream_carry(struct streams *s, struct stream *c)
{
	unsigned splices[2] = {TURN_SPLICES, TURN_SPLICES};
	bool more = false;

	for (int from = 0; from < 2; from++) {
		enum progress result = way_carry(s, c, from, &splices[from]);

		if (result == BROKEN) {
			stream_close(s, c, true);
			return;
		}
		more |= result == MOVED;
	}
	if (c->ways[0].done && c->ways[1].done)
		stream_close(s, c, false);
	else if (more)
		do_again(s, c);
}

/* ---- the PROXY protocol, version 2 ---- */

/* The header of haproxy's proxy-protocol.txt, section 2.2. */
struct proxy_header {
	uint8_t signature[12], command, family;
	uint16_t length;
	union {
		struct {
			struct in_addr from, to;
			in_port_t from_port, to_port;
		} four;
		struct {
			struct in6_addr from, to;
			in_port_t from_port, to_port;
		} six;
	} is;
};
#define PROXY_FIXED 16

static size_t make_proxy_header(const struct stream *c, struct proxy_header *h)
{
	struct address here = {.length = sizeof(here.is)};
	const struct address *from = &c->client;
	size_t length = 0;

	*h = (struct proxy_header){.signature = "\r\n\r\n\0\r\nQUIT\n", .command = 0x21};
	if (getsockname(c->sides[CLIENT].fd, &here.is.any, &here.length) < 0)
		here.is.any.sa_family = AF_UNSPEC;
	if (here.is.any.sa_family == AF_INET) {
		h->family = 0x11;
		h->is.four.from = from->is.four.sin_addr;
		h->is.four.to = here.is.four.sin_addr;
		h->is.four.from_port = from->is.four.sin_port;
		h->is.four.to_port = here.is.four.sin_port;
		length = 12;
	} else if (here.is.any.sa_family == AF_INET6) {
		h->family = 0x21;
		h->is.six.from = from->is.six.sin6_addr;
		h->is.six.to = here.is.six.sin6_addr;
		h->is.six.from_port = from->is.six.sin6_port;
		h->is.six.to_port = here.is.six.sin6_port;
		length = 36;
	} else {
		h->command = 0x20; /* local: a Unix socket's client has no address */
	}
	h->length = htons((uint16_t)length);
	return PROXY_FIXED + length;
}

static int send_proxy_header(const struct stream *c)
{
	struct proxy_header h;
	size_t length = make_proxy_header(c, &h);

	/* the first bytes of a connection: there is room */
	return send(c->sides[SERVER].fd, &h, length, MSG_NOSIGNAL) == (ssize_t)length ? 0 : -1;
}

/* ---- the other side ---- */

static void opened(struct streams *s, struct stream *c)
{
	static const int on = 1;

	c->state = OPEN;
	c->sides[SERVER].writable = true;
	c->sides[CLIENT].writable = true;
	if (c->listener->targets.list[c->target].is.any.sa_family != AF_UNIX)
		(void)setsockopt(c->sides[SERVER].fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (s->ports->proxy && send_proxy_header(c) < 0)
		stream_close(s, c, true);
	else
		stream_carry(s, c);
}

/* All ports of this side towards the server wait for the end of an old connection. The loopback has
 * more addresses, which no other use of is made. */
static int connect_from_another(struct streams *s, int fd, const struct address *to)
{
	struct sockaddr_in from = {.sin_family = AF_INET};
	static const int on = 1;

	if (to->is.any.sa_family != AF_INET || ntohl(to->is.four.sin_addr.s_addr) >> 24 != 127)
		return -1;
	from.sin_addr.s_addr = htonl(0x7f000002U + s->sources++ % SOURCES);
	(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&from, sizeof(from)) < 0)
		return -1;
	return connect(fd, &to->is.any, to->length);
}

/* Tries the targets from the present one on. */
static void stream_connect(struct streams *s, struct stream *c)
{
	const struct targets *t = &c->listener->targets;
	struct side *server = &c->sides[SERVER];
	int result = -1;

	for (; c->target < t->count; c->target++) {
		const struct address *to = &t->list[c->target];

		close_fd(&server->fd);
		server->fd =
			socket(to->is.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (server->fd < 0)
			continue;
		result = connect(server->fd, &to->is.any, to->length);
		if (result < 0 && errno == EADDRNOTAVAIL)
			result = connect_from_another(s, server->fd, to);
		if (result == 0 || errno == EINPROGRESS || errno == EAGAIN)
			break;
	}
	if (c->target == t->count) {
		stream_close(s, c, true);
	} else if (result < 0 && errno == EAGAIN) {
		/* the queue of a Unix socket is full, and nothing tells when it is not */
		if (s->loop->now - c->since > STREAM_PATIENCE) {
			stream_close(s, c, true);
			return;
		}
		s->retrying += c->state != RETRYING;
		c->state = RETRYING;
		do_again(s, c);
	} else {
		s->retrying -= c->state == RETRYING;
		c->state = CONNECTING;
		if (loop_add(s->loop, server->fd, &server->source,
			     EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET) < 0)
			stream_close(s, c, true);
		else if (result == 0)
			opened(s, c);
	}
}

static int error_of(int fd)
{
	socklen_t length = sizeof(int);
	int err = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &length) < 0 ? errno : err;
}

static void connected(struct streams *s, struct stream *c, uint32_t events)
{
	if (!(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
		return;
	if (!(events & (EPOLLERR | EPOLLHUP)) || error_of(c->sides[SERVER].fd) == 0) {
		opened(s, c);
		return;
	}
	c->target++;
	stream_connect(s, c);
}

static void side_happened(struct source *source, uint32_t events)
{
	struct side *side = (struct side *)(void *)source;
	struct stream *c = side->stream;
	struct streams *s = c->listener->streams;
	int number = side == &c->sides[SERVER];

	if (c->state == CLOSED)
		return;
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		side->readable = true;
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		side->writable = true;
	if (c->state == CONNECTING && number == SERVER)
		connected(s, c, events);
	else if ((events & EPOLLERR) && c->ways[number].ended)
		stream_close(s, c, true); /* nobody would read that error */
	else if (c->state == OPEN)
		stream_carry(s, c);
}

/* ---- accepting ---- */

static struct stream *new_stream(const struct listener *l, int fd)
{
	struct stream *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->listener = l;
	for (int i = 0; i < 2; i++) {
		c->sides[i] =
			(struct side){{side_happened}, c, i == CLIENT ? fd : -1, false, false};
		c->ways[i].pipe.ends[0] = c->ways[i].pipe.ends[1] = -1;
	}
	return c;
}

static bool accept_one(struct streams *s, struct listener *l)
{
	struct address from = {.length = sizeof(from.is)};
	struct stream *c;
	int fd = accept4(l->fd, &from.is.any, &from.length, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		/* no descriptors or memory in the whole system: wait until something has ended */
		if ((errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) &&
		    s->count > 0)
			listen_events(s, 0);
		return errno == ECONNABORTED || errno == EINTR;
	}
	c = new_stream(l, fd);
	if (!c) {
		close_fd(&fd);
		return false;
	}
	s->count++;
	c->client = from;
	c->since = s->loop->now;
	if (loop_add(s->loop, fd, &c->sides[CLIENT].source,
		     EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET) < 0)
		stream_close(s, c, true);
	else
		stream_connect(s, c);
	return true;
}

void streams_accept(struct listener *l)
{
	struct streams *s = l->streams;

	for (int i = 0; i < ACCEPTS && !s->full; i++) {
		if (s->count >= s->room)
			listen_events(s, 0);
		else if (!accept_one(s, l))
			return;
	}
}

/* ---- turns ---- */

int streams_turn(struct streams *s)
{
	struct stream *list = s->again, *c;
	bool at_once = false;

	s->again = NULL;
	while ((c = list) != NULL) {
		list = c->next;
		c->again = false;
		if (c->state == OPEN) {
			stream_carry(s, c);
		} else if (c->state == RETRYING) {
			stream_connect(s, c);
		} else if (c->state == CLOSED) {
			c->next = s->closed;
			s->closed = c;
		}
	}
	while ((c = s->closed) != NULL) {
		s->closed = c->next;
		free(c);
	}
	for (c = s->again; c && !at_once; c = c->next)
		at_once = c->state != RETRYING;
	return at_once ? 0 : s->retrying > 0 ? STREAM_RETRY : -1;
}

struct streams *streams_new(struct loop *l, struct ports *p, unsigned room)
{
	struct streams *s = calloc(1, sizeof(*s));

	if (!s) {
		(void)fail(0, "out of memory");
		return NULL;
	}
	s->loop = l;
	s->ports = p;
	s->room = room;
	return s;
}
