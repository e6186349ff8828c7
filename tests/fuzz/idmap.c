/*
 * Files like /etc/subuid and /etc/passwd made of bytes, and the maps that follow.
 *
 * What has to hold for every input: no crash, no leak, no undefined behaviour (the sanitizers);
 * ranges lie within the ids that there are; a map has each id once on either side, the caller and
 * 0 among them; a refusal has a text.
 */
#include "idmap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
	if (!good)
		abort();
}

static void look_at(const struct id_map *map, uint32_t caller)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct id_line *a = &map->lines[i];

		require(a->count > 0 && a->count <= UINT32_MAX - a->inner &&
			a->count <= UINT32_MAX - a->outer);
		for (size_t j = 0; j < i; j++) {
			const struct id_line *b = &map->lines[j];

			require(a->inner >= b->inner + b->count || b->inner >= a->inner + a->count);
			require(a->outer >= b->outer + b->count || b->outer >= a->outer + a->count);
		}
	}
	require(idmap_inside(map, caller) >= 0 && idmap_outside(map, 0) >= 0);
	require(map->count <= IDMAP_LINES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *name;
	struct id_range *ranges = NULL;
	struct id_line lines[2] = {{0}};
	struct id_wish wish = {.kind = "uid", .lines = lines};
	struct id_map map = {0};

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (size >= sizeof(lines)) {
		memcpy(lines, data, sizeof(lines));
		wish.line_count = data[0] % 3;
		wish.own = data[1];
	}
	wish.caller = 1000;
	name = idmap_user(text, 1000);
	require(!name || name[0]);
	require(idmap_ranges(text, name ? name : "me", 1000, &ranges, &wish.range_count) == 0);
	for (size_t i = 0; i < wish.range_count; i++)
		require(ranges[i].count > 0 && ranges[i].count <= UINT32_MAX - ranges[i].first);
	wish.ranges = ranges;
	failure_clear();
	if (idmap_plan(&wish, &map) == 0)
		look_at(&map, wish.caller);
	else
		require(failure_get() && failure_get()->text[0]);
	free(map.lines);
	free(ranges);
	free(name);
	free(text);
	return 0;
}
