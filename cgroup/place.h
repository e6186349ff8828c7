/*
 * place.h - where a control group for the sandbox can be made.
 */
#ifndef ZBOX_CGROUP_PLACE_H
#define ZBOX_CGROUP_PLACE_H

#include "sandbox.h"
#include "utils.h"

struct cgroup_place {
	char *path;     /* directory in which it is made; owned, NULL none */
	int dir;        /* the same, open; owned */
	bool own;       /* zbox itself is in it, which the kernel wants empty: it has to go below */
	bool collected; /* somebody else removes it when zbox is gone */
};

#define CGROUP_PLACE_NONE                                                                          \
	{                                                                                          \
		.dir = -1                                                                          \
	}

/* Finds the place: the directory that sb names, the group in which zbox is where that was delegated
 * with the controllers, or a scope that systemd is asked for, into which zbox is moved (that some
 * controllers are missing there, or in what sb names, is still to be looked at). Returns 0, or -1
 * after fail(). */
int cgroup_place_find(const struct sandbox *sb, unsigned controllers,
		      struct cgroup_place *place) MUST_CHECK;

void cgroup_place_free(struct cgroup_place *place);

#endif
