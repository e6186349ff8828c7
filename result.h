/*
 * result.h - how a run ended and what it used: --stats, --stats-file, --meta.
 */
#ifndef ZBOX_RESULT_H
#define ZBOX_RESULT_H

#include "report.h"
#include "sandbox.h"
#include "utils.h"

#include <time.h>

/* Where the record goes; -1: not asked for; owned. */
struct result_files {
	int stats, meta;
};

/* What is not open. */
#define RESULT_FILES_NONE                                                                          \
	{                                                                                          \
		-1, -1                                                                             \
	}

/* Whether anybody is told of times at the end. */
bool result_wanted(const struct sandbox *sb);

/* Opens, and makes or empties, the files that sb names, before anything else is made. Returns 0, or
 * -1 after fail(). */
int result_open(const struct sandbox *sb, struct result_files *files) MUST_CHECK;

/* Fills in times and what else the kernel counted for the children that this process waited for.
 */
void result_measure(const struct timespec *start, struct status_record *record);

/* Takes over what a control group counted more exactly. */
void result_group(const struct cgroup_usage *usage, struct status_record *record);

/* The limit that the command's wait status tells of, NULL: none. hits: limits of the control group
 * that were reached. */
const char *result_limit(const struct sandbox *sb, int status, const char *const *hits,
			 size_t hit_count);

/* Writes what was asked for, also the summary on standard error; closes the files. Returns 0, or -1
 * after fail(): a file could not be written, which does not change how the run ended. */
int result_write(const struct sandbox *sb, struct result_files *files,
		 const struct status_record *record) MUST_CHECK;

#endif
