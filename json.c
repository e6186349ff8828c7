/*
 * json.c - writing JSON: nesting, commas, and strings that are valid whatever the bytes were.
 *
 * Everything that is not a number comes from a path, an option or a file name, so from somebody
 * else: a name with quotes, newlines or broken UTF-8 must neither end a string early nor make the
 * document invalid. Numbers are integers; no function here depends on a locale.
 */
#include "json.h"

#include "text.h"

#include <inttypes.h>

void json_string(FILE *out, const char *text)
{
	(void)fputc('"', out);
	while (*text) {
		unsigned char c = (unsigned char)*text;
		size_t length = utf8_length(text);

		if (length == 0)
			(void)fputs("\\ufffd", out);
		else if (c == '"' || c == '\\')
			(void)fprintf(out, "\\%c", c);
		else if (c == '\n')
			(void)fputs("\\n", out);
		else if (c < ' ' || c == 127)
			(void)fprintf(out, "\\u%04x", c);
		else
			(void)fwrite(text, 1, length, out);
		text += length ? length : 1;
	}
	(void)fputc('"', out);
}

static void new_line(const struct json *j)
{
	(void)fputc(j->pretty ? '\n' : ' ', j->out);
	for (unsigned i = 0; j->pretty && i < j->depth; i++)
		(void)fputs("  ", j->out);
}

/* What stands before a value: the comma, the line, the name. */
static void begin(struct json *j, const char *name)
{
	if (j->follows)
		(void)fputc(',', j->out);
	if (j->depth > 0)
		new_line(j);
	if (name) {
		json_string(j->out, name);
		(void)fputs(": ", j->out);
	}
	j->follows = true;
}

void json_open(struct json *j, const char *name, char bracket)
{
	begin(j, name);
	(void)fputc(bracket, j->out);
	j->depth++;
	j->follows = false;
}

void json_close(struct json *j, char bracket)
{
	j->depth--;
	if (j->follows)
		new_line(j);
	(void)fputc(bracket, j->out);
	j->follows = true;
	if (j->depth == 0)
		(void)fputc('\n', j->out);
}

void json_text(struct json *j, const char *name, const char *text)
{
	if (!text) {
		json_null(j, name);
		return;
	}
	begin(j, name);
	json_string(j->out, text);
}

void json_number(struct json *j, const char *name, int64_t number)
{
	begin(j, name);
	(void)fprintf(j->out, "%" PRId64, number);
}

void json_bool(struct json *j, const char *name, bool value)
{
	begin(j, name);
	(void)fputs(value ? "true" : "false", j->out);
}

void json_null(struct json *j, const char *name)
{
	begin(j, name);
	(void)fputs("null", j->out);
}

void json_seconds(struct json *j, const char *name, uint64_t us)
{
	begin(j, name);
	(void)fprintf(j->out, "%" PRIu64 ".%06" PRIu64, us / 1000000, us % 1000000);
}
