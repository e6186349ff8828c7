/*
 * Profiles from anyone: text and OCI JSON. What compiles has to be a program that ends on every
 * call, says what a walk over the rules says, and holds the floor.
 */
#include "seccomp-rules.h"

#include <errno.h>
#include <linux/audit.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *library(const char *name)
{
	static const struct {
		const char *name, *text;
	} texts[] = {
#include "seccomp-profiles/generated/texts.h"
	};

	for (size_t i = 0; i < COUNT(texts); i++)
		if (strcmp(texts[i].name, name) == 0)
			return texts[i].text;
	return NULL;
}

/* Numbers that the floor has something to say about, and some that it has not. */
static const char *const calls[] = {"socket", "ioctl", "personality", "bpf",   "mount", "read",
				    "clone",  "lseek", "mmap",        "prctl", "setns", "open"};

static const uint64_t words[] = {0, 1, 2, 7, 16, 40, 0x5412, 0x100005412, 0x400000, UINT64_MAX};

/* Whether the profile says "override" anywhere: then the floor may be lifted. */
static bool lifts(const struct profile *p)
{
	for (size_t i = 0; i < p->rule_count; i++)
		if (p->rules[i].lifts)
			return true;
	return false;
}

static void check_answer(const struct profile *p, enum machine machine,
			 const struct sock_filter *code, size_t length,
			 const struct seccomp_data *data)
{
	bool sti = data->nr == seccomp_calls[seccomp_call_find("ioctl", 5)].number[machine] &&
		   (uint32_t)data->args[1] == 0x5412;
	bool bpf = data->nr == seccomp_calls[seccomp_call_find("bpf", 3)].number[machine];
	uint32_t answer;

	if (seccomp_simulate(code, length, data, &answer) < 0)
		abort();
	if (answer != seccomp_decide(p, machine, data, NULL))
		abort();
	if ((sti || bpf) && answer_allows(answer) && !lifts(p))
		abort();
}

static void check_program(const struct profile *p, enum machine machine)
{
	struct sock_filter *code;
	unsigned short length;

	if (seccomp_assemble(p, machine, &code, &length) < 0)
		return;
	for (size_t c = 0; c < COUNT(calls); c++)
		for (size_t i = 0; i < COUNT(words) * COUNT(words); i++) {
			int call = seccomp_call_find(calls[c], strlen(calls[c]));
			struct seccomp_data data = {.nr = seccomp_calls[call].number[machine],
						    .arch = machine_audit[machine]};

			for (size_t a = 0; a < COUNT(data.args); a++)
				data.args[a] = words[(a % 2 ? i : i / COUNT(words)) % COUNT(words)];
			check_answer(p, machine, code, length, &data);
		}
	free(code);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct seccomp_host host = {MACHINE_X86_64, UINT64_C(1) << 21, 6, 1};
	struct profile *p = calloc(1, sizeof(*p));
	char *text = malloc(size + 1);
	bool json;

	if (!p || !text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	json = text[strspn(text, " \t\r\n")] == '{';
	failure_clear();
	profile_init(p);
	/* named as what ships: such a file opens no others */
	if (json ? seccomp_import(p, "x", text, size, &host, library) == 0
		 : seccomp_parse(p, "x", text, size, library) == 0 && seccomp_check_dead(p) == 0) {
		check_program(p, MACHINE_X86_64);
		if (!json)
			check_program(p, MACHINE_ARM64);
	} else if (!failure_get()) {
		abort();
	}
	profile_free(p);
	free(p);
	free(text);
	return 0;
}
