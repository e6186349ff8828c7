/*
 * attack.c - run inside a sandbox, tries to get hold of zbox's own processes there: PID 1 while it
 * still lets go of its rights, helpers, and whoever enters.
 *
 *   attack MILLISECONDS
 *
 * Every process of the namespace but those that it made itself is attacked, over and over. A line
 * is written for each attack that worked on a process of zbox; "tried N" is the last one. Processes
 * of zbox are told by their name: who has it before and after did not become anything else between.
 * Those that nobody hides (the commands of others who enter) are fair game, and are not reported.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(0 [array]))

static unsigned long tried;

static bool is_zbox(pid_t pid)
{
	char path[64], name[32] = "";
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, name, sizeof(name) - 1) < 0)
		name[0] = '\0';
	(void)close(fd);
	return strncmp(name, "zbox", 4) == 0 || strncmp(name, "bwrap", 5) == 0;
}

static void judge(pid_t pid, const char *what, bool worked)
{
	tried++;
	if (worked && is_zbox(pid))
		(void)printf("%s of %d worked\n", what, pid);
}

/* Opened, and a byte was read or written: some files open and give nothing. */
static bool opens(pid_t pid, const char *name, int flags)
{
	char path[64], byte = '0';
	bool worked;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		return false;
	worked = flags == O_PATH || flags == O_RDWR ||
		 (flags == O_RDONLY ? read(fd, &byte, 1) > 0 : write(fd, &byte, 1) > 0);
	(void)close(fd);
	return worked;
}

static bool traced(pid_t pid)
{
	if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0)
		return false;
	(void)ptrace(PTRACE_DETACH, pid, 0, 0);
	return true;
}

static bool memory_read(pid_t pid)
{
	char byte;
	struct iovec here = {&byte, 1}, there = {(void *)(uintptr_t)0x400000, 1};

	/* EFAULT: allowed, and nothing is there */
	return process_vm_readv(pid, &here, 1, &there, 1, 0) >= 0 || errno == EFAULT;
}

static bool descriptor_taken(pid_t pid)
{
	int target = (int)syscall(SYS_pidfd_open, pid, 0), fd = -1;

	for (int i = 0; target >= 0 && fd < 0 && i < 12; i++)
		fd = (int)syscall(SYS_pidfd_getfd, target, i, 0);
	if (target >= 0)
		(void)close(target);
	if (fd < 0)
		return false;
	(void)close(fd);
	return true;
}

static void attack(pid_t pid)
{
	static const char *const places[] = {"root/etc", "cwd/etc", "exe",     "fd/0",
					     "fd/3",     "fd/5",    "ns/user", "ns/mnt"};
	static const char *const words[] = {"environ", "mem", "maps", "stack", "syscall"};

	if (!is_zbox(pid))
		return;
	for (size_t i = 0; i < COUNT(places); i++)
		judge(pid, places[i], opens(pid, places[i], O_PATH));
	for (size_t i = 0; i < COUNT(words); i++)
		judge(pid, words[i], opens(pid, words[i], O_RDONLY));
	judge(pid, "mem, written", opens(pid, "mem", O_RDWR));
	judge(pid, "oom_score_adj, written", opens(pid, "oom_score_adj", O_WRONLY));
	judge(pid, "ptrace", traced(pid));
	judge(pid, "memory", memory_read(pid));
	judge(pid, "a descriptor", descriptor_taken(pid));
	if (pid == 1) {
		/* what it does not handle does not reach it; whether it still answers shows the end
		 */
		(void)kill(1, SIGKILL);
		(void)kill(1, SIGSTOP);
	}
}

static long now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	long end = now() + (argc > 1 ? atol(argv[1]) : 20);

	do {
		const struct dirent *entry;
		DIR *proc;

		attack(1);
		proc = opendir("/proc");
		while (proc && (entry = readdir(proc)) != NULL)
			if (atoi(entry->d_name) > 1 && atoi(entry->d_name) != getpid())
				attack(atoi(entry->d_name));
		if (proc)
			(void)closedir(proc);
	} while (now() < end);
	(void)printf("tried %lu\n", tried);
	return 0;
}
