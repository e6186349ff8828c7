/*
 * ports.c - zbox's side of published ports and forwarded services.
 *
 * zbox-ports carries them, one process for each direction, because a process makes connections in
 * its own network only:
 *
 *   publish   listens in the host's network, then enters that of the sandbox. It cannot connect to
 *             anything of the host, and neither can who takes it over
 *   forward   listens in the sandbox's network and stays in the host's
 *
 * They are told all in words, before there is a sandbox; then the set-up inside sends them the
 * network namespace and the root directory. Ports that cannot be had are an error of that moment,
 * before the command runs.
 *
 * The words, after the direction and "proxy" or "plain", six for each option: tcp or udp; where to
 * listen, its port, where to connect, its port (0 with a path); how many ports.
 */
#include "network/ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct word_list {
	char **list; /* each owned; ends with NULL */
	size_t count;
};

static int add_word(struct word_list *w, char *word)
{
	char **slot = word ? array_add(&w->list, &w->count, sizeof(*slot)) : NULL;

	if (!slot) {
		free(word);
		return -1;
	}
	*slot = word;
	return 0;
}

static int add_end(struct word_list *w, const struct port_end *end, const char *other)
{
	const char *host = end->path ? end->path : end->host ? end->host : other;

	return add_word(w, format_text("%s", host)) < 0 ? -1
							: add_word(w, format_text("%u", end->port));
}

static int make_words(const struct sandbox *sb, bool forward, struct word_list *w)
{
	bool proxy = sb->proxy_protocol && !forward;
	size_t found = 0;

	if (add_word(w, format_text(PORTS_PROGRAM)) < 0 ||
	    add_word(w, format_text(forward ? "forward" : "publish")) < 0 ||
	    add_word(w, format_text(proxy ? "proxy" : "plain")) < 0)
		return -1;
	for (size_t i = 0; i < sb->port_count; i++) {
		const struct net_port *p = &sb->ports[i];

		if (p->forward != forward)
			continue;
		found++;
		if (add_word(w, format_text(p->udp ? "udp" : "tcp")) < 0 ||
		    add_end(w, &p->from, forward ? PORTS_LOOPBACK : "127.0.0.1") < 0 ||
		    add_end(w, &p->to,
			    port_leads_to_loopback(p) ? PORTS_LOOPBACK : PORTS_INTERFACE) < 0 ||
		    add_word(w, format_text("%u", p->count)) < 0)
			return -1;
	}
	if (found > 0 && !array_add(&w->list, &w->count, sizeof(char *)))
		return -1;
	return found > 0;
}

int ports_start(const struct sandbox *sb, struct net_helper ports[PORTS_WAYS])
{
	int result = 0;

	for (int way = 0; sb->port_count > 0 && way < PORTS_WAYS && result >= 0; way++) {
		struct word_list words = {NULL, 0};

		result = make_words(sb, way == 1, &words);
		if (result > 0)
			result = net_helper_exec(&ports[way], words.list);
		for (size_t i = 0; i < words.count; i++)
			free(words.list[i]);
		free(words.list);
	}
	return result < 0 ? -1 : 0;
}

int ports_hand_over(const struct net_helper ports[PORTS_WAYS], int proc)
{
	autoclose int network = openat(proc, "self/ns/net", O_RDONLY | O_CLOEXEC);
	autoclose int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (network < 0 || root < 0)
		return fail(errno, network < 0 ? "the network namespace" : "/");
	for (int way = 0; way < PORTS_WAYS; way++) {
		if (ports[way].socket < 0)
			continue;
		/* one that has gone has left word why, which is read next */
		if (send_fd(ports[way].socket, network) < 0 || send_fd(ports[way].socket, root) < 0)
			failure_clear();
	}
	return 0;
}

/* "ready", or the record of a failure. */
static int wait_for(int *socket, bool forward)
{
	autoclose int fd = take_fd(socket);
	const char *option = forward ? "--forward" : "--publish";
	struct failure said;
	ssize_t length;

	do
		length = recv(fd, &said, sizeof(said), 0);
	while (length < 0 && errno == EINTR);
	if (length == (ssize_t)sizeof(said)) {
		failure_adopt(&said);
		failure_prefix("%s: ", option);
		return -1;
	}
	return length > 0 ? 0 : fail(0, "%s: zbox-ports ended before it was ready", option);
}

int ports_wait(struct net_helper ports[PORTS_WAYS])
{
	for (int way = 0; way < PORTS_WAYS; way++)
		if (ports[way].socket >= 0 && wait_for(&ports[way].socket, way == 1) < 0)
			return -1;
	return 0;
}

void ports_remove_stale(const char *path)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat st;

	if (fd < 0 || strlen(path) >= sizeof(name.sun_path) || lstat(path, &st) < 0 ||
	    !S_ISSOCK(st.st_mode))
		return;
	memcpy(name.sun_path, path, strlen(path) + 1);
	if (connect(fd, (const struct sockaddr *)&name, sizeof(name)) < 0 && errno == ECONNREFUSED)
		(void)unlink(path);
}

void ports_end(const struct sandbox *sb, struct net_helper ports[PORTS_WAYS])
{
	for (int way = 0; way < PORTS_WAYS; way++)
		net_helper_end(&ports[way]);
	for (size_t i = 0; i < sb->port_count; i++)
		if (!sb->ports[i].forward && sb->ports[i].from.path)
			ports_remove_stale(sb->ports[i].from.path);
}
