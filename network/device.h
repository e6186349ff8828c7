/*
 * device.h - the interface of a sandbox as zbox-net sees it: frames from it and to it.
 */
#ifndef ZBOX_NETWORK_DEVICE_H
#define ZBOX_NETWORK_DEVICE_H

#include "network/filter.h"

#include <sys/types.h>

enum { FRAME_MAX = ETHERNET_HEADER + 65535 };

/* A tap with IFF_VNET_HDR, and the segments for it that are gathered. */
struct device {
	int fd;
	size_t length;  /* of the frame so far, 0 none */
	size_t headers; /* of that */
	size_t segment; /* bytes of data in each but the last */
	uint8_t frame[FRAME_MAX];
};

/* Reads a frame, which is kept until the next. Returns its length, or -1: there is none. */
ssize_t device_read(const struct device *d, const uint8_t **frame);

/* Writes a frame of an Ethernet card to the sandbox, at once or with those that follow. What does
 * not fit into a queue of the kernel is lost, as frames may be. */
void device_write(struct device *d, const void *frame, size_t length);

/* Writes what was gathered; at the end of each turn. */
void device_flush(struct device *d);

#endif
