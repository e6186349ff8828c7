/*
 * The first bytes of a connection: what has to hold for every input is that nothing outside is
 * read, that a name is plain, and that more bytes never change what was decided.
 */
#include "network/first.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[RULE_NAME], before[RULE_NAME];
	enum first whole, part;
	uint8_t *bytes = malloc(size ? size : 1);

	require(bytes != NULL);
	memcpy(bytes, data, size);
	whole = first_name(bytes, size, name);
	if (whole == FIRST_NAME)
		require(name[0] != '\0' && strlen(name) < RULE_NAME &&
			name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.")] == '\0');
	for (size_t length = size / 2; length < size; length += 1 + size / 8) {
		part = first_name(bytes, length, before);
		require(part == FIRST_MORE || part == whole);
		if (part == FIRST_NAME)
			require(strcmp(name, before) == 0);
	}
	free(bytes);
	return 0;
}
