/*
 * oci.h - the documents of a container image: index, manifest, config, and the list of docker save.
 *
 * Pure: texts in, structs out. All of it was written by whoever made the image.
 */
#ifndef ZBOX_OCI_H
#define ZBOX_OCI_H

#include "sha256.h"
#include "utils.h"

#define OCI_TEXT ((size_t)4 << 20) /* longest document, bytes */
#define OCI_LAYERS 1000
#define OCI_WORDS 4096 /* variables, words of the command */

/* A blob, and what is known of it before it is read. Start with zeros. */
struct oci_blob {
	char *name;              /* path in the layout or the archive, owned */
	char digest[SHA256_HEX]; /* of its bytes, "" unknown */
	char diff[SHA256_HEX];   /* of a layer's tar, whatever compressed it */
	bool sized;
	uint64_t size;
};

/* What an image says. Start with zeros. */
struct oci_image {
	bool index; /* what was chosen is an index once more, not a manifest */
	struct oci_blob manifest, config;
	struct oci_blob *layers; /* the lowest first */
	size_t layer_count;
	char *user, *directory; /* NULL: says nothing */
	char **environment, **entrypoint, **command;
	size_t environment_count, entrypoint_count, command_count;
};

void oci_free(struct oci_image *image);

/* Each reads a text of length bytes, called name in messages; machine is as in Go (amd64, arm64).
 * Returns 0, or -1 after fail(); the image may then be filled in part. */

/* An index: chooses what has the tag (NULL: the only one) and is for the machine, into
 * image->manifest and image->index. */
int oci_read_index(struct oci_image *image, const char *name, const char *text, size_t length,
		   const char *tag, const char *machine) MUST_CHECK;

/* A manifest: config and layers. */
int oci_read_manifest(struct oci_image *image, const char *name, const char *text,
		      size_t length) MUST_CHECK;

/* A config: digests of the layers' tars, whose number has to be that of the layers, and how a
 * command is started. */
int oci_read_config(struct oci_image *image, const char *name, const char *text, size_t length,
		    const char *machine) MUST_CHECK;

/* manifest.json of docker save: config and layers, by their names in the archive. */
int oci_read_saved(struct oci_image *image, const char *name, const char *text, size_t length,
		   const char *tag) MUST_CHECK;

/* oci-layout: that it is one, of version 1. */
int oci_read_layout(const char *name, const char *text, size_t length) MUST_CHECK;

/* Who NAME[:GROUP] is, by the texts of /etc/passwd and /etc/group ("" where there is none); NULL
 * and
 * "" are 0:0. ids: user and group. Returns 0, or -1 after fail(). */
int oci_find_user(const char *user, const char *passwd, const char *group,
		  uint32_t *ids) MUST_CHECK;

#endif
