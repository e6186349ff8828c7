/*
 * seccomp-oci-args.c - the conditions of an OCI entry -> terms of a rule.
 *
 * The file compares 64 bits whatever the argument is. Here the width is the argument's: of an int
 * the kernel looks at 32 bits, so testing more would only give an attacker bits to play with.
 */
#include "seccomp-oci.h"

#include <stdlib.h>
#include <string.h>

/* An operator as one of our terms: (word & mask) op value + add. */
static const struct operator
{
	const char *name;
	enum term_op op;
	unsigned char add;
}
operators[] = {
	{"SCMP_CMP_NE", TERM_NOT_IN, 0},    {"SCMP_CMP_EQ", TERM_IN, 0},
	{"SCMP_CMP_MASKED_EQ", TERM_IN, 0}, {"SCMP_CMP_LT", TERM_BELOW, 0},
	{"SCMP_CMP_LE", TERM_BELOW, 1},     {"SCMP_CMP_GE", TERM_AT_LEAST, 0},
	{"SCMP_CMP_GT", TERM_AT_LEAST, 1},
};

static int read_arg(const struct import *im, const struct json_value *v, struct arg *arg)
{
	const struct json_value *index, *value, *second, *op;

	if (v->type != JSON_OBJECT)
		return import_wrong(im, v, "expected an object");
	if (import_keys(im, v, "index value valueTwo op ") < 0 ||
	    import_get(im, v, "index", JSON_NUMBER, &index) < 0 ||
	    import_get(im, v, "value", JSON_NUMBER, &value) < 0 ||
	    import_get(im, v, "valueTwo", JSON_NUMBER, &second) < 0 ||
	    import_get(im, v, "op", JSON_STRING, &op) < 0)
		return -1;
	if (!index || !value || !op || index->number > 5)
		return import_wrong(im, v, "expected index (0 to 5), value and op");
	*arg = (struct arg){
		v, NULL, false, index->number, value->number, second ? second->number : 0};
	for (size_t i = 0; i < COUNT(operators); i++)
		if (strcmp(operators[i].name, op->string) == 0)
			arg->op = &operators[i];
	if (!arg->op)
		return import_wrong(im, op, "expected an operator, SCMP_CMP_...");
	arg->masked = strcmp(arg->op->name, "SCMP_CMP_MASKED_EQ") == 0;
	return 0;
}

/* The term for one call: its width is that of the argument there. */
static int add_term(const struct import *im, const struct arg *arg, int call)
{
	const char *args = seccomp_calls[call].args;
	struct profile *p = im->p;
	struct term t = {.op = arg->op->op, .arg = (unsigned char)arg->index, .mask = UINT64_MAX};
	uint64_t value = arg->masked ? arg->second : arg->value, *slot;
	struct term *kept;

	if (arg->index >= strlen(args) || args[arg->index] == 'p')
		return import_wrong(im, arg->at,
				    "expected an argument of the call that is no pointer");
	t.bits = args[arg->index] == 'i' ? 32 : 64;
	if (arg->masked)
		t.mask = arg->value;
	if (t.bits == 32) {
		t.mask &= UINT32_MAX;
		value &= UINT32_MAX;
	}
	if (value & ~t.mask)
		return import_wrong(im, arg->at, "expected a value within the mask");
	t.value = p->value_count;
	/* above the greatest there is nothing, and everything is at most that */
	if (arg->op->add > 0 && value == t.mask) {
		t.op = t.op == TERM_BELOW ? TERM_NOT_IN : TERM_IN;
	} else {
		slot = array_add(&p->values, &p->value_count, sizeof(*slot));
		if (!slot)
			return -1;
		*slot = value + arg->op->add;
		t.values = 1;
	}
	kept = array_add(&p->terms, &p->term_count, sizeof(*kept));
	if (!kept)
		return -1;
	*kept = t;
	return 0;
}

static char *describe(const struct arg *args, size_t count)
{
	char *text = format_text("%s", "");

	for (size_t i = 0; i < count && text; i++) {
		char *longer = format_text("%s%sa%u %s 0x%llx%s", text, i ? " and " : "",
					   (unsigned)args[i].index, args[i].op->name + 9,
					   (unsigned long long)args[i].value,
					   args[i].masked ? " ..." : "");

		free(text);
		text = longer;
	}
	return text;
}

static int say_one(const struct import *im, const struct json_value *entry, uint32_t answer,
		   int call, const struct arg *args, size_t count)
{
	struct profile *p = im->p;
	struct rule rule = {.answer = answer, .place = import_place(im, entry)}, *slot;

	/* the floor stays; a file of another program cannot know how to lift it */
	if (answer_allows(answer) && p->calls[call].barred)
		return 0;
	rule.term = p->term_count;
	for (size_t i = 0; i < count; i++)
		if (add_term(im, &args[i], call) < 0)
			return -1;
	rule.terms = count;
	slot = array_add(&p->rules, &p->rule_count, sizeof(*slot));
	if (!slot)
		return -1;
	*slot = rule;
	if (count > 0 && !(slot->condition = describe(args, count)))
		return -1;
	return profile_say(p, call, p->rule_count - 1);
}

static bool same_index(const struct arg *args, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < i; k++)
			if (args[i].index == args[k].index)
				return true;
	return false;
}

int import_say(const struct import *im, const struct json_value *entry, uint32_t answer, int call,
	       const struct arg *args, size_t count)
{
	if (!same_index(args, count))
		return say_one(im, entry, answer, call, args, count);
	for (size_t i = count; i > 0; i--)
		if (say_one(im, entry, answer, call, &args[i - 1], 1) < 0)
			return -1;
	return 0;
}

int import_args(const struct import *im, const struct json_value *entry, struct arg args[ARGS],
		size_t *count)
{
	const struct json_value *list;

	*count = 0;
	if (import_get(im, entry, "args", JSON_ARRAY, &list) < 0)
		return -1;
	if (!list)
		return 0;
	for (const struct json_value *v = json_first(&im->j, list); v;
	     v = json_next(&im->j, list, v)) {
		if (*count == ARGS)
			return import_wrong(im, v, "expected fewer args");
		if (read_arg(im, v, &args[*count]) < 0)
			return -1;
		++*count;
	}
	return 0;
}
