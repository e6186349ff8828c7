/*
 * sandbox.h - struct sandbox: everything that was asked for, and nothing that happened.
 *
 * The option parser is the only writer. base.c adds the default root while the struct is still
 * being made; from then on every module holds it const, so that the plan that --explain prints is
 * the plan that runs. What happens at run time (pids, pipes, descriptors of helpers) is in struct
 * run, private to sandbox.c.
 *
 * Rules of the fields: unset is -1, NULL, or an enum's first value, never a second field. Strings
 * are borrowed from argv or from one of the buffers that the struct owns; arrays are owned and
 * freed by sandbox_free().
 */
#ifndef ZBOX_SANDBOX_H
#define ZBOX_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ZBOX_VERSION "0.1.0"
#define BWRAP_VERSION "0.11.1" /* the bubblewrap whose options and texts are kept */

/* Which program we are: decides the defaults, the texts and the exit statuses (docs/design.md, 1).
 */
enum personality { PERSONALITY_ZBOX, PERSONALITY_BWRAP };

/* Where a part of the plan came from, for --explain. */
struct origin {
	const char *file; /* NULL: the command line; "base": added by base.c; else a file or "--args
			     N" */
	unsigned at;      /* word number on the command line, line number in a file, 0 unknown */
	unsigned column;  /* in the line of a profile, 0: not from one */
};

enum mount_kind {
	MOUNT_BIND,        /* source on dest, recursive */
	MOUNT_BIND_FD,     /* what fd refers to on dest, recursive */
	MOUNT_REMOUNT_RO,  /* the one mount at dest becomes read-only */
	MOUNT_TMPFS,       /* an empty file system at dest */
	MOUNT_PROC,        /* procfs at dest */
	MOUNT_DEV,         /* a minimal /dev at dest */
	MOUNT_MQUEUE,      /* POSIX message queues at dest */
	MOUNT_DIR,         /* a directory is made if missing */
	MOUNT_FILE,        /* a file is made with what fd holds */
	MOUNT_DATA,        /* an anonymous file with what fd (or text) holds is bound on dest */
	MOUNT_SYMLINK,     /* dest is a link with the text source */
	MOUNT_CHMOD,       /* dest gets perms */
	MOUNT_OVERLAY,     /* layers below, source on top, work beside it */
	MOUNT_TMP_OVERLAY, /* layers below, changes kept in memory until the end */
	MOUNT_RO_OVERLAY,  /* layers only */
	MOUNT_SCRATCH,     /* base.c: a writable directory of the root's own tmpfs */
	MOUNT_MASK,        /* an empty file or directory on dest; with MOUNT_READONLY itself */
	MOUNT_KINDS
};

enum mount_flag {
	MOUNT_READONLY = 1 << 0,
	MOUNT_DEVICES = 1 << 1, /* device nodes work there */
	MOUNT_CHANGES = 1 << 5, /* --try: an overlay whose upper directory try.c makes */
	MOUNT_CREATE = 1 << 3,  /* the source directory is made when it does not exist */
	MOUNT_TRY = 1 << 2,     /* skip when the source does not exist */
	MOUNT_OWN = 1 << 4      /* overlays: missing places of mounts may be made in it */
};

/* One operation on the new root. They are executed in the order of the list. */
struct mount {
	enum mount_kind kind;
	unsigned flags;     /* enum mount_flag */
	const char *source; /* host path, link text, or overlay's upper directory; NULL: none */
	const char *dest;   /* path inside the new root, as it was given */
	const char
		*text; /* MOUNT_FILE, MOUNT_DATA: the contents, when they come from zbox itself */
	const char *work;    /* MOUNT_OVERLAY: its work directory */
	const char **layers; /* overlays: lower directories, bottom first; owned */
	size_t layer_count;
	const char *options; /* overlays: --overlay-opt, joined with commas; NULL none */
	int fd;              /* the caller's descriptor, -1 none */
	int perms;           /* permission bits, -1 not given */
	uint64_t size;       /* tmpfs: bytes, 0 not given */
	struct origin origin;
};

enum env_action { ENV_SET, ENV_UNSET, ENV_CLEAR, ENV_KEEP, ENV_KEEP_ALL };

/* One change of the environment, in the order given. ENV_KEEP copies one variable of the caller. */
struct env_change {
	enum env_action action;
	const char *name, *value;
	struct origin origin;
};

/* --cap-add and --cap-drop, in the order given. */
struct cap_change {
	bool add;
	int cap; /* number as in capabilities(7), -1 ALL */
};

/* --seccomp-allow and --seccomp-deny, in the order given. */
struct seccomp_change {
	bool allow;
	const char *text; /* CALL or CALL=ERRNO */
};

/* --rlimit: one for each resource. */
struct rlimit_change {
	int resource; /* RLIMIT_* */
	uint64_t soft, hard;
};
#define RLIMIT_UNLIMITED UINT64_MAX

/* Limits of a control group: what everything inside may use together. cgroup/limits.c has a row for
 * each. */
enum cgroup_limit_kind {
	CGROUP_MEMORY,
	CGROUP_MEMORY_HIGH,
	CGROUP_SWAP,
	CGROUP_CPUS,
	CGROUP_CPU_WEIGHT,
	CGROUP_PIDS,
	CGROUP_IO_MAX,
	CGROUP_IO_WEIGHT,
	CGROUP_CPUSET,
	CGROUP_LIMITS
};

#define IO_RATES 4 /* rbps, wbps, riops, wiops */

/* One for each kind; of CGROUP_IO_MAX one for each device. */
struct cgroup_limit {
	enum cgroup_limit_kind kind;
	const char *text;         /* the operand */
	uint64_t value;           /* bytes, a number, a weight, 1/100,000 of a processor */
	size_t device;            /* CGROUP_IO_MAX: length of the device in text */
	uint64_t rates[IO_RATES]; /* a second; 0 not given */
};

/* What may be missing. */
enum best_effort { BEST_EFFORT_UNSET, BEST_EFFORT_LIMITS, BEST_EFFORT_NONE };
#define NICE_UNSET INT32_MAX
#define OOM_SCORE_UNSET INT32_MAX
/* Where the command's network comes from. NET_NAMESPACES: as unshare, netns_fd and netns_path say,
 * which is also what none and host become. */
enum net_mode {
	NET_NAMESPACES,
	NET_SLIRP,
	NET_SLIRP4NETNS, /* that program */
	NET_PASTA,       /* that program */
	NET_JOIN
};

enum net_ipv6 { NET_IPV6_AUTO, NET_IPV6_ON, NET_IPV6_OFF };

/* --net-open: what of the host's surroundings user-mode networking may reach. */
struct net_open {
	bool lan;      /* private networks; else the host's loopback, */
	uint16_t port; /* this port of it; 0 all */
};

enum net_sni { NET_SNI_OFF, NET_SNI_STRICT };

/* --allow and --deny, in the order given. */
struct net_rule {
	bool allow;
	const char *text; /* HOST[:PORT[-PORT]][/tcp|udp], see network/rules.h */
};

/* Parts of the caller's desktop: desktop/ makes operations and variables of them. */
enum preset_kind {
	PRESET_WAYLAND,
	PRESET_X11,
	PRESET_AUDIO,
	PRESET_PIPEWIRE,
	PRESET_GPU,
	PRESET_CAMERA,
	PRESET_JOYSTICK,
	PRESET_CUPS,
	PRESET_FONTS,
	PRESET_THEMES,
	PRESET_HOME,
	PRESET_CACHE,
	PRESET_DBUS,
	PRESET_DBUS_SYSTEM,
	PRESET_FILES,
	PRESET_PORTALS,
	PRESET_KINDS
};

/* The two buses of D-Bus. */
enum bus { BUS_SESSION, BUS_SYSTEM, BUSES };

/* What of a bus passes: a rule of xdg-dbus-proxy, as --talk=org.example.Name. */
struct bus_rule {
	enum bus bus;
	const char *kind, *operand; /* talk, org.example.Name */
};

/* What it means that the host does not have it. FALLBACK: as TRY, and not wanted beside Wayland.
 * STRICT: as REQUIRED, and in no weaker form. */
enum preset_need { PRESET_REQUIRED, PRESET_TRY, PRESET_FALLBACK, PRESET_STRICT };

struct preset {
	enum preset_kind kind;
	enum preset_need need;
	const char *name;       /* of the option */
	const char *operand;    /* NULL: it has none */
	size_t mounts, changes; /* how many operations and variables were there before it */
	const char *missing;    /* why it was left out; NULL: it was not, or not looked for yet */
	struct origin origin;
};

/* One end of what --publish and --forward carry. */
struct port_end {
	const char
		*host; /* an address, at the far end of --forward also a name; NULL the default */
	const char *path; /* of a Unix socket, instead of a port; NULL none */
	uint16_t port;    /* the first of them */
};

/* Ports one after the other, listened to at one end and connected to at the other. */
struct net_port {
	bool forward; /* from inside to outside; else from outside to inside */
	bool udp;
	uint16_t count;
	struct port_end from, to;
};
#define NET_PORTS_MAX 1024 /* in all */

enum landlock_mode { LANDLOCK_DEFAULT, LANDLOCK_OFF, LANDLOCK_AUTO, LANDLOCK_REQUIRE };

/* --map: what the caller's own id is inside. DEFAULT: 0, where no line of the map says otherwise.
 */
enum map_caller { MAP_CALLER_DEFAULT, MAP_CALLER_ROOT, MAP_CALLER_KEEP };

/* count ids from outer on are those from inner on inside. */
struct id_line {
	uint32_t inner, outer, count;
};

/* --map INNER:OUTER:COUNT */
struct map_line {
	bool uids, gids; /* for which of them */
	struct id_line line;
};

/* All of a map; no lines: the caller's id alone. */
struct id_map {
	struct id_line *lines; /* owned */
	size_t count;
	uint32_t own; /* the caller's id inside */
};

/* What is printed instead of running anything. */
enum print_what {
	PRINT_NOTHING,
	PRINT_HELP,
	PRINT_VERSION,
	PRINT_MAN,
	PRINT_BASH,
	PRINT_ZSH,
	PRINT_FISH,
	PRINT_EXPLAIN,
	PRINT_EXPLAIN_JSON,
	PRINT_DOCTOR,
	PRINT_DOCTOR_JSON,
	PRINT_SECCOMP_SHOW,
	PRINT_SECCOMP_WHY,
	PRINT_DESKTOP_ENTRY,
	PRINT_CHANGES,
	PRINT_APPLY,
	PRINT_DISCARD,
	PRINT_PROFILES
};

/* What is done with sandboxes that run, instead of running anything. */
enum manage_what {
	MANAGE_NOTHING,
	MANAGE_LIST,
	MANAGE_LIST_JSON,
	MANAGE_ENTER,
	MANAGE_KILL,
	MANAGE_WAIT,
	MANAGE_FREEZE,
	MANAGE_THAW,
	MANAGE_UPDATE,
	MANAGE_STATS,
	MANAGE_STATS_JSON
};

/* An option that is no operation on the root, with its operands, for --explain. */
struct choice {
	const char *name, *operands[3];
	struct origin origin;
};

struct warning {
	const char *text;  /* owned by the struct's buffers or static */
	bool level_prefix; /* --level-prefix had been seen when it was noted */
	bool note;         /* nothing is wrong: not said with --quiet */
};

#define OPTION_GROUPS 24 /* room of sandbox.given: groups of the option table, 32 rows each */

struct sandbox {
	enum personality personality;
	uint32_t given[OPTION_GROUPS]; /* which options were there at all; see option_given() */

	/* files */
	struct mount *mounts;
	size_t mount_count;
	bool base;             /* add the default root (base.c) */
	bool read_only;        /* the root itself becomes read-only once it is assembled */
	bool strict_dest;      /* a destination whose last part is a symlink is refused */
	bool tolerate_remount; /* --not-a-security-boundary: flags that a submount refuses only warn
				*/
	const char *try_keep;  /* where --try leaves the changes, NULL: asks */
	bool try_diff, json;   /* --diff; the list as JSON */
	const char *
		*overlay_options; /* --overlay-opt, for the overlay that follows; see options.c */
	size_t overlay_option_count;

	/* a whole system */
	const char *rootfs; /* --rootfs or --oci, NULL none */
	bool oci;           /* it is an image, DIR[:TAG] or FILE[:TAG] */
	bool rootfs_writable;
	bool rootfs_overlay;            /* changes go elsewhere: */
	const char *rootfs_overlay_dir; /* there, NULL: they vanish */

	/* namespaces: CLONE_NEW* bits */
	unsigned unshare;                    /* must be new */
	unsigned unshare_try;                /* new where the kernel has them */
	int userns_fd, userns2_fd, pidns_fd; /* joined; -1 none */
	int netns_fd;                        /* joined, -1 none */
	const char *netns_path;              /* joined, NULL none */
	int64_t boottime, monotonic;         /* offsets of clocks, microseconds */
	bool disable_userns, assert_userns_disabled;

	/* network: what goes beyond the namespace */
	enum net_mode net;
	int64_t net_pid;        /* NET_JOIN: a process of the other sandbox, */
	const char *net_name;   /* or its name, NULL none */
	int64_t net_mtu;        /* bytes, 0 the default */
	enum net_ipv6 net_ipv6; /* AUTO until network_choose() */
	struct net_open *net_open;
	size_t net_open_count;
	uint32_t net_network;  /* --net-cidr, as a number of this machine; 0 the default */
	unsigned net_prefix;   /* bits of it */
	const char **outbound; /* --outbound-addr, addresses, one of each family */
	size_t outbound_count;
	struct net_rule *net_rules;
	size_t net_rule_count;
	const char **dns; /* --dns, addresses; none: the host's servers */
	size_t dns_count;
	enum net_sni net_sni;
	const char *net_log, *net_pcap; /* files, NULL none */
	struct net_port *ports;         /* --publish, --forward */
	size_t port_count;
	bool proxy_protocol;      /* --publish-proxy-protocol */
	const char *net_resolver; /* text of resolv.conf, from network_choose(); NULL the host's */

	/* the desktop: of each kind one, but for caches; the last that was given */
	struct preset *presets;
	size_t preset_count;
	struct bus_rule *bus_rules;
	size_t bus_rule_count;
	const char *buses[BUSES];    /* sockets of the host, from desktop_add(); NULL: not given */
	const char *bus_directory;   /* where inside theirs are to be made; NULL: no bus */
	const char *app_info;        /* --portals: text of /.flatpak-info; NULL: no portals */
	const char *app_id;          /* the application's name in it */
	const char *instance;        /* and of the folder that it names, in */
	const char *instances;       /* this directory of the host */
	const char *context_display; /* socket of Wayland with a security context; NULL: none */
	const char *context_directory; /* where inside the command's is to be made */
	const char *context_app;       /* who the command is there */

	/* identity */
	int64_t uid, gid; /* inside; -1: the personality's default */
	enum map_caller map_caller;
	bool map_auto; /* the caller's ranges */
	struct map_line *map_lines;
	size_t map_line_count;
	struct id_map uid_map, gid_map; /* from idmap_choose(), where ranges are wanted */
	bool keep_groups;               /* supplementary ones, beside ranges */
	const char *hostname;           /* NULL: the personality's default */
	const char *chdir;              /* NULL: see identity.c */
	struct env_change *env;
	size_t env_count;

	/* privileges */
	struct cap_change *caps;
	size_t cap_count;
	const char *seccomp_profile; /* NULL: the personality's default; name or path */
	struct seccomp_change *seccomp_changes;
	size_t seccomp_change_count;
	int seccomp_fd;   /* --seccomp, -1 none */
	int *seccomp_fds; /* --add-seccomp-fd */
	size_t seccomp_fd_count;
	enum landlock_mode landlock;
	bool landlock_only;                  /* no namespaces at all */
	const char *exec_label, *file_label; /* SELinux */

	/* limits */
	struct rlimit_change *rlimits;
	size_t rlimit_count;
	int nice;                 /* NICE_UNSET: the caller's */
	int oom_score;            /* OOM_SCORE_UNSET: the caller's */
	const char *cpu_affinity; /* list of processors, NULL: the caller's */
	struct cgroup_limit *cgroup_limits;
	size_t cgroup_limit_count;
	const char *cgroup;           /* directory to make the control group in, NULL: found */
	enum best_effort best_effort; /* what may be missing */
	uint64_t time_limit;          /* microseconds, 0 none */
	uint64_t cpu_limit;           /* the same, of user and system time */
	bool stats;                   /* a summary on standard error at the end */
	const char *stats_file, *meta_file; /* NULL none */
	uint64_t grace;                     /* between SIGTERM and SIGKILL, microseconds */

	/* life */
	const char *name;  /* under which it can be found while it runs, NULL none */
	bool join;         /* --join: where one of that name runs, the command goes into it */
	const char *asked; /* digest of what was asked for, from join_running(); NULL not to be
			      joined */
	bool die_with_parent;
	bool as_pid_1;
	bool new_session;    /* setsid() for the command */
	bool share_terminal; /* no terminal of its own */
	const char **lock_files;
	size_t lock_file_count;
	int sync_fd, block_fd, userns_block_fd, info_fd, json_status_fd, status_fd;
	int *keep_fds; /* zbox closes every other descriptor above 2 */
	size_t keep_fd_count;

	/* what to say */
	bool level_prefix;
	bool quiet; /* no notes */
	enum print_what print;
	const char **profiles; /* that were read, in order */
	size_t profile_count;
	struct choice *choices;
	size_t choice_count;
	const char *print_arg; /* --seccomp-show NAME, --desktop-entry APP, --changes DIR ... */
	bool remove_entry;     /* --remove */
	enum manage_what manage;
	const char *manage_name; /* of the sandbox */
	int manage_signal;       /* --kill, 0: everything is killed */
	struct warning *warnings;
	size_t warning_count;

	/* the command */
	const char *argv0; /* NULL: command[0] */
	char **command;    /* NULL-terminated tail of argv; NULL: none. --seccomp-why: CALL ARG...
			      --enter: what is run */

	/* memory that the strings above point into */
	void **buffers;
	size_t buffer_count;
};

/* The values before the first word is read; everything that is not named is 0 or NULL. */
void sandbox_init(struct sandbox *sb, enum personality personality);

/* Frees what the struct owns. The struct is not usable afterwards. */
void sandbox_free(struct sandbox *sb);

/* Appends an operation with the given kind and destination; its other fields are unset.
 * Returns it, valid until the next call, or NULL after fail(). */
struct mount *sandbox_mount(struct sandbox *sb, enum mount_kind kind, const char *dest);

/* Moves the masks behind all other operations, which keep their order. Returns 0, or -1 after
 * fail(). */
int sandbox_masks_last(struct sandbox *sb);

/* Whether a published port leads to the loopback inside: what is open to this machine alone leads
 * to what is open to the sandbox alone, and the rest to the interface inside. */
bool port_leads_to_loopback(const struct net_port *port);

/* Makes the struct the owner of heap memory; frees it at once when that fails.
 * Returns the memory, or NULL after fail(). */
void *sandbox_own(struct sandbox *sb, void *memory);

#endif
