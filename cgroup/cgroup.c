/*
 * cgroup.c - the control group of one sandbox: made before it starts, removed when it has ended.
 *
 *   place      found or asked for (place.c, scope.c)
 *   keeper     where nobody else would clean up: a process that waits for the end of zbox
 *   room       zbox moves below, into "supervisor": a group with controllers for others must be
 *              empty itself
 *   box        gets its limits, one file each, while nobody is in it
 *   inside     below that; PID 1 is born there
 *
 * While it runs a request may change its limits (cgroup_update()), and freeze it.
 *
 * At the end, whoever is left is killed by the kernel in one step, the counters are read, the
 * directories are removed. When zbox is killed instead, PID 1 dies with it, and systemd removes the
 * scope, or the keeper the rest.
 *
 * What an attacker would try: to raise a limit. The files belong to the caller's uid, which inside
 * is root's, but the root of his control group namespace lies below them: a cgroup file system that
 * he mounts does not show them, and those of the host that were bound inside are made read-only
 * (shield.c). To be killed in parts, so that a part goes on in an odd state: memory.oom.group kills
 * all. To make control groups without end, which cost memory of the kernel: their number and depth
 * are bounded. To leave a process behind: cgroup.kill takes also those that are being made.
 */
#include "cgroup/cgroup.h"

#include "cgroup/limits.h"
#include "kernel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SUPERVISOR "supervisor"
#define INSIDE "inside"
#define DESCENDANTS "256"
#define DEPTH "8"
#define END_WAIT 5000 /* milliseconds for killed processes to be gone */
#define LOOK_AGAIN 20 /* milliseconds, where the kernel does not tell */

bool cgroup_wanted(const struct sandbox *sb)
{
	return sb->cgroup_limit_count > 0 || sb->cgroup;
}

/* ---- killing and removing: also the keeper's, so by names below the place ---- */

/* Before Linux 5.14 there is no cgroup.kill. Each that is seen is killed; whoever waits for the end
 * calls this again for those that were just being made. */
static int kill_each(int group)
{
	autofree char *list = NULL;
	autoclose int fd = openat(group, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char *save = NULL;
	size_t length;

	if (fd >= 0)
		list = read_fd(fd, SIZE_MAX / 2, &length);
	if (!list)
		return -1;
	for (char *word = strtok_r(list, "\n", &save); word; word = strtok_r(NULL, "\n", &save)) {
		int64_t pid = 0;

		if (parse_number(word, 1, INT32_MAX, &pid) == 0)
			(void)kill((pid_t)pid, SIGKILL);
	}
	return 0;
}

/* Calls each for every group directly below. */
static void for_children(int group, void (*each)(int group, const char *name))
{
	int copy = openat(group, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
	const struct dirent *entry;

	if (!dir) {
		close_fd(&copy);
		return;
	}
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			each(group, entry->d_name);
	(void)closedir(dir);
}

/* As deep as DEPTH allows. */
static void kill_below(int group, const char *name)
{
	autoclose int dir = openat(group, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0)
		return;
	(void)kill_each(dir); /* it may have gone meanwhile */
	for_children(dir, kill_below);
}

int cgroup_kill(int box)
{
	if (write_file_at(box, "cgroup.kill", "1") == 0)
		return 0;
	if (errno != ENOENT || kill_each(box) < 0)
		return -1;
	for_children(box, kill_below);
	return 0;
}

int cgroup_freeze(int box, bool frozen)
{
	return write_file_at(box, "cgroup.freeze", frozen ? "1" : "0");
}

static void remove_below(int group, const char *name)
{
	autoclose int dir = openat(group, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir >= 0)
		for_children(dir, remove_below);
	(void)unlinkat(group, name, AT_REMOVEDIR); /* the last one says whether it worked */
}

static bool is_so(int group, const char *event)
{
	char text[128];

	return read_file_at(group, "cgroup.events", text, sizeof(text)) >= 0 && strstr(text, event);
}

static bool is_populated(int group)
{
	return is_so(group, "populated 1");
}

bool cgroup_is_frozen(int box)
{
	return is_so(box, "frozen 1");
}

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Ends what is in it, and waits for that. */
static void empty(int box)
{
	uint64_t end = now_ms() + END_WAIT;
	autoclose int events = openat(box, "cgroup.events", O_RDONLY | O_CLOEXEC);

	while (is_populated(box) && now_ms() < end) {
		struct pollfd change = {.fd = events, .events = POLLPRI};

		(void)!cgroup_kill(box);
		/* the kernel tells of a change since it was read by this descriptor */
		if (is_populated(box))
			(void)poll(&change, 1, LOOK_AGAIN);
	}
}

/* zbox, and the keeper, go back to where they came from, which then may not have controllers for
 * others any more. */
static void leave_room(int place)
{
	char text[CONTROLLERS_TEXT], pids[256], *save = NULL;

	(void)!write_file_at(
		place, "cgroup.subtree_control",
		cgroup_controllers_print(text, cgroup_controllers(place, "cgroup.subtree_control"),
					 "-"));
	if (read_file_at(place, SUPERVISOR "/cgroup.procs", pids, sizeof(pids)) < 0)
		return;
	for (char *pid = strtok_r(pids, "\n", &save); pid; pid = strtok_r(NULL, "\n", &save))
		(void)!write_file_at(place, "cgroup.procs", pid);
	(void)unlinkat(place, SUPERVISOR, AT_REMOVEDIR);
}

/* Whatever was made, as far as it was. */
static void clean_up(const struct cgroup_place *place, const char *name)
{
	autoclose int box =
		openat(place->dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (box >= 0)
		empty(box);
	remove_below(place->dir, name);
	/* a scope is removed as a whole when zbox has left it by its end */
	if (place->own && !place->collected)
		leave_room(place->dir);
}

/* ---- the keeper ---- */

/* Ends by itself when zbox has, and everything that zbox made is gone. */
static void keep(const struct cgroup *c, int line)
{
	const int kept[] = {c->place.dir, line};
	sigset_t all;
	char byte;

	(void)sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, NULL) < 0 || setsid() < 0)
		_exit(1);
	close_from_but(0, kept, COUNT(kept));
	if (send(line, "", 1, MSG_NOSIGNAL) != 1)
		_exit(1);
	while (recv(line, &byte, 1, 0) < 0 && errno == EINTR)
		;
	clean_up(&c->place, c->name);
	_exit(0);
}

/* Before anything is made, and only gone on with when it stands by itself. */
static int start_keeper(struct cgroup *c)
{
	autoclose int ours = -1, theirs = -1;
	int ends[2];
	char byte;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(errno, "a socket pair");
	ours = ends[0];
	theirs = ends[1];
	c->keeper = kernel_clone(0);
	if (c->keeper < 0)
		return fail(errno, "fork");
	if (c->keeper == 0) {
		close_fd(&ours);
		keep(c, theirs);
	}
	close_fd(&theirs);
	c->line = take_fd(&ours);
	return recv(c->line, &byte, 1, 0) == 1 ? 0 : fail(0, "the keeper ended at once");
}

static void end_keeper(struct cgroup *c)
{
	close_fd(&c->line);
	if (c->keeper > 0)
		(void)waitpid(c->keeper, NULL, 0);
	c->keeper = -1;
}

/* ---- making ---- */

static int move_to(int dir, const char *file, pid_t pid)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	return write_file_at(dir, file, text);
}

/* A group that has controllers for those below it must be empty. */
static int make_room(const struct cgroup *c)
{
	int dir = c->place.dir;

	if (!c->place.own)
		return 0;
	if ((mkdirat(dir, SUPERVISOR, 0755) < 0 && errno != EEXIST) ||
	    move_to(dir, SUPERVISOR "/cgroup.procs", getpid()) < 0 ||
	    (c->keeper > 0 && move_to(dir, SUPERVISOR "/cgroup.procs", c->keeper) < 0))
		return fail(errno, "%s/" SUPERVISOR, c->place.path);
	return 0;
}

/* What does not hold is noted where that is enough. Returns 0 then, or -1. */
static int tolerate(const struct sandbox *sb, struct cgroup *c)
{
	autofree char *text = failure_sentence();
	char **slot;

	if (!text || sb->best_effort != BEST_EFFORT_LIMITS)
		return -1;
	slot = array_add(&c->notes, &c->note_count, sizeof(*slot));
	if (!slot)
		return -1;
	*slot = format_text("a limit does not hold: %s", text);
	if (!*slot) {
		c->note_count--;
		return -1;
	}
	failure_clear();
	return 0;
}

static int not_delegated(const struct cgroup *c, const struct cgroup_limit *limit, unsigned there)
{
	char name[CONTROLLERS_TEXT], have[CONTROLLERS_TEXT];

	return fail(0, "--%s %s: the controller %s is not delegated to %s (only: %s)",
		    cgroup_limit_name(limit->kind), limit->text,
		    cgroup_controllers_print(name, cgroup_limit_controller(limit->kind), ""),
		    c->place.path, there ? cgroup_controllers_print(have, there, "") : "none");
}

static unsigned needed_controllers(const struct cgroup_limit *limits, size_t count)
{
	unsigned controllers = 0;

	for (size_t i = 0; i < count; i++)
		controllers |= cgroup_limit_controller(limits[i].kind);
	return controllers;
}

/* Those that are wanted and there. */
static int enable_controllers(const struct cgroup *c, unsigned wanted, unsigned *there)
{
	char text[CONTROLLERS_TEXT];

	*there = cgroup_controllers(c->place.dir, "cgroup.controllers");
	wanted &= *there & ~cgroup_controllers(c->place.dir, "cgroup.subtree_control");
	if (wanted == 0 || write_file_at(c->place.dir, "cgroup.subtree_control",
					 cgroup_controllers_print(text, wanted, "+")) == 0)
		return 0;
	if (errno == EBUSY)
		return fail(0, "there are processes in %s: only a group without may be divided",
			    c->place.path);
	return fail(errno, "%s in %s/cgroup.subtree_control", text, c->place.path);
}

/* A weight counts among siblings: those of a scope are all the others of the user, the box is alone
 * in it. */
static int set_limit(const struct cgroup *c, const struct cgroup_limit *limit)
{
	bool weight = limit->kind == CGROUP_CPU_WEIGHT || limit->kind == CGROUP_IO_WEIGHT;

	if (cgroup_limit_heeded(limit) < 0 || cgroup_limit_set(c->box, limit) < 0)
		return -1;
	return weight && c->place.collected ? cgroup_limit_set(c->place.dir, limit) : 0;
}

static int set_limits(const struct sandbox *sb, struct cgroup *c, unsigned there)
{
	bool memory = false, swap = false;

	for (size_t i = 0; i < sb->cgroup_limit_count; i++) {
		const struct cgroup_limit *limit = &sb->cgroup_limits[i];
		int result = cgroup_limit_controller(limit->kind) & there
				     ? set_limit(c, limit)
				     : not_delegated(c, limit, there);

		if (result < 0 && tolerate(sb, c) < 0)
			return -1;
		memory |= limit->kind == CGROUP_MEMORY && result == 0;
		swap |= limit->kind == CGROUP_SWAP;
	}
	if (memory && !swap && cgroup_no_swap(c->box) < 0 && tolerate(sb, c) < 0)
		return -1;
	/* all of it is killed, or nothing; the file is there with the controller */
	if (write_file_at(c->box, "memory.oom.group", "1") < 0 && errno != ENOENT)
		return fail(errno, "memory.oom.group");
	return 0;
}

static int make_box(const struct sandbox *sb, struct cgroup *c, bool counted)
{
	unsigned wanted = needed_controllers(sb->cgroup_limits, sb->cgroup_limit_count), there;

	if (counted)
		wanted |= CONTROLLER_MEMORY | CONTROLLER_PIDS | CONTROLLER_IO;
	if (enable_controllers(c, wanted, &there) < 0)
		return -1;
	if (mkdirat(c->place.dir, c->name, 0755) < 0)
		return fail(errno, "a control group in %s", c->place.path);
	c->box = openat(c->place.dir, c->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->box < 0)
		return fail(errno, "%s/%s", c->place.path, c->name);
	if (set_limits(sb, c, there) < 0)
		return -1;
	if (write_file_at(c->box, "cgroup.max.descendants", DESCENDANTS) < 0 ||
	    write_file_at(c->box, "cgroup.max.depth", DEPTH) < 0)
		return fail(errno, "%s/%s/cgroup.max.*", c->place.path, c->name);
	if (mkdirat(c->box, INSIDE, 0755) < 0)
		return fail(errno, "%s/%s/" INSIDE, c->place.path, c->name);
	c->inside = openat(c->box, INSIDE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->inside < 0)
		return fail(errno, "%s/%s/" INSIDE, c->place.path, c->name);
	c->path = format_text("%s/%s", c->place.path, c->name);
	return c->path ? 0 : -1;
}

static int make(const struct sandbox *sb, struct cgroup *c, bool counted)
{
	struct timespec now;

	/* the pid alone may be that of another, in another pid namespace */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)snprintf(c->name, sizeof(c->name), "zbox-%d-%lx", (int)getpid(), now.tv_nsec);
	if (cgroup_place_find(sb, needed_controllers(sb->cgroup_limits, sb->cgroup_limit_count),
			      &c->place) < 0)
		return -1;
	if (!c->place.collected && start_keeper(c) < 0)
		return -1;
	return make_room(c) < 0 ? -1 : make_box(sb, c, counted);
}

int cgroup_open(const struct sandbox *sb, bool counted, struct cgroup *c)
{
	if (!cgroup_wanted(sb) || make(sb, c, counted) == 0)
		return 0;
	cgroup_close(c);
	return tolerate(sb, c);
}

/* ---- limits that change while it runs ---- */

/* Takes the place of what it overrules in the list of those that hold. */
static int remember(struct cgroup *c, const struct cgroup_limit *limit)
{
	struct cgroup_limit *slot = cgroup_limit_find(c->limits, c->limit_count, limit);
	struct cgroup_limit changed = *limit;

	if (!slot)
		slot = array_add(&c->limits, &c->limit_count, sizeof(*slot));
	if (!slot)
		return -1;
	changed.text = format_text("%s", limit->text);
	if (!changed.text) {
		if (!slot->text) /* it was made for this, as the last */
			c->limit_count--;
		return -1;
	}
	/* of a disk the kernel keeps the rates that are not named */
	for (size_t i = 0; i < IO_RATES; i++)
		if (changed.rates[i] == 0)
			changed.rates[i] = slot->rates[i];
	free((char *)(uintptr_t)slot->text);
	*slot = changed;
	return 0;
}

static int read_changes(const char *words, size_t size, struct cgroup_limit *changes, size_t *count)
{
	for (const char *name = words, *text; name < words + size; name = text + strlen(text) + 1) {
		text = name + strlen(name) + 1;
		if (*count == CGROUP_CHANGES)
			return fail(0, "more than %d limits at once", CGROUP_CHANGES);
		if (text >= words + size)
			return fail(0, "--%s takes a value", name);
		if (cgroup_limit_parse(name, text, &changes[*count]) < 0)
			return -1;
		++*count;
	}
	return 0;
}

static bool has_kind(const struct sandbox *sb, enum cgroup_limit_kind kind)
{
	for (size_t i = 0; i < sb->cgroup_limit_count; i++)
		if (sb->cgroup_limits[i].kind == kind)
			return true;
	return false;
}

static int change_limit(const struct sandbox *sb, struct cgroup *c,
			const struct cgroup_limit *change)
{
	struct sandbox now;

	if (set_limit(c, change) < 0 || remember(c, change) < 0)
		return -1;
	now = cgroup_now(sb, c);
	if (change->kind == CGROUP_MEMORY && !has_kind(&now, CGROUP_SWAP))
		return cgroup_no_swap(c->box);
	return 0;
}

int cgroup_update(const struct sandbox *sb, struct cgroup *c, const char *words, size_t size)
{
	struct cgroup_limit changes[CGROUP_CHANGES];
	size_t count = 0;
	unsigned there = 0;

	if (c->box < 0)
		return fail(0, "it has no control group of its own: that is made at the start, for "
			       "a limit such as --memory");
	if (read_changes(words, size, changes, &count) < 0 ||
	    enable_controllers(c, needed_controllers(changes, count), &there) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (!(cgroup_limit_controller(changes[i].kind) & there))
			return not_delegated(c, &changes[i], there);
	for (size_t i = 0; c->limit_count == 0 && i < sb->cgroup_limit_count; i++)
		if (remember(c, &sb->cgroup_limits[i]) < 0)
			return -1;
	for (size_t i = 0; i < count; i++)
		if (change_limit(sb, c, &changes[i]) < 0) {
			if (i > 0)
				failure_prefix("what stands before it holds now: ");
			return -1;
		}
	return 0;
}

struct sandbox cgroup_now(const struct sandbox *sb, const struct cgroup *c)
{
	struct sandbox now = *sb;

	if (c->limit_count > 0) {
		now.cgroup_limits = c->limits;
		now.cgroup_limit_count = c->limit_count;
	}
	return now;
}

int cgroup_join(const struct cgroup *c)
{
	if (write_file_at(c->inside, "cgroup.procs", "0") == 0)
		return 0;
	if (errno != EACCES)
		return fail(errno, "%s/" INSIDE "/cgroup.procs", c->path);
	return fail(EACCES,
		    "%s: no way there from the control group in which zbox is, because what is "
		    "above both is not this user's",
		    c->path);
}

void cgroup_close(struct cgroup *c)
{
	if (c->place.dir < 0)
		return;
	if (c->box >= 0) {
		empty(c->box);
		if (c->inside >= 0)
			cgroup_usage_read(c->box, &c->usage);
		c->measured = c->inside >= 0;
	}
	close_fd(&c->inside);
	close_fd(&c->box);
	clean_up(&c->place, c->name);
	end_keeper(c);
	cgroup_place_free(&c->place);
}

void cgroup_free(struct cgroup *c)
{
	cgroup_close(c);
	for (size_t i = 0; i < c->note_count; i++)
		free(c->notes[i]);
	for (size_t i = 0; i < c->limit_count; i++)
		free((char *)(uintptr_t)c->limits[i].text);
	free(c->limits);
	free(c->notes);
	free(c->path);
	*c = (struct cgroup)CGROUP_NONE;
}
