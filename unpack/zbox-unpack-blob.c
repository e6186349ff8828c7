/*
 * zbox-unpack-blob.c - the parts of an image, read as a stream, with their digests.
 *
 * A layout is a directory: a part is the regular file blobs/sha256/DIGEST, reached without a link.
 * An archive (docker save) is a tar, which is gone through from its beginning for each part: what
 * is not wanted is skipped, not read. In it a part may be a link to another one, since docker
 * writes a layer that two images share once.
 *
 * What an attacker would try: a part that is a link to a file of the host's (no link is followed in
 * a layout; names in an archive are compared and never opened), that is a pipe or a device (not a
 * regular file), that is longer or shorter than was said, that has another digest. All of that is
 * found at the latest when the end is read; until then whoever reads has what he must not trust.
 */
#include "unpack/zbox-unpack-blob.h"

#include "kernel.h"
#include "unpack/zbox-unpack.h"

#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK ((size_t)256 * 1024)
#define LINKS 4 /* one after the other */
#define PATH_ROOM 4096

/* ---- an archive ---- */

/* What libarchive reads of it. */
struct blob_reader {
	int file;
	off_t at;
	char buffer[BLOCK];
};

static la_ssize_t read_file_of(struct archive *a, void *context, const void **bytes)
{
	struct blob_reader *r = context;
	ssize_t got;

	do
		got = pread(r->file, r->buffer, sizeof(r->buffer), r->at);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		archive_set_error(a, errno, "%s", reason_text(errno));
	else
		r->at += got;
	*bytes = r->buffer;
	return got;
}

static la_int64_t skip_file(struct archive *a, void *context, la_int64_t count)
{
	struct blob_reader *r = context;
	struct stat st;

	(void)a;
	if (fstat(r->file, &st) < 0 || count > st.st_size - r->at)
		return 0;
	r->at += count;
	return count;
}

/* What open_archive() made, also where that failed. */
static void close_archive(struct archive **a, struct blob_reader **r)
{
	if (*a)
		(void)archive_read_free(*a);
	free(*r);
	*a = NULL;
	*r = NULL;
}

/* Opens the archive anew. Returns 0, or -1 after fail(); either way close_archive() is called. */
static int open_archive(int file, struct archive **a, struct blob_reader **r)
{
	*a = archive_read_new();
	*r = malloc(sizeof(**r));
	if (!*a || !*r)
		return fail(0, "out of memory");
	(*r)->file = file;
	(*r)->at = 0;
	if (unpack_filters(*a) == 0 && archive_read_support_format_tar(*a) == ARCHIVE_OK &&
	    archive_read_open2(*a, *r, NULL, read_file_of, skip_file, NULL) == ARCHIVE_OK)
		return 0;
	return unpack_failed(*a);
}

/* Two names of one file: "./a" and "a". */
static bool same_name(const char *name, const char *wanted)
{
	while (strncmp(name, "./", 2) == 0)
		name += 2;
	return strcmp(name, wanted) == 0;
}

/* Goes to the entry of that name. Returns 1, 0 when there is none, or -1 after fail(). */
static int find_entry(struct archive *a, const char *name, struct archive_entry **entry)
{
	int got;

	while ((got = archive_read_next_header(a, entry)) == ARCHIVE_OK || got == ARCHIVE_WARN) {
		const char *found = archive_entry_pathname(*entry);

		if (found && same_name(found, name))
			return 1;
	}
	return got == ARCHIVE_EOF ? 0 : unpack_failed(a);
}

/* The name that a link at name leads to, by its words alone. */
static int follow(char name[PATH_ROOM], const char *target, bool symbolic)
{
	char whole[2 * PATH_ROOM], *part, *save = NULL;
	char *slash = strrchr(name, '/');
	size_t length = 0;

	if (!target || target[0] == '/' || strlen(target) >= PATH_ROOM)
		return fail(0, "%s: a link that leads out of the archive", name);
	(void)snprintf(whole, sizeof(whole), "%.*s/%s", symbolic && slash ? (int)(slash - name) : 0,
		       name, target);
	name[0] = '\0';
	for (part = strtok_r(whole, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
		if (strcmp(part, ".") == 0)
			continue;
		if (strcmp(part, "..") == 0) {
			slash = strrchr(name, '/');
			if (length == 0)
				return fail(0, "%s: a link that leads out of the archive", target);
			length = slash ? (size_t)(slash - name) : 0;
			name[length] = '\0';
			continue;
		}
		length += (size_t)snprintf(name + length, PATH_ROOM - length, "%s%s",
					   length ? "/" : "", part);
		if (length >= PATH_ROOM)
			return fail(ENAMETOOLONG, "%s", target);
	}
	return 0;
}

static int open_member(struct blob *b)
{
	char name[PATH_ROOM];
	struct archive_entry *entry;

	(void)snprintf(name, sizeof(name), "%s", b->wanted->name);
	for (unsigned links = 0; links <= LINKS; links++) {
		int found;

		if (open_archive(b->source->file, &b->a, &b->reader) < 0)
			return -1;
		found = find_entry(b->a, name, &entry);
		if (found <= 0)
			return found < 0 ? -1 : fail(0, "%s: not in the archive", name);
		if (!archive_entry_hardlink(entry) && archive_entry_filetype(entry) == AE_IFREG)
			return 0;
		if (follow(name,
			   archive_entry_hardlink(entry) ? archive_entry_hardlink(entry)
							 : archive_entry_symlink(entry),
			   !archive_entry_hardlink(entry)) < 0)
			return -1;
		close_archive(&b->a, &b->reader);
	}
	return fail(ELOOP, "%s", b->wanted->name);
}

int blob_exists(struct blob_source *source, const char *name)
{
	struct archive *a;
	struct archive_entry *entry;
	struct blob_reader *reader;
	int found = open_archive(source->file, &a, &reader);

	if (found == 0)
		found = find_entry(a, name, &entry);
	close_archive(&a, &reader);
	return found;
}

/* ---- a layout ---- */

static int open_file(struct blob *b)
{
	const struct oci_blob *w = b->wanted;
	struct stat st;

	b->fd = kernel_openat2(b->source->dir, w->name,
			       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
			       RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (b->fd < 0 && errno == ELOOP)
		return fail(0, "%s: a symbolic link", w->name);
	if (b->fd < 0 || fstat(b->fd, &st) < 0)
		return fail(errno, "%s", w->name);
	if (!S_ISREG(st.st_mode))
		return fail(0, "%s: no regular file", w->name);
	if (w->sized && (uint64_t)st.st_size != w->size)
		return fail(0, "%s: has %lld bytes, and %llu were said", w->name,
			    (long long)st.st_size, (unsigned long long)w->size);
	b->buffer = malloc(BLOCK);
	return b->buffer ? 0 : fail(0, "out of memory");
}

/* ---- both ---- */

int blob_open(struct blob *blob, struct blob_source *source, const struct oci_blob *wanted)
{
	*blob = (struct blob){.source = source, .wanted = wanted, .fd = -1};
	sha256_begin(&blob->digest);
	return source->dir >= 0 ? open_file(blob) : open_member(blob);
}

void blob_close(struct blob *blob)
{
	close_fd(&blob->fd);
	free(blob->buffer);
	blob->buffer = NULL;
	close_archive(&blob->a, &blob->reader);
}

static int check_end(struct blob *b)
{
	char hex[SHA256_HEX];

	if (b->ended)
		return 0;
	sha256_end(&b->digest, hex);
	if (b->wanted->sized && b->read != b->wanted->size)
		return fail(0, "%s: has %llu bytes, and %llu were said", b->wanted->name,
			    (unsigned long long)b->read, (unsigned long long)b->wanted->size);
	if (b->wanted->digest[0] && strcmp(hex, b->wanted->digest) != 0)
		return fail(0, "%s: its digest is sha256:%s, and sha256:%s was said",
			    b->wanted->name, hex, b->wanted->digest);
	b->ended = true;
	return 0;
}

ssize_t blob_read(struct blob *b, const void **bytes)
{
	ssize_t got;

	if (b->a) {
		size_t length = 0;
		la_int64_t offset;
		int answer;

		do
			answer = archive_read_data_block(b->a, bytes, &length, &offset);
		while (answer == ARCHIVE_OK && length == 0);
		if (answer != ARCHIVE_OK && answer != ARCHIVE_EOF)
			return unpack_failed(b->a);
		/* holes would not be in the digest */
		if (answer == ARCHIVE_OK && (uint64_t)offset != b->read)
			return fail(0, "%s: a file with holes", b->wanted->name);
		got = answer == ARCHIVE_OK ? (ssize_t)length : 0;
	} else {
		do
			got = read(b->fd, b->buffer, BLOCK);
		while (got < 0 && errno == EINTR);
		if (got < 0)
			return fail(errno, "%s", b->wanted->name);
		*bytes = b->buffer;
	}
	if (got == 0)
		return check_end(b);
	if (b->wanted->digest[0])
		sha256_add(&b->digest, *bytes, (size_t)got);
	b->read += (uint64_t)got;
	b->source->told += (uint64_t)got;
	unpack_tell(b->source->told);
	return got;
}

static char *read_all(struct blob *b, size_t *length)
{
	char *text = malloc(OCI_TEXT + 1);
	const void *bytes = "";
	size_t have = 0;
	ssize_t got;

	if (!text)
		(void)fail(0, "out of memory");
	while (text && (got = blob_read(b, &bytes)) != 0) {
		if (got < 0 || (size_t)got > OCI_TEXT - have) {
			if (got > 0)
				(void)fail(0, "%s: more than %zu bytes", b->wanted->name, OCI_TEXT);
			free(text);
			return NULL;
		}
		memcpy(text + have, bytes, (size_t)got);
		have += (size_t)got;
	}
	if (text)
		text[have] = '\0';
	*length = have;
	return text;
}

char *blob_text(struct blob_source *source, const struct oci_blob *wanted, size_t *length)
{
	struct blob blob;
	char *text = blob_open(&blob, source, wanted) < 0 ? NULL : read_all(&blob, length);

	blob_close(&blob);
	return text;
}
