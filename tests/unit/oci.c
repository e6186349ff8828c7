/*
 * The documents of a container image: what is chosen and taken, and what is refused with which
 * words.
 */
#include "unpack/oci.h"
#include "rootfs-image.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

#define DIGEST "abababababababababababababababababababababababababababababababab"
#define OTHER "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
#define MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define INDEX "application/vnd.oci.image.index.v1+json"
#define LAYER "application/vnd.oci.image.layer.v1.tar+gzip"
#define ENTRY(digest, more)                                                                        \
	"{\"mediaType\": \"" MANIFEST "\", \"digest\": \"sha256:" digest "\", \"size\": 7" more "}"
#define TAG(tag) ", \"annotations\": {\"org.opencontainers.image.ref.name\": \"" tag "\"}"
#define FOR(machine) ", \"platform\": {\"os\": \"linux\", \"architecture\": \"" machine "\"}"
#define LIST(entries) "{\"schemaVersion\": 2, \"manifests\": [" entries "]}"

static bool says(const char *words)
{
	const struct failure *f = failure_get();
	bool found = f && strstr(f->text, words);

	if (f && !found)
		printf("# %s\n", f->text);
	failure_clear();
	return found;
}

/* The digest that is chosen, or "" after a failure. */
static const char *chosen(const char *text, const char *tag)
{
	static char digest[SHA256_HEX];
	struct oci_image image = {0};

	digest[0] = '\0';
	if (oci_read_index(&image, "index", text, strlen(text), tag, "amd64") == 0)
		(void)snprintf(digest, sizeof(digest), "%s", image.manifest.digest);
	oci_free(&image);
	return digest;
}

static void test_index(void)
{
	static const char both[] = LIST(ENTRY(DIGEST, TAG("one")) ", " ENTRY(OTHER, TAG("two")));
	static const char machines[] =
		LIST(ENTRY(OTHER, FOR("arm64")) ", " ENTRY(DIGEST, FOR("amd64")));

	check(strcmp(chosen(LIST(ENTRY(DIGEST, "")), NULL), DIGEST) == 0, "the only image");
	check(strcmp(chosen(both, "two"), OTHER) == 0, "by its tag");
	check(chosen(both, NULL)[0] == '\0' && failure_get(), "several without a tag");
	failure_clear();
	check(chosen(both, "three")[0] == '\0' && says("three"), "a tag that is not there");
	check(strcmp(chosen(machines, NULL), DIGEST) == 0, "the one for the machine");
	check(chosen(LIST(ENTRY(OTHER, FOR("arm64"))), NULL)[0] == '\0' && says("amd64"),
	      "none for the machine");
	check(chosen(LIST(""), NULL)[0] == '\0' && failure_get(), "no image at all");
	failure_clear();
	check(chosen(LIST(ENTRY("../../../../etc/passwd", "")), NULL)[0] == '\0' && failure_get(),
	      "a digest that is a path");
	failure_clear();
	check(chosen("{\"schemaVersion\": 2", NULL)[0] == '\0' && failure_get(), "half a document");
	failure_clear();
}

static int manifest(struct oci_image *image, const char *layers)
{
	autofree char *text = format_text(
		"{\"schemaVersion\": 2, \"config\": {\"mediaType\": "
		"\"application/vnd.oci.image.config.v1+json\", \"digest\": \"sha256:" DIGEST
		"\", \"size\": 3}, \"layers\": [%s]}",
		layers);

	return text ? oci_read_manifest(image, "manifest", text, strlen(text)) : -1;
}

static void test_manifest(void)
{
	static const char good[] =
		"{\"mediaType\": \"" LAYER "\", \"digest\": \"sha256:" OTHER "\", \"size\": 9}";
	static const char foreign[] = "{\"mediaType\": \"application/x-other\", \"digest\": "
				      "\"sha256:" OTHER "\", \"size\": 9}";
	struct oci_image image = {0};

	check(manifest(&image, good) == 0 && image.layer_count == 1 &&
		      strcmp(image.layers[0].digest, OTHER) == 0 && image.layers[0].size == 9 &&
		      strcmp(image.layers[0].name, "blobs/sha256/" OTHER) == 0 &&
		      strcmp(image.config.digest, DIGEST) == 0,
	      "config and layers, with sizes and digests");
	oci_free(&image);
	image = (struct oci_image){0};
	check(manifest(&image, foreign) < 0 && says("x-other"), "a layer of another kind");
	oci_free(&image);
}

/* Of an image with one layer. */
static int config(struct oci_image *image, const char *more, const char *machine)
{
	autofree char *text = format_text(
		"{\"architecture\": \"%s\", \"os\": \"linux\", \"config\": {%s}, \"rootfs\": "
		"{\"type\": \"layers\", \"diff_ids\": [\"sha256:" DIGEST "\"]}}",
		machine, more);

	*image = (struct oci_image){0};
	if (manifest(image, "{\"mediaType\": \"" LAYER "\", \"digest\": \"sha256:" OTHER
			    "\", \"size\": 9}") < 0)
		return -1;
	return text ? oci_read_config(image, "config", text, strlen(text), "amd64") : -1;
}

static void test_config(void)
{
	struct oci_image image;

	check(config(&image,
		     "\"User\": \"app:staff\", \"Env\": [\"A=b\", \"C=\"], \"WorkingDir\": \"/w\", "
		     "\"Entrypoint\": [\"/e\"], \"Cmd\": [\"c\", \"d\"]",
		     "amd64") == 0 &&
		      strcmp(image.user, "app:staff") == 0 && strcmp(image.directory, "/w") == 0 &&
		      image.environment_count == 2 && strcmp(image.environment[1], "C=") == 0 &&
		      image.entrypoint_count == 1 && image.command_count == 2 &&
		      strcmp(image.layers[0].diff, DIGEST) == 0,
	      "user, directory, variables, words, the layer's own digest");
	oci_free(&image);
	check(config(&image, "", "amd64") == 0 && !image.user && image.command_count == 0,
	      "one that says nothing");
	oci_free(&image);
	check(config(&image, "", "s390x") < 0 && says("s390x"), "another machine");
	oci_free(&image);
	check(config(&image, "\"Env\": [\"=b\"]", "amd64") < 0 && failure_get(),
	      "a variable without a name");
	failure_clear();
	oci_free(&image);
	check(config(&image, "\"WorkingDir\": \"w\"", "amd64") < 0 && failure_get(),
	      "a directory that is not absolute");
	failure_clear();
	oci_free(&image);
}

static bool user_is(const char *name, uint32_t user, uint32_t group)
{
	static const char passwd[] =
		"root:x:0:0::/:/\nbad line\napp:x:7:8::/:/\nover:x:4294967295:1::/:/\n";
	static const char groups[] = "staff:x:9:\n";
	uint32_t ids[2] = {99, 99};

	return oci_find_user(name, passwd, groups, ids) == 0 && ids[0] == user && ids[1] == group;
}

static void test_user(void)
{
	check(user_is(NULL, 0, 0) && user_is("", 0, 0), "nobody said is root");
	check(user_is("app", 7, 8), "a name, with its group");
	check(user_is("app:staff", 7, 9) && user_is("app:5", 7, 5), "with another");
	check(user_is("7", 7, 8) && user_is("12", 12, 0), "numbers, in the file and not");
	check(!user_is("nobody", 0, 0) && says("nobody"), "a name that is not there");
	check(!user_is("app:nobody", 0, 0) && says("nobody"), "nor that of a group");
	check(!user_is("over", 0, 0) && failure_get(), "a number that is none");
	failure_clear();
	check(!user_is("-1", 0, 0) && failure_get(), "one below 0");
	failure_clear();
}

static int take(struct sandbox *sb, const char *text, size_t length)
{
	char *copy = malloc(length);

	sandbox_init(sb, PERSONALITY_ZBOX);
	if (!copy || !sandbox_own(sb, copy))
		return -1;
	memcpy(copy, text, length);
	return image_take(sb, copy, length, "image");
}

static void test_start(void)
{
	static const char good[] = "user 7:8\0env A=b\0directory /w\0word /e\0word a b";
	static const char *const bad[] = {"user 7", "user 7:x",    "user 4294967295:0", "env =b",
					  "env A",  "directory w", "option --bind",     "word"};
	struct sandbox sb;

	check(take(&sb, good, sizeof(good)) == 0 && sb.uid == 7 && sb.gid == 8 &&
		      strcmp(sb.chdir, "/w") == 0 && sb.env_count == 1 &&
		      strcmp(sb.command[0], "/e") == 0 && strcmp(sb.command[1], "a b") == 0 &&
		      !sb.command[2],
	      "what lies beside the tree is used");
	sandbox_free(&sb);
	check(take(&sb, "word /e", 7) < 0 && says("is cut"), "one without its end");
	sandbox_free(&sb);
	check(take(&sb, "env A=b", 8) < 0 && says("no command"), "no command anywhere");
	sandbox_free(&sb);
	for (size_t i = 0; i < COUNT(bad); i++) {
		check(take(&sb, bad[i], strlen(bad[i]) + 1) < 0 && failure_get(), "refused: %s",
		      bad[i]);
		failure_clear();
		sandbox_free(&sb);
	}
}

int main(void)
{
	test_index();
	test_manifest();
	test_config();
	test_user();
	test_start();
	return test_done();
}
