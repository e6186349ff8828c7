/*
 * files.c - --files: the files that the words of the command name.
 *
 * A viewer is started with the document as a word; inside, the document has to be where the word
 * says that it is. A word counts if it is the path of an ordinary file, absolute or from the
 * current folder, or a URI of one, as file managers give it. The folder that it is in is there,
 * too, with nothing else in it, and so can be the current one.
 *
 * With --files=portal a file is given to the document portal instead, which shows it below a folder
 * of its own, and the word becomes its path there. The portal follows the name: a file that an
 * editor replaces is the new one inside.
 *
 * What an attacker would try: to have a word that is not a document. What begins with a dash is an
 * option of the command; folders, devices and sockets are left out, so no word brings a whole tree
 * in. Whose words are chosen by somebody else (a link in a page) should not be started so: the
 * manual says it.
 */
#include "desktop/private.h"

#include "plan.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The path in a URI of a file of this machine (RFC 8089). Returns whether it is one. */
static bool uri_path(const char *uri, char path[PATH_MAX])
{
	static const char scheme[] = "file://";
	size_t length = 0;

	if (strncmp(uri, scheme, strlen(scheme)) != 0)
		return false;
	uri += strlen(scheme);
	if (strncmp(uri, "localhost/", 10) == 0)
		uri += 9;
	for (; *uri && length < PATH_MAX - 1; uri++) {
		int high = *uri == '%' ? hex_digit(uri[1]) : -1;
		int low = high >= 0 ? hex_digit(uri[2]) : -1;

		path[length] = *uri;
		if (low >= 0) {
			path[length] = (char)(high << 4 | low);
			uri += 2;
		}
		if (path[length++] == '\0')
			return false;
	}
	path[length] = '\0';
	return path[0] == '/' && *uri == '\0';
}

/* The absolute path that a word names. Returns whether it fits. */
static bool word_path(const char *word, const char *folder, char path[PATH_MAX])
{
	char named[PATH_MAX];

	if (!uri_path(word, named) &&
	    snprintf(named, sizeof(named), "%s%s%s", word[0] == '/' ? "" : folder,
		     word[0] == '/' ? "" : "/", word) >= (int)sizeof(named))
		return false;
	return plan_normalise(named, path);
}

/* What is to be changed wants a folder that can be written, for locks and backups: one that is as
 * empty as it seems, and gone at the end. Not where something else puts the folder in. */
static int add_folder(struct desktop *d, const char *path)
{
	static const char *const of_base[] = {"", "/tmp", "/var/tmp"};
	const char *folder =
		sandbox_own(d->sb, format_text("%.*s", (int)(strrchr(path, '/') - path), path));
	char host[PATH_MAX];
	struct mount *m;

	if (!folder)
		return -1;
	for (size_t i = 0; i < COUNT(of_base); i++)
		if (strcmp(folder, of_base[i]) == 0)
			return 0;
	if (plan_lookup(d->sb, folder, host))
		return 0;
	m = sandbox_mount(d->sb, MOUNT_SCRATCH, folder);
	if (!m)
		return -1;
	m->perms = 0700;
	m->origin = d->preset->origin;
	return 0;
}

/* Sets the paths that words of the command name, NULL where one names no file; owned by the
 * sandbox. Returns 0, or -1 after fail(). */
static int find_files(struct desktop *d, const char **paths)
{
	autofree char *folder = getcwd(NULL, 0);
	char path[PATH_MAX];

	for (size_t i = 1; d->sb->command[i]; i++) {
		const char *word = d->sb->command[i];

		if (word[0] == '-' || !word_path(word, folder ? folder : "", path) ||
		    desktop_type(d, path) != S_IFREG)
			continue;
		paths[i] = sandbox_own(d->sb, format_text("%s", path));
		if (!paths[i])
			return -1;
	}
	return 0;
}

static int bind_files(struct desktop *d, const char *const *paths, size_t count, bool write)
{
	for (size_t i = 0; i < count; i++)
		if (paths[i] && ((write && add_folder(d, paths[i]) < 0) ||
				 desktop_bind(d, paths[i], paths[i], write ? 0 : MOUNT_READONLY)))
			return -1;
	return 0;
}

/* ---- by the document portal ---- */

/* A name as it stands in a URI; owned by the sandbox, NULL after fail(). */
static char *escape(struct desktop *d, const char *name)
{
	static const char hex[] = "0123456789ABCDEF";
	char *text = sandbox_own(d->sb, calloc(strlen(name) + 1, 3)), *out = text;

	for (; text && *name; name++) {
		unsigned char c = (unsigned char)*name;

		if (isalnum(c) || strchr("-._~", c)) {
			*out++ = (char)c;
		} else {
			*out++ = '%';
			*out++ = hex[c >> 4];
			*out++ = hex[c & 15];
		}
	}
	return text;
}

/* The word of the command that names the document; a URI stays one. */
static char *document_word(struct desktop *d, const char *word, const char *path, const char *name)
{
	const char *file = strrchr(path, '/') + 1;
	bool uri = word[0] != '/' && strncmp(word, "file://", 7) == 0;

	if (uri)
		file = escape(d, file);
	return file ? sandbox_own(d->sb, format_text("%s%s/doc/%s/%s", uri ? "file://" : "",
						     d->runtime, name, file))
		    : NULL;
}

/* The command gets words of its own: those that we were given are one block, which is wiped. */
static int forward_files(struct desktop *d, const char *const *paths, size_t count, bool write)
{
	char **command = sandbox_own(d->sb, calloc(count + 1, sizeof(*command)));
	autofree const char **files = calloc(count, sizeof(*files));
	autofree const char **names = calloc(count, sizeof(*names));
	size_t found = 0, next = 0;

	if (!command || !files || !names)
		return fail(0, "out of memory");
	memcpy(command, d->sb->command, count * sizeof(*command));
	for (size_t i = 0; i < count; i++)
		if (paths[i])
			files[found++] = paths[i];
	if (found == 0 || d->sb->print != PRINT_NOTHING)
		return 0;
	if (desktop_forward(d, files, found, write, names) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (paths[i] &&
		    !(command[i] = document_word(d, command[i], paths[i], names[next++])))
			return -1;
	d->sb->command = command;
	return 0;
}

int add_files(struct desktop *d)
{
	static const struct {
		const char *how;
		bool portal, write;
	} ways[] = {{"ro", false, false},
		    {"rw", false, true},
		    {"portal", true, false},
		    {"portal-rw", true, true}};
	const char *how = d->preset->operand ? d->preset->operand : ways[0].how;
	autofree const char **paths = NULL;
	size_t way = 0, count = 0;
	int result;

	while (way < COUNT(ways) && strcmp(ways[way].how, how) != 0)
		way++;
	if (way == COUNT(ways))
		return fail(0, "--files takes ro, rw, portal or portal-rw, not %s", how);
	if (ways[way].portal && !d->sb->app_info)
		return fail(0, "--files=%s: there is no --portals before it", how);
	while (d->sb->command[count])
		count++;
	paths = calloc(count, sizeof(*paths));
	if (!paths)
		return fail(0, "out of memory");
	if (find_files(d, paths) < 0)
		return -1;
	result = ways[way].portal ? forward_files(d, paths, count, ways[way].write)
				  : bind_files(d, paths, count, ways[way].write);
	return result < 0 ? -1 : 1;
}
