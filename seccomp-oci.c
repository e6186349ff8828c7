/*
 * seccomp-oci.c - a profile of the container world (OCI JSON) -> struct profile.
 *
 * Read are Docker's own form (archMap, includes, excludes) and that of the runtime specification
 * (architectures). What a file means is what libseccomp makes of it when runc asks:
 *
 *   - an entry without args beats those with args for the same call, wherever it stands; between
 *     two of the same kind the first counts; one that says what the default says is left out
 *   - the args of an entry have to hold together, but where two are about the same argument, each
 * is an entry of its own
 *   - calls newer than all that the file names get ENOSYS, unless the default lets them through
 *
 * with three differences, each on the safe side: the floor holds; an int is compared by the 32 bits
 * that the kernel looks at (in 64 bits, "not 40" is true of 0x100000028, and the kernel then makes
 * a socket of family 40); x32 stays closed, though SCMP_ARCH_X32 is accepted.
 *
 * A key that is not known is an error: it could be a condition without which the file says more
 * than it should.
 */
#include "seccomp-oci.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>

int import_wrong(const struct import *im, const struct json_value *v, const char *what)
{
	return fail(0, "%s:%u:%u: %s", im->file, v->line, v->column, what);
}

struct place import_place(const struct import *im, const struct json_value *v)
{
	return (struct place){im->file, v->line, v->column};
}

static bool is_word(const char *words, const char *key)
{
	size_t length = strlen(key);

	if (length == 0 || strchr(key, ' '))
		return false;
	for (; *words; words += strcspn(words, " ") + 1)
		if (strncmp(words, key, length) == 0 && words[length] == ' ')
			return true;
	return false;
}

int import_keys(const struct import *im, const struct json_value *object, const char *words)
{
	for (const struct json_value *v = json_first(&im->j, object); v;
	     v = json_next(&im->j, object, v))
		if (!is_word(words, v->key))
			return import_wrong(im, v, "expected no such key here");
	return 0;
}

int import_get(const struct import *im, const struct json_value *object, const char *key,
	       enum json_type type, const struct json_value **value)
{
	static const char *const expected[] = {
		[JSON_NULL] = "expected null",       [JSON_BOOL] = "expected true or false",
		[JSON_NUMBER] = "expected a number", [JSON_STRING] = "expected a text",
		[JSON_ARRAY] = "expected a list",    [JSON_OBJECT] = "expected an object",
	};

	*value = json_get(&im->j, object, key);
	if (!*value)
		return 0;
	if ((*value)->type != type || (type == JSON_NUMBER && !(*value)->integer))
		return import_wrong(im, *value, expected[type]);
	return 0;
}

/* ---- answers ---- */

/* The errno of an entry: "errno" by name, else "errnoRet", else EPERM. */
static int read_errno(const struct import *im, const struct json_value *object,
		      const char *name_key, const char *number_key, uint32_t *number)
{
	const struct json_value *name, *value;

	if (import_get(im, object, name_key, JSON_STRING, &name) < 0 ||
	    import_get(im, object, number_key, JSON_NUMBER, &value) < 0)
		return -1;
	*number = EPERM;
	if (name && *name->string) {
		*number = (uint32_t)seccomp_errno(name->string, strlen(name->string));
		return *number ? 0 : import_wrong(im, name, "expected the name of an errno");
	}
	if (!value)
		return 0;
	if (value->number > SECCOMP_RET_DATA)
		return import_wrong(im, value, "expected an errno");
	*number = (uint32_t)value->number;
	return 0;
}

static int read_action(const struct import *im, const struct json_value *object,
		       const struct json_value *action, const char *name_key,
		       const char *number_key, uint32_t *answer)
{
	static const struct {
		const char *name;
		uint32_t answer;
	} actions[] = {
		{"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW},
		{"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO},
		{"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD},
		{"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD},
		{"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
		{"SCMP_ACT_TRAP", SECCOMP_RET_TRAP},
		{"SCMP_ACT_TRACE", SECCOMP_RET_TRACE},
		{"SCMP_ACT_LOG", SECCOMP_RET_LOG},
		{"SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF},
	};
	uint32_t number;

	if (read_errno(im, object, name_key, number_key, &number) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(actions); i++) {
		if (strcmp(actions[i].name, action->string) != 0)
			continue;
		*answer = actions[i].answer;
		if (*answer == SECCOMP_RET_ERRNO || *answer == SECCOMP_RET_TRACE)
			*answer |= number;
		return 0;
	}
	return import_wrong(im, action, "expected an action, SCMP_ACT_...");
}

/* ---- includes and excludes ---- */

static const char *go_name(enum machine machine)
{
	return machine == MACHINE_ARM64 ? "arm64" : "amd64";
}

static int has_cap(const struct import *im, const char *name)
{
	static const char *const names[] = {
		"CHOWN",
		"DAC_OVERRIDE",
		"DAC_READ_SEARCH",
		"FOWNER",
		"FSETID",
		"KILL",
		"SETGID",
		"SETUID",
		"SETPCAP",
		"LINUX_IMMUTABLE",
		"NET_BIND_SERVICE",
		"NET_BROADCAST",
		"NET_ADMIN",
		"NET_RAW",
		"IPC_LOCK",
		"IPC_OWNER",
		"SYS_MODULE",
		"SYS_RAWIO",
		"SYS_CHROOT",
		"SYS_PTRACE",
		"SYS_PACCT",
		"SYS_ADMIN",
		"SYS_BOOT",
		"SYS_NICE",
		"SYS_RESOURCE",
		"SYS_TIME",
		"SYS_TTY_CONFIG",
		"MKNOD",
		"LEASE",
		"AUDIT_WRITE",
		"AUDIT_CONTROL",
		"SETFCAP",
		"MAC_OVERRIDE",
		"MAC_ADMIN",
		"SYSLOG",
		"WAKE_ALARM",
		"BLOCK_SUSPEND",
		"AUDIT_READ",
		"PERFMON",
		"BPF",
		"CHECKPOINT_RESTORE",
	};

	_Static_assert(COUNT(names) > CAP_AUDIT_READ, "a name for each capability");
	if (strncmp(name, "CAP_", 4) != 0)
		return 0;
	for (size_t i = 0; i < COUNT(names); i++)
		if (strcmp(names[i], name + 4) == 0)
			return (im->host->caps >> i & 1) != 0;
	return 0;
}

static int has_arch(const struct import *im, const char *name)
{
	return strcmp(name, go_name(im->host->machine)) == 0;
}

/* How many of the list's texts are true. Returns 0 with none and total 0 where there is no list. */
static int count_true(const struct import *im, const struct json_value *object, const char *key,
		      int (*test)(const struct import *, const char *), size_t *yes, size_t *total)
{
	const struct json_value *list;

	*yes = *total = 0;
	if (import_get(im, object, key, JSON_ARRAY, &list) < 0)
		return -1;
	if (!list)
		return 0;
	for (const struct json_value *v = json_first(&im->j, list); v;
	     v = json_next(&im->j, list, v)) {
		if (v->type != JSON_STRING)
			return import_wrong(im, v, "expected a text");
		*total += 1;
		*yes += test(im, v->string) ? 1 : 0;
	}
	return 0;
}

/* Whether the kernel is at least the one that minKernel names; true where it names none. */
static int new_enough(const struct import *im, const struct json_value *object, bool *yes,
		      bool *named)
{
	const struct json_value *v;
	unsigned kernel, minor;
	char rest;

	*yes = true;
	if (import_get(im, object, "minKernel", JSON_STRING, &v) < 0)
		return -1;
	*named = v && *v->string;
	if (!*named)
		return 0;
	if (sscanf(v->string, "%5u.%5u%c", &kernel, &minor, &rest) != 2)
		return import_wrong(im, v, "expected a kernel's version, \"4.8\"");
	*yes = im->host->kernel > kernel ||
	       (im->host->kernel == kernel && im->host->minor >= minor);
	return 0;
}

/* Whether the entry counts here: includes want all capabilities and one of the machines, excludes
 * are enough with one of either. */
static int applies(const struct import *im, const struct json_value *entry, bool *result)
{
	const struct json_value *in, *out;
	size_t caps, all_caps, arches, all_arches;
	bool kernel, named;

	*result = true;
	if (import_get(im, entry, "includes", JSON_OBJECT, &in) < 0 ||
	    import_get(im, entry, "excludes", JSON_OBJECT, &out) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		const struct json_value *object = i == 0 ? in : out;

		if (!object)
			continue;
		if (import_keys(im, object, "caps arches minKernel ") < 0 ||
		    count_true(im, object, "caps", has_cap, &caps, &all_caps) < 0 ||
		    count_true(im, object, "arches", has_arch, &arches, &all_arches) < 0 ||
		    new_enough(im, object, &kernel, &named) < 0)
			return -1;
		if (object == in && (caps < all_caps || (all_arches > 0 && arches == 0) || !kernel))
			*result = false;
		if (object == out && (caps > 0 || arches > 0 || (named && kernel)))
			*result = false;
	}
	return 0;
}

/* ---- entries ---- */

/* Says the entry about a call, in the round for entries of its kind. */
static int say_entry(struct import *im, const struct json_value *entry, uint32_t answer,
		     const char *name, const struct arg *args, size_t count, bool whole)
{
	int call = seccomp_call_find(name, strlen(name));

	if (call < 0)
		return 0; /* another machine's, or newer than we know: refused anyway */
	for (int m = 0; m < MACHINES; m++)
		if (seccomp_calls[call].number[m] > im->newest[m])
			im->newest[m] = seccomp_calls[call].number[m];
	if (whole != (count == 0) || im->whole[call] || answer == im->p->fallback.answer)
		return 0;
	if (whole)
		im->whole[call] = true;
	return import_say(im, entry, answer, call, args, count);
}

static int say_names(struct import *im, const struct json_value *entry, bool whole)
{
	const struct json_value *names, *name, *action;
	struct arg args[ARGS];
	uint32_t answer;
	size_t count;
	bool counts;

	if (entry->type != JSON_OBJECT)
		return import_wrong(im, entry, "expected an object");
	if (import_keys(im, entry,
			"names name action args comment includes excludes errnoRet errno ") < 0 ||
	    import_get(im, entry, "names", JSON_ARRAY, &names) < 0 ||
	    import_get(im, entry, "name", JSON_STRING, &name) < 0 ||
	    import_get(im, entry, "action", JSON_STRING, &action) < 0 ||
	    applies(im, entry, &counts) < 0)
		return -1;
	if (!action || (!names && !name))
		return import_wrong(im, entry, "expected names and an action");
	if (read_action(im, entry, action, "errno", "errnoRet", &answer) < 0 ||
	    import_args(im, entry, args, &count) < 0)
		return -1;
	if (!counts)
		return 0;
	if (name && *name->string &&
	    say_entry(im, entry, answer, name->string, args, count, whole) < 0)
		return -1;
	for (const struct json_value *v = names ? json_first(&im->j, names) : NULL; v;
	     v = json_next(&im->j, names, v)) {
		if (v->type != JSON_STRING)
			return import_wrong(im, v, "expected the name of a system call");
		if (say_entry(im, entry, answer, v->string, args, count, whole) < 0)
			return -1;
	}
	return 0;
}

/* First the entries without args, then the others from the last to the first: what is said last is
 * tried first, so the file's first counts. */
static int say_entries(struct import *im, const struct json_value *list)
{
	const struct json_value **entries = NULL, **slot;
	size_t count = 0;
	int result = 0;

	for (const struct json_value *v = json_first(&im->j, list); v && result == 0;
	     v = json_next(&im->j, list, v)) {
		slot = array_add(&entries, &count, sizeof(*slot));
		if (slot)
			*slot = v;
		result = slot ? say_names(im, v, true) : -1;
	}
	for (size_t i = count; i > 0 && result == 0; i--)
		result = say_names(im, entries[i - 1], false);
	free(entries);
	return result;
}

/* ---- the file ---- */

static bool is_arch(const struct json_value *v, const char *name)
{
	return v && v->type == JSON_STRING && strcmp(v->string, name) == 0;
}

static bool list_has(const struct import *im, const struct json_value *list, const char *name)
{
	for (const struct json_value *v = list ? json_first(&im->j, list) : NULL; v;
	     v = json_next(&im->j, list, v))
		if (is_arch(v, name))
			return true;
	return false;
}

static int read_arches(struct import *im, const struct json_value *top)
{
	const char *native =
		im->host->machine == MACHINE_ARM64 ? "SCMP_ARCH_AARCH64" : "SCMP_ARCH_X86_64";
	const struct json_value *list, *map, *sub = NULL;
	bool found;

	if (import_get(im, top, "architectures", JSON_ARRAY, &list) < 0 ||
	    import_get(im, top, "archMap", JSON_ARRAY, &map) < 0)
		return -1;
	found = (!list && !map) || list_has(im, list, native);
	for (const struct json_value *v = map ? json_first(&im->j, map) : NULL; v;
	     v = json_next(&im->j, map, v)) {
		if (v->type != JSON_OBJECT)
			return import_wrong(im, v, "expected an object");
		if (import_keys(im, v, "architecture subArchitectures ") < 0)
			return -1;
		if (!is_arch(json_get(&im->j, v, "architecture"), native))
			continue;
		found = true;
		if (import_get(im, v, "subArchitectures", JSON_ARRAY, &sub) < 0)
			return -1;
	}
	if (!found)
		return import_wrong(im, map ? map : list,
				    "expected this machine among the architectures");
	im->p->i386 = im->host->machine == MACHINE_X86_64 &&
		      (list_has(im, list, "SCMP_ARCH_X86") || list_has(im, sub, "SCMP_ARCH_X86"));
	return 0;
}

static int read_default(struct import *im, const struct json_value *top)
{
	const struct json_value *action;

	if (import_get(im, top, "defaultAction", JSON_STRING, &action) < 0)
		return -1;
	if (!action)
		return import_wrong(im, top, "expected a defaultAction");
	im->p->fallback.place = import_place(im, action);
	return read_action(im, top, action, "defaultErrno", "defaultErrnoRet",
			   &im->p->fallback.answer);
}

/* Calls that the file's author could not know get ENOSYS, so that libraries take older ones. */
static int say_newer(const struct import *im, const struct json_value *top)
{
	enum machine m = im->host->machine;

	if (answer_allows(im->p->fallback.answer))
		return 0;
	for (int call = 0; call < SECCOMP_CALLS; call++)
		if (seccomp_calls[call].number[m] > im->newest[m] &&
		    im->p->calls[call].count == 0 &&
		    import_say(im, top, SECCOMP_RET_ERRNO | ENOSYS, call, NULL, 0) < 0)
			return -1;
	return 0;
}

static int import(struct import *im)
{
	const struct json_value *top = &im->j.values[0], *calls;

	if (top->type != JSON_OBJECT)
		return import_wrong(im, top, "expected an object");
	if (import_keys(im, top,
			"defaultAction defaultErrnoRet defaultErrno architectures archMap flags "
			"listenerPath listenerMetadata syscalls ") < 0 ||
	    read_default(im, top) < 0 || read_arches(im, top) < 0 ||
	    import_get(im, top, "syscalls", JSON_ARRAY, &calls) < 0)
		return -1;
	if (calls && say_entries(im, calls) < 0)
		return -1;
	return say_newer(im, top);
}

static void keep_name(struct profile *p, const char *file)
{
	const char *slash = strrchr(file, '/');

	(void)snprintf(p->name, sizeof(p->name), "%.60s", slash ? slash + 1 : file);
}

int seccomp_import(struct profile *p, const char *name, const char *text, size_t length,
		   const struct seccomp_host *host, seccomp_library *library)
{
	struct import im = {.p = p, .host = host, .newest = {-1, -1, -1}};
	int result = -1;

	if (seccomp_parse_floor(p, library) < 0)
		return -1;
	im.file = profile_file(p, name);
	if (!im.file || json_parse(&im.j, im.file, text, length) < 0)
		return -1;
	keep_name(p, name);
	im.whole = calloc(SECCOMP_CALLS, sizeof(*im.whole));
	result = im.whole ? import(&im) : fail(0, "out of memory");
	free(im.whole);
	json_free(&im.j);
	return result;
}
