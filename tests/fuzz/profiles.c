/*
 * Profiles made of bytes: the input is cut at its bytes 0xff into the files /p, b.local, b.profile
 * of /etc, and the value of ${HOME}; /p is read by --profile, and b by the name of the command.
 *
 * What has to hold for every input: no crash, no leak, no undefined behaviour (the sanitizers); a
 * failure has a text, and one of a line names its file and position; success leaves operations
 * that know where they came from.
 */
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PIECE_P, PIECE_LOCAL, PIECE_COMMAND, PIECE_HOME, PIECES };

struct pieces {
	const char *at[PIECES];
	size_t length[PIECES];
	char home[64];
};

static const char *const paths[PIECES] = {"/p", "/etc/zbox/profiles/b.local",
					  "/etc/zbox/profiles/b.profile", NULL};

static char *read_piece(void *context, const char *path, size_t limit, size_t *length)
{
	const struct pieces *pieces = context;

	(void)limit;
	for (size_t i = 0; i < PIECES; i++) {
		char *copy;

		if (!paths[i] || strcmp(paths[i], path) != 0 || !pieces->at[i])
			continue;
		copy = malloc(pieces->length[i] + 1);
		if (!copy)
			abort();
		memcpy(copy, pieces->at[i], pieces->length[i]);
		copy[pieces->length[i]] = '\0';
		*length = pieces->length[i];
		return copy;
	}
	errno = ENOENT;
	return NULL;
}

static int exists(void *context, const char *path)
{
	(void)context;
	return (int)(strlen(path) % 3) - 1;
}

static char *real_path(void *context, const char *path)
{
	(void)context;
	return exists(NULL, path) > 0 ? strdup(path) : NULL;
}

static const char *variable(void *context, const char *name)
{
	const struct pieces *pieces = context;

	if (strcmp(name, "HOME") == 0)
		return pieces->home;
	return strcmp(name, "PWD") == 0 ? "/tmp/p" : NULL;
}

static void cut(struct pieces *pieces, const uint8_t *data, size_t size)
{
	const char *at = (const char *)data;

	for (size_t i = 0; i < PIECES && at; i++) {
		const char *end = size > 0 ? memchr(at, 0xff, size) : NULL;

		pieces->at[i] = at;
		pieces->length[i] = end ? (size_t)(end - at) : size;
		size -= end ? pieces->length[i] + 1 : size;
		at = end ? end + 1 : NULL;
	}
	if (pieces->at[PIECE_HOME])
		(void)snprintf(pieces->home, sizeof(pieces->home), "%.*s",
			       (int)(pieces->length[PIECE_HOME] % sizeof(pieces->home)),
			       pieces->at[PIECE_HOME]);
}

static void parse_once(struct pieces *pieces, char **words, int count)
{
	const struct options_reader reader = {.read_file = read_piece,
					      .exists = exists,
					      .real_path = real_path,
					      .variable = variable,
					      .context = pieces};
	struct sandbox sb;
	int result;

	failure_clear();
	sandbox_init(&sb, PERSONALITY_ZBOX);
	result = options_parse(&sb, count, words, &reader);
	if ((result < 0) != (failure_get() != NULL))
		abort();
	if (result < 0 && failure_get()->text[0] != '/' &&
	    strcmp(failure_get()->text, "out of memory") != 0)
		abort();
	for (size_t i = 0; i < sb.mount_count; i++)
		if (sb.mounts[i].origin.at == 0 || sb.mounts[i].origin.column == 0)
			abort();
	sandbox_free(&sb);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char zbox[] = "zbox", profile[] = "--profile", path[] = "/p", command[] = "b";
	char *named[] = {zbox, profile, path, command, NULL}, *found[] = {zbox, command, NULL};
	struct pieces pieces = {0};

	cut(&pieces, data, size);
	parse_once(&pieces, named, 4);
	parse_once(&pieces, found, 2);
	return 0;
}
