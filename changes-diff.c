/*
 * changes-diff.c - two texts -> a unified diff, fit for a terminal.
 *
 *   split    lines
 *   compare  what both begin and end with is the same; between, the longest common sequence of
 *            lines, where the table for that is not too large, else all of it is replaced
 *   hunks    with three lines around
 *
 * Both texts are whatever the command wrote: control characters but tabs are printed as \x1b.
 */
#include "changes.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONTEXT 3
#define CELLS_MAX (4U << 20) /* of the table: 16 MiB */
#define TEXT_MAX (1U << 20)

struct lines {
	char *copy;
	const char **items;
	size_t count;
	bool open; /* the last one has no newline */
};

/* One line of the result: in both, or in one of them. */
struct row {
	char sign; /* ' ' '-' '+' */
	size_t a, b;
};

struct diff {
	struct lines a, b;
	struct row *rows;
	size_t count;
};

static void lines_free(struct lines *l)
{
	free(l->copy);
	free(l->items);
}

static int split(struct lines *l, const char *text, size_t length)
{
	char *at, *end;

	l->copy = malloc(length + 1);
	if (!l->copy)
		return fail(0, "out of memory");
	memcpy(l->copy, text, length);
	l->copy[length] = '\0';
	at = l->copy;
	end = at + length;
	l->open = length > 0 && text[length - 1] != '\n';
	while (at < end) {
		char *next = memchr(at, '\n', (size_t)(end - at));
		const char **slot = array_add(&l->items, &l->count, sizeof(*slot));

		if (!slot)
			return -1;
		*slot = at;
		if (!next)
			break;
		*next = '\0';
		at = next + 1;
	}
	return 0;
}

/* ---- comparing ---- */

static bool same_line(const struct diff *d, size_t a, size_t b)
{
	bool open_a = d->a.open && a + 1 == d->a.count, open_b = d->b.open && b + 1 == d->b.count;

	return open_a == open_b && strcmp(d->a.items[a], d->b.items[b]) == 0;
}

static int add_row(struct diff *d, char sign, size_t a, size_t b)
{
	struct row *row = array_add(&d->rows, &d->count, sizeof(*row));

	if (!row)
		return -1;
	*row = (struct row){sign, a, b};
	return 0;
}

/* Lines a0..a1 and b0..b1 by the table: cell (i, j) is the length of the longest common sequence
 * of what follows. */
static int compare_by_table(struct diff *d, size_t a0, size_t a1, size_t b0, size_t b1)
{
	size_t height = a1 - a0, width = b1 - b0, i = 0, j = 0;
	autofree uint32_t *cells = calloc((height + 1) * (width + 1), sizeof(*cells));

	if (!cells)
		return fail(0, "out of memory");
	for (size_t y = height; y-- > 0;)
		for (size_t x = width; x-- > 0;) {
			uint32_t *cell = &cells[y * (width + 1) + x];
			uint32_t below = cell[width + 1], right = cell[1];

			if (same_line(d, a0 + y, b0 + x))
				*cell = cell[width + 2] + 1;
			else
				*cell = below > right ? below : right;
		}
	while (i < height || j < width) {
		const uint32_t *cell = &cells[i * (width + 1) + j];
		char sign;

		if (i < height && j < width && same_line(d, a0 + i, b0 + j))
			sign = ' ';
		else if (i < height && (j == width || cell[width + 1] >= cell[1]))
			sign = '-';
		else
			sign = '+';
		if (add_row(d, sign, a0 + i, b0 + j) < 0)
			return -1;
		i += sign != '+';
		j += sign != '-';
	}
	return 0;
}

static int compare(struct diff *d)
{
	size_t start = 0, a1 = d->a.count, b1 = d->b.count;

	while (start < a1 && start < b1 && same_line(d, start, start)) {
		if (add_row(d, ' ', start, start) < 0)
			return -1;
		start++;
	}
	while (a1 > start && b1 > start && same_line(d, a1 - 1, b1 - 1)) {
		a1--;
		b1--;
	}
	if ((a1 - start + 1) <= CELLS_MAX / (b1 - start + 1)) {
		if (compare_by_table(d, start, a1, start, b1) < 0)
			return -1;
	} else {
		for (size_t i = start; i < a1; i++)
			if (add_row(d, '-', i, start) < 0)
				return -1;
		for (size_t j = start; j < b1; j++)
			if (add_row(d, '+', a1, j) < 0)
				return -1;
	}
	for (; a1 < d->a.count; a1++, b1++)
		if (add_row(d, ' ', a1, b1) < 0)
			return -1;
	return 0;
}

/* ---- printing ---- */

static void print_line(FILE *out, char sign, const char *text, bool open)
{
	char piece[TEXT_PIECE];
	size_t length;

	(void)fputc(sign, out);
	for (;;) {
		if (*text == '\t') {
			(void)fputc(*text++, out);
			continue;
		}
		length = text_piece(&text, piece);
		if (length == 0)
			break;
		(void)fwrite(piece, 1, length, out);
	}
	(void)fputs(open ? "\n\\ No newline at end of file\n" : "\n", out);
}

static void print_row(FILE *out, const struct diff *d, const struct row *row)
{
	const struct lines *l = row->sign == '+' ? &d->b : &d->a;
	size_t at = row->sign == '+' ? row->b : row->a;

	print_line(out, row->sign, l->items[at], l->open && at + 1 == l->count);
}

/* Where a hunk that begins with a change before the row "to" ends: no further change is near. */
static size_t hunk_end(const struct diff *d, size_t at)
{
	size_t last = at;

	for (size_t i = at; i < d->count && i <= last + 2 * (size_t)CONTEXT + 1; i++)
		if (d->rows[i].sign != ' ')
			last = i;
	return last + 1 + CONTEXT < d->count ? last + 1 + CONTEXT : d->count;
}

static void print_hunk(FILE *out, const struct diff *d, size_t from, size_t to)
{
	size_t a = 0, b = 0;

	for (size_t i = from; i < to; i++) {
		a += d->rows[i].sign != '+';
		b += d->rows[i].sign != '-';
	}
	(void)fprintf(out, "@@ -%zu,%zu +%zu,%zu @@\n", d->rows[from].a + (a > 0), a,
		      d->rows[from].b + (b > 0), b);
	for (size_t i = from; i < to; i++)
		print_row(out, d, &d->rows[i]);
}

int diff_print(FILE *out, const char *a, size_t a_length, const char *b, size_t b_length)
{
	struct diff d = {0};
	int result = 0;

	if (split(&d.a, a, a_length) < 0 || split(&d.b, b, b_length) < 0 || compare(&d) < 0)
		result = -1;
	for (size_t i = 0; result == 0 && i < d.count; i++) {
		size_t from = i < CONTEXT ? 0 : i - CONTEXT, to;

		if (d.rows[i].sign == ' ')
			continue;
		to = hunk_end(&d, i);
		print_hunk(out, &d, from, to);
		i = to - 1;
	}
	lines_free(&d.a);
	lines_free(&d.b);
	free(d.rows);
	return result;
}

/* ---- the changes ---- */

/* Opens one of the two sides and reads it: new memory, NULL where that is no text that is shown. */
static char *read_text(int dir, const char *path, size_t *length)
{
	autoclose int fd = below_open(dir, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	char *text;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > TEXT_MAX)
		return NULL;
	text = read_fd(fd, TEXT_MAX, length);
	if (text && memchr(text, 0, *length)) {
		free(text);
		return NULL;
	}
	return text;
}

static char *no_text(size_t *length)
{
	*length = 0;
	return calloc(1, 1);
}

static int print_change(FILE *out, const struct store *s, const struct change *c, int upper,
			int host)
{
	autofree char *path = change_path(s, c), *a = NULL, *b = NULL;
	bool before = c->kind != CHANGE_ADDED, after = c->kind != CHANGE_REMOVED;
	size_t a_length, b_length;

	if (!path)
		return -1;
	a = before ? read_text(host, c->path, &a_length) : no_text(&a_length);
	b = after ? read_text(upper, c->path, &b_length) : no_text(&b_length);
	(void)fputs(before ? "--- " : "--- /dev/null", out);
	if (before)
		text_print(out, path);
	(void)fputs(after ? "\n+++ " : "\n+++ /dev/null", out);
	if (after)
		text_print(out, path);
	(void)fputc('\n', out);
	if (a && b)
		return diff_print(out, a, a_length, b, b_length);
	(void)fputs("(not shown: no text, too large, or not readable)\n", out);
	return 0;
}

int changes_print_diff(FILE *out, const struct store *s, const struct changes *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct change *c = &list->items[i];
		autoclose int upper = -1, host = -1;
		char name[40];

		if (!S_ISREG(c->st.st_mode))
			continue;
		(void)snprintf(name, sizeof(name), "%zu/upper", c->root);
		upper = below_open(s->fd, name, O_PATH | O_DIRECTORY);
		host = open(s->roots[c->root].path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (upper < 0 || host < 0)
			return fail(errno, "%s", s->roots[c->root].path);
		if (print_change(out, s, c, upper, host) < 0)
			return -1;
	}
	return 0;
}
