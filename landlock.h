/*
 * landlock.h - the second layer on files: rules from the same mount list, kept by Landlock.
 */
#ifndef ZBOX_LANDLOCK_H
#define ZBOX_LANDLOCK_H

#include "sandbox.h"
#include "utils.h"

/* The newest interface of Landlock that is known both here and to the kernel; 0: none. */
int landlock_abi(void);

/* What Landlock cannot do at this interface, one thing for each i from 0 on; NULL: no more. */
const char *landlock_missing(int abi, unsigned i);

/* Decides whether Landlock is used. zbox: the personality's default is to try. mounts: the command
 * is to mount, which no process under Landlock can. *abi is 0 where it is not used, and then *note
 * says why (NULL: nobody asked). Returns 0, or -1 after fail() where it was required. */
int landlock_choose(enum landlock_mode mode, bool zbox, bool mounts, int *abi,
		    const char **note) MUST_CHECK;

/* Confines this process and its children to sb's mount list. The root directory is the finished
 * new root. Returns 0, or -1 after fail(). */
int landlock_apply(const struct sandbox *sb, int abi) MUST_CHECK;

#endif
