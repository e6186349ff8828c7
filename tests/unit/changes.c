/*
 * What a command changed: the manifest of its directory, read back and not otherwise; diffs.
 */
#include "changes.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

static void test_manifest_both_ways(void)
{
	static char path[] = "/with blank\n%\x01\xff/end", top[] = "/";
	struct store_root roots[] = {{path, 2049, UINT64_MAX}, {top, 0, 1}};
	struct store s = {.start = {1700000000, 999999999}, .roots = roots, .root_count = 2};
	struct store got = STORE_NONE;
	char *text = manifest_text(&s);

	check(text && strcmp(text, "zbox-try 1\nstart 1700000000 999999999\n"
				   "root 2049 18446744073709551615 "
				   "/with%20blank%0a%25%01%ff/end\nroot 0 1 /\n") == 0,
	      "the text");
	check(text && manifest_parse(&got, text) == 0 && got.root_count == 2, "it is read");
	check(got.root_count == 2 && strcmp(got.roots[0].path, path) == 0 &&
		      got.roots[0].ino == UINT64_MAX && got.roots[0].dev == 2049 &&
		      strcmp(got.roots[1].path, "/") == 0,
	      "the roots");
	check(got.start.tv_sec == 1700000000 && got.start.tv_nsec == 999999999, "the time");
	store_free(&got);
	free(text);
}

static void test_manifest_refused(void)
{
#define START "zbox-try 1\nstart 1 2\n"
	static const char *const bad[] = {
		"",
		"zbox-try 2\nstart 1 2\nroot 1 2 /\n",
		"zbox-try 1",
		"zbox-try 1\n",
		START,
		"zbox-try 1\nroot 1 2 /\n",
		"zbox-try 1\nstart 1 1000000000\nroot 1 2 /\n",
		"zbox-try 1\nstart -1 2\nroot 1 2 /\n",
		"zbox-try 1\nstart 1\nroot 1 2 /\n",
		START "root 1 2 /",
		START "root 1 2 relative\n",
		START "root 1 2 \n",
		START "root 1 /x\n",
		START "root 1 18446744073709551616 /x\n",
		START "root 1 2 /a/../b\n",
		START "root 1 2 /a/./b\n",
		START "root 1 2 /..\n",
		START "root 1 2 /a//b\n",
		START "root 1 2 /a/\n",
		START "root 1 2 //\n",
		START "root 1 2 /a%2\n",
		START "root 1 2 /a%zz\n",
		START "root 1 2 /a%00\n",
		START "root 1 2 /a%2f..\n",
		START "root 1 2 /a b\n",
		START "root 1 2 /a\nother\n",
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct store s = STORE_NONE;

		failure_clear();
		check(manifest_parse(&s, bad[i]) < 0 && failure_get(), "refused: number %zu", i);
		store_free(&s);
	}
	failure_clear();
}

static void diff(const char *a, const char *b, const char *wanted)
{
	static unsigned number;
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	int result = out ? diff_print(out, a, strlen(a), b, strlen(b)) : -1;

	if (out)
		(void)fclose(out);
	check(result == 0 && text && strcmp(text, wanted) == 0, "diff number %u", ++number);
	free(text);
}

static void test_diff(void)
{
	diff("", "", "");
	diff("a\n", "a\n", "");
	diff("", "a\n", "@@ -0,0 +1,1 @@\n+a\n");
	diff("a\n", "", "@@ -1,1 +0,0 @@\n-a\n");
	diff("a\nb\nc\n", "a\nx\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
	diff("a", "a\n", "@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n");
	diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\n5\n6\n7\n8\n9\nx\n",
	     "@@ -7,3 +7,4 @@\n 7\n 8\n 9\n+x\n");
	diff("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
	     "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
	diff("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
	     "@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
	diff("", "\ttab \033[31m \xff\r\n", "@@ -0,0 +1,1 @@\n+\ttab \\x1b[31m \\xff\\x0d\n");
}

int main(void)
{
	test_manifest_both_ways();
	test_manifest_refused();
	test_diff();
	return test_done();
}
