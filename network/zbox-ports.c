/*
 * zbox-ports.c - carries published ports and forwarded services for one sandbox: a program of its
 * own, which zbox starts, once for each direction. network/ports.c says what it is told.
 *
 * Descriptor 3 is a socket to zbox, over which the sandbox's network namespace and root directory
 * come. The order:
 *
 *   publish                              forward
 *   words                                words
 *   listens, in the host's network       waits for the sandbox's network
 *   waits for the sandbox's network      a child enters it, listens, sends the sockets, and ends
 *   enters it
 *   confines itself                      confines itself
 *   ready                                ready
 *   carries until zbox is gone           the same
 *
 * Entering means the user namespace that owns the network, which the kernel lets its maker do, and
 * then the network; then the rights that came with that are given up. The root directory is entered
 * too where a Unix socket inside has to be found, so that no link leads out of the sandbox.
 *
 * What an attacker would try is to reach the host through this: bytes are never looked at, and the
 * process that connects for "publish" is in the sandbox's own network and root. One for "forward"
 * connects to what was named; taken over, it could connect to the same ports of other addresses
 * (before Linux 6.7: to all), and nothing else is left to it.
 */
#include "network/zbox-ports.h"

#include "network/confine.h"
#include "network/ports.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIFE_FD 3
#define WORDS_EACH 6
#define EVENTS 256
#define SPARE 64 /* descriptors beside listeners, connections and flows */

/* ---- words ---- */

static int take_number(const char *text, int64_t min, int64_t *number)
{
	return parse_number(text, min, UINT16_MAX, number) < 0 ? fail(0, "words: %s", text) : 0;
}

static int take_rule(struct ports *p, char **word)
{
	int64_t from = 0, to = 0, count = 0;
	struct rule *r = array_add(&p->rules, &p->rule_count, sizeof(*r));

	if (!r || take_number(word[2], 0, &from) < 0 || take_number(word[4], 0, &to) < 0 ||
	    take_number(word[5], 1, &count) < 0)
		return -1;
	*r = (struct rule){.udp = strcmp(word[0], "udp") == 0,
			   .from = {word[1], (uint16_t)from},
			   .to = {word[3], (uint16_t)to},
			   .count = (unsigned)count};
	return 0;
}

static int take_words(struct ports *p, int count, char **words)
{
	if (count < 3 || (count - 3) % WORDS_EACH != 0)
		return fail(0, "no words");
	p->forward = strcmp(words[1], "forward") == 0;
	p->proxy = strcmp(words[2], "proxy") == 0;
	for (int i = 3; i < count; i += WORDS_EACH)
		if (take_rule(p, words + i) < 0)
			return -1;
	return 0;
}

static bool has_paths(const struct ports *p, bool from)
{
	for (size_t i = 0; i < p->rule_count; i++)
		if ((from ? p->rules[i].from.port : p->rules[i].to.port) == 0)
			return true;
	return false;
}

/* ---- the sandbox ---- */

struct place {
	int network, root; /* owned */
};

/* When zbox has gone, so does this program. */
static int receive_place(const struct ports *p, struct place *place)
{
	int *const fds[] = {&place->network, &place->root};

	for (size_t i = 0; i < COUNT(fds); i++) {
		char byte;

		if (recv(p->life, &byte, 1, MSG_PEEK) == 0)
			_exit(0);
		*fds[i] = receive_fd(p->life);
		if (*fds[i] < 0)
			return -1;
	}
	return 0;
}

/* EINVAL: a process that is in it already. */
static int enter(const struct place *place, bool root)
{
	autoclose int user = ioctl(place->network, NS_GET_USERNS);

	if (user < 0)
		return fail(errno, "the owner of the sandbox's network");
	if (setns(user, CLONE_NEWUSER) < 0 && errno != EINVAL)
		return fail(errno, "enter the sandbox's user namespace");
	if (setns(place->network, CLONE_NEWNET) < 0)
		return fail(errno, "enter the sandbox's network");
	if (root && (fchdir(place->root) < 0 || chroot(".") < 0))
		return fail(errno, "enter the sandbox's root");
	/* forgotten with the change of credentials; the end of the socket is what counts */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return fail(errno, "die with zbox");
	return 0;
}

/* What it failed at is one message instead of the sockets. */
static void listen_inside(struct ports *p, const struct place *place, int socket)
{
	if (enter(place, has_paths(p, true)) == 0 && listen_all(p) == 0) {
		bool good = true;

		if (write_fd(socket, &good, sizeof(good)) == 0 && listen_send(p, socket) == 0)
			_exit(0);
	}
	(void)!write_fd(socket, failure_get(), sizeof(struct failure));
	_exit(1);
}

static int fetch_listeners(struct ports *p, const struct place *place)
{
	autoclose int ours = -1;
	struct failure said;
	ssize_t got;
	int ends[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(errno, "a socket pair");
	ours = ends[0];
	child = fork();
	if (child == 0)
		listen_inside(p, place, ends[1]);
	close_fd(&ends[1]);
	if (child < 0)
		return fail(errno, "fork");
	got = recv(ours, &said, sizeof(said), 0);
	if (got == (ssize_t)sizeof(said))
		failure_adopt(&said);
	else if (got != (ssize_t)sizeof(bool))
		(void)fail(0, "the sandbox's network");
	if (failure_get() || listen_receive(p, ours) < 0)
		return -1;
	(void)waitpid(child, NULL, 0);
	return 0;
}

/* ---- confinement ---- */

static const int allowed[] = {
	/* sockets and pipes */
	SYS_splice,
	SYS_accept4,
	SYS_connect,
	SYS_bind, /* one end of a connection, not a listener: there is no listen(2) */
	SYS_recvfrom,
	SYS_recvmsg,
	SYS_sendto,
	SYS_sendmsg,
	SYS_shutdown,
	SYS_getsockname,
	SYS_getsockopt,
	SYS_setsockopt,
	SYS_pipe2,
	SYS_close,
	SYS_epoll_ctl,
#ifdef SYS_epoll_wait
	SYS_epoll_wait,
#endif
	SYS_epoll_pwait,
	/* memory */
	SYS_brk,
	SYS_munmap,
	SYS_mremap,
	SYS_madvise,
	SYS_futex,
	/* time, chance, the end */
	SYS_clock_gettime,
	SYS_getrandom,
	SYS_restart_syscall,
	SYS_rt_sigreturn,
	SYS_exit,
	SYS_exit_group,
};

static const struct confine_guard guarded[] = {
	{SYS_mmap, 2, 1, PROT_EXEC, {0}},
	{SYS_mprotect, 2, 1, PROT_EXEC, {0}},
	{SYS_fcntl, 1, 1, UINT32_MAX, {F_SETPIPE_SZ}},
};

/* Only sockets of the families that targets have. */
static struct confine_guard socket_guard(const struct ports *p)
{
	static const int families[] = {AF_INET, AF_INET6, AF_UNIX};
	struct confine_guard g = {.call = SYS_socket, .mask = UINT32_MAX};

	for (size_t f = 0; f < COUNT(families); f++) {
		bool used = false;

		for (size_t i = 0; i < p->listener_count; i++)
			for (size_t t = 0; t < p->listeners[i].targets.count; t++)
				used |= p->listeners[i].targets.list[t].is.any.sa_family ==
					families[f];
		if (used)
			g.values[g.count++] = (uint32_t)families[f];
	}
	return g;
}

/* The ports that "forward" connects to; in its own network "publish" may connect to all. */
static int close_files(const struct ports *p)
{
	autofree uint16_t *ports = calloc(NET_PORTS_MAX, sizeof(*ports));
	size_t count = 0;

	if (!ports)
		return fail(0, "out of memory");
	for (size_t i = 0; i < p->rule_count; i++)
		for (unsigned at = 0; p->rules[i].to.port && at < p->rules[i].count; at++)
			if (count < NET_PORTS_MAX)
				ports[count++] = (uint16_t)(p->rules[i].to.port + at);
	return confine_files(p->forward ? ports : NULL, count);
}

static int confine(const struct ports *p)
{
	struct confine_guard guards[COUNT(guarded) + 1];
	struct confine_calls calls = {allowed, COUNT(allowed), guards, COUNT(guards)};

	memcpy(guards, guarded, sizeof(guarded));
	guards[COUNT(guarded)] = socket_guard(p);
	if (confine_rights() < 0 || close_files(p) < 0)
		return -1;
	return confine_filter(&calls);
}

/* ---- the loop ---- */

int loop_add(const struct loop *l, int fd, struct source *source, uint32_t events)
{
	struct epoll_event event = {events, {.ptr = source}};

	return epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event);
}

int loop_change(const struct loop *l, int fd, struct source *source, uint32_t events)
{
	struct epoll_event event = {events, {.ptr = source}};

	return epoll_ctl(l->epoll, EPOLL_CTL_MOD, fd, &event);
}

static void loop_time(struct loop *l)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	l->now = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* zbox says nothing any more: this is its end. */
static void life_happened(struct source *source, uint32_t events)
{
	(void)source;
	(void)events;
	_exit(0);
}

static void listener_happened(struct source *source, uint32_t events)
{
	struct listener *l = (struct listener *)(void *)source;

	(void)events;
	if (l->udp)
		flows_receive(l);
	else
		streams_accept(l);
}

/* The sooner of two times to wait, of which -1 is never. */
static int sooner(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

static void carry(struct loop *l, struct streams *streams, struct flows *flows)
{
	static struct epoll_event events[EVENTS];

	for (;;) {
		int wait = sooner(streams_turn(streams), flows_turn(flows));
		int count = epoll_wait(l->epoll, events, EVENTS, wait);

		loop_time(l);
		for (int i = 0; i < count; i++) {
			struct source *source = events[i].data.ptr;

			source->happened(source, events[i].events);
		}
	}
}

/* ---- beginning ---- */

static int find_targets(struct ports *p)
{
	for (size_t i = 0; i < p->rule_count; i++)
		if (targets_find(&p->rules[i].to, p->rules[i].udp, &p->rules[i].targets) < 0)
			return -1;
	return 0;
}

static int make_loop(struct ports *p, struct loop *l, struct streams **streams,
		     struct flows **flows, unsigned room)
{
	static struct source life = {life_happened};

	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll < 0 || loop_add(l, p->life, &life, EPOLLIN) < 0)
		return fail(errno, "epoll");
	loop_time(l);
	*streams = streams_new(l, p, room);
	*flows = flows_new(l);
	if (!*streams || !*flows)
		return -1;
	for (size_t i = 0; i < p->listener_count; i++) {
		struct listener *here = &p->listeners[i];

		here->source.happened = listener_happened;
		here->streams = *streams;
		here->flows = *flows;
		if (loop_add(l, here->fd, &here->source, EPOLLIN) < 0)
			return fail(errno, "epoll");
	}
	return 0;
}

static int settle(struct ports *p)
{
	struct place place = {-1, -1};
	int result;

	if (!p->forward && listen_all(p) < 0)
		return -1;
	/* names are looked up here, in the host's network */
	if (p->forward && find_targets(p) < 0)
		return -1;
	if (receive_place(p, &place) < 0)
		return -1;
	result = p->forward ? fetch_listeners(p, &place) : enter(&place, has_paths(p, false));
	close_fd(&place.network);
	close_fd(&place.root);
	if (result < 0 || (!p->forward && find_targets(p) < 0))
		return -1;
	listen_targets(p);
	return 0;
}

static int begin(struct ports *p, int count, char **words, struct loop *loop,
		 struct streams **streams, struct flows **flows)
{
	unsigned fds, room;

	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return fail(errno, "SIGPIPE");
	if (take_words(p, count, words) < 0)
		return -1;
	fds = confine_descriptors((STREAM_SOCKETS + STREAM_PIPES) * STREAMS_MAX + FLOWS_MAX +
				  2 * NET_PORTS_MAX + SPARE);
	if (settle(p) < 0)
		return -1;
	room = FLOWS_MAX + SPARE + (unsigned)p->listener_count;
	if (fds < room + STREAM_SOCKETS + STREAM_PIPES)
		return fail(EMFILE, "%u descriptors are too few", fds);
	room = (fds - room) / (STREAM_SOCKETS + STREAM_PIPES);
	if (make_loop(p, loop, streams, flows, room) < 0)
		return -1;
	return confine(p);
}

int main(int argc, char **argv)
{
	struct ports ports = {.life = LIFE_FD};
	struct loop loop = {.epoll = -1};
	struct streams *streams = NULL;
	struct flows *flows = NULL;

	failure_step("network");
	if (begin(&ports, argc, argv, &loop, &streams, &flows) < 0) {
		(void)send(LIFE_FD, failure_get(), sizeof(struct failure), MSG_NOSIGNAL);
		_exit(1);
	}
	/* somebody waits for this word, or for our end */
	if (send(LIFE_FD, "ready", 5, MSG_NOSIGNAL) < 0)
		_exit(1);
	carry(&loop, streams, flows);
}
