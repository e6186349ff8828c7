/*
 * profiles-list.c - --list-profiles: the names that --profile finds, for people and for shells.
 *
 *   places    each of the three folders, if it is there; of two profiles of one name the one that
 *             --profile would take counts
 *   print     sorted, with what the first line of the file says about it
 *
 * What an attacker would try: nothing, in folders of root's and of the caller's; what is printed of
 * a file goes through text_print() all the same, because a profile may have come from elsewhere.
 */
#include "profiles.h"

#include "listing.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 10000
#define READ_MAX (1U << 20)

struct found {
	char *name; /* owned */
	int place;
};

struct all {
	struct found *list; /* owned */
	size_t count;
};

static bool is_profile(const char *name, const void *unused)
{
	size_t length = strlen(name), suffix = strlen(PROFILE_SUFFIX);

	(void)unused;
	return length > suffix && strcmp(name + length - suffix, PROFILE_SUFFIX) == 0;
}

static bool is_known(const struct all *all, const char *name)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->list[i].name, name) == 0)
			return true;
	return false;
}

static int add(struct all *all, const char *file, int place)
{
	char *name = format_text("%.*s", (int)(strlen(file) - strlen(PROFILE_SUFFIX)), file);
	struct found *slot;

	if (!name)
		return -1;
	slot = !profile_is_name(name) || is_known(all, name)
		       ? NULL
		       : array_add(&all->list, &all->count, sizeof(*slot));
	if (slot)
		*slot = (struct found){name, place};
	else
		free(name);
	return failure_get() ? -1 : 0;
}

static int add_place(const struct options_reader *reader, int place, struct all *all)
{
	autoclose int dir = -1;
	struct listing names;
	char path[PATH_MAX];
	int result = 0;

	if (!profile_path(reader, place, "", "", path))
		return 0;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : fail(errno, "%s", path);
	if (listing_read(&names, dir, path, NAMES_MAX, is_profile, NULL) < 0)
		return -1;
	for (size_t i = 0; result == 0 && i < names.count; i++)
		result = add(all, names.names[i], place);
	listing_free(&names);
	return result;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct found *)a)->name, ((const struct found *)b)->name);
}

/* "# NAME: what it is" at its start, without the name. */
static void print_about(FILE *out, const struct options_reader *reader, const struct found *f)
{
	char path[PATH_MAX];
	autofree char *text = NULL;
	const char *start;
	size_t length;

	if (!profile_path(reader, f->place, f->name, PROFILE_SUFFIX, path))
		return;
	text = reader->read_file(reader->context, path, READ_MAX, &length);
	if (!text || text[0] != '#')
		return;
	text[strcspn(text, "\n")] = '\0';
	start = strstr(text, ": ");
	start = start ? start + 2 : text + 1;
	text_print(out, start + strspn(start, " \t"));
}

int profiles_list(FILE *out, const struct options_reader *reader)
{
	struct all all = {0};
	int result = 0;

	for (int place = 0; result == 0 && place < PLACES; place++)
		result = add_place(reader, place, &all);
	if (all.count > 0)
		qsort(all.list, all.count, sizeof(*all.list), by_name);
	for (size_t i = 0; i < all.count; i++) {
		if (result == 0) {
			fprintf(out, "%-15s ", all.list[i].name);
			print_about(out, reader, &all.list[i]);
			fputc('\n', out);
		}
		free(all.list[i].name);
	}
	free(all.list);
	return result;
}
