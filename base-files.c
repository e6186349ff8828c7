/*
 * base-files.c - the files of /etc that zbox makes itself, and what they say: who the command is,
 * where it lives, what the machine is called.
 *
 * They tell what is true inside and nothing of the host: no user but the command's, no other
 * machine's name, a machine-id that is the same everywhere. identity.c takes USER, HOME and the
 * hostname from here too, so that variables and files agree. A hostname comes from the command
 * line or from the kernel; one with blanks or control characters would add lines to /etc/hosts,
 * and is left out of the files.
 */
#include "base-files.h"

#include "base.h"
#include "idmap.h"

#include <limits.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#define NOBODY 65534 /* the kernel's overflow id: who owns what is not mapped */

/* The same in every sandbox of every machine: a random one would make each run a new machine to
 * programs that keep settings per machine, the host's would identify it. Whonix does the same.
 * It is a valid version 4 UUID and not zero, which systemd and D-Bus insist on. */
#define MACHINE_ID "7a626f7800004000800000000000c0de"

/* ---- what is true inside ---- */

/* Without a new user namespace there is no other number. With these profiles the command makes user
 * namespaces of its own, and the kernel lets nobody map an outer 0 but who has CAP_SETFCAP
 * (user_namespaces(7), Linux 5.12): a browser as root would hang or refuse. */
static bool keeps_ids(const struct sandbox *sb)
{
	const char *profile = sb->seccomp_profile ? sb->seccomp_profile : "";

	return !(sb->unshare & CLONE_NEWUSER) || strcmp(profile, "desktop") == 0 ||
	       strcmp(profile, "nested") == 0;
}

uid_t base_uid(const struct sandbox *sb)
{
	if (sb->uid >= 0)
		return (uid_t)sb->uid;
	if (sb->map_caller != MAP_CALLER_DEFAULT)
		return sb->map_caller == MAP_CALLER_KEEP ? geteuid() : 0;
	if (sb->uid_map.count > 0)
		return (uid_t)idmap_inside(&sb->uid_map, geteuid());
	return keeps_ids(sb) ? geteuid() : 0;
}

gid_t base_gid(const struct sandbox *sb)
{
	if (sb->gid >= 0)
		return (gid_t)sb->gid;
	if (sb->map_caller != MAP_CALLER_DEFAULT)
		return sb->map_caller == MAP_CALLER_KEEP ? getegid() : 0;
	if (sb->gid_map.count > 0)
		return (gid_t)idmap_inside(&sb->gid_map, getegid());
	return keeps_ids(sb) ? getegid() : 0;
}

const char *base_user(const struct sandbox *sb)
{
	return base_uid(sb) == 0 ? "root" : "user";
}

const char *base_home(const struct sandbox *sb)
{
	return base_uid(sb) == 0 ? "/root" : BASE_USER_HOME;
}

const char *base_hostname(const struct sandbox *sb)
{
	if (sb->hostname)
		return sb->hostname;
	return (sb->unshare | sb->unshare_try) & CLONE_NEWUTS ? BASE_HOSTNAME : NULL;
}

/* ---- the files ---- */

static char *make_passwd(const struct sandbox *sb)
{
	uid_t uid = base_uid(sb);

	return format_text("%s:x:%u:%u:%s:%s:/bin/sh\n%s", base_user(sb), uid, base_gid(sb),
			   base_user(sb), base_home(sb),
			   uid == NOBODY ? ""
					 : "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n");
}

static char *make_group(const struct sandbox *sb)
{
	gid_t gid = base_gid(sb);

	return format_text("%s:x:%u:\n%s", gid == 0 ? "root" : "user", gid,
			   gid == NOBODY ? "" : "nogroup:x:65534:\n");
}

/* Of the host's name service only these two work inside: there is no socket of sssd or systemd. */
static char *make_nsswitch(const struct sandbox *sb)
{
	(void)sb;
	return format_text("passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n"
			   "networks: files\nprotocols: files\nservices: files\n");
}

/* The name inside, or what the shared UTS namespace says. A name that would end a line of a file
 * is left out. */
static const char *own_name(const struct sandbox *sb, char name[HOST_NAME_MAX + 1])
{
	const char *inside = base_hostname(sb);

	if (!inside) {
		if (gethostname(name, HOST_NAME_MAX + 1) < 0)
			return "";
		name[HOST_NAME_MAX] = '\0';
		inside = name;
	}
	for (const char *c = inside; *c; c++)
		if (*c <= ' ' || *c == 127)
			return "";
	return inside;
}

static char *make_hosts(const struct sandbox *sb)
{
	char name[HOST_NAME_MAX + 1];
	const char *own = own_name(sb, name);

	return format_text(
		"127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n%s%s%s",
		*own ? "127.0.1.1\t" : "", own, *own ? "\n" : "");
}

static char *make_hostname(const struct sandbox *sb)
{
	char name[HOST_NAME_MAX + 1];

	return format_text("%s\n", own_name(sb, name));
}

static char *make_machine_id(const struct sandbox *sb)
{
	(void)sb;
	return format_text(MACHINE_ID "\n");
}

static const struct {
	const char *dest;
	char *(*make)(const struct sandbox *);
} files[] = {
	{"/etc/passwd", make_passwd},          {"/etc/group", make_group},
	{"/etc/nsswitch.conf", make_nsswitch}, {"/etc/hosts", make_hosts},
	{"/etc/hostname", make_hostname},      {"/etc/machine-id", make_machine_id},
};

char *base_file(const struct sandbox *sb, const char *dest)
{
	for (size_t i = 0; i < COUNT(files); i++)
		if (strcmp(files[i].dest, dest) == 0)
			return files[i].make(sb);
	(void)fail(0, "no text for %s", dest);
	return NULL;
}
