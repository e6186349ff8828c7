/*
 * join.c - --join: a second start of the same application in the sandbox of the first.
 *
 * A browser that is started twice with one home is one browser with two windows; in two sandboxes
 * it would find its home locked. So the second start enters the sandbox of the first, as --enter
 * does, if that has the same name.
 *
 * What must not happen is that somebody asks for a restriction and gets a sandbox without it. So
 * the first one keeps a digest of all that it was asked for, profiles included, and says it to who
 * connects; with another the second start is an error. In the digest is what the words say, not
 * what became of them here: variables of the environment that are let through may differ, as may
 * the command. Options whose meaning is in a descriptor cannot be compared and exclude --join; so
 * do those that are about one run, such as --stats-file.
 *
 * The digest is compared by the one who enters, with the sandbox of his own user. An attacker
 * inside cannot answer in its place: the socket of the name is not in there.
 */
#include "join.h"

#include "control-client.h"
#include "desktop/desktop.h"
#include "registry.h"
#include "sha256.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A text with its end, so that two do not become one; NULL is not the empty text. */
static void add_text(struct sha256 *s, const char *text)
{
	sha256_add(s, text ? "+" : "-", 1);
	if (text)
		sha256_add(s, text, strlen(text) + 1);
}

static void add_number(struct sha256 *s, uint64_t number)
{
	sha256_add(s, &number, sizeof(number));
}

static void add_mount(struct sha256 *s, const struct mount *m)
{
	add_number(s, (uint64_t)m->kind);
	add_number(s, m->flags);
	add_number(s, (uint64_t)m->perms);
	add_number(s, m->size);
	add_text(s, m->source);
	add_text(s, m->dest);
	add_text(s, m->text);
	add_text(s, m->work);
	add_text(s, m->options);
	for (size_t i = 0; i < m->layer_count; i++)
		add_text(s, m->layers[i]);
}

static bool is_relative(const char *path)
{
	return path && path[0] != '/';
}

/* Of profiles, what they say counts, and it is among the others. */
static bool says_nothing(const struct choice *c)
{
	static const char *const names[] = {"quiet", "profile", "no-profile", "set"};

	for (size_t i = 0; i < COUNT(names); i++)
		if (strcmp(c->name, names[i]) == 0)
			return true;
	return false;
}

/* Whether something may mean a path from where the caller is. Operands on the command line are
 * taken for that, whatever they are; those of profiles if they look so. */
static bool depends_on_folder(const struct sandbox *sb)
{
	for (size_t i = 0; i < sb->mount_count; i++)
		if (sb->mounts[i].kind != MOUNT_SYMLINK && is_relative(sb->mounts[i].source))
			return true;
	for (size_t i = 0; i < sb->choice_count; i++) {
		const struct choice *c = &sb->choices[i];

		for (size_t j = 0; !says_nothing(c) && j < COUNT(c->operands); j++)
			if (is_relative(c->operands[j]) &&
			    (c->origin.column == 0 || strchr(c->operands[j], '/')))
				return true;
	}
	return false;
}

static void add_choice(struct sha256 *s, const struct choice *c)
{
	if (says_nothing(c))
		return;
	add_text(s, c->name);
	for (size_t i = 0; i < COUNT(c->operands); i++)
		add_text(s, c->operands[i]);
}

static int digest(struct sandbox *sb)
{
	char *text = sandbox_own(sb, calloc(1, SHA256_HEX));
	autofree char *folder = depends_on_folder(sb) ? getcwd(NULL, 0) : NULL;
	struct sha256 s;

	if (!text)
		return -1;
	sha256_begin(&s);
	for (size_t i = 0; i < sb->choice_count; i++)
		add_choice(&s, &sb->choices[i]);
	for (size_t i = 0; i < sb->mount_count; i++) {
		if (sb->mounts[i].fd >= 0)
			return fail(0, "--join: what a descriptor holds cannot be compared");
		add_mount(&s, &sb->mounts[i]);
	}
	for (size_t i = 0; i < sb->env_count; i++) {
		add_number(&s, (uint64_t)sb->env[i].action);
		add_text(&s, sb->env[i].name);
		add_text(&s, sb->env[i].value);
	}
	add_text(&s, folder);
	sha256_end(&s, text);
	sb->asked = text;
	return 0;
}

static int compare(const struct sandbox *sb)
{
	struct control_client c = CONTROL_CLIENT_NONE;
	autoclose int dir = registry_open(false);
	int result;

	if (dir == -1)
		return -1;
	result = dir < 0 ? 0 : client_open(dir, sb->name, false, &c);
	if (result <= 0)
		return result;
	if (strncmp(c.hello.asked, sb->asked, sizeof(c.hello.asked)) != 0)
		result = fail(0,
			      "the sandbox %s is running, and not with these options: --enter %s "
			      "runs a command in it as it is",
			      sb->name, sb->name);
	client_close(&c);
	return result;
}

static int say(struct sandbox *sb)
{
	struct warning *w = array_add(&sb->warnings, &sb->warning_count, sizeof(*w));
	const char *text = sandbox_own(
		sb, format_text("the command runs in the sandbox %s, which is there already",
				sb->name));

	if (!w || !text)
		return -1;
	*w = (struct warning){.text = text, .note = true};
	return 0;
}

int join_running(struct sandbox *sb)
{
	int result;

	if (!sb->join)
		return 0;
	failure_step("join");
	/* a second call is made when the plan has been added to what was asked for */
	if (!sb->asked && digest(sb) < 0)
		return -1;
	result = compare(sb);
	if (result <= 0)
		return result;
	sb->manage_name = sb->name;
	sb->warning_count = 0; /* they are about a sandbox that is not made */
	return desktop_join(sb) < 0 || say(sb) < 0 ? -1 : 1;
}
