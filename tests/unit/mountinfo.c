/*
 * Lines of mountinfo: which word is what, names with \ooo in them, what is refused; and the
 * kernel's own file.
 */
#include "mountinfo.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads text as one line. */
static int one(char *text, struct mountinfo *m)
{
	return mountinfo_next(&text, m);
}

static void test_lines(void)
{
	char two[] = "36 35 98:0 /a /b rw,x master:1 shared:2 - ext3 /dev/root rw\n"
		     "37 36 0:5 / /b/c rw - tmpfs none rw\n";
	char names[] =
		"1 0 0:1 / /a\\040-\\040b\\012\\011\\134\\134040 rw - fuse.x a\\040-\\040b rw";
	char *rest = two;
	struct mountinfo m;

	check(mountinfo_next(&rest, &m) == 1 && m.id == 36 && m.parent == 35 &&
		      strcmp(m.point, "/b") == 0 && strcmp(m.type, "ext3") == 0,
	      "a line with tags");
	check(mountinfo_next(&rest, &m) == 1 && m.id == 37 && m.parent == 36 &&
		      strcmp(m.point, "/b/c") == 0 && strcmp(m.type, "tmpfs") == 0,
	      "one without");
	check(mountinfo_next(&rest, &m) == 0 && !rest, "the end");
	check(one(names, &m) == 1 && strcmp(m.point, "/a - b\n\t\\\\040") == 0 &&
		      strcmp(m.type, "fuse.x") == 0,
	      "a name is undone once, and is no other word");
}

static void test_refused(void)
{
	static const char *const bad[] = {
		"x 0 0:1 / / rw - t s rw",
		"1 -1 0:1 / / rw - t s rw",
		"1 0 0:1 /",
		"1 0 0:1 / / rw",
		"1 0 - t / / rw",
		"\n1 0 0:1 / / rw - t s rw",
		"99999999999999999999 0 0:1 / / rw - t s rw",
	};
	struct mountinfo m;

	for (size_t i = 0; i < COUNT(bad); i++) {
		char text[80];

		(void)snprintf(text, sizeof(text), "%s", bad[i]);
		check(one(text, &m) < 0 && strstr(failure_get()->text, "unexpected line"),
		      "refused: line %zu", i);
		failure_clear();
	}
}

static void test_kernel(void)
{
	autofree char *text = mountinfo_read(-1);
	char *rest = text;
	struct mountinfo m;
	int found = -1, count = 0;

	check(text != NULL, "the kernel's own file is read");
	while (text && (found = mountinfo_next(&rest, &m)) > 0) {
		if (m.id == 0 || m.point[0] != '/' || !m.type[0])
			break;
		count++;
	}
	check(count > 0 && found == 0, "and understood");
}

int main(void)
{
	test_lines();
	test_refused();
	test_kernel();
	return test_done();
}
