/*
 * options-man.c - the manual page: prose from the list below, options from the rows of the table.
 *
 * The texts are plain: option words become bold and what a row calls its operands italic while they
 * are printed, and every character that troff would take for something else is escaped. So a row's
 * text can be written, and read, without knowing troff.
 */
#include "options-table.h"

#include "network/rules.h"

#include <ctype.h>
#include <string.h>

#define MAN_WIDTH 90 /* of the source, so that a change of a word is a small difference */

enum part_kind { SECTION, PARAGRAPH, ITEM, EXAMPLE, OPTIONS, RULES };

struct part {
	enum part_kind kind;
	const char *tag; /* of a section or an item */
	const char *text;
};

static const struct part parts[] = {
	{SECTION, "NAME", NULL},
	{PARAGRAPH, NULL, "zbox - run a command in a sandbox made without privilege"},
	{SECTION, "SYNOPSIS", NULL},
	{PARAGRAPH, NULL, "zbox OPTIONS... [--] COMMAND ARGS..."},
	{PARAGRAPH, NULL, "zbox --bwrap OPTIONS... [--] COMMAND ARGS..."},
	{PARAGRAPH, NULL, "bwrap OPTIONS... [--] COMMAND ARGS..."},
	{SECTION, "DESCRIPTION", NULL},
	{PARAGRAPH, NULL,
	 "zbox runs COMMAND in a sandbox that an ordinary user can make: no set-user-ID bit, no "
	 "daemon, no configuration. It makes a user namespace first, and in it all the others; "
	 "puts "
	 "together a root directory in memory from the host paths that were named; and runs the "
	 "command there without a single capability and under a strict system call filter. Nothing "
	 "is inside unless it was put there. A restriction that was asked for either holds, or "
	 "zbox "
	 "does not run the command and says why."},
	{PARAGRAPH, NULL,
	 "The options are those of bubblewrap 0.11.1 and some more. Called by the name bwrap, or "
	 "with --bwrap as its very first word, zbox is a replacement of that program, with its "
	 "defaults, messages, output formats and exit statuses."},
	{PARAGRAPH, NULL,
	 "Options that say what the root is made of are carried out in the order given, so that a "
	 "later one can put something on top of an earlier one. Of an option that holds one value "
	 "the last one counts, with a warning. An option ends where the next one begins: operands "
	 "are words of their own. For options with one operand zbox (not bwrap) takes --name=value "
	 "as well. The first word that is no option, or the word after --, is the command."},
	{OPTIONS, NULL, NULL},
	{SECTION, "ORDER OF RULES", NULL},
	{PARAGRAPH, NULL,
	 "What --allow, --deny and --net-open mean together. The first that fits decides; the "
	 "order "
	 "in which the options were given does not matter. --explain shows it with the rules."},
	{RULES, NULL, NULL},
	{PARAGRAPH, NULL,
	 "Refused means at once: TCP is reset, UDP is answered with \"port unreachable\", and a "
	 "name "
	 "that is not allowed does not exist. Rules are about addresses and names: who may be "
	 "reached at an address that several names share may be reached by any of them, and what "
	 "an allowed host is used for is not looked at."},
	{SECTION, "DEFAULTS", NULL},
	{PARAGRAPH, NULL, "Under the name zbox, before any option:"},
	{ITEM, "Ids",
	 "The caller is user 0 and group 0 inside, and nobody else exists there. See --uid, "
	 "--gid."},
	{ITEM, "Namespaces",
	 "All are new: user, mount, process, IPC, UTS, cgroup and network, the last with nothing "
	 "but loopback. See --share-net, --share-pid, --share-ipc, --share-uts, --share-cgroup."},
	{ITEM, "Root",
	 "A file system in memory, read-only once it is complete but for what was made writable, "
	 "and cut off from later mounts of the host."},
	{ITEM, "Base",
	 "Once /usr was put in, what goes with it is added, unless an option said something else "
	 "about that path: /bin, /sbin, /lib, /lib32 and /lib64 as they are on the host, a fresh "
	 "/proc, a minimal /dev, empty /tmp, /run, /var/tmp and home directory, and the harmless "
	 "part of /etc. See --no-base."},
	{ITEM, "Environment",
	 "Cleared but for TERM, COLORTERM, LANG, LANGUAGE, LC_*, TZ and NO_COLOR. PATH, HOME, "
	 "USER, "
	 "LOGNAME, SHELL and XDG_RUNTIME_DIR are set to what is true inside. See --env, "
	 "--keep-env, "
	 "--setenv."},
	{ITEM, "Descriptors", "0, 1 and 2 only. See --keep-fd."},
	{ITEM, "Terminal",
	 "The command has a session of its own, and a terminal of its own when standard input or "
	 "output is one. See --share-terminal."},
	{ITEM, "Privileges",
	 "No capability in any set, no way to gain one by running a program, the system call "
	 "filter strict, and Landlock where the kernel has it. See --cap-add, --seccomp-profile, "
	 "--landlock."},
	{ITEM, "Life", "Everything inside ends when the caller dies. See --no-die-with-parent."},
	{PARAGRAPH, NULL,
	 "Under the name bwrap nothing is new or closed until an option says so, as with "
	 "bubblewrap: environment, descriptors, terminal and ids are the caller's, there is no "
	 "filter, and an ordinary user gets a user namespace because nothing works without one."},
	{SECTION, "EXIT STATUS", NULL},
	{PARAGRAPH, NULL, "Under the name zbox:"},
	{ITEM, "N", "The command ended with status N."},
	{ITEM, "128+N", "The command was killed by signal N."},
	{ITEM, "124", "A time limit was reached."},
	{ITEM, "125", "zbox failed; the command was not run."},
	{ITEM, "126", "The command was found but could not be run."},
	{ITEM, "127", "The command was not found inside."},
	{PARAGRAPH, NULL,
	 "Under the name bwrap every failure of its own, a command that is not found included, is "
	 "1. As a command may return any of these numbers itself, programs better read "
	 "--status-fd or --json-status-fd."},
	{SECTION, "ENVIRONMENT", NULL},
	{ITEM, "PATH",
	 "Where the command is looked for, inside; as the command will see it, so --setenv "
	 "counts."},
	{ITEM, "HOME",
	 "The working directory of the command when the caller's does not exist inside."},
	{ITEM, "XDG_CONFIG_HOME",
	 "Where the user's profiles are, in zbox/profiles; .config in HOME where it is not set."},
	{PARAGRAPH, NULL,
	 "Profiles can use these and some more; see zbox-profile(5). zbox itself is not configured "
	 "by the environment otherwise. PWD is always set for the command."},
	{SECTION, "FILES", NULL},
	{ITEM, "$XDG_CONFIG_HOME/zbox/profiles, /etc/zbox/profiles",
	 "Profiles of the user and of the system; see --profile and zbox-profile(5)."},
	{ITEM, "/proc/sys/user/max_user_namespaces",
	 "How many user namespaces a user may have; 0 forbids them."},
	{ITEM, "/proc/sys/kernel/unprivileged_userns_clone",
	 "Debian and relatives: 0 forbids them to ordinary users."},
	{ITEM, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
	 "Ubuntu: 1 makes them useless to programs without an AppArmor profile that allows them."},
	{SECTION, "DIAGNOSTICS", NULL},
	{PARAGRAPH, NULL,
	 "A message names the step, the object and the reason, and is followed by a hint where a "
	 "cure is known:"},
	{EXAMPLE, NULL,
	 "zbox: mounts: Can't find source path /nonexistent: No such file or directory"},
	{PARAGRAPH, NULL,
	 "Only the first thing that went wrong is reported. Under the name bwrap the step is left "
	 "out and the texts are bubblewrap's. --doctor finds out what this machine lacks."},
	{ITEM, "Unknown option --X",
	 "There is no such option, or not under this name: bwrap does not take --name=value."},
	{ITEM, "--X takes two arguments",
	 "An operand is missing, often because a variable of a script was empty and not quoted."},
	{ITEM, "--X does not take an empty path argument",
	 "An operand is the empty string, often a quoted empty variable."},
	{ITEM, "--perms must be followed by an option that creates a file",
	 "The very next option has to be --dir, --file, --bind-data, --ro-bind-data or --tmpfs."},
	{ITEM, "No permissions to create a new namespace",
	 "User namespaces are forbidden here. See FILES, and --landlock-only."},
	{SECTION, "EXAMPLES", NULL},
	{PARAGRAPH, NULL, "A shell that sees the programs of the host and nothing else of it:"},
	{EXAMPLE, NULL, "zbox --ro-bind /usr /usr bash"},
	{PARAGRAPH, NULL, "Build what cannot be trusted, in a directory that it may change:"},
	{EXAMPLE, NULL, "zbox --profile build -- make -j2"},
	{PARAGRAPH, NULL, "Nearly the same by hand, in another place:"},
	{EXAMPLE, NULL,
	 "zbox --ro-bind /usr /usr --bind \"$PWD\" /src --chdir /src \\\n"
	 "     --seccomp-profile build -- make -j2"},
	{PARAGRAPH, NULL,
	 "The same with the network of the host, and two variables of the caller:"},
	{EXAMPLE, NULL,
	 "zbox --ro-bind /usr /usr --bind \"$PWD\" /src --chdir /src \\\n"
	 "     --share-net --ro-bind /etc/resolv.conf /etc/resolv.conf \\\n"
	 "     --env http_proxy --env https_proxy -- npm install"},
	{PARAGRAPH, NULL, "A file that exists only inside:"},
	{EXAMPLE, NULL,
	 "zbox --ro-bind /usr /usr --perms 0644 --ro-bind-data 3 /etc/motd \\\n"
	 "     cat /etc/motd 3< banner"},
	{PARAGRAPH, NULL, "Changes to a directory that are thrown away:"},
	{EXAMPLE, NULL,
	 "zbox --ro-bind /usr /usr --overlay-src \"$PWD\" --tmp-overlay /src \\\n"
	 "     --chdir /src -- ./configure"},
	{PARAGRAPH, NULL, "What would happen, and then why a call is refused:"},
	{EXAMPLE, NULL,
	 "zbox --explain --ro-bind /usr /usr bash\n"
	 "zbox --seccomp-why strict ioctl 0 0x5412"},
	{PARAGRAPH, NULL, "As bubblewrap:"},
	{EXAMPLE, NULL,
	 "zbox --bwrap --ro-bind / / --dev /dev --proc /proc --unshare-all \\\n"
	 "     --die-with-parent -- sh"},
	{SECTION, "SECURITY NOTES", NULL},
	{PARAGRAPH, NULL,
	 "The boundary is the kernel's: who finds a hole in it gets out, which is why the filter "
	 "keeps as much of the kernel away from the command as it can do without. zbox is not "
	 "meant to be set-user-ID and refuses to be."},
	{PARAGRAPH, NULL,
	 "What is put in is in. A read-only directory still lets the command connect to the "
	 "sockets "
	 "in it; a home directory holds keys; the socket of a session bus or of a container "
	 "engine is a way to run programs outside. A descriptor of a directory (--keep-fd, or any "
	 "under the name bwrap) opens the host's tree. --share-net reaches everything that listens "
	 "on the host's loopback and on abstract sockets; --share-pid shows the command lines of "
	 "the caller's other programs."},
	{PARAGRAPH, NULL,
	 "Under the name bwrap there is no filter and the caller's terminal is shared unless "
	 "--new-session is given: on older kernels the command can type into it."},
	{PARAGRAPH, NULL,
	 "Destinations never lead out of the new root, whatever symbolic links a bound directory "
	 "contains. Where a destination is missing in a directory bound writable, however, making "
	 "it makes it on the host."},
	{SECTION, "SEE ALSO", NULL},
	{PARAGRAPH, NULL,
	 "zbox-profile(5), unshare(1), nsenter(1), newuidmap(1), seccomp(2), user_namespaces(7), "
	 "mount_namespaces(7), "
	 "capabilities(7), landlock(7)"},
};

/* ---- escaping ---- */

static void put_char(FILE *out, char c)
{
	if (c == '\\')
		fputs("\\e", out);
	else if (c == '-')
		fputs("\\-", out);
	else if (c == '\'')
		fputs("\\(aq", out);
	else if (c == '~' || c == '^')
		fprintf(out, "\\(%s", c == '~' ? "ti" : "ha");
	else
		fputc(c, out);
}

static void put_text(FILE *out, const char *text, size_t length)
{
	if (length > 0 && text[0] == '.')
		fputs("\\&", out); /* would begin a request at the start of a line */
	for (size_t i = 0; i < length; i++)
		put_char(out, text[i]);
}

/* Length of the option name that text begins with, 0: it does not. */
static size_t option_length(const char *text)
{
	size_t length = 2;

	if (strncmp(text, "--", 2) != 0 || !islower((unsigned char)text[2]))
		return 0;
	while (islower((unsigned char)text[length]) || isdigit((unsigned char)text[length]) ||
	       (text[length] == '-' && isalnum((unsigned char)text[length + 1])))
		length++;
	return length;
}

/* Length of the operand of args that text begins with, as a whole word; 0: it does not. */
static size_t operand_length(const char *text, const char *args)
{
	size_t length = 0;

	while (isupper((unsigned char)text[length]))
		length++;
	if (length < 2)
		return 0;
	for (const char *at = args; (at = strpbrk(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")) != NULL;) {
		size_t word = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

		if (word == length && strncmp(at, text, length) == 0)
			return length;
		at += word;
	}
	return 0;
}

/* One word: option names bold, the operands named in args italic, what is around them plain. */
static void put_word(FILE *out, const char *word, size_t length, const char *args)
{
	for (size_t i = 0; i < length;) {
		bool start = i == 0 || !isalnum((unsigned char)word[i - 1]);
		size_t option = start ? option_length(word + i) : 0;
		size_t operand = start ? operand_length(word + i, args) : 0;
		size_t taken = option ? option : operand ? operand : 1;

		if (option || operand)
			fputs(option ? "\\fB" : "\\fI", out);
		put_text(out, word + i, taken);
		if (option || operand)
			fputs("\\fR", out);
		i += taken;
	}
}

/* A paragraph, in lines of about MAN_WIDTH; each sentence begins a line, as troff likes it. */
static void put_paragraph(FILE *out, const char *text, const char *args)
{
	size_t at = 0;

	while (*text) {
		size_t length = strcspn(text, " ");
		bool ends = length > 1 && text[length - 1] == '.' && text[length - 2] != '.';

		if (at > 0 && at + length > MAN_WIDTH) {
			fputc('\n', out);
			at = 0;
		}
		if (at > 0)
			fputc(' ', out);
		put_word(out, text, length, args);
		at = ends ? MAN_WIDTH : at + length + 1;
		text += length;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void put_tag(FILE *out, const char *tag)
{
	fputs(".TP\n.B ", out);
	put_text(out, tag, strlen(tag));
	fputc('\n', out);
}

static void put_example(FILE *out, const char *text)
{
	fputs(".PP\n.RS 4\n.nf\n", out);
	for (const char *c = text; *c; c++)
		put_char(out, *c);
	fputs("\n.fi\n.RE\n", out);
}

/* ---- the options ---- */

static void put_synopsis(FILE *out, const struct option *o)
{
	size_t length;
	const char *word;

	fputs(".TP\n\\fB", out);
	put_text(out, "--", 2);
	put_text(out, o->name, strlen(o->name));
	fputs("\\fR", out);
	for (unsigned i = 0; (word = args_word(o->args, i, &length)) != NULL; i++) {
		if (word[0] == '[') {
			fputs("[=", out);
			put_text(out, word + 1, length - 1);
		} else {
			fputs(args_is_choice(word, length) ? " \\fB" : " \\fI", out);
			put_text(out, word, length);
			fputs("\\fR", out);
		}
	}
	fputc('\n', out);
}

static void put_name(FILE *out, const char *before, const char *name, size_t length)
{
	fprintf(out, "%s\\fB\\-\\-", before);
	put_text(out, name, length);
	fputs("\\fR", out);
}

/* "Requires --a, --b or --c, and --d." for the columns needs and conflicts. */
static void put_list(FILE *out, const char *before, const char *list)
{
	size_t length, next;
	const char *word;

	for (unsigned i = 0; list && (word = args_word(list, i, &length)) != NULL; i++) {
		const char *glue = args_word(list, i + 1, &next) ? ", " : " and ";

		const char *bar = memchr(word, '|', length);
		size_t first = bar ? (size_t)(bar - word) : length;

		put_name(out, i == 0 ? before : glue, word, first);
		if (bar)
			put_name(out, " or ", bar + 1, length - first - 1);
	}
	if (list)
		fputs(".\n", out);
}

static void put_options(FILE *out)
{
	fputs(".SH OPTIONS\n", out);
	put_paragraph(out, "Those marked zbox do not exist under the name bwrap.", "");
	for (size_t group = 0; group < option_group_count; group++) {
		fprintf(out, ".SS %s\n", option_groups[group].title);
		for (const struct option *o = option_groups[group].rows; o->name; o++) {
			put_synopsis(out, o);
			put_paragraph(out, o->man, o->args);
			put_list(out, "Requires ", o->needs);
			put_list(out, "Cannot be combined with ", o->conflicts);
			if (o->personality == FOR_ZBOX)
				fputs("(zbox)\n", out);
		}
	}
}

static void put_rules(FILE *out)
{
	const char *text;

	for (unsigned i = 0; (text = rules_order(i)) != NULL; i++) {
		fprintf(out, ".IP %u. 4\n", i + 1);
		put_paragraph(out, text, "");
	}
}

void options_print_man(FILE *out)
{
	fputs(".\\\" printed by zbox --print man\n.TH ZBOX 1 \"\" \"zbox " ZBOX_VERSION
	      "\" \"User Commands\"\n",
	      out);
	for (size_t i = 0; i < COUNT(parts); i++) {
		const struct part *part = &parts[i];

		if (part->kind == SECTION) {
			fprintf(out, ".SH %s\n", part->tag);
		} else if (part->kind == OPTIONS) {
			put_options(out);
		} else if (part->kind == RULES) {
			put_rules(out);
		} else if (part->kind == EXAMPLE) {
			put_example(out, part->text);
		} else {
			if (part->kind == ITEM)
				put_tag(out, part->tag);
			else if (i > 0 && parts[i - 1].kind != SECTION)
				fputs(".PP\n", out);
			put_paragraph(out, part->text, "COMMAND ARGS OPTIONS");
		}
	}
}
