/*
 * scope.c - a control group from systemd: a transient scope with this process in it.
 *
 * The asking is done by zbox-scope, because it takes a library: started with this process's pid and
 * the addresses to try, it says "ready" or what went wrong. Which addresses:
 *
 *   root         the system's manager: its own socket, else the system bus
 *   other users  XDG_RUNTIME_DIR, else /run/user/UID, has to be the caller's own: one that su or
 *                sudo left behind would be another user's manager. In it, the manager's own socket,
 *                else the bus. A bus that DBUS_SESSION_BUS_ADDRESS puts elsewhere comes alone;
 *                where the two variables contradict each other one is stale, and nobody knows which
 *
 * These variables are the caller's. A hostile one could lead to a program that says "done" without
 * doing it, so place.c looks where this process really is afterwards.
 */
#include "cgroup/scope.h"

#include "network/helper.h" /* which starts any program beside the sandbox */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 12000 /* milliseconds; zbox-scope has its own limit, which is shorter */
#define RUNTIME_MAX 60 /* of XDG_RUNTIME_DIR: a socket's path has 108 bytes */

/* The caller's own directory for sockets; usual is where it should be. Returns 0, or -1 after
 * fail(). */
static int runtime_directory(const char *usual, char path[RUNTIME_MAX + 1])
{
	const char *given = getenv("XDG_RUNTIME_DIR");
	struct stat st;

	if (!given || given[0] == '\0')
		given = usual;
	if (given[0] != '/' || strlen(given) > RUNTIME_MAX)
		return fail(0, "XDG_RUNTIME_DIR=%s is no directory of a user manager", given);
	if (stat(given, &st) < 0)
		return fail(errno, "XDG_RUNTIME_DIR=%s", given);
	if (st.st_uid != geteuid())
		return fail(0, "XDG_RUNTIME_DIR=%s belongs to uid %u, and the caller is %u", given,
			    st.st_uid, geteuid());
	(void)snprintf(path, RUNTIME_MAX + 1, "%s", given);
	return 0;
}

/* Whether the variable says something else than the usual place. */
static bool is_elsewhere(const char *address, const char *runtime)
{
	char bus[RUNTIME_MAX + 20];
	size_t length;

	if (!address || address[0] == '\0')
		return false;
	length = (size_t)snprintf(bus, sizeof(bus), "unix:path=%s/bus", runtime);
	return strncmp(address, bus, length) != 0 ||
	       (address[length] != '\0' && address[length] != ',');
}

/* What zbox-scope is told; owned. */
struct words {
	char *list[6];
	size_t count;
};

/* Takes the word over. Returns 0, or -1 after fail(), also when there is none. */
static int add_word(struct words *w, char *word)
{
	w->list[w->count] = word;
	w->count += word != NULL;
	return word ? 0 : -1;
}

static void free_words(struct words *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->list[i]);
}

/* The manager's own socket, and the bus. */
static int add_pair(struct words *w, const char *manager, const char *bus)
{
	return add_word(w, format_text("manager=unix:path=%s", manager)) < 0
		       ? -1
		       : add_word(w, format_text("bus=unix:path=%s", bus));
}

static int add_addresses(struct words *w)
{
	const char *address = getenv("DBUS_SESSION_BUS_ADDRESS");
	char usual[RUNTIME_MAX + 1], runtime[RUNTIME_MAX + 1];
	char manager[RUNTIME_MAX + 20], bus[RUNTIME_MAX + 20];

	if (geteuid() == 0)
		return add_pair(w, "/run/systemd/private", "/run/dbus/system_bus_socket");
	(void)snprintf(usual, sizeof(usual), "/run/user/%u", geteuid());
	if (runtime_directory(usual, runtime) < 0)
		return -1;
	if (is_elsewhere(address, runtime)) {
		if (!is_elsewhere(address, usual))
			return fail(0,
				    "XDG_RUNTIME_DIR=%s contradicts "
				    "DBUS_SESSION_BUS_ADDRESS=%s",
				    runtime, address);
		return add_word(w, format_text("bus=%s", address));
	}
	(void)snprintf(manager, sizeof(manager), "%s/systemd/private", runtime);
	(void)snprintf(bus, sizeof(bus), "%s/bus", runtime);
	return add_pair(w, manager, bus);
}

/* Waits for its one message. Returns 0, or -1 after fail(). */
static int hear(int socket)
{
	struct pollfd polled = {.fd = socket, .events = POLLIN};
	char said[512];
	ssize_t length;
	int ready;

	do
		ready = poll(&polled, 1, PATIENCE);
	while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		return fail(ready < 0 ? errno : ETIMEDOUT, "zbox-scope");
	length = recv(socket, said, sizeof(said) - 1, 0);
	if (length <= 0)
		return fail(0, "zbox-scope ended without a word");
	said[length] = '\0';
	return strcmp(said, "ready") == 0 ? 0 : fail(0, "%s", said);
}

/* Returns 0, or -1 after fail(). */
static int ask(struct words *w, const char *unit)
{
	struct net_helper scope = NET_HELPER_NONE;
	int result;

	if (add_word(w, format_text("zbox-scope")) < 0 ||
	    add_word(w, format_text("unit=%s", unit)) < 0 ||
	    add_word(w, format_text("pid=%d", (int)getpid())) < 0 || add_addresses(w) < 0 ||
	    net_helper_exec(&scope, w->list) < 0)
		return -1;
	result = hear(scope.socket);
	net_helper_end(&scope);
	return result;
}

int scope_enter(char unit[SCOPE_NAME])
{
	struct words words = {.count = 0};
	struct timespec now;
	int result;

	/* pids come again, and a scope that failed may still be listed */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)snprintf(unit, SCOPE_NAME, "zbox-%d-%llx.scope", (int)getpid(),
		       (unsigned long long)now.tv_sec * 1000000000 +
			       (unsigned long long)now.tv_nsec);
	result = ask(&words, unit);
	free_words(&words);
	return result;
}
