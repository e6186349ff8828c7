/*
 * instance.c - the folder that tells portals and Flatpak which processes an application has.
 *
 * $XDG_RUNTIME_DIR/.flatpak/INSTANCE, in the form that Flatpak has given it:
 *
 *   info             the same as /.flatpak-info inside
 *   pid              zbox outside
 *   bwrapinfo.json   child-pid, which is process 1 of the sandbox, and its namespaces
 *   .ref             locked for reading while the sandbox runs: who finds it without a lock may
 *                    remove the folder
 *   zbox             empty: the folder is ours
 *
 * Whoever reads a folder that is half made reads a child-pid of 0, and "flatpak kill" would send
 * its signal to its own group. So it is made under another name beside, while the child waits for
 * us, and gets its own by one rename(2).
 *
 * A kill of zbox leaves the folder, without the lock. Flatpak removes such folders, and so does the
 * next zbox that makes one, of its own.
 *
 * What an attacker would try: nothing of this is in a sandbox, so he would have to be the caller.
 * The directory has to be the caller's own, and no link is followed, all the same.
 */
#include "desktop/instance.h"

#include "listing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REF ".ref"
#define OURS "zbox"

static const char *const files[] = {REF, OURS, "info", "pid", "bwrapinfo.json"};

static void remove_folder(int all, const char *name)
{
	autoclose int dir = openat(all, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	for (size_t i = 0; dir >= 0 && i < COUNT(files); i++)
		(void)unlinkat(dir, files[i], 0);
	(void)unlinkat(all, name, AT_REMOVEDIR);
}

/* Whether it is a folder of ours, whose lock nobody holds. */
static bool is_left(int all, const char *name)
{
	autoclose int dir = openat(all, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	autoclose int fd = dir < 0 ? -1 : openat(dir, REF, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fd >= 0 && faccessat(dir, OURS, F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_UNLCK;
}

/* A number, as Flatpak calls them. */
static bool is_instance(const char *name, const void *unused)
{
	(void)unused;
	return name[strspn(name, "0123456789")] == '\0';
}

static int remove_left(const struct sandbox *sb, int all)
{
	struct listing list;

	if (listing_read(&list, all, sb->instances, 0, is_instance, NULL) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		if (is_left(all, list.names[i]))
			remove_folder(all, list.names[i]);
	listing_free(&list);
	return 0;
}

static int open_all(const struct sandbox *sb, struct instance *i)
{
	struct stat st;

	if (mkdir(sb->instances, 0700) < 0 && errno != EEXIST)
		return fail(errno, "%s", sb->instances);
	i->all = open(sb->instances, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (i->all < 0 || fstat(i->all, &st) < 0)
		return fail(errno, "%s", sb->instances);
	return st.st_uid == geteuid() ? 0 : fail(EPERM, "%s is somebody else's", sb->instances);
}

/* A new file with the text. Returns it, or -1 after fail(). */
static int make_file(int dir, const char *name, const char *text)
{
	autoclose int fd =
		openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 || write_fd(fd, text, strlen(text)) < 0)
		return fail(errno, "%s of the instance", name);
	return take_fd(&fd);
}

static int fill(const struct sandbox *sb, const char *document, int dir, struct instance *i)
{
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	autofree char *pid = format_text("%d", (int)getpid());
	const char *const texts[] = {"", "", sb->app_info, pid, document};

	_Static_assert(COUNT(texts) == COUNT(files), "each file has its text");

	for (size_t n = 0; n < COUNT(files); n++) {
		autoclose int fd = pid ? make_file(dir, files[n], texts[n]) : -1;

		if (fd < 0)
			return -1;
		if (n == 0 && fcntl(fd, F_OFD_SETLK, &lock) < 0)
			return fail(errno, REF " of the instance");
		if (n == 0)
			i->lock = take_fd(&fd);
	}
	return 0;
}

int instance_make(const struct sandbox *sb, const char *document, struct instance *i)
{
	autofree char *unnamed = format_text("../.zbox-%s", sb->instance);
	autoclose int dir = -1;
	int result;

	if (!unnamed || open_all(sb, i) < 0 || remove_left(sb, i->all) < 0)
		return -1;
	if (mkdirat(i->all, unnamed, 0700) < 0)
		return fail(errno, "a folder beside %s", sb->instances);
	dir = openat(i->all, unnamed, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	result = dir < 0 ? fail(errno, "%s", sb->instances) : fill(sb, document, dir, i);
	if (result == 0 && renameat(i->all, unnamed, i->all, sb->instance) < 0)
		result = fail(errno, "%s/%s", sb->instances, sb->instance);
	if (result < 0)
		remove_folder(i->all, unnamed);
	return result;
}

void instance_remove(const struct sandbox *sb, struct instance *i)
{
	if (i->all >= 0)
		remove_folder(i->all, sb->instance);
	close_fd(&i->lock);
	close_fd(&i->all);
}
