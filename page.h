/*
 * page.h - one description, printed as text for a person or as JSON for a program.
 *
 * Whoever describes something says it once; the two forms cannot drift apart.
 */
#ifndef ZBOX_PAGE_H
#define ZBOX_PAGE_H

#include "json.h"
#include "utils.h"

/* Start with page_start(), end with page_end(). */
struct page {
	FILE *out;
	bool json;
	struct json j;
};

void page_start(struct page *p, FILE *out, bool json);
void page_end(struct page *p);

/* A group of lines: an object called name; in the text the title stands above it. */
void page_section(struct page *p, const char *name, const char *title);
void page_section_end(struct page *p);

/* One line, or one member. NULL: null, or "-". */
void page_text(struct page *p, const char *name, const char *value);
void page_format(struct page *p, const char *name, const char *format, ...) PRINTF(3, 4);
void page_number(struct page *p, const char *name, int64_t number);
void page_bool(struct page *p, const char *name, bool value);

/* A list of texts: an array; in the text one line each, below the name. */
void page_list(struct page *p, const char *name);
void page_item(struct page *p, const char *value);
void page_item_number(struct page *p, int64_t number);
void page_list_end(struct page *p);

#endif
