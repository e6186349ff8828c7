/*
 * seccomp-simulate.c - a filter program run as the kernel runs it, on a call that never happens.
 *
 * It knows the instructions that the kernel allows in a filter (seccomp(2)), and refuses a program
 * that leaves its end, reads outside of struct seccomp_data or uses anything else: the answer is to
 * be that of the kernel, or none.
 */
#include "seccomp-rules.h"

#include <string.h>

struct state {
	uint32_t a, x, memory[BPF_MEMWORDS];
	const struct seccomp_data *data;
};

static int load(struct state *s, const struct sock_filter *i, uint32_t *value)
{
	switch (BPF_MODE(i->code)) {
	case BPF_ABS:
		if (BPF_SIZE(i->code) != BPF_W || i->k % 4 || i->k >= sizeof(*s->data))
			return -1;
		memcpy(value, (const char *)s->data + i->k, sizeof(*value));
		return 0;
	case BPF_IMM:
		*value = i->k;
		return 0;
	case BPF_LEN:
		*value = sizeof(*s->data);
		return 0;
	case BPF_MEM:
		if (i->k >= BPF_MEMWORDS)
			return -1;
		*value = s->memory[i->k];
		return 0;
	default:
		return -1;
	}
}

static int calculate(struct state *s, const struct sock_filter *i)
{
	uint32_t operand = BPF_SRC(i->code) == BPF_X ? s->x : i->k;

	switch (BPF_OP(i->code)) {
	case BPF_ADD:
		s->a += operand;
		return 0;
	case BPF_SUB:
		s->a -= operand;
		return 0;
	case BPF_AND:
		s->a &= operand;
		return 0;
	case BPF_OR:
		s->a |= operand;
		return 0;
	case BPF_XOR:
		s->a ^= operand;
		return 0;
	case BPF_LSH:
		s->a = operand < 32 ? s->a << operand : 0;
		return 0;
	case BPF_RSH:
		s->a = operand < 32 ? s->a >> operand : 0;
		return 0;
	case BPF_NEG:
		s->a = -s->a;
		return 0;
	default:
		return -1;
	}
}

/* How many instructions to skip, -1 not a jump. */
static int64_t jump(const struct state *s, const struct sock_filter *i)
{
	uint32_t operand = BPF_SRC(i->code) == BPF_X ? s->x : i->k;

	switch (BPF_OP(i->code)) {
	case BPF_JA:
		return i->k;
	case BPF_JEQ:
		return s->a == operand ? i->jt : i->jf;
	case BPF_JGT:
		return s->a > operand ? i->jt : i->jf;
	case BPF_JGE:
		return s->a >= operand ? i->jt : i->jf;
	case BPF_JSET:
		return (s->a & operand) ? i->jt : i->jf;
	default:
		return -1;
	}
}

/* Everything but the end of the program. Returns how many instructions to skip, -1 not allowed. */
static int64_t step(struct state *s, const struct sock_filter *i)
{
	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
		return load(s, i, &s->a);
	case BPF_LDX:
		return load(s, i, &s->x);
	case BPF_ST:
	case BPF_STX:
		if (i->k >= BPF_MEMWORDS)
			return -1;
		s->memory[i->k] = BPF_CLASS(i->code) == BPF_ST ? s->a : s->x;
		return 0;
	case BPF_ALU:
		return calculate(s, i);
	case BPF_JMP:
		return jump(s, i);
	case BPF_MISC:
		if (BPF_MISCOP(i->code) == BPF_TAX)
			s->x = s->a;
		else
			s->a = s->x;
		return 0;
	default:
		return -1;
	}
}

int seccomp_simulate(const struct sock_filter *code, size_t length, const struct seccomp_data *data,
		     uint32_t *answer)
{
	struct state s = {.data = data};

	for (size_t at = 0; at < length; at++) {
		int64_t skip;

		if (BPF_CLASS(code[at].code) == BPF_RET) {
			*answer = BPF_RVAL(code[at].code) == BPF_A ? s.a : code[at].k;
			return 0;
		}
		skip = step(&s, &code[at]);
		if (skip < 0)
			return -1;
		at += (size_t)skip;
	}
	return -1;
}
