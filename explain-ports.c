/*
 * explain-ports.c - --explain: published ports and forwarded services.
 *
 * One line each, from where connections come to where they lead. The words come from the command
 * line; page.c makes them fit for a terminal.
 */
#include "explain-ports.h"

#include <string.h>

#define END_TEXT 320

/* other: what an end without an address is. */
static void print_end(char text[END_TEXT], const struct port_end *end, const char *other,
		      unsigned count)
{
	const char *host = end->host ? end->host : other;
	bool six = strchr(host, ':') != NULL;
	int length;

	if (end->path) {
		(void)snprintf(text, END_TEXT, "the Unix socket %s", end->path);
		return;
	}
	length = snprintf(text, END_TEXT, "%s%.200s%s port%s %u", six ? "[" : "", host,
			  six ? "]" : "", count > 1 ? "s" : "", end->port);
	if (count > 1)
		(void)snprintf(text + length, END_TEXT - (size_t)length, "-%u",
			       end->port + count - 1);
}

static const char *place_inside(const struct net_port *p)
{
	return port_leads_to_loopback(p) ? "the loopback" : "the interface";
}

void explain_ports(struct page *p, const struct sandbox *sb)
{
	if (sb->port_count == 0)
		return;
	page_section(p, "ports", "ports");
	page_text(p, "carried-by", "zbox-ports, without rights");
	page_bool(p, "proxy-protocol", sb->proxy_protocol);
	page_list(p, "open");
	for (size_t i = 0; i < sb->port_count; i++) {
		const struct net_port *port = &sb->ports[i];
		char from[END_TEXT], to[END_TEXT], line[2 * END_TEXT + 40];

		print_end(from, &port->from, port->forward ? "the loopback" : "127.0.0.1",
			  port->count);
		print_end(to, &port->to, place_inside(port), port->count);
		(void)snprintf(line, sizeof(line), "%s %s, %s -> %s, %s", port->udp ? "UDP" : "TCP",
			       from, port->forward ? "inside" : "outside", to,
			       port->forward ? "outside" : "inside");
		page_item(p, line);
	}
	page_list_end(p);
	page_section_end(p);
}
