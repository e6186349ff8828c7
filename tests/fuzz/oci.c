/*
 * The documents of a container image. The first byte chooses which; for a user the rest is cut in
 * three at its first two bytes 0xfe.
 *
 * What has to hold for every input: no crash, no leak; a refusal has a text; names of blobs are
 * made of a digest, or are words that are only compared; what is taken over for the command has the
 * form that zbox wants.
 */
#include "unpack/oci.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
	if (!good)
		abort();
}

static void look_at_blob(const struct oci_blob *b)
{
	require(b->name != NULL);
	if (b->sized)
		require(strncmp(b->name, "blobs/sha256/", 13) == 0 && strlen(b->name) == 13 + 64 &&
			strspn(b->name + 13, "0123456789abcdef") == 64);
}

static void look_at(const struct oci_image *image)
{
	require(image->layer_count <= OCI_LAYERS);
	for (size_t i = 0; i < image->layer_count; i++)
		look_at_blob(&image->layers[i]);
	for (size_t i = 0; i < image->environment_count; i++)
		require(strchr(image->environment[i], '=') > image->environment[i]);
	require(!image->directory || image->directory[0] == '/');
	require(image->environment_count <= OCI_WORDS && image->command_count <= OCI_WORDS);
}

static void documents(unsigned which, const char *text, size_t length)
{
	struct oci_image image = {0};
	struct oci_blob *layer;
	int result = 0;

	switch (which) {
	case 0:
		result = oci_read_index(&image, "index", text, length, "one", "amd64");
		if (result == 0)
			look_at_blob(&image.manifest);
		break;
	case 1:
		result = oci_read_index(&image, "index", text, length, NULL, "amd64");
		break;
	case 2:
		result = oci_read_manifest(&image, "manifest", text, length);
		if (result == 0)
			look_at_blob(&image.config);
		break;
	case 3:
		layer = array_add(&image.layers, &image.layer_count, sizeof(*layer));
		require(layer && (layer->name = format_text("layer")) != NULL);
		result = oci_read_config(&image, "config", text, length, "amd64");
		break;
	case 4:
		result = oci_read_saved(&image, "saved", text, length, NULL);
		break;
	default:
		result = oci_read_layout("layout", text, length);
		break;
	}
	require(result == 0 || failure_get() != NULL);
	if (result == 0)
		look_at(&image);
	oci_free(&image);
}

static void user(char *text)
{
	char *passwd = strchr(text, '\xfe'), *group = passwd ? strchr(passwd + 1, '\xfe') : NULL;
	uint32_t ids[2] = {1, 1};

	if (passwd)
		*passwd++ = '\0';
	if (group)
		*group++ = '\0';
	require(oci_find_user(text, passwd ? passwd : "", group ? group : "", ids) == 0 ||
		(failure_get() != NULL && ids[0] == 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0)
		return 0;
	text = malloc(size);
	require(text != NULL);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	failure_clear();
	if (data[0] % 7 == 6)
		user(text);
	else
		documents(data[0] % 7, text, size - 1);
	free(text);
	return 0;
}
