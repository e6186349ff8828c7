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

/* Connects to the sandbox sb->manage_name, as client_open() does; that it does not run is a
 * failure too. Returns 0, or -1 after fail(). */
int manage_open(const struct sandbox *sb, bool wake, struct control_client *c) MUST_CHECK;

/* enter.c: --enter. Returns the exit status, or -1 after fail(). */
int enter(const struct sandbox *sb) MUST_CHECK;

#endif
