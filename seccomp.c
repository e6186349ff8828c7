/*
 * seccomp.c - which program the command runs under: one that ships, or one made now.
 *
 * What ships was compiled when zbox was built; choosing it costs a comparison of names. A file, or
 * --seccomp-allow and --seccomp-deny on top of a profile, is compiled here, outside of the sandbox
 * and before anything in it runs. Nothing compiled is kept for the next time: the place to keep it
 * would be one that a command could write to.
 */
#include "seccomp.h"

#include "seccomp-rules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { TEXT_LIMIT = 1 << 20 };

#if defined(__x86_64__) && !defined(__ILP32__)
#include "seccomp-profiles/generated/x86_64.h"
#define PROGRAMS programs_x86_64
#elif defined(__aarch64__) && !defined(__ILP32__)
#include "seccomp-profiles/generated/arm64.h"
#define PROGRAMS programs_arm64
#else
/* another machine: no profile, so that zbox refuses to start unless told to do without */
static const struct seccomp_builtin no_programs[] = {{.name = "none"}};
#define PROGRAMS no_programs
#endif

static const struct text {
	const char *name, *text;
} texts[] = {
#include "seccomp-profiles/generated/texts.h"
};

const struct seccomp_builtin *seccomp_find(const char *name)
{
	for (size_t i = 0; i < COUNT(PROGRAMS); i++)
		if (strcmp(PROGRAMS[i].name, name) == 0)
			return &PROGRAMS[i];
	return NULL;
}

static const char *library(const char *name)
{
	for (size_t i = 0; i < COUNT(texts); i++)
		if (strcmp(texts[i].name, name) == 0)
			return texts[i].text;
	return NULL;
}

/* The name of the profile, with the personality's default. */
static const char *profile_name(const struct sandbox *sb)
{
	if (sb->seccomp_profile)
		return sb->seccomp_profile;
	return sb->personality == PERSONALITY_BWRAP ? "none" : "strict";
}

/* What the command holds, as far as the command line says. */
static uint64_t find_caps(const struct sandbox *sb)
{
	uint64_t caps = 0;

	for (size_t i = 0; i < sb->cap_count; i++) {
		const struct cap_change *c = &sb->caps[i];
		uint64_t bits = c->cap < 0 ? UINT64_MAX : (uint64_t)1 << c->cap;

		caps = c->add ? caps | bits : caps & ~bits;
	}
	return caps;
}

static int import_file(struct profile *p, const struct sandbox *sb, const char *path,
		       const char *text, size_t length)
{
	struct seccomp_host host = {.caps = find_caps(sb)};
	int machine = machine_native();
	struct utsname kernel;

	if (machine < 0)
		return fail(0, "seccomp: there are no profiles for this machine");
	host.machine = (enum machine)machine;
	if (uname(&kernel) < 0 || sscanf(kernel.release, "%5u.%5u", &host.kernel, &host.minor) != 2)
		return fail(0, "seccomp: the kernel does not say its version");
	return seccomp_import(p, path, text, length, &host, library);
}

/* JSON begins with a brace, a profile never does. */
static bool is_json(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '{';
}

static int read_file(struct profile *p, const struct sandbox *sb, const char *path)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	autofree char *text = NULL;
	size_t length;

	if (fd >= 0)
		text = read_fd(fd, TEXT_LIMIT, &length);
	if (!text)
		return fail(errno, "seccomp profile %s", path);
	if (is_json(text))
		return import_file(p, sb, path, text, length);
	return seccomp_parse(p, path, text, length, library);
}

/* Reads the profile of that name or path into p. */
static int read_profile(struct profile *p, const struct sandbox *sb, const char *name)
{
	const char *text;

	if (strchr(name, '/'))
		return read_file(p, sb, name);
	text = seccomp_find(name) ? library(name) : NULL;
	if (!text)
		return fail(0, "seccomp profile %s: none of that name (a file has a / in its name)",
			    name);
	return seccomp_parse(p, name, text, strlen(text), library);
}

static int read_changes(struct profile *p, const struct sandbox *sb)
{
	for (size_t i = 0; i < sb->seccomp_change_count; i++)
		if (seccomp_parse_change(p, sb->seccomp_changes[i].allow,
					 sb->seccomp_changes[i].text, library) < 0)
			return -1;
	return 0;
}

/* The profile with the changes on top, checked. */
static int read_all(struct profile *p, const struct sandbox *sb, const char *name)
{
	if (read_profile(p, sb, name) < 0 || read_changes(p, sb) < 0)
		return -1;
	return seccomp_check_dead(p);
}

/* A new profile, read and checked, NULL after fail(). The caller frees it with drop_profile(). */
static struct profile *new_profile(const struct sandbox *sb, const char *name)
{
	struct profile *p = calloc(1, sizeof(*p));

	if (!p) {
		(void)fail(0, "out of memory");
		return NULL;
	}
	profile_init(p);
	if (read_all(p, sb, name) == 0)
		return p;
	profile_free(p);
	free(p);
	return NULL;
}

static void drop_profile(struct profile **p)
{
	if (*p)
		profile_free(*p);
	free(*p);
}

#define autodrop __attribute__((cleanup(drop_profile)))

/* The machine that programs are for, as an int, or -1 after fail(). */
static int find_machine(void)
{
	int machine = machine_native();

	return machine < 0 ? fail(0, "seccomp: there are no profiles for this machine") : machine;
}

static int refuse_none(const struct sandbox *sb)
{
	if (sb->seccomp_change_count == 0)
		return 0;
	return fail(0, "seccomp profile none: there is nothing to change in it (permissive is what "
		       "refuses least)");
}

int seccomp_compile(const struct sandbox *sb, struct sock_filter **code, unsigned short *length)
{
	const char *name = profile_name(sb);
	autodrop struct profile *p = NULL;
	int machine;

	if (strcmp(name, "none") == 0) {
		if (refuse_none(sb) < 0)
			return -1;
		*code = NULL;
		*length = 0;
		return 0;
	}
	machine = find_machine();
	p = machine < 0 ? NULL : new_profile(sb, name);
	return p ? seccomp_assemble(p, (enum machine)machine, code, length) : -1;
}

/* ---- --seccomp-show ---- */

static void show_place(FILE *out, const struct place *place)
{
	fprintf(out, "%s", place->file);
	if (place->line > 0)
		fprintf(out, ":%u", place->line);
}

static void show_row(FILE *out, const char *call, const char *condition, uint32_t answer,
		     const struct place *place)
{
	char buffer[32];

	fprintf(out, "%-24s %-14s ", call, answer_text(answer, buffer));
	show_place(out, place);
	fprintf(out, "%s%s\n", condition ? "  if " : "", condition ? condition : "");
}

/* The rows of one call, in the order in which they are tried. */
static void show_call(FILE *out, const struct profile *p, int call)
{
	const struct verdict *v = &p->calls[call];
	const char *name = seccomp_calls[call].name;
	bool always = false;

	for (size_t i = v->count; i > 0; i--) {
		const struct rule *r = &p->rules[v->rules[i - 1]];

		show_row(out, name, r->condition, r->answer, &r->place);
		always = always || r->terms == 0;
	}
	if (!always)
		show_row(out, name, NULL, p->fallback.answer, &p->fallback.place);
	/* whatever the rows above let through without "override" */
	for (size_t i = v->floor_count; i > 0; i--) {
		const struct rule *r = &p->rules[v->floor[i - 1]];

		show_row(out, name, r->condition, r->answer, &r->place);
	}
}

int seccomp_show(FILE *out, const struct sandbox *sb)
{
	const char *name = sb->print_arg ? sb->print_arg : profile_name(sb);
	autofree struct sock_filter *code = NULL;
	autodrop struct profile *p = NULL;
	int machine = find_machine();
	unsigned short length;

	if (machine < 0)
		return -1;
	if (strcmp(name, "none") == 0) {
		fprintf(out, "profile none: no filter at all, every call is allowed\n");
		return refuse_none(sb);
	}
	p = new_profile(sb, name);
	if (!p || seccomp_assemble(p, (enum machine)machine, &code, &length) < 0)
		return -1;
	fprintf(out,
		"profile %s on %s: %u instructions. Rows of a call are tried from the first to the "
		"last;\nthose of floor.seccomp behind others hold for what these let through.\n\n",
		p->name, machine_names[machine], length);
	for (int i = 0; i < SECCOMP_CALLS; i++)
		if (seccomp_calls[i].number[machine] >= 0)
			show_call(out, p, i);
	show_row(out, "(every newer call)", NULL, p->newer.answer, &p->newer.place);
	show_row(out, "(other machines)", NULL, p->foreign.answer, &p->foreign.place);
	return 0;
}

/* ---- --seccomp-why ---- */

/* CALL [ARG...] -> what the kernel would show to a filter. */
static int parse_question(char *const *words, enum machine machine, struct seccomp_data *data)
{
	size_t count = 0;
	uint64_t number;
	int call;

	if (!words || !words[0])
		return fail(0,
			    "--seccomp-why: which system call? (--seccomp-why NAME CALL [ARG...])");
	memset(data, 0, sizeof(*data));
	data->arch = machine_audit[machine];
	call = seccomp_call_find(words[0], strlen(words[0]));
	if (call >= 0 && seccomp_calls[call].number[machine] < 0)
		return fail(0, "%s: %s has no such system call", words[0], machine_names[machine]);
	if (call >= 0)
		number = (uint64_t)seccomp_calls[call].number[machine];
	else if (!seccomp_value(words[0], strlen(words[0]), &number) || number > UINT32_MAX)
		return fail(0, "%s: there is no such system call", words[0]);
	data->nr = (int)(uint32_t)number;
	for (; words[count + 1]; count++) {
		if (count == COUNT(data->args) ||
		    !seccomp_value(words[count + 1], strlen(words[count + 1]), &number))
			return fail(0, "%s: argument %zu, \"%s\", is no number and no constant",
				    words[0], count, words[count + 1]);
		data->args[count] = number;
	}
	return 0;
}

/* The line itself, where it is one of a profile that ships. */
static void show_line(FILE *out, const struct place *place)
{
	size_t length = strcspn(place->file, ".");
	char name[64];
	const char *line;

	if (length >= sizeof(name) || strcmp(place->file + length, ".seccomp") != 0)
		return;
	memcpy(name, place->file, length);
	name[length] = '\0';
	line = library(name);
	for (unsigned i = 1; line && i < place->line; i++) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (line && place->line > 0)
		fprintf(out, ": %.*s", (int)strcspn(line, "\n"), line);
}

/* The profiles that ship and would let the call through. */
static void show_others(FILE *out, const struct seccomp_data *data)
{
	const char *comma = "";

	fprintf(out, "  profiles that let it through: ");
	for (size_t i = 0; i < COUNT(PROGRAMS); i++) {
		uint32_t answer = SECCOMP_RET_ALLOW;

		if (PROGRAMS[i].length > 0 &&
		    seccomp_simulate(PROGRAMS[i].code, PROGRAMS[i].length, data, &answer) < 0)
			continue;
		if (!answer_allows(answer))
			continue;
		fprintf(out, "%s%s", comma, PROGRAMS[i].name);
		comma = ", ";
	}
	fprintf(out, "\n");
}

/* What is loaded for the profile: the program that ships where nothing is changed. Its answer. */
static int ask_program(const struct sandbox *sb, const char *name, const struct profile *p,
		       enum machine machine, const struct seccomp_data *data, uint32_t *answer)
{
	const struct seccomp_builtin *builtin =
		sb->seccomp_change_count == 0 ? seccomp_find(name) : NULL;
	autofree struct sock_filter *made = NULL;
	const struct sock_filter *code = builtin ? builtin->code : NULL;
	unsigned short length = builtin ? builtin->length : 0;

	if (!builtin) {
		if (seccomp_assemble(p, machine, &made, &length) < 0)
			return -1;
		code = made;
	}
	if (seccomp_simulate(code, length, data, answer) < 0)
		return fail(0, "seccomp profile %s: its program does not end", name);
	return 0;
}

int seccomp_why(FILE *out, const struct sandbox *sb)
{
	const char *name = sb->print_arg ? sb->print_arg : profile_name(sb);
	autodrop struct profile *p = NULL;
	int machine = find_machine();
	struct seccomp_data data;
	struct place place;
	uint32_t answer;
	char buffer[32];

	if (machine < 0 || parse_question(sb->command, (enum machine)machine, &data) < 0)
		return -1;
	if (strcmp(name, "none") == 0) {
		fprintf(out, "%s under none: allow\n", sb->command[0]);
		return refuse_none(sb);
	}
	p = new_profile(sb, name);
	if (!p || ask_program(sb, name, p, (enum machine)machine, &data, &answer) < 0)
		return -1;
	if (seccomp_decide(p, (enum machine)machine, &data, &place) != answer)
		return fail(0, "seccomp profile %s: its program and its text disagree", name);
	fprintf(out, "%s under %s: %s\n  said in ", sb->command[0], p->name,
		answer_text(answer, buffer));
	show_place(out, &place);
	show_line(out, &place);
	fprintf(out, "\n");
	if (!answer_allows(answer))
		show_others(out, &data);
	return 0;
}
