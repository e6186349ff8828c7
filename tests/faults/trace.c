/*
 * trace.c - runs a command and, at one system call of one of its processes, does it harm.
 *
 *   trace [-o FILE] [-c FILE] [-f PLACE:ERRNO] [-k PLACE:VICTIM [-s SIGNAL]] COMMAND [ARG...]
 *
 *   -o   writes the place of every system call, in the order in which they begin
 *   -c   writes how confined the helpers are that live when the payload begins
 *   -f   makes the call at PLACE fail with ERRNO (a number); it is not carried out, but for
 * close(2), which always closes. "short" instead of a number lets a call that moves bytes move one
 *   -k   sends SIGNAL (a number; SIGKILL) to the process VICTIM (a ROLE) when the call at PLACE
 * begins
 *
 * A PLACE is ROLE:CALL:N, the Nth use of the system call with the number CALL by a process since it
 * was born (since its exec, for the first). A ROLE says where a process is in the tree: 0 is the
 * command, 0.1 its first child, 0.1.2 the second child of that. Counting by process and by call
 * keeps places the same from run to run, although processes run side by side and some calls are
 * repeated when they are disturbed.
 *
 * Programs of zbox stay watched when they exec each other: its helpers, a zbox inside a zbox. Any
 * other is let go at its exec; the first of these is the payload. Programs with a set-user-ID bit
 * would not get their rights, so who becomes newuidmap or newgidmap is let go just before. What a
 * helper does once the payload runs has no order, and is left out of FILE.
 *
 * Ends with the status of the command, 128 + N for signal N, once no process is left; 3 when it
 * could not do what it was told, or the place was never reached.
 */
#include <elf.h>
#include <errno.h>
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
#include <unistd.h>

#define PROCESSES 64
#define ROLE_SIZE 32
#define PLACE_SIZE (ROLE_SIZE + 32)
#define CALLS 512 /* numbers of system calls; larger ones are left alone */
#define NOT_TOLD 3
#define SHORT (-1)

struct process {
	pid_t pid;
	char role[ROLE_SIZE]; /* "" as long as its parent has not reported it */
	unsigned children, calls[CALLS];
	bool waiting;   /* stopped at its birth, for its role */
	bool to_fail;   /* the call that it is in */
	bool run_begun; /* its calls count */
	bool helper;    /* has become another program of zbox */
};

static struct process processes[PROCESSES];
static FILE *output, *helpers;
static char place[PLACE_SIZE], victim[ROLE_SIZE];
static int fault, signal_sent = SIGKILL;
static bool reached, payload_runs;

static struct process *find(pid_t pid)
{
	struct process *unused = NULL;

	for (size_t i = 0; i < PROCESSES; i++) {
		if (processes[i].pid == pid)
			return &processes[i];
		if (!unused && processes[i].pid == 0)
			unused = &processes[i];
	}
	if (!unused)
		exit(NOT_TOLD);
	*unused = (struct process){.pid = pid};
	return unused;
}

#if defined(__x86_64__)
#include <sys/reg.h>
static const size_t argument_places[] = {RDI, RSI, RDX, R10, R8, R9};

static long argument_set(pid_t pid, size_t number, long value)
{
	return ptrace(PTRACE_POKEUSER, pid, sizeof(long) * argument_places[number], value);
}

static long call_skip(pid_t pid)
{
	return ptrace(PTRACE_POKEUSER, pid, sizeof(long) * ORIG_RAX, -1L);
}

static long call_answer(pid_t pid, long value)
{
	return ptrace(PTRACE_POKEUSER, pid, sizeof(long) * RAX, value);
}
#elif defined(__aarch64__)
static long call_skip(pid_t pid)
{
	int none = -1;
	struct iovec part = {&none, sizeof(none)};

	return ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &part);
}

static long call_answer(pid_t pid, long value)
{
	unsigned long registers[34];
	struct iovec part = {registers, sizeof(registers)};

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &part) < 0)
		return -1;
	registers[0] = (unsigned long)value;
	return ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &part);
}

static long argument_set(pid_t pid, size_t number, long value)
{
	unsigned long registers[34];
	struct iovec part = {registers, sizeof(registers)};

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &part) < 0)
		return -1;
	registers[number] = (unsigned long)value;
	return ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &part);
}
#endif

static void hit_victim(void)
{
	for (size_t i = 0; i < PROCESSES; i++)
		if (processes[i].pid && strcmp(processes[i].role, victim) == 0)
			(void)kill(processes[i].pid, signal_sent);
}

/* Which argument says how many bytes are to be moved; -1 for other calls. */
static int length_argument(unsigned long long number)
{
	switch (number) {
	case SYS_read:
	case SYS_write:
	case SYS_pread64:
	case SYS_pwrite64:
		return 2;
	case SYS_sendfile:
		return 3;
	case SYS_copy_file_range:
		return 4;
	default:
		return -1;
	}
}

static void harm(struct process *p, const struct __ptrace_syscall_info *info)
{
	int length = length_argument(info->entry.nr);

	reached = true;
	if (victim[0])
		hit_victim();
	else if (fault == SHORT && length >= 0 && info->entry.args[length] > 1)
		(void)argument_set(p->pid, (size_t)length, 1);
	else if (fault > 0)
		p->to_fail = info->entry.nr == SYS_close || call_skip(p->pid) == 0;
}

/* Is it about to become a program that has rights by its file? */
static bool becomes_setuid(const struct process *p, const struct __ptrace_syscall_info *info)
{
	char path[64] = "";
	struct iovec here = {path, sizeof(path) - 1},
		     there = {(void *)(uintptr_t)info->entry.args[0], sizeof(path) - 1};

	return info->entry.nr == SYS_execve &&
	       process_vm_readv(p->pid, &here, 1, &there, 1, 0) > 0 &&
	       (strstr(path, "/newuidmap") || strstr(path, "/newgidmap"));
}

/* Returns false when the process is not watched any more. */
static bool call_begins(struct process *p, const struct __ptrace_syscall_info *info)
{
	unsigned long long number = info->entry.nr;
	char here[PLACE_SIZE];

	if (number >= CALLS)
		return true;
	(void)snprintf(here, sizeof(here), "%s:%llu:%u", p->role, number, ++p->calls[number]);
	if (output && !(p->helper && payload_runs))
		(void)fprintf(output, "%s\n", here);
	if (strcmp(here, place) == 0)
		harm(p, info);
	else if (becomes_setuid(p, info))
		return ptrace(PTRACE_DETACH, p->pid, 0, 0) < 0;
	return true;
}

/* Returns false when the process is not watched any more. */
static bool call_stop(struct process *p)
{
	struct __ptrace_syscall_info info;

	if (!p->run_begun || ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof(info), &info) < 0)
		return true; /* it was killed in the meantime */
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		return call_begins(p, &info);
	if (p->to_fail) {
		p->to_fail = false;
		(void)call_answer(p->pid, -fault);
	}
	return true;
}

/* What a helper has given up: its name, and lines of its status. */
static void tell_helper(pid_t pid)
{
	static const char *const fields[] = {
		"Name:", "CapEff:", "CapPrm:", "NoNewPrivs:", "Seccomp:"};
	char path[64], line[512];
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	(void)fputs("helper", helpers);
	while (file && fgets(line, sizeof(line), file))
		for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
			if (strncmp(line, fields[i], strlen(fields[i])) == 0)
				(void)fprintf(helpers, " %.*s", (int)strcspn(line, "\n"), line);
	(void)fputc('\n', helpers);
	if (file)
		(void)fclose(file);
}

static void payload_begins(void)
{
	for (size_t i = 0; !payload_runs && helpers && i < PROCESSES; i++)
		if (processes[i].pid && processes[i].helper)
			tell_helper(processes[i].pid);
	payload_runs = true;
}

/* Is what it has become one of zbox's programs? */
static bool is_ours(pid_t pid)
{
	char link[64], path[4096] = "";
	const char *name;

	(void)snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	if (readlink(link, path, sizeof(path) - 1) < 0)
		return false;
	name = strrchr(path, '/');
	name = name ? name + 1 : path;
	return strncmp(name, "zbox", 4) == 0 || strcmp(name, "bwrap") == 0;
}

static void born(struct process *parent)
{
	unsigned long pid = 0;
	struct process *child;

	if (ptrace(PTRACE_GETEVENTMSG, parent->pid, 0, &pid) < 0)
		return;
	child = find((pid_t)pid);
	(void)snprintf(child->role, sizeof(child->role), "%.*s.%u", ROLE_SIZE - 12, parent->role,
		       ++parent->children);
	child->run_begun = true;
	if (child->waiting)
		(void)ptrace(PTRACE_SYSCALL, child->pid, 0, 0);
	child->waiting = false;
}

/* Returns the signal to go on with, or -1 not to go on. */
static int stopped(struct process *p, int status)
{
	int event = status >> 16, signal = WSTOPSIG(status);

	if (signal == (SIGTRAP | 0x80)) {
		if (call_stop(p))
			return 0;
		p->pid = 0;
		return -1;
	}
	switch (event) {
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		born(p);
		return 0;
	case PTRACE_EVENT_EXEC:
		if (p->run_begun && !is_ours(p->pid)) {
			payload_begins();
			(void)ptrace(PTRACE_DETACH, p->pid, 0, 0);
			p->pid = 0;
			return -1;
		}
		p->helper = p->run_begun;
		p->run_begun = true;
		return 0;
	case PTRACE_EVENT_STOP:
		p->waiting = p->role[0] == '\0';
		/* the stop of a whole process is left to last until it is continued */
		if (!p->waiting && signal != SIGTRAP)
			(void)ptrace(PTRACE_LISTEN, p->pid, 0, 0);
		return p->waiting || signal != SIGTRAP ? -1 : 0;
	default:
		return signal;
	}
}

static int watch(pid_t first)
{
	int status, result = NOT_TOLD;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		struct process *p = find(pid);
		int signal;

		if (WIFSTOPPED(status)) {
			signal = stopped(p, status);
			if (signal >= 0)
				(void)ptrace(PTRACE_SYSCALL, pid, 0, signal);
			continue;
		}
		p->pid = 0;
		if (pid == first)
			result = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
	return result;
}

static int start(char **argv)
{
	const unsigned long events = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL |
				     PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
				     PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return NOT_TOLD;
	if (pid == 0) {
		if (raise(SIGSTOP) == 0)
			(void)execvp(argv[0], argv);
		_exit(127);
	}
	/* seized, and not by PTRACE_TRACEME, under which nobody stays stopped */
	if (waitpid(pid, &status, WUNTRACED) != pid || ptrace(PTRACE_SEIZE, pid, 0, events) < 0)
		return NOT_TOLD;
	(void)snprintf(find(pid)->role, ROLE_SIZE, "0");
	return kill(pid, SIGCONT) < 0 ? NOT_TOLD : watch(pid);
}

/* PLACE:REST; returns REST. */
static const char *take_place(const char *text)
{
	const char *end = strrchr(text, ':');

	if (!end || (size_t)(end - text) >= sizeof(place))
		exit(NOT_TOLD);
	(void)snprintf(place, sizeof(place), "%.*s", (int)(end - text), text);
	return end + 1;
}

int main(int argc, char **argv)
{
	const char *how;
	FILE *file;
	int option, status;

	while ((option = getopt(argc, argv, "+o:c:f:k:s:")) >= 0)
		switch (option) {
		case 'o':
		case 'c':
			file = fopen(optarg, "we");
			if (!file)
				return NOT_TOLD;
			*(option == 'o' ? &output : &helpers) = file;
			break;
		case 'f':
			how = take_place(optarg);
			fault = strcmp(how, "short") == 0 ? SHORT : atoi(how);
			break;
		case 'k':
			(void)snprintf(victim, sizeof(victim), "%s", take_place(optarg));
			break;
		case 's':
			signal_sent = atoi(optarg);
			break;
		default:
			return NOT_TOLD;
		}
	if (optind == argc)
		return NOT_TOLD;
	status = start(argv + optind);
	if ((output && fclose(output) != 0) || (helpers && fclose(helpers) != 0))
		return NOT_TOLD;
	return place[0] && !reached ? NOT_TOLD : status;
}
