/*
 * folders.c - --home, --cache, --fonts, --themes: folders of the caller's that are kept or shown.
 *
 *   --home DIR        DIR, writable, is the home inside
 *   --home private    the same with $XDG_DATA_HOME/zbox/NAME/home, NAME that of the command
 *   --cache NAME      $XDG_CACHE_HOME/zbox/NAME is ~/.cache/NAME inside
 *   --fonts, --themes read-only, below /run/host, where variables tell libraries to look: in the
 *                     home inside they would need places that a kept home does not have
 *
 * What an attacker would try: what runs inside writes to its home and cache, and finds them again
 * the next time: a link there leads nowhere on the host, because nothing outside follows it. The
 * folders themselves are made one below the other without following links, and have to be the
 * caller's own. Names of the command line become one part of a path, never more.
 */
#include "desktop/private.h"

#include "base.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- folders that are made ---- */

static bool is_name(const char *name)
{
	if (!isalnum((unsigned char)name[0]))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("._+-", *name))
			return false;
	return true;
}

/* A folder of XDG's on the host, owned by the sandbox; NULL after fail(). */
static const char *xdg_folder(struct desktop *d, const char *variable, const char *below)
{
	const char *folder = desktop_path_variable(d, variable);
	const char *home = desktop_path_variable(d, "HOME");

	if (folder)
		return sandbox_own(d->sb, format_text("%s", folder));
	if (home)
		return sandbox_own(d->sb, format_text("%s/%s", home, below));
	(void)fail(0, "--%s: neither %s nor HOME is set", d->preset->name, variable);
	return NULL;
}

int desktop_open_made(const char *top)
{
	autofree char *path = format_text("%s", top);

	for (char *slash = path ? strchr(path + 1, '/') : NULL; slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return -1;
		*slash = '/';
	}
	if (!path || (mkdir(path, 0700) < 0 && errno != EEXIST))
		return -1;
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* top/zbox/NAME..., each part made where it is missing. Returns 0, or -1 after fail(). */
static int make_folder(struct desktop *d, const char *top, const char *const *parts, size_t count)
{
	autoclose int fd = -1;
	struct stat st;

	if (d->sb->print != PRINT_NOTHING)
		return 0; /* nothing is changed by printing the plan */
	fd = desktop_open_made(top);
	if (fd < 0)
		return fail(errno, "--%s: %s", d->preset->name, top);
	for (size_t i = 0; i < count; i++) {
		int below;

		if (mkdirat(fd, parts[i], 0700) < 0 && errno != EEXIST)
			return fail(errno, "--%s: %s in %s", d->preset->name, parts[i], top);
		below = openat(fd, parts[i], O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below < 0)
			return fail(errno, "--%s: %s in %s", d->preset->name, parts[i], top);
		close_fd(&fd);
		fd = below;
		if (fstat(fd, &st) < 0 || st.st_uid != geteuid())
			return fail(EPERM, "--%s: %s in %s is somebody else's", d->preset->name,
				    parts[i], top);
	}
	return 0;
}

/* ---- home ---- */

/* The operand of --home private[:NAME]; NULL: it is a folder. */
static const char *private_name(const struct desktop *d)
{
	static const char word[] = "private";
	const char *operand = d->preset->operand;

	if (strncmp(operand, word, strlen(word)) != 0)
		return NULL;
	operand += strlen(word);
	if (operand[0] == ':')
		return operand + 1;
	if (operand[0] != '\0')
		return NULL;
	return desktop_command_name(d);
}

int add_home(struct desktop *d)
{
	const char *name = private_name(d), *folder = d->preset->operand, *top;

	if (name) {
		const char *const parts[] = {"zbox", name, "home"};

		if (!is_name(name))
			return fail(0, "--home private:NAME: \"%s\" is no name", name);
		top = xdg_folder(d, "XDG_DATA_HOME", ".local/share");
		if (!top || make_folder(d, top, parts, COUNT(parts)) < 0)
			return -1;
		folder = sandbox_own(d->sb, format_text("%s/zbox/%s/home", top, name));
	}
	if (desktop_bind(d, folder, base_home(d->sb), 0) < 0)
		return -1;
	d->home = folder;
	return desktop_set(d, "HOME", base_home(d->sb)) < 0 ? -1 : 1;
}

/* The place in a home that is kept; in one that is not, it is made with the mount. */
static int make_place(struct desktop *d, const char *name)
{
	const char *const parts[] = {".cache", name};

	return d->home ? make_folder(d, d->home, parts, COUNT(parts)) : 0;
}

int add_cache(struct desktop *d)
{
	const char *name = d->preset->operand, *top, *source, *dest;
	const char *const parts[] = {"zbox", name};

	for (const struct preset *later = d->preset; later < d->sb->presets + d->sb->preset_count;
	     later++)
		if (later->kind == PRESET_HOME)
			return fail(0, "--cache has to come after --home, which would hide it");
	if (!is_name(name))
		return fail(0, "--cache: \"%s\" is no name", name);
	top = xdg_folder(d, "XDG_CACHE_HOME", ".cache");
	if (!top || make_folder(d, top, parts, COUNT(parts)) < 0 || make_place(d, name) < 0)
		return -1;
	source = sandbox_own(d->sb, format_text("%s/zbox/%s", top, name));
	dest = sandbox_own(d->sb, format_text("%s/.cache/%s", base_home(d->sb), name));
	return desktop_bind(d, source, dest, 0) < 0 ? -1 : 1;
}

/* ---- what is shown of the caller's ---- */

#define SHOWN "/run/host"

/* Shows the host's path, if it is there, as SHOWN/NAME. Returns 1, 0, or -1 after fail(). */
static int show(struct desktop *d, const char *top, const char *name, const char *shown)
{
	const char *path = sandbox_own(d->sb, format_text("%s/%s", top, name));
	const char *dest = sandbox_own(d->sb, format_text(SHOWN "/%s", shown));

	if (!path || !dest)
		return -1;
	if (!desktop_type(d, path))
		return 0;
	return desktop_bind(d, path, dest, MOUNT_READONLY) < 0 ? -1 : 1;
}

/* A folder of the caller's and what of it is shown, under which names. */
struct shown {
	const char *variable, *below; /* of the home, where the variable is not set */
	const char *name, *shown;
};

/* Returns how many there are, or -1 after fail(). */
static int show_all(struct desktop *d, const struct shown *list, size_t count)
{
	int total = 0;

	for (size_t i = 0; i < count; i++) {
		const char *top = desktop_path_variable(d, list[i].variable);
		const char *home = desktop_path_variable(d, "HOME");
		int result;

		if (!top && home)
			top = sandbox_own(d->sb, format_text("%s/%s", home, list[i].below));
		if (!top && !home)
			continue;
		result = top ? show(d, top, list[i].name, list[i].shown) : -1;
		if (result < 0)
			return -1;
		total += result;
	}
	return total;
}

int add_fonts(struct desktop *d)
{
	static const struct shown own[] = {
		{"XDG_DATA_HOME", ".local/share", "fonts", "fonts/data"},
		{"", ".", ".fonts", "fonts/home"},
		{"XDG_CONFIG_HOME", ".config", "fontconfig", "fontconfig"},
	};
	static const char config[] =
		"<?xml version=\"1.0\"?>\n<!DOCTYPE fontconfig SYSTEM "
		"\"urn:fontconfig:fonts.dtd\">\n"
		"<fontconfig>\n"
		"<include ignore_missing=\"yes\">/etc/fonts/fonts.conf</include>\n"
		"<include ignore_missing=\"yes\">" SHOWN "/fontconfig/fonts.conf</include>\n"
		"<include ignore_missing=\"yes\">" SHOWN "/fontconfig/conf.d</include>\n"
		"<dir>" SHOWN "/fonts</dir>\n"
		"</fontconfig>\n";
	int count = show_all(d, own, COUNT(own));

	if (count < 0)
		return -1;
	if (count == 0 && !desktop_type(d, "/usr/share/fonts") && !desktop_type(d, "/etc/fonts"))
		return desktop_missing(d, "there are no fonts");
	if (count == 0)
		return 1; /* those of the system are in /usr */
	if (desktop_file(d, SHOWN "/fonts.conf", config) < 0)
		return -1;
	return desktop_set(d, "FONTCONFIG_FILE", SHOWN "/fonts.conf") < 0 ? -1 : 1;
}

int add_themes(struct desktop *d)
{
	/* the files by name: beside them are bookmarks of the caller's folders */
	static const struct shown own[] = {
		{"XDG_DATA_HOME", ".local/share", "themes", "share/themes"},
		{"XDG_DATA_HOME", ".local/share", "icons", "share/icons"},
		{"XDG_CONFIG_HOME", ".config", "gtk-3.0/settings.ini",
		 "config/gtk-3.0/settings.ini"},
		{"XDG_CONFIG_HOME", ".config", "gtk-4.0/settings.ini",
		 "config/gtk-4.0/settings.ini"},
		{"XDG_CONFIG_HOME", ".config", "Kvantum", "config/Kvantum"},
		{"XDG_CONFIG_HOME", ".config", "kdeglobals", "config/kdeglobals"},
	};
	static const char *const variables[] = {
		"GTK_THEME",     "QT_STYLE_OVERRIDE", "QT_QPA_PLATFORMTHEME",
		"XCURSOR_THEME", "XCURSOR_SIZE",      "XDG_CURRENT_DESKTOP"};
	int count = show_all(d, own, COUNT(own));

	if (count < 0)
		return -1;
	for (size_t i = 0; i < COUNT(variables); i++) {
		const char *value = desktop_variable(d, variables[i]);

		if (value && desktop_set(d, variables[i], value) < 0)
			return -1;
		count += value != NULL;
	}
	if (count == 0 && !desktop_type(d, "/usr/share/themes") &&
	    !desktop_type(d, "/usr/share/icons"))
		return desktop_missing(d, "there are no themes");
	if (count == 0)
		return 1; /* those of the system are in /usr */
	if (desktop_set(d, "XDG_DATA_DIRS", SHOWN "/share:/usr/local/share:/usr/share") < 0)
		return -1;
	return desktop_set(d, "XDG_CONFIG_DIRS", SHOWN "/config:/etc/xdg") < 0 ? -1 : 1;
}
