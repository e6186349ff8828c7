/*
 * helper.c - zbox-net, the program that carries user-mode networking: its start and its end.
 *
 * It is started before the clone, so that the loader and libslirp do their work on another
 * processor while the namespaces are made. It gets no environment (a loader that listens to
 * LD_PRELOAD is not wanted there), three times /dev/null, and one socket as descriptor 3:
 *
 *   to it      the interface and the sockets for names, once, from the set-up inside
 *   from it    that it is ready, or what it failed at
 *   its end    when nobody is left who holds our end, it exits: so it never outlives the sandbox,
 *              whatever becomes of zbox. A signal for zbox's own end makes sure of it.
 *
 * Where it is looked for: see helpers.c.
 */
#include "network/helper.h"

#include "helpers.h"
#include "kernel.h"
#include "network/addresses.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define HELPER_WORDS 96 /* of its command line */
#define HELPER_FD 3
#define END_WAIT 100 /* milliseconds from the end of its socket to its own */

struct words {
	char *list[HELPER_WORDS];
	size_t count;
	char text[2048];
	size_t used;
};

/* Adds a word; what does not fit any more makes count HELPER_WORDS. */
static void PRINTF(2, 3) add_word(struct words *w, const char *format, ...)
{
	size_t left = sizeof(w->text) - w->used;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(w->text + w->used, left, format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= left || w->count >= HELPER_WORDS - 1) {
		w->count = HELPER_WORDS;
		return;
	}
	w->list[w->count++] = w->text + w->used;
	w->used += (size_t)length + 1;
}

static int make_words(const struct sandbox *sb, struct words *w)
{
	*w = (struct words){.count = 0};
	add_word(w, "zbox-net");
	add_word(w, "mtu=%lld", (long long)(sb->net_mtu ? sb->net_mtu : NET_MTU_DEFAULT));
	if (sb->net_ipv6 == NET_IPV6_ON)
		add_word(w, "ipv6");
	for (size_t i = 0; i < sb->dns_count; i++)
		add_word(w, "dns=%s", sb->dns[i]);
	for (size_t i = 0; i < sb->net_open_count; i++) {
		const struct net_open *open = &sb->net_open[i];

		if (open->lan)
			add_word(w, "lan");
		else
			add_word(w, open->port ? "loopback=%u" : "loopback", open->port);
	}
	return w->count < HELPER_WORDS ? 0 : fail(0, "too many --net-open");
}

/* In a vfork: only calls, and memory of our own. A failure is in the record when it returns. */
static void become_helper(struct words *w, int socket)
{
	char *const no_environment[] = {NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char path[PATH_MAX];
	sigset_t none;

	(void)sigemptyset(&none);
	if (null < 0 || setsid() < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
		(void)fail(errno, "zbox-net");
		return;
	}
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(null, fd) < 0)
			(void)fail(errno, "zbox-net: descriptor %d", fd);
	if (socket == HELPER_FD ? fcntl(socket, F_SETFD, 0) < 0 : dup2(socket, HELPER_FD) < 0)
		(void)fail(errno, "zbox-net: descriptor %d", HELPER_FD);
	close_from_but(HELPER_FD + 1, NULL, 0);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (unsigned i = 0; !failure_get() && helper_place("zbox-net", i, path); i++) {
		(void)execve(path, w->list, no_environment);
		if (errno != ENOENT && errno != ENOTDIR)
			(void)fail(errno, "%s", path);
	}
	(void)fail(ENOENT, "zbox-net");
}

int net_helper_start(const struct sandbox *sb, struct net_helper *h)
{
	struct words words;
	autoclose int theirs = -1;
	pid_t child;
	int ends[2];

	if (make_words(sb, &words) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(errno, "a socket pair");
	h->socket = ends[0];
	theirs = ends[1];
	child = vfork();
	if (child < 0)
		return fail(errno, "fork");
	if (child == 0) {
		become_helper(&words, theirs);
		_exit(1);
	}
	h->pid = child;
	if (!failure_get())
		return 0;
	net_helper_end(h);
	return -1;
}

int net_helper_wait(int *socket)
{
	autoclose int fd = take_fd(socket);
	char said[256];
	ssize_t length;

	do
		length = recv(fd, said, sizeof(said) - 1, 0);
	while (length < 0 && errno == EINTR);
	if (length <= 0)
		return fail(0, "zbox-net ended before it was ready");
	said[length] = '\0';
	return strcmp(said, "ready") == 0 ? 0 : fail(0, "zbox-net: %s", said);
}

void net_helper_end(struct net_helper *h)
{
	close_fd(&h->socket);
	if (h->pid <= 0)
		return;
	(void)kill(h->pid, SIGKILL);
	(void)waitpid(h->pid, NULL, 0);
	h->pid = -1;
}

void net_helper_ended(struct net_helper *h, char *text, size_t size)
{
	struct pollfd process = {.fd = kernel_pidfd_open(h->pid), .events = POLLIN};
	int status = 0;

	/* one that was taken over may have closed the socket and live on */
	(void)poll(&process, 1, END_WAIT);
	close_fd(&process.fd);
	(void)kill(h->pid, SIGKILL);
	if (waitpid(h->pid, &status, 0) == h->pid && WIFSIGNALED(status))
		(void)snprintf(text, size, "signal %d", WTERMSIG(status));
	else
		(void)snprintf(text, size, "status %d", WEXITSTATUS(status));
	h->pid = -1;
	close_fd(&h->socket);
}
