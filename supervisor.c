/*
 * supervisor.c - zbox outside, once the sandbox has been cloned: waits, forwards, reports.
 *
 * It waits for these at once: signals (by a signalfd), messages of PID 1, the end of its own
 * parent, that of zbox-net and zbox-ports, bytes of the terminals, and the moment when a limit of
 * time is reached. Before MESSAGE_STARTED the command has not run: whatever goes wrong then ends
 * everything and is a failure of zbox. Afterwards signals are the command's.
 *
 *   zbox    ends when the whole sandbox has ended: PID 1 exits after the command, and the kernel
 *           kills the rest.
 *   bwrap   ends when the command has ended, as bubblewrap does; signals other than SIGCHLD are
 *           left to their default actions.
 *
 * What an attacker would try: to keep zbox waiting (PID 1 cannot be stopped from inside, and the
 * end of the command is enough), or to make it signal somebody else by a reused pid (it signals
 * its own child only, which is a zombie until it is waited for).
 */
#include "supervisor.h"

#include "channel.h"
#include "kernel.h"

#include <errno.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIGNALS, CHANNEL, PARENT, TIMERS, NETWORK, PORTS, PORTS_SECOND, TERMINAL };
_Static_assert(TERMINAL - PORTS == PORTS_WAYS, "one for each way");
enum { CONTROL = TERMINAL + TERMINAL_POLLS };

static const int forwarded[] = {SIGINT,  SIGTERM, SIGHUP,   SIGQUIT, SIGUSR1,
				SIGUSR2, SIGCONT, SIGWINCH, SIGTSTP};

void supervisor_signals(const struct sandbox *sb, sigset_t *set)
{
	(void)sigemptyset(set);
	(void)sigaddset(set, SIGCHLD);
	for (size_t i = 0; sb->personality == PERSONALITY_ZBOX && i < COUNT(forwarded); i++)
		(void)sigaddset(set, forwarded[i]);
}

int supervisor_watch_parent(const struct sandbox *sb, int *parent)
{
	pid_t pid = getppid();

	*parent = -1;
	if (!sb->die_with_parent || pid == 0)
		return 0; /* 0: a parent outside of our pid namespace, which we can neither open nor
			   * take for the caller: that of `docker exec -d` ends at once */
	*parent = kernel_pidfd_open(pid);
	/* before Linux 5.3, or refused: also fires when only the parent's thread ends */
	if (*parent < 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return fail(errno, "die with the parent");
	if (getppid() != pid)
		return fail(0, "the parent process has gone");
	return 0;
}

/* Returns whether it is done that way. */
static bool freeze_group(struct supervisor *s, bool frozen)
{
	if (!s->group || s->group->box < 0 || cgroup_freeze(s->group->box, frozen) < 0)
		return false;
	s->frozen = s->frozen_group = frozen;
	return true;
}

/* Where no pid namespace ends with the child, the child is told, by the end of the messages, to end
 * what it has below it; before there is a command, it goes without further ado. */
static void put_down(struct supervisor *s)
{
	if (s->remote)
		close_fd(&s->channel); /* who keeps the command ends it then */
	else if (!s->alone || !s->started || s->channel < 0 || shutdown(s->channel, SHUT_WR) < 0)
		(void)kill(s->child, SIGKILL);
}

static void end_all(struct supervisor *s, int signal)
{
	s->killed = signal;
	put_down(s);
}

static void signal_arrived(struct supervisor *s, int signal)
{
	if (signal == SIGWINCH)
		terminal_resize(s->terminal);
	if (!s->started) {
		/* a command that stopped before its exec would stop PID 1, which waits for that */
		if (signal == SIGTSTP || signal == SIGCONT)
			s->early = signal;
		else if (signal != SIGCHLD && signal != SIGWINCH)
			end_all(s, signal);
		return;
	}
	if (!s->reaper)
		(void)kill(s->child, signal);
	else if (signal == SIGCONT)
		(void)channel_post(s->channel, MESSAGE_RESUME, terminal_resume(s->terminal));
	else
		(void)channel_post(s->channel, MESSAGE_SIGNAL, signal);
}

static void read_signals(struct supervisor *s, int fd)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		/* our own alarm has done what it is for, see command_stopped() */
		if (info.ssi_signo != SIGCHLD && info.ssi_code != SI_TIMER)
			signal_arrived(s, (int)info.ssi_signo);
}

static int take_terminal(struct supervisor *s)
{
	autoclose int master = receive_fd(s->channel);

	if (master < 0)
		return -1;
	return terminal_start(s->terminal, &master);
}

/* Returns 0, or -1 after fail(). */
static int check_limits(struct supervisor *s)
{
	enum turn turn;

	if (timers_due(&s->timers, s->sb, s->child, s->started, &turn) < 0)
		return -1;
	/* who stands still cannot end in good order, nor can PID 1 see to it */
	if (turn != TURN_NOTHING && s->frozen_group)
		(void)freeze_group(s, false);
	if (turn == TURN_END) {
		end_all(s, SIGKILL);
	} else if (s->reaper && turn != TURN_NOTHING) {
		(void)channel_post(s->channel, turn == TURN_TERM ? MESSAGE_EXPIRED : MESSAGE_SIGNAL,
				   turn == TURN_TERM ? SIGTERM : SIGKILL);
	} else if (turn == TURN_TERM) {
		(void)kill(-s->child, SIGTERM);
		(void)kill(-s->child, SIGCONT);
	} else if (turn == TURN_KILL) {
		(void)kill(s->child, SIGKILL);
	}
	return 0;
}

/* zbox stops too, as the shell that started it expects; its limits go on. */
static int command_stopped(struct supervisor *s, int signal)
{
	bool woken, front;

	do {
		if (timers_alarm(&s->timers) < 0)
			return -1;
		front = terminal_stopped(s->terminal, signal);
		woken = timers_woken(&s->timers);
		if (woken && check_limits(s) < 0)
			return -1;
	} while (woken && s->timers.hit == LIMIT_NONE);
	(void)channel_post(s->channel, MESSAGE_RESUME, front);
	return 0;
}

/* Returns 1, or -1 after fail(). */
static int take_network(struct supervisor *s, int count)
{
	while (s->network_count < (size_t)count && s->network_count < COUNT(s->network)) {
		int fd = receive_fd(s->channel);

		if (fd < 0)
			return -1;
		s->network[s->network_count++] = fd;
	}
	return 1;
}

/* Returns 1 to go on, 0 when the channel is at its end, -1 after fail(). */
static int message_arrived(struct supervisor *s)
{
	struct message message;
	int got = channel_receive(s->channel, &message);

	if (got < 0)
		return fail(errno, "a message of the sandbox");
	if (got == 0)
		return 0; /* the command lost it at exec, or PID 1 is gone: the child is waited for
			   */
	switch (message.kind) {
	case MESSAGE_FAILED:
		return -1;
	case MESSAGE_TERMINAL:
		return take_terminal(s) < 0 ? -1 : 1;
	case MESSAGE_NETWORK:
		return take_network(s, message.value);
	case MESSAGE_STARTED:
		s->started = true;
		terminal_started(s->terminal);
		if (s->early)
			signal_arrived(s, s->early);
		return 1;
	case MESSAGE_STOPPED:
		return command_stopped(s, message.value) < 0 ? -1 : 1;
	case MESSAGE_ENDED:
		s->ended = true;
		s->status = message.value;
		if (s->timers.hit == LIMIT_NONE)
			timers_free(&s->timers); /* it was in time */
		return 1;
	case MESSAGE_BORN:
	case MESSAGE_GO:
	case MESSAGE_MAP:
	case MESSAGE_SIGNAL:
	case MESSAGE_EXPIRED:
	case MESSAGE_RESUME:
	case MESSAGE_FREEZE:
	case MESSAGE_ENTER:
		break;
	}
	return fail(EPROTO, "a message of the sandbox");
}

/* The child, without waiting. Returns 1 when it has ended, 0 when not, -1 after fail(). */
static int child_ended(struct supervisor *s)
{
	int status = SIGKILL;
	pid_t pid;

	/* nobody tells us again, so an interrupted look is repeated */
	do
		pid = s->remote ? s->child : waitpid(s->child, &status, WNOHANG);
	while (pid < 0 && errno == EINTR);
	if (pid < 0 && !s->remote)
		return fail(errno, "wait for the sandbox");
	if (pid != s->child)
		return 0;
	if (!s->reaper || !s->ended)
		s->status = status;
	s->ended = true;
	return 1;
}

/* Before the command runs that is a failure of the set-up, which knows more about it. */
static void network_lost(struct supervisor *s, struct net_helper *h)
{
	bool *gone = h == s->net ? &s->network_gone : &s->ports_gone;
	char how[64];

	net_helper_ended(h, how, sizeof(how));
	if (s->started && !s->ended) {
		*gone = true;
		s->lost(s->sb, h != s->net, how);
	}
}

/* ---- requests of others, for a sandbox with a name ---- */

static void tell_about(struct supervisor *s, struct control_event *e)
{
	struct control_info info = {
		.pid = getpid(), .child = s->child, .started = s->started, .frozen = s->frozen};
	struct sandbox now = cgroup_now(s->sb, s->group);

	control_describe(s->control, &now, &info);
	e->give = &s->group->box;
	e->give_count = s->group->box >= 0;
	control_answer(e, 0, NULL, &info, false);
}

static void let_in(struct supervisor *s, struct control_event *e)
{
	struct message message = {MESSAGE_ENTER, 0};
	struct control_message m = {.parts = {{&message, sizeof(message)}, {e->more, e->more_size}},
				    .fds = e->fds,
				    .fd_count = e->fd_count};

	if (!s->started)
		control_answer(e, EAGAIN, "its command has not started yet", NULL, false);
	else if (s->ended || s->channel < 0)
		control_answer(e, ESRCH, "its command has ended", NULL, false);
	else if (s->frozen)
		control_answer(e, EBUSY, "it is frozen", NULL, false);
	else if (s->no_entry)
		control_answer(e, EPERM, s->no_entry, NULL, false);
	else if (control_send(s->channel, &m, MSG_DONTWAIT) < 0)
		control_answer(e, errno, "process 1 of the sandbox does not take requests", NULL,
			       false);
	else
		control_answer(e, 0, NULL, NULL, false);
}

static void hand_out_network(struct supervisor *s, struct control_event *e)
{
	e->give = s->network;
	e->give_count = s->network_count;
	control_answer(e, s->network_count > 0 ? 0 : EAGAIN,
		       s->network_count > 0 ? NULL : "its command has not started yet", NULL,
		       false);
}

/* By the control group where there is one; else by PID 1, with signals. Thawed is what was frozen
 * in the same way. One that is alone could not end what is below it when zbox is killed meanwhile:
 * it would stand still too. */
static void freeze(struct supervisor *s, struct control_event *e, bool frozen)
{
	if (s->alone)
		control_answer(e, EOPNOTSUPP,
			       "without a process namespace of its own nothing holds all of its "
			       "processes",
			       NULL, false);
	else if (!s->started || s->ended || s->channel < 0)
		control_answer(e, ESRCH, "its command does not run", NULL, false);
	else if (s->frozen == s->frozen_group && freeze_group(s, frozen))
		control_answer(e, 0, NULL, NULL, false);
	else if (s->frozen_group)
		control_answer(e, errno, "the control group does not take it", NULL, false);
	else if (channel_post(s->channel, MESSAGE_FREEZE, frozen) < 0)
		control_answer(e, errno, "process 1 of the sandbox does not take requests", NULL,
			       false);
	else {
		s->frozen = frozen;
		control_answer(e, 0, NULL, NULL, false);
	}
}

static void update(struct supervisor *s, struct control_event *e)
{
	autofree char *text = NULL;

	if (s->ended) {
		control_answer(e, ESRCH, "its command has ended", NULL, false);
		return;
	}
	if (cgroup_update(s->sb, s->group, e->more, e->more_size) == 0) {
		control_answer(e, 0, NULL, NULL, false);
		return;
	}
	text = failure_sentence();
	failure_clear();
	control_answer(e, EINVAL, text, NULL, false);
}

static void act_on(struct supervisor *s, struct control_event *e)
{
	switch ((enum control_kind)e->request.kind) {
	case CONTROL_NETWORK:
		hand_out_network(s, e);
		return;
	case CONTROL_FREEZE:
	case CONTROL_THAW:
		freeze(s, e, e->request.kind == CONTROL_FREEZE);
		return;
	case CONTROL_INFO:
		tell_about(s, e);
		return;
	case CONTROL_SIGNAL:
		signal_arrived(s, e->request.value);
		break;
	case CONTROL_END:
		end_all(s, SIGKILL);
		break;
	case CONTROL_ENTER:
		let_in(s, e);
		return;
	case CONTROL_UPDATE:
		update(s, e);
		return;
	case CONTROL_WAIT:
	case CONTROL_KINDS:
		break;
	}
	control_answer(e, 0, NULL, NULL, e->request.kind != CONTROL_SIGNAL);
}

static void serve(struct supervisor *s, struct pollfd *polls)
{
	struct control_event *e;

	while ((e = control_next(s->control, polls, s->started)) != NULL)
		act_on(s, e);
}

/* ---- the loop ---- */

/* One round of waiting. Returns whether to go on, or -1 after fail(). */
static int round_of(struct supervisor *s, int signals)
{
	struct pollfd polls[CONTROL + CONTROL_POLLS] = {
		[SIGNALS] = {.fd = signals, .events = POLLIN},
		[CHANNEL] = {.fd = s->channel, .events = POLLIN},
		[PARENT] = {.fd = s->parent, .events = POLLIN},
		[TIMERS] = {.fd = s->timers.fd, .events = POLLIN},
		[NETWORK] = {.fd = s->net->socket}, /* only their end */
		[PORTS] = {.fd = s->ports[0].socket},
		[PORTS_SECOND] = {.fd = s->ports[1].socket},
	};
	bool terminal = s->terminal->replaced != 0;
	int result;

	terminal_poll(s->terminal, &polls[TERMINAL]);
	if (s->control)
		control_poll(s->control, &polls[CONTROL]);
	if (poll(polls, s->control ? COUNT(polls) : terminal ? CONTROL : TERMINAL, -1) < 0)
		return errno == EINTR ? 1 : fail(errno, "poll");
	if (polls[PARENT].revents) {
		end_all(s, SIGKILL);
		s->parent = -1;
	}
	if (terminal)
		terminal_copy(s->terminal, &polls[TERMINAL]);
	if (polls[CHANNEL].revents) {
		result = message_arrived(s);
		if (result < 0)
			return -1;
		if (result == 0)
			close_fd(&s->channel);
	}
	if (polls[SIGNALS].revents)
		read_signals(s, signals);
	/* a command that has just ended was in time */
	if (polls[TIMERS].revents && s->timers.fd >= 0 && check_limits(s) < 0)
		return -1;
	if (polls[NETWORK].revents)
		network_lost(s, s->net);
	for (int way = 0; way < PORTS_WAYS; way++)
		if (polls[PORTS + way].revents)
			network_lost(s, &s->ports[way]);
	if (s->control)
		serve(s, &polls[CONTROL]);
	if (s->ended && s->sb->personality == PERSONALITY_BWRAP)
		return 0;
	/* messages first: what PID 1 said before it ended is still there to be read */
	if (s->channel >= 0)
		return 1;
	result = child_ended(s);
	return result < 0 ? -1 : !result;
}

static int watch(struct supervisor *s)
{
	autoclose int signals = -1;
	sigset_t set;
	int result;

	supervisor_signals(s->sb, &set);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		return fail(errno, "signalfd");
	do
		result = round_of(s, signals);
	while (result > 0);
	timers_end(&s->timers, s->sb);
	timers_free(&s->timers);
	return result;
}

int supervise(struct supervisor *s)
{
	int result = watch(s);

	if (result < 0)
		put_down(s);
	if (!s->remote && (result < 0 || (!s->started && !s->ended)))
		(void)waitpid(s->child, NULL, 0);
	terminal_finish(s->terminal);
	close_fd(&s->channel);
	while (s->network_count > 0)
		close_fd(&s->network[--s->network_count]);
	if (result == 0 && !s->started && !s->killed)
		return fail(0, "the sandbox ended before the command was started");
	return result;
}

int supervisor_status(const struct supervisor *s)
{
	if (s->timers.hit != LIMIT_NONE)
		return 124;
	if (!s->started)
		return 128 + s->killed;
	if (WIFSIGNALED(s->status))
		return 128 + WTERMSIG(s->status);
	return WIFEXITED(s->status) ? WEXITSTATUS(s->status) : 255;
}
