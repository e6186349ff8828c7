/*
 * addresses.c - the network of user-mode networking, which --net-cidr may set at the start.
 */
#include "network/addresses.h"

uint32_t net_network4 = NET_NETWORK4;

void net_choose4(uint32_t network)
{
	if (network)
		net_network4 = network;
}
