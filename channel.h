/*
 * channel.h - the messages between zbox outside and PID 1 inside.
 *
 * One SOCK_SEQPACKET pair, made before the clone: each message arrives whole or not at all, and
 * when one side is gone the other reads what it said, and then an end of file. Nobody else ever
 * holds an end; the command loses it at exec, which is how zbox knows that the exec worked where
 * there is no PID 1.
 */
#ifndef ZBOX_CHANNEL_H
#define ZBOX_CHANNEL_H

#include "utils.h"

enum message_kind {
	/* from inside */
	MESSAGE_FAILED,   /* the set-up failed; the failure record follows in the same message */
	MESSAGE_TERMINAL, /* the next message carries the master of the command's terminal */
	MESSAGE_STARTED,  /* the exec worked */
	MESSAGE_STOPPED,  /* value: signal that stopped the command */
	MESSAGE_ENDED,    /* value: the command's wait status */
	MESSAGE_NETWORK,  /* value: how many of two descriptors follow, each in a message of its
			     own: the network namespace, resolv.conf */
	MESSAGE_BORN,     /* nothing but the sender's pid, see channel_sender() */
	/* from outside */
	MESSAGE_GO,      /* what was waited for is done */
	MESSAGE_MAP,     /* value: pid whose id maps are to be written, see idmap-helpers.c */
	MESSAGE_SIGNAL,  /* value: signal for the command */
	MESSAGE_EXPIRED, /* value: signal that asks the command's whole group to end */
	MESSAGE_RESUME,  /* value: whether the command belongs in the foreground of its terminal */
	MESSAGE_FREEZE,  /* value: whether everything inside is to stand still, or to go on */
	MESSAGE_ENTER    /* an entry and its descriptors come with it: entry.h, init.h */
};

struct message {
	enum message_kind kind;
	int value;
};

/* Makes the pair, both ends CLOEXEC. Returns 0, or -1 after fail(). */
int channel_open(int ends[2]) MUST_CHECK;

/* Sends one message. Returns 0, or -1 with errno set (EPIPE: the other side is gone). */
int channel_send(int channel, enum message_kind kind, int value);

/* The same without ever waiting (EAGAIN: the other side does not read). For zbox outside: PID 1 may
 * wait for it to read, so it must not wait for PID 1. */
int channel_post(int channel, enum message_kind kind, int value);

/* Sends what failure_get() has. */
void channel_send_failure(int channel);

/* Waits for a message; a failure record is taken over with failure_adopt(). Returns 1, 0 when the
 * other side is gone, or -1 with errno set. */
int channel_receive(int channel, struct message *message) MUST_CHECK;

/* Has the kernel note the senders of messages, or not: it does so when they are sent.
 * Returns 0, or -1 after fail(). */
int channel_note_senders(int channel, bool on) MUST_CHECK;

/* Waits for MESSAGE_BORN and finds out who sent it: its pid as this process sees it, which a
 * process in another pid namespace cannot know. Returns 0, or -1 after fail(). */
int channel_sender(int channel, pid_t *pid) MUST_CHECK;

/* Waits until a message of the kind comes. Returns 0, or -1 after fail(): the other side is gone.
 */
int channel_wait(int channel, enum message_kind kind) MUST_CHECK;

#endif
