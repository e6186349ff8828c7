/*
 * explain-limits.c - the part of --explain that is about limits: one line for each that was asked
 * for, and the files for the result. Only words are made here; numbers and names that a user gave
 * are printed by page.c.
 */
#include "explain-limits.h"

#include "cgroup/cgroup.h"
#include "cgroup/limits.h"
#include "limits-text.h"

#include <stdarg.h>
#include <stdlib.h>

/* Who is told the sentences: a page, or a text with newlines between them. */
struct listener {
	struct page *page; /* NULL: the text */
	char *text;
	size_t size, used;
};

static void say(struct listener *l, const char *sentence)
{
	int length;

	if (l->page) {
		page_item(l->page, sentence);
		return;
	}
	length = snprintf(l->text + l->used, l->size - l->used, "%s%s", l->used ? "\n" : "",
			  sentence);
	/* what has no room is left out whole */
	if (length < 0 || (size_t)length >= l->size - l->used)
		l->text[l->used] = '\0';
	else
		l->used += (size_t)length;
}

static void PRINTF(2, 3) item(struct listener *l, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) >= 0)
		say(l, text);
	va_end(args);
	free(text);
}

static void explain_rlimit(struct listener *p, const struct rlimit_change *change)
{
	autofree char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return;
	(void)fprintf(out, "rlimit %s=", rlimit_name(change->resource));
	rlimit_print(out, change->soft);
	(void)fputc(':', out);
	rlimit_print(out, change->hard);
	if (fclose(out) == 0)
		say(p, text);
}

static void explain_group_limit(struct listener *p, const struct cgroup_limit *limit)
{
	autofree char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return;
	cgroup_limit_print(out, limit);
	(void)fputs(", of everything together", out);
	if (fclose(out) == 0)
		say(p, text);
}

static bool has_limit(const struct sandbox *sb, enum cgroup_limit_kind kind)
{
	for (size_t i = 0; i < sb->cgroup_limit_count; i++)
		if (sb->cgroup_limits[i].kind == kind)
			return true;
	return false;
}

static void explain_group(struct listener *p, const struct sandbox *sb)
{
	if (!cgroup_wanted(sb))
		return;
	for (size_t i = 0; i < sb->cgroup_limit_count; i++)
		explain_group_limit(p, &sb->cgroup_limits[i]);
	if (has_limit(sb, CGROUP_MEMORY) && !has_limit(sb, CGROUP_SWAP))
		say(p, "no swap, of everything together");
	if (sb->cgroup)
		item(p, "in a control group of their own in %s", sb->cgroup);
	else
		say(p, "in a control group of their own: below that of zbox where it was "
		       "delegated, else in a scope of systemd");
	if (sb->best_effort == BEST_EFFORT_LIMITS)
		say(p, "limits of everything together may be missing, as it was asked for");
}

static void sentences(struct listener *p, const struct sandbox *sb)
{
	char text[DURATION_TEXT];

	for (size_t i = 0; i < sb->rlimit_count; i++)
		explain_rlimit(p, &sb->rlimits[i]);
	if (sb->nice != NICE_UNSET)
		item(p, "nice value %d", sb->nice);
	if (sb->oom_score != OOM_SCORE_UNSET)
		item(p, "OOM score %d", sb->oom_score);
	if (sb->cpu_affinity)
		item(p, "processors %s, until the command chooses others", sb->cpu_affinity);
	explain_group(p, sb);
	if (sb->time_limit > 0)
		item(p, "time limit %s", duration_print(text, sb->time_limit));
	if (sb->cpu_limit > 0)
		item(p, "processor time limit %s, of all processes together",
		     duration_print(text, sb->cpu_limit));
	if (sb->time_limit > 0 || sb->cpu_limit > 0)
		item(p, "then SIGTERM, and SIGKILL %s later", duration_print(text, sb->grace));
}

void explain_limits(struct page *p, const struct sandbox *sb)
{
	struct listener l = {.page = p};

	page_list(p, "limits");
	sentences(&l, sb);
	page_list_end(p);
	if (sb->stats_file)
		page_text(p, "stats-file", sb->stats_file);
	if (sb->meta_file)
		page_text(p, "meta-file", sb->meta_file);
}

void limits_text(const struct sandbox *sb, char *text, size_t size)
{
	struct listener l = {.text = text, .size = size};

	text[0] = '\0';
	sentences(&l, sb);
}
