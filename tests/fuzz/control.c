/*
 * Requests to the socket of a sandbox with a name: what may come from a process of the same user
 * is looked at before anything of it is used. The request lies at the end of a block of its own, so
 * that the sanitizers see every read beyond it. What has to hold for one that is taken: its words
 * can be walked as PID 1 walks them, and end where it says.
 */
#include "control.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void walk(const struct entry *e, size_t size)
{
	const char *next = e->words;

	for (uint32_t i = 0; i <= e->count; i++)
		next += strlen(next) + 1;
	require(next == e->words + e->length && next == (const char *)e + size);
	require(e->count >= 1 && e->replaced <= 7 && e->input <= 2 && e->output <= 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control_request request = {0};
	const struct entry *e;
	uint8_t *block;
	size_t rest;

	if (size < sizeof(request))
		return 0;
	memcpy(&request, data, sizeof(request));
	rest = size - sizeof(request);
	block = malloc(rest ? rest : 1);
	require(block != NULL);
	memcpy(block, data + sizeof(request), rest);
	e = (const struct entry *)(const void *)block;
	if (control_request_is_sound(&request, e, size) && request.kind == CONTROL_ENTER)
		walk(e, rest);
	if (rest > 0 && entry_is_sound(e, rest))
		walk(e, rest);
	free(block);
	return 0;
}
