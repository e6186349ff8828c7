/*
 * mounts-overlay.c - overlays: layers of the host, changes on a directory or in memory.
 *
 * The layers are opened before the first mount and named to the kernel as /proc/self/fd/N, so that
 * what is mounted is what was opened, and no character of a path needs escaping. Changes that are
 * to vanish go to a tmpfs that lies below the root, where the command cannot see it.
 */
#include "mounts-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLAGS (MS_NOSUID | MS_NODEV)

static int open_layer(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	return fd >= 0 ? fd : fail(errno, "Can't find source path %s", path);
}

int overlay_open(const struct builder *b, const struct mount *m, struct source *s)
{
	(void)b;
	s->layers = calloc(m->layer_count, sizeof(*s->layers));
	if (!s->layers)
		return fail(0, "out of memory");
	for (size_t i = 0; i < m->layer_count; i++)
		s->layers[i] = -1;
	for (size_t i = 0; i < m->layer_count; i++)
		if ((s->layers[i] = open_layer(m->layers[i])) < 0)
			return -1;
	if (m->kind != MOUNT_OVERLAY)
		return 0;
	if ((s->fd = open_layer(m->source)) < 0 || (s->work = open_layer(m->work)) < 0)
		return -1;
	return 0;
}

/* Upper and work directory of a tmp-overlay, in the hidden tmpfs. */
static int hidden_dirs(struct builder *b, int *upper, int *work)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "upper-%u", b->numbered);
	if (mkdirat(b->hidden, name, 0755) == 0)
		*upper = openat(b->hidden, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(name, sizeof(name), "work-%u", b->numbered++);
	if (mkdirat(b->hidden, name, 0755) == 0)
		*work = openat(b->hidden, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *upper < 0 || *work < 0 ? fail(errno, "a directory for the changes") : 0;
}

/* The mount options. The kernel wants the topmost layer first. */
static char *overlay_options(const struct mount *m, const struct source *s, int upper, int work)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (!out) {
		(void)fail(0, "out of memory");
		return NULL;
	}
	(void)fputs("lowerdir=", out);
	for (size_t i = m->layer_count; i-- > 0;)
		(void)fprintf(out, "/proc/self/fd/%d%s", s->layers[i], i > 0 ? ":" : "");
	if (upper >= 0)
		(void)fprintf(out, ",upperdir=/proc/self/fd/%d,workdir=/proc/self/fd/%d", upper,
			      work);
	(void)fputs(",userxattr", out);
	if (m->options)
		(void)fprintf(out, ",%s", m->options);
	if (fclose(out) != 0) {
		free(text);
		(void)fail(0, "out of memory");
		return NULL;
	}
	return text;
}

int mount_overlay(struct builder *b, const struct mount *m, const struct source *s)
{
	autoclose int place = mount_place(b, m, PATH_DIRECTORY);
	autoclose int tmp_upper = -1, tmp_work = -1, top = -1;
	autofree char *options = NULL;
	int upper = s->fd, work = s->work;

	if (place < 0)
		return -1;
	if (m->kind == MOUNT_TMP_OVERLAY) {
		if (hidden_dirs(b, &tmp_upper, &tmp_work) < 0)
			return -1;
		upper = tmp_upper;
		work = tmp_work;
	}
	options = overlay_options(m, s, upper, work);
	if (!options)
		return -1;
	top = stage_mount("overlay", FLAGS, options);
	if (top >= 0 && stage_move(b, top, place) == 0)
		return m->kind == MOUNT_TMP_OVERLAY || (m->flags & MOUNT_OWN)
			       ? root_owns(b->root, top)
			       : 0;
	if (errno == ELOOP)
		return fail(
			ELOOP,
			"Can't make overlay mount on %s with options %s: Overlay directories may "
			"not overlap",
			m->dest, options);
	return fail(errno, "Can't make overlay mount on %s with options %s", m->dest, options);
}
