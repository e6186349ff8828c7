/*
 * limits-text.h - limits as people write them: names of resources, lists of processors, times.
 * Pure: for the option parser, which makes no system call, and for what prints them again.
 */
#ifndef ZBOX_LIMITS_TEXT_H
#define ZBOX_LIMITS_TEXT_H

#include "sandbox.h"
#include "utils.h"

#include <sched.h>

/* Reads digits, not necessarily up to the end. Returns what follows them, or NULL: there are none,
 * or the number is larger than max. */
const char *digits_read(const char *text, uint64_t max, uint64_t *number) MUST_CHECK;

/* Reads a number, with bytes one that may end in K, M, G or T, or the word unlimited
 * (RLIMIT_UNLIMITED). Returns what follows, or NULL. */
const char *amount_read(const char *text, bool bytes, uint64_t *value) MUST_CHECK;

/* Reads NAME=SOFT[:HARD]; without HARD it is SOFT. Returns 0, or -1 after fail(). */
int rlimit_parse(const char *text, struct rlimit_change *change) MUST_CHECK;

/* The name of a resource of setrlimit(2), in lower case; NULL: unknown. */
const char *rlimit_name(int resource);

/* A value, or "unlimited". */
void rlimit_print(FILE *out, uint64_t value);

/* Reads a list of processors such as 0-3,8 into a set. Returns 0, or -1 with errno EINVAL. */
int processors_parse(const char *text, cpu_set_t *set) MUST_CHECK;

/* Reads a time: digits, a fraction, and ms, s (the default), m, h or d. Returns 0 with
 * microseconds, or -1 with errno EINVAL; does not call fail(). */
int duration_parse(const char *text, uint64_t *us) MUST_CHECK;

/* The time in seconds, such as "2.5 s". */
#define DURATION_TEXT 32
const char *duration_print(char text[DURATION_TEXT], uint64_t us);

#endif
