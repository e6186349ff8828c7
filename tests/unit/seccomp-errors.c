/*
 * Mistakes in profiles: each has its place, and nothing is compiled. And what is no mistake.
 */
#include "test.h"

#include "seccomp-rules.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *library(const char *name)
{
	static const struct {
		const char *name, *text;
	} texts[] = {
#include "seccomp-profiles/generated/texts.h"
		{"loop", "profile loop\ninclude pool\n"},
		{"pool", "profile pool\ninclude loop\n"},
		{"reader", "include ./file\n"},
		{"other", "group @start read\n"},
	};

	for (size_t i = 0; i < COUNT(texts); i++)
		if (strcmp(texts[i].name, name) == 0)
			return texts[i].text;
	return NULL;
}

/* The message of compiling the text for a machine, "" when nothing is wrong. */
static const char *compile_for(const char *name, const char *text, size_t length,
			       enum machine machine)
{
	struct profile *p = calloc(1, sizeof(*p));
	struct sock_filter *code = NULL;
	unsigned short count;

	failure_clear();
	profile_init(p);
	if (seccomp_parse(p, name, text, length, library) == 0 && seccomp_check_dead(p) == 0 &&
	    seccomp_assemble(p, machine, &code, &count) == 0)
		free(code);
	profile_free(p);
	free(p);
	return failure_get() ? failure_get()->text : "";
}

/* Each text goes behind a first line "profile x" and "include groups" as the second. */
static const struct mistake {
	const char *text, *message;
} mistakes[] = {
	{"allow opennat", "./x:3:7: expected a system call that is known, not \"opennat\""},
	{"allow", "./x:3:6: expected a system call or a group, not \"the end of the line\""},
	{"allow if", "./x:3:7: expected a system call or a group"},
	{"allow read\nallow read", "./x:3:1: this line never decides anything"},
	{"allow read read", "./x:3:12: expected a call that the line does not name already"},
	{"allow @nobody", "./x:3:7: expected a group that is defined"},
	{"allow lseek if a2:32 == 1\nallow lseek if a2:32 in 1, 2",
	 "./x:3:1: this line never decides anything"},
	{"allow lseek if a2:32 == 1 and a2:32 == 2", "./x:3:1: this line never decides anything"},
	{"allow ioctl if a1:32 == TIOCSTI", "./x:3:1: this line never decides anything"},
	{"allow open if a0:32 == 1", "./x:3:15: expected an argument that is no pointer"},
	{"allow open openat if a1:32 == 1", "./x:3:22: expected an argument that is no pointer"},
	{"allow clone3 if a0:64 == 1", "./x:3:17: expected an argument that is no pointer"},
	{"allow getpid if a0:32 == 1", "./x:3:17: expected an argument that all of the calls have"},
	{"allow socket if a0:64 == 1", "./x:3:17: expected :32"},
	{"allow lseek if a6:32 == 1", "./x:3:16: expected an argument, a0 to a5"},
	{"allow lseek if a2 == 1", "./x:3:19: expected a width, :32 or :64"},
	{"allow lseek if a2:16 == 1", "./x:3:19: expected a width, :32 or :64"},
	{"allow lseek if a2:32 < 1", "./x:3:22: expected ==, != or in"},
	{"allow lseek if a2:32 == NOBODY", "./x:3:25: expected a number or the name of a constant"},
	{"allow lseek if a2:32 == 08", "./x:3:25: expected a number or the name of a constant"},
	{"allow lseek if a2:32 == 1, 2", "./x:3:26: expected the end of the line"},
	{"allow lseek if a2:32 == 0x100000000", "./x:3:25: expected a value of 32 bits"},
	{"allow lseek if a1:64 == 0x10000000000000000", "./x:3:25: expected a number or the name"},
	{"allow lseek if a1:64 in 1, 2", "./x:3:22: expected == or != (sets are for :32)"},
	{"allow lseek if a2:32 & 3 == 4", "./x:3:29: expected a value within the mask"},
	{"allow lseek if a2:32 & 0 == 0", "./x:3:26: expected a mask that is not 0"},
	{"allow lseek if a2:32 in 1, 1", "./x:3:28: expected a value that is not there already"},
	{"allow lseek if", "./x:3:15: expected an argument"},
	{"allow lseek if a2:32 == 1 and", "./x:3:30: expected an argument"},
	{"allow lseek if a2:32 == 1 or a2:32 == 2", "./x:3:27: expected the end of the line"},
	{"errno ENOBODY read", "./x:3:7: expected the name of an errno, or its number"},
	{"errno 0 read", "./x:3:7: expected the name of an errno, or its number"},
	{"errno 4096 read", "./x:3:7: expected the name of an errno, or its number"},
	{"permit read", "./x:3:1: expected a statement"},
	{"override kill read", "./x:3:10: expected allow, log, notify or arch behind override"},
	{"override", "./x:3:9: expected allow, log, notify or arch behind override"},
	{"override allow read", "./x:3:10: the floor does not refuse any of these"},
	{"allow bpf", "./x:3:1: bpf is refused by the floor (floor.seccomp:"},
	{"allow bpf if a0:32 == 1", "./x:3:1: bpf is refused by the floor (floor.seccomp:"},
	{"log @io-uring", "./x:3:1: io_uring_enter is refused by the floor"},
	{"allow @mount", "./x:3:1: fsconfig is refused by the floor"},
	{"arch native i386", "./x:3:13: expected \"override\" in front"},
	{"arch sparc", "./x:3:6: expected native"},
	{"override arch native sparc", "./x:3:22: expected the end of the line"},
	{"foreign allow", "./x:3:1: another machine's calls have other numbers"},
	{"default EPERM\ndefault EACCES", "./x:4:1: said before, in line 3"},
	{"default maybe", "./x:3:9: expected the name of an errno"},
	{"newer", "./x:3:6: expected the name of an errno"},
	{"profile x", "./x:3:1: expected one line with the profile's name"},
	{"group start read", "./x:3:7: expected the name of a group, @NAME"},
	{"group @start read", "./x:3:7: expected a group that no other file defines"},
	{"group @mine", "./x:3:12: expected a system call or a group"},
	{"group @mine read\ngroup @mine read", "./x:4:13: expected a call that the line does not"},
	{"include", "./x:3:8: expected the name of a profile or a file"},
	{"include nobody", "./x:3:9: expected the name of a profile that ships"},
	{"include floor", "./x:3:9: expected the name of a profile that ships"},
	{"include none", "./x:3:9: expected the name of a profile that ships"},
	{"include ./nobody", "./x:3:9: ./nobody"},
	{"include loop", "pool.seccomp:2:9: expected a file that this one is not part of"},
	{"include reader", "reader.seccomp:1:9: expected the name of a profile that ships"},
	{"include groups more", "./x:3:16: expected the end of the line"},
	{"allow r\x1b[31mead", "./x:3:7: expected a system call that is known, not \"r\""},
	{"\x1b[31m", "./x:3:1: expected a statement"},
};

static void test_mistakes(void)
{
	for (size_t i = 0; i < COUNT(mistakes); i++) {
		char text[512];
		const char *message;

		snprintf(text, sizeof(text), "profile x\ninclude groups\n%s\n", mistakes[i].text);
		message = compile_for("./x", text, strlen(text), MACHINE_X86_64);
		if (!check(strncmp(message, mistakes[i].message, strlen(mistakes[i].message)) == 0,
			   "%.30s: %.40s",
			   strtok(text + strlen("profile x\ninclude groups\n"), "\n\x1b"),
			   mistakes[i].message))
			printf("# %s\n", message);
	}
}

static const char *const good[] = {
	"allow read # why\n\n# nothing\n\tallow write\t# why",
	"allow lseek if a1:64 & 0xff00000000000000 != 0 and a2:32 in 0, 1",
	"override allow bpf\n",
	"override allow ioctl if a1:32 == TIOCSTI\n",
	"override arch native i386\nallow mmap2",
	"default allow",
	"errno 4095 read\nerrno EPERM write",
	"group @a read\ngroup @b write @a\nallow @a @b",
	"allow read\nkill lseek if a2:32 == 7\nlog write\nnotify lseek if a2:32 == 8",
	"allow socket if a0:32 == AF_UNIX|SOCK_STREAM",
	"include strict\ninclude groups",
	"errno EACCES bpf", /* a floor with another errno is a floor */
	"errno EPERM open if a2:32 & 0100 != 0",
};

static void test_good(void)
{
	for (size_t i = 0; i < COUNT(good); i++)
		for (enum machine m = 0; m < MACHINE_I386; m++) {
			char text[512];
			const char *message;

			snprintf(text, sizeof(text), "profile x\ninclude groups\n%s", good[i]);
			message = compile_for("./x.seccomp", text, strlen(text), m);
			if (!check(*message == '\0', "good text %zu compiles for %s", i,
				   machine_names[m]))
				printf("# %s\n", message);
		}
}

static void test_whole_files(void)
{
	static char noise[1 << 20], deep[1 << 20], *at = deep;
	unsigned state = 1;
	const char *message;

	check(strstr(compile_for("./x", "", 0, MACHINE_X86_64), "./x:1:1: expected a line") != NULL,
	      "an empty file");
	check(strstr(compile_for("./x", "allow read", 10, MACHINE_X86_64), "./x:1:1:") != NULL,
	      "no name");
	check(strstr(compile_for("./y", "profile x", 9, MACHINE_X86_64), "./y:1:9: expected") !=
		      NULL,
	      "another name");
	check(strstr(compile_for("./x", "profile x\nallow\0read\n", 21, MACHINE_X86_64),
		     "./x:2:6:") != NULL,
	      "a NUL inside");
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)((state = state * 1664525 + 1013904223) >> 24);
	message = compile_for("./x", noise, sizeof(noise), MACHINE_X86_64);
	check(strncmp(message, "./x:1:", 6) == 0, "1 MiB of noise: %s", message);
	at += sprintf(at, "profile x\nallow lseek\n");
	for (unsigned i = 0; at < deep + sizeof(deep) - 100; i++)
		at += sprintf(at, "errno %u lseek if a2:32 == %u and a1:64 != %u\n", 1 + i % 4000,
			      i, i);
	message = compile_for("./x", deep, (size_t)(at - deep), MACHINE_X86_64);
	check(strstr(message, "too many tests") || strstr(message, "more than 4096 instructions"),
	      "1 MiB of conditions: %s", message);
}

/* --seccomp-allow and --seccomp-deny. */
static const char *change(bool allow, const char *text, uint32_t *answer, const char *call)
{
	static const char strict[] = "profile x\ninclude strict\n";
	struct profile *p = calloc(1, sizeof(*p));
	int index = seccomp_call_find(call, strlen(call));
	struct seccomp_data data = {.nr = seccomp_calls[index].number[MACHINE_X86_64],
				    .arch = machine_audit[MACHINE_X86_64],
				    .args = {0, 0x5412}};

	failure_clear();
	profile_init(p);
	if (seccomp_parse(p, "./x", strict, strlen(strict), library) == 0 &&
	    seccomp_parse_change(p, allow, text, library) == 0)
		*answer = seccomp_decide(p, MACHINE_X86_64, &data, NULL);
	profile_free(p);
	free(p);
	return failure_get() ? failure_get()->text : "";
}

static void test_changes(void)
{
	uint32_t answer = 0;

	check(*change(true, "ptrace", &answer, "ptrace") == '\0' && answer == SECCOMP_RET_ALLOW,
	      "--seccomp-allow ptrace");
	check(*change(true, "bpf", &answer, "bpf") == '\0' && answer == SECCOMP_RET_ALLOW,
	      "--seccomp-allow lifts the floor where it names the call");
	check(*change(true, "ioctl", &answer, "ioctl") == '\0' && answer == (SECCOMP_RET_ERRNO | 1),
	      "but not what the floor says about arguments");
	check(*change(true, "@peek", &answer, "kcmp") == '\0' && answer == SECCOMP_RET_ALLOW,
	      "--seccomp-allow @peek");
	check(*change(false, "read", &answer, "read") == '\0' && answer == (SECCOMP_RET_ERRNO | 1),
	      "--seccomp-deny read");
	check(*change(false, "read=ENOSYS", &answer, "read") == '\0' &&
		      answer == (SECCOMP_RET_ERRNO | 38),
	      "--seccomp-deny read=ENOSYS");
	check(*change(false, "read=5", &answer, "read") == '\0' &&
		      answer == (SECCOMP_RET_ERRNO | 5),
	      "--seccomp-deny read=5");
	check(strstr(change(true, "reed", &answer, "read"), "no such system call") != NULL,
	      "--seccomp-allow reed");
	check(strstr(change(true, "read write", &answer, "read"), "no such system call") != NULL,
	      "--seccomp-allow 'read write'");
	check(strstr(change(true, "", &answer, "read"), "no such system call") != NULL,
	      "--seccomp-allow ''");
	check(strstr(change(false, "read=", &answer, "read"), "no such errno") != NULL,
	      "--seccomp-deny read=");
	check(strstr(change(false, "read=EWHAT", &answer, "read"), "no such errno") != NULL,
	      "--seccomp-deny read=EWHAT");
	check(strstr(change(true, "@nobody", &answer, "read"), "no such system call") != NULL,
	      "--seccomp-allow @nobody");
}

int main(void)
{
	test_mistakes();
	test_good();
	test_whole_files();
	test_changes();
	return test_done();
}
