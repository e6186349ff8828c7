/*
 * host-life.c - L: how a sandbox ends, seen from outside. Every check is a run of its own.
 */
#include "host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct life_check {
	struct check check;
	void (*judge)(struct host *, struct result *);
};

static void exit_status(struct host *h, struct result *r)
{
	static const struct {
		const char *what, *argument;
		int expected;
	} rows[] = {
		{"exit", "0", 0},      {"exit", "1", 1},      {"exit", "42", 42},
		{"exit", "255", 255},  {"signal", "15", 143}, {"signal", "9", 137},
		{"signal", "11", 139},
	};

	stopped(r, "exact");
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *const words[] = {h->inside, "act", rows[i].what, rows[i].argument,
					     NULL};
		struct run run = start(h, words, NULL);
		int status = finish(&run);

		if (status != rows[i].expected) {
			open_hole(r, "%s %s gives %d", rows[i].what, rows[i].argument, status);
			return;
		}
	}
}

static void ignore_children(void)
{
	(void)signal(SIGCHLD, SIG_IGN);
}

static void sigchld_ignored(struct host *h, struct result *r)
{
	const char *const words[] = {h->inside, "act", "exit", "7", NULL};
	struct run run = start(h, words, ignore_children);
	int status = finish(&run);

	if (status == 7)
		stopped(r, "works");
	else
		open_hole(r, "gives %d", status);
}

/* The first byte says that the process is there; then somebody ends, or is ended. */
static void outlives(struct host *h, struct result *r, const char *what, bool kill_it)
{
	const char *const words[] = {h->inside, "act", what, NULL};
	struct run run = start(h, words, NULL);
	char byte;

	if (strcmp(what, "reader") != 0 && read(run.output, &byte, 1) != 1) {
		skipped(r, "it did not start");
		(void)finish(&run);
		return;
	}
	if (kill_it)
		(void)kill(run.pid, SIGKILL);
	if (ends_within(&run, 1500))
		stopped(r, "dead");
	else
		open_hole(r, "a process lives on");
	(void)finish(&run);
}

static void parent_killed(struct host *h, struct result *r)
{
	outlives(h, r, "stay", true);
}

static void daemon_left(struct host *h, struct result *r)
{
	outlives(h, r, "daemon", false);
}

static void tty_after_exit(struct host *h, struct result *r)
{
	outlives(h, r, "reader", false);
}

/* Of this user: what others do there is theirs. */
static unsigned entries(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	unsigned count = 0;
	struct stat st;

	while (dir && (entry = readdir(dir)) != NULL)
		count += fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			 st.st_uid == geteuid();
	if (dir)
		(void)closedir(dir);
	return count;
}

/* Entries of the places where something could be left, and mounts. */
static unsigned traces(const struct host *h)
{
	static char text[1 << 18];
	unsigned count = entries("/tmp") + entries("/run") + entries("/dev/shm") +
			 entries(h->base) + entries("/var/tmp");

	if (read_text("/proc/self/mountinfo", text, sizeof(text)) > 0)
		for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
			count++;
	return count;
}

static void leftovers(struct host *h, struct result *r)
{
	unsigned before = traces(h);
	struct result ignored;

	/* other programs use /tmp too: a difference has to show three times */
	for (int i = 0; i < 3; i++) {
		parent_killed(h, &ignored);
		if (traces(h) == before) {
			stopped(r, "none");
			return;
		}
		before = traces(h);
	}
	open_hole(r, "something is left in /tmp, /run, /dev/shm or among the mounts");
}

static const struct life_check life[] = {
	{{"exit-status", "exact", NULL, NULL, NULL}, exit_status},
	{{"sigchld-ignored", "works", NULL, NULL, NULL}, sigchld_ignored},
	{{"parent-killed", "dead", NULL, NULL, NULL}, parent_killed},
	{{"daemon-left", "dead", NULL, NULL, NULL}, daemon_left},
	{{"tty-after-exit", "dead", NULL, NULL, NULL}, tty_after_exit},
	{{"leftovers", "none", NULL, NULL, NULL}, leftovers},
};

void run_life(struct host *h)
{
	for (size_t i = 0; i < COUNT(life); i++) {
		struct result r = {UNKNOWN, ""};

		if (h->only && strcmp(h->only, life[i].check.name) != 0)
			continue;
		life[i].judge(h, &r);
		report(h, 'L', &life[i].check, &r);
	}
}
