/* J: environment and secrets. */
#include "escape.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void env_secrets(struct result *r)
{
	static const char *const names[] = {"SECRET_TOKEN", "AWS_SECRET_ACCESS_KEY",
					    "SSH_AUTH_SOCK", "DBUS_SESSION_BUS_ADDRESS"};

	for (size_t i = 0; i < COUNT(names); i++)
		if (getenv(names[i])) {
			open_hole(r, "%s", names[i]);
			return;
		}
	stopped(r, "absent");
}

/* The environment of PID 1 is the caller's, unless it was made unreadable. */
static void env_init(struct result *r)
{
	char text[8192];
	ssize_t got = read_text("/proc/1/environ", text, sizeof(text));

	if (got < 0) {
		stopped(r, "%s", errno_name(errno));
		return;
	}
	for (ssize_t i = 0; i < got; i++)
		if (strncmp(text + i, "SECRET_TOKEN=", 13) == 0) {
			open_hole(r, "SECRET_TOKEN in /proc/1/environ");
			return;
		}
	stopped(r, "absent");
}

static void env_loader(struct result *r)
{
	if (getenv("GLIBC_TUNABLES") || getenv("GCONV_PATH"))
		open_hole(r, "%s", getenv("GLIBC_TUNABLES") ? "GLIBC_TUNABLES" : "GCONV_PATH");
	else
		stopped(r, "absent");
}

static void home_secrets(struct result *r)
{
	(void)judge_open(r, canaries.secret, O_RDONLY);
}

/* The words of the command line of the sandbox hold the canaries' paths. */
static void cmdline_leak(struct result *r)
{
	char text[16384];
	ssize_t got = read_text("/proc/1/cmdline", text, sizeof(text));

	if (got < 0) {
		stopped(r, "%s", errno_name(errno));
		return;
	}
	for (ssize_t i = 0; i < got; i++)
		if (strncmp(text + i, "--ro-bind", 9) == 0 || strncmp(text + i, "--bind", 6) == 0) {
			open_hole(r, "the options of the sandbox");
			return;
		}
	stopped(r, "generic");
}

static const struct check checks[] = {
	{"env-secrets", "absent", env_secrets, NULL, NULL},
	{"env-init", NULL, env_init, NULL, NULL},
	{"env-loader", "absent", env_loader, NULL, NULL},
	{"home-secrets", "ENOENT|EACCES", home_secrets, NULL, NULL},
	{"cmdline-leak", NULL, cmdline_leak, NULL, NULL},
};

const struct check_group group_secrets = {'J', checks, COUNT(checks)};
