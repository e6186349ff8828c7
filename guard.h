/*
 * guard.h - names that have to stay what they were when the sandbox was made.
 */
#ifndef ZBOX_GUARD_H
#define ZBOX_GUARD_H

#include "utils.h"

#include <sys/stat.h>

/* One name in one directory. */
struct guard_name {
	int dir;    /* O_PATH, in the sandbox's mounts; owned */
	int held;   /* O_PATH, what is there: its number stays its own; owned; -1: absent */
	char *name; /* owned */
	char *path; /* for messages; owned */
	bool absent;
	dev_t dev; /* unless absent */
	ino_t ino;
};

struct guard {
	int inotify; /* -1 while there are no names */
	int mounts;  /* the mount namespace of the names, where it has to be held; -1; owned */
	struct guard_name *names;
	size_t count;
};
#define GUARD_NONE                                                                                 \
	{                                                                                          \
		.inotify = -1, .mounts = -1                                                        \
	}

/* From now on name in dir has to be what expected says, NULL: nothing at all. dir is duplicated.
 * procfs has to be at /proc. Returns 0, or -1 after fail(). */
int guard_add(struct guard *g, int dir, const char *name, const struct stat *expected,
	      const char *path) MUST_CHECK;

/* Before this process, the last of its mount namespace, leaves it for a copy: while there are names
 * it is held, because with it the mounts would be gone that lie on them. proc: procfs, held.
 * Returns 0, or -1 after fail(). */
int guard_hold_mounts(struct guard *g, int proc) MUST_CHECK;

/* When inotify is readable: takes the events away and looks at every name. Returns 0 when all are
 * as they were, or -1 after fail(). */
int guard_check(struct guard *g) MUST_CHECK;

/* Adds the descriptors of the guard to keep, which has room for 2 * count + 2; returns how many. */
size_t guard_descriptors(const struct guard *g, int *keep);

void guard_free(struct guard *g);

#endif
