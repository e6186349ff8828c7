/*
 * zbox-net-confine.c - zbox-net gives up what it does not need, before the first frame.
 *
 * It reads what a hostile sandbox sends, with a library in which such input has been fatal before.
 * Whoever takes it over should have the sockets that it is there for, and nothing else: sockets
 * only of the Internet's families, no memory that is both written and executed, no exec, no open.
 * network/confine.c has what is the same for all programs beside a sandbox.
 *
 * What an attacker would try: an allowed call with another meaning; those are held against their
 * arguments. The addresses of connect(2) cannot be: after a takeover, the host's loopback is within
 * reach.
 */
#include "network/zbox-net.h"

#include "network/confine.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

unsigned confine_limits(void)
{
	return confine_descriptors(FLOWS_TCP + FLOWS_UDP + NAMES_QUERIES + 2 * NAMES_STREAMS + 64);
}

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

static const struct confine_guard guarded[] = {
	{SYS_ioctl, 1, 2, UINT32_MAX, {FIONREAD, FIONBIO}},
	{SYS_fcntl, 1, 4, UINT32_MAX, {F_GETFL, F_SETFL, F_GETFD, F_SETFD}},
	{SYS_mmap, 2, 1, PROT_EXEC, {0}},
	{SYS_mprotect, 2, 1, PROT_EXEC, {0}},
	{SYS_socket, 0, 2, UINT32_MAX, {AF_INET, AF_INET6}},
};

int confine(void)
{
	const struct confine_calls calls = {allowed, COUNT(allowed), guarded, COUNT(guarded)};

	if (confine_rights() < 0 || confine_files(NULL, 0) < 0)
		return -1;
	return confine_filter(&calls);
}
