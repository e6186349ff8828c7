/*
 * oci-user.c - who the user of an image is, by the image's own /etc/passwd and /etc/group.
 *
 * NAME or UID, with :GROUP or :GID behind it. A name other than root has to be in the file. A
 * number need not be: its group is the one that the file has for it, else 0. Both files are the
 * image's: lines that are not as they should be are passed by.
 */
#include "unpack/oci.h"

#include <string.h>

/* The fields of one line, by their beginnings; a field ends at ':' or the end of the line. */
#define FIELDS 4

static bool same(const char *field, const char *text, size_t length)
{
	return strncmp(field, text, length) == 0 &&
	       (field[length] == ':' || field[length] == '\n' || field[length] == '\0');
}

static bool number_of(const char *field, size_t length, uint32_t *id)
{
	char digits[16];
	int64_t number;

	if (length == 4 && strncmp(field, "root", 4) == 0) {
		*id = 0;
		return true;
	}
	if (length == 0 || length >= sizeof(digits))
		return false;
	memcpy(digits, field, length);
	digits[length] = '\0';
	if (parse_number(digits, 0, UINT32_MAX - 1, &number) < 0)
		return false;
	*id = (uint32_t)number;
	return true;
}

/* Finds the line whose field number at is text. ids: those of its third and, with passwd, fourth
 * field. */
static bool find_line(const char *file, unsigned at, const char *text, size_t length, size_t count,
		      uint32_t *ids)
{
	for (const char *line = file; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *fields[FIELDS] = {line};
		size_t found = 1;

		while (found < FIELDS) {
			const char *next = fields[found - 1] + strcspn(fields[found - 1], ":\n");

			if (*next != ':')
				break;
			fields[found++] = next + 1;
		}
		if (found < 2 + count || !same(fields[at], text, length))
			continue;
		for (size_t i = 0; i < count; i++)
			if (!number_of(fields[2 + i], strcspn(fields[2 + i], ":\n"), &ids[i]))
				return false;
		return true;
	}
	return false;
}

int oci_find_user(const char *user, const char *passwd, const char *group, uint32_t *ids)
{
	const char *name = user ? user : "";
	size_t length = strcspn(name, ":");
	uint32_t found[2] = {0, 0};

	if (length > 0 && !find_line(passwd, 0, name, length, 2, found)) {
		if (!number_of(name, length, &found[0]))
			return fail(0, "the image has no user %.*s", (int)length, name);
		/* its group, if it is in the file under its number */
		if (find_line(passwd, 2, name, length, 2, found))
			(void)number_of(name, length, &found[0]);
	}
	if (name[length] == ':' && name[length + 1] != '\0') {
		name += length + 1;
		length = strlen(name);
		if (!find_line(group, 0, name, length, 1, &found[1]) &&
		    !number_of(name, length, &found[1]))
			return fail(0, "the image has no group %s", name);
	}
	memcpy(ids, found, sizeof(found));
	return 0;
}
