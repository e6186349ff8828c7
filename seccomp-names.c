/*
 * seccomp-names.c - names of system calls, constants and errors, and what they stand for.
 *
 * The calls come from generated/calls.h. The constants are those of the kernel's headers; the
 * table holds only names whose value is the same on every machine that zbox compiles for (no O_*,
 * of which four differ on arm64), because the build compiles the profiles of all machines on one.
 */
#include "seccomp-rules.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/keyctl.h>
#include <linux/netlink.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/kd.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

const struct seccomp_call seccomp_calls[] = {
#include "seccomp-profiles/generated/calls.h"
};

_Static_assert(COUNT(seccomp_calls) == SECCOMP_CALLS, "set SECCOMP_CALLS to the table's length");

const char *const machine_names[MACHINES] = {
	[MACHINE_X86_64] = "x86_64",
	[MACHINE_ARM64] = "arm64",
	[MACHINE_I386] = "i386",
};

const uint32_t machine_audit[MACHINES] = {
	[MACHINE_X86_64] = AUDIT_ARCH_X86_64,
	[MACHINE_ARM64] = AUDIT_ARCH_AARCH64,
	[MACHINE_I386] = AUDIT_ARCH_I386,
};

struct constant {
	char name[40];
	uint64_t value;
};

/* Names that the oldest headers we build with do not have. */
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef TIOCCONS
#define TIOCCONS 0x541D
#endif

#define NAME(name)                                                                                 \
	{                                                                                          \
#name, (uint64_t)(name)                                                            \
	}
/* ioprio.h and seccomp.h of user space are younger than these numbers, which cannot change */
#define VALUE(name, value)                                                                         \
	{                                                                                          \
#name, value                                                                       \
	}

static const struct constant constants[] = {
	/* socket families */
	NAME(AF_UNSPEC),
	NAME(AF_UNIX),
	NAME(AF_INET),
	NAME(AF_AX25),
	NAME(AF_IPX),
	NAME(AF_APPLETALK),
	NAME(AF_X25),
	NAME(AF_INET6),
	NAME(AF_KEY),
	NAME(AF_NETLINK),
	NAME(AF_PACKET),
	NAME(AF_RDS),
	NAME(AF_LLC),
	NAME(AF_CAN),
	NAME(AF_TIPC),
	NAME(AF_BLUETOOTH),
	NAME(AF_RXRPC),
	NAME(AF_PHONET),
	NAME(AF_IEEE802154),
	NAME(AF_ALG),
	NAME(AF_NFC),
	NAME(AF_VSOCK),
	NAME(AF_KCM),
	NAME(AF_QIPCRTR),
	NAME(AF_SMC),
	NAME(AF_XDP),
	/* socket types, below the flags that share the argument */
	NAME(SOCK_STREAM),
	NAME(SOCK_DGRAM),
	NAME(SOCK_RAW),
	NAME(SOCK_RDM),
	NAME(SOCK_SEQPACKET),
	NAME(SOCK_DCCP),
	NAME(SOCK_PACKET),
	/* netlink protocols */
	NAME(NETLINK_ROUTE),
	NAME(NETLINK_SOCK_DIAG),
	NAME(NETLINK_XFRM),
	NAME(NETLINK_SELINUX),
	NAME(NETLINK_AUDIT),
	NAME(NETLINK_CONNECTOR),
	NAME(NETLINK_NETFILTER),
	NAME(NETLINK_KOBJECT_UEVENT),
	NAME(NETLINK_GENERIC),
	NAME(NETLINK_CRYPTO),
	/* terminals and keyboards */
	NAME(TCGETS),
	NAME(TCSETS),
	NAME(TCSETSW),
	NAME(TCSETSF),
	NAME(TCSBRK),
	NAME(TCXONC),
	NAME(TCFLSH),
	NAME(TIOCEXCL),
	NAME(TIOCSCTTY),
	NAME(TIOCGPGRP),
	NAME(TIOCSPGRP),
	NAME(TIOCOUTQ),
	NAME(TIOCSTI),
	NAME(TIOCGWINSZ),
	NAME(TIOCSWINSZ),
	NAME(TIOCLINUX),
	NAME(TIOCCONS),
	NAME(TIOCNOTTY),
	NAME(TIOCSETD),
	NAME(TIOCGETD),
	NAME(TIOCGSID),
	NAME(TIOCGPTN),
	NAME(TIOCSPTLCK),
	NAME(TIOCVHANGUP),
	NAME(FIONREAD),
	NAME(FIONBIO),
	NAME(FIOASYNC),
	NAME(FIOCLEX),
	NAME(FIONCLEX),
	NAME(FIOQSIZE),
	NAME(KDSKBMODE),
	NAME(KDSKBENT),
	NAME(KDSKBSENT),
	NAME(KDSKBDIACR),
	NAME(KDSKBDIACRUC),
	NAME(KDSETKEYCODE),
	NAME(KDSKBMETA),
	NAME(KDSKBLED),
	NAME(KDSETMODE),
	NAME(KDSETLED),
	NAME(KDFONTOP),
	/* namespaces and threads */
	NAME(CLONE_NEWNS),
	NAME(CLONE_NEWCGROUP),
	NAME(CLONE_NEWUTS),
	NAME(CLONE_NEWIPC),
	NAME(CLONE_NEWUSER),
	NAME(CLONE_NEWPID),
	NAME(CLONE_NEWNET),
	NAME(CLONE_NEWTIME),
	NAME(CLONE_VM),
	NAME(CLONE_FS),
	NAME(CLONE_FILES),
	NAME(CLONE_SIGHAND),
	NAME(CLONE_PIDFD),
	NAME(CLONE_PTRACE),
	NAME(CLONE_UNTRACED),
	NAME(CLONE_VFORK),
	NAME(CLONE_PARENT),
	NAME(CLONE_THREAD),
	NAME(CLONE_SYSVSEM),
	NAME(CLONE_IO),
	/* file types and modes */
	NAME(S_IFMT),
	NAME(S_IFREG),
	NAME(S_IFDIR),
	NAME(S_IFCHR),
	NAME(S_IFBLK),
	NAME(S_IFIFO),
	NAME(S_IFSOCK),
	NAME(S_IFLNK),
	NAME(S_ISUID),
	NAME(S_ISGID),
	NAME(S_ISVTX),
	/* personality(2) */
	NAME(PER_LINUX),
	NAME(PER_LINUX32),
	VALUE(PER_QUERY, 0xffffffff), /* changes nothing, tells what is set */
	NAME(UNAME26),
	NAME(ADDR_NO_RANDOMIZE),
	NAME(READ_IMPLIES_EXEC),
	NAME(MMAP_PAGE_ZERO),
	NAME(ADDR_COMPAT_LAYOUT),
	/* priorities */
	NAME(PRIO_PROCESS),
	NAME(PRIO_PGRP),
	NAME(PRIO_USER),
	VALUE(IOPRIO_WHO_PROCESS, 1),
	VALUE(IOPRIO_WHO_PGRP, 2),
	VALUE(IOPRIO_WHO_USER, 3),
	/* memory */
	NAME(PROT_READ),
	NAME(PROT_WRITE),
	NAME(PROT_EXEC),
	NAME(MAP_SHARED),
	NAME(MAP_PRIVATE),
	NAME(MAP_FIXED),
	NAME(MAP_ANONYMOUS),
	/* seccomp(2) */
	VALUE(SECCOMP_SET_MODE_STRICT, 0),
	VALUE(SECCOMP_SET_MODE_FILTER, 1),
	VALUE(SECCOMP_GET_ACTION_AVAIL, 2),
	VALUE(SECCOMP_GET_NOTIF_SIZES, 3),
	VALUE(SECCOMP_FILTER_FLAG_TSYNC, 1),
	VALUE(SECCOMP_FILTER_FLAG_LOG, 2),
	VALUE(SECCOMP_FILTER_FLAG_SPEC_ALLOW, 4),
	VALUE(SECCOMP_FILTER_FLAG_NEW_LISTENER, 8),
	/* prctl(2) */
	NAME(PR_SET_PDEATHSIG),
	NAME(PR_GET_DUMPABLE),
	NAME(PR_SET_DUMPABLE),
	NAME(PR_SET_KEEPCAPS),
	NAME(PR_SET_NAME),
	NAME(PR_GET_NAME),
	NAME(PR_SET_SECCOMP),
	NAME(PR_CAPBSET_READ),
	NAME(PR_CAPBSET_DROP),
	NAME(PR_SET_SECUREBITS),
	NAME(PR_SET_TIMERSLACK),
	NAME(PR_SET_MM),
	NAME(PR_SET_PTRACER),
	NAME(PR_SET_CHILD_SUBREAPER),
	NAME(PR_SET_NO_NEW_PRIVS),
	NAME(PR_GET_NO_NEW_PRIVS),
	NAME(PR_SET_THP_DISABLE),
	NAME(PR_CAP_AMBIENT),
	NAME(PR_SET_SPECULATION_CTRL),
	NAME(PR_SET_IO_FLUSHER),
	NAME(PR_SET_VMA),
	/* keyctl(2) */
	NAME(KEYCTL_GET_KEYRING_ID),
	NAME(KEYCTL_JOIN_SESSION_KEYRING),
	NAME(KEYCTL_SEARCH),
	NAME(KEYCTL_READ),
};

struct error_name {
	char name[20];
	int number;
};

#define ERROR(name)                                                                                \
	{                                                                                          \
#name, name                                                                        \
	}

static const struct error_name errors[] = {
	ERROR(EPERM),
	ERROR(ENOENT),
	ERROR(ESRCH),
	ERROR(EINTR),
	ERROR(EIO),
	ERROR(ENXIO),
	ERROR(E2BIG),
	ERROR(ENOEXEC),
	ERROR(EBADF),
	ERROR(ECHILD),
	ERROR(EAGAIN),
	ERROR(ENOMEM),
	ERROR(EACCES),
	ERROR(EFAULT),
	ERROR(ENOTBLK),
	ERROR(EBUSY),
	ERROR(EEXIST),
	ERROR(EXDEV),
	ERROR(ENODEV),
	ERROR(ENOTDIR),
	ERROR(EISDIR),
	ERROR(EINVAL),
	ERROR(ENFILE),
	ERROR(EMFILE),
	ERROR(ENOTTY),
	ERROR(ETXTBSY),
	ERROR(EFBIG),
	ERROR(ENOSPC),
	ERROR(ESPIPE),
	ERROR(EROFS),
	ERROR(EMLINK),
	ERROR(EPIPE),
	ERROR(EDOM),
	ERROR(ERANGE),
	ERROR(EDEADLK),
	ERROR(ENAMETOOLONG),
	ERROR(ENOLCK),
	ERROR(ENOSYS),
	ERROR(ENOTEMPTY),
	ERROR(ELOOP),
	ERROR(ENODATA),
	ERROR(EOVERFLOW),
	ERROR(ENOTSOCK),
	ERROR(EMSGSIZE),
	ERROR(EPROTOTYPE),
	ERROR(ENOPROTOOPT),
	ERROR(EPROTONOSUPPORT),
	ERROR(ESOCKTNOSUPPORT),
	ERROR(EOPNOTSUPP),
	ERROR(EPFNOSUPPORT),
	ERROR(EAFNOSUPPORT),
	ERROR(EADDRINUSE),
	ERROR(EADDRNOTAVAIL),
	ERROR(ENETDOWN),
	ERROR(ENETUNREACH),
	ERROR(ECONNREFUSED),
	ERROR(ETIMEDOUT),
	ERROR(EALREADY),
	ERROR(EDQUOT),
	ERROR(ECANCELED),
	ERROR(ENOKEY),
	{"ENOTSUP", EOPNOTSUPP}, /* the same number: printed by the name above */
};

int machine_native(void)
{
#if defined(__x86_64__) && !defined(__ILP32__)
	return MACHINE_X86_64;
#elif defined(__aarch64__) && !defined(__ILP32__)
	return MACHINE_ARM64;
#else
	return -1;
#endif
}

/* Whether the name of the given length, which need not end there, is the whole of the text. */
static bool same(const char *text, const char *name, size_t length)
{
	return strncmp(text, name, length) == 0 && text[length] == '\0';
}

int seccomp_call_find(const char *name, size_t length)
{
	size_t low = 0, high = SECCOMP_CALLS;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const char *text = seccomp_calls[middle].name;
		int order = strncmp(name, text, length);

		if (order == 0 && text[length] == '\0')
			return (int)middle;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}

int seccomp_call_at(enum machine machine, unsigned number)
{
	for (size_t i = 0; i < SECCOMP_CALLS; i++)
		if (seccomp_calls[i].number[machine] >= 0 &&
		    (unsigned)seccomp_calls[i].number[machine] == number)
			return (int)i;
	return -1;
}

unsigned seccomp_table_end(enum machine machine)
{
	unsigned end = 0;

	for (size_t i = 0; i < SECCOMP_CALLS; i++)
		if (seccomp_calls[i].number[machine] >= (int)end)
			end = (unsigned)seccomp_calls[i].number[machine] + 1;
	return end;
}

/* utils.h has numbers with a sign: half of a mask of 64 bits would not fit. */
static bool parse_word(const char *text, size_t length, uint64_t *value)
{
	unsigned base = length > 2 && text[0] == '0' && text[1] == 'x' ? 16
			: length > 1 && text[0] == '0'                 ? 8
								       : 10;
	uint64_t sum = 0;

	for (size_t i = base == 16 ? 2 : 0; i < length; i++) {
		char c = text[i];
		unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
				 : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
							: 99;

		if (digit >= base || sum > (UINT64_MAX - digit) / base)
			return false;
		sum = sum * base + digit;
	}
	*value = sum;
	return length > 0;
}

bool seccomp_value(const char *text, size_t length, uint64_t *value)
{
	for (size_t i = 0; i < COUNT(constants); i++) {
		if (same(constants[i].name, text, length)) {
			*value = constants[i].value;
			return true;
		}
	}
	return parse_word(text, length, value);
}

int seccomp_errno(const char *name, size_t length)
{
	for (size_t i = 0; i < COUNT(errors); i++)
		if (same(errors[i].name, name, length))
			return errors[i].number;
	return 0;
}

const char *seccomp_errno_name(int number)
{
	for (size_t i = 0; i < COUNT(errors); i++)
		if (errors[i].number == number)
			return errors[i].name;
	return NULL;
}
