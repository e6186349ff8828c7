/* H: parts of the kernel that no ordinary program needs. Most rows are one call. */
#include "escape.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void bpf(struct result *r)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = 4, attr.value_size = 4, attr.max_entries = 1;
	judge(r, syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)), "a map");
}

static void perf(struct result *r)
{
	struct perf_event_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.type = PERF_TYPE_SOFTWARE;
	attr.size = sizeof(attr);
	attr.config = PERF_COUNT_SW_TASK_CLOCK;
	attr.exclude_kernel = 1;
	judge(r, syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0), "a counter");
}

static void userfaultfd(struct result *r)
{
	judge(r, syscall(SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */), "a descriptor");
}

/* Several families, the first that can be had is the hole. */
static void families(struct result *r, const int (*rows)[3], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (syscall(SYS_socket, rows[i][0], rows[i][1], rows[i][2]) >= 0) {
			open_hole(r, "socket(%d, %d, %d)", rows[i][0], rows[i][1], rows[i][2]);
			return;
		}
		stopped(r, "%s", errno_name(errno));
	}
}

static void af_alg(struct result *r)
{
	static const int rows[][3] = {{38, SOCK_SEQPACKET, 0}};

	families(r, rows, COUNT(rows));
}

static void af_packet(struct result *r)
{
	static const int rows[][3] = {{17, SOCK_RAW, 0x0300}, {44, SOCK_RAW, 0}};

	families(r, rows, COUNT(rows));
}

static void vsock(struct result *r)
{
	static const int rows[][3] = {{40, SOCK_STREAM, 0}, {40, SOCK_SEQPACKET, 0}};

	families(r, rows, COUNT(rows));
}

static void netlink(struct result *r)
{
	static const int rows[][3] = {{16, SOCK_RAW, 12},
				      {16, SOCK_RAW, 6},
				      {16, SOCK_RAW, 16},
				      {16, SOCK_RAW, 9},
				      {16, SOCK_RAW, 15}};

	families(r, rows, COUNT(rows));
}

static void raw_socket(struct result *r)
{
	static const int rows[][3] = {{AF_INET, SOCK_RAW, 1}, {AF_INET6, SOCK_RAW, 58}};

	families(r, rows, COUNT(rows));
}

static void rare_families(struct result *r)
{
	static const int rows[][3] = {
		{30, SOCK_STREAM, 0},    {33, SOCK_DGRAM, AF_INET}, {29, SOCK_RAW, 1},
		{31, SOCK_SEQPACKET, 0}, {9, SOCK_SEQPACKET, 0},    {15, SOCK_RAW, 2},
		{21, SOCK_SEQPACKET, 0}, {41, SOCK_DGRAM, 0},       {43, SOCK_STREAM, 0},
	};

	families(r, rows, COUNT(rows));
}

static void modify_ldt(struct result *r)
{
#ifdef SYS_modify_ldt
	char room[64];

	judge(r, syscall(SYS_modify_ldt, 0, room, sizeof(room)), "the table can be read");
#else
	skipped(r, "no such call on this machine");
#endif
}

static void personality_(struct result *r)
{
	if (syscall(SYS_personality, 0x0400000 /* READ_IMPLIES_EXEC */) >= 0)
		open_hole(r, "READ_IMPLIES_EXEC");
	else
		judge(r, syscall(SYS_personality, 0x0040000), "ADDR_NO_RANDOMIZE");
}

static void splice_(struct result *r)
{
	int from[2], to[2];

	if (pipe(from) < 0 || pipe(to) < 0 || write(from[1], "x", 1) != 1)
		return;
	judge(r, syscall(SYS_splice, from[0], NULL, to[1], NULL, 1, 0), "works");
}

static void vmsplice_(struct result *r)
{
	struct {
		void *base;
		size_t length;
	} vector = {r->text, 1};
	int to[2];

	if (pipe(to) == 0)
		judge(r, syscall(SYS_vmsplice, to[1], &vector, 1, 0), "works");
}

static void numa(struct result *r)
{
	void *page = r;
	int status;

	judge(r, syscall(SYS_move_pages, 0, 1, &page, NULL, &status, 0), "pages are found");
}

static void fanotify(struct result *r)
{
	judge(r, syscall(SYS_fanotify_init, 0x200 /* FID */, O_RDONLY), "a group");
}

static void quotactl_(struct result *r)
{
	uint32_t format;

	/* Q_GETFMT of users: ESRCH and ENODEV come from the quota code itself */
	if (syscall(SYS_quotactl, 0x80000400, "/dev/root", 0, &format) < 0 &&
	    (errno == EPERM || errno == ENOSYS))
		stopped(r, "%s", errno_name(errno));
	else
		open_hole(r, "answers %s", errno_name(errno));
}

static void memfd_secret_(struct result *r)
{
	judge(r, syscall(SYS_memfd_secret, 0), "memory hidden from the kernel");
}

static void keyctl_(struct result *r)
{
	judge(r, syscall(SYS_add_key, "user", "escape", "x", 1, -3L /* session */), "a key");
}

/* Everything that is for the administrator, whoever asks. */
static void floor_calls(struct result *r)
{
	static const struct {
		long number;
		long a[3];
		const char *name;
	} rows[] = {
		{SYS_kexec_load, {0, 0, 0}, "kexec_load"},
		{SYS_finit_module, {-1, 0, 0}, "finit_module"},
		{SYS_delete_module, {0, 0, 0}, "delete_module"},
		{SYS_swapon, {0, 0, 0}, "swapon"},
		{SYS_acct, {0, 0, 0}, "acct"},
		{SYS_vhangup, {0, 0, 0}, "vhangup"},
		{SYS_settimeofday, {0, 0, 0}, "settimeofday"},
		{SYS_sethostname, {0, -1, 0}, "sethostname"},
#ifdef SYS_iopl
		{SYS_iopl, {3, 0, 0}, "iopl"},
#endif
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		long result = syscall(rows[i].number, rows[i].a[0], rows[i].a[1], rows[i].a[2]);

		if (result < 0 && (errno == EPERM || errno == ENOSYS)) {
			stopped(r, "%s", errno_name(errno));
			continue;
		}
		if (rows[i].number == SYS_settimeofday && result == 0)
			continue; /* nothing was asked to be set */
		open_hole(r, "%s: %s", rows[i].name, result < 0 ? errno_name(errno) : "works");
		return;
	}
}

static void clock_set(struct result *r)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	judge(r, syscall(SYS_clock_settime, CLOCK_REALTIME, &now), "the clock is set");
}

static void reboot_(struct result *r)
{
	/* ENABLE_CAD with right magic: harmless, but needs the right */
	judge(r, syscall(SYS_reboot, 0xfee1dead, 672274793, 0, NULL), "allowed");
}

static void map_zero(struct result *r)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			-1, 0);

	judge(r, at == MAP_FAILED ? -1 : 0, "the page at 0");
}

static void unshare_time(struct result *r)
{
	judge(r, syscall(SYS_unshare, 0x80 /* CLONE_NEWTIME */), "a time namespace");
}

static const struct check checks[] = {
	{"bpf", "EPERM", bpf, NULL, NULL},
	{"perf", "EPERM", perf, "none", NULL},
	{"userfaultfd", "ENOSYS|EPERM", userfaultfd, "none", NULL},
	{"af-alg", "EAFNOSUPPORT", af_alg, "none", NULL},
	{"af-vsock", "EAFNOSUPPORT", vsock, "none", NULL},
	{"af-packet", "EAFNOSUPPORT", af_packet, NULL, NULL},
	{"netlink", "EAFNOSUPPORT", netlink, "none desktop permissive", NULL},
	{"raw-socket", "EPERM|EAFNOSUPPORT", raw_socket, NULL, NULL},
	{"rare-families", "EAFNOSUPPORT", rare_families, "none", NULL},
	{"modify-ldt", "EPERM", modify_ldt, "none", NULL},
	{"personality", "EPERM", personality_, "none permissive build container nested", NULL},
	{"splice", "EINVAL", splice_, "none permissive build desktop container nested", NULL},
	{"vmsplice", "ENOSYS", vmsplice_, "none permissive nested", NULL},
	{"numa", "ENOSYS", numa, "none", NULL},
	{"fanotify", "EPERM", fanotify, "none", NULL},
	{"quotactl", "EPERM", quotactl_, "none", NULL},
	{"memfd-secret", "ENOSYS", memfd_secret_, "none permissive nested", NULL},
	{"add-key", "EPERM|ENOSYS", keyctl_, "none", NULL},
	{"floor", "EPERM", floor_calls, "none", NULL},
	{"clock", "EPERM", clock_set, NULL, NULL},
	{"reboot", "EPERM", reboot_, NULL, NULL},
	{"map-zero", "EPERM|EACCES", map_zero, NULL, NULL},
	{"time-namespace", "EPERM", unshare_time, NULL, NULL},
	{"wx-memory", NULL, NULL, NULL,
	 "programs that compile as they run need it, and there is no option against it"},
};

const struct check_group group_kernel = {'H', checks, COUNT(checks)};
