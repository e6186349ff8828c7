/*
 * control.c - what is said over the socket of a sandbox with a name, and between whom.
 *
 * Who connects gets at everything inside, who answers gets the caller's descriptors. So each of
 * the two makes sure of the other before it says anything that matters:
 *
 *   1. the kernel's note of who made the connection, or listened (SO_PEERCRED): the same user id.
 *      That is not enough: inside of a sandbox processes have the caller's id too, whatever they
 *      call it, and so has root in a user namespace that anybody made
 *   2. the same user namespace, and no more filters, by the process's directory in /proc. It was
 *      opened once: it is that of the process that has the number now, or of none
 *   3. the message that follows bears its sender's number, noted by the kernel when it was sent
 *      (SCM_CREDENTIALS): it has to be the same, and the directory must still be alive. So the
 *      process of 2 was alive under that number from 2 on, and it is who sent the message
 *
 * What an attacker inside would try, if the directory of the sockets was shown to him: to connect
 * (2 refuses him); to connect, fork and end, until somebody outside gets his number (3); to put a
 * socket of his own in the place of one, for the next `zbox --enter` to hand its terminal to (the
 * same checks, the other way round). A process that may choose the number in SCM_CREDENTIALS has a
 * pid namespace of its own to choose from.
 */
#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* Words, all of them with an end; what they mean is seen when they are read. */
static bool changes_are_sound(const char *words, size_t size)
{
	return size > 0 && size <= CONTROL_CHANGES && words[size - 1] == '\0';
}

bool control_request_is_sound(const struct control_request *r, const void *more, size_t size)
{
	if (size < sizeof(*r) || r->kind >= CONTROL_KINDS)
		return false;
	if (r->kind == CONTROL_ENTER)
		return r->value == 0 && more && entry_is_sound(more, size - sizeof(*r));
	if (r->kind == CONTROL_UPDATE)
		return r->value == 0 && more && changes_are_sound(more, size - sizeof(*r));
	if (size != sizeof(*r))
		return false;
	return r->kind == CONTROL_SIGNAL ? r->value >= 1 && r->value <= 64 : r->value == 0;
}

/* ---- who is at the other end ---- */

/* The number behind name in the text; missing: where there is no such line. */
static int64_t status_line(const char *text, const char *name, int64_t missing)
{
	const char *line = strstr(text, name);
	char word[24];
	size_t length;
	int64_t number;

	if (!line)
		return missing;
	line += strlen(name);
	line += strspn(line, " \t");
	length = strcspn(line, "\n");
	if (length >= sizeof(word))
		return missing;
	memcpy(word, line, length);
	word[length] = '\0';
	return parse_number(word, 0, INT32_MAX, &number) < 0 ? missing : number;
}

static int read_confinement(int proc, const char *path, struct confinement *c)
{
	char text[8192];

	if (read_file_at(proc, path, text, sizeof(text)) < 0)
		return -1;
	/* what a kernel does not tell counts as none, for both alike (filters: Linux 5.9) */
	c->no_new_privileges = status_line(text, "\nNoNewPrivs:", 0);
	c->seccomp = status_line(text, "\nSeccomp:", 0);
	c->filters = status_line(text, "\nSeccomp_filters:", 0);
	return 0;
}

int confinement_get(struct confinement *c)
{
	return read_confinement(-1, "/proc/self/status", c) < 0 ? fail(errno, "/proc/self/status")
								: 0;
}

static int same_user_namespace(int proc)
{
	struct stat theirs, ours;

	/* EACCES: it is above ours, or keeps everybody out */
	if (fstatat(proc, "ns/user", &theirs, 0) < 0)
		return fail(errno, errno == EACCES ? "the process at the other end is not known to "
						     "be in this user namespace"
						   : "the process at the other end");
	if (stat("/proc/self/ns/user", &ours) < 0)
		return fail(errno, "/proc/self/ns/user");
	if (theirs.st_dev != ours.st_dev || theirs.st_ino != ours.st_ino)
		return fail(EPERM, "the process at the other end is not in this user namespace");
	return 0;
}

int peer_open(int socket, const struct confinement *most, bool nnp, struct peer *p)
{
	struct ucred who;
	socklen_t size = sizeof(who);
	struct confinement theirs;
	autoclose int proc = -1;
	char path[32];

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0)
		return fail(errno, "SO_PEERCRED");
	if (who.uid != geteuid())
		return fail(EPERM, "the process at the other end is another user's");
	if (who.pid <= 0)
		return fail(EPERM, "the process at the other end is in another pid namespace");
	(void)snprintf(path, sizeof(path), "/proc/%d", who.pid);
	proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		return fail(errno, "the process at the other end");
	if (same_user_namespace(proc) < 0)
		return -1;
	if (read_confinement(proc, "status", &theirs) < 0)
		return fail(errno, "the process at the other end");
	if ((nnp && theirs.no_new_privileges > most->no_new_privileges) ||
	    theirs.seccomp > most->seccomp || theirs.filters > most->filters)
		return fail(EPERM, "the process at the other end is confined");
	p->pid = who.pid;
	p->proc = take_fd(&proc);
	return 0;
}

int peer_confirm(const struct peer *p, pid_t sender)
{
	if (sender != p->pid)
		return fail(EPERM, "a message of another process than the one that connected");
	return same_user_namespace(p->proc);
}

/* ---- messages ---- */

int control_note_senders(int socket)
{
	int on = 1;

	return setsockopt(socket, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0
		       ? fail(errno, "SO_PASSCRED")
		       : 0;
}

int control_send(int socket, const struct control_message *m, int flags)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * ENTRY_FDS)] = {0};
	struct iovec parts[] = {{m->parts[0].bytes, m->parts[0].size},
				{m->parts[1].bytes, m->parts[1].size}};
	struct msghdr header = {.msg_iov = parts, .msg_iovlen = m->parts[1].bytes ? 2 : 1};
	ssize_t sent;

	if (m->fd_count > 0) {
		const struct cmsghdr extra = {.cmsg_level = SOL_SOCKET,
					      .cmsg_type = SCM_RIGHTS,
					      .cmsg_len = CMSG_LEN(sizeof(int) * m->fd_count)};

		memcpy(control, &extra, sizeof(extra));
		memcpy(control + CMSG_LEN(0), m->fds, sizeof(int) * m->fd_count);
		header.msg_control = control;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * m->fd_count);
	}
	do
		sent = sendmsg(socket, &header, MSG_NOSIGNAL | flags);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -1 : 1;
}

/* Descriptors beyond what is wanted are closed, all of them where none are. */
static void take_rights(struct control_message *m, const struct cmsghdr *extra)
{
	size_t count = (extra->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t i = 0; i < count; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(extra) + i * sizeof(fd), sizeof(fd));
		if (m->fds && m->fd_count < ENTRY_FDS)
			m->fds[m->fd_count++] = fd;
		else
			close_fd(&fd);
	}
}

static void take_extras(struct control_message *m, struct msghdr *header)
{
	for (struct cmsghdr *extra = CMSG_FIRSTHDR(header); extra;
	     extra = CMSG_NXTHDR(header, extra)) {
		struct ucred who;

		if (extra->cmsg_level != SOL_SOCKET)
			continue;
		if (extra->cmsg_type == SCM_RIGHTS)
			take_rights(m, extra);
		if (extra->cmsg_type != SCM_CREDENTIALS || extra->cmsg_len != CMSG_LEN(sizeof(who)))
			continue;
		memcpy(&who, CMSG_DATA(extra), sizeof(who));
		m->sender = who.pid;
	}
}

int control_receive(int socket, struct control_message *m, int flags)
{
	/* the kernel closes what has no room here */
	_Alignas(struct cmsghdr) char
		control[CMSG_SPACE(sizeof(int) * ENTRY_FDS) + CMSG_SPACE(sizeof(struct ucred))];
	struct iovec parts[] = {{m->parts[0].bytes, m->parts[0].size},
				{m->parts[1].bytes, m->parts[1].size}};
	struct msghdr header = {.msg_iov = parts,
				.msg_iovlen = m->parts[1].bytes ? 2 : 1,
				.msg_control = control,
				.msg_controllen = sizeof(control)};
	ssize_t length;

	m->sender = 0;
	m->fd_count = 0;
	length = receive_message(socket, &header, flags);
	if (length <= 0)
		return (int)length;
	take_extras(m, &header);
	m->length = (size_t)length;
	if (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		control_drop_fds(m);
		errno = EMSGSIZE;
		return -1;
	}
	return 1;
}

void control_drop_fds(struct control_message *m)
{
	while (m->fd_count > 0)
		close_fd(&m->fds[--m->fd_count]);
}
