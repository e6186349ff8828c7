/*
 * zbox-ports-udp.c - datagrams and their flows.
 *
 * A flow is one client of one listener, and has a socket of its own on the other side, so that the
 * server sees each client as another port. It ends when it has been idle: soon where nothing ever
 * came back, later where something did. There are as many flows as fit; a new one takes the place
 * of the one that has been idle longest, and of those without an answer first, so that a flood of
 * forged senders does not end conversations.
 *
 * A datagram that cannot be passed on at once is lost, as on any network. What an attacker inside
 * could send is an answer to whoever asked: the socket is connected, and the client's address is
 * the one that was seen.
 */
#include "network/zbox-ports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define DATAGRAMS 64 /* of one socket in one turn */
#define BUCKETS 1024 /* of the table; a power of two */
#define DATAGRAM_MAX 65536

struct flow {
	struct source source;
	struct flows *flows;
	struct listener *listener;
	struct address client;
	int fd; /* on the other side, -1: free */
	size_t target;
	bool answered;
	int64_t used;
	/* where the client sent it, for the answer to come from there */
	_Alignas(struct cmsghdr) uint8_t here[64];
	size_t here_length;
	struct flow *next; /* in its bucket */
};

struct flows {
	struct loop *loop;
	struct flow list[FLOWS_MAX];
	struct flow *buckets[BUCKETS];
	unsigned count;
	int64_t looked; /* when idle ones were searched */
	uint8_t bytes[DATAGRAM_MAX];
};

static size_t bucket_of(const struct listener *l, const struct address *client)
{
	const uint8_t *bytes = (const uint8_t *)&client->is;
	uint32_t hash = (uint32_t)((uintptr_t)l >> 4);

	for (size_t i = 0; i < client->length; i++)
		hash = (hash ^ bytes[i]) * 16777619U;
	return (hash ^ hash >> 16) & (BUCKETS - 1);
}

static bool is_client(const struct flow *f, const struct listener *l, const struct address *client)
{
	return f->listener == l && f->client.length == client->length &&
	       memcmp(&f->client.is, &client->is, client->length) == 0;
}

static void flow_end(struct flow *f)
{
	struct flow **place = &f->flows->buckets[bucket_of(f->listener, &f->client)];

	while (*place != f)
		place = &(*place)->next;
	*place = f->next;
	close_fd(&f->fd);
	f->flows->count--;
}

/* A free one, or the one that is missed least. */
static struct flow *find_room(struct flows *flows)
{
	struct flow *oldest = NULL;

	for (size_t i = 0; i < FLOWS_MAX; i++) {
		struct flow *f = &flows->list[i];

		if (f->fd < 0)
			return f;
		if (!oldest || f->answered < oldest->answered ||
		    (f->answered == oldest->answered && f->used < oldest->used))
			oldest = f;
	}
	flow_end(oldest);
	return oldest;
}

/* ---- from the server ---- */

static void flow_answer(struct flow *f, size_t length)
{
	struct iovec part = {f->flows->bytes, length};
	struct msghdr header = {.msg_name = &f->client.is,
				.msg_namelen = f->client.length,
				.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = f->here_length ? f->here : NULL,
				.msg_controllen = f->here_length};

	f->answered = true;
	f->used = f->flows->loop->now;
	(void)sendmsg(f->listener->fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static int flow_open(struct flow *f);

static void flow_happened(struct source *source, uint32_t events)
{
	struct flow *f = (struct flow *)(void *)source;

	(void)events;
	for (int i = 0; i < DATAGRAMS && f->fd >= 0; i++) {
		ssize_t got = recv(f->fd, f->flows->bytes, DATAGRAM_MAX, MSG_DONTWAIT);

		if (got >= 0) {
			flow_answer(f, (size_t)got);
		} else if (errno == ECONNREFUSED && !f->answered) {
			/* nobody there: the client's next one goes to the next target */
			f->target++;
			if (f->target == f->listener->targets.count || flow_open(f) < 0)
				flow_end(f);
			return;
		} else if (errno != EINTR && errno != ECONNREFUSED) {
			return;
		}
	}
}

/* ---- from the client ---- */

/* Connects the flow to its target, or to the next that can be reached. */
static int flow_open(struct flow *f)
{
	const struct targets *t = &f->listener->targets;

	for (; f->target < t->count; f->target++) {
		const struct address *to = &t->list[f->target];

		close_fd(&f->fd);
		f->fd = socket(to->is.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (f->fd >= 0 && connect(f->fd, &to->is.any, to->length) == 0 &&
		    loop_add(f->flows->loop, f->fd, &f->source, EPOLLIN) == 0)
			return 0;
	}
	return -1;
}

static struct flow *flow_new(struct listener *l, const struct address *client)
{
	struct flows *flows = l->flows;
	struct flow *f = find_room(flows), **bucket = &flows->buckets[bucket_of(l, client)];

	*f = (struct flow){.source = {flow_happened},
			   .flows = flows,
			   .listener = l,
			   .client = *client,
			   .fd = -1,
			   .next = *bucket};
	*bucket = f;
	flows->count++;
	if (flow_open(f) == 0)
		return f;
	flow_end(f);
	return NULL;
}

/* The control message that came is, turned around, the one that the answer needs; an interface may
 * not be named that the answer does not leave by. */
static void keep_here(struct flow *f, struct msghdr *header)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(header);

	f->here_length = 0;
	if (!c || header->msg_controllen > sizeof(f->here))
		return;
	if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo info;

		memcpy(&info, CMSG_DATA(c), sizeof(info));
		info.ipi_ifindex = 0;
		memcpy(CMSG_DATA(c), &info, sizeof(info));
	} else if (c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_PKTINFO) {
		return;
	}
	memcpy(f->here, header->msg_control, header->msg_controllen);
	f->here_length = header->msg_controllen;
}

/* Returns whether there may be more. */
static bool receive_one(struct listener *l)
{
	_Alignas(struct cmsghdr) uint8_t control[64];
	struct flows *flows = l->flows;
	struct address client = {.length = 0};
	struct iovec part = {flows->bytes, DATAGRAM_MAX};
	struct msghdr header = {.msg_name = &client.is,
				.msg_namelen = sizeof(client.is),
				.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = control,
				.msg_controllen = sizeof(control)};
	ssize_t got = recvmsg(l->fd, &header, MSG_DONTWAIT);
	struct flow *f;

	if (got < 0)
		return errno == EINTR || errno == ECONNREFUSED;
	client.length = header.msg_namelen;
	f = flows->buckets[bucket_of(l, &client)];
	while (f && !is_client(f, l, &client))
		f = f->next;
	if (!f)
		f = flow_new(l, &client);
	if (!f)
		return true;
	f->used = flows->loop->now;
	keep_here(f, &header);
	/* a refusal of the one before is told here: this one has not left then */
	if (send(f->fd, flows->bytes, (size_t)got, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
	    errno == ECONNREFUSED && !f->answered && ++f->target < l->targets.count &&
	    flow_open(f) == 0)
		(void)send(f->fd, flows->bytes, (size_t)got, MSG_DONTWAIT | MSG_NOSIGNAL);
	return true;
}

void flows_receive(struct listener *l)
{
	for (int i = 0; i < DATAGRAMS; i++)
		if (!receive_one(l))
			return;
}

int flows_turn(struct flows *flows)
{
	int64_t now = flows->loop->now;

	if (flows->count == 0)
		return -1;
	if (now - flows->looked >= FLOW_LOOK) {
		flows->looked = now;
		for (size_t i = 0; i < FLOWS_MAX; i++) {
			struct flow *f = &flows->list[i];

			if (f->fd >= 0 &&
			    now - f->used >= (f->answered ? FLOW_ANSWERED : FLOW_IDLE))
				flow_end(f);
		}
	}
	return flows->count > 0 ? (int)(flows->looked + FLOW_LOOK - now) : -1;
}

struct flows *flows_new(struct loop *l)
{
	struct flows *flows = calloc(1, sizeof(*flows));

	if (!flows) {
		(void)fail(0, "out of memory");
		return NULL;
	}
	flows->loop = l;
	for (size_t i = 0; i < FLOWS_MAX; i++)
		flows->list[i].fd = -1;
	return flows;
}
