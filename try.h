/*
 * try.h - --try: changes that are looked at before they reach the host.
 */
#ifndef ZBOX_TRY_H
#define ZBOX_TRY_H

#include "changes.h"
#include "sandbox.h"

/* Turns each --try of the plan into overlays, and makes the directory for what will be changed
 * (unless the plan is only printed). s: STORE_NONE; stays so where there is no --try. Before
 * base_add(). Returns 0, or -1 after fail(). */
int try_prepare(struct sandbox *sb, struct store *s) MUST_CHECK;

/* The overlays of one --try: what is put on the list in its place. try-places.c */
int try_expand(struct sandbox *sb, struct store *s, const struct mount *m) MUST_CHECK;

/* When all has ended, or nothing has begun (ran false): shows what was changed, asks where there is
 * a terminal, applies or keeps. The caller's signals act as they do on any program. Returns 0, 1
 * when something could not be applied, or -1 after fail(). */
int try_finish(const struct sandbox *sb, struct store *s, bool ran) MUST_CHECK;

/* --changes, --apply, --discard. Returns the exit status, or -1 after fail(). */
int try_page(const struct sandbox *sb) MUST_CHECK;

#endif
