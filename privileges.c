/*
 * privileges.c - what the command may do: capabilities, no_new_privs, Landlock, seccomp.
 *
 * Everything here only takes away, and each step relies on those before it:
 *
 *   no_new_privs    first, while nothing of the sandbox exists: from here on no exec gains
 *                   anything, and Landlock and seccomp need no capability
 *   limits          of nested namespaces, while /proc/sys/user can still be written
 *   session keyring a new one, so that the caller's keys are nobody's possession in here
 *   core limit      no core files, and no core handler of the host's
 *   Landlock        after the last mount: it refuses every mount from then on
 *   bounding set, securebits    before the first fork, so that every process inherits them
 *   capability sets each process for itself: PID 1 none, the command what was asked for
 *   seccomp         last, since it may refuse all of the above
 *
 * The programs are chosen or compiled before anything is made, so that a wrong profile costs
 * nothing and its message comes from the caller's own process. There is no step after which a
 * failure is let pass; where a kernel lacks something, the line that tolerates it says why nothing
 * is lost by it.
 *
 * What an attacker would try: to make one of these steps fail silently (exhausted key quota, an
 * outer filter, an old kernel), or to find one of them not inherited by PID 1, by a late --enter,
 * or by the second user namespace.
 */
#include "privileges.h"

#include "capabilities.h"
#include "landlock.h"
#include "seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PROFILE_DEFAULT "strict"
#define PROFILE_NONE "none"

/* What a profile needs of the kernel beyond its own program. A profile in a file, and any with
 * --seccomp-allow, is taken to need what it allows: nobody can tell from outside. */
static const struct {
	const char *name;
	bool userns; /* user namespaces inside: not closed by /proc/sys/user */
	bool mounts; /* mounts inside: impossible under Landlock */
} needs[] = {
	{"desktop", true, false},
	{"nested", true, true},
	{"permissive", true, false},
	{PROFILE_NONE, true, false},
};

/* Without a network namespace (--landlock-only) this keeps the network away: sockets of the local
 * kind only. Landlock could refuse TCP alone. */
#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#define NUMBER_MASK 0xbfffffffU /* x32 numbers are the same calls */
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#define NUMBER_MASK 0xffffffffU
#else
#error "say which system call ABI is the native one"
#endif
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "args[0] is its low half first");

static const struct sock_filter only_local[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, NUMBER_MASK),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

/* Takes the code if it is owned. */
static int add_filter(struct privileges *p, struct sock_filter *code, unsigned short length,
		      bool owned)
{
	struct filter *filter = array_add(&p->filters, &p->filter_count, sizeof(*filter));

	if (!filter) {
		if (owned)
			free(code);
		return -1;
	}
	*filter = (struct filter){code, length, owned};
	return 0;
}

/* The kernel only reads a program, but struct sock_fprog wants it writable. */
static int add_builtin(struct privileges *p, const struct sock_filter *code, size_t length)
{
	return add_filter(p, (struct sock_filter *)(uintptr_t)code, (unsigned short)length, false);
}

/* A program as bubblewrap takes it, in its words: struct sock_filter after struct sock_filter. The
 * descriptor is closed, so that the same one twice is an error there and here. */
static int read_program(struct privileges *p, int fd)
{
	struct sock_filter *code;
	size_t length;
	char *data = read_fd(fd, UINT16_MAX * sizeof(*code), &length);

	if (!data)
		return fail(errno, "Can't read seccomp data");
	close_fd(&fd);
	if (length % sizeof(*code) != 0) {
		free(data);
		return fail(0, "Invalid seccomp data, must be multiple of 8");
	}
	/* malloc(3) aligns for any type */
	code = (struct sock_filter *)(void *)data;
	return add_filter(p, code, (unsigned short)(length / sizeof(*code)), true);
}

/* The profile comes first in the list: it is known to allow loading what comes after it. */
static int choose_profile(const struct sandbox *sb, struct privileges *p)
{
	const char *name = sb->seccomp_profile;
	const struct seccomp_builtin *builtin;
	struct sock_filter *code;
	unsigned short length;

	if (!name)
		name = sb->personality == PERSONALITY_ZBOX ? PROFILE_DEFAULT : PROFILE_NONE;
	if (sb->seccomp_change_count == 0) {
		if (strcmp(name, PROFILE_NONE) == 0)
			return 0;
		p->profile = name;
		builtin = seccomp_find(name);
		if (builtin)
			return add_builtin(p, builtin->code, builtin->length);
	}
	p->profile = name;
	if (seccomp_compile(sb, &code, &length) < 0)
		return -1;
	return add_filter(p, code, length, true);
}

/* Follows from the profile: nested user namespaces and Landlock. */
static int weigh_profile(const struct sandbox *sb, struct privileges *p)
{
	const char *name = p->profile ? p->profile : PROFILE_NONE;
	bool mounts = (p->keep_caps & (UINT64_C(1) << CAP_SYS_ADMIN)) != 0;
	bool zbox = sb->personality == PERSONALITY_ZBOX;

	/* a file of the user's, or changes on top of what ships */
	p->nested_userns = sb->seccomp_change_count > 0 || strchr(name, '/') != NULL;
	for (size_t i = 0; i < COUNT(needs); i++)
		if (strcmp(name, needs[i].name) == 0) {
			p->nested_userns |= needs[i].userns;
			mounts |= needs[i].mounts;
		}
	/* there is nothing to fall back to then */
	return landlock_choose(sb->landlock_only ? LANDLOCK_REQUIRE : sb->landlock, zbox, mounts,
			       &p->landlock_abi, &p->landlock_note);
}

int privileges_prepare(const struct sandbox *sb, uint64_t caller_caps, struct privileges *p)
{
	memset(p, 0, sizeof(*p));
	if (choose_profile(sb, p) < 0)
		return -1;
	for (size_t i = 0; i < sb->seccomp_fd_count; i++)
		if (read_program(p, sb->seccomp_fds[i]) < 0)
			return -1;
	if (sb->landlock_only && (sb->unshare & CLONE_NEWNET) &&
	    add_builtin(p, only_local, COUNT(only_local)) < 0)
		return -1;
	p->keep_caps = capabilities_wanted(sb, getuid(), caller_caps);
	return weigh_profile(sb, p);
}

void privileges_free(struct privileges *p)
{
	for (size_t i = 0; i < p->filter_count; i++)
		if (p->filters[i].owned)
			free(p->filters[i].code);
	free(p->filters);
	memset(p, 0, sizeof(*p));
}

int privileges_no_new(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? fail(errno, "no_new_privs") : 0;
}

int privileges_limit(const struct sandbox *sb, const struct privileges *p, int proc,
		     unsigned levels)
{
	/* Browsers make user, pid and network namespaces for each of their processes, but mounts
	 * are what a kernel bug needs, so none of those. */
	bool nested = p->nested_userns && !sb->disable_userns;
	unsigned users = (nested ? 64 : 0) + levels;
	char text[16];

	if (sb->personality == PERSONALITY_BWRAP)
		return 0;
	(void)snprintf(text, sizeof(text), "%u\n", users);
	if (write_file_at(proc, "sys/user/max_user_namespaces", text) < 0)
		return fail(errno, "/proc/sys/user/max_user_namespaces");
	if (!nested || !p->profile || strcmp(p->profile, "desktop") != 0)
		return 0;
	(void)snprintf(text, sizeof(text), "%u\n", levels);
	if (write_file_at(proc, "sys/user/max_mnt_namespaces", text) < 0)
		return fail(errno, "/proc/sys/user/max_mnt_namespaces");
	return 0;
}

/* A session keyring of our own: whoever holds the caller's in its credentials possesses the keys
 * in it, whatever the namespace (session-keyring(7)).
 *   ENOSYS  there are no keys in this kernel
 *   EPERM   an outer filter refuses keyctl(2) (Docker's does); it holds for the command too, which
 *           is why the refusal is tried out on a call that only reads
 *   EDQUOT  200 keys a user by default, and each running sandbox has one: then the profile's floor
 *           alone keeps keyctl(2), add_key(2) and request_key(2) from the command
 */
static int new_session_keyring(const struct privileges *p)
{
	int err;

	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0)
		return 0;
	err = errno;
	if (err == ENOSYS)
		return 0;
	if (err == EPERM &&
	    syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0) < 0 &&
	    errno == EPERM)
		return 0;
	if (err == EDQUOT && p->profile && !p->filters[0].owned)
		return 0;
	return fail(err, "session keyring");
}

/* A crash inside writes no core into a directory of the host, and does not start the host's core
 * handler on what it likes either: that runs whatever the limit is, unless it is 1, which is also
 * less than the smallest core (core(5); coredump_pipe() in Linux 6.18, fs/coredump.c). */
static int no_cores(const struct sandbox *sb)
{
	const struct rlimit limit = {1, 1}, none = {0, 0};

	for (size_t i = 0; i < sb->rlimit_count; i++)
		if (sb->rlimits[i].resource == RLIMIT_CORE)
			return 0; /* asked for: see resources.c */
	if (setrlimit(RLIMIT_CORE, &limit) == 0)
		return 0;
	/* the caller's own limit is 0, then it cannot be raised */
	return setrlimit(RLIMIT_CORE, &none) < 0 ? fail(errno, "RLIMIT_CORE") : 0;
}

int privileges_bound(const struct sandbox *sb, const struct privileges *p)
{
	return capabilities_bound(sb, p->keep_caps);
}

int privileges_reduce(const struct sandbox *sb, const struct privileges *p)
{
	/* bubblewrap's callers may hand keys on, and set the limit that they want */
	if (sb->personality == PERSONALITY_ZBOX && (new_session_keyring(p) < 0 || no_cores(sb) < 0))
		return -1;
	if (sb->landlock_only && landlock_only_apply(sb, p->landlock_abi) < 0)
		return -1;
	if (!sb->landlock_only && p->landlock_abi > 0 && landlock_apply(sb, p->landlock_abi) < 0)
		return -1;
	return privileges_bound(sb, p);
}

int privileges_drop(const struct sandbox *sb, const struct privileges *p, bool command)
{
	if (!command && sb->uid_map.count > 0)
		return capabilities_signal_only();
	return capabilities_keep(sb, command ? p->keep_caps : 0);
}

int privileges_read_late(const struct sandbox *sb, struct privileges *p)
{
	return sb->seccomp_fd >= 0 ? read_program(p, sb->seccomp_fd) : 0;
}

int privileges_filter(const struct sandbox *sb, const struct privileges *p)
{
	(void)sb;
	for (size_t i = 0; i < p->filter_count; i++) {
		struct sock_fprog program = {p->filters[i].length, p->filters[i].code};

		/* prctl(2), not seccomp(2): the same in the kernel, and the one that a program
		 * loaded before is more likely to have left open (`compute` and what Flatpak
		 * loads do); bubblewrap uses it too */
		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0)
			continue;
		if (errno == EINVAL)
			return fail(0, "Unable to set up system call filtering as requested: "
				       "the kernel refused the program (EINVAL): it is malformed, "
				       "or the kernel lacks CONFIG_SECCOMP_FILTER");
		return fail(errno, "system call filter %zu of %zu", i + 1, p->filter_count);
	}
	return 0;
}
