/*
 * supervisor.h - zbox outside, once the sandbox has been cloned: waits, forwards, reports.
 */
#ifndef ZBOX_SUPERVISOR_H
#define ZBOX_SUPERVISOR_H

#include "cgroup/cgroup.h"
#include "control-server.h"
#include "network/ports.h"
#include "sandbox.h"
#include "terminal.h"
#include "timers.h"
#include "utils.h"

#include <signal.h>

/* Everything that it watches. Descriptors are borrowed unless noted. */
struct supervisor {
	const struct sandbox *sb;
	pid_t child; /* PID 1 of the sandbox, or the command where there is none */
	bool reaper; /* child is a PID 1 of ours, which reports; else it is the command */
	bool alone;  /* and it has no pid namespace that would end with it */
	bool remote; /* there is no child: the command entered a sandbox of another zbox, and whom
			the channel leads to keeps it there */
	int channel; /* to child; owned */
	int parent;  /* pidfd of our parent, when the sandbox dies with it; -1 */
	struct terminal *terminal;
	struct timers timers;     /* limits of time, and which was reached */
	struct net_helper *net;   /* its loss is told by lost(), and the network is gone */
	struct net_helper *ports; /* PORTS_WAYS of them: the same, of ports */
	void (*lost)(const struct sandbox *sb, bool ports, const char *how);
	struct control *control; /* of a sandbox with a name, else NULL */
	int network[2];          /* what MESSAGE_NETWORK brought, owned; so many: */
	size_t network_count;
	struct cgroup *group; /* of the sandbox, may have none; NULL: not known here */
	bool frozen;
	bool frozen_group;    /* by its control group: PID 1 stands still too */
	const char *no_entry; /* why nobody can enter, NULL: they can */

	/* what was seen */
	bool started;      /* the exec worked */
	int early;         /* SIGTSTP or SIGCONT that came before; 0 none */
	bool ended;        /* the command has ended, with status */
	int status;        /* a wait status */
	bool network_gone; /* zbox-net ended before the command */
	bool ports_gone;   /* zbox-ports did */
	int killed; /* the signal, or SIGKILL for the parent's end, for which we ended it; 0 none */
};

/* The signals that the supervisor takes over. They, and all others for PID 1, have to be blocked
 * before the clone. */
void supervisor_signals(const struct sandbox *sb, sigset_t *set);

/* A pidfd of the parent, checked against its end in the meantime. Returns 0 with *parent -1 when
 * sb does not ask for it, or -1 after fail(), also when the parent has gone. */
int supervisor_watch_parent(const struct sandbox *sb, int *parent) MUST_CHECK;

/* Runs until the command has ended (and, where nothing may outlive it, until everything has).
 * Returns 0 with started, ended and status filled in; or -1 after fail(): the command did not run.
 */
int supervise(struct supervisor *s) MUST_CHECK;

/* Exit status of a run that got as far as the command. */
int supervisor_status(const struct supervisor *s);

#endif
