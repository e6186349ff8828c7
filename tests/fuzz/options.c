/*
 * The parser on bytes: words between NULs, read under both names, checked for two callers, printed.
 *
 * The first byte chooses the name; what stands after the first word "\xff" (if there is one) is
 * what
 * --args reads, whatever its descriptor. What has to hold for every input: no crash, no leak, no
 * undefined behaviour (the sanitizers), failures have a text, and successes leave a struct in which
 * what is counted is there.
 */
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
	const char *data;
	size_t length;
};

static char *read_bytes(void *context, int fd, size_t *length)
{
	const struct bytes *bytes = context;
	char *copy;

	if (!bytes->data || fd == 99) {
		errno = EBADF;
		return NULL;
	}
	copy = malloc(bytes->length + 1);
	if (!copy)
		abort();
	memcpy(copy, bytes->data, bytes->length);
	copy[bytes->length] = '\0';
	*length = bytes->length;
	return copy;
}

static char *read_nothing(void *context, const char *path, size_t limit, size_t *length)
{
	(void)context;
	(void)path;
	(void)limit;
	(void)length;
	errno = ENOENT;
	return NULL;
}

static const char *no_variable(void *context, const char *name)
{
	(void)context;
	(void)name;
	return NULL;
}

static size_t touch(const char *text)
{
	return text ? strlen(text) : 0;
}

/* Reads all that the struct claims to have, so that a sanitizer sees what is not there. */
static size_t touch_all(const struct sandbox *sb)
{
	size_t sum = touch(sb->chdir) + touch(sb->hostname) + touch(sb->argv0) +
		     touch(sb->netns_path) + touch(sb->seccomp_profile) + touch(sb->print_arg);

	for (size_t i = 0; i < sb->mount_count; i++) {
		const struct mount *m = &sb->mounts[i];

		if (!m->dest || !m->dest[0] || m->perms > 07777 || m->origin.at == 0)
			abort();
		sum += touch(m->source) + touch(m->work) + touch(m->options) +
		       touch(m->origin.file);
		for (size_t j = 0; j < m->layer_count; j++)
			sum += touch(m->layers[j]);
	}
	for (size_t i = 0; i < sb->env_count; i++)
		sum += touch(sb->env[i].name) + touch(sb->env[i].value);
	for (size_t i = 0; i < sb->seccomp_change_count; i++)
		sum += touch(sb->seccomp_changes[i].text);
	for (size_t i = 0; i < sb->lock_file_count; i++)
		sum += touch(sb->lock_files[i]);
	for (size_t i = 0; i < sb->warning_count; i++)
		sum += touch(sb->warnings[i].text);
	for (char **word = sb->command; word && *word; word++)
		sum += touch(*word);
	if (sb->uid >= UINT32_MAX || sb->gid >= UINT32_MAX)
		abort();
	return sum;
}

static void parse_once(enum personality personality, int count, char **words, struct bytes *file,
		       uid_t caller)
{
	const struct options_reader reader = {.read_fd = read_bytes,
					      .read_file = read_nothing,
					      .variable = no_variable,
					      .context = file};
	static volatile size_t sink; /* or the reading could be left out */
	struct sandbox sb;
	int result;

	failure_clear();
	sandbox_init(&sb, personality);
	result = options_parse(&sb, count, words, &reader);
	if (result == 0) {
		sink = touch_all(&sb);
		if (sb.print == PRINT_NOTHING)
			result = options_check(&sb, caller);
	}
	if ((result < 0) != (failure_get() != NULL))
		abort();
	if (result < 0 && !failure_get()->text[0])
		abort();
	sandbox_free(&sb);
	(void)sink;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1), *words[WORDS_MAX + 2], *end;
	struct bytes file = {NULL, 0};
	int count = 0;

	if (!copy)
		abort();
	if (size > 0)
		memcpy(copy, data, size);
	copy[size] = '\0';
	end = copy + size;
	for (char *next = copy; next < end && count <= WORDS_MAX; next += strlen(next) + 1) {
		if (strcmp(next, "\xff") == 0 && next + 2 < end) {
			file = (struct bytes){next + 2, (size_t)(end - next) - 2};
			break;
		}
		words[count++] = next;
	}
	words[count] = NULL;
	/* the first word is the name; its first byte tells which */
	if (count > 0) {
		enum personality personality =
			words[0][0] == 'b' ? PERSONALITY_BWRAP : PERSONALITY_ZBOX;

		parse_once(personality, count, words, &file, 1000);
		parse_once(personality, count, words, &file, 0);
	}
	free(copy);
	return 0;
}
