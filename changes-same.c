/*
 * changes-same.c - whether two files, each named by its directory and its name, are the same.
 *
 * All bytes are compared: a command can set size and times as it likes. Nothing but regular files
 * and links is opened, and without following or waiting, so that a fifo that somebody puts there in
 * the meantime holds up nobody.
 */
#include "changes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE 65536

static ssize_t read_piece(int fd, char *piece)
{
	size_t used = 0;

	while (used < PIECE) {
		ssize_t got = read(fd, piece + used, PIECE - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		used += (size_t)got;
	}
	return (ssize_t)used;
}

static int same_bytes(int a, int b)
{
	autofree char *pieces = malloc((size_t)2 * PIECE);

	if (!pieces)
		return -1;
	for (;;) {
		ssize_t got_a = read_piece(a, pieces);
		ssize_t got_b = read_piece(b, pieces + PIECE);

		if (got_a < 0 || got_b < 0)
			return -1;
		if (got_a != got_b || memcmp(pieces, pieces + PIECE, (size_t)got_a) != 0)
			return 0;
		if (got_a == 0)
			return 1;
	}
}

static int same_target(int dir_a, const char *a, int dir_b, const char *b)
{
	char target_a[PATH_MAX], target_b[PATH_MAX];
	ssize_t length_a = readlinkat(dir_a, a, target_a, sizeof(target_a));
	ssize_t length_b = readlinkat(dir_b, b, target_b, sizeof(target_b));

	if (length_a < 0 || length_b < 0)
		return -1;
	return length_a == length_b && memcmp(target_a, target_b, (size_t)length_a) == 0;
}

int same_contents(int dir_a, const char *a, int dir_b, const char *b, const struct stat *st,
		  bool attributes)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	autoclose int fd_a = -1, fd_b = -1;

	if (S_ISLNK(st->st_mode))
		return same_target(dir_a, a, dir_b, b);
	if (!S_ISREG(st->st_mode))
		return 1;
	fd_a = openat(dir_a, a, flags);
	fd_b = openat(dir_b, b, flags);
	if (fd_a < 0 || fd_b < 0)
		return -1;
	if (attributes && !same_attributes(fd_a, fd_b))
		return 0;
	return same_bytes(fd_a, fd_b);
}
