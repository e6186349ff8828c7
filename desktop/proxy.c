/*
 * proxy.c - xdg-dbus-proxy, the program between the command and the buses: its start and its end.
 *
 * It belongs outside, because the buses are there, and its sockets belong inside. So that no name
 * of the host is needed for them, they are made in the sandbox's own file system, through a
 * descriptor:
 *
 *   outside   before the clone, a child is forked, which waits
 *   inside    the new root is entered: its XDG_RUNTIME_DIR is opened and handed to the child
 *   child     becomes zbox, with the proxy as its command in a sandbox that has /usr, the sockets
 * of the buses, the descriptor of the directory, and nothing else proxy     makes its sockets by
 * way of /proc/self/fd, and writes a byte inside    has waited for the byte; then the command may
 * run
 *
 * It ends when nobody holds the other end of that pipe, which is zbox outside; and its own zbox
 * ends with that one. So it never outlives the sandbox.
 *
 * What an attacker inside would try: to change where a socket is made (nothing of his runs before
 * it is made), and to break into the proxy, which reads his messages: he would be in a sandbox with
 * the bus, so what the proxy's rules keep from him would be in his reach, and no file of the
 * caller's. Its descriptor of the directory leads into the attacker's own tree.
 */
#include "desktop/proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DIRECTORY_FD = 3, READY_FD = 4, INFO_FD = 5 }; /* of the proxy */

#define BUS_INSIDE "/run/buses/" /* where the proxy finds the host's */

static const char *const sockets[] = {[BUS_SESSION] = "bus", [BUS_SYSTEM] = "system-bus"};
_Static_assert(COUNT(sockets) == BUSES, "each bus has its socket");

const char *proxy_socket(enum bus bus)
{
	return sockets[bus];
}

/* ---- its command line ---- */

struct words {
	char **list; /* of a child that only execs: never freed */
	size_t count;
	bool failed;
};

static void add_word(struct words *w, char *word)
{
	char **slot = word ? array_add(&w->list, &w->count, sizeof(*slot)) : NULL;

	if (slot)
		*slot = word;
	else
		w->failed = true;
}

static void add_words(struct words *w, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add_word(w, format_text("%s", words[i]));
}

/* Who asks a portal is who its root directory says: portals.c. */
static void add_info(struct words *w, const struct sandbox *sb)
{
	static const char *const info[] = {"--perms", "0444", "--file", "5", "/.flatpak-info"};

	_Static_assert(INFO_FD == 5, "as in the words");
	if (sb->app_info)
		add_words(w, info, COUNT(info));
}

/* What every portal of the desktop may be asked, and its answers. */
static void add_portal_rules(struct words *w, const struct sandbox *sb)
{
	static const char *const rules[] = {
		"--call=org.freedesktop.portal.Desktop=*",
		"--call=org.freedesktop.portal.Documents=*",
		"--broadcast=org.freedesktop.portal.Desktop=@/org/freedesktop/portal/*",
		"--broadcast=org.freedesktop.portal.Documents=@/org/freedesktop/portal/*",
	};

	if (sb->app_info)
		add_words(w, rules, COUNT(rules));
}

static char **proxy_words(const struct sandbox *sb)
{
	static const char *const own[] = {
		"zbox", "--no-profile", "--quiet", "--share-terminal", "--keep-fd",
		"3",    "--keep-fd",    "4",       "--ro-bind",        "/usr",
		"/usr",
	};
	struct words w = {0};

	add_words(&w, own, COUNT(own));
	add_info(&w, sb);
	for (int bus = 0; bus < BUSES; bus++) {
		if (!sb->buses[bus])
			continue;
		add_word(&w, format_text("--ro-bind"));
		add_word(&w, format_text("%s", sb->buses[bus]));
		add_word(&w, format_text(BUS_INSIDE "%s", sockets[bus]));
	}
	add_word(&w, format_text("--"));
	add_word(&w, format_text(PROXY_PROGRAM));
	add_word(&w, format_text("--fd=%d", READY_FD));
	for (int bus = 0; bus < BUSES; bus++) {
		if (!sb->buses[bus])
			continue;
		add_word(&w, format_text("unix:path=" BUS_INSIDE "%s", sockets[bus]));
		add_word(&w, format_text("/proc/self/fd/%d/%s", DIRECTORY_FD, sockets[bus]));
		add_word(&w, format_text("--filter"));
		if (bus == BUS_SESSION)
			add_portal_rules(&w, sb);
		for (size_t i = 0; i < sb->bus_rule_count; i++)
			if (sb->bus_rules[i].bus == (enum bus)bus)
				add_word(&w, format_text("--%s=%s", sb->bus_rules[i].kind,
							 sb->bus_rules[i].operand));
	}
	if (!array_add(&w.list, &w.count, sizeof(*w.list)) || w.failed)
		return NULL;
	return w.list;
}

/* ---- the child ---- */

/* Descriptors where the words say that they are; standard error stays the caller's, for what the
 * proxy and its zbox have to say. */
static int place_descriptors(int directory, int ready, int info)
{
	autoclose int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	autoclose int high_directory = fcntl(directory, F_DUPFD_CLOEXEC, INFO_FD + 1);
	autoclose int high_ready = fcntl(ready, F_DUPFD_CLOEXEC, INFO_FD + 1);
	autoclose int high_info = fcntl(info < 0 ? null : info, F_DUPFD_CLOEXEC, INFO_FD + 1);

	if (null < 0 || high_directory < 0 || high_ready < 0 || high_info < 0)
		return -1;
	if (dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(high_directory, DIRECTORY_FD) < 0 ||
	    dup2(high_ready, READY_FD) < 0 || dup2(high_info, INFO_FD) < 0)
		return -1;
	close_from_but(INFO_FD + 1, NULL, 0);
	return 0;
}

/* A file in memory with the text, -1 where that is NULL or cannot be. */
static int info_file(const char *text)
{
	autoclose int fd = text ? memfd_create("flatpak-info", MFD_CLOEXEC) : -1;

	if (fd < 0 || write_fd(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	return take_fd(&fd);
}

/* Says nothing where it fails: the pipe is closed then, and that is noticed inside. */
static void become_proxy(const struct sandbox *sb, int socket, int ready)
{
	char *const no_environment[] = {NULL};
	char **words = proxy_words(sb);
	autoclose int directory = -1, info = info_file(sb->app_info);
	sigset_t none;

	(void)sigemptyset(&none);
	if (!words || (sb->app_info && info < 0) || setsid() < 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return;
	directory = receive_fd(socket);
	if (directory < 0 || place_descriptors(directory, ready, info) < 0 ||
	    sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return;
	(void)execve("/proc/self/exe", words, no_environment);
}

/* ---- the others ---- */

int proxy_start(const struct sandbox *sb, struct bus_proxy *p)
{
	autoclose int theirs = -1, written = -1;
	pid_t zbox = getpid();
	int ends[2], pipes[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(errno, "a socket pair");
	p->socket = ends[0];
	theirs = ends[1];
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return fail(errno, "a pipe");
	p->ready = pipes[0];
	written = pipes[1];
	p->pid = fork();
	if (p->pid < 0)
		return fail(errno, "fork");
	if (p->pid > 0)
		return 0;
	close_fd(&p->socket);
	close_fd(&p->ready);
	if (getppid() == zbox)
		become_proxy(sb, theirs, written);
	_exit(125);
}

int proxy_hand_over(const struct sandbox *sb, struct bus_proxy *p)
{
	autoclose int socket = take_fd(&p->socket);
	autoclose int directory = open(sb->bus_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0)
		return fail(errno, "%s, for the sockets of D-Bus", sb->bus_directory);
	return send_fd(socket, directory);
}

int proxy_wait(struct bus_proxy *p)
{
	autoclose int ready = take_fd(&p->ready);
	ssize_t got;
	char byte;

	do
		got = read(ready, &byte, 1);
	while (got < 0 && errno == EINTR);
	return got == 1 ? 0 : fail(0, PROXY_PROGRAM " ended before it was ready");
}

void proxy_started(struct bus_proxy *p)
{
	close_fd(&p->socket);
}

void proxy_end(struct bus_proxy *p)
{
	close_fd(&p->socket);
	close_fd(&p->ready);
	if (p->pid <= 0)
		return;
	(void)kill(p->pid, SIGKILL);
	(void)waitpid(p->pid, NULL, 0);
	p->pid = -1;
}
