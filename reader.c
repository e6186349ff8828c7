/*
 * reader.c - what the option parser reads from the machine that it runs on: arguments files,
 * profiles, and the variables that profiles may use.
 *
 * The parser makes no system call, this file makes all of its: each function is one callback of
 * struct options_reader. Nothing here is believed: what a file holds is the parser's business, a
 * path from the environment that is not absolute is not set (as the XDG base directory
 * specification has it), and the current folder is asked of the kernel, because PWD is what
 * somebody said.
 */
#include "reader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARGS_LIMIT (64U << 20) /* bytes that --args reads */

static char *read_args(void *context, int fd, size_t *length)
{
	char *data = read_fd(fd, ARGS_LIMIT, length);

	(void)context;
	close_fd(&fd);
	return data;
}

static char *read_path(void *context, const char *path, size_t limit, size_t *length)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	(void)context;
	return fd < 0 ? NULL : read_fd(fd, limit, length);
}

static char *real_path(void *context, const char *path)
{
	(void)context;
	return realpath(path, NULL);
}

/* ---- variables ---- */

static const char *absolute(const char *value)
{
	return value && value[0] == '/' ? value : NULL;
}

/* A folder of XDG's, or what the specification says where it is not set. */
static char *xdg_folder(const char *name, const char *below)
{
	const char *value = absolute(getenv(name)), *home = absolute(getenv("HOME"));

	if (value)
		return strdup(value);
	return home ? format_text("%s/%s", strcmp(home, "/") == 0 ? "" : home, below) : NULL;
}

static char *get_home(const char *name, const char *below)
{
	const char *value = absolute(getenv(name));

	(void)below;
	return value ? strdup(value) : NULL;
}

static char *get_text(const char *name, const char *below)
{
	const char *value = getenv(name);

	(void)below;
	return value ? strdup(value) : NULL;
}

static char *get_folder(const char *name, const char *below)
{
	(void)name;
	(void)below;
	return getcwd(NULL, 0);
}

static char *get_uid(const char *name, const char *below)
{
	(void)name;
	(void)below;
	return format_text("%u", geteuid());
}

static char *get_gid(const char *name, const char *below)
{
	(void)name;
	(void)below;
	return format_text("%u", getegid());
}

enum { HOME, PWD }; /* the first of the list */

static const struct {
	const char *name;
	char *(*get)(const char *name, const char *below);
	const char *below; /* of the home */
} variables[] = {
	[HOME] = {"HOME", get_home, NULL},
	[PWD] = {"PWD", get_folder, NULL},
	{"USER", get_text, NULL},
	{"UID", get_uid, NULL},
	{"GID", get_gid, NULL},
	{"XDG_RUNTIME_DIR", get_home, NULL},
	{"XDG_CONFIG_HOME", xdg_folder, ".config"},
	{"XDG_CACHE_HOME", xdg_folder, ".cache"},
	{"XDG_DATA_HOME", xdg_folder, ".local/share"},
};

_Static_assert(COUNT(variables) == COUNT(((struct reader_context *)0)->values),
	       "each variable has its place");

static const char *reader_variable(void *context, const char *name)
{
	struct reader_context *c = context;

	for (size_t i = 0; i < COUNT(variables); i++) {
		if (strcmp(variables[i].name, name) != 0)
			continue;
		if (!c->values[i])
			c->values[i] = variables[i].get(name, variables[i].below);
		return c->values[i];
	}
	return NULL;
}

/* Profiles ask for dozens of names in the current folder: by its path each costs twice as much. */
static int path_exists(void *context, const char *path)
{
	const struct reader_context *c = context;
	const char *folder = c->values[PWD];
	size_t length = folder ? strlen(folder) : 0;
	struct stat st;

	if (length > 1 && strncmp(path, folder, length) == 0 && path[length] == '/')
		path += length + strspn(path + length, "/");
	if (stat(path[0] ? path : ".", &st) == 0)
		return 1;
	return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
}

struct options_reader reader_of(struct reader_context *context)
{
	return (struct options_reader){.read_fd = read_args,
				       .read_file = read_path,
				       .exists = path_exists,
				       .real_path = real_path,
				       .variable = reader_variable,
				       .context = context};
}

void reader_free(struct reader_context *context)
{
	for (size_t i = 0; i < COUNT(context->values); i++)
		free(context->values[i]);
}
