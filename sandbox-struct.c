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
	free(sb->dns);
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

void *sandbox_own(struct sandbox *sb, void *memory)
{
	void **slot = array_add(&sb->buffers, &sb->buffer_count, sizeof(*slot));

	if (!slot) {
		free(memory);
		return NULL;
	}
	return *slot = memory;
}
