/*
 * init.h - PID 1 of the sandbox: reaps, forwards signals, reports.
 */
#ifndef ZBOX_INIT_H
#define ZBOX_INIT_H

#include "entry.h"
#include "guard.h"
#include "sandbox.h"
#include "utils.h"

struct init {
	int signals;   /* see init_open(); this and the others are owned by the caller */
	int channel;   /* to zbox outside */
	int slave;     /* the command's terminal, -1 none */
	pid_t command; /* child that is the command */
	bool lingers;  /* stays until every process has ended (bubblewrap), not just the command */
	bool counts;   /* as PID 1: waits for all that is left at the end, whose times are not to be
			  lost */
	struct guard *guard; /* names that have to stay as they are */
	int children; /* for init_end(): /proc/self/task/TID/children of the host's procfs, -1 */

	/* Makes what was asked for with MESSAGE_ENTER; NULL: nobody may enter. The entry is sound,
	 * and came with the descriptors before ENTRY_SLAVE at least; they stay the caller's. */
	void (*enter)(const void *context, const struct entry *entry, const int *fds, size_t count);
	const void *context;
};

/* Makes what tells of the ends of children: before there is a child, because afterwards a failure
 * would be too late. Returns 0, or -1 after fail(). */
int init_open(struct init *init) MUST_CHECK;

/* Runs until the command has ended, or zbox outside is gone. All signals are blocked. Returns the
 * command's exit status, 128 + N for signal N, or -1 after fail(). */
int init_run(struct init *init);

/* Without a pid namespace of its own the kernel does not end what the command left: kills and
 * collects all that is below us. */
void init_end(const struct init *init);

#endif
