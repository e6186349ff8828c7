/*
 * explain-mounts.c - the part of --explain that is about files: each operation of the mount list
 * in the order in which it is carried out, and the sockets that come in with bound directories.
 *
 * The operations are named by the options that make them, so that a line can be typed again.
 */
#include "explain-mounts.h"

#include "base.h"
#include "sockets.h"
#include "text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A kind's option; binds and data have more than one, see operation(). */
static const char *const kind_names[] = {
	[MOUNT_BIND] = "bind",
	[MOUNT_BIND_FD] = "bind-fd",
	[MOUNT_REMOUNT_RO] = "remount-ro",
	[MOUNT_TMPFS] = "tmpfs",
	[MOUNT_PROC] = "proc",
	[MOUNT_DEV] = "dev",
	[MOUNT_MQUEUE] = "mqueue",
	[MOUNT_DIR] = "dir",
	[MOUNT_FILE] = "file",
	[MOUNT_DATA] = "bind-data",
	[MOUNT_SYMLINK] = "symlink",
	[MOUNT_CHMOD] = "chmod",
	[MOUNT_OVERLAY] = "overlay",
	[MOUNT_TMP_OVERLAY] = "tmp-overlay",
	[MOUNT_RO_OVERLAY] = "ro-overlay",
	[MOUNT_SCRATCH] = "scratch",
	[MOUNT_MASK] = "mask",
};
_Static_assert(COUNT(kind_names) == MOUNT_KINDS, "each kind has a name");

static void operation(const struct mount *m, char *name, size_t size)
{
	bool has_ro = m->kind == MOUNT_BIND || m->kind == MOUNT_BIND_FD || m->kind == MOUNT_DATA;
	const char *before = "";

	if (m->kind == MOUNT_MASK && (m->flags & MOUNT_READONLY)) {
		(void)snprintf(name, size, "protect%s", m->flags & MOUNT_TRY ? "-try" : "");
		return;
	}
	if (m->flags & MOUNT_CHANGES) {
		(void)snprintf(name, size, "try");
		return;
	}
	if (m->flags & MOUNT_CREATE) {
		(void)snprintf(name, size, "rw-bind-create");
		return;
	}
	if (has_ro && (m->flags & MOUNT_READONLY))
		before = "ro-";
	else if (m->kind == MOUNT_BIND && (m->flags & MOUNT_DEVICES))
		before = "dev-";
	(void)snprintf(name, size, "%s%s%s", before, kind_names[m->kind],
		       m->kind == MOUNT_BIND && (m->flags & MOUNT_TRY) ? "-try" : "");
}

void explain_origin(const struct origin *origin, char *text, size_t size)
{
	if (!origin->file && origin->at == 0)
		(void)snprintf(text, size, "default");
	else if (!origin->file)
		(void)snprintf(text, size, "word %u", origin->at);
	else if (origin->at == 0)
		(void)snprintf(text, size, "%s", origin->file);
	else if (origin->column > 0)
		(void)snprintf(text, size, "%s:%u", origin->file, origin->at);
	else
		(void)snprintf(text, size, "%s, %u", origin->file, origin->at);
}

static bool is_base(const struct mount *m)
{
	return m->origin.file && strcmp(m->origin.file, BASE_ORIGIN) == 0;
}

/* ---- JSON ---- */

static void json_layers(struct json *j, const struct mount *m)
{
	json_open(j, "layers", '[');
	for (size_t i = 0; i < m->layer_count; i++)
		json_text(j, NULL, m->layers[i]);
	json_close(j, ']');
	if (m->kind == MOUNT_OVERLAY)
		json_text(j, "work", m->work);
}

static void json_mount(struct json *j, const struct mount *m)
{
	char text[ORIGIN_TEXT];
	bool binds = m->kind == MOUNT_BIND || m->kind == MOUNT_BIND_FD || m->kind == MOUNT_DATA;

	json_open(j, NULL, '{');
	operation(m, text, sizeof(text));
	json_text(j, "operation", text);
	json_text(j, "destination", m->dest);
	if (m->source)
		json_text(j, m->kind == MOUNT_SYMLINK ? "target" : "source", m->source);
	if (m->fd >= 0)
		json_number(j, "descriptor", m->fd);
	if (m->layer_count > 0)
		json_layers(j, m);
	if (binds) {
		json_bool(j, "read-only", m->flags & MOUNT_READONLY);
		json_bool(j, "devices", m->flags & MOUNT_DEVICES);
		json_bool(j, "optional", m->flags & MOUNT_TRY);
	}
	if (m->perms >= 0) {
		(void)snprintf(text, sizeof(text), "%04o", (unsigned)m->perms);
		json_text(j, "perms", text);
	}
	if (m->size > 0)
		json_number(j, "size", (int64_t)m->size);
	if (m->text)
		json_text(j, "contents", m->text);
	explain_origin(&m->origin, text, sizeof(text));
	json_text(j, "origin", text);
	if (is_base(m))
		json_text(j, "reason", base_reason(m->dest));
	json_close(j, '}');
}

/* ---- text ---- */

/* What comes from where: "/usr on /usr", "/lib -> usr/lib". */
static void print_object(FILE *out, const struct mount *m)
{
	if (m->kind == MOUNT_SYMLINK) {
		text_print(out, m->dest);
		(void)fputs(" -> ", out);
		text_print(out, m->source);
		return;
	}
	for (size_t i = 0; i < m->layer_count; i++) {
		text_print(out, m->layers[i]);
		(void)fputs(i + 1 < m->layer_count || m->source ? ", " : " on ", out);
	}
	if (m->source)
		text_print(out, m->source);
	else if (m->fd >= 0)
		(void)fprintf(out, "descriptor %d", m->fd);
	if (m->source || m->fd >= 0)
		(void)fputs(" on ", out);
	text_print(out, m->dest);
}

static void print_mount(FILE *out, size_t number, const struct mount *m)
{
	const char *reason = is_base(m) ? base_reason(m->dest) : NULL;
	char text[ORIGIN_TEXT];

	operation(m, text, sizeof(text));
	(void)fprintf(out, "  %3zu  %-12s ", number, text);
	print_object(out, m);
	if (m->perms >= 0)
		(void)fprintf(out, ", mode %04o", (unsigned)m->perms);
	if (m->size > 0)
		(void)fprintf(out, ", %" PRIu64 " bytes", m->size);
	if (m->text)
		(void)fprintf(out, ", %zu bytes made by zbox", strlen(m->text));
	explain_origin(&m->origin, text, sizeof(text));
	(void)fputs("   [", out);
	text_print(out, text);
	(void)fprintf(out, "%s%s]\n", reason ? ": " : "", reason ? reason : "");
}

/* ---- both ---- */

void explain_mounts(struct page *p, const struct sandbox *sb)
{
	if (p->json)
		json_open(&p->j, "mounts", '[');
	else
		(void)fputs("\nmounts, in this order\n", p->out);
	for (size_t i = 0; i < sb->mount_count; i++) {
		if (p->json)
			json_mount(&p->j, &sb->mounts[i]);
		else
			print_mount(p->out, i + 1, &sb->mounts[i]);
	}
	if (p->json)
		json_close(&p->j, ']');
	page_section(p, "root", "root");
	page_text(p, "file-system", sb->landlock_only ? "the host's" : "tmpfs");
	page_bool(p, "read-only", sb->read_only);
	page_text(p, "propagation",
		  sb->personality == PERSONALITY_BWRAP ? "from the host (slave)"
						       : "none (private)");
	page_bool(p, "strict-destinations", sb->strict_dest);
	page_section_end(p);
}

void explain_sockets(struct page *p, const struct sandbox *sb)
{
	struct socket_list list;
	bool found = sockets_find(sb, &list) == 0;

	page_section(p, "sockets", "sockets of the host under bound directories");
	page_list(p, "paths");
	for (size_t i = 0; i < list.count; i++)
		page_item(p, list.paths[i]);
	page_list_end(p);
	page_bool(p, "complete", found && list.complete);
	page_section_end(p);
	sockets_free(&list);
	if (!found)
		failure_clear(); /* out of memory: said by complete */
}
