/*
 * init.c - PID 1 of the sandbox: reaps, forwards signals, reports.
 *
 * A pid namespace needs a first process that collects orphans, and whose end ends everything in
 * it. This one waits for two things: SIGCHLD, by a signalfd, and messages of zbox outside. It has
 * no capability (in a sandbox with a name those of the command, for who enters), no descriptor but
 * these two (and the command's terminal, and what masks rest on, guard.c), and is not dumpable, so
 * that the command, which has the same user id, cannot ptrace it, read its memory or open its
 * files. Signals from inside do not reach it: they are all blocked, and the kernel keeps SIGKILL
 * and SIGSTOP from a PID 1.
 *
 * In a sandbox with a name it makes, on request of zbox outside, a process that keeps a command of
 * somebody who enters (enter-inside.c). It hands over the request and forgets it: what takes long,
 * or touches what the command can change, is that process's.
 *
 * What an attacker would try: to stop or kill it (impossible from inside), to flood it with
 * orphans (each is reaped, nothing is kept of them), to outlive it (the kernel kills the
 * namespace; without one of its own, see init_end()).
 */
#include "init.h"

#include "channel.h"
#include "control.h"
#include "terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

struct state {
	struct init *init;
	bool stopped; /* the command is stopped */
	bool frozen;  /* everything was stopped by us */
	bool ended;   /* the command has ended, with status */
	bool empty;   /* no child is left */
	int status;
};

static int exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* One child changed. The report about the command may find zbox gone; the loop sees that too. */
static void child_changed(struct state *s, pid_t pid, int status)
{
	if (pid != s->init->command || s->ended) /* the number may be used again */
		return;
	if (WIFSTOPPED(status) && (s->frozen || (s->init->kept && WSTOPSIG(status) == SIGSTOP))) {
		return; /* nobody's wish but that of who froze it */
	} else if (WIFSTOPPED(status)) {
		s->stopped = true;
		(void)channel_send(s->init->channel, MESSAGE_STOPPED, WSTOPSIG(status));
	} else if (WIFCONTINUED(status)) {
		s->stopped = false;
	} else {
		s->ended = true;
		s->status = status;
		(void)channel_send(s->init->channel, MESSAGE_ENDED, status);
	}
}

static int reap(struct state *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0)
		child_changed(s, pid, status);
	s->empty = pid < 0 && errno == ECHILD;
	return pid == 0 || s->empty ? 0 : fail(errno, "wait for the command");
}

/* What the terminal sends to a group goes to the group, what a person sends to the program goes to
 * the program, which knows its children. */
static void forward(const struct state *s, int signal)
{
	switch (signal) {
	case SIGINT:
	case SIGQUIT:
	case SIGHUP:
	case SIGTSTP:
	case SIGWINCH:
	case SIGCONT:
		(void)kill(-s->init->command, signal);
		break;
	default:
		(void)kill(s->init->command, signal);
		break;
	}
}

/* A stopped process would get it only when somebody continues it. */
static void expire(const struct state *s, int signal)
{
	(void)kill(-s->init->command, signal);
	(void)kill(-s->init->command, SIGCONT);
}

/* By stop signals, which nobody in the namespace can keep off, and which reach every process at
 * once: one that is just forking does so before or after, with its child (copy_process() in Linux
 * 6.18). Thawing also continues what had been stopped before. */
static void freeze(struct state *s, bool frozen)
{
	if (getpid() != 1)
		return; /* -1 would be more than the sandbox */
	s->frozen = frozen;
	(void)kill(-1, frozen ? SIGSTOP : SIGCONT);
}

/* As channel_receive(). Who enters is dealt with here; the message is nothing for the command. */
static int receive(const struct init *init, struct message *message)
{
	static struct entry entry; /* its pages are there from the first message on */
	int fds[ENTRY_FDS], got;
	struct control_message m = {.parts = {{message, sizeof(*message)}, {&entry, sizeof(entry)}},
				    .fds = fds};

	if (!init->enter)
		return channel_receive(init->channel, message);
	got = control_receive(init->channel, &m, 0);
	if (got <= 0 || m.length == sizeof(*message))
		return got;
	if (m.length > sizeof(*message) && message->kind == MESSAGE_ENTER &&
	    m.fd_count >= ENTRY_SLAVE && entry_is_sound(&entry, m.length - sizeof(*message)))
		init->enter(init->context, &entry, fds, m.fd_count);
	else
		got = -1;
	control_drop_fds(&m);
	return got;
}

/* Returns false when zbox outside is gone. */
static bool obey(struct state *s)
{
	struct message message = {0};

	if (receive(s->init, &message) <= 0)
		return false;
	if (s->ended)
		return true;
	if (message.kind == MESSAGE_SIGNAL)
		forward(s, message.value);
	else if (message.kind == MESSAGE_EXPIRED)
		expire(s, message.value);
	else if (message.kind == MESSAGE_FREEZE)
		freeze(s, message.value != 0);
	else if (message.kind == MESSAGE_RESUME && !s->frozen)
		terminal_continue(s->init->slave, s->init->command, s->stopped, message.value != 0);
	return true;
}

/* Orphans become our children (PR_SET_CHILD_SUBREAPER), so whoever is left is found below us; each
 * round kills all that are there and waits for one of them. */
void init_end(const struct init *init)
{
	char text[65536];

	do {
		ssize_t length = pread(init->children, text, sizeof(text) - 1, 0);
		char *save = NULL;

		/* each number is followed by a blank; one that was cut off would be another's */
		while (length > 0 && text[length - 1] != ' ')
			length--;
		if (length <= 0)
			break;
		text[length] = '\0';
		for (char *word = strtok_r(text, " \n", &save); word;
		     word = strtok_r(NULL, " \n", &save)) {
			int64_t pid;

			if (parse_number(word, 2, INT32_MAX, &pid) == 0)
				(void)kill((pid_t)pid, SIGKILL);
		}
	} while (waitpid(-1, NULL, 0) >= 0);
}

/* The kernel would kill the rest with us, and forget what it used (zap_pid_ns_processes() in Linux
 * 6.18). Whatever does not end within a second is left to it all the same. */
static void reap_rest(struct state *s, int signals)
{
	struct pollfd ended = {.fd = signals, .events = POLLIN};
	struct signalfd_siginfo info;

	/* for anyone but the first process of a namespace, -1 is all that the caller may signal */
	if (getpid() != 1)
		return;
	(void)kill(-1, SIGKILL);
	while (reap(s) == 0 && !s->empty && poll(&ended, 1, 1000) > 0)
		(void)!read(signals, &info, sizeof(info));
}

int init_open(struct init *init)
{
	sigset_t child;

	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	init->signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	return init->signals < 0 ? fail(errno, "signalfd") : 0;
}

/* Until the command has ended, or all that it left, or zbox outside. */
static int loop(struct state *s)
{
	const struct init *init = s->init;
	bool outside = true;

	if (reap(s) < 0) /* what ended before its signal could be noted */
		return -1;
	while (!(init->lingers ? s->empty : s->ended) && (outside || init->lingers)) {
		struct pollfd polls[] = {{.fd = init->signals, .events = POLLIN},
					 {.fd = outside ? init->channel : -1, .events = POLLIN},
					 {.fd = init->guard->inotify, .events = POLLIN}};
		struct signalfd_siginfo info;

		if (poll(polls, COUNT(polls), -1) < 0 && errno != EINTR)
			return fail(errno, "poll");
		if (polls[0].revents) {
			(void)!read(init->signals, &info, sizeof(info));
			if (reap(s) < 0)
				return -1;
		}
		if (polls[1].revents)
			outside = obey(s);
		if (polls[2].revents && guard_check(init->guard) < 0)
			return -1;
	}
	/* what the command did last */
	return init->guard->count > 0 ? guard_check(init->guard) : 0;
}

int init_run(struct init *init)
{
	struct state s = {.init = init};
	int result = loop(&s);

	if (init->counts)
		reap_rest(&s, init->signals);
	if (result < 0)
		return -1;
	return s.ended ? exit_status(s.status) : 128 + SIGKILL;
}
