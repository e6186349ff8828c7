/*
 * identity.h - who and where the command is: id maps, host name, environment, working directory.
 */
#ifndef ZBOX_IDENTITY_H
#define ZBOX_IDENTITY_H

#include "sandbox.h"
#include "utils.h"

/* Ids of the caller outside, and of the command inside. */
struct identity {
	uid_t outer_uid, uid;
	gid_t outer_gid, gid;
	uid_t own_uid; /* inside: the caller's, which is the command's but for --uid with ranges */
	gid_t own_gid;
	bool second; /* the command runs in a second user namespace, below the one of the set-up */
};

/* What follows from sb and the ids of the calling process. */
struct identity identity_of(const struct sandbox *sb);

/* Writes the maps of the user namespace that this process has just made: one uid and one gid.
 * For the set-up these are 0 where a second namespace follows. proc: the host's procfs. Returns 0,
 * or -1 after fail(). */
int identity_map(const struct identity *id, int proc) MUST_CHECK;

/* Enters the second user namespace, with the other new namespaces of flags (CLONE_NEW*), and maps
 * the ids of the command there. proc: a procfs. Returns 0, or -1 after fail(). */
int identity_map_second(const struct sandbox *sb, const struct identity *id, unsigned flags, int proc) MUST_CHECK;

/* Drops the supplementary groups. Returns 0, or -1 after fail(). */
int identity_drop_groups(void) MUST_CHECK;

/* Becomes the ids of the command, where they are not the caller's. keep_caps: what is in the
 * permitted set stays there. Returns 0, or -1 after fail(). */
int identity_switch(const struct identity *id, bool keep_caps) MUST_CHECK;

/* Closes nested user namespaces by /proc/sys/user: at most count below this one. To be called
 * while the host's /proc is in reach. Returns 0, or -1 after fail(). */
int identity_limit_userns(int proc, unsigned count) MUST_CHECK;

/* Sets the host name where sb has one or the personality does. Returns 0, or -1 after fail(). */
int identity_hostname(const struct sandbox *sb) MUST_CHECK;

/* The environment of the command: caller's variables with sb's changes applied in order, without
 * PWD. A NULL-terminated array; array and strings are one block each for the array, the caller
 * frees it with identity_environment_free(). NULL after fail(). */
char **identity_environment(const struct sandbox *sb, char *const *caller) MUST_CHECK;
void identity_environment_free(char **environment);

/* Value of a variable in such an array, or NULL. */
const char *identity_variable(char *const *environment, const char *name);

/* chdir(2), but only to what is beneath the root. Returns 0, or -1 with errno set; does not call
 * fail(). */
int identity_enter(const char *path) MUST_CHECK;

/* Changes to the command's working directory: --chdir, else where the caller was (cwd, may be
 * NULL) if that exists inside, else HOME, else /. Sets PWD in the environment to the words that
 * were used. Returns 0, or -1 after fail(). */
int identity_workdir(const struct sandbox *sb, const char *cwd, char ***environment) MUST_CHECK;

#endif
