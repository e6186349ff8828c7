/*
 * Archives from anyone, unpacked below a directory of their own. The first byte chooses: an
 * archive, or two layers of an image, cut where the first 0xfe 0xfe is.
 *
 * What has to hold for every input: no crash, no leak; a refusal has a text; beside the tree
 * nothing is made or changed, and the tree can be removed. Files are limited to 1 MiB here.
 */
#include "listing.h"
#include "unpack/zbox-unpack.h"

#include <archive.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *top;
static int above;  /* the directory around, in which there is a file */
static int origin; /* where the fuzzer works */

static void require(bool good)
{
	if (!good)
		abort();
}

/* As in zbox's sandbox the caller is 0, with rights over what is its own and nothing else. */
static void become_nobody_else(void)
{
	char map[40];
	uid_t uid = geteuid();
	gid_t gid = getegid();

	require(uid != 0); /* who could harm the machine */
	require(unshare(CLONE_NEWUSER) == 0);
	require(write_file_at(AT_FDCWD, "/proc/self/setgroups", "deny") == 0);
	(void)snprintf(map, sizeof(map), "0 %u 1", uid);
	require(write_file_at(AT_FDCWD, "/proc/self/uid_map", map) == 0);
	(void)snprintf(map, sizeof(map), "0 %u 1", gid);
	require(write_file_at(AT_FDCWD, "/proc/self/gid_map", map) == 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const struct rlimit limit = {1 << 20, 1 << 20};
	int fd;

	(void)argc;
	(void)argv;
	become_nobody_else();
	require(signal(SIGXFSZ, SIG_IGN) != SIG_ERR && setrlimit(RLIMIT_FSIZE, &limit) == 0);
	top = format_text("%s/zbox-fuzz-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	require(top && mkdtemp(top));
	above = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	origin = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	require(origin >= 0 && above >= 0 && mkdirat(above, "in", 0700) == 0);
	fd = openat(above, "precious", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	require(fd >= 0 && write(fd, "precious", 8) == 8 && close(fd) == 0);
	require(umask(0) != (mode_t)-1);
	return 0;
}

static int take(struct unpack *u, const uint8_t *bytes, size_t size)
{
	struct archive *a = archive_read_new();
	int result = -1;

	require(a != NULL);
	if (unpack_filters(a) == 0 && archive_read_support_format_tar(a) == ARCHIVE_OK) {
		if (archive_read_open_memory(a, bytes, size) == ARCHIVE_OK)
			result = unpack_entries(u, a);
		else
			result = unpack_failed(a);
	}
	(void)archive_read_free(a);
	return result;
}

static int layers(struct unpack *u, const uint8_t *bytes, size_t size)
{
	const uint8_t *cut = memmem(bytes, size, "\xfe\xfe", 2);
	size_t first = cut ? (size_t)(cut - bytes) : size;
	int result = unpack_layer_begin(u) == 0 ? take(u, bytes, first) : -1;

	if (result == 0 && cut)
		result = unpack_layer_begin(u) == 0 ? take(u, cut + 2, size - first - 2) : -1;
	unpack_layer_end(u);
	return result;
}

static void look_around(void)
{
	struct listing names;
	char text[16];

	require(listing_read(&names, above, "above", 0, NULL, NULL) == 0 && names.count == 2);
	listing_free(&names);
	require(listing_read(&names, AT_FDCWD, "here", 0, NULL, NULL) == 0 && names.count == 1);
	listing_free(&names);
	require(read_file_at(above, "precious", text, sizeof(text)) == 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unpack u;
	int result;

	if (size == 0)
		return 0;
	failure_clear();
	require(fchdir(above) == 0 && chdir("in") == 0);
	require(unpack_begin(&u) == 0);
	result = data[0] & 1 ? layers(&u, data + 1, size - 1) : take(&u, data + 1, size - 1);
	if (result == 0)
		result = unpack_set_times(&u);
	require(result == 0 || failure_get() != NULL);
	unpack_end(&u);
	look_around();
	failure_clear();
	require(unpack_remove(AT_FDCWD, TREE) == 0);
	require(fchdir(origin) == 0);
	return 0;
}
