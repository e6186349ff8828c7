/*
 * options-desktop.c - rows of the option table: parts of the caller's desktop (desktop/).
 *
 * The rows only note what is wanted; what that is on this machine is found out when the plan is
 * made. Of each kind the last one counts, so that the command line has the say over profiles, and
 * --without takes one back.
 */
#include "options-table.h"

#include <string.h>

/* Of the same kind, and of the same name where there may be several. */
static void remove_preset(struct sandbox *sb, enum preset_kind kind, const char *operand)
{
	size_t kept = 0;

	for (size_t i = 0; i < sb->preset_count; i++) {
		struct preset *p = &sb->presets[i];

		if (p->kind != kind ||
		    (operand && kind == PRESET_CACHE && strcmp(p->operand, operand) != 0))
			sb->presets[kept++] = *p;
	}
	sb->preset_count = kept;
}

static int add_preset(struct parser *p, const struct option *o, char **arg)
{
	struct sandbox *sb = p->sb;
	struct preset *preset;

	remove_preset(sb, (enum preset_kind)o->value, arg[0]);
	preset = array_add(&sb->presets, &sb->preset_count, sizeof(*preset));
	if (!preset)
		return -1;
	*preset = (struct preset){.kind = (enum preset_kind)o->value,
				  .need = (enum preset_need)o->flags,
				  .name = o->name,
				  .operand = arg[0],
				  .mounts = sb->mount_count,
				  .changes = sb->env_count,
				  .origin = p->origin};
	return 0;
}

/* The names are those of enum preset_kind, in its order. */
static const char kinds[] = "wayland|x11|audio|pipewire|gpu|camera|joystick|cups|fonts|themes|"
			    "home|cache|dbus|dbus-system|files|portals";

/* A name of D-Bus, with .* for those below it; a rule NAME=[METHOD][@PATH] where that is wanted. */
static bool is_rule(const char *text, bool with_rule)
{
	static const char names[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t length = strspn(text, names);
	const char *rest = text + length;

	if (length == 0 || length > 255 || text[0] == '-' || text[0] == '.')
		return false;
	if (rest[0] == '*' && rest[-1] == '.')
		rest++;
	if (!with_rule)
		return rest[0] == '\0';
	return rest[0] == '=' && rest[1] != '\0' && strchr(rest, ' ') == NULL;
}

static int add_bus_rule(struct parser *p, const struct option *o, char **arg)
{
	const char *kind = strrchr(o->name, '-') + 1;
	struct bus_rule *rule;

	if (!is_rule(arg[0], strcmp(o->args, "RULE") == 0))
		return fail(0, "--%s: \"%s\" is no %s of D-Bus", o->name, arg[0],
			    strcmp(o->args, "RULE") == 0 ? "rule" : "name");
	rule = array_add(&p->sb->bus_rules, &p->sb->bus_rule_count, sizeof(*rule));
	if (!rule)
		return -1;
	*rule = (struct bus_rule){.bus = (enum bus)o->value, .kind = kind, .operand = arg[0]};
	return 0;
}

int check_desktop(const struct sandbox *sb)
{
	static const enum preset_kind kinds_of[] = {PRESET_DBUS, PRESET_DBUS_SYSTEM};
	static const char *const options[] = {"dbus", "dbus-system"};

	for (size_t i = 0; i < sb->bus_rule_count; i++) {
		const struct bus_rule *rule = &sb->bus_rules[i];
		bool given = false;

		for (size_t j = 0; j < sb->preset_count; j++)
			given |=
				sb->presets[j].kind == kinds_of[rule->bus] ||
				(rule->bus == BUS_SESSION && sb->presets[j].kind == PRESET_PORTALS);
		if (!given)
			return fail(0, "a rule for %s requires --%s", rule->operand,
				    options[rule->bus]);
	}
	return 0;
}

static int take_preset_back(struct parser *p, const struct option *o, char **arg)
{
	const char *word = kinds;

	for (int kind = 0; kind < PRESET_KINDS; kind++) {
		size_t length = strcspn(word, "|");

		if (strlen(arg[0]) == length && strncmp(arg[0], word, length) == 0) {
			remove_preset(p->sb, (enum preset_kind)kind, NULL);
			return 0;
		}
		word += length + (word[length] == '|');
	}
	return fail(0, "--%s takes %s, not %s", o->name, kinds, arg[0]);
}

#define BUS(bus, operand)                                                                          \
	.args = (operand), .apply = add_bus_rule, .personality = FOR_ZBOX, .value = (bus)
#define PRESET(kind, need)                                                                         \
	.args = "", .apply = add_preset, .personality = FOR_ZBOX, .value = (kind),                 \
	.flags = (need), .conflicts = "landlock-only"

const struct option options_desktop[] = {
	{.name = "wayland",
	 PRESET(PRESET_WAYLAND, PRESET_REQUIRED),
	 .help = "Windows on the Wayland display",
	 .man = "Puts in the socket that WAYLAND_DISPLAY names (wayland-0 without it) and sets "
		"WAYLAND_DISPLAY and XDG_SESSION_TYPE. A program sees its own windows only. Where "
		"the compositor has the protocol security-context-v1, the socket is one of the "
		"command's own, and the compositor knows that a sandboxed program is behind it, to "
		"which it offers less than to others: no pictures of the screen, for one. Where it "
		"has not, a line on standard error says so (not with --quiet). As with all options "
		"of this group, "
		"what is not there is an error; with -try it is left out, and --explain says why."},
	{.name = "wayland-try",
	 PRESET(PRESET_WAYLAND, PRESET_TRY),
	 .help = "The same where there is a Wayland display",
	 .man = "Like --wayland, and left out where there is no such display."},
	{.name = "wayland-context",
	 PRESET(PRESET_WAYLAND, PRESET_STRICT),
	 .help = "The same, only as a sandboxed program",
	 .man = "Like --wayland, and an error where the compositor has no security contexts."},
	{.name = "x11",
	 PRESET(PRESET_X11, PRESET_REQUIRED),
	 .help = "Windows on the X11 display, which has no walls",
	 .man = "Puts in the socket of the display that DISPLAY names, if it is on this machine, "
		"and a file with the cookie of that display alone, and sets DISPLAY and "
		"XAUTHORITY. X11 has no walls between its programs: what runs inside can take "
		"pictures of the screen, read what is typed in every window, and type there, a "
		"terminal outside the sandbox included. A line on standard error says so (not with "
		"--quiet). Use --wayland where you can, or a display of its own (Xephyr, Xvfb)."},
	{.name = "x11-try",
	 PRESET(PRESET_X11, PRESET_TRY),
	 .help = "The same where there is an X11 display",
	 .man = "Like --x11, and left out where there is no such display."},
	{.name = "x11-fallback",
	 PRESET(PRESET_X11, PRESET_FALLBACK),
	 .help = "The same where no Wayland display was put in",
	 .man = "Like --x11-try, and left out as well where an earlier --wayland or --wayland-try "
		"put in its display."},
	{.name = "audio",
	 PRESET(PRESET_AUDIO, PRESET_REQUIRED),
	 .help = "Sound by PulseAudio, or what stands in for it",
	 .man = "Puts in the socket of PulseAudio, which PipeWire has too, and sets PULSE_SERVER. "
		"It is for playing; recording is possible as well, as far as the server lets "
		"every program of the user."},
	{.name = "audio-try",
	 PRESET(PRESET_AUDIO, PRESET_TRY),
	 .help = "The same where there is a sound server",
	 .man = "Like --audio, and left out where there is no sound server."},
	{.name = "pipewire",
	 PRESET(PRESET_PIPEWIRE, PRESET_REQUIRED),
	 .help = "PipeWire itself, microphones and cameras included",
	 .man = "Puts in PipeWire's own socket. A program there can use every microphone and "
		"camera that PipeWire has, and hear what others play, unless its session manager "
		"says otherwise. For playing sound --audio is enough."},
	{.name = "pipewire-try",
	 PRESET(PRESET_PIPEWIRE, PRESET_TRY),
	 .help = "The same where PipeWire is there",
	 .man = "Like --pipewire, and left out where there is none."},
	{.name = "gpu",
	 PRESET(PRESET_GPU, PRESET_REQUIRED),
	 .help = "The graphics card",
	 .man = "Puts in the nodes of the graphics cards (/dev/dri, those of NVIDIA's driver, "
		"/dev/kfd, /dev/udmabuf) and the parts of /sys that describe these cards. The "
		"driver in the kernel comes within reach with them, which is a large piece of "
		"code."},
	{.name = "gpu-try",
	 PRESET(PRESET_GPU, PRESET_TRY),
	 .help = "The same where there is a graphics card",
	 .man = "Like --gpu, and left out where there is no card."},
	{.name = "camera",
	 PRESET(PRESET_CAMERA, PRESET_REQUIRED),
	 .help = "Cameras",
	 .man = "Puts in the nodes /dev/video* and /dev/media*, and what /sys says of them."},
	{.name = "camera-try",
	 PRESET(PRESET_CAMERA, PRESET_TRY),
	 .help = "The same where there is a camera",
	 .man = "Like --camera, and left out where there is none."},
	{.name = "joystick",
	 PRESET(PRESET_JOYSTICK, PRESET_REQUIRED),
	 .help = "Joysticks and gamepads, no keyboard",
	 .man = "Puts in the nodes /dev/input/js*, the event nodes of the same devices, and what "
		"/sys says of them; no keyboard and no mouse. One that is plugged in later is "
		"not there."},
	{.name = "joystick-try",
	 PRESET(PRESET_JOYSTICK, PRESET_TRY),
	 .help = "The same where there is a joystick",
	 .man = "Like --joystick, and left out where there is none."},
	{.name = "cups",
	 PRESET(PRESET_CUPS, PRESET_REQUIRED),
	 .help = "Printers",
	 .man = "Puts in the socket of CUPS and sets CUPS_SERVER."},
	{.name = "cups-try",
	 PRESET(PRESET_CUPS, PRESET_TRY),
	 .help = "The same where there is a print server",
	 .man = "Like --cups, and left out where there is none."},
	{.name = "fonts",
	 PRESET(PRESET_FONTS, PRESET_REQUIRED),
	 .help = "The fonts of the caller",
	 .man = "Shows the caller's own fonts and fontconfig files, read-only, below /run/host, "
		"and sets FONTCONFIG_FILE. Those of the system are in /usr."},
	{.name = "fonts-try",
	 PRESET(PRESET_FONTS, PRESET_TRY),
	 .help = "The same where there are fonts",
	 .man = "Like --fonts, and left out where there are none at all."},
	{.name = "themes",
	 PRESET(PRESET_THEMES, PRESET_REQUIRED),
	 .help = "The themes and icons of the caller",
	 .man = "Shows the caller's own themes and icons and the settings of GTK, Qt and KDE that "
		"choose among them, read-only, below /run/host; sets XDG_DATA_DIRS and "
		"XDG_CONFIG_DIRS and keeps the variables that name themes."},
	{.name = "themes-try",
	 PRESET(PRESET_THEMES, PRESET_TRY),
	 .help = "The same where there are themes",
	 .man = "Like --themes, and left out where there are none at all."},
	{.name = "home",
	 .args = "DIR|private",
	 .apply = add_preset,
	 .personality = FOR_ZBOX,
	 .value = PRESET_HOME,
	 .conflicts = "landlock-only",
	 .help = "A home inside that is kept",
	 .man = "Makes DIR the home inside, writable, in the place of the empty one that is gone "
		"at the end. private is a folder that zbox keeps for the application: "
		"$XDG_DATA_HOME/zbox/NAME/home, where NAME is the name of the command, or what "
		"private:NAME says. It is made where it is missing. A DIR with the name private is "
		"written ./private."},
	{.name = "cache",
	 .args = "NAME",
	 .apply = add_preset,
	 .personality = FOR_ZBOX,
	 .value = PRESET_CACHE,
	 .conflicts = "landlock-only",
	 .help = "Keep the folder NAME of the cache inside",
	 .man = "The folder ~/.cache/NAME inside is kept: it is $XDG_CACHE_HOME/zbox/NAME outside, "
		"made where it is missing. It is not the caller's own cache of that name, in which "
		"something could wait for the next program outside. May be repeated; it comes "
		"after "
		"--home."},
	{.name = "files",
	 .args = "[ro|rw|portal|portal-rw]",
	 .apply = add_preset,
	 .personality = FOR_ZBOX,
	 .value = PRESET_FILES,
	 .conflicts = "landlock-only",
	 .help = "Put in the files that words of the command name",
	 .man = "Each word of the command that is the path of an ordinary file, or a file URI of "
		"one, brings that file in at its own place, read-only, or writable with =rw; so a "
		"viewer can be given a document as it is outside. Folders and words that begin "
		"with a dash bring nothing. With =portal (read-only) or =portal-rw, behind "
		"--portals, each goes through the document portal instead, and the word becomes "
		"its path there: the folder that the file is in stays unnamed, and a file that is "
		"replaced is the new one inside. Not for commands whose words somebody else "
		"chooses."},
	{.name = "desktop-entry",
	 .args = "APP",
	 .apply = show_page,
	 .personality = FOR_ZBOX,
	 .value = PRINT_DESKTOP_ENTRY,
	 .typed = true,
	 .help = "Start APP in its profile from the menus, and do nothing else",
	 .man = "Writes an entry for the menus of the desktop, in the caller's own folder for "
		"these ($XDG_DATA_HOME/applications), which stands before the system's of the same "
		"name: with its name, icon and file types, but started by zbox in its profile. APP "
		"is the name of the command, as in firefox-esr, or that of the entry, as in "
		"org.gnome.Evince. An entry there that zbox did not write is left alone, with an "
		"error."},
	{.name = "remove",
	 .args = "",
	 .apply = set_true,
	 .personality = FOR_ZBOX,
	 .field = offsetof(struct sandbox, remove_entry),
	 .typed = true,
	 .needs = "desktop-entry",
	 .help = "Remove the entry that --desktop-entry wrote",
	 .man = "With --desktop-entry APP: removes the entry that it wrote for APP, so that the "
		"system's counts again."},
	{.name = "without",
	 .args = "PRESET",
	 .apply = take_preset_back,
	 .personality = FOR_ZBOX,
	 .help = "Take back what a profile gave, such as audio or x11",
	 .man = "Takes back what an earlier option of this group, say that of a profile, has put "
		"in: wayland, x11, audio, pipewire, gpu, camera, joystick, cups, fonts, themes, "
		"home, dbus, dbus-system, files, portals, or cache for all caches."},
	{0},
};

const struct option options_dbus[] = {
	{.name = "dbus",
	 PRESET(PRESET_DBUS, PRESET_REQUIRED),
	 .help = "The session bus, but only what is named",
	 .man = "Lets the command connect to the session bus through xdg-dbus-proxy, which shows "
		"it "
		"the bus itself and nothing on it but what --dbus-talk and its relatives name. The "
		"proxy runs in a sandbox of its own beside this one, is ready before the command "
		"runs, and ends with it. DBUS_SESSION_BUS_ADDRESS is set. The bus as it is "
		"(--bind of its socket) would be a way out: who can talk to the service manager "
		"can start programs outside."},
	{.name = "dbus-try",
	 PRESET(PRESET_DBUS, PRESET_TRY),
	 .help = "The same where there is a session bus",
	 .man = "Like --dbus, and left out where there is no session bus or no xdg-dbus-proxy."},
	{.name = "portals",
	 .args = "[APP]",
	 .apply = add_preset,
	 .personality = FOR_ZBOX,
	 .value = PRESET_PORTALS,
	 .flags = PRESET_REQUIRED,
	 .conflicts = "landlock-only",
	 .help = "File dialogs and the like from the desktop, as APP",
	 .man = "Lets the command call the desktop's portals (org.freedesktop.portal.Desktop and "
		".Documents), which ask the user: for a file to open or to save, for a picture of "
		"the screen. To them it is the sandboxed application APP: a name as Flatpak has "
		"them, with two dots at least, or zbox.app.NAME with the name of the command; what "
		"was allowed to an application of that name counts for the command, so do not lend "
		"it that of another. Brings --dbus along; /.flatpak-info, also for those who look "
		"whether they are in Flatpak; $XDG_RUNTIME_DIR/doc, with the documents that were "
		"given to APP; and a folder in $XDG_RUNTIME_DIR/.flatpak outside, by which flatpak "
		"ps and kill find the sandbox too. Portals of other names, such as "
		"org.freedesktop.portal.Flatpak, which starts further sandboxes, are called with "
		"--dbus-call. Some versions of xdg-desktop-portal want an entry APP.desktop in the "
		"menus."},
	{.name = "portals-try",
	 .args = "[APP]",
	 .apply = add_preset,
	 .personality = FOR_ZBOX,
	 .value = PRESET_PORTALS,
	 .flags = PRESET_TRY,
	 .conflicts = "landlock-only",
	 .help = "The same where there are portals",
	 .man = "Like --portals, and left out where there is no session bus, no xdg-dbus-proxy or "
		"no document portal."},
	{.name = "dbus-talk",
	 BUS(BUS_SESSION, "NAME"),
	 .help = "Let the command talk to NAME",
	 .man = "The command may see the name on the session bus, call its methods and get its "
		"signals. NAME.* is NAME and the names below it. May be repeated; requires "
		"--dbus, --portals or one of these with -try. Think of what the service does for "
		"who asks: "
		"org.freedesktop.systemd1 and org.freedesktop.Flatpak start programs outside."},
	{.name = "dbus-own",
	 BUS(BUS_SESSION, "NAME"),
	 .help = "Let the command have the name NAME",
	 .man = "The command may have this name on the session bus, which includes what "
		"--dbus-talk allows."},
	{.name = "dbus-see",
	 BUS(BUS_SESSION, "NAME"),
	 .help = "Let the command see whether NAME is there",
	 .man = "The command may see the name on the session bus, and no more."},
	{.name = "dbus-call",
	 BUS(BUS_SESSION, "RULE"),
	 .help = "Let the command call some methods of a name",
	 .man = "RULE is NAME=METHOD@PATH as xdg-dbus-proxy(1) has it: a method, "
		"interface.method, interface.* or *, and a path or /path/*, which may be left "
		"out."},
	{.name = "dbus-broadcast",
	 BUS(BUS_SESSION, "RULE"),
	 .help = "Let the command get some signals of a name",
	 .man = "RULE is as for --dbus-call, of signals that go to everybody."},
	{.name = "dbus-system",
	 PRESET(PRESET_DBUS_SYSTEM, PRESET_REQUIRED),
	 .help = "The system bus, but only what is named",
	 .man = "The same as --dbus for the system bus, with rules of its own; "
		"DBUS_SYSTEM_BUS_ADDRESS is set."},
	{.name = "dbus-system-try",
	 PRESET(PRESET_DBUS_SYSTEM, PRESET_TRY),
	 .help = "The same where there is a system bus",
	 .man = "Like --dbus-system, and left out where there is no system bus or no "
		"xdg-dbus-proxy."},
	{.name = "dbus-system-talk",
	 BUS(BUS_SYSTEM, "NAME"),
	 .help = "Let the command talk to NAME on the system bus",
	 .man = "As --dbus-talk, on the system bus; requires --dbus-system or --dbus-system-try."},
	{.name = "dbus-system-call",
	 BUS(BUS_SYSTEM, "RULE"),
	 .help = "Let it call some methods of a name there",
	 .man = "As --dbus-call, on the system bus."},
	{0},
};
