/*
 * zbox-unpack-remove.c - a tree that was unpacked goes again, with the rights to do so.
 *
 * By descriptor and never through a link, so that a hostile tree has nothing else removed. Depth is
 * the archive's choice, so there is no recursion: the way up is "..", whose place is checked by
 * nobody because nothing else runs in here that could move directories.
 */
#include "unpack/zbox-unpack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Removes all that is no directory with something in it. Returns 1 with the name of a directory
 * that has to be emptied first, 0 when nothing is left, or -1 after fail(). */
static int empty(int fd, char name[256])
{
	int result = 0, copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (!dir) {
		close_fd(&copy);
		return fail(errno, "a directory of the tree");
	}
	rewinddir(dir);
	while (result == 0 && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, entry->d_name, 0) == 0 ||
		    unlinkat(fd, entry->d_name, AT_REMOVEDIR) == 0)
			continue;
		if (errno != ENOTEMPTY && errno != EEXIST) {
			result = fail(errno, "%s", entry->d_name);
			break;
		}
		(void)snprintf(name, 256, "%s", entry->d_name);
		result = 1;
	}
	(void)closedir(dir);
	return result;
}

int unpack_remove(int dir, const char *name)
{
	autoclose int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	size_t depth = 0;
	char below[256];

	if (fd < 0)
		return errno == ENOENT ? 0 : fail(errno, "%s", name);
	for (;;) {
		int found = empty(fd, below), next;

		if (found < 0)
			return -1;
		if (found == 0 && depth == 0)
			break;
		depth += found > 0 ? 1 : (size_t)-1;
		next = openat(fd, found > 0 ? below : "..",
			      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return fail(errno, "%s", found > 0 ? below : "..");
		close_fd(&fd);
		fd = next;
	}
	return unlinkat(dir, name, AT_REMOVEDIR) < 0 ? fail(errno, "%s", name) : 0;
}
