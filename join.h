/*
 * join.h - --join: a second start of the same application in the sandbox of the first.
 */
#ifndef ZBOX_JOIN_H
#define ZBOX_JOIN_H

#include "sandbox.h"
#include "utils.h"

/* Where --join was given: notes in sb what was asked for, and whether the sandbox of that name runs
 * already and was asked for in the same words; then sb is for enter(). Before the plan is made.
 * Returns 1, 0: it does not run, or -1 after fail(): it is another, or a file of the command's
 * words cannot be given to it. */
int join_running(struct sandbox *sb) MUST_CHECK;

#endif
