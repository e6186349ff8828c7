/*
 * zbox-net.c - user-mode networking for one sandbox: a program of its own, which zbox starts.
 *
 * Descriptor 3 is a socket to zbox; see network/helper.c for what goes over it. The order:
 *
 *   words      what is open, the size of packets, name servers
 *   limits     of descriptors
 *   host       its addresses and name servers are read
 *   libslirp   begins
 *   confine    from here on: no file, no capability, only sockets
 *   interface  comes from inside the sandbox, with the sockets for names
 *   ready      is said; then frames are carried until zbox, or the sandbox, is gone
 *
 * Nothing of the sandbox is looked at before it is confined. A failure is one message to zbox,
 * which then does not start the command: there is never another network instead.
 *
 * Words are zbox's own, so they are few and plain: mtu=N ipv6 lan loopback loopback=PORT dns=ADDR
 * network=N outbound=ADDR
 * allow=RULE deny=RULE sni; log and pcap: descriptors 4 and 5 are files for them; record: what was
 * refused is wanted at the end, as messages on descriptor 3.
 */
#include "network/zbox-net.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LIFE_FD = 3, LOG_FD = 4, PCAP_FD = 5 };

static int take_port(struct filter *f, const char *text)
{
	int64_t port = 0;

	if (parse_number(text, 1, UINT16_MAX, &port) < 0 || f->port_count == FILTER_PORTS_MAX)
		return fail(0, "loopback=%s", text);
	f->ports[f->port_count++] = (uint16_t)port;
	f->loopback = true;
	return 0;
}

static int take_server(struct names *n, const char *text)
{
	if (n->server_count == NET_DNS_MAX || !server_parse(text, &n->servers[n->server_count]))
		return fail(0, "dns=%s", text);
	n->server_count++;
	return 0;
}

static int take_mtu(struct carrier *c, const char *text)
{
	int64_t mtu = 0;

	if (parse_number(text, NET_MTU_MIN, NET_MTU_MAX, &mtu) < 0)
		return fail(0, "mtu=%s", text);
	c->mtu = (unsigned)mtu;
	return 0;
}

static int take_network(const char *text)
{
	int64_t network = 0;

	if (parse_number(text, 1, UINT32_MAX, &network) < 0)
		return fail(0, "network=%s", text);
	net_choose4((uint32_t)network);
	return 0;
}

static int take_outbound(struct carrier *c, const char *text)
{
	union server address;

	if (!server_parse(text, &address))
		return fail(0, "outbound=%s", text);
	if (address.any.sa_family == AF_INET) {
		address.four.sin_port = 0;
		c->outbound4 = address.four;
	} else {
		address.six.sin6_port = 0;
		c->outbound6 = address.six;
	}
	return 0;
}

/* all: the whole loopback was opened, whatever ports are named as well. */
static int take_word(struct carrier *c, const char *word, bool *all)
{
	const char *value = strchr(word, '=');

	if (strcmp(word, "ipv6") == 0)
		c->filter.ipv6 = true;
	else if (strcmp(word, "lan") == 0)
		c->filter.lan = true;
	else if (strcmp(word, "loopback") == 0)
		c->filter.loopback = *all = true;
	else if (strcmp(word, "sni") == 0)
		c->look = true;
	else if (strcmp(word, "log") == 0)
		c->log.fd = LOG_FD;
	else if (strcmp(word, "pcap") == 0)
		c->pcap = PCAP_FD;
	else if (strcmp(word, "record") == 0)
		c->log.wanted = true;
	else if (value && strncmp(word, "loopback=", 9) == 0)
		return take_port(&c->filter, value + 1);
	else if (value && strncmp(word, "dns=", 4) == 0)
		return take_server(&c->names, value + 1);
	else if (value && strncmp(word, "network=", 8) == 0)
		return take_network(value + 1);
	else if (value && strncmp(word, "outbound=", 9) == 0)
		return take_outbound(c, value + 1);
	else if (value && strncmp(word, "mtu=", 4) == 0)
		return take_mtu(c, value + 1);
	else if (value && strncmp(word, "allow=", 6) == 0)
		return rules_add(&c->rules, true, value + 1);
	else if (value && strncmp(word, "deny=", 5) == 0)
		return rules_add(&c->rules, false, value + 1);
	else
		return fail(0, "unknown word: %s", word);
	return 0;
}

static int take_words(struct carrier *c, char **words)
{
	bool all = false;

	c->mtu = NET_MTU_DEFAULT;
	for (; *words; words++)
		if (take_word(c, *words, &all) < 0)
			return -1;
	if (all)
		c->filter.port_count = 0;
	c->log.rules = &c->rules;
	c->log.wanted |= c->log.fd >= 0;
	c->log.last = clock_ms();
	c->log.credit = 1000;
	pcap_begin(c->pcap);
	if (rules_any(&c->rules)) {
		c->filter.rules = &c->rules;
		c->filter.learned = &c->learned;
		c->resolver.filter = &c->filter;
		c->resolver.log = &c->log;
		c->names.resolver = &c->resolver;
	}
	return 0;
}

/* Waits for the interface and the sockets for names. Returns 0, or -1 after fail(); when zbox has
 * gone this program ends. */
static int receive(struct carrier *c)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(3 * sizeof(int))];
	char byte;
	struct iovec part = {&byte, 1};
	struct msghdr header = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = control,
				.msg_controllen = sizeof(control)};
	const struct cmsghdr *extra;
	int fds[3];
	ssize_t length;

	do
		length = recvmsg(c->life, &header, MSG_CMSG_CLOEXEC);
	while (length < 0 && errno == EINTR);
	if (length == 0)
		_exit(0);
	extra = CMSG_FIRSTHDR(&header);
	if (length < 0 || !extra || extra->cmsg_type != SCM_RIGHTS ||
	    extra->cmsg_len != CMSG_LEN(sizeof(fds)))
		return fail(length < 0 ? errno : EPROTO, "the interface");
	memcpy(fds, CMSG_DATA(extra), sizeof(fds));
	c->device.fd = fds[0];
	c->names.udp = fds[1];
	c->names.tcp = fds[2];
	return 0;
}

static int begin(struct carrier *c, char **words)
{
	names_init(&c->names);
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return fail(errno, "SIGPIPE");
	if (take_words(c, words) < 0)
		return -1;
	c->descriptors = confine_limits();
	if (c->names.server_count == 0)
		c->names.server_count = host_servers(c->names.servers);
	if (host_open(&c->host, &c->filter) < 0 || carrier_begin(c) < 0 || confine() < 0)
		return -1;
	return receive(c);
}

static bool say(const char *text)
{
	return send(LIFE_FD, text, strlen(text), MSG_NOSIGNAL) >= 0;
}

int main(int argc, char **argv)
{
	static struct carrier carrier = {.life = LIFE_FD, .log.fd = -1, .pcap = -1};

	if (argc < 1 || begin(&carrier, argv + 1) < 0) {
		const struct failure *f = failure_get();
		char text[200] = "no words";

		if (f)
			(void)snprintf(text, sizeof(text), "%.120s%s%.60s", f->text,
				       f->err ? ": " : "", f->err ? reason_text(f->err) : "");
		(void)say(text);
		_exit(1);
	}
	/* somebody waits for this word, or for our end */
	if (!say("ready"))
		_exit(1);
	carrier_run(&carrier);
	traffic_end_all(&carrier);
	log_end(&carrier.log, LIFE_FD);
	_exit(0);
}
