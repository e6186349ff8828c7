/*
 * seccomp-parse.c - the text of a profile -> struct profile.
 *
 *   profile NAME              the name, which has to be the file's
 *   arch native [i386]        machines with rules of their own; i386 needs "override"
 *   foreign kill|ERRNO        the answer for every other machine
 *   default allow|kill|log|notify|ERRNO    for a call that no line names
 *   newer ERRNO|...           for a number that has no call, or a later kernel's
 *   include NAME              paste a profile that ships, or a file where NAME holds a '/'
 *   group @NAME CALL...       define a group; further lines add to it
 *   [override] allow|log|notify CALL... [if CONDITION]
 *   kill CALL... [if CONDITION]
 *   errno ERRNO CALL... [if CONDITION]
 *   CONDITION: aN:32|aN:64 [& MASK] ==|!=|in VALUE, ... [and CONDITION]
 *
 * One statement a line, # begins a comment. A profile may be hostile text: it is bounded (1 MiB, 8
 * includes deep), every name is looked up and every error has its place. What a line means is in
 * seccomp-rules.c.
 */
#include "seccomp-words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* from: the line that includes the file, NULL for the outermost. */
static int parse_file(struct parser *parser, const struct reader *from, const char *name,
		      const char *text, size_t length);

/* default, foreign, newer: the last one said holds, but a file says it once. */
static int parse_setting(struct reader *r, struct setting *setting)
{
	struct place place = word_place(r);
	uint32_t answer;

	if (setting->place.file == r->file)
		return fail(0, "%s:%u:%u: said before, in line %u", place.file, place.line,
			    place.column, setting->place.line);
	word_advance(r);
	if (word_answer(r, &answer) < 0 || word_end(r) < 0)
		return -1;
	setting->answer = answer;
	setting->place = place;
	return 0;
}

static int parse_default(struct reader *r)
{
	return parse_setting(r, &r->parser->p->fallback);
}

static int parse_newer(struct reader *r)
{
	return parse_setting(r, &r->parser->p->newer);
}

static int parse_foreign(struct reader *r)
{
	struct setting foreign = r->parser->p->foreign;

	if (parse_setting(r, &foreign) < 0)
		return -1;
	if (answer_allows(foreign.answer))
		return fail(0,
			    "%s:%u:%u: another machine's calls have other numbers: they cannot be "
			    "allowed unseen",
			    foreign.place.file, foreign.place.line, foreign.place.column);
	r->parser->p->foreign = foreign;
	return 0;
}

static int parse_group(struct reader *r)
{
	struct parser *parser = r->parser;
	struct group *group;

	word_advance(r);
	if (!r->word || *r->word != '@' || r->length < 2 || r->length >= sizeof(group->name))
		return word_wrong(r, "expected the name of a group, @NAME");
	group = group_find(parser, r->word, r->length);
	if (group && group->place.file != r->file)
		return word_wrong(r, "expected a group that no other file defines");
	if (!group) {
		group = array_add(&parser->groups, &parser->group_count, sizeof(*group));
		if (!group || word_copy(r, group->name, sizeof(group->name)) < 0)
			return -1;
		group->place = word_place(r);
	}
	word_advance(r);
	if (word_calls(r, group->calls) < 0)
		return -1;
	return word_end(r);
}

/* ---- conditions ---- */

static int keep_value(struct profile *p, struct term *t, uint64_t value)
{
	uint64_t *slot = array_add(&p->values, &p->value_count, sizeof(*slot));

	if (!slot)
		return -1;
	*slot = value;
	t->values++;
	return 0;
}

/* aN:32 or aN:64, checked against what every one of the calls has there. */
static int parse_argument(struct reader *r, const bool calls[SECCOMP_CALLS], struct term *t)
{
	const struct reader start = *r;

	if (!r->word || r->length != 2 || r->word[0] != 'a' || r->word[1] < '0' || r->word[1] > '5')
		return word_wrong(r, "expected an argument, a0 to a5");
	t->arg = (unsigned char)(r->word[1] - '0');
	word_advance(r);
	if (!word_accept(r, ":") || (!word_is(r, "32") && !word_is(r, "64")))
		return word_wrong(r, "expected a width, :32 or :64");
	t->bits = word_is(r, "32") ? 32 : 64;
	word_advance(r);
	for (size_t i = 0; i < SECCOMP_CALLS; i++) {
		const struct seccomp_call *call = &seccomp_calls[i];

		if (!calls[i])
			continue;
		if (strlen(call->args) <= t->arg)
			return word_wrong(&start,
					  "expected an argument that all of the calls have");
		if (call->args[t->arg] == 'p')
			return word_wrong(&start,
					  "expected an argument that is no pointer (what it "
					  "points to can change after the test)");
		if (call->args[t->arg] == 'i' && t->bits == 64)
			return word_wrong(&start,
					  "expected :32 (the kernel ignores the upper half)");
	}
	return 0;
}

static int parse_operator(struct reader *r, struct term *t, bool *list)
{
	if (t->bits == 64 && word_is(r, "in"))
		return word_wrong(r, "expected == or != (sets are for :32)");
	*list = !word_is(r, "==");
	t->op = word_is(r, "!=") ? TERM_NOT_IN : TERM_IN;
	if (!word_accept(r, "==") && !word_accept(r, "!=") && !word_accept(r, "in"))
		return word_wrong(r, "expected ==, != or in");
	return 0;
}

static int parse_values(struct reader *r, struct term *t, bool list)
{
	struct profile *p = r->parser->p;

	t->value = p->value_count;
	do {
		const struct reader start = *r;
		uint64_t value;

		if (word_value(r, t->bits, &value) < 0)
			return -1;
		if (value & ~t->mask)
			return word_wrong(&start, "expected a value within the mask");
		for (size_t i = 0; i < t->values; i++)
			if (p->values[t->value + i] == value)
				return word_wrong(&start,
						  "expected a value that is not there already");
		if (keep_value(p, t, value) < 0)
			return -1;
	} while (list && word_accept(r, ","));
	return 0;
}

static int parse_term(struct reader *r, const bool calls[SECCOMP_CALLS])
{
	struct profile *p = r->parser->p;
	struct term t = {.mask = UINT64_MAX}, *slot;
	bool list = false;

	if (parse_argument(r, calls, &t) < 0)
		return -1;
	if (t.bits == 32)
		t.mask = UINT32_MAX;
	if (word_accept(r, "&")) {
		if (word_value(r, t.bits, &t.mask) < 0)
			return -1;
		if (t.mask == 0)
			return word_wrong(r, "expected a mask that is not 0 in front");
	}
	if (parse_operator(r, &t, &list) < 0 || parse_values(r, &t, list) < 0)
		return -1;
	slot = array_add(&p->terms, &p->term_count, sizeof(*slot));
	if (!slot)
		return -1;
	*slot = t;
	return 0;
}

/* ---- lines that answer ---- */

/* "override" has to lift something, so that reviews can trust the word. */
static int check_override(const struct reader *r, const struct rule *rule,
			  const bool calls[SECCOMP_CALLS])
{
	const struct place *at = &rule->place;

	if (!rule->lifts)
		return 0;
	if (!answer_allows(rule->answer) || r->parser->floor)
		return fail(0, "%s:%u:%u: \"override\" is for lines that allow", at->file, at->line,
			    at->column);
	for (size_t i = 0; i < SECCOMP_CALLS; i++)
		if (calls[i] &&
		    (r->parser->p->calls[i].barred || r->parser->p->calls[i].floor_count > 0))
			return 0;
	return fail(0, "%s:%u:%u: the floor does not refuse any of these: no \"override\"",
		    at->file, at->line, at->column);
}

/* The text from there to the line's end or its comment, for people. NULL after fail(). */
static char *copy_condition(const struct reader *r, const char *from)
{
	const char *comment = memchr(from, '#', (size_t)(r->end - from));
	const char *end = comment ? comment : r->end;

	while (end > from && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	while (from < end && (*from == ' ' || *from == '\t'))
		from++;
	return format_text("%.*s", (int)(end - from), from);
}

/* Keeps the rule, takes its condition's text, and says it about the calls. */
static int say_rule(struct profile *p, const struct rule *rule, const bool calls[SECCOMP_CALLS])
{
	struct rule *slot = array_add(&p->rules, &p->rule_count, sizeof(*slot));

	if (!slot) {
		free(rule->condition);
		return -1;
	}
	*slot = *rule;
	for (size_t i = 0; i < SECCOMP_CALLS; i++)
		if (calls[i] && profile_say(p, (int)i, p->rule_count - 1) < 0)
			return -1;
	return 0;
}

static int parse_rest(struct reader *r, struct rule rule)
{
	struct profile *p = r->parser->p;
	bool calls[SECCOMP_CALLS] = {false};
	const char *condition = NULL;

	if (word_calls(r, calls) < 0)
		return -1;
	rule.term = p->term_count;
	if (word_is(r, "if")) {
		condition = r->next;
		do {
			word_advance(r);
			if (parse_term(r, calls) < 0)
				return -1;
		} while (word_is(r, "and"));
	}
	rule.terms = p->term_count - rule.term;
	if (word_end(r) < 0 || check_override(r, &rule, calls) < 0)
		return -1;
	if (condition && !(rule.condition = copy_condition(r, condition)))
		return -1;
	return say_rule(p, &rule, calls);
}

static int parse_rule(struct reader *r)
{
	struct rule rule = {
		.place = word_place(r),
		.lifts = r->override,
		.unbars = r->override,
		.floor = r->parser->floor,
	};

	if (word_is(r, "errno")) {
		word_advance(r);
		if (word_errno(r, &rule.answer) < 0)
			return -1;
	} else if (word_answer(r, &rule.answer) < 0) {
		return -1;
	}
	if (rule.floor && answer_allows(rule.answer))
		return fail(0, "%s:%u:%u: the floor only refuses", rule.place.file, rule.place.line,
			    rule.place.column);
	return parse_rest(r, rule);
}

/* ---- other statements ---- */

/* The file's name without its directory and ".seccomp". */
static bool is_named(const char *file, const char *name)
{
	const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
	size_t length = strlen(base), suffix = strlen(".seccomp");

	if (length > suffix && strcmp(base + length - suffix, ".seccomp") == 0)
		length -= suffix;
	return strlen(name) == length && memcmp(base, name, length) == 0;
}

static int parse_profile(struct reader *r)
{
	char name[sizeof(r->parser->p->name)];

	if (r->named)
		return word_wrong(r, "expected one line with the profile's name");
	word_advance(r);
	if (word_copy(r, name, sizeof(name)) < 0 || !is_named(r->file, name))
		return word_wrong(r, "expected the name of the file, without .seccomp");
	if (r->parser->depth == 1 && !r->parser->floor)
		memcpy(r->parser->p->name, name, sizeof(name));
	r->named = true;
	word_advance(r);
	return word_end(r);
}

static int parse_arch(struct reader *r)
{
	bool i386 = false;

	word_advance(r);
	if (!word_accept(r, "native"))
		return word_wrong(r, "expected native");
	if (word_is(r, "i386")) {
		if (!r->override)
			return word_wrong(r,
					  "expected \"override\" in front: the floor refuses other "
					  "machines' calls");
		i386 = true;
		word_advance(r);
	}
	if (word_end(r) < 0)
		return -1;
	r->parser->p->i386 = i386;
	return 0;
}

/* Reads a file that an including file names; a relative name is relative to that file. */
static int include_file(struct reader *r, const char *name)
{
	const char *slash = strrchr(r->file, '/');
	int directory = name[0] != '/' && slash ? (int)(slash + 1 - r->file) : 0;
	/* without "./", so that a file that includes itself has the same name again */
	const char *plain = strncmp(name, "./", 2) == 0 ? name + 2 : name;
	autofree char *path = format_text("%.*s%s", directory, r->file, plain);
	autoclose int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : -1;
	autofree char *text = NULL;
	size_t length;

	if (!path)
		return -1;
	if (fd >= 0)
		text = read_fd(fd, TEXT_LIMIT, &length);
	if (!text)
		return fail(errno, "%s:%u:%u: %s", r->file, r->line, word_place(r).column, path);
	return parse_file(r->parser, r, path, text, length);
}

static int include_shipped(struct reader *r, const char *name)
{
	const char *text = r->parser->library(name);
	autofree char *file = format_text("%s.seccomp", name);

	if (!file)
		return -1;
	if (!text || strcmp(name, "floor") == 0 || strcmp(name, "none") == 0)
		return word_wrong(r, "expected the name of a profile that ships, or a file with a "
				     "/ in its name");
	/* whoever includes a profile has the groups already, and may say so again */
	if (strcmp(name, "groups") == 0) {
		if (r->parser->groups_read)
			return 0;
		r->parser->groups_read = true;
	}
	return parse_file(r->parser, r, file, text, strlen(text));
}

static int parse_include(struct reader *r)
{
	char name[256];

	word_advance(r);
	if (word_copy(r, name, sizeof(name)) < 0)
		return word_wrong(r, "expected the name of a profile or a file");
	/* what ships reads no files: it has to mean the same everywhere */
	if (strchr(name, '/') && !strchr(r->file, '/'))
		return word_wrong(r, "expected the name of a profile that ships");
	if ((strchr(name, '/') ? include_file(r, name) : include_shipped(r, name)) < 0)
		return -1;
	word_advance(r);
	return word_end(r);
}

static const struct statement {
	const char *name;
	int (*parse)(struct reader *);
	bool override; /* may be in front */
} statements[] = {
	{"profile", parse_profile, false}, {"arch", parse_arch, true},
	{"foreign", parse_foreign, false}, {"default", parse_default, false},
	{"newer", parse_newer, false},     {"include", parse_include, false},
	{"group", parse_group, false},     {"allow", parse_rule, true},
	{"errno", parse_rule, false},      {"kill", parse_rule, false},
	{"log", parse_rule, true},         {"notify", parse_rule, true},
};

static int parse_line(struct reader *r)
{
	word_advance(r);
	r->override = word_accept(r, "override");
	if (!r->word && !r->override)
		return 0;
	for (size_t i = 0; i < COUNT(statements); i++) {
		if (!word_is(r, statements[i].name))
			continue;
		if (r->override && !statements[i].override)
			break;
		return statements[i].parse(r);
	}
	return word_wrong(
		r, r->override ? "expected allow, log, notify or arch behind override"
			       : "expected a statement (profile, arch, foreign, default, newer, "
				 "include, group, allow, errno, kill, log, notify)");
}

static int parse_lines(struct reader *r, const char *text, size_t length)
{
	const char *end = text + length;

	for (r->next = text; r->next < end; r->next = r->end + 1) {
		const char *newline = memchr(r->next, '\n', (size_t)(end - r->next));

		r->line_start = r->next;
		r->end = newline ? newline : end;
		r->line++;
		if (parse_line(r) < 0)
			return -1;
	}
	return 0;
}

static int check_depth(const struct parser *parser, const struct reader *from, const char *file)
{
	if (!from)
		return 0;
	for (size_t i = 0; i < parser->depth; i++)
		if (parser->files[i] == file)
			return word_wrong(from, "expected a file that this one is not part of");
	if (parser->depth == DEPTH)
		return word_wrong(from, "expected files that include others at most 7 deep");
	return 0;
}

static int parse_file(struct parser *parser, const struct reader *from, const char *name,
		      const char *text, size_t length)
{
	struct reader r = {.parser = parser, .file = profile_file(parser->p, name)};

	if (!r.file || check_depth(parser, from, r.file) < 0)
		return -1;
	parser->files[parser->depth++] = r.file;
	if (parser->depth == 1 && !parser->floor && !parser->included)
		parser->p->file = r.file;
	if (parse_lines(&r, text, length) < 0)
		return -1;
	if (parser->depth == 1 && !parser->included && !r.named)
		return fail(0, "%s:1:1: expected a line \"profile NAME\"", name);
	parser->depth--;
	return 0;
}

static int parse_whole(struct profile *p, const char *name, const char *text, size_t length,
		       seccomp_library *library, bool floor)
{
	struct parser parser = {.p = p, .library = library, .floor = floor};
	int result = parse_file(&parser, NULL, name, text, length);

	free(parser.groups);
	return result;
}

int seccomp_parse_floor(struct profile *p, seccomp_library *library)
{
	const char *floor = library("floor");

	if (!floor)
		return fail(0, "seccomp: the floor is missing");
	return parse_whole(p, "floor.seccomp", floor, strlen(floor), library, true);
}

int seccomp_parse(struct profile *p, const char *name, const char *text, size_t length,
		  seccomp_library *library)
{
	char shown_name[80];

	if (seccomp_parse_floor(p, library) < 0)
		return -1;
	if (strchr(name, '/'))
		return parse_whole(p, name, text, length, library, false);
	(void)snprintf(shown_name, sizeof(shown_name), "%s.seccomp", name);
	return parse_whole(p, shown_name, text, length, library, false);
}

/* ---- changes of the command line ---- */

/* The calls that "CALL" or "@GROUP" names. */
static int find_calls(struct parser *parser, const char *option, const char *name, size_t length,
		      bool calls[SECCOMP_CALLS])
{
	int call = seccomp_call_find(name, length);
	const char *groups = parser->library("groups");
	const struct group *group;

	if (call >= 0) {
		calls[call] = true;
		return 0;
	}
	if (*name == '@' && groups &&
	    parse_file(parser, NULL, "groups.seccomp", groups, strlen(groups)) < 0)
		return -1;
	group = group_find(parser, name, length);
	if (!group)
		return fail(0, "%s %.*s: there is no such system call or group", option,
			    (int)length, name);
	memcpy(calls, group->calls, sizeof(group->calls));
	return 0;
}

int seccomp_parse_change(struct profile *p, bool allow, const char *text, seccomp_library *library)
{
	const char *option = allow ? "--seccomp-allow" : "--seccomp-deny";
	const char *equal = allow ? NULL : strchr(text, '=');
	struct rule rule = {.answer = SECCOMP_RET_ALLOW, .unbars = true};
	struct parser parser = {.p = p, .library = library, .included = true};
	bool calls[SECCOMP_CALLS] = {false};
	uint64_t number = EPERM;
	int result;

	rule.place.file = profile_file(p, option);
	if (!rule.place.file)
		return -1;
	if (equal) {
		number = (uint64_t)seccomp_errno(equal + 1, strlen(equal + 1));
		if (number == 0 &&
		    (!seccomp_value(equal + 1, strlen(equal + 1), &number) || number - 1 >= 4095))
			return fail(0, "%s %s: there is no such errno", option, text);
	}
	if (!allow)
		rule.answer = SECCOMP_RET_ERRNO | (uint32_t)number;
	result = find_calls(&parser, option, text, equal ? (size_t)(equal - text) : strlen(text),
			    calls);
	free(parser.groups);
	return result < 0 ? -1 : say_rule(p, &rule, calls);
}
