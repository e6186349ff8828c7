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
	 * memory with the length in *length and a NUL behind it, as read_fd() does, or NULL with
	 * errno set. */
	char *(*read_fd)(void *context, int fd, size_t *length);
	/* Profiles: the same for a path, at most limit bytes (EFBIG beyond). ENOENT and ENOTDIR
	 * mean that there is no such file. */
	char *(*read_file)(void *context, const char *path, size_t limit, size_t *length);
	/* Whether the path exists, links followed: 1, 0, or -1 with errno when that is not known.
	 */
	int (*exists)(void *context, const char *path);
	/* The path without links, dots and relative parts, in heap memory; NULL: it does not exist.
	 */
	char *(*real_path)(void *context, const char *path);
	/* The value of a variable that profiles may use; NULL: it is not set, or none of them. */
	const char *(*variable)(void *context, const char *name);
	void *context;
};

/* Parses argv[1..] into sb, which sandbox_init() has set up; argv[argc] is NULL. Pure but for the
 * reader. Does not print, does not exit: --help and the like only set sb->print and end the
 * parsing there, warnings are kept in sb->warnings. Strings of sb point into argv afterwards.
 * Returns 0, or -1 after fail(). */
int options_parse(struct sandbox *sb, int argc, char **argv,
		  const struct options_reader *reader) MUST_CHECK;

/* What follows from the whole of the options: clashes, the user namespace that bubblewrap implies,
 * a missing command. Not to be called when sb->print asks for a page instead of a run.
 * caller: effective uid of the process that asks. Pure.
 *
 * No command: sb->print is set to PRINT_HELP and "no command given" is the failure. Under the name
 * bwrap main prints the usage on standard error instead of the failure then, and exits with 1.
 *
 * unshare_try keeps what is not in unshare: whether the kernel has it is found out later. A user
 * namespace that is only tried counts as one that is there.
 * Returns 0, or -1 after fail(). */
int options_check(struct sandbox *sb, uid_t caller) MUST_CHECK;

/* Whether there is a profile NAME.profile in one of the places for them. Returns 1, 0, or -1 after
 * fail(). */
int profile_find(const struct options_reader *reader, const char *name) MUST_CHECK;

/* profiles-list.c: prints the names of all profiles. Returns 0, or -1 after fail(). */
int profiles_list(FILE *out, const struct options_reader *reader) MUST_CHECK;

/* Whether the option of that name (without dashes) was given. Pure. */
bool option_given(const struct sandbox *sb, const char *name);

/* Prints the page that what names (help, version, man, bash, zsh, fish). argv0 is used in the
 * usage line as it was typed. */
void options_print(FILE *out, enum print_what what, enum personality personality,
		   const char *argv0);

#endif
