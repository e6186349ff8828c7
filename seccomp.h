/*
 * seccomp.h - profiles: text -> program. Used by the build for what ships, at run time for a file.
 */
#ifndef ZBOX_SECCOMP_H
#define ZBOX_SECCOMP_H

#include "sandbox.h"
#include "utils.h"

#include <linux/filter.h>

struct seccomp_builtin {
	const char *name;
	const struct sock_filter *code; /* compiled when zbox was built */
	unsigned short length;
};

/* A profile that ships with zbox, for the machine's architecture, or NULL. "none" has no code: it
 * is for the caller to say loudly that nothing is filtered. */
const struct seccomp_builtin *seccomp_find(const char *name);

/* Compiles the profile that the sandbox asks for where it is not just a built-in one: a file (its
 * name holds a '/'; a profile or OCI JSON), or --seccomp-allow and --seccomp-deny on top. It does
 * so for any other profile as well. *code is the caller's to free; NULL and 0 for "none". Returns
 * 0, or -1 after fail() with file, line and column. */
int seccomp_compile(const struct sandbox *sb, struct sock_filter **code,
		    unsigned short *length) MUST_CHECK;

/* --seccomp-show NAME: sb->print_arg is the profile, and what --seccomp-allow and --seccomp-deny
 * say is on top of it. --seccomp-why NAME CALL [ARG...]: the call and its arguments, names of
 * constants or numbers, are sb->command. Without print_arg: the profile that the sandbox would use.
 * Returns 0, or -1 after fail(). */
int seccomp_show(FILE *out, const struct sandbox *sb) MUST_CHECK;
int seccomp_why(FILE *out, const struct sandbox *sb) MUST_CHECK;

#endif
