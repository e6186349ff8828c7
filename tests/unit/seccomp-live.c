/*
 * The kernel's opinion: the programs are loaded in a child, and every call that they refuse is
 * made. None of these happens, so they can be tried with any arguments; what comes back has to be
 * the errno that the simulator says. Calls that are allowed are tried by hand.
 */
#include "test.h"

#include "../../seccomp.h"
#include "seccomp-rules.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const names[] = {"strict",    "build",   "network-client", "desktop",
				    "container", "compute", "permissive",     "nested"};

/* A kernel, or a filter around the test, that has no seccomp: nothing to see here. */
static bool load(const struct seccomp_builtin *b)
{
	struct sock_fprog program = {b->length, (struct sock_filter *)(uintptr_t)b->code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

/* Runs the check in a child under the profile. Returns its status as wait(2) gives it. */
static int under(const char *name, int (*what)(const struct seccomp_builtin *))
{
	const struct seccomp_builtin *b = seccomp_find(name);
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		/* a child that is killed leaves no core file */
		(void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		_exit(load(b) ? what(b) : 99);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return status;
}

static uint32_t native_audit(void)
{
	return machine_audit[machine_native()];
}

static const uint64_t tried[][6] = {
	{0, 0, 0, 0, 0, 0},
	{0x10000000, 0x5412, 06755, 0, 0, 0},
	{0x100000028, 0x100005412, 0x1000, 0, 0, 0},
	{40, 0x541c, 0x80, 0, 0, 0},
	{16, 3, 4, 0, 0, 0},
	{0x7e020000, 0xffffffff, 0xffffffff, 0, 0, 0},
	{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
};

/* The first number whose answer is not the simulated one, 0 none: it fits an exit status as 1. */
static int refused_calls(const struct seccomp_builtin *b)
{
	for (int number = 0; number < 1200; number++)
		for (size_t i = 0; i < COUNT(tried); i++) {
			struct seccomp_data data = {.nr = number, .arch = native_audit()};
			uint32_t answer = 0;
			long result;

			for (int a = 0; a < 6; a++)
				data.args[a] = tried[i][a];
			if (seccomp_simulate(b->code, b->length, &data, &answer) < 0)
				return 2;
			if ((answer & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO)
				continue;
			errno = 0;
			result = syscall(number, tried[i][0], tried[i][1], tried[i][2], tried[i][3],
					 tried[i][4], tried[i][5]);
			if (result != -1 || errno != (int)(answer & SECCOMP_RET_DATA))
				return 1;
		}
	return 0;
}

/* Failing here would be the profile's fault: everything is what a plain program does. */
static int ordinary_life(const struct seccomp_builtin *b)
{
	char path[] = "/tmp/zbox-seccomp-XXXXXX";
	int fd, status, pair[2];
	pid_t child;
	void *page;

	(void)b;
	fd = mkstemp(path);
	if (fd < 0 || write(fd, "x", 1) != 1 || unlink(path) < 0 || close(fd) < 0)
		return 1;
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED || mprotect(page, 4096, PROT_READ) < 0)
		return 2;
	child = fork();
	if (child == 0)
		_exit(7);
	if (child < 0 || waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 7)
		return 3;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return 4;
	return syscall(SYS_getppid) > 0 ? 0 : 5;
}

/* What an attacker would try first, each with the answer under strict. */
static int attacks(const struct seccomp_builtin *b)
{
	static const struct {
		long number, args[3];
		int error;
	} attack[] = {
		{SYS_socket, {40, 1, 0}, EAFNOSUPPORT},
		{SYS_socket, {0x100000028, 1, 0}, EAFNOSUPPORT},
		{SYS_socket, {38, 5, 0}, EAFNOSUPPORT},
		{SYS_ioctl, {0, 0x5412, 0}, EPERM},
		{SYS_ioctl, {0, 0x100005412, 0}, EPERM},
		{SYS_unshare, {0x10000000, 0, 0}, EPERM},
		{SYS_clone, {0x10000011, 0, 0}, EPERM},
		{SYS_clone3, {0, 0, 0}, ENOSYS},
		{SYS_keyctl, {0, -3, 0}, EPERM},
		{SYS_ptrace, {0, 0, 0}, EPERM},
		{SYS_bpf, {0, 0, 0}, EPERM},
		{SYS_userfaultfd, {1, 0, 0}, ENOSYS},
		{425, {1, 0, 0}, ENOSYS}, /* io_uring_setup */
		{SYS_fchmodat, {AT_FDCWD, 0, 04755}, EPERM},
		{SYS_mknodat, {AT_FDCWD, 0, S_IFCHR | 0666}, EPERM},
		{SYS_personality, {0x400000, 0, 0}, EPERM},
		{SYS_setns, {0, 0, 0}, EPERM},
		{100000, {0, 0, 0}, ENOSYS},
	};

	(void)b;
	for (size_t i = 0; i < COUNT(attack); i++) {
		errno = 0;
		if (syscall(attack[i].number, attack[i].args[0], attack[i].args[1],
			    attack[i].args[2]) != -1 ||
		    errno != attack[i].error)
			return (int)i + 1;
	}
	return 0;
}

#ifdef __x86_64__
/* getpid by the gate of 32-bit programs, and as an x32 call. */
static int i386_call(const struct seccomp_builtin *b)
{
	long result = 20;

	(void)b;
	__asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
	return 0;
}

static int x32_call(const struct seccomp_builtin *b)
{
	(void)b;
	(void)syscall(0x40000000 + SYS_getpid);
	return 0;
}
#endif

static bool killed(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

int main(void)
{
	for (size_t i = 0; i < COUNT(names); i++) {
		int status = under(names[i], refused_calls);

		if (WIFEXITED(status) && WEXITSTATUS(status) == 99) {
			check(true, "%s # SKIP no filter can be loaded here", names[i]);
			continue;
		}
		check(status == 0, "%s: every call that it refuses has the simulated errno (%d)",
		      names[i], status);
		status = under(names[i], ordinary_life);
		check(status == 0, "%s: files, memory, a child, a pair of sockets (%d)", names[i],
		      status);
#ifdef __x86_64__
		check(killed(under(names[i], i386_call)), "%s: an i386 call is the end", names[i]);
		check(killed(under(names[i], x32_call)), "%s: an x32 call is the end", names[i]);
#endif
	}
	check(under("strict", attacks) == 0, "strict: what an attacker would try first");
	return test_done();
}
