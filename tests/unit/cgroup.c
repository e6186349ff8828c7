/*
 * Limits of control groups: what is read and what is not, what is written for it, what the kernel's
 * counters say; the end of what runs in a group, without cgroup.kill. A directory of ordinary files
 * stands for the group.
 */
#include "cgroup/cgroup.h"
#include "cgroup/limits.h"
#include "cgroup/usage.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/zbox-cgroup.XXXXXX";
static int group = -1;

/* Makes or replaces a file of the group. */
static void put(const char *file, const char *text)
{
	int fd = openat(group, file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	check(fd >= 0 && write_fd(fd, text, strlen(text)) == 0, "put %s", file);
	close_fd(&fd);
}

static const char *get(const char *file)
{
	static char text[256];

	return read_file_at(group, file, text, sizeof(text)) >= 0 ? text : "nothing";
}

/* ---- reading ---- */

static const struct {
	const char *name, *text, *file, *written;
} good[] = {
	{"memory", "512M", "memory.max", "536870912"},
	{"memory", "1048576", "memory.max", "1048576"},
	{"memory", "unlimited", "memory.max", "max"},
	{"memory-high", "1G", "memory.high", "1073741824"},
	{"swap", "0", "memory.swap.max", "0"},
	{"cpus", "1.5", "cpu.max", "150000 100000"},
	{"cpus", "20%", "cpu.max", "20000 100000"},
	{"cpus", "12.5%", "cpu.max", "12500 100000"},
	{"cpus", "0.01", "cpu.max", "1000 100000"},
	{"cpus", "0.33333", "cpu.max", "33333 100000"},
	{"cpus", "250%", "cpu.max", "250000 100000"},
	{"cpus", "unlimited", "cpu.max", "max 100000"},
	{"cpu-weight", "10000", "cpu.weight", "10000"},
	{"pids", "64", "pids.max", "64"},
	{"io-max", "8:0:rbps=1M", "io.max", "8:0 rbps=1048576"},
	{"io-max", "8:16:wiops=7,rbps=max", "io.max", NULL},
	{"io-max", "8:16:wiops=7,rbps=unlimited", "io.max", "8:16 rbps=max wiops=7"},
	{"io-weight", "1", "io.weight", "1"},
};

static void test_good(void)
{
	for (size_t i = 0; i < COUNT(good); i++) {
		struct cgroup_limit limit;
		int read = cgroup_limit_parse(good[i].name, good[i].text, &limit);

		failure_clear();
		if (!good[i].written) {
			check(read < 0, "--%s %s is none", good[i].name, good[i].text);
			continue;
		}
		put(good[i].file, "");
		check(read == 0 && cgroup_limit_set(group, &limit) == 0 &&
			      strcmp(get(good[i].file), good[i].written) == 0,
		      "--%s %s: %s in %s", good[i].name, good[i].text, get(good[i].file),
		      good[i].file);
		failure_clear();
	}
}

static void test_bad(void)
{
	static const struct {
		const char *name, *texts[20];
	} bad[] = {
		{"memory",
		 {"", "-1", "+1", " 1", "1 ", "1k", "1KB", "1.5G", "0x10", "1e3", "64M64M", "max",
		  "9223372036854775808", "9007199254740992K"}},
		{"cpus",
		 {"", "0", "0%", "0.009", "-1", "1.", ".5", "1.5.5", "1.000001", "12.5678%", "1,5",
		  "20 %", "20%%", "100001", "99999999999999999999", "inf"}},
		{"cpu-weight", {"", "0", "10001", "-1", "1.5", "100 "}},
		{"io-weight", {"", "0", "10001", "default 10"}},
		{"pids", {"", "0", "1", "-1", "10K", "max"}},
		{"io-max",
		 {"", ":rbps=1", "/dev/sda", "/dev/sda:", "/dev/sda:rbps", "/dev/sda:rbps=",
		  "/dev/sda:rbps=0", "/dev/sda:bps=1", "/dev/sda:rbps=1,", "/dev/sda:rbps=1,rbps=2",
		  "/dev/sda:riops=1K", "rbps=1", "/dev/sda:rbps=1 wbps=1"}},
		{"cpuset", {"", "0-", "3-1", "a", "0,,1", " 0"}},
		{"nothing", {"1"}},
	};

	for (size_t i = 0; i < COUNT(bad); i++)
		for (size_t j = 0; bad[i].texts[j]; j++) {
			struct cgroup_limit limit = {.value = 77};

			failure_clear();
			check(cgroup_limit_parse(bad[i].name, bad[i].texts[j], &limit) < 0 &&
				      limit.value == 77 && failure_get(),
			      "not --%s '%s'", bad[i].name, bad[i].texts[j]);
		}
	failure_clear();
}

/* ---- writing ---- */

static bool set(const char *name, const char *text)
{
	struct cgroup_limit limit;

	failure_clear();
	return cgroup_limit_parse(name, text, &limit) == 0 && cgroup_limit_set(group, &limit) == 0;
}

static bool says(const char *part)
{
	const struct failure *f = failure_get();
	bool found = f && strstr(f->text, part);

	if (!found)
		printf("# %s\n", f ? f->text : "no failure");
	failure_clear();
	return found;
}

static void test_set(void)
{
	(void)unlinkat(group, "memory.max", 0);
	check(!set("memory", "1M") && says("--memory 1M: this kernel has no memory.max"),
	      "a file that is missing");
	put("cpuset.cpus", "");
	put("cpuset.cpus.effective", "0-2\n");
	check(set("cpuset", "0-2") && strcmp(get("cpuset.cpus"), "0-2") == 0, "processors");
	check(set("cpuset", "0,1,2"), "the same in other words");
	check(!set("cpuset", "0-3") && says("only 0-2 of these"), "processors that are not there");
	(void)unlinkat(group, "io.weight", 0);
	check(!set("io-weight", "100") && says("no io.weight"), "no scheduler with weights");
	put("io.bfq.weight", "");
	check(set("io-weight", "100") && strcmp(get("io.bfq.weight"), "100") == 0, "BFQ: default");
	put("io.bfq.weight", "");
	check(set("io-weight", "10000") && strcmp(get("io.bfq.weight"), "1000") == 0, "BFQ: most");
	check(!set("io-max", "/nonexistent/x:rbps=1") && says("--io-max /nonexistent/x"),
	      "a device that is not there");
	check(!set("io-max", "/proc:rbps=1") && says("no single disk"), "what is on no disk");
}

static void test_controllers(void)
{
	char text[CONTROLLERS_TEXT];

	put("cgroup.controllers", "cpuset cpu io memory hugetlb pids rdma misc\n");
	check(cgroup_controllers(group, "cgroup.controllers") == (1U << CONTROLLERS) - 1, "all");
	put("cgroup.controllers", "\n");
	check(cgroup_controllers(group, "cgroup.controllers") == 0, "none");
	check(cgroup_controllers(group, "missing") == 0, "no file");
	check(strcmp(cgroup_controllers_print(text, CONTROLLER_MEMORY | CONTROLLER_CPU, "+"),
		     "+cpu +memory") == 0,
	      "names");
	check(strlen(cgroup_controllers_print(text, (1U << CONTROLLERS) - 1, "+")) <
		      CONTROLLERS_TEXT - 1,
	      "all names fit");
}

/* ---- counters ---- */

static void test_usage(void)
{
	struct cgroup_limit limits[] = {{.kind = CGROUP_MEMORY},
					{.kind = CGROUP_PIDS},
					{.kind = CGROUP_CPUS},
					{.kind = CGROUP_SWAP}};
	struct sandbox sb = {.cgroup_limits = limits, .cgroup_limit_count = COUNT(limits)};
	struct cgroup_usage u;
	const char *hits[CGROUP_LIMITS];

	cgroup_usage_read(group, &u);
	check(u.memory_peak == NOT_COUNTED && u.oom_kills == NOT_COUNTED &&
		      u.read_bytes == NOT_COUNTED && u.throttled_us == NOT_COUNTED,
	      "no files: not counted");
	check(cgroup_usage_hits(&sb, &u, hits) == 0, "and not reached");
	put("memory.peak", "4096\n");
	put("memory.swap.peak", "0\n");
	put("memory.events", "low 0\nhigh 3\nmax 17\noom 2\noom_kill 2\noom_group_kill 1\n");
	put("pids.peak", "12\n");
	put("pids.events", "max 5\n");
	put("cpu.stat", "usage_usec 30\nuser_usec 10\nsystem_usec 20\nnr_periods 9\n"
			"nr_throttled 0\nthrottled_usec 0\n");
	put("io.stat", "8:0 rbytes=100 wbytes=7 rios=1 wios=1 dbytes=0 dios=0\n"
		       "8:16 rbytes=1 wbytes=3 rios=1 wios=1 dbytes=0 dios=0\n");
	cgroup_usage_read(group, &u);
	check(u.memory_peak == 4096 && u.swap_peak == 0 && u.oom_kills == 2 && u.memory_high == 3,
	      "memory");
	check(u.pids_peak == 12 && u.pids_refused == 5, "processes");
	check(u.user_us == 10 && u.system_us == 20 && u.throttled == 0 && u.throttled_us == 0,
	      "processor time");
	check(u.read_bytes == 101 && u.written_bytes == 10, "disks together");
	check(cgroup_usage_hits(&sb, &u, hits) == 2 && strcmp(hits[0], "memory") == 0 &&
		      strcmp(hits[1], "pids") == 0,
	      "what was reached");
	sb.cgroup_limit_count = 0;
	check(cgroup_usage_hits(&sb, &u, hits) == 0, "only limits that were asked for");
}

/* ---- the end ---- */

static pid_t sleeper(void)
{
	pid_t child = fork();

	if (child == 0)
		for (;;)
			(void)pause();
	return child;
}

static bool was_killed(pid_t child)
{
	int status;

	return waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGKILL;
}

static void test_kill(void)
{
	pid_t above = sleeper(), below = sleeper();
	char pids[32];

	put("cgroup.kill", "0");
	check(cgroup_kill(group) == 0 && strcmp(get("cgroup.kill"), "1") == 0, "one write does it");
	(void)unlinkat(group, "cgroup.kill", 0);
	(void)snprintf(pids, sizeof(pids), "%d\n", (int)above);
	put("cgroup.procs", pids);
	check(mkdirat(group, "inside", 0700) == 0 && mkdirat(group, "inside/deep", 0700) == 0,
	      "groups below");
	(void)snprintf(pids, sizeof(pids), "%d\n", (int)below);
	put("inside/deep/cgroup.procs", pids);
	put("inside/cgroup.procs", "0\n");
	check(cgroup_kill(group) == 0 && was_killed(above) && was_killed(below),
	      "without it each is killed, also below");
	put("cgroup.freeze", "0");
	check(cgroup_freeze(group, true) == 0 && strcmp(get("cgroup.freeze"), "1") == 0, "frozen");
	check(cgroup_freeze(group, false) == 0 && strcmp(get("cgroup.freeze"), "0") == 0, "thawed");
}

/* ---- changed while it runs ---- */

static int change(const struct sandbox *sb, struct cgroup *c, const char *words, size_t size)
{
	failure_clear();
	return cgroup_update(sb, c, words, size);
}

static uint64_t limit_now(const struct sandbox *sb, const struct cgroup *c, size_t i)
{
	struct sandbox now = cgroup_now(sb, c);

	return i < now.cgroup_limit_count ? now.cgroup_limits[i].value : 0;
}

#define WORDS(text) text, sizeof(text)

static void test_update(void)
{
	struct cgroup_limit first[] = {{.kind = CGROUP_PIDS, .text = "9", .value = 9}};
	struct sandbox sb = {.cgroup_limits = first, .cgroup_limit_count = COUNT(first)};
	struct cgroup c = CGROUP_NONE;

	check(change(&sb, &c, WORDS("pids\00020")) < 0 && says("no control group of its own"),
	      "there is none");
	c.box = c.place.dir = group;
	c.place.path = directory;
	put("cgroup.controllers", "cpu memory pids\n");
	put("cgroup.subtree_control", "pids\n");
	put("pids.max", "9");
	put("memory.max", "max");
	put("memory.swap.max", "1");
	put("cpu.max", "max");
	check(limit_now(&sb, &c, 0) == 9, "before, those of the start hold");
	check(change(&sb, &c, WORDS("pids\00020")) == 0 && strcmp(get("pids.max"), "20") == 0 &&
		      limit_now(&sb, &c, 0) == 20 && limit_now(&sb, &c, 1) == 0,
	      "one takes the place of the one before");
	check(change(&sb, &c, WORDS("memory\0001M\0cpus\0002")) == 0 &&
		      strcmp(get("memory.max"), "1048576") == 0 &&
		      strcmp(get("memory.swap.max"), "0") == 0 &&
		      strcmp(get("cgroup.subtree_control"), "+cpu +memory") == 0 &&
		      limit_now(&sb, &c, 1) == 1 << 20,
	      "others come to it, with their controllers; without --swap there is none");
	check(change(&sb, &c, WORDS("swap\0002M\0memory\0003M")) == 0 &&
		      strcmp(get("memory.swap.max"), "2097152") == 0,
	      "but with it");
	check(change(&sb, &c, WORDS("pids\00030\0memory\000x")) < 0 &&
		      says("--memory takes bytes") && strcmp(get("pids.max"), "20") == 0,
	      "with a wrong word nothing is set");
	check(change(&sb, &c, WORDS("pids\00030\0cpuset\0000")) < 0 &&
		      says("cpuset is not delegated") && strcmp(get("pids.max"), "20") == 0,
	      "nor without a controller");
	check(change(&sb, &c, WORDS("pids")) < 0 && says("takes a value"), "half of one");
	check(change(&sb, &c, WORDS("nice\0001")) < 0 && says("there is no limit nice"),
	      "what is none");
	(void)unlinkat(group, "cpu.max", 0);
	check(change(&sb, &c, WORDS("pids\00040\0cpus\0001")) < 0 &&
		      says("what stands before it") && strcmp(get("pids.max"), "40") == 0,
	      "one that cannot be set: it is said what holds");
	check(first[0].value == 9, "what was asked for at the start is as it was");
	c = (struct cgroup){.place = CGROUP_PLACE_NONE,
			    .box = -1,
			    .inside = -1,
			    .keeper = -1,
			    .line = -1,
			    .limits = c.limits,
			    .limit_count = c.limit_count};
	failure_clear();
	cgroup_free(&c);
}

/* ---- without any ---- */

static void test_none(void)
{
	struct sandbox sb = {0};
	struct cgroup c = CGROUP_NONE;

	check(!cgroup_wanted(&sb) && cgroup_open(&sb, true, &c) == 0 && c.box < 0 && c.inside < 0,
	      "nothing is made where nothing is asked for");
	sb.cgroup = directory;
	check(cgroup_open(&sb, false, &c) < 0 && says("no control group of version 2"),
	      "--cgroup: another file system");
	sb.best_effort = BEST_EFFORT_LIMITS;
	check(cgroup_open(&sb, false, &c) == 0 && c.inside < 0 && c.note_count == 1 &&
		      strstr(c.notes[0], "does not hold") && !failure_get(),
	      "best effort: it is noted");
	cgroup_free(&c);
}

int main(void)
{
	char remove[sizeof(directory) + 16];

	if (!mkdtemp(directory))
		return 1;
	group = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test_usage();
	test_good();
	test_bad();
	test_set();
	test_controllers();
	test_kill();
	test_update();
	test_none();
	(void)close(group);
	(void)snprintf(remove, sizeof(remove), "rm -rf %s", directory);
	(void)!system(remove);
	return test_done();
}
