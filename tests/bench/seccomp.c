/*
 * What a filter costs: loading it, beside a container engine's profile that libseccomp builds at
 * the start (JSON to rules to program, native and with i386), and each call afterwards. Ratios of
 * one run; an argument is the path of the engine's profile (default: the tests' own).
 *
 * Every load happens in a child of its own, since a filter cannot be taken off again.
 */
#include "engine.h"

#include "../../seccomp.h"

#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* many short rounds: one of them is undisturbed on a busy machine too */
enum { LOADS = 301, CALLS = 20000, ROUNDS = 100 };

static const char *engine_text;

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int load_program(const struct sock_filter *code, unsigned short length)
{
	struct sock_fprog program = {length, (struct sock_filter *)(uintptr_t)code};

	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

/* What there is to load; returns microseconds, negative when it failed. */
struct way {
	const char *name;
	double (*load)(const struct way *);
	bool i386;
};

static double load_builtin(const struct way *w)
{
	const struct seccomp_builtin *b = seccomp_find(w->name);
	double start = now();

	return load_program(b->code, b->length) < 0 ? -1 : now() - start;
}

/* Everything from the text on, as an engine does at each start. */
static double load_engine(const struct way *w)
{
	double start = now();
	struct json_tree j;
	scmp_filter_ctx ctx;

	if (json_parse(&j, "x.json", engine_text, strlen(engine_text)) < 0)
		return -1;
	ctx = engine_filter(&j, w->i386);
	return seccomp_load(ctx) < 0 ? -1 : now() - start;
}

/* The same file by our importer. */
static double load_import(const struct way *w)
{
	struct sandbox sb = {.seccomp_profile = w->name, .seccomp_fd = -1};
	struct sock_filter *code;
	unsigned short length;
	double start = now();

	if (seccomp_compile(&sb, &code, &length) < 0 || load_program(code, length) < 0)
		return -1;
	return now() - start;
}

static double load_nothing(const struct way *w)
{
	(void)w;
	return 0;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Runs what in a child that has loaded the way's filter; the result comes back in shared memory. */
static double in_child(const struct way *w, double (*what)(void))
{
	double *result = mmap(NULL, sizeof(double), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0),
	       value;
	pid_t child;

	*result = -1;
	child = fork();
	if (child == 0) {
		(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		*result = w->load(w);
		if (what && *result >= 0)
			*result = what();
		_exit(0);
	}
	(void)waitpid(child, NULL, 0);
	value = *result;
	(void)munmap(result, sizeof(double));
	return value;
}

static double median_load(const struct way *w, unsigned count, double *least)
{
	double times[LOADS];

	for (unsigned i = 0; i < count; i++)
		times[i] = in_child(w, NULL);
	qsort(times, count, sizeof(times[0]), compare);
	*least = times[0];
	return times[count / 2];
}

static double best_of(void (*call)(void))
{
	double best = 1e9;

	for (int round = 0; round < ROUNDS; round++) {
		double start = now(), ns;

		for (int i = 0; i < CALLS; i++)
			call();
		ns = (now() - start) * 1e3 / CALLS;
		best = ns < best ? ns : best;
	}
	return best;
}

static void call_allowed(void)
{
	(void)syscall(SYS_getppid);
}

static void call_checked(void)
{
	struct termios t;

	(void)syscall(SYS_ioctl, -1, TCGETS, &t);
}

static double time_allowed(void)
{
	return best_of(call_allowed);
}

static double time_checked(void)
{
	return best_of(call_checked);
}

/* Prints whether a figure of strict is within what the project promises; 1 when it is not. */
static int target(const char *what, double value, double limit)
{
	bool good = value > 0 && value <= limit;

	printf("  %-8s strict, %s = %.2f, at most %.2f\n", good ? "reached" : "MISSED", what, value,
	       limit);
	return !good;
}

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : PROFILES "/../tests/unit/engine.json";
	const struct way ways[] = {
		{"strict", load_builtin, false},
		{"build", load_builtin, false},
		{"network-client", load_builtin, false},
		{"desktop", load_builtin, false},
		{"container", load_builtin, false},
		{"compute", load_builtin, false},
		{"permissive", load_builtin, false},
		{"nested", load_builtin, false},
		{path, load_import, false},
		{"libseccomp", load_engine, false},
		{"libseccomp, i386", load_engine, true},
	};
	const struct way none = {"none", load_nothing, false};
	double strict = 0, least, allowed, checked, allowed_strict = 0, checked_strict = 0;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	(void)sched_setaffinity(0, sizeof(one), &one);
	allowed = in_child(&none, time_allowed);
	checked = in_child(&none, time_checked);
	engine_text = read_whole(path);
	printf("%-28s %8s %8s %8s   ns for getppid, ioctl (%.0f, %.0f without a filter)\n",
	       "load, us", "median", "least", "x strict", allowed, checked);
	for (size_t i = 0; i < COUNT(ways); i++) {
		const char *name =
			ways[i].load == load_import ? "the engine's, by zbox" : ways[i].name;
		double median = median_load(&ways[i], i < 9 ? LOADS : 51, &least);
		double a = in_child(&ways[i], time_allowed), c = in_child(&ways[i], time_checked);

		if (i == 0) {
			strict = median;
			allowed_strict = a / allowed;
			checked_strict = c / checked;
		}
		printf("%-28s %8.1f %8.1f %8.2f   %.0f (x%.2f), %.0f (x%.2f)\n", name, median,
		       least, median / strict, a, a / allowed, c, c / checked);
	}
	return target("load in us", strict, 80) |
	       target("a call that is always allowed", allowed_strict, 1.15) |
	       target("a call that is checked", checked_strict, 1.45);
}
