/*
 * terminal.h - a terminal of its own for the command, and the copying between it and the caller's.
 *
 * Three processes call these functions, in this order (terminal.c says why):
 *
 *   zbox, before the clone     terminal_init, terminal_prepare
 *   PID 1                      terminal_open, terminal_session, send_fd of the master
 *   the command, after fork    terminal_attach
 *   zbox                       receive_fd, terminal_start, when the exec has worked
 *                              terminal_started; in its loop terminal_poll and terminal_copy, on
 *                              signals and reports the three below, at the end terminal_finish
 *   PID 1, told to go on       terminal_continue
 *
 * The loop's duties: SIGWINCH is answered with terminal_resize(); SIGCONT with terminal_resume(),
 * whose answer goes to PID 1; PID 1's report "the command stopped with signal N" with
 * terminal_stopped(), whose answer goes to PID 1. PID 1 passes the answer to terminal_continue().
 * zbox leaves SIGTTIN and SIGTTOU alone (default action, not blocked): the kernel then treats a
 * zbox in the background as it treats every other program there.
 */
#ifndef ZBOX_TERMINAL_H
#define ZBOX_TERMINAL_H

#include "utils.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

#define TERMINAL_POLLS 3 /* entries that terminal_poll() fills */
#define TERMINAL_BUFFER 16384

/* What was read on one side and is not yet written on the other. */
struct flow {
	size_t start, used;
	char *bytes; /* TERMINAL_BUFFER of them */
};

/* Keep it in static memory and make it with terminal_init(): the pages of the buffers, which are
 * therefore behind the rest, cost nothing as long as there is no terminal. */
struct terminal {
	unsigned replaced; /* bit N: the command's descriptor N is the new terminal; 0: none is */
	bool sole;         /* 0 and 1 are one terminal: we are not part of a pipeline */
	bool foreground;   /* the command starts in the foreground of its own terminal */
	bool modes_due;    /* at the start the caller's modes were its shell's, not to be copied */
	bool settled;      /* the command's terminal has the modes that it is to have */
	bool running;      /* the command runs, so that keys can be its */
	int master, slave; /* the new terminal; -1: there is none, or it was hung up */
	int input, output; /* the caller's; 0, 1, 2: borrowed, beyond: our own opening of it */
	bool taken;        /* the caller's is in raw mode and its keyboard is read */
	bool keep_output;  /* raw or not, the caller's processes output as before */
	bool have_saved;   /* saved was filled */
	struct termios saved; /* the caller's modes, as the caller wants them */
	struct flow in, out;
	char buffers[2][TERMINAL_BUFFER];
};

/* No terminal at all. Everything below may be called on it and does nothing. */
void terminal_init(struct terminal *t);

/* In zbox before the clone: looks at descriptors 0, 1 and 2. Those that are terminals will be
 * replaced; t->replaced is 0 afterwards when none is. reported: stops of the command will be
 * reported with terminal_stopped(); false where nobody can watch it (--as-pid-1). */
void terminal_prepare(struct terminal *t, bool reported);

/* In PID 1, descriptors 0-2 still being the caller's: opens a pair in the devpts instance whose
 * root is devpts (a descriptor; -1: the caller's /dev/ptmx) and gives it the caller's modes and
 * window size. Both ends are CLOEXEC and above 2, the master does not block.
 * Returns 0, or -1 after fail(). */
int terminal_open(const struct terminal *t, int devpts, int *master, int *slave) MUST_CHECK;

/* In PID 1: begins a session whose controlling terminal is slave. To be called before zbox gets the
 * master, and with the signals blocked that PID 1 forwards: then a ^C that comes before there is a
 * command waits for it. PID 1 keeps slave (and nothing of the master) until it ends.
 * Returns 0, or -1 after fail(). */
int terminal_session(int slave) MUST_CHECK;

/* In the command: a process group of its own, in the foreground where terminal_prepare() said so,
 * and the slave on the descriptors that are replaced. PID 1 calls setpgid(command, command) too, so
 * that the group exists whoever is first. Returns 0, or -1 after fail(). */
int terminal_attach(const struct terminal *t, int slave) MUST_CHECK;

/* In PID 1: continues the command's process group. foreground: the answer of terminal_stopped() or
 * terminal_resume(); stopped: the command is stopped, as far as PID 1 knows. */
void terminal_continue(int slave, pid_t command, bool stopped, bool foreground);

/* In zbox: takes the master; raw mode when the terminal is ours alone and we are in its
 * foreground, but for ^C and ^Z, which are zbox's until there is a command.
 * Returns 0, or -1 after fail(). */
int terminal_start(struct terminal *t, int *master) MUST_CHECK;

/* In zbox, when the exec has worked: from now on all keys are the command's. */
void terminal_started(struct terminal *t);

/* Fills TERMINAL_POLLS entries for poll(2); those with nothing to wait for have fd -1. */
void terminal_poll(const struct terminal *t, struct pollfd *polls);

/* Moves what can be moved after poll(2) returned with these entries. Does not block. */
void terminal_copy(struct terminal *t, const struct pollfd *polls);

/* SIGWINCH: the window size of the caller's terminal goes to the command's. */
void terminal_resize(struct terminal *t);

/* The command stopped with this signal. Either gives it the caller's terminal at once, or shows
 * what it had written, gives the terminal back and stops zbox itself until it is continued: with a
 * terminal and without one. Returns whether the command goes on in the foreground of its own. */
bool terminal_stopped(struct terminal *t, int signal);

/* SIGCONT: the shell may have moved zbox between background and foreground and changed the modes.
 * Returns whether the command belongs in the foreground of its own terminal. */
bool terminal_resume(struct terminal *t);

/* The end: shows what the command still had written (bounded), restores the caller's terminal,
 * closes everything. Safe at any moment, any number of times. */
void terminal_finish(struct terminal *t);

#endif
