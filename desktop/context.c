/*
 * context.c - a display of Wayland that knows the command as a sandboxed application.
 *
 * With the protocol security-context-v1 a compositor takes a listening socket together with a name,
 * and offers those who connect to it what it offers to sandboxed applications: no pictures of the
 * screen, no watching of the clipboard, no input for other windows. zbox-wayland speaks it:
 *
 *   plan      is it there at all? else the display's own socket is bound, with a note
 *   outside   it is started, and waits
 *   inside    hands over XDG_RUNTIME_DIR of the new root; it makes the socket there, gives it to
 *             the compositor, says ready, and ends
 *   outside   holds the other end of its own socket, which the compositor has as the sign of life:
 *             when zbox has gone, nobody new is let in
 *
 * What an attacker would try: to reach the display's own socket, which is not inside. That the
 * socket is in his file system gives him nothing: it leads where it led when it was made.
 */
#include "desktop/context.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int start(struct net_helper *h, const char *display, const char *app, const char *instance)
{
	char program[] = "zbox-wayland";
	autofree char *where = format_text("display=%s", display);
	autofree char *who = app ? format_text("app=%s", app) : NULL;
	autofree char *which = app ? format_text("instance=%s", instance) : NULL;
	char *const words[] = {program, where, who, which, NULL};

	if (!where || (app && (!who || !which)))
		return -1;
	return net_helper_exec(h, words);
}

int context_known(const char *display)
{
	struct net_helper h = NET_HELPER_NONE;
	char answer[16];
	int result = -1;

	if (start(&h, display, NULL, NULL) == 0)
		result = net_helper_text(&h.socket, "zbox-wayland", answer, sizeof(answer));
	net_helper_end(&h);
	return result < 0 ? -1 : strcmp(answer, "context") == 0;
}

int context_start(const struct sandbox *sb, struct net_helper *h)
{
	autofree char *pid = format_text("%d", (int)getpid());

	if (!pid)
		return -1;
	return start(h, sb->context_display, sb->context_app, sb->instance ? sb->instance : pid);
}

int context_hand_over(const struct sandbox *sb, const struct net_helper *h)
{
	autoclose int directory = open(sb->context_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0)
		return fail(errno, "%s, for the socket of Wayland", sb->context_directory);
	return send_fd(h->socket, directory);
}

int context_wait(struct net_helper *h)
{
	return net_helper_hear(&h->socket, "the Wayland display");
}
