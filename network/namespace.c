/*
 * namespace.c - a new network namespace with its loopback interface.
 *
 * Of all namespaces this one takes the kernel by far the longest (0.4 ms of a start of 2 ms), and
 * nothing that the set-up does before the exec needs it. So a helper makes it on another processor
 * while PID 1 builds the root: a fork that shares the table of descriptors, enters a new network
 * namespace, brings lo up, makes the interface of --net slirp, and leaves the namespace under a
 * descriptor that PID 1 then joins (measured: docs/performance.md).
 *
 * The helper is a copy of PID 1 at its very beginning, runs nothing but the calls below, and has
 * ended before the command exists. Failing, it reports like any step, and PID 1 ends.
 *
 * It puts the namespace in place as soon as there is one. PID 1 looks for that moment instead of
 * sleeping until the helper's end: to fall asleep, to be woken and to see a process end takes
 * longer than all that is left to wait for. lo comes up while PID 1 is already on its way.
 *
 * Loopback takes one ioctl: the addresses come from the kernel (netdevice(7); inetdev_event() in
 * Linux adds 127.0.0.1/8 when a loopback device comes up). The message has bubblewrap's words,
 * which launchers look for when a container refuses it.
 */
#include "network/namespace.h"

#include "channel.h"
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define HELPER_PID 300 /* any that is not the next one */
#define LOOKS 1000     /* half a millisecond; then it sleeps */

/* bubblewrap's words, which launchers look for; the cure is in the hint. */
int namespaces_failed(int err)
{
	if (err == EINVAL)
		return fail(0, "Creating new namespace failed, likely because the kernel does not "
			       "support user namespaces");
	if (err == EPERM)
		return fail(EPERM, "No permissions to create a new namespace, likely because the "
				   "kernel does not allow non-privileged user namespaces");
	if (err == ENOSPC)
		return fail(0, "Creating new namespace failed: nesting depth or "
			       "/proc/sys/user/max_*_namespaces exceeded (ENOSPC)");
	return fail(err, "Creating new namespace failed");
}

int loopback_up(void)
{
	autoclose int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {.ifr_flags = IFF_UP};

	if (fd < 0)
		return fail(errno, "loopback: Failed to create a socket");
	memcpy(request.ifr_name, "lo", sizeof("lo"));
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return fail(errno, "loopback: Failed RTM_NEWLINK");
	return 0;
}

static int make(int proc, int place, const struct tap *tap)
{
	autoclose int namespace = -1;

	/* PID 1 is making others: whoever fails first, it reads the same */
	failure_step("namespaces");
	if (unshare(CLONE_NEWNET) < 0)
		return namespaces_failed(errno);
	failure_step("network");
	namespace = openat(proc, "self/ns/net", O_RDONLY | O_CLOEXEC);
	if (namespace < 0 || dup3(namespace, place, O_CLOEXEC) < 0)
		return fail(errno, "the new network namespace");
	if (loopback_up() < 0)
		return -1;
	return tap->device < 0 ? 0 : tap_hand_over(tap, proc);
}

int netns_begin(struct netns_maker *m, int proc, int channel, const struct tap *tap)
{
	/* any descriptor will do to hold the place */
	m->fd = fcntl(proc, F_DUPFD_CLOEXEC, 3);
	if (m->fd < 0)
		return fail(errno, "a descriptor");
	/* the command is process 2 with and without a network namespace, as in bubblewrap */
	m->helper = kernel_clone_as(CLONE_FILES, HELPER_PID);
	if (m->helper < 0)
		return fail(errno, "fork");
	if (m->helper > 0)
		return 0;
	if (make(proc, m->fd, tap) == 0)
		_exit(0);
	channel_send_failure(channel);
	_exit(1);
}

/* Until the namespace is there, something is in its place that cannot be entered. */
static bool entered_while_looking(int fd)
{
	for (int i = 0; i < LOOKS; i++) {
		if (setns(fd, CLONE_NEWNET) == 0)
			return true;
		(void)sched_yield(); /* where there is one processor, the helper needs it */
	}
	return false;
}

int netns_enter(struct netns_maker *m)
{
	autoclose int fd = take_fd(&m->fd);

	if (fd < 0 || entered_while_looking(fd))
		return 0;
	if (netns_end(m) < 0)
		return -1;
	if (setns(fd, CLONE_NEWNET) < 0)
		return fail(errno, "join the new network namespace");
	return 0;
}

int netns_end(struct netns_maker *m)
{
	pid_t helper = m->helper;
	int status;

	m->helper = -1;
	if (helper >= 0 && (waitpid(helper, &status, 0) != helper || status != 0))
		return fail(0, "Creating new network namespace failed");
	return 0;
}

int netns_tell(int proc, int channel)
{
	autoclose int ns = openat(proc, "thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	autoclose int resolver =
		kernel_openat2(AT_FDCWD, "/etc/resolv.conf",
			       O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, RESOLVE_NO_MAGICLINKS);

	if (ns < 0)
		return fail(errno, "/proc/thread-self/ns/net");
	if (channel_send(channel, MESSAGE_NETWORK, resolver < 0 ? 1 : 2) < 0)
		return fail(errno, "zbox outside is gone");
	if (send_fd(channel, ns) < 0)
		return -1;
	return resolver < 0 ? 0 : send_fd(channel, resolver);
}
