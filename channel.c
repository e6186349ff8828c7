/*
 * channel.c - the messages between zbox outside and PID 1 inside.
 *
 * The inside is set up by our own code, but it is the less trusted end: a message has a fixed
 * layout, its strings are ended here again, and an unknown one ends the run rather than being
 * skipped.
 */
#include "channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

int channel_open(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(errno, "a socket pair");
	return 0;
}

static int send_parts(int channel, struct iovec *parts, size_t count, int flags)
{
	struct msghdr header = {.msg_iov = parts, .msg_iovlen = count};
	ssize_t sent;

	do
		sent = sendmsg(channel, &header, MSG_NOSIGNAL | flags);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -1 : 0;
}

int channel_send(int channel, enum message_kind kind, int value)
{
	struct message message = {kind, value};
	struct iovec part = {&message, sizeof(message)};

	return send_parts(channel, &part, 1, 0);
}

int channel_post(int channel, enum message_kind kind, int value)
{
	struct message message = {kind, value};
	struct iovec part = {&message, sizeof(message)};

	return send_parts(channel, &part, 1, MSG_DONTWAIT);
}

void channel_send_failure(int channel)
{
	struct message message = {MESSAGE_FAILED, 0};
	struct failure failure;
	struct iovec parts[] = {{&message, sizeof(message)}, {&failure, sizeof(failure)}};

	if (!failure_get())
		return;
	failure = *failure_get();
	(void)send_parts(channel, parts, COUNT(parts), 0); /* nobody is left to tell */
}

int channel_receive(int channel, struct message *message)
{
	struct message got;
	struct failure failure;
	struct iovec parts[] = {{&got, sizeof(got)}, {&failure, sizeof(failure)}};
	struct msghdr header = {.msg_iov = parts, .msg_iovlen = COUNT(parts)};
	ssize_t length;

	length = receive_message(channel, &header, 0);
	if (length <= 0)
		return (int)length;
	if ((size_t)length != sizeof(got) + (got.kind == MESSAGE_FAILED ? sizeof(failure) : 0)) {
		errno = EPROTO;
		return -1;
	}
	if (got.kind == MESSAGE_FAILED)
		failure_adopt(&failure);
	*message = got;
	return 1;
}

int channel_note_senders(int channel, bool on)
{
	int value = on;

	if (setsockopt(channel, SOL_SOCKET, SO_PASSCRED, &value, sizeof(value)) < 0)
		return fail(errno, "SO_PASSCRED");
	return 0;
}

int channel_sender(int channel, pid_t *pid)
{
	struct message got;
	struct iovec part = {&got, sizeof(got)};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred))];
	struct msghdr header = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = control,
				.msg_controllen = sizeof(control)};
	const struct cmsghdr *extra;
	struct ucred sender;
	ssize_t length;

	length = receive_message(channel, &header, 0);
	extra = CMSG_FIRSTHDR(&header);
	if (length != (ssize_t)sizeof(got) || !extra || extra->cmsg_type != SCM_CREDENTIALS)
		return fail(length < 0 ? errno : 0, "the sandbox ended before it began");
	memcpy(&sender, CMSG_DATA(extra), sizeof(sender));
	*pid = sender.pid;
	return 0;
}

int channel_wait(int channel, enum message_kind kind)
{
	struct message message;
	int got = channel_receive(channel, &message);

	if (got < 0)
		return fail(errno, "waiting for zbox outside");
	if (got == 0 || message.kind != kind)
		return fail(0, "zbox outside is gone");
	return 0;
}
