/*
 * explain.h - --explain: the plan, in the order of execution, with the origin of each part.
 */
#ifndef ZBOX_EXPLAIN_H
#define ZBOX_EXPLAIN_H

#include "privileges.h"
#include "sandbox.h"

#include <stdio.h>

/* Prints the plan that would be executed: sb after options_check() and base_add(), p after
 * privileges_prepare(). environment: as identity_environment() makes it for the command; NULL:
 * the changes are printed instead. Runs nothing. docs/json.md describes the JSON. */
void report_explain(FILE *out, const struct sandbox *sb, const struct privileges *p,
		    char *const *environment, bool json);

#endif
