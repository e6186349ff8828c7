/*
 * The terminal of the command's own, without namespaces: see stage.h for who is who. The few checks
 * that something does not happen look after a moment, where the script sleeps.
 */
#include "stage.h"
#include "test.h"

static void test_basics(void)
{
	begin(FRONT, "test -t 0 && test -t 1 && test -t 2 && echo three; stty size; "
		     "read x; echo \"got $x\"; cat; exit 7");
	check(expect("three\r\n"), "0, 1 and 2 are terminals");
	check(expect("33 77"), "the window size is the caller's");
	check(becomes_raw(), "the caller's terminal is raw");
	check(!(modes().c_oflag & OPOST), "and its output is not processed twice");
	type("hello\r");
	check(expect("hello\r\n"), "the inner line discipline echoes");
	check(expect("got hello\r\n"), "a line reaches the command");
	type("more\r\004");
	check(expect("more\r\nmore\r\n"), "^D ends the input");
	check(ended(7), "the exit status is the command's");
	check(is_cooked(), "the caller's terminal is as it was");
	end();

	begin(FRONT, "exec sleep 30");
	check(becomes_raw(), "raw while a command does not read");
	type("\003");
	check(ended(130), "^C is the command's SIGINT");
	check(is_cooked(), "restored after it");
	end();
}

static void test_resize(void)
{
	struct winsize size = {.ws_row = 12, .ws_col = 34};

	begin(FRONT, "trap 'stty size; exit 3' WINCH; echo ready; while :; do sleep 0.05; done");
	check(expect("ready"), "a command waits for SIGWINCH");
	(void)ioctl(stage.outer, TIOCSWINSZ, &size);
	check(expect("12 34"), "a new window size arrives with its signal");
	check(ended(3), "and the command goes on");
	end();
}

static void test_stop(void)
{
	begin(FRONT, "cat");
	check(becomes_raw(), "cat has the terminal");
	type("one\r");
	(void)expect("one\r\none\r\n");
	type("\032");
	check(stopped(SIGTSTP), "^Z stops zbox as it would stop the command");
	check(is_cooked(), "the terminal is the shell's meanwhile");
	order('f');
	check(becomes_raw(), "fg: raw again");
	type("two\r");
	check(expect("two\r\ntwo\r\n"), "fg: the command goes on");
	type("\032");
	check(stopped(SIGTSTP), "^Z a second time");
	order('b');
	check(stopped(SIGTTIN), "bg: a command that reads stops zbox with SIGTTIN");
	check(is_cooked(), "bg: nothing touched the modes");
	order('f');
	check(becomes_raw(), "fg after that: raw");
	type("three\r\004");
	check(expect("three\r\nthree\r\n"), "fg after that: it reads");
	check(ended(0), "and ends");
	check(is_cooked(), "restored");
	end();

	begin(FRONT, "printf ready; sleep 0.3; printf last-words; kill -TSTP $$; echo back");
	check(expect("ready"), "a command stops itself");
	check(stopped(SIGTSTP), "zbox stops with it");
	check(expect("last-words"), "what it wrote before is shown");
	order('f');
	check(expect("back"), "fg continues it");
	check(ended(0), "to its end");
	end();
}

static void test_background(void)
{
	begin(BACK, "echo output; cat");
	check(expect("output"), "output appears from the background");
	check(stopped(SIGTTIN), "reading there stops zbox with SIGTTIN");
	check(is_cooked(), "the modes were left alone");
	order('f');
	check(becomes_raw(), "fg: raw");
	type("hi\r\004");
	check(expect("hi\r\nhi\r\n"), "fg: it reads, and the modes inside are the caller's");
	check(ended(0) && is_cooked(), "it ends, restored");
	end();

	begin(BACK, "echo going; sleep 1; stty -echo; echo quiet; read x; echo got $x");
	check(expect("going") && !is_raw(), "a command runs in the background");
	order('f');
	check(becomes_raw(), "moved to the foreground while it runs: raw");
	check(expect("quiet"), "it may change its modes there");
	type("word\r");
	check(expect("got word"), "and read");
	check(ended(0) && is_cooked(), "restored");
	end();

	begin(BACK, "stty -echo; echo changed");
	check(stopped(SIGTTOU), "changing modes in the background stops zbox with SIGTTOU");
	order('f');
	check(expect("changed") && ended(0), "and goes on in the foreground");
	end();

	begin(FRONT, "sleep 0.5; read x; echo got $x");
	check(becomes_raw(), "in the foreground");
	(void)kill(stage.job, SIGSTOP);
	check(stopped(SIGSTOP), "SIGSTOP without warning");
	order('f');
	type("word\r");
	check(expect("got word"), "fg after SIGSTOP");
	check(ended(0) && is_cooked(), "and the modes are still the caller's at the end");
	end();
}

static void test_orphan(void)
{
	begin(ORPHAN, "read x; echo got $x");
	check(becomes_raw(), "zbox in the group of a session leader");
	type("\032word\r");
	check(expect("got word"), "^Z where nobody could continue it does not stop anything");
	check(ended(0) && is_cooked(), "it ends, restored");
	end();
}

/* Takes everything that comes from zbox's standard output, which is the pipe of events. */
static bool piped(const char *text)
{
	char bytes[64] = "";
	size_t used = 0;

	for (int64_t limit = now() + PATIENCE; now() < limit && used < strlen(text);) {
		struct pollfd events = {stage.events, POLLIN, 0};
		ssize_t got;

		(void)look(0);
		if (poll(&events, 1, 20) <= 0)
			continue;
		got = read(stage.events, bytes + used, strlen(text) - used);
		used += got > 0 ? (size_t)got : 0;
	}
	return used == strlen(text) && memcmp(bytes, text, used) == 0;
}

static void test_mixed(void)
{
	begin(PIPE_OUT, "echo a; echo b >&2; sleep 0.5; read x; echo \"got $x\"; test -t 1");
	check(piped("a\n"), "standard output stays the pipe");
	check(expect("b\r\n") && !is_raw(),
	      "a command that does not read leaves the keyboard alone");
	check(becomes_raw(), "its first read takes it");
	check(modes().c_oflag & OPOST, "but output modes stay, for the others of the pipeline");
	type("word\r");
	check(piped("got word\n"), "it reads the keyboard");
	check(ended(1) && is_cooked(), "it ends, restored");
	end();

	begin(PIPE_OUT, "read x; stty -opost; echo full >&2; read x; stty opost; echo again >&2; "
			"read x");
	check(becomes_raw(), "a full-screen program before a pipe");
	type("\r");
	check(expect("full\n") && !(modes().c_oflag & OPOST), "has the output modes that it wants");
	type("\r");
	check(expect("again") && (modes().c_oflag & OPOST),
	      "and the others have theirs afterwards");
	type("\r");
	check(ended(0) && is_cooked(), "it ends, restored");
	end();

	begin(PIPE_IN, "cat; test -t 1 && echo tty; test -t 0");
	check(expect("from the pipe\r\ntty\r\n"), "standard input stays the pipe, to its end");
	check(ended(1) && is_cooked(), "the keyboard was not touched");
	end();

	begin(PIPE_IN, "cat; read x </dev/tty; echo \"key $x\"");
	check(becomes_raw(), "a pager's way: keys from /dev/tty");
	type("word\r");
	check(expect("key word") && ended(0) && is_cooked(),
	      "they come from the caller's terminal");
	end();

	begin(ONLY_ERR, "test -t 2 && tty <&2 >&2; test ! -t 0");
	check(expect("/dev/pts/") && ended(0),
	      "a terminal as standard error alone is replaced too");
	end();
}

static long resident(pid_t pid)
{
	char path[64], line[256];
	long kib = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "VmRSS:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	if (file)
		(void)fclose(file);
	return kib;
}

static void test_pressure(void)
{
	const size_t want = (size_t)64 << 20;
	struct timespec pause = {0, 300000000};
	size_t total = 0, got, bad = 0;
	long before, after;

	begin(FRONT, "stty raw; echo G; seq -w 1 8388608 2>/dev/null | head -c 67108864");
	check(expect("G\n"), "64 MiB come");
	before = resident(stage.job);
	(void)nanosleep(&pause, NULL); /* a reader that sleeps while the command writes */
	for (got = 1; total < want && got;) {
		char number[24];

		total += got = stage.used ? stage.used : look(PATIENCE);
		/* the lines are numbered: the last whole one tells whether any was lost */
		if (stage.used >= 16) {
			size_t cut = stage.used - total % 8;

			(void)snprintf(number, sizeof(number), "%07zu", total / 8);
			bad += memcmp(stage.text + cut - 8, number, 7) != 0;
		}
		stage.used = 0;
	}
	after = resident(stage.job);
	check(total == want && !bad, "all of it, in order");
	check(after - before < 256, "and zbox did not grow");
	printf("# %zu bytes, %ld KiB resident, then %ld\n", total, before, after);
	check(ended(0) && is_cooked(), "it ends, restored");
	end();
}

static void test_binary(void)
{
	char bytes[256], seen[256];
	size_t used = 0;

	for (int i = 0; i < 256; i++)
		bytes[i] = (char)i;
	begin(FRONT, "stty raw -echo; echo G; head -c 65536");
	check(expect("G\n"), "a command with raw modes");
	stage.used = 0;
	for (int i = 0; i < 256; i++) {
		size_t written = 0;

		for (int64_t limit = now() + PATIENCE; written < 256 && now() < limit;) {
			ssize_t n = write(stage.outer, bytes + written, 256 - written);

			written += n > 0 ? (size_t)n : 0;
			(void)look(0);
		}
	}
	while (stage.used < 65536 && look(PATIENCE))
		;
	used = stage.used;
	memcpy(seen, stage.text + 65536 - 256, 256);
	check(used == 65536 && memcmp(seen, bytes, 256) == 0 && !memcmp(stage.text, bytes, 256),
	      "every byte value passes both ways");
	check(ended(0) && is_cooked(), "it ends, restored");
	end();
}

static void test_hang_up(void)
{
	char path[] = "/tmp/zbox-terminal-XXXXXX", script[256];
	int file = mkstemp(path);
	int64_t limit = now() + PATIENCE;
	char text[8] = "";

	(void)snprintf(script, sizeof(script),
		       "trap 'echo hup >%s; exit' HUP; echo ready; while :; do sleep 0.05; done",
		       path);
	begin(FRONT, script);
	check(expect("ready"), "a command waits for SIGHUP");
	close_fd(&stage.outer);
	while (pread(file, text, 3, 0) < 3 && now() < limit)
		(void)poll(NULL, 0, 10);
	check(strcmp(text, "hup") == 0, "the hang-up of the caller's terminal reaches the command");
	check(WIFEXITED(event()), "zbox ends");
	close_fd(&file);
	(void)unlink(path);
	end();
}

static void test_finish(void)
{
	int64_t start;
	size_t got = 0;

	begin(FRONT, "sleep 4 & echo done");
	check(expect("done"), "a process stays behind with the terminal open");
	start = now();
	check(ended(0) && now() - start < 1500, "zbox does not wait for it");
	check(is_cooked(), "and has restored the modes");
	end();

	begin(FRONT, "yes & sleep 0.2; kill -TERM $$");
	start = now();
	check(ended(143) && now() - start < 5000, "nor for one that keeps writing");
	check(is_cooked(), "and has restored the modes");
	end();

	begin(FRONT, "stty raw; seq -w 1 1000 2>/dev/null | head -c 4000");
	(void)poll(NULL, 0, 300); /* the reader sleeps past the end of the command */
	for (int64_t limit = now() + PATIENCE; got < 4000 && now() < limit;)
		got += look(20);
	if (!check(got == 4000, "the last bytes of a command that is gone are shown"))
		printf("# %zu bytes: '%.200s'\n", got, stage.text);
	check(ended(0), "it ends");
	end();

	begin(FRONT, "sleep 30");
	check(becomes_raw(), "zbox is to be terminated");
	(void)kill(stage.job, SIGTERM);
	check(ended(143) && is_cooked(), "the terminal is restored on SIGTERM");
	end();
}

static void test_shared_flags(void)
{
	begin(FRONT, "read x; echo got $x");
	check(becomes_raw(), "zbox copies");
	{
		char path[64], line[128] = "";
		FILE *file;
		unsigned flags = 0;

		(void)snprintf(path, sizeof(path), "/proc/%d/fdinfo/0", (int)stage.shell);
		file = fopen(path, "re");
		while (file && fgets(line, sizeof(line), file))
			if (strncmp(line, "flags:", 6) == 0)
				flags = (unsigned)strtoul(line + 6, NULL, 8);
		if (file)
			(void)fclose(file);
		check(flags && !(flags & O_NONBLOCK), "the shell's open file is not O_NONBLOCK");
	}
	type("x\r");
	check(ended(0), "it ends");
	end();
}

static void test_parts(void)
{
	struct pollfd polls[TERMINAL_POLLS];
	int pair[2], fd = -1, null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	terminal_init(&terminal);
	terminal_poll(&terminal, polls);
	check(polls[0].fd == -1 && polls[1].fd == -1 && polls[2].fd == -1, "no terminal, no polls");
	terminal_copy(&terminal, polls);
	terminal_resize(&terminal);
	check(!terminal_resume(&terminal), "no terminal, no foreground");
	terminal_finish(&terminal);
	terminal_finish(&terminal);
	check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "a socket pair");
	check(send_fd(pair[0], null) == 0 && (fd = receive_fd(pair[1])) >= 0,
	      "a descriptor passes");
	check(fd >= 0 && fd != null && (fcntl(fd, F_GETFD) & FD_CLOEXEC), "and is close-on-exec");
	check(terminal_start(&terminal, &fd) < 0 && fd >= 0, "one that is no master is refused");
	close_fd(&fd);
	failure_clear();
	check(write(pair[0], "x", 1) == 1 && receive_fd(pair[1]) < 0,
	      "a message without one is refused");
	failure_clear();
	close_fd(&pair[0]);
	check(receive_fd(pair[1]) < 0, "so is a closed socket");
	failure_clear();
	close_fd(&pair[1]);
	close_fd(&null);
}

int main(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	test_parts();
	test_basics();
	test_resize();
	test_stop();
	test_background();
	test_orphan();
	test_mixed();
	test_binary();
	test_shared_flags();
	test_hang_up();
	test_finish();
	test_pressure();
	return test_done();
}
