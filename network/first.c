/*
 * first.c - whom the first bytes of a connection are for: the server's name in TLS, the host in
 * HTTP.
 *
 *   TLS    a ClientHello, possibly in several records; its one server_name with its one host name
 *   HTTP   the whole head of a request of version 1; its one Host. A request for another place
 *          than a path (http://..., CONNECT) has two names, or none, and so has version 2.
 *
 * What an attacker would try: to say one name here and another to the server. So whatever two
 * readers could see differently is no name: two Host lines, a blank before the colon, continued
 * lines, a name twice, bytes that are no part of names. What this cannot see is a name that is
 * encrypted (ECH: an honest client's made-up one looks the same), and what follows the first
 * request.
 */
#include "network/first.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* A name in the one form that rules have. */
static enum first take_name(const uint8_t *text, size_t length, char name[RULE_NAME])
{
	if (length > 0 && text[length - 1] == '.')
		length--;
	if (length == 0 || length >= RULE_NAME)
		return FIRST_NONE;
	for (size_t i = 0; i < length; i++) {
		if (!isalnum(text[i]) && text[i] != '-' && text[i] != '_' && text[i] != '.')
			return FIRST_NONE;
		name[i] = (char)tolower(text[i]);
	}
	name[length] = '\0';
	return FIRST_NAME;
}

/* ---- TLS ---- */

/* What is left to be read. */
struct rest {
	const uint8_t *at;
	size_t length;
};

/* Takes bytes from the front. Returns NULL when there are not so many. */
static const uint8_t *take(struct rest *r, size_t length)
{
	const uint8_t *bytes = r->at;

	if (length > r->length)
		return NULL;
	r->at += length;
	r->length -= length;
	return bytes;
}

/* Takes a part behind its length, which has size bytes. Returns whether it is there. */
static bool take_part(struct rest *r, size_t size, struct rest *part)
{
	const uint8_t *number = take(r, size);

	if (!number)
		return false;
	part->length = size == 1 ? number[0] : get16(number);
	part->at = take(r, part->length);
	return part->at != NULL;
}

static enum first read_server_name(struct rest extension, char name[RULE_NAME])
{
	struct rest list, host;
	const uint8_t *type;

	if (!take_part(&extension, 2, &list) || extension.length > 0)
		return FIRST_NONE;
	type = take(&list, 1);
	if (!type || *type != 0 || !take_part(&list, 2, &host) || list.length > 0)
		return FIRST_NONE;
	return take_name(host.at, host.length, name);
}

/* The body of a whole ClientHello (RFC 8446, 4.1.2). */
static enum first read_hello(struct rest hello, char name[RULE_NAME])
{
	struct rest part, extensions;
	enum first found = FIRST_NONE;
	bool seen = false;

	if (!take(&hello, 2 + 32) || !take_part(&hello, 1, &part) || !take_part(&hello, 2, &part) ||
	    !take_part(&hello, 1, &part) || !take_part(&hello, 2, &extensions) || hello.length > 0)
		return FIRST_NONE;
	while (extensions.length > 0) {
		const uint8_t *type = take(&extensions, 2);

		if (!type || !take_part(&extensions, 2, &part))
			return FIRST_NONE;
		if (get16(type) != 0)
			continue;
		if (seen)
			return FIRST_NONE;
		seen = true;
		found = read_server_name(part, name);
	}
	return found;
}

static enum first read_tls(const uint8_t *bytes, size_t length, char name[RULE_NAME])
{
	static uint8_t message[FIRST_MAX];
	size_t used = 0;

	for (size_t at = 0;;) {
		size_t whole, record;

		if (used > 0 && message[0] != 1)
			return FIRST_NONE;
		if (used >= 4) {
			whole = 4 + ((size_t)message[1] << 16 | get16(message + 2));
			if (whole > sizeof(message))
				return FIRST_NONE;
			if (used >= whole)
				return read_hello((struct rest){message + 4, whole - 4}, name);
		}
		if (length - at < 5)
			return FIRST_MORE;
		record = get16(bytes + at + 3);
		if (bytes[at] != 0x16 || bytes[at + 1] != 3 || record == 0 ||
		    record > sizeof(message) - used)
			return FIRST_NONE;
		at += 5;
		if (record > length - at) {
			/* the start of it says whether it is worth waiting for */
			return length - at > 0 && used == 0 && bytes[at] != 1 ? FIRST_NONE
									      : FIRST_MORE;
		}
		memcpy(message + used, bytes + at, record);
		used += record;
		at += record;
	}
}

/* ---- HTTP ---- */

enum { METHOD_MAX = 20 };

/* Length of the method in front of the blank; 0: there is none (yet). */
static size_t method_length(const uint8_t *bytes, size_t length, enum first *why)
{
	for (size_t i = 0; i < length && i < METHOD_MAX; i++) {
		if (bytes[i] == ' ' && i > 0)
			return i;
		if (!isupper(bytes[i]) && bytes[i] != '-') {
			*why = FIRST_OTHER;
			return 0;
		}
	}
	*why = length < METHOD_MAX ? FIRST_MORE : FIRST_OTHER;
	return 0;
}

/* Host, with a port perhaps. */
static enum first read_host(const uint8_t *value, size_t length, char name[RULE_NAME])
{
	const uint8_t *colon;

	while (length > 0 && (value[0] == ' ' || value[0] == '\t')) {
		value++;
		length--;
	}
	while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\t'))
		length--;
	colon = memchr(value, ':', length);
	for (const uint8_t *p = colon ? colon + 1 : value + length; p < value + length; p++)
		if (!isdigit(*p))
			return FIRST_NONE;
	return take_name(value, colon ? (size_t)(colon - value) : length, name);
}

/* One line of the head behind the first. */
static enum first read_line(const uint8_t *line, size_t length, char name[RULE_NAME])
{
	const uint8_t *colon = memchr(line, ':', length);
	size_t field = colon ? (size_t)(colon - line) : 0;

	for (size_t i = 0; i < length; i++)
		if (line[i] == '\r' || line[i] == '\0')
			return FIRST_NONE;
	if (field == 0)
		return FIRST_NONE;
	for (size_t i = 0; i < field; i++)
		if (line[i] <= ' ' || line[i] >= 0x7f)
			return FIRST_NONE;
	if (field != 4 || strncasecmp((const char *)line, "host", 4) != 0)
		return FIRST_OTHER;
	return read_host(colon + 1, length - field - 1, name);
}

static enum first read_http(const uint8_t *bytes, size_t length, size_t target,
			    char name[RULE_NAME])
{
	bool seen = false, first = true;

	if (length <= target)
		return FIRST_MORE;
	if (bytes[target] != '/')
		return FIRST_NONE;
	for (size_t at = 0, end; at < length; at = end + 1) {
		const uint8_t *line = bytes + at, *newline = memchr(line, '\n', length - at);
		size_t size;
		enum first found;

		if (!newline)
			return FIRST_MORE;
		end = (size_t)(newline - bytes);
		size = end - at;
		size -= size > 0 && line[size - 1] == '\r';
		if (size == 0)
			return seen ? FIRST_NAME : FIRST_NONE;
		if (first) {
			first = false;
			for (size_t i = 0; i < size; i++)
				if (line[i] < ' ')
					return FIRST_NONE;
			continue;
		}
		found = read_line(line, size, name);
		if (found == FIRST_NONE || (found == FIRST_NAME && seen))
			return FIRST_NONE;
		seen |= found == FIRST_NAME;
	}
	return FIRST_MORE;
}

enum first first_name(const uint8_t *bytes, size_t length, char name[RULE_NAME])
{
	enum first found, why = FIRST_MORE;
	size_t method;

	if (length == 0)
		return FIRST_MORE;
	if (length > FIRST_MAX)
		length = FIRST_MAX;
	if (bytes[0] == 0x16) {
		found = read_tls(bytes, length, name);
	} else {
		method = method_length(bytes, length, &why);
		found = method ? read_http(bytes, length, method + 1, name) : why;
	}
	return found == FIRST_MORE && length == FIRST_MAX ? FIRST_NONE : found;
}
