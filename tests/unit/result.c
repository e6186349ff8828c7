/*
 * The record of a run in the format of isolate: which lines are there, for each way to end.
 */
#include "result.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define NUMBERS "time:2.003\ntime-wall:61.500\nmax-rss:2048\ncsw-voluntary:7\ncsw-forced:9\n"

static struct status_record record_of(int exit_code, int signal, const char *limit)
{
	return (struct status_record){.stage = "command",
				      .exit_code = exit_code,
				      .signal = signal,
				      .limit = limit,
				      .wall_us = 61500999,
				      .user_us = 1999999,
				      .system_us = 4000,
				      .max_rss = 2 << 20,
				      .voluntary_switches = 7,
				      .forced_switches = 9,
				      .ended_by_zbox = limit && limit[0] != 'r'};
}

static void meta(const char *name, struct status_record record, const char *want)
{
	char path[] = "/tmp/zbox-meta.XXXXXX", text[4096], all[4096];
	struct sandbox sb = {.meta_file = path};
	struct result_files files = {-1, -1};
	int fd = mkstemp(path);
	ssize_t length = -1;

	(void)snprintf(all, sizeof(all), NUMBERS "%s", want);
	if (fd >= 0 && result_open(&sb, &files) == 0 && result_write(&sb, &files, &record) == 0)
		length = read(fd, text, sizeof(text) - 1);
	text[length > 0 ? length : 0] = '\0';
	check(strcmp(text, all) == 0, "--meta: %s", name);
	if (strcmp(text, all) != 0)
		printf("# %s\n", text);
	check(files.meta == -1 && files.stats == -1, "the files are closed");
	(void)close(fd);
	(void)unlink(path);
}

static void test_meta(void)
{
	struct failure f = {.err = ENOENT, .step = "exec", .text = "x\nstatus:OK"};
	struct status_record failed = record_of(-1, 0, NULL);

	failed.failure = &f;
	meta("status 0", record_of(0, 0, NULL), "exitcode:0\n");
	meta("another status", record_of(3, 0, NULL),
	     "exitcode:3\nstatus:RE\nmessage:Exited with error status 3\n");
	meta("a signal", record_of(-1, 11, NULL),
	     "exitsig:11\nstatus:SG\nmessage:Caught fatal signal 11\n");
	meta("the wall clock", record_of(-1, 15, "time-limit"),
	     "killed:1\nstatus:TO\nmessage:Time limit exceeded (wall clock)\n");
	meta("processor time, exit in the grace", record_of(0, 0, "cpu-limit"),
	     "killed:1\nstatus:TO\nmessage:Time limit exceeded\n");
	meta("a limit of the kernel's", record_of(-1, 25, "rlimit fsize"),
	     "exitsig:25\nstatus:SG\nmessage:Caught fatal signal 25\n");
	meta("a failure cannot forge a line", failed,
	     "status:XX\nmessage:x\\nstatus:OK: No such file or directory\n");
	meta("no failure and no command", record_of(-1, 0, NULL),
	     "status:XX\nmessage:the command was not run\n");
}

static void test_limits(void)
{
	struct rlimit_change both[] = {{RLIMIT_FSIZE, 1, 1}, {RLIMIT_CPU, 1, 1}};
	struct sandbox sb = {.rlimits = both, .rlimit_count = 2}, none = {0};

	check(strcmp(result_limit(&sb, SIGXFSZ, NULL, 0), "rlimit fsize") == 0, "SIGXFSZ");
	check(strcmp(result_limit(&sb, SIGXCPU, NULL, 0), "rlimit cpu") == 0, "SIGXCPU");
	check(!result_limit(&none, SIGXFSZ, NULL, 0) && !result_limit(&none, SIGXCPU, NULL, 0),
	      "not without the limit");
	check(!result_limit(&sb, SIGKILL, NULL, 0) && !result_limit(&sb, 0, NULL, 0) &&
		      !result_limit(&sb, SIGXFSZ << 8, NULL, 0),
	      "not by another signal or a status");
	none.cpu_limit = 1;
	check(strcmp(result_limit(&none, SIGXCPU, NULL, 0), "cpu-limit") == 0,
	      "SIGXCPU of --cpu-limit");
}

static void test_open(void)
{
	struct sandbox sb = {.stats_file = "/nonexistent/file"};
	struct result_files files = {-1, -1};

	failure_clear();
	check(result_open(&sb, &files) < 0 && files.stats == -1 &&
		      strcmp(failure_get()->text, "--stats-file /nonexistent/file") == 0,
	      "a place that cannot be written");
	failure_clear();
	sb.stats_file = "/dev/full";
	check(result_open(&sb, &files) == 0 && (fcntl(files.stats, F_GETFD) & FD_CLOEXEC),
	      "opened, and closed at exec");
	check(result_write(&sb, &files, &(struct status_record){.stage = "x"}) < 0 &&
		      failure_get()->err == ENOSPC,
	      "a full disk is told");
}

int main(void)
{
	test_meta();
	test_limits();
	test_open();
	return test_done();
}
