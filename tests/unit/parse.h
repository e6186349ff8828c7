/*
 * parse.h - command lines for the tests of the parser, written as one text.
 *
 *   parse("zbox --bind /a /b true", ...)   words between blanks, the first chooses the personality;
 *                                          '' is the empty word
 *   file_text[3]                           what --args 3 reads: words, | for NUL
 *   disk                                   the files that profiles are in
 *   variables                              what profiles can use besides --set
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

struct disk_file {
	const char *path, *text;
	int error; /* instead of the text */
};

static struct disk_file disk[16]; /* ends with the first without a path */
static const char *variables[8][2] = {{"XDG_CONFIG_HOME", "/config"}};

static inline struct disk_file *disk_find(const char *path)
{
	for (struct disk_file *f = disk; f->path; f++)
		if (strcmp(f->path, path) == 0)
			return f;
	return NULL;
}

static inline char *disk_read(void *context, const char *path, size_t limit, size_t *length)
{
	const struct disk_file *f = disk_find(path);

	(void)context;
	errno = f ? f->error : ENOENT;
	if (!f || f->error)
		return NULL;
	*length = strlen(f->text);
	if (*length <= limit)
		return strdup(f->text);
	errno = EFBIG;
	return NULL;
}

static inline int disk_has(void *context, const char *path)
{
	const struct disk_file *f = disk_find(path);

	(void)context;
	errno = f ? f->error : 0;
	return f && f->error ? -1 : f != NULL;
}

static inline char *disk_real_path(void *context, const char *path)
{
	(void)context;
	return strdup(path);
}

static inline const char *disk_variable(void *context, const char *name)
{
	(void)context;
	for (size_t i = 0; i < COUNT(variables) && variables[i][0]; i++)
		if (strcmp(variables[i][0], name) == 0)
			return variables[i][1];
	return NULL;
}

static const struct options_reader test_reader = {.read_fd = read_text,
						  .read_file = disk_read,
						  .exists = disk_has,
						  .real_path = disk_real_path,
						  .variable = disk_variable};

/* Parses and, with a caller, checks. Returns the failure's text, or NULL when there was none. The
 * result is in sb, whose strings point into memory of this function until the next call. */
static inline const char *parse_as(int caller, const char *line)
{
	static char copy[4096];
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
	if (options_parse(&sb, count, words, &test_reader) < 0)
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
