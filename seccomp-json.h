/*
 * seccomp-json.h - a strict reader of JSON (RFC 8259) that knows where everything was written.
 *
 * Our own and small, because a profile has to be refused with line and column, a key that comes
 * twice must not quietly win, and no library is to be loaded at the start of a sandbox.
 */
#ifndef ZBOX_SECCOMP_JSON_H
#define ZBOX_SECCOMP_JSON_H

#include "utils.h"

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* Values are kept in one array, in the order in which they begin. */
struct json_value {
	enum json_type type;
	bool integer;       /* a number without sign, fraction and exponent, that fits */
	uint64_t number;    /* then its value; true is 1 */
	const char *key;    /* in an object; NUL-terminated like all texts, without NUL inside */
	const char *string; /* owned by the document */
	size_t end;         /* index of the first value behind this one and all that it holds */
	unsigned line, column;
};

struct json_tree {
	struct json_value *values;
	size_t count;
	char *strings; /* all texts, decoded */
};

/* Reads a text. file is for messages. Returns 0, or -1 after fail() with file, line and column. */
int json_parse(struct json_tree *j, const char *file, const char *text, size_t length) MUST_CHECK;
void json_free(struct json_tree *j);

/* First thing in an array or object, and the one behind: NULL at the end of the parent. */
const struct json_value *json_first(const struct json_tree *j, const struct json_value *parent);
const struct json_value *json_next(const struct json_tree *j, const struct json_value *parent,
				   const struct json_value *value);

/* What an object has under a key, NULL nothing; null counts as nothing. */
const struct json_value *json_get(const struct json_tree *j, const struct json_value *object,
				  const char *key);

#endif
