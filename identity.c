/*
 * identity.c - who and where the command is: id maps, host name, environment, working directory.
 *
 * One uid and one gid exist inside, the caller's, under the number that was asked for. setgroups is
 * denied before the gid map is written, or a process could drop a group that keeps it out of
 * something (CVE-2014-8989). devpts can only be mounted where id 0 is mapped, so a command with
 * another id gets a second user namespace below the one in which the set-up is done.
 *
 * With --map and ranges somebody else writes the maps (idmap-helpers.c), and the set-up is done as
 * the caller's own id, whatever its number is. Supplementary groups can be dropped there, and are.
 *
 * What an attacker would read: the caller's environment. In the zbox personality nothing of it goes
 * in but what is named here or on the command line.
 */
#include "identity.h"

#include "base.h"
#include "idmap-helpers.h"
#include "idmap.h"
#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Nothing secret, and without them programs speak the wrong language to the wrong terminal. */
#define PATH_INSIDE "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"

static const char *const kept_variables[] = {"TERM",     "COLORTERM", "LANG",
					     "LANGUAGE", "TZ",        "NO_COLOR"};

/* ---- ids ---- */

static bool needs_root_for_setup(const struct sandbox *sb)
{
	for (size_t i = 0; i < sb->mount_count; i++)
		if (sb->mounts[i].kind == MOUNT_DEV)
			return true;
	return false;
}

struct identity identity_of(const struct sandbox *sb)
{
	bool zbox = sb->personality == PERSONALITY_ZBOX;
	struct identity id = {.outer_uid = geteuid(), .outer_gid = getegid()};

	id.uid = sb->uid >= 0 ? (uid_t)sb->uid : zbox ? base_uid(sb) : id.outer_uid;
	id.gid = sb->gid >= 0 ? (gid_t)sb->gid : zbox ? base_gid(sb) : id.outer_gid;
	id.own_uid = id.uid;
	id.own_gid = id.gid;
	if (sb->uid_map.count > 0) {
		id.own_uid = (uid_t)idmap_inside(&sb->uid_map, id.outer_uid);
		id.own_gid = (gid_t)idmap_inside(&sb->gid_map, id.outer_gid);
		id.second = sb->disable_userns; /* 0 is mapped, see idmap_plan() */
	} else if (sb->unshare & CLONE_NEWUSER)
		id.second = sb->disable_userns ||
			    ((id.uid != 0 || id.gid != 0) && needs_root_for_setup(sb));
	return id;
}

static int write_map(int proc, const char *file, unsigned inner, unsigned outer)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%u %u 1\n", inner, outer);
	return write_file_at(proc, file, text);
}

static int write_maps(int proc, uid_t uid, uid_t outer_uid, gid_t gid, gid_t outer_gid)
{
	if (write_map(proc, "self/uid_map", uid, outer_uid) < 0)
		return fail(errno, "setting up uid map");
	if (write_file_at(proc, "self/setgroups", "deny\n") < 0 && errno != ENOENT)
		return fail(errno, "error writing to setgroups"); /* ENOENT: before Linux 3.19 */
	if (write_map(proc, "self/gid_map", gid, outer_gid) < 0)
		return fail(errno, "setting up gid map");
	return 0;
}

int identity_map(const struct identity *id, int proc)
{
	return write_maps(proc, id->second ? 0 : id->uid, id->outer_uid, id->second ? 0 : id->gid,
			  id->outer_gid);
}

int identity_limit_userns(int proc, unsigned count)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%u", count);
	if (write_file_at(proc, "sys/user/max_user_namespaces", text) < 0)
		return fail(errno, "cannot open /proc/sys/user/max_user_namespaces");
	return 0;
}

int identity_drop_groups(void)
{
	return setgroups(0, NULL) < 0 ? fail(errno, "drop supplementary groups") : 0;
}

/* The bare calls: in a vfork, those of the C library would be those of all threads. */
int identity_switch(const struct identity *id, bool keep_caps)
{
	if (id->uid == id->own_uid && id->gid == id->own_gid)
		return 0;
	if (keep_caps && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return fail(errno, "PR_SET_KEEPCAPS");
	if (syscall(SYS_setresgid, id->gid, id->gid, id->gid) < 0)
		return fail(errno, "--gid %u", id->gid);
	if (syscall(SYS_setresuid, id->uid, id->uid, id->uid) < 0)
		return fail(errno, "--uid %u", id->uid);
	return 0;
}

int identity_map_second(const struct sandbox *sb, const struct identity *id, unsigned flags,
			int proc)
{
	if (sb->uid_map.count > 0)
		return idmap_enter_below(sb, flags, proc);
	if (unshare((int)(CLONE_NEWUSER | flags)) < 0)
		return fail(errno, "unshare user ns");
	return write_maps(proc, id->uid, 0, id->gid, 0);
}

int identity_hostname(const struct sandbox *sb)
{
	const char *name = sb->personality == PERSONALITY_ZBOX ? base_hostname(sb) : sb->hostname;

	if (name && sethostname(name, strlen(name)) < 0)
		return fail(errno, "Can't set hostname to %s", name);
	return 0;
}

/* ---- environment ---- */

struct environment {
	char **list; /* NULL-terminated only at the end */
	size_t count;
};

static char **find_variable(const struct environment *e, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; e->list && i < e->count; i++)
		if (strncmp(e->list[i], name, length) == 0 && e->list[i][length] == '=')
			return &e->list[i];
	return NULL;
}

static void unset_variable(struct environment *e, const char *name)
{
	char **found = find_variable(e, name);

	if (!found)
		return;
	free(*found);
	*found = e->list[--e->count];
}

static int add_text(struct environment *e, char *text)
{
	char **slot;

	if (!text)
		return -1;
	slot = array_add(&e->list, &e->count, sizeof(*slot));
	if (!slot) {
		free(text);
		return -1;
	}
	*slot = text;
	return 0;
}

static int set_variable(struct environment *e, const char *name, const char *value)
{
	char *text = format_text("%s=%s", name, value);
	char **found = find_variable(e, name);

	if (!text || !found)
		return add_text(e, text);
	free(*found);
	*found = text;
	return 0;
}

static int keep_all(struct environment *e, char *const *caller)
{
	for (; *caller; caller++)
		if (add_text(e, format_text("%s", *caller)) < 0)
			return -1;
	return 0;
}

static int keep_variable(struct environment *e, char *const *caller, const char *name)
{
	const char *value = identity_variable(caller, name);

	return value ? set_variable(e, name, value) : 0;
}

/* Of the caller's, where the command stays in the caller's own tree (--landlock-only). */
static const char *const place_variables[] = {"PATH",    "HOME",  "USER",
					      "LOGNAME", "SHELL", "XDG_RUNTIME_DIR"};

static int keep_variables(struct environment *e, char *const *caller, const char *const *names,
			  size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (keep_variable(e, caller, names[i]) < 0)
			return -1;
	return 0;
}

static bool base_has(const struct sandbox *sb, const char *path)
{
	for (size_t i = 0; i < sb->mount_count; i++)
		if (sb->mounts[i].origin.file &&
		    strcmp(sb->mounts[i].origin.file, BASE_ORIGIN) == 0 &&
		    strcmp(sb->mounts[i].dest, path) == 0)
			return true;
	return false;
}

/* An empty home of our own, where there is one; else the caller's, which may be inside. */
static int set_home(struct environment *e, const struct sandbox *sb, char *const *caller)
{
	const char *home = base_home(sb);

	/* the caller's is not that of another system */
	if (sb->rootfs)
		return set_variable(e, "HOME", base_uid(sb) == 0 ? home : "/");
	if (!base_has(sb, home) && identity_variable(caller, "HOME"))
		home = identity_variable(caller, "HOME");
	return set_variable(e, "HOME", home);
}

/* The variables that zbox keeps, and those whose true value inside is known. */
static int set_defaults(struct environment *e, const struct sandbox *sb, char *const *caller)
{
	const char *user = base_user(sb);
	char runtime[40];

	(void)snprintf(runtime, sizeof(runtime), "/run/user/%u", base_uid(sb));
	if (keep_variables(e, caller, kept_variables, COUNT(kept_variables)) < 0)
		return -1;
	for (char *const *v = caller; *v; v++)
		if (strncmp(*v, "LC_", 3) == 0 && add_text(e, format_text("%s", *v)) < 0)
			return -1;
	if (sb->landlock_only)
		return keep_variables(e, caller, place_variables, COUNT(place_variables));
	if (set_variable(e, "PATH", PATH_INSIDE) < 0 || set_home(e, sb, caller) < 0 ||
	    set_variable(e, "USER", user) < 0 || set_variable(e, "LOGNAME", user) < 0 ||
	    set_variable(e, "SHELL", "/bin/sh") < 0)
		return -1;
	return base_has(sb, runtime) ? set_variable(e, "XDG_RUNTIME_DIR", runtime) : 0;
}

static int change_apply(struct environment *e, const struct env_change *c, char *const *caller)
{
	switch (c->action) {
	case ENV_SET:
		return set_variable(e, c->name, c->value);
	case ENV_UNSET:
		unset_variable(e, c->name);
		return 0;
	case ENV_CLEAR: {
		/* PWD survives in bubblewrap, and is set again before exec anyway */
		while (e->count > 0)
			free(e->list[--e->count]);
		free(e->list);
		e->list = NULL;
		return 0;
	}
	case ENV_KEEP:
		return keep_variable(e, caller, c->name);
	case ENV_KEEP_ALL:
		return keep_all(e, caller);
	}
	return fail(0, "an unknown change of the environment");
}

char **identity_environment(const struct sandbox *sb, char *const *caller)
{
	struct environment e = {0};
	bool keep = sb->personality == PERSONALITY_BWRAP;
	bool good;

	good = (keep ? keep_all(&e, caller) : set_defaults(&e, sb, caller)) == 0;
	for (size_t i = 0; good && i < sb->env_count; i++)
		good = change_apply(&e, &sb->env[i], caller) == 0;
	if (good && array_add(&e.list, &e.count, sizeof(*e.list)))
		return e.list;
	while (e.count > 0)
		free(e.list[--e.count]);
	free(e.list);
	return NULL;
}

void identity_environment_free(char **environment)
{
	for (char **v = environment; v && *v; v++)
		free(*v);
	free(environment);
}

const char *identity_variable(char *const *environment, const char *name)
{
	size_t length = strlen(name);

	for (; *environment; environment++)
		if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
			return *environment + length + 1;
	return NULL;
}

/* ---- working directory ---- */

static int set_pwd(char ***environment, const char *path)
{
	struct environment e = {.list = *environment};
	char **whole;

	while (e.list[e.count])
		e.count++;
	/* the list has a NULL behind it that array_add() did count: room for one more is made here
	 */
	whole = reallocarray(e.list, e.count + 2, sizeof(*whole));
	if (!whole)
		return fail(0, "out of memory");
	*environment = whole;
	for (size_t i = 0; i < e.count; i++) {
		if (strncmp(whole[i], "PWD=", 4) != 0)
			continue;
		free(whole[i]);
		whole[i] = format_text("PWD=%s", path);
		return whole[i] ? 0 : -1;
	}
	whole[e.count] = format_text("PWD=%s", path);
	whole[e.count + 1] = NULL;
	return whole[e.count] ? 0 : -1;
}

/* chdir(2), but only to what is beneath the root. Until the exec the descriptors of the caller are
 * open, and a symlink to /proc/self/fd/N, which an earlier command may have left in a bound tree,
 * would lead to a directory of the host (CVE-2024-21626). The kernel's own getcwd gives a path that
 * does not begin with a slash then. Returns 0, or -1 with errno set; does not call fail(). */
int identity_enter(const char *path)
{
	char beneath[PATH_MAX];
	long length;

	if (chdir(path) < 0)
		return -1;
	length = syscall(SYS_getcwd, beneath, sizeof(beneath));
	if (length > 0 && beneath[0] == '/')
		return 0;
	if (length > 0)
		errno = EXDEV;
	return -1;
}

/* In another system a directory of the same name is another directory, unless it was put there. */
static bool is_callers(const struct sandbox *sb, const char *cwd)
{
	char dest[PATH_MAX];

	for (size_t i = 0; i < sb->mount_count; i++)
		if (plan_shows_host(&sb->mounts[i]) && !plan_is_rootfs(&sb->mounts[i]) &&
		    plan_normalise(sb->mounts[i].dest, dest) && plan_is_below(cwd, dest))
			return true;
	return !sb->rootfs;
}

int identity_workdir(const struct sandbox *sb, const char *cwd, char ***environment)
{
	const char *home = identity_variable(*environment, "HOME");
	const char *used = "/";

	if (sb->chdir) {
		if (identity_enter(sb->chdir) < 0)
			return fail(errno, "Can't chdir to %s", sb->chdir);
		used = sb->chdir;
	} else if (cwd && is_callers(sb, cwd) && identity_enter(cwd) == 0) {
		used = cwd;
	} else if (home && identity_enter(home) == 0) {
		used = home;
	} else if (chdir("/") < 0) {
		return fail(errno, "Can't chdir to /");
	}
	return set_pwd(environment, used);
}
