/*
 * seccomp-words.h - the words of a profile's text. Private to seccomp-words.c and seccomp-parse.c.
 */
#ifndef ZBOX_SECCOMP_WORDS_H
#define ZBOX_SECCOMP_WORDS_H

#include "seccomp-rules.h"

enum { DEPTH = 8, TEXT_LIMIT = 1 << 20 };

struct group {
	char name[48];
	struct place place;
	bool calls[SECCOMP_CALLS];
};

struct parser {
	struct profile *p;
	seccomp_library *library;
	struct group *groups;
	size_t group_count;
	const char *files[DEPTH]; /* being read, the outermost first */
	size_t depth;
	bool floor;       /* reading the floor: it only refuses */
	bool groups_read; /* the groups that ship */
	bool included;    /* the outermost file is an included one, too */
};

/* A file, and the word that was read last. */
struct reader {
	struct parser *parser;
	const char *file;
	const char *next, *line_start, *end; /* end: of the line */
	const char *word;                    /* NULL: the line is at its end */
	size_t length;
	unsigned line;
	bool override, named;
};

/* Moves on to the next word or operator of the line; word is NULL at its end. */
void word_advance(struct reader *r);

/* Whether the word is that text; accept also moves on when it is. */
bool word_is(const struct reader *r, const char *text) MUST_CHECK;
bool word_accept(struct reader *r, const char *text) MUST_CHECK;

/* The text of the word with a NUL, in buffer. Returns -1 when it does not fit or there is none. */
int word_copy(const struct reader *r, char *buffer, size_t size) MUST_CHECK;

/* Where the word is. */
struct place word_place(const struct reader *r);

/* An error at the word: "expected ..., not WORD". Returns -1. */
int word_wrong(const struct reader *r, const char *expected);

/* Each takes what its name says and moves on. Returns 0, or -1 after fail(). */
int word_end(const struct reader *r) MUST_CHECK;
int word_errno(struct reader *r, uint32_t *answer) MUST_CHECK;
int word_answer(struct reader *r, uint32_t *answer) MUST_CHECK;
int word_value(struct reader *r, unsigned bits, uint64_t *value) MUST_CHECK;

/* Calls and groups up to "if" or the end of the line, at least one. Sets what is named. */
int word_calls(struct reader *r, bool calls[SECCOMP_CALLS]) MUST_CHECK;

/* A group by its name with the @, NULL none. */
struct group *group_find(const struct parser *parser, const char *name, size_t length);

#endif
