/*
 * The parser on a large scale, and what it must not do: no system call (the kernel watches, in a
 * child under seccomp's strict mode), no output, time in proportion to the words.
 */
#include "parse.h"

#include <linux/seccomp.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HEAP (64 << 20)

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED 0
#endif

static char **make_words(const char *first, size_t count, const char *const *pattern, size_t length)
{
	char **words = calloc(count + 2, sizeof(*words));

	if (!words)
		abort();
	words[0] = strdup(first);
	for (size_t i = 0; i < count; i++)
		words[i + 1] = strdup(pattern[i % length]);
	return words;
}

static void free_words(char **words)
{
	for (size_t i = 0; words[i]; i++)
		free(words[i]);
	free(words);
}

static const char *parse_count(enum personality personality, const char *const *pattern,
			       size_t length, size_t count)
{
	char **words = make_words("x", count, pattern, length);
	const char *text = NULL;

	sandbox_free(&sb);
	failure_clear();
	sandbox_init(&sb, personality);
	if (options_parse(&sb, (int)count + 1, words, &test_reader) < 0)
		text = failure_get()->text;
	sb.command = NULL;
	free_words(words);
	return text;
}

static void test_limits(void)
{
	static const char *const switches[] = {"--unshare-pid"};
	static const char *const dirs[] = {"--dir", "/a"};

	check(!parse_count(PERSONALITY_BWRAP, switches, 1, 9000), "bwrap: 9000 words");
	check(same(parse_count(PERSONALITY_BWRAP, switches, 1, 9001),
		   "Exceeded maximum number of arguments 9000"),
	      "bwrap: not 9001");
	check(!parse_count(PERSONALITY_ZBOX, switches, 1, 1000000), "zbox: 1,000,000 words");
	check(same(parse_count(PERSONALITY_ZBOX, switches, 1, 1000001),
		   "Exceeded maximum number of arguments 1000000"),
	      "zbox: not 1,000,001");
	check(!parse_count(PERSONALITY_ZBOX, dirs, 2, 200000) && sb.mount_count == 100000 &&
		      sb.mounts[99999].origin.at == 199999,
	      "zbox: 100,000 operations");
}

/* Words of files count too. */
static void test_file_limit(void)
{
	static char text[9000 * 2 + 1];

	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = i % 2 ? '|' : '-';
	memcpy(text, "--", 2);
	file_text[3] = text;
	check(same(parse("bwrap --args 3"), "Exceeded maximum number of arguments 9000"),
	      "bwrap: the words of files count");
	check(same(parse("zbox --args 3"), "Unknown option ---"), "zbox: has room for them");
}

static void test_long_words(void)
{
	size_t length = 1 << 20;
	char *word = malloc(length + 1), *option = malloc(length + 1);
	char name[] = "zbox", dir[] = "--dir";
	char *words[] = {name, dir, word, option, NULL};

	if (!word || !option)
		abort();
	memset(word, 'x', length);
	memset(option, '-', length);
	word[length] = option[length] = '\0';
	sandbox_free(&sb);
	failure_clear();
	sandbox_init(&sb, PERSONALITY_ZBOX);
	check(options_parse(&sb, 4, words, &test_reader) < 0 && sb.mounts[0].dest == word &&
		      strncmp(failure_get()->text, "Unknown option ----", 19) == 0,
	      "words of a megabyte");
	free(word);
	free(option);
}

/* The words of the child: every kind of row, and a failure at the end. */
static const char all_rows[] =
	"zbox --ro-bind /a /b --tmpfs /c --overlay-src /d --overlay-opt x --tmp-overlay /e --args "
	"3 "
	"--setenv A b --cap-add ALL --seccomp-deny open --uid 1 --uid 2 --netns /x --keep-fd 3 "
	"--lock-file /l --size 1G --tmpfs /f --landlock=auto --explain --hostname h --unshare-all "
	"--nonsense";

static void run_strict(bool cheat)
{
	void *volatile heap; /* or the compiler sees that nobody needs it */

	/* memory that malloc() already has: the parser may take it, asking for more would be a call
	 */
	(void)mallopt(M_MMAP_MAX, 0);
	(void)mallopt(M_TRIM_THRESHOLD, HEAP * 2);
	heap = malloc(HEAP);
	free(heap);
	file_text[3] = "--dir|/x|--symlink|a|/b";
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
		syscall(SYS_exit, 77);
	for (int i = 0; i < 100; i++)
		if (!parse(all_rows))
			syscall(SYS_exit, 1);
	if (parse_as(0, "zbox --unshare-all true") || !parse_as(1000, "bwrap --disable-userns"))
		syscall(SYS_exit, 2);
	if (cheat)
		(void)getppid();
	syscall(SYS_exit, 0); /* exit_group(2) is not among the calls of that mode */
}

static int strict_status(bool cheat)
{
	int status = -1;
	pid_t child;

	(void)fflush(stdout);
	child = fork();
	if (child == 0)
		run_strict(cheat);
	if (child > 0)
		(void)waitpid(child, &status, 0);
	return status;
}

static void test_no_call(void)
{
	int status;

	if (SANITIZED)
		return; /* whose own calls would end the child: the other builds look at it */
	status = strict_status(false);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		check(true, "parsing makes no system call # SKIP no strict mode here");
		return;
	}
	check(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	      "parsing and checking make no system call (status %#x)", (unsigned)status);
	check(WIFSIGNALED(strict_status(true)), "one would have been seen");
}

/* Best of ten, so that a busy machine does not matter. */
static double best_time(size_t binds)
{
	static const char *const bind[] = {"--ro-bind", "/usr", "/usr"};
	char **words = make_words("zbox", binds * 3, bind, 3);
	double best = 1e9;

	for (int i = 0; i < 10; i++) {
		struct timespec start, end;
		double time;

		sandbox_free(&sb);
		sandbox_init(&sb, PERSONALITY_ZBOX);
		(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
		if (options_parse(&sb, (int)binds * 3 + 1, words, &test_reader) < 0)
			abort();
		(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
		time = (double)(end.tv_sec - start.tv_sec) +
		       (double)(end.tv_nsec - start.tv_nsec) / 1e9;
		best = time < best ? time : best;
	}
	free_words(words);
	return best;
}

static void test_time(void)
{
	double small = best_time(2000), large = best_time(64000);

	printf("# 2,000 binds: %.0f us, 64,000: %.0f us\n", small * 1e6, large * 1e6);
	check(small < 0.001 * (SANITIZED ? 20 : 1), "2,000 binds take less than a millisecond");
	check(large < small * 32 * 4, "32 times as many take 32 times as long, or not much more");
}

int main(void)
{
	sandbox_init(&sb, PERSONALITY_ZBOX);
	test_no_call();
	test_limits();
	test_file_limit();
	test_long_words();
	test_time();
	sandbox_free(&sb);
	return test_done();
}
