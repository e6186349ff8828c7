/*
 * seccomp-rules.c - what lines say about calls, and the answer by reading them.
 *
 * The rules of meaning, which make reading a profile from top to bottom enough:
 *
 *   1. A line without a condition replaces everything that was said before about its calls.
 *   2. A line with a condition is tried before what was said before.
 *   3. The floor lies under every profile. A call that it bars as a whole cannot be allowed by a
 *      line without "override". Where it refuses some arguments (ioctl TIOCSTI, socket families),
 *      those stay refused whatever a line without "override" lets through.
 *   4. A call that no line names gets the default; so does one that only conditions name and none
 *      of them holds. The floor holds under the default as well.
 *
 * seccomp_decide() walks the rules in just that way, without regard to speed. It tells where an
 * answer was said, and it is what the compiled programs are compared with.
 */
#include "seccomp-rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_ERRNO(number) (SECCOMP_RET_ERRNO | (uint32_t)(number))

void profile_init(struct profile *p)
{
	memset(p, 0, sizeof(*p));
	p->foreign.answer = SECCOMP_RET_KILL_PROCESS;
	p->fallback.answer = ANSWER_ERRNO(EPERM);
	p->newer.answer = ANSWER_ERRNO(ENOSYS);
	p->foreign.place.file = p->fallback.place.file = p->newer.place.file = "built in";
}

void profile_free(struct profile *p)
{
	for (size_t i = 0; i < SECCOMP_CALLS; i++) {
		free(p->calls[i].rules);
		free(p->calls[i].floor);
	}
	for (size_t i = 0; i < p->file_count; i++)
		free(p->files[i]);
	for (size_t i = 0; i < p->rule_count; i++)
		free(p->rules[i].condition);
	free(p->files);
	free(p->rules);
	free(p->terms);
	free(p->values);
	memset(p, 0, sizeof(*p));
}

const char *profile_file(struct profile *p, const char *name)
{
	char **slot;

	for (size_t i = 0; i < p->file_count; i++)
		if (strcmp(p->files[i], name) == 0)
			return p->files[i];
	slot = array_add(&p->files, &p->file_count, sizeof(*slot));
	if (!slot)
		return NULL;
	*slot = strdup(name);
	if (!*slot) {
		p->file_count--;
		(void)fail(0, "out of memory");
		return NULL;
	}
	return *slot;
}

bool answer_allows(uint32_t answer)
{
	uint32_t action = answer & SECCOMP_RET_ACTION_FULL;

	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG ||
	       action == SECCOMP_RET_USER_NOTIF || action == SECCOMP_RET_TRACE;
}

const char *answer_text(uint32_t answer, char buffer[32])
{
	uint32_t data = answer & SECCOMP_RET_DATA;
	const char *name = NULL;

	switch (answer & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
		return "allow";
	case SECCOMP_RET_LOG:
		return "log";
	case SECCOMP_RET_USER_NOTIF:
		return "notify";
	case SECCOMP_RET_KILL_PROCESS:
		return "kill";
	case SECCOMP_RET_KILL_THREAD:
		return "kill the thread";
	case SECCOMP_RET_TRAP:
		return "trap";
	case SECCOMP_RET_TRACE:
		return "trace";
	case SECCOMP_RET_ERRNO:
		name = seccomp_errno_name((int)data);
		break;
	default:
		break;
	}
	if (name)
		return name;
	(void)snprintf(buffer, 32, "errno %u", data);
	return buffer;
}

static int append(uint32_t **list, size_t *count, size_t rule)
{
	uint32_t *slot;

	if (rule >= UINT32_MAX)
		return fail(0, "seccomp: too many rules");
	slot = array_add(list, count, sizeof(*slot));
	if (!slot)
		return -1;
	*slot = (uint32_t)rule;
	return 0;
}

static int say_floor(struct verdict *v, const struct rule *said, size_t rule)
{
	if (said->terms > 0)
		return append(&v->floor, &v->floor_count, rule);
	v->barred = (uint32_t)rule + 1;
	v->count = 0;
	return append(&v->rules, &v->count, rule);
}

int profile_say(struct profile *p, int call, size_t rule)
{
	struct verdict *v = &p->calls[call];
	const struct rule *said = &p->rules[rule];

	if (said->floor)
		return say_floor(v, said, rule);
	if (answer_allows(said->answer) && v->barred && !said->unbars) {
		const struct place *floor = &p->rules[v->barred - 1].place;

		return fail(0,
			    "%s:%u:%u: %s is refused by the floor (%s:%u); \"override\" in front "
			    "of the line allows it all the same",
			    said->place.file, said->place.line, said->place.column,
			    seccomp_calls[call].name, floor->file, floor->line);
	}
	if (said->terms == 0) {
		for (size_t i = 0; i < v->count; i++)
			if (p->rules[v->rules[i]].place.file != said->place.file)
				p->rules[v->rules[i]].used = true;
		v->count = 0;
	}
	return append(&v->rules, &v->count, rule);
}

static bool term_holds(const struct profile *p, const struct term *t,
		       const struct seccomp_data *data)
{
	uint64_t word = data->args[t->arg] & t->mask;
	bool found = false;

	if (t->bits == 32)
		word &= 0xffffffff;
	if (t->op == TERM_AT_LEAST || t->op == TERM_BELOW)
		return (word >= p->values[t->value]) == (t->op == TERM_AT_LEAST);
	for (size_t i = 0; i < t->values; i++)
		found = found || word == p->values[t->value + i];
	return found == (t->op == TERM_IN);
}

static bool rule_holds(const struct profile *p, const struct rule *r,
		       const struct seccomp_data *data)
{
	for (size_t i = 0; i < r->terms; i++)
		if (!term_holds(p, &p->terms[r->term + i], data))
			return false;
	return true;
}

/* The last of the rules that holds, NULL none. */
static const struct rule *find_rule(const struct profile *p, const uint32_t *list, size_t count,
				    const struct seccomp_data *data)
{
	for (size_t i = count; i > 0; i--)
		if (rule_holds(p, &p->rules[list[i - 1]], data))
			return &p->rules[list[i - 1]];
	return NULL;
}

static uint32_t decide_call(const struct profile *p, const struct verdict *v,
			    const struct seccomp_data *data, struct place *decided)
{
	const struct rule *said = find_rule(p, v->rules, v->count, data), *floor;
	uint32_t answer = said ? said->answer : p->fallback.answer;

	*decided = said ? said->place : p->fallback.place;
	if (!answer_allows(answer) || (said && said->lifts))
		return answer;
	floor = find_rule(p, v->floor, v->floor_count, data);
	if (!floor)
		return answer;
	*decided = floor->place;
	return floor->answer;
}

/* Which machine's numbers apply, -1 those of none that has rules. */
static int machine_of(const struct profile *p, enum machine target, const struct seccomp_data *data)
{
	uint32_t number = (uint32_t)data->nr;

	if (target == MACHINE_X86_64 && p->i386 && data->arch == machine_audit[MACHINE_I386])
		return MACHINE_I386;
	if (data->arch != machine_audit[target])
		return -1;
	/* -1 is what a debugger makes of a call that shall not happen: not one of x32's */
	if (target == MACHINE_X86_64 && number >= X32_BIT && number != UINT32_MAX)
		return -1;
	return (int)target;
}

uint32_t seccomp_decide(const struct profile *p, enum machine target,
			const struct seccomp_data *data, struct place *decided)
{
	int machine = machine_of(p, target, data), call;
	struct place unused;

	if (!decided)
		decided = &unused;
	if (machine < 0) {
		*decided = p->foreign.place;
		return p->foreign.answer;
	}
	call = seccomp_call_at((enum machine)machine, (unsigned)data->nr);
	if (call < 0) {
		*decided = p->newer.place;
		return p->newer.answer;
	}
	return decide_call(p, &p->calls[call], data, decided);
}
