/*
 * zbox-portal.c - asks the document portal: a program of its own, which zbox starts.
 *
 *   zbox-portal bus=ADDRESS                                      where it shows documents
 *   zbox-portal bus=ADDRESS app=APP permissions=ro|rw FILE...    gives files to an application
 *
 * Descriptor 3 is a socket to zbox, which gets one message: the path; or the names of the
 * documents, one a line, in the order of the files; or the record of what went wrong. A file is
 * handed over as a descriptor (O_PATH), so the portal does not follow a path of ours.
 *
 * A file that the application has already keeps its name. With ro it loses the permission to write
 * there, if an earlier start gave it, because ro is what was asked for now.
 *
 * Who answers is the caller's own session. The answers become parts of a plan, so zbox looks at
 * their letters.
 */
#include "utils.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define ZBOX_FD 3
#define FILES_MAX 64 /* of one message */

#define PORTAL "org.freedesktop.portal.Documents"
#define PORTAL_PATH "/org/freedesktop/portal/documents"
#define REUSE 1U /* of AddFull: the document that there is already */

struct request {
	const char *app;
	bool write;
	char **files;
	size_t count;
	sd_bus *bus;
	char text[2000]; /* the answer */
};

/* An error of sd-bus: a negative errno, or the portal's own words. */
static int failed(int result, const sd_bus_error *error, const char *what)
{
	if (error && error->message)
		return fail(0, "%s: %s", what, error->message);
	return fail(-result, "%s", what);
}

static int call(struct request *r, sd_bus_message *m, sd_bus_message **reply, const char *what)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int result = sd_bus_call(r->bus, m, 0, &error, reply);

	if (result < 0)
		(void)failed(result, &error, what);
	sd_bus_error_free(&error);
	return result < 0 ? -1 : 0;
}

static int connect_to(struct request *r, const char *address)
{
	int result = sd_bus_new(&r->bus);

	if (result >= 0)
		result = sd_bus_set_address(r->bus, address);
	if (result >= 0)
		result = sd_bus_set_bus_client(r->bus, 1);
	if (result >= 0)
		result = sd_bus_start(r->bus);
	return result < 0 ? failed(result, NULL, address) : 0;
}

/* A call of the portal that is to be filled; NULL after fail(). */
static sd_bus_message *new_call(struct request *r, const char *method)
{
	sd_bus_message *m = NULL;
	int result =
		sd_bus_message_new_method_call(r->bus, &m, PORTAL, PORTAL_PATH, PORTAL, method);

	if (result < 0)
		(void)failed(result, NULL, method);
	return m;
}

/* ---- where it is ---- */

static int ask_place(struct request *r)
{
	static const char method[] = "GetMountPoint";
	sd_bus_message *m = new_call(r, method), *reply = NULL;
	const void *path = NULL;
	size_t length = 0;
	int result = -1;

	if (m && call(r, m, &reply, method) == 0) {
		result = sd_bus_message_read_array(reply, 'y', &path, &length);
		result = result < 0 ? failed(result, NULL, method) : 0;
	}
	if (result == 0)
		(void)snprintf(r->text, sizeof(r->text), "%.*s", (int)length, (const char *)path);
	sd_bus_message_unref(m);
	sd_bus_message_unref(reply);
	return result;
}

/* ---- documents ---- */

/* The descriptors of the files; sd-bus makes copies of them. */
static int add_files(struct request *r, sd_bus_message *m)
{
	int result = sd_bus_message_open_container(m, 'a', "h");

	for (size_t i = 0; result >= 0 && i < r->count; i++) {
		autoclose int fd = open(r->files[i], O_PATH | O_CLOEXEC);

		if (fd < 0)
			return fail(errno, "%s", r->files[i]);
		result = sd_bus_message_append(m, "h", fd);
	}
	if (result >= 0)
		result = sd_bus_message_close_container(m);
	return result < 0 ? failed(result, NULL, "AddFull") : 0;
}

static int keep_from_writing(struct request *r, const char *document)
{
	static const char method[] = "RevokePermissions";
	sd_bus_message *m = new_call(r, method), *reply = NULL;
	int result = -1;

	if (m) {
		result = sd_bus_message_append(m, "ssas", document, r->app, 3, "write", "delete",
					       "grant-permissions");
		result = result < 0 ? failed(result, NULL, method) : call(r, m, &reply, method);
	}
	sd_bus_message_unref(m);
	sd_bus_message_unref(reply);
	return result;
}

static int take_names(struct request *r, sd_bus_message *reply)
{
	size_t count = 0, used = 0;
	char **names = NULL;
	int result = sd_bus_message_read_strv(reply, &names);

	result = result < 0 ? failed(result, NULL, "AddFull") : 0;
	for (; result == 0 && names && names[count]; count++) {
		used += (size_t)snprintf(r->text + used, sizeof(r->text) - used, "%s\n",
					 names[count]);
		if (used >= sizeof(r->text))
			result = fail(0, "the names of the documents are too long");
		if (result == 0 && !r->write)
			result = keep_from_writing(r, names[count]);
	}
	if (result == 0 && count != r->count)
		result = fail(0, "%zu documents for %zu files", count, r->count);
	for (size_t i = 0; names && names[i]; i++)
		free(names[i]);
	free(names);
	return result;
}

static int forward(struct request *r)
{
	sd_bus_message *m = new_call(r, "AddFull"), *reply = NULL;
	int result = m ? add_files(r, m) : -1;

	if (result == 0) {
		result = sd_bus_message_append(m, "us", REUSE, r->app);
		if (result >= 0)
			result = r->write ? sd_bus_message_append(m, "as", 2, "read", "write")
					  : sd_bus_message_append(m, "as", 1, "read");
		result = result < 0 ? failed(result, NULL, "AddFull")
				    : call(r, m, &reply, "AddFull");
	}
	if (result == 0)
		result = take_names(r, reply);
	sd_bus_message_unref(m);
	sd_bus_message_unref(reply);
	return result;
}

/* ---- words ---- */

static int run(struct request *r, char **words)
{
	if (!words[0] || strncmp(words[0], "bus=", 4) != 0)
		return fail(0, "wrong words");
	if (connect_to(r, words[0] + 4) < 0)
		return -1;
	if (!words[1])
		return ask_place(r);
	if (strncmp(words[1], "app=", 4) != 0 || !words[2] || !words[3])
		return fail(0, "wrong words");
	r->app = words[1] + 4;
	r->write = strcmp(words[2], "permissions=rw") == 0;
	r->files = words + 3;
	while (r->files[r->count])
		r->count++;
	if (r->count > FILES_MAX)
		return fail(0, "more than %d files", FILES_MAX);
	return forward(r);
}

int main(int argc, char **argv)
{
	struct request r = {.bus = NULL};
	const struct failure *f;

	if (argc >= 1)
		(void)run(&r, argv + 1);
	f = failure_get();
	if (f)
		(void)send(ZBOX_FD, f, sizeof(*f), MSG_NOSIGNAL);
	else
		(void)send(ZBOX_FD, r.text, strlen(r.text), MSG_NOSIGNAL);
	sd_bus_flush_close_unref(r.bus);
	_exit(f != NULL);
}
