/*
 * changes.h - what a command changed below an overlay: kept, shown, applied to the host.
 *
 *   changes-manifest.c  the text of DIR/zbox-try
 *   changes-store.c     the directory that holds the changes
 *   changes-paths.c     files below a directory, by descriptor
 *   changes-walk.c      store + host -> list of changes
 *   changes-same.c      whether two files are the same
 *   changes-apply.c     list -> host
 *   changes-write.c     one new file, complete or not at all
 *   changes-print.c     list -> text or JSON
 *   changes-diff.c      two texts -> a unified diff
 *
 * All of this runs outside, with the caller's rights and no others, when everything inside has
 * ended.
 */
#ifndef ZBOX_CHANGES_H
#define ZBOX_CHANGES_H

#include "utils.h"

#include <sys/stat.h>
#include <time.h>

/* ---- the directory with the changes ---- */

/* One directory of the host that was under an overlay. */
struct store_root {
	char *path; /* absolute; owned */
	uint64_t dev, ino;
};

/* A file or directory of the host. */
struct store_file {
	uint64_t dev, ino;
};

/* DIR: zbox-try (the manifest), and for root N the directories N/upper and N/work of its overlay.
 */
struct store {
	char *path;            /* absolute; owned */
	int fd;                /* of it, locked; -1 none */
	struct timespec start; /* what has a later ctime was changed after the overlays were made */
	struct store_root *roots;
	size_t root_count;
	bool made;               /* by store_make(), in this run */
	bool ended;              /* applied or discarded: its removal had begun and was cut off */
	struct store_file *ours; /* see store_note(); owned */
	size_t our_count;
};
#define STORE_NONE                                                                                 \
	{                                                                                          \
		.fd = -1                                                                           \
	}
#define STORE_ROOTS_MAX 256

/* In the store: the name that --apply gives to what it is about to put in a file's place. */
#define STORE_APPLYING "apply"

/* Makes the directory (path; NULL: a new one in TMPDIR or /var/tmp) or takes an empty one, and
 * locks it. Returns 0, or -1 after fail(). */
int store_make(struct store *s, const char *path) MUST_CHECK;

/* Adds a root and makes its directories. path: absolute, without links. Returns 0, or -1 after
 * fail(). */
int store_add_root(struct store *s, const char *path) MUST_CHECK;

/* Notes the time and writes the manifest: after the last root, before anything runs. Returns 0, or
 * -1 after fail(). */
int store_begin(struct store *s) MUST_CHECK;

/* Opens and locks a directory that store_make() made, which has to be the caller's alone. Returns
 * 0, or -1 after fail(). Where s->ended there is nothing to look at but store_discard(). */
int store_open(struct store *s, const char *path) MUST_CHECK;

/* Removes the directory with all that zbox made in it, and fails where there is something else; can
 * be done again when it was interrupted. Returns 0, or -1 after fail(). */
int store_discard(struct store *s) MUST_CHECK;

/* Notes for whoever tries again that it was us who changed the file's ctime. Returns 0, or -1 with
 * errno set. */
int store_note(const struct store *s, const struct stat *st) MUST_CHECK;

/* Whether the file was changed after the start, and not by us. */
bool store_is_newer(const struct store *s, const struct stat *st);

void store_free(struct store *s);

/* The manifest: text (new memory, NULL after fail()), and back (pure; s: STORE_NONE, filled).
 * Returns 0, or -1 after fail(). */
char *manifest_text(const struct store *s) MUST_CHECK;
int manifest_parse(struct store *s, const char *text) MUST_CHECK;

/* ---- files below a directory ---- */

/* Opens path below the directory: no link is followed, no mount crossed, nothing above reached;
 * "" is the directory itself. O_CLOEXEC is added. Returns a descriptor, or -1 with errno set. */
int below_open(int dir, const char *path, int flags) MUST_CHECK;

/* The directory that path is in, O_PATH; *name is its last part, inside path. Returns a
 * descriptor, or -1 with errno set. */
int below_parent(int dir, const char *path, const char **name) MUST_CHECK;

/* Gives the owner the rights to read what fd (O_PATH) is open at, when the command took them away;
 * the mode that it had is kept beside. Returns 0, or -1 with errno set. */
int reveal(int fd, const struct stat *st) MUST_CHECK;

/* The mode that the command gave to what fd is open at, of which st is. */
mode_t revealed_mode(int fd, const struct stat *st);

/* Removes the name, and of a directory what is in it, whatever modes it has, at most depth deep and
 * across no mount. Returns 0, or -1 with errno set. */
int remove_name(int dir, const char *name, unsigned depth) MUST_CHECK;
#define REMOVE_DEPTH 2000

/* Whether two files (of the same size and type, each by its directory and name) have the same
 * contents or text, and on request attributes. 1, 0, -1 with errno set. */
int same_contents(int dir_a, const char *a, int dir_b, const char *b, const struct stat *st,
		  bool attributes) MUST_CHECK;

/* ---- the list ---- */

enum change_kind { CHANGE_ADDED, CHANGE_CHANGED, CHANGE_REMOVED };

struct change {
	enum change_kind kind;
	size_t root;    /* number in the store */
	char *path;     /* below it, "" itself; owned */
	struct stat st; /* as it is to be; CHANGE_REMOVED: as it is. Mode without set-id bits */
	bool set_id;    /* it had such bits */
	bool touched;   /* a directory whose entries change, and nothing else; a file that does not
			   change, but may get other names */
	bool exists;    /* something is at the path on the host: */
	struct stat host;
	bool newer;         /* the host changed it after the start: is not applied */
	const char *refuse; /* why it cannot be applied in any case; static, NULL: it can */
	char *target;       /* text of a link; owned */
};

struct changes {
	struct change *items; /* in an order in which they can be applied */
	size_t count;
	size_t told; /* without those that are only touched */
};

/* Compares the store with the host. Returns 0, or -1 after fail(). */
int changes_find(const struct store *s, struct changes *list) MUST_CHECK;

void changes_free(struct changes *list);

/* ---- what is done with it ---- */

/* Is told of each change that was not applied, and why. */
typedef void changes_refused(void *context, const struct change *c, const char *why);

/* Applies all that can be. Returns how many could not be, or -1 after fail(). */
ssize_t changes_apply(const struct store *s, const struct changes *list, changes_refused *refused,
		      void *context) MUST_CHECK;

/* Where a new file goes. */
struct new_file {
	int dir;               /* its directory on the host */
	const char *name;      /* in it */
	const char *temporary; /* a name in the same directory that nobody else uses */
	bool replaces;         /* something is there and is replaced */
};

/* Puts a copy of what from is open at (O_RDONLY) there, with the owner, mode, times and
 * attributes of st. Complete or not at all. Returns 0, or -1 with errno set. */
int write_copy(const struct new_file *n, int from, const struct stat *st) MUST_CHECK;

/* The same for a link, a fifo, or another name of the file at other_name in other_dir. */
int write_link(const struct new_file *n, const char *target, const struct stat *st) MUST_CHECK;
int write_fifo(const struct new_file *n, const struct stat *st) MUST_CHECK;
int write_name(const struct new_file *n, int other_dir, const char *other_name) MUST_CHECK;

/* Copies the attributes that the command may have set (user.*, ACLs) between descriptors, by their
 * names in /proc. Returns 0, or -1 with errno set. */
int copy_attributes(int from, int to) MUST_CHECK;

/* Whether both have the same of these. */
bool same_attributes(int a, int b);

/* The list for a person, and for a program. */
void changes_print(FILE *out, const struct store *s, const struct changes *list);
void changes_print_json(FILE *out, const struct store *s, const struct changes *list);

/* What changed in texts. Returns 0, or -1 after fail(). */
int changes_print_diff(FILE *out, const struct store *s, const struct changes *list) MUST_CHECK;

/* A unified diff of two texts, fit for a terminal, without its first two lines. Pure. Returns 0,
 * or -1 after fail(). */
int diff_print(FILE *out, const char *a, size_t a_length, const char *b,
	       size_t b_length) MUST_CHECK;

/* The path on the host: new memory, or NULL after fail(). */
char *change_path(const struct store *s, const struct change *c) MUST_CHECK;

#endif
