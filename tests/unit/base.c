/*
 * The default root: what is added for which plan, in which order, and that the user wins.
 * Links base.c, base-files.c, plan.c, utils.c and sandbox-struct.c. The host is a made directory,
 * so the list is the same on each machine.
 */
#include "test.h"

#include "base.h"

#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char host_path[] = "/tmp/zbox-base.XXXXXX";
static int host;

static void make(const char *path, const char *link)
{
	char copy[256];

	(void)snprintf(copy, sizeof(copy), "%s", path);
	for (char *slash = strchr(copy, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdirat(host, copy, 0755);
		*slash = '/';
	}
	if (link)
		check(symlinkat(link, host, path) == 0, "made %s", path);
	else if (path[strlen(path) - 1] != '/')
		(void)close(openat(host, path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
}

static void make_host(void)
{
	check(mkdtemp(host_path) != NULL, "a directory");
	host = open(host_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	make("usr/bin/", NULL);
	make("usr/lib/jvm/java-17-openjdk-amd64/", NULL);
	make("usr/lib/jvm/java-1.17.0-openjdk-amd64/", NULL);
	make("etc/java-17-openjdk/security/", NULL);
	make("bin", "usr/bin");
	make("lib64/ld.so", NULL);
	make("etc/services", NULL);
	make("etc/gai.conf", NULL);
	make("etc/fonts/conf.d/", NULL);
	make("etc/terminfo/README", NULL);
	make("etc/ssl/private/key", NULL);
	make("etc/ssl/certs/", NULL);
	make("etc/npmrc", NULL);
	make("etc/localtime", "../usr/share/zoneinfo/Europe/Berlin");
	make("etc/os-release", "/usr/lib/os-release");
	make("etc/ssl/cert.pem", "/var/lib/ca.pem");
	make("etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf");
	make("alien/usr/lib/", NULL);
	make("alien/proc/", NULL);
	make("alien/run", "tmp");
	make("alien/tmp/", NULL);
}

/* ---- a plan ---- */

static struct sandbox sb;

static void start(void)
{
	sandbox_free(&sb);
	sandbox_init(&sb, PERSONALITY_ZBOX);
}

static void put(enum mount_kind kind, const char *source, const char *dest)
{
	struct mount *m = sandbox_mount(&sb, kind, dest);

	m->source = source;
	m->origin.at = 1;
}

static bool add(void)
{
	return base_add_at(&sb, host) == 0;
}

/* The operations as one line, destinations only; those of the user in brackets. */
static const char *line(void)
{
	static char text[4096];

	text[0] = '\0';
	for (size_t i = 0; i < sb.mount_count; i++) {
		const struct mount *m = &sb.mounts[i];
		bool ours = m->origin.file != NULL;
		size_t used = strlen(text);

		(void)snprintf(text + used, sizeof(text) - used, "%s%s%s%s", used ? " " : "",
			       ours ? "" : "[", m->dest, ours ? "" : "]");
	}
	return text;
}

static void check_line(const char *expected, const char *name)
{
	bool same = strcmp(line(), expected) == 0;

	check(same, "%s", name);
	if (!same)
		printf("# got      %s\n# expected %s\n", line(), expected);
}

static const struct mount *at(const char *dest)
{
	for (size_t i = sb.mount_count; i-- > 0;)
		if (strcmp(sb.mounts[i].dest, dest) == 0)
			return &sb.mounts[i];
	return NULL;
}

#define LINKS "/bin /lib64 "
#define PLACES "/tmp /run /var/tmp /root /run/user/0 "
#define MADE                                                                                       \
	"/etc/passwd /etc/group /etc/nsswitch.conf /etc/hosts /etc/hostname /etc/machine-id "      \
	"/etc/resolv.conf "
#define HOSTS                                                                                      \
	"/etc/localtime /etc/services /etc/os-release /etc/fonts /etc/ssl/certs "                  \
	"/etc/ssl/cert.pem "
#define ALL LINKS "/proc /dev " PLACES MADE HOSTS "/etc/java-17-openjdk "

/* ---- the tests ---- */

static void test_whole(void)
{
	start();
	put(MOUNT_BIND, "/usr", "/usr");
	put(MOUNT_BIND, "/home/me/x", "/data");
	check(add(), "added");
	check_line(ALL "[/usr] [/data]", "the whole base, in front, in order");
	check(at("/bin")->kind == MOUNT_SYMLINK && strcmp(at("/bin")->source, "usr/bin") == 0,
	      "a link of / is the same link");
	check(at("/lib64")->kind == MOUNT_BIND && (at("/lib64")->flags & MOUNT_READONLY),
	      "a real directory beside /usr is bound read-only");
	check(at("/etc/localtime")->kind == MOUNT_SYMLINK &&
		      at("/etc/os-release")->kind == MOUNT_SYMLINK,
	      "links into /usr are links");
	check(at("/etc/ssl/cert.pem")->kind == MOUNT_BIND, "a link elsewhere is bound");
	check(at("/tmp")->kind == MOUNT_SCRATCH && at("/tmp")->perms == 01777, "/tmp");
	check(at("/root")->perms == 0700 && at("/run/user/0")->kind == MOUNT_DIR, "home, runtime");
	check(strstr(at("/etc/passwd")->text, "root:x:0:0:") != NULL, "passwd");
	check(strlen(at("/etc/machine-id")->text) == 33, "machine-id has 32 digits");
	check(at("/etc/resolv.conf")->kind == MOUNT_FILE, "no network, no servers");
	check(strstr(at("/etc/hosts")->text, "127.0.1.1\tzbox\n") != NULL, "hosts has our name");
	check(add(), "a second time");
	check_line(ALL "[/usr] [/data]", "adds nothing");
}

static void test_nothing(void)
{
	start();
	put(MOUNT_BIND, "/usr/bin", "/usr/bin");
	check(add() && sb.mount_count == 1, "without /usr nothing is added");
	start();
	sb.base = false;
	put(MOUNT_BIND, "/usr", "/usr");
	check(add() && sb.mount_count == 1, "--no-base");
	sandbox_free(&sb);
	sandbox_init(&sb, PERSONALITY_BWRAP);
	sb.base = true;
	put(MOUNT_BIND, "/usr", "/usr");
	check(add() && sb.mount_count == 1, "never under the name bwrap");
}

static void test_user_wins(void)
{
	start();
	put(MOUNT_BIND, "/usr", "usr/");
	put(MOUNT_TMPFS, NULL, "//etc/.");
	put(MOUNT_DIR, NULL, "/var");
	put(MOUNT_BIND, "/x", "/run/../tmp/");
	put(MOUNT_SYMLINK, "x", "/run/user/0");
	put(MOUNT_CHMOD, NULL, "/dev");
	put(MOUNT_REMOUNT_RO, NULL, "/proc");
	put(MOUNT_BIND, "/y", "/bin/y");
	check(add(), "added");
	check_line(LINKS "/proc /dev /run /var/tmp /root [usr/] [//etc/.] [/var] [/run/../tmp/] "
			 "[/run/user/0] [/dev] [/proc] [/bin/y]",
		   "what the user put at a path or above it is left to the user");
}

static void test_order(void)
{
	start();
	put(MOUNT_TMPFS, NULL, "/tmp");
	put(MOUNT_TMPFS, NULL, "/");
	put(MOUNT_BIND, "/usr", "/usr");
	put(MOUNT_REMOUNT_RO, NULL, "/");
	check(add(), "added");
	check_line("[/tmp] [/] " ALL "[/usr] [/]",
		   "behind a tmpfs on /, which hides what came before it");
}

static void test_tree(void)
{
	char *alien = format_text("%s/alien", host_path);

	start();
	put(MOUNT_BIND, alien, "/");
	put(MOUNT_BIND, "/x", "/home");
	check(add(), "added");
	check_line("[/] /proc /tmp /run [/home]", "over a tree only what it has places for");
	check(at("/tmp")->kind == MOUNT_TMPFS, "and it is a file system there");
	start();
	put(MOUNT_BIND, alien, "/");
	put(MOUNT_BIND, "/tmp", "/tmp");
	put(MOUNT_PROC, NULL, "/proc");
	check(add(), "added");
	check_line("[/] /run [/tmp] [/proc]", "the user wins there too");
	free(alien);
}

static void test_other_usr(void)
{
	char *usr = format_text("%s/alien/usr", host_path), *own = format_text("%s/usr", host_path);

	start();
	put(MOUNT_BIND, usr, "/usr");
	check(add(), "added");
	check_line("/lib /proc /dev " PLACES MADE
		   "/etc/localtime /etc/services /etc/ssl/certs /etc/ssl/cert.pem [/usr]",
		   "beside another /usr: links into it, nothing that belongs to the host's");
	check(strcmp(at("/lib")->source, "usr/lib") == 0, "the link is usr/lib");
	start();
	put(MOUNT_BIND, own, "/usr");
	check(add(), "added");
	check_line(ALL "[/usr]", "the host's /usr by another name is the host's");
	free(usr);
	free(own);
}

static void test_modes(void)
{
	start();
	put(MOUNT_BIND, "/usr", "/usr");
	sb.uid = 1000;
	sb.gid = 100;
	sb.hostname = "a b\nc";
	sb.unshare &= ~(unsigned)CLONE_NEWNET;
	check(add(), "added");
	check(at("/home/user") && !at("/root") && at("/run/user/1000"), "home of another uid");
	check(strncmp(at("/etc/passwd")->text, "user:x:1000:100:user:/home/user:/bin/sh\n", 40) ==
		      0,
	      "passwd of another uid");
	check(strncmp(at("/etc/group")->text, "user:x:100:\n", 12) == 0, "group");
	check(strstr(at("/etc/hosts")->text, "a b") == NULL, "no name that breaks a line");
	check(at("/etc/resolv.conf")->kind == MOUNT_BIND, "shared network: the host's servers");
	check(at("/etc/gai.conf") != NULL, "and its order of addresses");
	start();
	put(MOUNT_BIND, "/", "/");
	sb.unshare &= ~(unsigned)CLONE_NEWNET;
	check(base_add_at(&sb, host) == 0, "added");
	check(at("/run/systemd/resolve/stub-resolv.conf") != NULL,
	      "what /etc/resolv.conf links to stays when /run is covered");
	check(strcmp(base_reason("/dev"), "null, zero, random, tty, pts, shm") == 0, "a reason");
	check(base_reason("/nowhere") == NULL, "no reason");
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

int main(void)
{
	make_host();
	test_whole();
	test_nothing();
	test_user_wins();
	test_order();
	test_tree();
	test_other_usr();
	test_modes();
	sandbox_free(&sb);
	(void)close(host);
	(void)nftw(host_path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	return test_done();
}
