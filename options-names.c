/*
 * options-names.c - rows of the option table: a name for a sandbox, and what is done with one that
 * has a name and runs.
 *
 * All of the second kind but --name end the parsing, as --help does, and stand alone: an option
 * beside them would be one that somebody relies on, and it would mean nothing.
 */
#include "options-table.h"

#include "registry.h"

#include <signal.h>
#include <string.h>
#include <strings.h>

static int check_name(const struct option *o, const char *name)
{
	if (registry_name_is_good(name))
		return 0;
	return fail(0,
		    "--%s takes a name of at most %d letters, digits, dots, dashes and "
		    "underscores that begins with a letter or digit, not %s",
		    o->name, REGISTRY_NAME_MAX, name);
}

static int set_name(struct parser *p, const struct option *o, char **arg)
{
	p->sb->name = arg[0];
	return check_name(o, arg[0]);
}

/* --level-prefix speaks of messages, which there are here too. */
static int check_alone(const struct parser *p, const struct option *self)
{
	const struct option *o;

	for (unsigned n = 0; (o = option_at(&n)) != NULL; n++)
		if (o != self && strcmp(o->name, "level-prefix") != 0 &&
		    (p->sb->given[n / GROUP_ROWS] & 1U << n % GROUP_ROWS))
			return fail(0, "--%s cannot be combined with other options, such as --%s",
				    self->name, o->name);
	return 0;
}

/* By number, or by name with or without SIG; -1: there is none. */
static int signal_number(const char *text)
{
	static const struct {
		const char *name;
		int number;
	} signals[] = {
		{"HUP", SIGHUP},   {"INT", SIGINT},     {"QUIT", SIGQUIT}, {"ABRT", SIGABRT},
		{"KILL", SIGKILL}, {"USR1", SIGUSR1},   {"USR2", SIGUSR2}, {"PIPE", SIGPIPE},
		{"ALRM", SIGALRM}, {"TERM", SIGTERM},   {"CHLD", SIGCHLD}, {"CONT", SIGCONT},
		{"STOP", SIGSTOP}, {"TSTP", SIGTSTP},   {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},
		{"XCPU", SIGXCPU}, {"WINCH", SIGWINCH},
	};
	int64_t number;

	if (parse_number(text, 1, 64, &number) == 0)
		return (int)number;
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (size_t i = 0; i < COUNT(signals); i++)
		if (strcasecmp(text, signals[i].name) == 0)
			return signals[i].number;
	return -1;
}

static int take_signal(struct sandbox *sb, const struct option *o, char **words)
{
	if (!words[0])
		return 0;
	sb->manage_signal = signal_number(words[0]);
	if (sb->manage_signal <= 0)
		return fail(0, "--%s: there is no signal %s", o->name, words[0]);
	return words[1] ? fail(0, "--%s takes one signal", o->name) : 0;
}

static int take_format(struct sandbox *sb, const struct option *o, char **words)
{
	if (!words[0])
		return 0;
	if (strcmp(words[0], "json") != 0 || words[1])
		return fail(0, "--%s takes json behind the name or nothing, not %s", o->name,
			    words[0]);
	sb->manage = MANAGE_STATS_JSON;
	return 0;
}

static int take_command(struct sandbox *sb, const struct option *o, char **words)
{
	if (words[0] && strcmp(words[0], "--") == 0)
		words++;
	else if (words[0] && words[0][0] == '-')
		return fail(0, "--%s takes no option behind the name, such as %s", o->name,
			    words[0]);
	sb->command = words;
	return words[0] ? 0 : fail(0, "--%s: no command given", o->name);
}

/* The rows of options-limits.c read them. A path would be looked up where zbox was started. */
static int take_limits(struct parser *p, const struct option *o, char **words)
{
	size_t left = 0;

	while (words[left])
		left++;
	if (left == 0)
		return fail(0, "--%s takes limits behind the name, such as --memory 1G", o->name);
	while (left > 0) {
		unsigned number;
		char *value;
		const struct option *limit = parse_name(p, words[0], &number, &value);
		int taken;

		if (!limit || limit->apply != add_cgroup_limit)
			return fail(0,
				    "--%s takes limits of control groups behind the name, not %s",
				    o->name, words[0]);
		taken = parse_option(p, words, left);
		if (taken < 0)
			return -1;
		words += taken;
		left -= (size_t)taken;
	}
	for (size_t i = 0; i < p->sb->cgroup_limit_count; i++) {
		const struct cgroup_limit *l = &p->sb->cgroup_limits[i];

		if (l->device > 0 && l->text[0] != '/' && strspn(l->text, "0123456789") == 0)
			return fail(0, "--%s takes a device by its whole path, not %s", o->name,
				    l->text);
	}
	return 0;
}

/* What stands behind a name that nothing may follow. */
static int take_nothing(const struct option *o, char **words)
{
	return words[0] ? fail(0, "--%s takes nothing behind the name: %s", o->name, words[0]) : 0;
}

int manage_sandbox(struct parser *p, const struct option *o, char **arg)
{
	struct sandbox *sb = p->sb;

	if (check_alone(p, o) < 0 || check_name(o, arg[0]) < 0)
		return -1;
	sb->manage = (enum manage_what)o->value;
	sb->manage_name = arg[0];
	if (sb->manage == MANAGE_KILL)
		return take_signal(sb, o, arg + 1);
	if (sb->manage == MANAGE_ENTER)
		return take_command(sb, o, arg + 1);
	if (sb->manage == MANAGE_UPDATE)
		return take_limits(p, o, arg + 1);
	if (sb->manage == MANAGE_STATS)
		return take_format(sb, o, arg + 1);
	return take_nothing(o, arg + 1);
}

/* [text|json] */
static int list_sandboxes(struct parser *p, const struct option *o, char **arg)
{
	return check_alone(p, o) < 0 ? -1 : set_choice(p, o, arg);
}

const struct option options_names[] = {
	{.name = "name",
	 .args = "NAME",
	 .apply = set_name,
	 .personality = FOR_ZBOX,
	 .once = true,
	 .conflicts = "as-pid-1",
	 .help = "Give the sandbox a name, by which it can be found",
	 .man = "While the sandbox runs, the options of this group find it by NAME: letters, "
		"digits, dots, dashes and underscores. Two with one name cannot run at the same "
		"time. The name is a socket in $XDG_RUNTIME_DIR/zbox, else in /run/user/UID/zbox, "
		"else in /tmp/zbox-UID, which zbox holds; it answers to processes of the same user "
		"in the same user namespace that are no more confined than zbox was when it "
		"started: not to other users, and not to what runs inside of a sandbox. Nothing "
		"else is kept about the sandbox, and where zbox was killed the next one takes the "
		"name over."},
	{.name = "list",
	 .args = "[text|json]",
	 .apply = list_sandboxes,
	 .personality = FOR_ZBOX,
	 .field = offsetof(struct sandbox, manage),
	 .value = MANAGE_LIST,
	 .typed = true,
	 .help = "Print the sandboxes with a name that run",
	 .man = "Prints the sandboxes with a name that run: name, age, process of zbox, ids "
		"inside, memory, network, limits and command. The memory is that of its control "
		"group where it has one that counts it, files in memory and what is kept of files "
		"on disks included; else the sum of what its processes have resident. With =json "
		"it "
		"is one JSON object."},
	{.name = "enter",
	 .args = "NAME ...",
	 .apply = manage_sandbox,
	 .personality = FOR_ZBOX,
	 .value = MANAGE_ENTER,
	 .typed = true,
	 .help = "Run a command in the sandbox NAME",
	 .man = "Runs the command that follows, -- before it or not, in the running sandbox NAME. "
		"It is made by process 1 of that sandbox, and so has its namespaces, control "
		"group, filter, Landlock domain, capabilities and limits; its environment and "
		"directory are those that the sandbox's own command began with, but for TERM. It "
		"has a terminal of its own where descriptor 0, 1 or 2 is one, and it ends with the "
		"zbox that entered, and with the sandbox. The exit status is as for a sandbox that "
		"is started."},
	{.name = "kill",
	 .args = "NAME ...",
	 .apply = manage_sandbox,
	 .personality = FOR_ZBOX,
	 .value = MANAGE_KILL,
	 .typed = true,
	 .help = "Kill the sandbox NAME, or send it a signal",
	 .man = "Kills everything in the sandbox NAME and waits until it is gone. With a signal "
		"behind NAME, as a number or a name such as TERM, the sandbox's command gets that "
		"signal instead, as if the zbox that started it had got it; KILL is the same as "
		"none."},
	{.name = "wait",
	 .args = "NAME ...",
	 .apply = manage_sandbox,
	 .personality = FOR_ZBOX,
	 .value = MANAGE_WAIT,
	 .typed = true,
	 .help = "Wait until the sandbox NAME has ended",
	 .man = "Waits until the sandbox NAME has ended. The exit status is that of the zbox that "
		"started it."},
	{.name = "freeze",
	 .args = "NAME ...",
	 .apply = manage_sandbox,
	 .personality = FOR_ZBOX,
	 .value = MANAGE_FREEZE,
	 .typed = true,
	 .help = "Stop everything in the sandbox NAME until it is thawed",
	 .man = "Stops every process in the sandbox NAME, and returns when all stand still. Where "
		"the sandbox has a control group of its own, because a limit such as --memory "
		"asked "
		"for one, that is frozen, which nobody inside can notice. Else it is "
		"done by a stop signal to all at once: nothing inside can keep it off, but a "
		"process can learn afterwards that it was stopped. Time limits go on; one that is "
		"reached thaws the control group, so that the command can end. While it "
		"is frozen nobody can enter. A sandbox without a process namespace of its own "
		"cannot be frozen."},
	{.name = "thaw",
	 .args = "NAME ...",
	 .apply = manage_sandbox,
	 .personality = FOR_ZBOX,
	 .value = MANAGE_THAW,
	 .typed = true,
	 .help = "Let the sandbox NAME go on after --freeze",
	 .man = "Continues every process in the sandbox NAME; without a control group also one "
		"that was stopped before it was frozen."},
	{.name = "update",
	 .args = "NAME ...",
	 .apply = manage_sandbox,
	 .personality = FOR_ZBOX,
	 .value = MANAGE_UPDATE,
	 .typed = true,
	 .help = "Change limits of the sandbox NAME, as in --memory 1G",
	 .man = "Changes limits of the running sandbox NAME: behind the name stand --memory, "
		"--memory-high, --swap, --cpus, --cpu-weight, --pids, --io-max, --io-weight, "
		"--cpuset with their operands; others stay as they are. They are set by the zbox "
		"of the sandbox, in the order given; one that cannot be set is an error, those "
		"before it hold. Memory beyond a new limit is taken back, and where that is not "
		"enough everything inside is killed, as always; processes beyond one are let be, "
		"but "
		"no new ones are made. The sandbox needs a control group of its own, which "
		"it has when it was started with one of these options or --cgroup. --list and the "
		"record of the run tell of the limits that hold now."},
	{.name = "stats-of",
	 .args = "NAME ...",
	 .apply = manage_sandbox,
	 .personality = FOR_ZBOX,
	 .value = MANAGE_STATS,
	 .typed = true,
	 .help = "Print what the sandbox NAME has used so far",
	 .man = "Prints what the sandbox NAME has used until now: time, processor time, memory, "
		"processes; with json behind NAME as one JSON object."},
	{0},
};
