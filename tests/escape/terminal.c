/* A: terminal, session, signals to groups. Standard input is the terminal that we were given. */
#include "escape.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#ifndef KDSKBENT
#define KDSKBENT 0x4B47
#define KDSKBSENT 0x4B49
#endif

/* A descriptor of the terminal: /dev/tty where there is one, else standard input. */
static int terminal(struct result *r)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (isatty(0))
		return 0;
	stopped(r, "no terminal");
	return -1;
}

static void push(struct result *r, unsigned long request)
{
	int fd = terminal(r);
	char byte = ' ';

	if (fd >= 0)
		judge(r, syscall(SYS_ioctl, fd, request, &byte),
		      "a key was pressed for the caller");
}

static void tiocsti(struct result *r)
{
	push(r, TIOCSTI);
}

static void tiocsti_highbits(struct result *r)
{
	push(r, 0x100000000UL | TIOCSTI);
}

static void tioclinux(struct result *r)
{
	char subcode[8] = {2};
	int fd = terminal(r);

	/* the driver of a pty answers ENOTTY: then only the driver stopped it */
	if (fd >= 0 && syscall(SYS_ioctl, fd, TIOCLINUX, subcode) < 0 && errno != ENOTTY)
		stopped(r, "%s", errno_name(errno));
	else if (fd >= 0)
		open_hole(r, "reaches the driver");
}

static void kd_remap(struct result *r)
{
	const unsigned long requests[] = {KDSKBENT, KDSKBSENT};
	char argument[600] = {0};
	int fd = terminal(r);

	for (size_t i = 0; fd >= 0 && i < COUNT(requests); i++) {
		if (syscall(SYS_ioctl, fd, requests[i], argument) < 0 && errno != ENOTTY)
			stopped(r, "%s", errno_name(errno));
		else {
			open_hole(r, "reaches the driver");
			return;
		}
	}
}

static void tiocsetd(struct result *r)
{
	int discipline = 0; /* N_TTY, what it is: no harm where it works */
	int fd = terminal(r);

	if (fd >= 0)
		judge(r, ioctl(fd, TIOCSETD, &discipline), "the line discipline can be changed");
}

static void host_session(struct result *r)
{
	if (getsid(0) == 0)
		open_hole(r, "the session is one from outside");
	else
		stopped(r, "own");
}

/* Traces for host.c, which looks at its terminal and at its canary afterwards. */
static void own_terminal(struct result *r)
{
	struct termios modes;
	int fd = terminal(r);

	if (fd < 0)
		return;
	if (tcgetattr(fd, &modes) == 0) {
		modes.c_cc[VLNEXT] = 0x1e;
		(void)signal(SIGTTOU, SIG_IGN);
		(void)tcsetattr(fd, TCSANOW, &modes);
	}
	stopped(r, "host decides");
}

static void kill_zero(struct result *r)
{
	(void)signal(SIGURG, SIG_IGN);
	(void)kill(0, SIGURG);
	stopped(r, "host decides");
}

static void fg_hijack(struct result *r)
{
	int fd = terminal(r);

	if (fd < 0)
		return;
	(void)signal(SIGTTOU, SIG_IGN);
	(void)setpgid(0, 0);
	(void)tcsetpgrp(fd, getpgrp());
	stopped(r, "host decides");
}

static const struct check checks[] = {
	{"tiocsti", "EPERM", tiocsti, "none", NULL},
	{"tiocsti-highbits", "EPERM", tiocsti_highbits, "none", NULL},
	{"tioclinux", "EPERM", tioclinux, "none", NULL},
	{"kd-remap", "EPERM", kd_remap, "none", NULL},
	{"tiocsetd", "EPERM", tiocsetd, "none", NULL},
	{"host-session", "own", host_session, NULL, NULL},
	{"own-terminal", "not the caller's", own_terminal, NULL, NULL},
	{"kill-zero", "sibling lives", kill_zero, NULL, NULL},
	{"fg-hijack", "group unchanged", fg_hijack, NULL, NULL},
	{"stop-cont", NULL, NULL, NULL, "job control is tested in tests/e2e, with a shell"},
	{"winch-hup", NULL, NULL, NULL, "job control is tested in tests/e2e, with a shell"},
};

const struct check_group group_terminal = {'A', checks, COUNT(checks)};
