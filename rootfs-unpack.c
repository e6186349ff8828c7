/*
 * rootfs-unpack.c - zbox-unpack, started in a sandbox of its own.
 *
 * libarchive reads what anybody may have written, so it does that where a hole in it is worth
 * nothing: in a second zbox, with the same map of ids, the capabilities for owners and modes over
 * these ids, no network, and one directory to write in. That it is a zbox, and not a process of
 * this one, is because all of its confinement is there and tested already. It is started before
 * this process sets no_new_privs, because it has to have its maps written too.
 *
 *   its standard input    the archive; of the layout of an image index.json, and in /image the rest
 *   its standard output   what zbox-unpack says, see there; and what a zbox that fails says
 *
 * It dies with this process. What it leaves behind then is in a directory that nobody takes for a
 * tree (rootfs-cache.c).
 *
 * What an attacker would try, once zbox-unpack is his: to say "done" too early. The tree is his
 * anyway. The line for the terminal is made of numbers alone, and messages are escaped.
 */
#include "rootfs-unpack.h"

#include "helpers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAID_LIMIT 2000

/* ---- its words ---- */

struct words {
	char **list;
	size_t count;
	bool failed;
};

static void PRINTF(2, 3) add_word(struct words *w, const char *format, ...)
{
	char text[PATH_MAX + 64], **slot = array_add(&w->list, &w->count, sizeof(*slot));
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (slot && (length < 0 || (size_t)length >= sizeof(text)))
		(void)fail(ENAMETOOLONG, "%.100s", text);
	else if (slot)
		*slot = format_text("%s", text);
	w->failed |= !slot || !*slot;
}

static void free_words(struct words *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->list[i]);
	free(w->list);
}

static void add_map(struct words *w, const char *kind, const struct id_map *map)
{
	for (size_t i = 0; i < map->count; i++)
		add_word(w, "--map=%s:%u:%u:%u", kind, map->lines[i].inner, map->lines[i].outer,
			 map->lines[i].count);
}

static int find_program(char path[PATH_MAX])
{
	for (unsigned i = 0; helper_place("zbox-unpack", i, path); i++)
		if (access(path, X_OK) == 0)
			return 0;
	return fail(ENOENT, "zbox-unpack");
}

/* The sandbox. Nothing in it depends on what sb has for its command but the ids. */
static int make_words(const struct sandbox *sb, struct words *w, const char *dir,
		      const struct rootfs_source *source)
{
	static const char *const caps[] = {"chown", "dac_override", "fowner", "fsetid"};
	char program[PATH_MAX];

	if (find_program(program) < 0)
		return -1;
	add_word(w, "zbox");
	add_word(w, "--no-profile");
	add_map(w, "uid", &sb->uid_map);
	add_map(w, "gid", &sb->gid_map);
	for (size_t i = 0; i < COUNT(caps); i++)
		add_word(w, "--cap-add=%s", caps[i]);
	add_word(w, "--seccomp-profile=container");
	add_word(w, "--ro-bind");
	add_word(w, "/usr");
	add_word(w, "/usr");
	add_word(w, "--ro-bind");
	add_word(w, "%s", program);
	add_word(w, "/zbox-unpack");
	add_word(w, "--bind");
	add_word(w, "%s", dir);
	add_word(w, "/work");
	if (source->dir) {
		add_word(w, "--ro-bind");
		add_word(w, "%s", source->dir);
		add_word(w, "/image");
	}
#ifdef COUNTERS /* what tools/coverage counts in */
	add_word(w, "--bind");
	add_word(w, COUNTERS);
	add_word(w, COUNTERS);
#endif
	add_word(w, "--chdir=/work");
	add_word(w, "--");
	add_word(w, "/zbox-unpack");
	add_word(w, "%s", source->kind);
	if (source->tag)
		add_word(w, "%s", source->tag);
	if (!array_add(&w->list, &w->count, sizeof(*w->list)))
		return -1;
	w->count--; /* the NULL at the end */
	return w->failed ? -1 : 0;
}

/* ---- what it says ---- */

struct listener {
	uint64_t size;
	bool shows, shown, done;
	char text[SAID_LIMIT]; /* why it failed, or "" */
	char other[SAID_LIMIT];
};

static void take_line(struct listener *l, const char *line)
{
	int64_t at = 0;

	if (strncmp(line, "at ", 3) == 0 && parse_number(line + 3, 0, INT64_MAX, &at) == 0) {
		if (!l->shows || l->size == 0)
			return;
		l->shown = true;
		(void)fprintf(stderr, "\rzbox: unpacking the root file system: %3d %%",
			      (uint64_t)at >= l->size ? 100 : (int)((uint64_t)at * 100 / l->size));
	} else if (strncmp(line, "of ", 3) == 0 && parse_number(line + 3, 0, INT64_MAX, &at) == 0) {
		l->size = (uint64_t)at;
	} else if (strcmp(line, "done") == 0) {
		l->done = true;
	} else if (strncmp(line, "failed ", 7) == 0) {
		(void)snprintf(l->text, sizeof(l->text), "%s", line + 7);
	} else if (l->other[0] == '\0') {
		(void)snprintf(l->other, sizeof(l->other), "%s", line);
	}
}

static void listen_to(struct listener *l, int fd)
{
	FILE *in = fdopen(fd, "r");
	char line[SAID_LIMIT];

	if (!in) {
		close_fd(&fd);
		return;
	}
	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		take_line(l, line);
	}
	(void)fclose(in);
	if (l->shown)
		(void)fprintf(stderr, "\r\033[K");
}

/* In a vfork: only calls. */
static void become(char **words, int in, int out)
{
	char path[] = "PATH=/usr/bin:/bin";
	char *const environment[] = {path, NULL};

	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		return;
	close_from_but(3, NULL, 0);
	(void)execve("/proc/self/exe", words, environment);
}

static int run(const struct words *w, int in, struct listener *l)
{
	autoclose int theirs = -1;
	int ends[2], status;
	pid_t child;

	if (signal(SIGCHLD, SIG_DFL) == SIG_ERR)
		return fail(errno, "SIGCHLD");
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(errno, "a pipe");
	theirs = ends[1];
	child = vfork();
	if (child < 0) {
		close_fd(&ends[0]);
		return fail(errno, "fork");
	}
	if (child == 0) {
		become(w->list, in, theirs);
		_exit(125);
	}
	close_fd(&theirs);
	listen_to(l, ends[0]);
	if (waitpid(child, &status, 0) != child)
		return fail(errno, "zbox-unpack");
	if (status == 0 && l->done)
		return 0;
	if (l->text[0])
		return fail(0, "%s", l->text);
	if (l->other[0])
		return fail(0, "zbox-unpack: %s", l->other);
	return fail(0, "zbox-unpack ended with %s %d", WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

int rootfs_unpack(const struct sandbox *sb, const char *dir, int file, uint64_t size,
		  const struct rootfs_source *source)
{
	struct listener l = {.size = size, .shows = !sb->quiet && isatty(STDERR_FILENO)};
	struct words w = {0};
	int result = -1;

	if (lseek(file, 0, SEEK_SET) < 0)
		(void)fail(errno, "%s", source->file);
	else if (make_words(sb, &w, dir, source) == 0)
		result = run(&w, file, &l);
	free_words(&w);
	if (result < 0)
		failure_prefix("%s: ", source->dir ? source->dir : source->file);
	return result;
}

int rootfs_remove(const struct sandbox *sb, const char *dir)
{
	static const struct rootfs_source nothing = {.kind = "remove"};
	autoclose int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct listener l = {0};
	struct words w = {0};
	int result = -1;

	if (null < 0)
		(void)fail(errno, "/dev/null");
	else if (make_words(sb, &w, dir, &nothing) == 0)
		result = run(&w, null, &l);
	free_words(&w);
	return result;
}
