/*
 * utils.h - failures, descriptors, memory, numbers, small files. Knows nothing of sandboxes.
 *
 * Conventions that hold everywhere: a function that can fail returns -1 (or NULL) after it has
 * called fail(), and leaves its outputs untouched. Nothing below main() prints or exits.
 */
#ifndef ZBOX_UTILS_H
#define ZBOX_UTILS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#define COUNT(array) (sizeof(array) / sizeof(0 [array]))

/* ---- failures ---- */

#define FAILURE_TEXT 3800 /* the record stays below a page */

/* The first thing that went wrong. Fixed size and without pointers: a child sends it as it is. */
struct failure {
	int err;       /* errno of the call that failed, 0: no call did */
	int status;    /* exit status that it calls for, 0: the caller's own for failures */
	char step[24]; /* stage in which it happened, "" none */
	char text[FAILURE_TEXT];
};

/* Records the first failure: errno (0: no call failed) and the object, in the words of a message
 * that goes on with ": reason". Later calls are ignored, so that the cause is what is reported.
 * Returns -1. */
int fail(int err, const char *format, ...) PRINTF(2, 3);

/* The same, and the exit status that it calls for (126, 127 of exec; 0 as fail()). */
int fail_status(int status, int err, const char *format, ...) PRINTF(3, 4);

/* Puts words in front of the text of the failure on record: the place that it is about. */
void failure_prefix(const char *format, ...) PRINTF(1, 2);

/* Names the step that failures belong to from now on; text of static lifetime. */
void failure_step(const char *step);

/* The record, or NULL while nothing failed. */
const struct failure *failure_get(void);

/* Takes over a record that another process sent, unless something failed here before. */
void failure_adopt(const struct failure *f);

/* The text of an errno, in glibc's words whatever the C library is: launchers look for them. */
const char *reason_text(int err);

/* The record as one text, "OBJECT: REASON". The caller frees it; NULL: nothing failed, or there is
 * no memory. */
char *failure_sentence(void) MUST_CHECK;

/* Forgets the record: for a caller that tried something and has another way. */
void failure_clear(void);

/* ---- descriptors ---- */

#define autoclose __attribute__((cleanup(close_fd)))

/* Closes *fd unless it is negative, sets it to -1, keeps errno. */
void close_fd(int *fd);

/* The name of an open file, for calls that take a path and follow links. Returns buffer. */
#define FD_PATH 32
const char *fd_path(char buffer[FD_PATH], int fd);

/* Moves a descriptor out of its variable. */
int take_fd(int *fd) MUST_CHECK;

/* A closed 0, 1 or 2 would become some pipe or directory of ours. The place is held, and is closed
 * again for the command. Returns 0, or -1 after fail(). */
int hold_stdio(void) MUST_CHECK;

/* Makes every descriptor from first on close at exec (close_range(2), Linux 5.11; a walk of
 * /proc/self/fd before it). Returns 0, or -1 after fail(). */
int cloexec_from(unsigned first) MUST_CHECK;

/* Closes every descriptor from first on but those listed (-1 in the list means nothing). */
void close_from_but(unsigned first, const int *keep, size_t count);

/* Hands a descriptor over a Unix socket, with one byte; ours stays open. Returns 0, or -1 after
 * fail(). */
int send_fd(int socket, int fd) MUST_CHECK;

/* recvmsg(2) with MSG_CMSG_CLOEXEC, again after a signal, and after ECONNRESET: the other side went
 * without reading what we sent, which is said once; what it said before is behind that
 * (unix_release_sock() in Linux 6.18). Returns the length, 0 at the end, or -1 with errno set. */
ssize_t receive_message(int socket, struct msghdr *header, int flags) MUST_CHECK;

/* Waits for a descriptor that was sent so. Returns it, CLOEXEC, or -1 after fail(), also when the
 * other side closed the socket or sent something else. */
int receive_fd(int socket) MUST_CHECK;

/* ---- memory ---- */

#define autofree __attribute__((cleanup(free_pointer)))
void free_pointer(void *pointer_to_pointer);

/* Adds one zeroed element of size bytes to *array, whose length is *count. Returns the element,
 * valid until the next call for the same array, or NULL after fail(). */
void *array_add(void *array_pointer, size_t *count, size_t size) MUST_CHECK;

/* printf into new memory, or NULL after fail(). The caller frees it. */
char *format_text(const char *format, ...) PRINTF(1, 2) MUST_CHECK;

/* ---- numbers ---- */

/* Strict decimal number: the whole text, no blanks, no sign but a leading '-', within [min, max].
 * Returns 0, or -1 with errno EINVAL or ERANGE; does not call fail(). */
int parse_number(const char *text, int64_t min, int64_t max, int64_t *number) MUST_CHECK;

/* The same in the bases of C: 0x…, 0…, decimal. */
int parse_number_c(const char *text, int64_t min, int64_t max, int64_t *number) MUST_CHECK;

/* The same, octal. */
int parse_octal(const char *text, int64_t max, int64_t *number) MUST_CHECK;

/* ---- small files ---- */

/* Reads fd to its end, at most limit bytes (EFBIG beyond), into new memory with a NUL behind it.
 * Returns it with the length in *length, or NULL with errno set; does not call fail(). */
char *read_fd(int fd, size_t limit, size_t *length) MUST_CHECK;

/* Writes all of the bytes. Returns 0, or -1 with errno set; does not call fail(). */
int write_fd(int fd, const void *bytes, size_t length) MUST_CHECK;

/* Writes text to an existing file, path relative to dir, in one write(2), as the files of /proc
 * want it. Returns 0, or -1 with errno set; does not call fail(). */
int write_file_at(int dir, const char *path, const char *text) MUST_CHECK;

/* Reads a small file (at most size - 1 bytes) with a NUL behind it and without its last newline.
 * Returns the length, or -1 with errno set; does not call fail(). */
ssize_t read_file_at(int dir, const char *path, char *buffer, size_t size) MUST_CHECK;

#endif
