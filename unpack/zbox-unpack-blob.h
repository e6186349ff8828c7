/*
 * zbox-unpack-blob.h - the parts of an image, read as a stream, with their digests.
 */
#ifndef ZBOX_UNPACK_BLOB_H
#define ZBOX_UNPACK_BLOB_H

#include "unpack/oci.h"

#include <archive.h>

/* Where parts are: a directory, or an archive. */
struct blob_source {
	int dir;       /* top of the layout, -1: the archive */
	int file;      /* the archive, a regular file; borrowed */
	uint64_t told; /* bytes of blobs that were read */
};

struct blob {
	struct blob_source *source;
	const struct oci_blob *wanted;
	struct sha256 digest;
	uint64_t read;
	bool ended;                 /* and found good */
	int fd;                     /* of a layout */
	char *buffer;               /* for it */
	struct archive *a;          /* of an archive */
	struct blob_reader *reader; /* for it */
};

/* Opens the part, which blob_close() closes in every case. wanted has to stay. Returns 0, or -1
 * after fail(). */
int blob_open(struct blob *blob, struct blob_source *source,
	      const struct oci_blob *wanted) MUST_CHECK;
void blob_close(struct blob *blob);

/* The next bytes, which stay until the next call. Returns how many, 0 at the end, where size and
 * digest have been compared, or -1 after fail(). */
ssize_t blob_read(struct blob *blob, const void **bytes) MUST_CHECK;

/* All of a document, with a NUL behind it; owned by the caller. NULL after fail(). */
char *blob_text(struct blob_source *source, const struct oci_blob *wanted,
		size_t *length) MUST_CHECK;

/* Whether an archive has a file of the name. Returns 1, 0, or -1 after fail(). */
int blob_exists(struct blob_source *source, const char *name) MUST_CHECK;

#endif
