/*
 * hints.h - what a person can do about a failure: one table, for report.c and the manual page.
 */
#ifndef ZBOX_HINTS_H
#define ZBOX_HINTS_H

#include "causes.h"
#include "sandbox.h"
#include "utils.h"

struct hint {
	const char *words; /* "a|b": one of them is part of "STEP: TEXT"; NULL: of any */
	int err[4];        /* one of them is the errno; all 0: of any */
	cause *applies;    /* NULL: words and err are enough */
	const char *why;   /* for the manual page */
	const char *cure;  /* printed after "hint: "; one %s at most, for the detail */
};

/* The rows in the order in which they are tried. Returns the array, its length in *count. */
const struct hint *hints_all(size_t *count);

/* The first row that applies, its detail filled in; NULL when no cure is known. detail:
 * CAUSE_DETAIL bytes. Looks at this machine's settings under /proc, and at the files that the plan
 * names. */
const struct hint *hints_find(const struct sandbox *sb, const struct failure *f, char *detail);

#endif
