/*
 * context.h - a display of Wayland that knows the command as a sandboxed application.
 */
#ifndef ZBOX_DESKTOP_CONTEXT_H
#define ZBOX_DESKTOP_CONTEXT_H

#include "network/helper.h"
#include "sandbox.h"
#include "utils.h"

/* The name of the display's socket inside, in the directory XDG_RUNTIME_DIR. */
#define CONTEXT_SOCKET "wayland-0"

/* Whether the compositor at the socket has security contexts; one that does not answer has none.
 * Returns 1, 0, or -1 after fail(). */
int context_known(const char *display) MUST_CHECK;

/* Outside, where sb has a display with a context: starts the program that asks for it; the context
 * lasts until h is closed. Returns 0, or -1 after fail(). */
int context_start(const struct sandbox *sb, struct net_helper *h) MUST_CHECK;

/* Inside, when the new root has been entered: hands over the directory of the socket. Returns 0, or
 * -1 after fail(). */
int context_hand_over(const struct sandbox *sb, const struct net_helper *h) MUST_CHECK;

/* Inside, before the command: waits until the display can be used. Returns 0, or -1 after fail().
 */
int context_wait(struct net_helper *h) MUST_CHECK;

#endif
