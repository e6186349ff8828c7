/*
 * control-client.c - a question to the zbox of a sandbox with a name.
 *
 * The name is only where to look. Before anything is said the process that listens is made sure of
 * (control.c): a sandbox that was shown the directory of the sockets might have put one there, to
 * be handed the caller's terminal.
 *
 * An answer is waited for only so long, since a zbox can be stopped: then it says nothing, and that
 * is found out beforehand.
 */
#include "control-client.h"

#include "registry.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define PATIENCE 10 /* seconds until an answer does not come any more */

static int set_patience(int socket, int seconds)
{
	const struct timeval patience = {.tv_sec = seconds};

	return setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0
		       ? fail(errno, "SO_RCVTIMEO")
		       : 0;
}

/* The state behind the last parenthesis of /proc/PID/stat: T. */
static bool is_stopped(const struct peer *p)
{
	char text[1024];
	const char *state;

	if (read_file_at(p->proc, "stat", text, sizeof(text)) < 0)
		return false;
	state = strrchr(text, ')');
	return state && (strncmp(state, ") T", 3) == 0 || strncmp(state, ") t", 3) == 0);
}

static int wake_up(const struct peer *p, const char *name, bool wake)
{
	if (!is_stopped(p))
		return 0;
	if (!wake)
		return fail(0,
			    "the zbox of the sandbox %s, process %d, is stopped: zbox --kill %s "
			    "CONT continues it",
			    name, p->pid, name);
	return kill(p->pid, SIGCONT) < 0 ? fail(errno, "continue process %d", p->pid) : 0;
}

/* Of the next message: whether it came, and from whom it has to come. */
static int receive(struct control_client *c, struct control_message *m)
{
	int got = control_receive(c->socket, m, 0);

	if (got < 0 && errno == EAGAIN && is_stopped(&c->peer))
		return fail(0, "zbox, process %d, is stopped: kill -CONT %d continues it",
			    c->peer.pid, c->peer.pid);
	if (got < 0 && errno == EAGAIN)
		return fail(ETIMEDOUT, "zbox, process %d, does not answer", c->peer.pid);
	if (got < 0)
		return fail(errno, "the answer of zbox, process %d", c->peer.pid);
	if (got == 0)
		return fail(0,
			    "zbox, process %d, does not answer: it has ended, or does not talk "
			    "to who is confined",
			    c->peer.pid);
	return 0;
}

static int take_hello(struct control_client *c)
{
	struct control_message m = {.parts = {{&c->hello, sizeof(c->hello)}}};

	if (receive(c, &m) < 0 || peer_confirm(&c->peer, m.sender) < 0)
		return -1;
	if (m.length != sizeof(c->hello) || c->hello.magic != CONTROL_MAGIC ||
	    c->hello.version != CONTROL_VERSION)
		return fail(0, "process %d is another version of zbox", c->peer.pid);
	return 0;
}

int client_open(int dir, const char *name, bool wake, struct control_client *c)
{
	struct confinement own;

	c->socket = registry_connect(dir, name);
	if (c->socket < 0 && errno == ENOENT)
		return 0;
	if (c->socket < 0 && errno == ECONNREFUSED) {
		registry_clean(dir, name);
		return 0;
	}
	if (c->socket < 0)
		return fail(errno, "connect to the sandbox %s", name);
	if (confinement_get(&own) < 0 || peer_open(c->socket, &own, false, &c->peer) < 0 ||
	    wake_up(&c->peer, name, wake) < 0 || control_note_senders(c->socket) < 0 ||
	    set_patience(c->socket, PATIENCE) < 0 || take_hello(c) < 0) {
		client_close(c);
		return -1;
	}
	return 1;
}

void client_close(struct control_client *c)
{
	close_fd(&c->socket);
	close_fd(&c->peer.proc);
	while (c->fd_count > 0)
		close_fd(&c->fds[--c->fd_count]);
}

int client_find(const char *name, bool wake, struct control_client *c)
{
	autoclose int dir = registry_open(false);
	int result;

	if (dir == -1)
		return -1;
	result = dir < 0 ? 0 : client_open(dir, name, wake, c);
	if (result == 0)
		return fail(0, "no sandbox with the name %s is running", name);
	return result < 0 ? -1 : 0;
}

int client_ask(struct control_client *c, enum control_kind kind, int value,
	       const struct control_message *m, struct control_answer *answer,
	       struct control_info *info)
{
	struct control_request request = {kind, value};
	struct control_message question = {.parts = {{&request, sizeof(request)}}};
	struct control_message reply = {
		.parts = {{answer, sizeof(*answer)}, {info, info ? sizeof(*info) : 0}},
		.fds = c->fds};
	size_t wanted = sizeof(*answer);

	if (m) {
		question.parts[1] = m->parts[0];
		question.fds = m->fds;
		question.fd_count = m->fd_count;
	}
	if (control_send(c->socket, &question, 0) < 0)
		return fail(errno, "ask zbox, process %d", c->peer.pid);
	if (receive(c, &reply) < 0)
		return -1;
	c->fd_count = reply.fd_count;
	/* it was made sure of with the hello, and nobody else has its end of the connection; by now
	 * it may have ended, as after --kill */
	if (reply.sender != c->peer.pid)
		return fail(EPERM, "the answer is of another process than %d", c->peer.pid);
	if (info && answer->err == 0)
		wanted += sizeof(*info);
	if (reply.length != wanted)
		return fail(EPROTO, "the answer of zbox, process %d", c->peer.pid);
	answer->text[sizeof(answer->text) - 1] = '\0';
	if (info) {
		info->network[sizeof(info->network) - 1] = '\0';
		info->limits[sizeof(info->limits) - 1] = '\0';
		info->command[sizeof(info->command) - 1] = '\0';
	}
	return 0;
}

int client_wait(struct control_client *c)
{
	struct control_answer answer = {0};
	struct control_message m = {.parts = {{&answer, sizeof(answer)}}};

	if (set_patience(c->socket, 0) < 0)
		return -1;
	if (control_receive(c->socket, &m, 0) <= 0 || m.length != sizeof(answer))
		return fail(0, "zbox, process %d, was killed: how its sandbox ended is not known",
			    c->peer.pid);
	return answer.status & 0xff;
}
