/*
 * paths.h - walking and making paths inside the new root, by descriptor.
 */
#ifndef ZBOX_PATHS_H
#define ZBOX_PATHS_H

#include "utils.h"

#include <stdbool.h>
#include <sys/types.h>

/* The new root while it is being built. */
struct root {
	int fd;            /* its top directory, O_PATH */
	unsigned stacked;  /* mounts that lie on the host's "/", the new root being the last */
	bool make_on_host; /* missing mount points may be made in directories of the host */
	dev_t *own;        /* file systems that were made for this sandbox; owned */
	size_t own_count;
};

#define ROOT_NONE ((struct root){.fd = -1})

/* Opens path inside the root with O_PATH | O_CLOEXEC | flags. Symlinks, absolute ones too, are
 * resolved inside the root, ".." stops at it, magic links of procfs are not followed.
 * openat2(2) does it (Linux 5.6); where it is missing or refused, a walk by O_NOFOLLOW does.
 * Returns the descriptor, or -1 with errno set; does not call fail(). */
int path_open(const struct root *root, const char *path, int flags) MUST_CHECK;

enum path_kind { PATH_DIRECTORY, PATH_FILE };

struct path_request {
	const char *path;
	enum path_kind kind; /* what to make where nothing is */
	mode_t mode;         /* of what is made; umask is 0 */
	mode_t parents;      /* of parents that are made */
	bool on_host;        /* may be made in a directory of the host (it was asked for) */
};

/* Opens what is at the path, making it and its parents where they are missing. *made (may be NULL)
 * says whether something new was made. A link that leads nowhere is followed inside the root and
 * its target is made. Returns an O_PATH descriptor, or one open for writing where a file was made;
 * or -1 after fail(). */
int path_make(const struct root *root, const struct path_request *request, bool *made) MUST_CHECK;

/* The directory in which path's last part is, made where missing (mode parents); *last points to
 * the last part inside path, "" when the path is the root. Trailing slashes are not part of it:
 * *last_length. Returns an O_PATH descriptor, or -1 after fail(). */
int path_parent(const struct root *root, const struct path_request *request,
		char **last) MUST_CHECK;

/* Notes that the file system of fd was made for this sandbox. Returns 0, or -1 after fail(). */
int root_owns(struct root *root, int fd) MUST_CHECK;

/* Whether the device is that of such a file system. */
bool root_is_own(const struct root *root, dev_t dev);

void root_free(struct root *root);

#endif
