/*
 * resources.h - what the command may use that needs no control group: rlimits, nice value, OOM
 * score, processors.
 */
#ifndef ZBOX_RESOURCES_H
#define ZBOX_RESOURCES_H

#include "sandbox.h"
#include "utils.h"

/* Before anything is made: refuses what cannot hold for this caller. Returns 0, or -1 after fail().
 */
int resources_check(const struct sandbox *sb) MUST_CHECK;

/* In PID 1, while it may still be dumped and holds proc, the host's procfs: what the command
 * inherits. Returns 0, or -1 after fail(). */
int resources_prepare(const struct sandbox *sb, int proc) MUST_CHECK;

/* In the process that becomes the command: its own. Returns 0, or -1 after fail(). */
int resources_apply(const struct sandbox *sb) MUST_CHECK;

#endif
