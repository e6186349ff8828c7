/*
 * bench.c - runs several commands by turns and compares their times.
 *
 *   bench [-n ROUNDS] [-w WARMUP] [-p MILLISECONDS] -- NAME COMMAND [ARG...] [::: ...]
 *   bench -m COMM -- NAME COMMAND [ARG...] [::: ...]
 *
 * The first command is the base of the ratios. Every round runs all of them once, in an order
 * drawn anew, so that a busy moment of the machine, and what one command leaves to the kernel to
 * tidy up, falls on all alike. Printed are the median, the 90th percentile and the quickest run in
 * microseconds, the ratio of the medians, and the median of the ratios within a round.
 *
 * -m compares memory instead: each command is started once, until a descendant of it that runs
 * COMM has appeared; then the resident and the proportional memory of all its processes but that
 * one are added up. The kernel tells the latter only of processes that may be traced.
 *
 * -p is a pause before each run: the kernel takes a sandbox's network apart after its end, and the
 * next start, whoever's it is, would find a processor busy with that.
 *
 * A command that does not end with status 0 makes the whole run fail: a sandbox that was never
 * made is quick.
 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS 32
#define SEPARATOR ":::"

struct command {
	const char *name;
	char **argv;
	double *times; /* microseconds, one a round */
	unsigned failures;
};

/* What waits for a sandboxed command, added up over its processes. */
struct memory {
	unsigned processes;
	long resident, peak, proportional; /* KiB; -1: the kernel would not tell */
	pid_t command;                     /* the sandboxed command itself, 0: not seen */
};

static struct command commands[COMMANDS];
static size_t command_count;
static struct timespec pause_before;

static _Noreturn void die(const char *what)
{
	(void)fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(2);
}

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static pid_t start(char **argv)
{
	extern char **environ;
	pid_t pid;
	int err = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);

	if (err == 0)
		return pid;
	errno = err;
	die(argv[0]);
}

static double run_once(struct command *c)
{
	double before;
	pid_t pid;
	int status;

	(void)nanosleep(&pause_before, NULL);
	before = now();
	pid = start(c->argv);
	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
	before = now() - before;
	if (status != 0)
		c->failures++;
	return before;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t n, double q)
{
	double at = q * (double)(n - 1);
	size_t low = (size_t)at;

	if (low + 1 >= n)
		return sorted[n - 1];
	return sorted[low] + (at - (double)low) * (sorted[low + 1] - sorted[low]);
}

static void shuffle(size_t *order, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = (size_t)random() % i, t = order[i - 1];

		order[i - 1] = order[j];
		order[j] = t;
	}
}

static void measure(size_t rounds, size_t warmup)
{
	size_t order[COMMANDS];

	for (size_t i = 0; i < command_count; i++) {
		order[i] = i;
		commands[i].times = calloc(rounds, sizeof(double));
		if (commands[i].times == NULL)
			die("memory");
	}
	for (size_t round = 0; round < warmup + rounds; round++) {
		shuffle(order, command_count);
		for (size_t i = 0; i < command_count; i++) {
			double time = run_once(&commands[order[i]]);

			if (round >= warmup)
				commands[order[i]].times[round - warmup] = time;
		}
	}
}

/* The median of how much slower c was than the base within one round. */
static double paired_ratio(const struct command *c, const struct command *base, size_t rounds)
{
	double *ratios = calloc(rounds, sizeof(double)), median;

	if (ratios == NULL)
		die("memory");
	for (size_t i = 0; i < rounds; i++)
		ratios[i] = c->times[i] / base->times[i];
	qsort(ratios, rounds, sizeof(double), compare);
	median = quantile(ratios, rounds, 0.5);
	free(ratios);
	return median;
}

static void print_times(size_t rounds)
{
	double paired[COMMANDS], base;

	for (size_t i = 0; i < command_count; i++)
		paired[i] = paired_ratio(&commands[i], &commands[0], rounds);
	for (size_t i = 0; i < command_count; i++) /* from here on no round has its own place */
		qsort(commands[i].times, rounds, sizeof(double), compare);
	base = quantile(commands[0].times, rounds, 0.5);
	(void)printf("%-24s %10s %10s %10s %8s %8s\n", "", "median us", "p90", "least", "ratio",
		     "paired");
	for (size_t i = 0; i < command_count; i++) {
		const double *t = commands[i].times;

		(void)printf("%-24s %10.0f %10.0f %10.0f %8.3f %8.3f\n", commands[i].name,
			     quantile(t, rounds, 0.5), quantile(t, rounds, 0.9), t[0],
			     quantile(t, rounds, 0.5) / base, paired[i]);
	}
}

/* The number that follows key in a file of /proc/PID, or -1. */
static long proc_number(pid_t pid, const char *file, const char *key)
{
	char path[64], line[256];
	long number = -1;
	FILE *in;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	in = fopen(path, "re");
	if (in == NULL)
		return -1;
	while (number < 0 && fgets(line, sizeof(line), in) != NULL) {
		if (strncmp(line, key, strlen(key)) == 0)
			number = strtol(line + strlen(key), NULL, 10);
	}
	(void)fclose(in);
	return number;
}

static bool runs(pid_t pid, const char *comm)
{
	char path[64], text[32] = "";
	FILE *in;

	(void)snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	in = fopen(path, "re");
	if (in == NULL)
		return false;
	if (fgets(text, sizeof(text), in) != NULL)
		text[strcspn(text, "\n")] = '\0';
	(void)fclose(in);
	return strcmp(text, comm) == 0;
}

static void add_up(struct memory *m, pid_t pid, const char *comm, unsigned depth)
{
	char path[64];
	long child;
	FILE *in;

	if (runs(pid, comm)) {
		m->command = pid;
		return;
	}
	m->processes++;
	m->resident += proc_number(pid, "status", "VmRSS:");
	m->peak += proc_number(pid, "status", "VmHWM:");
	child = proc_number(pid, "smaps_rollup", "Pss:");
	m->proportional = child < 0 || m->proportional < 0 ? -1 : m->proportional + child;
	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	in = fopen(path, "re");
	if (in == NULL)
		return;
	while (depth > 0 && fscanf(in, "%ld", &child) == 1)
		add_up(m, (pid_t)child, comm, depth - 1);
	(void)fclose(in);
}

/* Waits, ten seconds at most, until the command is there and everything around it sleeps. */
static struct memory look(pid_t pid, const char *comm)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	struct memory m = {0}, previous;

	for (unsigned tries = 0; tries < 500; tries++) {
		previous = m;
		m = (struct memory){0};
		add_up(&m, pid, comm, 8);
		if (m.command > 0 && previous.command > 0 && m.resident == previous.resident)
			return m;
		(void)nanosleep(&pause, NULL);
	}
	m.command = 0;
	return m;
}

static int compare_memory(const char *comm)
{
	long base = 0;
	int result = 0;

	(void)printf("%-24s %10s %10s %10s %10s %8s\n", "", "processes", "RSS KiB", "peak", "PSS",
		     "ratio");
	for (size_t i = 0; i < command_count; i++) {
		pid_t pid = start(commands[i].argv);
		struct memory m = look(pid, comm);

		(void)kill(m.command > 0 ? m.command : pid, SIGKILL); /* the rest ends by itself */
		(void)waitpid(pid, NULL, 0);
		if (m.command == 0)
			result = 1;
		if (i == 0)
			base = m.resident;
		(void)printf("%-24s %10u %10ld %10ld %10ld %8.3f%s\n", commands[i].name,
			     m.processes, m.resident, m.peak, m.proportional,
			     (double)m.resident / (double)base,
			     m.command > 0 ? "" : "  the command never ran");
	}
	return result;
}

/* Cuts the words at the separators, in place. */
static void read_commands(char **word)
{
	while (*word != NULL) {
		struct command *c = &commands[command_count++];

		c->name = *word++;
		c->argv = word;
		while (*word != NULL && strcmp(*word, SEPARATOR) != 0)
			word++;
		if (*word != NULL)
			*word++ = NULL;
		if (c->argv[0] == NULL || command_count == COMMANDS) {
			(void)fprintf(stderr, "bench: %s: no command, or too many\n", c->name);
			exit(2);
		}
	}
}

static int check_failures(size_t runs_each)
{
	int result = 0;

	for (size_t i = 0; i < command_count; i++) {
		if (commands[i].failures == 0)
			continue;
		(void)printf("bench: %s failed in %u of %zu runs\n", commands[i].name,
			     commands[i].failures, runs_each);
		result = 1;
	}
	return result;
}

int main(int argc, char **argv)
{
	size_t rounds = 300, warmup = 5;
	const char *comm = NULL;
	int option;

	while ((option = getopt(argc, argv, "+n:w:p:m:")) != -1) {
		switch (option) {
		case 'n':
			rounds = strtoul(optarg, NULL, 10);
			break;
		case 'w':
			warmup = strtoul(optarg, NULL, 10);
			break;
		case 'p':
			pause_before.tv_nsec = 1000000 * strtol(optarg, NULL, 10);
			break;
		case 'm':
			comm = optarg;
			break;
		default:
			return 2;
		}
	}
	read_commands(argv + optind);
	if (command_count == 0 || rounds == 0)
		return 2;
	if (comm != NULL)
		return compare_memory(comm);
	measure(rounds, warmup);
	print_times(rounds);
	for (size_t i = 0; i < command_count; i++)
		free(commands[i].times);
	return check_failures(rounds + warmup);
}
