/*
 * stage.h - where terminal.c is tested: an outer terminal, a shell on it, and zbox in small.
 *
 * This program holds the master of an outer terminal, as a terminal emulator does. On its slave
 * lives a "shell" that starts "zbox" as a job and moves it between background and foreground; zbox
 * runs the loop that sandbox.c has, in small, over a "PID 1" that runs /bin/sh -c SCRIPT. There
 * are no namespaces.
 *
 * Nothing here waits for a fixed time to make something true: expect() and its relatives poll with
 * a deadline. Functions, and not only prototypes, because a test links its own file and the module.
 */
#ifndef ZBOX_STAGE_H
#define ZBOX_STAGE_H

#include "terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 10000 /* ms until a test gives up */
#define TEXT_MAX (1 << 18)

/* ---- zbox and PID 1, in small ---- */

struct report {
	char what; /* 'S' stopped, 'X' ended; the other way 'F', 'B': go on */
	int value;
};

static struct terminal terminal;

static int open_signals(void)
{
	static const int all[] = {SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGWINCH, SIGTSTP};
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < COUNT(all); i++)
		(void)sigaddset(&set, all[i]);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static _Noreturn void run_command(int slave, const char *script)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (slave >= 0 ? terminal_attach(&terminal, slave) < 0 : setpgid(0, 0) < 0)
		_exit(125);
	(void)execl("/bin/sh", "sh", "-c", script, (char *)NULL);
	_exit(127);
}

/* What PID 1 does with one signal. Returns whether the command is stopped. */
static bool first_signal(int fd, int control, pid_t command, bool stopped)
{
	struct signalfd_siginfo info;
	struct report report = {0};
	int status;

	if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		_exit(125);
	if (info.ssi_signo != SIGCHLD) {
		(void)kill(-command, (int)info.ssi_signo);
		return stopped;
	}
	while (waitpid(command, &status, WNOHANG | WUNTRACED) > 0) {
		stopped = WIFSTOPPED(status);
		report.what = stopped ? 'S' : 'X';
		report.value = stopped ? WSTOPSIG(status) : status;
		(void)send(control, &report, sizeof(report), MSG_NOSIGNAL);
		if (!stopped)
			_exit(0);
	}
	return stopped;
}

static _Noreturn void run_first(int control, const char *script)
{
	int slave = -1, master = -1, fd;
	bool stopped = false;
	pid_t command;

	fd = open_signals();
	if (terminal.replaced) {
		if (terminal_open(&terminal, -1, &master, &slave) < 0 ||
		    terminal_session(slave) < 0 || send_fd(control, master) < 0)
			_exit(125);
		close_fd(&master);
	} else {
		(void)setsid();
	}
	command = fork();
	if (command == 0)
		run_command(slave, script);
	(void)setpgid(command, command);
	for (int i = 0; i < 3; i++)
		(void)close(i); /* what else a sandbox's PID 1 does not keep */
	for (;;) {
		struct pollfd polls[2] = {{fd, POLLIN, 0}, {control, POLLIN, 0}};
		struct report report;

		if (poll(polls, 2, -1) < 0)
			continue;
		if (polls[0].revents)
			stopped = first_signal(fd, control, command, stopped);
		if (!polls[1].revents)
			continue;
		if (recv(control, &report, sizeof(report), 0) <= 0) {
			(void)kill(-command, SIGKILL);
			_exit(0);
		}
		terminal_continue(slave, command, stopped, report.what == 'F');
		stopped = false;
	}
}

static void answer(int control, bool foreground)
{
	struct report report = {foreground ? 'F' : 'B', 0};

	(void)send(control, &report, sizeof(report), MSG_NOSIGNAL);
}

/* Returns the signal that ends zbox, 0 none. */
static int outer_signal(int fd, int control)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		_exit(125);
	if (info.ssi_signo == SIGWINCH)
		terminal_resize(&terminal);
	if (info.ssi_signo == SIGCONT)
		answer(control, terminal_resume(&terminal));
	if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
		return (int)info.ssi_signo;
	return 0;
}

/* The supervisor's loop. Returns an exit status. */
static int supervise(int control)
{
	int fd = open_signals(), sig;

	for (;;) {
		struct pollfd polls[2 + TERMINAL_POLLS] = {{fd, POLLIN, 0}, {control, POLLIN, 0}};
		struct report report;

		terminal_poll(&terminal, polls + 2);
		if (poll(polls, COUNT(polls), -1) < 0)
			continue;
		terminal_copy(&terminal, polls + 2);
		if (polls[0].revents && (sig = outer_signal(fd, control)) != 0)
			return 128 + sig;
		if (!polls[1].revents)
			continue;
		if (recv(control, &report, sizeof(report), 0) <= 0)
			return 125;
		if (report.what == 'S')
			answer(control, terminal_stopped(&terminal, report.value));
		else
			return WIFEXITED(report.value) ? WEXITSTATUS(report.value)
						       : 128 + WTERMSIG(report.value);
	}
}

static _Noreturn void run_zbox(const char *script)
{
	int control[2], master = -1, status;
	pid_t first;

	terminal_init(&terminal);
	terminal_prepare(&terminal, true);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) < 0)
		_exit(125);
	first = fork();
	if (first == 0) {
		close_fd(&control[0]);
		run_first(control[1], script);
	}
	close_fd(&control[1]);
	if (terminal.replaced &&
	    ((master = receive_fd(control[0])) < 0 || terminal_start(&terminal, &master) < 0))
		_exit(125);
	terminal_started(&terminal);
	status = supervise(control[0]);
	terminal_finish(&terminal);
	terminal_finish(&terminal);
	_exit(status);
}

/* ---- the shell: one job, moved on demand ---- */

struct stage {
	int outer;        /* the master of the outer terminal */
	int orders;       /* to the shell: 'f' foreground, 'b' background, each with SIGCONT */
	int events;       /* from the shell: a wait status each time the job changes */
	pid_t shell, job; /* as the shell says */
	struct termios cooked;
	size_t used;
	char text[TEXT_MAX]; /* what the outer terminal showed */
};

static struct stage stage;

enum { FRONT = 0, BACK = 1, PIPE_OUT = 2, PIPE_IN = 4, ONLY_ERR = 8, ORPHAN = 16, PIPE_ERR = 32 };

static void redirect(int how)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), ends[2];

	if (how & PIPE_IN) {
		(void)!pipe(ends);
		(void)!write(ends[1], "from the pipe\n", 14);
		(void)close(ends[1]);
		(void)dup2(ends[0], 0);
	}
	if (how & PIPE_OUT)
		(void)dup2(stage.events, 1);
	if (how & PIPE_ERR)
		(void)dup2(null, 2);
	if (how & ONLY_ERR) {
		(void)dup2(null, 0);
		(void)dup2(null, 1);
	}
}

static void front(pid_t group)
{
	sigset_t ttou;

	(void)sigemptyset(&ttou);
	(void)sigaddset(&ttou, SIGTTOU);
	(void)sigprocmask(SIG_BLOCK, &ttou, NULL);
	(void)tcsetpgrp(STDERR_FILENO, group);
	(void)sigprocmask(SIG_UNBLOCK, &ttou, NULL);
}

/* Tells the job's changes and follows orders until the job ends. */
static _Noreturn void shell_loop(pid_t job, int orders, int events)
{
	struct timespec moment = {0, 2000000};
	char order;
	int status;

	for (;;) {
		if (waitpid(job, &status, WNOHANG | WUNTRACED) > 0) {
			front(getpgrp());
			(void)!write(events, &status, sizeof(status));
			if (!WIFSTOPPED(status))
				break;
		}
		if (read(orders, &order, 1) == 1) {
			if (order == 'f')
				front(job);
			(void)kill(-job, SIGCONT);
		}
		(void)nanosleep(&moment, NULL);
	}
	while (read(orders, &order, 1) != 0)
		(void)nanosleep(&moment, NULL);
	_exit(0);
}

static _Noreturn void run_shell(int slave, int how, const char *script, int orders, int events)
{
	pid_t job;

	(void)signal(SIGHUP, SIG_IGN);
	(void)setsid();
	(void)ioctl(slave, TIOCSCTTY, 0);
	for (int fd = 0; fd < 3; fd++)
		(void)dup2(slave, fd);
	if (slave > 2)
		(void)close(slave);
	job = fork();
	if (job == 0) {
		(void)signal(SIGHUP, SIG_DFL);
		if (!(how & ORPHAN))
			(void)setpgid(0, 0);
		if (!(how & (BACK | ORPHAN)))
			front(getpid());
		stage.events = events;
		redirect(how);
		run_zbox(script);
	}
	if (!(how & ORPHAN))
		(void)setpgid(job, job);
	(void)!write(events, &job, sizeof(job));
	shell_loop(job, orders, events);
}

/* ---- this side: what a person sees and does ---- */

static void begin(int how, const char *script)
{
	struct winsize size = {.ws_row = 33, .ws_col = 77};
	int orders[2], events[2], slave = -1, locked = 0;

	stage.used = 0;
	stage.outer = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	(void)ioctl(stage.outer, TIOCSPTLCK, &locked);
	slave = (int)syscall(SYS_ioctl, stage.outer, TIOCGPTPEER, O_RDWR | O_NOCTTY);
	(void)ioctl(stage.outer, TIOCSWINSZ, &size);
	(void)tcgetattr(slave, &stage.cooked);
	if (stage.outer < 0 || slave < 0 || pipe2(orders, O_CLOEXEC) || pipe2(events, O_CLOEXEC)) {
		perror("a stage");
		exit(1);
	}
	(void)fcntl(orders[0], F_SETFL, O_NONBLOCK);
	stage.shell = fork();
	if (stage.shell == 0) {
		close_fd(&orders[1]);
		close_fd(&events[0]);
		close_fd(&stage.outer);
		run_shell(slave, how, script, orders[0], events[1]);
	}
	close_fd(&orders[0]);
	close_fd(&events[1]);
	close_fd(&slave);
	stage.orders = orders[1];
	stage.events = events[0];
	(void)!read(stage.events, &stage.job, sizeof(stage.job));
}

static int64_t now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Takes what the outer terminal shows, for at most so many ms. Returns the bytes. */
static size_t look(int ms)
{
	struct pollfd outer = {stage.outer, POLLIN, 0};
	ssize_t got = 0;

	if (stage.used >= TEXT_MAX - 1)
		stage.used = 0;
	if (poll(&outer, 1, ms) > 0)
		got = read(stage.outer, stage.text + stage.used, TEXT_MAX - 1 - stage.used);
	stage.used += got > 0 ? (size_t)got : 0;
	stage.text[stage.used] = '\0';
	return got > 0 ? (size_t)got : 0;
}

/* Whether the text is shown; forgets what was shown up to it. */
static bool expect(const char *text)
{
	int64_t end = now() + PATIENCE;

	do {
		const char *at = memmem(stage.text, stage.used, text, strlen(text));

		if (at) {
			size_t gone = (size_t)(at - stage.text) + strlen(text);

			stage.used -= gone;
			memmove(stage.text, stage.text + gone, stage.used);
			return true;
		}
		(void)look(20);
	} while (now() < end);
	printf("# expected '%s', shown: '%s'\n", text, stage.text);
	return false;
}

static void type(const char *keys)
{
	(void)!write(stage.outer, keys, strlen(keys));
}

static void order(char what)
{
	(void)!write(stage.orders, &what, 1);
}

/* The next change of the job, as a wait status; -1: none came. Output is taken meanwhile. */
static int event(void)
{
	int64_t end = now() + PATIENCE;
	int status;

	while (now() < end) {
		struct pollfd events = {stage.events, POLLIN, 0};

		if (poll(&events, 1, 10) > 0)
			return read(stage.events, &status, sizeof(status)) > 0 ? status : -1;
		if (stage.outer >= 0)
			(void)look(0);
	}
	return -1;
}

static bool ended(int status)
{
	int got = event();

	if (WIFEXITED(got) && WEXITSTATUS(got) == status)
		return true;
	printf("# wait status %#x, wanted exit %d\n", (unsigned)got, status);
	return false;
}

static bool stopped(int sig)
{
	int got = event();

	if (got != -1 && WIFSTOPPED(got) && WSTOPSIG(got) == sig)
		return true;
	printf("# wait status %#x, wanted stop by %d\n", (unsigned)got, sig);
	return false;
}

static struct termios modes(void)
{
	struct termios m;

	memset(&m, 0, sizeof(m));
	(void)tcgetattr(stage.outer, &m);
	return m;
}

static bool is_raw(void)
{
	return !(modes().c_lflag & (ICANON | ISIG | ECHO));
}

static bool becomes_raw(void)
{
	for (int64_t end = now() + PATIENCE; now() < end; (void)look(5))
		if (is_raw())
			return true;
	return false;
}

static bool is_cooked(void)
{
	struct termios m = modes();

	return m.c_iflag == stage.cooked.c_iflag && m.c_oflag == stage.cooked.c_oflag &&
	       m.c_cflag == stage.cooked.c_cflag && m.c_lflag == stage.cooked.c_lflag &&
	       memcmp(m.c_cc, stage.cooked.c_cc, sizeof(m.c_cc)) == 0;
}

static void end(void)
{
	close_fd(&stage.orders);
	close_fd(&stage.events);
	close_fd(&stage.outer);
	(void)kill(stage.job, SIGKILL);
	(void)kill(stage.shell, SIGKILL);
	(void)waitpid(stage.shell, NULL, 0);
}

#endif
