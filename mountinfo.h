/*
 * mountinfo.h - /proc/self/mountinfo, line by line.
 */
#ifndef ZBOX_MOUNTINFO_H
#define ZBOX_MOUNTINFO_H

#include "utils.h"

#include <stdint.h>

struct mountinfo {
	int64_t id, parent;
	const char *point; /* where it is mounted */
	const char *type;  /* of the file system */
};

/* The whole file. proc: a procfs, -1 for /proc. Returns the text, which the caller frees, or NULL
 * after fail(). */
char *mountinfo_read(int proc) MUST_CHECK;

/* Takes the next line off *text, which is changed: what it fills in lies there. Returns 1, 0 at the
 * end, or -1 after fail() for a line that is no such line. */
int mountinfo_next(char **text, struct mountinfo *m) MUST_CHECK;

#endif
