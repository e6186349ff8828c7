/*
 * zbox-unpack-image.c - a container image -> a tree, and what it says of its command.
 *
 *   1. which image: index.json and the tag (a layout), or manifest.json (docker save). An archive
 *      may hold a layout as well
 *   2. its manifest and config, each compared with its digest before it is read
 *   3. its layers, the lowest first, one over the other (zbox-unpack-layer.c). Two digests are
 *      compared at the end of each: that of the blob, and that of the tar in it
 *   4. its user by its own /etc/passwd, and the file IMAGE
 *
 * IMAGE is read by zbox, which is told nothing else: texts that end with NUL, "user UID:GID",
 * "directory PATH", "env NAME=VALUE" and "word WORD", the last two repeated. rootfs-image.c.
 *
 * What an attacker would try is in oci.c (documents), zbox-unpack-blob.c (files and digests) and
 * zbox-unpack.c (entries). An index may lead to another one, which images for several machines do,
 * but that one not to a third.
 */
#include "unpack/oci.h"
#include "unpack/zbox-unpack-blob.h"
#include "unpack/zbox-unpack.h"

#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
#define MACHINE "amd64"
#elif defined(__aarch64__)
#define MACHINE "arm64"
#else
#error "which machine is this, in the words of container images?"
#endif

#define TAR_BLOCK 512
#define LAYOUT "/image"
#define FILE_LIMIT ((size_t)1 << 20) /* of /etc/passwd and /etc/group in the image */

/* ---- one layer ---- */

/* A layer between its blob and the tar reader. */
struct stream {
	struct blob blob;
	struct archive *packed; /* takes the compression off */
	struct sha256 tar;
	size_t over; /* bytes behind the last whole block of the tar */
};

static la_ssize_t read_packed(struct archive *a, void *context, const void **bytes)
{
	ssize_t got = blob_read(context, bytes);

	if (got < 0)
		archive_set_error(a, EIO, "the layer cannot be read");
	return got;
}

static la_ssize_t read_tar(struct archive *a, void *context, const void **bytes)
{
	static const char zeros[TAR_BLOCK];
	struct stream *s = context;
	size_t length = 0;
	la_int64_t offset;
	int answer;

	do
		answer = archive_read_data_block(s->packed, bytes, &length, &offset);
	while (answer == ARCHIVE_OK && length == 0);
	if (answer == ARCHIVE_EOF) {
		/* umoci and others leave out what would fill the last block up */
		length = s->over > 0 ? TAR_BLOCK - s->over : 0;
		s->over = 0;
		*bytes = zeros;
		return (la_ssize_t)length;
	}
	if (answer != ARCHIVE_OK) {
		const char *text = archive_error_string(s->packed);

		archive_set_error(a, EIO, "%s", text ? text : "the layer cannot be read");
		return -1;
	}
	sha256_add(&s->tar, *bytes, length);
	s->over = (s->over + length) % TAR_BLOCK;
	return (la_ssize_t)length;
}

static int open_stream(struct stream *s)
{
	struct archive *a = s->packed;

	if (unpack_filters(a) < 0)
		return -1;
	return archive_read_support_format_raw(a) != ARCHIVE_OK ? unpack_failed(a) : 0;
}

/* What follows the end of the tar belongs to the digests. */
static int drain(struct stream *s, const char *diff)
{
	char hex[SHA256_HEX];
	const void *bytes;
	ssize_t got;

	while ((got = read_tar(s->packed, s, &bytes)) > 0)
		;
	if (got < 0)
		return unpack_failed(s->packed);
	while ((got = blob_read(&s->blob, &bytes)) > 0)
		;
	if (got < 0)
		return -1;
	sha256_end(&s->tar, hex);
	if (strcmp(hex, diff) == 0)
		return 0;
	return fail(0, "%s: the digest of its tar is sha256:%s, and sha256:%s was said",
		    s->blob.wanted->name, hex, diff);
}

static int apply(struct unpack *u, struct stream *s, struct archive *tar)
{
	struct archive_entry *entry;

	if (open_stream(s) < 0)
		return -1;
	if (archive_read_open(s->packed, &s->blob, NULL, read_packed, NULL) != ARCHIVE_OK ||
	    archive_read_next_header(s->packed, &entry) != ARCHIVE_OK)
		return unpack_failed(s->packed);
	if (archive_read_support_format_tar(tar) != ARCHIVE_OK ||
	    archive_read_open(tar, s, NULL, read_tar, NULL) != ARCHIVE_OK)
		return unpack_failed(tar);
	return unpack_entries(u, tar);
}

static int take_layer(struct unpack *u, struct blob_source *source, const struct oci_blob *layer)
{
	struct stream s = {.packed = archive_read_new()};
	struct archive *tar = archive_read_new();
	int result = -1;

	sha256_begin(&s.tar);
	if (!s.packed || !tar)
		(void)fail(0, "out of memory");
	else if (blob_open(&s.blob, source, layer) == 0 && unpack_layer_begin(u) == 0 &&
		 apply(u, &s, tar) == 0)
		result = drain(&s, layer->diff);
	if (tar)
		(void)archive_read_free(tar);
	if (s.packed)
		(void)archive_read_free(s.packed);
	blob_close(&s.blob);
	unpack_layer_end(u);
	if (result < 0)
		failure_prefix("layer %.12s: ", layer->diff);
	return result;
}

/* ---- which image ---- */

static int choose_of_layout(struct blob_source *source, struct oci_image *image, const char *tag,
			    const struct oci_blob *index)
{
	autofree char *text = NULL;
	size_t length;
	int steps = 0;

	text = index->name ? blob_text(source, index, &length) : NULL;
	if (!text && !index->name) { /* standard input: what its digest was taken of */
		text = read_fd(STDIN_FILENO, OCI_TEXT, &length);
		if (!text)
			return fail(errno, "index.json");
	}
	if (!text || oci_read_index(image, "index.json", text, length, tag, MACHINE) < 0)
		return -1;
	while (image->index) {
		if (++steps > 1)
			return fail(0, "%s: an index in an index in an index",
				    image->manifest.name);
		free(text);
		text = blob_text(source, &image->manifest, &length);
		if (!text ||
		    oci_read_index(image, image->manifest.name, text, length, NULL, MACHINE) < 0)
			return -1;
	}
	free(text);
	text = blob_text(source, &image->manifest, &length);
	if (!text)
		return -1;
	return oci_read_manifest(image, image->manifest.name, text, length);
}

static int check_layout(struct blob_source *source)
{
	char name[] = "oci-layout";
	const struct oci_blob layout = {.name = name};
	autofree char *text = NULL;
	size_t length;

	text = blob_text(source, &layout, &length);
	return text ? oci_read_layout(name, text, length) : -1;
}

static int choose(struct blob_source *source, struct oci_image *image, const char *tag)
{
	char saved[] = "manifest.json", index[] = "index.json";
	const struct oci_blob list = {.name = saved}, whole = {.name = index}, given = {0};
	autofree char *text = NULL;
	size_t length;
	int found;

	if (source->dir >= 0)
		return check_layout(source) < 0 ? -1 : choose_of_layout(source, image, tag, &given);
	found = blob_exists(source, saved);
	if (found < 0)
		return -1;
	if (!found && (found = blob_exists(source, index)) != 0)
		return found < 0 || check_layout(source) < 0
			       ? -1
			       : choose_of_layout(source, image, tag, &whole);
	if (!found)
		return fail(0, "neither manifest.json nor index.json is in it: no image");
	text = blob_text(source, &list, &length);
	return text ? oci_read_saved(image, saved, text, length, tag) : -1;
}

/* ---- what it says of its command ---- */

/* The text of a file of the tree, "" where there is none. NULL after fail(). */
static char *tree_text(const struct unpack *u, const char *path)
{
	autoclose int fd =
		kernel_openat2(u->tree, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
			       RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
	size_t length;
	char *text;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EXDEV || errno == ELOOP))
		return format_text("%s", "");
	text = fd < 0 ? NULL : read_fd(fd, FILE_LIMIT, &length);
	if (!text)
		(void)fail(errno, "%s of the image", path);
	return text;
}

static int put(FILE *out, const char *kind, char *const *texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fprintf(out, "%s %s%c", kind, texts[i], 0) < 0)
			return -1;
	return 0;
}

static int write_start(const struct unpack *u, const struct oci_image *image)
{
	autofree char *passwd = tree_text(u, "etc/passwd"), *group = NULL;
	autoclose int fd = -1;
	uint32_t ids[2];
	FILE *out;
	int result;

	group = passwd ? tree_text(u, "etc/group") : NULL;
	if (!group || oci_find_user(image->user, passwd, group, ids) < 0)
		return -1;
	fd = open(IMAGE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out)
		return fail(errno, IMAGE);
	fd = -1; /* the stream's now */
	result = fprintf(out, "user %u:%u%c", ids[0], ids[1], 0) < 0 ? -1 : 0;
	if (image->directory && fprintf(out, "directory %s%c", image->directory, 0) < 0)
		result = -1;
	if (put(out, "env", image->environment, image->environment_count) < 0 ||
	    put(out, "word", image->entrypoint, image->entrypoint_count) < 0 ||
	    put(out, "word", image->command, image->command_count) < 0)
		result = -1;
	if (fclose(out) != 0)
		result = -1;
	return result < 0 ? fail(errno, IMAGE) : 0;
}

/* ---- all of it ---- */

static int read_config(struct blob_source *source, struct oci_image *image)
{
	autofree char *text = NULL;
	size_t length;

	text = blob_text(source, &image->config, &length);
	return text ? oci_read_config(image, image->config.name, text, length, MACHINE) : -1;
}

/* For the terminal: how much there is to read. */
static void tell_size(const struct blob_source *source, const struct oci_image *image)
{
	uint64_t size = source->told;

	for (size_t i = 0; i < image->layer_count; i++)
		if (image->layers[i].sized && image->layers[i].size < UINT64_MAX / 2 - size)
			size += image->layers[i].size;
	if (source->dir >= 0)
		(void)printf("of %llu\n", (unsigned long long)size);
}

int unpack_image(bool layout, const char *tag)
{
	struct blob_source source = {.dir = -1, .file = STDIN_FILENO};
	struct oci_image image = {0};
	struct unpack u;
	int result = unpack_begin(&u);

	if (layout && result == 0) {
		source.dir = open(LAYOUT, O_PATH | O_DIRECTORY | O_CLOEXEC);
		result = source.dir < 0 ? fail(errno, LAYOUT) : 0;
	}
	if (result == 0 &&
	    (choose(&source, &image, tag[0] ? tag : NULL) < 0 || read_config(&source, &image) < 0))
		result = -1;
	if (result == 0)
		tell_size(&source, &image);
	for (size_t i = 0; i < image.layer_count && result == 0; i++)
		result = take_layer(&u, &source, &image.layers[i]);
	if (result == 0 && (write_start(&u, &image) < 0 || unpack_set_times(&u) < 0))
		result = -1;
	oci_free(&image);
	unpack_end(&u);
	close_fd(&source.dir);
	return result;
}
