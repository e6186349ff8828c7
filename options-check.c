/*
 * options-check.c - what the options mean together, after the last word was read.
 *
 *   bwrap: the clashes that bubblewrap refuses, in its order and words; then the user namespace
 *   that an ordinary user needs anyway; then the command; then what depends on that namespace.
 *   zbox: the columns needs and conflicts of the rows that were given, in the order of the table.
 *   Nothing is refused for what is on by default.
 *
 * Two options that contradict each other are an error rather than a silent winner: the loser would
 * be a restriction that somebody relied on.
 */
#include "options-table.h"

#include <sched.h>
#include <string.h>

/* Before the user namespace is implied: only --unshare-user itself counts. */
static int check_bwrap_userns(const struct sandbox *sb)
{
	bool user = sb->unshare & CLONE_NEWUSER;

	if (sb->userns_block_fd >= 0 && !user)
		return fail(0, "--userns-block-fd requires --unshare-user");
	if (sb->userns_block_fd >= 0 && sb->info_fd < 0)
		return fail(0, "--userns-block-fd requires --info-fd");
	if (sb->userns_fd >= 0 && user)
		return fail(0, "--userns not compatible --unshare-user");
	if (sb->userns_fd >= 0 && (sb->unshare_try & CLONE_NEWUSER))
		return fail(0, "--userns not compatible --unshare-user-try");
	if (sb->disable_userns && !user)
		return fail(0, "--disable-userns requires --unshare-user");
	if (sb->disable_userns && sb->userns_block_fd >= 0)
		return fail(0, "--disable-userns is not compatible with  --userns-block-fd");
	return 0;
}

/* After it, and only when there is a command. */
static int check_bwrap_rest(const struct sandbox *sb)
{
	bool user = ((sb->unshare | sb->unshare_try) & CLONE_NEWUSER) || sb->userns_fd >= 0;

	if (!user && sb->uid >= 0)
		return fail(0, "Specifying --uid requires --unshare-user or --userns");
	if (!user && sb->gid >= 0)
		return fail(0, "Specifying --gid requires --unshare-user or --userns");
	if (!(sb->unshare & CLONE_NEWUTS) && sb->hostname)
		return fail(0, "Specifying --hostname requires --unshare-uts");
	if (sb->as_pid_1 && !(sb->unshare & CLONE_NEWPID))
		return fail(0, "Specifying --as-pid-1 requires --unshare-pid");
	if (sb->as_pid_1 && sb->lock_file_count > 0)
		return fail(0, "Specifying --as-pid-1 and --lock-file is not permitted");
	return 0;
}

/* A --share-* that a later --unshare-* took back is not in force any more. */
static bool in_force(const struct sandbox *sb, const struct option *o)
{
	return o->apply != share_namespaces || !(sb->unshare & (unsigned)o->value);
}

static bool in_force_by_name(const struct sandbox *sb, const char *name, size_t length)
{
	const struct option *o;

	for (unsigned n = 0; (o = option_given_at(sb, &n)) != NULL; n++)
		if (strncmp(o->name, name, length) == 0 && o->name[length] == '\0')
			return in_force(sb, o);
	return false;
}

/* name|other: one of them is enough. */
static bool one_in_force(const struct sandbox *sb, const char *names, size_t length)
{
	for (size_t first; length > 0; names += first, length -= first) {
		const char *bar = memchr(names, '|', length);

		first = bar ? (size_t)(bar - names) + 1 : length;
		if (in_force_by_name(sb, names, bar ? first - 1 : first))
			return true;
	}
	return false;
}

/* Where a profile gave the option, for the failure on record. */
static int blame_profile(const struct sandbox *sb, const struct option *o)
{
	for (size_t i = sb->choice_count; i-- > 0;) {
		const struct choice *c = &sb->choices[i];

		if (strcmp(c->name, o->name) != 0)
			continue;
		if (c->origin.column > 0)
			failure_prefix("%s:%u:%u: ", c->origin.file, c->origin.at,
				       c->origin.column);
		break;
	}
	return -1;
}

/* The list is a column of the row: names with blanks between. */
static int check_list(const struct sandbox *sb, const struct option *o, const char *list,
		      bool wanted)
{
	size_t length, first;
	const char *word, *bar;

	for (unsigned i = 0; list && (word = args_word(list, i, &length)) != NULL; i++) {
		if (one_in_force(sb, word, length) == wanted)
			continue;
		bar = memchr(word, '|', length);
		first = bar ? (size_t)(bar - word) : length;
		(void)fail(0, "--%s %s --%.*s%s%.*s", o->name,
			   wanted ? "requires" : "cannot be combined with", (int)first, word,
			   bar ? " or --" : "", bar ? (int)(length - first) - 1 : 0,
			   bar ? bar + 1 : "");
		return blame_profile(sb, o);
	}
	return 0;
}

static int check_zbox(const struct sandbox *sb)
{
	const struct option *o;

	for (unsigned n = 0; (o = option_given_at(sb, &n)) != NULL; n++)
		if (in_force(sb, o) && (check_list(sb, o, o->needs, true) < 0 ||
					check_list(sb, o, o->conflicts, false) < 0))
			return -1;
	return 0;
}

static int check_command(struct sandbox *sb)
{
	if (sb->command || sb->oci) /* an image may have one */
		return 0;
	sb->print = PRINT_HELP;
	return fail(0, "no command given");
}

/* What is joined is not made. */
static void resolve_zbox(struct sandbox *sb)
{
	if (sb->userns_fd >= 0 || sb->net == NET_JOIN)
		sb->unshare &= ~(unsigned)CLONE_NEWUSER;
	if (sb->netns_fd >= 0 || sb->netns_path || sb->net == NET_JOIN)
		sb->unshare &= ~(unsigned)CLONE_NEWNET;
	if (sb->userns_fd >= 0 || sb->net == NET_JOIN)
		sb->unshare_try &= ~(unsigned)CLONE_NEWUSER;
	/* no namespace is made; that the network is wanted away is kept, for Landlock and a filter
	 */
	if (sb->landlock_only) {
		sb->unshare &= CLONE_NEWNET;
		sb->unshare_try = 0;
	}
}

int options_check(struct sandbox *sb, uid_t caller)
{
	if (sb->personality == PERSONALITY_BWRAP) {
		if (check_bwrap_userns(sb) < 0)
			return -1;
		/* nobody but root can do without one */
		if (caller != 0 && sb->userns_fd < 0)
			sb->unshare |= CLONE_NEWUSER;
		if (check_command(sb) < 0 || check_bwrap_rest(sb) < 0)
			return -1;
	} else {
		if (check_zbox(sb) < 0 || check_network(sb) < 0 || check_desktop(sb) < 0 ||
		    check_systems(sb) < 0 || check_command(sb) < 0)
			return -1;
		resolve_zbox(sb);
	}
	sb->unshare_try &= ~sb->unshare;
	return 0;
}
