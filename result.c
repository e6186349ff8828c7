/*
 * result.c - how a run ended and what it used: --stats, --stats-file, --meta.
 *
 *   before   the files are opened: a place that cannot be written is an error while nothing has
 *            run yet, and nobody inside can put another file there afterwards
 *   after    all that is inside has ended and was waited for; times and the rest are the kernel's
 *            sums over those processes (getrusage(2))
 *
 * An attacker would like to be counted too low. The sums are made when a process is waited for, so
 * PID 1 waits for all that is left (init.c); children of a process that ignores SIGCHLD are waited
 * for by nobody, and what they used is lost. The manual page says so. A control group, where there
 * is one for limits, has no such gap, and its sums are taken. He would like to forge lines
 * of the record, too: what he can choose is numbers, and the name of his program in a message.
 */
#include "result.h"

#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

bool result_wanted(const struct sandbox *sb)
{
	return sb->status_fd >= 0 || sb->stats || sb->stats_file || sb->meta_file;
}

static int open_file(const char *option, const char *path, int *fd)
{
	/* O_NONBLOCK: a FIFO that nobody reads is an error */
	*fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
	return *fd < 0 ? fail(errno, "--%s %s", option, path) : 0;
}

int result_open(const struct sandbox *sb, struct result_files *files)
{
	if (sb->stats_file && open_file("stats-file", sb->stats_file, &files->stats) < 0)
		return -1;
	return sb->meta_file ? open_file("meta", sb->meta_file, &files->meta) : 0;
}

static uint64_t microseconds(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * 1000000 + (uint64_t)t->tv_usec;
}

void result_measure(const struct timespec *start, struct status_record *record)
{
	struct timespec now;
	struct rusage usage;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)getrusage(RUSAGE_CHILDREN, &usage);
	record->wall_us = (uint64_t)((now.tv_sec - start->tv_sec) * 1000000 +
				     (now.tv_nsec - start->tv_nsec) / 1000);
	record->user_us = microseconds(&usage.ru_utime);
	record->system_us = microseconds(&usage.ru_stime);
	record->max_rss = (uint64_t)usage.ru_maxrss * 1024;
	record->voluntary_switches = (uint64_t)usage.ru_nvcsw;
	record->forced_switches = (uint64_t)usage.ru_nivcsw;
	record->read_bytes = (uint64_t)usage.ru_inblock * 512;
	record->written_bytes = (uint64_t)usage.ru_oublock * 512;
}

void result_group(const struct cgroup_usage *usage, struct status_record *record)
{
	record->group = usage;
	if (usage->user_us != NOT_COUNTED && usage->system_us != NOT_COUNTED) {
		record->user_us = usage->user_us;
		record->system_us = usage->system_us;
	}
}

const char *result_limit(const struct sandbox *sb, int status, const char *const *hits,
			 size_t hit_count)
{
	int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	const char *cpu = sb->cpu_limit > 0 ? "cpu-limit" : NULL;

	for (size_t i = 0; signal == SIGKILL && i < hit_count; i++)
		if (strcmp(hits[i], "memory") == 0)
			return "memory";
	for (size_t i = 0; i < sb->rlimit_count; i++) {
		if (sb->rlimits[i].resource == RLIMIT_FSIZE && signal == SIGXFSZ)
			return "rlimit fsize";
		if (sb->rlimits[i].resource == RLIMIT_CPU)
			cpu = "rlimit cpu";
	}
	return signal == SIGXCPU ? cpu : NULL;
}

/* ---- --meta: the format of isolate(1) ---- */

static void meta_outcome(FILE *out, const struct status_record *r)
{
	bool timed = r->limit &&
		     (strcmp(r->limit, "time-limit") == 0 || strcmp(r->limit, "cpu-limit") == 0);

	if (r->exit_code >= 0 && !timed)
		(void)fprintf(out, "exitcode:%d\n", r->exit_code);
	if (r->signal > 0 && !timed)
		(void)fprintf(out, "exitsig:%d\n", r->signal);
	if (r->ended_by_zbox)
		(void)fputs("killed:1\n", out);
	if (timed)
		(void)fprintf(out, "status:TO\nmessage:Time limit exceeded%s\n",
			      strcmp(r->limit, "time-limit") == 0 ? " (wall clock)" : "");
	else if (r->signal > 0)
		(void)fprintf(out, "status:SG\nmessage:Caught fatal signal %d\n", r->signal);
	else if (r->exit_code > 0)
		(void)fprintf(out, "status:RE\nmessage:Exited with error status %d\n",
			      r->exit_code);
	else if (r->exit_code < 0) {
		(void)fputs("status:XX\nmessage:", out);
		text_print(out, r->failure ? r->failure->text : "the command was not run");
		if (r->failure && r->failure->err != 0)
			(void)fprintf(out, ": %s", reason_text(r->failure->err));
		(void)fputc('\n', out);
	}
}

static void print_meta(FILE *out, const struct status_record *r)
{
	uint64_t used = r->user_us + r->system_us;

	(void)fprintf(out, "time:%llu.%03u\n", (unsigned long long)(used / 1000000),
		      (unsigned)(used % 1000000 / 1000));
	(void)fprintf(out, "time-wall:%llu.%03u\n", (unsigned long long)(r->wall_us / 1000000),
		      (unsigned)(r->wall_us % 1000000 / 1000));
	(void)fprintf(out, "max-rss:%llu\n", (unsigned long long)(r->max_rss / 1024));
	(void)fprintf(out, "csw-voluntary:%llu\ncsw-forced:%llu\n",
		      (unsigned long long)r->voluntary_switches,
		      (unsigned long long)r->forced_switches);
	if (r->group && r->group->memory_peak != NOT_COUNTED)
		(void)fprintf(out, "cg-mem:%llu\n",
			      (unsigned long long)(r->group->memory_peak / 1024));
	if (r->group && r->group->oom_kills != NOT_COUNTED && r->group->oom_kills > 0)
		(void)fputs("cg-oom-killed:1\n", out);
	meta_outcome(out, r);
}

static int write_meta(int fd, const struct status_record *record)
{
	autofree char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return -1;
	print_meta(out, record);
	return fclose(out) == 0 ? write_fd(fd, text, length) : -1;
}

/* ---- --stats ---- */

static void print_size(FILE *out, uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	size_t unit = 0;
	double size = (double)bytes;

	for (; size >= 1024 && unit + 1 < COUNT(units); unit++)
		size /= 1024;
	(void)fprintf(out, unit == 0 ? "%.0f %s" : "%.1f %s", size, units[unit]);
}

static void print_refused(FILE *out, const struct status_record *r)
{
	for (size_t i = 0; i < r->refused_count; i++) {
		const struct net_refusal *what = &r->refused[i];

		(void)fputs("zbox: stats: network refused: ", out);
		text_print(out, what->name[0]      ? what->name
				: what->address[0] ? what->address
						   : "others");
		if (what->port > 0) {
			(void)fprintf(out, " port %u by ", what->port);
			text_print(out, what->protocol);
		}
		(void)fprintf(out, ", %u times\n", what->count);
	}
}

static void print_group(FILE *out, const struct cgroup_usage *u)
{
	const char *between = "zbox: stats: together: ";

	if (u->memory_peak != NOT_COUNTED) {
		(void)fprintf(out, "%smemory ", between);
		print_size(out, u->memory_peak);
		between = ", ";
	}
	if (u->swap_peak != NOT_COUNTED && u->swap_peak > 0) {
		(void)fprintf(out, "%sswap ", between);
		print_size(out, u->swap_peak);
		between = ", ";
	}
	if (u->pids_peak != NOT_COUNTED) {
		(void)fprintf(out, "%s%llu processes", between, (unsigned long long)u->pids_peak);
		between = ", ";
	}
	if (u->throttled_us != NOT_COUNTED && u->throttled_us > 0) {
		(void)fprintf(out, "%sthrottled %.3f s", between, (double)u->throttled_us / 1e6);
		between = ", ";
	}
	if (u->oom_kills != NOT_COUNTED && u->oom_kills > 0) {
		(void)fprintf(out, "%skilled for want of memory", between);
		between = ", ";
	}
	if (between[0] == ',')
		(void)fputc('\n', out);
}

static void print_summary(FILE *out, const struct status_record *r)
{
	(void)fprintf(out, "zbox: stats: wall %.3f s, user %.3f s, system %.3f s\n",
		      (double)r->wall_us / 1e6, (double)r->user_us / 1e6,
		      (double)r->system_us / 1e6);
	(void)fputs("zbox: stats: largest process ", out);
	print_size(out, r->max_rss);
	(void)fputs(", disks: read ", out);
	print_size(out, r->read_bytes);
	(void)fputs(", written ", out);
	print_size(out, r->written_bytes);
	(void)fputc('\n', out);
	print_refused(out, r);
	if (r->group)
		print_group(out, r->group);
	(void)fputs("zbox: stats: ", out);
	if (r->limit)
		(void)fprintf(out, "%s reached, ", r->limit);
	for (size_t i = 0; i < r->hit_count; i++)
		if (!r->limit || strcmp(r->hits[i], r->limit) != 0)
			(void)fprintf(out, "%s reached, ", r->hits[i]);
	if (r->exit_code >= 0)
		(void)fprintf(out, "exited with status %d\n", r->exit_code);
	else if (r->signal > 0)
		(void)fprintf(out, "killed by signal %d\n", r->signal);
	else
		(void)fputs("the command was not run\n", out);
}

static void summarise(const struct status_record *record)
{
	autofree char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return;
	print_summary(out, record);
	if (fclose(out) == 0)
		report_text(text);
}

/* What somebody inside has written there, if it was in his reach, would follow the record. */
static void empty(int fd)
{
	(void)!ftruncate(fd, 0); /* not of devices and pipes, which keep nothing */
}

int result_write(const struct sandbox *sb, struct result_files *files,
		 const struct status_record *record)
{
	int result = 0;

	if (files->stats >= 0)
		empty(files->stats);
	if (files->meta >= 0)
		empty(files->meta);
	if (sb->stats)
		summarise(record);
	if (files->stats >= 0 && report_status(files->stats, record) < 0)
		result = fail(errno, "--stats-file %s", sb->stats_file);
	if (files->meta >= 0 && write_meta(files->meta, record) < 0)
		result = fail(errno, "--meta %s", sb->meta_file);
	close_fd(&files->stats);
	close_fd(&files->meta);
	return result;
}
