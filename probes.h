/*
 * probes.h - what --doctor tries. Each function runs in a child of its own, which ends with it.
 */
#ifndef ZBOX_PROBES_H
#define ZBOX_PROBES_H

#include "utils.h"

#define PROBE_DETAIL 256

/* Uses the thing. May write what is worth knowing about it to detail, PROBE_DETAIL bytes, whether
 * it works or not. Returns 0, or -1 after fail(). */
typedef int probe(char *detail);

/* namespaces and mounts: probes-mounts.c */
probe probe_user, probe_map, probe_mount_ns, probe_pid, probe_ipc, probe_uts, probe_net;
probe probe_cgroup_ns, probe_time, probe_tmpfs, probe_bind, probe_proc, probe_devpts;
probe probe_mqueue, probe_overlay, probe_pivot;
probe probe_open_tree, probe_mount_setattr, probe_move_mount, probe_fsopen;

/* processes and privileges: probes-process.c */
probe probe_openat2, probe_clone3, probe_close_range, probe_pidfd, probe_no_new_privs;
probe probe_seccomp, probe_notify, probe_landlock, probe_death_signal, probe_pty;

/* what the machine has to offer: probes-host.c */
probe probe_loopback, probe_tun, probe_uid_range, probe_gid_range, probe_cgroup;

/* A new user namespace, and those of the CLONE_NEW* bits, with uid and gid 0 mapped to the
 * caller's. Returns 0, or -1 after fail(). */
int probe_enter(int namespaces) MUST_CHECK;

/* Copies the rest of the line of a file that starts with key; text unchanged when there is none. */
void probe_line(const char *file, const char *key, char *text, size_t size);

#endif
