/*
 * options-driver.c - the option parser as a program, for tests that compare words with what comes
 * out:
 *
 *   options-driver bwrap|zbox UID WORD...
 *
 * prints a page, or the warnings and the failure as main does, or a line for each part of the plan
 * that the words made. It runs nothing.
 */
#include "options.h"
#include "reader.h"

#include <stdlib.h>
#include <string.h>

static void print_text(const char *name, const char *text)
{
	if (text)
		printf(" %s=%s", name, text);
}

static void print_number(const char *name, long long number, long long unset)
{
	if (number != unset)
		printf(" %s=%lld", name, number);
}

static void print_mount(const struct mount *m)
{
	printf("mount %d flags=%u", m->kind, m->flags);
	print_text("source", m->source);
	print_text("dest", m->dest);
	print_text("work", m->work);
	print_text("options", m->options);
	for (size_t i = 0; i < m->layer_count; i++)
		print_text("layer", m->layers[i]);
	print_number("fd", m->fd, -1);
	if (m->perms >= 0)
		printf(" perms=%04o", (unsigned)m->perms);
	print_number("size", (long long)m->size, 0);
	print_text("from", m->origin.file);
	printf(" at=%u\n", m->origin.at);
}

static void print_lists(const struct sandbox *sb)
{
	for (size_t i = 0; i < sb->mount_count; i++)
		print_mount(&sb->mounts[i]);
	for (size_t i = 0; i < sb->env_count; i++) {
		printf("env %d", sb->env[i].action);
		print_text("name", sb->env[i].name);
		print_text("value", sb->env[i].value);
		print_text("from", sb->env[i].origin.file);
		printf(" at=%u\n", sb->env[i].origin.at);
	}
	for (size_t i = 0; i < sb->cap_count; i++)
		printf("cap %c%d\n", sb->caps[i].add ? '+' : '-', sb->caps[i].cap);
	for (size_t i = 0; i < sb->seccomp_change_count; i++)
		printf("call %c%s\n", sb->seccomp_changes[i].allow ? '+' : '-',
		       sb->seccomp_changes[i].text);
	for (size_t i = 0; i < sb->seccomp_fd_count; i++)
		printf("filter %d\n", sb->seccomp_fds[i]);
	for (size_t i = 0; i < sb->keep_fd_count; i++)
		printf("keep %d\n", sb->keep_fds[i]);
	for (size_t i = 0; i < sb->lock_file_count; i++)
		printf("lock %s\n", sb->lock_files[i]);
}

static void print_fields(const struct sandbox *sb)
{
	printf("unshare=%#x try=%#x base=%d read_only=%d strict_dest=%d tolerate=%d", sb->unshare,
	       sb->unshare_try, sb->base, sb->read_only, sb->strict_dest, sb->tolerate_remount);
	printf(" disable=%d assert=%d die=%d pid1=%d session=%d terminal=%d landlock=%d,%d",
	       sb->disable_userns, sb->assert_userns_disabled, sb->die_with_parent, sb->as_pid_1,
	       sb->new_session, sb->share_terminal, (int)sb->landlock, sb->landlock_only);
	printf(" print=%d\n", (int)sb->print);
	printf("set");
	print_number("userns", sb->userns_fd, -1);
	print_number("userns2", sb->userns2_fd, -1);
	print_number("pidns", sb->pidns_fd, -1);
	print_number("netns", sb->netns_fd, -1);
	print_text("netns", sb->netns_path);
	print_number("uid", sb->uid, -1);
	print_number("gid", sb->gid, -1);
	print_text("hostname", sb->hostname);
	print_text("chdir", sb->chdir);
	print_text("profile", sb->seccomp_profile);
	print_number("seccomp", sb->seccomp_fd, -1);
	print_text("exec_label", sb->exec_label);
	print_text("file_label", sb->file_label);
	print_number("sync", sb->sync_fd, -1);
	print_number("block", sb->block_fd, -1);
	print_number("userns_block", sb->userns_block_fd, -1);
	print_number("info", sb->info_fd, -1);
	print_number("json_status", sb->json_status_fd, -1);
	print_number("status", sb->status_fd, -1);
	print_text("print_arg", sb->print_arg);
	print_text("argv0", sb->argv0);
	printf("\n");
	print_lists(sb);
	printf("command");
	for (char **word = sb->command; word && *word; word++)
		printf(" [%s]", *word);
	printf("\n");
}

static bool is_page(enum print_what what)
{
	return what > PRINT_NOTHING && what < PRINT_EXPLAIN;
}

int main(int argc, char **argv)
{
	struct reader_context context = {{0}};
	const struct options_reader reader = reader_of(&context);
	struct sandbox sb;
	int result, own = 125;

	if (argc < 3)
		return 2;
	sandbox_init(&sb, strcmp(argv[1], "bwrap") == 0 ? PERSONALITY_BWRAP : PERSONALITY_ZBOX);
	if (sb.personality == PERSONALITY_BWRAP)
		own = 1;
	result = options_parse(&sb, argc - 2, argv + 2, &reader);
	if (result == 0 && (sb.print == PRINT_NOTHING || sb.print == PRINT_EXPLAIN))
		result = options_check(&sb, (uid_t)strtoul(argv[2], NULL, 10));
	for (size_t i = 0; i < sb.warning_count; i++)
		fprintf(stderr, "%s%s: %s\n", sb.warnings[i].level_prefix ? "<4>" : "", argv[1],
			sb.warnings[i].text);
	if (result < 0 && own == 1 && sb.print == PRINT_HELP)
		options_print(stderr, PRINT_HELP, sb.personality, argv[1]);
	else if (result < 0)
		fprintf(stderr, "%s%s: %s\n", sb.level_prefix ? "<3>" : "", argv[1],
			failure_get()->text);
	else if (is_page(sb.print))
		options_print(stdout, sb.print, sb.personality, argv[1]);
	else
		print_fields(&sb);
	sandbox_free(&sb);
	reader_free(&context);
	return result < 0 ? own : 0;
}
