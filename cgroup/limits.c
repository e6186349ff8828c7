/*
 * limits.c - the limits of a control group: from words to what is written, and the writing.
 *
 * One table has a row for each limit: the option, the controller, the file and how its operand is
 * read. The parser reads (pure), --explain prints, and the same struct is written to the control
 * group before anything runs in it, or later to that of a sandbox that runs.
 *
 * Reading is strict, as in limits-text.c: a limit that was misread is a limit that does not hold.
 * What the kernel takes without doing it is found out (processors that are not there, weights that
 * no disk's scheduler looks at). An attacker has no part in this: the files are written from
 * outside.
 */
#include "cgroup/limits.h"

#include "limits-text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define PERIOD                                                                                     \
	UINT64_C(100000) /* microseconds in which a share of the processors is handed out          \
			  */
#define QUOTA_MIN 1000   /* the kernel's */
#define PROCESSORS_MAX 100000
#define WEIGHT_MAX 10000
#define PIDS_MIN 2 /* process 1 and the command */
#define WEIGHT_DEFAULT 100
#define BFQ_WEIGHT_MAX 1000

enum form { BYTES, PROCESSORS, WEIGHT, PROCESSES, DEVICE, LIST };

static const struct row {
	const char *name;
	enum cgroup_controller controller;
	const char *file;
	enum form form;
} rows[] = {
	[CGROUP_MEMORY] = {"memory", CONTROLLER_MEMORY, "memory.max", BYTES},
	[CGROUP_MEMORY_HIGH] = {"memory-high", CONTROLLER_MEMORY, "memory.high", BYTES},
	[CGROUP_SWAP] = {"swap", CONTROLLER_MEMORY, "memory.swap.max", BYTES},
	[CGROUP_CPUS] = {"cpus", CONTROLLER_CPU, "cpu.max", PROCESSORS},
	[CGROUP_CPU_WEIGHT] = {"cpu-weight", CONTROLLER_CPU, "cpu.weight", WEIGHT},
	[CGROUP_PIDS] = {"pids", CONTROLLER_PIDS, "pids.max", PROCESSES},
	[CGROUP_IO_MAX] = {"io-max", CONTROLLER_IO, "io.max", DEVICE},
	[CGROUP_IO_WEIGHT] = {"io-weight", CONTROLLER_IO, "io.weight", WEIGHT},
	[CGROUP_CPUSET] = {"cpuset", CONTROLLER_CPUSET, "cpuset.cpus", LIST},
};
_Static_assert(COUNT(rows) == CGROUP_LIMITS, "each limit has a row");

static const char *const controllers[] = {"cpu", "cpuset", "io", "memory", "pids"};
_Static_assert(COUNT(controllers) == CONTROLLERS, "each controller has a name");

static const struct {
	const char *name;
	bool bytes;
} rates[] = {{"rbps", true}, {"wbps", true}, {"riops", false}, {"wiops", false}};
_Static_assert(COUNT(rates) == IO_RATES, "each rate has a name");

const char *cgroup_limit_name(enum cgroup_limit_kind kind)
{
	return rows[kind].name;
}

enum cgroup_controller cgroup_limit_controller(enum cgroup_limit_kind kind)
{
	return rows[kind].controller;
}

/* ---- reading ---- */

static bool read_amount(const char *text, bool bytes, uint64_t least, uint64_t *value)
{
	uint64_t number;

	text = amount_read(text, bytes, &number);
	if (!text || *text != '\0' || number < least)
		return false;
	*value = number;
	return true;
}

/* 1.5 or 150%: digits of the fraction that are too many are an error, not rounded away. */
static bool read_processors(const char *text, uint64_t *value)
{
	uint64_t whole, fraction = 0, scale = PERIOD, quota;

	if (strcmp(text, "unlimited") == 0) {
		*value = RLIMIT_UNLIMITED;
		return true;
	}
	text = digits_read(text, PROCESSORS_MAX * UINT64_C(100), &whole);
	if (text && *text == '.') {
		const char *start = text + 1;

		text = digits_read(start, PERIOD - 1, &fraction);
		for (const char *c = start; text && c < text; c++) {
			if (scale == 1)
				return false;
			scale /= 10;
		}
	}
	if (!text)
		return false;
	quota = whole * PERIOD + fraction * scale;
	if (strcmp(text, "%") == 0) {
		if (quota % 100 != 0)
			return false;
		quota /= 100;
	} else if (*text != '\0') {
		return false;
	}
	if (quota < QUOTA_MIN || quota > PROCESSORS_MAX * PERIOD)
		return false;
	*value = quota;
	return true;
}

static bool read_weight(const char *text, uint64_t *value)
{
	uint64_t number = 0;

	text = digits_read(text, WEIGHT_MAX, &number);
	if (!text || *text != '\0' || number == 0)
		return false;
	*value = number;
	return true;
}

static bool read_rate(const char **text, uint64_t values[IO_RATES])
{
	size_t length = strcspn(*text, "=");
	uint64_t value;

	for (size_t i = 0; i < COUNT(rates); i++) {
		if (strlen(rates[i].name) != length || memcmp(rates[i].name, *text, length) != 0)
			continue;
		if ((*text)[length] != '=' || values[i] != 0)
			return false;
		*text = amount_read(*text + length + 1, rates[i].bytes, &value);
		if (!*text || value == 0)
			return false;
		values[i] = value;
		return true;
	}
	return false;
}

/* DEVICE:RATE=N,RATE=N. The device may have colons in it (8:0). */
static bool read_device(const char *text, struct cgroup_limit *limit)
{
	uint64_t values[IO_RATES] = {0};
	const char *end = strchr(text, '=');

	while (end && end > text && *end != ':')
		end--;
	if (!end || end == text)
		return false;
	limit->device = (size_t)(end - text);
	do {
		end++;
		if (!read_rate(&end, values))
			return false;
	} while (*end == ',');
	memcpy(limit->rates, values, sizeof(values));
	return *end == '\0';
}

static bool read_limit(enum form form, const char *text, struct cgroup_limit *limit)
{
	cpu_set_t set;

	switch (form) {
	case BYTES:
		return read_amount(text, true, 0, &limit->value);
	case PROCESSORS:
		return read_processors(text, &limit->value);
	case WEIGHT:
		return read_weight(text, &limit->value);
	case PROCESSES:
		return read_amount(text, false, PIDS_MIN, &limit->value);
	case DEVICE:
		return read_device(text, limit);
	case LIST:
		return processors_parse(text, &set) == 0;
	}
	return false;
}

int cgroup_limit_parse(const char *name, const char *text, struct cgroup_limit *limit)
{
	static const char *const wanted[] = {
		[BYTES] = "bytes, as in 512M (K, M, G, T), or unlimited",
		[PROCESSORS] = "a number of processors of 0.01 and more, as in 1.5 or 20%, or "
			       "unlimited",
		[WEIGHT] = "a number from 1 to 10000",
		[PROCESSES] = "a number of 2 and more, or unlimited",
		[DEVICE] = "DEVICE:RATE=N,..., as in /dev/sda:wbps=10M, with rbps, wbps, riops or "
			   "wiops",
		[LIST] = "a list of processors such as 0-3,8",
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cgroup_limit read = {.kind = (enum cgroup_limit_kind)i, .text = text};

		if (strcmp(rows[i].name, name) != 0)
			continue;
		if (!read_limit(rows[i].form, text, &read))
			return fail(0, "--%s takes %s, not %s", name, wanted[rows[i].form], text);
		*limit = read;
		return 0;
	}
	return fail(0, "there is no limit %s", name);
}

/* One for each kind; of io-max one for each device. */
struct cgroup_limit *cgroup_limit_find(struct cgroup_limit *list, size_t count,
				       const struct cgroup_limit *limit)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].kind == limit->kind && list[i].device == limit->device &&
		    strncmp(list[i].text, limit->text, limit->device) == 0)
			return &list[i];
	return NULL;
}

/* ---- printing ---- */

static void print_rate(FILE *out, const char *name, uint64_t value)
{
	(void)fprintf(out, " %s=", name);
	if (value == RLIMIT_UNLIMITED)
		(void)fputs("max", out);
	else
		(void)fprintf(out, "%llu", (unsigned long long)value);
}

void cgroup_limit_print(FILE *out, const struct cgroup_limit *limit)
{
	(void)fprintf(out, "%s ", rows[limit->kind].name);
	switch (rows[limit->kind].form) {
	case BYTES:
		rlimit_print(out, limit->value);
		if (limit->value != RLIMIT_UNLIMITED)
			(void)fputs(" bytes", out);
		break;
	case PROCESSORS:
		if (limit->value == RLIMIT_UNLIMITED)
			(void)fputs("unlimited", out);
		else
			(void)fprintf(out, "%g", (double)limit->value / (double)PERIOD);
		break;
	case WEIGHT:
	case PROCESSES:
		rlimit_print(out, limit->value);
		break;
	case DEVICE:
		(void)fprintf(out, "%.*s", (int)limit->device, limit->text);
		for (size_t i = 0; i < COUNT(rates); i++)
			if (limit->rates[i] != 0)
				print_rate(out, rates[i].name, limit->rates[i]);
		break;
	case LIST:
		(void)fputs(limit->text, out);
		break;
	}
}

unsigned cgroup_controllers(int group, const char *file)
{
	char text[256], *save = NULL;
	unsigned bits = 0;

	if (read_file_at(group, file, text, sizeof(text)) < 0)
		return 0;
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		for (unsigned i = 0; i < COUNT(controllers); i++)
			if (strcmp(word, controllers[i]) == 0)
				bits |= 1U << i;
	return bits;
}

const char *cgroup_controllers_print(char text[CONTROLLERS_TEXT], unsigned bits, const char *front)
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < COUNT(controllers); i++)
		if (bits & 1U << i)
			used += (size_t)snprintf(text + used, CONTROLLERS_TEXT - used, "%s%s%s",
						 used > 0 ? " " : "", front, controllers[i]);
	return text;
}

/* ---- writing ---- */

static int failed(const struct cgroup_limit *limit, const char *file)
{
	/* of a file that is not there the kernel was built without, or started without */
	if (errno == ENOENT)
		return fail(0, "--%s %s: this kernel has no %s", rows[limit->kind].name,
			    limit->text, file);
	return fail(errno, "--%s %s: %s", rows[limit->kind].name, limit->text, file);
}

/* The disk that a partition is of: limits are on whole disks. */
static dev_t whole_disk(dev_t device)
{
	char path[80], text[32];
	const char *rest;
	uint64_t first, second;

	(void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/partition", major(device),
		       minor(device));
	if (access(path, F_OK) < 0)
		return device;
	(void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/../dev", major(device),
		       minor(device));
	if (read_file_at(-1, path, text, sizeof(text)) < 0)
		return device;
	rest = digits_read(text, UINT32_MAX, &first);
	if (!rest || *rest != ':' || !digits_read(rest + 1, UINT32_MAX, &second))
		return device;
	return makedev((unsigned)first, (unsigned)second);
}

/* MAJOR:MINOR, a device file, or any path: then the device that it is on. */
static int find_device(const struct cgroup_limit *limit, dev_t *device)
{
	autofree char *name = format_text("%.*s", (int)limit->device, limit->text);
	uint64_t first = 0, second = 0;
	const char *rest;
	struct stat st;

	if (!name)
		return -1;
	rest = digits_read(name, UINT32_MAX, &first);
	if (rest && *rest == ':')
		rest = digits_read(rest + 1, UINT32_MAX, &second);
	if (rest && *rest == '\0' && strchr(name, ':')) {
		*device = makedev((unsigned)first, (unsigned)second);
		return 0;
	}
	if (stat(name, &st) < 0)
		return fail(errno, "--io-max %s", name);
	*device = whole_disk(S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev);
	if (major(*device) == 0)
		return fail(0, "--io-max %s: this is on no single disk", name);
	return 0;
}

static int set_device(int group, const struct cgroup_limit *limit)
{
	autofree char *text = NULL;
	size_t length = 0;
	dev_t device = 0;
	FILE *out;

	if (find_device(limit, &device) < 0)
		return -1;
	out = open_memstream(&text, &length);
	if (!out)
		return fail(0, "out of memory");
	(void)fprintf(out, "%u:%u", major(device), minor(device));
	for (size_t i = 0; i < COUNT(rates); i++)
		if (limit->rates[i] != 0)
			print_rate(out, rates[i].name, limit->rates[i]);
	if (fclose(out) != 0)
		return fail(0, "out of memory");
	return write_file_at(group, "io.max", text) < 0 ? failed(limit, "io.max") : 0;
}

/* The kernel takes processors that are not there, or not this group's. */
static int set_processors(int group, const struct cgroup_limit *limit)
{
	char text[4096];
	cpu_set_t asked, got;

	if (write_file_at(group, "cpuset.cpus", limit->text) < 0)
		return errno == ERANGE
			       ? fail(0, "--cpuset %s: this machine has not as many", limit->text)
			       : failed(limit, "cpuset.cpus");
	if (read_file_at(group, "cpuset.cpus.effective", text, sizeof(text)) < 0)
		return failed(limit, "cpuset.cpus.effective");
	if (processors_parse(limit->text, &asked) < 0 || processors_parse(text, &got) < 0 ||
	    !CPU_EQUAL(&asked, &got))
		return fail(0, "--cpuset %s: only %s of these can be used here", limit->text, text);
	return 0;
}

/* Whether somebody looks at weights: a disk's scheduler bfq, or the kernel's model of its cost. The
 * file of the latter is in the host's root of control groups only. */
static bool shares_by_weight(void)
{
	char text[256];
	DIR *disks;
	bool found;

	found = read_file_at(-1, "/sys/fs/cgroup/io.cost.qos", text, sizeof(text)) > 0 &&
		strstr(text, "enable=1");
	disks = found ? NULL : opendir("/sys/block");
	while (disks && !found) {
		const struct dirent *disk = readdir(disks);
		char path[sizeof("/sys/block//queue/scheduler") + NAME_MAX];

		if (!disk)
			break;
		(void)snprintf(path, sizeof(path), "/sys/block/%s/queue/scheduler", disk->d_name);
		found = read_file_at(-1, path, text, sizeof(text)) > 0 && strstr(text, "[bfq]");
	}
	if (disks)
		(void)closedir(disks);
	return found;
}

int cgroup_limit_heeded(const struct cgroup_limit *limit)
{
	if (limit->kind != CGROUP_IO_WEIGHT || shares_by_weight())
		return 0;
	return fail(0,
		    "--io-weight %s: no disk here is shared by weight: one needs the scheduler bfq "
		    "(/sys/block/NAME/queue/scheduler), or io.cost.qos",
		    limit->text);
}

/* Two schedulers of disks have a file each, with scales of their own around 100. */
static int set_io_weight(int group, const struct cgroup_limit *limit)
{
	uint64_t weight = limit->value, bfq = weight;
	char text[32];
	int result;

	if (weight > WEIGHT_DEFAULT)
		bfq = WEIGHT_DEFAULT + (weight - WEIGHT_DEFAULT) *
					       (BFQ_WEIGHT_MAX - WEIGHT_DEFAULT) /
					       (WEIGHT_MAX - WEIGHT_DEFAULT);
	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)bfq);
	result = write_file_at(group, "io.bfq.weight", text);
	if (result < 0 && errno != ENOENT)
		return failed(limit, "io.bfq.weight");
	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)weight);
	if (write_file_at(group, "io.weight", text) < 0 && (errno != ENOENT || result < 0))
		return failed(limit, "io.weight");
	return 0;
}

int cgroup_limit_set(int group, const struct cgroup_limit *limit)
{
	const struct row *row = &rows[limit->kind];
	char text[64];

	if (row->form == DEVICE)
		return set_device(group, limit);
	if (row->form == LIST)
		return set_processors(group, limit);
	if (limit->kind == CGROUP_IO_WEIGHT)
		return set_io_weight(group, limit);
	if (limit->value == RLIMIT_UNLIMITED)
		(void)snprintf(text, sizeof(text), "max");
	else
		(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)limit->value);
	if (row->form == PROCESSORS)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), " %llu",
			       (unsigned long long)PERIOD);
	return write_file_at(group, row->file, text) < 0 ? failed(limit, row->file) : 0;
}

int cgroup_no_swap(int group)
{
	char swaps[256];

	if (write_file_at(group, "memory.swap.max", "0") == 0)
		return 0;
	/* a kernel that does not count swap is good enough where there is none: the file has a
	 * first line that names the columns, and a line for each */
	if (errno == ENOENT && read_file_at(-1, "/proc/swaps", swaps, sizeof(swaps)) >= 0 &&
	    !strchr(swaps, '\n'))
		return 0;
	if (errno == ENOENT || errno == 0)
		return fail(0, "--memory: this kernel does not count swap, and there is some: boot "
			       "with swapaccount=1");
	return fail(errno, "--memory: memory.swap.max");
}
