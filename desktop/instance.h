/*
 * instance.h - the folder that tells portals and Flatpak which processes an application has.
 */
#ifndef ZBOX_DESKTOP_INSTANCE_H
#define ZBOX_DESKTOP_INSTANCE_H

#include "sandbox.h"
#include "utils.h"

struct instance {
	int all;  /* sb->instances, a directory; -1: there is no folder of ours */
	int lock; /* on its .ref; owned */
};

#define INSTANCE_NONE                                                                              \
	{                                                                                          \
		-1, -1                                                                             \
	}

/* Outside, when the child exists and has not gone on, where sb has an instance: makes its folder,
 * complete from its first moment. document: what --info-fd would say of the child. Folders of ours
 * that a kill left are removed. Returns 0, or -1 after fail(). */
int instance_make(const struct sandbox *sb, const char *document, struct instance *i) MUST_CHECK;

/* At the end, also where it was not made. */
void instance_remove(const struct sandbox *sb, struct instance *i);

#endif
