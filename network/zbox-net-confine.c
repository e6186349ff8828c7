/*
 * zbox-net-confine.c - zbox-net gives up what it does not need, before the first frame.
 *
 * It reads what a hostile sandbox sends, with a library in which such input has been fatal before.
 * Whoever takes it over should have the sockets that it is there for, and nothing else:
 *
 *   descriptors    limited, which limits the flows too
 *   dumpable       no: nobody of the same user looks into it or takes its descriptors
 *   capabilities   none, also when root started it
 *   files          Landlock without a rule, where the kernel has it: no file can be opened,
 *                  no abstract socket connected, no process outside signalled
 *   system calls   a list of those that are needed; sockets only of the Internet's families, no
 *                  memory that is both written and executed, no exec, no open
 *
 * The filter refuses with EPERM rather than kills: a call that some C library makes on its way is
 * not worth the sandbox's network, and refused it is just as much out of reach.
 *
 * What an attacker would try: an allowed call with another meaning (ioctl on the interface, socket
 * of another family, mmap to execute); those are held against their arguments. The addresses of
 * connect(2) cannot be: after a takeover, the host's loopback is within reach.
 */
#include "network/zbox-net.h"

#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCH AUDIT_ARCH_AARCH64
#else
#error "zbox-net: which architecture is this?"
#endif

/* ---- limits ---- */

unsigned confine_limits(void)
{
	struct rlimit files = {0}, core = {0};
	rlim_t wanted = FLOWS_TCP + FLOWS_UDP + NAMES_QUERIES + 2 * NAMES_STREAMS + 64;

	(void)setrlimit(RLIMIT_CORE, &core);
	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return 256;
	if (files.rlim_max > wanted)
		files.rlim_max = wanted;
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
	return (unsigned)files.rlim_cur;
}

/* ---- system calls ---- */

static const int allowed[] = {
	/* frames and sockets */
	SYS_read,
	SYS_write,
	SYS_readv,
	SYS_writev,
	SYS_recvfrom,
	SYS_recvmsg,
	SYS_sendto,
	SYS_sendmsg,
	SYS_connect,
	SYS_accept4,
	SYS_shutdown,
	SYS_getsockname,
	SYS_getpeername,
	SYS_getsockopt,
	SYS_setsockopt,
	SYS_close,
#ifdef SYS_poll
	SYS_poll,
#endif
	SYS_ppoll,
	/* memory */
	SYS_brk,
	SYS_munmap,
	SYS_mremap,
	SYS_madvise,
	SYS_futex,
	/* time, chance, the end */
	SYS_clock_gettime,
	SYS_clock_nanosleep,
	SYS_gettimeofday,
	SYS_getrandom,
	SYS_restart_syscall,
	SYS_rt_sigreturn,
	SYS_rt_sigprocmask,
	SYS_getpid,
	SYS_gettid,
	SYS_exit,
	SYS_exit_group,
};

/* Calls of which an argument, masked, has to be one of these values. */
static const struct {
	int call;
	unsigned argument;
	uint32_t mask;
	unsigned count;
	uint32_t values[4];
} guarded[] = {
	{SYS_ioctl, 1, UINT32_MAX, 2, {FIONREAD, FIONBIO}},
	{SYS_fcntl, 1, UINT32_MAX, 4, {F_GETFL, F_SETFL, F_GETFD, F_SETFD}},
	{SYS_mmap, 2, PROT_EXEC, 1, {0}},
	{SYS_mprotect, 2, PROT_EXEC, 1, {0}},
	{SYS_socket, 0, UINT32_MAX, 2, {AF_INET, AF_INET6}},
};

struct program {
	struct sock_filter code[256];
	unsigned short length;
};

static void add(struct program *p, uint16_t code, uint32_t value, uint8_t yes, uint8_t no)
{
	p->code[p->length++] = (struct sock_filter){code, yes, no, value};
}

static void add_load(struct program *p, size_t offset)
{
	add(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* Only the low half of an argument counts: all of these are int or smaller to the kernel. */
static void add_guarded(struct program *p, size_t i)
{
	unsigned count = guarded[i].count;

	/* another call: over the load, the mask, the values, and the refusal */
	add(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)guarded[i].call, 0, (uint8_t)(2 * count + 3));
	add_load(p, offsetof(struct seccomp_data, args) + (size_t)8 * guarded[i].argument);
	add(p, BPF_ALU | BPF_AND | BPF_K, guarded[i].mask, 0, 0);
	for (unsigned v = 0; v < count; v++) {
		add(p, BPF_JMP | BPF_JEQ | BPF_K, guarded[i].values[v], 0, 1);
		add(p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	}
	add(p, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
}

static int load_filter(void)
{
	struct program p = {.length = 0};
	struct sock_fprog whole = {.filter = p.code};

	add_load(&p, offsetof(struct seccomp_data, arch));
	add(&p, BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCH, 1, 0);
	add(&p, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	add_load(&p, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < COUNT(allowed); i++) {
		add(&p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)allowed[i], 0, 1);
		add(&p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	}
	for (size_t i = 0; i < COUNT(guarded); i++)
		add_guarded(&p, i);
	add(&p, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
	whole.len = p.length;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole) < 0)
		return fail(errno, "seccomp");
	return 0;
}

/* ---- the rest ---- */

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}};

	for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		(void)prctl(PR_CAPBSET_DROP, cap); /* only who has CAP_SETPCAP has to */
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &header, none) < 0)
		return fail(errno, "capset");
	return 0;
}

static int close_files(void)
{
	int abi = landlock_abi();
	struct landlock l;

	if (abi == 0)
		return 0; /* before Linux 5.13: no file can be opened by the filter's word alone */
	if (landlock_begin(&l, abi, false) < 0)
		return -1;
	return landlock_end(&l);
}

int confine(void)
{
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(errno, "prctl");
	if (drop_capabilities() < 0 || close_files() < 0)
		return -1;
	return load_filter();
}
