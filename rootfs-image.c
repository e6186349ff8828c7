/*
 * rootfs-image.c - --oci: a container image in the place of an archive.
 *
 * An image is named as DIR[:TAG] (a layout) or FILE[:TAG] (docker save). Its tree comes from the
 * cache like that of an archive: a layout is known by its index.json, which has the digests of all
 * else. What the image says of its command lies beside the tree (unpack/zbox-unpack-image.c has the
 * form):
 *
 *   user       --uid and --gid, where neither was given
 *   directory  --chdir
 *   env        --setenv, in front of those of the command line
 *   word       the command, where none was given: entrypoint and arguments
 *
 * What an attacker would try, who made the image or holds zbox-unpack: all of this is no more than
 * what the caller could have been asked to type. It is read once more as if he had typed it:
 * numbers are numbers, a directory is absolute and is entered inside the new root, names of
 * variables are not empty. It names no option, no path of the host and no id that is not in the
 * map.
 */
#include "rootfs-image.h"

#include "idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define START_LIMIT ((size_t)8 << 20)
#define ORIGIN "--oci"

/* ---- where it is ---- */

/* The longest beginning of the name that is there, up to a colon or the end. Returns what is behind
 * it, or NULL. */
static const char *split_name(const char *name, char path[PATH_MAX], struct stat *st)
{
	size_t length = strlen(name);

	while (length > 0 && length < PATH_MAX) {
		memcpy(path, name, length);
		path[length] = '\0';
		if (stat(path, st) == 0)
			return name[length] ? name + length + 1 : "";
		do
			length--;
		while (length > 0 && name[length] != ':');
	}
	return NULL;
}

int image_find(struct sandbox *sb, struct rootfs_source *source)
{
	char path[PATH_MAX];
	struct stat st;
	const char *tag = split_name(sb->rootfs, path, &st);

	if (!tag)
		return fail(errno, "--oci %s", sb->rootfs);
	*source = (struct rootfs_source){.kind = "saved", .tag = tag};
	source->file = sandbox_own(sb, format_text("%s", path));
	if (S_ISDIR(st.st_mode)) {
		source->kind = "layout";
		source->dir = source->file;
		source->file = sandbox_own(sb, format_text("%s/index.json", path));
	} else if (!S_ISREG(st.st_mode)) {
		return fail(0, "--oci %s: neither a directory nor an archive", path);
	}
	return source->file && (!S_ISDIR(st.st_mode) || source->dir) ? 0 : -1;
}

/* ---- how its command is started ---- */

static int take_user(struct sandbox *sb, const char *text, const char *path)
{
	int64_t uid, gid;
	const char *colon = strchr(text, ':');
	char number[16];

	if (!colon || (size_t)(colon - text) >= sizeof(number))
		return fail(0, "%s: no user", path);
	(void)snprintf(number, sizeof(number), "%.*s", (int)(colon - text), text);
	if (parse_number(number, 0, UINT32_MAX - 1, &uid) < 0 ||
	    parse_number(colon + 1, 0, UINT32_MAX - 1, &gid) < 0)
		return fail(0, "%s: no user", path);
	if (sb->uid >= 0 || sb->gid >= 0)
		return 0;
	/* 0 is who the caller is anyway, unless --map says otherwise */
	if (uid == 0 && gid == 0 && sb->map_caller != MAP_CALLER_KEEP)
		return 0;
	if (sb->name && (sb->map_auto || sb->map_line_count > 0))
		return fail(0,
			    "--name cannot be combined with the user %lld:%lld of the image among "
			    "the ids of --map: who enters would be another than the command",
			    (long long)uid, (long long)gid);
	sb->uid = uid;
	sb->gid = gid;
	return 0;
}

/* In front of what the command line says, in their own order. */
static int take_variable(struct sandbox *sb, char *text, const char *path, size_t number)
{
	char *value = strchr(text, '=');
	struct env_change *slot;

	if (!value || value == text)
		return fail(0, "%s: no variable", path);
	*value++ = '\0';
	slot = array_add(&sb->env, &sb->env_count, sizeof(*slot));
	if (!slot)
		return -1;
	memmove(sb->env + number + 1, sb->env + number,
		(sb->env_count - 1 - number) * sizeof(*slot));
	sb->env[number] = (struct env_change){
		.action = ENV_SET, .name = text, .value = value, .origin = {.file = ORIGIN}};
	return 0;
}

struct start {
	char **words; /* owned until they are the command */
	size_t count, variables;
};

static int take_text(struct sandbox *sb, char *text, const char *path, struct start *start)
{
	char *rest = strchr(text, ' ');
	char **slot;

	if (!rest)
		return fail(0, "%s: no word in front", path);
	*rest++ = '\0';
	if (strcmp(text, "user") == 0)
		return take_user(sb, rest, path);
	if (strcmp(text, "env") == 0)
		return take_variable(sb, rest, path, start->variables++);
	if (strcmp(text, "directory") == 0) {
		if (rest[0] != '/')
			return fail(0, "%s: no absolute directory", path);
		if (!sb->chdir)
			sb->chdir = rest;
		return 0;
	}
	if (strcmp(text, "word") != 0)
		return fail(0, "%s: %s means nothing", path, text);
	slot = array_add(&start->words, &start->count, sizeof(*slot));
	if (!slot)
		return -1;
	*slot = rest;
	return 0;
}

/* The words of the command line win. */
static int take_command(struct sandbox *sb, struct start *start, const char *path)
{
	if (sb->command)
		return 0;
	if (start->count == 0 || start->words[0][0] == '\0')
		return fail(0, "no command given, and %s has none", path);
	if (!array_add(&start->words, &start->count, sizeof(*start->words)))
		return -1;
	sb->command = start->words;
	start->words = NULL;
	return sandbox_own(sb, sb->command) ? 0 : -1;
}

int image_take(struct sandbox *sb, char *text, size_t length, const char *path)
{
	struct start start = {0};
	int result = 0;

	if (length > 0 && text[length - 1] != '\0')
		return fail(0, "%s: is cut", path);
	for (char *next; length > 0 && result == 0; text = next) {
		next = text + strlen(text) + 1;
		length -= (size_t)(next - text);
		result = take_text(sb, text, path, &start);
	}
	if (result == 0)
		result = take_command(sb, &start, sb->rootfs ? sb->rootfs : path);
	free(start.words);
	return result;
}

int image_use(struct sandbox *sb, const char *tree)
{
	autofree char *path = format_text("%s/../" IMAGE_START, tree);
	autoclose int fd = -1;
	struct stat st;
	size_t length;
	char *text;

	if (!path)
		return -1;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return fail(fd < 0 ? errno : 0, "%s", path);
	text = read_fd(fd, START_LIMIT, &length);
	if (!text)
		return fail(errno, "%s", path);
	if (!sandbox_own(sb, text) || image_take(sb, text, length, path) < 0)
		return -1;
	return idmap_check(sb);
}
