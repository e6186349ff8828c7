/*
 * Profiles in OCI JSON: mistakes and their places; a file of the shape and size of the one that
 * container engines ship (engine.json, written for this test); and libseccomp's opinion on what
 * such files mean, with the calls that runc would make, for engine.json and for many random ones.
 *
 * An argument is the path of another such file (Docker's, Podman's), to be compared in the same
 * way.
 */
#include "engine.h"
#include "test.h"

#include "seccomp-rules.h"

#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

/* Without a floor a file means what it means elsewhere. */
static const char *no_floor(const char *name)
{
	return strcmp(name, "floor") == 0 ? "profile floor\n" : NULL;
}

static const struct seccomp_host host = {MACHINE_X86_64, 0, 6, 1};

/* ---- mistakes ---- */

#define HEAD "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":["
#define ENTRY(rest) HEAD "{\"names\":[\"lseek\"],\"action\":\"SCMP_ACT_ALLOW\"," rest "}]}"
#define ARG(rest) ENTRY("\"args\":[{" rest "}]")

static const struct mistake {
	const char *text, *message;
} mistakes[] = {
	{"", "./x:1:1: expected a value"},
	{"{", "./x:1:2: expected a text in quotes"},
	{"{\"a\":1", "./x:1:7: expected a comma or the end of the list"},
	{"{\"a\":1,}", "./x:1:8: expected a text in quotes"},
	{"[1,]", "./x:1:4: expected a value"},
	{"[01]", "./x:1:3: expected a number without leading zeros"},
	{"[1.]", "./x:1:4: expected a digit"},
	{"[-]", "./x:1:3: expected a digit"},
	{"[1e]", "./x:1:4: expected a digit"},
	{"[nul]", "./x:1:2: expected a value"},
	{"[\"a\nb\"]", "./x:1:4: expected no control character"},
	{"[\"\\x\"]", "./x:1:4: expected an escape that JSON knows"},
	{"[\"\\u12\"]", "./x:1:7: expected four hexadecimal digits"},
	{"[\"\\u0000\"]", "./x:1:9: expected a character"},
	{"[\"\\ud800\"]", "./x:1:9: expected the second half of a surrogate pair"},
	{"[\"abc", "./x:1:6: expected the quote at the end"},
	{"{\"a\":1,\"a\":2}", "./x:1:11: expected a key that is new"},
	{"{} x", "./x:1:4: expected the end of the file"},
	{"[]", "./x:1:1: expected an object"},
	{"{}", "./x:1:1: expected a defaultAction"},
	{"{\"defaultAction\":1}", "./x:1:18: expected a text"},
	{"{\"defaultAction\":\"ALLOW\"}", "./x:1:18: expected an action"},
	{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"more\":1}",
	 "./x:1:42: expected no such key here"},
	{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\n\"architectures\":[\"SCMP_ARCH_ARM\"]}",
	 "./x:2:17: expected this machine among the architectures"},
	{HEAD "1]}", "./x:1:47: expected an object"},
	{HEAD "{\"names\":[\"read\"]}]}", "./x:1:47: expected names and an action"},
	{HEAD "{\"names\":[1],\"action\":\"SCMP_ACT_ALLOW\"}]}",
	 "./x:1:57: expected the name of a system call"},
	{ENTRY("\"errnoRet\":65536"), "./x:1:103: expected an errno"},
	{ENTRY("\"errno\":\"EWHAT\""), "./x:1:100: expected the name of an errno"},
	{ENTRY("\"only\":1"), "./x:1:99: expected no such key here"},
	{ENTRY("\"includes\":{\"kernel\":1}"), "./x:1:113: expected no such key here"},
	{ENTRY("\"includes\":{\"minKernel\":\"six\"}"), "./x:1:116: expected a kernel's version"},
	{ENTRY("\"includes\":{\"caps\":[1]}"), "./x:1:112: expected a text"},
	{ARG("\"index\":0"), "./x:1:100: expected index (0 to 5), value and op"},
	{ARG("\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\""), "./x:1:100: expected index"},
	{ARG("\"index\":1,\"value\":-1,\"op\":\"SCMP_CMP_EQ\""), "./x:1:119: expected a number"},
	{ARG("\"index\":1,\"value\":1,\"op\":\"SCMP_CMP\""), "./x:1:126: expected an operator"},
	{ARG("\"index\":3,\"value\":1,\"op\":\"SCMP_CMP_EQ\""),
	 "./x:1:100: expected an argument of"},
	{ARG("\"index\":1,\"value\":1,\"valueTwo\":2,\"op\":\"SCMP_CMP_MASKED_EQ\""),
	 "./x:1:100: expected a value within the mask"},
};

static void test_mistakes(void)
{
	for (size_t i = 0; i < COUNT(mistakes); i++) {
		struct profile *p = calloc(1, sizeof(*p));
		const char *said = "nothing";

		failure_clear();
		profile_init(p);
		if (seccomp_import(p, "./x", mistakes[i].text, strlen(mistakes[i].text), &host,
				   library) < 0)
			said = failure_get()->text;
		if (!check(strncmp(said, mistakes[i].message, strlen(mistakes[i].message)) == 0,
			   "%s", mistakes[i].message))
			printf("# %s\n", said);
		profile_free(p);
		free(p);
	}
}

/* ---- programs ---- */

struct program {
	struct sock_filter *code;
	unsigned short length;
};

static struct program compile(const char *text, const struct seccomp_host *asked,
			      seccomp_library *floor)
{
	struct profile *p = calloc(1, sizeof(*p));
	struct program made = {NULL, 0};

	failure_clear();
	profile_init(p);
	if (seccomp_import(p, "./x.json", text, strlen(text), asked, floor) < 0 ||
	    seccomp_assemble(p, asked->machine, &made.code, &made.length) < 0)
		printf("# %s\n", failure_get()->text);
	profile_free(p);
	free(p);
	return made;
}

static uint32_t ask(const struct program *p, const struct seccomp_data *data)
{
	uint32_t answer = 1;

	if (seccomp_simulate(p->code, p->length, data, &answer) < 0)
		return 1;
	return answer;
}

static uint32_t ask_call(const struct program *p, const char *name, uint64_t a0, uint64_t a2)
{
	int call = seccomp_call_find(name, strlen(name));
	struct seccomp_data data = {.nr = seccomp_calls[call].number[MACHINE_X86_64],
				    .arch = AUDIT_ARCH_X86_64,
				    .args = {a0, 0x5412, a2}};

	return ask(p, &data);
}

#define ERR(number) (SECCOMP_RET_ERRNO | (number))

static void test_engine(const char *text)
{
	struct seccomp_host admin = {MACHINE_X86_64, UINT64_C(1) << 21, 6, 1};
	struct program p = compile(text, &host, library), with = compile(text, &admin, library);

	check(p.length > 0, "the engine's profile runs, %u instructions with i386", p.length);
	check(ask_call(&p, "read", 0, 0) == SECCOMP_RET_ALLOW, "read");
	check(ask_call(&p, "ptrace", 0, 0) == SECCOMP_RET_ALLOW, "ptrace, for the kernel is new");
	check(ask_call(&p, "clone", 0x10000000, 0) == ERR(EPERM), "clone with a namespace");
	check(ask_call(&p, "clone", 0x11, 0) == SECCOMP_RET_ALLOW, "clone");
	check(ask_call(&with, "clone", 0x10000000, 0) == SECCOMP_RET_ALLOW, "with CAP_SYS_ADMIN");
	check(ask_call(&p, "clone3", 0, 0) == ERR(ENOSYS), "clone3");
	check(ask_call(&with, "clone3", 0, 0) == SECCOMP_RET_ALLOW, "with CAP_SYS_ADMIN");
	check(ask_call(&p, "unshare", 0, 0) == ERR(EPERM), "unshare");
	check(ask_call(&p, "socket", 40, 0) == ERR(EPERM), "socket AF_VSOCK");
	check(ask_call(&p, "socket", 0x100000028, 0) == ERR(EPERM),
	      "and with a bit that the kernel ignores");
	check(ask_call(&p, "socket", 1, 0) == SECCOMP_RET_ALLOW, "socket AF_UNIX");
	check(ask_call(&p, "socket", 39, 0) == ERR(EAFNOSUPPORT), "the floor refuses family 39");
	check(ask_call(&p, "ioctl", 0, 0) == ERR(EPERM), "the floor refuses TIOCSTI");
	check(ask_call(&p, "modify_ldt", 0, 0) == ERR(EPERM), "the floor refuses modify_ldt");
	check(ask_call(&with, "mount", 0, 0) == ERR(EPERM), "the floor refuses mount");
	check(ask_call(&p, "listns", 0, 0) == ERR(ENOSYS), "what is newer than the file");
	free(p.code);
	free(with.code);
}

/* ---- libseccomp's opinion ---- */

static struct program export_program(scmp_filter_ctx ctx)
{
	int fd = memfd_create("filter", MFD_CLOEXEC);
	struct program made = {NULL, 0};
	off_t size;

	if (fd < 0 || seccomp_export_bpf(ctx, fd) < 0)
		return made;
	size = lseek(fd, 0, SEEK_END);
	made.code = malloc((size_t)size);
	made.length = (unsigned short)((size_t)size / sizeof(*made.code));
	if (pread(fd, made.code, (size_t)size, 0) != size)
		made.length = 0;
	close(fd);
	return made;
}

static struct program build(const char *text, bool i386)
{
	struct program made = {NULL, 0};
	struct json_tree j;
	scmp_filter_ctx ctx;

	if (json_parse(&j, "x.json", text, strlen(text)) < 0)
		return made;
	ctx = engine_filter(&j, i386);
	made = export_program(ctx);
	seccomp_release(ctx);
	json_free(&j);
	return made;
}

static const uint64_t words[] = {0,       1,      2,          3,          7,          8,
				 9,       16,     37,         38,         39,         40,
				 41,      0x11,   0x10000000, 0x02000000, 0x7e020000, 0x20000,
				 0x20008, 0x5412, 0xff,       0x100,      0x80000000, 0xffffffff};

/* ---- the file's own words ---- */

static bool arg_holds(const struct json_tree *j, const struct json_value *arg, const char *args,
		      const struct seccomp_data *data)
{
	struct scmp_arg_cmp c = comparison(j, arg);
	uint64_t cut = args[c.arg] == 'i' ? UINT32_MAX : UINT64_MAX, word = data->args[c.arg] & cut;
	uint64_t value = c.datum_a & cut;

	return c.op == SCMP_CMP_NE   ? word != value
	       : c.op == SCMP_CMP_EQ ? word == value
	       : c.op == SCMP_CMP_LT ? word < value
	       : c.op == SCMP_CMP_LE ? word <= value
	       : c.op == SCMP_CMP_GE ? word >= value
	       : c.op == SCMP_CMP_GT ? word > value
				     : (word & value) == c.datum_b;
}

/* All of the args, or one of them where two are about the same argument. */
static bool entry_holds(const struct json_tree *j, const struct json_value *list, const char *args,
			const struct seccomp_data *data)
{
	unsigned seen = 0, holds = 0, count = 0;
	bool twice = false;

	for (const struct json_value *v = json_first(j, list); v; v = json_next(j, list, v)) {
		unsigned bit = 1U << comparison(j, v).arg;

		twice |= (seen & bit) != 0;
		seen |= bit;
		holds += arg_holds(j, v, args, data);
		count++;
	}
	return twice ? holds > 0 : holds == count;
}

/* What the file says of a call: the first entry without args, else the first that holds. */
static uint32_t read_file(const struct json_tree *j, int call, const struct seccomp_data *data)
{
	const struct json_value *calls = json_get(j, j->values, "syscalls");
	uint32_t fallback = action_of(j, j->values, "defaultAction", "defaultErrnoRet");

	for (int round = 0; round < 2; round++)
		for (const struct json_value *e = json_first(j, calls); e;
		     e = json_next(j, calls, e)) {
			const struct json_value *args = json_get(j, e, "args");
			uint32_t action = action_of(j, e, "action", "errnoRet");

			if (!list_has(j, e, "names", seccomp_calls[call].name) ||
			    action == fallback || (args != NULL) != (round == 1))
				continue;
			if (!args || entry_holds(j, args, seccomp_calls[call].args, data))
				return action;
		}
	return fallback;
}

/* Arguments number i. An int gets no bits above its 32: there libseccomp's answer is not ours. */
static void choose_args(int call, size_t i, struct seccomp_data *data)
{
	for (unsigned a = 0; a < 6; a++) {
		size_t word = i / (a == 0 ? COUNT(words) : 1) + 5 * (a / 2);

		data->args[a] = words[word % COUNT(words)];
		if (seccomp_calls[call].args[a] == 'l' && (i + a) % 3 == 0)
			data->args[a] |= (uint64_t)(i % 7) << 32;
	}
}

/* Both programs on every number and many arguments. */
static unsigned long compare(const struct program *ours, const struct program *theirs,
			     unsigned long *total)
{
	unsigned long different = 0;

	for (int nr = 0; nr < 460; nr++) {
		int call = seccomp_call_at(MACHINE_X86_64, (unsigned)nr);

		/* what libseccomp is too old for, and so cannot allow */
		if (call < 0 ||
		    seccomp_syscall_resolve_name(seccomp_calls[call].name) == __NR_SCMP_ERROR)
			continue;
		for (size_t i = 0; i < COUNT(words) * COUNT(words); i++) {
			struct seccomp_data data = {.nr = nr, .arch = AUDIT_ARCH_X86_64};

			choose_args(call, i, &data);
			++*total;
			different += ask(ours, &data) != ask(theirs, &data);
		}
	}
	return different;
}

static void test_opinion(const char *name, const char *text)
{
	struct program ours = compile(text, &host, no_floor), theirs = build(text, true);
	unsigned long total = 0, different;

	different = compare(&ours, &theirs, &total);
	check(ours.length > 0 && different == 0,
	      "%s: %lu of %lu decisions differ from libseccomp's; %u instructions, not %u", name,
	      different, total, ours.length, theirs.length);
	free(ours.code);
	free(theirs.code);
}

/* ---- random files ---- */

static unsigned state = 1;

static unsigned pick(unsigned below)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % below;
}

static int put_args(char *out, const char *call)
{
	static const char *const ops[] = {"NE", "EQ", "MASKED_EQ", "LT", "LE", "GE", "GT"};
	size_t args = strlen(seccomp_calls[seccomp_call_find(call, strlen(call))].args);
	int length = sprintf(out, ",\"args\":[");

	for (unsigned i = 0, count = 1 + pick(3); i < count; i++) {
		const char *op = ops[pick(COUNT(ops))];
		/* not 0: a mask of nothing is no condition to libseccomp, and one to us */
		uint64_t value = words[1 + pick(COUNT(words) - 1)],
			 two = words[pick(COUNT(words))] & value;

		length += sprintf(
			out + length,
			"%s{\"index\":%u,\"value\":%llu,\"valueTwo\":%llu,\"op\":\"SCMP_CMP_%s\"}",
			i ? "," : "", pick((unsigned)args), (unsigned long long)value,
			(unsigned long long)two, op);
	}
	return length + sprintf(out + length, "]");
}

/* Some entries about few calls. Conditions of one call have one action, as libseccomp's order of
 * others is its own. */
static void random_file(char *out)
{
	static const char *const calls[] = {"mmap", "lseek", "prctl", "socket", "getpid", "kcmp"};
	static const char *const actions[] = {"ALLOW", "ERRNO\",\"errno\":\"EINVAL", "LOG", "KILL"};

	out += sprintf(out, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,\n"
			    "\"syscalls\":[{\"names\":[\"rseq_slice_yield\"],"
			    "\"action\":\"SCMP_ACT_ALLOW\"}");
	for (unsigned i = 0, count = 1 + pick(12); i < count; i++) {
		const char *call = calls[pick(COUNT(calls))];
		bool always = pick(5) == 0 || strcmp(call, "getpid") == 0;
		unsigned action = always ? pick(COUNT(actions)) : 0;

		out += sprintf(out, ",\n{\"names\":[\"%s\"],\"action\":\"SCMP_ACT_%s\"", call,
			       actions[action]);
		if (!always)
			out += put_args(out, call);
		out += sprintf(out, "}");
	}
	(void)sprintf(out, "]}");
}

/* Our program against the file's words; how often libseccomp's differs from them is only told. */
static unsigned long compare_random(const char *text, unsigned long *total, unsigned long *theirs)
{
	static const char *const calls[] = {"mmap", "lseek", "prctl", "socket", "getpid", "kcmp"};
	struct program our = compile(text, &host, no_floor), their = build(text, false);
	unsigned long different = 0;
	struct json_tree j;

	if (json_parse(&j, "x.json", text, strlen(text)) < 0)
		return 1;
	for (size_t c = 0; c < COUNT(calls); c++) {
		int call = seccomp_call_find(calls[c], strlen(calls[c]));
		struct seccomp_data data = {.nr = seccomp_calls[call].number[MACHINE_X86_64],
					    .arch = AUDIT_ARCH_X86_64};

		for (size_t i = 0; i < COUNT(words) * COUNT(words); i++) {
			uint32_t expected;

			choose_args(call, i, &data);
			expected = read_file(&j, call, &data);
			++*total;
			different += ask(&our, &data) != expected;
			*theirs += ask(&their, &data) != expected;
		}
	}
	json_free(&j);
	free(our.code);
	free(their.code);
	return different;
}

static void test_random(void)
{
	static char text[1 << 16];
	unsigned long total = 0, different = 0, theirs = 0;
	unsigned files = 0;

	for (; files < 500 && different == 0; files++) {
		random_file(text);
		different = compare_random(text, &total, &theirs);
	}
	if (!check(different == 0, "%u random files: %lu of %lu decisions differ from their words",
		   files, different, total))
		printf("%s\n", text);
	/* 2.5.4 merges the conditions of a call wrongly in places: one that allows "not 40" of an
	 * argument and another "not 41" come to allow 41 */
	printf("# libseccomp differs in %lu\n", theirs);
	check(theirs < total / 1000, "and libseccomp in next to none");
}

/* What libseccomp 2.5.4 itself loses; read by LeakSanitizer where the test is built with it. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libseccomp";
}

int main(int argc, char **argv)
{
	char *text = read_whole(PROFILES "/../tests/unit/engine.json");

	test_mistakes();
	test_engine(text);
	test_opinion("engine.json", text);
	free(text);
	test_random();
	for (int i = 1; i < argc; i++) {
		text = read_whole(argv[i]);
		test_opinion(argv[i], text);
		free(text);
	}
	return test_done();
}
