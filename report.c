/*
 * report.c - what is said to a person or a program about a run: failures with their hints,
 * warnings, the status record.
 *
 * Only this file writes to standard error. A message is put together in memory and goes out in one
 * write(2): several processes may share the descriptor, and half a message is worse than none.
 *
 * What an attacker could try here: put terminal control sequences or a forged second message into
 * a path that zbox complains about. In the zbox personality control characters and bytes that are
 * no UTF-8 are therefore printed as \n or \x1b. Under the name bwrap texts are printed as bwrap
 * prints them, because programs compare them.
 */
#include "report.h"

#include "hints.h"
#include "json.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A whole message: the worst case of a failure (each byte as \xNN), and a hint. */
struct message {
	size_t used;
	char bytes[4 * FAILURE_TEXT + 4 * CAUSE_DETAIL + 2048];
};

/* Not on the stack: it is large, and report runs when memory may be short. */
static struct message message;

static void add(struct message *m, const char *bytes, size_t length)
{
	if (length > sizeof(m->bytes) - m->used)
		length = sizeof(m->bytes) - m->used;
	memcpy(m->bytes + m->used, bytes, length);
	m->used += length;
}

static void add_text(struct message *m, const char *text)
{
	add(m, text, strlen(text));
}

static void add_escaped(struct message *m, const char *text)
{
	char piece[TEXT_PIECE];
	size_t length;

	while ((length = text_piece(&text, piece)) > 0)
		add(m, piece, length);
}

/* A text that may hold what somebody else named. */
static void add_object(struct message *m, const struct sandbox *sb, const char *text)
{
	if (sb->personality == PERSONALITY_BWRAP)
		add_text(m, text);
	else
		add_escaped(m, text);
}

/* priority: as syslog's, for --level-prefix. */
static void add_prefix(struct message *m, const struct sandbox *sb, bool level_prefix,
		       const char *priority)
{
	if (level_prefix)
		add_text(m, priority);
	add_text(m, sb->personality == PERSONALITY_BWRAP ? "bwrap: " : "zbox: ");
}

static void add_hint(struct message *m, const struct sandbox *sb, const struct failure *f)
{
	char detail[CAUSE_DETAIL] = "";
	const struct hint *hint = hints_find(sb, f, detail);
	const char *mark;

	if (!hint)
		return;
	mark = strstr(hint->cure, "%s");
	add_prefix(m, sb, sb->level_prefix, "<3>");
	add_text(m, "hint: ");
	add(m, hint->cure, mark ? (size_t)(mark - hint->cure) : strlen(hint->cure));
	if (mark) {
		add_escaped(m, detail);
		add_text(m, mark + 2);
	}
	add_text(m, "\n");
}

static void flush(struct message *m)
{
	/* nowhere to report it when standard error is closed or full */
	(void)!write_fd(STDERR_FILENO, m->bytes, m->used);
	m->used = 0;
}

void report_failure(const struct sandbox *sb, const struct failure *f)
{
	message.used = 0;
	add_prefix(&message, sb, sb->level_prefix, "<3>");
	if (sb->personality == PERSONALITY_ZBOX && f->step[0] != '\0') {
		add_text(&message, f->step);
		add_text(&message, ": ");
	}
	add_object(&message, sb, f->text);
	if (f->err != 0) {
		add_text(&message, ": ");
		add_text(&message, reason_text(f->err));
	}
	add_text(&message, "\n");
	add_hint(&message, sb, f);
	flush(&message);
}

void report_warnings(const struct sandbox *sb)
{
	if (sb->warning_count == 0) /* the memory of the message is not touched for nothing */
		return;
	message.used = 0;
	for (size_t i = 0; i < sb->warning_count; i++) {
		const struct warning *w = &sb->warnings[i];

		if (w->note && sb->quiet)
			continue;
		add_prefix(&message, sb, w->level_prefix, w->note ? "<5>" : "<4>");
		if (sb->personality == PERSONALITY_ZBOX && !w->note)
			add_text(&message, "warning: ");
		add_object(&message, sb, w->text);
		add_text(&message, "\n");
		if (message.used > sizeof(message.bytes) / 2)
			flush(&message);
	}
	if (message.used > 0)
		flush(&message);
}

void report_text(const char *text)
{
	(void)!write_fd(STDERR_FILENO, text, strlen(text)); /* as in flush() */
}

void report_warning(const struct sandbox *sb, const char *text)
{
	message.used = 0;
	add_prefix(&message, sb, sb->level_prefix, "<4>");
	add_text(&message, "warning: ");
	add_object(&message, sb, text);
	add_text(&message, "\n");
	flush(&message);
}

/* ---- --status-fd, --stats-file ---- */

/* The texts may be anybody's: JSON makes them harmless. */
static void write_refused(struct json *j, const struct status_record *record)
{
	json_open(j, "refused", '[');
	for (size_t i = 0; i < record->refused_count; i++) {
		const struct net_refusal *r = &record->refused[i];

		json_open(j, NULL, '{');
		json_text(j, "name", r->name[0] ? r->name : NULL);
		json_text(j, "protocol", r->protocol[0] ? r->protocol : NULL);
		json_text(j, "address", r->address[0] ? r->address : NULL);
		json_number(j, "port", r->port);
		json_number(j, "count", r->count);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void write_count(struct json *j, const char *name, uint64_t count)
{
	if (count == NOT_COUNTED)
		json_null(j, name);
	else
		json_number(j, name, (int64_t)count);
}

static void write_group(struct json *j, const struct cgroup_usage *u)
{
	if (!u) {
		json_null(j, "cgroup");
		return;
	}
	json_open(j, "cgroup", '{');
	write_count(j, "memory-peak-bytes", u->memory_peak);
	write_count(j, "swap-peak-bytes", u->swap_peak);
	write_count(j, "oom-kills", u->oom_kills);
	write_count(j, "memory-high-events", u->memory_high);
	write_count(j, "pids-peak", u->pids_peak);
	write_count(j, "pids-refused", u->pids_refused);
	write_count(j, "throttled-periods", u->throttled);
	if (u->throttled_us == NOT_COUNTED)
		json_null(j, "throttled-seconds");
	else
		json_seconds(j, "throttled-seconds", u->throttled_us);
	write_count(j, "read-bytes", u->read_bytes);
	write_count(j, "written-bytes", u->written_bytes);
	json_close(j, '}');
}

static void write_record(struct json *j, const struct status_record *record)
{
	const struct failure *f = record->failure;

	json_open(j, NULL, '{');
	json_number(j, "version", 1);
	json_text(j, "stage", record->stage);
	json_number(j, "status", record->status);
	if (record->exit_code >= 0)
		json_number(j, "exit-code", record->exit_code);
	else
		json_null(j, "exit-code");
	if (record->signal > 0)
		json_number(j, "signal", record->signal);
	else
		json_null(j, "signal");
	json_text(j, "limit", record->limit);
	json_open(j, "limits-reached", '[');
	for (size_t i = 0; i < record->hit_count; i++)
		json_text(j, NULL, record->hits[i]);
	json_close(j, ']');
	json_seconds(j, "wall-seconds", record->wall_us);
	json_seconds(j, "user-seconds", record->user_us);
	json_seconds(j, "system-seconds", record->system_us);
	json_number(j, "max-rss-bytes", (int64_t)record->max_rss);
	json_number(j, "voluntary-switches", (int64_t)record->voluntary_switches);
	json_number(j, "forced-switches", (int64_t)record->forced_switches);
	json_number(j, "read-bytes", (int64_t)record->read_bytes);
	json_number(j, "written-bytes", (int64_t)record->written_bytes);
	write_group(j, record->group);
	json_open(j, "weakened", '[');
	for (size_t i = 0; i < record->weakened_count; i++)
		json_text(j, NULL, record->weakened[i]);
	json_close(j, ']');
	write_refused(j, record);
	if (f) {
		json_open(j, "failure", '{');
		json_text(j, "step", f->step);
		json_text(j, "text", f->text);
		json_number(j, "errno", f->err);
		json_text(j, "reason", f->err ? reason_text(f->err) : NULL);
		json_close(j, '}');
	} else {
		json_null(j, "failure");
	}
	json_close(j, '}');
}

int report_status(int fd, const struct status_record *record)
{
	autofree char *text = NULL;
	size_t length = 0;
	struct json j = {.out = open_memstream(&text, &length)};

	if (!j.out)
		return -1;
	write_record(&j, record);
	if (fclose(j.out) != 0)
		return -1;
	return write_fd(fd, text, length);
}
