/*
 * profiles.c - profile files: options from a file, one a line, taken before the command line's.
 *
 *   profiles_take      looks for --profile in the words, or for a profile made for the command
 *     read_named       finds NAME in the places, or takes FILE; reads NAME.local after it
 *       read_text      a file, line by line
 *         read_line    include and the other directives, or one option, which parse_option() takes
 *
 * A profile says what the command line could say and nothing else, so its lines go through the same
 * parser; later words win, and those of the command line come last.
 *
 * What an attacker could try: a folder that we are in with a profile in it (a bare NAME is never
 * looked for there), names and folders full of quotes and dashes (a value is one operand, see
 * profiles-words.c), files that include themselves or each other a million times (depth, number and
 * size of files are limited, and words count as those of the command line do), a home directory
 * that is the current folder, so that the "project" of a profile is everything (not-above).
 * Whatever cannot be read or understood ends the program before anything was done. Nothing here
 * opens a file: the reader does (reader.c).
 */
#include "profiles.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FILE_SIZE_MAX (1U << 20)
#define FILES_MAX 256
#define DEPTH_MAX 16

#ifndef ZBOX_PROFILES /* the Makefile knows where they are installed */
#define ZBOX_PROFILES "/usr/local/share/zbox/profiles"
#endif

/* What the command line says of profiles. */
struct profile_request {
	const char **names; /* of --profile; owned */
	size_t count;
	bool none;           /* --no-profile */
	const char *command; /* NULL: there is none */
};

struct text {
	const char *path; /* the sandbox's */
	char *data;
	size_t length;
};

static int read_named(struct parser *p, const char *name, const struct place *from, bool optional);

int fail_at(const struct place *place, int err, const char *format, ...)
{
	char text[FAILURE_TEXT];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!place)
		return fail(err, "%s", text);
	return fail(err, "%s:%u:%u: %s", place->file, place->line, place->column, text);
}

/* Says where the failure on record happened. */
static int blame(const struct place *place)
{
	failure_prefix("%s:%u:%u: ", place->file, place->line, place->column);
	return -1;
}

const char *profile_variable(const struct parser *p, const char *name)
{
	const char *value = NULL;

	for (size_t i = p->set_count; !value && i-- > 0;) {
		const char *set = p->sets[i];
		size_t length = strcspn(set, "=");

		if (strlen(name) == length && strncmp(set, name, length) == 0)
			value = set + length + 1;
	}
	if (!value)
		value = p->reader->variable(p->reader->context, name);
	return value && value[0] ? value : NULL;
}

/* ---- names and files ---- */

bool profile_is_name(const char *name)
{
	if (!isalnum((unsigned char)name[0]))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("._+-", *name))
			return false;
	return true;
}

bool profile_path(const struct options_reader *reader, int number, const char *name,
		  const char *suffix, char path[PATH_MAX])
{
	static const char *const places[] = {
		[PLACE_SYSTEM] = "/etc/zbox/profiles", [PLACE_INSTALLED] = ZBOX_PROFILES};
	int length;

	if (number == PLACE_USER) {
		/* the real one, whatever --set says */
		const char *config = reader->variable(reader->context, "XDG_CONFIG_HOME");

		if (!config)
			return false;
		length = snprintf(path, PATH_MAX, "%s/zbox/profiles/%s%s", config, name, suffix);
	} else {
		length = snprintf(path, PATH_MAX, "%s/%s%s", places[number], name, suffix);
	}
	return length > 0 && length < PATH_MAX;
}

int profile_find(const struct options_reader *reader, const char *name)
{
	char path[PATH_MAX];

	for (int number = PLACES - 1; profile_is_name(name) && number >= 0; number--) {
		int result = profile_path(reader, number, name, PROFILE_SUFFIX, path)
				     ? reader->exists(reader->context, path)
				     : 0;

		if (result < 0)
			return fail(errno, "profile %s", path);
		if (result > 0)
			return 1;
	}
	return 0;
}

/* Returns 1 when the file was read, 0 when there is none, -1 after fail(). */
static int read_file(struct parser *p, const char *path, const struct place *from,
		     struct text *text)
{
	text->data = p->reader->read_file(p->reader->context, path, FILE_SIZE_MAX, &text->length);
	if (!text->data && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (!text->data)
		return fail_at(from, errno, "profile %s", path);
	text->path = sandbox_own(p->sb, format_text("%s", path));
	if (text->path && ++p->profile_files <= FILES_MAX)
		return 1;
	free(text->data);
	text->data = NULL;
	return text->path ? fail_at(from, 0, "more than %d profiles are read", FILES_MAX) : -1;
}

/* ---- what a line says ---- */

static bool holds(const char *folder, const char *path)
{
	size_t length = strlen(folder);

	if (strcmp(folder, "/") == 0)
		return true;
	return strncmp(path, folder, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

/* not-above PATH...: the current folder is neither PATH nor one of those above it. */
static int read_not_above(struct parser *p, struct place *place, const struct profile_line *line)
{
	const char *folder = profile_variable(p, "PWD");
	autofree char *real = folder ? p->reader->real_path(p->reader->context, folder) : NULL;

	if (!real)
		return fail_at(place, 0, "the current folder is not known");
	for (size_t i = 1; i < line->count; i++) {
		autofree char *path = p->reader->real_path(p->reader->context, line->words[i]);

		if (!holds(real, path ? path : line->words[i]))
			continue;
		place->column = line->columns[i];
		return fail_at(place, 0,
			       "not in %s, which holds %s: go to the folder of the project", real,
			       line->words[i]);
	}
	return 0;
}

static int read_include(struct parser *p, struct place *place, const struct profile_line *line)
{
	if (line->count != 2)
		return fail_at(place, 0, "include takes the name of one profile");
	if (parse_pending(p) < 0)
		return blame(place);
	place->column = line->columns[1];
	return read_named(p, line->words[1], place, line->optional);
}

/* for COMMAND...: is_for() reads it. */
static int read_for(struct parser *p, struct place *place, const struct profile_line *line)
{
	(void)p;
	for (size_t i = 1; i < line->count; i++) {
		place->column = line->columns[i];
		if (!profile_is_name(line->words[i]))
			return fail_at(place, 0, "%s is not the name of a command", line->words[i]);
	}
	return line->count > 1 ? 0 : fail_at(place, 0, "for takes the names of commands");
}

static const struct directive {
	const char *name;
	int (*read)(struct parser *, struct place *, const struct profile_line *);
	bool first;    /* has to be the first line */
	bool optional; /* may stand behind ? */
} directives[] = {
	{"--include", read_include, false, true},
	{"--for", read_for, true, false},
	{"--not-above", read_not_above, false, false},
};

/* Whether a line that begins with ? holds: 1, 0, -1 after fail(). Such a line may well be what
 * protects the path, so it is not left out for any reason but that nothing is there. */
static int path_exists(struct parser *p, struct place *place, const struct profile_line *line,
		       const struct option *o, const char *value)
{
	size_t length;
	const char *word;

	for (unsigned i = 0; (word = args_word(o->args, i, &length)) != NULL; i++) {
		const char *path = value ? value : line->words[i + 1];
		int result;

		if (!args_is_path(word, length))
			continue;
		result = p->reader->exists(p->reader->context, path);
		return result < 0 ? fail_at(place, errno, "%s", path) : result;
	}
	return fail_at(place, 0, "? belongs in front of an option that has a path");
}

static int read_option(struct parser *p, struct place *place, struct profile_line *line)
{
	unsigned number;
	char *value = NULL;
	const struct option *o = parse_name(p, line->words[0], &number, &value);
	int result = 1;

	if (o && o->typed)
		return fail_at(place, 0, "--%s belongs on the command line", o->name);
	if (parse_limit(p, line->count) < 0)
		return blame(place);
	/* what is not right is left to parse_option() */
	if (o && line->optional && line->count == (value ? 1 : 1 + args_count(o->args)))
		result = path_exists(p, place, line, o, value);
	if (result <= 0)
		return result;
	p->origin =
		(struct origin){.file = place->file, .at = place->line, .column = place->column};
	result = parse_option(p, line->words, line->count);
	if (result < 0)
		return blame(place);
	if ((size_t)result == line->count)
		return 0;
	place->column = line->columns[result];
	return fail_at(place, 0, "%s is too much for --%s, and a line holds one option",
		       line->words[result], o ? o->name : "");
}

static int read_line(struct parser *p, struct place *place, struct profile_line *line, bool first)
{
	for (size_t i = 0; i < COUNT(directives); i++) {
		const struct directive *d = &directives[i];

		if (strcmp(d->name, line->words[0]) != 0)
			continue;
		if (d->first && !first)
			return fail_at(place, 0, "%s has to be the first line", d->name + 2);
		if (line->optional && !d->optional)
			return fail_at(place, 0, "? has no meaning for %s", d->name + 2);
		return d->read(p, place, line);
	}
	return read_option(p, place, line);
}

/* ---- whole files ---- */

static int read_text(struct parser *p, const struct text *text, const struct place *from)
{
	struct place place = {
		.file = text->path, .from = from, .depth = from ? from->depth + 1 : 0};
	const char *end = text->data + text->length, *next;
	bool outer = p->in_profile;
	bool first = true;
	int result = 0;

	p->in_profile = true;
	for (const char *at = text->data; result == 0 && at < end; at = next + 1) {
		struct profile_line line;
		const char *nul;

		place.line++;
		line.count = 0;
		next = memchr(at, '\n', (size_t)(end - at));
		next = next ? next : end;
		nul = memchr(at, '\0', (size_t)(next - at));
		place.column = nul ? (unsigned)(nul - at) + 1 : 1;
		if (nul)
			result = fail_at(&place, 0, "a NUL byte: this is not a text");
		else
			result = profile_words(p, &place, at, next, &line);
		if (result < 0 || line.count == 0)
			continue;
		result = read_line(p, &place, &line, first);
		first = false;
	}
	if (result == 0 && parse_pending(p) < 0)
		result = blame(&place);
	p->in_profile = outer;
	return result;
}

/* Parses and frees what read_file() read, unless it is being read already. */
static int read_once(struct parser *p, struct text *text, const struct place *from)
{
	const char **name;
	int result = 0;

	for (const struct place *at = from; at && result == 0; at = at->from)
		if (strcmp(at->file, text->path) == 0)
			result = fail_at(from, 0, "include goes round in a loop: %s is being read",
					 text->path);
	if (result == 0 && from && from->depth >= DEPTH_MAX)
		result = fail_at(from, 0, "more than %d profiles include each other", DEPTH_MAX);
	name = result == 0 ? array_add(&p->sb->profiles, &p->sb->profile_count, sizeof(*name))
			   : NULL;
	if (name) {
		*name = text->path;
		result = read_text(p, text, from);
	}
	free(text->data);
	text->data = NULL;
	return name ? result : -1;
}

/* NAME.local is read from beside the profile, then from the places that come before that one. */
static int read_locals(struct parser *p, const char *name, int number, const struct place *from)
{
	for (; number >= 0; number--) {
		char path[PATH_MAX];
		struct text text;
		int result = profile_path(p->reader, number, name, ".local", path)
				     ? read_file(p, path, from, &text)
				     : 0;

		if (result < 0 || (result > 0 && read_once(p, &text, from) < 0))
			return -1;
	}
	return 0;
}

/* FILE, beside the file that includes it unless it begins with /, and FILE's .local. */
static int read_by_path(struct parser *p, const char *name, const struct place *from, bool optional)
{
	const char *slash = from && name[0] != '/' ? strrchr(from->file, '/') : NULL;
	const char *below = slash && strncmp(name, "./", 2) == 0 ? name + 2 : name;
	autofree char *path = format_text("%.*s%s", slash ? (int)(slash - from->file) + 1 : 0,
					  slash ? from->file : "", below);
	autofree char *local = NULL;
	size_t length = path ? strlen(path) : 0;
	struct text text;
	int result = path ? read_file(p, path, from, &text) : -1;

	if (result == 0 && !optional)
		return fail_at(from, ENOENT, "profile %s", path);
	if (result <= 0 || read_once(p, &text, from) < 0)
		return result < 0 || result > 0 ? -1 : 0;
	if (length > 8 && strcmp(path + length - 8, PROFILE_SUFFIX) == 0)
		length -= 8;
	local = format_text("%.*s.local", (int)length, path);
	result = local ? read_file(p, local, from, &text) : -1;
	return result > 0 ? read_once(p, &text, from) : result;
}

static int read_named(struct parser *p, const char *name, const struct place *from, bool optional)
{
	const char *config;

	if (strchr(name, '/'))
		return read_by_path(p, name, from, optional);
	if (!profile_is_name(name))
		return fail_at(from, 0, "\"%s\" is no name of a profile; a file's path has a /",
			       name);
	for (int number = 0; number < PLACES; number++) {
		char path[PATH_MAX];
		struct text text;
		int result = profile_path(p->reader, number, name, PROFILE_SUFFIX, path)
				     ? read_file(p, path, from, &text)
				     : 0;

		if (result < 0)
			return -1;
		if (result > 0)
			return read_once(p, &text, from) < 0 ? -1
							     : read_locals(p, name, number, from);
	}
	if (optional)
		return 0;
	config = p->reader->variable(p->reader->context, "XDG_CONFIG_HOME");
	return fail_at(from, 0, "there is no profile %s in %s%s/etc/zbox/profiles or %s", name,
		       config ? config : "", config ? "/zbox/profiles, " : "", ZBOX_PROFILES);
}

/* ---- a profile made for the command ---- */

/* Whether the first line that says something is "for" with the name among its words. It is read
 * without variables or quotes, so that no error in a profile that is not wanted matters. */
static bool is_for(const char *text, const char *name)
{
	size_t length;

	while (text += strspn(text, " \t\r\n"), *text == '#')
		text += strcspn(text, "\n");
	text += strncmp(text, "--", 2) == 0 ? 2 : 0;
	if (strncmp(text, "for", 3) != 0 || strcspn(text, " \t") != 3)
		return false;
	for (text += 3;; text += length) {
		text += strspn(text, " \t\r");
		length = strcspn(text, " \t\r\n#");
		if (length == 0)
			return false;
		if (length == strlen(name) && strncmp(text, name, length) == 0)
			return true;
	}
}

static int note_profile(struct parser *p, const struct text *text, const char *name)
{
	struct warning *w;
	char *note = format_text("profile %s, which is for %s (--no-profile: without it)",
				 text->path, name);

	if (!note || !sandbox_own(p->sb, note))
		return -1;
	w = array_add(&p->sb->warnings, &p->sb->warning_count, sizeof(*w));
	if (!w)
		return -1;
	w->text = note;
	w->note = true;
	return 0;
}

/* The first place that has COMMAND.profile decides: two system calls where there is none. */
static int read_for_command(struct parser *p, const char *command)
{
	const char *slash = strrchr(command, '/'), *name = slash ? slash + 1 : command;

	for (int number = PLACE_SYSTEM; profile_is_name(name) && number < PLACES; number++) {
		char path[PATH_MAX];
		struct text text;
		int result = profile_path(p->reader, number, name, PROFILE_SUFFIX, path)
				     ? read_file(p, path, NULL, &text)
				     : 0;

		if (result < 0)
			return -1;
		if (result == 0)
			continue;
		if (!is_for(text.data, name)) {
			free(text.data);
			return 0;
		}
		if (note_profile(p, &text, name) < 0) {
			free(text.data);
			return -1;
		}
		return read_once(p, &text, NULL) < 0 ? -1 : read_locals(p, name, number, NULL);
	}
	return 0;
}

/* ---- the command line, before it is parsed ---- */

static int note_set(struct parser *p, const char *text)
{
	size_t length =
		strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
	const char **set;

	if (length == 0 || text[length] != '=' || isdigit((unsigned char)text[0]))
		return fail(0, "--set takes NAME=VALUE, not %s", text);
	set = array_add(&p->sets, &p->set_count, sizeof(*set));
	if (!set)
		return -1;
	*set = text;
	return 0;
}

/* What the words say of profiles. Returns 1, 0 when the words are wrong or ask for a page, so that
 * no profile matters, -1 after fail(). */
static int scan(struct parser *p, char **words, size_t count, struct profile_request *request)
{
	size_t i = 0;

	while (i < count && words[i][0] == '-' && strcmp(words[i], "--") != 0) {
		unsigned number;
		char *value = NULL;
		const struct option *o = parse_name(p, words[i], &number, &value);
		size_t operands = o && !value ? args_count(o->args) : 0;
		const char *operand = value ? value : words[i + 1];

		if (!o || count - i <= operands || o->apply == show_page ||
		    o->apply == explain_call || o->apply == manage_sandbox)
			return 0;
		if (o->apply == take_profile) {
			const char **name =
				array_add(&request->names, &request->count, sizeof(*name));

			if (!name)
				return -1;
			*name = operand;
		} else if (o->apply == take_set && note_set(p, operand) < 0) {
			return -1;
		} else if (o->apply == take_no_profile) {
			request->none = true;
		}
		i += 1 + operands;
	}
	i += i < count && words[i][0] == '-';
	request->command = i < count ? words[i] : NULL;
	return 1;
}

int profiles_take(struct parser *p, char **words, size_t count)
{
	struct profile_request request = {0};
	int result = scan(p, words, count, &request);

	p->no_profiles = result == 0;
	for (size_t i = 0; result > 0 && i < request.count; i++)
		if (read_named(p, request.names[i], NULL, false) < 0)
			result = -1;
	if (result > 0 && request.count == 0 && !request.none && request.command)
		result = read_for_command(p, request.command);
	free(request.names);
	return result < 0 ? -1 : 0;
}
