/*
 * libseccomp's opinion on the profiles that ship. Their lines, as the second reading has them, are
 * taken apart into the ways in which a call can be let through (or refused), and these are given to
 * libseccomp as rules; its program and ours have to agree.
 *
 * libseccomp knows no order of rules and one comparison for an argument in a rule. So each way is
 * written out: "this line holds, and none that comes after it". Where that takes two comparisons of
 * one argument (ioctl: none of nine requests) the ways of the opposite answer are given to a filter
 * that allows by default. With rules of arguments the answer is compared as allowed or not, since a
 * filter has but one other answer there.
 */
#include "reading.h"
#include "test.h"

#include "../../seccomp.h"
#include "seccomp-rules.h"

#include <linux/audit.h>
#include <sys/mman.h>
#include <unistd.h>

#include "seccomp-profiles/generated/arm64.h"
#include "seccomp-profiles/generated/x86_64.h"

/* (argument & mask) is the value, or is not. */
struct fact {
	int arg;
	bool negative;
	uint64_t mask, value;
};

struct way {
	struct fact fact[32];
	int facts;
};

struct ways {
	struct way list[512];
	int count;
};

/* Adds a fact to a way. Returns false when the way cannot be gone any more. */
static bool add_fact(struct way *w, struct fact f)
{
	/* a value decides, and replaces, what was known of that argument */
	for (int i = 0; i < w->facts && !f.negative && f.mask == UINT32_MAX; i++) {
		struct fact *k = &w->fact[i];

		if (k->arg != f.arg)
			continue;
		if (((f.value & k->mask) == k->value) == k->negative)
			return false;
		*k = w->fact[--w->facts];
		i--;
	}
	for (int i = 0; i < w->facts; i++) {
		const struct fact *k = &w->fact[i];

		if (k->arg != f.arg)
			continue;
		if (!k->negative && k->mask == UINT32_MAX)
			return ((k->value & f.mask) == f.value) != f.negative;
		if (k->mask == f.mask && k->value == f.value)
			return k->negative == f.negative;
		if (k->mask == f.mask && !k->negative && f.negative)
			return true;
	}
	w->fact[w->facts++] = f;
	return true;
}

/* The ways among old on which the term is true, or false. */
static void split_term(const struct ways *old, const struct read_term *t, bool truth,
		       struct ways *new)
{
	bool one_of = truth != t->negative;

	for (int i = 0; i < old->count; i++) {
		struct way all = old->list[i];
		bool open = true;

		for (int v = 0; v < t->values; v++) {
			struct fact f = {t->arg, !one_of, t->mask, t->value[v]};
			struct way with = old->list[i];

			if (one_of && add_fact(&with, f))
				new->list[new->count++] = with;
			if (!one_of)
				open = open && add_fact(&all, f);
		}
		if (!one_of && open)
			new->list[new->count++] = all;
	}
}

/* The ways among old on which the line holds, or does not: then one of its terms is false. */
static void split_line(const struct ways *old, const struct read_line *l, bool truth,
		       struct ways *new)
{
	static struct ways now, next;

	new->count = 0;
	now = *old;
	for (int t = 0; t < l->terms; t++) {
		if (!truth)
			split_term(&now, &l->term[t], false, new);
		next.count = 0;
		split_term(&now, &l->term[t], true, &next);
		now = next;
	}
	if (truth)
		*new = now;
}

/* The ways on which the call is let through, or refused: for each line, it holds and none of the
 * later ones does; then the floor's lines in the same manner. */
static void find_ways(const struct reading *r, const struct about *about, bool through,
		      struct ways *found)
{
	static struct ways left, here, rest;

	found->count = 0;
	left.count = 1;
	left.list[0].facts = 0;
	for (int i = about->lines; i >= 0; i--) {
		const struct read_line *l = i > 0 ? about->line[i - 1] : NULL;
		uint32_t answer = l ? l->answer : r->fallback;
		bool lifts = l && l->override;

		if (l && l->floor && l->terms > 0)
			continue;
		here = left;
		if (l) {
			split_line(&left, l, true, &here);
			split_line(&left, l, false, &rest);
			left = rest;
		}
		for (int f = 0; f < about->lines && lets_through(answer) && !lifts; f++) {
			if (!about->line[f]->floor || about->line[f]->terms == 0)
				continue;
			split_line(&here, about->line[f], true, &rest);
			for (int w = 0; w < rest.count && !through; w++)
				found->list[found->count++] = rest.list[w];
			split_line(&here, about->line[f], false, &rest);
			here = rest;
		}
		for (int w = 0; w < here.count && lets_through(answer) == through; w++)
			found->list[found->count++] = here.list[w];
	}
}

/* A way as one rule. "Is not" of 32 bits is "is not" of 64: the words that are asked have no more.
 * Of a mask, "is not" exists for one bit only. Returns false where libseccomp has no such rule. */
static bool add_rule(scmp_filter_ctx ctx, uint32_t action, int number, const struct way *w)
{
	struct scmp_arg_cmp c[32];
	unsigned seen = 0;

	for (int i = 0; i < w->facts; i++) {
		const struct fact *f = &w->fact[i];
		bool bit = (f->mask & (f->mask - 1)) == 0;

		if (seen & 1U << f->arg || (f->negative && f->mask != UINT32_MAX && !bit))
			return false;
		seen |= 1U << f->arg;
		c[i] = (struct scmp_arg_cmp){(unsigned)f->arg, SCMP_CMP_MASKED_EQ, f->mask,
					     f->value};
		if (f->negative && f->mask == UINT32_MAX)
			c[i] = (struct scmp_arg_cmp){(unsigned)f->arg, SCMP_CMP_NE, f->value, 0};
		else if (f->negative)
			c[i].datum_b = f->value ^ f->mask;
	}
	return seccomp_rule_add_array(ctx, action, number, (unsigned)w->facts, c) == 0;
}

static bool add_ways(scmp_filter_ctx ctx, uint32_t action, int number, const struct ways *ways)
{
	/* a trial, because what was added cannot be taken back */
	scmp_filter_ctx trial =
		seccomp_init(action == SCMP_ACT_ALLOW ? SCMP_ACT_KILL : SCMP_ACT_ALLOW);
	bool good = true;

	for (int i = 0; i < ways->count; i++)
		good = good && add_rule(trial, action, number, &ways->list[i]);
	seccomp_release(trial);
	for (int i = 0; i < ways->count && good; i++)
		good = add_rule(ctx, action, number, &ways->list[i]);
	return good;
}

struct program {
	struct sock_filter *code;
	size_t length;
};

static struct program export_program(scmp_filter_ctx ctx)
{
	int fd = memfd_create("filter", MFD_CLOEXEC);
	struct program p = {NULL, 0};
	off_t size;

	if (fd < 0 || seccomp_export_bpf(ctx, fd) < 0)
		give_up("libseccomp", "export");
	size = lseek(fd, 0, SEEK_END);
	p.code = malloc((size_t)size);
	p.length = (size_t)size / sizeof(*p.code);
	if (pread(fd, p.code, (size_t)size, 0) != size)
		give_up("libseccomp", "read");
	close(fd);
	return p;
}

enum { NUMBERS = 500 };

/* One filter that allows what it is told, one that refuses it, and which of them has a call. */
struct oracle {
	scmp_filter_ctx allow, refuse;
	struct program allows, refuses;
	bool exact[NUMBERS], refusing[NUMBERS], known[NUMBERS];
};

/* Rules are added under the native machine's number, or what libseccomp has in its place. */
static void tell(struct oracle *o, const struct reading *r, uint32_t scmp, int number)
{
	static struct ways through, refused;
	char *name = seccomp_syscall_resolve_num_arch(scmp, number);
	struct about about;
	bool conditions = false;
	int native;

	if (!name)
		return;
	native = seccomp_syscall_resolve_name(name);
	about = read_about(r, name);
	free(name);
	for (int i = 0; i < about.lines; i++)
		conditions |= about.line[i]->terms > 0;
	o->known[number] = true;
	o->exact[number] = !conditions;
	if (!conditions) {
		uint64_t none[6] = {0};
		uint32_t answer = read_decide(r, &about, none);

		if (answer != SCMP_ACT_ERRNO(1))
			o->known[number] = seccomp_rule_add(o->allow, answer, native, 0) == 0;
		return;
	}
	find_ways(r, &about, true, &through);
	if (add_ways(o->allow, SCMP_ACT_ALLOW, native, &through))
		return;
	find_ways(r, &about, false, &refused);
	o->refusing[number] = true;
	o->known[number] = add_ways(o->refuse, SCMP_ACT_ERRNO(1), native, &refused);
}

static uint32_t ask(const struct program *p, const struct seccomp_data *data)
{
	uint32_t answer = 1;

	return seccomp_simulate(p->code, p->length, data, &answer) < 0 ? 1 : answer;
}

static const uint64_t words[] = {
	0,          1,        2,       3,       8,          9,         10,      15,       16,
	38,         40,       0x80,    0x5401,  0x5412,     0x541c,    0x5423,  0x4b4b,   06000,
	04755,      0100644,  060000,  0140000, 0x20000,    0x20008,   0x40000, 0x400000, 0x2000000,
	0x10000000, 0x3d0f00, 0x40008, 0x80801, 0x7e020000, 0xffffffff};

static unsigned long compare(const struct oracle *o, const struct program *ours, uint32_t audit,
			     unsigned long *total)
{
	unsigned long different = 0;
	size_t n = COUNT(words);

	for (int number = 0; number < NUMBERS; number++)
		for (size_t i = 0; o->known[number] && i < n * n * n;
		     i += o->exact[number] ? 997 : 1) {
			struct seccomp_data data = {
				number,
				audit,
				0,
				{words[i % n], words[i / n % n], words[i / n / n]}};
			uint32_t our = ask(ours, &data),
				 their = ask(o->refusing[number] ? &o->refuses : &o->allows, &data);
			bool same = o->exact[number] ? our == their
						     : lets_through(our) == lets_through(their);

			++*total;
			if (!same && different++ < 5)
				printf("# %d(%llx, %llx, %llx): %x, libseccomp %x\n", number,
				       data.args[0], data.args[1], data.args[2], our, their);
		}
	return different;
}

static void test_profile(const struct seccomp_builtin *b, uint32_t audit, uint32_t scmp)
{
	struct oracle *o = calloc(1, sizeof(*o));
	struct program ours = {(struct sock_filter *)(uintptr_t)b->code, b->length};
	struct reading *r = read_profile(b->name, NULL);
	unsigned long total = 0, different;
	int unknown = 0;

	o->allow = seccomp_init(SCMP_ACT_ERRNO(1));
	o->refuse = seccomp_init(SCMP_ACT_ALLOW);
	for (int i = 0; i < 2; i++) {
		scmp_filter_ctx ctx = i ? o->refuse : o->allow;

		(void)seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE);
		(void)seccomp_arch_add(ctx, scmp);
	}
	for (int number = 0; number < NUMBERS; number++) {
		char *name = seccomp_syscall_resolve_num_arch(scmp, number);

		tell(o, r, scmp, number);
		unknown += name && !o->known[number];
		free(name);
	}
	o->allows = export_program(o->allow);
	o->refuses = export_program(o->refuse);
	different = compare(o, &ours, audit, &total);
	check(different == 0 && unknown == 0,
	      "%s: %lu of %lu decisions differ from libseccomp's, %d calls could not be told",
	      b->name, different, total, unknown);
	seccomp_release(o->allow);
	seccomp_release(o->refuse);
	free(o->allows.code);
	free(o->refuses.code);
	free(o);
	free_reading(r);
}

int main(void)
{
	for (size_t i = 0; i < COUNT(programs_x86_64); i++) {
		if (programs_x86_64[i].length == 0)
			continue;
		test_profile(&programs_x86_64[i], AUDIT_ARCH_X86_64, SCMP_ARCH_X86_64);
		test_profile(&programs_arm64[i], AUDIT_ARCH_AARCH64, SCMP_ARCH_AARCH64);
	}
	return test_done();
}
