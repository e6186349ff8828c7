/*
 * selinux.c - --exec-label and --file-label.
 *
 * The kernel's own interface, which is three files: selinuxfs says whether a context is valid when
 * it is written to "context", and /proc/thread-self/attr/{exec,fscreate} set the labels of the next
 * exec and of new files (proc_pid_attr(5)). libselinux would read its configuration and dlopen is
 * not for a statically linked program, for the same three writes.
 */
#include "selinux.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int check_label(const char *label)
{
	if (!label)
		return 0;
	if (access("/sys/fs/selinux/enforce", F_OK) < 0)
		return fail(0, "labeling not supported on this system");
	if (write_file_at(AT_FDCWD, "/sys/fs/selinux/context", label) < 0)
		return fail(errno, "invalid label %s", label);
	return 0;
}

int selinux_check(const struct sandbox *sb)
{
	return check_label(sb->exec_label) < 0 || check_label(sb->file_label) < 0 ? -1 : 0;
}

int selinux_label_files(const struct sandbox *sb, int proc)
{
	if (sb->file_label && write_file_at(proc, "thread-self/attr/fscreate", sb->file_label) < 0)
		return fail(errno, "unable to set file context %s", sb->file_label);
	return 0;
}

int selinux_label_exec(const char *label, int proc)
{
	if (label && write_file_at(proc, "thread-self/attr/exec", label) < 0)
		return fail(errno, "unable to set exec context %s", label);
	return 0;
}
