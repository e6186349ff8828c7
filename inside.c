/*
 * inside.c - the clone: from a process with every capability in its own namespaces and the host's
 * tree in view, to the command with nothing.
 *
 * The order is the security argument:
 *
 *   life          from here on the end of zbox outside is the end of this process; a helper begins
 *                 to make the network namespace, which takes longest
 *   namespaces    while that helper is at work, the others but those of users and processes
 *   ids           the maps
 *   host name
 *   environment   the command's words and variables, in memory of their own
 *   mounts        the new root is built
 *   network       its namespace is entered, which the helper has made by now
 *   mounts        the new root is entered: the host's tree is gone
 *   dbus          the directory for the proxy's sockets is handed to it
 *   terminal      the command's own, from the new root's devpts
 *   namespaces    clocks, where asked for; nested ones are closed by their limits, through the
 *                 host's /proc, which is still held; then the second user namespace: what follows
 *                 cannot undo a mount
 *   last reads    lock files, --block-fd, --seccomp
 *   directory     the working directory
 *   dbus          the proxy says that it is ready
 *   network       with --net slirp or ports: zbox-net and zbox-ports say that they are ready
 *   limits        OOM score and processors, while this process may write to its files in /proc
 *   privileges    keyring, Landlock, bounding set, securebits: inherited by all that follows
 *
 * Then this process becomes PID 1, wipes the caller's words and variables from its memory, where
 * /proc/1/cmdline would show them, and makes one child, the command, which does six more things
 * (command.c):
 *
 *   session       its place in the terminal, its signals as the caller had them
 *   limits        rlimits, nice value: the command's alone
 *   ids           --uid and --gid, where there are ranges to choose from
 *   capabilities  those that were asked for, else none
 *   seccomp       last of all
 *   exec
 *
 * The child is made by vfork(2): it shares our memory until its exec, so that no page is copied,
 * its failure record is ours, and we know whether the exec worked when we go on. Nothing of the
 * command has run until then. Then PID 1 drops its own capabilities, loads the same filter, and
 * waits (init.c).
 *
 * What an attacker could try here, before his program runs: nothing but what the caller's files
 * and descriptors make us do, see mounts.c. Afterwards: ptrace or signal PID 1, see init.c.
 */
#include "base.h"
#include "cgroup/shield.h"
#include "channel.h"
#include "desktop/context.h"
#include "init.h"
#include "kernel.h"
#include "mounts.h"
#include "resources.h"
#include "run.h"
#include "selinux.h"
#include "time-namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define SPARE_DESCRIPTORS 64 /* what the set-up needs beside the sources of mounts */

int stages_apply(const struct stage *stages, size_t count, const struct sandbox *sb,
		 struct run *run)
{
	for (size_t i = 0; i < count; i++) {
		failure_step(stages[i].name);
		run->stage = stages[i].name;
		if (stages[i].apply(sb, run) < 0)
			return -1;
	}
	return 0;
}

/* ---- life ---- */

/* The signal for the parent's end is forgotten when credentials change, so it is asked for again
 * after each such step. */
static int die_with_zbox(const struct sandbox *sb, struct run *run)
{
	if (sb->personality == PERSONALITY_BWRAP && !sb->die_with_parent)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return fail(errno, "die with zbox");
	return zbox_is_there(run);
}

/* Each source of the mounts is a descriptor. The soft limit is the caller's habit, the hard one is
 * the limit. Before the helper is made, which shares our table but not our limits. */
static int raise_descriptors(const struct sandbox *sb, struct run *run)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &run->descriptors) < 0)
		return fail(errno, "RLIMIT_NOFILE");
	limit = run->descriptors;
	if (limit.rlim_cur >= SPARE_DESCRIPTORS + mounts_descriptors(sb))
		return 0;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? fail(errno, "RLIMIT_NOFILE") : 0;
}

static int inside_life(const struct sandbox *sb, struct run *run)
{
	sigset_t all;

	(void)sigfillset(&all);
	if (run->reaper && sigprocmask(SIG_SETMASK, &all, NULL) < 0)
		return fail(errno, "sigprocmask");
	if (run->alone && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return fail(errno, "subreaper");
	if (die_with_zbox(sb, run) < 0)
		return -1;
	run->umask = umask(0);
	run->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (run->proc < 0)
		return fail(errno, "/proc");
	if (raise_descriptors(sb, run) < 0)
		return -1;
	if (inside_network_begin(sb, run) < 0)
		return -1;
	return run->barrier ? channel_wait(run->ends[1], MESSAGE_GO) : 0;
}

static int inside_others(const struct sandbox *sb, struct run *run)
{
	(void)sb;
	if (run->next_flags && unshare((int)run->next_flags) < 0)
		return namespaces_failed(errno);
	return 0;
}

/* ---- ids ---- */

/* In a user namespace that was joined: other ids only where they were asked for; the group first,
 * while we may still change it. */
static int switch_ids(const struct sandbox *sb, const struct identity *id)
{
	if (sb->userns_fd < 0)
		return 0;
	if (sb->gid >= 0 && id->gid != getgid() && setresgid(id->gid, id->gid, id->gid) < 0)
		return fail(errno, "unable to switch to gid %u", id->gid);
	if (sb->uid >= 0 && id->uid != getuid() && setresuid(id->uid, id->uid, id->uid) < 0)
		return fail(errno, "unable to switch to uid %u", id->uid);
	return 0;
}

static int inside_ids(const struct sandbox *sb, struct run *run)
{
	if (run->clone_flags & CLONE_NEWUSER) {
		if (sb->uid_map.count > 0) {
			if (!run->barrier && channel_wait(run->ends[1], MESSAGE_GO) < 0)
				return -1;
			if (!sb->keep_groups && identity_drop_groups() < 0)
				return -1;
		} else if (sb->userns_block_fd < 0 && identity_map(&run->identity, run->proc) < 0) {
			return -1;
		}
	} else if (switch_ids(sb, &run->identity) < 0 ||
		   (sb->userns_fd >= 0 && die_with_zbox(sb, run) < 0)) {
		return -1;
	}
	if (run->alone) {
		run->children = openat(run->proc, "thread-self/children", O_RDONLY | O_CLOEXEC);
		if (run->children < 0)
			return fail(errno, "/proc/thread-self/children");
	}
	if (sb->personality == PERSONALITY_BWRAP && sb->disable_userns)
		return identity_limit_userns(run->proc, 1);
	return 0;
}

static int inside_host_name(const struct sandbox *sb, struct run *run)
{
	if (run->late_flags & CLONE_NEWUTS)
		return 0;
	return identity_hostname(sb);
}

/* ---- environment ---- */

/* The words that the command gets, in memory of their own. */
static int copy_words(const struct sandbox *sb, struct run *run)
{
	size_t count = 0;

	for (char **word = sb->command; *word; word++) {
		char **slot = array_add(&run->argv, &count, sizeof(*slot));

		if (!slot || !(*slot = format_text("%s", *word)))
			return -1;
	}
	if (!array_add(&run->argv, &count, sizeof(char *)))
		return -1;
	if (sb->argv0 && !(run->argv0 = format_text("%s", sb->argv0)))
		return -1;
	if (sb->exec_label && !(run->exec_label = format_text("%s", sb->exec_label)))
		return -1;
	return 0;
}

static int inside_words(const struct sandbox *sb, struct run *run)
{
	run->environment = identity_environment(sb, environ);
	if (!run->environment)
		return -1;
	return copy_words(sb, run);
}

/* ---- mounts ---- */

static int inside_mounts(const struct sandbox *sb, struct run *run)
{
	if (selinux_label_files(sb, run->proc) < 0)
		return -1;
	run->cwd = getcwd(NULL, 0); /* NULL: it was deleted, or is out of sight */
	if (sb->landlock_only)
		return 0;
	return mounts_build(sb, run->identity.outer_uid, &run->root, &run->guard);
}

static int inside_root(const struct sandbox *sb, struct run *run)
{
	if (sb->landlock_only)
		return 0;
	if (mounts_enter(&run->root) < 0)
		return -1;
	return run->cgroup.inside >= 0 ? cgroup_shield(run->proc) : 0;
}

int inside_new_terminal(const struct terminal *t, struct run *run)
{
	autoclose int devpts = open("/dev/pts", O_RDONLY | O_DIRECTORY | O_CLOEXEC), master = -1;

	if (devpts < 0)
		return fail(errno, "/dev/pts");
	if (terminal_open(t, devpts, &master, &run->slave) < 0)
		return -1;
	if (channel_send(run->ends[1], MESSAGE_TERMINAL, 0) < 0)
		return fail(errno, "zbox outside is gone");
	return send_fd(run->ends[1], master);
}

static int inside_terminal(const struct sandbox *sb, struct run *run)
{
	const struct terminal *t = run->supervisor.terminal;

	(void)sb;
	return t->replaced && run->terminal_inside ? inside_new_terminal(t, run) : 0;
}

/* ---- D-Bus, the display ---- */

static int inside_bus(const struct sandbox *sb, struct run *run)
{
	return sb->bus_directory ? proxy_hand_over(sb, &run->bus) : 0;
}

static int inside_display(const struct sandbox *sb, struct run *run)
{
	return sb->context_display ? context_hand_over(sb, &run->display) : 0;
}

static int inside_display_ready(const struct sandbox *sb, struct run *run)
{
	return sb->context_display ? context_wait(&run->display) : 0;
}

static int inside_bus_ready(const struct sandbox *sb, struct run *run)
{
	return sb->bus_directory ? proxy_wait(&run->bus) : 0;
}

/* ---- the second user namespace ---- */

static int assert_disabled(const struct sandbox *sb)
{
	if (!sb->disable_userns && !sb->assert_userns_disabled)
		return 0;
	/* in a child, so that a success changes nothing here */
	{
		pid_t child = fork();
		int status;

		if (child < 0)
			return fail(errno, "fork");
		if (child == 0)
			_exit(unshare(CLONE_NEWUSER) == 0);
		if (waitpid(child, &status, 0) != child || status != 0)
			return fail(0, "creation of new user namespaces was not disabled as "
				       "requested");
	}
	return 0;
}

static int inside_namespaces(const struct sandbox *sb, struct run *run)
{
	if (time_namespace_enter(sb, run->proc) < 0)
		return -1;
	/* not before the mounts: open_tree(2) makes a mount namespace for each copy */
	if ((run->clone_flags & CLONE_NEWUSER) &&
	    privileges_limit(sb, run->privileges, run->proc, run->identity.second ? 1 : 0) < 0)
		return -1;
	if (sb->userns2_fd >= 0 && setns(sb->userns2_fd, CLONE_NEWUSER) < 0)
		return fail(errno, "Setting userns2 failed");
	if (sb->userns2_fd >= 0 && die_with_zbox(sb, run) < 0)
		return -1;
	if (run->identity.second) {
		if ((run->late_flags & CLONE_NEWNS) &&
		    guard_hold_mounts(&run->guard, run->proc) < 0)
			return -1;
		if (identity_map_second(sb, &run->identity, run->late_flags, run->proc) < 0)
			return -1;
		if ((run->late_flags & CLONE_NEWUTS) && identity_hostname(sb) < 0)
			return -1;
		if ((run->late_flags & CLONE_NEWNET) && inside_network_fill(run) < 0)
			return -1;
		if (die_with_zbox(sb, run) < 0)
			return -1;
	}
	return assert_disabled(sb);
}

/* ---- last reads ---- */

static int lock_files(const struct sandbox *sb, struct run *run)
{
	for (size_t i = 0; i < sb->lock_file_count; i++) {
		struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
		int *slot = array_add(&run->locks, &run->lock_count, sizeof(*slot));

		if (!slot)
			return -1;
		*slot = open(sb->lock_files[i], O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (*slot < 0)
			return fail(errno, "Unable to open lock file %s", sb->lock_files[i]);
		if (fcntl(*slot, F_SETLK, &lock) < 0)
			return fail(errno, "Unable to lock file %s", sb->lock_files[i]);
	}
	return 0;
}

static int inside_last_reads(const struct sandbox *sb, struct run *run)
{
	int block = sb->block_fd;
	ssize_t got;
	char byte;

	if (lock_files(sb, run) < 0)
		return -1;
	if (block >= 0) {
		do
			got = read(block, &byte, 1);
		while (got < 0 && errno == EINTR);
		/* bubblewrap goes on then */
		if (got < 0 && sb->personality == PERSONALITY_ZBOX)
			return fail(errno, "--block-fd %d", block);
		close_fd(&block);
	}
	return privileges_read_late(sb, run->privileges);
}

/* ---- directory ---- */

static int inside_directory(const struct sandbox *sb, struct run *run)
{
	return identity_workdir(sb, run->cwd, &run->environment);
}

static int inside_limits(const struct sandbox *sb, struct run *run)
{
	return resources_prepare(sb, run->proc);
}

static int inside_privileges(const struct sandbox *sb, struct run *run)
{
	/* whom the caller tells our pid, opens /proc/PID/ns, which this would close */
	if (sb->personality == PERSONALITY_ZBOX || (sb->info_fd < 0 && sb->json_status_fd < 0))
		if (run->reaper && prctl(PR_SET_DUMPABLE, 0) < 0)
			return fail(errno, "PR_SET_DUMPABLE");
	return privileges_reduce(sb, run->privileges);
}

static const struct stage inside[] = {
	{"life", inside_life},         /* the end of zbox is the end of everything from here on */
	{"namespaces", inside_others}, /* than the network's, whose helper is at work */
	{"ids", inside_ids},
	{"hostname", inside_host_name},
	{"environment", inside_words},
	{"mounts", inside_mounts},
	{"network", inside_network}, /* its helper is done before the other processors matter */
	{"mounts", inside_root},
	{"dbus", inside_bus}, /* its directory is there from here on */
	{"wayland", inside_display},
	{"terminal", inside_terminal},
	{"namespaces", inside_namespaces},
	{"set-up", inside_last_reads},
	{"directory", inside_directory},
	{"dbus", inside_bus_ready}, /* as late as can be */
	{"wayland", inside_display_ready},
	{"network", inside_network_ready},
	{"limits", inside_limits},
	{"privileges", inside_privileges},
	{"network", inside_network_end},
};

/* ---- PID 1 ---- */

/* Who enters a sandbox with a name is to have what the command has, and nobody but PID 1 can hold
 * that for him. An attacker who took PID 1 over would gain nothing by it: he has it. */
static int init_privileges(const struct sandbox *sb, struct run *run)
{
	if (privileges_drop(sb, run->privileges, sb->name != NULL) < 0)
		return -1;
	return privileges_filter(sb, run->privileges);
}

static int init_close(const struct sandbox *sb, const struct run *run, const struct init *init)
{
	int *keep = calloc(run->lock_count + 2 * run->guard.count + 7, sizeof(*keep));
	size_t count = 0;

	if (!keep)
		return fail(0, "out of memory");
	for (size_t i = 0; i < run->lock_count; i++)
		keep[count++] = run->locks[i];
	keep[count++] = init->signals;
	keep[count++] = run->ends[1];
	keep[count++] = run->slave;
	keep[count++] = run->children;
	keep[count++] = sb->sync_fd;
	count += guard_descriptors(&run->guard, keep + count);
	close_from_but(sb->personality == PERSONALITY_BWRAP ? 3 : 0, keep, count);
	free(keep);
	return 0;
}

static int become_init(const struct sandbox *sb, struct run *run, struct init *init)
{
	failure_step("init");
	if (channel_send(run->ends[1], MESSAGE_STARTED, 0) < 0)
		return fail(errno, "zbox outside is gone");
	if (chdir("/") < 0)
		return fail(errno, "chdir /");
	if (init_close(sb, run, init) < 0 || init_privileges(sb, run) < 0)
		return -1;
	return init_run(init);
}

static int init_session(const struct sandbox *sb, struct run *run)
{
	if (run->supervisor.terminal->replaced)
		return terminal_session(run->slave);
	if (sb->new_session && setsid() < 0)
		return fail(errno, "setsid");
	return 0;
}

/* The caller's command line and environment, which /proc/1/cmdline and environ would show, are one
 * block; everything that is still needed of it has been copied. */
static void wipe_words(struct run *run)
{
	char *start = run->words[0], *end = start;

	if (!start) /* old kernels start a program without argv[0] */
		return;
	for (char **word = run->words; *word; word++)
		end = *word + strlen(*word);
	for (char **word = environ; *word; word++)
		if (*word > end)
			end = *word + strlen(*word);
	memset(start, 0, (size_t)(end - start));
	environ = run->environment;
}

static int spawn(const struct sandbox *sb, struct run *run)
{
	const struct entering entering = {sb, run};
	struct init init = {
		.channel = run->ends[1],
		.enter = sb->name ? enter_inside : NULL,
		.context = &entering,
		.slave = run->slave,
		.lingers = sb->personality == PERSONALITY_BWRAP,
		.counts = !run->alone && (sb->cpu_limit > 0 || result_wanted(sb)),
		.children = run->children,
		.guard = &run->guard,
	};
	bool ends = run->alone && !init.lingers;
	int result;

	failure_step("command");
	if (init_open(&init) < 0 || init_session(sb, run) < 0)
		return -1;
	if (sb->name && netns_tell(run->proc, run->ends[1]) < 0)
		return -1;
	wipe_words(run);
	if (run->alone)
		run->self = getpid();
	/* Killed together with zbox, we could not end what has no pid namespace around it. From
	 * here on the end of the channel says that zbox is gone. */
	if (ends && prctl(PR_SET_PDEATHSIG, 0) < 0)
		return fail(errno, "die with zbox");
	init.command = vfork();
	if (init.command < 0)
		return fail(errno, "Can't fork for child");
	if (init.command == 0)
		_exit(command_run(sb, run) != 0);
	/* the exec has worked, or its failure is in our record */
	if (failure_get())
		return -1;
	result = become_init(sb, run, &init);
	if (ends)
		init_end(&init);
	return result;
}

int inside_run(const struct sandbox *sb, struct run *run)
{
	int status = -1;

	if (stages_apply(inside, COUNT(inside), sb, run) == 0)
		status = run->reaper ? spawn(sb, run) : command_run(sb, run);
	if (status < 0)
		channel_send_failure(run->ends[1]);
	return status < 0 ? 1 : status;
}
