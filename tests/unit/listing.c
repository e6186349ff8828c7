/*
 * The names in a directory: order, choice, limit, and that an error leaves none.
 */
#include "listing.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool begins_with(const char *name, const void *what)
{
	return strncmp(name, what, strlen(what)) == 0;
}

int main(void)
{
	char path[] = "/tmp/listing.XXXXXX";
	static const char *const names[] = {"b", "a", "\xff", "a b\n", ".hidden"};
	int dir = mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1, file;
	struct listing l;

	check(listing_read(&l, dir, path, 0, NULL, NULL) == 0 && l.count == 0, "an empty one");
	listing_free(&l);
	for (size_t i = 0; i < COUNT(names); i++)
		close(openat(dir, names[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	check(listing_read(&l, dir, path, 0, NULL, NULL) == 0 && l.count == COUNT(names) &&
		      strcmp(l.names[0], ".hidden") == 0 && strcmp(l.names[1], "a") == 0 &&
		      strcmp(l.names[2], "a b\n") == 0 && strcmp(l.names[3], "b") == 0 &&
		      strcmp(l.names[4], "\xff") == 0,
	      "all names in the order of their bytes");
	listing_free(&l);
	check(listing_read(&l, dir, path, 2, begins_with, "a") == 0 && l.count == 2 &&
		      strcmp(l.names[1], "a b\n") == 0,
	      "those that are wanted, as many as there may be");
	listing_free(&l);
	check(l.count == 0 && !l.names, "nothing is left");
	check(listing_read(&l, dir, path, 1, begins_with, "a") < 0 && l.count == 0 &&
		      strstr(failure_get()->text, "more than 1 names"),
	      "one more is an error");
	failure_clear();
	file = openat(dir, "a", O_RDONLY | O_CLOEXEC);
	check(listing_read(&l, file, path, 0, NULL, NULL) < 0 && failure_get()->err == ENOTDIR,
	      "a file is none");
	close(file);
	for (size_t i = 0; i < COUNT(names); i++)
		(void)unlinkat(dir, names[i], 0);
	close(dir);
	(void)rmdir(path);
	return test_done();
}
