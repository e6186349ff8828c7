/*
 * options-network.c - rows of the option table: where the network comes from, and what is open in
 * it.
 *
 * --net says it with one word; none and host are the same as --unshare-net and --share-net. What
 * speaks of user-mode networking is refused without it: somebody who gives --net-open expects that
 * the rest is closed, and with another network it would not be.
 */
#include "options-table.h"

#include "network/addresses.h"
#include "network/rules.h"
#include "registry.h"

#include <arpa/inet.h>
#include <sched.h>
#include <string.h>

#define FIELD(name) .field = offsetof(struct sandbox, name)
#define LIST(name, number)                                                                         \
	.field = offsetof(struct sandbox, name), .count = offsetof(struct sandbox, number)

static int set_net(struct parser *p, const struct option *o, char **arg)
{
	static const struct {
		const char *word;
		enum net_mode mode;
		bool new;
	} words[] = {
		{"none", NET_NAMESPACES, true},         {"slirp", NET_SLIRP, true},
		{"slirp4netns", NET_SLIRP4NETNS, true}, {"pasta", NET_PASTA, true},
		{"host", NET_NAMESPACES, false},
	};
	static const char join[] = "join:";
	struct sandbox *sb = p->sb;
	const char *other;

	for (size_t i = 0; i < COUNT(words); i++) {
		if (strcmp(arg[0], words[i].word) != 0)
			continue;
		sb->net = words[i].mode;
		return words[i].new ? unshare_namespaces(p, o, arg) : share_namespaces(p, o, arg);
	}
	if (strncmp(arg[0], join, strlen(join)) != 0)
		return fail(0,
			    "--net takes none, slirp, slirp4netns, pasta, host, join:NAME or "
			    "join:PID, not %s",
			    arg[0]);
	other = arg[0] + strlen(join);
	sb->net_name = NULL;
	if (other[strspn(other, "0123456789")] != '\0' && registry_name_is_good(other))
		sb->net_name = other;
	else if (parse_number(other, 1, INT32_MAX, &sb->net_pid) < 0)
		return fail(0,
			    "--net join: takes the name of a sandbox or the number of a process, "
			    "not %s",
			    other);
	sb->net = NET_JOIN;
	return unshare_namespaces(p, o, arg);
}

static int add_net_open(struct parser *p, const struct option *o, char **arg)
{
	static const char loopback[] = "host-loopback";
	const char *rest = arg[0] + strlen(loopback);
	struct net_open open = {.lan = strcmp(arg[0], "lan") == 0}, *slot;
	int64_t port = 0;

	(void)o;
	if (!open.lan && strncmp(arg[0], loopback, strlen(loopback)) != 0)
		rest = NULL;
	if (!open.lan && (!rest || (*rest != '\0' && *rest != ':')))
		return fail(0, "--net-open takes host-loopback, host-loopback:PORT or lan, not %s",
			    arg[0]);
	if (!open.lan && *rest == ':' && parse_number(rest + 1, 1, UINT16_MAX, &port) < 0)
		return fail(0, "--net-open host-loopback: takes a port, not %s", rest + 1);
	slot = array_add(&p->sb->net_open, &p->sb->net_open_count, sizeof(*slot));
	if (!slot)
		return -1;
	open.port = (uint16_t)port;
	*slot = open;
	return 0;
}

static int set_mtu(struct parser *p, const struct option *o, char **arg)
{
	(void)o;
	if (parse_number(arg[0], NET_MTU_MIN, NET_MTU_MAX, &p->sb->net_mtu) < 0)
		return fail(0, "--net-mtu takes a number from %d to %d, not %s", NET_MTU_MIN,
			    NET_MTU_MAX, arg[0]);
	return 0;
}

static int add_dns(struct parser *p, const struct option *o, char **arg)
{
	struct in6_addr address;

	if (inet_pton(AF_INET, arg[0], &address) != 1 && inet_pton(AF_INET6, arg[0], &address) != 1)
		return fail(0, "--dns takes an address, not %s", arg[0]);
	if (p->sb->dns_count == NET_DNS_MAX)
		return fail(0, "--dns may be given %d times", NET_DNS_MAX);
	return add_text(p, o, arg);
}

static int set_cidr(struct parser *p, const struct option *o, char **arg)
{
	const char *slash = strchr(arg[0], '/');
	char text[INET_ADDRSTRLEN] = "";
	struct in_addr address = {0};
	int64_t prefix = 0;
	uint32_t network;

	(void)o;
	if (slash && slash - arg[0] < (ptrdiff_t)sizeof(text))
		memcpy(text, arg[0], (size_t)(slash - arg[0]));
	if (!slash || inet_pton(AF_INET, text, &address) != 1 ||
	    parse_number(slash + 1, NET_PREFIX4_MIN, NET_PREFIX4_MAX, &prefix) < 0)
		return fail(0, "--net-cidr takes ADDRESS/BITS of IPv4, with %d to %d bits, not %s",
			    NET_PREFIX4_MIN, NET_PREFIX4_MAX, arg[0]);
	network = ntohl(address.s_addr);
	if (network & ~(UINT32_MAX << (32 - prefix)))
		return fail(0, "--net-cidr %s: this is an address in a network, not the network",
			    arg[0]);
	if (network >> 24 == 0 || network >> 24 == 127 || network >> 24 >= 224)
		return fail(0, "--net-cidr %s: no interface can have such an address", arg[0]);
	p->sb->net_network = network;
	p->sb->net_prefix = (unsigned)prefix;
	return 0;
}

static int add_outbound(struct parser *p, const struct option *o, char **arg)
{
	struct in6_addr address;

	if (inet_pton(AF_INET, arg[0], &address) != 1 && inet_pton(AF_INET6, arg[0], &address) != 1)
		return fail(0, "--outbound-addr takes an address, not %s", arg[0]);
	for (size_t i = 0; i < p->sb->outbound_count; i++)
		if (!strchr(p->sb->outbound[i], ':') == !strchr(arg[0], ':'))
			return fail(0, "--outbound-addr may be given once for IPv4 and once for "
				       "IPv6");
	return add_text(p, o, arg);
}

/* What a program that is not zbox's own cannot do is refused, never left out. */
static int check_external(const struct sandbox *sb)
{
	const char *program = sb->net == NET_PASTA ? "pasta" : "slirp4netns";

	for (size_t i = 0; i < sb->net_open_count; i++)
		if (sb->net_open[i].port)
			return fail(0,
				    "--net-open host-loopback:PORT requires --net slirp: %s "
				    "opens all of it or nothing",
				    program);
	if (sb->net == NET_PASTA && sb->net_network)
		return fail(0, "--net-cidr requires --net slirp or slirp4netns: pasta takes the "
			       "host's addresses");
	/* of 2023: now and then nothing arrives from an address that it was told to use */
	if (sb->net == NET_PASTA && sb->outbound_count > 0)
		return fail(0, "--outbound-addr requires --net slirp or slirp4netns: pasta does "
			       "not keep to it");
	return 0;
}

/* Read here only to find mistakes; zbox-net reads it again. */
static int add_rule(struct parser *p, const struct option *o, char **arg)
{
	static struct rules read;
	struct net_rule *slot;

	if (p->sb->net_rule_count == RULES_MAX)
		return fail(0, "there are more than %d --allow and --deny", RULES_MAX);
	read.count = 0;
	if (rules_add(&read, o->value, arg[0]) < 0)
		return -1;
	slot = array_add(&p->sb->net_rules, &p->sb->net_rule_count, sizeof(*slot));
	if (!slot)
		return -1;
	*slot = (struct net_rule){o->value, arg[0]};
	return 0;
}

int check_network(const struct sandbox *sb)
{
	static const char *const slirp_only[] = {"allow", "deny", "net-log", "allow-sni",
						 "net-pcap"};
	/* what the other programs can do as well */
	static const char *const shared[] = {"net-open", "net-mtu",  "net-ipv6",
					     "dns",      "net-cidr", "outbound-addr"};
	bool external = sb->net == NET_SLIRP4NETNS || sb->net == NET_PASTA;

	for (size_t i = 0; i < COUNT(slirp_only); i++)
		if (sb->net != NET_SLIRP && option_given(sb, slirp_only[i]))
			return fail(0, "--%s requires --net slirp", slirp_only[i]);
	for (size_t i = 0; i < COUNT(shared); i++)
		if (sb->net != NET_SLIRP && !external && option_given(sb, shared[i]))
			return fail(0, "--%s requires --net slirp", shared[i]);
	if (external && check_external(sb) < 0)
		return -1;
	if (sb->net_sni == NET_SNI_STRICT && sb->net_rule_count == 0)
		return fail(0, "--allow-sni strict needs an --allow or --deny of a name");
	if (sb->net != NET_NAMESPACES && sb->landlock_only)
		return fail(0, "--landlock-only makes no namespace that --net could speak of");
	if (sb->net == NET_JOIN && sb->userns_fd >= 0)
		return fail(0, "--net join: joins the user namespace as well, and --userns says "
			       "another");
	return check_ports(sb);
}

const struct option options_network[] = {
	{.name = "net",
	 .args = "none|slirp|slirp4netns|pasta|host|join",
	 .apply = set_net,
	 .personality = FOR_ZBOX,
	 .value = CLONE_NEWNET,
	 .once = true,
	 .conflicts = "share-net unshare-net netns",
	 .help = "Where the network comes from",
	 .man = "none: a new network namespace with nothing but loopback, which is also what there "
		"is without this option. slirp: user-mode networking, in which the programs inside "
		"reach what the caller could reach, without any right on the host, and without "
		"the host's own loopback and addresses and its private surroundings; see "
		"--net-open. The program zbox-net carries it; when that ends, there is no network "
		"any more. slirp4netns, pasta: the same carried by these programs, from "
		"/usr/local/bin or /usr/bin; of the host and its surroundings they close the "
		"loopback and nothing else, which zbox warns of. host: the caller's network, as "
		"--share-net. join:NAME: the network of "
		"the running sandbox NAME, of the same user; join:PID the same where it has no "
		"name, and PID is its command or one of its children. The user namespace that the "
		"network belongs to is joined too."},
	{.name = "net-open",
	 .args = "host-loopback|lan",
	 .apply = add_net_open,
	 .personality = FOR_ZBOX,
	 LIST(net_open, net_open_count),
	 .help = "Open what --net slirp closes",
	 .man = "Closed in user-mode networking are: the host itself by all its addresses, and "
		"private, link-local, carrier-grade, metadata, multicast and reserved addresses "
		"in every spelling. host-loopback opens what listens on the host's loopback, or "
		"host-loopback:PORT one port of it, at the gateway's address 10.0.2.2. lan opens "
		"the private "
		"networks (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7), but for the "
		"host's own addresses there. May be repeated."},
	{.name = "allow",
	 .args = "RULE",
	 .apply = add_rule,
	 .personality = FOR_ZBOX,
	 .value = true,
	 .help = "Only this may be reached with --net slirp",
	 .man = "RULE is HOST[:PORT[-PORT]][/tcp|udp]. With any --allow, everything else is "
		"refused, for every program: no proxy and no "
		"variable is needed. HOST is a name, *.NAME for all names below it (not for "
		"itself), "
		"an address, or ADDRESS/BITS; an address of IPv6 with a port is [ADDRESS]:PORT. "
		"Without ports the rule is for all of them, but not for other name servers (53, "
		"853, 5353, 5355); without /tcp or /udp it is for both and for echo, but not for "
		"QUIC (UDP 443). Both are open when a rule names the port (and /udp). A name is "
		"resolved by the sandbox's own name server, which resolves nothing else, and "
		"the addresses that it answers with are open for as long as the answer is fresh. "
		"An address that is closed by default (see --net-open) is opened by a rule for it "
		"or for a part of its closed range, an address of the host only by a rule for it "
		"alone; a name does not open it. See ORDER OF RULES. May be repeated."},
	{.name = "deny",
	 .args = "RULE",
	 .apply = add_rule,
	 .personality = FOR_ZBOX,
	 .value = false,
	 .help = "This may not be reached with --net slirp",
	 .man = "RULE is as for --allow. It wins over every --allow, wherever it stands. "
		"Without ports and without /tcp or /udp, a name is not resolved, and neither is "
		"one that leads "
		"to it by a CNAME. As soon as a rule has a name, an address that was not resolved "
		"from a name is open only where an --allow names it by its number: otherwise the "
		"denied name's address could be used without the name. May be repeated."},
	{.name = "allow-sni",
	 .args = "off|strict",
	 .apply = set_choice,
	 .personality = FOR_ZBOX,
	 FIELD(net_sni),
	 .value = NET_SNI_OFF,
	 .once = true,
	 .help = "Look at the server name in first bytes",
	 .man = "strict: what is reached by a name has to say that name. A connection of TCP to an "
		"address that was resolved from a name may only begin with TLS whose server name, "
		"or a request of HTTP/1 whose Host, is a name that the rules allow and that was "
		"resolved to this address; else it is reset before a byte of it has left. So other "
		"names "
		"at a shared address are closed. Something that is neither TLS nor HTTP is only "
		"let "
		"through on a port other than 80 and 443 that a rule names (--allow HOST:22). "
		"Rules with addresses, UDP, and what follows the first bytes are not looked at, "
		"and a server name that is encrypted (ECH) cannot be."},
	{.name = "net-log",
	 .args = "FILE",
	 .apply = set_text,
	 .personality = FOR_ZBOX,
	 FIELD(net_log),
	 .once = true,
	 .help = "Log of flows and refusals with --net slirp",
	 .man = "Adds lines of JSON to FILE: one when a flow begins, one when it ends, with its "
		"bytes and its name, and one for each name or flow that was refused, with the "
		"rule that decided. docs/json.md has the members. At most 100 lines a second are "
		"written; what is left out is counted. FILE is made if it is not there, and should "
		"not be writable inside."},
	{.name = "net-pcap",
	 .args = "FILE",
	 .apply = set_text,
	 .personality = FOR_ZBOX,
	 FIELD(net_pcap),
	 .once = true,
	 .help = "All frames with --net slirp, for tcpdump",
	 .man = "Writes every frame of the sandbox to FILE, also those that were refused, and "
		"every frame for it, in the format of pcap(5). FILE is emptied first, and grows "
		"with the traffic."},
	{.name = "net-mtu",
	 .args = "BYTES",
	 .apply = set_mtu,
	 .personality = FOR_ZBOX,
	 .once = true,
	 .help = "Size of packets with --net slirp",
	 .man = "The size of packets on the interface of --net slirp, 1280 to 65521. 16384 when "
		"this is not given, which is fastest; 1500 for programs that make their datagrams "
		"as large as the interface takes."},
	{.name = "net-ipv6",
	 .args = "on|off",
	 .apply = set_choice,
	 .personality = FOR_ZBOX,
	 FIELD(net_ipv6),
	 .value = NET_IPV6_ON,
	 .once = true,
	 .help = "IPv6 with --net slirp",
	 .man = "Whether --net slirp has IPv6. When this is not given, it has if the host has a "
		"route to the Internet by it."},
	{.name = "dns",
	 .args = "ADDR",
	 .apply = add_dns,
	 .personality = FOR_ZBOX,
	 LIST(dns, dns_count),
	 .help = "Name server behind --net slirp",
	 .man = "The name server that zbox-net asks for the sandbox, up to three times; otherwise "
		"the host's, also one on its loopback. Inside, 10.0.2.3 answers."},
	{.name = "net-cidr",
	 .args = "NETWORK",
	 .apply = set_cidr,
	 .personality = FOR_ZBOX,
	 .once = true,
	 .help = "Addresses of the network inside with --net slirp",
	 .man = "ADDRESS/BITS of IPv4, 8 to 25 bits, instead of 10.0.2.0/24: for machines whose "
		"own "
		"network has these numbers. The sandbox is ADDRESS + 100, the gateway + 2, the "
		"name server + 3. Not with pasta, which takes the host's addresses."},
	{.name = "outbound-addr",
	 .args = "ADDR",
	 .apply = add_outbound,
	 .personality = FOR_ZBOX,
	 LIST(outbound, outbound_count),
	 .help = "Address that --net slirp goes out from",
	 .man = "An address of this machine that connections of the sandbox come from; otherwise "
		"the one that the host's routes choose. Once for IPv4 and once for IPv6. Not with "
		"pasta."},
	{.name = "publish",
	 .args = "PORT",
	 .apply = add_port,
	 .personality = FOR_ZBOX,
	 LIST(ports, port_count),
	 .help = "Open a port of the sandbox to the host",
	 .man = "[ADDR:]PORT[-PORT][:INNER[-INNER]][/udp]: who connects to PORT of the host, at "
		"127.0.0.1 or at ADDR ([::1] for IPv6, 0.0.0.0 for all), is connected to INNER "
		"inside, which is PORT when it is not given. Works with every network but that "
		"of the host, --net none included. A port on a loopback address leads to the "
		"loopback inside; one on another address to the address of the interface inside, "
		"where there is one, so that what listens on the loopback inside stays there. "
		"Either end may be unix:PATH, of a Unix socket: unix:PATH:INNER, PORT:unix:PATH. "
		"The program zbox-ports carries the connections, in the sandbox's network and "
		"without rights; when that ends, ports are closed. May be repeated, up to 1024 "
		"ports in all."},
	{.name = "publish-proxy-protocol",
	 .args = "",
	 .apply = set_true,
	 .personality = FOR_ZBOX,
	 FIELD(proxy_protocol),
	 .needs = "publish",
	 .help = "Published ports tell who the client is",
	 .man = "Each connection to a published port begins with a header of the PROXY protocol, "
		"version 2, with the client's address and port, and the address that it "
		"connected to. The server inside has to expect it. Not for UDP."},
	{.name = "forward",
	 .args = "SERVICE",
	 .apply = add_port,
	 .personality = FOR_ZBOX,
	 LIST(ports, port_count),
	 .value = 1,
	 .help = "Open one service outside to the sandbox",
	 .man = "[ADDR:]INNER[-INNER]:HOST:PORT[-PORT][/udp]: who connects inside to INNER, at the "
		"loopback or at ADDR, is connected to PORT of HOST outside, an address or a name "
		"that is resolved once at the start. That is all that this opens, also with --net "
		"none. Either end may be unix:PATH, of a Unix socket: INNER:unix:PATH, "
		"unix:PATH:HOST:PORT. May be repeated."},
	{0},
};
