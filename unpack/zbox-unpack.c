/*
 * zbox-unpack.c - a tar archive or a container image -> a tree, for --rootfs and --oci.
 *
 *   zbox-unpack unpack        standard input is the archive, the tree is made in ./tree
 *   zbox-unpack layout [TAG]  standard input is the index.json of the layout in /image
 *   zbox-unpack saved [TAG]   standard input is an archive with an image
 *   zbox-unpack remove        ./tree and all in it goes
 *
 * zbox starts it in a sandbox of its own (rootfs-unpack.c): the ids of --map, the capabilities for
 * owners and modes, no network, and nothing to write in but the directory in which it starts. What
 * it says goes to standard output, a line each: "at N" (bytes of the source that were read), "of N"
 * (how many there are, where it is not the file's size), and at the end "done" or "failed TEXT".
 * Its status is 0 after "done" alone.
 *
 * What an attacker would try: the archive is his.
 *   names       absolute ones, and ".." anywhere, are refused
 *   links       a parent is looked up beneath the tree by openat2(2): a link in it that is absolute
 *               or leads above the tree is an error. The last part of a name is never followed
 *   hard links  the same for the target
 *   devices     below dev/, which every sandbox covers, they are left out; elsewhere refused
 *   sizes       a file that claims more than is free is refused before it is begun
 *   owners      that are not in the map are refused
 *   attributes  extended ones are not restored: those of overlayfs and of capabilities mean things
 *   libarchive  may have holes. What it could do then is to fill this tree with something else,
 *               which the archive could do as well
 */
#include "unpack/zbox-unpack.h"

#include <archive.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK ((size_t)256 * 1024)             /* read at a time */
#define TELL_EVERY ((uint64_t)4 * 1024 * 1024) /* bytes between two "at" */
#define NOT_BY_HAND "zbox-unpack is started by zbox"

void unpack_tell(uint64_t bytes)
{
	static uint64_t told;

	if (bytes - told < TELL_EVERY)
		return;
	told = bytes;
	(void)printf("at %llu\n", (unsigned long long)bytes);
	(void)fflush(stdout);
}

/* ---- a tar archive ---- */

struct source {
	uint64_t read;
	char buffer[BLOCK];
};

static la_ssize_t read_archive(struct archive *a, void *context, const void **bytes)
{
	struct source *s = context;
	ssize_t got;

	do
		got = read(STDIN_FILENO, s->buffer, BLOCK);
	while (got < 0 && errno == EINTR);
	if (got < 0) {
		archive_set_error(a, errno, "%s", reason_text(errno));
		return -1;
	}
	s->read += (uint64_t)got;
	unpack_tell(s->read);
	*bytes = s->buffer;
	return got;
}

static int open_archive(struct archive *a, struct source *s)
{
	if (unpack_filters(a) < 0)
		return -1;
	if (archive_read_support_format_tar(a) != ARCHIVE_OK ||
	    archive_read_open(a, s, NULL, read_archive, NULL) != ARCHIVE_OK)
		return unpack_failed(a);
	return 0;
}

static int unpack_archive(void)
{
	struct archive *a = archive_read_new();
	autofree struct source *s = calloc(1, sizeof(*s));
	struct unpack u;
	int result = unpack_begin(&u);

	if (result == 0 && (!a || !s))
		result = fail(0, "out of memory");
	if (result == 0 && (open_archive(a, s) < 0 || unpack_entries(&u, a) < 0))
		result = -1;
	if (result == 0)
		result = unpack_set_times(&u);
	if (a)
		(void)archive_read_free(a);
	unpack_end(&u);
	return result;
}

static int work(const char *what, const char *tag)
{
	if (strcmp(what, "remove") == 0)
		return unpack_remove(AT_FDCWD, TREE);
	if (strcmp(what, "unpack") == 0)
		return unpack_archive();
	if (strcmp(what, "layout") == 0 || strcmp(what, "saved") == 0)
		return unpack_image(what[0] == 'l', tag);
	return fail(0, NOT_BY_HAND);
}

int main(int argc, char **argv)
{
	int result;

	(void)umask(0);
	result = argc > 1 ? work(argv[1], argc > 2 ? argv[2] : "") : fail(0, NOT_BY_HAND);
	if (failure_get()) {
		const struct failure *f = failure_get();

		(void)printf("failed %s%s%s\n", f->text, f->err ? ": " : "",
			     f->err ? reason_text(f->err) : "");
		(void)fflush(stdout);
		_exit(1);
	}
	(void)printf("done\n");
	/* at once: nothing here is worth to be put in order, and a sanitizer's last look at memory
	 * needs more than there is in here */
	_exit(fflush(stdout) != 0 || result);
}
