/*
 * confine.c - what the programs beside a sandbox give up before they look at anything of it.
 *
 *   descriptors    limited
 *   dumpable       no: nobody of the same user looks into them or takes their descriptors
 *   capabilities   none, also when root started them
 *   files          Landlock without a rule, where the kernel has it: no file can be opened,
 *                  no abstract socket connected, no process outside signalled
 *   system calls   a list of those that are needed, some of them held against an argument
 *
 * The filter refuses with EPERM rather than kills: a call that some C library makes on its way is
 * not worth the sandbox's network, and refused it is just as much out of reach.
 *
 * What an attacker who has taken one over would try: an allowed call with another meaning (ioctl on
 * a descriptor, a socket of another family, memory to execute). The caller's guards are for those.
 */
#include "network/confine.h"

#include "landlock.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCH AUDIT_ARCH_AARCH64
#else
#error "network/confine.c: which architecture is this?"
#endif

#define CALLS_MAX 120
#define GUARDS_MAX 8

unsigned confine_descriptors(unsigned wanted)
{
	struct rlimit files = {0}, core = {0};

	(void)setrlimit(RLIMIT_CORE, &core);
	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return 256;
	if (files.rlim_max > wanted)
		files.rlim_max = wanted;
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
	return (unsigned)files.rlim_cur;
}

/* ---- rights ---- */

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

int confine_rights(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(errno, "prctl");
	if (drop_capabilities() < 0)
		return -1;
	/* after the last change of credentials, which could make it dumpable again */
	return prctl(PR_SET_DUMPABLE, 0) < 0 ? fail(errno, "prctl") : 0;
}

int confine_files(const uint16_t *ports, size_t count)
{
	int abi = landlock_abi();
	struct landlock l;

	if (abi == 0)
		return 0; /* before Linux 5.13: no file can be opened by the filter's word alone */
	if (landlock_begin(&l, abi, ports != NULL) < 0)
		return -1;
	for (size_t i = 0; ports && abi >= 4 && i < count; i++) {
		if (landlock_grant_connect(&l, ports[i]) == 0)
			continue;
		close_fd(&l.ruleset);
		return -1;
	}
	return landlock_end(&l);
}

/* ---- system calls ---- */

struct program {
	struct sock_filter code[4 + 2 * CALLS_MAX + 13 * GUARDS_MAX + 1];
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
static void add_guard(struct program *p, const struct confine_guard *g)
{
	/* another call: over the load, the mask, the values, and the refusal */
	add(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)g->call, 0, (uint8_t)(2 * g->count + 3));
	add_load(p, offsetof(struct seccomp_data, args) + (size_t)8 * g->argument);
	add(p, BPF_ALU | BPF_AND | BPF_K, g->mask, 0, 0);
	for (unsigned v = 0; v < g->count; v++) {
		add(p, BPF_JMP | BPF_JEQ | BPF_K, g->values[v], 0, 1);
		add(p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	}
	add(p, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
}

int confine_filter(const struct confine_calls *calls)
{
	struct program p = {.length = 0};
	struct sock_fprog whole = {.filter = p.code};

	if (calls->allowed_count > CALLS_MAX || calls->guarded_count > GUARDS_MAX)
		return fail(0, "seccomp: more calls than there is room for");
	add_load(&p, offsetof(struct seccomp_data, arch));
	add(&p, BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCH, 1, 0);
	add(&p, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	add_load(&p, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < calls->allowed_count; i++) {
		add(&p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls->allowed[i], 0, 1);
		add(&p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	}
	for (size_t i = 0; i < calls->guarded_count; i++)
		add_guard(&p, &calls->guarded[i]);
	add(&p, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
	whole.len = p.length;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole) < 0)
		return fail(errno, "seccomp");
	return 0;
}
