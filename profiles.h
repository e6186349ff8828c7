/*
 * profiles.h - profile files: options from a file, include, variables; private to the parser.
 */
#ifndef ZBOX_PROFILES_H
#define ZBOX_PROFILES_H

#include "options-table.h"

#include <limits.h>

#define PROFILE_WORDS 32 /* of one line */

/* Where in a profile we are, and through which include we came there. */
struct place {
	const char *file;
	unsigned line, column;
	const struct place *from; /* NULL: --profile, or the command's name */
	unsigned depth;
};

/* One line of a profile, cut into words, which are the sandbox's. */
struct profile_line {
	char *words[PROFILE_WORDS + 1]; /* ends with NULL; the first has its dashes */
	unsigned columns[PROFILE_WORDS];
	size_t count;
	bool optional; /* the line began with ? */
};

/* Where names are looked for. Those of a command are not looked for in the user's. */
enum { PLACE_USER, PLACE_SYSTEM, PLACE_INSTALLED, PLACES };

#define PROFILE_SUFFIX ".profile"

/* A name that is looked for in the places; a command's, too. */
bool profile_is_name(const char *name);

/* DIR/NAMEsuffix in one of the places. Returns whether there is such a path. */
bool profile_path(const struct options_reader *reader, int number, const char *name,
		  const char *suffix, char path[PATH_MAX]);

/* Records a failure; where place is not NULL, "FILE:LINE:COLUMN: " stands in front of it.
 * Returns -1. */
int fail_at(const struct place *place, int err, const char *format, ...) PRINTF(3, 4);

/* The value of a variable: --set, then what the reader knows. NULL: it is not set, or empty. */
const char *profile_variable(const struct parser *p, const char *name);

/* Cuts the text up to end, one line without its newline, into words; place->column becomes that of
 * the first, or of what is wrong. No words: count is 0. Returns 0, or -1 after fail(). */
int profile_words(struct parser *p, struct place *place, const char *text, const char *end,
		  struct profile_line *line) MUST_CHECK;

/* Reads what --profile names in the words of the command line, or else the profile that is made
 * for the command; before the words themselves are read. Errors in the words are left to
 * parse_words(). Returns 0, or -1 after fail(). */
int profiles_take(struct parser *p, char **words, size_t count) MUST_CHECK;

#endif
