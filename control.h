/*
 * control.h - what is said over the socket of a sandbox with a name, and between whom.
 *
 * A connection is one request:
 *
 *   server   struct control_hello                   once it knows who connected
 *   client   struct control_request [struct entry]  descriptors with CONTROL_ENTER
 *            struct control_request, limits         with CONTROL_UPDATE
 *   server   struct control_answer [struct control_info]
 *   server   struct control_answer again, at the end of the sandbox, for who waits for it
 *
 * SOCK_SEQPACKET: a message comes whole or not at all. Both ends are programs of one build or of
 * two; the hello says which protocol it is.
 */
#ifndef ZBOX_CONTROL_H
#define ZBOX_CONTROL_H

#include "entry.h"
#include "utils.h"

#include <sys/types.h>

#define CONTROL_MAGIC 0x7a626f78U /* and the version: another layout is another number */
#define CONTROL_VERSION 2U

enum control_kind {
	CONTROL_INFO,    /* answered with struct control_info, and with the directory of the control
			    group where there is one */
	CONTROL_SIGNAL,  /* value: for the command */
	CONTROL_END,     /* everything is killed; answered a second time when it has ended */
	CONTROL_WAIT,    /* answered a second time when it has ended */
	CONTROL_ENTER,   /* followed by a struct entry */
	CONTROL_FREEZE,  /* everything inside is stopped, */
	CONTROL_THAW,    /* and continued */
	CONTROL_NETWORK, /* answered with the network namespace, and resolv.conf if it has one */
	CONTROL_UPDATE,  /* followed by limits, as cgroup_update() takes them */
	CONTROL_KINDS
};

struct control_hello {
	uint32_t magic, version;
	uint32_t started;         /* the command runs */
	uint32_t terminal_inside; /* terminals for who enters come from the sandbox's devpts */
};

struct control_request {
	uint32_t kind; /* enum control_kind */
	int32_t value;
};

#define CONTROL_CHANGES 4096 /* bytes of limits, with their NULs */
#define CONTROL_TEXT 512

struct control_answer {
	int32_t err;             /* 0: it is done; else an errno, EPROTO where none fits */
	int32_t status;          /* the second answer: exit status of the zbox that started it */
	char text[CONTROL_TEXT]; /* why not, "" none */
};

#define CONTROL_COMMAND 1024
#define CONTROL_LIMITS 1024

struct control_info {
	int32_t pid, child; /* of zbox, and of the process that everything inside is below */
	uint32_t uid, gid;  /* inside */
	uint32_t started;   /* the command runs, or has run */
	uint32_t frozen;
	uint64_t age_us;
	char network[64];
	char limits[CONTROL_LIMITS];   /* sentences, with newlines between */
	char command[CONTROL_COMMAND]; /* the words, with blanks between; cut off where too long */
};

/* Whether the first size bytes are a sound request; more: what follows the struct, or NULL when
 * nothing does. Pure. */
bool control_request_is_sound(const struct control_request *r, const void *more, size_t size);

/* ---- who is at the other end ---- */

/* How far a process is confined, from its /proc/PID/status. */
struct confinement {
	int64_t no_new_privileges, seccomp, filters;
};

struct peer {
	pid_t pid; /* as the kernel noted it when the connection was made */
	int proc;  /* its directory in /proc, which is of that process or of none; owned */
};

#define PEER_NONE                                                                                  \
	{                                                                                          \
		.proc = -1                                                                         \
	}

/* Of this process. Returns 0, or -1 after fail(). */
int confinement_get(struct confinement *c) MUST_CHECK;

/* Finds out who is at the other end and that it is the same user's, in this user namespace, and no
 * more confined than most says. nnp: also no_new_privs counts. Returns 0, or -1 after fail(). */
int peer_open(int socket, const struct confinement *most, bool nnp, struct peer *p) MUST_CHECK;

/* After a message came: that its sender is that process, which still lives, so that its number was
 * nobody else's in between. Returns 0, or -1 after fail(). */
int peer_confirm(const struct peer *p, pid_t sender) MUST_CHECK;

/* ---- messages ---- */

/* One message of parts that follow each other. */
struct control_message {
	struct {
		void *bytes;
		size_t size;
	} parts[2];    /* the second may be empty, and may be cut short by the sender */
	size_t length; /* received */
	pid_t sender;  /* received, where the socket notes senders; else 0 */
	int *fds;      /* ENTRY_FDS of them, or NULL: none are taken; owned by the caller */
	size_t fd_count;
};

/* Has the kernel note the senders of messages. Returns 0, or -1 after fail(). */
int control_note_senders(int socket) MUST_CHECK;

/* Each returns 1, 0 at the end of the connection (receive), or -1 with errno set: EAGAIN nothing
 * to read or no room, EMSGSIZE it was larger than the parts. flags: of send(2) and recv(2). */
int control_send(int socket, const struct control_message *m, int flags);
int control_receive(int socket, struct control_message *m, int flags) MUST_CHECK;

/* Closes the descriptors that came with a message. */
void control_drop_fds(struct control_message *m);

#endif
