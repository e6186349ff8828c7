/*
 * desktop.c - the presets: parts of the caller's desktop that a program with windows needs.
 *
 * A preset is a word for a few binds and variables that differ from machine to machine: a socket
 * whose name is in the environment, the nodes of the card that is there. It becomes ordinary
 * operations, which --explain shows with the word's origin, so neither mounts.c nor anything behind
 * it knows of presets.
 *
 * Order: each preset, in the order given: its function appends to the plan; what was appended moves
 * to the place of the word, so that the user's words after it win over it.
 *
 *   display.c   Wayland and X11            devices.c   graphics card, camera, joystick
 *   desktop.c   sound, printing            folders.c   home, caches, fonts, themes
 *   bus.c       D-Bus, through a proxy that proxy.c starts
 *   files.c     the files that the command's words name
 *   portals.c   the desktop's portals, and who the command is to them
 *
 * What an attacker could try here: nothing runs yet that is not the caller, and the caller's
 * environment is the caller's. What must not happen is that a word shows more than it means. Hence
 * a socket has to be a socket, whatever the environment says it is (a directory there would come in
 * with all that is in it); only the socket comes in, never the directory that it is in, where the
 * others are (the session bus is beside Wayland's); devices come by name, so a joystick brings no
 * keyboard. What a socket that was given can do is said in its option's manual text: X11 and
 * PipeWire, for two, are no walls.
 */
#include "desktop/desktop.h"

#include "base.h"
#include "desktop/private.h"
#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static preset_function *const functions[] = {
	[PRESET_WAYLAND] = add_wayland,   [PRESET_X11] = add_x11,
	[PRESET_AUDIO] = add_audio,       [PRESET_PIPEWIRE] = add_pipewire,
	[PRESET_GPU] = add_gpu,           [PRESET_CAMERA] = add_camera,
	[PRESET_JOYSTICK] = add_joystick, [PRESET_CUPS] = add_cups,
	[PRESET_FONTS] = add_fonts,       [PRESET_THEMES] = add_themes,
	[PRESET_HOME] = add_home,         [PRESET_CACHE] = add_cache,
	[PRESET_DBUS] = add_dbus,         [PRESET_DBUS_SYSTEM] = add_dbus_system,
	[PRESET_FILES] = add_files,       [PRESET_PORTALS] = add_portals,
};
_Static_assert(COUNT(functions) == PRESET_KINDS, "each preset has its function");

int desktop_missing(struct desktop *d, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	d->preset->missing = sandbox_own(d->sb, format_text("%s", text));
	return d->preset->missing ? 0 : -1;
}

const char *desktop_variable(const struct desktop *d, const char *name)
{
	const char *value = identity_variable(d->environment, name);

	return value && value[0] ? value : NULL;
}

const char *desktop_path_variable(const struct desktop *d, const char *name)
{
	const char *value = desktop_variable(d, name);

	return value && value[0] == '/' ? value : NULL;
}

const char *desktop_command_name(const struct desktop *d)
{
	const char *slash = strrchr(d->sb->command[0], '/');

	return slash ? slash + 1 : d->sb->command[0];
}

mode_t desktop_type(const struct desktop *d, const char *path)
{
	struct stat st;

	path += strspn(path, "/");
	return fstatat(d->host, path[0] ? path : ".", &st, 0) == 0 ? st.st_mode & S_IFMT : 0;
}

/* ---- additions to the plan ---- */

static struct mount *append(struct desktop *d, enum mount_kind kind, const char *dest)
{
	struct mount *m = dest ? sandbox_mount(d->sb, kind, dest) : NULL;

	if (m)
		m->origin = d->preset->origin;
	return m;
}

int desktop_bind(struct desktop *d, const char *source, const char *dest, unsigned flags)
{
	struct mount *m = source ? append(d, MOUNT_BIND, dest) : NULL;

	if (!m)
		return -1;
	m->source = source;
	m->flags = flags;
	return 0;
}

int desktop_link(struct desktop *d, const char *target, const char *dest)
{
	struct mount *m = target ? append(d, MOUNT_SYMLINK, dest) : NULL;

	if (!m)
		return -1;
	m->source = target;
	return 0;
}

int desktop_file(struct desktop *d, const char *dest, const char *text)
{
	struct mount *m = text ? append(d, MOUNT_FILE, dest) : NULL;

	if (!m)
		return -1;
	m->text = text;
	m->perms = 0644;
	return 0;
}

int desktop_set(struct desktop *d, const char *name, const char *value)
{
	struct env_change *change =
		value ? array_add(&d->sb->env, &d->sb->env_count, sizeof(*change)) : NULL;

	if (!change)
		return -1;
	*change = (struct env_change){
		.action = ENV_SET, .name = name, .value = value, .origin = d->preset->origin};
	return 0;
}

int desktop_runtime(struct desktop *d)
{
	const char *path = sandbox_own(d->sb, format_text("%s", d->runtime));
	struct mount *m;

	if (d->runtime_made)
		return 0;
	m = append(d, MOUNT_DIR, path);
	if (!m || desktop_set(d, "XDG_RUNTIME_DIR", path) < 0)
		return -1;
	m->perms = 0700; /* or libraries refuse to use it */
	d->runtime_made = true;
	return 0;
}

const char *desktop_socket(struct desktop *d, const char *source, const char *name)
{
	const char *dest = sandbox_own(d->sb, format_text("%s/%s", d->runtime, name));

	if (!dest || desktop_runtime(d) < 0)
		return NULL;
	return desktop_bind(d, source, dest, MOUNT_READONLY) < 0 ? NULL : dest;
}

/* ---- sound and printing ---- */

/* The path that an address of PulseAudio names: /path, unix:/path, {machine}unix:/path. */
static const char *pulse_path(const char *address)
{
	const char *end = address[0] == '{' ? strchr(address, '}') : NULL;

	address = end ? end + 1 : address;
	if (strncmp(address, "unix:", 5) == 0)
		address += 5;
	return address[0] == '/' && !strchr(address, ' ') ? address : NULL;
}

int add_audio(struct desktop *d)
{
	const char *address = desktop_variable(d, "PULSE_SERVER");
	const char *runtime = desktop_path_variable(d, "PULSE_RUNTIME_PATH");
	const char *folder = desktop_path_variable(d, "XDG_RUNTIME_DIR");
	const char *path, *inside;

	if (address)
		path = pulse_path(address);
	else if (runtime)
		path = sandbox_own(d->sb, format_text("%s/native", runtime));
	else if (folder)
		path = sandbox_own(d->sb, format_text("%s/pulse/native", folder));
	else
		return desktop_missing(d, "XDG_RUNTIME_DIR is not set");
	if (!path && address)
		return desktop_missing(d, "PULSE_SERVER is %s, which is no local socket", address);
	if (!path)
		return -1;
	if (desktop_type(d, path) != S_IFSOCK)
		return desktop_missing(d, "there is no sound server at %s", path);
	inside = desktop_socket(d, path, "pulse/native");
	path = inside ? sandbox_own(d->sb, format_text("unix:%s", inside)) : NULL;
	return desktop_set(d, "PULSE_SERVER", path) < 0 ? -1 : 1;
}

int add_pipewire(struct desktop *d)
{
	const char *name = desktop_variable(d, "PIPEWIRE_REMOTE");
	const char *folder = desktop_path_variable(d, "PIPEWIRE_RUNTIME_DIR");
	const char *path = name && name[0] == '/' ? name : NULL;

	folder = folder ? folder : desktop_path_variable(d, "XDG_RUNTIME_DIR");
	if (!path && !folder)
		return desktop_missing(d, "XDG_RUNTIME_DIR is not set");
	if (!path)
		path = sandbox_own(d->sb, format_text("%s/%s", folder, name ? name : "pipewire-0"));
	if (!path)
		return -1;
	if (desktop_type(d, path) != S_IFSOCK)
		return desktop_missing(d, "there is no PipeWire at %s", path);
	return desktop_socket(d, path, "pipewire-0") ? 1 : -1;
}

#define CUPS "/run/cups/cups.sock"

int add_cups(struct desktop *d)
{
	const char *path = desktop_path_variable(d, "CUPS_SERVER");

	if (!path)
		path = desktop_type(d, CUPS) ? CUPS : "/var/run/cups/cups.sock";
	if (desktop_type(d, path) != S_IFSOCK)
		return desktop_missing(d, "there is no print server at %s", path);
	if (desktop_bind(d, path, CUPS, MOUNT_READONLY) < 0)
		return -1;
	return desktop_set(d, "CUPS_SERVER", CUPS) < 0 ? -1 : 1;
}

/* ---- all together ---- */

/* Moves the elements from the number start on to the place at. Returns 0, or -1 after fail(). */
static int move_back(void *array, size_t size, size_t count, size_t start, size_t at)
{
	size_t moved = count - start;
	autofree char *block = NULL;
	char *bytes = array;

	if (moved == 0 || at == start)
		return 0;
	block = reallocarray(NULL, moved, size);
	if (!block)
		return fail(0, "out of memory");
	memcpy(block, bytes + start * size, moved * size);
	memmove(bytes + (at + moved) * size, bytes + at * size, (start - at) * size);
	memcpy(bytes + at * size, block, moved * size);
	return 0;
}

/* Where a profile gave it, as for every other word of a profile. */
static int blame(const struct preset *preset)
{
	const struct origin *o = &preset->origin;

	if (o->column > 0)
		failure_prefix("%s:%u:%u: ", o->file, o->at, o->column);
	return -1;
}

static int add_preset(struct desktop *d, struct preset *preset, size_t *mounts, size_t *changes)
{
	struct sandbox *sb = d->sb;
	size_t first_mount = sb->mount_count, first_change = sb->env_count;
	int result;

	d->preset = preset;
	result = functions[preset->kind](d);
	if (result < 0)
		return blame(preset);
	if (result == 0 && (preset->need == PRESET_REQUIRED || preset->need == PRESET_STRICT)) {
		(void)fail(0, "--%s: %s", preset->name, preset->missing);
		return blame(preset);
	}
	if (move_back(sb->mounts, sizeof(*sb->mounts), sb->mount_count, first_mount,
		      preset->mounts + *mounts) < 0 ||
	    move_back(sb->env, sizeof(*sb->env), sb->env_count, first_change,
		      preset->changes + *changes) < 0)
		return -1;
	*mounts += sb->mount_count - first_mount;
	*changes += sb->env_count - first_change;
	return 0;
}

static struct desktop desktop_of(struct sandbox *sb, int host, char *const *environment)
{
	struct desktop d = {.sb = sb, .host = host, .environment = environment};

	(void)snprintf(d.runtime, sizeof(d.runtime), "/run/user/%u", base_uid(sb));
	return d;
}

int desktop_add_at(struct sandbox *sb, int host, char *const *environment)
{
	struct desktop d = desktop_of(sb, host, environment);
	size_t mounts = 0, changes = 0;

	for (size_t i = 0; i < sb->preset_count; i++)
		if (add_preset(&d, &sb->presets[i], &mounts, &changes) < 0)
			return -1;
	return 0;
}

static int open_host(void)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? fail(errno, "open /") : fd;
}

int desktop_add(struct sandbox *sb)
{
	autoclose int host = -1;

	if (sb->preset_count == 0)
		return 0;
	host = open_host();
	return host < 0 ? -1 : desktop_add_at(sb, host, environ);
}

int desktop_join(struct sandbox *sb)
{
	autoclose int host = open_host();
	struct desktop d = desktop_of(sb, host, environ);

	if (host < 0)
		return -1;
	for (size_t i = 0; i < sb->preset_count; i++) {
		d.preset = &sb->presets[i];
		if (d.preset->kind == PRESET_FILES && desktop_join_files(&d) < 0)
			return blame(d.preset);
	}
	return 0;
}
