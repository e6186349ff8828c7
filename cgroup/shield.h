/*
 * shield.h - control group file systems of the host inside the sandbox are only read.
 */
#ifndef ZBOX_CGROUP_SHIELD_H
#define ZBOX_CGROUP_SHIELD_H

#include "utils.h"

/* In the new root, with the right to mount: every control group file system that was bound inside
 * becomes read-only. proc: a procfs that shows this process. Returns 0, or -1 after fail(). */
int cgroup_shield(int proc) MUST_CHECK;

#endif
