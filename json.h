/*
 * json.h - writing JSON: nesting, commas, and strings that are valid whatever the bytes were.
 */
#ifndef ZBOX_JSON_H
#define ZBOX_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Start with { .out = stream, .pretty = true for one member a line }. */
struct json {
	FILE *out;
	bool pretty;
	bool follows; /* something stands before, in the innermost object or array */
	unsigned depth;
};

/* name: of the member, NULL inside an array or at the top. */
void json_open(struct json *j, const char *name, char bracket);     /* '{' or '[' */
void json_close(struct json *j, char bracket);                      /* '}' or ']' */
void json_text(struct json *j, const char *name, const char *text); /* NULL: null */
void json_number(struct json *j, const char *name, int64_t number);
void json_bool(struct json *j, const char *name, bool value);
void json_null(struct json *j, const char *name);

/* Seconds with six decimals, from microseconds. */
void json_seconds(struct json *j, const char *name, uint64_t us);

/* A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void json_string(FILE *out, const char *text);

#endif
