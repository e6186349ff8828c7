/*
 * manage.h - --list, --kill, --wait, --stats-of: what is done with sandboxes that run.
 */
#ifndef ZBOX_MANAGE_H
#define ZBOX_MANAGE_H

#include "control-client.h"
#include "sandbox.h"
#include "utils.h"

/* Does what sb->manage says. Returns the exit status, or -1 after fail(). */
int manage(const struct sandbox *sb) MUST_CHECK;

/* enter.c: --enter. Returns the exit status, or -1 after fail(). */
int enter(const struct sandbox *sb) MUST_CHECK;

#endif
