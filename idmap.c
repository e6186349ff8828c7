/*
 * idmap.c - which ids exist inside: the ranges of /etc/subuid, and the map that is made of them.
 *
 *   1. the ranges that the administrator gave the caller are read, for --map auto
 *   2. the lines that were asked for are taken, then the caller's own id, then the ranges, which
 *      fill the numbers inside that are still free, from 0 on
 *   3. the whole is checked: nothing twice, nothing of the host's root, 0 is there
 *
 * The map is only a wish here. Whether the caller may have these ids is decided by newuidmap and
 * newgidmap (idmap-helpers.c), which the administrator trusts, and by the kernel.
 *
 * What an attacker would try: lines of /etc/subuid are the administrator's, but the name of a user
 * may be chosen to look like a number, so both ways to name an owner are compared as whole words.
 * Two ranges that overlap would make two ids inside one id outside; the kernel refuses that too.
 */
#include "idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_LIMIT (1 << 20) /* bytes of /etc/subuid and /etc/passwd */
#define ID_END UINT32_MAX    /* (uid_t)-1 is no id */

/* ---- text ---- */

/* Cuts the line at its colons. Returns the number of fields, at most room, the rest in the last. */
static size_t split(char *line, char **fields, size_t room)
{
	size_t count = 0;

	for (char *next = line; next && count < room; count++) {
		fields[count] = next;
		next = count + 1 < room ? strchr(next, ':') : NULL;
		if (next)
			*next++ = '\0';
	}
	return count;
}

static bool is_number(const char *text, uint32_t *number)
{
	int64_t value = 0;

	if (text[0] < '0' || text[0] > '9' || parse_number(text, 0, UINT32_MAX, &value) < 0)
		return false;
	*number = (uint32_t)value;
	return true;
}

/* Calls take for each line, until it returns other than 0, which is then returned. */
static int each_line(const char *text, int (*take)(void *, char *), void *context)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		autofree char *line = format_text("%.*s", (int)length, text);
		int result = line ? take(context, line) : -1;

		if (result != 0)
			return result;
		text += length + (text[length] == '\n');
	}
	return 0;
}

struct owner {
	const char *name;
	uint32_t uid;
	struct id_range **list;
	size_t *count;
};

static int take_range(void *context, char *line)
{
	const struct owner *o = context;
	char *fields[4];
	uint32_t number, first, count;
	struct id_range *range;

	if (split(line, fields, COUNT(fields)) != 3 || !is_number(fields[1], &first) ||
	    !is_number(fields[2], &count))
		return 0;
	if (!(o->name && strcmp(fields[0], o->name) == 0) &&
	    !(is_number(fields[0], &number) && number == o->uid))
		return 0;
	if (count == 0 || count > ID_END - first)
		return 0;
	range = array_add(o->list, o->count, sizeof(*range));
	if (!range)
		return -1;
	*range = (struct id_range){first, count};
	return 0;
}

int idmap_ranges(const char *text, const char *name, uint32_t uid, struct id_range **list,
		 size_t *count)
{
	struct owner o = {name, uid, list, count};

	return each_line(text, take_range, &o);
}

struct user {
	uint32_t uid;
	char *name;
};

static int take_user(void *context, char *line)
{
	struct user *u = context;
	char *fields[4];
	uint32_t uid;

	if (split(line, fields, COUNT(fields)) != 4 || !is_number(fields[2], &uid) ||
	    uid != u->uid || fields[0][0] == '\0')
		return 0;
	u->name = format_text("%s", fields[0]);
	return 1;
}

char *idmap_user(const char *text, uint32_t uid)
{
	struct user u = {uid, NULL};

	(void)each_line(text, take_user, &u);
	return u.name;
}

/* ---- the map ---- */

int64_t idmap_inside(const struct id_map *map, uint32_t outer)
{
	for (size_t i = 0; i < map->count; i++)
		if (outer >= map->lines[i].outer &&
		    outer - map->lines[i].outer < map->lines[i].count)
			return (int64_t)map->lines[i].inner + (outer - map->lines[i].outer);
	return -1;
}

int64_t idmap_outside(const struct id_map *map, uint32_t inner)
{
	for (size_t i = 0; i < map->count; i++)
		if (inner >= map->lines[i].inner &&
		    inner - map->lines[i].inner < map->lines[i].count)
			return (int64_t)map->lines[i].outer + (inner - map->lines[i].inner);
	return -1;
}

static bool overlap(uint32_t a, uint32_t a_count, uint32_t b, uint32_t b_count)
{
	return (uint64_t)a < (uint64_t)b + b_count && (uint64_t)b < (uint64_t)a + a_count;
}

/* Adds a line that has to be free in the map on both sides. */
static int add_line(struct id_map *map, const struct id_wish *wish, struct id_line line)
{
	struct id_line *slot;

	if (line.count == 0 || line.count > ID_END - line.inner || line.count > ID_END - line.outer)
		return fail(0, "--map %u:%u:%u: no such range of %ss", line.inner, line.outer,
			    line.count, wish->kind);
	if (line.outer == 0 && wish->caller != 0)
		return fail(0, "--map %u:%u:%u: %s 0 of the host is not for sandboxes", line.inner,
			    line.outer, line.count, wish->kind);
	for (size_t i = 0; i < map->count; i++) {
		const struct id_line *other = &map->lines[i];

		if (overlap(line.inner, line.count, other->inner, other->count))
			return fail(0, "--map: %s %u inside is mapped twice", wish->kind,
				    line.inner > other->inner ? line.inner : other->inner);
		if (overlap(line.outer, line.count, other->outer, other->count))
			return fail(0, "--map: %s %u outside is mapped twice", wish->kind,
				    line.outer > other->outer ? line.outer : other->outer);
	}
	slot = array_add(&map->lines, &map->count, sizeof(*slot));
	if (!slot)
		return -1;
	*slot = line;
	return 0;
}

/* How many of count ids from first on are free; *skip: where the first is not, how many to go on
 * by. */
static uint32_t free_run(const struct id_map *map, bool inner, uint32_t first, uint32_t count,
			 uint32_t *skip)
{
	*skip = 0;
	for (size_t i = 0; i < map->count; i++) {
		uint32_t start = inner ? map->lines[i].inner : map->lines[i].outer;
		uint32_t length = map->lines[i].count;

		if (first >= start && first - start < length) {
			*skip = length - (first - start);
			return 0;
		}
		if (start > first && start - first < count)
			count = start - first;
	}
	return count;
}

/* One range, in as many pieces as what is taken on either side makes of it. *inner: the lowest
 * number inside that was not tried. */
static int add_range(struct id_map *map, const struct id_wish *wish, struct id_range range,
		     uint32_t *inner)
{
	while (range.count > 0 && *inner < ID_END) {
		uint32_t skip, run;

		run = free_run(map, false, range.first, range.count, &skip);
		if (run == 0) {
			skip = skip < range.count ? skip : range.count;
			range.first += skip;
			range.count -= skip;
			continue;
		}
		run = free_run(map, true, *inner, run < ID_END - *inner ? run : ID_END - *inner,
			       &skip);
		if (run == 0) {
			*inner += skip;
			continue;
		}
		if (add_line(map, wish, (struct id_line){*inner, range.first, run}) < 0)
			return -1;
		*inner += run;
		range.first += run;
		range.count -= run;
	}
	return 0;
}

static int make_map(const struct id_wish *wish, struct id_map *map)
{
	uint32_t inner = 0;

	for (size_t i = 0; wish->lines && i < wish->line_count; i++)
		if (add_line(map, wish, wish->lines[i]) < 0)
			return -1;
	if (idmap_inside(map, wish->caller) < 0 &&
	    add_line(map, wish, (struct id_line){wish->own, wish->caller, 1}) < 0)
		return -1;
	for (size_t i = 0; wish->ranges && i < wish->range_count; i++)
		if (add_range(map, wish, wish->ranges[i], &inner) < 0)
			return -1;
	if (map->count > IDMAP_LINES)
		return fail(0, "--map: %zu lines of %ss, the kernel takes %d", map->count,
			    wish->kind, IDMAP_LINES);
	if (idmap_outside(map, 0) < 0)
		return fail(0, "--map: %s 0 inside is not mapped, and the set-up needs it",
			    wish->kind);
	return 0;
}

int idmap_plan(const struct id_wish *wish, struct id_map *map)
{
	struct id_map made = {0};

	if (make_map(wish, &made) < 0) {
		free(made.lines);
		return -1;
	}
	made.own = (uint32_t)idmap_inside(&made, wish->caller);
	*map = made;
	return 0;
}

/* ---- the host ---- */

/* Reads a file of the host's /etc; one that is not there is empty. NULL after fail(). */
static char *read_etc(const char *path)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t length;
	char *text;

	if (fd < 0 && errno == ENOENT)
		return format_text("%s", "");
	text = fd < 0 ? NULL : read_fd(fd, FILE_LIMIT, &length);
	if (!text)
		(void)fail(errno, "%s", path);
	return text;
}

static int read_ranges(const char *path, const char *kind, struct id_range **list, size_t *count)
{
	autofree char *passwd = read_etc("/etc/passwd");
	autofree char *text = passwd ? read_etc(path) : NULL;
	autofree char *name = text ? idmap_user(passwd, getuid()) : NULL;

	if (!text || idmap_ranges(text, name, getuid(), list, count) < 0)
		return -1;
	if (*count == 0)
		return fail(0, "--map auto: %s has no range of %ss for %s (uid %u)", path, kind,
			    name ? name : "this user", getuid());
	return 0;
}

static int choose(struct sandbox *sb, bool users, uint32_t caller, uint32_t own, struct id_map *map)
{
	const char *path = users ? "/etc/subuid" : "/etc/subgid";
	autofree struct id_line *lines = NULL;
	autofree struct id_range *ranges = NULL;
	struct id_wish wish = {.kind = users ? "uid" : "gid", .caller = caller, .own = own};

	for (size_t i = 0; i < sb->map_line_count; i++) {
		struct id_line *slot;

		if (!(users ? sb->map_lines[i].uids : sb->map_lines[i].gids))
			continue;
		slot = array_add(&lines, &wish.line_count, sizeof(*slot));
		if (!slot)
			return -1;
		*slot = sb->map_lines[i].line;
	}
	if (sb->map_auto && read_ranges(path, wish.kind, &ranges, &wish.range_count) < 0)
		return -1;
	wish.lines = lines;
	wish.ranges = ranges;
	return idmap_plan(&wish, map);
}

static int check_id(const struct id_map *map, const char *kind, int64_t id)
{
	if (id >= 0 && map->count > 0 && idmap_outside(map, (uint32_t)id) < 0)
		return fail(0, "--%s %lld: not in the map", kind, (long long)id);
	return 0;
}

int idmap_check(const struct sandbox *sb)
{
	if (check_id(&sb->uid_map, "uid", sb->uid) < 0)
		return -1;
	return check_id(&sb->gid_map, "gid", sb->gid);
}

int idmap_choose(struct sandbox *sb)
{
	bool keep = sb->map_caller == MAP_CALLER_KEEP;

	if (!sb->map_auto && sb->map_line_count == 0)
		return 0;
	if (choose(sb, true, geteuid(), keep ? geteuid() : 0, &sb->uid_map) < 0 ||
	    choose(sb, false, getegid(), keep ? getegid() : 0, &sb->gid_map) < 0)
		return -1;
	return idmap_check(sb);
}
