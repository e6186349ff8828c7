/*
 * capabilities.c - names, sets and limits of capabilities(7), without libcap.
 *
 * A process that made a user namespace holds every capability in it, and uid 0 gets all of them
 * back at each exec, whatever capset(2) took away before. Four things, in this order, end that:
 *
 *   1. bounding set: what is not in it cannot be gained by any exec
 *   2. securebits: uid 0 is no longer special (NOROOT), changing ids moves no capability
 *      (NO_SETUID_FIXUP), nothing is ever raised to ambient again; each with its lock
 *   3. capset: effective, permitted and inheritable are what the command is to have; the kernel
 *      takes out of the ambient set whatever is in neither (capabilities(7))
 *   4. no_new_privs, set long before, so that file capabilities and set-uid bits do nothing
 *
 * Any single one of 1, 2 and 4 is enough for uid 0 without capabilities; each is there because the
 * others might be missing in a kernel, in a fault, or in a later change of this program.
 *
 * What an attacker would try: exec as uid 0, set-uid and file capabilities, raising ambient, a new
 * user namespace (full sets again, but in a namespace that owns nothing: the filter and the limits
 * in /proc/sys/user are for that).
 */
#include "capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* By number: capability.h of the kernel. */
static const char *const names[] = {
	"cap_chown",
	"cap_dac_override",
	"cap_dac_read_search",
	"cap_fowner",
	"cap_fsetid",
	"cap_kill",
	"cap_setgid",
	"cap_setuid",
	"cap_setpcap",
	"cap_linux_immutable",
	"cap_net_bind_service",
	"cap_net_broadcast",
	"cap_net_admin",
	"cap_net_raw",
	"cap_ipc_lock",
	"cap_ipc_owner",
	"cap_sys_module",
	"cap_sys_rawio",
	"cap_sys_chroot",
	"cap_sys_ptrace",
	"cap_sys_pacct",
	"cap_sys_admin",
	"cap_sys_boot",
	"cap_sys_nice",
	"cap_sys_resource",
	"cap_sys_time",
	"cap_sys_tty_config",
	"cap_mknod",
	"cap_lease",
	"cap_audit_write",
	"cap_audit_control",
	"cap_setfcap",
	"cap_mac_override",
	"cap_mac_admin",
	"cap_syslog",
	"cap_wake_alarm",
	"cap_block_suspend",
	"cap_audit_read",
	"cap_perfmon",
	"cap_bpf",
	"cap_checkpoint_restore",
};

/* Headers newer than the table: add the row. Older ones lack nothing, the rows are numbers. */
_Static_assert(COUNT(names) > CAP_LAST_CAP, "a capability of the headers has no name here");

/* Nothing is kept: uid 0 means nothing any more, and none of that can be taken back. */
#define SECUREBITS_EMPTY                                                                           \
	(SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |                           \
	 SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |   \
	 SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

/* Something is kept: then programs that change from uid 0 to another user inside rely on losing it
 * by that (apt's fetcher, setpriv, daemons), so the fix-up of setuid(2) stays as it is. */
#define SECUREBITS_KEEP                                                                            \
	(SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |                      \
	 SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

static uint64_t bit(int cap)
{
	return UINT64_C(1) << cap;
}

int capability_from_name(const char *name, int *cap)
{
	const char *bare = strncasecmp(name, "cap_", 4) == 0 ? name + 4 : name;
	int64_t number;

	if (strcasecmp(name, "all") == 0) {
		*cap = -1;
		return 0;
	}
	for (size_t i = 0; i < COUNT(names); i++)
		if (strcasecmp(bare, names[i] + 4) == 0) {
			*cap = (int)i;
			return 0;
		}
	if (parse_number(name, 0, (int64_t)COUNT(names) - 1, &number) == 0) {
		*cap = (int)number;
		return 0;
	}
	return fail(0, "unknown cap: %s", name);
}

const char *capability_name(int cap)
{
	return cap >= 0 && (size_t)cap < COUNT(names) ? names[cap] : NULL;
}

uint64_t capabilities_wanted(const struct sandbox *sb, uid_t caller, uint64_t caller_caps)
{
	bool inherits = sb->personality == PERSONALITY_BWRAP && caller == 0;
	uint64_t wanted = inherits ? caller_caps : 0;

	for (size_t i = 0; i < sb->cap_count; i++) {
		const struct cap_change *change = &sb->caps[i];
		uint64_t bits = change->cap < 0 ? CAPABILITIES_ALL : bit(change->cap);

		wanted = change->add ? wanted | bits : wanted & ~bits;
	}
	return wanted;
}

static uint64_t join(uint32_t low, uint32_t high)
{
	return low | (uint64_t)high << 32;
}

int capabilities_get(struct capability_sets *sets)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	memset(data, 0, sizeof(data));
	if (syscall(SYS_capget, &header, data) < 0)
		return fail(errno, "capget");
	sets->effective = join(data[0].effective, data[1].effective);
	sets->permitted = join(data[0].permitted, data[1].permitted);
	sets->inheritable = join(data[0].inheritable, data[1].inheritable);
	return 0;
}

/* Raw, so that libcap is not needed. Returns 0, or -1 with errno; does not call fail(). */
static int capset_all(uint64_t active, uint64_t inheritable)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{(uint32_t)active, (uint32_t)active, (uint32_t)inheritable},
		{(uint32_t)(active >> 32), (uint32_t)(active >> 32), (uint32_t)(inheritable >> 32)},
	};

	return syscall(SYS_capset, &header, data) < 0 ? -1 : 0;
}

/* One call a capability, there is no other way: 41 calls on Linux 6.18. The first number that the
 * kernel does not know is the end; that it does not know it is asked for a second time, so that an
 * EINVAL from elsewhere (a filter, a fault) does not pass for the end. */
static int drop_bounding(uint64_t keep, bool tolerant)
{
	for (int cap = 0; cap < 64; cap++) {
		if (keep & bit(cap) || prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) < 0 && errno == EINVAL)
			return 0;
		/* bubblewrap goes on, no_new_privs being what it relies on: kernels before 4.4
		 * gave EPERM without reason (its pull request 175) */
		if (tolerant && (errno == EINVAL || errno == EPERM))
			continue;
		return fail(errno, "Dropping capability %d from bounds", cap);
	}
	return 0;
}

int capabilities_bound(const struct sandbox *sb, uint64_t keep)
{
	bool bwrap = sb->personality == PERSONALITY_BWRAP;
	bool own_userns = ((sb->unshare | sb->unshare_try) & CLONE_NEWUSER) != 0 ||
			  sb->userns_fd >= 0 || sb->userns2_fd >= 0;
	/* raising to ambient is still to be done where something is kept: capabilities_keep() */
	unsigned long securebits = keep ? SECBIT_NOROOT | SECBIT_NOROOT_LOCKED : SECUREBITS_EMPTY;

	/* bubblewrap leaves the bounding set of a root that stays in its namespace alone */
	if (bwrap && !own_userns)
		return 0;
	/* no namespace of ours and no capability in the caller's: no_new_privs is all there is */
	if (sb->landlock_only && geteuid() != 0)
		return 0;
	/* a root that asked for no change keeps its sets (keep_unchanged()): there nothing but the
	 * bounding set takes away at its exec what the new user namespace has given it */
	if (drop_bounding(keep, bwrap && (!keep || sb->cap_count > 0)) < 0)
		return -1;
	/* under bubblewrap's name uid 0 with --cap-add is a root as one knows it */
	if (!bwrap && prctl(PR_SET_SECUREBITS, securebits, 0, 0, 0) < 0)
		return fail(errno, "securebits");
	return 0;
}

static int raise_ambient(uint64_t caps, bool tolerant)
{
	for (int cap = 0; cap < 64; cap++) {
		if (!(caps & bit(cap)) ||
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) == 0)
			continue;
		if (tolerant && (errno == EINVAL || errno == EPERM))
			continue;
		return fail(errno, "Adding ambient capability %d", cap);
	}
	return 0;
}

/* A root caller under the name bwrap who asked for no change: its sets stay, but for what its
 * inheritable set lets it raise. (systemd-nspawn refuses capset(2), bubblewrap pull request 122.)
 */
static int keep_unchanged(uint64_t keep)
{
	struct capability_sets now = {0};

	if (capabilities_get(&now) < 0)
		return -1;
	return raise_ambient(keep & now.permitted & now.inheritable, true);
}

/* ALL means what there is. One that was asked for by name and is not there (an older kernel) is an
 * error, not something to go on without. */
static int check_named(const struct sandbox *sb, uint64_t missing)
{
	for (size_t i = 0; i < sb->cap_count; i++) {
		int cap = sb->caps[i].cap;

		if (sb->caps[i].add && cap >= 0 && (missing & bit(cap)))
			return fail(EPERM, "--cap-add %s", names[cap]);
	}
	return 0;
}

/* Something is kept. CAP_SETPCAP is held on to until the last securebit is closed. */
static int keep_some(const struct sandbox *sb, uint64_t keep, bool bwrap)
{
	struct capability_sets now = {0};
	uint64_t able;

	if (capabilities_get(&now) < 0)
		return -1;
	able = keep & now.permitted; /* the kernel would refuse the whole set for one more */
	if (!bwrap && check_named(sb, keep & ~able) < 0)
		return -1;
	if (capset_all(able | (now.permitted & bit(CAP_SETPCAP)), able) < 0)
		return fail(errno, "capset failed");
	if (raise_ambient(able, bwrap) < 0)
		return -1;
	if (!bwrap && prctl(PR_SET_SECUREBITS, SECUREBITS_KEEP, 0, 0, 0) < 0)
		return fail(errno, "securebits");
	if (capset_all(able, able) < 0)
		return fail(errno, "capset failed");
	return 0;
}

int capabilities_keep(const struct sandbox *sb, uint64_t keep)
{
	bool bwrap = sb->personality == PERSONALITY_BWRAP;

	if (keep && bwrap && sb->cap_count == 0)
		return keep_unchanged(keep);
	if (keep)
		return keep_some(sb, keep, bwrap);
	/* with nothing in permitted and inheritable nothing is left in ambient either */
	return capset_all(0, 0) < 0 ? fail(errno, "capset failed") : 0;
}

int capabilities_signal_only(void)
{
	return capset_all(bit(CAP_KILL), 0) < 0 ? fail(errno, "capset failed") : 0;
}
