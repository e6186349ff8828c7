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

static int set_time(struct parser *p, const struct option *o, char **arg)
{
	uint64_t us = 0;

	/* value: the least, in microseconds */
	if (duration_parse(arg[0], &us) < 0 || us < (uint64_t)o->value)
		return fail(0, "--%s takes a time such as 2.5s (ms, s, m, h, d)%s, not %s", o->name,
			    o->value > 0 ? " of 1ms and more" : "", arg[0]);
	*(uint64_t *)(void *)((char *)p->sb + o->field) = us;
	return 0;
}

int set_offset(struct parser *p, const struct option *o, char **arg)
{
	bool back = arg[0][0] == '-';
	uint64_t us;

	if (duration_parse(arg[0] + back, &us) < 0)
		return fail(0, "--%s takes a time such as 1.5h or -30s (ms, s, m, h, d), not %s",
			    o->name, arg[0]);
	*(int64_t *)(void *)((char *)p->sb + o->field) = back ? -(int64_t)us : (int64_t)us;
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
	{.name = "time-limit",
	 .args = "TIME",
	 .apply = set_time,
	 .personality = FOR_ZBOX,
	 FIELD(time_limit),
	 .value = 1000,
	 .once = true,
	 .conflicts = "share-pid landlock-only",
	 .help = "End everything inside after TIME, as in 2.5s",
	 .man = "Ends everything inside after TIME: a number, which may have a fraction, and ms, "
		"s, "
		"m, h or d; seconds without one. SIGTERM (and SIGCONT) go to the process group of "
		"the command, and after the time of --grace everything inside is killed. The exit "
		"status is 124, whatever the command makes of the signal. The clock runs from the "
		"moment the namespaces exist, so it holds for the set-up as well (but not for what "
		"--userns-block-fd waits for), and it runs on while the command or zbox is stopped "
		"by job control; time in which the machine sleeps does not count. Processes of the "
		"caller are no hiding place, so this needs a process namespace."},
	{.name = "cpu-limit",
	 .args = "TIME",
	 .apply = set_time,
	 .personality = FOR_ZBOX,
	 FIELD(cpu_limit),
	 .value = 1000,
	 .once = true,
	 .conflicts = "share-pid landlock-only",
	 .help = "End everything inside after TIME of processor time",
	 .man = "Ends everything inside, as --time-limit does, when the user and system time of "
		"everything inside together has reached TIME. It is measured from outside, in "
		"/proc, with a resolution of a hundredth of a second for each process, at most a "
		"tenth of a second apart and closer towards the end, and once more when everything "
		"has ended. What a process has used "
		"counts "
		"on when it has ended, with one exception: of a child whose parent ignores "
		"SIGCHLD, "
		"what it used after the last look is lost. Apart from all measuring, the kernel "
		"ends each single process that has used TIME, rounded up, and two seconds more "
		"(RLIMIT_CPU). For a bound without any exception add --time-limit: nothing uses "
		"more than that times the number of processors, see --cpu-affinity."},
	{.name = "grace",
	 .args = "TIME",
	 .apply = set_time,
	 .personality = FOR_ZBOX,
	 FIELD(grace),
	 .once = true,
	 .help = "Wait TIME before killing what reached a time limit",
	 .man = "How long after SIGTERM everything inside is killed when --time-limit or "
		"--cpu-limit was reached, 2 seconds without this option. With 0 it is killed at "
		"once."},
	{.name = "stats",
	 .args = "",
	 .apply = set_true,
	 .personality = FOR_ZBOX,
	 FIELD(stats),
	 .help = "Say at the end what was used, on standard error",
	 .man = "Says on standard error, when everything inside has ended, how long it took, what "
		"user and system time all processes inside used together, how much memory the "
		"largest of them had, and how it ended. These are the kernel's sums over the "
		"processes that somebody waited for, which at the end process 1 does for all that "
		"are left; what the children of a process that ignores SIGCHLD used is lost."},
	{.name = "stats-file",
	 .args = "FILE",
	 .apply = set_text,
	 .personality = FOR_ZBOX,
	 FIELD(stats_file),
	 .once = true,
	 .help = "Write at the end what was used to FILE, as JSON",
	 .man = "Writes the object of --status-fd to FILE at the end. FILE is a path of the "
		"caller's and is made or emptied before anything is run, so that one which cannot "
		"be written is an error in time; it belongs where the command cannot write. When "
		"zbox is killed it stays empty; when the disk "
		"is full at "
		"the end, zbox says so, and the exit status is the command's all the same."},
	{.name = "meta",
	 .args = "FILE",
	 .apply = set_text,
	 .personality = FOR_ZBOX,
	 FIELD(meta_file),
	 .once = true,
	 .help = "Write the result to FILE as isolate does",
	 .man = "Writes the result to FILE in the format of isolate(1), as contest systems read "
		"it: a name, a colon and a value a line. There is time (user and system), "
		"time-wall, max-rss in KiB, csw-voluntary, csw-forced; exitcode or exitsig; killed "
		"when zbox ended it; and unless the command exited with 0, status (RE: exited with "
		"another status, SG: died of a signal, TO: a limit of time was reached, XX: zbox "
		"failed) and message. FILE is opened as for --stats-file."},
	{0},
};
