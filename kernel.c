/*
 * kernel.c - system calls that the C library has no function for, or not in every version.
 */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	NR_open_tree = 428,
	NR_move_mount = 429,
	NR_pidfd_open = 434,
	NR_clone3 = 435,
	NR_openat2 = 437,
	NR_mount_setattr = 442,
};

int kernel_open_tree(int dir, const char *path, unsigned flags)
{
	return (int)syscall(NR_open_tree, dir, path, flags);
}

int kernel_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags)
{
	return (int)syscall(NR_move_mount, from, from_path, to, to_path, flags);
}

int kernel_mount_setattr(int dir, const char *path, unsigned flags, uint64_t set)
{
	struct kernel_mount_attr attr = {.set = set};

	return (int)syscall(NR_mount_setattr, dir, path, flags, &attr, sizeof(attr));
}

int kernel_mount(const char *source, const char *target, const char *type, unsigned long flags,
		 const char *options)
{
	return (int)syscall(SYS_mount, source, target, type, flags, options);
}

int kernel_umount(const char *target, int flags)
{
	return (int)syscall(SYS_umount2, target, flags);
}

int kernel_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

int kernel_openat2(int dir, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = {.flags = flags, .resolve = resolve};

	return (int)syscall(NR_openat2, dir, path, &how, sizeof(how));
}

int kernel_mount_id(int fd, uint64_t *id)
{
	struct statx st;

	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0 ||
	    !(st.stx_mask & STATX_MNT_ID))
		return -1;
	*id = st.stx_mnt_id;
	return 0;
}

int kernel_pidfd_open(pid_t pid)
{
	return (int)syscall(NR_pidfd_open, pid, 0);
}

pid_t kernel_clone(unsigned long flags)
{
	/* without CLONE_VM the stack may be NULL and the order of the other arguments, which
	 * differs between architectures, does not matter: they are all 0 */
	return (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
}

pid_t kernel_clone_as(unsigned long flags, pid_t pid)
{
	struct clone_args args = {
		.flags = flags,
		.exit_signal = SIGCHLD,
		.set_tid = (uint64_t)(uintptr_t)&pid,
		.set_tid_size = 1,
	};
	long child = syscall(NR_clone3, &args, sizeof(args));

	return child >= 0 ? (pid_t)child : kernel_clone(flags);
}

pid_t kernel_clone_into(unsigned long flags, int cgroup)
{
	struct clone_args args = {
		.flags = (uint64_t)flags | CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)(unsigned)cgroup,
	};

	return (pid_t)syscall(NR_clone3, &args, sizeof(args));
}

static bool answers(long result)
{
	return result >= 0 || (errno != ENOSYS && errno != EPERM);
}

bool kernel_has_mount_api(void)
{
	/* -1 is no descriptor: a kernel that has the call says EBADF */
	return answers(kernel_open_tree(-1, "", AT_EMPTY_PATH)) &&
	       answers(kernel_move_mount(-1, "", -1, "",
					 MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH)) &&
	       answers(kernel_mount_setattr(-1, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY));
}
