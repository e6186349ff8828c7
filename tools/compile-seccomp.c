/*
 * compile-seccomp.c - the profiles that ship, from text to C. Runs on the machine that builds.
 *
 *   compile-seccomp DIRECTORY x86_64|arm64    the programs of one machine, as arrays
 *   compile-seccomp DIRECTORY texts           the texts, for includes and questions at run time
 *
 * It is linked with the same parser and compiler that read a profile file at run time. What it
 * prints is committed: a review of a change to a profile sees every instruction that changed, and a
 * build for another machine runs nothing of that machine's.
 */
#include "seccomp-rules.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[] = {
	"strict",  "build",      "network-client", "desktop", "container",
	"compute", "permissive", "nested",         "none",
};

static const char *directory;

/* Texts stay until the end: the library's are of static lifetime. */
static const char *read_text(const char *name)
{
	autofree char *path = format_text("%s/%s.seccomp", directory, name);
	autoclose int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	size_t length;

	return fd < 0 ? NULL : read_fd(fd, 1 << 20, &length);
}

static const char *answer_name(uint32_t answer)
{
	static char buffer[32];

	return answer_text(answer, buffer);
}

/* What is in the register, for the comment: number 0, architecture 4, half of an argument. */
static void print_word(uint32_t offset)
{
	static const char *const low[] = {"a0", "a1", "a2", "a3", "a4", "a5"};

	if (offset == offsetof(struct seccomp_data, nr))
		printf("number");
	else if (offset == offsetof(struct seccomp_data, arch))
		printf("machine");
	else
		printf("%s%s", low[(offset - 16) / 8], offset % 8 ? ":high" : ":32");
}

static void print_value(const struct sock_filter *i, uint32_t word, enum machine machine)
{
	int call = -1;

	if (word == offsetof(struct seccomp_data, nr))
		call = seccomp_call_at(machine, i->k);
	if (call >= 0)
		printf("%s", seccomp_calls[call].name);
	else if (word == offsetof(struct seccomp_data, arch))
		printf("%s",
		       machine_names[i->k == machine_audit[MACHINE_I386] ? MACHINE_I386 : machine]);
	else
		printf("0x%x", i->k);
}

static void print_comment(const struct sock_filter *i, size_t at, uint32_t word,
			  enum machine machine)
{
	const char *test = BPF_OP(i->code) == BPF_JEQ   ? "=="
			   : BPF_OP(i->code) == BPF_JGE ? ">="
							: "&";

	if (BPF_CLASS(i->code) == BPF_RET) {
		printf("%s", answer_name(i->k));
	} else if (BPF_CLASS(i->code) == BPF_LD) {
		print_word(i->k);
	} else if (BPF_CLASS(i->code) == BPF_ALU) {
		printf("& 0x%x", i->k);
	} else if (BPF_OP(i->code) == BPF_JA) {
		printf("-> %zu", at + 1 + i->k);
	} else {
		printf("%s ", test);
		print_value(i, word, machine);
		printf(" ? %zu : %zu", at + 1 + i->jt, at + 1 + i->jf);
	}
}

/* The word that is in the register at each instruction: jumps go forward only, and every way to an
 * instruction has the same word, so one pass is enough. */
static void find_words(const struct sock_filter *code, size_t length, uint32_t *words)
{
	for (size_t at = 0; at < length; at++) {
		const struct sock_filter *i = &code[at];
		uint32_t word = BPF_CLASS(i->code) == BPF_LD ? i->k : words[at];

		words[at] = word;
		if (BPF_CLASS(i->code) == BPF_JMP) {
			bool always = BPF_OP(i->code) == BPF_JA;

			words[at + 1 + (always ? i->k : i->jt)] = word;
			words[at + 1 + (always ? i->k : i->jf)] = word;
		} else if (BPF_CLASS(i->code) != BPF_RET) {
			words[at + 1] = word;
		}
	}
}

static int print_program(const char *name, enum machine machine, const struct sock_filter *code,
			 size_t length)
{
	uint32_t *words = calloc(length + 1, sizeof(*words));

	if (!words)
		return fail(0, "out of memory");
	printf("\n/* %s: %zu instructions */\nstatic const struct sock_filter ", name, length);
	for (const char *c = name; *c; c++)
		putchar(*c == '-' ? '_' : *c);
	printf("_%s[] = {\n", machine_names[machine]);
	find_words(code, length, words);
	for (size_t at = 0; at < length; at++) {
		printf("\t{ 0x%02x, %3u, %3u, 0x%08x }, /* %3zu ", code[at].code, code[at].jt,
		       code[at].jf, code[at].k, at);
		print_comment(&code[at], at, words[at], machine);
		printf(" */\n");
	}
	printf("};\n");
	free(words);
	return 0;
}

static int compile(const char *name, enum machine machine)
{
	autofree struct profile *p = calloc(1, sizeof(*p));
	autofree struct sock_filter *code = NULL;
	const char *text = read_text(name);
	unsigned short length;
	int result = -1;

	if (!p || !text)
		return fail(errno, "%s", name);
	profile_init(p);
	if (seccomp_parse(p, name, text, strlen(text), read_text) == 0 &&
	    seccomp_check_dead(p) == 0 && seccomp_assemble(p, machine, &code, &length) == 0)
		result = print_program(name, machine, code, length);
	profile_free(p);
	return result;
}

static int print_programs(enum machine machine)
{
	printf("/* Made by tools/compile-seccomp.c from the profiles: make generated. */\n");
	for (size_t i = 0; i < COUNT(names); i++)
		if (strcmp(names[i], "none") != 0 && compile(names[i], machine) < 0)
			return -1;
	printf("\nstatic const struct seccomp_builtin programs_%s[] = {\n", machine_names[machine]);
	for (size_t i = 0; i < COUNT(names); i++) {
		bool none = strcmp(names[i], "none") == 0;
		char symbol[64];

		(void)snprintf(symbol, sizeof(symbol), "%s_%s", names[i], machine_names[machine]);
		for (char *c = symbol; *c; c++)
			*c = *c == '-' ? '_' : *c;
		printf("\t{ \"%s\", %s, ", names[i], none ? "NULL" : symbol);
		printf(none ? "0 },\n" : "COUNT(%s) },\n", symbol);
	}
	printf("};\n");
	return 0;
}

static int print_text(const char *name)
{
	const char *text = read_text(name);

	if (!text)
		return fail(errno, "%s/%s.seccomp", directory, name);
	printf("{ \"%s\",\n  __extension__ \"", name);
	for (; *text; text++) {
		if (*text == '\n')
			printf("\\n\"%s", text[1] ? "\n  \"" : "");
		else if (*text == '\t')
			printf("\\t");
		else if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else
			putchar(*text);
	}
	printf(" },\n");
	return 0;
}

static int print_texts(void)
{
	printf("/* Made by tools/compile-seccomp.c from the profiles: make generated. */\n");
	if (print_text("floor") < 0 || print_text("groups") < 0)
		return -1;
	for (size_t i = 0; i < COUNT(names); i++)
		if (print_text(names[i]) < 0)
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	int result = -1;

	if (argc != 3) {
		fprintf(stderr, "usage: compile-seccomp DIRECTORY x86_64|arm64|texts\n");
		return 1;
	}
	directory = argv[1];
	if (strcmp(argv[2], "texts") == 0)
		result = print_texts();
	for (enum machine m = 0; m < MACHINE_I386; m++)
		if (strcmp(argv[2], machine_names[m]) == 0)
			result = print_programs(m);
	if (failure_get())
		fprintf(stderr, "compile-seccomp: %s%s%s\n", failure_get()->text,
			failure_get()->err ? ": " : "",
			failure_get()->err ? strerror(failure_get()->err) : "");
	return result < 0 || fflush(stdout) != 0;
}
