/*
 * options.h - the option table: parsing, --help, manual page and completions come from its rows.
 */
#ifndef ZBOX_OPTIONS_H
#define ZBOX_OPTIONS_H

#include "sandbox.h"
#include "utils.h"

/* How the parser gets at what is not on the command line. The parser itself makes no system call:
 * sandbox.c passes a reader that reads, tests and fuzzers one that does not. */
struct options_reader {
	/* --args FD: everything up to the end of the descriptor, which is closed. Returns heap
	 * memory with the length in *length, or NULL with errno set. */
	char *(*read_fd)(void *context, int fd, size_t *length);
	void *context;
};

/* Parses argv[1..] into sb, which sandbox_init() has set up. Pure but for the reader. Does not
 * print, does not exit: --help and the like only set sb->print, warnings are kept in sb->warnings.
 * Strings of sb point into argv afterwards. Returns 0, or -1 after fail(). */
int options_parse(struct sandbox *sb, int argc, char **argv,
		  const struct options_reader *reader) MUST_CHECK;

/* What follows from the whole of the options (clashes, implied namespaces, defaults of the
 * personality that depend on others). caller: effective uid of the process that asks. Pure.
 * Returns 0, or -1 after fail(). */
int options_check(struct sandbox *sb, uid_t caller) MUST_CHECK;

/* Prints the page that what names (help, version, man, bash, zsh, fish). argv0 is used in the
 * usage line as it was typed. */
void options_print(FILE *out, enum print_what what, enum personality personality,
		   const char *argv0);

#endif
