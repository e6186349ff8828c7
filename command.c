/*
 * command.c - from a process of our own to the command: the last steps, and the exec.
 *
 *   session       its place in the terminal, its signals as the caller had them
 *   limits        rlimits, nice value: the command's alone
 *   ids           --uid and --gid, where there are ranges to choose from
 *   capabilities  those that were asked for, else none
 *   seccomp       last of all, since it may refuse all of the above
 *   exec
 *
 * A command that enters later (enter-inside.c) is made by a process that has the capabilities and
 * the filter of the first one already: for it the list is shorter.
 *
 * These steps run after vfork(2), in memory that is shared with PID 1, which waits meanwhile.
 */
#include "channel.h"
#include "resources.h"
#include "run.h"
#include "selinux.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

/* When it has ended, its end of the channel is closed. */
int zbox_is_there(const struct run *run)
{
	struct pollfd peer = {.fd = run->ends[1], .events = POLLIN};

	if (poll(&peer, 1, 0) < 0 || (peer.revents & (POLLHUP | POLLERR)))
		return fail(0, "zbox outside is gone");
	return 0;
}

/* Where no pid namespace sees to it: the end of PID 1 is the end of the command. */
static int die_with_init(const struct sandbox *sb, const struct run *run)
{
	if (!run->alone || (sb->personality == PERSONALITY_BWRAP && !sb->die_with_parent))
		return 0;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return fail(errno, "die with zbox");
	if (getppid() != run->self) /* it ended before that */
		return fail(0, "zbox is gone");
	return zbox_is_there(run);
}

static int command_session(const struct sandbox *sb, struct run *run)
{
	const struct terminal *t = run->supervisor.terminal;

	if (die_with_init(sb, run) < 0)
		return -1;
	(void)umask(run->umask);
	if (setrlimit(RLIMIT_NOFILE, &run->descriptors) < 0)
		return fail(errno, "RLIMIT_NOFILE");
	if (sb->new_session && !run->reaper && !t->replaced && setsid() < 0)
		return fail(errno, "setsid");
	if (!run->reaper && t->replaced && terminal_session(run->slave) < 0)
		return -1;
	if (t->replaced && terminal_attach(t, run->slave) < 0)
		return -1;
	if (!t->replaced && run->reaper && sb->new_session && setpgid(0, 0) < 0)
		return fail(errno, "setpgid");
	if (sigprocmask(SIG_SETMASK, &run->old_mask, NULL) < 0)
		return fail(errno, "sigprocmask");
	return selinux_label_exec(run->exec_label, run->proc);
}

static int command_limits(const struct sandbox *sb, struct run *run)
{
	(void)run;
	return resources_apply(sb);
}

/* Another id of the map than the caller's; while there is a capability for it. */
static int command_ids(const struct sandbox *sb, struct run *run)
{
	if (sb->uid_map.count == 0)
		return 0;
	if (identity_switch(&run->identity, run->privileges->keep_caps != 0) < 0)
		return -1;
	return die_with_init(sb, run); /* the signal is forgotten when credentials change */
}

static int command_capabilities(const struct sandbox *sb, struct run *run)
{
	return privileges_drop(sb, run->privileges, true);
}

static int command_seccomp(const struct sandbox *sb, struct run *run)
{
	/* without a PID 1 nobody else can say that it came this far */
	if (!run->reaper)
		(void)channel_send(run->ends[1], MESSAGE_STARTED, 0);
	return privileges_filter(sb, run->privileges);
}

/* bubblewrap is linked with glibc, whose execvp(3) gives a file without a first line that says by
 * what it is run to the shell. Returns only when that fails. */
static void exec_by_shell(const struct run *run, const char *file)
{
	const char *path = strchr(file, '/') ? "" : identity_variable(environ, "PATH");
	size_t count = 0;
	char shell[] = "/bin/sh";
	autofree char **words = NULL;

	while (run->argv[count])
		count++;
	words = calloc(count + 2, sizeof(*words));
	if (!words)
		return;
	words[0] = shell;
	memcpy(words + 2, run->argv + 1, (count - 1) * sizeof(*words));
	for (size_t length; path; path = path[length] ? path + length + 1 : NULL) {
		autofree char *name = NULL;

		length = strcspn(path, ":");
		name = format_text("%.*s%s%s", (int)length, path, length ? "/" : "", file);
		if (!name)
			return;
		words[1] = name;
		if (access(name, X_OK) == 0)
			(void)execv(shell, words);
	}
}

static int command_exec(const struct sandbox *sb, struct run *run)
{
	const char *file = run->argv[0];
	int err;

	if (run->argv0)
		run->argv[0] = run->argv0;
	environ = run->environment;
	(void)execvp(file, run->argv);
	err = errno;
	if (err == ENOEXEC && sb->personality == PERSONALITY_BWRAP)
		exec_by_shell(run, file);
	return fail_status(err == ENOENT ? 127 : 126, err,
			   sb->personality == PERSONALITY_BWRAP ? "execvp %s" : "%s", file);
}

static const struct stage command[] = {
	{"command", command_session}, {"limits", command_limits},
	{"ids", command_ids},         {"capabilities", command_capabilities},
	{"seccomp", command_seccomp}, {"exec", command_exec},
};

/* Capabilities and filter are those of PID 1, which in a sandbox with a name are the command's. */
static const struct stage enter[] = {
	{"command", command_session},
	{"limits", command_limits},
	{"exec", command_exec},
};

int command_run(const struct sandbox *sb, struct run *run)
{
	return stages_apply(command, COUNT(command), sb, run);
}

int command_enter(const struct sandbox *sb, struct run *run)
{
	return stages_apply(enter, COUNT(enter), sb, run);
}
