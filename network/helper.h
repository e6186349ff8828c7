/*
 * helper.h - the programs beside a sandbox that carry its network: their start and their end.
 */
#ifndef ZBOX_NETWORK_HELPER_H
#define ZBOX_NETWORK_HELPER_H

#include "network/refusals.h"
#include "sandbox.h"
#include "utils.h"

struct net_helper {
	pid_t pid;                   /* -1: none */
	int socket;                  /* to it; owned. It ends when nobody holds this any more. */
	bool tells;                  /* it has something to say, or to write, at its end */
	struct net_refusal *refused; /* what it said; owned */
	size_t refused_count;
};

#define NET_HELPER_NONE                                                                            \
	{                                                                                          \
		-1, -1, false, NULL, 0                                                             \
	}

/* Starts zbox-net, outside, in the caller's namespaces. record: what was refused is wanted at the
 * end. Returns 0, or -1 after fail(): it is not there, or a file cannot be written. */
int net_helper_start(const struct sandbox *sb, bool record, struct net_helper *h) MUST_CHECK;

/* The same for any program: words are its command line, the first its name; borrowed. */
int net_helper_exec(struct net_helper *h, char *const *words) MUST_CHECK;

/* Inside, when the interface has been handed over: waits until zbox-net can carry it, and closes
 * the socket. Returns 0, or -1 after fail() with the program's own words. */
int net_helper_wait(int *socket) MUST_CHECK;

/* The same of a program that says "ready", or sends the record of its failure, which gets about and
 * a colon in front. */
int net_helper_hear(int *socket, const char *about) MUST_CHECK;

/* The same with a longer word, which has no NUL in it; size: room of text, with its end. */
int net_helper_text(int *socket, const char *about, char *text, size_t size) MUST_CHECK;

/* Ends it, if it still runs. */
void net_helper_end(struct net_helper *h);

/* At the end of a run, before net_helper_end(): takes what it has to say. */
void net_helper_finish(struct net_helper *h);

/* When its socket was closed at its end: how it ended, in words for a message; text: room for
 * them. h has none afterwards. */
void net_helper_ended(struct net_helper *h, char *text, size_t size);

#endif
