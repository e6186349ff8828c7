/*
 * causes.c - what made it fail: the conditions that the rows of hints.c ask for.
 *
 * Most refusals of the kernel are a bare EPERM, and only the settings of the machine tell which
 * lock was shut; most failed execs are an ENOENT that names the wrong file. Each function here
 * looks at one such thing.
 *
 * This runs after something failed, in the process of the caller, with the caller's rights and
 * nothing more. It reads files of /proc and /sys, and the head of the program that could not be
 * started, all into buffers of fixed size, and what it finds is only printed. A wrong guess costs
 * a misleading line, nothing else.
 */
#include "causes.h"

#include "capabilities.h"

#include "plan.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* ---- looking at the machine ---- */

static bool file_says(const char *path, const char *value)
{
	char text[64];

	return read_file_at(AT_FDCWD, path, text, sizeof(text)) >= 0 && strcmp(text, value) == 0;
}

/* Is this process in a container whose runtime marks it, or in the initial user namespace? */
static bool is_nested(void)
{
	char map[128];
	unsigned long inside, outside, count;

	if (access("/.dockerenv", F_OK) == 0 || access("/run/.containerenv", F_OK) == 0)
		return false;
	return read_file_at(AT_FDCWD, "/proc/self/uid_map", map, sizeof(map)) > 0 &&
	       sscanf(map, "%lu %lu %lu", &inside, &outside, &count) == 3 && count != 4294967295UL;
}

static bool is_filtered(void)
{
	char status[8192];
	const char *line;

	if (read_file_at(AT_FDCWD, "/proc/self/status", status, sizeof(status)) < 0)
		return false;
	line = strstr(status, "\nSeccomp:");
	return line && strncmp(line, "\nSeccomp:\t2", strlen("\nSeccomp:\t2")) == 0;
}

/* Is something mounted at a path that starts with this? With exact: at this very path. */
static bool is_mounted(const char *path, bool exact)
{
	static char info[65536]; /* more is not read: what matters is mounted early */
	char *line = info, *rest;

	if (read_file_at(AT_FDCWD, "/proc/self/mountinfo", info, sizeof(info)) < 0)
		return false;
	for (; (line = strtok_r(line, "\n", &rest)) != NULL; line = NULL) {
		char point[PATH_MAX];

		if (sscanf(line, "%*s %*s %*s %*s %4095s", point) == 1 &&
		    strncmp(point, path, strlen(path)) == 0 &&
		    (!exact || point[strlen(path)] == '\0'))
			return true;
	}
	return false;
}

/* ---- namespaces ---- */

bool cause_apparmor(const struct sandbox *sb, const struct failure *f, char *detail)
{
	(void)sb, (void)f, (void)detail;
	return geteuid() != 0 &&
	       file_says("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1");
}

bool cause_clone_sysctl(const struct sandbox *sb, const struct failure *f, char *detail)
{
	(void)sb, (void)f, (void)detail;
	return geteuid() != 0 && file_says("/proc/sys/kernel/unprivileged_userns_clone", "0");
}

bool cause_nested(const struct sandbox *sb, const struct failure *f, char *detail)
{
	char limit[32];
	int64_t number = 0;

	(void)sb, (void)f, (void)detail;
	if (!is_nested())
		return false;
	/* bubblewrap's --disable-userns leaves 1, which its own second namespace has taken */
	return is_filtered() || (read_file_at(AT_FDCWD, "/proc/sys/user/max_user_namespaces", limit,
					      sizeof(limit)) > 0 &&
				 parse_number(limit, 0, 1, &number) == 0);
}

bool cause_unmappable_root(const struct sandbox *sb, const struct failure *f, char *detail)
{
	struct capability_sets sets = {0};

	(void)sb, (void)f, (void)detail;
	return geteuid() == 0 && capabilities_get(&sets) == 0 &&
	       !(sets.effective & UINT64_C(1) << CAP_SETFCAP);
}

bool cause_filter(const struct sandbox *sb, const struct failure *f, char *detail)
{
	(void)sb, (void)f, (void)detail;
	return is_filtered();
}

bool cause_chroot(const struct sandbox *sb, const struct failure *f, char *detail)
{
	(void)sb, (void)f, (void)detail;
	/* whoever is in a chroot sees no mount on "/" */
	return access("/proc/self/mountinfo", R_OK) == 0 && !is_mounted("/", true);
}

bool cause_selinux(const struct sandbox *sb, const struct failure *f, char *detail)
{
	(void)sb, (void)f, (void)detail;
	return file_says("/sys/fs/selinux/enforce", "1");
}

bool cause_no_userns(const struct sandbox *sb, const struct failure *f, char *detail)
{
	(void)sb, (void)f, (void)detail;
	return access("/proc/self", F_OK) == 0 && access("/proc/self/ns/user", F_OK) != 0;
}

/* Which limit on namespaces is 0? */
bool cause_limit_zero(const struct sandbox *sb, const struct failure *f, char *detail)
{
	static const char *const kinds[] = {"user", "mnt", "pid",    "ipc",
					    "uts",  "net", "cgroup", "time"};

	(void)sb, (void)f;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "/proc/sys/user/max_%s_namespaces", kinds[i]);
		if (file_says(path, "0")) {
			(void)snprintf(detail, CAUSE_DETAIL, "user.max_%s_namespaces", kinds[i]);
			return true;
		}
	}
	return false;
}

/* ---- limits ---- */

bool cause_tight_limit(const struct sandbox *sb, const struct failure *f, char *detail)
{
	(void)f;
	for (size_t i = 0; i < sb->cgroup_limit_count; i++)
		if (sb->cgroup_limits[i].kind == CGROUP_MEMORY) {
			(void)snprintf(detail, CAUSE_DETAIL, "--memory %s",
				       sb->cgroup_limits[i].text);
			return true;
		}
	return false;
}

/* ---- mounts ---- */

/* Container runtimes mount over parts of /proc; then the kernel allows no fresh one. */
bool cause_proc_masked(const struct sandbox *sb, const struct failure *f, char *detail)
{
	(void)sb, (void)f, (void)detail;
	return is_mounted("/proc/", false);
}

bool cause_upper_read_only(const struct sandbox *sb, const struct failure *f, char *detail)
{
	(void)f;
	for (size_t i = 0; i < sb->mount_count; i++) {
		const struct mount *m = &sb->mounts[i];
		struct statvfs st;

		if (m->kind == MOUNT_OVERLAY && m->source && statvfs(m->source, &st) == 0 &&
		    (st.f_flag & ST_RDONLY)) {
			(void)snprintf(detail, CAUSE_DETAIL, "%s", m->source);
			return true;
		}
	}
	return false;
}

/* ---- the command ---- */

/* Where the command looks for programs: the PATH that it will have, as far as the plan says. */
static const char *search_path(const struct sandbox *sb)
{
	const char *path = sb->personality == PERSONALITY_BWRAP ? getenv("PATH") : NULL;

	for (size_t i = 0; i < sb->env_count; i++)
		if (sb->env[i].action == ENV_SET && strcmp(sb->env[i].name, "PATH") == 0)
			path = sb->env[i].value;
	return path ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

/* Tries DIR/NAME for each DIR of path with the test; the first that passes is left in file. */
static bool search(const struct sandbox *sb, const char *path, const char *name,
		   bool (*test)(const struct sandbox *, const char *, char *), char file[PATH_MAX],
		   char *host)
{
	while (*path) {
		size_t length = strcspn(path, ":");
		int used = snprintf(file, PATH_MAX, "%.*s/%s", (int)length, path, name);

		if (length > 0 && used > 0 && used < PATH_MAX && test(sb, file, host))
			return true;
		path += length + (path[length] == ':');
	}
	return false;
}

static bool is_inside(const struct sandbox *sb, const char *file, char *host)
{
	return plan_lookup(sb, file, host) && host[0] != '\0';
}

static bool is_outside(const struct sandbox *sb, const char *file, char *host)
{
	(void)sb, (void)host;
	return access(file, X_OK) == 0;
}

/* The host's file that the command is. */
static bool command_file(const struct sandbox *sb, char host[PATH_MAX])
{
	const char *name = sb->command ? sb->command[0] : NULL;
	char file[PATH_MAX];

	if (!name || *name == '\0')
		return false;
	if (strchr(name, '/'))
		return name[0] == '/' && is_inside(sb, name, host);
	return search(sb, search_path(sb), name, is_inside, file, host);
}

/* Copies the interpreter of a #! line. */
static bool script_interpreter(const char *head, char *name)
{
	const char *start = head + 2 + strspn(head + 2, " \t");
	size_t length = strcspn(start, " \t\r\n");

	if (length == 0 || length >= CAUSE_DETAIL)
		return false;
	(void)snprintf(name, CAUSE_DETAIL, "%.*s", (int)length, start);
	return true;
}

/* Copies the interpreter of an ELF program of this machine's word size. */
static bool elf_interpreter(int fd, const Elf64_Ehdr *head, char *name)
{
	for (unsigned i = 0; i < head->e_phnum && i < 64; i++) {
		Elf64_Phdr part;
		off_t at = (off_t)(head->e_phoff + i * sizeof(part));
		ssize_t length;

		if (pread(fd, &part, sizeof(part), at) != (ssize_t)sizeof(part))
			return false;
		if (part.p_type != PT_INTERP || part.p_filesz >= CAUSE_DETAIL)
			continue;
		length = pread(fd, name, part.p_filesz, (off_t)part.p_offset);
		if (length <= 0)
			return false;
		name[length] = '\0';
		return true;
	}
	return false;
}

/* The program that has to be inside too for this file to run. */
static bool interpreter_of(const char *host, char *name)
{
	autoclose int fd = open(host, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	union {
		char text[256];
		Elf64_Ehdr elf;
	} head;
	ssize_t length = fd < 0 ? -1 : pread(fd, head.text, sizeof(head.text) - 1, 0);

	if (length < 2)
		return false;
	head.text[length] = '\0';
	if (memcmp(head.text, "#!", 2) == 0)
		return script_interpreter(head.text, name);
	return length >= (ssize_t)sizeof(head.elf) && memcmp(head.text, ELFMAG, SELFMAG) == 0 &&
	       head.elf.e_ident[EI_CLASS] == ELFCLASS64 && elf_interpreter(fd, &head.elf, name);
}

/* Is the program inside, but not what it is started by? */
bool cause_interpreter(const struct sandbox *sb, const struct failure *f, char *detail)
{
	char host[PATH_MAX], ignored[PATH_MAX];

	(void)f;
	return command_file(sb, host) && interpreter_of(host, detail) &&
	       !plan_lookup(sb, detail, ignored);
}

bool cause_loader(const struct sandbox *sb, const struct failure *f, char *detail)
{
	return cause_interpreter(sb, f, detail) && strstr(detail, "/ld-") != NULL;
}

/* Is the command on the host, in a place that is not inside? Names the place. */
bool cause_outside(const struct sandbox *sb, const struct failure *f, char *detail)
{
	const char *name = sb->command ? sb->command[0] : NULL;
	const char *path = getenv("PATH");
	char file[PATH_MAX], host[PATH_MAX];

	(void)f;
	if (!name || *name == '\0' || command_file(sb, host))
		return false;
	if (name[0] == '/') {
		if (access(name, X_OK) != 0 || strlen(name) >= CAUSE_DETAIL)
			return false;
		(void)snprintf(detail, CAUSE_DETAIL, "%s", name);
		return true;
	}
	if (strchr(name, '/') || !search(sb, path ? path : "", name, is_outside, file, host))
		return false;
	(void)snprintf(detail, CAUSE_DETAIL, "%.*s", CAUSE_DETAIL - 1, file);
	return true;
}

bool cause_noexec(const struct sandbox *sb, const struct failure *f, char *detail)
{
	char host[PATH_MAX];
	struct statvfs st;

	(void)f;
	if (!command_file(sb, host) || statvfs(host, &st) != 0 || !(st.f_flag & ST_NOEXEC))
		return false;
	(void)snprintf(detail, CAUSE_DETAIL, "%.*s", CAUSE_DETAIL - 1, host);
	return true;
}

bool cause_not_executable(const struct sandbox *sb, const struct failure *f, char *detail)
{
	char host[PATH_MAX];
	struct stat st;

	(void)f;
	if (!command_file(sb, host) || stat(host, &st) != 0 || (st.st_mode & 0111))
		return false;
	(void)snprintf(detail, CAUSE_DETAIL, "%.*s", CAUSE_DETAIL - 1, host);
	return true;
}

bool cause_directory(const struct sandbox *sb, const struct failure *f, char *detail)
{
	char host[PATH_MAX];
	struct stat st;

	(void)f, (void)detail;
	return command_file(sb, host) && stat(host, &st) == 0 && S_ISDIR(st.st_mode);
}
