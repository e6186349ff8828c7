/*
 * reading.h - a second reading of the profiles, which shares nothing with the compiler: its own
 * words, its own constants as literal numbers, numbers of calls from libseccomp and calls.table.
 *
 * It uses that the language's rules of meaning come to "the last line that holds is the answer": a
 * line without condition replaces what was said before, one with a condition is tried before it.
 * Behind that comes the floor: its last line that holds, where the answer lets the call happen and
 * its line does not say "override".
 */
#ifndef ZBOX_TEST_READING_H
#define ZBOX_TEST_READING_H

#include <errno.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 4096, WORDS = 128, READ_TERMS = 4, VALUES = 16 };

struct read_term {
	int arg;
	bool wide, negative; /* :64; != */
	uint64_t mask, value[VALUES];
	int values;
};

/* A line that answers, with its calls as one text " call call ". */
struct read_line {
	char *calls;
	uint32_t answer;
	bool override, floor;
	struct read_term term[READ_TERMS];
	int terms;
};

struct reading {
	struct read_line line[LINES];
	int lines;
	char *group_name[64], *group_calls[64];
	int groups;
	uint32_t fallback, newer, foreign;
	bool i386;
};

static const struct {
	const char *name;
	uint64_t value;
} literals[] = {
	{"AF_UNIX", 1},
	{"AF_INET", 2},
	{"AF_INET6", 10},
	{"AF_NETLINK", 16},
	{"NETLINK_ROUTE", 0},
	{"NETLINK_KOBJECT_UEVENT", 15},
	{"SOCK_STREAM", 1},
	{"SOCK_DGRAM", 2},
	{"TIOCSTI", 0x5412},
	{"TIOCLINUX", 0x541c},
	{"TIOCSETD", 0x5423},
	{"TIOCCONS", 0x541d},
	{"KDSKBENT", 0x4b47},
	{"KDSKBSENT", 0x4b49},
	{"KDSKBDIACR", 0x4b4b},
	{"KDSKBDIACRUC", 0x4bfb},
	{"KDSETKEYCODE", 0x4b4d},
	{"TCGETS", 0x5401},
	{"TIOCGWINSZ", 0x5413},
	{"FIONREAD", 0x541b},
	{"FIOCLEX", 0x5451},
	{"FIONCLEX", 0x5450},
	{"FIONBIO", 0x5421},
	{"CLONE_NEWNS", 0x20000},
	{"CLONE_NEWCGROUP", 0x2000000},
	{"CLONE_NEWUTS", 0x4000000},
	{"CLONE_NEWIPC", 0x8000000},
	{"CLONE_NEWUSER", 0x10000000},
	{"CLONE_NEWPID", 0x20000000},
	{"CLONE_NEWNET", 0x40000000},
	{"CLONE_NEWTIME", 0x80},
	{"S_ISUID", 04000},
	{"S_ISGID", 02000},
	{"S_IFMT", 0170000},
	{"S_IFREG", 0100000},
	{"S_IFIFO", 010000},
	{"S_IFSOCK", 0140000},
	{"PER_LINUX", 0},
	{"PER_LINUX32", 8},
	{"UNAME26", 0x20000},
	{"ADDR_NO_RANDOMIZE", 0x40000},
	{"READ_IMPLIES_EXEC", 0x400000},
	{"PER_QUERY", 0xffffffff},
	{"PRIO_PROCESS", 0},
	{"IOPRIO_WHO_PROCESS", 1},
	{"SECCOMP_SET_MODE_FILTER", 1},
	{"SECCOMP_FILTER_FLAG_NEW_LISTENER", 8},
	{"KEYCTL_JOIN_SESSION_KEYRING", 1},
	{"EPERM", 1},
	{"ENOSYS", 38},
	{"EBUSY", 16},
	{"EINVAL", 22},
	{"EACCES", 13},
	{"EAFNOSUPPORT", 97},
	{"EOPNOTSUPP", 95},
};

static void give_up(const char *what, const char *which)
{
	printf("Bail out! %s: %s\n", what, which);
	exit(1);
}

/* A|B|0x1 */
static uint64_t read_value(const char *text)
{
	uint64_t sum = 0;

	while (*text) {
		size_t length = strcspn(text, "|,");
		bool found = false;

		for (size_t i = 0; i < sizeof(literals) / sizeof(literals[0]); i++)
			if (strlen(literals[i].name) == length &&
			    strncmp(literals[i].name, text, length) == 0) {
				sum |= literals[i].value;
				found = true;
			}
		if (!found && (*text < '0' || *text > '9'))
			give_up("a constant that the second reading does not know", text);
		if (!found)
			sum |= strtoull(text, NULL, 0);
		text += length;
		if (*text == ',')
			break;
		text += *text == '|';
	}
	return sum;
}

static uint32_t read_answer(const char *word)
{
	return strcmp(word, "allow") == 0    ? SCMP_ACT_ALLOW
	       : strcmp(word, "kill") == 0   ? SCMP_ACT_KILL_PROCESS
	       : strcmp(word, "log") == 0    ? SCMP_ACT_LOG
	       : strcmp(word, "notify") == 0 ? SCMP_ACT_NOTIFY
					     : SCMP_ACT_ERRNO((uint32_t)read_value(word));
}

static int split(char *line, char *word[WORDS])
{
	int count = 0;

	line[strcspn(line, "#\n")] = '\0';
	for (char *w = strtok(line, " \t"); w && count < WORDS - 1; w = strtok(NULL, " \t"))
		word[count++] = w;
	word[count] = NULL;
	return count;
}

/* Calls and groups from the word on, as one text. Returns the index of the word behind. */
static int read_calls(const struct reading *r, char **word, int at, char **calls)
{
	char *text = strdup(" "), *longer;

	for (; word[at] && strcmp(word[at], "if") != 0; at++) {
		const char *add = word[at];

		for (int g = 0; g < r->groups; g++)
			if (strcmp(r->group_name[g], word[at]) == 0)
				add = r->group_calls[g];
		if (asprintf(&longer, "%s%s ", text, add) < 0)
			give_up("memory", add);
		free(text);
		text = longer;
	}
	*calls = text;
	return at;
}

static void read_condition(struct read_line *l, char **word, int at)
{
	while (word[at]) {
		struct read_term *t = &l->term[l->terms++];

		at++; /* if, and */
		t->arg = word[at][1] - '0';
		t->wide = strcmp(word[at] + 2, ":64") == 0;
		t->mask = t->wide ? UINT64_MAX : UINT32_MAX;
		at++;
		if (strcmp(word[at], "&") == 0) {
			t->mask = read_value(word[at + 1]);
			at += 2;
		}
		t->negative = strcmp(word[at++], "!=") == 0;
		do
			t->value[t->values++] = read_value(word[at++]);
		while (word[at - 1][strlen(word[at - 1]) - 1] == ',');
	}
}

static void read_group(struct reading *r, char **word)
{
	int g = 0;
	char *calls, *longer;

	(void)read_calls(r, word, 2, &calls);
	while (g < r->groups && strcmp(r->group_name[g], word[1]) != 0)
		g++;
	if (g == r->groups) {
		r->group_name[r->groups] = strdup(word[1]);
		r->group_calls[r->groups++] = strdup(" ");
	}
	if (asprintf(&longer, "%s%s", r->group_calls[g], calls) < 0)
		give_up("memory", word[1]);
	free(calls);
	free(r->group_calls[g]);
	r->group_calls[g] = longer;
}

static void read_text(struct reading *r, const char *name, FILE *in, bool floor);

static void read_profile_file(struct reading *r, const char *name, bool floor)
{
	char path[256];
	FILE *in;

	snprintf(path, sizeof(path), PROFILES "/%s.seccomp", name);
	in = fopen(path, "re");
	if (!in)
		give_up("cannot open", path);
	read_text(r, name, in, floor);
	fclose(in);
}

static void read_line(struct reading *r, char **word, bool floor)
{
	struct read_line *l = &r->line[r->lines];
	int at = 0;

	if (strcmp(word[0], "group") == 0)
		read_group(r, word);
	else if (strcmp(word[0], "include") == 0)
		read_profile_file(r, word[1], floor);
	else if (strcmp(word[0], "default") == 0)
		r->fallback = read_answer(word[1]);
	else if (strcmp(word[0], "newer") == 0)
		r->newer = read_answer(word[1]);
	else if (strcmp(word[0], "foreign") == 0)
		r->foreign = read_answer(word[1]);
	else if (strcmp(word[0], "override") == 0 && strcmp(word[1], "arch") == 0)
		r->i386 = true;
	at = strcmp(word[0], "override") == 0;
	l->override = at > 0;
	if (!strstr(" allow kill log notify errno ", word[at]))
		return;
	l->floor = floor;
	at += strcmp(word[at], "errno") == 0;
	l->answer = read_answer(word[at]);
	at = read_calls(r, word, at + 1, &l->calls);
	read_condition(l, word, at);
	r->lines++;
}

static void read_text(struct reading *r, const char *name, FILE *in, bool floor)
{
	char *line = NULL, *word[WORDS];
	size_t size = 0;

	(void)name;
	while (getline(&line, &size, in) >= 0)
		if (split(line, word) > 0)
			read_line(r, word, floor);
	free(line);
}

/* The floor, then the profile; in: its text, NULL for one that ships. */
static struct reading *read_profile(const char *name, FILE *in)
{
	struct reading *r = calloc(1, sizeof(*r));

	r->fallback = SCMP_ACT_ERRNO(1);
	r->newer = SCMP_ACT_ERRNO(38);
	r->foreign = SCMP_ACT_KILL_PROCESS;
	read_profile_file(r, "floor", true);
	while (r->groups > 0) {
		free(r->group_name[--r->groups]);
		free(r->group_calls[r->groups]);
	}
	if (in)
		read_text(r, name, in, false);
	else
		read_profile_file(r, name, false);
	return r;
}

static void free_reading(struct reading *r)
{
	for (int i = 0; i < r->lines; i++)
		free(r->line[i].calls);
	for (int g = 0; g < r->groups; g++) {
		free(r->group_name[g]);
		free(r->group_calls[g]);
	}
	free(r);
}

static bool names_call(const struct read_line *l, const char *call)
{
	char word[64];

	snprintf(word, sizeof(word), " %s ", call);
	return strstr(l->calls, word) != NULL;
}

static bool read_holds(const struct read_line *l, const uint64_t *args)
{
	for (int t = 0; t < l->terms; t++) {
		const struct read_term *term = &l->term[t];
		bool found = false;

		for (int v = 0; v < term->values; v++)
			found |= (args[term->arg] & term->mask) == term->value[v];
		if (found == term->negative)
			return false;
	}
	return true;
}

static bool lets_through(uint32_t answer)
{
	return answer == SCMP_ACT_ALLOW || answer == SCMP_ACT_LOG || answer == SCMP_ACT_NOTIFY;
}

/* The lines about one call, in their order. */
struct about {
	const struct read_line *line[64];
	int lines;
};

static struct about read_about(const struct reading *r, const char *call)
{
	struct about about = {.lines = 0};

	for (int i = 0; i < r->lines; i++)
		if (names_call(&r->line[i], call))
			about.line[about.lines++] = &r->line[i];
	return about;
}

/* What the text says about a call with these arguments. */
static uint32_t read_decide(const struct reading *r, const struct about *about,
			    const uint64_t *args)
{
	uint32_t answer = r->fallback, floor = 0;
	bool override = false, refused = false;

	for (int i = 0; i < about->lines; i++) {
		const struct read_line *l = about->line[i];

		if (!read_holds(l, args))
			continue;
		if (l->floor && l->terms > 0) {
			refused = true;
			floor = l->answer;
			continue;
		}
		answer = l->answer;
		override = l->override;
	}
	return refused && !override && lets_through(answer) ? floor : answer;
}

/* The name of a call: libseccomp's, else that of calls.table; NULL none. column: 0 x86_64, 1 arm64,
 * 2 i386. Not to be freed; valid until the next call. */
static inline const char *read_call_name(uint32_t arch, int column, int number)
{
	static char found[64];
	char *name = seccomp_syscall_resolve_num_arch(arch, number), line[256];
	FILE *in;

	*found = '\0';
	if (name)
		snprintf(found, sizeof(found), "%s", name);
	free(name);
	if (*found)
		return found;
	in = fopen(PROFILES "/calls.table", "re");
	if (!in)
		give_up("cannot open", "calls.table");
	while (!*found && fgets(line, sizeof(line), in)) {
		char *word[WORDS];

		if (split(line, word) == 5 && strtol(word[2 + column], NULL, 10) == number &&
		    *word[2 + column] != '-')
			snprintf(found, sizeof(found), "%s", word[0]);
	}
	fclose(in);
	return *found ? found : NULL;
}

#endif
