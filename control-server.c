/*
 * control-server.c - the socket of a sandbox with a name, held by the zbox outside of it.
 *
 * It lives in zbox's one loop: nothing here blocks, and each connection is one request, read whole
 * or not at all. Who connects is looked at (control.c) before he is told anything but that there is
 * somebody; a second time with his request.
 *
 * What an attacker would try who can reach the socket: to fill the places (somebody who is refused
 * holds none; the others are the user's own, and a full house only refuses the next), to stay
 * connected without a word (a place each, no more), to be slow in taking an answer (it is thrown
 * away).
 */
#include "control-server.h"

#include "explain-limits.h"
#include "identity.h"
#include "registry.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void control_init(struct control *c)
{
	c->name = NULL;
	c->dir = c->listener = -1;
	for (size_t i = 0; i < CONTROL_CONNECTIONS; i++)
		c->connections[i] = (struct connection){.socket = -1, .peer = PEER_NONE};
}

int control_open(struct control *c, const struct sandbox *sb, bool terminal_inside)
{
	c->terminal_inside = terminal_inside;
	if (confinement_get(&c->own) < 0)
		return -1;
	c->dir = registry_open(true);
	if (c->dir < 0)
		return -1;
	c->listener = registry_claim(c->dir, sb->name, &c->inode);
	if (c->listener < 0) {
		close_fd(&c->dir);
		return -1;
	}
	c->name = sb->name;
	(void)clock_gettime(CLOCK_BOOTTIME, &c->start);
	return 0;
}

void control_descriptors(const struct control *c, int descriptors[2])
{
	descriptors[0] = c->dir;
	descriptors[1] = c->listener;
}

void control_leave(struct control *c)
{
	close_fd(&c->listener);
	close_fd(&c->dir);
	c->name = NULL;
}

static void hang_up(struct connection *n)
{
	close_fd(&n->socket);
	close_fd(&n->peer.proc);
	n->waits = false;
}

/* ---- who connects ---- */

static struct connection *free_place(struct control *c)
{
	for (size_t i = 0; i < CONTROL_CONNECTIONS; i++)
		if (c->connections[i].socket < 0)
			return &c->connections[i];
	return NULL;
}

/* Whatever is wrong with it is not a failure of ours: it is closed, and nothing is on record. */
static void welcome(struct control *c, bool started)
{
	struct control_hello hello = {CONTROL_MAGIC, CONTROL_VERSION, started, c->terminal_inside};
	struct control_message m = {.parts = {{&hello, sizeof(hello)}}};
	autoclose int socket = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct connection *n = free_place(c);
	struct peer peer = PEER_NONE;

	if (socket < 0 || !n)
		return;
	if (peer_open(socket, &c->own, true, &peer) < 0 || control_note_senders(socket) < 0 ||
	    control_send(socket, &m, MSG_DONTWAIT) < 0) {
		close_fd(&peer.proc);
		failure_clear();
		return;
	}
	*n = (struct connection){.socket = take_fd(&socket), .peer = peer};
}

/* ---- what is asked ---- */

/* Returns whether there is something to act on. */
static bool read_request(struct control *c, struct connection *n)
{
	struct control_event *e = &c->event;
	struct control_message m = {
		.parts = {{&e->request, sizeof(e->request)}, {&c->entry, sizeof(c->entry)}},
		.fds = e->fds};
	int got = control_receive(n->socket, &m, MSG_DONTWAIT);
	bool entry, good;

	if (got < 0 && errno == EAGAIN)
		return false;
	good = got > 0 && !n->waits && peer_confirm(&n->peer, m.sender) == 0 &&
	       control_request_is_sound(&e->request, &c->entry, m.length);
	entry = good && e->request.kind == CONTROL_ENTER;
	failure_clear();
	if (!good || (entry ? m.fd_count < ENTRY_SLAVE : m.fd_count > 0)) {
		if (got > 0)
			control_drop_fds(&m);
		hang_up(n);
		return false;
	}
	e->from = n;
	e->give = NULL;
	e->give_count = 0;
	e->fd_count = m.fd_count;
	e->more = &c->entry;
	e->more_size = m.length - sizeof(e->request);
	return true;
}

void control_poll(const struct control *c, struct pollfd *polls)
{
	polls[0] = (struct pollfd){.fd = c->listener, .events = POLLIN};
	for (size_t i = 0; i < CONTROL_CONNECTIONS; i++)
		polls[1 + i] = (struct pollfd){.fd = c->connections[i].socket, .events = POLLIN};
}

struct control_event *control_next(struct control *c, struct pollfd *polls, bool started)
{
	for (size_t i = 0; i < CONTROL_CONNECTIONS; i++) {
		bool arrived = polls[1 + i].fd >= 0 && polls[1 + i].revents;

		polls[1 + i].fd = -1;
		if (arrived && read_request(c, &c->connections[i]))
			return &c->event;
	}
	if (polls[0].revents)
		welcome(c, started);
	polls[0].revents = 0;
	return NULL;
}

void control_answer(struct control_event *e, int err, const char *text,
		    const struct control_info *info, bool waits)
{
	struct control_answer answer = {.err = err};
	/* sendmsg(2) only reads */
	struct control_message m = {.parts = {{&answer, sizeof(answer)},
					      {(void *)(uintptr_t)info, info ? sizeof(*info) : 0}},
				    .fds = e->give,
				    .fd_count = e->give_count};

	while (e->fd_count > 0)
		close_fd(&e->fds[--e->fd_count]);
	(void)snprintf(answer.text, sizeof(answer.text), "%s", text ? text : "");
	if (control_send(e->from->socket, &m, MSG_DONTWAIT) < 0 || !waits)
		hang_up(e->from);
	else
		e->from->waits = true;
}

/* ---- what is told ---- */

static void describe_command(const struct sandbox *sb, char text[CONTROL_COMMAND])
{
	size_t used = 0;

	text[0] = '\0';
	for (char **word = sb->command; *word && used < CONTROL_COMMAND; word++)
		used += (size_t)snprintf(text + used, CONTROL_COMMAND - used, "%s%s",
					 word == sb->command ? "" : " ", *word);
}

static const char *network_word(const struct sandbox *sb)
{
	if (sb->net == NET_SLIRP)
		return "slirp";
	if (sb->net == NET_JOIN || sb->netns_fd >= 0 || sb->netns_path)
		return "joined";
	return sb->unshare & CLONE_NEWNET ? "none" : "host";
}

void control_describe(const struct control *c, const struct sandbox *sb, struct control_info *info)
{
	struct identity id = identity_of(sb);
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	info->uid = id.uid;
	info->gid = id.gid;
	info->age_us = (uint64_t)((now.tv_sec - c->start.tv_sec) * 1000000 +
				  (now.tv_nsec - c->start.tv_nsec) / 1000);
	(void)snprintf(info->network, sizeof(info->network), "%s", network_word(sb));
	limits_text(sb, info->limits, sizeof(info->limits));
	describe_command(sb, info->command);
}

void control_close(struct control *c, int status)
{
	struct control_answer answer = {.status = status};
	struct control_message m = {.parts = {{&answer, sizeof(answer)}}};

	if (!c->name)
		return;
	/* first the name: who was waiting may start the next one of that name */
	registry_release(c->dir, c->name, c->inode);
	c->name = NULL;
	close_fd(&c->listener);
	close_fd(&c->dir);
	for (size_t i = 0; i < CONTROL_CONNECTIONS; i++) {
		struct connection *n = &c->connections[i];

		if (n->socket >= 0 && n->waits)
			(void)control_send(n->socket, &m, MSG_DONTWAIT);
		hang_up(n);
	}
}
