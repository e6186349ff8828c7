/*
 * Processor time of a tree of processes: what is counted, that nothing is counted twice, and that
 * what has ended counts on. The tree is a child of the test; it says when it is done by a pipe.
 */
#include "usage.h"
#include "test.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MS 1000

static void burn(long ms)
{
	struct timespec now;

	do
		(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	while (now.tv_sec * 1000 + now.tv_nsec / 1000000 < ms);
}

static void in_child(void (*work)(long), long ms)
{
	pid_t child = fork();

	if (child == 0) {
		work(ms);
		_exit(0);
	}
	(void)waitpid(child, NULL, 0);
}

static void reaped(long ms)
{
	in_child(burn, ms);
}

static void many(long ms)
{
	for (long i = 0; i < ms; i += 20)
		in_child(burn, 20);
}

static void below(long ms)
{
	(void)prctl(PR_SET_NAME, ") R 1 (x ");
	in_child(reaped, ms);
}

static void unreaped(long ms)
{
	(void)signal(SIGCHLD, SIG_IGN);
	in_child(burn, ms);
}

/* Samples while the work is done and after it; all of it has to be there, once. */
static void measure(const char *name, void (*work)(long), long ms, long least, long most)
{
	struct usage usage = {0};
	struct pollfd end = {.events = POLLIN};
	uint64_t us;
	int done[2];
	pid_t child;

	if (pipe(done) < 0)
		abort();
	(void)fflush(stdout);
	child = fork();
	if (child == 0) {
		work(ms);
		(void)!write(done[1], "", 1);
		(void)pause();
	}
	end.fd = done[0];
	do
		if (usage_sample(&usage, child) < 0)
			abort();
	while (poll(&end, 1, 7) == 0);
	(void)!usage_sample(&usage, child);
	us = usage_us(&usage);
	(void)!usage_sample(&usage, child);
	check(us >= (uint64_t)(least * MS) && us <= (uint64_t)(most * MS), "%s: %ld ms are %llu us",
	      name, ms, (unsigned long long)us);
	check(usage_us(&usage) == us, "%s: nothing comes from nothing", name);
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
	(void)close(done[0]);
	(void)close(done[1]);
	usage_free(&usage);
}

int main(void)
{
	struct usage usage = {0};

	measure("one process", burn, 300, 280, 330);
	measure("one that ended", reaped, 300, 280, 340);
	measure("below another, with a strange name", below, 300, 280, 350);
	measure("one after the other", many, 400, 360, 500);
	measure("without anybody who waits", unreaped, 300, 240, 340);
	check(usage_possible() == 0, "it is possible here");
	check(usage_sample(&usage, 0x7fffffff) < 0, "no such process");
	return test_done();
}
