/*
 * idmap-helpers.h - writing maps of more than one id: newuidmap, newgidmap, and who starts them.
 */
#ifndef ZBOX_IDMAP_HELPERS_H
#define ZBOX_IDMAP_HELPERS_H

#include "sandbox.h"
#include "utils.h"

/* A process that still may gain rights by an exec, when zbox itself has given that up. */
struct idmap_writer {
	pid_t pid;   /* -1: none */
	int channel; /* to it; owned */
};

#define IDMAP_WRITER_NONE                                                                          \
	{                                                                                          \
		-1, -1                                                                             \
	}

/* Looks whether newuidmap and newgidmap can be used, and starts the writer. Before no_new_privs,
 * with sb's maps chosen. Returns 0, or -1 after fail(). */
int idmap_writer_start(const struct sandbox *sb, struct idmap_writer *w) MUST_CHECK;

/* Has the maps of child's new user namespace written, and waits for that; the writer ends. Returns
 * 0, or -1 after fail(). */
int idmap_writer_run(struct idmap_writer *w, pid_t child) MUST_CHECK;

/* Ends it, if it still runs. */
void idmap_writer_end(struct idmap_writer *w);

/* Enters a new user namespace below this one with the namespaces of flags (CLONE_NEW*), in which
 * every id that this one has keeps its number. proc: a procfs. This process holds CAP_SETUID and
 * CAP_SETGID. Returns 0, or -1 after fail(). */
int idmap_enter_below(const struct sandbox *sb, unsigned flags, int proc) MUST_CHECK;

#endif
