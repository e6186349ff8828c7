/*
 * timers.c - time limits: when what was allowed is used up, and what follows then.
 *
 *   --time-limit   a moment of CLOCK_MONOTONIC
 *   --cpu-limit    samples of everything that runs inside (usage.c), at most a tenth of a second
 *                  apart and closer towards the end
 *
 * Then three steps: the command is asked to end, killed after --grace, and a second later its
 * PID 1, with which the kernel ends everything. While the command has not been started the last
 * comes at once. One timerfd serves all of it, and there is none without a limit.
 *
 * This runs outside: nothing inside can stop it, catch its SIGKILL or change its clock. What an
 * attacker would try: to stop himself, because zbox stops with a stopped command, as a shell's job
 * has to (the kernel continues it in time, see timers_alarm()); to ignore SIGTERM; to leave
 * processes behind; to make samples slow with many processes (they are taken one after the other
 * then, and the kernel holds each process to the limit, rounded up, by itself: see resources.c).
 */
#include "timers.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000)
#define UNMEASURED "--cpu-limit: processor time cannot be measured in /proc"
#define SAMPLE_MIN (SECOND / 100)
#define SAMPLE_MAX (SECOND / 10)

static uint64_t monotonic(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec / 1000;
}

static struct itimerspec moment(uint64_t us)
{
	return (struct itimerspec){.it_value = {.tv_sec = (time_t)(us / SECOND),
						.tv_nsec = (long)(us % SECOND * 1000)}};
}

/* In the words of the step, which has another name while the supervisor waits. */
static int failed(const char *text)
{
	int err = errno;

	failure_step("limits");
	return fail(err, "%s", text);
}

static int set(struct timers *t, uint64_t at)
{
	struct itimerspec when = moment(at);

	t->at = at;
	if (timerfd_settime(t->fd, TFD_TIMER_ABSTIME, &when, NULL) < 0)
		return failed("timerfd_settime");
	return 0;
}

/* Adds what was used. Returns when to look again, or 0 after fail(). */
static uint64_t sample(struct timers *t, const struct sandbox *sb, pid_t child)
{
	uint64_t before = monotonic(), now, used, left, interval;
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (usage_sample(&t->usage, child) < 0) {
		(void)failed(UNMEASURED);
		return 0;
	}
	now = monotonic();
	used = usage_us(&t->usage);
	left = sb->cpu_limit > used ? sb->cpu_limit - used : 0;
	interval = left / (uint64_t)(processors > 0 ? processors : 1);
	interval = interval < SAMPLE_MIN ? SAMPLE_MIN : interval;
	interval = interval > SAMPLE_MAX ? SAMPLE_MAX : interval;
	return now + (interval > now - before ? interval : now - before);
}

int timers_start(struct timers *t, const struct sandbox *sb, pid_t child)
{
	uint64_t at = 0;

	if (sb->time_limit == 0 && sb->cpu_limit == 0)
		return 0;
	if (sb->cpu_limit > 0 && usage_possible() < 0)
		return failed(UNMEASURED);
	t->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (t->fd < 0)
		return failed("timerfd");
	if (sb->time_limit > 0)
		at = t->deadline = monotonic() + sb->time_limit;
	if (sb->cpu_limit > 0) {
		uint64_t look = sample(t, sb, child);

		if (look == 0)
			return -1;
		at = at != 0 && at < look ? at : look;
	}
	return set(t, at);
}

/* Is one of the limits reached? If not, sets the time to look again. Returns -1 after fail(). */
static int look(struct timers *t, const struct sandbox *sb, pid_t child)
{
	uint64_t next = t->deadline;

	if (t->deadline != 0 && monotonic() >= t->deadline)
		t->hit = LIMIT_TIME;
	if (t->hit == LIMIT_NONE && sb->cpu_limit > 0) {
		uint64_t again = sample(t, sb, child);

		if (again == 0)
			return -1;
		if (usage_us(&t->usage) >= sb->cpu_limit)
			t->hit = LIMIT_CPU;
		next = next != 0 && next < again ? next : again;
	}
	return t->hit == LIMIT_NONE ? set(t, next) : 0;
}

int timers_due(struct timers *t, const struct sandbox *sb, pid_t child, bool started,
	       enum turn *turn)
{
	uint64_t count;

	(void)!read(t->fd, &count, sizeof(count)); /* not readable yet when we come early */
	*turn = TURN_NOTHING;
	if (t->hit == LIMIT_NONE && look(t, sb, child) < 0)
		return -1;
	if (t->hit == LIMIT_NONE || (t->last != TURN_NOTHING && monotonic() < t->at))
		return 0;
	if (!started || t->last == TURN_KILL || t->last == TURN_END)
		t->last = TURN_END;
	else if (t->last == TURN_TERM || sb->grace == 0)
		t->last = TURN_KILL;
	else
		t->last = TURN_TERM;
	*turn = t->last;
	return set(t, monotonic() + (*turn == TURN_TERM ? sb->grace : SECOND));
}

int timers_alarm(struct timers *t)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGCONT};
	struct itimerspec when = moment(t->at);

	if (t->fd < 0)
		return 0;
	if (timer_create(CLOCK_MONOTONIC, &event, &t->alarm) < 0)
		return failed("timer_create");
	if (timer_settime(t->alarm, TIMER_ABSTIME, &when, NULL) < 0)
		return failed("timer_settime");
	return 0;
}

bool timers_woken(struct timers *t)
{
	if (t->fd < 0)
		return false;
	(void)timer_delete(t->alarm);
	return monotonic() >= t->at;
}

void timers_end(struct timers *t, const struct sandbox *sb)
{
	struct rusage usage;

	if (sb->cpu_limit == 0 || t->hit != LIMIT_NONE || getrusage(RUSAGE_CHILDREN, &usage) < 0)
		return;
	if ((uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * SECOND +
		    (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) >=
	    sb->cpu_limit)
		t->hit = LIMIT_CPU;
}

void timers_free(struct timers *t)
{
	close_fd(&t->fd);
	usage_free(&t->usage);
}

const char *limit_name(enum limit_hit hit)
{
	return hit == LIMIT_TIME ? "time-limit" : hit == LIMIT_CPU ? "cpu-limit" : NULL;
}
