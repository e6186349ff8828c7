/*
 * parse.h - command lines for the tests of the parser, written as one text.
 *
 *   parse("zbox --bind /a /b true", ...)   words between blanks, the first chooses the personality;
 *                                          '' is the empty word
 *   files["3"]                             what --args 3 reads: words, | for NUL
 */
#ifndef ZBOX_TEST_PARSE_H
#define ZBOX_TEST_PARSE_H

#include "options.h"
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 64

static struct sandbox sb;
static const char *file_text[10]; /* by descriptor; NULL: it cannot be read */

static inline char *read_text(void *context, int fd, size_t *length)
{
	char *data;

	(void)context;
	if (fd >= 10 || !file_text[fd]) {
		errno = EBADF;
		return NULL;
	}
	data = strdup(file_text[fd]);
	*length = strlen(data);
	for (char *c = data; *c; c++)
		if (*c == '|')
			*c = '\0';
	return data;
}

/* Parses and, with a caller, checks. Returns the failure's text, or NULL when there was none. The
 * result is in sb, whose strings point into memory of this function until the next call. */
static inline const char *parse_as(int caller, const char *line)
{
	static char copy[4096];
	const struct options_reader reader = {read_text, NULL};
	static char *words[WORDS_MAX + 1];
	char *next = copy;
	int count = 0;

	sandbox_free(&sb);
	failure_clear();
	(void)snprintf(copy, sizeof(copy), "%s", line);
	while (next && count < WORDS_MAX) {
		char *word = strsep(&next, " ");

		words[count++] = strcmp(word, "''") == 0 ? word + 2 : word;
	}
	words[count] = NULL;
	sandbox_init(&sb, strcmp(words[0], "bwrap") == 0 ? PERSONALITY_BWRAP : PERSONALITY_ZBOX);
	if (options_parse(&sb, count, words, &reader) < 0)
		return failure_get()->text;
	if (caller >= 0 && options_check(&sb, (uid_t)caller) < 0)
		return failure_get()->text;
	return NULL;
}

static inline const char *parse(const char *line)
{
	return parse_as(-1, line);
}

static inline bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* One line of TAP: the words fail with this text, or with NULL do not fail. */
static inline void expect_as(int caller, const char *line, const char *text)
{
	const char *failure = parse_as(caller, line);

	check(same(failure, text), "%s: %s", line, text ? text : "fine");
	if (!same(failure, text))
		printf("# was: %s\n", failure ? failure : "fine");
}

static inline void expect(const char *line, const char *text)
{
	expect_as(-1, line, text);
}

#endif
