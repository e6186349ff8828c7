/*
 * entry.c - a command that is to enter a running sandbox: is what is said of it sound?
 *
 * It comes from a process that was found to be the same user's, outside. What an attacker who got
 * that far in spite of it would try: a length beyond what came, words without an end, numbers that
 * become indices. Nothing is used before all of it was looked at.
 */
#include "entry.h"

#include <string.h>

static bool terminal_is_sound(const struct entry *e)
{
	if (e->replaced == 0)
		return e->input == 0 && e->output == 0 && e->foreground == 0 && e->modes_due == 0;
	return e->replaced <= 7 && e->input <= 2 && e->output <= 2 && e->foreground <= 1 &&
	       e->modes_due <= 1 && (e->replaced & 1U << e->input) &&
	       (e->replaced & 1U << e->output);
}

bool entry_is_sound(const struct entry *e, size_t size)
{
	uint32_t ends = 0;

	if (size < ENTRY_SIZE(1) || e->length == 0 || e->length > ENTRY_WORDS ||
	    size != ENTRY_SIZE(e->length) || !terminal_is_sound(e))
		return false;
	for (uint32_t i = 0; i < e->length; i++)
		ends += e->words[i] == '\0';
	/* that of TERM is one more */
	return e->words[e->length - 1] == '\0' && e->count >= 1 && ends - 1 == e->count;
}

bool entry_add(struct entry *e, const char *word)
{
	size_t length = strlen(word) + 1;

	if (length > ENTRY_WORDS - e->length)
		return false;
	memcpy(e->words + e->length, word, length);
	e->length += (uint32_t)length;
	return true;
}
