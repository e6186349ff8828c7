/*
 * base-files.h - the files of /etc that zbox makes itself.
 */
#ifndef ZBOX_BASE_FILES_H
#define ZBOX_BASE_FILES_H

#include "sandbox.h"
#include "utils.h"

/* The text of the file that is dest inside, in new memory, or NULL after fail(). */
char *base_file(const struct sandbox *sb, const char *dest) MUST_CHECK;

#endif
