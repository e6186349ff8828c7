/*
 * escape.h - the corpus of attacks: one function a check, one line a result.
 *
 * A check tries one thing from inside the sandbox and says what it saw. It runs in a child of its
 * own with a time limit, so that it may be killed, hang or ruin itself. What only the host can see
 * (did the process outside die? is there a file?) is judged afterwards by host.c, for which the
 * check leaves its traces.
 */
#ifndef ZBOX_ESCAPE_H
#define ZBOX_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define COUNT(array) (sizeof(array) / sizeof(0 [array]))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))

enum verdict { UNKNOWN, STOPPED, OPEN, SKIPPED };

struct result {
	enum verdict verdict;
	char text[200]; /* what was seen: an errno's name, a path, a number */
};

struct check {
	const char *name; /* as in the table of docs/escape-report.md */
	const char
		*expect; /* texts under zbox's defaults, separated by '|'; NULL: any that stops */
	void (*run)(struct result *);
	const char *allowed_in; /* seccomp profiles that leave it open on purpose, or NULL */
	const char *skip;       /* why it is not tried here, or NULL */
};

struct check_group {
	char letter;
	const struct check *checks;
	size_t count;
};

extern const struct check_group group_terminal, group_descriptors, group_processes, group_files,
	group_mounts, group_system, group_identity, group_filter, group_kernel, group_network,
	group_secrets, group_resources, group_life;

/* What the host put up for us to find. The words come on the command line of the inner program. */
struct canaries {
	pid_t host;        /* a process outside, same user */
	pid_t session;     /* the leader of the session that the sandbox was started in */
	int port;          /* it listens on 127.0.0.1 */
	int shm_key;       /* System V segment */
	int key;           /* serial number of a key in the host's session keyring */
	char abstract[64]; /* abstract socket it listens on */
	char socket[128];  /* the same with a path, in the home */
	char secret[128];  /* a file in the home that only we may read */
	char hostname[65], machine_id[40];
	char tag[32]; /* part of the names of files that checks try to make */
};

extern struct canaries canaries;

/* A row of any group, or NULL. */
const struct check *find_check(const char *name);

/* ---- results ---- */

void stopped(struct result *r, const char *format, ...) PRINTF(2, 3);
void open_hole(struct result *r, const char *format, ...) PRINTF(2, 3);
void skipped(struct result *r, const char *format, ...) PRINTF(2, 3);

/* A system call that has to fail: its errno's name, or a hole that says what worked. */
void judge(struct result *r, long result, const char *worked);

/* The errno's name, "errno N" where there is none. */
const char *errno_name(int err);

/* Has to fail however it is opened with these flags; returns the descriptor or -1. */
int judge_open(struct result *r, const char *path, int flags);

/* Reads a file into buffer with a NUL behind it; -1 with errno. */
ssize_t read_text(const char *path, char *buffer, size_t size);

/* In a child of its own: the raw result of body, -1000 - signal when it was killed. */
int in_child(int (*body)(void));

/* ---- the programs ---- */

/* host SANDBOX...: puts up the canaries, runs the sandbox with `inside`, judges. */
int host_main(int argc, char **argv);

/* act NAME [ARG...]: what a check of host.c wants done inside. */
int act_main(int argc, char **argv);

#endif
