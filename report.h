/*
 * report.h - what is said to a person or a program about a run: failures with their hints,
 * warnings, the status record. --explain is in explain.h, --doctor in doctor.h.
 */
#ifndef ZBOX_REPORT_H
#define ZBOX_REPORT_H

#include "cgroup/usage.h"
#include "network/refusals.h"
#include "sandbox.h"
#include "utils.h"

/* Prints the failure, and a hint where a row of the table in hints.c knows a cure:
 *   zbox: STEP: OBJECT: REASON          bwrap: OBJECT: REASON
 *   zbox: hint: ...                     bwrap: hint: ...
 * in one write(2), so that messages of several processes do not mix. */
void report_failure(const struct sandbox *sb, const struct failure *f);

/* Prints what the parser noted. */
void report_warnings(const struct sandbox *sb);

/* Prints one warning, at any time. */
void report_warning(const struct sandbox *sb, const char *text);

/* How it ended, for --status-fd. docs/json.md describes what is written. */
struct status_record {
	const char *stage;       /* how far it came: a step of sandbox.c, "command" when that
				    ran, never NULL */
	int exit_code;           /* of the command, -1: it did not exit by itself */
	int signal;              /* that ended the command, 0 none */
	int status;              /* exit status of zbox itself */
	const char *limit;       /* that was reached, and ended the command; NULL none */
	const char *const *hits; /* limits that were reached at all; borrowed */
	size_t hit_count;
	const struct cgroup_usage *group; /* of the control group, NULL none; borrowed */
	uint64_t wall_us;                 /* from the start of zbox to the end, microseconds */
	uint64_t user_us, system_us;      /* processor time of the command and what it waited for */
	uint64_t max_rss;                 /* of the largest process, bytes */
	uint64_t voluntary_switches, forced_switches; /* of processes on the processors */
	uint64_t read_bytes, written_bytes;           /* from and to disks */
	bool ended_by_zbox;                           /* for a limit of time */
	const char *const *weakened; /* sentences: what was asked for as best effort and is
					missing; borrowed */
	size_t weakened_count;
	const struct net_refusal *refused; /* by the network's rules; borrowed */
	size_t refused_count;
	const struct failure *failure; /* NULL: zbox did not fail; borrowed */
};

/* Writes a text to standard error, in one write(2). */
void report_text(const char *text);

/* Writes the record as one JSON object on one line, in one write(2) where the descriptor takes it.
 * Returns 0, or -1 with errno set; does not call fail(), there is nobody left to tell. */
int report_status(int fd, const struct status_record *record) MUST_CHECK;

#endif
