/*
 * options-files.c - rows of the option table: what the new root is made of.
 *
 * Host files put in, files and file systems made new, overlays; in the order of the manual page.
 * Nearly all of them become one operation of the plan, put together from the row (options-mounts.c)
 * and carried out in the order given. The paths are the caller's words and are looked at by nobody
 * here: whether one leads where it should is for mounts.c to find out, by descriptor.
 */
#include "options-table.h"

const struct option options_binds[] = {
	{.name = "bind",
	 .args = "SRC DEST",
	 .apply = add_mount,
	 .value = MOUNT_BIND,
	 .help = "Put the host path SRC at DEST, writable",
	 .man = "Puts the host path SRC, a directory with everything mounted below it or a file, "
		"at DEST inside the new root, writable as far as the caller may write there. SRC "
		"is looked up on the host before anything is mounted; DEST is looked up inside the "
		"new root, and no symbolic link leads out of it. What DEST lacks is made: parents "
		"as directories, DEST itself as a directory or an empty file. The mount ignores "
		"set-user-ID bits and device nodes."},
	{.name = "bind-try",
	 .args = "SRC DEST",
	 .apply = add_mount,
	 .value = MOUNT_BIND,
	 .flags = MOUNT_TRY,
	 .help = "Like --bind, skipped when SRC does not exist",
	 .man = "Like --bind, and skipped when SRC does not exist. Any other problem with SRC is "
		"an error."},
	{.name = "ro-bind",
	 .args = "SRC DEST",
	 .apply = add_mount,
	 .value = MOUNT_BIND,
	 .flags = MOUNT_READONLY,
	 .help = "Put the host path SRC at DEST, read-only",
	 .man = "Like --bind, but read-only, together with everything that is mounted below SRC."},
	{.name = "ro-bind-try",
	 .args = "SRC DEST",
	 .apply = add_mount,
	 .value = MOUNT_BIND,
	 .flags = MOUNT_READONLY | MOUNT_TRY,
	 .help = "Like --ro-bind, skipped when SRC does not exist",
	 .man = "Like --ro-bind, and skipped when SRC does not exist."},
	{.name = "dev-bind",
	 .args = "SRC DEST",
	 .apply = add_mount,
	 .value = MOUNT_BIND,
	 .flags = MOUNT_DEVICES,
	 .help = "Like --bind, and device nodes work there",
	 .man = "Like --bind, and device nodes below DEST can be opened."},
	{.name = "dev-bind-try",
	 .args = "SRC DEST",
	 .apply = add_mount,
	 .value = MOUNT_BIND,
	 .flags = MOUNT_DEVICES | MOUNT_TRY,
	 .help = "Like --dev-bind, skipped when SRC does not exist",
	 .man = "Like --dev-bind, and skipped when SRC does not exist."},
	{.name = "rw-bind-create",
	 .args = "SRC DEST",
	 .apply = add_mount,
	 .personality = FOR_ZBOX,
	 .value = MOUNT_BIND,
	 .flags = MOUNT_CREATE,
	 .help = "Like --bind, and makes the directory SRC if missing",
	 .man = "Like --bind, and where SRC does not exist it is made on the host: a directory "
		"with "
		"mode 0700, and its missing parents. This happens when all other sources have been "
		"found. No link is followed in what is made."},
	{.name = "bind-fd",
	 .args = "FD DEST",
	 .apply = add_mount,
	 .value = MOUNT_BIND_FD,
	 .missing = "--bind-fd takes two arguments",
	 .help = "Put what the open descriptor FD refers to at DEST",
	 .man = "Like --bind, with the directory or file that the open descriptor FD refers to. A "
		"path cannot be exchanged under a program that passes descriptors. FD may have "
		"been opened with O_PATH; it is closed afterwards."},
	{.name = "ro-bind-fd",
	 .args = "FD DEST",
	 .apply = add_mount,
	 .value = MOUNT_BIND_FD,
	 .flags = MOUNT_READONLY,
	 .missing = "--bind-fd takes two arguments",
	 .help = "Like --bind-fd, read-only",
	 .man = "Like --bind-fd, read-only."},
	{.name = "remount-ro",
	 .args = "DEST",
	 .apply = add_mount,
	 .value = MOUNT_REMOUNT_RO,
	 .missing = "--remount-ro takes one argument",
	 .help = "Make the mount at DEST read-only, not what is below it",
	 .man = "Makes the mount at DEST read-only, and only that one: mounts below it stay as "
		"they are. DEST has to be a mount point by then."},
	{.name = "mask",
	 .args = "PATH",
	 .apply = add_mount,
	 .personality = FOR_ZBOX,
	 .value = MOUNT_MASK,
	 .conflicts = "as-pid-1 landlock-only",
	 .help = "Hide PATH, whether it exists or not",
	 .man = "Nothing is to be seen or made at PATH inside: a file or directory there is "
		"covered "
		"by an empty read-only one, and the directories above it stay where they are. "
		"Masks "
		"come after all other operations, in whatever order they were given. The names in "
		"PATH may be patterns with *, ? and [...], which stand for what is there at the "
		"start; a leading dot has to be written. A symbolic link is followed, inside the "
		"new root, and has to stay. Nothing is made on the host. So where PATH is missing "
		"in a directory of the host, and where the host replaces what is covered, as "
		"editors do when they save, no mount can hold: zbox watches these names, and when "
		"one appears or changes it ends the sandbox at once, with a message and status "
		"125. "
		"In the moment before, what the host put there can be seen, and what the command "
		"made there is left for you to look at. Other hard links to a file are not "
		"covered."},
	{.name = "protect",
	 .args = "PATH",
	 .apply = add_mount,
	 .personality = FOR_ZBOX,
	 .value = MOUNT_MASK,
	 .flags = MOUNT_READONLY,
	 .conflicts = "as-pid-1 landlock-only",
	 .help = "Keep PATH as it is, also when it does not exist",
	 .man = "Like --mask, but what is at PATH can be seen: it is read-only, can be neither "
		"removed nor replaced, and where nothing is, nothing may be made."},
	{.name = "protect-try",
	 .args = "PATH",
	 .apply = add_mount,
	 .personality = FOR_ZBOX,
	 .value = MOUNT_MASK,
	 .flags = MOUNT_READONLY | MOUNT_TRY,
	 .conflicts = "as-pid-1 landlock-only",
	 .help = "Like --protect, where the directory of PATH exists",
	 .man = "Like --protect, and skipped when the directory that PATH would be in does not "
		"exist."},
	{.name = "strict-dest",
	 .args = "",
	 .apply = set_true,
	 .personality = FOR_ZBOX,
	 .field = offsetof(struct sandbox, strict_dest),
	 .help = "Refuse destinations whose last part is a symbolic link",
	 .man = "A destination whose last part is a symbolic link is an error. Without this option "
		"such a link is followed, inside the new root only."},
	{.name = "not-a-security-boundary",
	 .args = "",
	 .apply = set_true,
	 .field = offsetof(struct sandbox, tolerate_remount),
	 .help = "Only warn where mount flags cannot be applied",
	 .man = "Mounts below a bound directory sometimes refuse the flags that they should get "
		"(automount points, unreachable network file systems). This is fatal, because the "
		"restriction would not hold. With this option it is a warning."},
	{.name = "no-base",
	 .args = "",
	 .apply = set_false,
	 .personality = FOR_ZBOX,
	 .field = offsetof(struct sandbox, base),
	 .help = "Add nothing to the root that was not asked for",
	 .man = "When /usr is put in, zbox adds what programs expect around it; see DEFAULTS. With "
		"this option the root holds nothing but what the other options put there."},
	{0},
};

const struct option options_created[] = {
	{.name = "proc",
	 .args = "DEST",
	 .apply = add_mount,
	 .value = MOUNT_PROC,
	 .help = "Mount a procfs at DEST",
	 .man = "Mounts a procfs at DEST. With a process namespace of its own it shows only what "
		"runs inside, and its dangerous parts are hidden or read-only. Otherwise the "
		"host's /proc is put there."},
	{.name = "dev",
	 .args = "DEST",
	 .apply = add_mount,
	 .value = MOUNT_DEV,
	 .help = "Make a minimal /dev at DEST",
	 .man = "Makes a minimal /dev at DEST: null, zero, full, random, urandom and tty, the "
		"links to the standard descriptors, an empty shm, and terminals of its own in pts. "
		"Nothing else of the host's devices is visible."},
	{.name = "tmpfs",
	 .args = "DEST",
	 .apply = add_mount,
	 .value = MOUNT_TMPFS,
	 .help = "Mount an empty file system in memory at DEST",
	 .man = "Mounts an empty file system in memory at DEST. Its mode is 0755 or what --perms "
		"said, its size what --size said."},
	{.name = "mqueue",
	 .args = "DEST",
	 .apply = add_mount,
	 .value = MOUNT_MQUEUE,
	 .help = "Mount the POSIX message queues at DEST",
	 .man = "Mounts the POSIX message queues of the IPC namespace at DEST."},
	{.name = "dir",
	 .args = "DEST",
	 .apply = add_mount,
	 .value = MOUNT_DIR,
	 .help = "Make the directory DEST if it is missing",
	 .man = "Makes the directory DEST and its parents, with mode 0755 or what --perms said. A "
		"directory that is already there is left as it is."},
	{.name = "file",
	 .args = "FD DEST",
	 .apply = add_mount,
	 .value = MOUNT_FILE,
	 .help = "Write what FD holds to the file DEST",
	 .man = "Makes the file DEST with what FD holds up to its end, with mode 0666 or what "
		"--perms said. Through a writable bind this writes the host's file. FD is closed "
		"afterwards."},
	{.name = "bind-data",
	 .args = "FD DEST",
	 .apply = add_mount,
	 .value = MOUNT_DATA,
	 .help = "Mount a file with what FD holds at DEST",
	 .man = "Mounts a file in memory with what FD holds at DEST, with mode 0600 or what "
		"--perms said. Nothing is left of it afterwards."},
	{.name = "ro-bind-data",
	 .args = "FD DEST",
	 .apply = add_mount,
	 .value = MOUNT_DATA,
	 .flags = MOUNT_READONLY,
	 .help = "Like --bind-data, read-only",
	 .man = "Like --bind-data, read-only."},
	{.name = "symlink",
	 .args = "TARGET DEST",
	 .apply = add_mount,
	 .value = MOUNT_SYMLINK,
	 .help = "Make DEST a symbolic link to TARGET",
	 .man = "Makes DEST a symbolic link that says TARGET. A link that says so already is fine; "
		"anything else at DEST is an error."},
	{.name = "chmod",
	 .args = "OCTAL PATH",
	 .apply = add_mount,
	 .value = MOUNT_CHMOD,
	 .help = "Change the mode of PATH, which has to exist",
	 .man = "Gives PATH, which has to exist inside, the permission bits OCTAL (at most "
		"07777)."},
	{.name = "perms",
	 .args = "OCTAL",
	 .apply = set_perms,
	 .modifier = true,
	 .help = "Mode of what the next option makes",
	 .man = "The permission bits of what the very next option makes, which has to be --dir, "
		"--file, --bind-data, --ro-bind-data or --tmpfs; --size may come in between. "
		"Parents that are made on the way do not grant to group and others what the bits "
		"do not grant."},
	{.name = "size",
	 .args = "BYTES",
	 .apply = set_size,
	 .modifier = true,
	 .help = "Size of the --tmpfs that follows",
	 .man = "How many bytes the --tmpfs that follows can hold. In hexadecimal after 0x, in "
		"octal after 0; with the suffix K, M or G in units of 1024, its square and its "
		"cube (not under the name bwrap)."},
	{0},
};

const struct option options_overlays[] = {
	{.name = "overlay-src",
	 .args = "SRC",
	 .apply = add_layer,
	 .missing = "--overlay-src must be followed by another --overlay-src or one of "
		    "--overlay, --tmp-overlay, or --ro-overlay",
	 .help = "Lower layer of the overlay that follows, bottom first",
	 .man = "SRC is one lower layer of the overlay that follows; the first one given is the "
		"lowest. Only other --overlay-src, --overlay-opt and the overlay itself may "
		"follow."},
	{.name = "overlay",
	 .args = "RWSRC WORKDIR DEST",
	 .apply = add_mount,
	 .value = MOUNT_OVERLAY,
	 .needs = "overlay-src",
	 .help = "Mount the layers at DEST, changes go to RWSRC",
	 .man = "Mounts the layers at DEST. Changes are kept in the host directory RWSRC; WORKDIR "
		"is an empty directory of the same file system."},
	{.name = "tmp-overlay",
	 .args = "DEST",
	 .apply = add_mount,
	 .value = MOUNT_TMP_OVERLAY,
	 .needs = "overlay-src",
	 .help = "Mount the layers at DEST, changes are lost at the end",
	 .man = "Mounts the layers at DEST. Changes are kept in memory and lost at the end."},
	{.name = "ro-overlay",
	 .args = "DEST",
	 .apply = add_mount,
	 .value = MOUNT_RO_OVERLAY,
	 .needs = "overlay-src",
	 .help = "Mount the layers at DEST, read-only",
	 .man = "Mounts at least two layers at DEST, read-only."},
	{.name = "overlay-opt",
	 .args = "OPTIONS",
	 .apply = add_overlay_option,
	 .help = "Further mount options of the overlay that follows",
	 .man = "Further options of the overlay file system, as mount(8) writes them, for the "
		"overlay that follows. May be repeated, before or after --overlay-src. The kernel "
		"alone judges them."},
	{.name = "try",
	 .args = "[PATH]",
	 .apply = add_try,
	 .personality = FOR_ZBOX,
	 .conflicts = "landlock-only map rootfs oci",
	 .help = "Let the command change PATH, or the host, on trial",
	 .man = "Puts the directory PATH at its own place, so that the command may change it and "
		"the "
		"host does not see it. When the command has ended zbox shows what was added, "
		"changed "
		"and removed, and asks, on a terminal, whether to apply it; without a terminal, "
		"and "
		"for the answer k, the changes are kept in a directory that is named. May be "
		"repeated. Without PATH it is the whole host: read-only, but for the topmost "
		"directories in which the caller may write. A directory with other file systems "
		"mounted below it is read-only itself, and what is in it is on trial. It is an "
		"overlay: the host must not "
		"change the same files meanwhile, and what it did change is not applied. Sockets "
		"are "
		"not reached through it, and files of owners and groups that are not mapped cannot "
		"be changed. To read, everything is there that the caller may read: --mask hides. "
		"Set-ID bits are dropped, devices and sockets are not applied; a file that was "
		"changed is replaced by a new one, so that its hard links keep what they had."},
	{.name = "try-keep",
	 .args = "DIR",
	 .apply = set_text,
	 .personality = FOR_ZBOX,
	 .field = offsetof(struct sandbox, try_keep),
	 .needs = "try",
	 .help = "Keep the changes of --try in DIR and do not ask",
	 .man = "The changes are kept in DIR, which has to be new or empty, and nothing is asked "
		"or "
		"listed. DIR must not be on an overlay or a network file system. Otherwise they "
		"are "
		"in a directory in TMPDIR, or in /var/tmp."},
	{.name = "changes",
	 .args = "DIR",
	 .apply = show_page,
	 .personality = FOR_ZBOX,
	 .value = PRINT_CHANGES,
	 .typed = true,
	 .help = "Print the changes that --try kept in DIR",
	 .man = "Prints the changes that --try left in DIR: what happened, type, size, mode, path. "
		"Control characters in names are escaped. With --diff also what changed in texts, "
		"with --json one JSON object."},
	{.name = "apply",
	 .args = "DIR",
	 .apply = show_page,
	 .personality = FOR_ZBOX,
	 .value = PRINT_APPLY,
	 .typed = true,
	 .help = "Apply the changes in DIR to the host, and remove DIR",
	 .man = "Applies the changes in DIR to the host and then removes DIR. What was changed on "
		"the host since the command was started is not touched; it is named, DIR is kept, "
		"and the status is 1. No link is followed, each file is complete or as it was, and "
		"what was interrupted can be done again."},
	{.name = "discard",
	 .args = "DIR",
	 .apply = show_page,
	 .personality = FOR_ZBOX,
	 .value = PRINT_DISCARD,
	 .typed = true,
	 .help = "Remove DIR with the changes in it",
	 .man = "Removes DIR, which --try made, with all changes in it."},
	{.name = "diff",
	 .args = "",
	 .apply = set_true,
	 .personality = FOR_ZBOX,
	 .field = offsetof(struct sandbox, try_diff),
	 .needs = "try",
	 .help = "Show what changed in texts, for --try and --changes",
	 .man = "With --try and --changes: after the list, a unified diff of each text."},
	{.name = "json",
	 .args = "",
	 .apply = set_true,
	 .personality = FOR_ZBOX,
	 .typed = true,
	 .field = offsetof(struct sandbox, json),
	 .needs = "changes",
	 .help = "Print --changes as one JSON object",
	 .man = "With --changes: the list as one JSON object."},
	{0},
};
