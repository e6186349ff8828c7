/*
 * entry.h - a command that is to enter a running sandbox: what is said of it, and whether that is
 * sound.
 *
 * The zbox that enters makes it, the zbox outside of the sandbox passes it on, PID 1 acts on it.
 * Each of the two looks at it anew.
 */
#ifndef ZBOX_ENTRY_H
#define ZBOX_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENTRY_WORDS 65536 /* bytes of all words, with their NULs */

/* Descriptors that go with it: 0, 1 and 2 of the command; its channel, with the messages of
 * channel.h between the zbox that enters and the process that keeps the command; the slave of a
 * terminal where that is made outside. */
enum { ENTRY_CHANNEL = 3, ENTRY_SLAVE, ENTRY_FDS };

struct entry {
	uint32_t replaced;       /* as in struct terminal */
	uint32_t input;          /* the same: 0 to 2; 0 where there is no terminal */
	uint32_t output;         /* the same */
	uint32_t foreground;     /* 0 or 1 */
	uint32_t modes_due;      /* 0 or 1 */
	uint32_t count;          /* words of the command, at least one */
	uint32_t length;         /* bytes of words */
	uint64_t ignored;        /* signals that who enters ignores; bit N - 1 is signal N */
	uint64_t blocked;        /* and those that it blocks */
	char words[ENTRY_WORDS]; /* the value of TERM, then those of the command, each with a NUL */
};

/* Bytes of an entry with that many of words. */
#define ENTRY_SIZE(length) (offsetof(struct entry, words) + (length))

/* Whether the first size bytes at e are one entry, all of it and nothing else. Pure. */
bool entry_is_sound(const struct entry *e, size_t size);

/* Adds one word. Returns whether it had room; start with an entry of zeros. */
bool entry_add(struct entry *e, const char *word);

#endif
