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
#define APPARMOR_CURE                                                                              \
	"AppArmor restricts user namespaces on this system: give this program a profile with "     \
	"\"userns,\" in /etc/apparmor.d, or as root: "                                             \
	"sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
#define NO_SPACE "nesting depth" /* words of the message for ENOSPC, which has no errno */
#define NESTED "zbox runs inside a sandbox that closes nested namespaces"
#define NESTED_CURE                                                                                \
	"this is already inside a sandbox that closes nested ones: start the outer one with "      \
	"--seccomp-profile nested"
#define EXEC "exec|execvp|execve"

static const struct hint hints[] = {
	/* namespaces: from the lock that is certain to the one that is likely */
	{.words = NAMESPACES,
	 .err = {EPERM, EACCES},
	 .applies = cause_apparmor,
	 .why = "AppArmor restricts user namespaces (Ubuntu 23.10 and later)",
	 .cure = APPARMOR_CURE},
	{.words = NAMESPACES,
	 .err = {EPERM},
	 .applies = cause_clone_sysctl,
	 .why = "The system forbids unprivileged user namespaces (older Debian, hardened kernels)",
	 .cure = "as root: sysctl -w kernel.unprivileged_userns_clone=1"},
	{.words = "setting up uid map",
	 .err = {EPERM},
	 .applies = cause_unmappable_root,
	 .why = "The caller is uid 0 of another sandbox",
	 .cure = "uid 0 without CAP_SETFCAP cannot be mapped again (Linux 5.12): start the outer "
		 "sandbox with --uid and --gid other than 0"},
	{.words = NAMESPACES,
	 .err = {EPERM, EACCES},
	 .applies = cause_nested,
	 .why = NESTED,
	 .cure = NESTED_CURE},
	{.words = NAMESPACES,
	 .err = {EPERM},
	 .applies = cause_chroot,
	 .why = "zbox runs in a chroot",
	 .cure = "the kernel makes no user namespace for a process in a chroot: start zbox outside "
		 "of it"},
	{.words = NAMESPACES "|mount|pivot_root",
	 .err = {EPERM, ENOSYS},
	 .applies = cause_filter,
	 .why = "A container's seccomp filter refuses clone, unshare or mount (Docker, Kubernetes)",
	 .cure = "a seccomp filter is on, as in a container: start that with --security-opt "
		 "seccomp=unconfined, or with a filter that allows clone, unshare and mount"},
	{.words = NAMESPACES,
	 .err = {EACCES, EPERM},
	 .applies = cause_selinux,
	 .why = "SELinux denies user namespaces",
	 .cure = "SELinux may deny user_namespace create: ausearch -m avc shows it, and a module "
		 "that allows it for this domain is the cure"},
	{.words = NO_SPACE, .applies = cause_nested, .why = NESTED, .cure = NESTED_CURE},
	{.words = NO_SPACE,
	 .applies = cause_limit_zero,
	 .why = "A limit on namespaces is 0 (RHEL, hardened systems)",
	 .cure = "%s is 0: as root raise it with sysctl -w, for instance to 10000"},
	{.words = NO_SPACE,
	 .why = "A limit on namespaces is reached",
	 .cure = "too many namespaces: as root raise user.max_user_namespaces and the other "
		 "user.max_*_namespaces with sysctl -w; user namespaces nest 32 deep at most"},
	{.words = NAMESPACES,
	 .err = {EINVAL, ENOSYS},
	 .applies = cause_no_userns,
	 .why = "The kernel has no user namespaces",
	 .cure = "this kernel has no user namespaces: it needs CONFIG_USER_NS"},
	{.words = "kernel does not support user namespaces",
	 .why = "The kernel has no user namespaces, or a filter hides them",
	 .cure = "this kernel needs CONFIG_USER_NS; zbox --doctor says what else is missing"},
	{.words = "time namespace",
	 .err = {EINVAL, ENOSYS},
	 .why = "The kernel has no time namespaces",
	 .cure = "time namespaces need Linux 5.6 with CONFIG_TIME_NS"},
	{.words = NAMESPACES,
	 .err = {EAGAIN},
	 .why = "The caller has too many processes",
	 .cure = "too many processes: see ulimit -u, or the pids limit of this container"},

	/* id maps */
	{.words = "newuidmap|newgidmap",
	 .err = {ENOENT},
	 .why = "newuidmap is not installed",
	 .cure = "install newuidmap and newgidmap: package uidmap (Debian) or shadow-utils "
		 "(Fedora)"},
	{.words = "under no_new_privs",
	 .why = "zbox was started under no_new_privs, where newuidmap gains no right",
	 .cure = "whoever started zbox has forbidden it all programs with a set-user-ID bit "
		 "(no_new_privs: a container, a sandbox, a service): there --map root and --map "
		 "keep work, and ranges do not"},
	{.words = "not in the map of ids",
	 .why = "An archive for --rootfs has owners that are not in the map of ids",
	 .cure = "add --map auto, which puts the ranges of /etc/subuid and /etc/subgid in the map"},
	{.words = "zbox-unpack",
	 .err = {ENOENT},
	 .why = "The program that unpacks archives was not built or installed",
	 .cure = "zbox-unpack belongs beside zbox or in its libexec directory; it is built where "
		 "libarchive is: libarchive-dev (Debian), libarchive-devel (Fedora)"},
	{.words = "set-user-ID bit",
	 .why = "newuidmap has lost its set-user-ID bit or capabilities, as in a container image",
	 .cure = "as root: chmod u+s /usr/bin/newuidmap /usr/bin/newgidmap, or install their "
		 "package again"},
	{.words = "mounted nosuid",
	 .why = "newuidmap is on a file system where set-user-ID bits do nothing",
	 .cure = "newuidmap and newgidmap have to be on a file system without the option nosuid"},
	{.words = "/etc/subuid|/etc/subgid|newuidmap|newgidmap",
	 .why = "The caller has no range of ids",
	 .cure = "give the caller ranges: as root usermod --add-subuids 100000-165535 "
		 "--add-subgids 100000-165535 USER"},

	/* mounts */
	{.words = "proc",
	 .err = {EPERM, EACCES, EINVAL},
	 .applies = cause_proc_masked,
	 .why = "Parts of /proc are masked, as in a container; then the kernel allows no fresh one",
	 .cure = "something is mounted below /proc, so the kernel allows no fresh one: start the "
		 "container with --security-opt systempaths=unconfined, or show its own with "
		 "--ro-bind /proc /proc"},
	{.words = "overlay",
	 .err = {EINVAL, EPERM},
	 .applies = cause_upper_read_only,
	 .why = "An overlay's upper layer is read-only",
	 .cure = "%s is on a read-only file system: changes need a writable one"},
	{.words = "overlay",
	 .err = {ESTALE, EBUSY},
	 .why = "An overlay's work directory belongs to other layers",
	 .cure = "the upper and work directories were or are used with other layers: take an empty "
		 "work directory of its own"},
	{.words = "overlay",
	 .err = {ELOOP},
	 .why = "Layers of an overlay lie within each other",
	 .cure = "no layer of an overlay may lie in another one"},
	{.words = "overlay",
	 .err = {EINVAL, EPERM, ENODEV},
	 .why = "A file system cannot be part of an overlay",
	 .cure = "overlays in a user namespace need Linux 5.11; \"/\" and directories with mounts "
		 "below them cannot be layers, and the upper one must not be on overlayfs or NFS"},
	{.words = "mount|mounts|bind",
	 .err = {ENOSPC},
	 .why = "Too many mounts",
	 .cure = "too many mounts: as root raise fs.mount-max with sysctl -w"},
	{.words = "would have to be made",
	 .why = "The place to mount on does not exist in a directory of the host",
	 .cure = "make it there first, or put a --tmpfs on the directory above it before this"},
	{.words = "mkdir|create|destination|mount point",
	 .err = {EROFS, EACCES, EPERM, ENOENT},
	 .why = "The place to mount on does not exist, where nothing may be made",
	 .cure = "the destination does not exist, and what is above it is read-only or the host's: "
		 "make it there first, or put a --tmpfs on the directory above it before this"},
	{.words = "mount|pivot_root",
	 .err = {EPERM, EACCES},
	 .applies = cause_apparmor,
	 .why = "AppArmor takes the rights in a new user namespace away (Ubuntu 24.04 and later)",
	 .cure = APPARMOR_CURE},
	{.words = "remount|flags",
	 .err = {EPERM, EACCES},
	 .why = "A mount below the source is locked or unreachable",
	 .cure = "a mount below it keeps flags that only root may change, or cannot be reached "
		 "(autofs): bind the directories beside it, or add --not-a-security-boundary to go "
		 "on without"},

	/* the command */
	{.words = EXEC,
	 .err = {ENOENT},
	 .applies = cause_loader,
	 .why = "The command's dynamic loader is not inside",
	 .cure = "the program is there, its loader %s is not: besides --ro-bind /usr /usr this "
		 "takes the links into it, such as --symlink usr/lib64 /lib64"},
	{.words = EXEC,
	 .err = {ENOENT},
	 .applies = cause_interpreter,
	 .why = "The interpreter in the command's #! line is not inside",
	 .cure = "the program is there, its interpreter %s is not: put that in too"},
	{.words = EXEC,
	 .err = {EACCES},
	 .applies = cause_directory,
	 .why = "The command is a directory",
	 .cure = "the command is a directory"},
	{.words = EXEC,
	 .err = {ENOENT, EACCES},
	 .applies = cause_outside,
	 .why = "The command is on the host only",
	 .cure = "%s is on the host, and not inside: put its directory in with --ro-bind DIR DIR"},
	{.words = EXEC,
	 .err = {ENOENT},
	 .why = "The command is nowhere inside",
	 .cure = "no such program inside: --ro-bind /usr /usr puts the system's in; a name without "
		 "/ is looked for in the PATH inside"},
	{.words = EXEC,
	 .err = {EACCES},
	 .applies = cause_noexec,
	 .why = "The command is on a file system mounted noexec",
	 .cure = "%s is on a file system mounted noexec: copy it to one that is not"},
	{.words = EXEC,
	 .err = {EACCES},
	 .applies = cause_not_executable,
	 .why = "The command has no x bit",
	 .cure = "chmod +x %s, or name its interpreter as the command"},
	{.words = EXEC,
	 .err = {ENOEXEC},
	 .why = "The command is not a program for this machine",
	 .cure = "no program for this machine, and no #! line: name the interpreter as the "
		 "command"},
	{.words = EXEC,
	 .err = {E2BIG},
	 .why = "Arguments and environment are too long",
	 .cure = "arguments and environment together are too long for the kernel: see ulimit -s"},

	/* limits */
	{.words = "--nice|--oom-score",
	 .err = {EACCES, EPERM},
	 .why = "Only privilege can take the nice value or the OOM score below the caller's",
	 .cure = "it cannot be lower than the caller's: as root start zbox with it, by nice(1) or "
		 "choom(1)"},
	{.words = "--cpu-limit",
	 .err = {ENOENT, EACCES, EPERM, ESRCH},
	 .why = "/proc does not show the processes of the sandbox",
	 .cure = "the sandbox has to be seen in /proc: mount it without hidepid, in a kernel with "
		 "CONFIG_PROC_CHILDREN"},

	{.words = "and this system is hybrid|version 1 only",
	 .why = "The system has control groups of version 1, or both versions",
	 .cure = "boot with systemd.unified_cgroup_hierarchy=1 (in a container: its host); "
		 "--rlimit works here, and --best-effort limits goes on without the others"},
	{.words = "ended before the command was started",
	 .applies = cause_tight_limit,
	 .why = "A limit is too low for the set-up itself",
	 .cure = "%s may be too low for the set-up itself, which takes about a megabyte"},
	{.words = "none are mounted at",
	 .why = "No control groups are mounted",
	 .cure = "as root: mount -t cgroup2 none /sys/fs/cgroup; in a container it has to be put "
		 "in "
		 "from outside"},
	{.words = "is not delegated to",
	 .why = "A controller is not delegated to the caller",
	 .cure = "as root: put [Service] and Delegate=cpu cpuset io memory pids on two lines into "
		 "/etc/systemd/system/user@.service.d/delegate.conf, systemctl daemon-reload, and "
		 "systemctl restart user@UID (or log out and in)"},
	{.words = "no control group was delegated",
	 .why = "There is no systemd, and the control group of zbox belongs to somebody else",
	 .cure = "as root make a directory for this user below /sys/fs/cgroup, with its files "
		 "cgroup.procs and cgroup.subtree_control his too, start zbox from a group in it "
		 "that is his, and name it with --cgroup"},
	{.words = "zbox-scope",
	 .err = {ENOENT},
	 .why = "The program that asks systemd for a control group is not installed",
	 .cure = "limits need zbox-scope beside zbox or in its libexec directory: it is built "
		 "where "
		 "libsystemd and its headers are (Debian: libsystemd-dev)"},
	{.words = "XDG_RUNTIME_DIR",
	 .why = "XDG_RUNTIME_DIR is not that of a session of the caller (su, sudo, cron)",
	 .cure = "log in as this user, or as root: loginctl enable-linger USER; and let "
		 "XDG_RUNTIME_DIR be /run/user/UID"},
	{.words = "no systemd manager to ask",
	 .why = "The caller has no systemd user manager",
	 .cure = "a user manager runs while somebody is logged in, or for good after loginctl "
		 "enable-linger USER; --cgroup takes a control group that root prepared"},
	{.words = "no way there from the control group",
	 .why = "The kernel lets nobody into a control group from outside of what is delegated to "
		"him",
	 .cure = "start zbox from a control group below the same delegated one, or without "
		 "--cgroup"},
	{.words = "only a group without may be divided",
	 .why = "There are processes in the control group that is to be divided",
	 .cure = "move them to a group below it, or name an empty one"},

	/* privileges */
	{.words = "landlock|Landlock",
	 .err = {ENOSYS, EOPNOTSUPP},
	 .why = "The kernel has no Landlock",
	 .cure = "Landlock is off: it needs Linux 5.13 with landlock in the lsm= boot parameter; "
		 "--landlock auto goes on without"},
	{.words = "seccomp|filter",
	 .err = {EINVAL, ENOSYS},
	 .why = "The kernel takes no seccomp filter",
	 .cure = "the kernel refused the filter: it needs CONFIG_SECCOMP_FILTER, and a program of "
		 "at most 4096 instructions for this machine"},

	/* resources */
	{.words = "zbox-net",
	 .err = {ENOENT},
	 .why = "The program for user-mode networking is not installed",
	 .cure = "--net slirp needs zbox-net beside zbox or in its libexec directory: it is built "
		 "where libslirp 4.7 and its headers are (Debian: libslirp-dev)"},
	{.words = "zbox-ports",
	 .err = {ENOENT},
	 .why = "The program that carries ports is not installed",
	 .cure = "--publish and --forward need zbox-ports beside zbox or in its libexec directory; "
		 "make install puts it there"},
	{.words = "--publish",
	 .err = {EADDRINUSE},
	 .why = "Another program listens on a port that is to be published",
	 .cure = "another program has that port: ss -lnp shows which; --publish OTHER:PORT takes "
		 "another"},
	{.words = "--publish",
	 .err = {EACCES},
	 .why = "A port below net.ipv4.ip_unprivileged_port_start is to be published",
	 .cure = "ports below net.ipv4.ip_unprivileged_port_start (1024) are for root: take a "
		 "higher one, or as root: sysctl -w net.ipv4.ip_unprivileged_port_start=80"},
	{.words = "--publish",
	 .err = {EADDRNOTAVAIL},
	 .why = "A port is to be published on an address that this machine does not have",
	 .cure = "ip addr shows the addresses of this machine; 0.0.0.0 and [::] are all of them"},
	{.words = "/dev/net/tun",
	 .err = {ENOENT, ENODEV, ENXIO},
	 .why = "There is no /dev/net/tun",
	 .cure = "user-mode networking needs /dev/net/tun: as root modprobe tun; for a container "
		 "--device /dev/net/tun"},
	{.words = "/dev/net/tun",
	 .err = {EPERM, EACCES},
	 .why = "/dev/net/tun may not be opened",
	 .cure = "user-mode networking needs /dev/net/tun with mode 0666"},
	{.words = "/ptmx|terminal|devpts",
	 .err = {ENOSPC},
	 .why = "No terminals are left",
	 .cure = "no terminals are left: as root raise kernel.pty.max, or use --share-terminal"},
	{.err = {EMFILE},
	 .why = "The caller may open too few files",
	 .cure = "too many open files: raise ulimit -n"},
	{.err = {ENFILE},
	 .why = "The system has too many open files",
	 .cure = "the system has too many open files: as root raise fs.file-max with sysctl -w"},
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
