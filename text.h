/*
 * text.h - texts that somebody else chose, made fit for a terminal or a document.
 */
#ifndef ZBOX_TEXT_H
#define ZBOX_TEXT_H

#include <stddef.h>
#include <stdio.h>

#define TEXT_PIECE 20

/* Length of the UTF-8 sequence that text starts with: 1 to 4, or 0 when it is none (overlong forms,
 * surrogates and what is beyond U+10FFFF included). */
size_t utf8_length(const char *text);

/* Writes the next character of *text to piece as a terminal may see it, and steps over it: control
 * characters and bytes that are no UTF-8 become \n, \t or \x1b. Returns the length of the piece,
 * which has no NUL, or 0 at the end of the text. */
size_t text_piece(const char **text, char piece[TEXT_PIECE]);

/* The whole text in that form. */
void text_print(FILE *out, const char *text);

#endif
