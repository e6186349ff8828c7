/*
 * bus.c - --dbus and --dbus-system: where the buses are. What is done with that is in proxy.c.
 *
 * What an attacker would try: a bus as it is would be the way out, so its socket never comes in;
 * what comes in is made by the proxy, and what passes there is its rules.
 */
#include "desktop/private.h"

#include "desktop/proxy.h"

#include <string.h>

#define SYSTEM_BUS "/run/dbus/system_bus_socket"

/* The path of an address unix:path=PATH[,...], owned by the sandbox. Returns 1, 0 when it is
 * another kind of address (several; an abstract socket, which belongs to the caller's network; one
 * with escapes), or -1 after fail(). */
static int address_path(struct desktop *d, const char *address, const char **path)
{
	static const char unix_path[] = "unix:path=";
	const char *start = address + strlen(unix_path);
	size_t length;

	if (strncmp(address, unix_path, strlen(unix_path)) != 0 || start[0] != '/' ||
	    strpbrk(start, ";%"))
		return 0;
	length = strcspn(start, ",");
	*path = sandbox_own(d->sb, format_text("%.*s", (int)length, start));
	return *path ? 1 : -1;
}

/* Returns 1, or 0 after desktop_missing(). */
static int look(struct desktop *d, const char *path)
{
	if (desktop_type(d, path) != S_IFSOCK)
		return desktop_missing(d, "there is no bus at %s", path);
	if (desktop_type(d, PROXY_PROGRAM) != S_IFREG)
		return desktop_missing(d, PROXY_PROGRAM " is not installed");
	return 1;
}

static int add_bus(struct desktop *d, enum bus bus, const char *path, const char *variable)
{
	const char *address =
		sandbox_own(d->sb, format_text("unix:path=%s/%s", d->runtime, proxy_socket(bus)));

	d->sb->buses[bus] = path;
	d->sb->bus_directory = sandbox_own(d->sb, format_text("%s", d->runtime));
	if (!d->sb->bus_directory || desktop_runtime(d) < 0)
		return -1;
	return desktop_set(d, variable, address) < 0 ? -1 : 1;
}

static const char session_variable[] = "DBUS_SESSION_BUS_ADDRESS";

int desktop_session_bus(struct desktop *d, const char **path)
{
	const char *address = desktop_variable(d, session_variable);
	const char *folder = desktop_path_variable(d, "XDG_RUNTIME_DIR");
	int result = 1;

	if (address)
		result = address_path(d, address, path);
	else if (folder)
		*path = sandbox_own(d->sb, format_text("%s/bus", folder));
	else
		return desktop_missing(d, "XDG_RUNTIME_DIR is not set");
	if (result == 0)
		return desktop_missing(d, "%s is %s, and only unix:path=... is understood",
				       session_variable, address);
	return result < 0 || !*path ? -1 : look(d, *path);
}

int add_dbus(struct desktop *d)
{
	const char *path = NULL;
	int result = desktop_session_bus(d, &path);

	return result <= 0 ? result : add_bus(d, BUS_SESSION, path, session_variable);
}

int add_dbus_system(struct desktop *d)
{
	static const char variable[] = "DBUS_SYSTEM_BUS_ADDRESS";
	const char *address = desktop_variable(d, variable), *path = SYSTEM_BUS;
	int result = address ? address_path(d, address, &path) : 1;

	if (result == 0)
		return desktop_missing(d, "%s is %s, and only unix:path=... is understood",
				       variable, address);
	result = result < 0 ? -1 : look(d, path);
	return result <= 0 ? result : add_bus(d, BUS_SYSTEM, path, variable);
}
