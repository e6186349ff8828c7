/*
 * outside.c - zbox's own process: what is done before the clone, the clone, and what is told.
 *
 *   descriptors   nothing of the caller's goes inside by accident: in the zbox personality every
 *                 descriptor from 3 on closes at exec, but those that were named
 *   life          the parent is watched, before anything exists that it could leave behind
 *   limits        those that cannot hold are refused
 *   record        files for the result are opened, while nothing has run yet
 *   name          the name is claimed, before there is anything that it would be the name of
 *   ids           with ranges of ids: a process is made that can run newuidmap later on
 *   privileges    no_new_privs: from here on no exec gains anything
 *   cgroup        with limits of everything together: the control group is made and gets them
 *   network       zbox-net and zbox-ports are started, so that they load while the rest is done
 *   dbus          the process that becomes the proxy is forked, while it is still all outside
 *   wayland       the program that asks the compositor for a socket of the command's own is started
 *   join          namespaces that are joined, entered with the rights of the caller
 *   namespaces    one clone with all new ones; the user namespace is made first by the kernel, so
 *                 the others belong to it
 *   ids           that process writes the maps of the child, which waits for them
 *   portals, announce   who the child is, for portals and launchers (outside-announce.c)
 *   limits        the clocks of limits of time start: where they cannot, nothing has run yet
 *   set-up        a child that waited for any of that goes on
 *
 * This process stays outside, in all of the caller's namespaces (but those it had to join), with
 * the caller's rights and no more. It reads nothing that the command can write, but for the fixed
 * messages of PID 1.
 */
#include "channel.h"
#include "desktop/context.h"
#include "entry-filter.h"
#include "kernel.h"
#include "network/backend.h"
#include "resources.h"
#include "run.h"
#include "selinux.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAMESPACES                                                                                 \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | \
	 CLONE_NEWCGROUP)

/* ---- descriptors ---- */

/* For the set-up, not for the command. One that was named and is not open is found before anything
 * is opened here: its number would come to mean some descriptor of ours, of the host's /proc say.
 */
static int close_at_exec(const struct sandbox *sb)
{
	/* as bubblewrap says it, where it does */
	const struct {
		int fd;
		const char *text;
	} used[] = {
		{sb->info_fd, "Write to info_fd"},
		{sb->json_status_fd, "Write to json_status_fd"},
		{sb->status_fd, "--status-fd"},
		{sb->block_fd, "--block-fd"},
		{sb->userns_fd, "Joining specified user namespace failed"},
		{sb->userns2_fd, "Setting userns2 failed"},
		{sb->pidns_fd, "Setting pidns failed"},
		{sb->netns_fd, "--netns"},
		{sb->userns_block_fd, "--userns-block-fd"},
		/* without a reaper the command is who holds it, as in bubblewrap */
		{sb->as_pid_1 ? -1 : sb->sync_fd, "--sync-fd"},
	};

	for (size_t i = 0; i < COUNT(used); i++)
		if (used[i].fd >= 0 && fcntl(used[i].fd, F_SETFD, FD_CLOEXEC) < 0)
			return fail(errno, "%s", used[i].text);
	if (sb->as_pid_1 && sb->sync_fd >= 0 && fcntl(sb->sync_fd, F_GETFD) < 0)
		return fail(errno, "--sync-fd");
	for (size_t i = 0; i < sb->mount_count; i++)
		if (sb->mounts[i].fd >= 0 && fcntl(sb->mounts[i].fd, F_GETFD) < 0)
			return fail(errno, "descriptor %d for %s", sb->mounts[i].fd,
				    sb->mounts[i].dest);
	return 0;
}

static int outside_descriptors(const struct sandbox *sb, struct run *run)
{
	(void)run;
	if (close_at_exec(sb) < 0 || hold_stdio() < 0)
		return -1;
	if (sb->personality == PERSONALITY_BWRAP)
		return 0;
	if (cloexec_from(3) < 0)
		return -1;
	for (size_t i = 0; i < sb->keep_fd_count; i++)
		if (fcntl(sb->keep_fds[i], F_SETFD, 0) < 0)
			return fail(errno, "--keep-fd %d", sb->keep_fds[i]);
	return 0;
}

/* ---- life ---- */

static int outside_life(const struct sandbox *sb, struct run *run)
{
	sigset_t set;

	/* a caller that ignores it would leave us without the ends of children */
	if (signal(SIGCHLD, SIG_DFL) == SIG_ERR)
		return fail(errno, "SIGCHLD");
	supervisor_signals(sb, &set);
	/* a reader of ours that has gone is not to decide how the run ends */
	(void)sigaddset(&set, SIGPIPE);
	if (sigprocmask(SIG_BLOCK, &set, &run->old_mask) < 0)
		return fail(errno, "sigprocmask");
	return supervisor_watch_parent(sb, &run->supervisor.parent);
}

static int outside_limits(const struct sandbox *sb, struct run *run)
{
	(void)run;
	return resources_check(sb);
}

static int outside_record(const struct sandbox *sb, struct run *run)
{
	return result_open(sb, &run->files);
}

static bool has_devpts(const struct sandbox *sb)
{
	for (size_t i = 0; !sb->landlock_only && i < sb->mount_count; i++)
		if (sb->mounts[i].kind == MOUNT_DEV)
			return true;
	return false;
}

/* Before no_new_privs, which those who ask later need not have. */
static int outside_name(const struct sandbox *sb, struct run *run)
{
	if (!sb->name)
		return 0;
	run->supervisor.no_entry = entry_obstacle(sb, run->privileges);
	return control_open(run->supervisor.control, sb, has_devpts(sb));
}

/* Before no_new_privs, under which newuidmap gains nothing. */
static int outside_id_writer(const struct sandbox *sb, struct run *run)
{
	return sb->uid_map.count > 0 ? idmap_writer_start(sb, &run->writer) : 0;
}

static int outside_cgroup(const struct sandbox *sb, struct run *run)
{
	/* --list and --stats-of tell of what is counted */
	if (cgroup_open(sb, result_wanted(sb) || sb->name, &run->cgroup) < 0)
		return -1;
	for (size_t i = 0; i < run->cgroup.note_count; i++)
		run->warn(sb, run->cgroup.notes[i]);
	return 0;
}

static int outside_privileges(const struct sandbox *sb, struct run *run)
{
	(void)run;
	return privileges_no_new() < 0 ? -1 : selinux_check(sb);
}

/* In the caller's namespaces, before any other is joined. */
static int outside_network(const struct sandbox *sb, struct run *run)
{
	if (sb->net == NET_SLIRP && net_helper_start(sb, result_wanted(sb), &run->net) < 0)
		return -1;
	if (backend_name(sb) && backend_start(sb, &run->net) < 0)
		return -1;
	return ports_start(sb, run->ports);
}

static int outside_bus(const struct sandbox *sb, struct run *run)
{
	return sb->bus_directory ? proxy_start(sb, &run->bus) : 0;
}

static int outside_display(const struct sandbox *sb, struct run *run)
{
	return sb->context_display ? context_start(sb, &run->display) : 0;
}

/* ---- namespaces ---- */

static int join_userns(const struct sandbox *sb)
{
	if (sb->userns_fd < 0 || setns(sb->userns_fd, CLONE_NEWUSER) == 0)
		return 0;
	if (errno == EINVAL)
		return fail(0, "Joining the specified user namespace failed, it might not be a "
			       "descendant of the current user namespace.");
	return fail(errno, "Joining specified user namespace failed");
}

static int join_netns(const struct sandbox *sb)
{
	autoclose int opened = -1;
	int fd = sb->netns_fd;

	if (sb->netns_path) {
		fd = opened = open(sb->netns_path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (fd < 0)
			return fail(errno, "network namespace %s", sb->netns_path);
	}
	if (fd >= 0 && setns(fd, CLONE_NEWNET) < 0)
		return fail(errno, "join network namespace %s",
			    sb->netns_path ? sb->netns_path : "of the descriptor");
	return 0;
}

static int outside_join(const struct sandbox *sb, struct run *run)
{
	(void)run;
	if (join_userns(sb) < 0)
		return -1;
	/* the caller stays where it is, its children are born there */
	if (sb->pidns_fd >= 0 && setns(sb->pidns_fd, CLONE_NEWPID) < 0)
		return fail(errno, "Setting pidns failed");
	return join_netns(sb);
}

/* What decides the shape of the tree of processes. */
static void plan_processes(const struct sandbox *sb, struct run *run)
{
	bool zbox = sb->personality == PERSONALITY_ZBOX, told;

	run->clone_flags = sb->landlock_only ? 0 : (sb->unshare & NAMESPACES) | CLONE_NEWNS;
	run->reaper = !sb->as_pid_1 && (zbox || (run->clone_flags & CLONE_NEWPID) ||
					sb->lock_file_count > 0 || sb->sync_fd >= 0);
	run->alone = run->reaper && !(run->clone_flags & CLONE_NEWPID);
	told = sb->info_fd >= 0 || sb->json_status_fd >= 0 || sb->userns_block_fd >= 0 ||
	       sb->instance;
	run->barrier = told || sb->time_limit > 0 || sb->cpu_limit > 0;
	if (zbox && run->privileges->keep_caps && (run->clone_flags & CLONE_NEWUSER)) {
		/* A command with capabilities gets its own second user and mount namespace: the
		 * kernel locks the mounts of the first there. What its capabilities are about has
		 * to belong to the second as well. */
		run->identity.second = true;
		run->late_flags = CLONE_NEWNS | (run->clone_flags &
						 (CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWCGROUP));
		run->clone_flags &= ~(unsigned)(CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWCGROUP);
	} else if ((run->clone_flags & CLONE_NEWNET) && !told) {
		/* whoever is told the namespaces of the child has to find them there at once */
		run->make_netns = true;
		run->clone_flags &= ~(unsigned)CLONE_NEWNET;
		run->next_flags = run->clone_flags & ~(unsigned)(CLONE_NEWUSER | CLONE_NEWPID);
		run->clone_flags &= ~run->next_flags;
	}
}

static bool recv_ready(int socket)
{
	struct pollfd polled = {.fd = socket, .events = POLLIN};

	return poll(&polled, 1, 0) == 1 && (polled.revents & POLLIN);
}

static void child_main(const struct sandbox *sb, struct run *run)
{
	close_fd(&run->ends[0]);
	close_fd(&run->supervisor.parent);
	if (sb->name)
		control_leave(run->supervisor.control);
	_exit(inside_run(sb, run));
}

static void clone_between(struct run *run, const struct sandbox *sb)
{
	pid_t child = -1;

	if (run->cgroup.inside < 0 || cgroup_join(&run->cgroup) == 0) {
		child = kernel_clone(run->clone_flags | CLONE_PARENT);
		if (child < 0)
			(void)namespaces_failed(errno);
	}
	if (child < 0)
		channel_send_failure(run->ends[1]);
	if (child == 0) {
		(void)channel_send(run->ends[1], MESSAGE_BORN, 0);
		child_main(sb, run);
	}
	_exit(child < 0);
}

/* A new pid namespace below one that was joined: the kernel only makes it for a process that is in
 * the joined one itself, so one in between clones the child for us, as our own child, and ends. So
 * it is with a control group, where the child cannot be born into it. */
static int clone_below(const struct sandbox *sb, struct run *run)
{
	pid_t between;
	int status;

	if (channel_note_senders(run->ends[0], true) < 0)
		return -1;
	between = kernel_clone(0);
	if (between < 0)
		return namespaces_failed(errno);
	if (between == 0)
		clone_between(run, sb);
	if (waitpid(between, &status, 0) != between || status != 0) {
		struct message message;

		/* it said why */
		if (recv_ready(run->ends[0]))
			(void)!channel_receive(run->ends[0], &message);
		return fail(0, "Creating new namespace failed");
	}
	if (channel_sender(run->ends[0], &run->supervisor.child) < 0)
		return -1;
	return channel_note_senders(run->ends[0], false);
}

/* The child is ours, and in its control group from its first moment. */
static int clone_child(const struct sandbox *sb, struct run *run)
{
	pid_t *child = &run->supervisor.child;

	if (sb->pidns_fd >= 0 && (run->clone_flags & CLONE_NEWPID))
		return clone_below(sb, run);
	if (run->cgroup.inside >= 0) {
		*child = kernel_clone_into(run->clone_flags, run->cgroup.inside);
		/* also for what is no lack of the kernel: it fails with better words */
		if (*child < 0)
			return clone_below(sb, run);
	} else {
		*child = kernel_clone(run->clone_flags);
		if (*child < 0)
			return namespaces_failed(errno);
	}
	if (*child == 0)
		child_main(sb, run);
	return 0;
}

static int outside_clone(const struct sandbox *sb, struct run *run)
{
	plan_processes(sb, run);
	if (channel_open(run->ends) < 0 || clone_child(sb, run) < 0)
		return -1;
	close_fd(&run->ends[1]);
	run->supervisor.channel = take_fd(&run->ends[0]);
	run->supervisor.reaper = run->reaper;
	run->supervisor.alone = run->alone;
	return 0;
}

static int outside_ids(const struct sandbox *sb, struct run *run)
{
	return sb->uid_map.count > 0 ? idmap_writer_run(&run->writer, run->supervisor.child) : 0;
}

/* Peers of the caller's pipes see their end when the command closes them. */
static void close_rest(const struct sandbox *sb, const struct run *run)
{
	int keep[] = {run->supervisor.channel,
		      run->supervisor.parent,
		      run->supervisor.timers.fd,
		      sb->json_status_fd,
		      sb->status_fd,
		      run->master,
		      run->files.stats,
		      run->files.meta,
		      run->changes,
		      run->net.socket,
		      run->ports[0].socket,
		      run->ports[1].socket,
		      run->bus.ready,
		      run->display.socket,
		      run->instance.all,
		      run->instance.lock,
		      run->cgroup.place.dir,
		      run->cgroup.box,
		      run->cgroup.inside,
		      run->cgroup.line,
		      -1,
		      -1};

	if (sb->name)
		control_descriptors(run->supervisor.control, &keep[COUNT(keep) - 2]);
	close_from_but(3, keep, COUNT(keep));
}

/* A terminal of its own, where the sandbox will have no devpts to take it from. */
static int outside_terminal(const struct sandbox *sb, struct run *run)
{
	struct terminal *t = run->supervisor.terminal;

	if (sb->personality == PERSONALITY_BWRAP || sb->share_terminal)
		return 0;
	terminal_prepare(t, !sb->as_pid_1);
	if (!t->replaced)
		return 0;
	run->terminal_inside = has_devpts(sb);
	return run->terminal_inside ? 0 : terminal_open(t, -1, &run->master, &run->slave);
}

static const struct stage before[] = {
	{"descriptors", outside_descriptors}, /* before anything is opened */
	{"life", outside_life},
	{"limits", outside_limits},
	{"record", outside_record},
	{"name", outside_name},
	{"terminal", outside_terminal},
	{"ids", outside_id_writer},
	{"privileges", outside_privileges},
	{"cgroup", outside_cgroup}, /* not with other ids: systemd asks who we are */
	{"network", outside_network},
	{"dbus", outside_bus},
	{"wayland", outside_display},
	{"join", outside_join},
	{"namespaces", outside_clone},
};

static int outside_clocks(const struct sandbox *sb, struct run *run)
{
	return timers_start(&run->supervisor.timers, sb, run->supervisor.child);
}

static int outside_go(const struct sandbox *sb, struct run *run)
{
	bool waits = run->barrier || sb->uid_map.count > 0;

	if (waits && channel_send(run->supervisor.channel, MESSAGE_GO, 0) < 0)
		return fail(0, "the sandbox ended before the command was started");
	return 0;
}

static const struct stage after[] = {
	{"ids", outside_ids},       {"portals", outside_instance}, {"announce", outside_announce},
	{"limits", outside_clocks}, {"set-up", outside_go},
};

static void end_helpers(const struct sandbox *sb, struct run *run)
{
	proxy_end(&run->bus);
	net_helper_end(&run->display);
	instance_remove(sb, &run->instance);
	if (backend_name(sb))
		backend_end(&run->net);
	net_helper_end(&run->net);
	ports_end(sb, run->ports);
}

int outside_run(const struct sandbox *sb, struct run *run)
{
	struct supervisor *s = &run->supervisor;
	int result;

	if (stages_apply(before, COUNT(before), sb, run) < 0) {
		end_helpers(sb, run);
		idmap_writer_end(&run->writer);
		cgroup_close(&run->cgroup);
		return -1;
	}
	s->net = &run->net;
	s->ports = run->ports;
	s->group = &run->cgroup;
	proxy_started(&run->bus);
	close_fd(&run->slave);
	result = stages_apply(after, COUNT(after), sb, run);
	if (result < 0)
		(void)kill(s->child, SIGKILL);
	else
		close_rest(sb, run);
	if (result == 0 && run->master >= 0)
		result = terminal_start(s->terminal, &run->master);
	/* also after a failure: the child is waited for, and what it said first is the cause */
	if (supervise(s) < 0)
		result = -1;
	idmap_writer_end(&run->writer);
	net_helper_finish(&run->net);
	end_helpers(sb, run);
	cgroup_close(&run->cgroup);
	announce_end(sb, s);
	return result;
}
