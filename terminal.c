/*
 * terminal.c - a terminal of its own for the command, and the copying between it and the caller's.
 *
 * A command that holds the caller's terminal can type into it (TIOCSTI), read its keyboard and
 * change its modes, and signals go to process groups that no namespace separates. So whenever one
 * of descriptors 0-2 is a terminal the command gets a new pair, made in the sandbox's own devpts;
 * only those of the three that are terminals are replaced, so pipes and files beside them keep
 * their ends.
 *
 * Who does what. PID 1 opens the pair, sends the master out and becomes the leader of a session on
 * the slave; the command is a process group in that session. It is not the session's leader
 * itself: a group whose parents are all in other sessions is an orphaned one, in which the kernel
 * discards ^Z, and a background read fails instead of stopping the reader. zbox outside
 * holds the master and copies. All line editing, echo, ^C and ^Z happen in the inner line
 * discipline; the caller's terminal is raw meanwhile.
 *
 * Keys are passed on only when the command runs. Until then ^C and ^Z are zbox's: a command that
 * is stopped before its exec would hold up PID 1, which waits for that.
 *
 * When the caller's terminal is taken (raw, keyboard read):
 *   at once    0 and 1 are the same terminal and zbox is in its foreground;
 *   on demand  in `zbox ls | less`, `ssh host x | zbox y`, `zbox z &`: somebody else may be using
 *              keyboard and modes, so the command starts in the background of its own terminal.
 *              The first read there, or change of modes, stops it with SIGTTIN or SIGTTOU; PID 1
 *              reports that, and then the terminal is taken if zbox is in the foreground, else zbox
 *              stops with the same signal and the caller's shell says what it always says.
 * Until then the caller's terminal processes the output, as it does for the others of the job, and
 * the inner one does not. Afterwards it is the reverse; but where 1 is not the terminal somebody
 * behind a pipe is likely to write to it, so its output modes stay for as long as the command
 * leaves those of its own alone.
 *
 * Which terminal. Keys come from 0, else 1, else 2; output and the window size belong to 1, else
 * 2, else 0: where these are two terminals, each is used for its part. zbox opens them anew
 * (/dev/tty where it is the controlling one, as after su(1) its device may not be ours to open;
 * else /proc/self/fd/N): O_NONBLOCK belongs to the open file, which the shell shares. Only where
 * both fail is the caller's descriptor used as it is, one read or small write after each poll(2).
 *
 * Memory is two buffers; each is read into only when it is empty, so a slow side slows the other.
 * zbox keeps an opening of the slave, so that a command that closes its last one and opens
 * /dev/tty later is no hang-up. One of the caller's terminal closes the master, and so hangs up.
 *
 * What an attacker could try. Escape sequences pass: what the command writes reaches the caller's
 * emulator as it would from any pipe; filtering them is not a goal. Everything else stops at the
 * pair: modes, size, queue and groups of the inner terminal are not copied outwards. The command
 * can stop zbox's job, as ^Z does; it cannot keep zbox from ending: what is drained at the end is
 * bounded in bytes, and by the caller's terminal taking some.
 */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DRAIN_BYTES 65536UL /* the kernel holds less than 20 KiB for a pseudo-terminal */
#define DRAIN_PATIENCE 2000 /* ms without the caller's terminal taking a byte */
#define ROUNDS 16           /* reads and writes before other events get their turn */
#define SHARED_CHUNK 256    /* bytes written at once to an open file that may block */

enum { MASTER, INPUT, OUTPUT }; /* places in the poll array */

#define GONE (POLLHUP | POLLERR | POLLNVAL)

/* ---- small parts ---- */

/* Of the descriptors in bits, the first one in the order of the text; a terminal is there. */
static int first_of(unsigned bits, const char order[static 3])
{
	for (size_t i = 0; i < 3; i++)
		if (bits & (1U << (order[i] - '0')))
			return order[i] - '0';
	return -1;
}

/* ioctl(2) for the requests that do not fit musl's int; the kernel takes 32 bits of them. */
static int request(int fd, unsigned what, uintptr_t argument)
{
	return (int)syscall(SYS_ioctl, fd, what, argument);
}

/* Whether two descriptors are one terminal. Device numbers alone do not tell: every instance of
 * devpts has a 136:0. But /dev/tty has another number than the terminal that it leads to. */
static bool same_terminal(int a, int b)
{
	unsigned device_a = 0, device_b = 0;
	struct stat node_a, node_b;

	if (fstat(a, &node_a) < 0 || fstat(b, &node_b) < 0)
		return false;
	if (node_a.st_dev == node_b.st_dev && node_a.st_ino == node_b.st_ino)
		return true;
	if (node_a.st_rdev == node_b.st_rdev || request(a, TIOCGDEV, (uintptr_t)&device_a) < 0 ||
	    request(b, TIOCGDEV, (uintptr_t)&device_b) < 0)
		return false;
	return device_a == device_b;
}

/* Whether we may use the terminal: also where it controls no session of ours, as then nobody
 * distributes it among groups. */
static bool in_foreground(const struct terminal *t)
{
	pid_t group = tcgetpgrp(t->input);

	return group < 0 || group == getpgrp();
}

/* SIGTTOU blocked, which for a background process allows what else would stop it. */
static void hold_ttou(sigset_t *before)
{
	sigset_t ttou;

	(void)sigemptyset(&ttou);
	(void)sigaddset(&ttou, SIGTTOU);
	(void)sigprocmask(SIG_BLOCK, &ttou, before);
}

/* TCSANOW: output was processed when it was written, and waiting for it could take for ever. */
static void set_modes(int fd, const struct termios *modes)
{
	sigset_t before;

	hold_ttou(&before);
	(void)tcsetattr(fd, TCSANOW, modes); /* fails when it was hung up: nothing is left to set */
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}

static int set_foreground(int fd, pid_t group)
{
	sigset_t before;
	int result;

	hold_ttou(&before);
	result = tcsetpgrp(fd, group);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return result;
}

/* Moves a descriptor that came out as 0, 1 or 2, because the caller had closed it, out of the way
 * of dup2(). Returns -1 with errno set, as open(2) does. */
static int above_stdio(int fd)
{
	int moved;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	close_fd(&fd);
	return moved;
}

/* ---- before the command runs ---- */

void terminal_init(struct terminal *t)
{
	t->replaced = 0;
	t->sole = t->foreground = t->settled = t->running = false;
	t->modes_due = t->taken = t->keep_output = t->have_saved = false;
	t->master = t->slave = t->input = t->output = -1;
	t->in = (struct flow){.bytes = t->buffers[0]};
	t->out = (struct flow){.bytes = t->buffers[1]};
}

void terminal_prepare(struct terminal *t, bool reported)
{
	bool front;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (isatty(fd))
			t->replaced |= 1U << fd;
	if (!t->replaced)
		return;
	t->input = first_of(t->replaced, "012");
	t->output = first_of(t->replaced, "120");
	t->sole = (t->replaced & 3) == 3 && same_terminal(0, 1);
	front = in_foreground(t);
	t->foreground = !reported || (t->sole && front);
	t->settled = t->foreground;
	t->modes_due = !front; /* now they are those of the shell's line editor */
	t->keep_output = !(t->replaced & (1U << STDOUT_FILENO));
}

static int open_slave(int devpts, int master)
{
	unsigned number;
	char path[32];
	int fd = request(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (request(master, TIOCGPTN, (uintptr_t)&number) < 0) /* before Linux 4.13: by its name */
		return -1;
	(void)snprintf(path, sizeof(path), devpts < 0 ? "/dev/pts/%u" : "%u", number);
	return openat(devpts, path, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

/* The new terminal's first modes: the caller's, or the kernel's while the caller's are not to be
 * had. Without TOSTOP, as the command may start in the background. */
static void first_modes(const struct terminal *t, int slave)
{
	struct termios modes;

	if (tcgetattr(t->modes_due ? slave : t->input, &modes) < 0)
		return;
	modes.c_lflag &= ~(tcflag_t)TOSTOP;
	if (!t->foreground)
		modes.c_oflag &= ~(tcflag_t)OPOST;
	set_modes(slave, &modes);
}

static void copy_size(int from, int to)
{
	struct winsize size;

	if (ioctl(from, TIOCGWINSZ, &size) == 0)
		(void)ioctl(to, TIOCSWINSZ, &size); /* the kernel signals the group if it changed */
}

int terminal_open(const struct terminal *t, int devpts, int *master, int *slave)
{
	const int flags = O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK;
	autoclose int m = -1, s = -1;
	int locked = 0;

	m = above_stdio(openat(devpts, devpts < 0 ? "/dev/ptmx" : "ptmx", flags));
	if (m < 0)
		return fail(errno, "a new terminal from ptmx");
	if (ioctl(m, TIOCSPTLCK, &locked) < 0)
		return fail(errno, "unlock the new terminal");
	s = above_stdio(open_slave(devpts, m));
	if (s < 0)
		return fail(errno, "open the new terminal");
	first_modes(t, s);
	copy_size(t->output, s);
	*master = take_fd(&m);
	*slave = take_fd(&s);
	return 0;
}

int terminal_session(int slave)
{
	if (setsid() < 0)
		return fail(errno, "a session of its own");
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return fail(errno, "make the new terminal the controlling one");
	return 0;
}

int terminal_attach(const struct terminal *t, int slave)
{
	/* with --as-pid-1 this is the session's leader, which is in its own group and stays there
	 */
	if (getpgrp() != getpid() && setpgid(0, 0) < 0)
		return fail(errno, "a process group of its own");
	if (t->foreground && set_foreground(slave, getpgrp()) < 0)
		return fail(errno, "the foreground of the new terminal");
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if ((t->replaced & (1U << fd)) && dup2(slave, fd) < 0)
			return fail(errno, "the new terminal as descriptor %d", fd);
	return 0;
}

void terminal_continue(int slave, pid_t command, bool stopped, bool foreground)
{
	pid_t now = slave < 0 ? -1 : tcgetpgrp(slave);

	/* A command that runs may be a shell with a job of its own in front: that is left alone. */
	if (now >= 0 && foreground && (stopped || now == getpgrp()))
		(void)set_foreground(slave, command); /* gone: then there is nobody to serve */
	else if (now >= 0 && !foreground && now == command)
		(void)set_foreground(slave, getpgrp());
	(void)kill(-command, SIGCONT);
}

/* ---- buffers ---- */

static ssize_t fill(struct flow *flow, int fd)
{
	ssize_t got = read(fd, flow->bytes, TERMINAL_BUFFER);

	flow->start = 0;
	flow->used = got > 0 ? (size_t)got : 0;
	return got;
}

/* Returns whether something was written, or dropped because it never can be. */
static bool flush(struct flow *flow, int fd, size_t most)
{
	size_t length = flow->used < most ? flow->used : most;
	ssize_t put = write(fd, flow->bytes + flow->start, length);

	if (put < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	length = put < 0 ? flow->used : (size_t)put;
	flow->start += length;
	flow->used -= length;
	return true;
}

/* Shows what was written before now. The kernel hands over all of that before it says EAGAIN, so
 * there is nothing to wait for but the caller's terminal. */
static void drain(struct terminal *t)
{
	const size_t most = t->output > STDERR_FILENO ? TERMINAL_BUFFER : SHARED_CHUNK;

	for (size_t total = 0; total < DRAIN_BYTES;) {
		if (t->out.used == 0 && (t->master < 0 || fill(&t->out, t->master) <= 0))
			return;
		total += t->out.used;
		while (t->out.used) {
			struct pollfd out = {.fd = t->output, .events = POLLOUT};
			int ready = poll(&out, 1, DRAIN_PATIENCE);

			if (ready == 0 || (ready > 0 && (out.revents & GONE)))
				return;
			if (ready > 0)
				(void)flush(&t->out, t->output, most);
		}
	}
}

/* ---- the caller's terminal ---- */

static void raw_modes(const struct terminal *t, struct termios *modes)
{
	*modes = t->saved;
	cfmakeraw(modes);
	if (!t->running)
		modes->c_lflag |= t->saved.c_lflag & ISIG;
	if (t->keep_output)
		modes->c_oflag = t->saved.c_oflag;
}

/* What are the caller's modes? Those of now, unless they are ours: a shell puts back what it found
 * when it stopped us, and that was raw if SIGSTOP came without warning. */
static bool save_modes(struct terminal *t)
{
	struct termios now, raw;

	if (tcgetattr(t->input, &now) < 0)
		return false;
	if (t->have_saved) {
		raw_modes(t, &raw);
		if (now.c_iflag == raw.c_iflag && now.c_oflag == raw.c_oflag &&
		    (now.c_lflag | ISIG) == (raw.c_lflag | ISIG))
			return true;
	}
	t->saved = now;
	t->have_saved = true;
	return true;
}

/* Where 1 is not the terminal: its output modes are the caller's while the command has ordinary
 * ones, and raw while a full-screen program runs. */
static void follow_output(struct terminal *t)
{
	struct termios modes;
	bool keep;

	if ((t->replaced & (1U << STDOUT_FILENO)) || tcgetattr(t->master, &modes) < 0)
		return;
	keep = (modes.c_oflag & OPOST) && (modes.c_oflag & ONLCR);
	if (keep == t->keep_output)
		return;
	t->keep_output = keep;
	raw_modes(t, &modes);
	set_modes(t->input, &modes);
}

/* Raw mode, and from now on its keys are ours. */
static void take_terminal(struct terminal *t)
{
	struct termios modes;

	if (t->master < 0 || !save_modes(t))
		return;
	if (!t->settled) { /* the command has not seen its modes, or it would have been stopped */
		modes = t->saved;
		modes.c_lflag &= ~(tcflag_t)TOSTOP;
		set_modes(t->master, &modes);
		drain(t); /* it counts on the caller's terminal for carriage returns */
	}
	t->settled = true;
	raw_modes(t, &modes);
	set_modes(t->input, &modes);
	t->taken = true;
}

/* Back as it was, unless somebody else has it by now. */
static void release_terminal(struct terminal *t)
{
	if (t->taken && in_foreground(t))
		set_modes(t->input, &t->saved);
	t->taken = false;
}

/* An opening of the same terminal that is ours alone, else the descriptor itself. */
static int open_own(int fd)
{
	const int flags = O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK;
	char path[FD_PATH];
	int own = -1;

	if (tcgetpgrp(fd) >= 0)
		own = above_stdio(open("/dev/tty", flags));
	if (own < 0)
		own = above_stdio(open(fd_path(path, fd), flags));
	return own < 0 ? fd : own;
}

static void close_own(int *fd)
{
	if (*fd > STDERR_FILENO)
		close_fd(fd);
	*fd = -1;
}

int terminal_start(struct terminal *t, int *master)
{
	bool one = same_terminal(t->input, t->output);
	unsigned number;

	if (request(*master, TIOCGPTN, (uintptr_t)&number) < 0)
		return fail(errno, "the master of the new terminal");
	t->master = take_fd(master);
	/* refused: then a command that closes all of its openings is hung up, no more */
	t->slave = request(t->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	t->input = open_own(t->input);
	t->output = one && t->input > STDERR_FILENO ? t->input : open_own(t->output);
	copy_size(t->output, t->master); /* it may have changed since PID 1 looked */
	if (t->foreground && in_foreground(t))
		take_terminal(t);
	return 0;
}

/* ---- copying ---- */

void terminal_poll(const struct terminal *t, struct pollfd *polls)
{
	bool there = t->master >= 0;
	short master = 0;

	if (t->out.used == 0)
		master |= POLLIN;
	if (t->in.used)
		master |= POLLOUT;
	polls[MASTER] = (struct pollfd){.fd = master ? t->master : -1, .events = master};
	/* even while its keys are not wanted: a hang-up is reported whatever is asked for */
	polls[INPUT] = (struct pollfd){.fd = there ? t->input : -1};
	if (t->taken && t->running && t->in.used == 0)
		polls[INPUT].events = POLLIN;
	polls[OUTPUT] = (struct pollfd){.fd = there ? t->output : -1};
	if (t->out.used)
		polls[OUTPUT].events = POLLOUT;
}

/* The inner terminal is hung up by closing its master; what it still held has no reader. */
static void hang_up(struct terminal *t)
{
	release_terminal(t);
	close_fd(&t->slave);
	close_fd(&t->master);
	t->in.used = t->out.used = 0;
}

/* From the command to the caller. */
static void copy_out(struct terminal *t, bool writable)
{
	bool own = t->output > STDERR_FILENO;

	for (int round = 0; round < ROUNDS; round++) {
		if (t->out.used == 0 && fill(&t->out, t->master) < 0) {
			if (errno == EIO) /* all openings are closed, ours was refused */
				hang_up(t);
			return;
		}
		if (!own && !writable)
			return;
		if (t->taken)
			follow_output(t);
		if (!flush(&t->out, t->output, own ? TERMINAL_BUFFER : SHARED_CHUNK) || !own)
			return;
	}
}

/* From the caller to the command. */
static void copy_in(struct terminal *t, bool readable)
{
	if (t->in.used == 0 && readable && t->taken && fill(&t->in, t->input) < 0 && errno == EIO)
		t->taken = false; /* in the background and orphaned: the keys are somebody else's */
	if (t->in.used)
		(void)flush(&t->in, t->master, TERMINAL_BUFFER);
}

void terminal_copy(struct terminal *t, const struct pollfd *polls)
{
	if (t->master < 0)
		return;
	if ((polls[INPUT].revents | polls[OUTPUT].revents) & GONE) {
		hang_up(t);
		return;
	}
	if ((polls[INPUT].revents & POLLIN) || (polls[MASTER].revents & POLLOUT))
		copy_in(t, polls[INPUT].revents & POLLIN);
	if ((polls[MASTER].revents & (POLLIN | GONE)) || (polls[OUTPUT].revents & POLLOUT))
		copy_out(t, polls[OUTPUT].revents & POLLOUT);
}

/* ---- job control and the end ---- */

void terminal_resize(struct terminal *t)
{
	if (t->master >= 0)
		copy_size(t->output, t->master);
}

/* Stops this process, or its whole group as the key does, until SIGCONT. Returns whether it did
 * stop: not where the caller ignores the signal, and not in an orphaned group, which nobody would
 * continue (never SIGSTOP, which does not care). */
static bool stop_here(int signal, bool group)
{
	struct sigaction action = {.sa_handler = SIG_DFL}, before;
	sigset_t both, mask, pending;
	bool stopped;

	if (sigaction(signal, NULL, &before) < 0 || before.sa_handler == SIG_IGN)
		return false;
	(void)sigemptyset(&both);
	(void)sigaddset(&both, signal);
	(void)sigaddset(&both,
			SIGCONT); /* pending afterwards is the proof: a stop signal clears it */
	(void)sigprocmask(SIG_BLOCK, &both, &mask);
	(void)sigaction(signal, &action, NULL);
	(void)kill(group ? 0 : getpid(), signal);
	(void)sigdelset(&both, SIGCONT);
	(void)sigprocmask(SIG_UNBLOCK, &both, NULL); /* here */
	(void)sigemptyset(&pending);
	(void)sigpending(&pending);
	stopped = sigismember(&pending, SIGCONT) == 1;
	(void)sigaction(signal, &before, NULL);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	return stopped;
}

void terminal_started(struct terminal *t)
{
	t->running = true;
	(void)terminal_resume(t);
}

bool terminal_stopped(struct terminal *t, int signal)
{
	bool asks = signal == SIGTTIN || signal == SIGTTOU;
	bool had = t->taken, front = t->master >= 0 && in_foreground(t);
	bool stopped;

	if (!(asks && front)) {
		drain(t); /* a full-screen program leaves the screen as its last act */
		release_terminal(t);
		stopped = stop_here(asks ? signal : SIGTSTP, front && signal == SIGTSTP);
		terminal_resize(t);
		front = t->master >= 0 && in_foreground(t);
		if (asks && !stopped && !front)
			return true; /* nobody will ever give us the terminal: let the read wait */
	}
	if (front && (had || asks || t->sole))
		take_terminal(t);
	return t->taken;
}

bool terminal_resume(struct terminal *t)
{
	terminal_resize(t);
	if (t->master < 0)
		return false;
	if (!in_foreground(t))
		t->taken = false; /* its modes are the shell's by now */
	else if (t->taken || t->sole)
		take_terminal(t);
	return t->taken;
}

void terminal_finish(struct terminal *t)
{
	close_fd(&t->slave);
	if (t->master >= 0)
		drain(t);
	release_terminal(t);
	close_fd(&t->master);
	if (t->output == t->input)
		t->output = -1;
	close_own(&t->output);
	close_own(&t->input);
	t->in.used = t->out.used = 0;
}
