/*
 * Names of capabilities, what follows from --cap-add and --cap-drop, which programs are loaded.
 * Links privileges.c, capabilities.c, landlock.c, landlock-only.c and utils.c; the seccomp profiles
 * are stand-ins. With -DWITH_LIBCAP -lcap the names are compared with libcap's.
 */
#include "test.h"

#include "capabilities.h"
#include "landlock.h"
#include "privileges.h"
#include "seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef WITH_LIBCAP
#include <sys/capability.h>
#endif

/* Refuses getpriority(2), whose number differs little enough to be written down nowhere else. */
static const struct sock_filter refuse_getpriority[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpriority, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};
static const struct seccomp_builtin strict = {"strict", refuse_getpriority, 4};

const struct seccomp_builtin *seccomp_find(const char *name)
{
	return strcmp(name, strict.name) == 0 ? &strict : NULL;
}

int seccomp_compile(const struct sandbox *sb, struct sock_filter **code, unsigned short *length)
{
	(void)sb;
	*code = calloc(1, sizeof(**code));
	if (!*code)
		return fail(0, "out of memory");
	(*code)->code = BPF_RET | BPF_K;
	(*code)->k = SECCOMP_RET_ALLOW;
	*length = 1;
	return 0;
}

static struct sandbox empty(enum personality personality)
{
	struct sandbox sb;

	memset(&sb, 0, sizeof(sb));
	sb.personality = personality;
	sb.userns_fd = sb.userns2_fd = sb.seccomp_fd = -1;
	sb.landlock = LANDLOCK_OFF;
	return sb;
}

static const char *failure_text(void)
{
	return failure_get() ? failure_get()->text : "";
}

static void test_names(void)
{
	int cap = 7;

	for (int i = 0; i <= CAP_LAST_CAP; i++) {
		const char *name = capability_name(i);

		check(capability_from_name(name, &cap) == 0 && cap == i, "%s is %d", name, i);
		check(capability_from_name(name + 4, &cap) == 0 && cap == i, "%s is %d", name + 4,
		      i);
#ifdef WITH_LIBCAP
		cap_value_t value = -1;

		check(cap_from_name(name, &value) == 0 && (int)value == i, "libcap: %s", name);
#endif
	}
	check(capability_from_name("CAP_Net_Admin", &cap) == 0 && cap == CAP_NET_ADMIN,
	      "case does not matter");
	check(capability_from_name("aLL", &cap) == 0 && cap == -1, "ALL in any case");
	check(capability_from_name("12", &cap) == 0 && cap == 12, "a number, as libcap has it");
	check(capability_name(-1) == NULL && capability_name(64) == NULL, "numbers without name");
	for (const char *const *bad = (const char *const[]){"", "cap_", "cap", "chow", "chowns",
							    "cap_cap_chown", "cap_all", "-1", "41",
							    "99999999999", "0x1", " chown", NULL};
	     *bad; bad++) {
		char text[64];

		cap = 99;
		failure_clear();
		(void)snprintf(text, sizeof(text), "unknown cap: %s", *bad);
		check(capability_from_name(*bad, &cap) < 0 && cap == 99 &&
			      strcmp(failure_text(), text) == 0,
		      "'%s' is none", *bad);
	}
	failure_clear();
}

static void test_wanted(void)
{
	const uint64_t has = 0x1ffffffffff;
	struct cap_change add_two[] = {{true, CAP_CHOWN}, {true, CAP_KILL}};
	struct cap_change all_but[] = {{true, -1}, {false, CAP_SYS_ADMIN}};
	struct cap_change none_but[] = {{true, CAP_BPF}, {false, -1}, {true, 0}};
	struct cap_change drop_one[] = {{false, CAP_SYS_ADMIN}};
	struct sandbox zbox = empty(PERSONALITY_ZBOX), bwrap = empty(PERSONALITY_BWRAP);

	check(capabilities_wanted(&zbox, 1000, has) == 0, "zbox: a user starts empty");
	check(capabilities_wanted(&zbox, 0, has) == 0, "zbox: root starts empty");
	check(capabilities_wanted(&bwrap, 1000, has) == 0, "bwrap: a user starts empty");
	check(capabilities_wanted(&bwrap, 0, has) == has, "bwrap: root starts with what it has");
	check(capabilities_wanted(&bwrap, 0, 0x3) == 0x3, "bwrap: and not with more");
	bwrap.caps = drop_one, bwrap.cap_count = 1;
	check(capabilities_wanted(&bwrap, 0, has) == (has & ~(1ULL << CAP_SYS_ADMIN)),
	      "bwrap: root drops one");
	check(capabilities_wanted(&bwrap, 1000, has) == 0, "bwrap: a user drops from nothing");
	zbox.caps = add_two, zbox.cap_count = 2;
	check(capabilities_wanted(&zbox, 1000, has) == (1 | 1 << CAP_KILL), "two are added");
	zbox.caps = all_but, zbox.cap_count = 2;
	check(capabilities_wanted(&zbox, 1000, 0) == ~(1ULL << CAP_SYS_ADMIN), "ALL but one");
	zbox.caps = none_but, zbox.cap_count = 3;
	check(capabilities_wanted(&zbox, 1000, 0) == 1, "dropping ALL starts over");
}

static int bytes_fd(const void *bytes, size_t length)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	if (fd >= 0 && (write_fd(fd, bytes, length) < 0 || lseek(fd, 0, SEEK_SET) < 0))
		close_fd(&fd);
	return fd;
}

static bool prepare_fails(const struct sandbox *sb, const char *text, int err)
{
	struct privileges p;
	bool as_said;

	failure_clear();
	as_said = privileges_prepare(sb, 0, &p) < 0 && strcmp(failure_text(), text) == 0 &&
		  failure_get()->err == err;
	privileges_free(&p);
	failure_clear();
	return as_said;
}

static void test_programs(void)
{
	struct sandbox zbox = empty(PERSONALITY_ZBOX), bwrap = empty(PERSONALITY_BWRAP);
	struct seccomp_change change = {true, "x"};
	struct privileges p;
	int fds[2];

	check(privileges_prepare(&zbox, 0, &p) == 0 && p.filter_count == 1 &&
		      p.filters[0].code == refuse_getpriority && !p.nested_userns,
	      "zbox: strict by default");
	privileges_free(&p);
	check(privileges_prepare(&bwrap, 0, &p) == 0 && p.filter_count == 0 && !p.profile,
	      "bwrap: no profile");
	privileges_free(&p);
	zbox.seccomp_profile = "none";
	check(privileges_prepare(&zbox, 0, &p) == 0 && p.filter_count == 0 && p.nested_userns,
	      "zbox: none is none");
	privileges_free(&p);
	zbox.seccomp_profile = NULL;
	zbox.seccomp_changes = &change, zbox.seccomp_change_count = 1;
	check(privileges_prepare(&zbox, 0, &p) == 0 && p.filter_count == 1 && p.filters[0].owned,
	      "changes are compiled");
	privileges_free(&p);

	fds[0] = bytes_fd(refuse_getpriority, sizeof(refuse_getpriority));
	fds[1] = bytes_fd(refuse_getpriority, 8);
	bwrap.seccomp_fds = fds, bwrap.seccomp_fd_count = 2;
	check(privileges_prepare(&bwrap, 0, &p) == 0 && p.filter_count == 2 &&
		      p.filters[0].length == 4 && p.filters[1].length == 1 &&
		      memcmp(p.filters[0].code, refuse_getpriority, 32) == 0,
	      "programs are read in order");
	check(fcntl(fds[0], F_GETFD) < 0 && fcntl(fds[1], F_GETFD) < 0, "descriptors are closed");
	privileges_free(&p);
	check(prepare_fails(&bwrap, "Can't read seccomp data", EBADF), "the same one twice");
	fds[0] = bytes_fd(refuse_getpriority, 9);
	bwrap.seccomp_fd_count = 1;
	check(prepare_fails(&bwrap, "Invalid seccomp data, must be multiple of 8", 0), "9 bytes");
	fds[0] = memfd_create("test", MFD_CLOEXEC);
	check(fds[0] >= 0 && ftruncate(fds[0], (off_t)65536 * 8) == 0 &&
		      prepare_fails(&bwrap, "Can't read seccomp data", EFBIG),
	      "a length that does not fit its type");
	close_fd(&fds[0]);

	bwrap.seccomp_fd_count = 0;
	bwrap.seccomp_fd = bytes_fd(refuse_getpriority, 32);
	check(privileges_prepare(&bwrap, 0, &p) == 0 && p.filter_count == 0, "--seccomp is late");
	check(privileges_read_late(&bwrap, &p) == 0 && p.filter_count == 1, "and then read");
	privileges_free(&p);
}

/* Runs body in a child; its exit status is the number of the first check that did not hold. */
static int in_child(int (*body)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(body());
	if (child < 0 || waitpid(child, &status, 0) != child)
		return 255;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 254;
}

static int loads_filter(void)
{
	struct sandbox sb = empty(PERSONALITY_ZBOX);
	struct privileges p;

	if (privileges_prepare(&sb, 0, &p) < 0 || privileges_no_new() < 0)
		return 1;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 2;
	if (privileges_filter(&sb, &p) < 0)
		return 3;
	return syscall(SYS_getpriority, 0, 0) == -1 && errno == EXDEV ? 0 : 4;
}

static int refuses_bad_filter(void)
{
	static struct sock_filter falls_off[] = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0}};
	struct sandbox sb = empty(PERSONALITY_BWRAP);
	struct filter filter = {falls_off, 1, false};
	struct privileges p = {.filters = &filter, .filter_count = 1};
	const char *start = "Unable to set up system call filtering as requested: ";

	if (privileges_no_new() < 0)
		return 1;
	if (privileges_filter(&sb, &p) == 0)
		return 2;
	return strncmp(failure_text(), start, strlen(start)) == 0 ? 0 : 3;
}

/* Bounding and ambient, as one number each. */
static uint64_t caps_of(int option, int argument)
{
	uint64_t set = 0;

	for (int cap = 0; cap <= CAP_LAST_CAP; cap++) {
		int is = option == PR_CAPBSET_READ ? prctl(option, cap, 0, 0, 0)
						   : prctl(option, argument, cap, 0, 0);
		set |= is == 1 ? 1ULL << cap : 0;
	}
	return set;
}

static int after(uint64_t keep, unsigned long bits)
{
	struct capability_sets sets;

	if (capabilities_get(&sets) < 0 || sets.effective != keep || sets.permitted != keep ||
	    sets.inheritable != keep)
		return 10;
	if (caps_of(PR_CAPBSET_READ, 0) != keep)
		return 11;
	if (caps_of(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET) != keep)
		return 12;
	return (unsigned long)prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) == bits ? 0 : 13;
}

static int drop_in_userns(struct cap_change *changes, size_t count, enum personality personality,
			  uint64_t keep, unsigned long bits)
{
	struct sandbox sb = empty(personality);
	struct privileges p;

	sb.caps = changes;
	sb.cap_count = count;
	sb.unshare = CLONE_NEWUSER;
	sb.seccomp_profile = "none";
	if (unshare(CLONE_NEWUSER) < 0)
		return 1;
	if (privileges_prepare(&sb, 0, &p) < 0 || privileges_no_new() < 0)
		return 2;
	if (privileges_reduce(&sb, &p) < 0 || privileges_drop(&sb, &p, true) < 0)
		return 3;
	return after(keep, bits);
}

static int drops_all(void)
{
	return drop_in_userns(NULL, 0, PERSONALITY_ZBOX, 0, 0xff & ~(1UL << SECURE_KEEP_CAPS));
}

static int keeps_two(void)
{
	struct cap_change changes[] = {{true, CAP_CHOWN}, {true, CAP_NET_ADMIN}};

	return drop_in_userns(changes, 2, PERSONALITY_ZBOX, 1 | 1 << CAP_NET_ADMIN,
			      SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
				      SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED);
}

static int bwrap_drops_all(void)
{
	struct cap_change change = {false, -1}; /* for root, who would start with all */

	return drop_in_userns(&change, 1, PERSONALITY_BWRAP, 0, 0);
}

static int bwrap_keeps_two(void)
{
	struct cap_change changes[] = {{false, -1}, {true, CAP_CHOWN}, {true, CAP_KILL}};

	return drop_in_userns(changes, 3, PERSONALITY_BWRAP, 1 | 1 << CAP_KILL, 0);
}

static int init_has_none(void)
{
	struct cap_change changes[] = {{true, -1}};
	struct sandbox sb = empty(PERSONALITY_ZBOX);
	struct capability_sets sets;
	struct privileges p;

	sb.caps = changes;
	sb.cap_count = 1;
	if (unshare(CLONE_NEWUSER) < 0 || privileges_prepare(&sb, 0, &p) < 0 ||
	    privileges_no_new() < 0 || privileges_reduce(&sb, &p) < 0)
		return 1;
	if (privileges_drop(&sb, &p, false) < 0 || capabilities_get(&sets) < 0)
		return 2;
	return sets.permitted == 0 && sets.inheritable == 0 ? 0 : 3;
}

static int cannot_undo(void)
{
	int result = drops_all();
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {{1, 1, 1}, {0, 0, 0}};

	if (result != 0)
		return result;
	if (prctl(PR_SET_SECUREBITS, 0, 0, 0, 0) == 0)
		return 20;
	if (syscall(SYS_capset, &header, data) == 0)
		return 21;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 0, 0, 0) == 0)
		return 22;
	return prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 ? 23 : 0;
}

int main(void)
{
	static const struct {
		int (*body)(void);
		const char *name;
	} children[] = {
		{loads_filter, "a filter is loaded"},
		{refuses_bad_filter, "a bad one is refused"},
		{drops_all, "zbox: nothing is left"},
		{cannot_undo, "and nothing comes back"},
		{keeps_two, "zbox: exactly two are left"},
		{bwrap_drops_all, "bwrap: nothing is left"},
		{bwrap_keeps_two, "bwrap: two are left"},
		{init_has_none, "PID 1 has none"},
	};

	test_names();
	test_wanted();
	test_programs();
	for (size_t i = 0; i < COUNT(children); i++) {
		int status = in_child(children[i].body);

		check(status == 0, "%s (%d)", children[i].name, status);
	}
	return test_done();
}
