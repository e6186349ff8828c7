/*
 * seccomp.c - which program the command runs under: one that ships, or one made now.
 *
 * What ships was compiled when zbox was built; choosing it costs a comparison of names. A file, or
 * --seccomp-allow and --seccomp-deny on top of a profile, is compiled here, outside of the sandbox
 * and before anything in it runs. Nothing compiled is kept for the next time: the place to keep it
 * would be one that a command could write to.
 */
#include "seccomp.h"

#include "seccomp-rules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_LIMIT = 1 << 20 };

#if defined(__x86_64__) && !defined(__ILP32__)
#include "seccomp-profiles/generated/x86_64.h"
#define PROGRAMS programs_x86_64
#elif defined(__aarch64__) && !defined(__ILP32__)
#include "seccomp-profiles/generated/arm64.h"
#define PROGRAMS programs_arm64
#else
/* another machine: no profile, so that zbox refuses to start unless told to do without */
static const struct seccomp_builtin no_programs[] = {{.name = "none"}};
#define PROGRAMS no_programs
#endif

static const struct text {
	const char *name, *text;
} texts[] = {
#include "seccomp-profiles/generated/texts.h"
};

const struct seccomp_builtin *seccomp_find(const char *name)
{
	for (size_t i = 0; i < COUNT(PROGRAMS); i++)
		if (strcmp(PROGRAMS[i].name, name) == 0)
			return &PROGRAMS[i];
	return NULL;
}

static const char *library(const char *name)
{
	for (size_t i = 0; i < COUNT(texts); i++)
		if (strcmp(texts[i].name, name) == 0)
			return texts[i].text;
	return NULL;
}

/* The name of the profile, with the personality's default. */
static const char *profile_name(const struct sandbox *sb)
{
	if (sb->seccomp_profile)
		return sb->seccomp_profile;
	return sb->personality == PERSONALITY_BWRAP ? "none" : "strict";
}

static int read_file(struct profile *p, const char *path)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	autofree char *text = NULL;
	size_t length;

	if (fd >= 0)
		text = read_fd(fd, TEXT_LIMIT, &length);
	if (!text)
		return fail(errno, "seccomp profile %s", path);
	return seccomp_parse(p, path, text, length, library);
}

/* Reads the profile of that name or path into p. */
static int read_profile(struct profile *p, const char *name)
{
	const char *text;

	if (strchr(name, '/'))
		return read_file(p, name);
	text = seccomp_find(name) ? library(name) : NULL;
	if (!text)
		return fail(0, "seccomp profile %s: none of that name (a file has a / in its name)",
			    name);
	return seccomp_parse(p, name, text, strlen(text), library);
}

static int read_changes(struct profile *p, const struct sandbox *sb)
{
	for (size_t i = 0; i < sb->seccomp_change_count; i++)
		if (seccomp_parse_change(p, sb->seccomp_changes[i].allow,
					 sb->seccomp_changes[i].text, library) < 0)
			return -1;
	return 0;
}

/* The profile with the changes on top, checked. */
static int read_all(struct profile *p, const struct sandbox *sb, const char *name)
{
	if (read_profile(p, name) < 0 || read_changes(p, sb) < 0)
		return -1;
	return seccomp_check_dead(p);
}

int seccomp_compile(const struct sandbox *sb, struct sock_filter **code, unsigned short *length)
{
	const char *name = profile_name(sb);
	autofree struct profile *p = NULL;
	int target = machine_native(), result;

	if (strcmp(name, "none") == 0) {
		if (sb->seccomp_change_count > 0)
			return fail(0, "seccomp profile none: there is nothing to change in it "
				       "(permissive is what refuses least)");
		*code = NULL;
		*length = 0;
		return 0;
	}
	if (target < 0)
		return fail(0, "seccomp: there are no profiles for this machine");
	p = calloc(1, sizeof(*p));
	if (!p)
		return fail(0, "out of memory");
	profile_init(p);
	result = read_all(p, sb, name);
	if (result == 0)
		result = seccomp_assemble(p, (enum machine)target, code, length);
	profile_free(p);
	return result;
}
