/*
 * escape.c - tries what hostile code in a sandbox would try, and says what it saw.
 *
 *   escape host [OPTIONS] -- SANDBOX...   as the caller: puts up what there is to be found outside,
 *                                         runs SANDBOX with this program in it, judges, prints
 *   escape inside CANARIES                in the sandbox: every check, one line each
 *   escape act NAME...                    in the sandbox: one thing that `host` asked for
 *   escape list                           the table of checks with the expected results
 *
 * A line is `ok N - LETTER NAME: SEEN`, `not ok ...`, or `ok ... # SKIP reason`. "ok" means that
 * the attack was stopped. One static program, so that it runs wherever anything runs.
 */
#include "escape.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIME_LIMIT 10 /* seconds a check */

struct canaries canaries;

static const struct check_group *const groups[] = {
	&group_terminal, &group_descriptors, &group_processes, &group_files,  &group_mounts,
	&group_system,   &group_identity,    &group_filter,    &group_kernel, &group_network,
	&group_secrets,  &group_resources,   &group_life,
};

__attribute__((format(printf, 3, 0))) static void say(struct result *r, enum verdict verdict,
						      const char *format, va_list args)
{
	r->verdict = verdict;
	(void)vsnprintf(r->text, sizeof(r->text), format, args);
}

void stopped(struct result *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(r, STOPPED, format, args);
	va_end(args);
}

void open_hole(struct result *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(r, OPEN, format, args);
	va_end(args);
}

void skipped(struct result *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(r, SKIPPED, format, args);
	va_end(args);
}

const char *errno_name(int err)
{
	static char number[16];
	const char *name = strerrorname_np(err);

	if (name)
		return name;
	(void)snprintf(number, sizeof(number), "errno %d", err);
	return number;
}

void judge(struct result *r, long result, const char *worked)
{
	if (result < 0)
		stopped(r, "%s", errno_name(errno));
	else
		open_hole(r, "%s", worked);
}

int judge_open(struct result *r, const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		stopped(r, "%s", errno_name(errno));
	else
		open_hole(r, "%s can be %s", path,
			  (flags & O_ACCMODE) == O_RDONLY ? "read" : "written");
	return fd;
}

ssize_t read_text(const char *path, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t used = 0;

	if (fd < 0)
		return -1;
	while (used < size - 1) {
		ssize_t got = read(fd, buffer + used, size - 1 - used);

		if (got < 0 && used == 0) {
			int saved = errno;

			(void)close(fd);
			errno = saved;
			return -1;
		}
		if (got <= 0)
			break;
		used += (size_t)got;
	}
	(void)close(fd);
	buffer[used] = '\0';
	return (ssize_t)used;
}

int in_child(int (*body)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(body());
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1000 - WTERMSIG(status);
}

/* One check, in a process of its own. */
static void run(const struct check *check, struct result *shared)
{
	int status = 0;
	pid_t child;

	memset(shared, 0, sizeof(*shared));
	if (check->skip) {
		skipped(shared, "%s", check->skip);
		return;
	}
	child = fork();
	if (child == 0) {
		(void)alarm(TIME_LIMIT);
		check->run(shared);
		_exit(0);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (child < 0)
		skipped(shared, "fork: %s", errno_name(errno));
	else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		stopped(shared, "SIGSYS");
	else if (WIFSIGNALED(status) && shared->verdict == UNKNOWN)
		open_hole(shared, "the check died of signal %d", WTERMSIG(status));
	else if (shared->verdict == UNKNOWN)
		open_hole(shared, "the check said nothing");
}

static void print_line(unsigned number, char letter, const char *name, const struct result *r)
{
	if (r->verdict == SKIPPED)
		printf("ok %u - %c %s # SKIP %s\n", number, letter, name, r->text);
	else
		printf("%s %u - %c %s: %s\n", r->verdict == STOPPED ? "ok" : "not ok", number,
		       letter, name, r->text);
	(void)fflush(stdout);
}

/* name=value for every field, separated by commas; unknown names are ignored. */
static void read_canaries(char *words)
{
	const struct {
		const char *name;
		int *number;
		char *text;
		size_t size;
	} fields[] = {
		{"host", &canaries.host, NULL, 0},
		{"session", &canaries.session, NULL, 0},
		{"port", &canaries.port, NULL, 0},
		{"shm", &canaries.shm_key, NULL, 0},
		{"key", &canaries.key, NULL, 0},
		{"abstract", NULL, canaries.abstract, sizeof(canaries.abstract)},
		{"socket", NULL, canaries.socket, sizeof(canaries.socket)},
		{"secret", NULL, canaries.secret, sizeof(canaries.secret)},
		{"hostname", NULL, canaries.hostname, sizeof(canaries.hostname)},
		{"machine", NULL, canaries.machine_id, sizeof(canaries.machine_id)},
		{"tag", NULL, canaries.tag, sizeof(canaries.tag)},
	};
	char *next;

	for (char *word = strtok_r(words, ",", &next); word; word = strtok_r(NULL, ",", &next)) {
		char *value = strchr(word, '=');

		if (!value)
			continue;
		*value++ = '\0';
		for (size_t i = 0; i < COUNT(fields); i++) {
			if (strcmp(fields[i].name, word) != 0)
				continue;
			if (fields[i].number)
				*fields[i].number = (int)strtol(value, NULL, 10);
			else
				(void)snprintf(fields[i].text, fields[i].size, "%s", value);
		}
	}
}

static int inside_main(int argc, char **argv)
{
	struct result *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const char *only = argc > 3 ? argv[3] : NULL;
	unsigned number = 0;

	if (shared == MAP_FAILED)
		return 2;
	if (argc > 2)
		read_canaries(argv[2]);
	for (size_t g = 0; g < COUNT(groups); g++)
		for (size_t i = 0; i < groups[g]->count; i++) {
			const struct check *check = &groups[g]->checks[i];

			if (only && strcmp(only, check->name) != 0)
				continue;
			run(check, shared);
			print_line(++number, groups[g]->letter, check->name, shared);
		}
	printf("1..%u\n", number);
	return 0;
}

const struct check *find_check(const char *name)
{
	for (size_t g = 0; g < COUNT(groups); g++)
		for (size_t i = 0; i < groups[g]->count; i++)
			if (strcmp(groups[g]->checks[i].name, name) == 0)
				return &groups[g]->checks[i];
	return NULL;
}

static int list_main(void)
{
	for (size_t g = 0; g < COUNT(groups); g++)
		for (size_t i = 0; i < groups[g]->count; i++) {
			const struct check *check = &groups[g]->checks[i];

			printf("%c\t%s\t%s\t%s\n", groups[g]->letter, check->name,
			       check->skip     ? "SKIP"
			       : check->expect ? check->expect
					       : "",
			       check->allowed_in ? check->allowed_in : "");
		}
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "host") == 0)
		return host_main(argc, argv);
	if (strcmp(what, "inside") == 0)
		return inside_main(argc, argv);
	if (strcmp(what, "act") == 0)
		return act_main(argc, argv);
	if (strcmp(what, "list") == 0)
		return list_main();
	(void)fprintf(stderr, "usage: escape host [OPTIONS] -- SANDBOX... | inside CANARIES [NAME] "
			      "| act NAME... | list\n");
	return 2;
}
