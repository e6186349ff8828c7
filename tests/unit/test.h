/*
 * test.h - the whole test framework: ok() says how one thing went, done() how all of them did.
 */
#ifndef ZBOX_TEST_H
#define ZBOX_TEST_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static int test_count, test_failures;

/* One line of TAP; returns what it was given, so that a failure can be explained. */
__attribute__((format(printf, 2, 3))) static inline bool ok(bool good, const char *format, ...)
{
	va_list args;

	test_failures += !good;
	printf("%sok %d - ", good ? "" : "not ", ++test_count);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	(void)fflush(stdout);
	return good;
}

#define check (void)ok
#define test_done done

/* The plan, and the exit status of the test program. */
static inline int done(void)
{
	printf("1..%d\n", test_count);
	return test_failures ? 1 : 0;
}

#endif
