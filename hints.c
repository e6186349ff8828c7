/*
 * hints.c - what a person can do about a failure: one table, for report.c and the manual page.
 *
 * A row is chosen by words of the message, by errno, and by a look at this machine (causes.c). The
 * first row that fits wins: sure causes come before likely ones, and a row without a condition
 * comes last among those for the same words. To add a hint, add a row; its words must be those of
 * a fail() somewhere, and tests/unit/report.c wants a case for it.
 */
#include "hints.h"

#include <errno.h>
#include <string.h>

#define NAMESPACES                                                                                 \
	"namespace|namespaces|uid map|gid map|/uid_map|/gid_map|/setgroups|clone|clone3|unshare|"  \
	"loopback"
#define EXEC "exec|execvp|execve"

static const struct hint hints[] = {
	/* namespaces: from the lock that is certain to the one that is likely */
	{NAMESPACES "|mount|Can't",
	 {EPERM, EACCES},
	 cause_apparmor,
	 "AppArmor restricts user namespaces (Ubuntu 23.10 and later)",
	 "AppArmor restricts user namespaces on this system: give this program a profile with "
	 "\"userns,\" in /etc/apparmor.d, or as root: "
	 "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"},
	{NAMESPACES,
	 {EPERM},
	 cause_clone_sysctl,
	 "The system forbids unprivileged user namespaces (older Debian, hardened kernels)",
	 "as root: sysctl -w kernel.unprivileged_userns_clone=1"},
	{NAMESPACES,
	 {EPERM, EACCES, ENOSPC, EUSERS},
	 cause_nested,
	 "zbox runs inside a sandbox that closes nested namespaces",
	 "this is already inside a sandbox that closes nested ones: start the outer one with "
	 "--seccomp-profile nested"},
	{NAMESPACES,
	 {EPERM},
	 cause_chroot,
	 "zbox runs in a chroot",
	 "the kernel makes no user namespace for a process in a chroot: start zbox outside of it"},
	{NAMESPACES "|mount|pivot_root",
	 {EPERM, ENOSYS},
	 cause_filter,
	 "A container's seccomp filter refuses clone, unshare or mount (Docker, Kubernetes)",
	 "a seccomp filter is on, as in a container: start that with "
	 "--security-opt seccomp=unconfined, or with a filter that allows clone, unshare and "
	 "mount"},
	{NAMESPACES,
	 {EACCES, EPERM},
	 cause_selinux,
	 "SELinux denies user namespaces",
	 "SELinux may deny user_namespace create: ausearch -m avc shows it, and a module that "
	 "allows it for this domain is the cure"},
	{NAMESPACES,
	 {ENOSPC, EUSERS},
	 cause_limit_zero,
	 "A limit on namespaces is 0 (RHEL, hardened systems)",
	 "%s is 0: as root raise it with sysctl -w, for instance to 10000"},
	{NAMESPACES,
	 {ENOSPC, EUSERS},
	 NULL,
	 "A limit on namespaces is reached",
	 "too many namespaces: as root raise user.max_user_namespaces and the other "
	 "user.max_*_namespaces with sysctl -w; user namespaces nest 32 deep at most"},
	{NAMESPACES,
	 {EINVAL, ENOSYS},
	 cause_no_userns,
	 "The kernel has no user namespaces",
	 "this kernel has no user namespaces: it needs CONFIG_USER_NS"},
	{"time",
	 {EINVAL, ENOSYS},
	 NULL,
	 "The kernel has no time namespaces",
	 "time namespaces need Linux 5.6 with CONFIG_TIME_NS"},
	{NAMESPACES,
	 {EAGAIN},
	 NULL,
	 "The caller has too many processes",
	 "too many processes: see ulimit -u, or the pids limit of this container"},

	/* id maps */
	{"newuidmap|newgidmap",
	 {ENOENT},
	 NULL,
	 "newuidmap is not installed",
	 "install newuidmap and newgidmap: package uidmap (Debian) or shadow-utils (Fedora)"},
	{"/etc/subuid|/etc/subgid|newuidmap|newgidmap",
	 {0},
	 NULL,
	 "The caller has no range of ids",
	 "give the caller ranges: as root usermod --add-subuids 100000-165535 "
	 "--add-subgids 100000-165535 USER"},

	/* mounts */
	{"proc",
	 {EPERM, EACCES, EINVAL},
	 cause_proc_masked,
	 "Parts of /proc are masked, as in a container; then the kernel allows no fresh one",
	 "something is mounted below /proc, so the kernel allows no fresh one: start the container "
	 "with --security-opt systempaths=unconfined, or show its own with --ro-bind /proc /proc"},
	{"overlay",
	 {EINVAL, EPERM},
	 cause_upper_read_only,
	 "An overlay's upper layer is read-only",
	 "%s is on a read-only file system: changes need a writable one"},
	{"overlay",
	 {ESTALE, EBUSY},
	 NULL,
	 "An overlay's work directory belongs to other layers",
	 "the upper and work directories were or are used with other layers: take an empty work "
	 "directory of its own"},
	{"overlay",
	 {ELOOP},
	 NULL,
	 "Layers of an overlay lie within each other",
	 "no layer of an overlay may lie in another one"},
	{"overlay",
	 {EINVAL, EPERM, ENODEV},
	 NULL,
	 "A file system cannot be part of an overlay",
	 "overlays in a user namespace need Linux 5.11; \"/\" and directories with mounts below "
	 "them cannot be layers, and the upper one must not be on overlayfs or NFS"},
	{"mount|Can't|bind",
	 {ENOSPC},
	 NULL,
	 "Too many mounts",
	 "too many mounts: as root raise fs.mount-max with sysctl -w"},
	{"mkdir|create|make|destination|mount point",
	 {EROFS, EACCES, EPERM, ENOENT},
	 NULL,
	 "The place to mount on does not exist, where nothing may be made",
	 "the destination does not exist, and what is above it is read-only or the host's: make "
	 "it there first, or put a --tmpfs on the directory above it before this"},
	{"remount|flags",
	 {EPERM, EACCES},
	 NULL,
	 "A mount below the source is locked or unreachable",
	 "a mount below it keeps flags that only root may change, or cannot be reached (autofs): "
	 "bind the directories beside it, or add --not-a-security-boundary to go on without"},

	/* the command */
	{EXEC,
	 {ENOENT},
	 cause_loader,
	 "The command's dynamic loader is not inside",
	 "the program is there, its loader %s is not: besides --ro-bind /usr /usr this takes the "
	 "links into it, such as --symlink usr/lib64 /lib64"},
	{EXEC,
	 {ENOENT},
	 cause_interpreter,
	 "The interpreter in the command's #! line is not inside",
	 "the program is there, its interpreter %s is not: put that in too"},
	{EXEC,
	 {ENOENT, EACCES},
	 cause_outside,
	 "The command is on the host only",
	 "%s is on the host, and not inside: put its directory in with --ro-bind DIR DIR"},
	{EXEC,
	 {ENOENT},
	 NULL,
	 "The command is nowhere inside",
	 "no such program inside: --ro-bind /usr /usr puts the system's in; a name without / is "
	 "looked for in the PATH inside"},
	{EXEC,
	 {EACCES},
	 cause_directory,
	 "The command is a directory",
	 "the command is a directory"},
	{EXEC,
	 {EACCES},
	 cause_noexec,
	 "The command is on a file system mounted noexec",
	 "%s is on a file system mounted noexec: copy it to one that is not"},
	{EXEC,
	 {EACCES},
	 cause_not_executable,
	 "The command has no x bit",
	 "chmod +x %s, or name its interpreter as the command"},
	{EXEC,
	 {ENOEXEC},
	 NULL,
	 "The command is not a program for this machine",
	 "no program for this machine, and no #! line: name the interpreter as the command"},
	{EXEC,
	 {E2BIG},
	 NULL,
	 "Arguments and environment are too long",
	 "arguments and environment together are too long for the kernel: see ulimit -s"},

	/* privileges */
	{"landlock|Landlock",
	 {ENOSYS, EOPNOTSUPP},
	 NULL,
	 "The kernel has no Landlock",
	 "Landlock is off: it needs Linux 5.13 with landlock in the lsm= boot parameter; "
	 "--landlock auto goes on without"},
	{"seccomp|filter",
	 {EINVAL, ENOSYS},
	 NULL,
	 "The kernel takes no seccomp filter",
	 "the kernel refused the filter: it needs CONFIG_SECCOMP_FILTER, and a program of at most "
	 "4096 instructions for this machine"},

	/* resources */
	{"/dev/net/tun",
	 {ENOENT, ENODEV, ENXIO},
	 NULL,
	 "There is no /dev/net/tun",
	 "user-mode networking needs /dev/net/tun: as root modprobe tun; for a container "
	 "--device /dev/net/tun"},
	{"/dev/net/tun",
	 {EPERM, EACCES},
	 NULL,
	 "/dev/net/tun may not be opened",
	 "user-mode networking needs /dev/net/tun with mode 0666"},
	{"/ptmx|terminal|devpts",
	 {ENOSPC},
	 NULL,
	 "No terminals are left",
	 "no terminals are left: as root raise kernel.pty.max, or use --share-terminal"},
	{NULL,
	 {EMFILE},
	 NULL,
	 "The caller may open too few files",
	 "too many open files: raise ulimit -n"},
	{NULL,
	 {ENFILE},
	 NULL,
	 "The system has too many open files",
	 "the system has too many open files: as root raise fs.file-max with sysctl -w"},
};

const struct hint *hints_all(size_t *count)
{
	*count = COUNT(hints);
	return hints;
}

/* Part of a name or path, rather than a word beside one? */
static bool in_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("_-./", c) != NULL);
}

/* Does the text hold the word, by itself? One that starts with / is the end of a path. */
static bool text_has(const char *text, const char *word, size_t length)
{
	const char *at = text;

	while ((at = memmem(at, strlen(at), word, length)) != NULL) {
		if ((word[0] == '/' || at == text || !in_name(at[-1])) && !in_name(at[length]))
			return true;
		at++;
	}
	return false;
}

/* Does the step or the text hold one of the words? Paths are full of words like "mount": only
 * those count that stand by themselves. */
static bool has_word(const struct failure *f, const char *words)
{
	if (!words)
		return true;
	while (*words) {
		size_t length = strcspn(words, "|");

		if (text_has(f->text, words, length) || text_has(f->step, words, length))
			return true;
		words += length + (words[length] == '|');
	}
	return false;
}

static bool has_error(const struct failure *f, const struct hint *hint)
{
	if (hint->err[0] == 0)
		return true;
	for (size_t i = 0; i < COUNT(hint->err); i++)
		if (hint->err[i] != 0 && hint->err[i] == f->err)
			return true;
	return false;
}

const struct hint *hints_find(const struct sandbox *sb, const struct failure *f, char *detail)
{
	for (size_t i = 0; i < COUNT(hints); i++) {
		detail[0] = '\0';
		if (has_word(f, hints[i].words) && has_error(f, &hints[i]) &&
		    (!hints[i].applies || hints[i].applies(sb, f, detail)))
			return &hints[i];
	}
	return NULL;
}
