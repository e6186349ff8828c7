/*
 * floor.c - the least work that gives the sandbox of this command line, done by hand:
 *
 *   bwrap --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib
 *         --symlink usr/lib64 /lib64 --symlink usr/sbin /sbin
 *         --dev /dev --proc /proc --unshare-all -- COMMAND
 *
 * It is what the speed of zbox is measured against. No option is parsed, no path is checked, no
 * failure is explained; the result is the same: the same namespaces inside a user namespace, lo
 * up, a tmpfs root with the same mounts and flags, the host's root gone, a second user namespace
 * that gives the caller its own ids back, no capability in any set, no new privileges, a PID 1
 * that reaps, and a parent that ends with the command's status as soon as the command has ended.
 *
 * It is built twice. static-c is what anybody would get who wrote this by hand: a static program
 * with the system's C library. floor has no C library: glibc asks the processor what it can do
 * (CPUID) at every start, which a hypervisor answers in microseconds each time, a hundred times
 * over, and what the kernel itself takes does not contain that. In both PID 1 shares no memory with
 * its parent: a clone that did would be quicker, and no sandbox.
 */
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/if.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <linux/unistd.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define NAMESPACES                                                                                 \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | \
	 CLONE_NEWCGROUP)
#define DETACH 2 /* MNT_DETACH: sys/mount.h and linux/mount.h do not go together in glibc 2.36 */
#define COUNT(array) (sizeof(array) / sizeof(0 [array]))
#define INLINE static inline __attribute__((always_inline))

#if defined(__x86_64__)
#if !__STDC_HOSTED__
__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call begin\n");
#endif

INLINE long kernel(long number, long a, long b, long c, long d, long e)
{
	register long fourth __asm__("r10") = d;
	register long fifth __asm__("r8") = e;

	__asm__ volatile("syscall"
			 : "+a"(number)
			 : "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth)
			 : "rcx", "r11", "memory");
	return number;
}
#elif defined(__aarch64__)
#if !__STDC_HOSTED__
__asm__(".globl _start\n_start: mov x0, sp\n bl begin\n");
#endif

INLINE long kernel(long number, long a, long b, long c, long d, long e)
{
	register long nr __asm__("x8") = number;
	register long first __asm__("x0") = a;
	register long second __asm__("x1") = b;
	register long third __asm__("x2") = c;
	register long fourth __asm__("x3") = d;
	register long fifth __asm__("x4") = e;

	__asm__ volatile("svc 0"
			 : "+r"(first)
			 : "r"(nr), "r"(second), "r"(third), "r"(fourth), "r"(fifth)
			 : "memory");
	return first;
}
#endif

#define PTR(pointer) ((long)(intptr_t)(pointer))

static size_t length(const char *text)
{
	size_t n = 0;

	while (text[n] != '\0')
		n++;
	return n;
}

static char *append(char *to, const char *text)
{
	while (*text != '\0')
		*to++ = *text++;
	*to = '\0';
	return to;
}

static char *append_number(char *to, unsigned number)
{
	char digits[12], *d = digits + sizeof(digits) - 1;

	*d = '\0';
	do
		*--d = (char)('0' + number % 10);
	while ((number /= 10) != 0);
	return append(to, d);
}

static _Noreturn void leave(int status)
{
	for (;;)
		(void)kernel(__NR_exit_group, status, 0, 0, 0, 0);
}

static long must(long result, const char *what)
{
	if (result >= 0)
		return result;
	(void)kernel(__NR_write, 2, PTR(what), (long)length(what), 0, 0);
	(void)kernel(__NR_write, 2, PTR(": the floor gives way\n"), 22, 0, 0);
	leave(125);
}

static void write_text(const char *path, const char *text)
{
	long fd = must(kernel(__NR_openat, AT_FDCWD, PTR(path), O_WRONLY, 0, 0), path);

	(void)must(kernel(__NR_write, fd, PTR(text), (long)length(text), 0, 0), path);
	(void)kernel(__NR_close, fd, 0, 0, 0, 0);
}

/* One id, as the kernel lets anybody map it. */
static void map_id(const char *path, unsigned inside, unsigned outside)
{
	char line[40];

	(void)append(append_number(append(append_number(line, inside), " "), outside), " 1");
	write_text(path, line);
}

static void loopback_up(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	long fd = must(kernel(__NR_socket, AF_INET, SOCK_DGRAM, 0, 0, 0), "socket");

	(void)must(kernel(__NR_ioctl, fd, SIOCSIFFLAGS, PTR(&lo), 0, 0), "lo");
	(void)kernel(__NR_close, fd, 0, 0, 0, 0);
}

static void make_directory(const char *path)
{
	(void)must(kernel(__NR_mkdirat, AT_FDCWD, PTR(path), 0755, 0, 0), path);
}

static void mount_new(const char *type, const char *dest, unsigned flags, const char *data)
{
	(void)must(kernel(__NR_mount, PTR(type), PTR(dest), PTR(type), flags, PTR(data)), dest);
}

/* Flags are set before the mount is visible, as zbox has to. */
static void mount_bind(const char *source, const char *dest, uint64_t flags, unsigned recursive)
{
	struct mount_attr attr = {.attr_set = flags};
	long fd = must(kernel(__NR_open_tree, AT_FDCWD, PTR(source),
			      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive, 0, 0),
		       source);

	(void)must(kernel(__NR_mount_setattr, fd, PTR(""), AT_EMPTY_PATH | recursive, PTR(&attr),
			  sizeof(attr)),
		   source);
	(void)must(
		kernel(__NR_move_mount, fd, PTR(""), AT_FDCWD, PTR(dest), MOVE_MOUNT_F_EMPTY_PATH),
		dest);
	(void)kernel(__NR_close, fd, 0, 0, 0, 0);
}

static void make_link(const char *text, const char *path)
{
	(void)must(kernel(__NR_symlinkat, PTR(text), AT_FDCWD, PTR(path), 0, 0), path);
}

static void make_dev(void)
{
	static const char *const nodes[] = {"/dev/null",   "/dev/zero",    "/dev/full",
					    "/dev/random", "/dev/urandom", "/dev/tty"};

	make_directory("dev");
	mount_new("tmpfs", "dev", MS_NOSUID | MS_NODEV, "mode=0755");
	for (size_t i = 0; i < COUNT(nodes); i++) {
		const char *dest = nodes[i] + 1;

		(void)must(kernel(__NR_mknodat, AT_FDCWD, PTR(dest), S_IFREG | 0444, 0, 0), dest);
		mount_bind(nodes[i], dest, MOUNT_ATTR_NOSUID, 0);
	}
	make_link("/proc/self/fd/0", "dev/stdin");
	make_link("/proc/self/fd/1", "dev/stdout");
	make_link("/proc/self/fd/2", "dev/stderr");
	make_link("/proc/self/fd", "dev/fd");
	make_link("/proc/kcore", "dev/core");
	make_link("pts/ptmx", "dev/ptmx");
	make_directory("dev/shm");
	make_directory("dev/pts");
	mount_new("devpts", "dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620");
}

static void make_root(void)
{
	mount_new("tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "mode=0755");
	(void)must(kernel(__NR_chdir, PTR("/tmp"), 0, 0, 0, 0), "/tmp");
	make_directory("usr");
	mount_bind("/usr", "usr", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
		   AT_RECURSIVE);
	make_link("usr/bin", "bin");
	make_link("usr/lib", "lib");
	make_link("usr/lib64", "lib64");
	make_link("usr/sbin", "sbin");
	make_dev();
	make_directory("proc");
	mount_new("proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	(void)must(kernel(__NR_pivot_root, PTR("."), PTR("."), 0, 0, 0), "pivot_root");
	(void)must(kernel(__NR_umount2, PTR("."), DETACH, 0, 0, 0), "old root");
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};

	for (long cap = 0; cap <= CAP_LAST_CAP; cap++)
		(void)must(kernel(__NR_prctl, PR_CAPBSET_DROP, cap, 0, 0, 0), "bounding set");
	(void)must(kernel(__NR_capset, PTR(&header), PTR(none), 0, 0, 0), "capset");
}

/* The command is looked for in PATH, as execvp(3) does. */
INLINE void execute(char **command, char **environment)
{
	char path[4096];
	const char *at = "/usr/local/bin:/usr/bin:/bin";

	for (char **e = environment; *e != NULL; e++) {
		if ((*e)[0] == 'P' && (*e)[1] == 'A' && (*e)[2] == 'T' && (*e)[3] == 'H' &&
		    (*e)[4] == '=')
			at = *e + 5;
	}
	if (command[0][0] == '/')
		(void)kernel(__NR_execve, PTR(command[0]), PTR(command), PTR(environment), 0, 0);
	while (*at != '\0') {
		char *end = path;

		while (*at != '\0' && *at != ':' && end < path + 1024)
			*end++ = *at++;
		at += *at == ':';
		(void)append(append(end, "/"), command[0]);
		(void)kernel(__NR_execve, PTR(path), PTR(command), PTR(environment), 0, 0);
	}
	(void)must(-1, command[0]);
}

static int exit_status(int status)
{
	return (status & 127) == 0 ? status >> 8 & 255 : 128 + (status & 127);
}

/* PID 1 of the sandbox. */
static _Noreturn void inside(unsigned uid, unsigned gid, char **command, char **environment,
			     int result)
{
	int status = 0;
	long pid;

	map_id("/proc/self/uid_map", 0, uid);
	write_text("/proc/self/setgroups", "deny");
	map_id("/proc/self/gid_map", 0, gid);
	loopback_up();
	long mask = kernel(__NR_umask, 0, 0, 0, 0, 0);
	make_root();
	(void)must(kernel(__NR_unshare, CLONE_NEWUSER, 0, 0, 0, 0), "second user namespace");
	map_id("/proc/self/uid_map", uid, 0);
	map_id("/proc/self/gid_map", gid, 0);
	drop_capabilities();
	(void)kernel(__NR_umask, mask, 0, 0, 0, 0);
	pid = must(kernel(__NR_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0), "vfork");
	if (pid == 0)
		execute(command, environment);
	while (kernel(__NR_wait4, -1, PTR(&status), 0, 0, 0) != pid)
		;
	(void)kernel(__NR_write, result, PTR(&status), sizeof(status), 0, 0);
	leave(exit_status(status));
}

static _Noreturn void begin_with(long argc, char **argv, char **environment)
{
	struct clone_args args = {.flags = NAMESPACES, .exit_signal = SIGCHLD};
	int result[2], status = 125 << 8;
	long pid, uid = kernel(__NR_getuid, 0, 0, 0, 0, 0),
		  gid = kernel(__NR_getgid, 0, 0, 0, 0, 0);

	if (argc < 2)
		leave(125);
	(void)must(kernel(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	(void)must(kernel(__NR_pipe2, PTR(result), O_CLOEXEC, 0, 0, 0), "pipe");
	pid = must(kernel(__NR_clone3, PTR(&args), sizeof(args), 0, 0, 0), "clone3");
	if (pid == 0)
		inside((unsigned)uid, (unsigned)gid, argv + 1, environment, result[1]);
	(void)kernel(__NR_close, result[1], 0, 0, 0, 0);
	if (kernel(__NR_read, result[0], PTR(&status), sizeof(status), 0, 0) != sizeof(status))
		(void)kernel(__NR_wait4, pid, PTR(&status), 0, 0, 0);
	leave(exit_status(status));
}

#if __STDC_HOSTED__
int main(int argc, char **argv, char **environment)
{
	begin_with(argc, argv, environment);
}
#else
_Noreturn void begin(long *stack);
_Noreturn void begin(long *stack)
{
	char **argv = (char **)(stack + 1);

	begin_with(*stack, argv, argv + *stack + 1);
}
#endif
