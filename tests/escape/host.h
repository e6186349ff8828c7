/*
 * host.h - the outer half: what is put up, how the sandbox is run, what is judged afterwards.
 */
#ifndef ZBOX_ESCAPE_HOST_H
#define ZBOX_ESCAPE_HOST_H

#include "escape.h"

#include <sys/types.h>

#define LEAKED_DIRECTORY 900 /* descriptor of the directory with the secret, left open */

struct host {
	char **sandbox; /* its program and options, without the command */
	int sandbox_words;
	const char *inside; /* path of this program inside of it */
	const char *self;   /* path of this program outside */
	bool binds;         /* takes bubblewrap's options: attacks on the set-up are tried */
	bool exact;         /* every text has to be the expected one */
	const char *profile, *only;
	char base[100]; /* directory of the canaries, in the home */
	char tag[32];
	int master, slave; /* the terminal that the sandbox is given */
	pid_t sibling;     /* canary in its process group */
	bool sibling_died, group_changed;
	unsigned number, failures;
};

/* One command run in the sandbox, outside of the main run. */
struct run {
	pid_t pid;
	int output; /* its standard output, read end */
};

/* Starts sandbox + words + NULL; words begin with further options of the sandbox or the command.
 * prepare: called in the child before exec, or NULL. */
struct run start(const struct host *h, const char *const *words, void (*prepare)(void));

/* Waits for the end (killing after a while) and returns the exit status as a shell has it. */
int finish(struct run *run);

/* Whether nobody holds the output any more before the time is over. */
bool ends_within(const struct run *run, int milliseconds);

/* Judges, prints the line, counts. */
void report(struct host *h, char letter, const struct check *check, const struct result *r);

/* Checks that need runs of their own. */
void run_life(struct host *h);
void run_setup(struct host *h);

#endif
