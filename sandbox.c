/*
 * sandbox.c - main: which program we are, what was asked for, and how it ended.
 *
 * START READING HERE. The program is three lists of steps: before[] in outside.c (zbox's own
 * process), inside[] and command[] in inside.c (the clone, and the process that becomes the
 * command). The order of these lists is the security argument; the heads of the two files make it.
 *
 *   argv --options_parse()--> struct sandbox --const--> outside_run()
 *            pure, no system call   |                        |
 *                                   +--> --explain prints it  +--> inside_run() in the clone
 *
 * An attacker may choose some of our words (a launcher passes a file name on), our descriptors,
 * limits and environment. Words are data after "--" or the first that is no option; numbers are
 * read strictly; of the environment zbox itself uses only where a user's
 * profiles and the names of sandboxes are. zbox is never set-uid: it
 * refuses to run so, because then all of this would belong to somebody with more rights than his.
 */
#include "sandbox.h"

#include "base.h"
#include "capabilities.h"
#include "desktop/desktop.h"
#include "desktop/entry.h"
#include "doctor.h"
#include "explain.h"
#include "idmap.h"
#include "join.h"
#include "landlock.h"
#include "manage.h"
#include "network/backend.h"
#include "network/choose.h"
#include "options.h"
#include "reader.h"
#include "registry-mask.h"
#include "report.h"
#include "rootfs.h"
#include "run.h"
#include "seccomp.h"
#include "try.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WEAKNESSES 16 /* room for what does not hold in a run */

static enum personality personality_of(int argc, char **argv)
{
	char exe[PATH_MAX];
	const char *name = argc > 0 ? strrchr(argv[0], '/') : NULL;
	ssize_t length;

	if (argc > 1 && strcmp(argv[1], "--bwrap") == 0)
		return PERSONALITY_BWRAP;
	if (strcmp(name ? name + 1 : argc > 0 ? argv[0] : "", "bwrap") == 0)
		return PERSONALITY_BWRAP;
	/* re-executed as /proc/self/exe, whose name tells nothing */
	length = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (length > 0) {
		exe[length] = '\0';
		name = strrchr(exe, '/');
		if (name && strcmp(name, "/bwrap") == 0)
			return PERSONALITY_BWRAP;
	}
	return PERSONALITY_ZBOX;
}

/* What is only tried, is there or not: decided before the plan is made. */
static void decide_tries(struct sandbox *sb)
{
	static const struct {
		unsigned flag;
		const char *file, *limit;
	} tries[] = {
		{CLONE_NEWUSER, "/proc/self/ns/user", "/proc/sys/user/max_user_namespaces"},
		{CLONE_NEWCGROUP, "/proc/self/ns/cgroup", NULL},
	};

	for (size_t i = 0; i < COUNT(tries); i++) {
		char number[32];
		bool there;

		if (!(sb->unshare_try & tries[i].flag))
			continue;
		there = access(tries[i].file, F_OK) == 0;
		if (there && tries[i].limit &&
		    read_file_at(-1, tries[i].limit, number, sizeof(number)) > 0)
			there = strcmp(number, "0") != 0;
		if (there)
			sb->unshare |= tries[i].flag;
	}
}

/* Exit status for the failure on record. */
static int failure_status(const struct sandbox *sb)
{
	const struct failure *f = failure_get();

	if (sb->personality == PERSONALITY_BWRAP)
		return 1;
	return f && f->status ? f->status : 125;
}

static int failed_before(const struct sandbox *sb)
{
	report_warnings(sb);
	report_failure(sb, failure_get());
	return failure_status(sb);
}

/* What of the defaults does not hold in this run, most important first; how many are loud, which
 * means said at the start as well, not only in the status record. */
static size_t weaknesses(const struct sandbox *sb, const struct privileges *p, const char **list,
			 size_t room, size_t *loud)
{
	const char *missing;
	size_t count = 0;

	if (sb->personality == PERSONALITY_ZBOX && sb->landlock_only)
		list[count++] = landlock_only_sentence(p->landlock_abi);
	if (sb->personality == PERSONALITY_ZBOX && !p->profile)
		list[count++] = "no system call is filtered";
	if (backend_weakness(sb))
		list[count++] = backend_weakness(sb);
	*loud = count;
	if (p->landlock_note)
		list[count++] = p->landlock_note;
	if (sb->personality == PERSONALITY_ZBOX && sb->landlock == LANDLOCK_OFF)
		list[count++] = "Landlock is off, as it was asked to be";
	for (unsigned i = 0; p->landlock_abi > 0 && count < room &&
			     (missing = landlock_missing(p->landlock_abi, i)) != NULL;
	     i++)
		list[count++] = missing;
	return count;
}

static int warn_weaknesses(struct sandbox *sb, const struct privileges *p)
{
	const char *list[WEAKNESSES];
	size_t loud;

	(void)weaknesses(sb, p, list, COUNT(list), &loud);
	for (size_t i = 0; i < loud; i++) {
		struct warning *w = array_add(&sb->warnings, &sb->warning_count, sizeof(*w));

		if (!w)
			return -1;
		w->text = list[i];
	}
	return 0;
}

/* For --status-fd, --stats, --stats-file and --meta. Returns -1 after fail(). */
static int write_record(const struct sandbox *sb, struct run *run, int status,
			const struct timespec *start)
{
	const struct supervisor *s = &run->supervisor;
	const struct failure *f = failure_get();
	struct status_record record = {.stage = f && !s->started ? f->step : run->stage,
				       .exit_code = -1,
				       .status = status,
				       .limit = limit_name(s->timers.hit),
				       .ended_by_zbox = s->timers.last != TURN_NOTHING,
				       .failure = f};
	const char *weak[WEAKNESSES], *hits[CGROUP_LIMITS];
	size_t loud;

	if (!result_wanted(sb))
		return 0;
	if (s->started)
		record.stage = "command";
	record.weakened = weak;
	record.weakened_count = weaknesses(sb, run->privileges, weak, COUNT(weak), &loud);
	if (s->network_gone && record.weakened_count < COUNT(weak))
		weak[record.weakened_count++] = "the network was lost: its program ended";
	if (s->ports_gone && record.weakened_count < COUNT(weak))
		weak[record.weakened_count++] = "ports were lost: zbox-ports ended";
	for (size_t i = 0; i < run->cgroup.note_count && record.weakened_count < COUNT(weak); i++)
		weak[record.weakened_count++] = run->cgroup.notes[i];
	record.hits = hits;
	if (run->cgroup.measured) {
		struct sandbox now = cgroup_now(sb, &run->cgroup);

		record.hit_count = cgroup_usage_hits(&now, &run->cgroup.usage, hits);
	}
	if (s->started && s->ended && WIFEXITED(s->status))
		record.exit_code = WEXITSTATUS(s->status);
	if (s->started && s->ended && WIFSIGNALED(s->status))
		record.signal = WTERMSIG(s->status);
	if (s->started && s->ended && !record.limit)
		record.limit = result_limit(sb, s->status, hits, record.hit_count);
	record.refused = run->net.refused;
	record.refused_count = run->net.refused_count;
	result_measure(start, &record);
	if (run->cgroup.measured)
		result_group(&run->cgroup.usage, &record);
	if (sb->status_fd >= 0)
		(void)!report_status(sb->status_fd, &record); /* the reader may have gone */
	return result_write(sb, &run->files, &record);
}

static void network_lost(const struct sandbox *sb, bool ports, const char *how)
{
	autofree char *text = format_text(
		"%s ended with %s; the command goes on without",
		ports              ? "ports are closed: zbox-ports"
		: backend_name(sb) ? (sb->net == NET_PASTA ? "the network is gone: pasta"
							   : "the network is gone: slirp4netns")
				   : "the network is gone: zbox-net",
		how);

	if (text)
		report_warning(sb, text);
}

#define TO_JOIN (-1) /* no exit status: the sandbox is there already */

/* Returns the exit status, or TO_JOIN. */
static int run_outside(const struct sandbox *sb, struct run *run)
{
	if (outside_run(sb, run) == 0)
		return supervisor_status(&run->supervisor);
	/* another one was faster, since join_running() looked */
	if (sb->join && strcmp(failure_get()->step, "name") == 0) {
		failure_clear();
		(void)sigprocmask(SIG_SETMASK, &run->old_mask, NULL);
		return TO_JOIN;
	}
	report_failure(sb, failure_get());
	return failure_status(sb);
}

/* changes: descriptor of the directory of --try, -1 none. *ran: whether the command was started. */
static int run_command(const struct sandbox *sb, struct privileges *privileges, char **words,
		       int changes, bool *ran)
{
	static struct terminal terminal;
	static struct control control;
	struct run run = {
		.privileges = privileges,
		.words = words,
		.identity = identity_of(sb),
		.supervisor = {.sb = sb,
			       .child = -1,
			       .channel = -1,
			       .parent = -1,
			       .terminal = &terminal,
			       .control = sb->name ? &control : NULL,
			       .timers = TIMERS_NONE,
			       .lost = network_lost},
		.ends = {-1, -1},
		.net = NET_HELPER_NONE,
		.writer = IDMAP_WRITER_NONE,
		.bus = BUS_PROXY_NONE,
		.instance = INSTANCE_NONE,
		.display = NET_HELPER_NONE,
		.ports = {NET_HELPER_NONE, NET_HELPER_NONE},
		.cgroup = CGROUP_NONE,
		.warn = report_warning,
		.netns = NETNS_MAKER_NONE,
		.files = RESULT_FILES_NONE,
		.tap = {.device = -1},
		.root = ROOT_NONE,
		.guard = GUARD_NONE,
		.changes = changes,
		.proc = -1,
		.children = -1,
		.slave = -1,
		.master = -1,
	};
	struct timespec start = {0, 0};
	bool failed;
	int status;

	if (result_wanted(sb))
		(void)clock_gettime(CLOCK_MONOTONIC, &start);
	terminal_init(&terminal);
	if (sb->name)
		control_init(&control);
	status = run_outside(sb, &run);
	*ran = run.supervisor.started;
	failed = failure_get() != NULL;
	if (sb->name)
		control_close(&control, status);
	failure_step("record");
	if (write_record(sb, &run, status, &start) < 0 && !failed)
		report_failure(sb, failure_get());
	free(run.net.refused);
	cgroup_free(&run.cgroup);
	return status;
}

/* --help and the like: 0 when all of it could be written. */
static int flush_page(const struct sandbox *sb, bool good)
{
	if (good && fflush(stdout) != 0)
		good = fail(errno, "standard output") == 0;
	return good ? 0 : failed_before(sb);
}

static int print_plan(const struct sandbox *sb, const struct privileges *privileges)
{
	char **environment = identity_environment(sb, environ);

	if (!environment)
		return failed_before(sb);
	report_explain(stdout, sb, privileges, environment, sb->print == PRINT_EXPLAIN_JSON);
	identity_environment_free(environment);
	return flush_page(sb, true);
}

static int plan(struct sandbox *sb, struct privileges *privileges, struct store *changes)
{
	struct capability_sets sets = {0};

	decide_tries(sb);
	failure_step("network");
	if (network_choose(sb) < 0)
		return -1;
	failure_step("ids");
	if (idmap_choose(sb) < 0)
		return -1;
	failure_step("desktop");
	if (desktop_add(sb) < 0)
		return -1;
	failure_step("rootfs");
	if (rootfs_choose(sb) < 0)
		return -1;
	failure_step("try");
	if (try_prepare(sb, changes) < 0)
		return -1;
	failure_step("base");
	if (base_add(sb) < 0 || registry_mask(sb) < 0 || sandbox_masks_last(sb) < 0)
		return -1;
	failure_step("privileges");
	if (geteuid() == 0 && capabilities_get(&sets) < 0)
		return -1;
	if (privileges_prepare(sb, sets.effective, privileges) < 0)
		return -1;
	return warn_weaknesses(sb, privileges);
}

/* Whatever was changed with --try. */
static int end_changes(const struct sandbox *sb, struct store *changes, bool ran, int status)
{
	sigset_t none;
	int result;

	if (changes->fd < 0)
		return status;
	failure_clear(); /* of the run: it was reported */
	failure_step("changes");
	/* a question can be broken off, and so can what follows */
	(void)sigemptyset(&none);
	if (ran && sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		result = fail(errno, "sigprocmask");
	else
		result = try_finish(sb, changes, ran);
	store_free(changes);
	if (result < 0)
		report_failure(sb, failure_get());
	return result == 0 || status != 0 ? status : 125;
}

static int enter_joined(const struct sandbox *sb)
{
	report_warnings(sb);
	return enter(sb);
}

static int join_late(struct sandbox *sb)
{
	int joined = join_running(sb);

	if (joined > 0)
		return enter_joined(sb);
	if (joined == 0)
		(void)fail(0, "the sandbox %s has just ended", sb->name);
	return failed_before(sb);
}

static int run_plan(struct sandbox *sb, char **words)
{
	struct privileges privileges = {0};
	struct store changes = STORE_NONE;
	bool ran = false;
	int status, joined = sb->print == PRINT_NOTHING ? join_running(sb) : 0;

	if (joined > 0)
		return enter_joined(sb);
	if (joined < 0 || plan(sb, &privileges, &changes) < 0) {
		status = failed_before(sb);
	} else if (sb->print != PRINT_NOTHING) {
		report_warnings(sb);
		status = print_plan(sb, &privileges);
	} else {
		report_warnings(sb);
		status = run_command(sb, &privileges, words, changes.fd, &ran);
		if (status == TO_JOIN)
			status = join_late(sb);
	}
	status = end_changes(sb, &changes, ran, status);
	privileges_free(&privileges);
	return status;
}

/* What is printed instead of running anything, and needs no plan. */
static int print_page(const struct sandbox *sb, const char *argv0,
		      const struct options_reader *reader)
{
	switch (sb->print) {
	case PRINT_DOCTOR:
	case PRINT_DOCTOR_JSON: {
		int status = report_doctor(stdout, sb->print == PRINT_DOCTOR_JSON);

		return fflush(stdout) == 0 ? status : flush_page(sb, false);
	}
	case PRINT_SECCOMP_SHOW:
		failure_step("seccomp");
		return flush_page(sb, seccomp_show(stdout, sb) == 0);
	case PRINT_SECCOMP_WHY:
		failure_step("seccomp");
		return flush_page(sb, seccomp_why(stdout, sb) == 0);
	case PRINT_DESKTOP_ENTRY:
		failure_step("desktop entry");
		return flush_page(sb, (sb->remove_entry ? entry_remove : entry_write)(
					      stdout, sb->print_arg, reader) == 0);
	case PRINT_PROFILES:
		failure_step("profiles");
		return flush_page(sb, profiles_list(stdout, reader) == 0);
	case PRINT_CHANGES:
	case PRINT_APPLY:
	case PRINT_DISCARD: {
		int status;

		failure_step("changes");
		status = try_page(sb);
		return status < 0 ? failed_before(sb) : status;
	}
	case PRINT_NOTHING:
	case PRINT_EXPLAIN:
	case PRINT_EXPLAIN_JSON:
	case PRINT_HELP:
	case PRINT_VERSION:
	case PRINT_MAN:
	case PRINT_BASH:
	case PRINT_ZSH:
	case PRINT_FISH:
		break;
	}
	options_print(stdout, sb->print, sb->personality, argv0);
	return flush_page(sb, true);
}

/* Status 125 also where something is only asked: the others are those of commands. */
static int manage_sandboxes(const struct sandbox *sb)
{
	int status = manage(sb);

	if (status < 0)
		return failed_before(sb);
	return fflush(stdout) == 0 ? status : flush_page(sb, false);
}

int main(int argc, char **argv)
{
	static struct reader_context context;
	static struct sandbox sb;
	const struct options_reader reader = reader_of(&context);
	enum personality personality = personality_of(argc, argv);
	int skip = argc > 1 && strcmp(argv[1], "--bwrap") == 0;
	int status;

	sandbox_init(&sb, personality);
	failure_step("options");
	if (getauxval(AT_SECURE)) {
		(void)fail(0, "setuid use of %s is not supported",
			   personality == PERSONALITY_BWRAP ? "bubblewrap" : "zbox");
		return failed_before(&sb);
	}
	if (options_parse(&sb, argc - skip, argv + skip, &reader) < 0) {
		status = failed_before(&sb);
	} else if (sb.manage != MANAGE_NOTHING) {
		status = manage_sandboxes(&sb);
	} else if (sb.print != PRINT_NOTHING && sb.print != PRINT_EXPLAIN &&
		   sb.print != PRINT_EXPLAIN_JSON) {
		status = print_page(&sb, argv[0], &reader);
	} else if (options_check(&sb, geteuid()) < 0) {
		status = failure_status(&sb);
		if (personality == PERSONALITY_BWRAP && sb.print == PRINT_HELP)
			options_print(stderr, PRINT_HELP, personality, argv[0]);
		else
			(void)failed_before(&sb);
	} else {
		status = run_plan(&sb, argv);
	}
	return status; /* what is left, the kernel frees quicker */
}
