/*
 * options-limits.c - rows of the option table: limits, times and what is told of them; and what
 * these rows do with their operands.
 *
 * A limit holds or the command is not run: numbers are read strictly, and what the manual text says
 * about how far a limit goes is part of it.
 */
#include "cgroup/limits.h"
#include "limits-text.h"
#include "options-table.h"

#include <string.h>

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

int add_cgroup_limit(struct parser *p, const struct option *o, char **arg)
{
	struct sandbox *sb = p->sb;
	struct cgroup_limit limit, *slot;

	if (cgroup_limit_parse(o->name, arg[0], &limit) < 0)
		return -1;
	slot = cgroup_limit_find(sb->cgroup_limits, sb->cgroup_limit_count, &limit);
	if (!slot)
		slot = array_add(&sb->cgroup_limits, &sb->cgroup_limit_count, sizeof(*slot));
	if (!slot)
		return -1;
	*slot = limit;
	return 0;
}

const struct option options_limits[] = {
	{.name = "memory",
	 .args = "SIZE",
	 .apply = add_cgroup_limit,
	 .personality = FOR_ZBOX,
	 .once = true,
	 .conflicts = "landlock-only",
	 .help = "Limit the memory of everything inside, as in 512M",
	 .man = "Limits the memory that everything inside has together, files in memory (tmpfs) "
		"and "
		"what is kept of files on disks included, to SIZE: a number of bytes that may end "
		"in K, M, G or T, or the word unlimited. What is kept of files on disks gives way "
		"first. When that is not enough, everything inside is killed, and nothing else. "
		"Without --swap nothing goes to swap. "
		"This option, and those after it down to --cpuset, are limits of a control group "
		"of version 2, which zbox makes and removes. It needs a place that the caller may "
		"divide: the group in which zbox is, if that was delegated; else a scope, which "
		"zbox-scope asks the caller's systemd for. A limit that cannot be set is an error "
		"before the command is run. The set-up and zbox's process 1 count, about a "
		"megabyte. File systems of control groups that are bound inside are read-only "
		"then. Whoever is given the socket of systemd or of a session bus can start "
		"programs outside of all limits."},
	{.name = "memory-high",
	 .args = "SIZE",
	 .apply = add_cgroup_limit,
	 .personality = FOR_ZBOX,
	 .once = true,
	 .conflicts = "landlock-only",
	 .help = "Slow everything inside down beyond this memory",
	 .man = "Memory beyond SIZE is taken back and processes are slowed down, but none is "
		"killed: use it below --memory."},
	{.name = "swap",
	 .args = "SIZE",
	 .apply = add_cgroup_limit,
	 .personality = FOR_ZBOX,
	 .once = true,
	 .conflicts = "landlock-only",
	 .help = "Limit the swap of everything inside",
	 .man = "Limits how much of everything inside may be in swap, beside the memory of "
		"--memory. Without this option it is 0 with --memory, else unlimited."},
	{.name = "cpus",
	 .args = "N",
	 .apply = add_cgroup_limit,
	 .personality = FOR_ZBOX,
	 .once = true,
	 .conflicts = "landlock-only",
	 .help = "Limit processor time, as in 1.5 or 20%",
	 .man = "Everything inside together gets at most N times the time of one processor, in "
		"each tenth of a second: 1.5 is one and a half processors, 20% (or 0.2) a fifth of "
		"one. The least is 0.01."},
	{.name = "cpu-weight",
	 .args = "N",
	 .apply = add_cgroup_limit,
	 .personality = FOR_ZBOX,
	 .once = true,
	 .conflicts = "landlock-only",
	 .help = "Share of processor time when others want it too",
	 .man = "The share of processor time, from 1 to 10000, when control groups beside this one "
		"want it too; each has 100 without it."},
	{.name = "pids",
	 .args = "N",
	 .apply = add_cgroup_limit,
	 .personality = FOR_ZBOX,
	 .once = true,
	 .conflicts = "landlock-only",
	 .help = "Limit the number of processes and threads inside",
	 .man = "Limits the number of processes and threads inside to N, zbox's process 1 "
		"included; "
		"at least 2. Those that would be one too many are not made: fork(2) fails with "
		"EAGAIN."},
	{.name = "io-max",
	 .args = "LIMIT",
	 .apply = add_cgroup_limit,
	 .personality = FOR_ZBOX,
	 .conflicts = "landlock-only",
	 .help = "Limit the rates of a disk, read and written",
	 .man = "Limits what is read from and written to one disk, as in /dev/sda:wbps=10M. LIMIT "
		"is a device, a colon, and "
		"with commas between rbps=N, wbps=N (bytes a second, which may end in K, M, G or "
		"T), riops=N or wiops=N (operations a second). The device is a device file, "
		"MAJOR:MINOR, or any path on the file system meant; a partition stands for its "
		"disk. May be repeated for other devices. The controller for it (io) is rarely "
		"delegated to ordinary users."},
	{.name = "io-weight",
	 .args = "N",
	 .apply = add_cgroup_limit,
	 .personality = FOR_ZBOX,
	 .once = true,
	 .conflicts = "landlock-only",
	 .help = "Share of the disks when others want them too",
	 .man = "The share of disks, from 1 to 10000, when control groups beside this one want "
		"them "
		"too; each has 100 without it. It counts on disks whose scheduler heeds it (BFQ, "
		"or iocost where it was switched on); that there is none is an error."},
	{.name = "cpuset",
	 .args = "LIST",
	 .apply = add_cgroup_limit,
	 .personality = FOR_ZBOX,
	 .once = true,
	 .conflicts = "landlock-only",
	 .help = "Run everything inside only on the processors of LIST",
	 .man = "Everything inside runs only on the processors of LIST (numbers and ranges with "
		"commas between), and cannot choose others, unlike with --cpu-affinity. All of "
		"them have to be there. The controller for it (cpuset) is rarely delegated to "
		"ordinary users."},
	{.name = "cgroup",
	 .args = "DIR",
	 .apply = set_text,
	 .personality = FOR_ZBOX,
	 FIELD(cgroup),
	 .once = true,
	 .conflicts = "landlock-only",
	 .help = "Make the control group in DIR",
	 .man = "The control group for the limits, or one without limits, is made in DIR: a "
		"directory of a mounted control group file system of version 2 that was prepared "
		"for it. The caller needs write permission for DIR and its files cgroup.procs and "
		"cgroup.subtree_control, and for cgroup.procs of what is above both DIR and the "
		"group in which zbox is (the kernel's rule); no process may be in DIR itself."},
	{.name = "best-effort",
	 .args = "limits|none",
	 .apply = set_choice,
	 .personality = FOR_ZBOX,
	 FIELD(best_effort),
	 .value = BEST_EFFORT_LIMITS,
	 .help = "Go on with a warning where a limit cannot be set",
	 .man = "With limits, a limit of a control group that cannot be set, or all of them where "
		"no "
		"control group can be made, is a warning instead of an error, and is named in the "
		"status record (member weakened of --status-fd). none takes that back."},
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
