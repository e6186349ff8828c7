/*
 * seccomp-json.c - a strict reader of JSON (RFC 8259) that knows where everything was written.
 *
 * One pass. The nesting is kept in a short array, so that hostile text cannot use up the stack, and
 * decoded texts are never longer than they were written, so that one piece of memory holds all.
 */
#include "seccomp-json.h"

#include <stdlib.h>
#include <string.h>

enum { NESTING = 32, KEYS = 256 };

struct scanner {
	struct json_tree *j;
	const char *file;
	const char *at, *end, *line_start;
	unsigned line;
	char *string;                /* where the next text is decoded to */
	size_t open[NESTING], depth; /* indices of the arrays and objects around */
};

static int wrong(const struct scanner *s, const char *what)
{
	return fail(0, "%s:%u:%u: %s", s->file, s->line, (unsigned)(s->at - s->line_start) + 1,
		    what);
}

static void skip_blanks(struct scanner *s)
{
	for (; s->at < s->end; s->at++) {
		if (*s->at == '\n') {
			s->line++;
			s->line_start = s->at + 1;
		} else if (*s->at != ' ' && *s->at != '\t' && *s->at != '\r') {
			break;
		}
	}
}

static bool take(struct scanner *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

/* ---- texts ---- */

static int hex4(struct scanner *s, unsigned *code)
{
	*code = 0;
	for (int i = 0; i < 4; i++, s->at++) {
		char c = '\0';

		if (s->at < s->end)
			c = *s->at;

		if (c >= '0' && c <= '9')
			*code = *code * 16 + (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*code = *code * 16 + (unsigned)(c - 'a') + 10;
		else if (c >= 'A' && c <= 'F')
			*code = *code * 16 + (unsigned)(c - 'A') + 10;
		else
			return wrong(s, "expected four hexadecimal digits");
	}
	return 0;
}

static void put_utf8(struct scanner *s, unsigned code)
{
	if (code < 0x80) {
		*s->string++ = (char)code;
	} else if (code < 0x800) {
		*s->string++ = (char)(0xc0 | code >> 6);
		*s->string++ = (char)(0x80 | (code & 0x3f));
	} else if (code < 0x10000) {
		*s->string++ = (char)(0xe0 | code >> 12);
		*s->string++ = (char)(0x80 | (code >> 6 & 0x3f));
		*s->string++ = (char)(0x80 | (code & 0x3f));
	} else {
		*s->string++ = (char)(0xf0 | code >> 18);
		*s->string++ = (char)(0x80 | (code >> 12 & 0x3f));
		*s->string++ = (char)(0x80 | (code >> 6 & 0x3f));
		*s->string++ = (char)(0x80 | (code & 0x3f));
	}
}

/* Behind "\u". */
static int unicode_escape(struct scanner *s)
{
	unsigned code, low;

	if (hex4(s, &code) < 0)
		return -1;
	if (code >= 0xd800 && code < 0xdc00) {
		if (!take(s, '\\') || !take(s, 'u') || hex4(s, &low) < 0)
			return wrong(s, "expected the second half of a surrogate pair");
		if (low < 0xdc00 || low > 0xdfff)
			return wrong(s, "expected the second half of a surrogate pair");
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	} else if (code == 0 || (code >= 0xdc00 && code <= 0xdfff)) {
		return wrong(s, "expected a character");
	}
	put_utf8(s, code);
	return 0;
}

static int escape(struct scanner *s)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (take(s, 'u'))
		return unicode_escape(s);
	found = s->at < s->end && *s->at ? strchr(names, *s->at) : NULL;
	if (!found)
		return wrong(s, "expected an escape that JSON knows");
	*s->string++ = values[found - names];
	s->at++;
	return 0;
}

/* Decodes the text at the quote. */
static int scan_string(struct scanner *s, const char **string)
{
	if (!take(s, '"'))
		return wrong(s, "expected a text in quotes");
	*string = s->string;
	while (s->at < s->end && *s->at != '"') {
		if ((unsigned char)*s->at < 0x20)
			return wrong(s, "expected no control character in a text");
		if (take(s, '\\')) {
			if (escape(s) < 0)
				return -1;
		} else {
			*s->string++ = *s->at++;
		}
	}
	*s->string++ = '\0';
	return take(s, '"') ? 0 : wrong(s, "expected the quote at the end of a text");
}

/* ---- values ---- */

static bool digit(const struct scanner *s)
{
	return s->at < s->end && *s->at >= '0' && *s->at <= '9';
}

static int digits(struct scanner *s, struct json_value *v)
{
	if (!digit(s))
		return wrong(s, "expected a digit");
	for (; digit(s); s->at++) {
		unsigned d = (unsigned)(*s->at - '0');

		if (v->number > (UINT64_MAX - d) / 10)
			v->integer = false;
		else
			v->number = v->number * 10 + d;
	}
	return 0;
}

static int scan_number(struct scanner *s, struct json_value *v)
{
	struct json_value rest = {.number = 0};

	v->type = JSON_NUMBER;
	v->integer = !take(s, '-');
	if (take(s, '0')) {
		if (digit(s))
			return wrong(s, "expected a number without leading zeros");
	} else if (digits(s, v) < 0) {
		return -1;
	}
	if (take(s, '.')) {
		v->integer = false;
		if (digits(s, &rest) < 0)
			return -1;
	}
	if (take(s, 'e') || take(s, 'E')) {
		v->integer = false;
		if (!take(s, '+'))
			(void)take(s, '-');
		return digits(s, &rest);
	}
	return 0;
}

static int scan_word(struct scanner *s, struct json_value *v)
{
	static const struct {
		const char *word;
		enum json_type type;
		unsigned number;
	} words[] = {{"null", JSON_NULL, 0}, {"true", JSON_BOOL, 1}, {"false", JSON_BOOL, 0}};

	for (size_t i = 0; i < COUNT(words); i++) {
		size_t length = strlen(words[i].word);

		if ((size_t)(s->end - s->at) >= length &&
		    memcmp(s->at, words[i].word, length) == 0) {
			v->type = words[i].type;
			v->number = words[i].number;
			s->at += length;
			return 0;
		}
	}
	return wrong(s, "expected a value");
}

static int scan_value(struct scanner *s, const char *key)
{
	struct json_value v = {.key = key, .line = s->line}, *slot;

	v.column = (unsigned)(s->at - s->line_start) + 1;
	if (s->at == s->end)
		return wrong(s, "expected a value");
	if (*s->at == '{' || *s->at == '[') {
		if (s->depth == NESTING)
			return wrong(s, "expected less nesting");
		v.type = *s->at++ == '{' ? JSON_OBJECT : JSON_ARRAY;
		s->open[s->depth++] = s->j->count;
	} else if (*s->at == '"') {
		v.type = JSON_STRING;
		if (scan_string(s, &v.string) < 0)
			return -1;
	} else if (*s->at == '-' || digit(s)) {
		if (scan_number(s, &v) < 0)
			return -1;
	} else if (scan_word(s, &v) < 0) {
		return -1;
	}
	v.end = s->j->count + 1;
	slot = array_add(&s->j->values, &s->j->count, sizeof(*slot));
	if (!slot)
		return -1;
	*slot = v;
	return 0;
}

/* A key twice would hide one of the two. The limit bounds the search. */
static int check_key(const struct scanner *s, const struct json_value *object, const char *key)
{
	size_t keys = 0;

	for (const struct json_value *v = json_first(s->j, object); v;
	     v = json_next(s->j, object, v))
		if ((v->key && strcmp(v->key, key) == 0) || ++keys == KEYS)
			return wrong(s, "expected a key that is new, in an object of at most 256");
	return 0;
}

/* A key of the innermost object, with its colon. */
static int scan_key(struct scanner *s, const char **key)
{
	struct json_value *object = &s->j->values[s->open[s->depth - 1]];

	*key = NULL;
	if (object->type != JSON_OBJECT)
		return 0;
	if (scan_string(s, key) < 0 || !*key)
		return -1;
	object->end = s->j->count; /* as far as it is known, for the search */
	if (check_key(s, object, *key) < 0)
		return -1;
	skip_blanks(s);
	return take(s, ':') ? 0 : wrong(s, "expected a colon");
}

/* Ends arrays and objects; true when the innermost goes on behind a comma. */
static int scan_end(struct scanner *s, bool first, bool *more)
{
	for (; s->depth > 0; first = false) {
		struct json_value *parent = &s->j->values[s->open[s->depth - 1]];

		skip_blanks(s);
		if (!take(s, parent->type == JSON_OBJECT ? '}' : ']')) {
			*more = true;
			if (first || take(s, ','))
				return 0;
			return wrong(s, "expected a comma or the end of the list");
		}
		parent->end = s->j->count;
		s->depth--;
	}
	*more = false;
	return 0;
}

static int scan(struct scanner *s)
{
	const char *key = NULL;
	bool more = true;

	while (more) {
		size_t depth = s->depth;

		skip_blanks(s);
		if (scan_value(s, key) < 0 || scan_end(s, s->depth > depth, &more) < 0)
			return -1;
		skip_blanks(s);
		if (more && scan_key(s, &key) < 0)
			return -1;
	}
	return s->at == s->end ? 0 : wrong(s, "expected the end of the file");
}

int json_parse(struct json_tree *j, const char *file, const char *text, size_t length)
{
	struct scanner s = {
		.j = j,
		.file = file,
		.at = text,
		.end = text + length,
		.line_start = text,
		.line = 1,
	};

	memset(j, 0, sizeof(*j));
	j->strings = malloc(length + 1);
	if (!j->strings)
		return fail(0, "out of memory");
	s.string = j->strings;
	if (scan(&s) == 0)
		return 0;
	json_free(j);
	return -1;
}

void json_free(struct json_tree *j)
{
	free(j->values);
	free(j->strings);
	memset(j, 0, sizeof(*j));
}

const struct json_value *json_first(const struct json_tree *j, const struct json_value *parent)
{
	size_t index = (size_t)(parent - j->values) + 1;

	return index < parent->end ? &j->values[index] : NULL;
}

const struct json_value *json_next(const struct json_tree *j, const struct json_value *parent,
				   const struct json_value *value)
{
	return value->end < parent->end ? &j->values[value->end] : NULL;
}

const struct json_value *json_get(const struct json_tree *j, const struct json_value *object,
				  const char *key)
{
	for (const struct json_value *v = json_first(j, object); v; v = json_next(j, object, v))
		if (strcmp(v->key, key) == 0)
			return v->type == JSON_NULL ? NULL : v;
	return NULL;
}
