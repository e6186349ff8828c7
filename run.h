/*
 * run.h - what happens at run time: private to sandbox.c (main), outside.c, inside.c.
 */
#ifndef ZBOX_RUN_H
#define ZBOX_RUN_H

#include "cgroup/cgroup.h"
#include "control-server.h"
#include "desktop/instance.h"
#include "desktop/proxy.h"
#include "entry.h"
#include "guard.h"
#include "identity.h"
#include "idmap-helpers.h"
#include "network/helper.h"
#include "network/namespace.h"
#include "network/ports.h"
#include "paths.h"
#include "privileges.h"
#include "result.h"
#include "sandbox.h"
#include "supervisor.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

struct run {
	struct privileges *privileges;
	struct identity identity;
	struct result_files files;
	const char *stage; /* the step that was reached, for the status record */

	/* processes */
	struct supervisor supervisor;
	int ends[2]; /* channel: [0] outside, [1] inside */
	unsigned clone_flags;
	unsigned next_flags; /* those that PID 1 makes while a helper makes the network's */
	unsigned late_flags; /* namespaces that PID 1 makes after the root is built, see inside.c */
	bool make_netns; /* a helper inside makes the network namespace, see network/namespace.c */
	bool reaper;     /* the child is a PID 1 of ours */
	bool alone;      /* and is not the first process of a pid namespace */
	pid_t self;      /* alone: the reaper, for its child to know */
	struct idmap_writer writer; /* --map with ranges */
	bool barrier;               /* the child waits for MESSAGE_GO before it does anything */
	sigset_t old_mask;
	struct bus_proxy bus;                /* --dbus */
	struct instance instance;            /* --portals; outside */
	struct net_helper display;           /* --wayland with a context; holds it */
	struct net_helper net;               /* --net slirp; inside only its socket counts */
	struct net_helper ports[PORTS_WAYS]; /* --publish, --forward; the same */
	struct cgroup cgroup; /* outside; its path is where the limits of this sandbox are */
	void (*warn)(const struct sandbox *sb, const char *text); /* of what does not hold */

	/* inside */
	struct netns_maker netns;
	struct tap tap;       /* --net slirp */
	char **words;         /* argv of zbox */
	int proc;             /* the host's /proc, O_PATH */
	int children;         /* see init.h */
	int slave, master;    /* the command's terminal */
	bool terminal_inside; /* it comes from the sandbox's own devpts */
	char *cwd;            /* where the caller was, NULL unknown */
	mode_t umask;
	struct rlimit descriptors;  /* the caller's RLIMIT_NOFILE */
	char **argv, **environment; /* of the command; owned */
	char *argv0;                /* instead of argv[0], NULL none; owned */
	char *exec_label;           /* copy of --exec-label, NULL none; owned */
	int changes;                /* the directory of --try, to be kept open, -1 none */
	struct root root;           /* the new one, until it is entered */
	struct guard guard;         /* what masks rest on */
	int *locks;                 /* files of --lock-file */
	size_t lock_count;
};

struct stage {
	const char *name;
	int (*apply)(const struct sandbox *sb, struct run *run);
};

/* Runs the steps in order, names each for failures. Returns 0, or -1 after fail(). */
int stages_apply(const struct stage *stages, size_t count, const struct sandbox *sb,
		 struct run *run) MUST_CHECK;

/* outside.c: everything in zbox's own process. Returns 0 when the command has run (how it ended is
 * in run->supervisor), or -1 after fail(). */
int outside_run(const struct sandbox *sb, struct run *run) MUST_CHECK;

/* inside-network.c: the steps of the clone that are about its network. Each returns 0, or -1 after
 * fail(). */
int inside_network_begin(const struct sandbox *sb, struct run *run) MUST_CHECK;
int inside_network_fill(const struct run *run) MUST_CHECK;
int inside_network(const struct sandbox *sb, struct run *run) MUST_CHECK;
int inside_network_end(const struct sandbox *sb, struct run *run) MUST_CHECK;
int inside_network_ready(const struct sandbox *sb, struct run *run) MUST_CHECK;

/* command.c: the steps of the command, after the fork; returns only when one failed: -1 after
 * fail(). */
int command_run(const struct sandbox *sb, struct run *run) MUST_CHECK;

/* command.c: whether the other end of the channel is held by anybody. Returns 0, or -1 after
 * fail(). */
int zbox_is_there(const struct run *run) MUST_CHECK;

/* command.c: the steps of a command that enters, in a process that has the privileges of PID 1.
 * Returns only when one failed: -1 after fail(). */
int command_enter(const struct sandbox *sb, struct run *run) MUST_CHECK;

/* enter-inside.c: what PID 1 needs for making commands that enter. */
struct entering {
	const struct sandbox *sb;
	struct run *run;
};

/* In PID 1: struct init's enter; context: struct entering. */
void enter_inside(const void *context, const struct entry *entry, const int *fds, size_t count);

/* outside-announce.c: steps outside, when the child waits. Each returns 0, or -1 after fail(). */
int outside_instance(const struct sandbox *sb, struct run *run) MUST_CHECK;
int outside_announce(const struct sandbox *sb, struct run *run) MUST_CHECK;

/* What --json-status-fd is told at the end. */
void announce_end(const struct sandbox *sb, const struct supervisor *s);

/* inside.c: a terminal of the sandbox's own devpts: run->slave, the master goes to zbox outside.
 * Returns 0, or -1 after fail(). */
int inside_new_terminal(const struct terminal *t, struct run *run) MUST_CHECK;

/* inside.c: everything in the clone. Returns its exit status. */
int inside_run(const struct sandbox *sb, struct run *run);

#endif
