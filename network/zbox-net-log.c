/*
 * zbox-net-log.c - what is told of the flows: --net-log, --net-pcap, and at the end what was
 * refused.
 *
 *   --net-log    a line of JSON for each flow that begins and for each that ends, and for each name
 *                or flow that was refused; the same refusal within ten seconds is counted only
 *   --net-pcap   every frame of the sandbox, also those that were refused, and every frame for it
 *   at the end   the refused destinations go to zbox, for the record of the run
 *
 * The files were opened by zbox. All texts are plain by themselves: names and rules have only
 * letters, digits and a few signs (rules.c, dns.c), so nothing has to be escaped.
 *
 * What an attacker inside would try: to fill the disk (lines are limited to 100 a second, and what
 * is left out is counted; who asks for --net-pcap asks for every byte), to hide a refusal behind
 * many others (the first 64 destinations are listed, the rest is a number).
 */
#include "network/zbox-net.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
	LINE_ROOM = 1200,       /* bytes: a rule and a name are 512 and 253 at most */
	CREDIT_MAX = 1000,      /* lines at once */
	MS_PER_LINE = 10,       /* 100 a second */
	SILENCE = 10000,        /* milliseconds in which a refusal is told once */
	PCAP_SNAP = 65535 + 14, /* no frame is longer */
	PCAP_ETHERNET = 1
};

/* ---- lines ---- */

static bool has_credit(struct net_log *l)
{
	int64_t now = clock_ms(), lines = (now - l->last) / MS_PER_LINE;

	l->last += lines * MS_PER_LINE;
	l->credit = l->credit + lines < CREDIT_MAX ? l->credit + lines : CREDIT_MAX;
	if (l->credit == 0) {
		l->skipped++;
		return false;
	}
	l->credit--;
	return true;
}

static void print_time(char text[40])
{
	struct timespec now;
	struct tm parts;
	char whole[24];

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &parts);
	(void)strftime(whole, sizeof(whole), "%Y-%m-%dT%H:%M:%S", &parts);
	(void)snprintf(text, 40, "%s.%03dZ", whole, (int)(now.tv_nsec / 1000000));
}

static void PRINTF(2, 3) write_line(struct net_log *l, const char *format, ...)
{
	char line[LINE_ROOM], when[40];
	size_t used;
	va_list args;

	print_time(when);
	used = (size_t)snprintf(line, sizeof(line), "{\"time\":\"%s\",", when);
	va_start(args, format);
	used += (size_t)vsnprintf(line + used, sizeof(line) - used, format, args);
	va_end(args);
	if (used < sizeof(line) - 2) {
		line[used] = '}';
		line[used + 1] = '\n';
		(void)!write(l->fd, line, used + 2); /* a full disk does not end the network */
	}
}

static void flush_skipped(struct net_log *l)
{
	if (l->skipped > 0 && l->fd >= 0)
		write_line(l, "\"verdict\":\"skipped\",\"count\":%llu",
			   (unsigned long long)l->skipped);
	l->skipped = 0;
}

/* The start of a line, as far as there is credit for it. */
static bool begin_line(struct net_log *l)
{
	if (l->fd < 0 || !has_credit(l))
		return false;
	flush_skipped(l);
	return true;
}

/* "rule": what decided. */
static const char *rule_text(const struct net_log *l, int rule, char text[600])
{
	const struct rule *r = rule == RULE_NONE ? NULL : &l->rules->list[rule];

	if (!r)
		return "null";
	(void)snprintf(text, 600, "\"%s %s\"", r->allow ? "allow" : "deny", r->text);
	return text;
}

static const char *name_text(const char *name, char text[RULE_NAME + 4])
{
	if (!name || name[0] == '\0')
		return "null";
	(void)snprintf(text, RULE_NAME + 4, "\"%s\"", name);
	return text;
}

static const char *protocol_text(uint8_t protocol)
{
	return protocol == IPPROTO_TCP ? "tcp" : protocol == IPPROTO_UDP ? "udp" : "echo";
}

static void print_address(const struct filter_address *a, char text[INET6_ADDRSTRLEN])
{
	bool ip4 = address_is_ip4(a);

	(void)inet_ntop(ip4 ? AF_INET : AF_INET6, a->bytes + (ip4 ? 12 : 0), text,
			INET6_ADDRSTRLEN);
}

void log_flow(struct net_log *l, const struct flow *flow, bool ended)
{
	char address[INET6_ADDRSTRLEN], rule[600], name[RULE_NAME + 4];

	if (!begin_line(l))
		return;
	print_address(&flow->to.address, address);
	write_line(l,
		   "\"verdict\":\"%s\",\"rule\":%s,\"protocol\":\"%s\",\"address\":\"%s\","
		   "\"port\":%u,\"name\":%s,\"sent\":%llu,\"received\":%llu,\"seconds\":%.3f",
		   ended ? "ended" : "allowed", rule_text(l, flow->rule, rule),
		   protocol_text(flow->to.protocol), address, flow->to.port,
		   name_text(flow->name, name), (unsigned long long)flow->sent,
		   (unsigned long long)flow->received, (double)(flow->last - flow->first) / 1000);
}

/* ---- refusals ---- */

/* The entry of a destination, a new one, or NULL where there is no more room. */
static struct refused *find_refused(struct net_log *l, const struct net_refusal *what)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct net_refusal *known = &l->list[i].what;

		if (known->port == what->port && strcmp(known->protocol, what->protocol) == 0 &&
		    strcmp(known->address, what->address) == 0 &&
		    strcmp(known->name, what->name) == 0)
			return &l->list[i];
	}
	if (l->count == REFUSALS_MAX)
		return NULL;
	l->list[l->count] = (struct refused){.what = *what};
	return &l->list[l->count++];
}

/* Counts a refusal, and tells it unless that was done lately. */
static void refuse(struct net_log *l, const struct net_refusal *what, int rule)
{
	struct refused *entry = find_refused(l, what);
	char rule_[600], name[RULE_NAME + 4];
	int64_t now = clock_ms();
	uint32_t count = 1;

	if (entry) {
		entry->what.count++;
		if (entry->told != 0 && now - entry->told < SILENCE)
			return;
		count = entry->what.count - entry->counted;
		entry->counted = entry->what.count;
		entry->told = now;
	} else {
		l->others++;
	}
	if (!begin_line(l))
		return;
	if (what->address[0])
		write_line(l,
			   "\"verdict\":\"refused\",\"rule\":%s,\"protocol\":\"%s\","
			   "\"address\":\"%s\",\"port\":%u,\"name\":%s,\"count\":%u",
			   rule_text(l, rule, rule_), what->protocol, what->address, what->port,
			   name_text(what->name, name), count);
	else
		write_line(l,
			   "\"verdict\":\"refused\",\"rule\":%s,\"protocol\":\"%s\","
			   "\"name\":%s,\"count\":%u",
			   rule_text(l, rule, rule_), what->protocol, name_text(what->name, name),
			   count);
}

void log_refused(struct net_log *l, const struct filter_flow *flow)
{
	struct net_refusal what = {.port = flow->to.port};

	if (!l->wanted || flow->protocol == 0)
		return;
	print_address(&flow->to.address, what.address);
	(void)snprintf(what.protocol, sizeof(what.protocol), "%s", protocol_text(flow->protocol));
	if (flow->name)
		(void)snprintf(what.name, sizeof(what.name), "%s", flow->name);
	refuse(l, &what, flow->rule);
}

void log_name(struct net_log *l, const char *name, int rule)
{
	struct net_refusal what = {.protocol = "name"};
	size_t length = strlen(name);

	/* who an address belongs to is asked by many programs, for their own logs */
	if (!l->wanted || length == 0 || (length > 5 && strcmp(name + length - 5, ".arpa") == 0))
		return;
	(void)snprintf(what.name, sizeof(what.name), "%s", name);
	refuse(l, &what, rule);
}

void log_end(struct net_log *l, int socket)
{
	struct net_refusal others = {.count = l->others < UINT32_MAX ? (uint32_t)l->others
								     : UINT32_MAX};

	flush_skipped(l);
	for (size_t i = 0; i < l->count; i++)
		(void)send(socket, &l->list[i].what, sizeof(l->list[i].what), MSG_NOSIGNAL);
	if (others.count > 0)
		(void)send(socket, &others, sizeof(others), MSG_NOSIGNAL);
}

/* ---- frames ---- */

void pcap_begin(int fd)
{
	const struct {
		uint32_t magic;
		uint16_t major, minor;
		uint32_t zone, accuracy, snap, link;
	} head = {0xa1b2c3d4, 2, 4, 0, 0, PCAP_SNAP, PCAP_ETHERNET};

	if (fd >= 0)
		(void)!write(fd, &head, sizeof(head));
}

void pcap_frame(int fd, const void *frame, size_t length)
{
	struct timespec now;
	uint32_t head[4];
	struct iovec parts[] = {{head, sizeof(head)}, {(void *)(uintptr_t)frame, length}};

	if (fd < 0)
		return;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	head[0] = (uint32_t)now.tv_sec;
	head[1] = (uint32_t)(now.tv_nsec / 1000);
	head[2] = head[3] = (uint32_t)length;
	(void)!writev(fd, parts, 2);
}
