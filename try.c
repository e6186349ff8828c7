/*
 * try.c - --try: changes that are looked at before they reach the host.
 *
 *   try_prepare   each --try becomes operations on the new root (try-places.c), their upper
 *                 directories are made
 *   (the command runs)
 *   try_finish    the list; on a terminal the question; applied, kept or thrown away
 *   try_page      the same later, for what was kept
 *
 * What an attacker would try inside: to answer the question himself (his terminal is not the
 * caller's, and what was typed before the question is thrown away), to write a name that looks like
 * an answer or moves the cursor (names are escaped), to get at the directory of the changes (it is
 * refused below anything that is put in writable; through an overlay he only writes a copy, and the
 * directory itself is left out of the list), to leave a process behind that goes on writing (PID 1
 * has ended, and with it all of them).
 */
#include "try.h"

#include "report.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* ---- before ---- */

static bool is_within(const char *path, const char *dir)
{
	size_t length = strcmp(dir, "/") == 0 ? 0 : strlen(dir);

	return strncmp(path, dir, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* The upper directories themselves are not to be in reach of the command. */
static int require_apart(const struct sandbox *sb, const struct store *s)
{
	for (size_t i = 0; i < sb->mount_count; i++) {
		const struct mount *m = &sb->mounts[i];
		autofree char *path = NULL;
		char link[FD_PATH];

		if ((m->kind != MOUNT_BIND && m->kind != MOUNT_BIND_FD) ||
		    (m->flags & MOUNT_READONLY))
			continue;
		path = realpath(m->kind == MOUNT_BIND ? m->source : fd_path(link, m->fd), NULL);
		if (path && (is_within(s->path, path) || is_within(path, s->path)))
			return fail(
				0,
				"the changes in %s would be in reach of the command, by what is "
				"on %s: name another directory with --try-keep",
				s->path, m->dest);
	}
	return 0;
}

static bool is_try(const struct mount *m)
{
	return m->kind == MOUNT_OVERLAY && (m->flags & MOUNT_CHANGES);
}

static int expand_all(struct sandbox *sb, struct store *s, struct mount *old, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct mount *m;

		if (is_try(&old[i])) {
			if (try_expand(sb, s, &old[i]) < 0)
				return -1;
			continue;
		}
		m = sandbox_mount(sb, old[i].kind, old[i].dest);
		if (!m)
			return -1;
		*m = old[i];
		old[i].layers = NULL; /* they have moved */
	}
	return 0;
}

int try_prepare(struct sandbox *sb, struct store *s)
{
	bool explains = sb->print != PRINT_NOTHING, found = false;
	struct mount *old = sb->mounts;
	size_t count = sb->mount_count;
	int result;

	for (size_t i = 0; i < count; i++)
		found |= is_try(&old[i]);
	if (!found)
		return 0;
	if (!explains && store_make(s, sb->try_keep) < 0)
		return -1;
	sb->mounts = NULL;
	sb->mount_count = 0;
	result = expand_all(sb, s, old, count);
	for (size_t i = 0; i < count; i++)
		free(old[i].layers);
	free(old);
	if (result < 0)
		return -1;
	if (explains) {
		s->root_count = 0;
		return 0;
	}
	return require_apart(sb, s) < 0 ? -1 : store_begin(s);
}

/* ---- what is said ---- */

/* A page that is put together first, so that it goes out in one piece. */
struct page_text {
	FILE *out;
	char *text;
	size_t length;
};

static int text_open(struct page_text *p)
{
	p->text = NULL;
	p->out = open_memstream(&p->text, &p->length);
	return p->out ? 0 : fail(0, "out of memory");
}

static int text_send(struct page_text *p, int fd)
{
	int result = 0;

	if (fclose(p->out) != 0)
		result = fail(0, "out of memory");
	else if (write_fd(fd, p->text, p->length) < 0)
		result = fail(errno, "the list of changes");
	free(p->text);
	return result;
}

static int send_list(const struct sandbox *sb, const struct store *s, const struct changes *list,
		     int fd, bool diff)
{
	struct page_text p;
	int result = 0;

	if (text_open(&p) < 0)
		return -1;
	if (sb->json)
		changes_print_json(p.out, s, list);
	else
		changes_print(p.out, s, list);
	if (diff)
		result = changes_print_diff(p.out, s, list);
	return text_send(&p, fd) < 0 ? -1 : result;
}

static void say(const struct sandbox *sb, const char *format, const char *path)
{
	struct page_text p;

	if (sb->quiet || text_open(&p) < 0)
		return;
	(void)fputs("zbox: ", p.out);
	for (; *format; format++) {
		if (*format == '@')
			text_print(p.out, path);
		else
			(void)fputc(*format, p.out);
	}
	(void)fputc('\n', p.out);
	(void)!text_send(&p, STDERR_FILENO); /* nobody listens */
}

static void say_kept(const struct sandbox *sb, const struct store *s)
{
	say(sb, "the changes are in @ (zbox --changes, --apply or --discard that directory)",
	    s->path);
}

/* ---- applying ---- */

struct refusals {
	const struct sandbox *sb;
	const struct store *s;
};

static void tell_refused(void *context, const struct change *c, const char *why)
{
	const struct refusals *r = context;
	autofree char *path = change_path(r->s, c);
	autofree char *text = path ? format_text("not applied: %s: %s", path, why) : NULL;

	if (text)
		report_warning(r->sb, text);
}

/* Returns 0, 1 when something could not be applied, or -1 after fail(). */
static int apply(const struct sandbox *sb, struct store *s, const struct changes *list)
{
	struct refusals r = {sb, s};
	ssize_t refused = changes_apply(s, list, tell_refused, &r);

	if (refused < 0) {
		say_kept(sb, s);
		return -1;
	}
	if (refused == 0)
		return store_discard(s);
	say_kept(sb, s);
	return 1;
}

/* ---- the question ---- */

/* One line of the terminal; its first letter. '\0' at its end. */
static char read_answer(void)
{
	char first = '\0', byte;
	bool begun = false;

	for (;;) {
		ssize_t got = read(STDIN_FILENO, &byte, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return '\0';
		if (byte == '\n' && !begun)
			return '?';
		if (byte == '\n')
			return first;
		if (!begun) {
			first = byte;
			begun = true;
		}
	}
}

static int ask(const struct sandbox *sb, struct store *s, const struct changes *list)
{
	static const char question[] = "Apply these changes? y: yes, n: no, throw them away, d: "
				       "show the diff, k: keep them ";

	for (;;) {
		/* what was typed for the command is no answer */
		(void)tcflush(STDIN_FILENO, TCIFLUSH);
		if (write_fd(STDERR_FILENO, question, sizeof(question) - 1) < 0)
			return fail(errno, "the question");
		switch (read_answer()) {
		case 'y':
			return apply(sb, s, list);
		case 'n':
			return store_discard(s);
		case 'd':
			if (send_list(sb, s, list, STDERR_FILENO, true) < 0)
				return -1;
			break;
		case 'k':
		case '\0':
			say_kept(sb, s);
			return 0;
		default:
			break;
		}
	}
}

static int show_and_ask(const struct sandbox *sb, struct store *s, const struct changes *list)
{
	if (sb->try_keep) {
		say_kept(sb, s);
		return 0;
	}
	if (list->told == 0)
		return store_discard(s);
	if (send_list(sb, s, list, STDERR_FILENO, sb->try_diff) < 0)
		return -1;
	if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO))
		return ask(sb, s, list);
	say_kept(sb, s);
	return 0;
}

int try_finish(const struct sandbox *sb, struct store *s, bool ran)
{
	struct changes list = {0};
	int result;

	if (s->fd < 0)
		return 0;
	if (!ran)
		return s->made ? store_discard(s) : 0;
	result = changes_find(s, &list);
	if (result == 0)
		result = show_and_ask(sb, s, &list);
	else
		say_kept(sb, s);
	changes_free(&list);
	return result;
}

/* --apply or --discard was killed while it removed what was done with: that is gone on with. */
static int end_again(const struct sandbox *sb, struct store *s)
{
	if (sb->print == PRINT_CHANGES)
		return fail(0,
			    "%s: its changes were applied or discarded already; --discard removes "
			    "what is left of it",
			    s->path);
	say(sb, "the changes in @ were applied or discarded already; the rest is removed", s->path);
	return store_discard(s);
}

int try_page(const struct sandbox *sb)
{
	struct store s = STORE_NONE;
	struct changes list = {0};
	int result;

	if (sb->command)
		return fail(0, "%s is no option", sb->command[0]);
	result = store_open(&s, sb->print_arg);
	if (result == 0 && s.ended) {
		result = end_again(sb, &s);
		store_free(&s);
		return result;
	}
	if (result == 0 && sb->print == PRINT_DISCARD)
		result = store_discard(&s);
	else if (result == 0)
		result = changes_find(&s, &list);
	if (result == 0 && sb->print == PRINT_CHANGES)
		result = send_list(sb, &s, &list, STDOUT_FILENO, sb->try_diff);
	if (result == 0 && sb->print == PRINT_APPLY)
		result = apply(sb, &s, &list);
	changes_free(&list);
	store_free(&s);
	return result;
}
