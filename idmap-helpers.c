/*
 * idmap-helpers.c - writing maps of more than one id: newuidmap, newgidmap, and who starts them.
 *
 * The kernel lets an ordinary user map one id, its own. For ranges there are two programs of the
 * system with a set-user-ID bit (or capabilities), which compare what is asked for with
 * /etc/subuid and /etc/subgid. Under no_new_privs such a bit does nothing, and zbox sets that
 * before it makes anything. So:
 *
 *   1. before no_new_privs a fork of zbox is made, the writer, which waits
 *   2. zbox goes on, and clones PID 1, which waits for its ids
 *   3. the writer is told PID 1's pid, runs newuidmap and newgidmap for it, and ends
 *
 * Where zbox runs as root the writer writes the maps itself: it has the right.
 *
 * What an attacker would try: to have another program run instead. They are looked for in the
 * system's directories alone, never in PATH, get no environment and three descriptors. What they
 * say on standard error is repeated, escaped like every message. A helper that an ordinary user
 * made gains nothing: it runs with the caller's own rights.
 *
 * The second user namespace (see inside.c) is written by a fork that stays in the first one, which
 * has the right: nobody outside is asked.
 */
#include "idmap-helpers.h"

#include "channel.h"
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define NUMBER_ROOM 12 /* of 32 bits, in a word */
#define SAID_LIMIT 1000

static const char *const directories[] = {"/usr/bin", "/bin", "/usr/sbin", "/usr/local/bin",
					  "/run/wrappers/bin"};

/* ---- the programs ---- */

/* Finds the program. Returns 0, or -1 after fail(). */
static int find_helper(const char *name, char path[PATH_MAX])
{
	for (size_t i = 0; i < COUNT(directories); i++) {
		(void)snprintf(path, PATH_MAX, "%s/%s", directories[i], name);
		if (access(path, X_OK) == 0)
			return 0;
		if (errno != ENOENT && errno != ENOTDIR)
			return fail(errno, "%s", path);
	}
	return fail(ENOENT, "%s", name);
}

/* What would make it fail with nothing but "Operation not permitted". */
static int check_helper(const char *name)
{
	char path[PATH_MAX];
	struct statvfs system;
	struct stat st;

	if (find_helper(name, path) < 0)
		return -1;
	if (stat(path, &st) < 0 || statvfs(path, &system) < 0)
		return fail(errno, "%s", path);
	if (system.f_flag & ST_NOSUID)
		return fail(0, "%s is on a file system mounted nosuid", path);
	if (!((st.st_mode & S_ISUID) && st.st_uid == 0) &&
	    getxattr(path, "security.capability", NULL, 0) <= 0)
		return fail(0, "%s has neither root's set-user-ID bit nor file capabilities", path);
	return 0;
}

/* Reads what the helper said, up to its end. */
static void read_said(int fd, char said[SAID_LIMIT])
{
	size_t used = 0;
	ssize_t got;

	while ((got = read(fd, said + used, SAID_LIMIT - 1 - used)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			break;
		used += (size_t)got;
		if (used == SAID_LIMIT - 1)
			break;
	}
	while (used > 0 && said[used - 1] == '\n')
		used--;
	said[used] = '\0';
}

/* In a vfork: only calls, and memory of our own. */
static void become_helper(const char *path, char **words, int said)
{
	char *const no_environment[] = {NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	(void)sigemptyset(&none);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(said, 2) < 0)
		return;
	close_from_but(3, NULL, 0);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execve(path, words, no_environment);
}

static int run_helper(const char *name, char **words)
{
	char path[PATH_MAX], said[SAID_LIMIT];
	autoclose int in = -1, out = -1;
	int ends[2], status;
	pid_t child;

	if (find_helper(name, path) < 0)
		return -1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(errno, "a pipe");
	in = ends[0];
	out = ends[1];
	child = vfork();
	if (child < 0)
		return fail(errno, "fork");
	if (child == 0) {
		become_helper(path, words, out);
		_exit(127);
	}
	close_fd(&out);
	read_said(in, said);
	if (waitpid(child, &status, 0) != child)
		return fail(errno, "%s", path);
	if (status == 0)
		return 0;
	if (said[0])
		return fail(0, "%s%s%s", strncmp(said, name, strlen(name)) == 0 ? "" : name,
			    strncmp(said, name, strlen(name)) == 0 ? "" : ": ", said);
	return fail(0, "%s ended with %s %d", path, WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* ---- maps as text ---- */

/* newuidmap PID INNER OUTER COUNT... */
static int write_by_helper(const char *name, pid_t child, const struct id_map *map)
{
	size_t room = 3 + 3 * map->count, count = 0;
	autofree char **words = calloc(room, sizeof(*words));
	autofree char *text = calloc(room, NUMBER_ROOM);
	autofree char *copy = format_text("%s", name);
	char *next = text;

	if (!words || !text || !copy)
		return fail(0, "out of memory");
	words[count++] = copy;
	for (size_t i = 0; i < 1 + 3 * map->count; i++, next += NUMBER_ROOM) {
		const struct id_line *line = &map->lines[i == 0 ? 0 : (i - 1) / 3];
		unsigned number = i == 0             ? (unsigned)child
				  : (i - 1) % 3 == 0 ? line->inner
				  : (i - 1) % 3 == 1 ? line->outer
						     : line->count;

		(void)snprintf(next, NUMBER_ROOM, "%u", number);
		words[count++] = next;
	}
	return run_helper(name, words);
}

/* The lines of a map file. same: every id keeps its number. NULL after fail(). */
static char *map_text(const struct id_map *map, bool same)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (!out) {
		(void)fail(0, "out of memory");
		return NULL;
	}
	for (size_t i = 0; i < map->count; i++)
		(void)fprintf(out, "%u %u %u\n", map->lines[i].inner,
			      same ? map->lines[i].inner : map->lines[i].outer,
			      map->lines[i].count);
	if (fclose(out) == 0)
		return text;
	free(text);
	(void)fail(0, "out of memory");
	return NULL;
}

/* process: its directory in a procfs. */
static int write_directly(const struct sandbox *sb, int process, bool same)
{
	autofree char *uids = map_text(&sb->uid_map, same);
	autofree char *gids = map_text(&sb->gid_map, same);

	if (!uids || !gids)
		return -1;
	if (write_file_at(process, "uid_map", uids) < 0)
		return fail(errno, "setting up uid map");
	if (write_file_at(process, "gid_map", gids) < 0)
		return fail(errno, "setting up gid map");
	return 0;
}

/* ---- the writer ---- */

static int write_maps(const struct sandbox *sb, pid_t child)
{
	autoclose int process = -1;
	char path[32];

	if (geteuid() != 0) {
		if (write_by_helper("newuidmap", child, &sb->uid_map) < 0)
			return -1;
		return write_by_helper("newgidmap", child, &sb->gid_map);
	}
	(void)snprintf(path, sizeof(path), "/proc/%d", child);
	process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (process < 0)
		return fail(errno, "%s", path);
	return write_directly(sb, process, false);
}

static void writer_main(const struct sandbox *sb, int channel)
{
	struct message message;

	failure_step("ids");
	/* what others wait for the end of is not to wait for us */
	close_from_but(3, &channel, 1);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		_exit(1);
	if (channel_receive(channel, &message) != 1 || message.kind != MESSAGE_MAP)
		_exit(1);
	if (write_maps(sb, (pid_t)message.value) < 0)
		channel_send_failure(channel);
	else
		(void)channel_send(channel, MESSAGE_GO, 0);
	_exit(0);
}

int idmap_writer_start(const struct sandbox *sb, struct idmap_writer *w)
{
	autoclose int theirs = -1;
	int ends[2];

	if (geteuid() != 0) {
		if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
			return fail(0, "newuidmap cannot be used: zbox was started under "
				       "no_new_privs");
		if (check_helper("newuidmap") < 0 || check_helper("newgidmap") < 0)
			return -1;
	}
	if (channel_open(ends) < 0)
		return -1;
	w->channel = ends[0];
	theirs = ends[1];
	w->pid = kernel_clone(0);
	if (w->pid < 0)
		return fail(errno, "fork");
	if (w->pid == 0)
		writer_main(sb, take_fd(&theirs));
	return 0;
}

int idmap_writer_run(struct idmap_writer *w, pid_t child)
{
	int result = -1;

	if (channel_send(w->channel, MESSAGE_MAP, (int)child) < 0)
		(void)fail(errno, "the process that writes id maps is gone");
	else
		result = channel_wait(w->channel, MESSAGE_GO);
	idmap_writer_end(w);
	return result;
}

void idmap_writer_end(struct idmap_writer *w)
{
	close_fd(&w->channel);
	if (w->pid <= 0)
		return;
	(void)kill(w->pid, SIGKILL);
	(void)waitpid(w->pid, NULL, 0);
	w->pid = -1;
}

/* ---- the namespace below ---- */

int idmap_enter_below(const struct sandbox *sb, unsigned flags, int proc)
{
	autoclose int self = openat(proc, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	autoclose int theirs = -1, ours = -1;
	int ends[2], result;
	pid_t child;

	if (self < 0)
		return fail(errno, "/proc/self");
	if (channel_open(ends) < 0)
		return -1;
	ours = ends[0];
	theirs = ends[1];
	child = kernel_clone_as(0, 301); /* the command's own number is not handed out */
	if (child < 0)
		return fail(errno, "fork");
	if (child == 0) {
		struct message message;

		close_fd(&ours);
		if (channel_receive(theirs, &message) != 1)
			_exit(1);
		if (write_directly(sb, self, true) < 0)
			channel_send_failure(theirs);
		else
			(void)channel_send(theirs, MESSAGE_GO, 0);
		_exit(0);
	}
	close_fd(&theirs);
	if (unshare((int)(CLONE_NEWUSER | flags)) < 0)
		result = fail(errno, "unshare user ns");
	else if (channel_send(ours, MESSAGE_MAP, 0) < 0)
		result = fail(errno, "the process that writes id maps is gone");
	else
		result = channel_wait(ours, MESSAGE_GO);
	close_fd(&ours);
	(void)waitpid(child, NULL, 0);
	return result;
}
