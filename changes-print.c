/*
 * changes-print.c - the list of changes for a person and for a program.
 *
 *   added    file       1234  0644  /home/me/project/new
 *   changed  directory        0755  /home/me/project/build
 *   removed  link                   /home/me/project/old -> target
 *
 * Names and texts of links are the command's: control characters, and bytes that are no UTF-8, are
 * printed as \n or \x1b, so that none of them moves the cursor or makes a line of its own.
 */
#include "changes.h"

#include "json.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static const char *const kind_names[] = {
	[CHANGE_ADDED] = "added", [CHANGE_CHANGED] = "changed", [CHANGE_REMOVED] = "removed"};

static const char *type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "directory";
	case S_IFREG:
		return "file";
	case S_IFLNK:
		return "link";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	default:
		return "device";
	}
}

static const char *note_of(const struct change *c)
{
	if (c->refuse)
		return c->refuse;
	if (c->newer)
		return "changed on the host meanwhile";
	return c->set_id && c->kind != CHANGE_REMOVED ? "its set-id bits are dropped" : NULL;
}

static void print_change(FILE *out, const struct store *s, const struct change *c)
{
	autofree char *path = change_path(s, c);
	const char *note = note_of(c);

	(void)fprintf(out, "%-8s %-9s ", kind_names[c->kind], type_name(c->st.st_mode));
	if (S_ISREG(c->st.st_mode))
		(void)fprintf(out, "%10llu ", (unsigned long long)c->st.st_size);
	else
		(void)fprintf(out, "%10s ", "");
	if (S_ISLNK(c->st.st_mode))
		(void)fprintf(out, "%4s  ", "");
	else
		(void)fprintf(out, "%04o  ", (unsigned)(c->st.st_mode & 07777));
	text_print(out, path ? path : c->path);
	if (c->target) {
		(void)fputs(" -> ", out);
		text_print(out, c->target);
	}
	if (note)
		(void)fprintf(out, "  (%s)", note);
	(void)fputc('\n', out);
}

void changes_print(FILE *out, const struct store *s, const struct changes *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (!list->items[i].touched)
			print_change(out, s, &list->items[i]);
}

static void json_change(struct json *j, const struct store *s, const struct change *c)
{
	autofree char *path = change_path(s, c);
	char mode[8];

	json_open(j, NULL, '{');
	json_text(j, "path", path ? path : c->path);
	json_text(j, "change", kind_names[c->kind]);
	json_text(j, "type", type_name(c->st.st_mode));
	if (S_ISREG(c->st.st_mode))
		json_number(j, "size", (int64_t)c->st.st_size);
	(void)snprintf(mode, sizeof(mode), "%04o", (unsigned)(c->st.st_mode & 07777));
	json_text(j, "mode", mode);
	if (c->target)
		json_text(j, "target", c->target);
	json_bool(j, "applicable", !c->refuse && !c->newer);
	if (note_of(c))
		json_text(j, "note", note_of(c));
	json_close(j, '}');
}

void changes_print_json(FILE *out, const struct store *s, const struct changes *list)
{
	struct json j = {.out = out, .pretty = true};

	json_open(&j, NULL, '{');
	json_number(&j, "version", 1);
	json_text(&j, "directory", s->path);
	json_open(&j, "roots", '[');
	for (size_t i = 0; i < s->root_count; i++)
		json_text(&j, NULL, s->roots[i].path);
	json_close(&j, ']');
	json_open(&j, "changes", '[');
	for (size_t i = 0; i < list->count; i++)
		if (!list->items[i].touched)
			json_change(&j, s, &list->items[i]);
	json_close(&j, ']');
	json_close(&j, '}');
	(void)fputc('\n', out);
}
