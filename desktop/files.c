/*
 * files.c - --files: the files that the words of the command name.
 *
 * A viewer is started with the document as a word; inside, the document has to be where the word
 * says that it is. A word counts if it is the path of an ordinary file, absolute or from the
 * current folder, or a URI of one, as file managers give it. The folder that it is in is there,
 * too, with nothing else in it, and so can be the current one.
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

int add_files(struct desktop *d)
{
	const char *how = d->preset->operand;
	unsigned flags = how && strcmp(how, "rw") == 0 ? 0 : MOUNT_READONLY;
	autofree char *folder = getcwd(NULL, 0);
	char path[PATH_MAX];

	if (how && strcmp(how, "rw") != 0 && strcmp(how, "ro") != 0)
		return fail(0, "--files takes ro or rw, not %s", how);
	for (char **word = d->sb->command + 1; *word; word++) {
		const char *owned;

		if ((*word)[0] == '-' || !word_path(*word, folder ? folder : "", path) ||
		    desktop_type(d, path) != S_IFREG)
			continue;
		owned = sandbox_own(d->sb, format_text("%s", path));
		if (!owned || (flags == 0 && add_folder(d, owned) < 0) ||
		    desktop_bind(d, owned, owned, flags) < 0)
			return -1;
	}
	return 1;
}
