/*
 * selinux.h - --exec-label and --file-label.
 */
#ifndef ZBOX_SELINUX_H
#define ZBOX_SELINUX_H

#include "sandbox.h"
#include "utils.h"

/* Asks the kernel whether the labels that sb names exist. Does nothing without labels; a failure
 * where there is no SELinux. Returns 0, or -1 after fail(). */
int selinux_check(const struct sandbox *sb) MUST_CHECK;

/* Files that this thread makes from now on get the label. proc: descriptor of a procfs.
 * Returns 0, or -1 after fail(). */
int selinux_label_files(const struct sandbox *sb, int proc) MUST_CHECK;

/* The next exec of this thread runs under the label (NULL: as it would anyway). Returns 0, or -1
 * after fail(). */
int selinux_label_exec(const char *label, int proc) MUST_CHECK;

#endif
