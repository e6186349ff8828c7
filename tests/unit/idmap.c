/*
 * Ranges of /etc/subuid as shadow reads them, and the maps that are made of them: what is free is
 * filled, nothing is mapped twice, and what must not be mapped is refused.
 */
#include "idmap.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

#define ME 1000

/* "FIRST+COUNT ..." of the ranges that the text gives the user; static. */
static const char *ranges_of(const char *text, const char *name, uint32_t uid)
{
	static char said[512];
	struct id_range *list = NULL;
	size_t count = 0, used = 0;

	said[0] = '\0';
	if (idmap_ranges(text, name, uid, &list, &count) < 0)
		return "failed";
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(said + used, sizeof(said) - used, "%s%u+%u", i ? " " : "",
					 list[i].first, list[i].count);
	free(list);
	return said;
}

static void ranges(void)
{
	static const struct {
		const char *text, *want, *what;
	} cases[] = {
		{"me:100000:65536\n", "100000+65536", "one line"},
		{"me:100000:65536", "100000+65536", "no newline at the end"},
		{"1000:100000:65536\n", "100000+65536", "by number"},
		{"me:1:2\nyou:5:6\n1000:10:20\nme:300:4\n", "1+2 10+20 300+4", "several lines"},
		{"men:1:2\n10000:3:4\nm:5:6\n", "", "names that only begin so"},
		{"01000:1:2\n", "1+2", "a number with a zero in front is the same number"},
		{"", "", "nothing"},
		{"\n\n# me:1:2\nme\nme:1\nme:1:\nme::1\n:1:2\n", "", "what is no line of it"},
		{"me:1:2:3\nme:1:2 \nme: 1:2\nme:-1:2\nme:+1:2\nme:0x1:2\n", "", "nor is this"},
		{"me:1:0\n", "", "an empty range"},
		{"me:4294967295:1\nme:4294967290:6\nme:4294967296:1\n", "", "beyond the last id"},
		{"me:4294967290:5\n", "4294967290+5", "up to the last id"},
		{"me:1:99999999999999999999\n", "", "a number that fits nowhere"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *got = ranges_of(cases[i].text, "me", ME);

		check(strcmp(got, cases[i].want) == 0, "ranges: %s: %s", cases[i].what, got);
	}
	check(strcmp(ranges_of("1000:5:6\nme:1:2\n", NULL, ME), "5+6") == 0,
	      "ranges: a user without a name");
	check(strcmp(ranges_of("1000:5:6\n", "1000", 7), "5+6") == 0,
	      "ranges: a user whose name is a number");
}

static void users(void)
{
	static const char passwd[] = "root:x:0:0::/root:/bin/sh\nbroken\nme:x:1000:5::/:\n"
				     "also:x:1000:5::/:\n:x:7:7::/:\n";
	char *name = idmap_user(passwd, ME);

	check(name && strcmp(name, "me") == 0, "user: the first of that number");
	free(name);
	name = idmap_user(passwd, 7);
	check(name == NULL, "user: an empty name is none");
	free(name);
	name = idmap_user(passwd, 1);
	check(name == NULL, "user: not there");
	free(name);
}

/* The map as "INNER:OUTER:COUNT ...", or the failure's text; static. */
static const char *map_of(const struct id_wish *wish)
{
	static char said[4000];
	struct id_map map = {0};
	size_t used = 0;

	failure_clear();
	if (idmap_plan(wish, &map) < 0) {
		(void)snprintf(said, sizeof(said), "%s", failure_get()->text);
		return said;
	}
	for (size_t i = 0; i < map.count && used < sizeof(said); i++)
		used += (size_t)snprintf(said + used, sizeof(said) - used, "%s%u:%u:%u",
					 i ? " " : "", map.lines[i].inner, map.lines[i].outer,
					 map.lines[i].count);
	free(map.lines);
	return said;
}

struct plan_case {
	uint32_t own;
	struct id_line lines[3];
	struct id_range ranges[3];
	const char *want;
};

static void plans(void)
{
	static const struct plan_case cases[] = {
		{0, {{0}}, {{100000, 65536}}, "0:1000:1 1:100000:65536"},
		{ME, {{0}}, {{100000, 65536}}, "1000:1000:1 0:100000:1000 1001:101000:64536"},
		{ME,
		 {{0}},
		 {{100000, 10}, {200000, 2000}},
		 "1000:1000:1 0:100000:10 10:200000:990 1001:200990:1010"},
		{0, {{5, 100002, 2}}, {{100000, 6}}, "5:100002:2 0:1000:1 1:100000:2 3:100004:2"},
		{0, {{0, ME, 1}, {1, 100000, 5}}, {{0}}, "0:1000:1 1:100000:5"},
		{7, {{0, 999, 3}}, {{0}}, "0:999:3"},
		{0, {{0}}, {{990, 20}}, "0:1000:1 1:990:10 11:1001:9"},
		{0, {{0}}, {{4294967290, 5}, {100, 1}}, "0:1000:1 1:4294967290:5 6:100:1"},
		/* refused */
		{0, {{0, 5, 1}}, {{0}}, "--map: uid 0 inside is mapped twice"},
		{0, {{1, 5, 10}, {10, 50, 1}}, {{0}}, "--map: uid 10 inside is mapped twice"},
		{0, {{1, 5, 10}, {20, 14, 5}}, {{0}}, "--map: uid 14 outside is mapped twice"},
		{0, {{1, 0, 1}}, {{0}}, "--map 1:0:1: uid 0 of the host is not for sandboxes"},
		{0, {{1, 5, 0}, {3, 9, 1}}, {{0}}, "--map 1:5:0: no such range of uids"},
		{0, {{4294967295, 5, 1}}, {{0}}, "--map 4294967295:5:1: no such range of uids"},
		{0, {{5, 4294967290, 6}}, {{0}}, "--map 5:4294967290:6: no such range of uids"},
		{ME,
		 {{1, 5, 1}},
		 {{0}},
		 "--map: uid 0 inside is not mapped, and the set-up needs it"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct id_wish wish = {.kind = "uid",
				       .caller = ME,
				       .own = cases[i].own,
				       .lines = cases[i].lines,
				       .ranges = cases[i].ranges};
		const char *got;

		while (wish.line_count < 3 && (cases[i].lines[wish.line_count].outer ||
					       cases[i].lines[wish.line_count].inner))
			wish.line_count++;
		while (wish.range_count < 3 && cases[i].ranges[wish.range_count].count)
			wish.range_count++;
		got = map_of(&wish);
		check(strcmp(got, cases[i].want) == 0, "map: %s", got);
	}
}

static void limits(void)
{
	struct id_line lines[IDMAP_LINES + 1];
	struct id_wish wish = {.kind = "gid", .caller = ME, .lines = lines};
	struct id_map map = {.lines = lines, .count = 2};

	for (uint32_t i = 0; i < COUNT(lines); i++)
		lines[i] = (struct id_line){2 * i, 100000 + 2 * i, 1};
	lines[0] = (struct id_line){0, ME, 1};
	wish.line_count = IDMAP_LINES;
	check(strstr(map_of(&wish), "0:1000:1 2:100002:1") != NULL, "map: 340 lines");
	wish.line_count = IDMAP_LINES + 1;
	check(strstr(map_of(&wish), "the kernel takes 340") != NULL, "map: no more");
	lines[1] = (struct id_line){10, 200, 5};
	check(idmap_inside(&map, ME) == 0 && idmap_inside(&map, 204) == 14 &&
		      idmap_inside(&map, 205) == -1 && idmap_inside(&map, 199) == -1,
	      "map: from outside");
	check(idmap_outside(&map, 14) == 204 && idmap_outside(&map, 15) == -1 &&
		      idmap_outside(&map, 9) == -1,
	      "map: from inside");
}

int main(void)
{
	ranges();
	users();
	plans();
	limits();
	return test_done();
}
