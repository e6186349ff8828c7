/*
 * usage.c - what the processes of a control group used together, as the kernel counted it.
 *
 * Unlike the sums of result.c these have no gaps: a process counts from its first moment, whoever
 * waits for it. Each file is "NUMBER", or lines "NAME NUMBER", or (io.stat) "DEVICE NAME=NUMBER
 * ...". What a kernel has no file or no line for is NOT_COUNTED, not 0.
 */
#include "cgroup/usage.h"

#include "cgroup/limits.h"
#include "limits-text.h"

#include <string.h>

#define FILE_MAX 16384

static uint64_t number_at(const char *text)
{
	uint64_t number;

	return text && digits_read(text, INT64_MAX, &number) ? number : NOT_COUNTED;
}

static uint64_t read_number(int group, const char *file)
{
	char text[64];

	return read_file_at(group, file, text, sizeof(text)) > 0 ? number_at(text) : NOT_COUNTED;
}

/* The number behind the name at the start of a line. */
static uint64_t number_of(const char *text, const char *name)
{
	size_t length = strlen(name);

	while (text) {
		if (strncmp(text, name, length) == 0 && text[length] == ' ')
			return number_at(text + length + 1);
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return NOT_COUNTED;
}

/* The sum over all devices. */
static uint64_t sum_of(const char *text, const char *name)
{
	uint64_t sum = 0;

	while ((text = strstr(text, name)) != NULL) {
		uint64_t number;

		text += strlen(name);
		number = number_at(text);
		if (number != NOT_COUNTED)
			sum += number;
	}
	return sum;
}

void cgroup_usage_read(int group, struct cgroup_usage *usage)
{
	char text[FILE_MAX];

	usage->memory = read_number(group, "memory.current");
	usage->memory_peak = read_number(group, "memory.peak");
	usage->swap_peak = read_number(group, "memory.swap.peak");
	usage->pids_peak = read_number(group, "pids.peak");
	if (read_file_at(group, "memory.events", text, sizeof(text)) < 0)
		text[0] = '\0';
	usage->oom_kills = number_of(text, "oom_kill");
	usage->memory_high = number_of(text, "high");
	if (read_file_at(group, "pids.events", text, sizeof(text)) < 0)
		text[0] = '\0';
	usage->pids_refused = number_of(text, "max");
	if (read_file_at(group, "cpu.stat", text, sizeof(text)) < 0)
		text[0] = '\0';
	usage->user_us = number_of(text, "user_usec");
	usage->system_us = number_of(text, "system_usec");
	usage->throttled = number_of(text, "nr_throttled");
	usage->throttled_us = number_of(text, "throttled_usec");
	usage->read_bytes = usage->written_bytes = NOT_COUNTED;
	if (read_file_at(group, "io.stat", text, sizeof(text)) < 0)
		return;
	usage->read_bytes = sum_of(text, " rbytes=");
	usage->written_bytes = sum_of(text, " wbytes=");
}

static bool is_hit(const struct cgroup_usage *usage, enum cgroup_limit_kind kind)
{
	static const size_t counters[CGROUP_LIMITS] = {
		[CGROUP_MEMORY] = offsetof(struct cgroup_usage, oom_kills),
		[CGROUP_MEMORY_HIGH] = offsetof(struct cgroup_usage, memory_high),
		[CGROUP_CPUS] = offsetof(struct cgroup_usage, throttled),
		[CGROUP_PIDS] = offsetof(struct cgroup_usage, pids_refused),
	};
	uint64_t count;

	/* the first member is none of these */
	if (counters[kind] == 0)
		return false;
	memcpy(&count, (const char *)usage + counters[kind], sizeof(count));
	return count != NOT_COUNTED && count > 0;
}

size_t cgroup_usage_hits(const struct sandbox *sb, const struct cgroup_usage *usage,
			 const char *list[CGROUP_LIMITS])
{
	size_t count = 0;

	for (unsigned kind = 0; kind < CGROUP_LIMITS; kind++)
		for (size_t i = 0; i < sb->cgroup_limit_count; i++)
			if (sb->cgroup_limits[i].kind == kind &&
			    is_hit(usage, (enum cgroup_limit_kind)kind)) {
				list[count++] = cgroup_limit_name((enum cgroup_limit_kind)kind);
				break;
			}
	return count;
}
