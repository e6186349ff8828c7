/*
 * control-server.h - the socket of a sandbox with a name, held by the zbox outside of it.
 */
#ifndef ZBOX_CONTROL_SERVER_H
#define ZBOX_CONTROL_SERVER_H

#include "control.h"
#include "sandbox.h"
#include "utils.h"

#include <poll.h>
#include <sys/types.h>
#include <time.h>

#define CONTROL_CONNECTIONS 32
#define CONTROL_POLLS (1 + CONTROL_CONNECTIONS) /* entries that control_poll() fills */

struct connection {
	int socket; /* -1: the place is free */
	struct peer peer;
	bool waits; /* its request was answered, and it waits for the end */
};

/* A request to be acted on, answered with control_answer(). */
struct control_event {
	struct connection *from;
	struct control_request request;
	void *more; /* what follows the request, checked: CONTROL_ENTER a struct entry,
		       CONTROL_UPDATE words */
	size_t more_size;
	int fds[ENTRY_FDS]; /* owned by the event: control_answer() closes them */
	size_t fd_count;
	int *give; /* descriptors for the answer; borrowed, NULL none */
	size_t give_count;
};

/* Keep it in static memory and make it with control_init(). */
struct control {
	const char *name; /* borrowed; NULL: nothing was claimed */
	int dir, listener;
	ino_t inode;
	bool terminal_inside; /* for the hello */
	struct timespec start;
	struct confinement own; /* of zbox when it started */
	struct connection connections[CONTROL_CONNECTIONS];
	struct control_event event;
	struct entry entry;
};

void control_init(struct control *c);

/* Claims the name of sb. terminal_inside: whether the sandbox has a devpts of its own. Returns 0,
 * or -1 after fail(). */
int control_open(struct control *c, const struct sandbox *sb, bool terminal_inside) MUST_CHECK;

/* Whether fd is one of the two that zbox has to hold on to. Both are in descriptors[2]. */
void control_descriptors(const struct control *c, int descriptors[2]);

/* In the clone: lets go of all of it without a trace. */
void control_leave(struct control *c);

/* Fills CONTROL_POLLS entries for poll(2). */
void control_poll(const struct control *c, struct pollfd *polls);

/* After poll(2) returned with these entries: takes in who connects, reads what arrived. Call it
 * until it returns NULL; each event is answered before the next call. started: the command runs.
 * Does not block, does not fail: a connection that is not as it should be is closed. */
struct control_event *control_next(struct control *c, struct pollfd *polls, bool started);

/* Answers: err 0 or an errno, text may be NULL, info for CONTROL_INFO or NULL. waits: there will be
 * a second answer, from control_close(). */
void control_answer(struct control_event *e, int err, const char *text,
		    const struct control_info *info, bool waits);

/* What is asked for with CONTROL_INFO, but for pid, child and started. sb: with the limits that
 * hold now. */
void control_describe(const struct control *c, const struct sandbox *sb, struct control_info *info);

/* The end: tells those who wait, gives the name back. Safe on a control that claimed nothing. */
void control_close(struct control *c, int status);

#endif
