/*
 * host-setup.c - D: attacks on the set-up, by what a hostile tree holds before the start.
 *
 * An earlier payload could write a directory, and now a second sandbox is started with it: symlinks
 * where destinations will be made. `target` is the place on the host that no sandbox was given; it
 * has to stay empty.
 */
#include "host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STARTS 100 /* of the races */

/* Paths made once; long enough for the base and a few words. */
static char root[200], target[200], source[200];

/* It holds one file, which has to stay as it is. */
static bool target_untouched(void)
{
	DIR *dir = opendir(target);
	unsigned count = 0;
	char path[220];
	struct stat st;

	while (dir && readdir(dir) != NULL)
		count++;
	if (dir)
		(void)closedir(dir);
	(void)snprintf(path, sizeof(path), "%s/file", target);
	return count == 3 && stat(path, &st) == 0 && (st.st_mode & 07777) == 0600 &&
	       st.st_size == 0 && stat(target, &st) == 0 && (st.st_mode & 07777) == 0700;
}

static void prepare_trees(const struct host *h)
{
	static char command[2000];

	(void)snprintf(root, sizeof(root), "%s/root", h->base);
	(void)snprintf(target, sizeof(target), "%s/target", h->base);
	(void)snprintf(source, sizeof(source), "%s/source", h->base);
	/* places for mounts are there already: a sandbox may rightly refuse to make them on the
	 * host */
	(void)snprintf(command, sizeof(command),
		       "umask 077; rm -rf '%s' '%s' '%s'; mkdir -p '%s' '%s' '%s/in' && cd '%s' && "
		       "mkdir proc in mnt there run && touch escape '%s/file'",
		       root, target, source, root, target, source, root, target);
	if (system(command) != 0)
		exit(2);
}

/* The sandbox's program, but with options of our own: root as the new root, then operations. */
static int run_with(struct host *h, const char *const *operations)
{
	struct host own = *h;
	const char *words[40] = {"--unshare-all", "--bind", root,     "/",
				 "--ro-bind",     h->self,  "/escape"};
	size_t n = 7;
	struct run run;

	own.sandbox_words = 1;
	for (size_t i = 0; operations[i] && n < 30; i++)
		words[n++] = operations[i];
	words[n++] = "--";
	words[n++] = "/escape";
	words[n++] = "act";
	words[n++] = "true";
	words[n] = NULL;
	run = start(&own, words, NULL);
	return finish(&run);
}

/* Without a hostile tree it has to work, or nothing is shown by its refusals. */
static bool works(struct host *h, struct result *r)
{
	const char *const operations[] = {"--proc", "/proc", "--tmpfs", "/run", NULL};
	int status;

	prepare_trees(h);
	status = run_with(h, operations);
	if (status != 0)
		open_hole(r, "does not start with such a root: status %d", status);
	return status == 0;
}

static void try_links(struct host *h, struct result *r, const char *name,
		      const char *const (*operations)[4], size_t count)
{
	static const char *const forms[] = {"%s",
					    "/oldroot%s",
					    "/newroot/../oldroot%s",
					    "../../../../../../../../..%s",
					    "/proc/1/root%s",
					    "/proc/self/cwd%s"};

	if (!works(h, r))
		return;
	stopped(r, "nothing outside");
	for (size_t f = 0; f < COUNT(forms); f++)
		for (size_t i = 0; i < count; i++) {
			char link[300], text[300];

			prepare_trees(h);
			(void)snprintf(link, sizeof(link), "%s/%s", root, name);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			(void)snprintf(text, sizeof(text), forms[f], target);
#pragma GCC diagnostic pop
			if (symlink(text, link) < 0)
				exit(2);
			(void)run_with(h, operations[i]);
			if (!target_untouched()) {
				open_hole(r, "%s through a link to %.20s...", operations[i][0],
					  text);
				return;
			}
		}
}

static void parent_symlink(struct host *h, struct result *r)
{
	const char *const operations[][4] = {
		{"--dir", "/evil/made", NULL},          {"--dir", "/evil/a/b/made", NULL},
		{"--tmpfs", "/evil/made", NULL},        {"--symlink", "x", "/evil/made", NULL},
		{"--bind", source, "/evil/made", NULL}, {"--proc", "/evil/made", NULL},
	};

	try_links(h, r, "evil", operations, COUNT(operations));
}

static void final_symlink(struct host *h, struct result *r)
{
	const char *const operations[][4] = {
		{"--tmpfs", "/evil", NULL},
		{"--bind", source, "/evil", NULL},
		{"--dev", "/evil", NULL},
		{"--chmod", "0777", "/evil", NULL},
		{"--chmod", "0777", "/evil/file", NULL},
	};

	try_links(h, r, "evil", operations, COUNT(operations));
}

static void dev_symlink(struct host *h, struct result *r)
{
	const char *const operations[][4] = {{"--dev", "/dev", NULL}};

	try_links(h, r, "dev", operations, COUNT(operations));
}

static void planted_symlink(struct host *h, struct result *r)
{
	static const char *const prefixes[] = {"", "/oldroot", "../../../../../../../oldroot"};
	const char *const operations[] = {"--bind",           source, "/in", "--bind", h->base,
					  "/in/planted/made", NULL};

	if (!works(h, r))
		return;
	stopped(r, "nothing outside");
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		char link[300], text[300];

		prepare_trees(h);
		(void)snprintf(link, sizeof(link), "%s/planted", source);
		(void)snprintf(text, sizeof(text), "%s%s", prefixes[i], target);
		if (symlink(text, link) < 0)
			exit(2);
		(void)run_with(h, operations);
		if (!target_untouched()) {
			open_hole(r, "the link was followed");
			return;
		}
	}
}

/* A directory and a link that change places while sandboxes are started. */
static void dest_race(struct host *h, struct result *r)
{
	const char *const operations[] = {"--dir", "/flip/made", "--tmpfs", "/flip/in", NULL};
	char first[300], second[300], text[300];
	pid_t flipper;

	if (!works(h, r))
		return;
	prepare_trees(h);
	/* where bubblewrap keeps the host while it works; elsewhere it leads nowhere, which is as
	 * good a test of following it */
	(void)snprintf(text, sizeof(text), "/oldroot%s", target);
	(void)snprintf(first, sizeof(first), "%s/flip", root);
	(void)snprintf(second, sizeof(second), "%s/flop", root);
	if (mkdir(first, 0700) < 0 || symlink(text, second) < 0)
		exit(2);
	flipper = fork();
	if (flipper == 0)
		for (;;)
			(void)renameat2(AT_FDCWD, first, AT_FDCWD, second, 2 /* EXCHANGE */);
	stopped(r, "nothing outside");
	for (int i = 0; i < STARTS && r->verdict == STOPPED; i++) {
		(void)run_with(h, operations);
		if (!target_untouched())
			open_hole(r, "at start %d of %d", i + 1, STARTS);
	}
	(void)kill(flipper, SIGKILL);
	(void)waitpid(flipper, NULL, 0);
}

static void magic_destination(struct host *h, struct result *r)
{
	char dest[300];
	const char *const operations[] = {"--proc", "/proc", "--dir", dest, NULL};
	static const char *const starts[] = {"/proc/self/root", "/proc/1/root", "/proc/self/cwd",
					     "/proc/self/fd/900"};

	if (!works(h, r))
		return;
	stopped(r, "nothing outside");
	for (size_t i = 0; i < COUNT(starts); i++) {
		prepare_trees(h);
		(void)snprintf(dest, sizeof(dest), "%s%s/made", starts[i],
			       strstr(starts[i], "900") ? "/target" : target);
		(void)run_with(h, operations);
		if (!target_untouched()) {
			open_hole(r, "%s", starts[i]);
			return;
		}
	}
}

/* The working directory by a descriptor that was left open: act looks for the secret there. */
static void chdir_procfd(struct host *h, struct result *r)
{
	const char *const words[] = {"--unshare-all",
				     "--bind",
				     root,
				     "/",
				     "--ro-bind",
				     h->self,
				     "/escape",
				     "--proc",
				     "/proc",
				     "--chdir",
				     "/proc/self/fd/900",
				     "--",
				     "/escape",
				     "act",
				     "exists",
				     "secret",
				     NULL};
	struct host own = *h;
	struct run run;

	prepare_trees(h);
	own.sandbox_words = 1;
	run = start(&own, words, NULL);
	if (finish(&run) == 0)
		open_hole(r, "the working directory is outside");
	else
		stopped(r, "refused");
}

static void ro_recursive(struct host *h, struct result *r)
{
	char inside[100], outside[100];
	const char *const words[] = {"--unshare-all", "--bind", root,      "/",
				     "--ro-bind",     h->self,  "/escape", "--ro-bind",
				     "/dev",          "/there", "--",      "/escape",
				     "act",           "write",  inside,    NULL};
	struct host own = *h;
	struct run run;

	prepare_trees(h);
	own.sandbox_words = 1;
	(void)snprintf(inside, sizeof(inside), "/there/shm/%s.ro", h->tag);
	(void)snprintf(outside, sizeof(outside), "/dev/shm/%s.ro", h->tag);
	run = start(&own, words, NULL);
	(void)finish(&run);
	if (unlink(outside) == 0)
		open_hole(r, "a mount beneath a read-only bind can be written");
	else
		stopped(r, "read-only");
}

static void file_owner(struct host *h, struct result *r)
{
	char made[300];
	const char *const words[] = {"--unshare-all", "--bind", root,        "/",
				     "--ro-bind",     h->self,  "/escape",   "--bind",
				     source,          "/mnt",   "--",        "/escape",
				     "act",           "write",  "/mnt/made", NULL};
	struct host own = *h;
	struct run run;
	struct stat st;

	prepare_trees(h);
	own.sandbox_words = 1;
	run = start(&own, words, NULL);
	(void)finish(&run);
	(void)snprintf(made, sizeof(made), "%s/made", source);
	if (stat(made, &st) < 0)
		skipped(r, "nothing was made");
	else if (st.st_uid != geteuid() || st.st_gid != getegid())
		open_hole(r, "owner %u:%u", st.st_uid, st.st_gid);
	else
		stopped(r, "the caller");
}

/* Links that every distribution has: a destination behind one is the place that it names inside. */
static void compat_links(struct host *h, struct result *r)
{
	const char *const words[] = {"--unshare-all", "--bind",  root,      "/",        "--ro-bind",
				     h->self,         "/escape", "--tmpfs", "/var/run", "--dir",
				     "/var/run/made", "--",      "/escape", "act",      "exists",
				     "/run/made",     NULL};
	struct host own = *h;
	char path[300];
	struct run run;
	int status;

	prepare_trees(h);
	own.sandbox_words = 1;
	(void)snprintf(path, sizeof(path), "%s/var", root);
	if (mkdir(path, 0700) < 0)
		exit(2);
	(void)snprintf(path, sizeof(path), "%s/var/run", root);
	if (symlink("/run", path) < 0)
		exit(2);
	run = start(&own, words, NULL);
	status = finish(&run);
	if (access("/run/made", F_OK) == 0)
		open_hole(r, "made in the host's /run");
	else if (status == 0)
		stopped(r, "inside");
	else
		open_hole(r, "does not work: status %d", status);
}

static void odd_names(struct host *h, struct result *r)
{
	static char longest[5000];
	const char *const names[] = {"..",       "../../x", "//",        "/x//y/",    "",
				     "/a\nb\tc", longest,   "/\xff\xfe", "/x/../../y"};

	memset(longest, 'a', sizeof(longest) - 1);
	longest[0] = '/';
	if (!works(h, r))
		return;
	stopped(r, "contained");
	for (size_t i = 0; i < COUNT(names); i++) {
		const char *const operations[] = {"--dir", names[i], NULL};
		int status;

		prepare_trees(h);
		status = run_with(h, operations);
		if (status > 128 || !target_untouched()) {
			open_hole(r, "name %zu: status %d", i, status);
			return;
		}
	}
}

/* After "--" everything is the command's. */
static void option_injection(struct host *h, struct result *r)
{
	const char *const words[] = {"--unshare-all", "--bind", root, "/", "--", "--version", NULL};
	struct host own = *h;
	struct run run;

	prepare_trees(h);
	own.sandbox_words = 1;
	run = start(&own, words, NULL);
	if (finish(&run) == 0)
		open_hole(r, "taken for an option");
	else
		stopped(r, "a program");
}

static const struct {
	char letter;
	struct check check;
	void (*judge)(struct host *, struct result *);
} setup[] = {
	{'B', {"chdir-procfd", "refused", NULL, NULL, NULL}, chdir_procfd},
	{'D', {"setup-parent-symlink", "nothing outside", NULL, NULL, NULL}, parent_symlink},
	{'D', {"setup-final-symlink", "nothing outside", NULL, NULL, NULL}, final_symlink},
	{'D', {"setup-dev-symlink", "nothing outside", NULL, NULL, NULL}, dev_symlink},
	{'D', {"planted-symlink", "nothing outside", NULL, NULL, NULL}, planted_symlink},
	{'D', {"dest-race", "nothing outside", NULL, NULL, NULL}, dest_race},
	{'D', {"magic-source", "nothing outside", NULL, NULL, NULL}, magic_destination},
	{'D', {"odd-names", "contained", NULL, NULL, NULL}, odd_names},
	{'D', {"compat-links", "inside", NULL, NULL, NULL}, compat_links},
	{'D', {"ro-recursive", "read-only", NULL, NULL, NULL}, ro_recursive},
	{'F', {"file-owner", "the caller", NULL, NULL, NULL}, file_owner},
	{'J', {"option-injection", "a program", NULL, NULL, NULL}, option_injection},
};

void run_setup(struct host *h)
{
	for (size_t i = 0; i < COUNT(setup); i++) {
		struct result r = {UNKNOWN, ""};

		if (h->only && strcmp(h->only, setup[i].check.name) != 0)
			continue;
		setup[i].judge(h, &r);
		report(h, setup[i].letter, &setup[i].check, &r);
	}
}
