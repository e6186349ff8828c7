/*
 * options-mounts.c - the rows that make operations on the new root, and what waits for them.
 *
 * An operation is put together from its row: the kind and the flags are columns, and the words of
 * the column args say which field an operand belongs to. --perms, --size, --overlay-src and
 * --overlay-opt leave what they say in struct parser; the operation that may have it takes it here,
 * and options.c refuses whatever was left behind.
 */
#include "options-table.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_LIMIT ((int64_t)(SIZE_MAX / 2)) /* bubblewrap's */

/* ---- what waits for the operation that follows ---- */

int set_perms(struct parser *p, const struct option *o, char **arg)
{
	if (p->perms >= 0)
		return fail(0, "--perms given twice for the same action");
	return parse_perms(o, arg[0], &p->perms);
}

/* Bytes that the suffix of the number stands for; 1: there is none, 0: it is no suffix of ours. */
static int64_t size_unit(const char *text, enum personality personality)
{
	static const char units[] = "KMG";
	size_t length = strlen(text);
	const char *unit;

	if (personality == PERSONALITY_BWRAP || length == 0 ||
	    isxdigit((unsigned char)text[length - 1]))
		return 1;
	unit = strchr(units, toupper((unsigned char)text[length - 1]));
	return unit ? (int64_t)1024 << 10 * (unit - units) : 0;
}

int set_size(struct parser *p, const struct option *o, char **arg)
{
	int64_t unit = size_unit(arg[0], p->sb->personality), number = 0;
	size_t length = strlen(arg[0]) - (unit > 1);
	char digits[32] = ""; /* what is longer is no number of bytes that there could be */

	(void)o;
	if (p->size != 0)
		return fail(0, "--size given twice for the same action");
	if (unit > 0 && length < sizeof(digits) && arg[0][0] != '-')
		memcpy(digits, arg[0], length);
	if (parse_number_c(digits, 0, SIZE_LIMIT / (unit ? unit : 1), &number) < 0 &&
	    errno == ERANGE)
		return fail(0, "--size (for tmpfs) is limited to %zu", SIZE_MAX / 2);
	if (number == 0)
		return fail(0, "--size takes a non-zero number of bytes");
	p->size = (uint64_t)(number * unit);
	return 0;
}

int add_layer(struct parser *p, const struct option *o, char **arg)
{
	const char **layer = array_add(&p->layers, &p->layer_count, sizeof(*layer));

	(void)o;
	if (!layer)
		return -1;
	*layer = arg[0];
	return 0;
}

int add_overlay_option(struct parser *p, const struct option *o, char **arg)
{
	char *joined;

	(void)o;
	if (arg[0][0] == '\0')
		return fail(0, "--overlay-opt does not take an empty argument");
	joined = p->overlay_options ? format_text("%s,%s", p->overlay_options, arg[0])
				    : format_text("%s", arg[0]);
	if (!joined)
		return -1;
	free(p->overlay_options);
	p->overlay_options = joined;
	return 0;
}

/* ---- operations ---- */

static bool takes_perms(enum mount_kind kind)
{
	return kind == MOUNT_DIR || kind == MOUNT_FILE || kind == MOUNT_DATA || kind == MOUNT_TMPFS;
}

static void take_modifiers(struct parser *p, struct mount *m)
{
	if (takes_perms(m->kind)) {
		m->perms = p->perms;
		p->perms = -1;
	}
	if (m->kind == MOUNT_TMPFS) {
		m->size = p->size;
		p->size = 0;
	}
}

/* The layers move to the operation; their number was checked. */
static int take_layers(struct parser *p, struct mount *m)
{
	m->layers = p->layers;
	m->layer_count = p->layer_count;
	p->layers = NULL;
	p->layer_count = 0;
	if (p->overlay_options) {
		m->options = sandbox_own(p->sb, p->overlay_options);
		p->overlay_options = NULL;
		if (!m->options)
			return -1;
	}
	return 0;
}

static bool word_is(const char *word, size_t length, const char *name)
{
	return strlen(name) == length && memcmp(word, name, length) == 0;
}

/* Stores one operand where its word in the column args says. */
static int set_operand(struct mount *m, const struct option *o, unsigned number, const char *text)
{
	size_t length;
	const char *word = args_word(o->args, number, &length);

	if (word_is(word, length, "FD"))
		return parse_fd(text, &m->fd);
	if (word_is(word, length, "OCTAL"))
		return parse_perms(o, text, &m->perms);
	if (word_is(word, length, "DEST") || word_is(word, length, "PATH"))
		m->dest = text;
	else if (word_is(word, length, "WORKDIR"))
		m->work = text;
	else /* SRC, RWSRC, TARGET */
		m->source = text;
	return 0;
}

int add_mount(struct parser *p, const struct option *o, char **arg)
{
	struct mount *m;

	if (o->value == MOUNT_RO_OVERLAY && p->layer_count < 2)
		return fail(0, "--ro-overlay requires at least two --overlay-src");
	if ((o->value == MOUNT_OVERLAY || o->value == MOUNT_TMP_OVERLAY) && p->layer_count < 1)
		return fail(0, "--%s requires at least one --overlay-src", o->name);
	m = sandbox_mount(p->sb, (enum mount_kind)o->value, NULL);
	if (!m)
		return -1;
	m->flags = o->flags;
	m->origin = p->origin;
	for (unsigned i = 0; i < args_count(o->args); i++)
		if (set_operand(m, o, i, arg[i]) < 0)
			return -1;
	take_modifiers(p, m);
	if (m->kind == MOUNT_OVERLAY || m->kind == MOUNT_TMP_OVERLAY || m->kind == MOUNT_RO_OVERLAY)
		return take_layers(p, m);
	return 0;
}

/* What it becomes is found out at the start, see try.c. */
int add_try(struct parser *p, const struct option *o, char **arg)
{
	struct mount *m;

	if (arg[0] && !arg[0][0])
		return fail(0, "--%s does not take an empty path argument", o->name);
	m = sandbox_mount(p->sb, MOUNT_OVERLAY, arg[0] ? arg[0] : "/");
	if (!m)
		return -1;
	m->flags = MOUNT_CHANGES;
	m->source = arg[0];
	m->origin = p->origin;
	return 0;
}
