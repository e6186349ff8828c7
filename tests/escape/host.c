/*
 * host.c - puts up what there is to be found outside, runs the sandbox, judges.
 *
 * The sandbox gets the worst that a careless caller gives: a terminal whose session has other
 * processes in the same group, open descriptors of a directory, a memfd and a socket, secrets in
 * the environment, a key in the session keyring. A directory in the home holds the rest. All of it
 * is taken away at the end, also what checks managed to leave.
 */
#include "host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define PATIENCE 60000 /* milliseconds that the main run may take */

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static int hold(int fd, const char *what)
{
	if (fd < 0)
		die(what);
	return fd;
}

/* ---- canaries ---- */

static void make_files(struct host *h)
{
	const char *home = getenv("HOME");
	char path[150];

	(void)snprintf(h->tag, sizeof(h->tag), "zbox-escape-%d", getpid());
	(void)snprintf(h->base, sizeof(h->base), "%.60s/.%s", home ? home : "/tmp", h->tag);
	if (mkdir(h->base, 0700) < 0)
		die(h->base);
	(void)snprintf(path, sizeof(path), "%s/secret", h->base);
	(void)snprintf(canaries.secret, sizeof(canaries.secret), "%.120s", path);
	(void)!write(hold(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), path), "secret\n", 7);
	(void)snprintf(path, sizeof(path), "/dev/shm/%s.shm", h->tag);
	(void)open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	(void)snprintf(canaries.tag, sizeof(canaries.tag), "%s", h->tag);
	(void)gethostname(canaries.hostname, sizeof(canaries.hostname) - 1);
	if (read_text("/etc/machine-id", canaries.machine_id, sizeof(canaries.machine_id)) > 0)
		canaries.machine_id[strcspn(canaries.machine_id, "\n")] = '\0';
}

static void listen_local(const struct host *h)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = hold(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%.90s/s", h->base);
	(void)snprintf(canaries.socket, sizeof(canaries.socket), "%s", address.sun_path);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 8) < 0)
		die(address.sun_path);
	fd = hold(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
	memset(address.sun_path, 0, sizeof(address.sun_path));
	(void)snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s", h->tag);
	(void)snprintf(canaries.abstract, sizeof(canaries.abstract), "%s", h->tag);
	if (bind(fd, (const struct sockaddr *)&address,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(h->tag))) < 0 ||
	    listen(fd, 8) < 0)
		die("abstract socket");
}

static void listen_tcp(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);
	int fd = hold(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (const struct sockaddr *)&address, length) < 0 || listen(fd, 8) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		die("listen");
	canaries.port = ntohs(address.sin_port);
}

static void leave_things_open(const struct host *h)
{
	int pair[2];

	/* none of these is close-on-exec: that is the point */
	(void)dup2(hold(open(h->base, O_RDONLY | O_DIRECTORY), h->base), LEAKED_DIRECTORY);
	(void)hold(memfd_create("escape", 0), "memfd");
	(void)hold(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	canaries.shm_key = 0x7a620000 | (getpid() & 0xffff);
	(void)hold(shmget(canaries.shm_key, 4096, IPC_CREAT | 0600), "shmget");
	(void)syscall(SYS_keyctl, 1L /* JOIN_SESSION_KEYRING */, NULL);
	canaries.key = (int)syscall(SYS_add_key, "user", "zbox-escape", "secret", 6L, -3L);
	(void)setenv("SECRET_TOKEN", "hunter2", 1);
	(void)setenv("AWS_SECRET_ACCESS_KEY", "hunter2", 1);
	(void)setenv("SSH_AUTH_SOCK", canaries.socket, 1);
	(void)setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent", 1);
	(void)setenv("GLIBC_TUNABLES", "glibc.malloc.check=0", 1);
	(void)setenv("GCONV_PATH", "/nonexistent", 1);
}

static void allow_cores(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_CORE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_CORE, &limit);
}

static void take_away(const struct host *h)
{
	static const char *const dirs[] = {"",         "/usr",  "/usr/lib", "/etc",     "/var",
					   "/home",    "/root", "/tmp",     "/var/tmp", "/run",
					   "/dev/shm", "/opt",  "/srv",     "/mnt"};
	char path[300];

	for (size_t i = 0; i < COUNT(dirs); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dirs[i], h->tag);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof(path), "/dev/shm/%s.shm", h->tag);
	(void)unlink(path);
	(void)shmctl(shmget(canaries.shm_key, 1, 0), IPC_RMID, NULL);
	(void)snprintf(path, sizeof(path), "chmod -R u+rwx '%s'; rm -rf '%s'", h->base, h->base);
	if (system(path) != 0)
		(void)fprintf(stderr, "could not remove %s\n", h->base);
}

/* ---- running ---- */

static void words_of(const struct host *h, const char *const *words, char **all)
{
	int n = 0;

	for (int i = 0; i < h->sandbox_words; i++)
		all[n++] = h->sandbox[i];
	for (size_t i = 0; words[i] && n < 120; i++)
		memcpy(&all[n++], &words[i], sizeof(all[0])); /* execv(3) wants them not const */
	all[n] = NULL;
}

struct run start(const struct host *h, const char *const *words, void (*prepare)(void))
{
	struct run run = {-1, -1};
	char *all[128];
	int pipes[2];

	words_of(h, words, all);
	if (pipe2(pipes, O_CLOEXEC) < 0)
		die("pipe");
	run.pid = fork();
	if (run.pid == 0) {
		(void)setsid();
		(void)chdir(h->base); /* a core goes away with the rest */
		(void)dup2(open("/dev/null", O_RDWR | O_CLOEXEC), 0);
		(void)dup2(pipes[1], 1);
		if (!getenv("ESCAPE_VERBOSE"))
			(void)dup2(0, 2);
		if (prepare)
			prepare();
		(void)execvp(all[0], all);
		_exit(126);
	}
	(void)close(pipes[1]);
	run.output = pipes[0];
	return run;
}

int finish(struct run *run)
{
	int status = 0;

	for (int i = 0; i < 500; i++) {
		pid_t done = waitpid(run->pid, &status, WNOHANG);

		if (done != 0)
			break;
		if (i == 499) {
			(void)kill(run->pid, SIGKILL);
			(void)waitpid(run->pid, &status, 0);
		}
		usleep(10000);
	}
	if (run->output >= 0)
		(void)close(run->output);
	run->output = -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool ends_within(const struct run *run, int milliseconds)
{
	struct pollfd poll_fd = {run->output, POLLIN, 0};
	char text[512];

	for (int waited = 0; waited < milliseconds; waited += 20) {
		if (poll(&poll_fd, 1, 20) <= 0)
			continue;
		if (read(run->output, text, sizeof(text)) <= 0)
			return true;
		usleep(20000);
	}
	return false;
}

/* ---- the main run ---- */

static void sibling_hit(int number)
{
	(void)number;
	_exit(99);
}

/* In a session of its own with the terminal: the canary, then the sandbox. Reports by exit code:
 * bit 0 the sibling died, bit 1 the terminal's group is another one. */
static int session_main(const struct host *h, const char *const *words, int output)
{
	int status, result = 0;
	char *all[128];
	pid_t sibling, sandbox;

	words_of(h, words, all);
	(void)setsid();
	(void)ioctl(h->slave, TIOCSCTTY, 0);
	(void)chdir(h->base);
	sibling = fork();
	if (sibling == 0) {
		(void)signal(SIGURG, sibling_hit);
		for (;;)
			(void)pause();
	}
	sandbox = fork();
	if (sandbox == 0) {
		(void)dup2(h->slave, 0);
		(void)dup2(output, 1);
		(void)execvp(all[0], all);
		perror(all[0]);
		_exit(126);
	}
	(void)close(output);
	(void)waitpid(sandbox, &status, 0);
	usleep(50000);
	if (waitpid(sibling, &status, WNOHANG) == sibling)
		result |= 1;
	(void)kill(sibling, SIGKILL);
	if (tcgetpgrp(h->slave) != getpgrp())
		result |= 2;
	return result;
}

static void format_canaries(char *words, size_t size)
{
	(void)snprintf(words, size,
		       "host=%d,port=%d,shm=%d,key=%d,abstract=%s,socket=%s,secret=%s,hostname=%s,"
		       "machine=%s,tag=%s",
		       canaries.host, canaries.port, canaries.shm_key, canaries.key,
		       canaries.abstract, canaries.socket, canaries.secret, canaries.hostname,
		       canaries.machine_id, canaries.tag);
}

static bool word_in(const char *list, const char *word, size_t length, const char *separators)
{
	while (list && *list) {
		size_t n = strcspn(list, separators);

		if (n == length && strncmp(list, word, n) == 0)
			return true;
		list += n + (list[n] != '\0');
	}
	return false;
}

void report(struct host *h, char letter, const struct check *check, const struct result *r)
{
	bool allowed = h->profile && check->allowed_in &&
		       word_in(check->allowed_in, h->profile, strlen(h->profile), " ");
	bool expected = !h->exact || !check->expect || h->profile ||
			word_in(check->expect, r->text, strlen(r->text), "|");
	bool ok = r->verdict == STOPPED && expected;

	h->number++;
	if (r->verdict == SKIPPED) {
		printf("ok %u - %c %s # SKIP %s\n", h->number, letter, check->name, r->text);
	} else if (!ok && allowed) {
		printf("ok %u - %c %s: %s (as the profile says)\n", h->number, letter, check->name,
		       r->text);
	} else {
		printf("%s %u - %c %s: %s", ok ? "ok" : "not ok", h->number, letter, check->name,
		       r->text);
		if (r->verdict == STOPPED && !expected)
			printf(" (stopped, but %s was expected)", check->expect);
		putchar('\n');
		h->failures += !ok;
	}
	(void)fflush(stdout);
}

/* ---- what only the host can see ---- */

static void judge_terminal(const struct host *h, struct result *r)
{
	struct termios modes;

	if (tcgetattr(h->slave, &modes) == 0 && modes.c_cc[VLNEXT] == 0x1e)
		open_hole(r, "the caller's terminal was changed");
	else
		stopped(r, "not the caller's");
}

static void judge_sibling(const struct host *h, struct result *r)
{
	if (h->sibling_died)
		open_hole(r, "a process outside, in the same group, died");
	else
		stopped(r, "sibling lives");
}

static void judge_group(const struct host *h, struct result *r)
{
	if (h->group_changed)
		open_hole(r, "the terminal's foreground group is another");
	else
		stopped(r, "group unchanged");
}

static void judge_writes(const struct host *h, struct result *r)
{
	static const char *const dirs[] = {"",      "/usr",  "/usr/lib", "/etc",     "/var",
					   "/home", "/root", "/tmp",     "/var/tmp", "/run",
					   "/opt",  "/srv",  "/mnt"};

	stopped(r, "nothing on the host");
	for (size_t i = 0; i < COUNT(dirs); i++) {
		char path[100];

		(void)snprintf(path, sizeof(path), "%s/%s", dirs[i], h->tag);
		if (access(path, F_OK) == 0)
			open_hole(r, "%s on the host", path);
	}
}

static void judge_home(const struct host *h, struct result *r)
{
	char path[150];

	(void)snprintf(path, sizeof(path), "%s/secret.written", h->base);
	if (access(path, F_OK) == 0)
		open_hole(r, "a file in the home, on the host");
	else
		stopped(r, "nothing on the host");
}

static void judge_line(struct host *h, char *line)
{
	static const struct {
		const char *name;
		void (*judge)(const struct host *, struct result *);
	} judges[] = {
		{"own-terminal", judge_terminal}, {"kill-zero", judge_sibling},
		{"fg-hijack", judge_group},       {"host-write", judge_writes},
		{"home-write", judge_home},
	};
	char letter, name[40], *text = strstr(line, ": "), *skip = strstr(line, " # SKIP ");
	struct result r = {UNKNOWN, ""};
	const struct check *check;
	unsigned number;

	if (sscanf(line, "%*[a-z ]%u - %c %39s", &number, &letter, name) != 3)
		return;
	name[strcspn(name, ":")] = '\0';
	check = find_check(name);
	if (!check)
		return;
	r.verdict = skip ? SKIPPED : strncmp(line, "ok", 2) == 0 ? STOPPED : OPEN;
	(void)snprintf(r.text, sizeof(r.text), "%s", skip ? skip + 8 : text ? text + 2 : "");
	for (size_t i = 0; i < COUNT(judges) && !skip; i++)
		if (strcmp(judges[i].name, name) == 0 && strcmp(r.text, "host decides") == 0)
			judges[i].judge(h, &r);
	report(h, letter, check, &r);
}

/* Reads all of it first: what only the host can see is there when everything has ended. */
static void run_main(struct host *h)
{
	static char text[1 << 16];
	char words[1200], *next = NULL;
	const char *const command[] = {h->inside, "inside", words, h->only, NULL};
	size_t used = 0;
	int pipes[2], status;
	pid_t session;

	format_canaries(words, sizeof(words));
	if (pipe2(pipes, O_CLOEXEC) < 0)
		die("pipe");
	session = fork();
	if (session == 0)
		_exit(session_main(h, command, pipes[1]));
	(void)close(pipes[1]);
	for (;;) {
		struct pollfd poll_fd = {pipes[0], POLLIN, 0};
		ssize_t got;

		if (poll(&poll_fd, 1, PATIENCE) <= 0)
			break;
		got = read(pipes[0], text + used, sizeof(text) - 1 - used);
		if (got <= 0)
			break;
		used += (size_t)got;
	}
	(void)close(pipes[0]);
	text[used] = '\0';
	(void)waitpid(session, &status, 0);
	h->sibling_died = WIFEXITED(status) && (WEXITSTATUS(status) & 1);
	h->group_changed = WIFEXITED(status) && (WEXITSTATUS(status) & 2);
	for (char *line = strtok_r(text, "\n", &next); line; line = strtok_r(NULL, "\n", &next))
		judge_line(h, line);
	if (h->number == 0) {
		printf("not ok 1 - the sandbox did not run the checks\n");
		h->failures++;
	}
}

static void open_terminal(struct host *h)
{
	struct winsize size = {50, 132, 0, 0};

	h->master = hold(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), "ptmx");
	if (grantpt(h->master) < 0 || unlockpt(h->master) < 0)
		die("ptmx");
	h->slave = hold(open(ptsname(h->master), O_RDWR | O_NOCTTY | O_CLOEXEC), "pts");
	(void)ioctl(h->slave, TIOCSWINSZ, &size);
}

static int usage(void)
{
	(void)fprintf(stderr, "usage: escape host [OPTIONS] -- SANDBOX...\n"
			      "  --inside PATH    this program in the sandbox (default /escape)\n"
			      "  --binds          SANDBOX takes bubblewrap's options\n"
			      "  --exact          every text has to be the expected one\n"
			      "  --profile NAME   of seccomp, when it is not the default\n"
			      "  --only NAME      one check\n");
	return 2;
}

int host_main(int argc, char **argv)
{
	struct host h = {.inside = "/escape"};
	static char self[200];
	int i;

	for (i = 2; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (strcmp(argv[i], "--binds") == 0)
			h.binds = true;
		else if (strcmp(argv[i], "--exact") == 0)
			h.exact = true;
		else if (strcmp(argv[i], "--inside") == 0 && value)
			h.inside = argv[++i];
		else if (strcmp(argv[i], "--profile") == 0 && value)
			h.profile = argv[++i];
		else if (strcmp(argv[i], "--only") == 0 && value)
			h.only = argv[++i];
		else
			return usage();
	}
	if (i + 1 >= argc || readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return usage();
	h.self = self;
	h.sandbox = argv + i + 1;
	h.sandbox_words = argc - i - 1;
	canaries.host = getpid();
	(void)signal(SIGPIPE, SIG_IGN);
	make_files(&h);
	listen_local(&h);
	listen_tcp();
	open_terminal(&h);
	leave_things_open(&h);
	allow_cores();
	run_main(&h);
	run_life(&h);
	if (h.binds)
		run_setup(&h);
	printf("1..%u\n# %u open\n", h.number, h.failures);
	take_away(&h);
	return h.failures > 0;
}
