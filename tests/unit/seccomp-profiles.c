/*
 * The profiles that ship: every program against a second reading of the text (reading.h), over
 * every number and over arguments chosen from the conditions; the texts that are embedded; sizes;
 * and decisions that must never change unnoticed.
 */
#include "reading.h"
#include "test.h"

#include "../../seccomp.h"
#include "seccomp-rules.h"

#include <linux/audit.h>

#include "seccomp-profiles/generated/arm64.h"
#include "seccomp-profiles/generated/x86_64.h"

static const struct target {
	const char *name;
	enum machine machine;
	uint32_t audit, scmp;
	const struct seccomp_builtin *programs;
} targets[] = {
	{"x86_64", MACHINE_X86_64, AUDIT_ARCH_X86_64, SCMP_ARCH_X86_64, programs_x86_64},
	{"arm64", MACHINE_ARM64, AUDIT_ARCH_AARCH64, SCMP_ARCH_AARCH64, programs_arm64},
};

/* Words worth trying for one argument of one call. */
struct words {
	uint64_t list[256];
	int count;
};

static void add_word(struct words *w, uint64_t word)
{
	if (w->count + 2 > (int)COUNT(w->list))
		return;
	w->list[w->count++] = word;
	w->list[w->count++] = word | 0x100000000; /* the kernel ignores it in an int */
}

static void choose_words(const struct about *about, int arg, struct words *w)
{
	w->count = 0;
	add_word(w, 0);
	for (int i = 0; i < about->lines; i++)
		for (int t = 0; t < about->line[i]->terms; t++) {
			const struct read_term *term = &about->line[i]->term[t];

			if (term->arg != arg)
				continue;
			for (int v = 0; v < term->values; v++) {
				add_word(w, term->value[v]);
				add_word(w, term->value[v] + 1);
				add_word(w, term->value[v] - 1);
				add_word(w, term->value[v] | ~term->mask);
			}
			for (uint64_t bit = 1; bit; bit <<= 1)
				if (~term->mask != 0 && term->mask >> 32 == 0 && (term->mask & bit))
					add_word(w, bit);
		}
	add_word(w, UINT32_MAX);
	add_word(w, UINT64_MAX);
}

static unsigned long decisions, differences;

static void compare(const char *profile, const struct sock_filter *code, size_t length,
		    const struct seccomp_data *data, uint32_t expected)
{
	uint32_t answer = 0;
	bool ran = seccomp_simulate(code, length, data, &answer) == 0;

	decisions++;
	if (ran && answer == expected)
		return;
	if (differences++ < 10)
		printf("# %s: %d(%llx, %llx, %llx) on %x: %x, the text says %x\n", profile,
		       data->nr, (unsigned long long)data->args[0],
		       (unsigned long long)data->args[1], (unsigned long long)data->args[2],
		       data->arch, answer, expected);
}

/* All words of the first three arguments together; the others are never tested by what ships. */
static void compare_call(const char *profile, const struct sock_filter *code, size_t length,
			 const struct reading *r, struct seccomp_data data, const char *call)
{
	struct about about = read_about(r, call);
	struct words w[3];

	for (int i = 0; i < 3; i++)
		choose_words(&about, i, &w[i]);
	for (int i = 0; i < w[0].count; i++)
		for (int k = 0; k < w[1].count; k++)
			for (int m = 0; m < w[2].count; m++) {
				uint64_t args[6] = {w[0].list[i], w[1].list[k], w[2].list[m]};

				memcpy(data.args, args, sizeof(args));
				compare(profile, code, length, &data, read_decide(r, &about, args));
			}
}

static void compare_numbers(const char *profile, const struct sock_filter *code, size_t length,
			    const struct reading *r, uint32_t audit, uint32_t scmp, int column)
{
	static const uint32_t odd[] = {0x3fffffff, 0x40000000, 0x40000001, 0x40000208,
				       0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
	struct seccomp_data data = {.arch = audit};

	for (data.nr = 0; data.nr < 1100; data.nr++) {
		const char *call = read_call_name(scmp, column, data.nr);

		if (call)
			compare_call(profile, code, length, r, data, call);
		else
			compare(profile, code, length, &data, r->newer);
	}
	for (size_t i = 0; i < COUNT(odd); i++) {
		bool x32 = column == 0 && odd[i] >= 0x40000000 && odd[i] != 0xffffffff;

		data.nr = (int)odd[i];
		compare(profile, code, length, &data, x32 ? r->foreign : r->newer);
	}
}

static void compare_foreign(const char *profile, const struct sock_filter *code, size_t length,
			    const struct reading *r, uint32_t native)
{
	static const uint32_t audits[] = {
		0,         AUDIT_ARCH_I386, AUDIT_ARCH_X86_64, AUDIT_ARCH_ARM, AUDIT_ARCH_AARCH64,
		0xffffffff};

	for (size_t i = 0; i < COUNT(audits); i++) {
		struct seccomp_data data = {.arch = audits[i]};

		if (audits[i] == native || (r->i386 && audits[i] == AUDIT_ARCH_I386))
			continue;
		for (data.nr = 0; data.nr < 500; data.nr++)
			compare(profile, code, length, &data, r->foreign);
	}
}

static void test_programs(void)
{
	for (size_t t = 0; t < COUNT(targets); t++)
		for (size_t i = 0; i < COUNT(programs_x86_64); i++) {
			const struct seccomp_builtin *b = &targets[t].programs[i];
			struct reading *r;

			if (b->length == 0)
				continue;
			r = read_profile(b->name, NULL);
			decisions = differences = 0;
			compare_numbers(b->name, b->code, b->length, r, targets[t].audit,
					targets[t].scmp, (int)t);
			compare_foreign(b->name, b->code, b->length, r, targets[t].audit);
			check(differences == 0,
			      "%s on %s: %lu of %lu decisions differ from the text", b->name,
			      targets[t].name, differences, decisions);
			check(b->length <= 300, "%s on %s: %u instructions", b->name,
			      targets[t].name, b->length);
			free_reading(r);
		}
}

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

/* A profile that has what those that ship have not: i386, other answers, 64 bits, override. */
static void test_other(void)
{
	static char text[] =
		"profile other\n"
		"override arch native i386\n"
		"default kill\n"
		"newer EINVAL\n"
		"foreign EACCES\n"
		"include groups\n"
		"allow @start @net-io @memory ioctl lseek personality\n"
		"log @file-read\n"
		"errno EBUSY lseek if a1:64 & 0xff00000000 != 0\n"
		"errno EINVAL lseek if a1:64 == 0x1234500000001 and a2:32 in 1, 2, 7\n"
		"override allow ioctl if a1:32 == TIOCLINUX\n"
		"override notify bpf if a0:32 != 1, 2, 3\n"
		"kill socket\n"
		"allow socket if a0:32 & 0xffff0000 == 0\n"
		"errno EPERM mmap mmap2 if a2:64 == 7\n"
		"errno EACCES mmap if a2:32 != 1 and a3:32 & 0x30 in 0x10, 0x20, 0x30\n";
	FILE *in = fmemopen(text, strlen(text), "r");
	struct reading *r = read_profile("other", in);
	struct profile *p = calloc(1, sizeof(*p));
	struct sock_filter *code = NULL;
	unsigned short length = 0;

	fclose(in);
	profile_init(p);
	if (!check(seccomp_parse(p, "./other", text, strlen(text), library) == 0 &&
			   seccomp_check_dead(p) == 0 &&
			   seccomp_assemble(p, MACHINE_X86_64, &code, &length) == 0,
		   "a profile with i386 compiles"))
		printf("# %s\n", failure_get()->text);
	decisions = differences = 0;
	compare_numbers("other", code, length, r, AUDIT_ARCH_X86_64, SCMP_ARCH_X86_64, 0);
	compare_numbers("other", code, length, r, AUDIT_ARCH_I386, SCMP_ARCH_X86, 2);
	compare_foreign("other", code, length, r, AUDIT_ARCH_X86_64);
	check(differences == 0, "it differs from its text in %lu of %lu decisions, %u instructions",
	      differences, decisions, length);
	free(code);
	profile_free(p);
	free(p);
	free_reading(r);
}

static void test_texts(void)
{
	static const char *const names[] = {"floor",   "groups",    "strict",    "build",
					    "desktop", "container", "compute",   "network-client",
					    "nested",  "none",      "permissive"};
	static char text[1 << 16];

	for (size_t i = 0; i < COUNT(names); i++) {
		char path[128];
		FILE *in;
		size_t length = 0;

		snprintf(path, sizeof(path), PROFILES "/%s.seccomp", names[i]);
		in = fopen(path, "re");
		if (in) {
			length = fread(text, 1, sizeof(text) - 1, in);
			fclose(in);
		}
		text[length] = '\0';
		check(in && library(names[i]) && strcmp(library(names[i]), text) == 0,
		      "%s is embedded as it is", path);
	}
}

#define ERR(number) (SECCOMP_RET_ERRNO | (number))

static const struct pinned {
	const char *profile, *call;
	uint64_t args[3];
	uint32_t answer;
} pinned[] = {
	{"strict", "socket", {40}, ERR(EAFNOSUPPORT)},
	{"strict", "socket", {0x100000028}, ERR(EAFNOSUPPORT)},
	{"strict", "socket", {38}, ERR(EAFNOSUPPORT)},
	{"strict", "socket", {1}, SECCOMP_RET_ALLOW},
	{"strict", "socket", {16, 3, 0}, SECCOMP_RET_ALLOW},
	{"strict", "socket", {16, 3, 4}, ERR(EAFNOSUPPORT)},
	{"strict", "socket", {16, 3, 0x100000000}, SECCOMP_RET_ALLOW},
	{"strict", "ioctl", {0, 0x5412}, ERR(EPERM)},
	{"strict", "ioctl", {0, 0x100005412}, ERR(EPERM)},
	{"strict", "ioctl", {0, 0x5401}, SECCOMP_RET_ALLOW},
	{"strict", "clone", {0x10000000}, ERR(EPERM)},
	{"strict", "clone", {0x3d0f00}, SECCOMP_RET_ALLOW},
	{"strict", "clone3", {0}, ERR(ENOSYS)},
	{"strict", "unshare", {0x10000000}, ERR(EPERM)},
	{"strict", "io_uring_setup", {0}, ERR(ENOSYS)},
	{"strict", "fchmodat", {0, 0, 06755}, ERR(EPERM)},
	{"strict", "fchmodat2", {0, 0, 02755}, ERR(EPERM)},
	{"strict", "fchmodat", {0, 0, 01777}, SECCOMP_RET_ALLOW},
	{"strict", "mknodat", {0, 0, 0020666}, ERR(EPERM)},
	{"strict", "mknodat", {0, 0, 0010666}, SECCOMP_RET_ALLOW},
	{"strict", "name_to_handle_at", {0}, ERR(EOPNOTSUPP)},
	{"strict", "seccomp", {1, 8}, ERR(EBUSY)},
	{"strict", "seccomp", {1, 0}, SECCOMP_RET_ALLOW},
	{"strict", "ptrace", {0}, ERR(EPERM)},
	{"strict", "personality", {0xffffffff}, SECCOMP_RET_ALLOW},
	{"strict", "personality", {0x400000}, ERR(EPERM)},
	{"build", "ptrace", {0}, SECCOMP_RET_ALLOW},
	{"build", "pidfd_getfd", {0}, ERR(ENOSYS)},
	{"build", "personality", {0x40000}, SECCOMP_RET_ALLOW},
	{"network-client", "socket", {2, 3}, ERR(EAFNOSUPPORT)},
	{"network-client", "socket", {2, 0x80801}, SECCOMP_RET_ALLOW},
	{"network-client", "listen", {0}, ERR(EPERM)},
	{"desktop", "clone", {0x70000000}, SECCOMP_RET_ALLOW},
	{"desktop", "clone", {0x20000}, ERR(EPERM)},
	{"desktop", "unshare", {0x80}, ERR(EPERM)},
	{"desktop", "clone3", {0}, ERR(ENOSYS)},
	{"desktop", "socket", {16, 2, 15}, SECCOMP_RET_ALLOW},
	{"container", "fchmodat", {0, 0, 06755}, SECCOMP_RET_ALLOW},
	{"container", "mount", {0}, ERR(EPERM)},
	{"compute", "socket", {1}, ERR(EAFNOSUPPORT)},
	{"compute", "ioctl", {0, 0x5412}, ERR(EPERM)},
	{"compute", "ioctl", {0, 0x5413}, SECCOMP_RET_ALLOW},
	{"permissive", "bpf", {0}, ERR(EPERM)},
	{"permissive", "socket", {40}, ERR(EAFNOSUPPORT)},
	{"permissive", "ioctl", {0, 0x100005412}, ERR(EPERM)},
	{"permissive", "unshare", {0x10000000}, SECCOMP_RET_ALLOW},
	{"nested", "mount", {0}, SECCOMP_RET_ALLOW},
	{"nested", "clone3", {0}, SECCOMP_RET_ALLOW},
	{"nested", "ioctl", {0, 0x5412}, ERR(EPERM)},
	{"nested", "bpf", {0}, ERR(EPERM)},
	{"nested", "keyctl", {1}, SECCOMP_RET_ALLOW},
	{"nested", "keyctl", {11}, ERR(EPERM)},
};

static void test_pinned(void)
{
	for (size_t i = 0; i < COUNT(pinned); i++)
		for (size_t t = 0; t < COUNT(targets); t++) {
			int call = seccomp_call_find(pinned[i].call, strlen(pinned[i].call));
			short number = seccomp_calls[call].number[targets[t].machine];
			struct seccomp_data data = {number, targets[t].audit, 0, {0}};
			uint32_t answer = 0;

			for (int a = 0; a < 3; a++)
				data.args[a] = pinned[i].args[a];
			for (size_t b = 0; b < COUNT(programs_x86_64); b++)
				if (strcmp(targets[t].programs[b].name, pinned[i].profile) == 0 &&
				    seccomp_simulate(targets[t].programs[b].code,
						     targets[t].programs[b].length, &data,
						     &answer) < 0)
					answer = 1;
			check(answer == pinned[i].answer, "%s on %s: %s(0x%llx, 0x%llx, 0x%llx)",
			      pinned[i].profile, targets[t].name, pinned[i].call,
			      (unsigned long long)data.args[0], (unsigned long long)data.args[1],
			      (unsigned long long)data.args[2]);
		}
}

int main(void)
{
	test_programs();
	test_other();
	test_texts();
	test_pinned();
	return test_done();
}
