/*
 * helpers.h - where the programs are that zbox starts for single features.
 */
#ifndef ZBOX_HELPERS_H
#define ZBOX_HELPERS_H

#include <limits.h>
#include <stdbool.h>

/* Fills path with the place number of the program: beside this one, then where it was installed.
 * Never in PATH, which belongs to the caller's environment. Returns whether there is such a place.
 */
bool helper_place(const char *name, unsigned number, char path[PATH_MAX]);

#endif
