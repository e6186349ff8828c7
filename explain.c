/*
 * explain.c - --explain: the plan, in the order of execution, with the origin of each part.
 *
 * It prints the very struct that the rest of the program executes, after the base was added and
 * the filters were chosen; nothing is worked out a second time here but words. It applies nothing,
 * and opens nothing but the directories that are searched for sockets.
 *
 * Order: who and what, namespaces, ids, files, environment, descriptors and terminal, privileges,
 * life, exit statuses: the order in which the processes of sandbox.c do it.
 */
#include "explain.h"

#include "base.h"
#include "capabilities.h"
#include "explain-limits.h"
#include "explain-mounts.h"
#include "explain-ports.h"
#include "kernel.h"
#include "landlock.h"
#include "limits-text.h"
#include "network/addresses.h"
#include "network/backend.h"
#include "network/rules.h"
#include "page.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_bwrap(const struct sandbox *sb)
{
	return sb->personality == PERSONALITY_BWRAP;
}

static void list_words(struct page *p, const char *name, char *const *words)
{
	page_list(p, name);
	for (size_t i = 0; words && words[i]; i++)
		page_item(p, words[i]);
	page_list_end(p);
}

static void explain_program(struct page *p, const struct sandbox *sb)
{
	if (p->json)
		json_number(&p->j, "version", 1);
	page_text(p, "program", "zbox " ZBOX_VERSION);
	page_text(p, "personality", is_bwrap(sb) ? "bwrap" : "zbox");
	page_text(p, "argument-0", sb->argv0 ? sb->argv0 : sb->command ? sb->command[0] : NULL);
	list_words(p, "command", sb->command);
}

/* ---- what was said ---- */

static void explain_choice(struct page *p, const struct choice *s)
{
	autofree char *line = NULL;
	char origin[ORIGIN_TEXT];
	const char *const *o = s->operands;

	explain_origin(&s->origin, origin, sizeof(origin));
	line = format_text("%s%s%s%s%s%s%s   [%s]", s->name, o[0] ? " " : "", o[0] ? o[0] : "",
			   o[1] ? " " : "", o[1] ? o[1] : "", o[2] ? " " : "", o[2] ? o[2] : "",
			   origin);
	if (line && !p->json)
		page_item(p, line);
	if (!p->json)
		return;
	json_open(&p->j, NULL, '{');
	json_text(&p->j, "option", s->name);
	json_open(&p->j, "operands", '[');
	for (size_t i = 0; i < COUNT(s->operands) && o[i]; i++)
		json_text(&p->j, NULL, o[i]);
	json_close(&p->j, ']');
	json_text(&p->j, "origin", origin);
	json_close(&p->j, '}');
}

static void explain_choices(struct page *p, const struct sandbox *sb)
{
	page_section(p, "options", "options, the later of two that disagree wins");
	page_list(p, "profiles");
	for (size_t i = 0; i < sb->profile_count; i++)
		page_item(p, sb->profiles[i]);
	page_list_end(p);
	page_list(p, "given");
	for (size_t i = 0; i < sb->choice_count; i++)
		explain_choice(p, &sb->choices[i]);
	page_list_end(p);
	page_section_end(p);
}

/* ---- namespaces and ids ---- */

static const struct {
	const char *name;
	unsigned bit;
} namespaces[] = {
	{"user", CLONE_NEWUSER},     {"mount", CLONE_NEWNS},  {"pid", CLONE_NEWPID},
	{"ipc", CLONE_NEWIPC},       {"uts", CLONE_NEWUTS},   {"network", CLONE_NEWNET},
	{"cgroup", CLONE_NEWCGROUP}, {"time", CLONE_NEWTIME},
};

/* The descriptor through which a namespace is joined, -1 none. */
static int joined_fd(const struct sandbox *sb, unsigned bit)
{
	if (bit == CLONE_NEWUSER)
		return sb->userns_fd;
	if (bit == CLONE_NEWPID)
		return sb->pidns_fd;
	return bit == CLONE_NEWNET ? sb->netns_fd : -1;
}

/* Of a clock in a new time namespace, where one was asked for. */
static void explain_offset(struct page *p, const char *name, int64_t us)
{
	char text[DURATION_TEXT];

	if (us != 0)
		page_format(p, name, "%s%s", us < 0 ? "-" : "",
			    duration_print(text, (uint64_t)(us < 0 ? -us : us)));
}

static void explain_namespaces(struct page *p, const struct sandbox *sb, bool leaves_nested)
{
	page_section(p, "namespaces", "namespaces");
	for (size_t i = 0; i < COUNT(namespaces); i++) {
		unsigned bit = namespaces[i].bit;
		int fd = joined_fd(sb, bit);

		if (sb->landlock_only)
			page_text(p, namespaces[i].name,
				  sb->unshare & bit ? "shared, but only local sockets can be made"
						    : "shared");
		else if (bit == CLONE_NEWNET && (sb->net == NET_SLIRP || backend_name(sb)))
			page_text(p, namespaces[i].name, "new, with user-mode networking");
		else if (fd >= 0 && sb->net == NET_JOIN && sb->net_name)
			page_format(p, namespaces[i].name, "joined: that of the sandbox %s",
				    sb->net_name);
		else if (fd >= 0 && sb->net == NET_JOIN)
			page_format(p, namespaces[i].name, "joined: that of process %lld",
				    (long long)sb->net_pid);
		else if (fd >= 0)
			page_format(p, namespaces[i].name, "joined: descriptor %d", fd);
		else if (bit == CLONE_NEWNET && sb->netns_path)
			page_format(p, namespaces[i].name, "joined: %s", sb->netns_path);
		else if (sb->unshare & bit)
			page_text(p, namespaces[i].name, "new");
		else if (sb->unshare_try & bit)
			page_text(p, namespaces[i].name, "new where the kernel can");
		else
			page_text(p, namespaces[i].name, "shared");
	}
	explain_offset(p, "boottime-offset", sb->boottime);
	explain_offset(p, "monotonic-offset", sb->monotonic);
	page_bool(p, "nested-user-closed", sb->disable_userns || !leaves_nested);
	page_section_end(p);
}

static void explain_rules(struct page *p, const struct sandbox *sb)
{
	const char *text;

	page_list(p, "rules");
	for (size_t i = 0; i < sb->net_rule_count; i++) {
		const struct net_rule *rule = &sb->net_rules[i];
		autofree char *line =
			format_text("%s %s", rule->allow ? "allow" : "deny", rule->text);

		if (line)
			page_item(p, line);
	}
	page_list_end(p);
	if (sb->net_rule_count == 0)
		return;
	page_text(p, "server-names",
		  sb->net_sni == NET_SNI_STRICT
			  ? "checked in the first bytes of TLS and HTTP; nothing else by a name"
			  : "not looked at");
	page_list(p, "order-of-rules");
	for (unsigned i = 0; (text = rules_order(i)) != NULL; i++)
		page_item(p, text);
	page_list_end(p);
}

static void explain_network(struct page *p, const struct sandbox *sb)
{
	const char *external = backend_name(sb);

	if (sb->net != NET_SLIRP && !external)
		return;
	page_section(p, "network", "user-mode network");
	page_text(p, "carried-by", external ? external : "zbox-net, outside, without rights");
	page_text(p, "interface", NET_INTERFACE);
	page_number(p, "mtu",
		    sb->net_mtu            ? sb->net_mtu
		    : sb->net == NET_PASTA ? NET_MTU_PASTA
					   : NET_MTU_DEFAULT);
	if (sb->net != NET_PASTA)
		page_format(p, "network", "%u.%u.%u.%u/%u", net_network4 >> 24,
			    net_network4 >> 16 & 255, net_network4 >> 8 & 255, net_network4 & 255,
			    sb->net_prefix ? sb->net_prefix : NET_PREFIX4);
	page_list(p, "goes-out-from");
	for (size_t i = 0; i < sb->outbound_count; i++)
		page_item(p, sb->outbound[i]);
	page_list_end(p);
	page_bool(p, "ipv6", sb->net_ipv6 == NET_IPV6_ON);
	page_list(p, "name-servers");
	for (size_t i = 0; i < sb->dns_count; i++)
		page_item(p, sb->dns[i]);
	if (sb->dns_count == 0)
		page_item(p, "the host's");
	page_list_end(p);
	page_text(p, "closed",
		  external ? "the host's loopback, unless it is opened; nothing else"
			   : "the host's addresses and loopback; private, link-local, carrier, "
			     "metadata, "
			     "multicast and reserved addresses");
	page_list(p, "opened");
	for (size_t i = 0; i < sb->net_open_count; i++) {
		const struct net_open *open = &sb->net_open[i];
		char text[64] = "private networks, but for the host's addresses there";

		if (!open->lan && open->port)
			(void)snprintf(text, sizeof(text),
				       "the host's loopback, port %u, at 10.0.2.2", open->port);
		else if (!open->lan)
			(void)snprintf(text, sizeof(text), "the host's loopback, at 10.0.2.2");
		page_item(p, text);
	}
	page_list_end(p);
	explain_rules(p, sb);
	if (sb->net_log)
		page_text(p, "log", sb->net_log);
	if (sb->net_pcap)
		page_text(p, "frames", sb->net_pcap);
	page_section_end(p);
}

/* What of the desktop is there; the operations themselves are among the others. */
static void explain_desktop(struct page *p, const struct sandbox *sb)
{
	if (sb->preset_count == 0)
		return;
	page_section(p, "desktop", "parts of the desktop");
	for (size_t i = 0; i < sb->preset_count; i++) {
		const struct preset *preset = &sb->presets[i];

		if (preset->missing)
			page_format(p, preset->name, "left out: %s", preset->missing);
		else if (preset->kind == PRESET_WAYLAND && sb->context_display)
			page_format(p, preset->name, "given, as the sandboxed program %s",
				    sb->context_app);
		else
			page_format(p, preset->name, "given%s%s", preset->operand ? ": " : "",
				    preset->operand ? preset->operand : "");
	}
	page_section_end(p);
}

/* How zbox came to it is in the manual; what the kernel is told is here. */
static void explain_map(struct page *p, const char *name, const struct id_map *map)
{
	if (map->count == 0)
		return;
	page_list(p, name);
	for (size_t i = 0; i < map->count; i++) {
		const struct id_line *line = &map->lines[i];
		autofree char *text =
			line->count == 1
				? format_text("%u inside is %u outside", line->inner, line->outer)
				: format_text("%u to %u inside are %u to %u outside", line->inner,
					      line->inner + line->count - 1, line->outer,
					      line->outer + line->count - 1);

		if (text)
			page_item(p, text);
	}
	page_list_end(p);
}

static void explain_id(struct page *p, const char *name, int64_t inside, unsigned outside,
		       const struct id_map *map, const struct sandbox *sb)
{
	bool mapped = (sb->unshare | sb->unshare_try) & CLONE_NEWUSER;
	unsigned number = inside >= 0 ? (unsigned)inside : is_bwrap(sb) || !mapped ? outside : 0;

	if (map->count > 0)
		page_format(p, name, "%u, see the map", number);
	else if (sb->userns_fd >= 0)
		page_format(p, name, "%u, as the joined namespace maps it", number);
	else if (mapped)
		page_format(p, name, "%u inside is %u outside, nothing else is mapped", number,
			    outside);
	else
		page_format(p, name, "%u", number);
}

static void explain_identity(struct page *p, const struct sandbox *sb)
{
	page_section(p, "identity", "identity");
	explain_id(p, "uid", is_bwrap(sb) ? sb->uid : (int64_t)base_uid(sb), getuid(), &sb->uid_map,
		   sb);
	explain_id(p, "gid", is_bwrap(sb) ? sb->gid : (int64_t)base_gid(sb), getgid(), &sb->gid_map,
		   sb);
	explain_map(p, "uid-map", &sb->uid_map);
	explain_map(p, "gid-map", &sb->gid_map);
	if (sb->uid_map.count > 0)
		page_text(p, "groups", sb->keep_groups ? "the caller's" : "none but the gid");
	if (is_bwrap(sb))
		page_text(p, "hostname", sb->hostname ? sb->hostname : "the host's");
	else
		page_text(p, "hostname", base_hostname(sb) ? base_hostname(sb) : "the host's");
	page_section_end(p);
}

/* ---- environment and directory ---- */

static void explain_changes(struct page *p, const struct sandbox *sb)
{
	static const char *const words[] = {[ENV_SET] = "set",
					    [ENV_UNSET] = "unset",
					    [ENV_CLEAR] = "clear",
					    [ENV_KEEP] = "keep",
					    [ENV_KEEP_ALL] = "keep all"};

	page_list(p, "changes");
	if (!is_bwrap(sb))
		page_item(p, "clear but for TERM, COLORTERM, LANG, LANGUAGE, LC_*, TZ, NO_COLOR");
	for (size_t i = 0; i < sb->env_count; i++) {
		const struct env_change *e = &sb->env[i];
		autofree char *text = format_text("%s%s%s%s%s", words[e->action],
						  e->name ? " " : "", e->name ? e->name : "",
						  e->value ? "=" : "", e->value ? e->value : "");

		if (text)
			page_item(p, text);
	}
	page_list_end(p);
}

static void explain_environment(struct page *p, const struct sandbox *sb, char *const *environment)
{
	page_section(p, "environment", "environment");
	if (environment)
		list_words(p, "variables", environment);
	else
		explain_changes(p, sb);
	page_text(p, "directory",
		  sb->chdir ? sb->chdir : "the caller's if it is inside, else the home, else /");
	page_section_end(p);
}

/* ---- descriptors and terminal ---- */

static void explain_descriptors(struct page *p, const struct sandbox *sb)
{
	page_section(p, "descriptors", "descriptors");
	page_list(p, "kept");
	for (int fd = 0; fd < 3; fd++)
		page_item_number(p, fd);
	for (size_t i = 0; i < sb->keep_fd_count; i++)
		page_item_number(p, sb->keep_fds[i]);
	page_list_end(p);
	page_text(p, "others",
		  is_bwrap(sb) ? "passed on, but for those named in options" : "closed");
	page_section_end(p);
}

static void explain_terminal(struct page *p, const struct sandbox *sb)
{
	bool any = isatty(0) || isatty(1) || isatty(2);

	page_section(p, "terminal", "terminal");
	page_text(p, "session", sb->new_session ? "its own" : "the caller's");
	page_text(p, "terminal",
		  !any                                 ? "none"
		  : is_bwrap(sb) || sb->share_terminal ? "the caller's"
						       : "its own, zbox copies");
	page_section_end(p);
}

/* ---- privileges ---- */

static void explain_capabilities(struct page *p, const struct privileges *privileges)
{
	page_list(p, "capabilities");
	for (int cap = 0; cap < 64; cap++) {
		const char *name = capability_name(cap);

		if (name && (privileges->keep_caps >> cap & 1))
			page_item(p, name);
	}
	page_list_end(p);
}

static void explain_seccomp(struct page *p, const struct sandbox *sb,
			    const struct privileges *privileges)
{
	int64_t instructions = 0;

	for (size_t i = 0; i < privileges->filter_count; i++)
		instructions += privileges->filters[i].length;
	page_text(p, "seccomp-profile", privileges->profile);
	page_number(p, "seccomp-filters",
		    (int64_t)privileges->filter_count + (sb->seccomp_fd >= 0));
	page_number(p, "seccomp-instructions", instructions);
	if (sb->seccomp_fd >= 0)
		page_format(p, "seccomp-late", "descriptor %d, read when it is loaded",
			    sb->seccomp_fd);
	page_text(p, "nested-namespaces", privileges->nested_userns ? "allowed" : "closed");
}

static void explain_landlock(struct page *p, const struct privileges *privileges)
{
	const char *missing;

	page_number(p, "landlock-abi", privileges->landlock_abi);
	if (privileges->landlock_abi == 0) {
		page_text(p, "landlock-note", privileges->landlock_note);
		return;
	}
	page_list(p, "landlock-missing");
	for (unsigned i = 0; (missing = landlock_missing(privileges->landlock_abi, i)) != NULL; i++)
		page_item(p, missing);
	page_list_end(p);
}

static void explain_privileges(struct page *p, const struct sandbox *sb,
			       const struct privileges *privileges)
{
	page_section(p, "privileges", "privileges");
	page_bool(p, "no-new-privileges", true);
	explain_capabilities(p, privileges);
	explain_seccomp(p, sb, privileges);
	explain_landlock(p, privileges);
	if (sb->exec_label)
		page_text(p, "exec-label", sb->exec_label);
	if (sb->file_label)
		page_text(p, "file-label", sb->file_label);
	page_section_end(p);
}

/* ---- life ---- */

static void explain_life(struct page *p, const struct sandbox *sb)
{
	bool new_pids = ((sb->unshare | sb->unshare_try) & CLONE_NEWPID) || sb->pidns_fd >= 0;

	page_section(p, "life", "life");
	if (sb->name)
		page_text(p, "name", sb->name);
	page_bool(p, "dies-with-parent", sb->die_with_parent);
	page_text(p, "process-1",
		  !new_pids      ? "the host's"
		  : sb->as_pid_1 ? "the command"
				 : "zbox, which reaps and forwards signals");
	explain_limits(p, sb);
	page_list(p, "lock-files");
	for (size_t i = 0; i < sb->lock_file_count; i++)
		page_item(p, sb->lock_files[i]);
	page_list_end(p);
	page_section_end(p);
}

static void explain_statuses(struct page *p, const struct sandbox *sb)
{
	page_section(p, "exit-statuses", "exit statuses");
	page_text(p, "command-exits", "the command's own");
	page_text(p, "command-killed", "128 and the number of the signal");
	page_number(p, "zbox-fails", is_bwrap(sb) ? 1 : 125);
	page_number(p, "not-executable", is_bwrap(sb) ? 1 : 126);
	page_number(p, "not-found", is_bwrap(sb) ? 1 : 127);
	if (!is_bwrap(sb))
		page_number(p, "time-limit", 124);
	page_section_end(p);
}

void report_explain(FILE *out, const struct sandbox *sb, const struct privileges *p,
		    char *const *environment, bool json)
{
	struct page page;

	page_start(&page, out, json);
	explain_program(&page, sb);
	explain_choices(&page, sb);
	explain_namespaces(&page, sb, p->nested_userns || is_bwrap(sb));
	explain_network(&page, sb);
	explain_desktop(&page, sb);
	explain_ports(&page, sb);
	explain_identity(&page, sb);
	explain_mounts(&page, sb);
	explain_sockets(&page, sb);
	explain_environment(&page, sb, environment);
	explain_descriptors(&page, sb);
	explain_terminal(&page, sb);
	explain_privileges(&page, sb, p);
	explain_life(&page, sb);
	explain_statuses(&page, sb);
	page_end(&page);
}
