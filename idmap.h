/*
 * idmap.h - which ids exist inside: the ranges of /etc/subuid, and the map that is made of them.
 *
 * idmap_ranges(), idmap_user() and idmap_plan() are pure: text and wishes in, lists out.
 */
#ifndef ZBOX_IDMAP_H
#define ZBOX_IDMAP_H

#include "sandbox.h"
#include "utils.h"

#define IDMAP_LINES 340 /* that the kernel takes, user_namespaces(7) */

struct id_range {
	uint32_t first, count; /* ids outside; first + count fits into 32 bits */
};

/* The ranges that a file like /etc/subuid gives a user: lines OWNER:FIRST:COUNT, the owner by name
 * or by number, as shadow's libsubid reads them. What is no such line is passed over, as there.
 * name: NULL where it is not known. Adds to *list, which the caller frees. Returns 0, or -1 after
 * fail(): out of memory. */
int idmap_ranges(const char *text, const char *name, uint32_t uid, struct id_range **list,
		 size_t *count) MUST_CHECK;

/* The name of a user in the text of /etc/passwd, new memory; NULL: not there. */
char *idmap_user(const char *text, uint32_t uid) MUST_CHECK;

/* One map that is wanted, of uids or of gids. */
struct id_wish {
	const char *kind;            /* "uid" or "gid", for messages */
	uint32_t caller;             /* outside */
	uint32_t own;                /* inside, where no line has the caller */
	const struct id_line *lines; /* --map INNER:OUTER:COUNT */
	size_t line_count;
	const struct id_range *ranges; /* --map auto: fill up with these, lowest number first */
	size_t range_count;
};

/* The lines of the map: those that were asked for, the caller's own, and the ranges in what is
 * left free. Refuses what the kernel or good sense would: numbers mapped twice, uid 0 of the host
 * for somebody else, a map without 0, too many lines. *map is the caller's to free. Returns 0, or
 * -1 after fail(). */
int idmap_plan(const struct id_wish *wish, struct id_map *map) MUST_CHECK;

/* The id inside for one outside, or the other way round; -1 not mapped. */
int64_t idmap_inside(const struct id_map *map, uint32_t outer);
int64_t idmap_outside(const struct id_map *map, uint32_t inner);

/* Reads what --map needs on the host and fills in sb's maps, where --map asked for more than the
 * caller's own id. Returns 0, or -1 after fail(). */
int idmap_choose(struct sandbox *sb) MUST_CHECK;

/* Refuses a user or group of the command that is not in sb's maps. Returns 0, or -1 after fail().
 */
int idmap_check(const struct sandbox *sb) MUST_CHECK;

#endif
