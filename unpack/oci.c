/*
 * oci.c - the documents of a container image: index, manifest, config, and the list of docker save.
 *
 *   index.json     [index ->] manifest -> config, layers      each by media type, size and digest
 *   manifest.json  of docker save: config, layers             by their names in the archive
 *   config         digests of the layers' tars; environment, directory, user, command
 *
 * The reader of JSON is that of seccomp profiles: it refuses keys that come twice and nests 32
 * deep.
 *
 * What an attacker would try, who wrote the documents: a digest that is a path (64 hexadecimal
 * digits, or refused), a media type that another reader takes for something else (a table of what
 * is known), lists that fill the memory (limits), fewer digests than layers (counted), an index
 * that leads in a circle (the caller goes one step down and no further).
 */
#include "unpack/oci.h"

#include "seccomp-json.h"

#include <stdlib.h>
#include <string.h>

enum media { MEDIA_INDEX, MEDIA_MANIFEST, MEDIA_CONFIG, MEDIA_LAYER };

static const struct {
	const char *name;
	enum media media;
} media_types[] = {
	{"application/vnd.oci.image.index.v1+json", MEDIA_INDEX},
	{"application/vnd.docker.distribution.manifest.list.v2+json", MEDIA_INDEX},
	{"application/vnd.oci.image.manifest.v1+json", MEDIA_MANIFEST},
	{"application/vnd.docker.distribution.manifest.v2+json", MEDIA_MANIFEST},
	{"application/vnd.oci.image.config.v1+json", MEDIA_CONFIG},
	{"application/vnd.docker.container.image.v1+json", MEDIA_CONFIG},
	{"application/vnd.oci.image.layer.v1.tar", MEDIA_LAYER},
	{"application/vnd.oci.image.layer.v1.tar+gzip", MEDIA_LAYER},
	{"application/vnd.oci.image.layer.v1.tar+zstd", MEDIA_LAYER},
	{"application/vnd.oci.image.layer.v1.tar+xz", MEDIA_LAYER},
	{"application/vnd.docker.image.rootfs.diff.tar", MEDIA_LAYER},
	{"application/vnd.docker.image.rootfs.diff.tar.gzip", MEDIA_LAYER},
	{"application/vnd.docker.image.rootfs.diff.tar.zstd", MEDIA_LAYER},
};

/* A document, and its name for messages. */
struct document {
	struct json_tree j;
	const char *name;
};

/* ---- values ---- */

static int wrong(const struct document *d, const struct json_value *v, const char *what)
{
	(void)fail(0, "%s:%u:%u: %s", d->name, v->line, v->column, what);
	return -1;
}

static int open_document(struct document *d, const char *name, const char *text, size_t length)
{
	d->name = name;
	if (length > OCI_TEXT)
		(void)fail(0, "%s: more than %zu bytes", name, OCI_TEXT);
	else if (json_parse(&d->j, name, text, length) == 0 && d->j.values)
		return 0;
	return -1;
}

/* *value: what the object has under the key, NULL nothing. */
static int get(const struct document *d, const struct json_value *object, const char *key,
	       enum json_type type, const struct json_value **value)
{
	*value = object->type == JSON_OBJECT ? json_get(&d->j, object, key) : NULL;
	if (object->type != JSON_OBJECT)
		return wrong(d, object, "expected an object");
	if (*value && ((*value)->type != type || (type == JSON_NUMBER && !(*value)->integer)))
		return fail(0, "%s:%u:%u: %s is of another type than expected", d->name,
			    (*value)->line, (*value)->column, key);
	return 0;
}

/* The same, and it has to be there. */
static int need(const struct document *d, const struct json_value *object, const char *key,
		enum json_type type, const struct json_value **value)
{
	if (get(d, object, key, type, value) < 0)
		return -1;
	if (*value)
		return 0;
	(void)fail(0, "%s:%u:%u: %s is missing", d->name, object->line, object->column, key);
	return -1;
}

static int copy_text(const struct document *d, const struct json_value *object, const char *key,
		     char **copy)
{
	const struct json_value *value;

	if (get(d, object, key, JSON_STRING, &value) < 0)
		return -1;
	if (!value || value->string[0] == '\0')
		return 0;
	free(*copy);
	*copy = format_text("%s", value->string);
	return *copy ? 0 : -1;
}

static int copy_texts(const struct document *d, const struct json_value *object, const char *key,
		      char ***list, size_t *count)
{
	const struct json_value *array;

	if (get(d, object, key, JSON_ARRAY, &array) < 0)
		return -1;
	for (const struct json_value *v = array ? json_first(&d->j, array) : NULL; v;
	     v = json_next(&d->j, array, v)) {
		char **slot;

		if (v->type != JSON_STRING || *count == OCI_WORDS)
			return wrong(d, v, "expected a text, and not more than 4096 of them");
		slot = array_add(list, count, sizeof(*slot));
		if (!slot || !(*slot = format_text("%s", v->string)))
			return -1;
	}
	return 0;
}

static int copy_digest(const struct document *d, const struct json_value *v,
		       char digest[SHA256_HEX])
{
	static const char prefix[] = "sha256:";
	const char *hex;

	if (v->type != JSON_STRING || strncmp(v->string, prefix, strlen(prefix)) != 0)
		return wrong(d, v, "expected a digest by sha256");
	hex = v->string + strlen(prefix);
	if (strlen(hex) != SHA256_HEX - 1 || strspn(hex, "0123456789abcdef") != SHA256_HEX - 1)
		return wrong(d, v, "expected 64 hexadecimal digits behind sha256:");
	memcpy(digest, hex, SHA256_HEX);
	return 0;
}

/* ---- descriptors ---- */

static int read_media(const struct document *d, const struct json_value *descriptor,
		      enum media *media)
{
	const struct json_value *type;

	if (need(d, descriptor, "mediaType", JSON_STRING, &type) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(media_types); i++) {
		if (strcmp(media_types[i].name, type->string) != 0)
			continue;
		*media = media_types[i].media;
		return 0;
	}
	return fail(0, "%s:%u:%u: the media type %.200s is not known", d->name, type->line,
		    type->column, type->string);
}

/* A descriptor of one of two kinds; returns which in *found. */
static int read_descriptor(const struct document *d, const struct json_value *descriptor,
			   enum media first, enum media second, struct oci_blob *blob,
			   enum media *found)
{
	const struct json_value *digest, *size;

	if (read_media(d, descriptor, found) < 0 ||
	    need(d, descriptor, "digest", JSON_STRING, &digest) < 0 ||
	    need(d, descriptor, "size", JSON_NUMBER, &size) < 0 ||
	    copy_digest(d, digest, blob->digest) < 0)
		return -1;
	if (*found != first && *found != second)
		return wrong(d, descriptor, "expected another media type here");
	blob->sized = true;
	blob->size = size->number;
	free(blob->name);
	blob->name = format_text("blobs/sha256/%s", blob->digest);
	return blob->name ? 0 : -1;
}

/* A manifest's own word on what it is, which need not be there. */
static int check_media(const struct document *d, enum media wanted)
{
	const struct json_value *type;
	enum media media = wanted;

	if (get(d, d->j.values, "mediaType", JSON_STRING, &type) < 0 ||
	    (type && read_media(d, d->j.values, &media) < 0))
		return -1;
	return media == wanted ? 0 : wrong(d, type, "expected another media type here");
}

/* ---- index ---- */

/* A tag is asked for as it was written, or as what stands behind the last colon of it. */
static bool is_tagged(const char *name, const char *tag)
{
	const char *colon = strrchr(name, ':');

	return strcmp(name, tag) == 0 || (colon && strcmp(colon + 1, tag) == 0);
}

struct choice {
	const struct json_value *found;
	char others[400]; /* tags or machines that were passed by */
	size_t count;     /* of what fits */
};

static void note_other(struct choice *c, const char *text)
{
	size_t length = strlen(c->others);

	(void)snprintf(c->others + length, sizeof(c->others) - length, "%s%s", length ? ", " : "",
		       text);
}

static int read_tag(const struct document *d, const struct json_value *v, const char **tag)
{
	const struct json_value *annotations, *name;

	*tag = NULL;
	if (get(d, v, "annotations", JSON_OBJECT, &annotations) < 0)
		return -1;
	if (!annotations)
		return 0;
	if (get(d, annotations, "org.opencontainers.image.ref.name", JSON_STRING, &name) < 0)
		return -1;
	*tag = name ? name->string : NULL;
	return 0;
}

/* Where a platform is not said, the config will. */
static int read_platform(const struct document *d, const struct json_value *v, const char *machine,
			 char text[80], bool *fits)
{
	const struct json_value *platform, *os, *architecture;

	*fits = true;
	if (get(d, v, "platform", JSON_OBJECT, &platform) < 0)
		return -1;
	if (!platform)
		return 0;
	if (need(d, platform, "os", JSON_STRING, &os) < 0 ||
	    need(d, platform, "architecture", JSON_STRING, &architecture) < 0)
		return -1;
	(void)snprintf(text, 80, "%s/%s", os->string, architecture->string);
	*fits = strcmp(os->string, "linux") == 0 && strcmp(architecture->string, machine) == 0;
	return 0;
}

static int look_at(const struct document *d, const struct json_value *v, const char *tag,
		   const char *machine, struct choice *tags, struct choice *machines)
{
	char platform[80] = "";
	const char *name;
	bool fits;

	if (read_tag(d, v, &name) < 0 || read_platform(d, v, machine, platform, &fits) < 0)
		return -1;
	if (tag && !(name && is_tagged(name, tag))) {
		note_other(tags, name ? name : "one without a tag");
		return 0;
	}
	tags->count++;
	if (!fits) {
		note_other(machines, platform);
		return 0;
	}
	machines->count++;
	machines->found = v;
	note_other(tags, name ? name : "one without a tag");
	return 0;
}

int oci_read_index(struct oci_image *image, const char *name, const char *text, size_t length,
		   const char *tag, const char *machine)
{
	struct choice tags = {0}, machines = {0};
	struct document d = {0};
	const struct json_value *list;
	enum media media = MEDIA_INDEX;
	int result = -1;

	if (open_document(&d, name, text, length) < 0)
		return -1;
	if (check_media(&d, MEDIA_INDEX) == 0 &&
	    need(&d, d.j.values, "manifests", JSON_ARRAY, &list) == 0)
		result = 0;
	for (const struct json_value *v = result == 0 ? json_first(&d.j, list) : NULL;
	     v && result == 0; v = json_next(&d.j, list, v))
		result = look_at(&d, v, tag, machine, &tags, &machines);
	if (result == 0 && tags.count == 0)
		result = tag ? fail(0, "%s: there is no image %s, but %s", name, tag,
				    tags.others[0] ? tags.others : "nothing at all")
			     : fail(0, "%s: there is no image in it", name);
	else if (result == 0 && machines.count == 0)
		result = fail(0, "%s: there is no image for linux/%s, but for %s", name, machine,
			      machines.others);
	else if (result == 0 && machines.count > 1)
		result = fail(0, "%s: there are several images, name one with :TAG: %s", name,
			      tags.others);
	if (result == 0)
		result = read_descriptor(&d, machines.found, MEDIA_MANIFEST, MEDIA_INDEX,
					 &image->manifest, &media);
	image->index = media == MEDIA_INDEX;
	json_free(&d.j);
	return result;
}

/* ---- manifest ---- */

static int add_layer(struct oci_image *image, struct oci_blob **layer)
{
	*layer = NULL;
	if (image->layer_count == OCI_LAYERS)
		(void)fail(0, "more than %d layers", OCI_LAYERS);
	else
		*layer = array_add(&image->layers, &image->layer_count, sizeof(**layer));
	return *layer ? 0 : -1;
}

static int read_parts(struct document *d, struct oci_image *image)
{
	const struct json_value *config, *layers;
	enum media media;

	if (check_media(d, MEDIA_MANIFEST) < 0 ||
	    need(d, d->j.values, "config", JSON_OBJECT, &config) < 0 ||
	    need(d, d->j.values, "layers", JSON_ARRAY, &layers) < 0 ||
	    read_descriptor(d, config, MEDIA_CONFIG, MEDIA_CONFIG, &image->config, &media) < 0)
		return -1;
	for (const struct json_value *v = json_first(&d->j, layers); v;
	     v = json_next(&d->j, layers, v)) {
		struct oci_blob *layer;

		if (add_layer(image, &layer) < 0 ||
		    read_descriptor(d, v, MEDIA_LAYER, MEDIA_LAYER, layer, &media) < 0)
			return -1;
	}
	return 0;
}

int oci_read_manifest(struct oci_image *image, const char *name, const char *text, size_t length)
{
	struct document d = {0};
	int result;

	if (open_document(&d, name, text, length) < 0)
		return -1;
	result = read_parts(&d, image);
	json_free(&d.j);
	return result;
}

/* ---- config ---- */

static int read_diffs(const struct document *d, struct oci_image *image)
{
	const struct json_value *rootfs, *diffs, *v;
	size_t i = 0;

	if (need(d, d->j.values, "rootfs", JSON_OBJECT, &rootfs) < 0 ||
	    need(d, rootfs, "diff_ids", JSON_ARRAY, &diffs) < 0)
		return -1;
	for (v = json_first(&d->j, diffs); v; v = json_next(&d->j, diffs, v), i++)
		if (i < image->layer_count && copy_digest(d, v, image->layers[i].diff) < 0)
			return -1;
	if (i != image->layer_count)
		return fail(0, "%s: digests of %zu layers, and there are %zu", d->name, i,
			    image->layer_count);
	return 0;
}

static int check_machine(const struct document *d, const char *machine)
{
	const struct json_value *os, *architecture;

	if (need(d, d->j.values, "os", JSON_STRING, &os) < 0 ||
	    need(d, d->j.values, "architecture", JSON_STRING, &architecture) < 0)
		return -1;
	if (strcmp(os->string, "linux") == 0 && strcmp(architecture->string, machine) == 0)
		return 0;
	return fail(0, "%s: the image is for %.60s/%.60s, and this machine is linux/%s", d->name,
		    os->string, architecture->string, machine);
}

/* What a variable has to look like, and a directory. */
static int check_start(const struct document *d, const struct oci_image *image)
{
	for (size_t i = 0; i < image->environment_count; i++) {
		const char *equal = strchr(image->environment[i], '=');

		if (!equal || equal == image->environment[i])
			return fail(0, "%s: %.200s is no NAME=VALUE", d->name,
				    image->environment[i]);
	}
	if (image->directory && image->directory[0] != '/')
		return fail(0, "%s: the directory %.200s is not absolute", d->name,
			    image->directory);
	return 0;
}

int oci_read_config(struct oci_image *image, const char *name, const char *text, size_t length,
		    const char *machine)
{
	const struct json_value *start = NULL;
	struct document d = {0};
	int result = -1;

	if (open_document(&d, name, text, length) < 0)
		return -1;
	if (check_machine(&d, machine) == 0 && read_diffs(&d, image) == 0 &&
	    get(&d, d.j.values, "config", JSON_OBJECT, &start) == 0)
		result = 0;
	if (start &&
	    (copy_text(&d, start, "User", &image->user) < 0 ||
	     copy_text(&d, start, "WorkingDir", &image->directory) < 0 ||
	     copy_texts(&d, start, "Env", &image->environment, &image->environment_count) < 0 ||
	     copy_texts(&d, start, "Entrypoint", &image->entrypoint, &image->entrypoint_count) <
		     0 ||
	     copy_texts(&d, start, "Cmd", &image->command, &image->command_count) < 0 ||
	     check_start(&d, image) < 0))
		result = -1;
	json_free(&d.j);
	return result;
}

/* ---- docker save ---- */

/* Config files are called after their digest: as DIGEST.json, or blobs/sha256/DIGEST. */
static int take_name(const struct document *d, const struct json_value *v, struct oci_blob *blob)
{
	const char *base;
	size_t length;

	if (v->type != JSON_STRING || v->string[0] == '\0')
		return wrong(d, v, "expected the name of a file in the archive");
	base = strrchr(v->string, '/');
	base = base ? base + 1 : v->string;
	length = strspn(base, "0123456789abcdef");
	if (length == SHA256_HEX - 1 &&
	    (base[length] == '\0' || strcmp(base + length, ".json") == 0))
		(void)snprintf(blob->digest, sizeof(blob->digest), "%.*s", (int)length, base);
	blob->name = format_text("%s", v->string);
	return blob->name ? 0 : -1;
}

static int choose_saved(const struct document *d, const char *tag, const struct json_value **found)
{
	struct choice tags = {0};

	for (const struct json_value *v = json_first(&d->j, d->j.values), *names; v;
	     v = json_next(&d->j, d->j.values, v)) {
		bool fits = !tag;

		if (get(d, v, "RepoTags", JSON_ARRAY, &names) < 0)
			return -1;
		for (const struct json_value *n = names ? json_first(&d->j, names) : NULL; n;
		     n = json_next(&d->j, names, n)) {
			if (n->type != JSON_STRING)
				return wrong(d, n, "expected a text");
			note_other(&tags, n->string);
			fits |= tag && is_tagged(n->string, tag);
		}
		tags.count += fits;
		tags.found = fits ? v : tags.found;
	}
	if (tags.count == 1) {
		*found = tags.found;
		return 0;
	}
	if (tags.count > 1)
		(void)fail(0, "%s: there are several images, name one with :TAG: %s", d->name,
			   tags.others);
	else
		(void)fail(0, "%s: there is no image%s%s, but %s", d->name, tag ? " " : "",
			   tag ? tag : "", tags.others[0] ? tags.others : "nothing with a tag");
	return -1;
}

static int read_saved(struct document *d, struct oci_image *image, const char *tag)
{
	const struct json_value *found, *config, *layers;

	if (d->j.values->type != JSON_ARRAY)
		return wrong(d, d->j.values, "expected a list");
	if (choose_saved(d, tag, &found) < 0 ||
	    need(d, found, "Config", JSON_STRING, &config) < 0 ||
	    need(d, found, "Layers", JSON_ARRAY, &layers) < 0 ||
	    take_name(d, config, &image->config) < 0)
		return -1;
	for (const struct json_value *v = json_first(&d->j, layers); v;
	     v = json_next(&d->j, layers, v)) {
		struct oci_blob *layer;

		if (add_layer(image, &layer) < 0 || take_name(d, v, layer) < 0)
			return -1;
		/* a layer's name may be that of another thing of the builder's: the config has the
		 * digest that counts */
		layer->digest[0] = '\0';
	}
	return image->config.digest[0]
		       ? 0
		       : wrong(d, config, "expected a name with a digest by sha256");
}

int oci_read_saved(struct oci_image *image, const char *name, const char *text, size_t length,
		   const char *tag)
{
	struct document d = {0};
	int result;

	if (open_document(&d, name, text, length) < 0)
		return -1;
	result = read_saved(&d, image, tag);
	json_free(&d.j);
	return result;
}

int oci_read_layout(const char *name, const char *text, size_t length)
{
	const struct json_value *version;
	struct document d = {0};
	int result;

	if (open_document(&d, name, text, length) < 0)
		return -1;
	result = need(&d, d.j.values, "imageLayoutVersion", JSON_STRING, &version);
	if (result == 0 && strncmp(version->string, "1.", 2) != 0)
		result = fail(0, "%s: a layout of version %.60s, and 1 is known", name,
			      version->string);
	json_free(&d.j);
	return result;
}

/* ---- the end ---- */

static void free_texts(char **list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i]);
	free(list);
}

void oci_free(struct oci_image *image)
{
	for (size_t i = 0; i < image->layer_count; i++)
		free(image->layers[i].name);
	free(image->layers);
	free(image->manifest.name);
	free(image->config.name);
	free(image->user);
	free(image->directory);
	free_texts(image->environment, image->environment_count);
	free_texts(image->entrypoint, image->entrypoint_count);
	free_texts(image->command, image->command_count);
	*image = (struct oci_image){0};
}
