/*
 * Questions about the mount list: paths, what is seen where, sockets that come in.
 * Links plan.c, sockets.c, utils.c and sandbox-struct.c.
 */
#include "test.h"

#include "plan.h"
#include "sockets.h"
#include "utils.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct sandbox sb;
static char dir[] = "/tmp/zbox-plan.XXXXXX";

static void put(enum mount_kind kind, const char *source, const char *dest)
{
	sandbox_mount(&sb, kind, dest)->source = source;
}

static void test_normalise(void)
{
	static const char *const cases[][2] = {
		{"/a/b", "/a/b"}, {"a//b/", "/a/b"}, {"/./a/.", "/a"}, {"", "/"},
		{"/..", "/"},     {"/a/../b", "/b"}, {"//", "/"},      {"/a/..b", "/a/..b"},
		{"a/../..", "/"}, {"/...", "/..."},
	};
	char normal[PATH_MAX], big[PATH_MAX + 10];

	for (size_t i = 0; i < COUNT(cases); i++)
		check(plan_normalise(cases[i][0], normal) && strcmp(normal, cases[i][1]) == 0,
		      "\"%s\" is \"%s\"", cases[i][0], cases[i][1]);
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	check(!plan_normalise(big, normal), "too long");
	big[PATH_MAX - 2] = '\0';
	check(plan_normalise(big, normal), "just not too long");
	check(plan_is_below("/a/b", "/a") && plan_is_below("/a", "/a") &&
		      plan_is_below("/a", "/") && !plan_is_below("/ab", "/a"),
	      "below");
}

static void sees(const char *inside, const char *expected)
{
	char host[PATH_MAX] = "";
	bool there = plan_lookup(&sb, inside, host);

	check(expected ? there && strcmp(host, expected) == 0 : !there, "%s shows %s", inside,
	      expected ? expected : "nothing");
	if (expected && strcmp(host, expected) != 0)
		printf("# got %s %s\n", there ? "yes" : "no", host);
}

static char *below(const char *path)
{
	char *text = format_text("%s%s", dir, path);

	return text;
}

static void make_tree(void)
{

	check(mkdtemp(dir) != NULL && chdir(dir) == 0, "a directory");
	(void)!mkdir("bin", 0755);
	(void)!mkdir("sub", 0755);
	(void)!mkdir("sub/deep", 0755);
	(void)close(open("bin/prog", O_CREAT | O_WRONLY | O_CLOEXEC, 0755));
	(void)!symlink("prog", "bin/link");
	(void)!symlink("/tree/bin/prog", "bin/absolute");
	(void)!symlink("loop", "bin/loop");
	(void)!symlink("../../../outside", "bin/out");
}

static void test_lookup(void)
{
	char *prog = below("/bin/prog"), *bin = below("/bin");

	put(MOUNT_BIND, dir, "/tree");
	put(MOUNT_SYMLINK, "tree/bin", "/bin");
	put(MOUNT_TMPFS, NULL, "/tree/sub");
	put(MOUNT_DIR, NULL, "/x/y");
	put(MOUNT_PROC, NULL, "/proc");
	put(MOUNT_SYMLINK, "b", "/a");
	put(MOUNT_SYMLINK, "a", "/b");
	sees("/tree/bin/prog", prog);
	sees("/bin/prog", prog);
	sees("/bin", bin);
	sees("//bin/./link", prog);
	sees("/bin/absolute", prog);
	sees("/bin/loop", NULL);
	sees("/bin/out", NULL);
	sees("/bin/none", NULL);
	sees("/tree/sub", "");
	sees("/tree/sub/deep", NULL);
	sees("/x", "");
	sees("/x/y", "");
	sees("/x/z", NULL);
	sees("/proc/self/exe", "");
	sees("/a", NULL);
	put(MOUNT_TMPFS, NULL, "/tree");
	sees("/tree/bin/prog", NULL);
	free(prog);
	free(bin);
}

static void make_socket(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	check(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "a socket");
}

static void test_sockets(void)
{
	struct socket_list list;
	char *one = below("/one");

	sandbox_free(&sb);
	sandbox_init(&sb, PERSONALITY_ZBOX);
	make_socket("one");
	make_socket("sub/two");
	make_socket("sub/deep/three");
	put(MOUNT_BIND, dir, "/tree");
	put(MOUNT_TMPFS, NULL, "/tree/sub/deep");
	put(MOUNT_BIND, one, "/s");
	check(sockets_find(&sb, &list) == 0 && list.complete, "searched");
	check(list.count == 3 && strcmp(list.paths[0], "/tree/one") == 0 &&
		      strcmp(list.paths[1], "/tree/sub/two") == 0 &&
		      strcmp(list.paths[2], "/s") == 0,
	      "sockets below a bind, not where another mount covers them");
	sockets_free(&list);
	free(one);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

int main(void)
{
	sandbox_init(&sb, PERSONALITY_ZBOX);
	test_normalise();
	make_tree();
	test_lookup();
	test_sockets();
	sandbox_free(&sb);
	(void)nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	return test_done();
}
