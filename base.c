/*
 * base.c - the default root: what is inside although the user did not say so.
 *
 * `zbox --ro-bind /usr /usr -- make` says which programs there are; without a loader link, /proc,
 * /dev, a /tmp and the harmless part of /etc none of them works. One table, in the order in which
 * its rows are carried out, holds what is added, each row with its reason. A row becomes one
 * ordinary operation of the mount list, so --explain shows it and mounts.c needs no special case.
 *
 * Order:
 *   1. find the last thing that the user put on "/": what came before it is hidden by it
 *   2. one pass over the user's other operations: which rows are taken, is /usr there
 *   3. each row that is left looks at the host and appends its operation
 *   4. the new block moves behind the user's "/", or to the front: everything that the user gave
 *      comes later, and so is on top
 *
 * Where the user put a whole tree on "/", only its places for sockets and processes (/proc, /dev,
 * /tmp, /run, /var/tmp) are covered, each only if the tree has it: nothing is created in a tree of
 * the host.
 *
 * What an attacker could try here: nothing yet runs that is not the caller, and the host's /etc is
 * root's. What must not happen is that a bind shows more than is meant. Hence files and
 * subdirectories by name, never /etc/ssl or /etc/pki as a whole (private keys, which a caller who
 * is root could read), nothing that may hold a password (npmrc, pip.conf, profile, environment),
 * and made files instead of the host's wherever those tell who and where we are.
 */
#include "base.h"

#include "base-files.h"
#include "plan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum row_flag {
	ROW_OF_USR = 1 << 0,  /* only means something beside the host's own /usr */
	ROW_NETWORK = 1 << 1, /* only with a network */
	ROW_FILLED = 1 << 2,  /* a directory; not worth a mount without subdirectories */
	ROW_COVERS = 1 << 3   /* put over a tree that the user bound on "/" */
};

struct base {
	struct sandbox *sb;
	int host;        /* the host's root, a directory descriptor */
	size_t root;     /* index of the last operation on "/", or no_root */
	size_t users;    /* operations of the user, which come before ours while we append */
	size_t usr;      /* index of the last operation on /usr, or no_root */
	bool whole_tree; /* root is a directory tree, not an empty file system */
	bool host_usr;   /* /usr inside is the host's */
	bool network;
};

static const size_t no_root = SIZE_MAX;

#define RESOLVER "/etc/resolv.conf"

struct row {
	const char *dest;
	int (*add)(struct base *, const struct row *);
	unsigned flags; /* enum row_flag */
	int perms;
	const char *why;
};

static int add_link(struct base *, const struct row *);
static int add_mount(struct base *, const struct row *);
static int add_scratch(struct base *, const struct row *);
static int add_home(struct base *, const struct row *);
static int add_runtime(struct base *, const struct row *);
static int add_host(struct base *, const struct row *);
static int add_java(struct base *, const struct row *);
static int add_made(struct base *, const struct row *);
static int add_resolver(struct base *, const struct row *);

/*
 * The base. A bind costs 6 to 10 us of start-up, a made file 3, a link 1.5, asking whether a name
 * exists 0.4 (measured, Linux 6.18); copying a file is no cheaper than binding it. Left out because
 * no client was seen to miss it: rpc, profile, bash.bashrc, python3, perl, gtk-3.0.
 */
static const struct row rows[] = {
	{"/bin", add_link, 0, -1, "programs by their short path"},
	{"/lib", add_link, 0, -1, "the dynamic loader"},
	{"/lib32", add_link, 0, -1, "the dynamic loader"},
	{"/lib64", add_link, 0, -1, "the dynamic loader"},
	{"/libx32", add_link, 0, -1, "the dynamic loader"},
	{"/sbin", add_link, 0, -1, "programs by their short path"},
	{"/proc", add_mount, ROW_COVERS, -1, "the sandbox's own processes"},
	{"/dev", add_mount, ROW_COVERS, -1, "null, zero, random, tty, pts, shm"},
	{"/tmp", add_scratch, ROW_COVERS, 01777, "scratch space"},
	{"/run", add_scratch, ROW_COVERS, 0755, "sockets and pid files"},
	{"/var/tmp", add_scratch, ROW_COVERS, 01777, "scratch space"},
	{"/root", add_home, 0, 0700, "an empty home"},
	{BASE_USER_HOME, add_home, 0, 0700, "an empty home"},
	{"/run/user", add_runtime, 0, 0700, "XDG_RUNTIME_DIR"},
	{"/etc/passwd", add_made, 0, 0644, "whoami, ssh, Python, node and git ask for the user"},
	{"/etc/group", add_made, 0, 0644, "id and ls ask for the group"},
	{"/etc/nsswitch.conf", add_made, 0, 0644, "names come from these files, then from DNS"},
	{"/etc/hosts", add_made, 0, 0644, "localhost"},
	{"/etc/hostname", add_made, 0, 0644, "the name inside"},
	{"/etc/machine-id", add_made, 0, 0444, "D-Bus wants one; not the host's"},
	{RESOLVER, add_resolver, 0, 0644, "DNS servers, when there is a network"},
	{"/etc/host.conf", add_host, ROW_NETWORK, -1, "how the resolver answers"},
	{"/etc/gai.conf", add_host, ROW_NETWORK, -1, "order of addresses"},
	{"/var/cache/fontconfig", add_host, ROW_OF_USR, -1, "reading all fonts anew takes 0.3 s"},
	{"/etc/localtime", add_host, 0, -1, "the time zone"},
	{"/etc/timezone", add_host, 0, -1, "the time zone's name, for Java and Python"},
	{"/etc/protocols", add_host, 0, -1, "protocol numbers"},
	{"/etc/services", add_host, 0, -1, "port numbers"},
	{"/etc/mime.types", add_host, 0, -1, "file types, for Python and web servers"},
	{"/etc/inputrc", add_host, 0, -1, "keys in shells"},
	{"/etc/os-release", add_host, ROW_OF_USR, -1, "which distribution /usr is of"},
	{"/etc/ld.so.cache", add_host, ROW_OF_USR, -1, "where the loader finds libraries"},
	{"/etc/ld.so.conf", add_host, ROW_OF_USR, -1, "where the linker finds libraries"},
	{"/etc/ld.so.conf.d", add_host, ROW_OF_USR, -1, "where the linker finds libraries"},
	{"/etc/ld-musl-x86_64.path", add_host, ROW_OF_USR, -1, "where musl's loader looks"},
	{"/etc/ld-musl-aarch64.path", add_host, ROW_OF_USR, -1, "where musl's loader looks"},
	{"/etc/alternatives", add_host, ROW_OF_USR, -1, "cc, awk, vi, java of Debian are links"},
	{"/etc/fonts", add_host, ROW_OF_USR, -1, "which font is meant"},
	{"/etc/terminfo", add_host, ROW_OF_USR | ROW_FILLED, -1, "terminals added by hand"},
	{"/etc/X11/xkb", add_host, ROW_OF_USR | ROW_FILLED, -1, "keyboard layouts"},
	{"/etc/ssl/certs", add_host, 0, -1, "certificate authorities"},
	{"/etc/ssl/cert.pem", add_host, 0, -1, "certificate authorities"},
	{"/etc/ssl/ca-bundle.pem", add_host, 0, -1, "certificate authorities"},
	{"/etc/ssl/openssl.cnf", add_host, 0, -1, "the settings of OpenSSL"},
	{"/etc/pki/tls/certs", add_host, 0, -1, "certificate authorities"},
	{"/etc/pki/tls/cert.pem", add_host, 0, -1, "certificate authorities"},
	{"/etc/pki/tls/openssl.cnf", add_host, 0, -1, "the settings of OpenSSL"},
	{"/etc/pki/ca-trust/extracted", add_host, 0, -1, "certificate authorities"},
	{"/etc/ca-certificates/extracted", add_host, 0, -1, "certificate authorities"},
	{"/etc/crypto-policies", add_host, 0, -1, "which ciphers TLS may use"},
	{"/etc/chromium", add_host, ROW_OF_USR, -1, "policies of the administrator"},
	{"/etc/chromium.d", add_host, ROW_OF_USR, -1, "Debian's chromium fails without"},
	{"/etc/firefox", add_host, ROW_OF_USR, -1, "policies of the administrator"},
	{"/etc/firefox-esr", add_host, ROW_OF_USR, -1, "settings that /usr links to"},
	{"/etc", add_java, ROW_OF_USR, -1, "settings that the JDK links to"},
};

/* ---- trees ---- */

/* Is there a directory called name in the tree whose root is dir? Links stay in that tree. */
static bool dir_has(int dir, const char *name)
{
	struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	autoclose int found = (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));
	struct stat st;

	if (found >= 0)
		return true;
	if (errno != ENOSYS && errno != EPERM)
		return false;
	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static bool path_has(const char *path, const char *name)
{
	autoclose int dir = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	return dir >= 0 && dir_has(dir, name);
}

static bool tree_has(const struct mount *m, const char *name)
{
	if (m->kind == MOUNT_BIND_FD)
		return dir_has(m->fd, name);
	for (size_t i = 0; i < m->layer_count; i++)
		if (path_has(m->layers[i], name))
			return true;
	return path_has(m->source, name);
}

/* ---- what the user gave ---- */

/* Finds the last operation that puts something on "/". */
static void find_root(struct base *b)
{
	char path[PATH_MAX];

	for (size_t i = b->users; i-- > 0;) {
		const struct mount *m = &b->sb->mounts[i];

		if (plan_puts(m) && plan_normalise(m->dest, path) && strcmp(path, "/") == 0) {
			b->root = i;
			b->whole_tree = plan_shows_host(m);
			return;
		}
	}
}

/* Marks the rows that m makes superfluous. A directory that is merely to exist leaves room for
 * what the base has below it. */
static void mark_taken(const struct mount *m, const char *path, bool *taken)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].dest[1] != path[1])
			continue; /* the cheap look: there may be thousands of binds */
		if (strcmp(path, rows[i].dest) == 0 ||
		    (m->kind != MOUNT_DIR && plan_is_below(rows[i].dest, path)))
			taken[i] = true;
	}
}

/* Returns whether the base is there already. */
static bool find_taken(struct base *b, bool *taken)
{
	char path[PATH_MAX];

	for (size_t i = b->root == no_root ? 0 : b->root + 1; i < b->users; i++) {
		const struct mount *m = &b->sb->mounts[i];

		if (m->origin.file && strcmp(m->origin.file, BASE_ORIGIN) == 0)
			return true;
		if (!plan_puts(m) || !plan_normalise(m->dest, path))
			continue;
		if (strcmp(path, "/usr") == 0)
			b->usr = i;
		mark_taken(m, path, taken);
	}
	return false;
}

/* Is /usr inside the host's own? By device and inode, because it may have been named otherwise. */
static bool is_host_usr(const struct base *b)
{
	const struct mount *m = &b->sb->mounts[b->usr];
	char path[PATH_MAX];
	struct stat host, inside;

	if (m->kind == MOUNT_BIND && plan_normalise(m->source, path) && strcmp(path, "/usr") == 0)
		return true;
	if (fstatat(b->host, "usr", &host, 0) < 0)
		return false;
	if (m->kind == MOUNT_BIND_FD ? fstat(m->fd, &inside) < 0
				     : m->kind != MOUNT_BIND || stat(m->source, &inside) < 0)
		return false;
	return host.st_dev == inside.st_dev && host.st_ino == inside.st_ino;
}

/* Will /usr/NAME be there? Where /usr is not a tree, because the user put something at or below. */
static bool usr_has(const struct base *b, const char *name)
{
	const struct mount *usr = &b->sb->mounts[b->usr];
	char wanted[32], path[PATH_MAX];

	if (plan_shows_host(usr))
		return tree_has(usr, name);
	(void)snprintf(wanted, sizeof(wanted), "/usr/%s", name);
	for (size_t i = b->usr + 1; i < b->users; i++)
		if (plan_normalise(b->sb->mounts[i].dest, path) && plan_is_below(path, wanted))
			return true;
	return false;
}

/* ---- the rows ---- */

/* Appends an operation; source and text are static or already owned by the sandbox. */
static int append(struct base *b, enum mount_kind kind, const char *dest, const char *source,
		  const char *text, int perms)
{
	struct mount *m = sandbox_mount(b->sb, kind, dest);

	if (!m)
		return -1;
	m->source = source;
	m->text = text;
	m->perms = perms;
	m->flags = kind == MOUNT_BIND ? MOUNT_READONLY | MOUNT_TRY : 0;
	m->origin = (struct origin){.file = BASE_ORIGIN};
	return 0;
}

/* The text of the host's link at path ("etc/localtime"), owned by the sandbox; NULL with *failed
 * unchanged when it is not a link. */
static const char *host_link(const struct base *b, const char *path, bool *failed)
{
	char text[PATH_MAX];
	ssize_t length = readlinkat(b->host, path, text, sizeof(text));
	char *copy;

	if (length <= 0 || (size_t)length >= sizeof(text))
		return NULL;
	text[length] = '\0';
	copy = sandbox_own(b->sb, format_text("%s", text));
	if (!copy)
		*failed = true;
	return copy;
}

/* /bin and the like: a link where the host has one, the directory itself where it is not merged
 * with /usr. Beside another /usr: a link into it, if it has that directory. */
static int add_link(struct base *b, const struct row *row)
{
	static const char *const into_usr[] = {"usr/bin",   "usr/lib",    "usr/lib32",
					       "usr/lib64", "usr/libx32", "usr/sbin"};
	const char *name = row->dest + 1;
	const char *target;
	bool failed = false;
	struct stat st;

	if (!b->host_usr) {
		for (size_t i = 0; i < COUNT(into_usr); i++)
			if (strcmp(into_usr[i] + 4, name) == 0 && usr_has(b, name))
				return append(b, MOUNT_SYMLINK, row->dest, into_usr[i], NULL, -1);
		return 0;
	}
	target = host_link(b, name, &failed);
	if (target)
		return append(b, MOUNT_SYMLINK, row->dest, target, NULL, -1);
	if (failed)
		return -1;
	if (fstatat(b->host, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	return append(b, MOUNT_BIND, row->dest, row->dest, NULL, -1);
}

static int add_mount(struct base *b, const struct row *row)
{
	enum mount_kind kind = strcmp(row->dest, "/proc") == 0 ? MOUNT_PROC : MOUNT_DEV;

	return append(b, kind, row->dest, NULL, NULL, row->perms);
}

/* A directory of the root's own file system; over a tree of the user's, a file system. */
static int add_scratch(struct base *b, const struct row *row)
{
	return append(b, b->whole_tree ? MOUNT_TMPFS : MOUNT_SCRATCH, row->dest, NULL, NULL,
		      row->perms);
}

static int add_home(struct base *b, const struct row *row)
{
	if (strcmp(row->dest, base_home(b->sb)) != 0)
		return 0;
	return add_scratch(b, row);
}

/* /run/user/UID. The row is /run/user, so that a user who puts something there has the say. */
static int add_runtime(struct base *b, const struct row *row)
{
	char *dest = sandbox_own(b->sb, format_text("%s/%u", row->dest, base_uid(b->sb)));
	char path[PATH_MAX];

	if (!dest)
		return -1;
	for (size_t i = b->root == no_root ? 0 : b->root + 1; i < b->users; i++)
		if (plan_puts(&b->sb->mounts[i]) && plan_normalise(b->sb->mounts[i].dest, path) &&
		    strcmp(path, dest) == 0)
			return 0;
	return append(b, MOUNT_DIR, dest, NULL, NULL, row->perms);
}

/* A file or directory of the host's /etc, if it has it: as a link where it is a link into /usr,
 * which is inside anyway, else bound. */
static int add_host(struct base *b, const struct row *row)
{
	const char *target;
	char path[PATH_MAX], joined[PATH_MAX];
	bool failed = false;
	struct stat st;

	if (fstatat(b->host, row->dest + 1, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if ((row->flags & ROW_FILLED) && S_ISDIR(st.st_mode) && st.st_nlink == 2)
		return 0; /* file systems that do not count subdirectories say 1 */
	if (!S_ISLNK(st.st_mode))
		return append(b, MOUNT_BIND, row->dest, row->dest, NULL, -1);
	target = host_link(b, row->dest + 1, &failed);
	if (!target)
		return failed ? -1 : 0;
	(void)snprintf(joined, sizeof(joined), "%s/../%s", row->dest, target);
	if (plan_normalise(target[0] == '/' ? target : joined, path) && plan_is_below(path, "/usr"))
		return append(b, MOUNT_SYMLINK, row->dest, target, NULL, -1);
	return append(b, MOUNT_BIND, row->dest, row->dest, NULL, -1);
}

/* /usr/lib/jvm/java-17-openjdk-amd64/conf and its kind are links to /etc/java-17-openjdk. */
static int add_java(struct base *b, const struct row *row)
{
	autoclose int fd = openat(b->host, "usr/lib/jvm", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *entry;
	int result = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		return 0;
	fd = -1; /* the stream owns it now */
	while (result == 0 && (entry = readdir(dir)) != NULL) {
		const char *end = strstr(entry->d_name, "-openjdk");
		struct stat st;
		char *path;

		/* java-17-openjdk-amd64, not its alias java-1.17.0-openjdk-amd64 */
		if (!end || strncmp(entry->d_name, "java-", 5) != 0 ||
		    strchr(entry->d_name, '.') != NULL)
			continue;
		end += strlen("-openjdk");
		path = sandbox_own(b->sb, format_text("%s/%.*s", row->dest,
						      (int)(end - entry->d_name), entry->d_name));
		if (!path)
			result = -1;
		else if (fstatat(b->host, path + 1, &st, AT_SYMLINK_NOFOLLOW) == 0)
			result = append(b, MOUNT_BIND, path, path, NULL, -1);
	}
	(void)closedir(dir);
	return result;
}

static int add_made(struct base *b, const struct row *row)
{
	char *text = sandbox_own(b->sb, base_file(b->sb, row->dest));

	return text ? append(b, MOUNT_FILE, row->dest, NULL, text, row->perms) : -1;
}

/* With a network of its own the servers of that; with the host's, its servers, through the link
 * that systemd and others make of the file; without, an empty file, so that nothing waits for a
 * server that cannot be reached. */
static int add_resolver(struct base *b, const struct row *row)
{
	if (b->sb->net_resolver)
		return append(b, MOUNT_FILE, row->dest, NULL, b->sb->net_resolver, row->perms);
	if (b->network)
		return append(b, MOUNT_BIND, row->dest, row->dest, NULL, -1);
	return append(b, MOUNT_FILE, row->dest, NULL, "# no network\n", row->perms);
}

/* The host's root is bound and our /run is put over its own: resolv.conf, when it is a link into
 * /run, would point at nothing. */
static int keep_resolver(struct base *b)
{
	const struct mount *root = &b->sb->mounts[b->root];
	char path[PATH_MAX], joined[PATH_MAX];
	const char *target;
	char *file;
	bool failed = false;

	if (!b->network || b->sb->net_resolver || root->kind != MOUNT_BIND ||
	    !plan_normalise(root->source, path) || strcmp(path, "/") != 0)
		return 0;
	target = host_link(b, "etc/resolv.conf", &failed);
	if (!target)
		return failed ? -1 : 0;
	(void)snprintf(joined, sizeof(joined), "/etc/%s", target);
	if (!plan_normalise(target[0] == '/' ? target : joined, path) ||
	    !plan_is_below(path, "/run"))
		return 0;
	file = sandbox_own(b->sb, format_text("%s", path));
	return file ? append(b, MOUNT_BIND, file, file, NULL, -1) : -1;
}

/* ---- all together ---- */

static bool row_applies(const struct base *b, const struct row *row)
{
	if (b->whole_tree)
		return (row->flags & ROW_COVERS) &&
		       tree_has(&b->sb->mounts[b->root], row->dest + 1);
	if ((row->flags & ROW_OF_USR) && !b->host_usr)
		return false;
	return !(row->flags & ROW_NETWORK) || b->network;
}

static int add_rows(struct base *b, const bool *taken)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (taken[i] || !row_applies(b, &rows[i]))
			continue;
		if (rows[i].add(b, &rows[i]) < 0)
			return -1;
		if (b->whole_tree && strcmp(rows[i].dest, "/run") == 0 && keep_resolver(b) < 0)
			return -1;
	}
	return 0;
}

/* Moves what was appended behind the user's operation on "/", or to the front. */
static int move_block(struct base *b)
{
	size_t at = b->root == no_root ? 0 : b->root + 1;
	size_t added = b->sb->mount_count - b->users;
	struct mount *mounts = b->sb->mounts;
	autofree struct mount *block = NULL;

	if (added == 0 || at == b->users)
		return 0;
	block = reallocarray(NULL, added, sizeof(*block));
	if (!block)
		return fail(0, "out of memory");
	memcpy(block, mounts + b->users, added * sizeof(*block));
	memmove(mounts + at + added, mounts + at, (b->users - at) * sizeof(*block));
	memcpy(mounts + at, block, added * sizeof(*block));
	return 0;
}

/* A network of its own has its own name server, which a resolv.conf that comes with a tree of the
 * user's does not know; that of --rootfs does not know the host's either. One that the user put
 * there by itself is left alone. */
static int cover_resolver(struct base *b)
{
	char path[PATH_MAX], host[PATH_MAX];
	struct sandbox *sb = b->sb;

	if (!sb->net_resolver && !(sb->rootfs && b->network))
		return 0;
	/* in an overlay of --rootfs the place is made; else nothing is made for it in a tree */
	if (!(sb->rootfs && sb->rootfs_overlay) &&
	    (!plan_lookup(sb, RESOLVER, host) || host[0] == '\0'))
		return 0;
	for (size_t i = 0; i < sb->mount_count; i++)
		if (plan_puts(&sb->mounts[i]) && plan_normalise(sb->mounts[i].dest, path) &&
		    strcmp(path, RESOLVER) == 0)
			return 0;
	if (!sb->net_resolver)
		return append(b, MOUNT_BIND, RESOLVER, RESOLVER, NULL, -1);
	return append(b, MOUNT_DATA, RESOLVER, NULL, sb->net_resolver, 0644);
}

int base_add_at(struct sandbox *sb, int host)
{
	unsigned new_namespaces = sb->unshare | sb->unshare_try;
	struct base b = {.sb = sb,
			 .host = host,
			 .root = no_root,
			 .usr = no_root,
			 .users = sb->mount_count,
			 .network = !(new_namespaces & CLONE_NEWNET) || sb->netns_fd >= 0 ||
				    sb->netns_path != NULL || sb->net == NET_SLIRP};
	bool taken[COUNT(rows)] = {false};

	if (sb->personality != PERSONALITY_ZBOX || !sb->base)
		return 0;
	find_root(&b);
	if (find_taken(&b, taken) || (b.usr == no_root && !b.whole_tree))
		return 0;
	b.host_usr = b.usr != no_root && is_host_usr(&b);
	if (add_rows(&b, taken) < 0 || move_block(&b) < 0)
		return -1;
	return cover_resolver(&b);
}

int base_add(struct sandbox *sb)
{
	autoclose int host = -1;

	if (sb->personality == PERSONALITY_BWRAP)
		return 0;
	host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (host < 0)
		return fail(errno, "open /");
	return base_add_at(sb, host);
}

const char *base_reason(const char *dest)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		if (strcmp(rows[i].dest, dest) == 0)
			return rows[i].why;
	if (plan_is_below(dest, "/run/user"))
		return "XDG_RUNTIME_DIR";
	return strncmp(dest, "/etc/java-", 10) == 0 ? "settings that the JDK links to" : NULL;
}
