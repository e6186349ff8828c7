/*
 * manage.c - --list, --kill, --wait, --freeze, --thaw, --update, --stats-of: what is done with
 * sandboxes that run.
 *
 * Each asks the zbox of the sandbox (control-client.c). What the processes inside use is read here,
 * so that a zbox that has other things to do is not kept from them: from the control group that it
 * hands out, which counts all of them; where there is none from /proc, and its own answer
 * afterwards says that the processes were still its.
 *
 * Names and commands are somebody else's texts to a terminal: text.c makes them fit for it.
 */
#include "manage.h"

#include "cgroup/cgroup.h"
#include "cgroup/limits.h"
#include "page.h"
#include "registry.h"
#include "text.h"
#include "usage.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STILL_TRIES 1000
#define STILL_PAUSE 10000000L /* nanoseconds between them */
#define TRIES 5               /* to look at a sandbox that is about to end */

static int check_answer(const struct sandbox *sb, const struct control_answer *answer)
{
	if (answer->err == 0)
		return 0;
	return fail(answer->text[0] ? 0 : answer->err, "the sandbox %s%s%s", sb->manage_name,
		    answer->text[0] ? ": " : "", answer->text);
}

/* ---- --kill, --wait ---- */

static int ask_simply(const struct sandbox *sb, enum control_kind kind, int value, bool wait)
{
	struct control_client c = CONTROL_CLIENT_NONE;
	struct control_answer answer = {0};
	int status = -1;

	if (client_find(sb->manage_name, kind != CONTROL_WAIT, &c) < 0)
		return -1;
	if (client_ask(&c, kind, value, NULL, &answer, NULL) == 0 && check_answer(sb, &answer) == 0)
		status = wait ? client_wait(&c) : 0;
	client_close(&c);
	return status;
}

static int kill_sandbox(const struct sandbox *sb)
{
	bool all = sb->manage_signal == 0 || sb->manage_signal == SIGKILL;
	int status;

	if (!all)
		return ask_simply(sb, CONTROL_SIGNAL, sb->manage_signal, false);
	status = ask_simply(sb, CONTROL_END, 0, true);
	return status < 0 ? -1 : 0;
}

/* ---- --update ---- */

static int update(const struct sandbox *sb)
{
	struct control_client c = CONTROL_CLIENT_NONE;
	struct control_answer answer = {0};
	char words[CONTROL_CHANGES];
	struct control_message m = {.parts = {{words, 0}}};
	int result = -1;

	for (size_t i = 0; i < sb->cgroup_limit_count; i++) {
		const struct cgroup_limit *limit = &sb->cgroup_limits[i];
		size_t *used = &m.parts[0].size;
		int length = snprintf(words + *used, sizeof(words) - *used, "%s%c%s",
				      cgroup_limit_name(limit->kind), '\0', limit->text);

		if (length < 0 || (size_t)length >= sizeof(words) - *used)
			return fail(0, "more than %d bytes of limits", CONTROL_CHANGES);
		*used += (size_t)length + 1;
	}
	if (client_find(sb->manage_name, true, &c) < 0)
		return -1;
	if (client_ask(&c, CONTROL_UPDATE, 0, &m, &answer, NULL) == 0)
		result = check_answer(sb, &answer);
	client_close(&c);
	return result;
}

/* ---- what is used ---- */

struct used {
	uint64_t cpu_us, memory;
	size_t processes;
	bool frozen; /* all stands still, by the control group */
};

static uint64_t resident(pid_t pid)
{
	char path[64], text[128], *save = NULL;
	const char *word;
	int64_t pages = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	if (read_file_at(-1, path, text, sizeof(text)) < 0)
		return 0; /* it has ended */
	word = strtok_r(text, " ", &save);
	word = word ? strtok_r(NULL, " ", &save) : NULL;
	if (!word || parse_number(word, 0, INT64_MAX / 65536, &pages) < 0)
		return 0;
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Of everything below the child of zbox, and that itself; group: its control group, -1 none. */
static int measure(pid_t child, int group, struct used *used)
{
	struct usage usage = {0};
	struct cgroup_usage counted;

	if (usage_sample(&usage, child) < 0)
		return -1;
	*used = (struct used){.cpu_us = usage_us(&usage), .processes = usage.count};
	for (size_t i = 0; i < usage.count; i++)
		used->memory += resident(usage.entries[i].pid);
	usage_free(&usage);
	if (group < 0)
		return 0;
	cgroup_usage_read(group, &counted);
	if (counted.memory != NOT_COUNTED)
		used->memory = counted.memory;
	if (counted.user_us != NOT_COUNTED && counted.system_us != NOT_COUNTED)
		used->cpu_us = counted.user_us + counted.system_us;
	used->frozen = cgroup_is_frozen(group);
	return 0;
}

static int look_once(int dir, const char *name, struct control_info *info, struct used *used)
{
	struct control_client c = CONTROL_CLIENT_NONE;
	struct control_answer answer = {0};
	int result = client_open(dir, name, false, &c);

	if (result <= 0)
		return result;
	result = client_ask(&c, CONTROL_INFO, 0, NULL, &answer, info);
	if (result == 0 && answer.err == 0)
		result = measure(info->child, c.fd_count > 0 ? c.fds[0] : -1, used) == 0;
	/* the child was zbox's all the time: the same zbox still lives */
	if (result > 0)
		result = peer_confirm(&c.peer, c.peer.pid) < 0 ? -1 : 1;
	client_close(&c);
	return result;
}

/* What one sandbox says of itself and what it uses. It may end in the middle, and there may be
 * another one of that name at once. Returns 1, 0 where it is not there, or -1 after fail(). */
static int look_at(int dir, const char *name, struct control_info *info, struct used *used)
{
	int result = look_once(dir, name, info, used);

	for (int i = 1; result < 0 && i < TRIES; i++) {
		failure_clear();
		result = look_once(dir, name, info, used);
	}
	return result;
}

static void print_size(char text[24], uint64_t bytes)
{
	static const char units[] = "BKMGT";
	unsigned unit = 0;
	double size = (double)bytes;

	for (; size >= 1024 && unit + 2 < sizeof(units); unit++)
		size /= 1024;
	(void)snprintf(text, 24, unit == 0 ? "%.0f%c" : "%.1f%c", size, units[unit]);
}

static void print_age(char text[32], uint64_t us)
{
	uint64_t s = us / 1000000;

	if (s < 3600)
		(void)snprintf(text, 32, "%u:%02u", (unsigned)(s / 60), (unsigned)(s % 60));
	else if (s < 86400)
		(void)snprintf(text, 32, "%u:%02u:%02u", (unsigned)(s / 3600),
			       (unsigned)(s / 60 % 60), (unsigned)(s % 60));
	else
		(void)snprintf(text, 32, "%llud %u:%02u", (unsigned long long)(s / 86400),
			       (unsigned)(s / 3600 % 24), (unsigned)(s / 60 % 60));
}

/* ---- --freeze, --thaw ---- */

/* One process: whether it stands still. What sleeps in the kernel without being woken by signals
 * stops before it does anything else. */
static bool stands_still(pid_t pid)
{
	char path[64], text[1024];
	const char *state;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_file_at(-1, path, text, sizeof(text)) < 0)
		return true; /* it has ended */
	state = strrchr(text, ')');
	return state && strlen(state) > 2 && strchr("TtZXD", state[2]);
}

/* Below the child of zbox, which itself does not stop. Returns whether all stand still, or -1. */
static int all_stand_still(pid_t child)
{
	struct usage usage = {0};
	int result = usage_sample(&usage, child) < 0 ? -1 : 1;

	for (size_t i = 0; result > 0 && i < usage.count; i++)
		if (usage.entries[i].pid != child && !stands_still(usage.entries[i].pid))
			result = 0;
	usage_free(&usage);
	return result;
}

/* Returns 1 when everything stands still, 0 when not yet, or -1 after fail(). */
static int look_whether_still(const struct sandbox *sb, int dir)
{
	struct control_info info = {0};
	struct used used = {0};
	int result;

	if (dir < 0 || look_at(dir, sb->manage_name, &info, &used) <= 0)
		return fail(0, "the sandbox %s has ended", sb->manage_name);
	result = used.frozen ? 1 : all_stand_still(info.child);
	return result < 0 ? fail(errno, "the processes of the sandbox %s", sb->manage_name)
			  : result;
}

static int freeze(const struct sandbox *sb)
{
	const struct timespec pause = {.tv_nsec = STILL_PAUSE};
	autoclose int dir = -1;

	if (ask_simply(sb, CONTROL_FREEZE, 0, false) < 0)
		return -1;
	dir = registry_open(false);
	for (int i = 0; i < STILL_TRIES; i++) {
		int result = look_whether_still(sb, dir);

		if (result != 0)
			return result < 0 ? -1 : 0;
		(void)nanosleep(&pause, NULL);
	}
	return fail(ETIMEDOUT, "not everything in the sandbox %s stands still", sb->manage_name);
}

/* ---- --list ---- */

static void print_limits(const char *lines)
{
	if (!lines[0])
		(void)fputc('-', stdout);
	while (lines[0]) {
		size_t length = strcspn(lines, "\n");
		autofree char *line = format_text("%.*s", (int)length, lines);

		text_print(stdout, line ? line : "");
		lines += length;
		if (*lines++ == '\0')
			break;
		(void)fputs("; ", stdout);
	}
}

static void list_text(const char *name, const struct control_info *info, const struct used *used)
{
	char age[32], size[24], ids[32];

	print_age(age, info->age_us);
	print_size(size, used->memory);
	(void)snprintf(ids, sizeof(ids), "%u:%u", info->uid, info->gid);
	(void)printf("%-16s %10s %8d %9s %5zu %8s %-7s ", name, age, info->pid, ids,
		     used->processes, size, info->network);
	if (info->frozen)
		(void)fputs("frozen; ", stdout);
	print_limits(info->limits);
	(void)fputs("  ", stdout);
	text_print(stdout, info->command);
	(void)fputc('\n', stdout);
}

static void json_lines(struct json *j, const char *name, char *text)
{
	char *save = NULL;

	json_open(j, name, '[');
	for (const char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		json_text(j, NULL, line);
	json_close(j, ']');
}

static void json_used(struct json *j, const struct control_info *info, const struct used *used)
{
	json_seconds(j, "age-seconds", info->age_us);
	json_seconds(j, "cpu-seconds", used->cpu_us);
	json_number(j, "memory-bytes", (int64_t)used->memory);
	json_number(j, "processes", (int64_t)used->processes);
}

static void list_json(struct json *j, const char *name, struct control_info *info,
		      const struct used *used)
{
	json_open(j, NULL, '{');
	json_text(j, "name", name);
	json_bool(j, "started", info->started);
	json_bool(j, "frozen", info->frozen);
	json_number(j, "pid", info->pid);
	json_number(j, "uid", info->uid);
	json_number(j, "gid", info->gid);
	json_used(j, info, used);
	json_text(j, "network", info->network);
	json_lines(j, "limits", info->limits);
	json_text(j, "command", info->command);
	json_close(j, '}');
}

/* One that cannot be looked at is no reason to be silent about the others. */
static int list_one(int dir, const char *name, struct json *j)
{
	struct control_info info = {0};
	struct used used = {0};
	int result = look_at(dir, name, &info, &used);

	if (result > 0 && j)
		list_json(j, name, &info, &used);
	else if (result > 0)
		list_text(name, &info, &used);
	return result < 0 ? -1 : 0;
}

static int list(const struct sandbox *sb)
{
	autoclose int dir = registry_open(false);
	struct json j = {.out = stdout, .pretty = true}, *json;
	struct listing listing = {NULL, 0};
	int result = 0;

	json = sb->manage == MANAGE_LIST_JSON ? &j : NULL;
	if (dir == -1 || (dir >= 0 && registry_names(dir, &listing) < 0))
		return -1;
	if (json) {
		json_open(json, NULL, '{');
		json_number(json, "version", 1);
		json_open(json, "sandboxes", '[');
	} else {
		(void)printf("%-16s %10s %8s %9s %5s %8s %-7s %s\n", "NAME", "AGE", "PID", "IDS",
			     "PROCS", "MEMORY", "NETWORK", "LIMITS  COMMAND");
	}
	for (size_t i = 0; i < listing.count; i++)
		if (list_one(dir, listing.names[i], json) < 0)
			result = -1;
	listing_free(&listing);
	if (json) {
		json_close(json, ']');
		json_close(json, '}');
		(void)fputc('\n', stdout);
	}
	return result;
}

/* ---- --stats-of ---- */

static int stats(const struct sandbox *sb)
{
	autoclose int dir = registry_open(false);
	struct page page;
	struct control_info info = {0};
	struct used used = {0};
	int result = 0;

	if (dir != -2)
		result = dir < 0 ? -1 : look_at(dir, sb->manage_name, &info, &used);
	if (result <= 0)
		return result < 0
			       ? -1
			       : fail(0, "no sandbox with the name %s is running", sb->manage_name);
	page_start(&page, stdout, sb->manage == MANAGE_STATS_JSON);
	if (page.json) {
		json_number(&page.j, "version", 1);
		json_text(&page.j, "name", sb->manage_name);
		json_used(&page.j, &info, &used);
	} else {
		char age[32], size[24];

		print_age(age, info.age_us);
		print_size(size, used.memory);
		page_text(&page, "age", age);
		page_format(&page, "processor time", "%.3f s", (double)used.cpu_us / 1e6);
		page_text(&page, "memory", size);
		page_number(&page, "processes", (int64_t)used.processes);
	}
	page_end(&page);
	return 0;
}

int manage(const struct sandbox *sb)
{
	static const char *const steps[] = {
		[MANAGE_LIST] = "list",           [MANAGE_LIST_JSON] = "list",
		[MANAGE_ENTER] = "enter",         [MANAGE_KILL] = "kill",
		[MANAGE_WAIT] = "wait",           [MANAGE_STATS] = "stats-of",
		[MANAGE_STATS_JSON] = "stats-of", [MANAGE_FREEZE] = "freeze",
		[MANAGE_THAW] = "thaw",           [MANAGE_UPDATE] = "update",
	};

	failure_step(steps[sb->manage]);
	switch (sb->manage) {
	case MANAGE_LIST:
	case MANAGE_LIST_JSON:
		return list(sb);
	case MANAGE_ENTER:
		return enter(sb);
	case MANAGE_KILL:
		return kill_sandbox(sb);
	case MANAGE_WAIT:
		return ask_simply(sb, CONTROL_WAIT, 0, true);
	case MANAGE_FREEZE:
		return freeze(sb);
	case MANAGE_THAW:
		return ask_simply(sb, CONTROL_THAW, 0, false);
	case MANAGE_UPDATE:
		return update(sb);
	case MANAGE_STATS:
	case MANAGE_STATS_JSON:
		return stats(sb);
	case MANAGE_NOTHING:
		break;
	}
	return fail(0, "nothing to do");
}
