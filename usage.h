/*
 * usage.h - processor time of a process and everything below it, while it runs.
 */
#ifndef ZBOX_USAGE_H
#define ZBOX_USAGE_H

#include "utils.h"

/* One process as it was last seen; times in clock ticks. */
struct usage_entry {
	pid_t pid;
	bool seen;    /* in the sample that is being added */
	bool missing; /* not seen in the last one */
	uint64_t start, own, reaped;
};

/* Start with {0}. */
struct usage {
	struct usage_entry *entries; /* by pid; owned */
	size_t count;
	uint64_t credit; /* counted already, of processes that have gone */
	uint64_t total;
};

/* Whether a child that may not be dumped, as PID 1 is, can be measured: /proc with the option
 * hidepid does not show it. Returns 0, or -1 with errno set; does not call fail(). */
int usage_possible(void) MUST_CHECK;

/* Looks at the child root and its descendants in /proc and adds what they used since the last time.
 * Returns 0, or -1 with errno set; does not call fail(). */
int usage_sample(struct usage *u, pid_t root) MUST_CHECK;

/* What was counted so far, in microseconds. */
uint64_t usage_us(const struct usage *u);

void usage_free(struct usage *u);

#endif
