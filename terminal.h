/*
 * terminal.h - a terminal of its own for the command, and the copying between it and the caller's.
 */
#ifndef ZBOX_TERMINAL_H
#define ZBOX_TERMINAL_H

#include "utils.h"

#include <poll.h>
#include <stddef.h>
#include <termios.h>

#define TERMINAL_POLLS 3 /* entries that terminal_poll() may fill */
#define TERMINAL_BUFFER 16384

/* The supervisor's side. Zero it with TERMINAL_NONE. */
struct terminal {
	int master;               /* -1: the command has no terminal of its own */
	int caller;               /* the caller's terminal, 0, 1 or 2; borrowed */
	unsigned replaced;        /* bit N: the command's descriptor N is the new terminal */
	bool raw;                 /* the caller's terminal is in raw mode and has to be restored */
	struct termios saved;     /* its modes as they were */
	size_t in_used, out_used; /* bytes waiting in the buffers */
	char in[TERMINAL_BUFFER], out[TERMINAL_BUFFER];
};

/* Which of descriptors 0, 1 and 2 are terminals, as bits. 0 and 1 decide whether a terminal of its
 * own is wanted at all; 2 follows them. Returns 0 when none is wanted. */
unsigned terminal_wanted(void);

/* Opens a pair in the devpts instance whose root is devpts (a descriptor; -1: the caller's
 * /dev/ptmx). Both ends are CLOEXEC. Returns 0, or -1 after fail(). */
int terminal_open(int devpts, int *master, int *slave) MUST_CHECK;

/* In the command, after setsid(): the slave becomes its controlling terminal and replaces the
 * descriptors named by the bits; takes the slave. Returns 0, or -1 after fail(). */
int terminal_attach(int *slave, unsigned replaced) MUST_CHECK;

/* In the supervisor: takes the master, copies modes and window size of the caller's terminal to it,
 * and puts the caller's into raw mode when the supervisor is in its foreground group.
 * Returns 0, or -1 after fail(). */
int terminal_start(struct terminal *t, int *master, unsigned replaced) MUST_CHECK;

/* Fills up to TERMINAL_POLLS entries for poll(2); returns how many. */
size_t terminal_poll(const struct terminal *t, struct pollfd *polls);

/* Moves what can be moved after poll(2) said so. Never blocks. */
void terminal_copy(struct terminal *t, const struct pollfd *polls, size_t count);

/* SIGWINCH: the window size of the caller's terminal goes to the command's. */
void terminal_resize(struct terminal *t);

/* The command stopped (^Z): gives the caller its terminal back as it was. */
void terminal_suspend(struct terminal *t);

/* SIGCONT: raw again, if the supervisor is in the foreground. */
void terminal_resume(struct terminal *t);

/* The end: drains what the command still had written (bounded), restores the caller's terminal,
 * closes the master. Safe at any moment, any number of times. */
void terminal_finish(struct terminal *t);

#endif
