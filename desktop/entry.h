/*
 * entry.h - --desktop-entry: an application's entry for the menus, with zbox in front of its
 * command.
 */
#ifndef ZBOX_DESKTOP_ENTRY_H
#define ZBOX_DESKTOP_ENTRY_H

#include "options.h"
#include "utils.h"

/* Writes the caller's entry for the application, made from the system's, and its path to out. app:
 * the name of its command or of its entry. Returns 0, or -1 after fail(). */
int entry_write(FILE *out, const char *app, const struct options_reader *reader) MUST_CHECK;

/* Removes an entry that entry_write() wrote, and prints its path. Returns 0, or -1 after fail(). */
int entry_remove(FILE *out, const char *app, const struct options_reader *reader) MUST_CHECK;

#endif
