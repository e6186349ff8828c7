/*
 * profiles-words.c - one line of a profile -> words, by the rules of a shell word, and no others.
 *
 *   'text'      as it is                      "text"    \" \\ \$ and variables mean something
 *   \c          the character c               # ...     a comment, where a word would begin
 *   ${NAME}     the value, as it is           ${NAME:-text}   text where NAME is not set or empty
 *
 * What a shell would do besides, this does not: a value is never cut at its blanks, never read
 * again for quotes, variables or options, no pattern is expanded. So whoever chooses HOME or the
 * name of the current folder (an archive that was unpacked, a repository) can put blanks, newlines,
 * quotes or "--bind" into it, and it stays the one word that it stands in. Nor can a value become
 * the name of an option: a line begins with letters. What a shell reads otherwise than we would ($X
 * without braces, ~) is an error, not a surprise.
 */
#include "profiles.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE 64
#define NESTED_MAX 8 /* ${A:-${B:-...}} */

struct cutter {
	struct parser *p;
	struct place *place;
	const char *start, *at, *end;
	char *text; /* the words so far; owned */
	size_t used, room;
	unsigned nested;
	bool skip; /* in a default that is not needed: read, but not kept */
};

static int wrong(struct cutter *c, const char *at, const char *why)
{
	c->place->column = (unsigned)(at - c->start) + 1;
	return fail_at(c->place, 0, "%s", why);
}

static int put(struct cutter *c, const char *bytes, size_t length)
{
	if (c->skip)
		return 0;
	if (c->room - c->used < length) {
		size_t room = 2 * (c->room + length) + 128;
		char *text = realloc(c->text, room);

		if (!text)
			return fail(0, "out of memory");
		c->text = text;
		c->room = room;
	}
	memcpy(c->text + c->used, bytes, length);
	c->used += length;
	return 0;
}

/* The characters up to the next that is one of the stops; the first is taken whatever it is. */
static int put_until(struct cutter *c, const char *stops)
{
	const char *from = c->at++;

	while (c->at < c->end && !strchr(stops, *c->at))
		c->at++;
	return put(c, from, (size_t)(c->at - from));
}

static int put_escaped(struct cutter *c)
{
	if (++c->at == c->end)
		return wrong(c, c->at - 1, "\\ at the end of a line: lines cannot be joined");
	return put(c, c->at++, 1);
}

static size_t name_length(const char *at, const char *end)
{
	const char *c = at;

	if (c < end && isdigit((unsigned char)*c))
		return 0;
	while (c < end && (isalnum((unsigned char)*c) || *c == '_'))
		c++;
	return (size_t)(c - at);
}

static int cut_variable(struct cutter *c);

/* What stands between :- and }; value: what is taken instead, NULL nothing. */
static int cut_default(struct cutter *c, const char *dollar, const char *value)
{
	bool skip = c->skip;
	int result = value ? put(c, value, strlen(value)) : 0;

	if (++c->nested > NESTED_MAX)
		return wrong(c, dollar, "too many ${ inside each other");
	c->skip = skip || value;
	while (result == 0 && c->at < c->end && *c->at != '}') {
		if (*c->at == '$')
			result = cut_variable(c);
		else if (*c->at == '\\')
			result = put_escaped(c);
		else if (*c->at == '"' || *c->at == '\'')
			result = wrong(c, c->at, "a quote in a default: quote the whole word");
		else
			result = put_until(c, "}$\\\"'");
	}
	c->skip = skip;
	c->nested--;
	if (result == 0 && c->at++ == c->end)
		return wrong(c, dollar, "this ${ is not closed");
	return result;
}

static int cut_variable(struct cutter *c)
{
	const char *dollar = c->at, *value;
	char name[NAME_SIZE];
	size_t length;

	if (c->end - c->at < 2 || c->at[1] != '{')
		return wrong(c, dollar, "a variable is written ${NAME}, a mere $ as \\$");
	c->at += 2;
	length = name_length(c->at, c->end);
	if (length == 0 || length >= sizeof(name))
		return wrong(c, c->at, "the name of a variable has letters, digits and _");
	memcpy(name, c->at, length);
	name[length] = '\0';
	c->at += length;
	value = c->skip ? NULL : profile_variable(c->p, name);
	if (c->end - c->at >= 2 && c->at[0] == ':' && c->at[1] == '-') {
		c->at += 2;
		return cut_default(c, dollar, value);
	}
	if (c->at == c->end || *c->at != '}')
		return wrong(c, c->at, "} or :- has to follow the name of a variable");
	c->at++;
	if (c->skip || value)
		return c->skip ? 0 : put(c, value, strlen(value));
	c->place->column = (unsigned)(dollar - c->start) + 1;
	return fail_at(c->place, 0,
		       "${%s} is not set: give it by --set %s=VALUE, or a default "
		       "by ${%s:-TEXT}",
		       name, name, name);
}

static int cut_quoted(struct cutter *c)
{
	const char *open = c->at++;
	int result = 0;

	while (result == 0 && c->at < c->end && *c->at != *open) {
		if (*open == '"' && *c->at == '$')
			result = cut_variable(c);
		else if (*open == '"' && *c->at == '\\' && c->end - c->at > 1 &&
			 strchr("\"\\$", c->at[1]))
			result = put_escaped(c);
		else
			result = put_until(c, *open == '"' ? "\"$\\" : "'");
	}
	if (result == 0 && c->at++ == c->end)
		return wrong(c, open, "this quote is not closed in its line");
	return result;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(struct cutter *c)
{
	while (c->at < c->end && is_blank(*c->at))
		c->at++;
}

static int cut_word(struct cutter *c)
{
	int result = 0;

	if (*c->at == '~')
		return wrong(c, c->at, "~ is written ${HOME} here, and the mere character as \\~");
	while (result == 0 && c->at < c->end && !is_blank(*c->at)) {
		if (*c->at == '$')
			result = cut_variable(c);
		else if (*c->at == '"' || *c->at == '\'')
			result = cut_quoted(c);
		else if (*c->at == '\\')
			result = put_escaped(c);
		else
			result = put_until(c, " \t\r$\"'\\");
	}
	return result < 0 ? -1 : put(c, "", 1);
}

/* The first word is the name of an option, which no variable and no quote can have a part in; the
 * dashes are put in front of it where it lacks them. */
static int cut_name(struct cutter *c)
{
	const char *end = c->at;

	while (end < c->end &&
	       (islower((unsigned char)*end) || isdigit((unsigned char)*end) || *end == '-'))
		end++;
	if (end == c->at || (end < c->end && !is_blank(*end) && *end != '='))
		return wrong(c, end, "a line begins with the name of an option");
	if (*c->at != '-' && put(c, "--", 2) < 0)
		return -1;
	return cut_word(c);
}

static int cut_line(struct cutter *c, struct profile_line *line, size_t *offsets)
{
	skip_blanks(c);
	line->optional = c->at < c->end && *c->at == '?';
	c->at += line->optional;
	for (line->count = 0;; line->count++) {
		skip_blanks(c);
		if (c->at == c->end || *c->at == '#')
			break;
		if (line->count == PROFILE_WORDS)
			return wrong(c, c->at, "too many words for a line");
		line->columns[line->count] = (unsigned)(c->at - c->start) + 1;
		offsets[line->count] = c->used;
		if ((line->count == 0 ? cut_name(c) : cut_word(c)) < 0)
			return -1;
	}
	if (line->optional && line->count == 0)
		return wrong(c, c->start, "? without an option");
	return 0;
}

int profile_words(struct parser *p, struct place *place, const char *text, const char *end,
		  struct profile_line *line)
{
	struct cutter c = {.p = p, .place = place, .start = text, .at = text, .end = end};
	size_t offsets[PROFILE_WORDS];

	if (cut_line(&c, line, offsets) < 0) {
		free(c.text);
		return -1;
	}
	if (line->count > 0 && !sandbox_own(p->sb, c.text))
		return -1;
	for (size_t i = 0; i < line->count; i++)
		line->words[i] = c.text + offsets[i];
	line->words[line->count] = NULL;
	place->column = line->count > 0 ? line->columns[0] : 1;
	return 0;
}
