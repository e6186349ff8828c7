/*
 * doctor.c - --doctor: what of all that zbox needs works on this machine.
 *
 * Reading settings tells what ought to work; only using a thing tells whether it does, because a
 * kernel option, a sysctl, a security module, a container's filter and a masked /proc can each be
 * in the way. So each row of the table is a function that uses the thing (probes_*.c), run in a
 * child of its own with a time limit; the child sends back whether it worked, and the errno of the
 * call that did not. The cure comes from the table of hints, as after a real failure, or from the
 * row.
 *
 * Facts are settings that explain the rest. Nothing stays behind: namespaces end with the child, a
 * cgroup that was made is removed by it.
 */
#include "doctor.h"

#include "hints.h"
#include "page.h"
#include "probes.h"
#include "sandbox.h"
#include "text.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROBE_SECONDS 10

struct check {
	const char *name;
	probe *run;
	bool required;
	const char *cure; /* where no hint applies; for what is not required: what is lost */
};

static const struct check checks[] = {
	{"user namespace", probe_user, true, "zbox can do nothing without"},
	{"uid and gid map", probe_map, true, "zbox can do nothing without"},
	{"mount namespace", probe_mount_ns, true, "the kernel needs CONFIG_NAMESPACES"},
	{"process namespace", probe_pid, true, "the kernel needs CONFIG_PID_NS, or --share-pid"},
	{"IPC namespace", probe_ipc, true, "the kernel needs CONFIG_IPC_NS, or --share-ipc"},
	{"UTS namespace", probe_uts, true, "the kernel needs CONFIG_UTS_NS, or --share-uts"},
	{"network namespace", probe_net, true, "the kernel needs CONFIG_NET_NS, or --share-net"},
	{"cgroup namespace", probe_cgroup_ns, true,
	 "the kernel needs CONFIG_CGROUPS, or --share-cgroup"},
	{"time namespace", probe_time, false, "Linux 5.6 with CONFIG_TIME_NS"},
	{"loopback", probe_loopback, true, "use --share-net"},
	{"tmpfs", probe_tmpfs, true, "the kernel needs CONFIG_TMPFS"},
	{"bind mount", probe_bind, true, "a security module or filter refuses mount(2)"},
	{"fresh /proc", probe_proc, true, "use --ro-bind /proc /proc"},
	{"devpts", probe_devpts, true, "the kernel needs CONFIG_UNIX98_PTYS"},
	{"pivot_root", probe_pivot, true, "the root must be a mount: not an initramfs or a chroot"},
	{"mqueue", probe_mqueue, false, "only --mqueue needs CONFIG_POSIX_MQUEUE"},
	{"overlay", probe_overlay, false, "only --overlay and its relatives need it: Linux 5.11"},
	{"open_tree", probe_open_tree, false, "Linux 5.2; slower without"},
	{"mount_setattr", probe_mount_setattr, false, "Linux 5.12; slower without"},
	{"move_mount", probe_move_mount, false, "Linux 5.2; slower without"},
	{"fsopen", probe_fsopen, false, "Linux 5.2; slower without"},
	{"openat2", probe_openat2, false, "Linux 5.6; zbox walks paths itself without"},
	{"clone3", probe_clone3, false, "Linux 5.3; zbox uses clone without"},
	{"close_range", probe_close_range, false, "Linux 5.9; slower without"},
	{"pidfd_open", probe_pidfd, false, "Linux 5.3"},
	{"no_new_privs", probe_no_new_privs, true, "Linux 3.5"},
	{"seccomp filter", probe_seccomp, true,
	 "the kernel needs CONFIG_SECCOMP_FILTER, or --seccomp-profile none"},
	{"seccomp notification", probe_notify, false, "Linux 5.0; only reports of denials need it"},
	{"Landlock", probe_landlock, false,
	 "Linux 5.13 with landlock in the lsm= boot parameter: the second layer on files"},
	{"parent-death signal", probe_death_signal, true, "use --no-die-with-parent"},
	{"terminals", probe_pty, false, "mount devpts on /dev/pts, or use --share-terminal"},
	{"/dev/net/tun", probe_tun, false, "user-mode networking needs it"},
	{"range of uids", probe_uid_range, false, "only --map with ranges needs it"},
	{"range of gids", probe_gid_range, false, "only --map with ranges needs it"},
	{"own cgroup", probe_cgroup, false,
	 "limits need a delegated cgroup: a systemd user session, or Delegate=yes for the unit"},
};

static const struct {
	const char *name, *path;
} facts[] = {
	{"max_user_namespaces", "/proc/sys/user/max_user_namespaces"},
	{"max_mnt_namespaces", "/proc/sys/user/max_mnt_namespaces"},
	{"unprivileged_userns_clone", "/proc/sys/kernel/unprivileged_userns_clone"},
	{"apparmor_restrict_userns", "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"},
	{"security_modules", "/sys/kernel/security/lsm"},
	{"label", "/proc/self/attr/current"},
	{"selinux_enforce", "/sys/fs/selinux/enforce"},
	{"yama_ptrace_scope", "/proc/sys/kernel/yama/ptrace_scope"},
	{"core_pattern", "/proc/sys/kernel/core_pattern"},
	{"mount_max", "/proc/sys/fs/mount-max"},
	{"pty_max", "/proc/sys/kernel/pty/max"},
	{"uid_map", "/proc/self/uid_map"},
};

/* What a child sends back. Fixed size, without pointers, below PIPE_BUF. */
struct result {
	bool works;
	int err;
	char text[512];
	char detail[PROBE_DETAIL];
};

/* ---- running ---- */

static void run_here(const struct check *check, struct result *result)
{
	const struct failure *f;

	failure_step("");
	result->works = check->run(result->detail) == 0;
	f = failure_get();
	if (!f || result->works)
		return;
	result->err = f->err;
	(void)snprintf(result->text, sizeof(result->text), "%.*s", (int)sizeof(result->text) - 1,
		       f->text);
}

static void run_child(const struct check *check, int fd)
{
	struct result result = {0};

	(void)signal(SIGALRM, SIG_DFL);
	(void)alarm(PROBE_SECONDS);
	failure_clear();
	run_here(check, &result);
	(void)!write_fd(fd, &result, sizeof(result));
	_exit(0);
}

static struct result run(const struct check *check)
{
	struct result result = {.text = "its process died or took too long"};
	struct result sent;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return result;
	pid = fork();
	if (pid == 0)
		run_child(check, ends[1]);
	(void)close(ends[1]);
	if (pid > 0) {
		if (read(ends[0], &sent, sizeof(sent)) == (ssize_t)sizeof(sent))
			result = sent;
		(void)waitpid(pid, NULL, 0);
	}
	(void)close(ends[0]);
	return result;
}

/* ---- saying ---- */

/* The cure as a failure with this text would have brought it; heap memory or NULL. */
static char *cure_of(const struct check *check, const struct result *result)
{
	struct sandbox sb = {.personality = PERSONALITY_ZBOX};
	struct failure f = {.err = result->err};
	char detail[CAUSE_DETAIL] = "";
	const struct hint *hint;
	const char *mark;

	(void)snprintf(f.text, sizeof(f.text), "%s", result->text);
	hint = hints_find(&sb, &f, detail);
	if (!hint)
		return format_text("%s", check->cure);
	mark = strstr(hint->cure, "%s");
	if (!mark)
		return format_text("%s", hint->cure);
	return format_text("%.*s%s%s", (int)(mark - hint->cure), hint->cure, detail, mark + 2);
}

static void say_json(struct json *j, const struct check *check, const struct result *result,
		     const char *reason, const char *cure)
{
	json_open(j, NULL, '{');
	json_text(j, "name", check->name);
	json_bool(j, "required", check->required);
	json_bool(j, "works", result->works);
	json_text(j, "detail", result->detail[0] ? result->detail : NULL);
	json_text(j, "reason", reason);
	json_text(j, "cure", cure);
	json_close(j, '}');
}

static void say_text(FILE *out, const struct check *check, const struct result *result,
		     const char *reason, const char *cure)
{
	(void)fprintf(out, "%-7s %-9s %-22s ", result->works ? "works" : "FAILS",
		      check->required ? "required" : "optional", check->name);
	text_print(out, reason ? reason : result->detail);
	(void)fputc('\n', out);
	if (!cure)
		return;
	(void)fprintf(out, "%-7s %-9s %-22s ", "", "", "");
	text_print(out, cure);
	(void)fputc('\n', out);
}

static void say(struct page *p, const struct check *check, const struct result *result)
{
	autofree char *reason = NULL, *cure = NULL;

	if (!result->works) {
		reason = format_text("%s%s%s", result->text, result->err ? ": " : "",
				     result->err ? reason_text(result->err) : "");
		cure = cure_of(check, result);
	}
	if (p->json)
		say_json(&p->j, check, result, reason, cure);
	else
		say_text(p->out, check, result, reason, cure);
}

/* Files of /proc align their columns with blanks. */
static void squeeze(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++)
		if (*from != ' ' || (to > text && to[-1] != ' '))
			*to++ = *from;
	*to = '\0';
}

static void say_facts(struct page *p)
{
	struct utsname name;
	char text[512];

	page_section(p, "facts", "facts");
	if (uname(&name) == 0)
		page_format(p, "kernel", "%s %s %s", name.sysname, name.release, name.machine);
	for (size_t i = 0; i < COUNT(facts); i++) {
		if (read_file_at(AT_FDCWD, facts[i].path, text, sizeof(text)) >= 0) {
			squeeze(text);
			page_text(p, facts[i].name, text);
		} else {
			page_text(p, facts[i].name, NULL);
		}
	}
	page_bool(p, "terminal_in", isatty(STDIN_FILENO));
	page_bool(p, "terminal_out", isatty(STDOUT_FILENO));
	page_section_end(p);
}

int report_doctor(FILE *out, bool json)
{
	struct page p;
	unsigned broken = 0;

	page_start(&p, out, json);
	if (json) {
		json_number(&p.j, "version", 1);
		json_open(&p.j, "checks", '[');
	}
	for (size_t i = 0; i < COUNT(checks); i++) {
		struct result result;

		(void)fflush(out); /* a child must not write it again */
		result = run(&checks[i]);
		say(&p, &checks[i], &result);
		broken += checks[i].required && !result.works;
	}
	if (json)
		json_close(&p.j, ']');
	say_facts(&p);
	if (json)
		json_bool(&p.j, "works", broken == 0);
	else
		(void)fprintf(out, "\n%s\n",
			      broken ? "zbox cannot do all that it should here"
				     : "zbox works here");
	page_end(&p);
	return broken ? 1 : 0;
}
