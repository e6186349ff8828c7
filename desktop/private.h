/*
 * private.h - what the files of desktop/ share.
 */
#ifndef ZBOX_DESKTOP_PRIVATE_H
#define ZBOX_DESKTOP_PRIVATE_H

#include "sandbox.h"
#include "utils.h"

#include <sys/stat.h>

struct desktop {
	struct sandbox *sb;
	int host;                 /* the host's root, a directory descriptor */
	char *const *environment; /* the caller's */
	struct preset *preset;    /* that is being added */
	char runtime[40];         /* XDG_RUNTIME_DIR inside */
	bool runtime_made;
	bool has_wayland;
	const char *home; /* what --home puts in, NULL nothing */
};

/* A function that adds a preset returns 1, 0 after desktop_missing(), or -1 after fail(). */
typedef int preset_function(struct desktop *d);

preset_function add_wayland, add_x11;                       /* display.c */
preset_function add_audio, add_pipewire, add_cups;          /* desktop.c */
preset_function add_gpu, add_camera, add_joystick;          /* devices.c */
preset_function add_home, add_cache, add_fonts, add_themes; /* folders.c */
preset_function add_files;                                  /* files.c */
preset_function add_dbus, add_dbus_system;                  /* bus.c */
preset_function add_portals;                                /* portals.c */

/* Notes why the preset cannot be given. Returns 0, or -1 after fail(). */
int desktop_missing(struct desktop *d, const char *format, ...) PRINTF(2, 3);

/* A variable of the caller; NULL: not set, or empty. _path: or not absolute. */
const char *desktop_variable(const struct desktop *d, const char *name);
const char *desktop_path_variable(const struct desktop *d, const char *name);

/* The type (S_IFMT) of what an absolute path of the host leads to; 0: nothing. */
mode_t desktop_type(const struct desktop *d, const char *path);

/* Each appends to the plan; texts have to live as long as the sandbox (sandbox_own()), and NULL,
 * for which fail() has been called, is passed on. Returns 0, or -1 after fail(). */
int desktop_bind(struct desktop *d, const char *source, const char *dest,
		 unsigned flags) MUST_CHECK;
int desktop_link(struct desktop *d, const char *target, const char *dest) MUST_CHECK;
int desktop_file(struct desktop *d, const char *dest, const char *text) MUST_CHECK;
int desktop_set(struct desktop *d, const char *name, const char *value) MUST_CHECK;

/* The directory that XDG_RUNTIME_DIR names inside. Returns 0, or -1 after fail(). */
int desktop_runtime(struct desktop *d) MUST_CHECK;

/* Opens (O_PATH) an absolute path as a directory, links followed; what is missing is made, for the
 * caller alone. Returns the descriptor, or -1 with errno set; does not call fail(). */
int desktop_open_made(const char *path) MUST_CHECK;

/* Gives the socket at source under a name in the runtime directory; "dir/name" is possible.
 * Returns its path inside, or NULL after fail(). */
const char *desktop_socket(struct desktop *d, const char *source, const char *name) MUST_CHECK;

/* What the command is called, without the folder it is in. */
const char *desktop_command_name(const struct desktop *d);

/* The name of the application that the command is, as Flatpak has them. Owned by the sandbox; NULL
 * after fail(). */
const char *desktop_application(struct desktop *d) MUST_CHECK;

/* The socket of the caller's session bus, where that and the proxy are there. Returns 1, 0 after
 * desktop_missing(), or -1 after fail(). */
int desktop_session_bus(struct desktop *d, const char **path) MUST_CHECK;

/* --files=portal: gives the files to the application by the document portal. documents: as many
 * names, owned by the sandbox. Returns 0, or -1 after fail(). */
int desktop_forward(struct desktop *d, const char *const *paths, size_t count, bool write,
		    const char **documents) MUST_CHECK;

#endif
