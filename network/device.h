/*
 * device.h - the interface of a sandbox as zbox-net sees it: frames from it and to it.
 */
#ifndef ZBOX_NETWORK_DEVICE_H
#define ZBOX_NETWORK_DEVICE_H

#include "network/filter.h"

#include <sys/types.h>

enum { FRAME_MAX = ETHERNET_HEADER + 65535 };

/* A tap with IFF_VNET_HDR. */
struct device {
	int fd;
};

/* Reads a frame, which is kept until the next. Returns its length, or -1: there is none. */
ssize_t device_read(const struct device *d, const uint8_t **frame);

/* Writes a frame of an Ethernet card to the sandbox. What does not fit into a queue of the kernel
 * is lost, as frames may be. The checksum of a segment of TCP is right, and is not written. */
void device_write(const struct device *d, const void *frame, size_t length);

#endif
