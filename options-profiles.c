/*
 * options-profiles.c - rows of the option table: profiles, options that come from files.
 *
 * They act before all others, because profiles are read before the words of the command line are
 * parsed (profiles.c); so the rows themselves have nothing left to do, and none of them may come
 * from a file.
 */
#include "options-table.h"

const struct option options_profiles[] = {
	{.name = "profile",
	 .args = "PROFILE|FILE",
	 .apply = take_profile,
	 .personality = FOR_ZBOX,
	 .typed = true,
	 .help = "Take the options that a profile holds first",
	 .man = "Takes the options of a profile, a file with one option a line that "
		"zbox-profile(5) describes, before those of the command line, wherever this one "
		"stands among them: a later word wins over an earlier one, so the command line "
		"wins over profiles. May be repeated. PROFILE is a name, looked for as "
		"PROFILE.profile in "
		"$XDG_CONFIG_HOME/zbox/profiles, in /etc/zbox/profiles and among the profiles "
		"that came with zbox: agent, browser, build, build-net, chromium, desktop, evince, "
		"firefox, libreoffice, mpv, shell, thunderbird. A FILE is one whose path has a "
		"slash in it; nothing is ever read from the current folder because of its name "
		"alone."},
	{.name = "list-profiles",
	 .args = "",
	 .apply = show_page,
	 .personality = FOR_ZBOX,
	 .value = PRINT_PROFILES,
	 .typed = true,
	 .help = "Print the names of the profiles that there are",
	 .man = "Prints the names that --profile finds, sorted, each with the first line of its "
		"file."},
	{.name = "no-profile",
	 .args = "",
	 .apply = take_no_profile,
	 .personality = FOR_ZBOX,
	 .typed = true,
	 .conflicts = "profile",
	 .help = "Do not take the profile made for the command",
	 .man = "Without --profile, a profile of the system or of those that came with zbox is "
		"taken when it says that it is made for a command of that name, and a line on "
		"standard error says so. With this option none is."},
	{.name = "set",
	 .args = "NAME=VALUE",
	 .apply = take_set,
	 .personality = FOR_ZBOX,
	 .typed = true,
	 .help = "Set a variable of the profiles, not of the command",
	 .man = "Gives profiles the value of a variable, which they write ${NAME}. It wins over "
		"the environment, and the last one over those before it. May be repeated."},
	{.name = "quiet",
	 .args = "",
	 .apply = set_true,
	 .personality = FOR_ZBOX,
	 .field = offsetof(struct sandbox, quiet),
	 .help = "Do not say which profile was taken for the command",
	 .man = "Leaves out the line on standard error that says which profile was taken because "
		"of the name of the command. Warnings and errors are not concerned."},
	{0},
};
