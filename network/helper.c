/*
 * helper.c - zbox-net, the program that carries user-mode networking: its start and its end.
 *
 * It is started before the clone, so that the loader and libslirp do their work on another
 * processor while the namespaces are made. How it is found and started is in program.c; it gets one
 * socket as descriptor 3:
 *
 *   to it      the interface and the sockets for names, once, from the set-up inside
 *   from it    that it is ready, or what it failed at
 *   its end    when nobody is left who holds our end, it exits: so it never outlives the sandbox,
 *              whatever becomes of zbox. A signal for zbox's own end makes sure of it.
 */
#include "network/helper.h"

#include "kernel.h"
#include "network/addresses.h"
#include "program.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_WAIT 100 /* milliseconds from the end of its socket to its own */

static int make_words(const struct sandbox *sb, struct program_words *w)
{
	program_begin(w, "zbox-net");
	program_word(w, "mtu=%lld", (long long)(sb->net_mtu ? sb->net_mtu : NET_MTU_DEFAULT));
	if (sb->net_ipv6 == NET_IPV6_ON)
		program_word(w, "ipv6");
	for (size_t i = 0; i < sb->dns_count; i++)
		program_word(w, "dns=%s", sb->dns[i]);
	for (size_t i = 0; i < sb->net_open_count; i++) {
		const struct net_open *open = &sb->net_open[i];

		if (open->lan)
			program_word(w, "lan");
		else
			program_word(w, open->port ? "loopback=%u" : "loopback", open->port);
	}
	return w->full ? fail(0, "too many --net-open") : 0;
}

int net_helper_start(const struct sandbox *sb, struct net_helper *h)
{
	struct program_words words;

	if (make_words(sb, &words) < 0 || program_start(&words, &h->pid, &h->socket) < 0)
		return -1;
	return 0;
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
