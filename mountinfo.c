/*
 * mountinfo.c - /proc/self/mountinfo, line by line; proc(5) has the format:
 *
 *   36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/root rw,errors=continue
 *
 * Lines end at newlines and words at spaces, because the kernel writes \ooo for those in names:
 * first the words are told apart, then that is undone. Whoever mounts something may choose point,
 * root and source; none of them can look like another word.
 */
#include "mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define SIZE_LIMIT ((size_t)64 << 20)

char *mountinfo_read(int proc)
{
	autoclose int fd = proc < 0 ? open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)
				    : openat(proc, "self/mountinfo", O_RDONLY | O_CLOEXEC);
	size_t length;
	char *text = fd < 0 ? NULL : read_fd(fd, SIZE_LIMIT, &length);

	if (!text)
		(void)fail(errno, "/proc/self/mountinfo");
	return text;
}

/* Undoes the \ooo, in place. */
static void unescape(char *text)
{
	char *out = text;

	for (; *text; text++) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] >= '0' &&
		    text[2] <= '7' && text[3] >= '0' && text[3] <= '7') {
			*out++ = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 +
					(text[3] - '0'));
			text += 3;
		} else {
			*out++ = *text;
		}
	}
	*out = '\0';
}

int mountinfo_next(char **text, struct mountinfo *m)
{
	char *line = *text ? strsep(text, "\n") : NULL, *fields[5], *type;

	if (!line || (!*line && !*text))
		return 0;
	type = strstr(line, " - ");
	for (size_t i = 0; i < COUNT(fields); i++)
		fields[i] = strsep(&line, " ");
	if (!fields[4] || !type || type < fields[4] ||
	    parse_number(fields[0], 0, INT64_MAX, &m->id) < 0 ||
	    parse_number(fields[1], 0, INT64_MAX, &m->parent) < 0)
		return fail(0, "/proc/self/mountinfo: unexpected line");
	type += 3;
	type[strcspn(type, " ")] = '\0';
	unescape(fields[4]);
	m->point = fields[4];
	m->type = type;
	return 1;
}
