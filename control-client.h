/*
 * control-client.h - a question to the zbox of a sandbox with a name.
 */
#ifndef ZBOX_CONTROL_CLIENT_H
#define ZBOX_CONTROL_CLIENT_H

#include "control.h"
#include "utils.h"

struct control_client {
	int socket;
	struct peer peer;
	struct control_hello hello;
};

#define CONTROL_CLIENT_NONE                                                                        \
	{                                                                                          \
		.socket = -1, .peer = PEER_NONE                                                    \
	}

/* Connects to the sandbox, makes sure of who answers, and takes his hello. wake: a zbox that is
 * stopped is continued, else that is a failure. Returns 1, 0 where no sandbox of that name runs
 * (what was left of one is removed), or -1 after fail(). */
int client_open(int dir, const char *name, bool wake, struct control_client *c) MUST_CHECK;
void client_close(struct control_client *c);

/* Asks, and waits for the answer; info may be NULL. m: what goes with the request, or NULL.
 * Returns 0 (answer->err says what came of it), or -1 after fail(). */
int client_ask(struct control_client *c, enum control_kind kind, int value,
	       const struct control_message *m, struct control_answer *answer,
	       struct control_info *info) MUST_CHECK;

/* Waits for the end of the sandbox, as long as that takes. Returns the exit status of the zbox that
 * started it, or -1 after fail(): that was killed. */
int client_wait(struct control_client *c) MUST_CHECK;

#endif
