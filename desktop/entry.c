/*
 * entry.c - --desktop-entry: an application's entry for the menus, with zbox in front of its
 * command.
 *
 *   find     the system's entry: APP.desktop, or one whose command is called APP, in the folders of
 *            XDG_DATA_DIRS
 *   copy     every line as it is, but for these: Exec gets zbox and the profile in front, in
 * actions too; DBusActivatable goes, because the bus would start the application without zbox write
 * into $XDG_DATA_HOME/applications under the same name, which hides the system's there
 *
 * The entry says in a line of its own that it is ours: one without it is the caller's, and is
 * neither written over nor removed.
 *
 * What an attacker could try: entries of the system are root's, and an application that could write
 * one could write its own program. What has to hold is that the entry never starts the application
 * without zbox: a profile has to be there for it, and a command that cannot be understood is an
 * error.
 */
#include "desktop/entry.h"

#include "desktop/private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENTRY_MAX (1U << 20)
#define SUFFIX ".desktop"
#define MARK "X-Zbox=true"

struct entry {
	char name[NAME_MAX + 1]; /* org.example.App.desktop */
	char *text;              /* owned */
	char *command;           /* basename of the first word of Exec; owned */
};

static void entry_free(struct entry *e)
{
	free(e->text);
	free(e->command);
	*e = (struct entry){.text = NULL};
}

/* ---- reading ---- */

static bool line_is(const char *line, const char *key)
{
	size_t length = strlen(key);

	if (strncmp(line, key, length) != 0)
		return false;
	line += length;
	return line[strspn(line, " \t")] == '=';
}

/* The value of the first line with the key; NULL: there is none. Up to its end of line. */
static const char *value_of(const char *text, const char *key)
{
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (!line_is(line, key))
			continue;
		line = strchr(line, '=') + 1;
		return line + strspn(line, " \t");
	}
	return NULL;
}

/* The name of the program that Exec starts: its first word without folders. Heap memory, or NULL
 * without fail() when there is none. */
static char *command_of(const char *text)
{
	const char *exec = value_of(text, "Exec"), *slash;
	bool quoted = exec && *exec == '"';
	size_t length;
	char *word;

	if (!exec)
		return NULL;
	exec += quoted;
	length = strcspn(exec, quoted ? "\"\n" : " \t\n");
	if (length == 0)
		return NULL;
	word = format_text("%.*s", (int)length, exec);
	slash = word ? strrchr(word, '/') : NULL;
	if (slash)
		memmove(word, slash + 1, strlen(slash + 1) + 1);
	return word;
}

/* Reads an entry. Returns 1, 0 when there is none of that name, or -1 after fail(). */
static int entry_read(int folder, const char *name, struct entry *e)
{
	autoclose int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t length;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || snprintf(e->name, sizeof(e->name), "%s", name) >= (int)sizeof(e->name))
		return fail(errno, "%s", name);
	e->text = read_fd(fd, ENTRY_MAX, &length);
	if (!e->text)
		return fail(errno, "%s", name);
	e->command = command_of(e->text);
	return 1;
}

/* The first by name whose command is the application. Returns 1, 0, or -1 after fail(). */
static int search_folder(int folder, const char *app, struct entry *found)
{
	autoclose int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *file;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int result = 0;

	if (!dir)
		return 0;
	fd = -1; /* the stream owns it now */
	while (result >= 0 && (file = readdir(dir)) != NULL) {
		const char *suffix = strrchr(file->d_name, '.');
		struct entry e = {.text = NULL};

		if (!suffix || strcmp(suffix, SUFFIX) != 0 ||
		    (found->text && strcmp(found->name, file->d_name) < 0))
			continue;
		result = entry_read(folder, file->d_name, &e);
		if (result > 0 && e.command && strcmp(e.command, app) == 0) {
			entry_free(found);
			*found = e;
			continue;
		}
		entry_free(&e);
	}
	(void)closedir(dir);
	return result < 0 ? -1 : found->text != NULL;
}

/* Looks in the folders of the system. Returns 0, or -1 after fail(). */
static int entry_find(const char *app, struct entry *e)
{
	const char *folders = getenv("XDG_DATA_DIRS");

	if (app[0] == '\0' || app[0] == '.' || strchr(app, '/'))
		return fail(0, "\"%s\" is no name of an application", app);
	if (!folders || !folders[0])
		folders = "/usr/local/share:/usr/share";
	for (; *folders; folders += strcspn(folders, ":"), folders += *folders == ':') {
		autofree char *path =
			format_text("%.*s/applications", (int)strcspn(folders, ":"), folders);
		autofree char *name = format_text("%s" SUFFIX, app);
		autoclose int folder = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
		int result;

		if (!path || !name)
			return -1;
		if (folder < 0)
			continue;
		result = entry_read(folder, name, e);
		if (result == 0)
			result = search_folder(folder, app, e);
		if (result != 0)
			return result < 0 ? -1 : 0;
	}
	return fail(0, "there is no entry for %s in the folders of XDG_DATA_DIRS", app);
}

/* ---- writing ---- */

/* A word of Exec, quoted as the Desktop Entry Specification has it. */
static void put_word(FILE *out, const char *word)
{
	(void)fputc('"', out);
	for (; *word; word++) {
		if (strchr("\"`$\\", *word)) /* each \ is one of a string: two */
			(void)fputs(*word == '\\' ? "\\\\\\" : "\\\\", out);
		if (*word == '%')
			(void)fputc('%', out);
		(void)fputc(*word, out);
	}
	(void)fputc('"', out);
}

static void put_exec(FILE *out, const char *zbox, const char *profile, const char *line, int length)
{
	const char *value = strchr(line, '=') + 1;

	value += strspn(value, " \t");
	(void)fputs("Exec=", out);
	put_word(out, zbox);
	(void)fprintf(out, " --quiet --profile %s -- %.*s\n", profile, length - (int)(value - line),
		      value);
}

static void put_entry(FILE *out, const struct entry *e, const char *zbox)
{
	for (const char *line = e->text; *line;) {
		int length = (int)strcspn(line, "\n");

		if (line_is(line, "Exec"))
			put_exec(out, zbox, e->command, line, length);
		else if (!line_is(line, "DBusActivatable") && !line_is(line, "X-Zbox"))
			(void)fprintf(out, "%.*s\n", length, line);
		if (strncmp(line, "[Desktop Entry]", 15) == 0)
			(void)fputs(MARK "\n", out);
		line += length;
		line += *line == '\n';
	}
}

/* The caller's folder of entries, in *path, which the caller frees. Returns it, or -1 after fail().
 */
static int open_folder(const struct options_reader *reader, char **path)
{
	const char *data = reader->variable(reader->context, "XDG_DATA_HOME");
	int folder;

	if (!data)
		return fail(0, "neither XDG_DATA_HOME nor HOME is set");
	*path = format_text("%s/applications", data);
	if (!*path)
		return -1;
	folder = desktop_open_made(*path);
	return folder < 0 ? fail(errno, "%s", *path) : folder;
}

/* An entry of that name is ours, or not there: 1, 0, or -1 after fail(). */
static int is_ours(int folder, const char *path, const char *name)
{
	struct entry e = {.text = NULL};
	int result = entry_read(folder, name, &e);

	if (result > 0 && !value_of(e.text, "X-Zbox"))
		result = fail(0, "%s/%s was not written by zbox", path, name);
	entry_free(&e);
	return result;
}

/* Whole or not at all: under another name first. */
static int replace(int folder, const char *name, const char *text, size_t length)
{
	autofree char *fresh = format_text(".%s.zbox-%d", name, (int)getpid());
	autoclose int fd = -1;

	if (!fresh)
		return -1;
	fd = openat(folder, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return fail(errno, "%s", fresh);
	if (write_fd(fd, text, length) == 0 && renameat(folder, fresh, folder, name) == 0)
		return 0;
	(void)fail(errno, "%s", name);
	(void)unlinkat(folder, fresh, 0);
	return -1;
}

int entry_write(FILE *out, const char *app, const struct options_reader *reader)
{
	struct entry e = {.text = NULL};
	autofree char *path = NULL, *text = NULL;
	autoclose int folder = -1;
	char zbox[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", zbox, sizeof(zbox) - 1);
	size_t size = 0;
	int result = -1;
	FILE *made;

	if (length <= 0)
		return fail(errno, "/proc/self/exe");
	zbox[length] = '\0';
	if (strpbrk(zbox, "\n\r"))
		return fail(0, "zbox is in a folder with a newline in its name");
	if (entry_find(app, &e) == 0)
		result = e.command ? profile_find(reader, e.command) : 0;
	if (result == 0)
		(void)fail(0, "there is no profile for %s", e.command ? e.command : app);
	if (result > 0)
		folder = open_folder(reader, &path);
	result = folder < 0 || is_ours(folder, path, e.name) < 0 ? -1 : 0;
	made = result == 0 ? open_memstream(&text, &size) : NULL;
	if (made)
		put_entry(made, &e, zbox);
	if (result == 0)
		result = made && fclose(made) == 0 ? replace(folder, e.name, text, size)
						   : fail(0, "out of memory");
	if (result == 0)
		(void)fprintf(out, "%s/%s\n", path, e.name);
	entry_free(&e);
	return result;
}

int entry_remove(FILE *out, const char *app, const struct options_reader *reader)
{
	struct entry e = {.text = NULL};
	autofree char *path = NULL, *name = NULL;
	autoclose int folder = open_folder(reader, &path);
	int result;

	if (folder < 0)
		return -1;
	if (strchr(app, '/'))
		return fail(0, "\"%s\" is no name of an application", app);
	/* by its own name, also when the application is gone; else that of the system's */
	name = format_text("%s" SUFFIX, app);
	if (!name)
		return -1;
	result = is_ours(folder, path, name);
	if (result == 0 && entry_find(app, &e) == 0) {
		free(name);
		name = format_text("%s", e.name);
		result = name ? is_ours(folder, path, name) : -1;
		if (result == 0)
			(void)fail(ENOENT, "%s/%s", path, name);
	}
	entry_free(&e);
	if (result <= 0)
		return -1;
	if (unlinkat(folder, name, 0) < 0)
		return fail(errno, "%s/%s", path, name);
	(void)fprintf(out, "%s/%s\n", path, name);
	return 0;
}
