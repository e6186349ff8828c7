/*
 * utils.c - failures, descriptors, memory, numbers, small files. Knows nothing of sandboxes.
 *
 * The failure record is the one piece of state: a process has one, the first failure wins, and the
 * process at the top prints it once. Nothing here prints, exits, or trusts a length that it was
 * not given.
 */
#include "utils.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2) /* Linux 5.11 */
#endif

static struct failure record;
static bool failed;
static const char *current_step = "";

_Static_assert(sizeof(struct failure) <= 4096, "a failure is sent in one piece or not at all");

static void PRINTF(3, 0) failure_set(int status, int err, const char *format, va_list args)
{
	if (failed)
		return;
	failed = true;
	record.err = err;
	record.status = status;
	(void)snprintf(record.step, sizeof(record.step), "%s", current_step);
	(void)vsnprintf(record.text, sizeof(record.text), format, args);
}

int fail(int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	failure_set(0, err, format, args);
	va_end(args);
	return -1;
}

int fail_status(int status, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	failure_set(status, err, format, args);
	va_end(args);
	return -1;
}

void failure_prefix(const char *format, ...)
{
	char text[FAILURE_TEXT];
	va_list args;
	size_t length;

	if (!failed)
		return;
	memcpy(text, record.text, sizeof(text));
	va_start(args, format);
	(void)vsnprintf(record.text, sizeof(record.text), format, args);
	va_end(args);
	length = strlen(record.text);
	(void)snprintf(record.text + length, sizeof(record.text) - length, "%s", text);
}

void failure_step(const char *step)
{
	current_step = step;
}

const struct failure *failure_get(void)
{
	return failed ? &record : NULL;
}

void failure_adopt(const struct failure *f)
{
	if (failed)
		return;
	failed = true;
	record = *f;
	record.step[sizeof(record.step) - 1] = '\0';
	record.text[sizeof(record.text) - 1] = '\0';
}

const char *reason_text(int err)
{
	static const struct {
		int err;
		const char *text;
	} glibc[] = {
		{EBUSY, "Device or resource busy"},
		{ELOOP, "Too many levels of symbolic links"},
		{EMFILE, "Too many open files"},
		{ENAMETOOLONG, "File name too long"},
		{ENFILE, "Too many open files in system"},
		{ENOMEM, "Cannot allocate memory"},
		{ENOTTY, "Inappropriate ioctl for device"},
		{EOPNOTSUPP, "Operation not supported"},
		{EXDEV, "Invalid cross-device link"},
		{ESTALE, "Stale file handle"},
		{EAGAIN, "Resource temporarily unavailable"},
		{EFAULT, "Bad address"},
		{EPROTO, "Protocol error"},
		{EIO, "Input/output error"},
		{ENODEV, "No such device"},
		{ENXIO, "No such device or address"},
		{EFBIG, "File too large"},
		{EUSERS, "Too many users"},
	};

	for (size_t i = 0; i < COUNT(glibc); i++)
		if (glibc[i].err == err)
			return glibc[i].text;
	return strerror(err);
}

char *failure_sentence(void)
{
	if (!failed)
		return NULL;
	return format_text("%s%s%s", record.text, record.err ? ": " : "",
			   record.err ? reason_text(record.err) : "");
}

void failure_clear(void)
{
	failed = false;
}

void close_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd); /* the descriptor is gone whatever it says, see close(2) */
	*fd = -1;
	errno = saved;
}

const char *fd_path(char buffer[FD_PATH], int fd)
{
	(void)snprintf(buffer, FD_PATH, "/proc/self/fd/%d", fd);
	return buffer;
}

int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

int hold_stdio(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		int held;

		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		held = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (held != fd)
			return fail(errno, "descriptor %d", fd);
	}
	return 0;
}

/* Kernels without close_range(2), and filters that refuse it. */
static int cloexec_walk(unsigned first)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	int result = 0;

	if (!dir)
		return fail(errno, "/proc/self/fd");
	while ((entry = readdir(dir)) != NULL) {
		int64_t fd;

		if (parse_number(entry->d_name, first, INT_MAX, &fd) == 0 && fd != dirfd(dir) &&
		    fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0)
			result = fail(errno, "close-on-exec of descriptor %d", (int)fd);
	}
	(void)closedir(dir);
	return result;
}

int cloexec_from(unsigned first)
{
	if (syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	return cloexec_walk(first);
}

#define CLOSE_MAX 65536 /* how far to go where there is neither close_range(2) nor /proc */

static bool close_walk(unsigned first, unsigned last)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;

	if (!dir)
		return false;
	while ((entry = readdir(dir)) != NULL) {
		int64_t fd;

		if (parse_number(entry->d_name, first, last, &fd) == 0 && fd != dirfd(dir))
			(void)close((int)fd);
	}
	(void)closedir(dir);
	return true;
}

static void close_span(unsigned first, unsigned last)
{
	if (syscall(SYS_close_range, first, last, 0) == 0 || close_walk(first, last))
		return;
	for (unsigned fd = first; fd <= last && fd < CLOSE_MAX; fd++)
		(void)close((int)fd);
}

void close_from_but(unsigned first, const int *keep, size_t count)
{
	for (;;) {
		unsigned next = ~0U;

		for (size_t i = 0; i < count; i++)
			if (keep[i] >= 0 && (unsigned)keep[i] >= first && (unsigned)keep[i] < next)
				next = (unsigned)keep[i];
		if (next > first)
			close_span(first, next == ~0U ? next : next - 1);
		if (next == ~0U)
			return;
		first = next + 1;
	}
}

/* A message of one byte with room for one descriptor. Its parts point at each other: not copied. */
struct fd_message {
	struct msghdr header;
	struct iovec part;
	char byte;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
};

static void fd_message_init(struct fd_message *m)
{
	memset(m, 0, sizeof(*m));
	m->part = (struct iovec){.iov_base = &m->byte, .iov_len = 1};
	m->header.msg_iov = &m->part;
	m->header.msg_iovlen = 1;
	m->header.msg_control = m->control;
	m->header.msg_controllen = sizeof(m->control);
}

int send_fd(int socket, int fd)
{
	struct cmsghdr *header;
	struct fd_message m;
	ssize_t sent;

	fd_message_init(&m);
	header = CMSG_FIRSTHDR(&m.header);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	do
		sent = sendmsg(socket, &m.header, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == 1 ? 0 : fail(errno, "send descriptor %d", fd);
}

ssize_t receive_message(int socket, struct msghdr *header, int flags)
{
	ssize_t length;

	do
		length = recvmsg(socket, header, MSG_CMSG_CLOEXEC | flags);
	while (length < 0 && (errno == EINTR || errno == ECONNRESET));
	return length;
}

int receive_fd(int socket)
{
	const struct cmsghdr *header;
	struct fd_message m;
	ssize_t got;
	int fd;

	fd_message_init(&m);
	got = receive_message(socket, &m.header, 0);
	if (got < 0)
		return fail(errno, "receive a descriptor");
	header = CMSG_FIRSTHDR(&m.header);
	if (got == 0 || !header || header->cmsg_level != SOL_SOCKET ||
	    header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(fd)))
		return fail(0, "receive a descriptor: none came");
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

void free_pointer(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}

void *array_add(void *array_pointer, size_t *count, size_t size)
{
	void **array = array_pointer;
	char *items = *array;

	/* Room for 8 at first, then it doubles whenever the count is a power of two: no third
	 * variable to keep. */
	if (*count == 0 || (*count >= 8 && (*count & (*count - 1)) == 0)) {
		items = reallocarray(items, *count ? 2 * *count : 8, size);
		if (!items) {
			(void)fail(0, "out of memory");
			return NULL;
		}
		*array = items;
	}
	return memset(items + (*count)++ * size, 0, size);
}

char *format_text(const char *format, ...)
{
	va_list args;
	char *text = NULL;
	int length;

	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0) {
		(void)fail(0, "out of memory");
		return NULL;
	}
	return text;
}

static int parse_in_base(const char *text, int base, int64_t min, int64_t max, int64_t *number)
{
	const char *digits = text[0] == '-' ? text + 1 : text;
	char *end;
	long long value;

	if (digits[0] < '0' || digits[0] > '9') {
		errno = EINVAL;
		return -1;
	}
	errno = 0;
	value = strtoll(text, &end, base);
	if (*end != '\0') {
		errno = EINVAL;
		return -1;
	}
	if (errno != 0 || value < min || value > max) {
		errno = ERANGE;
		return -1;
	}
	*number = value;
	return 0;
}

int parse_number(const char *text, int64_t min, int64_t max, int64_t *number)
{
	return parse_in_base(text, 10, min, max, number);
}

int parse_number_c(const char *text, int64_t min, int64_t max, int64_t *number)
{
	return parse_in_base(text, 0, min, max, number);
}

int parse_octal(const char *text, int64_t max, int64_t *number)
{
	return parse_in_base(text, 8, 0, max, number);
}

char *read_fd(int fd, size_t limit, size_t *length)
{
	size_t room = 0, used = 0;
	char *buffer = NULL;

	for (;;) {
		ssize_t got;

		if (used + 1 >= room) {
			char *larger = realloc(buffer, room = room ? 2 * room : 4096);

			if (!larger)
				goto error;
			buffer = larger;
		}
		got = read(fd, buffer + used, room - used - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			goto error;
		if (got == 0)
			break;
		used += (size_t)got;
		if (used > limit) {
			errno = EFBIG;
			goto error;
		}
	}
	buffer[used] = '\0';
	*length = used;
	return buffer;
error:
	free(buffer);
	return NULL;
}

int write_fd(int fd, const void *bytes, size_t length)
{
	const char *next = bytes;

	while (length > 0) {
		ssize_t done = write(fd, next, length);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		next += done;
		length -= (size_t)done;
	}
	return 0;
}

int write_file_at(int dir, const char *path, const char *text)
{
	autoclose int fd = openat(dir, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t length = strlen(text);
	ssize_t done;

	if (fd < 0)
		return -1;
	do
		done = write(fd, text, length);
	while (done < 0 && errno == EINTR);
	if (done >= 0 && (size_t)done != length) {
		errno = EIO;
		return -1;
	}
	return done < 0 ? -1 : 0;
}

ssize_t read_file_at(int dir, const char *path, char *buffer, size_t size)
{
	autoclose int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t used = 0;

	if (fd < 0)
		return -1;
	while (used < size - 1) {
		ssize_t got = read(fd, buffer + used, size - 1 - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		used += (size_t)got;
	}
	if (used > 0 && buffer[used - 1] == '\n')
		used--;
	buffer[used] = '\0';
	return (ssize_t)used;
}
