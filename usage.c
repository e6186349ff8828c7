/*
 * usage.c - processor time of a process and everything below it, while it runs.
 *
 * Without a control group nobody adds it up. /proc/PID/stat has two numbers for each process: its
 * own time, and that of the children that it has waited for. So a sample reads both for the whole
 * tree and adds what is new:
 *
 *   own time      of a process seen before, what came on top; of a new one, all of it
 *   reaped time   likewise, but for what was counted already while those children lived. That is
 *                 kept as a credit when a process disappears
 *
 * so no time is counted twice, and a process's time is not lost when it ends.
 *
 * What an attacker would try: to have children whose time nobody gets. Those of a parent that
 * ignores SIGCHLD are such: their time counts as long as a sample sees them, and what is used
 * between the last one and the end is not. The manual page says so. Pids that are used again are
 * told apart by the time of the start; names with blanks and parentheses by the last parenthesis.
 */
#include "usage.h"

#include "kernel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN_LIMIT (64U << 20) /* bytes of one list */

/* Fields of /proc/PID/stat, proc(5). */
enum { FIELD_STATE = 3, UTIME = 14, STIME = 15, CUTIME = 16, CSTIME = 17, START = 22 };

static bool gone(void)
{
	return errno == ENOENT || errno == ESRCH;
}

static int read_stat(struct usage_entry *e)
{
	char path[64], text[2048], *next, *save = NULL;
	uint64_t fields[START + 1] = {0};

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)e->pid);
	if (read_file_at(-1, path, text, sizeof(text)) < 0)
		return -1;
	next = strrchr(text, ')');
	if (!next) {
		errno = ESRCH;
		return -1;
	}
	next = strtok_r(next + 1, " ", &save);
	for (int field = FIELD_STATE; next && field <= START; field++) {
		int64_t number;

		if (parse_number(next, 0, INT64_MAX, &number) == 0)
			fields[field] = (uint64_t)number;
		next = strtok_r(NULL, " ", &save);
	}
	e->own = fields[UTIME] + fields[STIME];
	e->reaped = fields[CUTIME] + fields[CSTIME];
	e->start = fields[START];
	return 0;
}

/* Adds the pids of a list to the array. */
static int add_pids(char *list, struct usage *found)
{
	char *save = NULL;

	for (char *word = strtok_r(list, " \n", &save); word; word = strtok_r(NULL, " \n", &save)) {
		struct usage_entry *e;
		int64_t pid;

		if (parse_number(word, 1, INT32_MAX, &pid) < 0)
			continue;
		e = array_add(&found->entries, &found->count, sizeof(*e));
		if (!e) {
			errno = ENOMEM;
			return -1;
		}
		e->pid = (pid_t)pid;
	}
	return 0;
}

/* Of one thread: the kernel keeps its children by the thread that made them. */
static int add_children(pid_t pid, const char *thread, struct usage *found)
{
	autofree char *list = NULL;
	autoclose int fd = -1;
	char path[96];
	size_t length;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%.16s/children", (int)pid, thread);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	list = read_fd(fd, CHILDREN_LIMIT, &length);
	return list ? add_pids(list, found) : -1;
}

static int add_threads(pid_t pid, struct usage *found)
{
	const struct dirent *entry;
	char path[64];
	int result = 0, err = 0;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	if (!dir)
		return -1;
	while (errno = 0, result == 0 && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		result = add_children(pid, entry->d_name, found);
		if (result < 0 && gone())
			result = 0;
		else if (result < 0)
			err = errno;
	}
	if (result == 0 && errno != 0 && !gone())
		err = errno;
	(void)closedir(dir);
	errno = err;
	return err != 0 ? -1 : 0;
}

static int by_pid(const void *a, const void *b)
{
	const struct usage_entry *left = a, *right = b;

	return (left->pid > right->pid) - (left->pid < right->pid);
}

/* The tree, level by level; in found even when that fails. */
static int walk(pid_t root, struct usage *found)
{
	struct usage_entry *first = array_add(&found->entries, &found->count, sizeof(*first));
	size_t kept = 0;

	if (!first) {
		errno = ENOMEM;
		return -1;
	}
	first->pid = root;
	for (size_t i = 0; i < found->count; i++) {
		struct usage_entry e = found->entries[i];

		if (read_stat(&e) < 0 || add_threads(e.pid, found) < 0) {
			if (i == 0 || !gone())
				return -1;
			e.pid = 0;
		}
		found->entries[i] = e; /* which may have moved */
	}
	/* in order, without those that ended meanwhile and those that were listed twice */
	qsort(found->entries, found->count, sizeof(*found->entries), by_pid);
	for (size_t i = 0; i < found->count; i++)
		if (found->entries[i].pid != 0 &&
		    (kept == 0 || found->entries[kept - 1].pid != found->entries[i].pid))
			found->entries[kept++] = found->entries[i];
	found->count = kept;
	return 0;
}

static uint64_t above(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

/* What the sample now has beyond the last one. */
static void account(struct usage *u, const struct usage *now)
{
	uint64_t reaped = 0;

	for (size_t i = 0; i < now->count; i++) {
		const struct usage_entry *e = &now->entries[i];
		struct usage_entry none = {0}, *before = NULL;

		if (u->count > 0)
			before = bsearch(e, u->entries, u->count, sizeof(*e), by_pid);
		if (!before || before->start != e->start)
			before = &none;
		u->total += above(e->own, before->own);
		reaped += above(e->reaped, before->reaped);
		/* overlooked the last time, because it got another parent just then */
		if (before->missing)
			u->credit = above(u->credit, before->own + before->reaped);
		before->seen = true;
	}
	for (size_t i = 0; i < u->count; i++)
		if (!u->entries[i].seen && !u->entries[i].missing)
			u->credit += u->entries[i].own + u->entries[i].reaped;
	u->total += above(reaped, u->credit);
	u->credit = above(u->credit, reaped);
}

/* Those that were seen the last time only are kept for one sample more. */
static int keep_missing(const struct usage *u, struct usage *now)
{
	for (size_t i = 0; i < u->count; i++) {
		struct usage_entry *e;

		if (u->entries[i].seen || u->entries[i].missing)
			continue;
		e = array_add(&now->entries, &now->count, sizeof(*e));
		if (!e) {
			errno = ENOMEM;
			return -1;
		}
		*e = u->entries[i];
		e->missing = true;
	}
	qsort(now->entries, now->count, sizeof(*now->entries), by_pid);
	return 0;
}

int usage_sample(struct usage *u, pid_t root)
{
	struct usage now = {0};

	if (walk(root, &now) < 0) {
		free(now.entries);
		return -1;
	}
	account(u, &now);
	if (keep_missing(u, &now) < 0) {
		free(now.entries);
		return -1;
	}
	free(u->entries);
	u->entries = now.entries;
	u->count = now.count;
	return 0;
}

int usage_possible(void)
{
	struct usage usage = {0};
	pid_t child = kernel_clone(0);
	int result, err;

	if (child < 0)
		return -1;
	if (child == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)prctl(PR_SET_DUMPABLE, 0);
		(void)kill(getpid(), SIGSTOP);
		_exit(0);
	}
	result = waitpid(child, NULL, WUNTRACED) == child ? usage_sample(&usage, child) : -1;
	err = errno;
	usage_free(&usage);
	/* one that cannot be killed stands still until we end: it is not waited for */
	if (kill(child, SIGKILL) < 0)
		return -1;
	(void)waitpid(child, NULL, 0);
	errno = err;
	return result;
}

uint64_t usage_us(const struct usage *u)
{
	return u->total * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

void usage_free(struct usage *u)
{
	free(u->entries);
	*u = (struct usage){0};
}
