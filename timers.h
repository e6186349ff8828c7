/*
 * timers.h - time limits: when what was allowed is used up, and what follows then.
 */
#ifndef ZBOX_TIMERS_H
#define ZBOX_TIMERS_H

#include "sandbox.h"
#include "usage.h"
#include "utils.h"

#include <time.h>

enum limit_hit { LIMIT_NONE, LIMIT_TIME, LIMIT_CPU };

/* What the supervisor has to do. */
enum turn {
	TURN_NOTHING,
	TURN_TERM, /* ask the command to end */
	TURN_KILL, /* kill the command */
	TURN_END   /* kill everything */
};

struct timers {
	int fd;             /* readable when it is time for timers_due(); -1 no limit; owned */
	enum limit_hit hit; /* first limit that was reached */
	enum turn last;
	uint64_t deadline; /* of --time-limit, 0 none */
	uint64_t at;       /* when fd becomes readable; microseconds of CLOCK_MONOTONIC */
	struct usage usage;
	timer_t alarm;
};

/* What is not in use. */
#define TIMERS_NONE                                                                                \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/* Starts the clocks for the child of this process, if sb has limits of time; makes no system call
 * otherwise. Returns 0, or -1 after fail(): also when processor time cannot be measured. */
int timers_start(struct timers *t, const struct sandbox *sb, pid_t child) MUST_CHECK;

/* To be called when fd is readable, or earlier. started: the command runs. Returns 0, or -1 after
 * fail(). */
int timers_due(struct timers *t, const struct sandbox *sb, pid_t child, bool started,
	       enum turn *turn) MUST_CHECK;

/* Around what stops this process itself: has the kernel continue it with SIGCONT when it is time.
 * Returns 0, or -1 after fail(). The second says whether that has happened. */
int timers_alarm(struct timers *t) MUST_CHECK;
bool timers_woken(struct timers *t);

/* Everything has ended and was waited for: was more processor time used than the last sample saw?
 */
void timers_end(struct timers *t, const struct sandbox *sb);

void timers_free(struct timers *t);

/* "time-limit" and the like; NULL: none. */
const char *limit_name(enum limit_hit hit);

#endif
