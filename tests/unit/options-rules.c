/*
 * What the words make of struct sandbox: values, order, what waits for the option that follows,
 * arguments files, warnings, clashes, defaults.
 */
#include "parse.h"

#include <sched.h>

#define NAMESPACES (CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS)
#define TRIED (CLONE_NEWUSER | CLONE_NEWCGROUP)
#define PERMS_LOST "--perms must be followed by an option that creates a file"
#define SIZE_LOST "--size must be followed by --tmpfs"
#define LAYER_LOST                                                                                 \
	"--overlay-src must be followed by another --overlay-src or one of --overlay, "            \
	"--tmp-overlay, or --ro-overlay"
#define OVERLAY_OPTION_LOST                                                                        \
	"--overlay-opt must be followed by --overlay-src or one of --overlay, --tmp-overlay, or "  \
	"--ro-overlay"

static void test_defaults(void)
{
	(void)parse("zbox");
	check(sb.unshare == (NAMESPACES | TRIED | CLONE_NEWNS) && !sb.unshare_try,
	      "zbox: all namespaces are new");
	check(sb.base && sb.read_only && sb.die_with_parent && sb.new_session,
	      "zbox: base, read-only root, own session, dies with its parent");
	(void)parse("bwrap");
	check(sb.unshare == CLONE_NEWNS && !sb.unshare_try, "bwrap: only the mounts are new");
	check(!sb.base && !sb.read_only && !sb.die_with_parent && !sb.new_session,
	      "bwrap: nothing that was not asked for");
	check(sb.userns_fd == -1 && sb.userns2_fd == -1 && sb.pidns_fd == -1 && sb.netns_fd == -1 &&
		      sb.uid == -1 && sb.gid == -1 && sb.seccomp_fd == -1 && sb.sync_fd == -1 &&
		      sb.block_fd == -1 && sb.userns_block_fd == -1 && sb.info_fd == -1 &&
		      sb.json_status_fd == -1 && sb.status_fd == -1,
	      "what is not given is -1");
}

static bool mount_is(size_t i, enum mount_kind kind, unsigned flags, const char *source,
		     const char *dest)
{
	return i < sb.mount_count && sb.mounts[i].kind == kind && sb.mounts[i].flags == flags &&
	       same(sb.mounts[i].source, source) && same(sb.mounts[i].dest, dest);
}

static void test_binds(void)
{
	(void)parse("bwrap --bind /a /b --bind-try /c /d --ro-bind e f --ro-bind-try /g /h "
		    "--dev-bind /i /j --dev-bind-try /k /l --bind-fd 0 /m --ro-bind-fd 2147483647 "
		    "/n --remount-ro /o");
	check(sb.mount_count == 9, "one operation for each option");
	check(mount_is(0, MOUNT_BIND, 0, "/a", "/b"), "--bind");
	check(mount_is(1, MOUNT_BIND, MOUNT_TRY, "/c", "/d"), "--bind-try");
	check(mount_is(2, MOUNT_BIND, MOUNT_READONLY, "e", "f"), "--ro-bind");
	check(mount_is(3, MOUNT_BIND, MOUNT_READONLY | MOUNT_TRY, "/g", "/h"), "--ro-bind-try");
	check(mount_is(4, MOUNT_BIND, MOUNT_DEVICES, "/i", "/j"), "--dev-bind");
	check(mount_is(5, MOUNT_BIND, MOUNT_DEVICES | MOUNT_TRY, "/k", "/l"), "--dev-bind-try");
	check(mount_is(6, MOUNT_BIND_FD, 0, NULL, "/m") && sb.mounts[6].fd == 0, "--bind-fd 0");
	check(mount_is(7, MOUNT_BIND_FD, MOUNT_READONLY, NULL, "/n") &&
		      sb.mounts[7].fd == 2147483647,
	      "--ro-bind-fd with the largest descriptor");
	check(mount_is(8, MOUNT_REMOUNT_RO, 0, NULL, "/o"), "--remount-ro");
	check(sb.mounts[0].fd == -1 && sb.mounts[0].perms == -1, "--bind has neither FD nor mode");
}

static void test_created(void)
{
	(void)parse("bwrap --proc /a --dev /b --tmpfs /c --mqueue /d --dir /e --file 3 /f "
		    "--bind-data 4 /g --ro-bind-data 5 /h --symlink t /i --chmod 1750 /j");
	check(mount_is(0, MOUNT_PROC, 0, NULL, "/a"), "--proc");
	check(mount_is(1, MOUNT_DEV, 0, NULL, "/b"), "--dev");
	check(mount_is(2, MOUNT_TMPFS, 0, NULL, "/c") && sb.mounts[2].perms == -1 &&
		      sb.mounts[2].size == 0,
	      "--tmpfs");
	check(mount_is(3, MOUNT_MQUEUE, 0, NULL, "/d"), "--mqueue");
	check(mount_is(4, MOUNT_DIR, 0, NULL, "/e"), "--dir");
	check(mount_is(5, MOUNT_FILE, 0, NULL, "/f") && sb.mounts[5].fd == 3, "--file");
	check(mount_is(6, MOUNT_DATA, 0, NULL, "/g") && sb.mounts[6].fd == 4, "--bind-data");
	check(mount_is(7, MOUNT_DATA, MOUNT_READONLY, NULL, "/h") && sb.mounts[7].fd == 5,
	      "--ro-bind-data");
	check(mount_is(8, MOUNT_SYMLINK, 0, "t", "/i"), "--symlink TARGET DEST");
	check(mount_is(9, MOUNT_CHMOD, 0, NULL, "/j") && sb.mounts[9].perms == 01750, "--chmod");
}

static void test_perms(void)
{
	(void)parse("bwrap --perms 0700 --dir /a --dir /b --perms 4 --file 3 /c --perms 07777 "
		    "--bind-data 3 /d --perms 0 --ro-bind-data 3 /e --perms 1777 --tmpfs /f");
	check(sb.mounts[0].perms == 0700 && sb.mounts[1].perms == -1 && sb.mounts[2].perms == 4 &&
		      sb.mounts[3].perms == 07777 && sb.mounts[4].perms == 0 &&
		      sb.mounts[5].perms == 01777,
	      "--perms is for the next operation, and only for that");
	expect("bwrap --perms 0700 --perms 0700 --dir /a",
	       "--perms given twice for the same action");
	expect("bwrap --perms 0700 --perms x", "--perms given twice for the same action");
	expect("bwrap --perms 0700 --bind /a /b", PERMS_LOST);
	expect("bwrap --perms 0700 --unshare-user", PERMS_LOST);
	expect("bwrap --perms 0700 --setenv A b", PERMS_LOST);
	expect("bwrap --perms 0700 --symlink a /b", PERMS_LOST);
	expect("bwrap --perms 0700 --chmod 0700 /a", PERMS_LOST);
	expect("bwrap --perms 0700 --overlay-src /a --tmp-overlay /b", PERMS_LOST);
	expect("bwrap --perms 0700 --mqueue /a", PERMS_LOST);
	expect("bwrap --perms 0700 --bind /a", "--bind takes two arguments");
	expect("bwrap --perms 0700 true", NULL);
	expect("bwrap --perms 0700 -- true", NULL);
	expect("bwrap --perms 0700", NULL);
}

static void test_size(void)
{
	(void)parse("bwrap --size 4096 --perms 0700 --tmpfs /a --perms 0711 --size 0x1000 --tmpfs "
		    "/b --size 010 --tmpfs /c --tmpfs /d --size 9223372036854775807 --tmpfs /e");
	check(sb.mounts[0].size == 4096 && sb.mounts[0].perms == 0700, "--size, then --perms");
	check(sb.mounts[1].size == 4096 && sb.mounts[1].perms == 0711,
	      "--perms, then --size in hex");
	check(sb.mounts[2].size == 8 && sb.mounts[3].size == 0, "--size in octal, and not for two");
	check(sb.mounts[4].size == INT64_MAX, "the largest --size");
	(void)parse("zbox --size 1K --tmpfs /a --size 2M --tmpfs /b --size 3g --tmpfs /c "
		    "--size=0x10K --tmpfs /d --size 8589934591G --tmpfs /e");
	check(sb.mounts[0].size == 1024 && sb.mounts[1].size == 2 << 20 &&
		      sb.mounts[2].size == 3ULL << 30 && sb.mounts[3].size == 16384 &&
		      sb.mounts[4].size == 8589934591ULL << 30,
	      "zbox: --size with K, M, G");
	expect("bwrap --size 1 --size 2 --tmpfs /a", "--size given twice for the same action");
	expect("bwrap --size 1 --dir /a", SIZE_LOST);
	expect("bwrap --size 1 --unshare-pid", SIZE_LOST);
	expect("bwrap --size 1 --perms 0700 --dir /a", SIZE_LOST);
	expect("bwrap --size 1 true", NULL);
}

static void test_overlays(void)
{
	expect("bwrap --overlay-src /a --overlay-opt x=1 --overlay-src /b --overlay-opt y "
	       "--overlay "
	       "/up /wd /to --overlay-opt z --overlay-src /c --tmp-overlay /d --overlay-src /e "
	       "--overlay-src /f --ro-overlay /g",
	       NULL);
	check(mount_is(0, MOUNT_OVERLAY, 0, "/up", "/to") && same(sb.mounts[0].work, "/wd") &&
		      sb.mounts[0].layer_count == 2 && same(sb.mounts[0].layers[0], "/a") &&
		      same(sb.mounts[0].layers[1], "/b") && same(sb.mounts[0].options, "x=1,y"),
	      "--overlay takes its layers, bottom first, and its options");
	check(mount_is(1, MOUNT_TMP_OVERLAY, 0, NULL, "/d") && sb.mounts[1].layer_count == 1 &&
		      same(sb.mounts[1].options, "z"),
	      "--tmp-overlay");
	check(mount_is(2, MOUNT_RO_OVERLAY, 0, NULL, "/g") && sb.mounts[2].layer_count == 2 &&
		      !sb.mounts[2].options,
	      "--ro-overlay");
	expect("bwrap --overlay /a /b /c", "--overlay requires at least one --overlay-src");
	expect("bwrap --tmp-overlay /a", "--tmp-overlay requires at least one --overlay-src");
	expect("bwrap --ro-overlay /a", "--ro-overlay requires at least two --overlay-src");
	expect("bwrap --overlay-src /a --ro-overlay /a",
	       "--ro-overlay requires at least two --overlay-src");
	expect("bwrap --overlay-src /a --bind /b /c", LAYER_LOST);
	expect("bwrap --overlay-src /a --perms 0700 --tmp-overlay /b", LAYER_LOST);
	expect("bwrap --overlay-src /a --size 1 --tmp-overlay /b", LAYER_LOST);
	expect("bwrap --overlay-src /a --overlay-opt x --bind /b /c", LAYER_LOST);
	expect("bwrap --overlay-src /a true", LAYER_LOST);
	expect("bwrap --overlay-src /a -- true", LAYER_LOST);
	expect("bwrap --overlay-src /a", LAYER_LOST);
	expect("bwrap --overlay-opt x true", OVERLAY_OPTION_LOST);
	expect("bwrap --overlay-opt x --bind /a /b", OVERLAY_OPTION_LOST);
	expect("bwrap --overlay-src /a --help", NULL);
}

static void test_order(void)
{
	(void)parse("bwrap --dir /a --setenv A 1 --bind /b /c --clearenv --unsetenv B");
	check(sb.mounts[0].origin.at == 1 && sb.mounts[1].origin.at == 6 &&
		      sb.env[0].origin.at == 3 && sb.env[1].origin.at == 9 &&
		      !sb.mounts[0].origin.file,
	      "each part knows the word it came from");
	check(sb.env_count == 3 && sb.env[0].action == ENV_SET && same(sb.env[0].name, "A") &&
		      same(sb.env[0].value, "1") && sb.env[1].action == ENV_CLEAR &&
		      sb.env[2].action == ENV_UNSET && same(sb.env[2].name, "B"),
	      "changes of the environment keep their order");
	(void)parse("zbox --keep-env --env=TERM --setenv X '' true");
	check(sb.env[0].action == ENV_KEEP_ALL && sb.env[1].action == ENV_KEEP &&
		      same(sb.env[1].name, "TERM") && same(sb.env[2].value, ""),
	      "--keep-env, --env, an empty value");
	(void)parse("bwrap --cap-drop ALL --cap-add CAP_Net_Admin --cap-add cap_checkpoint_restore "
		    "--cap-drop all --cap-add 63");
	check(sb.cap_count == 5 && !sb.caps[0].add && sb.caps[0].cap == -1 && sb.caps[1].add &&
		      sb.caps[1].cap == 12 && sb.caps[2].cap == 40 && sb.caps[3].cap == -1 &&
		      sb.caps[4].cap == 63,
	      "capabilities by name in any case, by number, ALL");
	(void)parse("zbox --cap-add chown --cap-drop Mknod");
	check(sb.caps[0].cap == 0 && sb.caps[1].cap == 27, "zbox: without the prefix cap_");
}

static void test_values(void)
{
	(void)parse("bwrap --chdir / --hostname h --uid 0 --gid 4294967294 --userns 3 --userns2 4 "
		    "--pidns 5 --sync-fd 6 --block-fd 7 --userns-block-fd 8 --info-fd 9 "
		    "--json-status-fd 10 --exec-label x --file-label y --argv0 z "
		    "--level-prefix --disable-userns --assert-userns-disabled --as-pid-1 "
		    "--new-session --die-with-parent --not-a-security-boundary --seccomp 11");
	check(same(sb.chdir, "/") && same(sb.hostname, "h") && sb.uid == 0 && sb.gid == 4294967294,
	      "--chdir --hostname --uid --gid");
	check(sb.userns_fd == 3 && sb.userns2_fd == 4 && sb.pidns_fd == 5 && sb.sync_fd == 6 &&
		      sb.block_fd == 7 && sb.userns_block_fd == 8 && sb.info_fd == 9 &&
		      sb.json_status_fd == 10 && sb.seccomp_fd == 11,
	      "the descriptors");
	check(same(sb.exec_label, "x") && same(sb.file_label, "y") && same(sb.argv0, "z"),
	      "--exec-label --file-label --argv0");
	check(sb.level_prefix && sb.disable_userns && sb.assert_userns_disabled && sb.as_pid_1 &&
		      sb.new_session && sb.die_with_parent && sb.tolerate_remount,
	      "the switches");
	(void)parse("bwrap --lock-file /a --lock-file /b --add-seccomp-fd 3 --add-seccomp-fd 3");
	check(sb.lock_file_count == 2 && same(sb.lock_files[1], "/b") && sb.seccomp_fd_count == 2 &&
		      sb.seccomp_fds[1] == 3,
	      "lists");
	(void)parse("zbox --no-base --strict-dest --share-terminal --no-die-with-parent "
		    "--landlock-only --landlock=require --seccomp-profile build --seccomp-allow "
		    "ptrace --seccomp-deny=socket=EACCES --keep-fd 3 --keep-fd=4 --status-fd 5");
	check(!sb.base && sb.strict_dest && sb.share_terminal && !sb.die_with_parent &&
		      sb.landlock_only && sb.landlock == LANDLOCK_REQUIRE,
	      "zbox: the switches");
	check(same(sb.seccomp_profile, "build") && sb.seccomp_change_count == 2 &&
		      sb.seccomp_changes[0].allow && !sb.seccomp_changes[1].allow &&
		      same(sb.seccomp_changes[1].text, "socket=EACCES"),
	      "zbox: the profile and its changes");
	check(sb.keep_fd_count == 2 && sb.keep_fds[1] == 4 && sb.status_fd == 5,
	      "zbox: --keep-fd --status-fd");
	(void)parse("zbox --netns /run/netns/x --netns 3");
	check(sb.netns_fd == 3 && !sb.netns_path, "--netns with a descriptor");
	(void)parse("zbox --netns 3 --netns 3x");
	check(sb.netns_fd == -1 && same(sb.netns_path, "3x"), "--netns with a path");
}

static void test_namespaces(void)
{
	(void)parse("bwrap --unshare-all");
	check(sb.unshare == (CLONE_NEWNS | NAMESPACES) && sb.unshare_try == TRIED, "--unshare-all");
	(void)parse("bwrap --unshare-all --share-net");
	check(!(sb.unshare & CLONE_NEWNET), "--share-net takes back what was before");
	(void)parse("bwrap --share-net --unshare-all");
	check(sb.unshare & CLONE_NEWNET, "and not what comes after");
	(void)parse("bwrap --unshare-user --unshare-ipc --unshare-pid --unshare-net --unshare-uts "
		    "--unshare-cgroup");
	check(sb.unshare == (CLONE_NEWNS | NAMESPACES | TRIED) && !sb.unshare_try, "one by one");
	(void)parse("bwrap --unshare-user-try --unshare-cgroup-try");
	check(sb.unshare == CLONE_NEWNS && sb.unshare_try == TRIED, "only where possible");
	(void)parse("zbox --share-net --share-pid --share-ipc --share-uts --share-cgroup");
	check(sb.unshare == (CLONE_NEWNS | CLONE_NEWUSER), "zbox: --share-*");
	(void)parse("zbox --share-net --share-pid --share-ipc --share-uts --share-cgroup "
		    "--unshare-net --unshare-pid --unshare-ipc --unshare-uts --unshare-cgroup");
	check(sb.unshare == (CLONE_NEWNS | NAMESPACES | TRIED), "zbox: --unshare-* set them again");
}

int main(void)
{
	test_defaults();
	test_binds();
	test_created();
	test_perms();
	test_size();
	test_overlays();
	test_order();
	test_values();
	test_namespaces();
	sandbox_free(&sb);
	return test_done();
}
