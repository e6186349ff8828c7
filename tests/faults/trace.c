/*
 * trace.c - runs a command and, at one system call of one of its processes, does it harm.
 *
 *   trace [-o FILE] [-f PLACE:ERRNO] [-k PLACE:VICTIM] COMMAND [ARG...]
 *
 *   -o   writes the place of every system call, in the order in which they begin
 *   -f   makes the call at PLACE fail with ERRNO (a number); it is not carried out
 *   -k   sends SIGKILL to the process VICTIM (a ROLE) when the call at PLACE begins
 *
 * A PLACE is ROLE:CALL:N, the Nth use of the system call with the number CALL by a process since it
 * was born (since its exec, for the first). A ROLE says where a process is in the tree: 0 is the
 * command, 0.1 its first child, 0.1.2 the second child of that. Counting by process and by call
 * keeps places the same from run to run, although processes run side by side and some calls are
 * repeated when they are disturbed. Any process but the first is let go at its exec.
 *
 * Ends with the status of the command, 128 + N for signal N, once no process is left; 3 when it
 * could not do what it was told, or the place was never reached.
 */
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
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

struct process {
	pid_t pid;
	char role[ROLE_SIZE]; /* "" as long as its parent has not reported it */
	unsigned children, calls[CALLS];
	bool waiting; /* stopped at its birth, for its role */
	bool to_fail; /* the call that it is in */
	bool stopped_at_birth;
	bool run_begun; /* its calls count */
};

static struct process processes[PROCESSES];
static FILE *output;
static char place[PLACE_SIZE], victim[ROLE_SIZE];
static int fault;
static bool reached;

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
#endif

static void kill_victim(void)
{
	for (size_t i = 0; i < PROCESSES; i++)
		if (processes[i].pid && strcmp(processes[i].role, victim) == 0)
			(void)kill(processes[i].pid, SIGKILL);
}

static void call_begins(struct process *p, unsigned long long number)
{
	char here[PLACE_SIZE];

	if (number >= CALLS)
		return;
	(void)snprintf(here, sizeof(here), "%s:%llu:%u", p->role, number, ++p->calls[number]);
	if (output)
		(void)fprintf(output, "%s\n", here);
	if (strcmp(here, place) != 0)
		return;
	reached = true;
	if (victim[0])
		kill_victim();
	else if (fault)
		p->to_fail = call_skip(p->pid) == 0;
}

static void call_stop(struct process *p)
{
	struct __ptrace_syscall_info info;

	if (!p->run_begun || ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof(info), &info) < 0)
		return; /* it was killed in the meantime */
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		call_begins(p, info.entry.nr);
	} else if (p->to_fail) {
		p->to_fail = false;
		(void)call_answer(p->pid, -fault);
	}
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
	if (child->waiting) {
		child->stopped_at_birth = true;
		(void)ptrace(PTRACE_SYSCALL, child->pid, 0, 0);
	}
	child->waiting = false;
}

/* Returns the signal to go on with, or -1 not to go on. */
static int stopped(struct process *p, int status)
{
	int event = status >> 16, signal = WSTOPSIG(status);

	if (signal == (SIGTRAP | 0x80)) {
		call_stop(p);
		return 0;
	}
	switch (event) {
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		born(p);
		return 0;
	case PTRACE_EVENT_EXEC:
		if (p->run_begun) {
			(void)ptrace(PTRACE_DETACH, p->pid, 0, 0);
			p->pid = 0;
			return -1;
		}
		p->run_begun = true;
		return 0;
	default:
		break;
	}
	if (signal == SIGSTOP && !p->run_begun && p->role[0] == '\0') {
		p->waiting = true;
		return -1;
	}
	if (signal == SIGSTOP && !p->stopped_at_birth) {
		p->stopped_at_birth = true;
		return 0;
	}
	return signal;
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
		if (ptrace(PTRACE_TRACEME, 0, 0, 0) == 0 && raise(SIGSTOP) == 0)
			(void)execvp(argv[0], argv);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || ptrace(PTRACE_SETOPTIONS, pid, 0, events) < 0)
		return NOT_TOLD;
	(void)snprintf(find(pid)->role, ROLE_SIZE, "0");
	if (ptrace(PTRACE_SYSCALL, pid, 0, 0) < 0)
		return NOT_TOLD;
	return watch(pid);
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
	int option, status;

	while ((option = getopt(argc, argv, "+o:f:k:")) >= 0)
		switch (option) {
		case 'o':
			output = fopen(optarg, "we");
			if (!output)
				return NOT_TOLD;
			break;
		case 'f':
			fault = atoi(take_place(optarg));
			break;
		case 'k':
			(void)snprintf(victim, sizeof(victim), "%s", take_place(optarg));
			break;
		default:
			return NOT_TOLD;
		}
	if (optind == argc)
		return NOT_TOLD;
	status = start(argv + optind);
	if (output && fclose(output) != 0)
		return NOT_TOLD;
	return place[0] && !reached ? NOT_TOLD : status;
}
