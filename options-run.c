/*
 * options-run.c - rows of the option table: how zbox itself behaves, and the life of the command.
 *
 * Pages and words from elsewhere, the environment, life and terminal, descriptors that other
 * programs hold the other end of. What is let through here is what could be used against the
 * caller: a variable with a secret, a descriptor of a directory, the terminal. Each has to be
 * named.
 */
#include "options-table.h"

#define FIELD(name) .field = offsetof(struct sandbox, name)
#define LIST(name, number)                                                                         \
	.field = offsetof(struct sandbox, name), .count = offsetof(struct sandbox, number)

const struct option options_general[] = {
	{.name = "help",
	 .args = "",
	 .apply = show_page,
	 .value = PRINT_HELP,
	 .typed = true,
	 .help = "Print this help",
	 .man = "Prints the options that the program has under the name it was called by, and ends "
		"with status 0."},
	{.name = "version",
	 .args = "",
	 .apply = show_page,
	 .value = PRINT_VERSION,
	 .typed = true,
	 .help = "Print the version",
	 .man = "Prints the version, and which bubblewrap it can stand in for. Under the name "
		"bwrap it prints what bubblewrap of that version prints."},
	{.name = "args",
	 .args = "FD",
	 .apply = read_args,
	 .typed = true,
	 .help = "Read more options from FD, each word ended by NUL",
	 .man = "Reads FD to its end, closes it, and takes what it holds as further options in the "
		"place of this one. Each word ends with a NUL byte; the last may lack it, and "
		"empty words count. An arguments file cannot contain --args, and the command has "
		"to be on the command line. What waits for the option that follows it (--perms, "
		"--size, --overlay-src) has to find it in the same file. The words of all files "
		"and of the command line together may be 1,000,000 (9,000 under the name bwrap)."},
	{.name = "argv0",
	 .args = "NAME",
	 .apply = set_argv0,
	 .missing = "--argv0 takes one argument",
	 .help = "Call the command NAME, its argument 0",
	 .man = "The command is looked up under its own name and then sees NAME as argument 0. "
		"Allowed once."},
	{.name = "level-prefix",
	 .args = "",
	 .apply = set_true,
	 FIELD(level_prefix),
	 .help = "Begin each message with its syslog level, as in <3>",
	 .man = "Each message on standard error begins with its syslog level in angle brackets: "
		"<3> for errors, <4> for warnings. It concerns messages about what follows on the "
		"command line."},
	{.name = "explain",
	 .args = "[text|json]",
	 .apply = set_choice,
	 .personality = FOR_ZBOX,
	 FIELD(print),
	 .value = PRINT_EXPLAIN,
	 .typed = true,
	 .help = "Print what would be done, in order, and do nothing",
	 .man = "Prints the plan in the order in which it would be carried out, each part with "
		"where it came from: the word of the command line, an arguments file, or the base "
		"root. Runs nothing. What is printed is the plan itself, not a description beside "
		"it. With =json it is one JSON object."},
	{.name = "doctor",
	 .args = "[text|json]",
	 .apply = set_choice,
	 .personality = FOR_ZBOX,
	 FIELD(print),
	 .value = PRINT_DOCTOR,
	 .typed = true,
	 .help = "Try what zbox needs on this machine and say the cure",
	 .man = "Tries on this machine each thing that zbox needs, by using it in a child process, "
		"and says what works, what does not, and what to do about it. The status is 0 when "
		"everything required works and 1 otherwise."},
	{.name = "print",
	 .args = "help|version|man|bash|zsh|fish",
	 .apply = set_choice,
	 .personality = FOR_ZBOX,
	 FIELD(print),
	 .value = PRINT_HELP,
	 .typed = true,
	 .help = "Print a page or the completions for a shell",
	 .man = "Prints the help, the version, this page, or the completions for bash, zsh or "
		"fish, all of which come from one table, and ends with status 0."},
	{.name = "bwrap",
	 .args = "",
	 .apply = refuse_late,
	 .personality = FOR_ZBOX,
	 .typed = true,
	 .help = "As the very first word, behave as bubblewrap does",
	 .man = "Only as the very first word: zbox takes the options, defaults, messages and exit "
		"statuses of bubblewrap, as it does when it is called by the name bwrap."},
	{0},
};

const struct option options_environment[] = {
	{.name = "setenv",
	 .args = "NAME VALUE",
	 .apply = add_env,
	 .value = ENV_SET,
	 .help = "Set a variable",
	 .man = "Sets the variable NAME to VALUE for the command. --setenv, --unsetenv, "
		"--clearenv, --env and --keep-env act in the order given. PATH as set here is "
		"where the command is looked for."},
	{.name = "unsetenv",
	 .args = "NAME",
	 .apply = add_env,
	 .value = ENV_UNSET,
	 .help = "Remove a variable",
	 .man = "Removes the variable NAME."},
	{.name = "clearenv",
	 .args = "",
	 .apply = add_env,
	 .value = ENV_CLEAR,
	 .help = "Remove all variables but PWD",
	 .man = "Removes all variables, those set by earlier options included. PWD is set "
		"nevertheless."},
	{.name = "env",
	 .args = "NAME",
	 .apply = add_env,
	 .personality = FOR_ZBOX,
	 .value = ENV_KEEP,
	 .help = "Keep the variable NAME of the caller",
	 .man = "Gives the variable NAME of the caller to the command, if the caller has it."},
	{.name = "keep-env",
	 .args = "",
	 .apply = add_env,
	 .personality = FOR_ZBOX,
	 .value = ENV_KEEP_ALL,
	 .help = "Keep all variables of the caller",
	 .man = "Gives all variables of the caller to the command. They often hold secrets, and "
		"paths that do not exist inside."},
	{0},
};

const struct option options_life[] = {
	{.name = "die-with-parent",
	 .args = "",
	 .apply = set_true,
	 FIELD(die_with_parent),
	 .help = "Kill everything inside when the caller dies",
	 .man = "Everything inside is killed when the process that started zbox dies, or zbox "
		"itself. The default under the name zbox."},
	{.name = "no-die-with-parent",
	 .args = "",
	 .apply = set_false,
	 .personality = FOR_ZBOX,
	 FIELD(die_with_parent),
	 .help = "Let the command go on when the caller dies",
	 .man = "The command goes on when the process that started zbox dies."},
	{.name = "as-pid-1",
	 .args = "",
	 .apply = set_true,
	 FIELD(as_pid_1),
	 .conflicts = "lock-file share-pid",
	 .help = "Run the command as process 1, without an init of ours",
	 .man = "The command runs as process 1 of its process namespace. It has to collect the "
		"processes that it inherits, and signals without a handler do not reach it. "
		"Without this option an init of zbox's own does that."},
	{.name = "new-session",
	 .args = "",
	 .apply = set_true,
	 FIELD(new_session),
	 .help = "Run the command in a terminal session of its own",
	 .man = "The command gets a terminal session of its own (setsid(2)), so that it cannot put "
		"input into the caller's terminal. The default under the name zbox."},
	{.name = "share-terminal",
	 .args = "",
	 .apply = set_true,
	 .personality = FOR_ZBOX,
	 FIELD(share_terminal),
	 .help = "Let the command use the terminal of the caller",
	 .man = "The command reads and writes the caller's terminal itself. Without this option it "
		"gets a terminal of its own when standard input or output is one, and zbox copies "
		"between the two."},
	{.name = "lock-file",
	 .args = "PATH",
	 .apply = add_text,
	 LIST(lock_files, lock_file_count),
	 .help = "Hold a read lock on PATH while the sandbox lives",
	 .man = "Holds a read lock (fcntl(2)) on the file PATH, inside, as long as anything in the "
		"sandbox lives. May be repeated."},
	{.name = "sync-fd",
	 .args = "FD",
	 .apply = set_fd,
	 FIELD(sync_fd),
	 .once = true,
	 .help = "Keep FD open while the sandbox lives",
	 .man = "Holds FD open as long as anything in the sandbox lives: whoever has the other end "
		"of the pipe sees its end."},
	{0},
};

const struct option options_descriptors[] = {
	{.name = "keep-fd",
	 .args = "FD",
	 .apply = add_fd,
	 .personality = FOR_ZBOX,
	 LIST(keep_fds, keep_fd_count),
	 .help = "Leave FD open for the command",
	 .man = "Leaves the open descriptor FD to the command, under its number. Without it, only "
		"0, 1 and 2 are left. May be repeated. A directory descriptor is a way out of the "
		"sandbox."},
	{.name = "block-fd",
	 .args = "FD",
	 .apply = set_fd,
	 FIELD(block_fd),
	 .once = true,
	 .help = "Wait for a byte on FD before the command is run",
	 .man = "Waits until FD can be read, or was closed at its other end, before the command is "
		"run; everything else is set up by then."},
	{.name = "userns-block-fd",
	 .args = "FD",
	 .apply = set_fd,
	 FIELD(userns_block_fd),
	 .once = true,
	 .needs = "info-fd",
	 .conflicts = "userns disable-userns",
	 .help = "Let another write the id maps, wait for a byte on FD",
	 .man = "Writes no id maps, but waits until FD can be read. Meanwhile another program "
		"writes them, with newuidmap(1) for instance, for the process that --info-fd "
		"told."},
	{.name = "info-fd",
	 .args = "FD",
	 .apply = set_fd,
	 FIELD(info_fd),
	 .once = true,
	 .help = "Write pid and namespaces to FD as one JSON document",
	 .man = "Writes one JSON document to FD and closes it as soon as the namespaces exist: "
		"child-pid, and the inode of each new namespace as in /proc/PID/ns."},
	{.name = "json-status-fd",
	 .args = "FD",
	 .apply = set_fd,
	 FIELD(json_status_fd),
	 .once = true,
	 .help = "Write start and exit status to FD, a JSON document each",
	 .man = "Writes a JSON document a line to FD: first child-pid and the new namespaces, and "
		"at the end exit-code, if the command was run at all."},
	{.name = "status-fd",
	 .args = "FD",
	 .apply = set_fd,
	 .personality = FOR_ZBOX,
	 FIELD(status_fd),
	 .once = true,
	 .help = "Write one JSON object about the run to FD at its end",
	 .man = "Writes one JSON object to FD at the end of the run: the stage that was reached, "
		"exit status or signal, times, and which restrictions were weaker than they could "
		"be."},
	{0},
};
