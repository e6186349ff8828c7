/*
 * deny-syscalls.c - makes system calls fail, to see what a program does where they are missing.
 *
 *   deny-syscalls ENOSYS|EPERM CALL... -- COMMAND [ARG...]
 *
 * The filter is inherited by everything that the command starts. An old kernel says ENOSYS; the
 * filters of some container managers say EPERM to calls that they do not know.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(0 [array]))
#define CALLS_MAX 32

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

static const struct {
	const char *name;
	unsigned number;
} known[] = {
	{"openat2", SYS_openat2},
	{"clone3", SYS_clone3},
	{"close_range", SYS_close_range},
	{"mount_setattr", SYS_mount_setattr},
	{"open_tree", SYS_open_tree},
	{"move_mount", SYS_move_mount},
	{"fsopen", SYS_fsopen},
	{"fsconfig", SYS_fsconfig},
	{"fsmount", SYS_fsmount},
	{"pidfd_open", SYS_pidfd_open},
	{"landlock_create_ruleset", SYS_landlock_create_ruleset},
	{"landlock_add_rule", SYS_landlock_add_rule},
	{"landlock_restrict_self", SYS_landlock_restrict_self},
	{"unshare", SYS_unshare},
};

static int find(const char *name)
{
	for (size_t i = 0; i < COUNT(known); i++) {
		if (strcmp(known[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

static int install(const unsigned *numbers, size_t count, unsigned err)
{
	struct sock_filter code[CALLS_MAX + 6];
	struct sock_fprog program = {.filter = code};
	unsigned short n = 0;

	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, arch));
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < count; i++)
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, numbers[i],
							 (unsigned char)(count - i), 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | err);
	program.len = n;
	/* Without no_new_privs where it is allowed: set-id helpers behind the filter go on working.
	 */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0)
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int argc, char **argv)
{
	unsigned numbers[CALLS_MAX], err;
	size_t count = 0;
	int i = 2;

	if (argc < 3) {
		(void)fputs("usage: deny-syscalls ENOSYS|EPERM CALL... -- COMMAND\n", stderr);
		return 2;
	}
	err = strcmp(argv[1], "EPERM") == 0 ? EPERM : ENOSYS;
	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		int at = find(argv[i]);

		if (at < 0 || count == CALLS_MAX) {
			(void)fprintf(stderr, "deny-syscalls: %s is not in the table\n", argv[i]);
			return 2;
		}
		numbers[count++] = known[at].number;
	}
	if (i + 1 >= argc || install(numbers, count, err) < 0) {
		perror("deny-syscalls");
		return 2;
	}
	(void)execvp(argv[i + 1], argv + i + 1);
	perror(argv[i + 1]);
	return 127;
}
