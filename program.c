/*
 * program.c - zbox's own further programs (zbox-net, zbox-scope): where they are, how they start.
 *
 * What needs a library of the system is a program of its own, started when it was asked for. It
 * gets no environment (a loader that listens to LD_PRELOAD is not wanted there), three times
 * /dev/null, no signal blocked, a session of its own so that no signal of the terminal meets it,
 * and one socket as descriptor 3. It dies with zbox: by the end of the socket, and by a signal that
 * makes sure.
 *
 * Where it is looked for: beside this program, then where it was installed. Never in PATH, which
 * belongs to the caller's environment.
 */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef ZBOX_LIBEXEC
#define ZBOX_LIBEXEC "/usr/local/libexec/zbox"
#endif

#define PLACES 3
#define NAME_ROOM 48 /* for what stands behind the directory of this program */

void program_begin(struct program_words *w, const char *name)
{
	*w = (struct program_words){.name = name};
	program_word(w, "%s", name);
}

void program_word(struct program_words *w, const char *format, ...)
{
	size_t left = sizeof(w->text) - w->used;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(w->text + w->used, left, format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= left || w->count >= PROGRAM_WORDS - 1) {
		w->full = true;
		return;
	}
	w->list[w->count++] = w->text + w->used;
	w->used += (size_t)length + 1;
}

/* Fills path with the place number of the program, below PLACES. */
static void place(unsigned number, const char *name, char path[PATH_MAX])
{
	static const char *const beside[PLACES - 1] = {"", "../libexec/zbox/"};
	ssize_t length;
	char *end;

	if (number == PLACES - 1) {
		(void)snprintf(path, PATH_MAX, "%s/%s", ZBOX_LIBEXEC, name);
		return;
	}
	length = readlink("/proc/self/exe", path, PATH_MAX - NAME_ROOM);
	path[length > 0 ? length : 0] = '\0';
	end = strrchr(path, '/');
	end = end ? end + 1 : path;
	(void)snprintf(end, NAME_ROOM, "%s%s", beside[number], name);
}

/* In a vfork: only calls, and memory of our own. A failure is in the record when it returns. */
static void become(struct program_words *w, int socket)
{
	char *const no_environment[] = {NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char path[PATH_MAX];
	sigset_t none;

	(void)sigemptyset(&none);
	if (null < 0 || setsid() < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
		(void)fail(errno, "%s", w->name);
		return;
	}
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(null, fd) < 0)
			(void)fail(errno, "%s: descriptor %d", w->name, fd);
	if (socket == PROGRAM_FD ? fcntl(socket, F_SETFD, 0) < 0 : dup2(socket, PROGRAM_FD) < 0)
		(void)fail(errno, "%s: descriptor %d", w->name, PROGRAM_FD);
	close_from_but(PROGRAM_FD + 1, NULL, 0);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (unsigned i = 0; !failure_get() && i < PLACES; i++) {
		place(i, w->name, path);
		(void)execve(path, w->list, no_environment);
		if (errno != ENOENT && errno != ENOTDIR)
			(void)fail(errno, "%s", path);
	}
	(void)fail(ENOENT, "%s", w->name);
}

int program_start(struct program_words *w, pid_t *pid, int *socket)
{
	autoclose int ours = -1, theirs = -1;
	pid_t child;
	int ends[2];

	if (w->full)
		return fail(0, "%s: the command line is too long", w->name);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(errno, "a socket pair");
	ours = ends[0];
	theirs = ends[1];
	child = vfork();
	if (child < 0)
		return fail(errno, "fork");
	if (child == 0) {
		become(w, theirs);
		_exit(1);
	}
	if (failure_get()) {
		(void)waitpid(child, NULL, 0);
		return -1;
	}
	*pid = child;
	*socket = take_fd(&ours);
	return 0;
}
