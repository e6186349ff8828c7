/*
 * helper.c - the programs beside a sandbox that carry its network: their start and their end.
 *
 * zbox-net has user-mode networking, zbox-ports has ports (network/ports.c). One is started before
 * the clone, so that the loader and the libraries do their work on another processor while the
 * namespaces are made. It gets no environment (a loader that listens to LD_PRELOAD is not wanted
 * there), three times /dev/null, and one socket as descriptor 3:
 *
 *   to it      what it waits for, once, from the set-up inside: the interface and the sockets for
 *              names; or the network namespace
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
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define HELPER_FD 3 /* the socket; behind it, for zbox-net, --net-log and --net-pcap */
#define HELPER_FDS 3
#define END_WAIT 100     /* milliseconds from the end of its socket to its own */
#define FINISH_WAIT 2000 /* the same until it has said everything */

/* Its command line: made before the vfork, where no memory is asked for. */
struct words {
	char **list; /* owned, and so are the words */
	size_t count;
};

static void free_words(struct words *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->list[i]);
	free(w->list);
}

/* Adds a word. Returns 0, or -1 after fail(). */
static int PRINTF(2, 3) add_word(struct words *w, const char *format, ...)
{
	char **slot = array_add(&w->list, &w->count, sizeof(*slot));
	va_list args;
	int length;

	if (!slot)
		return -1;
	va_start(args, format);
	length = vasprintf(slot, format, args);
	va_end(args);
	if (length >= 0)
		return 0;
	*slot = NULL;
	return fail(0, "out of memory");
}

static int add_open(struct words *w, const struct net_open *open)
{
	if (open->lan)
		return add_word(w, "lan");
	return add_word(w, open->port ? "loopback=%u" : "loopback", open->port);
}

static int make_words(const struct sandbox *sb, bool record, struct words *w)
{
	const struct {
		bool given;
		const char *word;
	} switches[] = {
		{true, "zbox-net"},
		{sb->net_ipv6 == NET_IPV6_ON, "ipv6"},
		{sb->net_sni == NET_SNI_STRICT, "sni"},
		{sb->net_log != NULL, "log"},
		{sb->net_pcap != NULL, "pcap"},
		{record, "record"},
	};
	int result = 0;

	for (size_t i = 0; result == 0 && i < COUNT(switches); i++)
		if (switches[i].given)
			result = add_word(w, "%s", switches[i].word);
	if (result == 0)
		result = add_word(w, "mtu=%lld",
				  (long long)(sb->net_mtu ? sb->net_mtu : NET_MTU_DEFAULT));
	if (result == 0 && sb->net_network)
		result = add_word(w, "network=%u", sb->net_network);
	for (size_t i = 0; result == 0 && i < sb->outbound_count; i++)
		result = add_word(w, "outbound=%s", sb->outbound[i]);
	for (size_t i = 0; result == 0 && i < sb->dns_count; i++)
		result = add_word(w, "dns=%s", sb->dns[i]);
	for (size_t i = 0; result == 0 && i < sb->net_open_count; i++)
		result = add_open(w, &sb->net_open[i]);
	for (size_t i = 0; result == 0 && i < sb->net_rule_count; i++)
		result = add_word(w, "%s=%s", sb->net_rules[i].allow ? "allow" : "deny",
				  sb->net_rules[i].text);
	/* the end of the list */
	return result == 0 && array_add(&w->list, &w->count, sizeof(char *)) ? 0 : -1;
}

/* Gives the helper its descriptors their numbers; all others are closed. They are moved out of the
 * way first, because one may have the number of another. */
static void take_places(const char *program, const int fds[HELPER_FDS])
{
	int moved[HELPER_FDS];

	for (int i = 0; i < HELPER_FDS; i++)
		moved[i] = fds[i] < 0 ? -1 : fcntl(fds[i], F_DUPFD_CLOEXEC, HELPER_FD + HELPER_FDS);
	for (int i = 0; i < HELPER_FDS; i++)
		if (fds[i] < 0)
			(void)close(HELPER_FD + i);
		else if (moved[i] < 0 || dup2(moved[i], HELPER_FD + i) < 0)
			(void)fail(errno, "%s: descriptor %d", program, HELPER_FD + i);
	close_from_but(HELPER_FD + HELPER_FDS, NULL, 0);
}

/* In a vfork: only calls, and memory of our own. A failure is in the record when it returns. */
static void become_helper(char *const *words, const int fds[HELPER_FDS])
{
	char *const no_environment[] = {NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char path[PATH_MAX];
	sigset_t none;

	(void)sigemptyset(&none);
	if (null < 0 || setsid() < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
		(void)fail(errno, "%s", words[0]);
		return;
	}
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(null, fd) < 0)
			(void)fail(errno, "%s: descriptor %d", words[0], fd);
	take_places(words[0], fds);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (unsigned i = 0; !failure_get() && helper_place(words[0], i, path); i++) {
		(void)execve(path, words, no_environment);
		if (errno != ENOENT && errno != ENOTDIR)
			(void)fail(errno, "%s", path);
	}
	(void)fail(ENOENT, "%s", words[0]);
}

static int start(struct net_helper *h, char *const *words, const int files[2])
{
	autoclose int theirs = -1;
	pid_t child;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(errno, "a socket pair");
	h->socket = ends[0];
	theirs = ends[1];
	child = vfork();
	if (child < 0)
		return fail(errno, "fork");
	if (child == 0) {
		become_helper(words, (const int[HELPER_FDS]){theirs, files[0], files[1]});
		_exit(1);
	}
	h->pid = child;
	if (!failure_get())
		return 0;
	net_helper_end(h);
	return -1;
}

int net_helper_exec(struct net_helper *h, char *const *words)
{
	return start(h, words, (const int[2]){-1, -1});
}

/* path: NULL opens nothing. */
static int open_file(const char *option, const char *path, int flags, int *fd)
{
	if (!path)
		return 0;
	/* O_NONBLOCK: a FIFO that nobody reads is an error */
	*fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags, 0666);
	return *fd < 0 ? fail(errno, "--%s %s", option, path) : 0;
}

int net_helper_start(const struct sandbox *sb, bool record, struct net_helper *h)
{
	struct words words = {.count = 0};
	autoclose int log = -1, pcap = -1;
	int result = make_words(sb, record, &words);

	h->tells = record || sb->net_log;
	if (result == 0)
		result = open_file("net-log", sb->net_log, O_APPEND, &log);
	if (result == 0)
		result = open_file("net-pcap", sb->net_pcap, O_TRUNC, &pcap);
	if (result == 0)
		result = start(h, words.list, (const int[2]){log, pcap});
	free_words(&words);
	return result;
}

/* What it says once. Returns the length; 0: it has gone without a word. */
static ssize_t hear(int fd, void *said, size_t size)
{
	ssize_t length;

	/* ECONNRESET, once: it has gone without reading what we sent; its word is behind that */
	do
		length = recv(fd, said, size, 0);
	while (length < 0 && (errno == EINTR || errno == ECONNRESET));
	return length < 0 ? 0 : length;
}

int net_helper_wait(int *socket)
{
	autoclose int fd = take_fd(socket);
	char said[256];
	ssize_t length = hear(fd, said, sizeof(said) - 1);

	if (length == 0)
		return fail(0, "zbox-net ended before it was ready");
	said[length] = '\0';
	return strcmp(said, "ready") == 0 ? 0 : fail(0, "zbox-net: %s", said);
}

int net_helper_hear(int *socket, const char *about)
{
	char word[16];

	return net_helper_text(socket, about, word, sizeof(word));
}

int net_helper_text(int *socket, const char *about, char *text, size_t size)
{
	autoclose int fd = take_fd(socket);
	struct failure said;
	ssize_t length = hear(fd, &said, sizeof(said));

	if (length == (ssize_t)sizeof(said)) {
		failure_adopt(&said);
		failure_prefix("%s: ", about);
		return -1;
	}
	if (length <= 0)
		return fail(0, "%s: its program ended before it was ready", about);
	(void)snprintf(text, size, "%.*s", (int)length, (const char *)&said);
	return 0;
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

/* One message, which came from a program that the sandbox may have taken over: texts are ended,
 * whatever is in them. */
static void take_refusal(struct net_helper *h, struct net_refusal *message)
{
	struct net_refusal *slot;

	message->name[sizeof(message->name) - 1] = '\0';
	message->address[sizeof(message->address) - 1] = '\0';
	message->protocol[sizeof(message->protocol) - 1] = '\0';
	slot = array_add(&h->refused, &h->refused_count, sizeof(*slot));
	if (slot)
		*slot = *message;
	else
		failure_clear(); /* the run has ended; there is less to tell */
}

void net_helper_finish(struct net_helper *h)
{
	struct pollfd from = {.fd = h->socket, .events = POLLIN};

	if (h->tells && h->socket >= 0 && shutdown(h->socket, SHUT_WR) == 0)
		while (h->refused_count <= REFUSALS_MAX && poll(&from, 1, FINISH_WAIT) > 0) {
			struct net_refusal message;

			if (recv(h->socket, &message, sizeof(message), 0) != sizeof(message))
				break;
			take_refusal(h, &message);
		}
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
