/*
 * options-limits.c - rows of the option table: limits, times and what is told of them; and what
 * these rows do with their operands.
 *
 * A limit holds or the command is not run: numbers are read strictly, and what the manual text says
 * about how far a limit goes is part of it.
 */
#include "limits-text.h"
#include "options-table.h"

#define FIELD(name) .field = offsetof(struct sandbox, name)

static int add_rlimit(struct parser *p, const struct option *o, char **arg)
{
	struct sandbox *sb = p->sb;
	struct rlimit_change change, *slot = NULL;

	(void)o;
	if (rlimit_parse(arg[0], &change) < 0)
		return -1;
	for (size_t i = 0; i < sb->rlimit_count; i++)
		if (sb->rlimits[i].resource == change.resource)
			slot = &sb->rlimits[i];
	if (!slot)
		slot = array_add(&sb->rlimits, &sb->rlimit_count, sizeof(*slot));
	if (!slot)
		return -1;
	*slot = change;
	return 0;
}

static int set_level(struct parser *p, const struct option *o, char **arg)
{
	int64_t number;

	if (parse_number(arg[0], o->value, o->max, &number) < 0)
		return fail(0, "--%s takes a number from %d to %d, not %s", o->name, o->value,
			    (int)o->max, arg[0]);
	*(int *)(void *)((char *)p->sb + o->field) = (int)number;
	return 0;
}

static int set_processors(struct parser *p, const struct option *o, char **arg)
{
	cpu_set_t set;

	if (processors_parse(arg[0], &set) < 0)
		return fail(0, "--%s takes a list of processors such as 0-3,8, not %s", o->name,
			    arg[0]);
	p->sb->cpu_affinity = arg[0];
	return 0;
}

const struct option options_limits[] = {
	{.name = "rlimit",
	 .args = "LIMIT",
	 .apply = add_rlimit,
	 .personality = FOR_ZBOX,
	 .missing = "--rlimit takes an argument, NAME=SOFT[:HARD]",
	 .help = "Set a limit of setrlimit, as in nofile=1024",
	 .man = "Sets a limit of setrlimit(2) for the command: as, core, cpu, data, fsize, "
		"memlock, msgqueue, nice, nofile, nproc, rtprio, rttime, sigpending or stack. "
		"LIMIT is NAME=SOFT:HARD, or NAME=VALUE for both. A value is a number or the word "
		"unlimited; where it counts bytes it may end in K, M, G or T. May be repeated. A "
		"hard limit can only be lowered, also by root; to raise one is an error before the "
		"command is run. The kernel holds each process to these limits by itself, so that "
		"ten processes may use ten times as much; only nproc counts all processes inside "
		"together, zbox's process 1 included, and is refused when root is the caller, "
		"because the kernel exempts him. Limits that Linux does not enforce (rss and "
		"locks) are refused. Without core, no core files are written."},
	{.name = "nice",
	 .args = "N",
	 .apply = set_level,
	 .personality = FOR_ZBOX,
	 FIELD(nice),
	 .value = -20,
	 .max = 19,
	 .once = true,
	 .help = "Run the command with nice value N",
	 .man = "Runs the command with the nice value N, from -20 to 19. One that is lower than "
		"the caller's needs a limit nice (see --rlimit) that allows it."},
	{.name = "oom-score",
	 .args = "N",
	 .apply = set_level,
	 .personality = FOR_ZBOX,
	 FIELD(oom_score),
	 .value = -1000,
	 .max = 1000,
	 .once = true,
	 .help = "Be killed sooner, or later, when memory is short",
	 .man = "Sets oom_score_adj of everything inside to N, from -1000 to 1000: how soon it is "
		"killed when the system is out of memory. Without privilege it can only be higher "
		"than the caller's."},
	{.name = "cpu-affinity",
	 .args = "LIST",
	 .apply = set_processors,
	 .personality = FOR_ZBOX,
	 .once = true,
	 .help = "Start the command on the processors of LIST, as in 0-3,8",
	 .man = "Starts the command on the processors of LIST, numbers and ranges with commas "
		"between. All of them have to exist and be the caller's. The command may choose "
		"others again, with sched_setaffinity(2), unless --seccomp-deny takes that away."},
	{0},
};
