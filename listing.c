/*
 * listing.c - the names in a directory, all of them or an error.
 *
 * The names are copied before anything is done about them, so that what is done does not change
 * what is read. An error in the middle is an error: half a directory looks like a whole one.
 *
 * What an attacker would try in a directory of his: more names than memory (limit), names with
 * anything in them (only copied; who prints them uses text_print()).
 */
#include "listing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

void listing_free(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->names[i]);
	free(listing->names);
	*listing = (struct listing){0};
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add(struct listing *listing, const char *name)
{
	char *copy = format_text("%s", name);
	char **slot = copy ? array_add(&listing->names, &listing->count, sizeof(*slot)) : NULL;

	if (!slot) {
		free(copy);
		return -1;
	}
	*slot = copy;
	return 0;
}

int listing_read(struct listing *listing, int dir, const char *path, size_t limit,
		 bool (*wanted)(const char *name, const void *what), const void *what)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	*listing = (struct listing){0};
	if (!stream) {
		result = fail(errno, "%s", path);
		close_fd(&fd);
		return result;
	}
	while (result == 0 && (errno = 0, entry = readdir(stream)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    (wanted && !wanted(entry->d_name, what)))
			continue;
		if (limit > 0 && listing->count == limit)
			result = fail(0, "%s: more than %zu names", path, limit);
		else
			result = add(listing, entry->d_name);
	}
	if (result == 0 && errno != 0)
		result = fail(errno, "%s", path);
	(void)closedir(stream);
	if (result < 0)
		listing_free(listing);
	else if (listing->count > 0)
		qsort(listing->names, listing->count, sizeof(*listing->names), by_bytes);
	return result;
}
