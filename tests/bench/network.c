/*
 * network.c - the small end of the network bench: connections, one after the other and at once.
 *
 *   network serve ADDRESS PORT
 *       answers each connection's first bytes with as many, and waits for its end
 *   network ask ADDRESS PORT N PROCESSES
 *       N connections, each with a question of 64 bytes: how many a second, p50, p99 and the
 *       longest in microseconds, failures
 *   network once ADDRESS PORT
 *       tries until a connection is made and answered, and says when: microseconds of
 *       CLOCK_MONOTONIC
 *   network first COMMAND...
 *       starts a command that ends in "network once": microseconds from its start to that moment.
 *       Its end is waited for, and does not count: the kernel takes 15 ms to take an interface away
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define QUESTION 64

static struct sockaddr_in there;

static uint64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- the server ---- */

static void serve_one(int fd)
{
	char bytes[QUESTION];
	ssize_t got = read(fd, bytes, sizeof(bytes));

	if (got > 0 && write(fd, bytes, (size_t)got) == got)
		return;
	(void)close(fd);
}

static void serve(void)
{
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1,
	    loop = epoll_create1(0);
	struct epoll_event event = {EPOLLIN, {.fd = listener}}, events[256];

	(void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&there, sizeof(there)) < 0 ||
	    listen(listener, 4096) < 0 || epoll_ctl(loop, EPOLL_CTL_ADD, listener, &event) < 0)
		die("serve");
	puts("up");
	(void)fflush(stdout);
	for (;;) {
		int count = epoll_wait(loop, events, 256, -1);

		for (int i = 0; i < count; i++) {
			int fd = events[i].data.fd;

			if (fd != listener) {
				serve_one(fd);
				continue;
			}
			while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
				event.data.fd = fd;
				(void)epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
			}
		}
	}
}

/* ---- the client ---- */

static int ask(void)
{
	char bytes[QUESTION] = "question";
	struct timeval patience = {.tv_sec = 30};
	int fd = socket(AF_INET, SOCK_STREAM, 0), good = -1;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&there, sizeof(there)) == 0 &&
	    write(fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes) &&
	    recv(fd, bytes, sizeof(bytes), MSG_WAITALL) == (ssize_t)sizeof(bytes))
		good = 0;
	(void)close(fd);
	return good;
}

static int by_size(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void ask_many(size_t total, size_t processes)
{
	uint32_t *taken = mmap(NULL, total * sizeof(*taken), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	size_t each = total / processes, failed = 0;
	uint64_t start = now_us();
	double seconds;

	if (taken == MAP_FAILED)
		die("mmap");
	for (size_t p = 0; p < processes; p++) {
		if (fork() != 0)
			continue;
		for (size_t i = p * each; i < (p + 1) * each; i++) {
			uint64_t began = now_us();

			taken[i] = ask() == 0 ? (uint32_t)(now_us() - began) : UINT32_MAX;
		}
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
	seconds = (double)(now_us() - start) / 1e6;
	total = each * processes;
	qsort(taken, total, sizeof(*taken), by_size);
	while (failed < total && taken[total - 1 - failed] == UINT32_MAX)
		failed++;
	total -= failed;
	printf("%.0f %u %u %u %zu\n", (double)total / seconds, total ? taken[total / 2] : 0,
	       total ? taken[total * 99 / 100] : 0, total ? taken[total - 1] : 0, failed);
}

static void first(char **command)
{
	unsigned long long then = 0;
	uint64_t start = now_us();
	int ends[2], status;
	pid_t pid;
	FILE *said;

	if (pipe(ends) < 0 || (pid = fork()) < 0)
		die("start");
	if (pid == 0) {
		(void)dup2(ends[1], STDOUT_FILENO);
		(void)execv(command[0], command);
		die(command[0]);
	}
	(void)close(ends[1]);
	said = fdopen(ends[0], "r");
	if (!said || fscanf(said, "%llu", &then) != 1 || waitpid(pid, &status, 0) != pid || status)
		exit(1);
	printf("%llu\n", then - start);
	exit(0);
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "first") == 0)
		first(argv + 2);
	if (argc < 4 || inet_pton(AF_INET, argv[2], &there.sin_addr) != 1)
		return 2;
	(void)signal(SIGPIPE, SIG_IGN);
	there.sin_family = AF_INET;
	there.sin_port = htons((uint16_t)atoi(argv[3]));
	if (strcmp(argv[1], "serve") == 0)
		serve();
	if (strcmp(argv[1], "ask") == 0 && argc == 6)
		ask_many((size_t)atol(argv[4]), (size_t)atol(argv[5]));
	if (strcmp(argv[1], "once") != 0)
		return 0;
	for (int i = 0; ask() < 0; i++) {
		const struct timespec moment = {.tv_nsec = 200000};

		if (i == 20000)
			return 1;
		(void)nanosleep(&moment, NULL);
	}
	printf("%llu\n", (unsigned long long)now_us());
	return 0;
}
