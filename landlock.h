/*
 * landlock.h - the second layer on files: rules from the same mount list, kept by Landlock.
 */
#ifndef ZBOX_LANDLOCK_H
#define ZBOX_LANDLOCK_H

#include "sandbox.h"
#include "utils.h"

/* The newest interface of Landlock that is known both here and to the kernel; 0: none. */
int landlock_abi(void);

/* What Landlock cannot hold at this interface, one thing for each i from 0 on; NULL: no more. */
const char *landlock_missing(int abi, unsigned i);

/* Decides whether Landlock is used. zbox: the personality's default is to try. mounts: the command
 * is to mount, which no process under Landlock can. *abi is 0 where it is not used, and then *note
 * says why (NULL: nobody asked). Returns 0, or -1 after fail() where it was required. */
int landlock_choose(enum landlock_mode mode, bool zbox, bool mounts, int *abi,
		    const char **note) MUST_CHECK;

/* Confines this process and its children to sb's mount list. The root directory is the finished
 * new root; no_new_privs is set. Returns 0, or -1 after fail(). */
int landlock_apply(const struct sandbox *sb, int abi) MUST_CHECK;

/* --landlock-only: the same without any namespace, so that the list is about the host's own paths.
 * What cannot be had that way (another place, an empty directory, read-only inside writable) is a
 * failure. Returns 0, or -1 after fail(). */
int landlock_only_apply(const struct sandbox *sb, int abi) MUST_CHECK;

/* One sentence on what --landlock-only does not protect at this interface. */
const char *landlock_only_sentence(int abi);

/* ---- for landlock.c and landlock-only.c ---- */

/* Rights on files, by the bits of the kernel's landlock.h; headers of a build may be older. */
#define LANDLOCK_EXECUTE (UINT64_C(1) << 0)
#define LANDLOCK_WRITE_FILE (UINT64_C(1) << 1)
#define LANDLOCK_READ_FILE (UINT64_C(1) << 2)
#define LANDLOCK_READ_DIR (UINT64_C(1) << 3)
#define LANDLOCK_REMOVE_DIR (UINT64_C(1) << 4)
#define LANDLOCK_REMOVE_FILE (UINT64_C(1) << 5)
#define LANDLOCK_MAKE_CHAR (UINT64_C(1) << 6)
#define LANDLOCK_MAKE_DIR (UINT64_C(1) << 7)
#define LANDLOCK_MAKE_REG (UINT64_C(1) << 8)
#define LANDLOCK_MAKE_SOCK (UINT64_C(1) << 9)
#define LANDLOCK_MAKE_FIFO (UINT64_C(1) << 10)
#define LANDLOCK_MAKE_BLOCK (UINT64_C(1) << 11)
#define LANDLOCK_MAKE_SYM (UINT64_C(1) << 12)
#define LANDLOCK_REFER (UINT64_C(1) << 13)
#define LANDLOCK_TRUNCATE (UINT64_C(1) << 14)
#define LANDLOCK_IOCTL_DEV (UINT64_C(1) << 15)

#define LANDLOCK_READING (LANDLOCK_EXECUTE | LANDLOCK_READ_FILE | LANDLOCK_READ_DIR)
/* No device nodes: nobody can make one that works in a user namespace. */
#define LANDLOCK_WRITING                                                                           \
	(LANDLOCK_WRITE_FILE | LANDLOCK_TRUNCATE | LANDLOCK_REMOVE_DIR | LANDLOCK_REMOVE_FILE |    \
	 LANDLOCK_MAKE_DIR | LANDLOCK_MAKE_REG | LANDLOCK_MAKE_SOCK | LANDLOCK_MAKE_FIFO |         \
	 LANDLOCK_MAKE_SYM | LANDLOCK_REFER)

/* A ruleset in the making. */
struct landlock {
	int ruleset;     /* owned */
	uint64_t rights; /* on files, that this kernel can handle */
};

/* tcp: bind and connect of TCP are handled too, which without a rule means refused.
 * Returns 0, or -1 after fail(). */
int landlock_begin(struct landlock *l, int abi, bool tcp) MUST_CHECK;

/* Grants rights beneath what fd (O_PATH will do) refers to, or on it when it is a file.
 * Returns 0, or -1 after fail(). */
int landlock_grant(const struct landlock *l, int fd, uint64_t rights) MUST_CHECK;

/* Grants connections of TCP to a port, where landlock_begin() had tcp and the interface is at
 * least 4. Returns 0, or -1 after fail(). */
int landlock_grant_connect(const struct landlock *l, uint16_t port) MUST_CHECK;

/* Grants what descriptors 0 to 2 and the kept ones already give, so that opening them again by name
 * (/dev/stderr) works as it does without Landlock. Returns 0, or -1 after fail(). */
int landlock_grant_descriptors(const struct landlock *l, const struct sandbox *sb) MUST_CHECK;

/* Confines the process, and closes the ruleset in any case. Returns 0, or -1 after fail(). */
int landlock_end(struct landlock *l) MUST_CHECK;

#endif
