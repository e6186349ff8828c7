/*
 * inside-network.c - the steps of the clone that are about its network.
 *
 *   begin   while the host's /dev is in reach: the tap device is held, and a helper begins to make
 *           the network namespace
 *   enter   when the new root is built, which takes about as long. Before it is entered: that waits
 *           for the kernel, and the kernel for a thread that has to run on one of the processors
 *   ready   zbox-net has the interface, zbox-ports is told where the sandbox is; each says that it
 *           can do its work, or why not, and then nothing is run
 *   end     the helper is gone when the command comes
 *
 * What an attacker could try is to be there before: nothing of the command has run yet.
 */
#include "network/addresses.h"
#include "network/backend.h"
#include "network/namespace.h"
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

/* The device is opened in the namespace that it is for, but the host's /dev is in reach only now.
 */
static int hold_tap(const struct sandbox *sb, struct run *run)
{
	run->tap = (struct tap){.device = open("/dev/net/tun", O_PATH | O_CLOEXEC),
				.helper = run->net.socket,
				.mtu = (unsigned)(sb->net_mtu ? sb->net_mtu : NET_MTU_DEFAULT),
				.ipv6 = sb->net_ipv6 == NET_IPV6_ON};
	if (run->tap.device >= 0)
		return 0;
	failure_step("network");
	return fail(errno, "/dev/net/tun");
}

int inside_network_begin(const struct sandbox *sb, struct run *run)
{
	if (sb->net == NET_SLIRP && hold_tap(sb, run) < 0)
		return -1;
	if (!run->make_netns)
		return 0;
	return netns_begin(&run->netns, run->proc, run->ends[1], &run->tap);
}

/* In a network namespace that has just been entered. */
int inside_network_fill(const struct run *run)
{
	if (loopback_up() < 0)
		return -1;
	return run->tap.device < 0 ? 0 : tap_hand_over(&run->tap, run->proc);
}

/* Where the clone made it, it is still empty. */
int inside_network(const struct sandbox *sb, struct run *run)
{
	(void)sb;
	if (run->clone_flags & CLONE_NEWNET)
		return inside_network_fill(run);
	return netns_enter(&run->netns);
}

int inside_network_end(const struct sandbox *sb, struct run *run)
{
	(void)sb;
	return netns_end(&run->netns);
}

/* While they are still at it as much as can be is done, but not the end of opening devices. */
int inside_network_ready(const struct sandbox *sb, struct run *run)
{
	const char *external = backend_name(sb);

	if (sb->net != NET_SLIRP && !external && sb->port_count == 0)
		return 0;
	if (inside_network_end(sb, run) < 0)
		return -1;
	if (sb->net == NET_SLIRP || external)
		tap_allow_ping(run->proc, getgid());
	/* published ports look for the addresses that it gives */
	if (external && backend_attach(sb, &run->net.socket, run->proc) < 0)
		return -1;
	if (sb->port_count > 0 && ports_hand_over(run->ports, run->proc) < 0)
		return -1;
	if (sb->net == NET_SLIRP) {
		close_fd(&run->tap.device);
		if (net_helper_wait(&run->net.socket) < 0)
			return -1;
	}
	return ports_wait(run->ports);
}
