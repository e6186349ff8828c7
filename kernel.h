/*
 * kernel.h - system calls that the C library has no function for, or not in every version.
 *
 * Each is the bare call: -1 with errno set, no fail(). Numbers are the kernel's; all of these are
 * the same on every architecture (Linux 5.0 unified them), so a missing SYS_ name of an old C
 * library is no obstacle.
 */
#ifndef ZBOX_KERNEL_H
#define ZBOX_KERNEL_H

#include <linux/mount.h> /* MS_*, MOUNT_ATTR_*, OPEN_TREE_*; <sys/mount.h> cannot stand beside it */
#include <linux/openat2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080 /* Linux 5.6 */
#endif
#define DETACH 2 /* umount2(2): MNT_DETACH */

/* mount_setattr(2), Linux 5.12: declared here because C libraries disagree about the name. */
struct kernel_mount_attr {
	uint64_t set, clear, propagation, userns_fd;
};

int kernel_open_tree(int dir, const char *path, unsigned flags);
int kernel_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags);
int kernel_mount_setattr(int dir, const char *path, unsigned flags, uint64_t set);
int kernel_mount(const char *source, const char *target, const char *type, unsigned long flags,
		 const char *options);
int kernel_umount(const char *target, int flags);
int kernel_pivot_root(const char *new_root, const char *put_old);

/* openat2(2), Linux 5.6. */
int kernel_openat2(int dir, const char *path, uint64_t flags, uint64_t resolve);

/* The id of the mount that fd is on: statx(2) with STATX_MNT_ID, Linux 5.8. Returns 0, or -1 where
 * the kernel cannot say. */
int kernel_mount_id(int fd, uint64_t *id);

/* pidfd_open(2), Linux 5.3. */
int kernel_pidfd_open(pid_t pid);

/* Clones the calling process with the namespaces named by flags (CLONE_NEW*), SIGCHLD at its end.
 * clone3(2) is not needed for that and is refused in many containers, so this is clone(2), as
 * fork() would do it: same return values. Single-threaded callers only. */
pid_t kernel_clone(unsigned long flags);

/* The same, and the child gets the given pid in the pid namespace of the caller, which does not
 * count as handed out then: clone3(2) with set_tid, Linux 5.5. Without it, or where the caller may
 * not choose, the child gets the next pid as any other does. */
pid_t kernel_clone_as(unsigned long flags, pid_t pid);

/* Clones as kernel_clone() does, and the child is born in the control group whose directory is
 * given: clone3(2) with CLONE_INTO_CGROUP, Linux 5.7. */
pid_t kernel_clone_into(unsigned long flags, int cgroup);

/* Whether open_tree, move_mount and mount_setattr are there (Linux 5.12) and not refused by a
 * filter: each is called with arguments that a kernel that has it answers differently. */
bool kernel_has_mount_api(void);

#endif
