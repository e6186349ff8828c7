/*
 * zbox-backend.c - gives slirp4netns or pasta the life of a sandbox: a program of its own, which
 * zbox starts.
 *
 * Descriptor 3 is a socket to zbox, over which the sandbox's network namespace comes. The order:
 *
 *   words      the program, and its own words (network/backend.c)
 *   network    comes; the user namespace that owns it is asked for
 *   program    is started on the paths of these two, and waited for until it says that it works:
 *              slirp4netns by a descriptor, pasta by writing the file for its number, a pipe
 *   ready      is said
 *   waits      until zbox is gone, then ends the program; or until that has ended, then ends as it
 *              did, so that zbox can say how
 *
 * pasta does not notice the end of a sandbox, so this process has to outlive zbox for a moment: it
 * does not die with it, but sees the end of the socket. Is it killed itself, the program gets the
 * signal that it was given for that. So pasta stays in the foreground: in the background it would
 * be another process, without it. Entering a user namespace of its own user does not take it away.
 *
 * The program is looked for where systems install it and not in PATH, which belongs to the caller's
 * environment. What it writes to standard error is the reason of its failure; later nobody reads
 * that, and it is not blocked by it. This process reads nothing that comes from the sandbox.
 */
#include "kernel.h"
#include "network/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIFE_FD 3
#define PATIENCE 20000 /* milliseconds until it works */

struct backend {
	const char *name;
	int network, user;
	int ready[2], leave[2], words[2]; /* pipes: it works; the end; its standard error */
	pid_t child;
	pid_t holder; /* in the sandbox's user namespace, until it works */
};

/* ---- its command line ---- */

static char *place_word(const struct backend *b, const char *word)
{
	const struct {
		const char *word;
		int fd;
		bool path;
	} places[] = {
		{BACKEND_NETWORK, b->network, true},
		{BACKEND_USER, b->user, true},
		{BACKEND_READY, b->ready[1], false},
		{BACKEND_EXIT, b->leave[0], false},
	};

	for (size_t i = 0; i < COUNT(places); i++) {
		const char *at = strstr(word, places[i].word);
		int front = at ? (int)(at - word) : 0;

		if (at && places[i].path)
			return format_text("%.*s/proc/%d/fd/%d", front, word, b->holder,
					   places[i].fd);
		if (at)
			return format_text("%.*s%d", front, word, places[i].fd);
	}
	return format_text("%s", word);
}

static char **make_words(const struct backend *b, char **words)
{
	char **list = NULL;
	size_t count = 0;

	for (; *words; words++) {
		char **slot = array_add(&list, &count, sizeof(*slot));

		if (!slot || !(*slot = place_word(b, *words)))
			return NULL;
	}
	return array_add(&list, &count, sizeof(char *)) ? list : NULL;
}

/* ---- its start ---- */

/* pasta enters the user namespace first and opens the network from there, where it cannot look into
 * this process any more. */
static int hold(struct backend *b)
{
	int ends[2];
	char byte = 0;
	ssize_t got;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(errno, "a pipe");
	b->holder = fork();
	if (b->holder == 0) {
		/* EINVAL: it is there already */
		if ((setns(b->user, CLONE_NEWUSER) < 0 && errno != EINVAL) ||
		    prctl(PR_SET_DUMPABLE, 1) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
		    write_fd(ends[1], &byte, 1) < 0)
			_exit(1);
		for (;;)
			(void)pause();
	}
	close_fd(&ends[1]);
	got = b->holder < 0 ? -1 : read(ends[0], &byte, 1);
	close_fd(&ends[0]);
	return got == 1 ? 0 : fail(0, "the sandbox's user namespace cannot be entered");
}

static void unhold(struct backend *b)
{
	if (b->holder <= 0)
		return;
	(void)kill(b->holder, SIGKILL);
	(void)waitpid(b->holder, NULL, 0);
	b->holder = -1;
}

static void become(const struct backend *b, char **words)
{
	static const char *const places[] = {"/usr/local/bin", "/usr/bin", "/bin"};
	char *const environment[] = {(char[]){"PATH=/usr/bin:/bin"}, NULL};
	int keep[] = {b->ready[1], b->leave[0]};

	/* pasta takes a SIGPIPE that is ignored already for a failure */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || signal(SIGPIPE, SIG_DFL) == SIG_ERR ||
	    dup2(b->words[1], 2) < 0)
		_exit(125);
	close_from_but(3, keep, COUNT(keep));
	for (size_t i = 0; i < COUNT(keep); i++)
		(void)fcntl(keep[i], F_SETFD, 0);
	for (size_t i = 0; i < COUNT(places); i++) {
		char path[PATH_MAX];

		(void)snprintf(path, sizeof(path), "%s/%s", places[i], b->name);
		(void)execve(path, words, environment);
		if (errno != ENOENT && errno != ENOTDIR)
			break;
	}
	_exit(errno == ENOENT || errno == ENOTDIR ? 127 : 126);
}

static int start(struct backend *b, char **words)
{
	char **list = NULL;

	if (pipe2(b->ready, O_CLOEXEC) < 0 || pipe2(b->leave, O_CLOEXEC) < 0 ||
	    pipe2(b->words, O_CLOEXEC | O_NONBLOCK) < 0)
		return fail(errno, "a pipe");
	list = make_words(b, words);
	if (!list)
		return -1;
	b->child = fork();
	if (b->child < 0)
		return fail(errno, "fork");
	if (b->child == 0)
		become(b, list);
	close_fd(&b->ready[1]);
	close_fd(&b->leave[0]);
	return 0;
}

/* ---- until it works ---- */

/* How it ended, in its own words where it had some: the last line that it wrote. */
static int ended(const struct backend *b, int status)
{
	char text[512];
	ssize_t length = read(b->words[0], text, sizeof(text) - 1);
	const char *line = text;

	if (WIFEXITED(status) && WEXITSTATUS(status) >= 126)
		return fail(WEXITSTATUS(status) == 127 ? ENOENT : EACCES, "the program");
	while (length > 0 && text[length - 1] == '\n')
		length--;
	text[length > 0 ? length : 0] = '\0';
	for (const char *c = text; *c; c++)
		if (*c == '\n')
			line = c + 1;
	if (WIFSIGNALED(status))
		return fail(0, "it ended with signal %d", WTERMSIG(status));
	return fail(0, "%s", *line ? line : "it ended before it was ready");
}

/* Returns 0 when it works. */
static int wait_until_ready(struct backend *b)
{
	autoclose int process = kernel_pidfd_open(b->child);
	struct pollfd polls[] = {{.fd = LIFE_FD, .events = POLLIN},
				 {.fd = process, .events = POLLIN},
				 {.fd = b->ready[0], .events = POLLIN}};
	int status = 0, got;

	if (process < 0)
		return fail(errno, "pidfd_open");
	do
		got = poll(polls, COUNT(polls), PATIENCE);
	while (got < 0 && errno == EINTR);
	if (polls[0].revents)
		return fail(0, "zbox is gone");
	if (polls[2].revents & POLLIN)
		return 0;
	if (got == 0)
		return fail(ETIMEDOUT, "it is not ready");
	(void)waitpid(b->child, &status, 0);
	b->child = -1;
	return ended(b, status);
}

/* ---- its life ---- */

/* Ends as the program did. */
static void end_like(int status)
{
	if (WIFSIGNALED(status)) {
		(void)signal(WTERMSIG(status), SIG_DFL);
		(void)raise(WTERMSIG(status));
	}
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 255);
}

static void live(const struct backend *b)
{
	struct pollfd polls[] = {{.fd = LIFE_FD, .events = POLLIN},
				 {.fd = kernel_pidfd_open(b->child), .events = POLLIN}};
	int status = 0;

	while (poll(polls, COUNT(polls), -1) < 0 && errno == EINTR)
		;
	if (polls[0].revents)
		(void)kill(b->child, SIGKILL);
	(void)waitpid(b->child, &status, 0);
	if (polls[0].revents)
		_exit(0);
	end_like(status);
}

static int begin(struct backend *b, int count, char **words)
{
	char byte;

	if (count < 2)
		return fail(0, "no words");
	b->name = words[1];
	/* see the head: the end of the socket counts */
	if (prctl(PR_SET_PDEATHSIG, 0) < 0)
		return fail(errno, "prctl");
	if (recv(LIFE_FD, &byte, 1, MSG_PEEK) == 0)
		_exit(0);
	b->network = receive_fd(LIFE_FD);
	if (b->network < 0)
		return -1;
	b->user = ioctl(b->network, NS_GET_USERNS);
	if (b->user < 0)
		return fail(errno, "the owner of the sandbox's network");
	if (hold(b) < 0 || start(b, words + 1) < 0 || wait_until_ready(b) < 0)
		return -1;
	unhold(b);
	return 0;
}

int main(int argc, char **argv)
{
	struct backend b = {.network = -1,
			    .user = -1,
			    .ready = {-1, -1},
			    .leave = {-1, -1},
			    .words = {-1, -1},
			    .child = -1,
			    .holder = -1};

	failure_step("network");
	if (begin(&b, argc, argv) < 0) {
		if (b.child > 0)
			(void)kill(b.child, SIGKILL);
		unhold(&b);
		(void)send(LIFE_FD, failure_get(), sizeof(struct failure), MSG_NOSIGNAL);
		_exit(1);
	}
	close_fd(&b.network);
	close_fd(&b.user);
	/* somebody waits for this word, or for our end */
	if (send(LIFE_FD, "ready", 5, MSG_NOSIGNAL) < 0) {
		(void)kill(b.child, SIGKILL);
		unhold(&b);
		_exit(1);
	}
	live(&b);
}
