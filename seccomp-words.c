/*
 * seccomp-words.c - the words of a profile's text: cutting them, and what single ones stand for.
 *
 * The text may be anything. A word is a run of name characters or one operator; whatever else is
 * there becomes a word of one byte that nothing expects, so that the error has its place. Messages
 * never repeat a byte that a terminal could take for a command.
 */
#include "seccomp-words.h"

#include <string.h>

static unsigned column(const struct reader *r)
{
	return (unsigned)((r->word ? r->word : r->end) - r->line_start) + 1;
}

/* The word for a message: what is not printable becomes '?', a long one is cut. */
static const char *shown(const struct reader *r, char buffer[48])
{
	size_t i, length = r->length < 40 ? r->length : 40;

	if (!r->word)
		return "the end of the line";
	for (i = 0; i < length; i++)
		buffer[i] = (char)(r->word[i] > ' ' && r->word[i] < 127 ? r->word[i] : '?');
	buffer[i] = '\0';
	return buffer;
}

int word_wrong(const struct reader *r, const char *what)
{
	char buffer[48];

	return fail(0, "%s:%u:%u: %s, not \"%s\"", r->file, r->line, column(r), what,
		    shown(r, buffer));
}

static bool word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '@' || c == '/' || c == '.' || c == '-' || c == '+';
}

void word_advance(struct reader *r)
{
	const char *at = r->next;

	while (at < r->end && (*at == ' ' || *at == '\t'))
		at++;
	r->word = at;
	while (at < r->end && word_char(*at))
		at++;
	if (at == r->word && at < r->end)
		at += at + 1 < r->end && at[1] == '=' ? 2 : 1;
	r->length = (size_t)(at - r->word);
	r->next = at;
	if (r->length == 0 || *r->word == '#')
		r->word = NULL;
}

bool word_is(const struct reader *r, const char *text)
{
	return r->word && strlen(text) == r->length && memcmp(r->word, text, r->length) == 0;
}

bool word_accept(struct reader *r, const char *text)
{
	if (!word_is(r, text))
		return false;
	word_advance(r);
	return true;
}

int word_copy(const struct reader *r, char *buffer, size_t size)
{
	if (!r->word || r->length >= size)
		return -1;
	memcpy(buffer, r->word, r->length);
	buffer[r->length] = '\0';
	return 0;
}

/* A number or a name, or several joined by '|'. */
int word_value(struct reader *r, unsigned bits, uint64_t *value)
{
	uint64_t sum = 0, part;

	do {
		if (!r->word || !seccomp_value(r->word, r->length, &part))
			return word_wrong(r, "expected a number or the name of a constant");
		if (bits == 32 && part > UINT32_MAX)
			return word_wrong(r, "expected a value of 32 bits");
		sum |= part;
		word_advance(r);
	} while (word_accept(r, "|"));
	*value = sum;
	return 0;
}

/* ---- answers ---- */

int word_errno(struct reader *r, uint32_t *answer)
{
	uint64_t number = 0;

	if (r->word)
		number = (uint64_t)seccomp_errno(r->word, r->length);
	if (number == 0 &&
	    (!r->word || !seccomp_value(r->word, r->length, &number) || number - 1 >= 4095))
		return word_wrong(r, "expected the name of an errno, or its number");
	*answer = SECCOMP_RET_ERRNO | (uint32_t)number;
	word_advance(r);
	return 0;
}

int word_answer(struct reader *r, uint32_t *answer)
{
	static const struct {
		const char *name;
		uint32_t answer;
	} answers[] = {
		{"allow", SECCOMP_RET_ALLOW}, {"kill", SECCOMP_RET_KILL_PROCESS},
		{"log", SECCOMP_RET_LOG},     {"notify", SECCOMP_RET_USER_NOTIF},
		{"trap", SECCOMP_RET_TRAP},
	};

	for (size_t i = 0; i < COUNT(answers); i++) {
		if (word_is(r, answers[i].name)) {
			*answer = answers[i].answer;
			word_advance(r);
			return 0;
		}
	}
	return word_errno(r, answer);
}

int word_end(const struct reader *r)
{
	return r->word ? word_wrong(r, "expected the end of the line") : 0;
}

struct place word_place(const struct reader *r)
{
	return (struct place){r->file, r->line, column(r)};
}

/* ---- calls and groups ---- */

struct group *group_find(const struct parser *parser, const char *name, size_t length)
{
	for (size_t i = 0; i < parser->group_count; i++)
		if (strncmp(parser->groups[i].name, name, length) == 0 &&
		    parser->groups[i].name[length] == '\0')
			return &parser->groups[i];
	return NULL;
}

/* Adds what the word names. A call that the line names twice is a mistake; two groups may overlap.
 */
static int add_calls(struct reader *r, bool calls[SECCOMP_CALLS])
{
	const struct group *group;
	int call;

	if (*r->word != '@') {
		call = seccomp_call_find(r->word, r->length);
		if (call < 0)
			return word_wrong(r, "expected a system call that is known");
		if (calls[call])
			return word_wrong(r, "expected a call that the line does not name already");
		calls[call] = true;
		return 0;
	}
	group = group_find(r->parser, r->word, r->length);
	if (!group)
		return word_wrong(r, "expected a group that is defined");
	for (size_t i = 0; i < SECCOMP_CALLS; i++)
		calls[i] = calls[i] || group->calls[i];
	return 0;
}

int word_calls(struct reader *r, bool calls[SECCOMP_CALLS])
{
	if (!r->word || word_is(r, "if"))
		return word_wrong(r, "expected a system call or a group");
	for (; r->word && !word_is(r, "if"); word_advance(r))
		if (add_calls(r, calls) < 0)
			return -1;
	return 0;
}
