/*
 * options-systems.c - rows of the option table: whole root file systems, and ranges of ids.
 *
 * Together they are what a container is made of: a tree that comes from elsewhere, with the owners
 * that it came with. What is said here is only taken down; idmap.c and rootfs.c look at the host.
 */
#include "options-table.h"

#include <string.h>

#define FIELD(name) .field = offsetof(struct sandbox, name)

/* INNER:OUTER:COUNT, or with uid: or gid: in front for one kind alone. */
static int add_map_line(struct parser *p, const char *text)
{
	const char *rest = text;
	struct map_line map = {true, true, {0}}, *slot;
	uint32_t *const numbers[] = {&map.line.inner, &map.line.outer, &map.line.count};

	if (strncmp(text, "uid:", 4) == 0 || strncmp(text, "gid:", 4) == 0) {
		map.uids = text[0] == 'u';
		map.gids = text[0] == 'g';
		rest += 4;
	}
	for (size_t i = 0; i < COUNT(numbers); i++) {
		size_t length = strcspn(rest, ":");
		int64_t number = 0;
		char digits[16] = "";

		if (length < sizeof(digits))
			memcpy(digits, rest, length);
		if (digits[0] == '-' || parse_number(digits, 0, UINT32_MAX, &number) < 0 ||
		    (rest[length] == ':') != (i + 1 < COUNT(numbers)))
			return fail(0, "--map takes root, keep, auto or INNER:OUTER:COUNT, not %s",
				    text);
		*numbers[i] = (uint32_t)number;
		rest += length + (rest[length] == ':');
	}
	slot = array_add(&p->sb->map_lines, &p->sb->map_line_count, sizeof(*slot));
	if (!slot)
		return -1;
	*slot = map;
	return 0;
}

static int add_map(struct parser *p, const struct option *o, char **arg)
{
	struct sandbox *sb = p->sb;

	(void)o;
	if (strcmp(arg[0], "root") == 0)
		sb->map_caller = MAP_CALLER_ROOT;
	else if (strcmp(arg[0], "keep") == 0)
		sb->map_caller = MAP_CALLER_KEEP;
	else if (strcmp(arg[0], "auto") == 0)
		sb->map_auto = true;
	else
		return add_map_line(p, arg[0]);
	return 0;
}

static int set_oci(struct parser *p, const struct option *o, char **arg)
{
	p->sb->oci = true;
	return set_text(p, o, arg);
}

static int set_rootfs_overlay(struct parser *p, const struct option *o, char **arg)
{
	(void)o;
	p->sb->rootfs_overlay = true;
	p->sb->rootfs_overlay_dir = arg[0];
	return 0;
}

int check_systems(const struct sandbox *sb)
{
	bool ranges = sb->map_auto || sb->map_line_count > 0;

	if (sb->map_caller != MAP_CALLER_DEFAULT && !ranges && (sb->uid >= 0 || sb->gid >= 0))
		return fail(0,
			    "--map %s cannot be combined with --uid and --gid: it says what "
			    "the ids inside are",
			    sb->map_caller == MAP_CALLER_KEEP ? "keep" : "root");
	if (ranges && sb->name && (sb->uid >= 0 || sb->gid >= 0))
		return fail(0, "--name cannot be combined with --uid and --gid among the ids of "
			       "--map: who enters would be another than the command");
	if (sb->keep_groups && !ranges)
		return fail(0, "--keep-groups requires --map with a range: without one the kernel "
			       "lets nobody drop a group, and they are kept");
	return 0;
}

const struct option options_systems[] = {
	{.name = "rootfs",
	 .args = "DIR|FILE",
	 .apply = set_text,
	 .personality = FOR_ZBOX,
	 FIELD(rootfs),
	 .once = true,
	 .conflicts = "landlock-only oci",
	 .help = "Use a directory, or what a tar archive holds, as the root",
	 .man = "The root inside is the tree in the directory DIR, read-only. It comes before "
		"everything else that is put in, whatever the order of the words, and /proc, "
		"/dev, /tmp, /run and /var/tmp of it are covered as in DEFAULTS. The command "
		"starts in the caller's working directory only if that was put in by itself, "
		"else in HOME, which is /root for user 0, else in /. A FILE is a tar archive, "
		"plain "
		"or compressed with gzip, xz or zstd. It is unpacked once, by zbox-unpack in a "
		"sandbox of its own, to $XDG_CACHE_HOME/zbox or ~/.cache/zbox, and found there the "
		"next time. Its owners have to be in the map of ids: usually that takes --map "
		"auto. Device nodes below dev/ and extended attributes are left out."},
	{.name = "oci",
	 .args = "DIR|FILE",
	 .apply = set_oci,
	 .personality = FOR_ZBOX,
	 FIELD(rootfs),
	 .once = true,
	 .conflicts = "landlock-only",
	 .help = "Use a container image as the root, with its command",
	 .man = "The root inside is that of a container image: the OCI layout in DIR, or a FILE "
		"made by docker save. Behind either may stand a colon and the tag of an image, "
		"which is needed where there are several. Its layers, plain or compressed with "
		"gzip, xz or zstd, are compared with their sha256 digests and put one over the "
		"other in the cache of --rootfs, of whose archives all else is true. Of what the "
		"image says, its environment, working directory, user, entrypoint and command are "
		"used, where the command line does not say otherwise: --setenv, --chdir, --uid "
		"and --gid win, and words of a command take the place of both its entrypoint and "
		"its command. A user other than 0 that owns files of its own takes --map auto. "
		"Supplementary groups, volumes, ports and the like are not looked at."},
	{.name = "rootfs-writable",
	 .args = "",
	 .apply = set_true,
	 .personality = FOR_ZBOX,
	 FIELD(rootfs_writable),
	 .needs = "rootfs",
	 .conflicts = "rootfs-overlay",
	 .help = "Changes of the --rootfs go to its directory",
	 .man = "The --rootfs is writable, as far as the caller may write in its directory: what "
		"is changed inside is changed there."},
	{.name = "rootfs-overlay",
	 .args = "[DIR]",
	 .apply = set_rootfs_overlay,
	 .personality = FOR_ZBOX,
	 .once = true,
	 .needs = "rootfs|oci",
	 .help = "Changes of the --rootfs vanish, or are kept in DIR",
	 .man = "The --rootfs is writable inside and stays as it is outside. Without DIR changes "
		"are kept in memory and vanish at the end. With DIR, which is made if it is "
		"missing, they are kept in DIR/changes and are there the next time; DIR/work is "
		"the kernel's. One DIR belongs to one --rootfs and one sandbox at a time. Needs "
		"Linux 5.11."},
	{.name = "map",
	 .args = "MAP",
	 .apply = add_map,
	 .personality = FOR_ZBOX,
	 .conflicts = "userns userns-block-fd landlock-only",
	 .help = "Ids inside, as root, keep, auto or a range",
	 .man = "Which user and group ids there are inside. root: the caller is 0, and nobody "
		"else is there; this is the default. keep: the caller has its own ids. auto: all "
		"of the caller's ranges in /etc/subuid and /etc/subgid as well, in the numbers "
		"that are left, from 0 on. INNER:OUTER:COUNT: COUNT ids from OUTER outside are "
		"those from INNER inside; with uid: or gid: in front only users or groups. May be "
		"repeated: --map keep --map auto is the caller with its own ids among those of "
		"its ranges. Anything but root and keep is written by newuidmap(1) and "
		"newgidmap(1), which have to be installed. The caller is always in the map, and "
		"is who the command runs as, unless --uid and --gid name others of it. "
		"Supplementary groups are dropped, but see --keep-groups. Files of other ids can "
		"be touched with --cap-add chown, dac_override and fowner, and only where their "
		"ids are in the map: zbox --map auto --cap-add dac_override --ro-bind /usr /usr "
		"--bind DIR DIR -- rm -rf DIR/tree removes what such ids own."},
	{.name = "keep-groups",
	 .args = "",
	 .apply = set_true,
	 .personality = FOR_ZBOX,
	 FIELD(keep_groups),
	 .help = "Keep supplementary groups where there are ranges of ids",
	 .man = "With --map and ranges the command keeps the caller's supplementary groups, and "
		"with them the files that these may use. Those that are not in the map are shown "
		"as nogroup."},
	{0},
};
