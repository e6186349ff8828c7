/*
 * outside-announce.c - who the child is, for those who asked: launchers and portals.
 *
 *   instance   the folder in which portals find the application's processes (desktop/instance.c)
 *   announce   bubblewrap's two documents, on --info-fd and --json-status-fd; then the caller may
 *              write the child's id maps, and says when it may go on (--userns-block-fd)
 *   end        the exit status, on --json-status-fd
 *
 * The child waits meanwhile, so its namespaces are those that it will have, and its number is its
 * own: nobody else waits for it. What an attacker would try is to be in between: nothing of the
 * command has run yet.
 */
#include "channel.h"
#include "run.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *file;
	unsigned flag;
} announced[] = {
	{"cgroup", CLONE_NEWCGROUP}, {"ipc", CLONE_NEWIPC}, {"mnt", CLONE_NEWNS},
	{"net", CLONE_NEWNET},       {"pid", CLONE_NEWPID}, {"uts", CLONE_NEWUTS},
};

#define DOCUMENT_ROOM 512

/* bubblewrap's document: the child's pid and the inode numbers of the namespaces that are new.
 * between and end are its two layouts. Returns its length, or -1 after fail(). */
static ssize_t describe_child(const struct run *run, char text[DOCUMENT_ROOM], const char *start,
			      const char *between, const char *end)
{
	size_t used = (size_t)snprintf(text, DOCUMENT_ROOM, "%s\"child-pid\": %d", start,
				       run->supervisor.child);

	for (size_t i = 0; i < COUNT(announced); i++) {
		char path[64];
		struct stat st;

		if (!(run->clone_flags & announced[i].flag))
			continue;
		(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", run->supervisor.child,
			       announced[i].file);
		if (stat(path, &st) < 0)
			return fail(errno, "%s", path);
		used += (size_t)snprintf(text + used, DOCUMENT_ROOM - used,
					 "%s\"%s-namespace\": %llu", between, announced[i].file,
					 (unsigned long long)st.st_ino);
	}
	used += (size_t)snprintf(text + used, DOCUMENT_ROOM - used, "%s", end);
	return (ssize_t)used;
}

static int announce_to(const struct run *run, int fd, const char *start, const char *between,
		       const char *end)
{
	char text[DOCUMENT_ROOM];
	ssize_t length = describe_child(run, text, start, between, end);

	return length < 0 ? -1 : write_fd(fd, text, (size_t)length);
}

int outside_instance(const struct sandbox *sb, struct run *run)
{
	char text[DOCUMENT_ROOM];

	if (!sb->instance)
		return 0;
	if (describe_child(run, text, "{\n    ", ",\n    ", "\n}\n") < 0)
		return -1;
	return instance_make(sb, text, &run->instance);
}

/* Signals act here as they do on any program, and nobody is waited for in vain. */
static int wait_for_byte(const struct run *run, int fd)
{
	struct pollfd polls[] = {{.fd = fd, .events = POLLIN},
				 {.fd = run->supervisor.channel},
				 {.fd = run->supervisor.parent, .events = POLLIN}};
	char byte;
	ssize_t got;

	while (ppoll(polls, COUNT(polls), NULL, &run->old_mask) < 0)
		if (errno != EINTR)
			return fail(errno, "poll");
	if (polls[1].revents)
		return fail(0, "the sandbox ended before the command was started");
	if (polls[2].revents)
		return fail(0, "the parent process has gone");

	do
		got = read(fd, &byte, 1);
	while (got < 0 && errno == EINTR);
	return got < 0 ? fail(errno, "read") : 0;
}

int outside_announce(const struct sandbox *sb, struct run *run)
{
	int info = sb->info_fd;

	if (sb->json_status_fd >= 0 && announce_to(run, sb->json_status_fd, "{ ", ", ", " }\n") < 0)
		return fail(errno, "Write to json_status_fd");
	if (sb->info_fd >= 0) {
		if (announce_to(run, sb->info_fd, "{\n    ", ",\n    ", "\n}\n") < 0)
			return fail(errno, "Write to info_fd");
		close_fd(&info);
	}
	if (sb->userns_block_fd >= 0 && wait_for_byte(run, sb->userns_block_fd) < 0)
		return -1;
	if (sb->userns2_fd >= 0 && setns(sb->userns2_fd, CLONE_NEWUSER) < 0)
		return fail(errno, "Setting userns2 failed");
	return 0;
}

void announce_end(const struct sandbox *sb, const struct supervisor *s)
{
	char text[40];
	int length;

	if (sb->json_status_fd < 0 || !s->started || !s->ended)
		return;
	length = snprintf(text, sizeof(text), "{ \"exit-code\": %d }\n",
			  WIFSIGNALED(s->status) ? 128 + WTERMSIG(s->status)
						 : WEXITSTATUS(s->status));
	(void)!write_fd(sb->json_status_fd, text, (size_t)length); /* the reader may have gone */
}
