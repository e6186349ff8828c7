/*
 * changes-manifest.c - the text of DIR/zbox-try: which directories, since when.
 *
 *   zbox-try 1
 *   start SECONDS NANOSECONDS
 *   root DEVICE INODE PATH        once for each, in the order of their numbers
 *
 * What is not printable in a PATH, blanks and % are written as %XX. An attacker who could write
 * this file could have changes applied anywhere the caller may write: it lies in a directory of the
 * caller's that is not writable inside (try.c), and is refused where others may write (changes-
 * store.c). Whatever is not exactly as above is an error here.
 */
#include "changes.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_LINE "zbox-try 1"

static void print_path(FILE *out, const char *path)
{
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;

		if (c > ' ' && c < 127 && c != '%')
			(void)fputc(c, out);
		else
			(void)fprintf(out, "%%%02x", c);
	}
}

char *manifest_text(const struct store *s)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (!out) {
		(void)fail(0, "out of memory");
		return NULL;
	}
	(void)fprintf(out, FIRST_LINE "\nstart %lld %ld\n", (long long)s->start.tv_sec,
		      (long)s->start.tv_nsec);
	for (size_t i = 0; i < s->root_count; i++) {
		(void)fprintf(out, "root %llu %llu ", (unsigned long long)s->roots[i].dev,
			      (unsigned long long)s->roots[i].ino);
		print_path(out, s->roots[i].path);
		(void)fputc('\n', out);
	}
	if (fclose(out) != 0) {
		free(text);
		(void)fail(0, "out of memory");
		return NULL;
	}
	return text;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place. An absolute path without empty parts, . and .. */
static bool read_path(char *path)
{
	char *out = path;

	if (path[0] != '/')
		return false;
	for (const char *in = path; *in; in++) {
		int value = (unsigned char)*in;

		if (value <= ' ' || value >= 127)
			return false;
		if (value == '%') {
			int high = hex_digit(in[1]), low = high < 0 ? -1 : hex_digit(in[2]);

			value = low < 0 ? 0 : high * 16 + low;
			in += 2;
		}
		if (value == 0)
			return false;
		*out++ = (char)value;
	}
	*out = '\0';
	for (const char *part = path; part[1] != '\0'; part += strcspn(part, "/")) {
		size_t length = strcspn(++part, "/");

		if (length == 0 || (length <= 2 && strspn(part, ".") >= length) ||
		    (part[length] == '/' && part[length + 1] == '\0'))
			return false;
		if (part[length] == '\0')
			break;
	}
	return true;
}

/* The next word of the line: a number. Those of devices and inodes have 64 bits without a sign. */
static bool read_number(char **line, uint64_t *number)
{
	const char *word = strsep(line, " ");
	uint64_t value = 0;

	if (!word || !word[0])
		return false;
	for (; *word; word++) {
		uint64_t digit = (uint64_t)(*word - '0');

		if (*word < '0' || *word > '9' || value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*number = value;
	return true;
}

static bool read_start(struct store *s, char *line)
{
	uint64_t seconds, nanoseconds;

	if (!read_number(&line, &seconds) || !read_number(&line, &nanoseconds) || line ||
	    seconds > INT64_MAX || nanoseconds > 999999999)
		return false;
	s->start.tv_sec = (time_t)seconds;
	s->start.tv_nsec = (long)nanoseconds;
	return true;
}

static int read_root(struct store *s, char *line)
{
	struct store_root root = {0}, *slot;

	if (!read_number(&line, &root.dev) || !read_number(&line, &root.ino) || !line ||
	    !read_path(line) || s->root_count == STORE_ROOTS_MAX)
		return fail(0, "zbox-try: a line is not understood");
	root.path = strdup(line);
	slot = root.path ? array_add(&s->roots, &s->root_count, sizeof(*slot)) : NULL;
	if (!slot) {
		free(root.path);
		return fail(0, "out of memory");
	}
	*slot = root;
	return 0;
}

int manifest_parse(struct store *s, const char *text)
{
	autofree char *copy = strdup(text);
	char *rest = copy, *line;

	if (!copy)
		return fail(0, "out of memory");
	line = strsep(&rest, "\n");
	if (strcmp(line, FIRST_LINE) != 0)
		return fail(0, "zbox-try: the first line is not " FIRST_LINE);
	line = strsep(&rest, "\n");
	if (!line || strncmp(line, "start ", 6) != 0 || !read_start(s, line + 6))
		return fail(0, "zbox-try: a line is not understood");
	while ((line = strsep(&rest, "\n")) != NULL && rest) {
		if (strncmp(line, "root ", 5) != 0)
			return fail(0, "zbox-try: a line is not understood");
		if (read_root(s, line + 5) < 0)
			return -1;
	}
	/* the last line has its end, too */
	if (!line || line[0] != '\0' || s->root_count == 0)
		return fail(0, "zbox-try: it is cut off");
	return 0;
}
