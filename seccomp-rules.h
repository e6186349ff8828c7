/*
 * seccomp-rules.h - what a profile says, between its text and its program.
 *
 * Private to seccomp*.c, to the tools that compile the profiles that ship, and to the tests:
 *
 *   text --seccomp_parse()--> struct profile --seccomp_assemble()--> struct sock_filter[]
 *   JSON --seccomp_import()-^        |                                      |
 *                            seccomp_decide()  must agree with  seccomp_simulate()
 *
 * Nothing here makes a system call but the reading of the files that a profile names.
 */
#ifndef ZBOX_SECCOMP_RULES_H
#define ZBOX_SECCOMP_RULES_H

#include "utils.h"

#include <linux/filter.h>
#include <linux/seccomp.h>

/* ---- names (seccomp-names.c) ---- */

enum machine { MACHINE_X86_64, MACHINE_ARM64, MACHINE_I386, MACHINES };

/* One system call. args: a letter for each argument, i 32 bits, l a word, p a pointer. No pointers
 * here or in the other tables of names: each would be relocated at every start of zbox. */
struct seccomp_call {
	char name[32], args[8];
	short number[MACHINES]; /* -1: the machine has no such call */
};

#define SECCOMP_CALLS 472 /* checked when seccomp-names.c is compiled */

extern const struct seccomp_call seccomp_calls[SECCOMP_CALLS]; /* sorted by name */
extern const char *const machine_names[MACHINES];
extern const uint32_t machine_audit[MACHINES]; /* seccomp_data.arch */

#define X32_BIT 0x40000000U /* numbers of x32 calls, which come with x86_64's arch */

/* What this program runs on, -1 where no profiles are made for it. */
int machine_native(void);

/* Index into seccomp_calls, -1 unknown. length: name need not end in NUL. */
int seccomp_call_find(const char *name, size_t length) MUST_CHECK;

/* Index of the call with this number, -1 none. */
int seccomp_call_at(enum machine machine, unsigned number) MUST_CHECK;

/* First number behind the last call of the machine. */
unsigned seccomp_table_end(enum machine machine);

/* A number as C writes it (0x.., 0.., decimal), or a constant of the kernel's interface by name.
 * Returns false when it is neither. */
bool seccomp_value(const char *text, size_t length, uint64_t *value) MUST_CHECK;

/* An errno by name, 0 unknown; and the name of one, NULL unknown. */
int seccomp_errno(const char *name, size_t length) MUST_CHECK;
const char *seccomp_errno_name(int number);

/* ---- rules (seccomp-rules.c) ---- */

/* Where something was said. column 0: the whole of it, for what has no columns. */
struct place {
	const char *file; /* owned by the profile, or static */
	unsigned line, column;
};

enum term_op {
	TERM_IN,       /* (word & mask) is one of the values */
	TERM_NOT_IN,   /* none of them */
	TERM_AT_LEAST, /* ordered: only in imported JSON, the language has sets instead */
	TERM_BELOW
};

struct term {
	enum term_op op;
	unsigned char arg, bits; /* 0..5; 32 or 64 */
	uint64_t mask;
	size_t value, values; /* first and count in profile.values */
};

/* One line that answers. terms == 0: for every argument. */
struct rule {
	uint32_t answer; /* SECCOMP_RET_* with its data */
	struct place place;
	size_t term, terms; /* first and count in profile.terms; all have to hold */
	char *condition;    /* the text of it, for people; owned, NULL none */
	bool lifts;         /* "override": the floor does not apply to what it lets through */
	bool unbars;        /* the same for calls that the floor bars as a whole */
	bool floor;         /* belongs to the floor */
	bool used;          /* another file replaced it: being dead is no mistake of its own */
};

/* What is said about one call: indices of rules in the order in which they were said, so they are
 * tried from the last to the first. A line without condition empties the list first. */
struct verdict {
	uint32_t *rules;
	size_t count;
	uint32_t *floor; /* conditions of the floor: refuse what the rules would let through */
	size_t floor_count;
	uint32_t barred; /* 1 + the floor's rule without condition, 0 none */
};

struct setting {
	uint32_t answer;
	struct place place; /* line 0: nobody said so, it is the default */
};

struct profile {
	char name[64];
	bool i386; /* rules of its own for the 32-bit calls of x86_64 */
	struct setting foreign, fallback, newer;
	struct rule *rules;
	size_t rule_count;
	struct term *terms;
	size_t term_count;
	uint64_t *values;
	size_t value_count;
	struct verdict calls[SECCOMP_CALLS];
	const char *file; /* the profile's own, the rest is included */
	char **files;     /* names that places point to */
	size_t file_count;
};

/* An empty profile with the defaults: native only, foreign kill, default EPERM, newer ENOSYS. */
void profile_init(struct profile *p);
void profile_free(struct profile *p);

/* Keeps a file name for places. Returns it, or NULL after fail(). */
const char *profile_file(struct profile *p, const char *name) MUST_CHECK;

/* Says rule (an index) about a call. Returns 0, or -1 after fail(): the floor bars it. */
int profile_say(struct profile *p, int call, size_t rule) MUST_CHECK;

/* Whether an answer lets the call happen: allow, log, notify and trace. */
bool answer_allows(uint32_t answer);

/* "allow", "EPERM", "kill process" ...; the buffer is used for numbers without a name. */
const char *answer_text(uint32_t answer, char buffer[32]);

/* The answer by reading the rules, one after the other: the second opinion on the program.
 * decided: where the answer was said; may be NULL. */
uint32_t seccomp_decide(const struct profile *p, enum machine target,
			const struct seccomp_data *data, struct place *decided);

/* ---- text (seccomp-parse.c) ---- */

/* How the texts of the profiles that ship are found: returns the text, of static lifetime, NULL
 * for a name that none has. "floor" is one of them. */
typedef const char *seccomp_library(const char *name);

/* Reads the floor and then the text. name is that of a profile that ships, or a path where it holds
 * a '/': what it includes may then be files too. Returns 0, or -1 after fail() with file, line and
 * column. */
int seccomp_parse(struct profile *p, const char *name, const char *text, size_t length,
		  seccomp_library *library) MUST_CHECK;

/* The first half of it: the floor alone. */
int seccomp_parse_floor(struct profile *p, seccomp_library *library) MUST_CHECK;

/* One more line, of the command line: --seccomp-allow CALL or --seccomp-deny CALL[=ERRNO], where
 * CALL may be a @GROUP of those that ship. allow lifts the floor where that bars the whole call,
 * never what it says about arguments. */
int seccomp_parse_change(struct profile *p, bool allow, const char *text,
			 seccomp_library *library) MUST_CHECK;

/* ---- OCI JSON (seccomp-oci.c) ---- */

/* What the conditions of such a file ask about. */
struct seccomp_host {
	enum machine machine;
	uint64_t caps;          /* of the command, bit N = capability N */
	unsigned kernel, minor; /* the running kernel, 6.1 -> 6, 1 */
};

/* Reads a profile as container engines have them (Docker's default, the runtime specification's
 * linux.seccomp) over the floor, which it cannot lift: what the floor refuses stays refused.
 * Returns 0, or -1 after fail() with file, line and column. */
int seccomp_import(struct profile *p, const char *name, const char *text, size_t length,
		   const struct seccomp_host *host, seccomp_library *library) MUST_CHECK;

/* ---- program (seccomp-code.c) ---- */

/* Compiles for a machine; a program for x86_64 also answers i386 and x32. *code is the caller's to
 * free. Returns 0, or -1 after fail(). */
int seccomp_assemble(const struct profile *p, enum machine target, struct sock_filter **code,
		     unsigned short *length) MUST_CHECK;

/* Lines of the profile's own file that never decide anything: replaced, shadowed, contradictory or
 * closed by the floor. What it includes is meant to be replaced in part. Returns 0, or -1 after
 * fail() at the first of them. */
int seccomp_check_dead(const struct profile *p) MUST_CHECK;

/* ---- simulator (seccomp-simulate.c) ---- */

/* Runs a program as the kernel would. Returns 0 with the answer, or -1 when the program is not one
 * that the kernel would accept (does not call fail()). */
int seccomp_simulate(const struct sock_filter *code, size_t length, const struct seccomp_data *data,
		     uint32_t *answer) MUST_CHECK;

#endif
