/*
 * Paths walked in a made tree: the walk for kernels without openat2(2) against the kernel's own.
 *
 * The first line is the path; each further one is "NAME" for a directory, "NAME=" for a file, and
 * "NAME=TARGET" for a link, made one after the other in the tree, by the walk. What has to hold for
 * every input: both ways find the same file, or none; what is found, and where something is made,
 * lies in the tree, whatever links and ".." say; no descriptor stays open.
 */
#include "paths.c" /* for path_walk() */

#include <ftw.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LINES_MAX 24
#define OUTSIDE "outside"

static char top[] = "/dev/shm/zbox-fuzz.XXXXXX";
static int above = -1;

static void require(bool good)
{
	if (!good)
		abort();
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	return at->level == 0 ? 0 : remove(path);
}

static void leave(void)
{
	(void)nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	(void)rmdir(top);
}

/* TOP/tree, and TOP/outside, which must stay empty. */
static int make_tree(void)
{
	if (above < 0) {
		require(mkdtemp(top) != NULL);
		(void)atexit(leave);
		above = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
		require(above >= 0);
	}
	(void)nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	require(mkdirat(above, "tree", 0700) == 0 && mkdirat(above, OUTSIDE, 0700) == 0);
	return openat(above, "tree", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void make_one(int tree, char *line)
{
	char *target = strchr(line, '='), *last;
	autoclose int dir = -1;

	if (target)
		*target++ = '\0';
	last = strrchr(line, '/');
	if (last)
		*last++ = '\0';
	dir = path_walk(tree, last ? line : "", O_DIRECTORY);
	if (dir < 0)
		return;
	last = last ? last : line;
	/* by name, so not where one would leave the tree */
	if (!*last || strcmp(last, "..") == 0 || strcmp(last, ".") == 0)
		return;
	if (!target)
		(void)mkdirat(dir, last, 0700);
	else if (*target)
		(void)symlinkat(target, dir, last);
	else
		(void)mknodat(dir, last, S_IFREG | 0600, 0);
}

static void same(int tree, const char *path, int flags)
{
	struct root root = {.fd = tree};
	autoclose int walked = path_walk(tree, path, flags);
	int walked_errno = errno;
	autoclose int opened = path_open(&root, path, flags);
	struct stat a, b;

	/* a path that is too long is refused by either, in other words */
	require((walked < 0) == (opened < 0) || walked_errno == ENAMETOOLONG ||
		strlen(path) > 1000);
	if (walked < 0 || opened < 0)
		return;
	require(fstat(walked, &a) == 0 && fstat(opened, &b) == 0);
	require(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
}

static void nothing_outside(void)
{
	struct stat st;

	require(fstatat(above, OUTSIDE, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_nlink == 2);
	require(fstat(above, &st) == 0 && st.st_nlink == 4);
	require(unlinkat(above, OUTSIDE, AT_REMOVEDIR) == 0 && mkdirat(above, OUTSIDE, 0700) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct path_request request = {.kind = size % 2 ? PATH_FILE : PATH_DIRECTORY,
				       .mode = 0600,
				       .parents = 0700,
				       .on_host = true};
	autoclose int tree = make_tree();
	char *text = malloc(size + 1), *rest = text, *path, *line;
	struct root root = {.fd = tree, .make_on_host = true};
	int before, made;

	require(text != NULL && tree >= 0);
	memcpy(text, data, size);
	text[size] = '\0';
	path = strsep(&rest, "\n");
	for (int i = 0; i < LINES_MAX && (line = strsep(&rest, "\n")); i++)
		make_one(tree, line);
	before = dup(tree);
	(void)close(before);
	same(tree, path, 0);
	same(tree, path, O_NOFOLLOW);
	same(tree, path, O_DIRECTORY);
	request.path = path;
	failure_clear();
	made = path_make(&root, &request, NULL);
	require(made >= 0 || (failure_get() && failure_get()->text[0]));
	if (made >= 0) {
		(void)close(made);
		same(tree, path, 0);
	}
	nothing_outside();
	made = dup(tree);
	(void)close(made);
	require(made == before);
	root_free(&root);
	free(text);
	return 0;
}
