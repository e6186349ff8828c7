/*
 * portals.c - --portals: the desktop's portals, and who the command is to them.
 *
 * A portal does for a program what the user says yes to, and asks who the program is. It finds that
 * out by a file: /.flatpak-info in the root directory of the process at the other end of its
 * connection to the bus. That process is xdg-dbus-proxy, so it is the proxy's sandbox that has to
 * have the file (proxy.c); the command's has it as well, for libraries that look for it. What the
 * file says:
 *
 *   name           of the application: permissions are kept under it, documents are given to it
 *   instance-id    of a folder in $XDG_RUNTIME_DIR/.flatpak (instance.c), from which portals learn
 *                  which process namespace the application's numbers are of
 *   runtime-path   /usr inside is /usr
 *   shared         whether there is a network, which decides what it is told of the network
 *
 * And $XDG_RUNTIME_DIR/doc is what the document portal shows of documents to this application.
 *
 * What an attacker would try: from inside, to be somebody else. The file that counts is not in his
 * root directory, and all that he says to the bus goes through the proxy, so mounting another over
 * the one that he sees, where nested namespaces are open, changes nothing for the bus. (PipeWire
 * looks at the command itself; nobody should take the file for more than it is there.) From
 * outside, by a name that is not one: it becomes a line of the file and part of a path, so only
 * the letters of Flatpak's names are taken. An application's name is the caller's choice; one that
 * zbox makes begins with zbox.app, where no Flatpak is.
 */
#include "desktop/private.h"

#include "network/helper.h" /* which starts any program beside the sandbox */

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define INFO "/.flatpak-info"
#define NAME_MAX_LENGTH 255
#define OWN_NAMES "zbox.app."

/* ---- the name ---- */

/* As in Flatpak: three parts at least, of letters, digits and _, none of which begins with a digit;
 * in the last also -. */
static bool is_application(const char *name)
{
	const char *last = strrchr(name, '.');
	bool begins = true;
	int dots = 0;

	for (const char *at = name; *at; at++) {
		bool good = isalpha((unsigned char)*at) || *at == '_' ||
			    (isdigit((unsigned char)*at) && !begins) || (*at == '-' && at > last);

		if (*at == '.' && !begins) {
			dots++;
			begins = true;
			continue;
		}
		if (!good)
			return false;
		begins = false;
	}
	return dots >= 2 && !begins && strlen(name) <= NAME_MAX_LENGTH;
}

const char *desktop_application(struct desktop *d)
{
	const char *name = desktop_command_name(d);
	char *text;

	for (size_t i = 0; i < d->sb->preset_count; i++)
		if (d->sb->presets[i].kind == PRESET_PORTALS && d->sb->presets[i].operand)
			return d->sb->presets[i].operand;
	text = sandbox_own(d->sb, format_text(OWN_NAMES "%s%.200s",
					      isdigit((unsigned char)name[0]) ? "_" : "", name));
	for (char *at = text ? text + strlen(OWN_NAMES) : NULL; at && *at; at++)
		if (!isalnum((unsigned char)*at) && *at != '-')
			*at = '_';
	return text;
}

/* ---- the file ---- */

static bool has_network(const struct sandbox *sb)
{
	return !(sb->unshare & CLONE_NEWNET) || sb->net != NET_NAMESPACES || sb->netns_path ||
	       sb->netns_fd >= 0;
}

/* A number that nobody else has; Flatpak looks at no other names than numbers. */
static const char *choose_instance(struct desktop *d)
{
	uint32_t number = 0;

	if (d->sb->print == PRINT_NOTHING &&
	    getrandom(&number, sizeof(number), 0) != sizeof(number)) {
		(void)fail(errno, "random numbers");
		return NULL;
	}
	return sandbox_own(d->sb, format_text("%u", number));
}

static int add_info(struct desktop *d, const char *runtime)
{
	struct sandbox *sb = d->sb;
	struct mount *m;

	sb->instances = sandbox_own(sb, format_text("%s/.flatpak", runtime));
	sb->instance = choose_instance(d);
	if (!sb->instances || !sb->instance)
		return -1;
	sb->app_info = sandbox_own(sb, format_text("[Application]\nname=%s\n"
						   "runtime=runtime/zbox/host/1\n\n"
						   "[Instance]\ninstance-id=%s\n"
						   "app-path=/usr\nruntime-path=/usr\n\n"
						   "[Context]\nshared=%s\n",
						   sb->app_id, sb->instance,
						   has_network(sb) ? "network;" : ""));
	m = sb->app_info ? sandbox_mount(sb, MOUNT_DATA, INFO) : NULL;
	if (!m)
		return -1;
	m->text = sb->app_info;
	m->flags = MOUNT_READONLY;
	m->perms = 0444;
	m->origin = d->preset->origin;
	return 0;
}

/* ---- the document portal ---- */

/* Starts zbox-portal, which speaks to the bus; words: what it is asked. Returns 0 with its answer,
 * or -1 after fail(). */
static int ask(const char *path, const char *const *words, size_t count, char *text, size_t size)
{
	struct net_helper portal = NET_HELPER_NONE;
	autofree char *bus = format_text("bus=unix:path=%s", path);
	autofree char **list = calloc(count + 3, sizeof(*list));
	char program[] = "zbox-portal";
	int result = -1;

	if (!bus)
		return -1;
	if (!list)
		return fail(0, "out of memory");
	list[0] = program;
	list[1] = bus;
	if (count > 0)
		memcpy(list + 2, words, count * sizeof(*words));
	if (net_helper_exec(&portal, list) == 0)
		result = net_helper_text(&portal.socket, "the document portal", text, size);
	net_helper_end(&portal);
	return result;
}

/* Where it shows the documents of all. Returns 1, 0 after desktop_missing(), or -1 after fail(). */
static int mount_point(struct desktop *d, const char *bus, const char *runtime, const char **path)
{
	char answer[PATH_MAX] = "";

	if (d->sb->print != PRINT_NOTHING) { /* nothing is started by printing the plan */
		*path = sandbox_own(d->sb, format_text("%s/doc", runtime));
		return *path ? 1 : -1;
	}
	if (ask(bus, NULL, 0, answer, sizeof(answer)) < 0) {
		autofree char *why = failure_sentence();

		if (!why)
			return -1;
		failure_clear();
		return desktop_missing(d, "%s", why);
	}
	if (answer[0] != '/')
		return desktop_missing(d, "the document portal is at \"%s\"", answer);
	*path = sandbox_own(d->sb, format_text("%s", answer));
	return *path ? 1 : -1;
}

/* At its own path, which is what portals say of a document, and where programs look for it, when
 * XDG_RUNTIME_DIR is another inside. */
static int add_documents(struct desktop *d, const char *path)
{
	const char *source = sandbox_own(d->sb, format_text("%s/by-app/%s", path, d->sb->app_id));
	const char *usual = sandbox_own(d->sb, format_text("%s/doc", d->runtime));

	if (!usual || !path || desktop_bind(d, source, path, 0) < 0)
		return -1;
	return strcmp(path, usual) == 0 ? 0 : desktop_link(d, path, usual);
}

int desktop_forward(struct desktop *d, const char *const *paths, size_t count, bool write,
		    const char **documents)
{
	autofree char *app = format_text("app=%s", d->sb->app_id);
	autofree const char **words = calloc(count + 2, sizeof(*words));
	char answer[sizeof(struct failure)], *rest = answer, *name;

	if (!app)
		return -1;
	if (!words)
		return fail(0, "out of memory");
	words[0] = app;
	words[1] = write ? "permissions=rw" : "permissions=ro";
	memcpy(words + 2, paths, count * sizeof(*paths));
	if (ask(d->sb->buses[BUS_SESSION], words, count + 2, answer, sizeof(answer)) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		name = strsep(&rest, "\n");
		if (!name || !name[0] || name[strspn(name, "0123456789abcdefghijklmnopqrstuvwxyz")])
			return fail(0, "the document portal gave no name to %s", paths[i]);
		documents[i] = sandbox_own(d->sb, format_text("%s", name));
		if (!documents[i])
			return -1;
	}
	return 0;
}

/* ---- all of it ---- */

int add_portals(struct desktop *d)
{
	const char *runtime = desktop_path_variable(d, "XDG_RUNTIME_DIR");
	const char *given = d->preset->operand, *bus = NULL, *path = NULL;
	int result;

	if (given && !is_application(given))
		return fail(0,
			    "--%s: \"%s\" is no name of an application, which is as "
			    "org.example.Name",
			    d->preset->name, given);
	if (!runtime)
		return desktop_missing(d, "XDG_RUNTIME_DIR is not set");
	result = desktop_session_bus(d, &bus);
	if (result > 0)
		result = mount_point(d, bus, runtime, &path);
	if (result > 0)
		result = add_dbus(d);
	if (result <= 0)
		return result;
	d->sb->app_id = desktop_application(d);
	if (!d->sb->app_id || add_info(d, runtime) < 0 || add_documents(d, path) < 0)
		return -1;
	return 1;
}
