/*
 * loopback.c - the loopback interface of a new network namespace.
 *
 * One ioctl: the addresses come from the kernel (netdevice(7); inetdev_event() in Linux adds
 * 127.0.0.1/8 when a loopback device comes up). The message has bubblewrap's words, which launchers
 * look for when a container refuses it.
 */
#include "network/loopback.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

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
