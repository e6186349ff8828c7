/*
 * program.h - zbox's own further programs (zbox-net, zbox-scope): where they are, how they start.
 */
#ifndef ZBOX_PROGRAM_H
#define ZBOX_PROGRAM_H

#include "utils.h"

#define PROGRAM_WORDS 96
#define PROGRAM_FD 3 /* its socket to zbox */

/* A command line. */
struct program_words {
	const char *name;
	char *list[PROGRAM_WORDS];
	size_t count;
	char text[4096];
	size_t used;
	bool full; /* a word did not fit */
};

/* Begins with the name of the program; static lifetime. */
void program_begin(struct program_words *w, const char *name);

/* Adds a word. */
void program_word(struct program_words *w, const char *format, ...) PRINTF(2, 3);

/* Starts the program, outside, in the caller's namespaces. It dies with zbox at the latest. Returns
 * 0 with its pid and a socket to it (SOCK_SEQPACKET, owned by the caller), or -1 after fail(). */
int program_start(struct program_words *w, pid_t *pid, int *socket) MUST_CHECK;

#endif
