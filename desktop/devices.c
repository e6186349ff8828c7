/*
 * devices.c - --gpu, --camera, --joystick: device nodes, and what of /sys libraries look up for
 * them.
 *
 * A library that has opened a node asks /sys/dev/char/MAJOR:MINOR what it is: a link to the device
 * in /sys/devices. So for each node come in: the node, that link, the link in /sys/class, and the
 * device's directory, read-only. Nothing else of /sys, which lists every device of the machine.
 *
 * What an attacker would try: nodes are the kernel's drivers in reach, graphics above all, which is
 * why they are never there by default. Event nodes of keyboards stand beside those of joysticks:
 * one comes in only if its device is a joystick to the kernel as well.
 */
#include "desktop/private.h"

#include "plan.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* ---- the part of /sys ---- */

static bool is_added(const struct desktop *d, const char *dest)
{
	for (size_t i = 0; i < d->sb->mount_count; i++)
		if (strcmp(d->sb->mounts[i].dest, dest) == 0)
			return true;
	return false;
}

static int bind_once(struct desktop *d, const char *path)
{
	return is_added(d, path) ? 0 : desktop_bind(d, path, path, MOUNT_READONLY);
}

static int link_once(struct desktop *d, const char *target, const char *dest)
{
	if (!dest || !target)
		return -1;
	return is_added(d, dest) ? 0 : desktop_link(d, target, dest);
}

/* The directory so many levels above node, owned by the sandbox; NULL after fail(). */
static const char *device_of(struct desktop *d, const char *node, unsigned levels)
{
	char *parent = sandbox_own(d->sb, format_text("%s", node));

	for (; parent && levels > 0; levels--) {
		char *slash = strrchr(parent, '/');

		if (slash && slash > parent)
			*slash = '\0';
	}
	return parent;
}

/* What /sys says of the node with the number rdev; levels: how far above its own directory that of
 * the device is. Not all devices are in /sys. Returns 0, or -1 after fail(). */
static int add_sys(struct desktop *d, dev_t rdev, const char *class, unsigned levels)
{
	const char *dest =
		sandbox_own(d->sb, format_text("/sys/dev/char/%u:%u", major(rdev), minor(rdev)));
	char target[PATH_MAX], joined[PATH_MAX], node[PATH_MAX];
	const char *text, *device, *name;
	ssize_t length;

	if (!dest)
		return -1;
	length = readlinkat(d->host, dest + 1, target, sizeof(target) - 1);
	if (length <= 0)
		return 0;
	target[length] = '\0';
	if (snprintf(joined, sizeof(joined), "/sys/dev/char/%s", target) >= (int)sizeof(joined) ||
	    !plan_normalise(joined, node) || !plan_is_below(node, "/sys/devices"))
		return 0;
	text = sandbox_own(d->sb, format_text("%s", target));
	device = device_of(d, node, levels);
	if (!device || bind_once(d, device) < 0 || link_once(d, text, dest) < 0)
		return -1;
	name = strrchr(node, '/') + 1;
	return link_once(d, sandbox_own(d->sb, format_text("../..%s", node + strlen("/sys"))),
			 sandbox_own(d->sb, format_text("/sys/class/%s/%s", class, name)));
}

/* ---- nodes ---- */

/* Returns 1 when the node is there and was given, 0 when not, -1 after fail(). */
static int add_node(struct desktop *d, const char *path, const char *class, unsigned levels)
{
	struct stat st;

	if (!path)
		return -1;
	if (fstatat(d->host, path + 1, &st, 0) < 0 || !S_ISCHR(st.st_mode))
		return 0;
	if (desktop_bind(d, path, path, MOUNT_DEVICES) < 0)
		return -1;
	return class && add_sys(d, st.st_rdev, class, levels) < 0 ? -1 : 1;
}

/* PREFIX and a number. */
static bool is_numbered(const char *name, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(name, prefix, length) == 0 && name[length] != '\0' &&
	       name[length + strspn(name + length, "0123456789")] == '\0';
}

/* Whether an event node is that of a joystick: its device has a node for the older interface. */
static bool is_joystick(const struct desktop *d, const char *event)
{
	autofree char *path = format_text("sys/class/input/%s/device", event);
	autoclose int fd = path ? openat(d->host, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	const struct dirent *entry;
	bool found = false;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		return false;
	fd = -1; /* the stream owns it now */
	while (!found && (entry = readdir(dir)) != NULL)
		found = is_numbered(entry->d_name, "js");
	(void)closedir(dir);
	return found;
}

struct nodes {
	const char *folder, *prefix, *class;
	unsigned levels; /* see add_sys() */
	bool (*wanted)(const struct desktop *d, const char *name);
};

/* All nodes of a kind, in the order of the directory. Returns how many, or -1 after fail(). */
static int add_nodes(struct desktop *d, const struct nodes *nodes)
{
	autoclose int fd = openat(d->host, nodes->folder + 1, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *entry;
	int count = 0, result = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		return 0;
	fd = -1; /* the stream owns it now */
	while (result >= 0 && (entry = readdir(dir)) != NULL) {
		if (!is_numbered(entry->d_name, nodes->prefix) ||
		    (nodes->wanted && !nodes->wanted(d, entry->d_name)))
			continue;
		result = add_node(
			d, sandbox_own(d->sb, format_text("%s/%s", nodes->folder, entry->d_name)),
			nodes->class, nodes->levels);
		count += result > 0;
	}
	(void)closedir(dir);
	return result < 0 ? -1 : count;
}

static int add_all(struct desktop *d, const struct nodes *nodes, size_t count)
{
	int total = 0;

	for (size_t i = 0; i < count; i++) {
		int result = add_nodes(d, &nodes[i]);

		if (result < 0)
			return -1;
		total += result;
	}
	return total;
}

/* ---- the presets ---- */

int add_gpu(struct desktop *d)
{
	static const struct nodes cards[] = {
		{"/dev/dri", "card", "drm", 2, NULL},
		{"/dev/dri", "renderD", "drm", 2, NULL},
		{"/dev", "nvidia", NULL, 0, NULL},
	};
	/* besides a card: NVIDIA's control nodes, AMD's for computing, and a way to share memory */
	static const char *const more[] = {"/dev/nvidiactl",  "/dev/nvidia-modeset",
					   "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools",
					   "/dev/kfd",        "/dev/udmabuf"};
	static const char *const folders[] = {"/sys/module/nvidia", "/sys/module/nvidia_uvm",
					      "/sys/devices/virtual/kfd", "/sys/class/kfd"};
	int count = add_all(d, cards, COUNT(cards));

	if (count < 0)
		return -1;
	if (count == 0)
		return desktop_missing(d, "there is no graphics card in /dev/dri");
	for (size_t i = 0; i < COUNT(more); i++)
		if (add_node(d, more[i], NULL, 0) < 0)
			return -1;
	for (size_t i = 0; i < COUNT(folders); i++)
		if (desktop_type(d, folders[i]) == S_IFDIR && bind_once(d, folders[i]) < 0)
			return -1;
	return 1;
}

int add_camera(struct desktop *d)
{
	static const struct nodes cameras[] = {
		{"/dev", "video", "video4linux", 2, NULL},
		{"/dev", "media", "media", 1, NULL},
	};
	int count = add_all(d, cameras, COUNT(cameras));

	return count == 0 ? desktop_missing(d, "there is no camera in /dev") : count < 0 ? -1 : 1;
}

int add_joystick(struct desktop *d)
{
	static const struct nodes joysticks[] = {
		{"/dev/input", "js", "input", 1, NULL},
		{"/dev/input", "event", "input", 1, is_joystick},
	};
	int count = add_all(d, joysticks, COUNT(joysticks));

	return count == 0  ? desktop_missing(d, "there is no joystick in /dev/input")
	       : count < 0 ? -1
			   : 1;
}
