/*
 * sandbox-struct.c - making, filling and freeing struct sandbox.
 *
 * The defaults of the two personalities are here and nowhere else: what zbox adds to bubblewrap is
 * that everything is closed until it is asked for. An attacker never gets here: nothing of this
 * reads anything.
 */
#include "sandbox.h"
#include "utils.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define ALL_NAMESPACES                                                                             \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |                \
	 CLONE_NEWCGROUP | CLONE_NEWNET)

void sandbox_init(struct sandbox *sb, enum personality personality)
{
	bool zbox = personality == PERSONALITY_ZBOX;

	*sb = (struct sandbox){
		.personality = personality,
		.base = zbox,
		.read_only = zbox,
		.unshare = zbox ? ALL_NAMESPACES : CLONE_NEWNS,
		.die_with_parent = zbox,
		.new_session = zbox,
		.userns_fd = -1,
		.userns2_fd = -1,
		.pidns_fd = -1,
		.netns_fd = -1,
		.uid = -1,
		.gid = -1,
		.seccomp_fd = -1,
		.nice = NICE_UNSET,
		.oom_score = OOM_SCORE_UNSET,
		.grace = 2000000,
		.sync_fd = -1,
		.block_fd = -1,
		.userns_block_fd = -1,
		.info_fd = -1,
		.json_status_fd = -1,
		.status_fd = -1,
	};
}

void sandbox_free(struct sandbox *sb)
{
	for (size_t i = 0; i < sb->mount_count; i++)
		free(sb->mounts[i].layers);
	for (size_t i = 0; i < sb->buffer_count; i++)
		free(sb->buffers[i]);
	free(sb->mounts);
	free(sb->env);
	free(sb->net_open);
	free(sb->map_lines);
	free(sb->uid_map.lines);
	free(sb->gid_map.lines);
	free(sb->net_rules);
	free(sb->dns);
	free(sb->ports);
	free(sb->caps);
	free(sb->seccomp_changes);
	free(sb->seccomp_fds);
	free(sb->rlimits);
	free(sb->cgroup_limits);
	free(sb->lock_files);
	free(sb->keep_fds);
	free(sb->warnings);
	free(sb->profiles);
	free(sb->choices);
	free(sb->presets);
	free(sb->bus_rules);
	free(sb->buffers);
	*sb = (struct sandbox){.personality = sb->personality};
}

struct mount *sandbox_mount(struct sandbox *sb, enum mount_kind kind, const char *dest)
{
	struct mount *m = array_add(&sb->mounts, &sb->mount_count, sizeof(*m));

	if (!m)
		return NULL;
	m->kind = kind;
	m->dest = dest;
	m->fd = -1;
	m->perms = -1;
	return m;
}

int sandbox_masks_last(struct sandbox *sb)
{
	struct mount *sorted;
	size_t masks = 0, at = 0;

	for (size_t i = 0; i < sb->mount_count; i++)
		masks += sb->mounts[i].kind == MOUNT_MASK;
	if (masks == 0)
		return 0;
	sorted = calloc(sb->mount_count, sizeof(*sorted));
	if (!sorted)
		return fail(0, "out of memory");
	for (int last = 0; last <= 1; last++)
		for (size_t i = 0; i < sb->mount_count; i++)
			if ((sb->mounts[i].kind == MOUNT_MASK) == (last == 1))
				sorted[at++] = sb->mounts[i];
	memcpy(sb->mounts, sorted, at * sizeof(*sorted));
	free(sorted);
	return 0;
}

void *sandbox_own(struct sandbox *sb, void *memory)
{
	void **slot = array_add(&sb->buffers, &sb->buffer_count, sizeof(*slot));

	if (!slot) {
		free(memory);
		return NULL;
	}
	return *slot = memory;
}

bool port_leads_to_loopback(const struct net_port *port)
{
	const char *host = port->from.host;

	return port->from.path || !host || strncmp(host, "127.", 4) == 0 ||
	       strcmp(host, "::1") == 0;
}
