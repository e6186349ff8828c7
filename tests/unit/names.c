/*
 * What is said of a command that enters, requests to the socket of a name, and names: what is taken
 * and what is not.
 */
#include "control.h"
#include "registry.h"
#include "test.h"

#include <string.h>

static struct entry e;

static void begin(const char *term, const char *word, const char *another)
{
	memset(&e, 0, sizeof(e));
	(void)entry_add(&e, term);
	for (const char *const words[] = {word, another}, *const *w = words;
	     w < words + COUNT(words) && *w; w++, e.count++)
		(void)entry_add(&e, *w);
}

static bool sound(void)
{
	return entry_is_sound(&e, ENTRY_SIZE(e.length));
}

static void test_words(void)
{
	begin("xterm", "true", NULL);
	check(sound() && e.length == 11, "a command of one word");
	begin("", "", NULL);
	check(sound(), "empty words count");
	begin("xterm", "echo", "a b");
	check(sound(), "two words");
	check(!entry_is_sound(&e, ENTRY_SIZE(e.length) - 1), "cut short");
	check(!entry_is_sound(&e, ENTRY_SIZE(e.length) + 1), "more than it says");
	e.count = 3;
	check(!sound(), "more words counted than there are");
	e.count = 1;
	check(!sound(), "fewer");
	e.count = 2;
	e.words[e.length - 1] = 'x';
	check(!sound(), "a word without an end");
	begin("xterm", NULL, NULL);
	check(!sound(), "no command");
	e.count = UINT32_MAX;
	check(!sound(), "a count that wraps around");
	begin("xterm", "true", NULL);
	e.length = UINT32_MAX;
	check(!entry_is_sound(&e, ENTRY_SIZE(11)), "a length that is not true");
	check(!entry_is_sound(&e, 0) && !entry_is_sound(&e, 4), "next to nothing");
}

static void test_room(void)
{
	static char word[ENTRY_WORDS];

	memset(word, 'x', sizeof(word) - 1);
	memset(&e, 0, sizeof(e));
	check(entry_add(&e, "") && !entry_add(&e, word) && e.length == 1, "one word too long");
	word[sizeof(word) - 2] = '\0';
	e.count = 1;
	check(entry_add(&e, word) && e.length == ENTRY_WORDS && sound(), "the longest");
	check(!entry_add(&e, ""), "then nothing more");
}

static void test_terminal(void)
{
	begin("xterm", "true", NULL);
	e.replaced = 7;
	check(sound(), "a terminal");
	e.foreground = e.modes_due = 1;
	e.output = 2;
	check(sound(), "all of it");
	e.output = 3;
	check(!sound(), "no such descriptor");
	e.output = 1;
	e.replaced = 5;
	check(!sound(), "one that is no terminal");
	e.replaced = 8;
	check(!sound(), "bits beyond");
	e.replaced = 0;
	check(!sound(), "none, and yet its descriptors");
	e.output = e.foreground = e.modes_due = 0;
	check(sound(), "none");
	e.replaced = 1;
	e.foreground = 2;
	check(!sound(), "neither yes nor no");
}

static void test_requests(void)
{
	static const char many[CONTROL_CHANGES + 1];
	struct control_request r = {CONTROL_INFO, 0};

	check(control_request_is_sound(&r, NULL, sizeof(r)), "a question");
	check(!control_request_is_sound(&r, NULL, sizeof(r) - 1), "half of it");
	check(!control_request_is_sound(&r, NULL, sizeof(r) + 1), "with something behind it");
	r.value = 1;
	check(!control_request_is_sound(&r, NULL, sizeof(r)), "with a value");
	r.kind = CONTROL_SIGNAL;
	check(control_request_is_sound(&r, NULL, sizeof(r)), "a signal");
	r.value = 65;
	check(!control_request_is_sound(&r, NULL, sizeof(r)), "no signal");
	r.value = -1;
	check(!control_request_is_sound(&r, NULL, sizeof(r)), "nor this");
	r = (struct control_request){CONTROL_ENTER, 0};
	check(!control_request_is_sound(&r, NULL, sizeof(r)), "nothing to enter");
	begin("xterm", "true", NULL);
	check(control_request_is_sound(&r, &e, sizeof(r) + ENTRY_SIZE(e.length)), "enter");
	e.count = 0;
	check(!control_request_is_sound(&r, &e, sizeof(r) + ENTRY_SIZE(e.length)), "badly");
	r.kind = CONTROL_UPDATE;
	check(control_request_is_sound(&r, "memory\0001M", sizeof(r) + 10), "limits");
	check(!control_request_is_sound(&r, "memory\0001M", sizeof(r) + 9), "without an end");
	check(!control_request_is_sound(&r, "", sizeof(r)), "none");
	check(!control_request_is_sound(&r, NULL, sizeof(r) + 1), "nowhere");
	check(!control_request_is_sound(&r, many, sizeof(r) + sizeof(many)), "too many");
	r.kind = CONTROL_KINDS;
	check(!control_request_is_sound(&r, NULL, sizeof(r)), "nothing that there is");
}

static void test_names(void)
{
	static const char *const good[] = {"a", "9", "web-1", "A.b_c"};
	static const char *const bad[] = {"",    ".",   "..",  "-a",      "_a",
					  "a/b", "a b", "a\n", "\xc3\xa4"};

	for (size_t i = 0; i < COUNT(good); i++)
		check(registry_name_is_good(good[i]), "%s is a name", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		check(!registry_name_is_good(bad[i]), "number %zu is none", i);
}

int main(void)
{
	test_words();
	test_room();
	test_terminal();
	test_requests();
	test_names();
	return test_done();
}
