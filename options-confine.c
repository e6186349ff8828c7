/*
 * options-confine.c - rows of the option table: namespaces, identity, privileges.
 *
 * Options that take a restriction away stand beside those that make it, and the later word wins;
 * what contradicts itself without an order is in the columns needs and conflicts, and refused by
 * options-check.c: a restriction never goes missing silently.
 */
#include "options-table.h"

#include <sched.h>

#define FIELD(name) .field = offsetof(struct sandbox, name)
#define LIST(name, number)                                                                         \
	.field = offsetof(struct sandbox, name), .count = offsetof(struct sandbox, number)

const struct option options_namespaces[] = {
	{.name = "unshare-all",
	 .args = "",
	 .apply = unshare_all,
	 .value = CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS,
	 .help = "Make every namespace new",
	 .man = "Makes all namespaces new: user, IPC, process, network, UTS and cgroup, the first "
		"and the last where the kernel has them. Under the name zbox they are new anyway, "
		"and this takes back what an earlier --share-net or its relatives said."},
	{.name = "unshare-user",
	 .args = "",
	 .apply = unshare_namespaces,
	 .value = CLONE_NEWUSER,
	 .help = "Make a new user namespace",
	 .man = "Makes a new user namespace. Under the name bwrap an ordinary user always gets "
		"one; the option itself is required by --disable-userns and --userns-block-fd."},
	{.name = "unshare-user-try",
	 .args = "",
	 .apply = try_namespaces,
	 .value = CLONE_NEWUSER,
	 .help = "Make a new user namespace where the kernel can",
	 .man = "Like --unshare-user, and skipped where the kernel does not have it."},
	{.name = "unshare-ipc",
	 .args = "",
	 .apply = unshare_namespaces,
	 .value = CLONE_NEWIPC,
	 .help = "Make a new IPC namespace",
	 .man = "Makes a new namespace for System V IPC and POSIX message queues."},
	{.name = "unshare-pid",
	 .args = "",
	 .apply = unshare_namespaces,
	 .value = CLONE_NEWPID,
	 .help = "Make a new process namespace",
	 .man = "Makes a new process namespace: the command sees no process but those inside, and "
		"all of them end with the first."},
	{.name = "unshare-net",
	 .args = "",
	 .apply = unshare_namespaces,
	 .value = CLONE_NEWNET,
	 .help = "Make a new network namespace with only loopback in it",
	 .man = "Makes a new network namespace, in which there is only loopback, brought up with "
		"127.0.0.1 and ::1."},
	{.name = "unshare-uts",
	 .args = "",
	 .apply = unshare_namespaces,
	 .value = CLONE_NEWUTS,
	 .help = "Make a new namespace for the host name",
	 .man = "Makes a new namespace for the host and domain names."},
	{.name = "unshare-cgroup",
	 .args = "",
	 .apply = unshare_namespaces,
	 .value = CLONE_NEWCGROUP,
	 .help = "Make a new cgroup namespace",
	 .man = "Makes a new cgroup namespace: /proc/self/cgroup no longer tells where the sandbox "
		"is in the host's tree."},
	{.name = "unshare-cgroup-try",
	 .args = "",
	 .apply = try_namespaces,
	 .value = CLONE_NEWCGROUP,
	 .help = "Make a new cgroup namespace where the kernel can",
	 .man = "Like --unshare-cgroup, and skipped where the kernel does not have it."},
	{.name = "share-net",
	 .args = "",
	 .apply = share_namespaces,
	 .value = CLONE_NEWNET,
	 .conflicts = "netns",
	 .help = "Share the network with the caller",
	 .man = "The command uses the caller's network, with all that listens there, abstract "
		"sockets included. A later --unshare-net takes it back."},
	{.name = "share-pid",
	 .args = "",
	 .apply = share_namespaces,
	 .personality = FOR_ZBOX,
	 .value = CLONE_NEWPID,
	 .conflicts = "pidns",
	 .help = "Share the process namespace with the caller",
	 .man = "The command sees the processes of the caller. A later --unshare-pid takes it "
		"back."},
	{.name = "share-ipc",
	 .args = "",
	 .apply = share_namespaces,
	 .personality = FOR_ZBOX,
	 .value = CLONE_NEWIPC,
	 .help = "Share the IPC namespace with the caller",
	 .man = "The command uses the IPC namespace of the caller. A later --unshare-ipc takes it "
		"back."},
	{.name = "share-uts",
	 .args = "",
	 .apply = share_namespaces,
	 .personality = FOR_ZBOX,
	 .value = CLONE_NEWUTS,
	 .conflicts = "hostname",
	 .help = "Share the host name with the caller",
	 .man = "The command sees the host's names. A later --unshare-uts takes it back."},
	{.name = "share-cgroup",
	 .args = "",
	 .apply = share_namespaces,
	 .personality = FOR_ZBOX,
	 .value = CLONE_NEWCGROUP,
	 .help = "Share the cgroup namespace with the caller",
	 .man = "The command sees the cgroups from the caller's point of view. A later "
		"--unshare-cgroup takes it back."},
	{.name = "netns",
	 .args = "FD|PATH",
	 .apply = set_netns,
	 .personality = FOR_ZBOX,
	 .once = true,
	 .conflicts = "unshare-net",
	 .help = "Join the network namespace that FD or PATH refers to",
	 .man = "Joins a network namespace that exists instead of making one: a descriptor, if it "
		"is a number, or a path such as /run/netns/NAME or /proc/PID/ns/net. The user "
		"namespace that owns it has to be the caller's."},
	{.name = "userns",
	 .args = "FD",
	 .apply = set_fd,
	 FIELD(userns_fd),
	 .once = true,
	 .conflicts = "unshare-user unshare-user-try",
	 .help = "Join the user namespace of FD instead of a new one",
	 .man = "Joins the user namespace that FD refers to instead of making one."},
	{.name = "userns2",
	 .args = "FD",
	 .apply = set_fd,
	 FIELD(userns2_fd),
	 .once = true,
	 .help = "Enter the user namespace of FD once the root is made",
	 .man = "Enters the user namespace that FD refers to once the root is made. Useful with "
		"--userns, when this one is a child of that one."},
	{.name = "pidns",
	 .args = "FD",
	 .apply = set_fd,
	 FIELD(pidns_fd),
	 .once = true,
	 .help = "Join the process namespace of FD, as parent of a new one",
	 .man = "Joins the process namespace that FD refers to, usually another sandbox's. When a "
		"new one is made too, it becomes its parent."},
	{.name = "disable-userns",
	 .args = "",
	 .apply = set_true,
	 FIELD(disable_userns),
	 .conflicts = "userns",
	 .help = "Make further user namespaces impossible inside",
	 .man = "Makes it impossible to make further user namespaces inside, by the limit in "
		"/proc/sys/user and a second level of namespace. Under the name bwrap it requires "
		"--unshare-user."},
	{.name = "assert-userns-disabled",
	 .args = "",
	 .apply = set_true,
	 FIELD(assert_userns_disabled),
	 .help = "Fail unless further user namespaces are impossible",
	 .man = "Tries to make a user namespace as the command would, and fails when that works."},
	{0},
};

const struct option options_identity[] = {
	{.name = "uid",
	 .args = "UID",
	 .apply = set_id,
	 FIELD(uid),
	 .max = UINT32_MAX - 1LL,
	 .once = true,
	 .help = "User id inside",
	 .man = "The user id inside, 0 to 4294967294. Exactly one id is mapped: the caller's. "
		"Under the name zbox it is 0 when this is not given, otherwise the caller's own. "
		"Being 0 inside gives no capability."},
	{.name = "gid",
	 .args = "GID",
	 .apply = set_id,
	 FIELD(gid),
	 .max = UINT32_MAX - 1LL,
	 .once = true,
	 .help = "Group id inside",
	 .man = "The group id inside, in the same way as --uid."},
	{.name = "hostname",
	 .args = "NAME",
	 .apply = set_text,
	 FIELD(hostname),
	 .once = true,
	 .help = "Host name inside",
	 .man = "The host name inside. It requires a UTS namespace."},
	{.name = "chdir",
	 .args = "DIR",
	 .apply = set_text,
	 FIELD(chdir),
	 .once = true,
	 .missing = "--chdir takes one argument",
	 .help = "Working directory of the command",
	 .man = "The working directory of the command, inside. Without it, it is the caller's "
		"working directory if there is such a directory inside, else HOME, else /. The "
		"variable PWD is set to it."},
	{0},
};

const struct option options_privileges[] = {
	{.name = "cap-add",
	 .args = "CAP",
	 .apply = add_cap,
	 .value = true,
	 .conflicts = "userns",
	 .help = "Give the command the capability CAP, or ALL",
	 .man = "Gives the command a capability, named as in capabilities(7) "
		"(CAP_NET_BIND_SERVICE, in any case; the prefix may be missing except under the "
		"name bwrap), by its number, or ALL. It is a capability over the namespaces of the "
		"sandbox, never over the host. --cap-add and --cap-drop act in the order given."},
	{.name = "cap-drop",
	 .args = "CAP",
	 .apply = add_cap,
	 .value = false,
	 .help = "Take the capability CAP, or ALL, from the command",
	 .man = "Takes a capability from the command. Without --cap-add it has none to begin with, "
		"except that root under the name bwrap begins with its own."},
	{.name = "seccomp",
	 .args = "FD",
	 .apply = set_seccomp_fd,
	 FIELD(seccomp_fd),
	 .once = true,
	 .conflicts = "add-seccomp-fd",
	 .help = "Load the compiled system call filter in FD",
	 .man = "Loads the system call filter that FD holds, a compiled program of 8-byte "
		"instructions as seccomp_export_bpf(3) writes it, as the last thing before the "
		"command is run."},
	{.name = "add-seccomp-fd",
	 .args = "FD",
	 .apply = add_seccomp_fd,
	 LIST(seccomp_fds, seccomp_fd_count),
	 .help = "Load the compiled system call filter in FD, repeatable",
	 .man = "Like --seccomp, but may be repeated; the programs are loaded in the order given, "
		"and the strictest answer counts."},
	{.name = "seccomp-profile",
	 .args = "NAME|FILE",
	 .apply = set_text,
	 .personality = FOR_ZBOX,
	 FIELD(seccomp_profile),
	 .once = true,
	 .help = "System calls that the command may use",
	 .man = "Which system calls the command may use: a profile that ships with zbox (strict, "
		"build, network-client, desktop, container, compute, permissive, nested, none) or "
		"a file with one. strict when this is not given. --seccomp-show prints what a "
		"profile says. Under desktop and nested the ids inside are the caller's unless "
		"--uid and --gid say otherwise, because user 0 cannot be mapped a second time."},
	{.name = "seccomp-allow",
	 .args = "CALL",
	 .apply = add_seccomp_change,
	 .personality = FOR_ZBOX,
	 .value = true,
	 .help = "Allow a system call that the profile does not",
	 .man = "Allows CALL on top of the profile. --seccomp-allow and --seccomp-deny act in the "
		"order given. What no profile may allow stays denied."},
	{.name = "seccomp-deny",
	 .args = "CALL[=ERRNO]",
	 .apply = add_seccomp_change,
	 .personality = FOR_ZBOX,
	 .value = false,
	 .help = "Deny a system call that the profile allows",
	 .man = "Denies CALL on top of the profile: it fails with EPERM, or with ERRNO, a name or "
		"a number."},
	{.name = "seccomp-show",
	 .args = "NAME",
	 .apply = show_page,
	 .personality = FOR_ZBOX,
	 .value = PRINT_SECCOMP_SHOW,
	 .typed = true,
	 .help = "Print what a profile says of each system call",
	 .man = "Prints the profile NAME with all that it includes: what happens to each system "
		"call, and the file and line that says so."},
	{.name = "seccomp-why",
	 .args = "NAME CALL ...",
	 .apply = explain_call,
	 .personality = FOR_ZBOX,
	 .value = PRINT_SECCOMP_WHY,
	 .typed = true,
	 .help = "Print what a profile does with a call and its arguments",
	 .man = "Prints what the profile NAME does with the system call CALL, and because of which "
		"line. The words that follow are the arguments of the call, numbers as in C."},
	{.name = "landlock",
	 .args = "off|auto|require",
	 .apply = set_choice,
	 .personality = FOR_ZBOX,
	 FIELD(landlock),
	 .value = LANDLOCK_OFF,
	 .once = true,
	 .help = "Landlock as a second layer",
	 .man = "Landlock is a second layer that the kernel checks besides the mounts, made from "
		"the same list: off does without, auto uses what the kernel has of it, require "
		"refuses to start without it. auto when this is not given."},
	{.name = "landlock-only",
	 .args = "",
	 .apply = set_true,
	 .personality = FOR_ZBOX,
	 FIELD(landlock_only),
	 .conflicts = "netns userns userns2 pidns userns-block-fd disable-userns as-pid-1 "
		      "hostname uid gid",
	 .help = "Confine without namespaces, where those are forbidden",
	 .man = "For systems that forbid user namespaces: makes no namespace at all, and confines "
		"the command with Landlock, seccomp and without capabilities alone. It then sees "
		"the host's processes and the names of all its files, though it cannot open them."},
	{.name = "exec-label",
	 .args = "LABEL",
	 .apply = set_text,
	 FIELD(exec_label),
	 .once = true,
	 .help = "SELinux label of the command",
	 .man = "The command runs with the SELinux label LABEL. An error where SELinux is not "
		"enabled."},
	{.name = "file-label",
	 .args = "LABEL",
	 .apply = set_text,
	 FIELD(file_label),
	 .once = true,
	 .help = "SELinux label of the files that are made",
	 .man = "Files and file systems that zbox makes get the SELinux label LABEL. An error "
		"where SELinux is not enabled."},
	{0},
};
