/*
 * zbox-net-names.c - the sandbox's name server: questions and answers on their way.
 *
 * Its two sockets are in the sandbox's network, on an address of its loopback interface; those to
 * the servers are in the host's, so a server on the host's loopback (systemd-resolved, dnsmasq)
 * works and is yet out of the sandbox's reach.
 *
 *   question   by UDP, or by TCP behind its length; there, one at a time on each connection
 *   rules      where there are some, zbox-net-resolver.c says what is answered at once and what is
 *              asked; otherwise everything goes on as it is, but for its number
 *   server     each question goes out from a socket of its own, whose port the kernel chose, with
 *              a number of its own; only that server's answer with that number counts (RFC 5452).
 *              One that does not answer in time or is not there: the next; none is left: "server
 *              failure"
 *
 * Without rules nothing of a message is parsed but its first twelve bytes.
 *
 * What an attacker inside would try: to use up descriptors or memory (fixed tables: the oldest
 * question makes room, and an answer by TCP has one buffer), to send half a message and wait (a
 * connection ends when it is silent), or to guess numbers from inside, where he has no way to the
 * sockets outside.
 */
#include "network/zbox-net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ANSWER_BIT = 0x80,   /* in byte 2 */
	BATCH = 16,          /* questions that are read at once */
	QUERY_TIME = 3000,   /* milliseconds for one server */
	STREAM_TIME = 15000, /* without a byte */
	ANSWER_TIME = 30000, /* for an answer to a stream */
	MESSAGE_MAX = 2 + 65535
};

static uint8_t made[RESOLVER_ROOM]; /* an answer of zbox-net-resolver.c */

void names_init(struct names *n)
{
	for (size_t i = 0; i < NAMES_QUERIES; i++)
		n->queries[i].fd = -1;
	for (size_t i = 0; i < NAMES_STREAMS; i++)
		n->streams[i].fd = -1;
}

static const union server *server_of(const struct names *n, size_t try)
{
	return &n->servers[(n->first + try) % n->server_count];
}

static socklen_t length_of(const union server *s)
{
	return s->any.sa_family == AF_INET ? sizeof(s->four) : sizeof(s->six);
}

/* ---- answers to clients ---- */

static void end_stream(struct stream *s)
{
	close_fd(&s->fd);
	free(s->out);
	s->out = NULL;
}

static void reply(struct names *n, const struct client *c, const uint8_t *bytes, size_t length)
{
	struct stream *s = c->stream < 0 ? NULL : &n->streams[c->stream];

	if (!s) {
		/* like any datagram it may be lost: then the question comes again */
		(void)sendto(n->udp, bytes, length, MSG_DONTWAIT,
			     (const struct sockaddr *)&c->address, sizeof(c->address));
		return;
	}
	if (s->fd < 0 || s->serial != c->serial || s->out || length > UINT16_MAX)
		return;
	s->out = malloc(length + 2);
	if (!s->out) {
		end_stream(s);
		return;
	}
	s->out[0] = (uint8_t)(length >> 8);
	s->out[1] = (uint8_t)length;
	memcpy(s->out + 2, bytes, length);
	s->out_length = length + 2;
	s->sent = 0;
	s->waits = false;
	s->deadline = clock_ms() + STREAM_TIME;
}

/* ---- servers ---- */

static void end_query(struct query *q)
{
	close_fd(&q->fd);
	free(q->in);
	q->in = NULL;
	q->used = false;
}

static void give_up(struct names *n, struct query *q)
{
	int length = 0;

	if (n->resolver) {
		length = resolver_failure(q, made);
	} else if (q->length <= sizeof(made)) {
		length = (int)q->length;
		memcpy(made, q->bytes, q->length);
		made[2] |= ANSWER_BIT;
		made[3] = (uint8_t)((made[3] & 0xf0) | DNS_FAILURE);
	}
	if (length > 0)
		reply(n, &q->client, made, (size_t)length);
	end_query(q);
}

/* Returns false when there is no way to the server. */
static bool send_query(struct query *q)
{
	size_t skip = q->tcp ? 0 : 2;
	ssize_t sent =
		send(q->fd, q->out + skip + q->sent, q->out_length - skip - q->sent, MSG_NOSIGNAL);

	if (sent > 0)
		q->sent += (size_t)sent;
	return sent >= 0 || (q->tcp && (errno == EAGAIN || errno == EINTR));
}

static bool open_query(const struct names *n, struct query *q)
{
	const union server *to = server_of(n, q->tries);
	int type = q->tcp ? SOCK_STREAM : SOCK_DGRAM;

	q->sent = q->got = 0;
	close_fd(&q->fd);
	q->fd = socket(to->any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (q->fd < 0)
		return false;
	if (connect(q->fd, &to->any, length_of(to)) < 0)
		return q->tcp && errno == EINPROGRESS;
	return send_query(q);
}

/* Asks the next server, or gives up. */
static void ask_next(struct names *n, struct query *q)
{
	for (; q->tries < n->server_count; q->tries++) {
		if (!open_query(n, q))
			continue;
		q->tries++;
		q->deadline = clock_ms() + QUERY_TIME;
		return;
	}
	give_up(n, q);
}

/* A free place, or that of the oldest. */
static struct query *room(struct names *n)
{
	struct query *oldest = &n->queries[0];

	for (size_t i = 0; i < NAMES_QUERIES; i++) {
		if (!n->queries[i].used)
			return &n->queries[i];
		if (n->queries[i].deadline < oldest->deadline)
			oldest = &n->queries[i];
	}
	give_up(n, oldest);
	return oldest;
}

static void take_question(struct names *n, const struct client *client, const uint8_t *bytes,
			  size_t length)
{
	struct query *q = room(n);
	int step = RESOLVER_ASK;

	q->client = *client;
	q->tcp = client->stream >= 0 && !n->resolver;
	q->tries = 0;
	q->length = length;
	memcpy(q->bytes, bytes, length);
	if (n->resolver)
		step = resolver_question(n->resolver, q, made);
	if (step > 0)
		reply(n, client, made, (size_t)step);
	if (step != RESOLVER_ASK)
		return;
	if (getrandom(&q->id, sizeof(q->id), GRND_NONBLOCK) < 0)
		q->id = (uint16_t)clock_ms();
	if (n->resolver)
		length = resolver_ask(q, q->out + 2);
	else
		memcpy(q->out + 2, bytes, length);
	q->out[0] = (uint8_t)(length >> 8);
	q->out[1] = (uint8_t)length;
	q->out[2] = (uint8_t)(q->id >> 8);
	q->out[3] = (uint8_t)q->id;
	q->out_length = length + 2;
	q->used = true;
	ask_next(n, q);
}

/* What a server said. */
static void take_message(struct names *n, struct query *q, uint8_t *bytes, size_t length)
{
	int step;

	if (!n->resolver) {
		if (length < DNS_HEADER || !(bytes[2] & ANSWER_BIT) ||
		    (bytes[0] << 8 | bytes[1]) != q->id)
			return;
		memcpy(bytes, q->bytes, 2);
		reply(n, &q->client, bytes, length);
	} else {
		step = resolver_answer(n->resolver, q, bytes, length, made);
		if (step == RESOLVER_TCP) {
			q->tcp = true;
			q->tries--;
		}
		if (step == RESOLVER_TCP || step == RESOLVER_NEXT)
			ask_next(n, q);
		if (step <= 0)
			return;
		reply(n, &q->client, made, (size_t)step);
	}
	n->first = (n->first + q->tries - 1) % n->server_count;
	end_query(q);
}

static void take_datagram(struct names *n, struct query *q)
{
	static uint8_t bytes[65536];
	ssize_t length = recv(q->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (length >= 0)
		take_message(n, q, bytes, (size_t)length);
	else if (errno != EAGAIN && errno != EINTR)
		ask_next(n, q);
}

/* Some bytes of an answer by TCP; the connection carries no other. */
static void take_bytes(struct names *n, struct query *q)
{
	ssize_t length;
	size_t whole;

	if (!q->in)
		q->in = calloc(1, MESSAGE_MAX);
	if (!q->in) {
		give_up(n, q);
		return;
	}
	whole = q->got < 2 ? 2 : 2 + (size_t)(q->in[0] << 8 | q->in[1]);
	length = recv(q->fd, q->in + q->got, whole - q->got, MSG_DONTWAIT);
	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (length <= 0) {
		ask_next(n, q);
		return;
	}
	q->got += (size_t)length;
	whole = q->got < 2 ? 2 : 2 + (size_t)(q->in[0] << 8 | q->in[1]);
	if (q->got < 2 || q->got < whole)
		return;
	take_message(n, q, q->in + 2, whole - 2);
	if (q->used && q->got >= whole) /* it was no answer, and nothing else comes */
		ask_next(n, q);
}

static void serve_query(struct names *n, struct query *q, int seen)
{
	if (seen && q->tcp && q->sent < q->out_length) {
		if ((seen & (POLLERR | POLLHUP)) || !send_query(q))
			ask_next(n, q);
	} else if (seen && q->tcp) {
		take_bytes(n, q);
	} else if (seen) {
		take_datagram(n, q);
	}
	if (q->used && clock_ms() > q->deadline)
		ask_next(n, q);
}

/* ---- clients ---- */

/* Takes one question. Returns whether there was any. */
static bool take_query(struct names *n)
{
	uint8_t bytes[NAMES_QUERY_MAX];
	struct client client = {.stream = -1};
	socklen_t size = sizeof(client.address);
	ssize_t length = recvfrom(n->udp, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_TRUNC,
				  (struct sockaddr *)&client.address, &size);

	if (length < 0)
		return false;
	if (length < DNS_HEADER || length > (ssize_t)sizeof(bytes) || (bytes[2] & ANSWER_BIT))
		return true;
	take_question(n, &client, bytes, (size_t)length);
	return true;
}

/* A free place, or that of the connection that would end first. */
static struct stream *stream_room(struct names *n)
{
	struct stream *first = &n->streams[0];

	for (size_t i = 0; i < NAMES_STREAMS; i++) {
		if (n->streams[i].fd < 0)
			return &n->streams[i];
		if (n->streams[i].deadline < first->deadline)
			first = &n->streams[i];
	}
	end_stream(first);
	return first;
}

static void take_stream(struct names *n)
{
	static uint32_t serial;
	int fd = accept4(n->tcp, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	serial++;
	*stream_room(n) =
		(struct stream){.fd = fd, .serial = serial, .deadline = clock_ms() + STREAM_TIME};
}

/* When there is a whole question in the stream's buffer it is asked. */
static void ask_from(struct names *n, struct stream *s)
{
	struct client client = {.stream = (int)(s - n->streams), .serial = s->serial};
	size_t length = (size_t)(s->in[0] << 8 | s->in[1]);

	if (s->got < 2)
		return;
	if (length < DNS_HEADER || length > NAMES_QUERY_MAX) {
		end_stream(s);
		return;
	}
	if (s->got < 2 + length)
		return;
	if (s->in[4] & ANSWER_BIT) {
		end_stream(s);
		return;
	}
	s->waits = true;
	s->deadline = clock_ms() + ANSWER_TIME;
	s->got = 0;
	take_question(n, &client, s->in + 2, length);
}

/* One message is read at a time, so that what follows stays with the kernel. */
static void fill(struct names *n, struct stream *s)
{
	size_t whole = s->got < 2 ? 2 : 2 + (size_t)(s->in[0] << 8 | s->in[1]);
	ssize_t length;

	length = recv(s->fd, s->in + s->got, whole - s->got, 0);
	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (length <= 0) {
		end_stream(s);
		return;
	}
	s->got += (size_t)length;
	s->deadline = clock_ms() + STREAM_TIME;
	ask_from(n, s);
}

static void drain(struct stream *s)
{
	ssize_t length = send(s->fd, s->out + s->sent, s->out_length - s->sent, MSG_NOSIGNAL);

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (length < 0) {
		end_stream(s);
		return;
	}
	s->sent += (size_t)length;
	s->deadline = clock_ms() + STREAM_TIME;
	if (s->sent < s->out_length)
		return;
	free(s->out);
	s->out = NULL;
}

static void serve_stream(struct names *n, struct stream *s, int seen)
{
	/* a client that only shut down its own direction still gets its answer */
	if (seen & (POLLERR | POLLHUP | POLLNVAL))
		end_stream(s);
	else if (seen && s->out)
		drain(s);
	else if (seen && !s->waits)
		fill(n, s);
	if (s->fd >= 0 && clock_ms() > s->deadline)
		end_stream(s);
}

/* ---- both ---- */

static void until(int *timeout, int64_t deadline)
{
	int64_t left = deadline - clock_ms() + 1;

	left = left < 0 ? 0 : left;
	if (*timeout < 0 || left < *timeout)
		*timeout = (int)left;
}

void names_poll(struct names *n, struct polls *p, int *timeout)
{
	n->udp_place = polls_add(p, n->udp, POLLIN);
	n->tcp_place = polls_add(p, n->tcp, POLLIN);
	for (size_t i = 0; i < NAMES_QUERIES; i++) {
		struct query *q = &n->queries[i];
		bool sends = q->tcp && q->sent < q->out_length;

		q->place = -1;
		if (!q->used)
			continue;
		q->place = polls_add(p, q->fd, sends ? POLLOUT : POLLIN);
		until(timeout, q->deadline);
	}
	for (size_t i = 0; i < NAMES_STREAMS; i++) {
		struct stream *s = &n->streams[i];

		s->place = -1;
		if (s->fd < 0)
			continue;
		s->place = polls_add(p, s->fd, s->out ? POLLOUT : s->waits ? 0 : POLLIN);
		until(timeout, s->deadline);
	}
}

void names_serve(struct names *n, const struct polls *p)
{
	for (size_t i = 0; i < NAMES_QUERIES; i++)
		if (n->queries[i].used)
			serve_query(n, &n->queries[i], polls_seen(p, n->queries[i].place));
	for (size_t i = 0; i < NAMES_STREAMS; i++)
		if (n->streams[i].fd >= 0)
			serve_stream(n, &n->streams[i], polls_seen(p, n->streams[i].place));
	if (polls_seen(p, n->tcp_place))
		take_stream(n);
	for (int i = 0; i < BATCH && polls_seen(p, n->udp_place); i++)
		if (!take_query(n))
			break;
}
