/*
 * rootfs.h - --rootfs: a whole root file system in the place of one that is put together.
 */
#ifndef ZBOX_ROOTFS_H
#define ZBOX_ROOTFS_H

#include "sandbox.h"
#include "utils.h"

#define ROOTFS_ORIGIN "--rootfs" /* origin.file of what this module adds */

/* Puts what --rootfs names at the front of sb's operations, as the first thing on "/". Reads the
 * host; makes the directories of --rootfs-overlay=DIR, unless sb is only to be explained. Returns
 * 0, or -1 after fail(). */
int rootfs_choose(struct sandbox *sb) MUST_CHECK;

#endif
