/*
 * mountinfo made of bytes. What has to hold for every input: no crash, no read outside of it (the
 * sanitizers); words lie in the text, a point is no longer than its line; it comes to an end; a
 * refusal has a text.
 */
#include "mountinfo.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *rest = text, *line = text;
	struct mountinfo m;
	int found;

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	failure_clear();
	while ((found = mountinfo_next(&rest, &m)) > 0) {
		const char *end = rest ? rest : text + size + 1;

		require(m.id >= 0 && m.parent >= 0);
		require(m.point > line && m.point + strlen(m.point) < end);
		require(m.type > m.point && m.type + strlen(m.type) < end);
		require(!strchr(m.type, ' ') && !strchr(m.type, '\n'));
		line = rest;
	}
	require(found == 0 || (failure_get() && failure_get()->text[0]));
	free(text);
	return 0;
}
