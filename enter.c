/*
 * enter.c - --enter: a command in a sandbox that runs, seen from the zbox that enters.
 *
 *   life       as for a sandbox that is started: the parent is watched, signals are taken over
 *   terminal   which of 0, 1 and 2 are terminals
 *   request    to the zbox of the sandbox, with these three and one end of a channel
 *   supervise  as for a sandbox that is started (supervisor.c), over that channel: whoever keeps
 *              the command inside says what PID 1 says of the first one
 *
 * This process stays outside and gets no right of anybody's; it hands over three descriptors and
 * words. What comes back over the channel is from a process that what runs inside cannot trace,
 * but for a terminal's master, which is looked at before it is used (terminal.c).
 */
#include "channel.h"
#include "entry.h"
#include "manage.h"
#include "report.h"
#include "supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define START_TRIES 500       /* while the sandbox's command has not started yet, */
#define START_PAUSE 20000000L /* with as many nanoseconds between them */

/* The command is to have them as we were given them. */
static void note_signals(struct entry *e)
{
	struct sigaction action;
	sigset_t blocked;

	(void)sigemptyset(&blocked);
	(void)sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (int signal = 1; signal <= 64; signal++) {
		if (sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			e->ignored |= UINT64_C(1) << (signal - 1);
		if (sigismember(&blocked, signal) == 1)
			e->blocked |= UINT64_C(1) << (signal - 1);
	}
}

static int life(const struct sandbox *sb, struct supervisor *s)
{
	sigset_t set;

	if (signal(SIGCHLD, SIG_DFL) == SIG_ERR)
		return fail(errno, "SIGCHLD");
	supervisor_signals(sb, &set);
	(void)sigaddset(&set, SIGPIPE);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return fail(errno, "sigprocmask");
	return supervisor_watch_parent(sb, &s->parent);
}

static int fill_entry(const struct sandbox *sb, const struct terminal *t, struct entry *e)
{
	const char *term = getenv("TERM");
	bool good = entry_add(e, term ? term : "");

	for (char **word = sb->command; good && *word; word++, e->count++)
		good = entry_add(e, *word);
	if (!good)
		return fail(E2BIG, "the words of the command are more than %d bytes", ENTRY_WORDS);
	e->replaced = t->replaced;
	if (t->replaced) {
		e->input = (uint32_t)t->input;
		e->output = (uint32_t)t->output;
		e->foreground = t->foreground;
		e->modes_due = t->modes_due;
	}
	return 0;
}

/* The sandbox's command may be about to start. Returns 1, 0 to try again, or -1 after fail(). */
static int ask(const struct sandbox *sb, struct control_client *c, struct entry *e,
	       int fds[ENTRY_FDS], struct terminal *t, int *master)
{
	struct control_message m = {
		.parts = {{e, ENTRY_SIZE(e->length)}}, .fds = fds, .fd_count = ENTRY_SLAVE};
	struct control_answer answer = {0};

	if (!c->hello.started)
		return 0;
	if (t->replaced && !c->hello.terminal_inside) {
		if (fds[ENTRY_SLAVE] < 0 && terminal_open(t, -1, master, &fds[ENTRY_SLAVE]) < 0)
			return -1;
		m.fd_count = ENTRY_FDS;
	}
	if (client_ask(c, CONTROL_ENTER, 0, &m, &answer, NULL) < 0)
		return -1;
	if (answer.err == EAGAIN)
		return 0;
	if (answer.err != 0)
		return fail(answer.text[0] ? 0 : answer.err, "the sandbox %s cannot be entered%s%s",
			    sb->manage_name, answer.text[0] ? ": " : "", answer.text);
	return 1;
}

static int ask_until_started(const struct sandbox *sb, struct entry *e, int fds[ENTRY_FDS],
			     struct terminal *t, int *master)
{
	const struct timespec pause = {.tv_nsec = START_PAUSE};

	for (int i = 0; i < START_TRIES; i++) {
		struct control_client c = CONTROL_CLIENT_NONE;
		int result;

		if (manage_open(sb, false, &c) < 0)
			return -1;
		result = ask(sb, &c, e, fds, t, master);
		client_close(&c);
		if (result != 0)
			return result < 0 ? -1 : 0;
		(void)nanosleep(&pause, NULL);
	}
	return fail(ETIMEDOUT, "the sandbox %s does not start its command", sb->manage_name);
}

static int request(const struct sandbox *sb, struct supervisor *s, struct entry *e, int *master)
{
	int fds[ENTRY_FDS] = {0, 1, 2, -1, -1}, ends[2], result;

	if (fill_entry(sb, s->terminal, e) < 0 || channel_open(ends) < 0)
		return -1;
	s->channel = ends[0];
	fds[ENTRY_CHANNEL] = ends[1];
	result = ask_until_started(sb, e, fds, s->terminal, master);
	close_fd(&fds[ENTRY_CHANNEL]);
	close_fd(&fds[ENTRY_SLAVE]);
	return result;
}

static int run(const struct sandbox *sb, struct supervisor *s)
{
	autofree struct entry *e = calloc(1, sizeof(*e));
	autoclose int master = -1;

	failure_step("enter");
	if (!e)
		return fail(0, "out of memory");
	if (hold_stdio() < 0)
		return -1;
	note_signals(e);
	if (life(sb, s) < 0)
		return -1;
	terminal_prepare(s->terminal, true);
	if (request(sb, s, e, &master) < 0 ||
	    (master >= 0 && terminal_start(s->terminal, &master) < 0))
		return -1;
	return supervise(s);
}

int enter(const struct sandbox *sb)
{
	static struct terminal terminal;
	struct net_helper no_network = NET_HELPER_NONE;
	struct net_helper no_ports[PORTS_WAYS] = {NET_HELPER_NONE, NET_HELPER_NONE};
	struct supervisor s = {.sb = sb,
			       .child = -1,
			       .reaper = true,
			       .remote = true,
			       .channel = -1,
			       .parent = -1,
			       .terminal = &terminal,
			       .timers = TIMERS_NONE,
			       .net = &no_network,
			       .ports = no_ports};
	int result;

	terminal_init(&terminal);
	result = run(sb, &s);
	terminal_finish(&terminal);
	close_fd(&s.channel);
	close_fd(&s.parent);
	if (result < 0) {
		/* 126 and 127 of the exec */
		report_failure(sb, failure_get());
		return failure_get()->status ? failure_get()->status : 125;
	}
	return supervisor_status(&s);
}
