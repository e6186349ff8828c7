/*
 * zbox-scope.c - asks systemd for a transient scope: a program of its own, which zbox starts.
 *
 *   zbox-scope unit=NAME.scope pid=PID manager=ADDRESS bus=ADDRESS ...
 *
 * Descriptor 3 is a socket to zbox, which gets one message: "ready", when PID is in the scope, or
 * what went wrong. The addresses are tried in order until one takes the connection: a manager is
 * spoken to directly, on a bus it is org.freedesktop.systemd1.
 *
 * One loop does everything, in steps: the protocol is spoken, the call is answered, the scope is
 * started, zbox is in it. Whoever has the socket may be silent for a while before each of them, so
 * one that never answers is found out soon, wherever it stops, and a busy machine has more time in
 * all. What is not a step, such as signals about others, buys none. Only the least is asked for (an
 * unknown property makes the whole call fail): a process, delegation, and to be forgotten at the
 * end. The limits themselves are written by zbox into what it gets.
 *
 * The scope is started with this process in it, which outlives zbox until it is done, and then zbox
 * is moved there. All at once would leave something behind where zbox is killed meanwhile: a scope
 * of which one process has gone fails, and systemd (252) forgets it without removing its control
 * group; one with nobody in it but a zombie never becomes empty, so is never collected.
 *
 * Who answers is the caller's own session, and gets no more trust than that: zbox looks itself
 * whether it was moved.
 */
#include "utils.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#define LIFE_FD 3
#define SILENCE UINT64_C(1500000) /* microseconds, before each step: that is 6 seconds in all */

#define SYSTEMD "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define MANAGER SYSTEMD ".Manager"

struct request {
	const char *unit;
	uint32_t pid;
	const char *address; /* that took the connection */
	sd_bus *bus;
	enum step { CONNECTED, SPOKEN_TO, TAKEN, STARTED, MOVED } step; /* what has been done */
};

static uint64_t now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---- what comes back ---- */

static int refused(sd_bus_message *m, const char *what)
{
	const sd_bus_error *e = sd_bus_message_get_error(m);

	return e ? fail(0, "systemd refused %s: %s (%s)", what, e->message ? e->message : "",
			e->name ? e->name : "")
		 : 0;
}

static int call_answered(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct request *r = userdata;

	(void)error;
	(void)refused(m, "a scope");
	if (r->step < TAKEN) /* the job may have ended before */
		r->step = TAKEN;
	return 0;
}

static int moved(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct request *r = userdata;

	(void)error;
	if (refused(m, "to move zbox into its scope") == 0)
		r->step = MOVED;
	return 0;
}

static int move(struct request *r)
{
	int result = sd_bus_call_method_async(r->bus, NULL, SYSTEMD, SYSTEMD_PATH, MANAGER,
					      "AttachProcessesToUnit", moved, r, "ssau", r->unit,
					      "", 1, r->pid);

	return result < 0 ? fail(-result, "%s", r->address) : 0;
}

static int job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct request *r = userdata;
	const char *unit, *result;

	(void)error;
	if (r->step >= STARTED || sd_bus_message_read(m, "uoss", NULL, NULL, &unit, &result) < 0 ||
	    strcmp(unit, r->unit) != 0)
		return 0;
	if (strcmp(result, "done") != 0)
		(void)fail(0, "systemd could not start %s: %s", unit, result);
	else if (move(r) == 0)
		r->step = STARTED;
	return 0;
}

/* ---- asking ---- */

/* An error of sd-bus is a negative errno. */
static int failed(int result, const struct request *r)
{
	return fail(-result, "%s", r->address);
}

static int connect_to(struct request *r, const char *address, bool bus)
{
	int result;

	r->bus = sd_bus_unref(r->bus);
	r->address = address;
	result = sd_bus_new(&r->bus);
	if (result >= 0)
		result = sd_bus_set_address(r->bus, address);
	if (result >= 0)
		result = sd_bus_set_bus_client(r->bus, bus);
	if (result >= 0)
		result = sd_bus_start(r->bus);
	return result < 0 ? failed(result, r) : 0;
}

/* The first that takes the connection; what is not there may have a successor. */
static int connect_any(struct request *r, char **words)
{
	for (; *words; words++) {
		bool bus = strncmp(*words, "bus=", 4) == 0;

		if (!bus && strncmp(*words, "manager=", 8) != 0)
			return fail(0, "unknown word: %s", *words);
		failure_clear();
		if (connect_to(r, *words + (bus ? 4 : 8), bus) == 0)
			return 0;
	}
	if (!failure_get())
		return fail(0, "no address");
	failure_prefix("no systemd manager to ask for a control group: ");
	return -1;
}

static int ask(struct request *r)
{
	bool bus = sd_bus_is_bus_client(r->bus) > 0;
	int result;

	result = sd_bus_match_signal_async(r->bus, NULL, bus ? SYSTEMD : NULL, SYSTEMD_PATH,
					   MANAGER, "JobRemoved", job_removed, NULL, r);
	if (result < 0)
		return failed(result, r);
	result = sd_bus_call_method_async(
		r->bus, NULL, SYSTEMD, SYSTEMD_PATH, MANAGER, "StartTransientUnit", call_answered,
		r, "ssa(sv)a(sa(sv))", r->unit, "fail", 4, "Description", "s", "zbox sandbox",
		"PIDs", "au", 1, (uint32_t)getpid(), "Delegate", "b", 1, "CollectMode", "s",
		"inactive-or-failed", 0);
	return result < 0 ? failed(result, r) : 0;
}

/* Who is silent, in words. */
static int too_late(const struct request *r)
{
	static const char *const silent[] = {
		[CONNECTED] = "takes the connection and does not answer",
		[SPOKEN_TO] = "takes the call for a scope and does not answer",
		[TAKEN] = "takes the call for a scope and does not start it",
		[STARTED] = "starts a scope and does not move zbox into it",
	};

	return fail(0, "%s %s", r->address, silent[r->step]);
}

static int wait_for_scope(struct request *r)
{
	uint64_t end = now_us() + SILENCE;

	while (r->step != MOVED) {
		enum step before = r->step;
		int result = sd_bus_process(r->bus, NULL);
		uint64_t now = now_us();

		if (failure_get())
			return -1;
		if (r->step == CONNECTED && sd_bus_is_ready(r->bus) > 0)
			r->step = SPOKEN_TO;
		if (r->step != before)
			end = now + SILENCE;
		else if (now >= end)
			return too_late(r);
		if (result == 0)
			result = sd_bus_wait(r->bus, end - now);
		if (result < 0 && result != -EINTR)
			return failed(result, r);
	}
	return 0;
}

static int take_words(struct request *r, char **words)
{
	int64_t pid = 0;

	if (!words[0] || !words[1] || strncmp(words[0], "unit=", 5) != 0 ||
	    strncmp(words[1], "pid=", 4) != 0 || parse_number(words[1] + 4, 1, INT32_MAX, &pid) < 0)
		return fail(0, "wrong words");
	r->unit = words[0] + 5;
	r->pid = (uint32_t)pid;
	return 0;
}

int main(int argc, char **argv)
{
	struct request r = {.bus = NULL};
	const struct failure *f;
	char text[500] = "ready";

	/* it ends by itself, soon: see above */
	if (prctl(PR_SET_PDEATHSIG, 0) < 0)
		(void)fail(errno, "zbox-scope");
	else if (argc >= 1 && take_words(&r, argv + 1) == 0 && connect_any(&r, argv + 3) == 0 &&
		 ask(&r) == 0)
		(void)wait_for_scope(&r);
	f = failure_get();
	if (f)
		(void)snprintf(text, sizeof(text), "%.400s%s%.90s", f->text, f->err ? ": " : "",
			       f->err ? reason_text(f->err) : "");
	(void)send(LIFE_FD, text, strlen(text), MSG_NOSIGNAL);
	_exit(f != NULL);
}
