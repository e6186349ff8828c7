/*
 * Limits as people write them: what is read, and all that is not.
 */
#include "limits-text.h"
#include "test.h"

#include <string.h>
#include <sys/resource.h>

static void rlimit(const char *text, int resource, uint64_t soft, uint64_t hard)
{
	struct rlimit_change got = {0};

	failure_clear();
	check(rlimit_parse(text, &got) == 0 && got.resource == resource && got.soft == soft &&
		      got.hard == hard,
	      "%s", text);
}

static void no_rlimit(const char *text, const char *part)
{
	struct rlimit_change got = {-7, 1, 2};

	failure_clear();
	check(rlimit_parse(text, &got) < 0 && got.resource == -7 &&
		      strstr(failure_get()->text, part),
	      "not '%s': %s", text, failure_get() ? failure_get()->text : "read");
}

static void test_rlimits(void)
{
	static const char *const bad[] = {
		"nofile=",
		"nofile=-1",
		"nofile=+1",
		"nofile= 1",
		"nofile=1 ",
		"nofile=1:",
		"nofile=:1",
		"nofile=1:2:3",
		"nofile=1K",
		"nofile=0x10",
		"nofile=1e3",
		"nofile=9223372036854775808",
		"nofile=18446744073709551615",
		"as=9007199254740992K",
		"as=1k",
		"as=1KB",
		"as=unlimitedx",
		"as=UNLIMITED",
	};

	rlimit("nofile=1024", RLIMIT_NOFILE, 1024, 1024);
	rlimit("nofile=1024:4096", RLIMIT_NOFILE, 1024, 4096);
	rlimit("as=2K:1G", RLIMIT_AS, 2048, 1 << 30);
	rlimit("fsize=0:1T", RLIMIT_FSIZE, 0, UINT64_C(1) << 40);
	rlimit("core=0:unlimited", RLIMIT_CORE, 0, RLIMIT_UNLIMITED);
	rlimit("stack=unlimited", RLIMIT_STACK, RLIMIT_UNLIMITED, RLIMIT_UNLIMITED);
	rlimit("nproc=9223372036854775807", RLIMIT_NPROC, INT64_MAX, INT64_MAX);
	for (size_t i = 0; i < COUNT(bad); i++)
		no_rlimit(bad[i], "a limit is a number");
	no_rlimit("", "NAME=SOFT");
	no_rlimit("nofile", "NAME=SOFT");
	no_rlimit("NOFILE=1", "NAME=SOFT");
	no_rlimit("nofil=1", "NAME=SOFT");
	no_rlimit("=1", "NAME=SOFT");
	no_rlimit("nofile=2:1", "above the hard");
	no_rlimit("nofile=unlimited:1", "above the hard");
	no_rlimit("rss=1M", "does not enforce");
	no_rlimit("locks=1", "does not enforce");
	check(strcmp(rlimit_name(RLIMIT_NOFILE), "nofile") == 0 && !rlimit_name(9999),
	      "names are found");
	for (int i = 0; i < 16; i++)
		check(rlimit_name(i) != NULL, "resource %d has a name", i);
}

static void test_processors(void)
{
	static const char *const bad[] = {"",     ",",   "1,",     ",1",   "1-", "-1",  "3-1",
					  "1024", "1 2", "0-1024", "1,,2", "a",  "1;2", "0x1"};
	cpu_set_t set;

	check(processors_parse("0", &set) == 0 && CPU_COUNT(&set) == 1 && CPU_ISSET(0, &set),
	      "one processor");
	check(processors_parse("0-3,8,2,1000-1023", &set) == 0 && CPU_COUNT(&set) == 29 &&
		      CPU_ISSET(3, &set) && !CPU_ISSET(4, &set) && CPU_ISSET(8, &set) &&
		      CPU_ISSET(1023, &set),
	      "ranges");
	for (size_t i = 0; i < COUNT(bad); i++)
		check(processors_parse(bad[i], &set) < 0 && CPU_COUNT(&set) == 29, "not '%s'",
		      bad[i]);
}

static void duration(const char *text, uint64_t want, const char *printed)
{
	char again[DURATION_TEXT];
	uint64_t us = 7;

	check(duration_parse(text, &us) == 0 && us == want &&
		      strcmp(duration_print(again, us), printed) == 0,
	      "%s is %s", text, printed);
}

static void test_durations(void)
{
	static const char tiny[] = "0.0000000000000000000000000000000000000000000000000000001";
	const char *const bad[] = {"",          "-1",         "1.",     ".5", "1 s", "1S",
				   "1us",       "1.2.3",      "1e3",    "+1", "s",   "1.5sm",
				   "0.0000001", "1000000001", "11575d", "x",  "0x1", tiny};
	uint64_t us = 7;

	duration("0", 0, "0 s");
	duration("2.5s", 2500000, "2.5 s");
	duration("2.5", 2500000, "2.5 s");
	duration("1ms", 1000, "0.001 s");
	duration("0.001ms", 1, "0.000001 s");
	duration("1.5m", 90000000, "90 s");
	duration("1h", UINT64_C(3600000000), "3600 s");
	duration("11574d", UINT64_C(999993600000000), "999993600 s");
	duration("1000000000", UINT64_C(1000000000000000), "1000000000 s");
	for (size_t i = 0; i < COUNT(bad); i++)
		check(duration_parse(bad[i], &us) < 0 && us == 7, "not '%s'", bad[i]);
}

int main(void)
{
	test_rlimits();
	test_processors();
	test_durations();
	return test_done();
}
