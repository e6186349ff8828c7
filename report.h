/*
 * report.h - everything that is said to a person or a program about a run: failures with their
 * hints, warnings, --explain, --doctor, the status record.
 */
#ifndef ZBOX_REPORT_H
#define ZBOX_REPORT_H

#include "privileges.h"
#include "sandbox.h"
#include "utils.h"

/* Prints the failure, and a hint where a row of the table knows a cure:
 *   zbox: STEP: OBJECT: REASON          bwrap: OBJECT: REASON
 *   zbox: hint: ...                     bwrap: hint: ...
 * in one write(2), so that messages of several processes do not mix. */
void report_failure(const struct sandbox *sb, const struct failure *f);

/* Prints what the parser noted. */
void report_warnings(const struct sandbox *sb);

/* --explain: the plan, in the order of execution, with the origin of each part. Runs nothing. */
void report_explain(FILE *out, const struct sandbox *sb, const struct privileges *p, bool json);

/* --doctor: tries what zbox needs on this machine, each in a child of its own, and says the cure.
 * Returns 0 when all that is required works, 1 otherwise. */
int report_doctor(FILE *out, bool json);

/* A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void report_json_string(FILE *out, const char *text);

#endif
