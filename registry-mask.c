/*
 * registry-mask.c - the directory of names is not shown to a sandbox.
 *
 * Who binds his runtime directory, for a sound server or a compositor, would show the sockets of
 * his sandboxes with it. They answer nobody inside (control.c); this is the second layer: without
 * it a command could see the names, and remove them where the bind is writable.
 *
 * For each bind whose source is above the directory, by their names, the place inside is masked as
 * --mask would. Nothing is asked of the kernel before there is such a bind, so that others pay
 * nothing. A bind of the directory itself is what the user said, and is left. What this does not
 * find (a bind through links, a directory that is made later) the first layer holds.
 */
#include "registry-mask.h"

#include "base.h"
#include "plan.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static int mask(struct sandbox *sb, const char *inside)
{
	char *dest = sandbox_own(sb, format_text("%s", inside));
	struct mount *m = dest ? sandbox_mount(sb, MOUNT_MASK, dest) : NULL;

	if (!m)
		return -1;
	m->origin = (struct origin){.file = BASE_ORIGIN};
	return 0;
}

/* The bind shows source, above directory, at dest. A function of its own for its buffers, which
 * the hardened build clears where they are declared: each start would touch their pages. */
static __attribute__((noinline)) int mask_in_bind(struct sandbox *sb, const char *dest,
						  const char *source, const char *directory)
{
	char joined[2 * PATH_MAX], inside[PATH_MAX], host[PATH_MAX];
	size_t length = strcmp(source, "/") == 0 ? 0 : strlen(source);

	(void)snprintf(joined, sizeof(joined), "%s/%s", dest, directory + length);
	/* something else may lie on it there */
	if (!plan_normalise(joined, inside) || access(directory, F_OK) < 0 ||
	    !plan_lookup(sb, inside, host) || strcmp(host, directory) != 0)
		return 0;
	return mask(sb, inside);
}

/* directory: of the host, normalised. */
static int mask_in_binds(struct sandbox *sb, const char *directory)
{
	size_t count = sb->mount_count;
	char source[PATH_MAX];

	for (size_t i = 0; i < count; i++) {
		const struct mount *m = &sb->mounts[i];

		if (m->kind != MOUNT_BIND || !plan_normalise(m->source, source) ||
		    strcmp(source, directory) == 0 || !plan_is_below(directory, source))
			continue;
		if (mask_in_bind(sb, m->dest, source, directory) < 0)
			return -1;
	}
	return 0;
}

static __attribute__((noinline)) int mask_places(struct sandbox *sb)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	unsigned uid = (unsigned)getauxval(AT_EUID);
	autofree char *first = format_text("%s/zbox", runtime && runtime[0] == '/' ? runtime : "");
	autofree char *second = format_text("/run/user/%u/zbox", uid);
	autofree char *third = format_text("/tmp/zbox-%u", uid);
	const char *const places[] = {first, second, third};
	char path[PATH_MAX];

	if (!first || !second || !third)
		return -1;
	for (size_t i = runtime && runtime[0] == '/' ? 0 : 1; i < COUNT(places); i++) {
		if (i == 1 && strcmp(first, second) == 0)
			continue;
		if (plan_normalise(places[i], path) && mask_in_binds(sb, path) < 0)
			return -1;
	}
	return 0;
}

int registry_mask(struct sandbox *sb)
{
	if (sb->personality == PERSONALITY_BWRAP || sb->landlock_only)
		return 0;
	return mask_places(sb);
}
