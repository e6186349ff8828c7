/*
 * proxy.h - xdg-dbus-proxy, the program between the command and the buses: its start and its end.
 */
#ifndef ZBOX_DESKTOP_PROXY_H
#define ZBOX_DESKTOP_PROXY_H

#include "sandbox.h"
#include "utils.h"

#define PROXY_PROGRAM "/usr/bin/xdg-dbus-proxy"

struct bus_proxy {
	pid_t pid;  /* -1: none */
	int socket; /* to the process that becomes it: takes the directory; owned */
	int ready;  /* a byte when it is ready; it ends when nobody holds this any more; owned */
};

#define BUS_PROXY_NONE                                                                             \
	{                                                                                          \
		-1, -1, -1                                                                         \
	}

/* The name of a bus's socket in sb->bus_directory. */
const char *proxy_socket(enum bus bus);

/* Outside, where sb has a bus: starts a process that waits for the directory. Returns 0, or -1
 * after fail(). */
int proxy_start(const struct sandbox *sb, struct bus_proxy *p) MUST_CHECK;

/* Inside, when the new root has been entered: hands over the directory in which the sockets are to
 * be made. Returns 0, or -1 after fail(). */
int proxy_hand_over(const struct sandbox *sb, struct bus_proxy *p) MUST_CHECK;

/* Inside, before the command: waits until it is ready. Returns 0, or -1 after fail(). */
int proxy_wait(struct bus_proxy *p) MUST_CHECK;

/* Outside, after the clone: the directory comes from inside or never. */
void proxy_started(struct bus_proxy *p);

/* Outside: ends it, if it still runs. */
void proxy_end(struct bus_proxy *p);

#endif
