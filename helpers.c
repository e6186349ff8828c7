/*
 * helpers.c - where the programs are that zbox starts for single features.
 *
 * An attacker would like another program to be started in their place. Two places are beside the
 * running program, which whoever can change them could change as well; the third is compiled in.
 */
#include "helpers.h"

#include "utils.h"

#include <string.h>
#include <unistd.h>

#ifndef ZBOX_LIBEXEC
#define ZBOX_LIBEXEC "/usr/local/libexec/zbox"
#endif

#define NAME_ROOM 64 /* of what is put behind the directory */

bool helper_place(const char *name, unsigned number, char path[PATH_MAX])
{
	static const char *const beside[] = {"", "../libexec/zbox/"};
	ssize_t length;
	char *end;

	if (number == COUNT(beside))
		return snprintf(path, PATH_MAX, "%s/%s", ZBOX_LIBEXEC, name) < PATH_MAX;
	if (number > COUNT(beside))
		return false;
	length = readlink("/proc/self/exe", path, PATH_MAX - NAME_ROOM);
	if (length <= 0)
		length = 0;
	path[length] = '\0';
	end = strrchr(path, '/');
	end = end ? end + 1 : path;
	(void)snprintf(end, NAME_ROOM, "%s%s", beside[number], name);
	return true;
}
