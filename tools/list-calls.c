/*
 * list-calls.c - calls.table and libseccomp -> generated/calls.h. Runs on the machine that builds.
 *
 * The table names every call and the kinds of its arguments; libseccomp knows the numbers of those
 * that it is old enough for. A call that libseccomp has and the table has not is an error: it would
 * have no arguments, and profiles could not say anything about it. So is a number on which the two
 * disagree. The output is sorted by name, because it is searched by halves.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MACHINES = 3, CALLS = 1024, NUMBERS = 1024 };

static const uint32_t machine[MACHINES] = {SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64, SCMP_ARCH_X86};
static const char *const machine_name[MACHINES] = {"x86_64", "arm64", "i386"};

struct call {
	char name[48], args[8];
	int number[MACHINES];
};

static struct call calls[CALLS];
static size_t call_count;

static struct call *find(const char *name)
{
	for (size_t i = 0; i < call_count; i++)
		if (strcmp(calls[i].name, name) == 0)
			return &calls[i];
	return NULL;
}

static int read_line(const char *line, unsigned at)
{
	char number[MACHINES][8];
	struct call *c = &calls[call_count];
	int got = sscanf(line, "%47s %7s %7s %7s %7s", c->name, c->args, number[0], number[1],
			 number[2]);

	if (got <= 0 || c->name[0] == '#')
		return 0;
	if (got == 1 || find(c->name) || call_count + 1 == CALLS) {
		fprintf(stderr, "calls.table:%u: no arguments, a second line, or too many\n", at);
		return -1;
	}
	if (strcmp(c->args, "-") == 0)
		c->args[0] = '\0';
	for (int m = 0; m < MACHINES; m++) {
		bool given = got == 2 + MACHINES && number[m][0] != '-' && number[m][0] != '#';

		c->number[m] = given ? atoi(number[m]) : -1;
	}
	call_count++;
	return 0;
}

static int read_table(FILE *in)
{
	char line[256];

	for (unsigned at = 1; fgets(line, sizeof(line), in); at++)
		if (read_line(line, at) < 0)
			return -1;
	return ferror(in) ? -1 : 0;
}

/* Every number that libseccomp has a name for. */
static int ask_libseccomp(int m)
{
	for (int number = 0; number < NUMBERS; number++) {
		char *name = seccomp_syscall_resolve_num_arch(machine[m], number);
		struct call *c = name ? find(name) : NULL;

		if (name && !c)
			fprintf(stderr, "calls.table: %s is missing\n", name);
		else if (c && c->number[m] >= 0 && c->number[m] != number)
			fprintf(stderr, "calls.table: %s is %d on %s\n", name, number,
				machine_name[m]);
		else if (c)
			c->number[m] = number;
		free(name);
		if (name && (!c || c->number[m] != number))
			return -1;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct call *left = a, *right = b;

	return strcmp(left->name, right->name);
}

int main(int argc, char **argv)
{
	FILE *in = argc == 2 ? fopen(argv[1], "re") : NULL;

	if (!in) {
		fprintf(stderr, "usage: list-calls calls.table > calls.h: %s\n", strerror(errno));
		return 1;
	}
	if (read_table(in) < 0)
		return 1;
	for (int m = 0; m < MACHINES; m++)
		if (ask_libseccomp(m) < 0)
			return 1;
	qsort(calls, call_count, sizeof(calls[0]), compare);
	printf("/* Made by tools/list-calls.c from calls.table: make generated.\n"
	       " * Name, arguments, numbers on x86_64, arm64 and i386. */\n");
	for (size_t i = 0; i < call_count; i++)
		printf("{ \"%s\", \"%s\", { %d, %d, %d } },\n", calls[i].name, calls[i].args,
		       calls[i].number[0], calls[i].number[1], calls[i].number[2]);
	return ferror(stdout) || fclose(in) != 0 || fflush(stdout) != 0;
}
