/*
 * options-table.h - the rows of the option table and what is made of them; private to options*.c.
 *
 * A row is everything that is known about an option. The column args is the key: the number of its
 * words is the number of operands, and each word says what the operand is:
 *   SRC DEST DIR FILE PATH RWSRC WORKDIR TARGET   a path: completed as one, never empty
 *   a|b|c                                         one of these words (lower case)
 *   FD|PATH, NAME|FILE                            several kinds; a path if one of them is
 *   [a|b]                                         only as --name=a; the first is the default
 *   [DIR]                                         the same with a path, or without any
 *   NAME ...                                      a sandbox that runs, completed as such; and
 *   ...                                           all the words that are left, none of them ours
 *   anything else                                 free text, whose name is shown in the help
 */
#ifndef ZBOX_OPTIONS_TABLE_H
#define ZBOX_OPTIONS_TABLE_H

#include "options.h"

enum { FOR_ZBOX = 1 << PERSONALITY_ZBOX, FOR_BWRAP = 1 << PERSONALITY_BWRAP, FOR_BOTH = 3 };

struct parser;

struct option {
	const char *name; /* without dashes */
	const char *args; /* see above; "" for a switch */
	int (*apply)(struct parser *, const struct option *, char **arg);
	unsigned personality; /* FOR_*; 0 means FOR_BOTH */
	bool once;            /* a second one wins over the first, with a warning */
	bool typed;           /* belongs on the command line, not in a profile */
	bool modifier;        /* speaks of the operation that follows; see options.c */
	size_t field, count;  /* offset in struct sandbox, and of the array's length */
	int value;            /* what is stored or done: an enum's value, CLONE_NEW* bits */
	unsigned flags;       /* mounts: enum mount_flag */
	int64_t max;          /* largest number */
	const char *missing;  /* bubblewrap's words for a missing operand where they differ */
	const char *needs, *conflicts; /* names of options, blanks between; a|b: one of these; see
					* options-check.c */
	const char *help;              /* one line: --help, zsh, fish; at most 60 characters */
	const char *man;               /* the manual page's paragraph, see options-man.c */
};

struct option_group {
	const char *title;
	const struct option *rows;
};

extern const struct option_group option_groups[];
extern const size_t option_group_count;

/* The rows: options-files.c has those of the new root, options-profiles.c, options-network.c,
 * options-limits.c, options-desktop.c, options-systems.c, options-names.c, options-run.c and
 * options-confine.c the others. Each array ends with a row without a name; none has more than
 * GROUP_ROWS. */
#define GROUP_ROWS 32
#define OPERANDS_MAX 3
extern const struct option options_general[], options_profiles[], options_binds[],
	options_created[], options_overlays[], options_systems[], options_namespaces[],
	options_network[], options_desktop[], options_dbus[], options_identity[],
	options_environment[], options_privileges[], options_limits[], options_life[],
	options_names[], options_descriptors[];

/* The row at the position *number (group * GROUP_ROWS + row), which is that of a row, or one more:
 * at the end of a group *number moves on to the next. NULL behind the last. To walk over all:
 *   for (unsigned n = 0; (o = option_at(&n)) != NULL; n++) */
const struct option *option_at(unsigned *number);

/* As option_at(), over the rows that were given: each start asks several times, and the table is
 * long. */
const struct option *option_given_at(const struct sandbox *sb, unsigned *number);

/* Whether the personality has the option. */
bool option_known(const struct option *option, enum personality personality);

/* ---- the column args ---- */

/* Word number n of args with its length, or NULL. */
const char *args_word(const char *args, unsigned n, size_t *length);

/* Number of operands that have to follow. */
unsigned args_count(const char *args);

bool args_is_path(const char *word, size_t length);
bool args_is_choice(const char *word, size_t length);
bool args_is_running(const char *args); /* the first is the name of a sandbox that runs */

/* ---- the parser ---- */

#define OPTION_SLOTS 512 /* of the index by name: a power of two, far more than rows */

struct parser {
	struct sandbox *sb;
	const struct options_reader *reader;
	uint16_t slots[OPTION_SLOTS]; /* hash of a name -> position of the row + 1 */
	struct origin origin;         /* of the word that is being looked at */
	bool in_file;                 /* within --args */
	bool in_profile;
	uint32_t typed[OPTION_GROUPS]; /* options that the command line gave, as sandbox.given */
	size_t words;                  /* seen so far, files included */

	/* said of the operation that follows, and taken by it */
	int perms;           /* --perms, -1 none */
	uint64_t size;       /* --size, 0 none */
	const char **layers; /* --overlay-src */
	size_t layer_count;
	char *overlay_options; /* --overlay-opt, joined; NULL none */

	/* profiles */
	const char **sets; /* --set: NAME=VALUE */
	size_t set_count, profile_files;
	bool no_profiles; /* the words looked wrong before they were parsed */
};

/* Reads words (an array that ends with NULL) until the first that is no option; file: NULL for the
 * command line. Returns 0, or -1 after fail(). */
int parse_words(struct parser *p, char **words, size_t count, const char *file) MUST_CHECK;

/* The row that a word names, as --name, or (zbox) as --name=value; *value is what stands behind
 * the =, NULL nothing. NULL: there is no such option. */
const struct option *parse_name(const struct parser *p, char *word, unsigned *number, char **value);

/* Reads one option, of which left words are there. Returns how many it took, or -1 after fail(). */
int parse_option(struct parser *p, char **words, size_t left) MUST_CHECK;

/* At the end of a file: what waits for the operation that follows waits in vain. Returns 0, or -1
 * after fail(). */
int parse_pending(const struct parser *p) MUST_CHECK;

/* Counts words towards the limit. Returns 0, or -1 after fail(). */
int parse_limit(struct parser *p, size_t words) MUST_CHECK;

/* The two kinds of number that several rows take. Each returns 0, or -1 after fail(). */
int parse_fd(const char *text, int *fd) MUST_CHECK;
int parse_perms(const struct option *o, const char *text, int *perms) MUST_CHECK;

/* ---- what rows do: each returns 0, or -1 after fail() ---- */

int set_true(struct parser *p, const struct option *o, char **arg);
int set_false(struct parser *p, const struct option *o, char **arg);
int set_text(struct parser *p, const struct option *o, char **arg);
int set_fd(struct parser *p, const struct option *o, char **arg);
int set_id(struct parser *p, const struct option *o, char **arg);
int set_choice(struct parser *p, const struct option *o, char **arg);
int set_argv0(struct parser *p, const struct option *o, char **arg);
int set_offset(struct parser *p, const struct option *o, char **arg);
int set_netns(struct parser *p, const struct option *o, char **arg);
int set_seccomp_fd(struct parser *p, const struct option *o, char **arg);
int set_perms(struct parser *p, const struct option *o, char **arg);
int set_size(struct parser *p, const struct option *o, char **arg);
int add_fd(struct parser *p, const struct option *o, char **arg);
int add_text(struct parser *p, const struct option *o, char **arg);
int add_seccomp_fd(struct parser *p, const struct option *o, char **arg);
int add_seccomp_change(struct parser *p, const struct option *o, char **arg);
int add_layer(struct parser *p, const struct option *o, char **arg);
int add_overlay_option(struct parser *p, const struct option *o, char **arg);
int add_mount(struct parser *p, const struct option *o, char **arg);
int add_try(struct parser *p, const struct option *o, char **arg);
int add_env(struct parser *p, const struct option *o, char **arg);
int add_cap(struct parser *p, const struct option *o, char **arg);
int unshare_namespaces(struct parser *p, const struct option *o, char **arg);
int unshare_all(struct parser *p, const struct option *o, char **arg);
int try_namespaces(struct parser *p, const struct option *o, char **arg);
int share_namespaces(struct parser *p, const struct option *o, char **arg);
int show_page(struct parser *p, const struct option *o, char **arg);
int explain_call(struct parser *p, const struct option *o, char **arg);
int take_profile(struct parser *p, const struct option *o, char **arg);
int take_set(struct parser *p, const struct option *o, char **arg);
int take_no_profile(struct parser *p, const struct option *o, char **arg);
int read_args(struct parser *p, const struct option *o, char **arg);
int refuse_late(struct parser *p, const struct option *o, char **arg);
int manage_sandbox(struct parser *p, const struct option *o, char **arg); /* options-names.c */

/* options-limits.c: those of a control group. */
int add_cgroup_limit(struct parser *p, const struct option *o, char **arg);

int add_port(struct parser *p, const struct option *o, char **arg);

/* options-ports.c: the same of --publish and --forward. Returns 0, or -1 after fail(). */
int check_ports(const struct sandbox *sb) MUST_CHECK;

/* options-network.c: what its options need of each other. Returns 0, or -1 after fail(). */
int check_network(const struct sandbox *sb) MUST_CHECK;

/* options-desktop.c: the same for its options. */
int check_desktop(const struct sandbox *sb) MUST_CHECK;
/* options-systems.c: the same for its own. */
int check_systems(const struct sandbox *sb) MUST_CHECK;

/* ---- pages that options_print() leaves to files of their own ---- */

void options_print_man(FILE *out);                              /* options-man.c */
void options_print_completion(FILE *out, enum print_what what); /* options-complete.c */

#endif
