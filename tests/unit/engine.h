/*
 * engine.h - OCI JSON given to libseccomp with the calls that runc would make: for the tests, which
 * want a second opinion, and for the bench, which wants to know what it costs at a start.
 */
#ifndef ZBOX_TEST_ENGINE_H
#define ZBOX_TEST_ENGINE_H

#include "seccomp-json.h"

#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t action_of(const struct json_tree *j, const struct json_value *object,
			  const char *key, const char *errno_key)
{
	const struct json_value *action = json_get(j, object, key);
	const struct json_value *number = json_get(j, object, errno_key);
	const struct json_value *name =
		json_get(j, object, strcmp(key, "action") ? "defaultErrno" : "errno");
	uint32_t error = number ? (uint32_t)number->number : 1;

	if (name && *name->string)
		error = strcmp(name->string, "ENOSYS") == 0   ? ENOSYS
			: strcmp(name->string, "EINVAL") == 0 ? EINVAL
							      : EPERM;
	return strcmp(action->string, "SCMP_ACT_ALLOW") == 0  ? SCMP_ACT_ALLOW
	       : strcmp(action->string, "SCMP_ACT_LOG") == 0  ? SCMP_ACT_LOG
	       : strcmp(action->string, "SCMP_ACT_KILL") == 0 ? SCMP_ACT_KILL
							      : SCMP_ACT_ERRNO(error);
}

static bool list_has(const struct json_tree *j, const struct json_value *object, const char *key,
		     const char *text)
{
	const struct json_value *list = object ? json_get(j, object, key) : NULL;

	for (const struct json_value *v = list ? json_first(j, list) : NULL; v;
	     v = json_next(j, list, v))
		if (strcmp(v->string, text) == 0)
			return true;
	return false;
}

/* For a command without capabilities on x86_64, Linux 6. */
static bool counts(const struct json_tree *j, const struct json_value *entry)
{
	const struct json_value *in = json_get(j, entry, "includes");
	const struct json_value *out = json_get(j, entry, "excludes");
	const struct json_value *caps = in ? json_get(j, in, "caps") : NULL;
	const struct json_value *arches = in ? json_get(j, in, "arches") : NULL;

	if (caps && json_first(j, caps))
		return false;
	if (arches && json_first(j, arches) && !list_has(j, in, "arches", "amd64"))
		return false;
	return !list_has(j, out, "arches", "amd64");
}

static struct scmp_arg_cmp comparison(const struct json_tree *j, const struct json_value *arg)
{
	static const char *const ops[] = {"", "NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"};
	const struct json_value *two = json_get(j, arg, "valueTwo");
	struct scmp_arg_cmp c = {.arg = (unsigned)json_get(j, arg, "index")->number,
				 .datum_a = json_get(j, arg, "value")->number,
				 .datum_b = two ? two->number : 0};

	for (size_t i = 1; i < COUNT(ops); i++)
		if (strcmp(json_get(j, arg, "op")->string + strlen("SCMP_CMP_"), ops[i]) == 0)
			c.op = (enum scmp_compare)i;
	return c;
}

/* As runc does it. */
static void add_rules(scmp_filter_ctx ctx, const struct json_tree *j,
		      const struct json_value *entry, uint32_t action, const char *name)
{
	int number = seccomp_syscall_resolve_name(name);
	const struct json_value *args = json_get(j, entry, "args");
	struct scmp_arg_cmp c[8];
	bool twice = false;
	unsigned count = 0;

	if (number == __NR_SCMP_ERROR)
		return;
	for (const struct json_value *v = args ? json_first(j, args) : NULL; v;
	     v = json_next(j, args, v)) {
		c[count] = comparison(j, v);
		for (unsigned i = 0; i < count; i++)
			twice |= c[i].arg == c[count].arg;
		count++;
	}
	if (!twice)
		(void)seccomp_rule_add_array(ctx, action, number, count, c);
	for (unsigned i = 0; twice && i < count; i++)
		(void)seccomp_rule_add_array(ctx, action, number, 1, &c[i]);
}

/* The filter of a file. More machines than the native one cost libseccomp most of its time. */
static scmp_filter_ctx engine_filter(const struct json_tree *j, bool i386)
{
	const struct json_value *calls = json_get(j, j->values, "syscalls");
	uint32_t fallback = action_of(j, j->values, "defaultAction", "defaultErrnoRet");
	scmp_filter_ctx ctx = seccomp_init(fallback);

	if (i386)
		(void)seccomp_arch_add(ctx, SCMP_ARCH_X86);
	for (const struct json_value *e = json_first(j, calls); e; e = json_next(j, calls, e)) {
		const struct json_value *names = json_get(j, e, "names");
		uint32_t action = action_of(j, e, "action", "errnoRet");

		if (!counts(j, e) || action == fallback)
			continue;
		for (const struct json_value *n = json_first(j, names); n;
		     n = json_next(j, names, n))
			add_rules(ctx, j, e, action, n->string);
	}
	return ctx;
}

/* A file as one text, "" when it cannot be read; the caller frees it. */
static char *read_whole(const char *path)
{
	FILE *in = fopen(path, "re");
	char *text = calloc(1, 1 << 20);

	if (in && text) {
		text[fread(text, 1, (1 << 20) - 1, in)] = '\0';
		fclose(in);
	}
	return text;
}

#endif
