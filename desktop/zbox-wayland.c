/*
 * zbox-wayland.c - asks a Wayland compositor for a security context: a program of its own, which
 * zbox starts.
 *
 *   zbox-wayland display=PATH                            whether it has them at all
 *   zbox-wayland display=PATH app=APP instance=ID        one for this application
 *
 * Descriptor 3 is a socket to zbox. The first kind gets the word "context" or "none". For the
 * second zbox sends the directory in which the socket for the application is to be made, and gets
 * "ready", or the record of what went wrong.
 *
 *   registry     what the compositor has, up to the answer to sync
 *   listen       the socket is made by way of the directory's descriptor
 *   context      the compositor gets it, with the names, and descriptor 3 as the sign that somebody
 *                still wants it: its other end is zbox's
 *   sync         after it, no error has come: the compositor has taken all of it
 *
 * The protocol is few and simple messages, so no library is needed. The compositor is the caller's
 * own and sees everything anyway; that it is none, or is stuck, must not do harm: what comes is
 * measured before it is used, and nothing is waited for longer than PATIENCE.
 */
#include "utils.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ZBOX_FD 3
#define PATIENCE 5000 /* milliseconds */
#define QUEUE 128     /* of the socket: as many programs may wait to be let in */
#define ENGINE "zbox"
#define MANAGER "wp_security_context_manager_v1"

/* Objects, as we number them; the display's number is given. */
enum { DISPLAY = 1, REGISTRY, FIRST_SYNC, THE_MANAGER, CONTEXT, LAST_SYNC };

/* Requests and events by their place in the protocol. */
enum { DISPLAY_SYNC = 0, DISPLAY_GET_REGISTRY = 1, REGISTRY_BIND = 0 };
enum { MANAGER_CREATE_LISTENER = 1 };
enum { CONTEXT_ENGINE = 1, CONTEXT_APP = 2, CONTEXT_INSTANCE = 3, CONTEXT_COMMIT = 4 };
enum { EVENT_ERROR = 0, EVENT_GLOBAL = 0, EVENT_DONE = 0 };

#define HEAD 8 /* object; length and kind */

struct wayland {
	int fd;
	uint32_t manager; /* its number in the registry, 0: there is none */
	size_t length;
	unsigned char in[1 << 16]; /* a message is at most as long */
	size_t used;
	unsigned char out[1024];
};

/* ---- what is sent ---- */

static void put_number(struct wayland *w, uint32_t number)
{
	memcpy(w->out + w->used, &number, sizeof(number));
	w->used += sizeof(number);
}

static void put_text(struct wayland *w, const char *text)
{
	size_t length = strlen(text) + 1;

	put_number(w, (uint32_t)length);
	memcpy(w->out + w->used, text, length);
	memset(w->out + w->used + length, 0, -length & 3);
	w->used += (length + 3) & ~(size_t)3;
}

static void begin(struct wayland *w, uint32_t object)
{
	w->used = 0;
	put_number(w, object);
	put_number(w, 0);
}

/* Sends what was put since begin(), with the descriptors. Returns 0, or -1 after fail(). */
static int end(struct wayland *w, unsigned kind, const int *fds, size_t count)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} control = {.room = {0}};
	struct iovec part = {w->out, w->used};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	uint32_t head = (uint32_t)w->used << 16 | kind;

	memcpy(w->out + 4, &head, sizeof(head));
	if (count > 0) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&control.head), fds, count * sizeof(int));
	}
	if (sendmsg(w->fd, &message, MSG_NOSIGNAL) != (ssize_t)w->used)
		return fail(errno, "the compositor takes no message");
	return 0;
}

static int request_new(struct wayland *w, uint32_t object, unsigned kind, uint32_t made)
{
	begin(w, object);
	put_number(w, made);
	return end(w, kind, NULL, 0);
}

static int request_text(struct wayland *w, unsigned kind, const char *text)
{
	begin(w, CONTEXT);
	put_text(w, text);
	return end(w, kind, NULL, 0);
}

/* ---- what comes ---- */

static uint32_t number_at(const unsigned char *bytes)
{
	uint32_t number;

	memcpy(&number, bytes, sizeof(number));
	return number;
}

/* The text at the start of the bytes: its length, then itself with a NUL. NULL: there is none. */
static const char *text_at(const unsigned char *bytes, size_t length)
{
	uint32_t size = length < 4 ? 0 : number_at(bytes);

	if (size == 0 || size > length - 4 || bytes[4 + size - 1] != '\0')
		return NULL;
	return (const char *)bytes + 4;
}

/* Returns 1 when it is the answer to the sync, 0 for any other, or -1 after fail(). */
static int take_event(struct wayland *w, uint32_t object, unsigned kind, const unsigned char *bytes,
		      size_t length, uint32_t sync)
{
	const char *text;

	if (object == DISPLAY && kind == EVENT_ERROR) {
		text = length < 8 ? NULL : text_at(bytes + 8, length - 8);
		return fail(0, "the compositor refuses: %s", text ? text : "");
	}
	if (object == REGISTRY && kind == EVENT_GLOBAL && length >= 4) {
		text = text_at(bytes + 4, length - 4);
		if (text && strcmp(text, MANAGER) == 0)
			w->manager = number_at(bytes);
	}
	return object == sync && kind == EVENT_DONE;
}

static int receive(struct wayland *w)
{
	struct pollfd polled = {.fd = w->fd, .events = POLLIN};
	ssize_t got;

	if (poll(&polled, 1, PATIENCE) <= 0)
		return fail(ETIMEDOUT, "the compositor does not answer");
	got = recv(w->fd, w->in + w->length, sizeof(w->in) - w->length, 0);
	if (got <= 0)
		return fail(got < 0 ? errno : 0, "the compositor ended the connection");
	w->length += (size_t)got;
	return 0;
}

/* Reads until the answer to the sync. Returns 0, or -1 after fail(). */
static int wait_for(struct wayland *w, uint32_t sync)
{
	int result = 0;

	while (result == 0) {
		uint32_t head = w->length < HEAD ? 0 : number_at(w->in + 4);
		size_t length = head >> 16;

		if (w->length >= HEAD && length < HEAD)
			return fail(0, "what answers is no compositor");
		if (length == 0 || w->length < length) {
			if (receive(w) < 0)
				return -1;
			continue;
		}
		result = take_event(w, number_at(w->in), head & 0xffff, w->in + HEAD, length - HEAD,
				    sync);
		w->length -= length;
		memmove(w->in, w->in + length, w->length);
	}
	return result < 0 ? -1 : 0;
}

/* ---- the steps ---- */

static int connect_to(struct wayland *w, const char *path)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(name.sun_path))
		return fail(ENAMETOOLONG, "%s", path);
	memcpy(name.sun_path, path, strlen(path));
	w->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (w->fd < 0 || connect(w->fd, (const struct sockaddr *)&name, sizeof(name)) < 0)
		return fail(errno, "%s", path);
	return 0;
}

static int look(struct wayland *w)
{
	if (request_new(w, DISPLAY, DISPLAY_GET_REGISTRY, REGISTRY) < 0 ||
	    request_new(w, DISPLAY, DISPLAY_SYNC, FIRST_SYNC) < 0)
		return -1;
	return wait_for(w, FIRST_SYNC);
}

/* The socket that the application will connect to. Returns it, or -1 after fail(). */
static int listen_inside(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	autoclose int directory = receive_fd(ZBOX_FD);
	char path[FD_PATH];
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (directory < 0)
		return -1;
	(void)snprintf(name.sun_path, sizeof(name.sun_path), "%s/wayland-0",
		       fd_path(path, directory));
	if (fd < 0 || bind(fd, (const struct sockaddr *)&name, sizeof(name)) < 0 ||
	    listen(fd, QUEUE) < 0)
		return fail(errno, "a socket inside");
	return take_fd(&fd);
}

static int make_context(struct wayland *w, const char *app, const char *instance)
{
	autoclose int fd = -1;

	if (!w->manager)
		return fail(0, "the compositor has no security contexts any more");
	fd = listen_inside();
	if (fd < 0)
		return -1;
	begin(w, REGISTRY);
	put_number(w, w->manager);
	put_text(w, MANAGER);
	put_number(w, 1);
	put_number(w, THE_MANAGER);
	if (end(w, REGISTRY_BIND, NULL, 0) < 0)
		return -1;
	begin(w, THE_MANAGER);
	put_number(w, CONTEXT);
	if (end(w, MANAGER_CREATE_LISTENER, (const int[]){fd, ZBOX_FD}, 2) < 0 ||
	    request_text(w, CONTEXT_ENGINE, ENGINE) < 0 || request_text(w, CONTEXT_APP, app) < 0 ||
	    request_text(w, CONTEXT_INSTANCE, instance) < 0)
		return -1;
	begin(w, CONTEXT);
	if (end(w, CONTEXT_COMMIT, NULL, 0) < 0 ||
	    request_new(w, DISPLAY, DISPLAY_SYNC, LAST_SYNC) < 0)
		return -1;
	return wait_for(w, LAST_SYNC);
}

/* What stands behind NAME= in the word, NULL where it is another, or too long for a message. */
static const char *value(const char *word, const char *name)
{
	size_t length = strlen(name);

	if (!word || strncmp(word, name, length) != 0 || strlen(word) > 400)
		return NULL;
	return word + length;
}

/* Returns 0 with the word for zbox, or -1 after fail(). */
static int run(char **words, const char **said)
{
	static struct wayland w = {.fd = -1};
	const char *path = value(words[0], "display=");
	const char *app = path && words[1] ? value(words[1], "app=") : NULL;
	const char *instance = app ? value(words[2], "instance=") : NULL;

	if (!path || (words[1] && !instance))
		return fail(0, "wrong words");
	if (connect_to(&w, path) < 0 || look(&w) < 0) {
		if (app)
			return -1;
		failure_clear(); /* who does not answer has none */
	} else if (app && make_context(&w, app, instance) < 0) {
		return -1;
	}
	*said = app ? "ready" : w.manager ? "context" : "none";
	return 0;
}

int main(int argc, char **argv)
{
	const struct failure *f;
	const char *said = "";

	if (argc >= 1)
		(void)run(argv + 1, &said);
	f = failure_get();
	if (f)
		(void)send(ZBOX_FD, f, sizeof(*f), MSG_NOSIGNAL);
	else
		(void)send(ZBOX_FD, said, strlen(said), MSG_NOSIGNAL);
	_exit(f != NULL);
}
