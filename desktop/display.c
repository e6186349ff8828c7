/*
 * display.c - --wayland and --x11: the socket of the caller's display, and what it takes to use it.
 *
 * Wayland's socket is enough by itself; where the compositor can tell sandboxed programs from
 * others it is one of the command's own (context.c). X11 wants a cookie besides, which is in a file
 * with those of all displays that the caller ever used, other machines' among them: inside there is
 * a file of its own with the one for this display. It is written for any host name, because the
 * name inside is another.
 *
 * What an attacker would try: under X11 every program sees all windows and all keys, and can send
 * keys to them; the caller is told at the start. Over an abstract socket X11 can be reached without
 * the file: that belongs to the network namespace, see --share-net.
 */
#include "desktop/private.h"

#include "desktop/context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define AUTHORITY_MAX (1U << 20)
#define FAMILY_LOCAL 256 /* Xauth(3) */
#define FAMILY_WILD 65535

static const char wayland_note[] =
	"the Wayland compositor knows no sandboxes: what it offers to every program, the command "
	"gets too";
static const char x11_note[] =
	"X11 has no walls between its programs: what runs inside can see the screen and what is "
	"typed in other windows, and type there";

static int note(struct desktop *d, const char *text)
{
	struct warning *w = array_add(&d->sb->warnings, &d->sb->warning_count, sizeof(*w));

	if (!w)
		return -1;
	w->text = text;
	w->note = true;
	return 0;
}

/* The display's own socket, or one that the compositor is to know as the command's (context.c).
 * Returns 1, 0 after desktop_missing(), or -1 after fail(). */
static int add_display(struct desktop *d, const char *path)
{
	struct sandbox *sb = d->sb;
	int known = context_known(path);

	if (known < 0)
		return -1;
	if (!known && d->preset->need == PRESET_STRICT)
		return desktop_missing(d, "the compositor at %s has no security contexts", path);
	if (!known)
		return note(d, wayland_note) < 0 || !desktop_socket(d, path, CONTEXT_SOCKET) ? -1
											     : 1;
	sb->context_app = desktop_application(d);
	sb->context_directory = sandbox_own(sb, format_text("%s", d->runtime));
	if (!sb->context_app || !sb->context_directory || desktop_runtime(d) < 0)
		return -1;
	sb->context_display = path;
	return 1;
}

int add_wayland(struct desktop *d)
{
	const char *name = desktop_variable(d, "WAYLAND_DISPLAY");
	const char *folder = desktop_path_variable(d, "XDG_RUNTIME_DIR");
	const char *path = name && name[0] == '/' ? name : NULL;
	int result;

	if (!path && !folder)
		return desktop_missing(d, "XDG_RUNTIME_DIR is not set");
	if (!path)
		path = sandbox_own(d->sb, format_text("%s/%s", folder, name ? name : "wayland-0"));
	if (!path)
		return -1;
	if (desktop_type(d, path) != S_IFSOCK)
		return desktop_missing(d, "there is no Wayland display at %s", path);
	result = add_display(d, path);
	if (result <= 0)
		return result;
	if (desktop_set(d, "WAYLAND_DISPLAY", CONTEXT_SOCKET) < 0 ||
	    desktop_set(d, "XDG_SESSION_TYPE", "wayland") < 0)
		return -1;
	d->has_wayland = true;
	return 1;
}

/* ---- the cookie ---- */

struct bytes {
	const unsigned char *at, *end;
};

static bool take_number(struct bytes *b, unsigned *number)
{
	if (b->end - b->at < 2)
		return false;
	*number = (unsigned)b->at[0] << 8 | b->at[1];
	b->at += 2;
	return true;
}

/* A length and as many bytes. */
static bool take_field(struct bytes *b, struct bytes *field)
{
	unsigned length;

	if (!take_number(b, &length) || b->end - b->at < (ptrdiff_t)length)
		return false;
	*field = (struct bytes){b->at, b->at + length};
	b->at += length;
	return true;
}

/* Finds the first entry for the display of this machine. Sets rest to its name and data, which are
 * the last of its fields. Returns whether there is one. */
static bool find_cookie(struct bytes b, const char *display, struct bytes *rest)
{
	unsigned family;
	struct bytes address, number, name, data;

	while (take_number(&b, &family) && take_field(&b, &address) && take_field(&b, &number)) {
		size_t length = (size_t)(number.end - number.at);
		const unsigned char *start = b.at;

		if (!take_field(&b, &name) || !take_field(&b, &data))
			return false;
		if (family != FAMILY_LOCAL && family != FAMILY_WILD)
			continue;
		/* an empty number is that of every display */
		if (length > 0 &&
		    (length != strlen(display) || memcmp(number.at, display, length) != 0))
			continue;
		*rest = (struct bytes){start, b.at};
		return true;
	}
	return false;
}

/* A file in memory with the one entry. Returns it, or -1 after fail(). */
static int write_cookie(const char *display, const struct bytes *rest)
{
	autoclose int fd = memfd_create("Xauthority", MFD_CLOEXEC);
	autoclose int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3); /* a closed 0 to 2 */
	size_t length = strlen(display);
	const unsigned char head[] = {FAMILY_WILD >> 8,     FAMILY_WILD & 0xff, 0, 0, 0,
				      (unsigned char)length};

	if (high < 0 || write_fd(high, head, sizeof(head)) < 0 ||
	    write_fd(high, display, length) < 0 ||
	    write_fd(high, rest->at, (size_t)(rest->end - rest->at)) < 0 ||
	    lseek(high, 0, SEEK_SET) < 0)
		return fail(errno, "a file for the cookie of X11");
	return take_fd(&high);
}

/* Without a cookie the server may still let the user in by its number. */
static int add_cookie(struct desktop *d, const char *display)
{
	const char *path = desktop_path_variable(d, "XAUTHORITY");
	const char *home = desktop_path_variable(d, "HOME");
	const char *dest = sandbox_own(d->sb, format_text("%s/.Xauthority", d->runtime));
	autoclose int fd = -1;
	autofree char *data = NULL;
	struct bytes rest;
	struct mount *m;
	size_t length;

	if (!path && home)
		path = sandbox_own(d->sb, format_text("%s/.Xauthority", home));
	if (!dest || desktop_runtime(d) < 0)
		return -1;
	fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;
	data = fd < 0 ? NULL : read_fd(fd, AUTHORITY_MAX, &length);
	if (!data)
		return 0;
	if (!find_cookie((struct bytes){(const unsigned char *)data,
					(const unsigned char *)data + length},
			 display, &rest))
		return 0;
	m = sandbox_mount(d->sb, MOUNT_FILE, dest);
	if (!m)
		return -1;
	m->origin = d->preset->origin;
	m->perms = 0600;
	m->fd = write_cookie(display, &rest);
	return m->fd < 0 ? -1 : desktop_set(d, "XAUTHORITY", dest);
}

/* ---- X11 ---- */

/* The number in DISPLAY, where that is a display of this machine: :N, :N.S, unix:N. */
static bool local_display(const char *name, char *number, size_t size)
{
	size_t length;

	if (strncmp(name, "unix:", 5) == 0)
		name += 4;
	length = strspn(name + 1, "0123456789");
	if (name[0] != ':' || length == 0 || length >= size ||
	    (name[1 + length] != '\0' && name[1 + length] != '.'))
		return false;
	memcpy(number, name + 1, length);
	number[length] = '\0';
	return true;
}

int add_x11(struct desktop *d)
{
	const char *name = desktop_variable(d, "DISPLAY"), *path;
	char number[8];

	if (d->preset->need == PRESET_FALLBACK && d->has_wayland)
		return desktop_missing(d, "Wayland is there");
	if (!name)
		return desktop_missing(d, "DISPLAY is not set");
	if (!local_display(name, number, sizeof(number)))
		return desktop_missing(d, "DISPLAY is %s, which is no display of this machine",
				       name);
	path = sandbox_own(d->sb, format_text("/tmp/.X11-unix/X%s", number));
	if (!path)
		return -1;
	if (desktop_type(d, path) != S_IFSOCK)
		return desktop_missing(d, "there is no X11 display at %s", path);
	name = sandbox_own(d->sb, format_text(":%s", number));
	if (desktop_bind(d, path, path, MOUNT_READONLY) < 0 ||
	    desktop_set(d, "DISPLAY", name) < 0 || add_cookie(d, number) < 0)
		return -1;
	return note(d, x11_note) < 0 ? -1 : 1;
}
