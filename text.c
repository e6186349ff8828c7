/*
 * text.c - texts that somebody else chose, made fit for a terminal or a document.
 *
 * File names, variables and arguments may hold anything but NUL. What an attacker would try: an
 * escape sequence that moves the cursor over what was said before, a newline that starts a forged
 * message, and the same again as C1 controls or in broken UTF-8, which some terminals still obey.
 */
#include "text.h"

#include <stdbool.h>
#include <string.h>

size_t utf8_length(const char *text)
{
	const unsigned char *t = (const unsigned char *)text;
	size_t length;

	if (t[0] < 0x80)
		return 1;
	if (t[0] < 0xc2 || t[0] > 0xf4)
		return 0;
	length = t[0] < 0xe0 ? 2 : t[0] < 0xf0 ? 3 : 4;
	for (size_t i = 1; i < length; i++)
		if ((t[i] & 0xc0) != 0x80)
			return 0; /* the NUL at the end of the text included */
	/* the first byte alone does not exclude these */
	if ((t[0] == 0xe0 && t[1] < 0xa0) || (t[0] == 0xed && t[1] > 0x9f) ||
	    (t[0] == 0xf0 && t[1] < 0x90) || (t[0] == 0xf4 && t[1] > 0x8f))
		return 0;
	return length;
}

/* C0, DEL and C1 */
static bool is_control(const unsigned char *t, size_t length)
{
	return t[0] < ' ' || t[0] == 127 || (length == 2 && t[0] == 0xc2 && t[1] < 0xa0);
}

size_t text_piece(const char **text, char piece[TEXT_PIECE])
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *t = (const unsigned char *)*text;
	size_t length = utf8_length(*text), used = 0;

	if (*t == '\0')
		return 0;
	*text += length ? length : 1;
	if (*t == '\n' || *t == '\t') {
		piece[0] = '\\';
		piece[1] = *t == '\n' ? 'n' : 't';
		return 2;
	}
	if (length > 0 && !is_control(t, length)) {
		memcpy(piece, t, length);
		return length;
	}
	for (size_t i = 0; i < (length ? length : 1); i++) {
		piece[used++] = '\\';
		piece[used++] = 'x';
		piece[used++] = digits[t[i] >> 4];
		piece[used++] = digits[t[i] & 15];
	}
	return used;
}

void text_print(FILE *out, const char *text)
{
	char piece[TEXT_PIECE];
	size_t length;

	while ((length = text_piece(&text, piece)) > 0)
		(void)fwrite(piece, 1, length, out);
}
