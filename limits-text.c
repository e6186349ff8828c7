/*
 * limits-text.c - limits as people write them: names of resources, lists of processors, times.
 *
 * Reading is strict, because a limit that was misread is a limit that does not hold: no sign, no
 * blank, no digit too many, no number that wraps around. What Linux keeps a number of but does not
 * enforce is refused by name for the same reason.
 */
#include "limits-text.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

/* CPU_SETSIZE is 128 in musl, which is its size in bytes. */
#define PROCESSORS (8 * sizeof(cpu_set_t))

static const struct {
	const char *name;
	int resource;
	bool bytes;   /* takes K, M, G, T */
	bool ignored; /* by the kernel, see setrlimit(2) */
} names[] = {
	{.name = "as", .resource = RLIMIT_AS, .bytes = true},
	{.name = "core", .resource = RLIMIT_CORE, .bytes = true},
	{.name = "cpu", .resource = RLIMIT_CPU},
	{.name = "data", .resource = RLIMIT_DATA, .bytes = true},
	{.name = "fsize", .resource = RLIMIT_FSIZE, .bytes = true},
	{.name = "locks", .resource = RLIMIT_LOCKS, .ignored = true},
	{.name = "memlock", .resource = RLIMIT_MEMLOCK, .bytes = true},
	{.name = "msgqueue", .resource = RLIMIT_MSGQUEUE, .bytes = true},
	{.name = "nice", .resource = RLIMIT_NICE},
	{.name = "nofile", .resource = RLIMIT_NOFILE},
	{.name = "nproc", .resource = RLIMIT_NPROC},
	{.name = "rss", .resource = RLIMIT_RSS, .bytes = true, .ignored = true},
	{.name = "rtprio", .resource = RLIMIT_RTPRIO},
	{.name = "rttime", .resource = RLIMIT_RTTIME},
	{.name = "sigpending", .resource = RLIMIT_SIGPENDING},
	{.name = "stack", .resource = RLIMIT_STACK, .bytes = true},
};

const char *rlimit_name(int resource)
{
	for (size_t i = 0; i < COUNT(names); i++)
		if (names[i].resource == resource)
			return names[i].name;
	return NULL;
}

void rlimit_print(FILE *out, uint64_t value)
{
	if (value == RLIMIT_UNLIMITED)
		(void)fputs("unlimited", out);
	else
		(void)fprintf(out, "%llu", (unsigned long long)value);
}

const char *digits_read(const char *text, uint64_t max, uint64_t *number)
{
	uint64_t value = 0;

	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++) {
		uint64_t digit = (uint64_t)(*text - '0');

		if (value > (max - digit) / 10)
			return NULL;
		value = value * 10 + digit;
	}
	*number = value;
	return text;
}

const char *amount_read(const char *text, bool bytes, uint64_t *value)
{
	static const char units[] = "KMGT";
	const char *unit;
	uint64_t number;

	if (strncmp(text, "unlimited", 9) == 0) {
		*value = RLIMIT_UNLIMITED;
		return text + 9;
	}
	text = digits_read(text, INT64_MAX, &number);
	if (!text)
		return NULL;
	unit = bytes && *text ? strchr(units, *text) : NULL;
	if (unit) {
		int shift = 10 * (int)(unit - units + 1);

		if (number > (uint64_t)INT64_MAX >> shift)
			return NULL;
		number <<= shift;
		text++;
	}
	*value = number;
	return text;
}

int rlimit_parse(const char *text, struct rlimit_change *change)
{
	size_t length = strcspn(text, "="), row;
	const char *next;
	uint64_t soft = 0, hard;

	for (row = 0; row < COUNT(names); row++)
		if (strlen(names[row].name) == length && memcmp(names[row].name, text, length) == 0)
			break;
	if (row == COUNT(names) || text[length] != '=')
		return fail(0,
			    "--rlimit takes NAME=SOFT[:HARD] with a name of setrlimit(2) such "
			    "as nofile, not %s",
			    text);
	if (names[row].ignored)
		return fail(0, "--rlimit %s: Linux does not enforce this limit", text);
	next = amount_read(text + length + 1, names[row].bytes, &soft);
	hard = soft;
	if (next && *next == ':')
		next = amount_read(next + 1, names[row].bytes, &hard);
	if (!next || *next != '\0')
		return fail(0, "--rlimit %s: a limit is a number%s or unlimited", text,
			    names[row].bytes ? " (with K, M, G or T)" : "");
	if (soft > hard)
		return fail(0, "--rlimit %s: the soft limit is above the hard limit", text);
	*change = (struct rlimit_change){names[row].resource, soft, hard};
	return 0;
}

int processors_parse(const char *text, cpu_set_t *set)
{
	cpu_set_t result;

	CPU_ZERO(&result);
	for (;;) {
		uint64_t first = 0, last;

		text = digits_read(text, PROCESSORS - 1, &first);
		last = first;
		if (text && *text == '-')
			text = digits_read(text + 1, PROCESSORS - 1, &last);
		if (!text || last < first || (*text != ',' && *text != '\0')) {
			errno = EINVAL;
			return -1;
		}
		for (uint64_t cpu = first; cpu <= last; cpu++)
			CPU_SET((size_t)cpu, &result);
		if (*text++ == '\0')
			break;
	}
	*set = result;
	return 0;
}

#define SCALE_MAX 1000000                /* six digits of a fraction */
#define SECONDS_MAX UINT64_C(1000000000) /* 31 years */

/* Microseconds of the unit, 0: there is no such unit. */
static uint64_t duration_unit(const char *text)
{
	static const struct {
		const char *name;
		uint64_t us;
	} units[] = {
		{"", 1000000},
		{"s", 1000000},
		{"ms", 1000},
		{"m", UINT64_C(60000000)},
		{"h", UINT64_C(3600000000)},
		{"d", UINT64_C(86400000000)},
	};

	for (size_t i = 0; i < COUNT(units); i++)
		if (strcmp(units[i].name, text) == 0)
			return units[i].us;
	return 0;
}

int duration_parse(const char *text, uint64_t *us)
{
	uint64_t whole, fraction = 0, scale = 1, unit;

	text = digits_read(text, SECONDS_MAX * 1000, &whole);
	if (text && *text == '.') {
		const char *start = text + 1;

		text = digits_read(start, SCALE_MAX - 1, &fraction);
		for (const char *c = start; text && c < text && scale <= SCALE_MAX; c++)
			scale *= 10;
	}
	unit = text ? duration_unit(text) : 0;
	if (unit == 0 || scale > SCALE_MAX || whole > SECONDS_MAX * 1000000 / unit) {
		errno = EINVAL;
		return -1;
	}
	*us = whole * unit + fraction * unit / scale;
	return 0;
}

const char *duration_print(char text[DURATION_TEXT], uint64_t us)
{
	size_t length =
		(size_t)snprintf(text, DURATION_TEXT, "%llu.%06u",
				 (unsigned long long)(us / 1000000), (unsigned)(us % 1000000));

	while (text[length - 1] == '0')
		length--;
	length -= text[length - 1] == '.';
	(void)snprintf(text + length, DURATION_TEXT - length, " s");
	return text;
}
