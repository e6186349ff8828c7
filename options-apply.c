/*
 * options-apply.c - what the rows of the option table do with their operands.
 *
 * The stock ones store a value in the field that the row names; the others put together one part
 * of the plan each. Each gets the row, so that one function serves a family of options, and as
 * many operands as the row's column args has words, none of them an empty path.
 *
 * Numbers are read strictly: what bubblewrap lets wrap around (a uid of 2^32 is root's, a
 * descriptor of 2^32 is standard input) is an error with the same sentence.
 */
#include "options-table.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CAP_NUMBERS 64 /* bits of the kernel's sets */

static void *field_of(struct parser *p, size_t offset)
{
	return (char *)p->sb + offset;
}

/* No option takes a negative number, and "-0" is none either. */
int parse_fd(const char *text, int *fd)
{
	int64_t number = 0;

	if (text[0] == '-' || parse_number(text, 0, INT_MAX, &number) < 0)
		return fail(0, "Invalid fd: %s", text);
	*fd = (int)number;
	return 0;
}

int parse_perms(const struct option *o, const char *text, int *perms)
{
	int64_t number = 0;

	if (text[0] == '-' || parse_octal(text, 07777, &number) < 0)
		return fail(0, "--%s takes an octal argument <= 07777", o->name);
	*perms = (int)number;
	return 0;
}

/* ---- one value ---- */

int set_true(struct parser *p, const struct option *o, char **arg)
{
	(void)arg;
	*(bool *)field_of(p, o->field) = true;
	return 0;
}

int set_false(struct parser *p, const struct option *o, char **arg)
{
	(void)arg;
	*(bool *)field_of(p, o->field) = false;
	return 0;
}

int set_text(struct parser *p, const struct option *o, char **arg)
{
	*(const char **)field_of(p, o->field) = arg[0];
	return 0;
}

int set_fd(struct parser *p, const struct option *o, char **arg)
{
	return parse_fd(arg[0], field_of(p, o->field));
}

int set_id(struct parser *p, const struct option *o, char **arg)
{
	int64_t *id = field_of(p, o->field);

	if (arg[0][0] == '-' || parse_number(arg[0], 0, o->max, id) < 0)
		return fail(0, "Invalid %s: %s", o->name, arg[0]);
	return 0;
}

/* Number of the word among a|b|c, which may stand in brackets; -1 it is none of them. */
static int choice_number(const char *choices, const char *word)
{
	int number = 0;

	choices += choices[0] == '[';
	for (;; number++) {
		size_t length = strcspn(choices, "|]");

		if (strlen(word) == length && strncmp(choices, word, length) == 0)
			return number;
		if (choices[length] != '|')
			return -1;
		choices += length + 1;
	}
}

int set_choice(struct parser *p, const struct option *o, char **arg)
{
	int number = arg[0] ? choice_number(o->args, arg[0]) : 0;

	if (number < 0)
		return fail(0, "--%s takes %s, not %s", o->name, o->args, arg[0]);
	/* enumerations without negative values are unsigned to both compilers */
	*(unsigned *)field_of(p, o->field) = (unsigned)(o->value + number);
	return 0;
}

int set_argv0(struct parser *p, const struct option *o, char **arg)
{
	(void)o;
	if (p->sb->argv0)
		return fail(0, "--argv0 used multiple times");
	p->sb->argv0 = arg[0];
	return 0;
}

int set_netns(struct parser *p, const struct option *o, char **arg)
{
	bool number = arg[0][strspn(arg[0], "0123456789")] == '\0';

	(void)o;
	p->sb->netns_fd = -1;
	p->sb->netns_path = number ? NULL : arg[0];
	return number ? parse_fd(arg[0], &p->sb->netns_fd) : 0;
}

/* ---- lists ---- */

int add_fd(struct parser *p, const struct option *o, char **arg)
{
	int number = -1, *item;

	if (parse_fd(arg[0], &number) < 0)
		return -1;
	item = array_add(field_of(p, o->field), field_of(p, o->count), sizeof(*item));
	if (!item)
		return -1;
	*item = number;
	return 0;
}

int add_text(struct parser *p, const struct option *o, char **arg)
{
	const char **item = array_add(field_of(p, o->field), field_of(p, o->count), sizeof(*item));

	if (!item)
		return -1;
	*item = arg[0];
	return 0;
}

int add_env(struct parser *p, const struct option *o, char **arg)
{
	struct sandbox *sb = p->sb;
	struct env_change *change;
	unsigned count = args_count(o->args);

	if (count > 0 && (arg[0][0] == '\0' || strchr(arg[0], '='))) {
		if (o->value == ENV_KEEP)
			return fail(0, "--env takes the name of a variable, without a value");
		/* what setenv(3) refuses, in bubblewrap's words */
		return fail(0, "%s failed", o->value == ENV_UNSET ? "unsetenv" : "setenv");
	}
	change = array_add(&sb->env, &sb->env_count, sizeof(*change));
	if (!change)
		return -1;
	change->action = (enum env_action)o->value;
	change->name = count > 0 ? arg[0] : NULL;
	change->value = count > 1 ? arg[1] : NULL;
	change->origin = p->origin;
	return 0;
}

/* ---- privileges ---- */

/* capabilities(7), by number: the kernel's list only ever grows at its end. */
static const char *const cap_names[] = {
	"chown",
	"dac_override",
	"dac_read_search",
	"fowner",
	"fsetid",
	"kill",
	"setgid",
	"setuid",
	"setpcap",
	"linux_immutable",
	"net_bind_service",
	"net_broadcast",
	"net_admin",
	"net_raw",
	"ipc_lock",
	"ipc_owner",
	"sys_module",
	"sys_rawio",
	"sys_chroot",
	"sys_ptrace",
	"sys_pacct",
	"sys_admin",
	"sys_boot",
	"sys_nice",
	"sys_resource",
	"sys_time",
	"sys_tty_config",
	"mknod",
	"lease",
	"audit_write",
	"audit_control",
	"setfcap",
	"mac_override",
	"mac_admin",
	"syslog",
	"wake_alarm",
	"block_suspend",
	"audit_read",
	"perfmon",
	"bpf",
	"checkpoint_restore",
};

/* -1: ALL; -2: unknown. A number is taken too, as libcap does: the kernel may know more names. */
static int cap_number(const char *name, enum personality personality)
{
	int64_t number = 0;

	if (strcasecmp(name, "all") == 0)
		return -1;
	if (name[0] != '-' && parse_number(name, 0, CAP_NUMBERS - 1, &number) == 0)
		return (int)number;
	if (strncasecmp(name, "cap_", 4) == 0)
		name += 4;
	else if (personality == PERSONALITY_BWRAP)
		return -2;
	for (size_t i = 0; i < COUNT(cap_names); i++)
		if (strcasecmp(name, cap_names[i]) == 0)
			return (int)i;
	return -2;
}

int add_cap(struct parser *p, const struct option *o, char **arg)
{
	int number = cap_number(arg[0], p->sb->personality);
	struct cap_change *change;

	if (number < -1)
		return fail(0, "unknown cap: %s", arg[0]);
	change = array_add(&p->sb->caps, &p->sb->cap_count, sizeof(*change));
	if (!change)
		return -1;
	change->add = o->value != 0;
	change->cap = number;
	return 0;
}

int set_seccomp_fd(struct parser *p, const struct option *o, char **arg)
{
	if (p->sb->seccomp_fd_count > 0)
		return fail(0, "--seccomp cannot be combined with --add-seccomp-fd");
	return set_fd(p, o, arg);
}

int add_seccomp_fd(struct parser *p, const struct option *o, char **arg)
{
	if (p->sb->seccomp_fd >= 0)
		return fail(0, "--add-seccomp-fd cannot be combined with --seccomp");
	return add_fd(p, o, arg);
}

int add_seccomp_change(struct parser *p, const struct option *o, char **arg)
{
	struct sandbox *sb = p->sb;
	struct seccomp_change *change;

	if (arg[0][0] == '\0' || arg[0][0] == '=')
		return fail(0, "--%s takes the name of a system call", o->name);
	change = array_add(&sb->seccomp_changes, &sb->seccomp_change_count, sizeof(*change));
	if (!change)
		return -1;
	change->allow = o->value != 0;
	change->text = arg[0];
	return 0;
}

/* ---- namespaces ---- */

int unshare_namespaces(struct parser *p, const struct option *o, char **arg)
{
	(void)arg;
	p->sb->unshare |= (unsigned)o->value;
	return 0;
}

int try_namespaces(struct parser *p, const struct option *o, char **arg)
{
	(void)arg;
	p->sb->unshare_try |= (unsigned)o->value;
	return 0;
}

int unshare_all(struct parser *p, const struct option *o, char **arg)
{
	(void)arg;
	p->sb->unshare |= (unsigned)o->value;
	p->sb->unshare_try |= CLONE_NEWUSER | CLONE_NEWCGROUP;
	return 0;
}

int share_namespaces(struct parser *p, const struct option *o, char **arg)
{
	(void)arg;
	p->sb->unshare &= ~(unsigned)o->value;
	p->sb->unshare_try &= ~(unsigned)o->value;
	return 0;
}

/* ---- pages, and words from elsewhere ---- */

int show_page(struct parser *p, const struct option *o, char **arg)
{
	p->sb->print = (enum print_what)o->value;
	p->sb->print_arg = arg[0];
	return 0;
}

int explain_call(struct parser *p, const struct option *o, char **arg)
{
	p->sb->command = arg + 1;
	return show_page(p, o, arg);
}

int refuse_late(struct parser *p, const struct option *o, char **arg)
{
	(void)p;
	(void)arg;
	return fail(0, "--%s has to be the very first word", o->name);
}

/* Profiles were read before; see profiles.c. */
int take_profile(struct parser *p, const struct option *o, char **arg)
{
	(void)arg;
	if (p->in_file)
		return fail(0, "--%s not supported in arguments file", o->name);
	return 0;
}

int take_set(struct parser *p, const struct option *o, char **arg)
{
	return take_profile(p, o, arg);
}

int take_no_profile(struct parser *p, const struct option *o, char **arg)
{
	return take_profile(p, o, arg);
}

/* Cuts data at its NULs. The last one may be missing, empty words count. Returns an array that ends
 * with NULL and is owned by sb, or NULL after fail(). */
static char **split_words(struct parser *p, char *data, size_t length, size_t *count)
{
	char **words, *end = data + length;
	size_t i = 0;

	*count = 0;
	for (char *next = data; next < end; next += strlen(next) + 1)
		++*count;
	if (parse_limit(p, *count) < 0)
		return NULL;
	words = calloc(*count + 1, sizeof(*words));
	if (!words) {
		(void)fail(0, "out of memory");
		return NULL;
	}
	for (char *next = data; next < end; next += strlen(next) + 1)
		words[i++] = next;
	return sandbox_own(p->sb, words);
}

int read_args(struct parser *p, const struct option *o, char **arg)
{
	struct origin here = p->origin;
	char *data, *label, **words;
	size_t length, count;
	int fd = -1, result;

	(void)o;
	if (p->in_file)
		return fail(0, "--args not supported in arguments file");
	if (parse_fd(arg[0], &fd) < 0)
		return -1;
	label = format_text("--args %d", fd);
	if (!label || !sandbox_own(p->sb, label))
		return -1;
	data = p->reader->read_fd(p->reader->context, fd, &length);
	if (!data)
		return fail(errno, "Can't read --args data");
	if (!sandbox_own(p->sb, data))
		return -1;
	words = split_words(p, data, length, &count);
	if (!words)
		return -1;
	p->in_file = true;
	result = parse_words(p, words, count, label);
	p->in_file = false;
	p->origin = here;
	return result;
}
