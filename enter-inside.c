/*
 * enter-inside.c - a command that enters a running sandbox, seen from inside.
 *
 * PID 1 gets a request from zbox outside and forks once, which is all that it does. The fork is in
 * every namespace, in the control group, under the filter and in the Landlock domain of PID 1, and
 * has its capabilities, because nothing of that can be lost by forking. It becomes the keeper of
 * the command, to whom it is what PID 1 is to the first one: with the same messages (channel.h)
 * to the zbox that entered, and the same loop (init.c).
 *
 *   descriptors   those of the request; everything that PID 1 holds is closed
 *   terminal      a new one, where it has one; a session for it
 *   directory     where the first command began
 *   command       by vfork(2), as in inside.c, with the steps of command_enter()
 *
 * What an attacker would try, whose processes are all around: to get at the descriptors of the
 * keeper, or at the command before its exec (neither is dumpable, so that they can be neither
 * traced nor opened); to stop or kill them (that ends or stops an entering, and nothing else: PID 1
 * waits for nobody); to change the files that the keeper opens, /dev/pts/ptmx and the directory
 * (what these lead to is in his reach anyway, and zbox makes sure that a terminal is one); to lead
 * it out by a link to a descriptor (see identity_enter()).
 */
#include "channel.h"
#include "init.h"
#include "kernel.h"
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define SPARE 16 /* descriptors below it are where the command's go */

/* What came may have any numbers, 0 to 2 among them, which PID 1 does not have open. */
static int place_descriptors(const int *fds, size_t count, struct run *run)
{
	int moved[ENTRY_FDS] = {-1, -1, -1, -1, -1};

	for (size_t i = 0; i < count; i++) {
		moved[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, SPARE);
		if (moved[i] < 0)
			return fail(errno, "descriptor %d", fds[i]);
	}
	run->ends[1] = moved[ENTRY_CHANNEL];
	run->slave = moved[ENTRY_SLAVE];
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(moved[fd], fd) < 0)
			return fail(errno, "descriptor %d", fd);
	close_from_but(3, &moved[ENTRY_CHANNEL], ENTRY_FDS - ENTRY_CHANNEL);
	return 0;
}

static void describe_terminal(const struct entry *e, struct terminal *t)
{
	terminal_init(t);
	t->replaced = e->replaced;
	t->input = (int)e->input;
	t->output = (int)e->output;
	t->foreground = e->foreground;
	t->modes_due = e->modes_due;
}

static int own_terminal(const struct terminal *t, struct run *run)
{
	if (!t->replaced)
		return setsid() < 0 ? fail(errno, "setsid") : 0;
	if (run->slave < 0 && inside_new_terminal(t, run) < 0)
		return -1;
	return terminal_session(run->slave);
}

/* The words lie in PID 1's memory, of which this is a copy. */
static int take_words(const struct entry *e, struct run *run)
{
	const char *term = e->words, *next = term + strlen(term) + 1;
	char **words = NULL;
	size_t count = 0;

	for (uint32_t i = 0; i <= e->count; i++) {
		char **slot = array_add(&words, &count, sizeof(*slot));

		if (!slot || (i < e->count && !(*slot = format_text("%s", next))))
			return -1;
		if (i < e->count)
			next += strlen(next) + 1;
	}
	run->argv0 = NULL;
	run->argv = words;
	environ = run->environment;
	if ((term[0] ? setenv("TERM", term, 1) : unsetenv("TERM")) < 0)
		return fail(errno, "TERM");
	run->environment = environ;
	return 0;
}

/* As they are for who enters, whatever they were for who started the sandbox. PID 1's own are
 * blocked, and a keeper's stay so. */
static void take_signals(const struct entry *e, struct run *run)
{
	(void)sigemptyset(&run->old_mask);
	for (int number = 1; number <= 64; number++) {
		uint64_t bit = UINT64_C(1) << (number - 1);

		/* those of the C library and of the kernel cannot be changed, nor need they be */
		if (number != SIGCHLD)
			(void)signal(number, e->ignored & bit ? SIG_IGN : SIG_DFL);
		if (e->blocked & bit)
			(void)sigaddset(&run->old_mask, number);
	}
}

static int go_to_directory(const struct run *run)
{
	const char *path = identity_variable(run->environment, "PWD");

	/* it may be gone by now */
	if (path && identity_enter(path) == 0)
		return 0;
	return chdir("/") < 0 ? fail(errno, "chdir /") : 0;
}

static int make_command(const struct sandbox *sb, struct run *run, struct init *init)
{
	failure_step("command");
	if (init_open(init) < 0)
		return -1;
	/* the end of the keeper is its end: command_session() */
	run->alone = true;
	run->self = getpid();
	init->command = vfork();
	if (init->command < 0)
		return fail(errno, "fork");
	if (init->command == 0)
		_exit(command_enter(sb, run) != 0);
	return failure_get() ? -1 : 0;
}

static int keep(const struct sandbox *sb, struct run *run, const struct entry *e, const int *fds,
		size_t count)
{
	struct terminal *t = run->supervisor.terminal;
	struct guard nothing = GUARD_NONE; /* PID 1 has it */
	struct init init = {.command = -1, .children = -1, .guard = &nothing, .kept = true};
	int rest[3];

	failure_step("enter");
	/* until it has moved, for a failure that comes before */
	run->ends[1] = fds[ENTRY_CHANNEL];
	if (place_descriptors(fds, count, run) < 0)
		return -1;
	take_signals(e, run);
	describe_terminal(e, t);
	failure_step("terminal");
	if (own_terminal(t, run) < 0)
		return -1;
	failure_step("directory");
	if (take_words(e, run) < 0 || go_to_directory(run) < 0 || make_command(sb, run, &init) < 0)
		return -1;
	(void)channel_send(run->ends[1], MESSAGE_STARTED, 0); /* gone: the loop sees it too */
	init.channel = rest[0] = run->ends[1];
	init.slave = rest[1] = run->slave;
	rest[2] = init.signals;
	close_from_but(0, rest, COUNT(rest));
	(void)!chdir("/");
	(void)init_run(&init);
	if (zbox_is_there(run) < 0)
		(void)kill(-init.command, SIGKILL);
	return 0;
}

void enter_inside(const void *context, const struct entry *entry, const int *fds, size_t count)
{
	const struct entering *e = context;
	pid_t child = kernel_clone(0);

	if (child < 0) {
		failure_step("enter");
		(void)fail(errno, "fork");
		channel_send_failure(fds[ENTRY_CHANNEL]);
		failure_clear();
	}
	if (child != 0)
		return;
	if (keep(e->sb, e->run, entry, fds, count) < 0) /* else nobody listens any more */
		channel_send_failure(e->run->ends[1]);
	_exit(0);
}
