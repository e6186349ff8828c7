/*
 * confine.h - what the programs beside a sandbox give up before they look at anything of it.
 */
#ifndef ZBOX_NETWORK_CONFINE_H
#define ZBOX_NETWORK_CONFINE_H

#include "utils.h"

/* A call of which an argument, masked, has to be one of these values. */
struct confine_guard {
	int call;
	unsigned argument, count;
	uint32_t mask;
	uint32_t values[4];
};

/* System calls by number, and those that are held against an argument; all others are refused. */
struct confine_calls {
	const int *allowed;
	size_t allowed_count;
	const struct confine_guard *guarded;
	size_t guarded_count;
};

/* Sets the number of descriptors that this process may have, fewer where its hard limit is lower,
 * and no core file. Returns how many there may be. */
unsigned confine_descriptors(unsigned wanted);

/* Not dumpable, no new privileges, no capability in any set. Returns 0, or -1 after fail(). */
int confine_rights(void) MUST_CHECK;

/* Landlock without a rule on files, where the kernel has it. TCP is left alone with ports NULL,
 * else connections are made to these ports only, where the kernel can hold that (Linux 6.7).
 * Returns 0, or -1 after fail(). */
int confine_files(const uint16_t *ports, size_t count) MUST_CHECK;

/* Loads the filter; no_new_privs is set. At most 120 calls and 8 guards. Returns 0, or -1 after
 * fail(). */
int confine_filter(const struct confine_calls *calls) MUST_CHECK;

#endif
