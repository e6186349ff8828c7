/*
 * test.h - TAP for the unit tests: check(condition, name), and at the end of main test_done().
 */
#ifndef ZBOX_TEST_H
#define ZBOX_TEST_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static int test_count, test_failures;

__attribute__((format(printf, 2, 3))) static inline bool check(bool ok, const char *format, ...)
{
	va_list args;

	printf("%s %d - ", ok ? "ok" : "not ok", ++test_count);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	test_failures += !ok;
	return ok;
}

static inline int test_done(void)
{
	printf("1..%d\n", test_count);
	return test_failures > 0;
}

#endif
