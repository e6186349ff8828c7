/*
 * zbox-net-names.c - the sandbox's name server: passes questions on to the host's servers.
 *
 * Its two sockets are in the sandbox's network, on an address of its loopback interface; those to
 * the servers are in the host's, so a server on the host's loopback (systemd-resolved, dnsmasq)
 * works and is yet out of the sandbox's reach.
 *
 *   UDP   each question goes out from a socket of its own, whose port the kernel chose, with an
 *         id of its own; only that server's answer with that id comes back (RFC 5452). A server
 *         that does not answer in time or is not there: the next; none is left: "server failure"
 *   TCP   bytes are copied both ways
 *
 * Nothing of a message is parsed but its first twelve bytes, so nothing in it can be malformed.
 *
 * What an attacker inside would try: to use up descriptors or memory (fixed tables: the oldest
 * question makes room), or to guess ids from inside, where he has no way to the sockets outside.
 */
#include "network/zbox-net.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	HEADER = 12,        /* of a message */
	ANSWER_BIT = 0x80,  /* in byte 2 */
	FAILURE = 2,        /* in byte 3 */
	BATCH = 16,         /* questions that are read at once */
	QUERY_TIME = 3000,  /* milliseconds for one server */
	STREAM_TIME = 15000 /* without a byte */
};

void names_init(struct names *n)
{
	for (size_t i = 0; i < NAMES_QUERIES; i++)
		n->queries[i].fd = -1;
	for (size_t i = 0; i < NAMES_STREAMS; i++)
		n->streams[i].fds[0] = n->streams[i].fds[1] = -1;
}

static const union server *server_of(const struct names *n, size_t try)
{
	return &n->servers[(n->first + try) % n->server_count];
}

static socklen_t length_of(const union server *s)
{
	return s->any.sa_family == AF_INET ? sizeof(s->four) : sizeof(s->six);
}

/* ---- UDP ---- */

static void answer(const struct names *n, const struct query *q, const void *bytes, size_t length)
{
	/* like any datagram it may be lost: then the question comes again */
	(void)sendto(n->udp, bytes, length, MSG_DONTWAIT, (const struct sockaddr *)&q->client,
		     sizeof(q->client));
}

static bool send_query(const struct names *n, struct query *q)
{
	const union server *to = server_of(n, q->tries);

	q->fd = socket(to->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (q->fd < 0)
		return false;
	return connect(q->fd, &to->any, length_of(to)) == 0 &&
	       send(q->fd, q->bytes, q->length, MSG_NOSIGNAL) == (ssize_t)q->length;
}

/* Asks the next server, or gives up. */
static void ask_next(const struct names *n, struct query *q)
{
	for (; q->tries < n->server_count; q->tries++) {
		close_fd(&q->fd);
		if (!send_query(n, q))
			continue;
		q->tries++;
		q->deadline = clock_ms() + QUERY_TIME;
		return;
	}
	close_fd(&q->fd);
	memcpy(q->bytes, &q->client_id, 2);
	q->bytes[2] |= ANSWER_BIT;
	q->bytes[3] = (uint8_t)((q->bytes[3] & 0xf0) | FAILURE);
	answer(n, q, q->bytes, q->length);
}

/* A free place, or that of the oldest. */
static struct query *room(struct names *n)
{
	struct query *oldest = &n->queries[0];

	for (size_t i = 0; i < NAMES_QUERIES; i++) {
		if (n->queries[i].fd < 0)
			return &n->queries[i];
		if (n->queries[i].deadline < oldest->deadline)
			oldest = &n->queries[i];
	}
	close_fd(&oldest->fd);
	return oldest;
}

/* Takes one question. Returns whether there was any. */
static bool take_query(struct names *n)
{
	uint8_t bytes[NAMES_QUERY_MAX];
	struct sockaddr_in client;
	socklen_t size = sizeof(client);
	ssize_t length = recvfrom(n->udp, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_TRUNC,
				  (struct sockaddr *)&client, &size);
	struct query *q;

	if (length < 0)
		return false;
	if (length < HEADER || length > (ssize_t)sizeof(bytes) || (bytes[2] & ANSWER_BIT))
		return true;
	q = room(n);
	q->client = client;
	q->tries = 0;
	q->length = (size_t)length;
	memcpy(q->bytes, bytes, q->length);
	memcpy(&q->client_id, bytes, 2);
	if (getrandom(&q->id, sizeof(q->id), GRND_NONBLOCK) < 0)
		q->id = (uint16_t)clock_ms();
	memcpy(q->bytes, &q->id, 2);
	ask_next(n, q);
	return true;
}

static void take_answer(struct names *n, struct query *q)
{
	static uint8_t bytes[65536];
	ssize_t length = recv(q->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (length < 0) {
		if (errno != EAGAIN && errno != EINTR)
			ask_next(n, q);
		return;
	}
	if (length < HEADER || !(bytes[2] & ANSWER_BIT) || memcmp(bytes, &q->id, 2) != 0)
		return;
	memcpy(bytes, &q->client_id, 2);
	answer(n, q, bytes, (size_t)length);
	n->first = (n->first + q->tries - 1) % n->server_count;
	close_fd(&q->fd);
}

/* ---- TCP ---- */

static void end_stream(struct stream *s)
{
	close_fd(&s->fds[0]);
	close_fd(&s->fds[1]);
}

static void take_stream(struct names *n)
{
	int client = accept4(n->tcp, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	const union server *to = server_of(n, 0);
	struct stream *s = NULL;

	if (client < 0)
		return;
	for (size_t i = 0; i < NAMES_STREAMS && !s; i++)
		if (n->streams[i].fds[0] < 0)
			s = &n->streams[i];
	if (!s) {
		close_fd(&client);
		return;
	}
	*s = (struct stream){.fds = {client, -1}, .deadline = clock_ms() + STREAM_TIME};
	s->fds[1] = socket(to->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fds[1] < 0 ||
	    (connect(s->fds[1], &to->any, length_of(to)) < 0 && errno != EINPROGRESS))
		end_stream(s);
}

/* Returns false when the connection is broken. */
static bool fill(struct way *w, int fd)
{
	ssize_t got = recv(fd, w->bytes, sizeof(w->bytes), 0);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	w->start = 0;
	w->end = (size_t)got;
	w->finished = got == 0;
	return true;
}

static bool drain(struct way *w, int fd)
{
	ssize_t put = send(fd, w->bytes + w->start, w->end - w->start, MSG_NOSIGNAL);

	if (put < 0)
		return errno == EAGAIN || errno == EINTR;
	w->start += (size_t)put;
	return true;
}

static void serve_stream(struct names *n, struct stream *s, const struct polls *p)
{
	bool good = true;

	for (unsigned side = 0; side < 2; side++) {
		struct way *in = &s->ways[side], *out = &s->ways[!side];
		int seen = polls_seen(p, s->places[side]);

		if (seen)
			s->deadline = clock_ms() + STREAM_TIME;
		if ((seen & POLLERR) && side == 1)
			n->first = (n->first + 1) % n->server_count;
		good &= !(seen & POLLERR);
		if (good && (seen & POLLOUT))
			good = drain(out, s->fds[side]);
		if (good && (seen & (POLLIN | POLLHUP)) && in->start == in->end) {
			good = fill(in, s->fds[side]);
			if (in->finished)
				(void)shutdown(s->fds[!side], SHUT_WR);
		}
	}
	if (!good || (s->ways[0].finished && s->ways[1].finished) || clock_ms() > s->deadline)
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

		q->place = -1;
		if (q->fd < 0)
			continue;
		q->place = polls_add(p, q->fd, POLLIN);
		until(timeout, q->deadline);
	}
	for (size_t i = 0; i < NAMES_STREAMS; i++) {
		struct stream *s = &n->streams[i];

		s->places[0] = s->places[1] = -1;
		if (s->fds[0] < 0)
			continue;
		until(timeout, s->deadline);
		for (unsigned side = 0; side < 2; side++) {
			const struct way *in = &s->ways[side], *out = &s->ways[!side];
			int events = in->start == in->end && !in->finished ? POLLIN : 0;

			events |= out->start < out->end ? POLLOUT : 0;
			s->places[side] = polls_add(p, events ? s->fds[side] : -1, events);
		}
	}
}

void names_serve(struct names *n, const struct polls *p)
{
	for (size_t i = 0; i < NAMES_QUERIES; i++) {
		struct query *q = &n->queries[i];

		if (q->fd >= 0 && polls_seen(p, q->place))
			take_answer(n, q);
		if (q->fd >= 0 && clock_ms() > q->deadline)
			ask_next(n, q);
	}
	for (size_t i = 0; i < NAMES_STREAMS; i++)
		if (n->streams[i].fds[0] >= 0)
			serve_stream(n, &n->streams[i], p);
	if (polls_seen(p, n->tcp_place))
		take_stream(n);
	for (int i = 0; i < BATCH && polls_seen(p, n->udp_place); i++)
		if (!take_query(n))
			break;
}
