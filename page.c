/*
 * page.c - one description, printed as text for a person or as JSON for a program.
 *
 * Values come from the command line and the file system; both forms escape them (text.c, json.c).
 */
#include "page.h"

#include "text.h"

#include <stdarg.h>
#include <stdlib.h>

#define LABEL_WIDTH 25

void page_start(struct page *p, FILE *out, bool json)
{
	*p = (struct page){.out = out, .json = json, .j = {.out = out, .pretty = true}};
	if (json)
		json_open(&p->j, NULL, '{');
}

void page_end(struct page *p)
{
	if (p->json)
		json_close(&p->j, '}');
}

void page_section(struct page *p, const char *name, const char *title)
{
	if (p->json)
		json_open(&p->j, name, '{');
	else
		(void)fprintf(p->out, "\n%s\n", title);
}

void page_section_end(struct page *p)
{
	if (p->json)
		json_close(&p->j, '}');
}

static void label(const struct page *p, const char *name)
{
	(void)fprintf(p->out, "  %-*s ", LABEL_WIDTH, name);
}

void page_text(struct page *p, const char *name, const char *value)
{
	if (p->json) {
		json_text(&p->j, name, value);
		return;
	}
	label(p, name);
	text_print(p->out, value ? value : "-");
	(void)fputc('\n', p->out);
}

void page_format(struct page *p, const char *name, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	page_text(p, name, text);
	free(text);
}

void page_number(struct page *p, const char *name, int64_t number)
{
	if (p->json)
		json_number(&p->j, name, number);
	else
		page_format(p, name, "%lld", (long long)number);
}

void page_bool(struct page *p, const char *name, bool value)
{
	if (p->json)
		json_bool(&p->j, name, value);
	else
		page_text(p, name, value ? "yes" : "no");
}

void page_list(struct page *p, const char *name)
{
	if (p->json)
		json_open(&p->j, name, '[');
	else
		(void)fprintf(p->out, "  %s\n", name);
}

void page_item(struct page *p, const char *value)
{
	if (p->json) {
		json_text(&p->j, NULL, value);
		return;
	}
	(void)fputs("    ", p->out);
	text_print(p->out, value);
	(void)fputc('\n', p->out);
}

void page_item_number(struct page *p, int64_t number)
{
	if (p->json)
		json_number(&p->j, NULL, number);
	else
		(void)fprintf(p->out, "    %lld\n", (long long)number);
}

void page_list_end(struct page *p)
{
	if (p->json)
		json_close(&p->j, ']');
}
