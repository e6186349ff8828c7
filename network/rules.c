/*
 * rules.c - --allow and --deny: what they say, and what they mean together.
 *
 * A rule speaks of names, or of addresses. Frames only have addresses, so a rule with a name
 * works where names become addresses: the sandbox's name server (network/zbox-net-resolver.c)
 * resolves nothing else, and remembers which name an address was given for (network/learned.c).
 * network/filter.c asks for both when a flow begins. The order in which things count is the table
 * at the end of this file, and nothing else; it does not matter in which order rules were given.
 *
 * What an attacker would try: a name that only looks like an allowed one (notexample.com,
 * example.com.evil.net: whole labels are compared), another spelling of it (upper case, a last dot:
 * there is one form), characters that another parser sees otherwise (only letters, digits, - and _
 * make a name). Whoever writes the rules is trusted, but mistakes are errors: a rule that would
 * never match is a hole or a riddle.
 */
#include "network/rules.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

enum { PORT_DNS = 53, PORT_HTTPS = 443, PORT_DNS_TLS = 853, PORT_MDNS = 5353, PORT_LLMNR = 5355 };

/* ---- parsing ---- */

static int bad(const struct rule *r, const char *why)
{
	return fail(0, "--%s %s: %s", r->allow ? "allow" : "deny", r->text, why);
}

/* Takes /tcp or /udp from the end of the text. */
static void take_protocol(struct rule *r, char *text)
{
	static const struct {
		const char *text;
		uint8_t protocol;
	} endings[] = {{"/tcp", IPPROTO_TCP}, {"/udp", IPPROTO_UDP}};
	size_t length = strlen(text);

	for (size_t i = 0; i < COUNT(endings); i++) {
		if (length < 4 || strcmp(text + length - 4, endings[i].text) != 0)
			continue;
		r->protocol = endings[i].protocol;
		text[length - 4] = '\0';
		return;
	}
}

static int parse_ports(struct rule *r, char *text)
{
	static const char words[] = "the port has to be a number from 1 to 65535, or two with a - "
				    "between";
	int64_t first = 0, last = 0;
	char *dash = strchr(text, '-');

	if (dash)
		*dash = '\0';
	if (parse_number(text, 1, UINT16_MAX, &first) < 0)
		return bad(r, words);
	last = first;
	if (dash && (parse_number(dash + 1, 1, UINT16_MAX, &last) < 0 || last < first))
		return bad(r, words);
	r->ports = true;
	r->first = (uint16_t)first;
	r->last = (uint16_t)last;
	return 0;
}

bool address_same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

/* What no rule can open: the sandbox's own, and what is nobody's address. */
static int check_openable(const struct rule *r)
{
	static const struct {
		uint32_t prefix;
		uint8_t bits;
		const char *why;
	} never[] = {
		{0x00000000, 8, "this is no address of another machine"},
		{0x7f000000, 8,
		 "this is the sandbox's own loopback, which needs no rule; for the "
		 "host's there is --net-open host-loopback"},
		{NET_NETWORK4, 24,
		 "this is the sandbox's own network; for the host's loopback "
		 "there is --net-open host-loopback"},
		{0xe0000000, 3, "multicast and reserved addresses cannot be opened"},
	};
	static const uint8_t own6[16] = NET_NETWORK6;
	uint32_t address;

	if (!r->allow)
		return 0;
	if (!r->ip4) {
		if (r->bits >= 8 && r->prefix.bytes[0] == 0xff)
			return bad(r, never[3].why);
		if (r->bits >= NET_PREFIX6 && address_same_bits(r->prefix.bytes, own6, NET_PREFIX6))
			return bad(r, never[2].why);
		if (r->bits >= 96 && address_same_bits(r->prefix.bytes, (const uint8_t[16]){0}, 96))
			return bad(r, never[r->prefix.bytes[15] == 1].why);
		return 0;
	}
	memcpy(&address, r->prefix.bytes + 12, sizeof(address));
	address = ntohl(address);
	for (size_t i = 0; i < COUNT(never); i++)
		if (r->bits >= 96 + never[i].bits &&
		    (address ^ never[i].prefix) >> (32 - never[i].bits) == 0)
			return bad(r, never[i].why);
	return 0;
}

/* An address, or addresses with their length. text has no port any more. */
static int parse_prefix(struct rule *r, char *text)
{
	char *slash = strchr(text, '/');
	int64_t bits = 0;
	unsigned all;

	if (slash)
		*slash = '\0';
	if (inet_pton(AF_INET, text, r->prefix.bytes + 12) == 1) {
		r->ip4 = true;
		r->prefix.bytes[10] = r->prefix.bytes[11] = 0xff;
	} else if (inet_pton(AF_INET6, text, r->prefix.bytes) != 1) {
		return bad(r, "HOST is neither a name, nor an address, nor ADDRESS/BITS");
	} else if (address_is_ip4(&r->prefix)) {
		return bad(r, "an address of IPv4 is written as such");
	}
	all = r->ip4 ? 32 : 128;
	bits = all;
	if (slash && parse_number(slash + 1, 0, all, &bits) < 0)
		return bad(r, r->ip4 ? "behind the / there is a number from 0 to 32"
				     : "behind the / there is a number from 0 to 128");
	r->host = RULE_PREFIX;
	r->bits = (uint8_t)(bits + 128 - all);
	for (unsigned bit = r->bits; bit < 128; bit++)
		if (r->prefix.bytes[bit / 8] >> (7 - bit % 8) & 1)
			return bad(r, "the address has bits behind its prefix");
	return check_openable(r);
}

/* Whether the last label has only digits: then it is meant to be an address. */
static bool ends_in_number(const char *name)
{
	const char *dot = strrchr(name, '.'), *last = dot ? dot + 1 : name;

	return last[strspn(last, "0123456789")] == '\0';
}

static int parse_name(struct rule *r, char *text)
{
	size_t length = strlen(text), label = 0;

	r->host = strncmp(text, "*.", 2) == 0 ? RULE_BELOW : RULE_IS;
	if (r->host == RULE_BELOW) {
		text += 2;
		length -= 2;
	}
	if (length > 0 && text[length - 1] == '.')
		length--;
	if (length == 0 || length >= RULE_NAME)
		return bad(r, "HOST is no name");
	for (size_t i = 0; i < length; i++) {
		char c = (char)tolower((unsigned char)text[i]);

		label = c == '.' ? 0 : label + 1;
		if (c == '*')
			return bad(r, "a * stands for whole labels, and only in front: *.NAME");
		if (c & 0x80)
			return bad(r, "names of other scripts are written as xn--...");
		if ((!isalnum((unsigned char)c) && c != '-' && c != '_' && c != '.') ||
		    label > 63 || (c == '.' && (i == 0 || text[i - 1] == '.')))
			return bad(r, "HOST is no name");
		r->name[i] = c;
	}
	if (ends_in_number(r->name))
		return bad(r, "HOST is neither a name nor an address");
	if (r->host == RULE_IS && !strchr(r->name, '.'))
		return bad(r, "a name needs a dot: names are not completed inside");
	return 0;
}

/* Cuts the host from its ports. Returns NULL where there are none, or the text of them. */
static int split(struct rule *r, char *text, char **host, char **ports)
{
	char *colon = strchr(text, ':'), *end;

	*host = text;
	*ports = NULL;
	if (text[0] == '[') {
		end = strchr(text, ']');
		if (!end || (end[1] != '\0' && end[1] != ':') || !colon || colon > end)
			return bad(r, "an address of IPv6 with a port is [ADDRESS]:PORT");
		*end = '\0';
		*host = text + 1;
		*ports = end[1] == ':' ? end + 2 : NULL;
	} else if (colon && !strchr(colon + 1, ':')) {
		*colon = '\0';
		*ports = colon + 1;
	}
	return 0;
}

static int parse_rule(struct rule *r)
{
	char text[512], *host, *ports;
	struct in_addr ip4;
	size_t length = strlen(r->text);

	if (length >= sizeof(text))
		return bad(r, "it is too long");
	memcpy(text, r->text, length + 1);
	take_protocol(r, text);
	if (split(r, text, &host, &ports) < 0 || (ports && parse_ports(r, ports) < 0))
		return -1;
	if (strchr(host, ':') || strchr(host, '/') || inet_pton(AF_INET, host, &ip4) == 1)
		return parse_prefix(r, host);
	return parse_name(r, host);
}

int rules_add(struct rules *rules, bool allow, const char *text)
{
	struct rule *r = &rules->list[rules->count];

	if (rules->count == RULES_MAX)
		return fail(0, "there are more than %d --allow and --deny", RULES_MAX);
	*r = (struct rule){.text = text, .allow = allow};
	if (parse_rule(r) < 0)
		return -1;
	rules->count++;
	rules->allows |= allow;
	rules->by_name |= r->host != RULE_PREFIX;
	return 0;
}

bool rules_any(const struct rules *rules)
{
	return rules && rules->count > 0;
}

/* ---- names ---- */

static bool speaks_of(const struct rule *r, const char *name, size_t length)
{
	size_t own = strlen(r->name);

	if (r->host == RULE_IS)
		return length == own && memcmp(name, r->name, own) == 0;
	return r->host == RULE_BELOW && length > own + 1 && name[length - own - 1] == '.' &&
	       memcmp(name + length - own, r->name, own) == 0;
}

static bool denies_all(const struct rule *r)
{
	return !r->allow && !r->ports && r->protocol == 0;
}

int rules_denied(const struct rules *rules, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < rules->count; i++)
		if (denies_all(&rules->list[i]) && speaks_of(&rules->list[i], name, length))
			return (int)i;
	return RULE_NONE;
}

/* Every address is open: then nothing more leaves by a question than what could leave anyway. */
static bool opens_all(const struct rule *r)
{
	return r->allow && r->host == RULE_PREFIX && r->bits == (r->ip4 ? 96 : 0);
}

bool rules_name(const struct rules *rules, const char *name, struct rule_set *set, int *by)
{
	size_t length = strlen(name);
	int allowed = RULE_NONE;

	*set = (struct rule_set){{0}};
	*by = rules_denied(rules, name);
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *r = &rules->list[i];
		bool named = speaks_of(r, name, length);

		if (named)
			set->bits[i / 64] |= UINT64_C(1) << (i % 64);
		if (allowed == RULE_NONE && ((named && r->allow) || opens_all(r)))
			allowed = (int)i;
	}
	if (*by != RULE_NONE || !strchr(name, '.'))
		return false;
	*by = allowed;
	return allowed != RULE_NONE || !rules->allows;
}

/* ---- addresses ---- */

bool rules_has_to_name(const struct rule *r, const struct destination *to)
{
	switch (to->port) {
	case PORT_DNS:
	case PORT_DNS_TLS:
	case PORT_MDNS:
	case PORT_LLMNR:
		return !r || !r->ports;
	case PORT_HTTPS:
		return to->protocol == IPPROTO_UDP && (!r || r->protocol != IPPROTO_UDP);
	default:
		return false;
	}
}

static bool fits(const struct rule *r, const struct destination *to)
{
	if (r->protocol != 0 && r->protocol != to->protocol)
		return false;
	if (r->ports && (to->port < r->first || to->port > r->last || to->port == 0))
		return false;
	return !r->allow || !rules_has_to_name(r, to);
}

static bool covers(const struct rule *r, const struct filter_address *a)
{
	return r->host == RULE_PREFIX && r->ip4 == address_is_ip4(a) &&
	       address_same_bits(a->bytes, r->prefix.bytes, r->bits);
}

int rules_address(const struct rules *rules, bool allow, const struct destination *to,
		  unsigned bits)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *r = &rules->list[i];

		if (r->allow == allow && r->bits >= bits && covers(r, &to->address) && fits(r, to))
			return (int)i;
	}
	return RULE_NONE;
}

bool rules_opens(const struct rules *rules, const struct filter_address *address, unsigned bits)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->list[i].allow && rules->list[i].bits >= bits &&
		    covers(&rules->list[i], address))
			return true;
	return false;
}

int rules_in(const struct rules *rules, const struct rule_set *set, const struct destination *to)
{
	int allowed = RULE_NONE;

	for (size_t word = 0; word < COUNT(set->bits); word++) {
		for (uint64_t left = set->bits[word]; left; left &= left - 1) {
			size_t i = word * 64 + (size_t)__builtin_ctzll(left);

			if (!fits(&rules->list[i], to))
				continue;
			if (!rules->list[i].allow)
				return (int)i;
			if (allowed == RULE_NONE)
				allowed = (int)i;
		}
	}
	return allowed;
}

/* ---- the order ---- */

const char *rules_order(unsigned i)
{
	static const char *const order[] = {
		"what a --deny names is refused; a name that it names is not resolved",
		"an address that an --allow names by its number is open, also one that is closed "
		"by default if the --allow names no more than such addresses",
		"what is closed by default is refused, unless --net-open opens it",
		"an address that was resolved from a name that an --allow names is open, while "
		"that answer is fresh",
		"everything else is refused if there is an --allow; without one, what was resolved "
		"from any name is open, and by its number everything if no --deny names a name",
	};

	return i < COUNT(order) ? order[i] : NULL;
}
