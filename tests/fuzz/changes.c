/*
 * The manifest, and diffs. The first byte chooses; for a diff the rest is cut in two at its first
 * byte 0xfe. What has to hold for every input: no crash, no leak; a manifest that is read is
 * written as it was read, and its paths are absolute without parts that lead elsewhere; a diff
 * prints no control character but newlines and tabs.
 */
#include "changes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void manifest(const char *text)
{
	struct store s = STORE_NONE, again = STORE_NONE;

	if (manifest_parse(&s, text) == 0) {
		char *written = manifest_text(&s);

		require(written && manifest_parse(&again, written) == 0);
		require(again.root_count == s.root_count);
		for (size_t i = 0; i < s.root_count; i++) {
			require(strcmp(again.roots[i].path, s.roots[i].path) == 0);
			require(s.roots[i].path[0] == '/' && !strstr(s.roots[i].path, "//"));
			require(!strstr(s.roots[i].path, "/../"));
		}
		free(written);
		store_free(&again);
	} else {
		require(failure_get() != NULL);
	}
	store_free(&s);
}

static void diff(const char *text, size_t size)
{
	const char *cut = memchr(text, 0xfe, size);
	size_t first = cut ? (size_t)(cut - text) : size;
	size_t second = cut ? size - first - 1 : 0;
	char *output = NULL;
	size_t length;
	FILE *out = open_memstream(&output, &length);

	require(out != NULL);
	if (memchr(text, 0, size) == NULL)
		require(diff_print(out, text, first, cut ? cut + 1 : text, second) == 0);
	require(fclose(out) == 0);
	for (size_t i = 0; i < length; i++)
		require((unsigned char)output[i] >= ' ' || output[i] == '\n' || output[i] == '\t');
	free(output);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0)
		return 0;
	text = malloc(size);
	require(text != NULL);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	failure_clear();
	if (data[0] & 1)
		manifest(text);
	else
		diff(text, size - 1);
	free(text);
	return 0;
}
