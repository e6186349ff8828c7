/*
 * cgroup.h - the control group of one sandbox: made before it starts, removed when it has ended.
 *
 * place          a group of ours, a scope of systemd's, or what --cgroup names
 *   supervisor     zbox itself, where it had to make room; in a scope and in a group of its own
 *   zbox-...       the limits and the counters: "box"
 *     inside         where PID 1 is born: the root of the sandbox's control group namespace
 */
#ifndef ZBOX_CGROUP_CGROUP_H
#define ZBOX_CGROUP_CGROUP_H

#include "cgroup/place.h"
#include "cgroup/usage.h"
#include "sandbox.h"
#include "utils.h"

#define CGROUP_NAME 64

struct cgroup {
	struct cgroup_place place;
	char name[CGROUP_NAME]; /* of the box, in the place */
	char *path;             /* of the box in the file system, NULL: there is none; owned */
	int box;                /* directory with the limits; -1 none; owned */
	int inside;             /* directory to start processes in; -1 none; owned */
	pid_t keeper;           /* removes it all should zbox be killed; -1 none */
	int line;               /* its end says so to the keeper; -1 none; owned */
	bool measured;          /* usage was read */
	struct cgroup_usage usage;
	char **notes; /* --best-effort: sentences on what does not hold; owned */
	size_t note_count;
	struct cgroup_limit *limits; /* after cgroup_update(): all that hold, with their texts;
					owned */
	size_t limit_count;
};

#define CGROUP_NONE                                                                                \
	{                                                                                          \
		.place = CGROUP_PLACE_NONE, .box = -1, .inside = -1, .keeper = -1, .line = -1      \
	}

/* Whether sb asks for one. */
bool cgroup_wanted(const struct sandbox *sb);

/* Makes it with the limits of sb, outside, before anything runs in it; does nothing when sb asks
 * for none. counted: also what is only counted is switched on. Returns 0, or -1 after fail(). With
 * --best-effort limits what does not hold is in notes instead, and there may be none. */
int cgroup_open(const struct sandbox *sb, bool counted, struct cgroup *c) MUST_CHECK;

#define CGROUP_CHANGES 16 /* limits that are changed at once */

/* Changes limits while it runs. words: size bytes, of each limit its name (memory) and its operand
 * (512M), with a NUL behind each. What is wrong with the words is found before anything is set.
 * Where the new limit is below what is used, this waits until the kernel has taken back what it
 * can, or killed everything inside. Returns 0, or -1 after fail(). */
int cgroup_update(const struct sandbox *sb, struct cgroup *c, const char *words,
		  size_t size) MUST_CHECK;

/* The sandbox with the limits that hold now; it points into both. */
struct sandbox cgroup_now(const struct sandbox *sb, const struct cgroup *c);

/* Everything in it is killed, what it used is read, it is removed. May be called again. */
void cgroup_close(struct cgroup *c);

void cgroup_free(struct cgroup *c);

/* In a process that is to be in it from now on, instead of being born there. Returns 0, or -1 after
 * fail(). */
int cgroup_join(const struct cgroup *c) MUST_CHECK;

/* For any control group of a sandbox, by the directory of its box; see cgroup_limit_set() too.
 * Kills everything in it (also what is frozen); freezes it, or lets it go on. Each returns 0, or
 * -1 with errno set; does not call fail(). */
int cgroup_kill(int box) MUST_CHECK;
int cgroup_freeze(int box, bool frozen) MUST_CHECK;

/* Whether everything in it stands still, by cgroup_freeze(). */
bool cgroup_is_frozen(int box);

#endif
