# zbox: make, make check, make install; the rest is for those who work on it (CONTRIBUTING.md)

PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec
MANDIR     ?= $(PREFIX)/share/man
DATADIR    ?= $(PREFIX)/share
B          ?= build

CFLAGS ?= -O2 -g
# Linked statically: half of the start of so small a program would be the dynamic loader's.
# STATIC= makes an ordinary dynamic program.
STATIC ?= -static-pie

probe = $(shell $(CC) -Werror $(1) -x c -c /dev/null -o /dev/null 2>/dev/null && echo $(1))
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wvla -Wformat=2 -Wundef -Wpointer-arith \
	-Wcast-qual -Wcast-align -Wwrite-strings -Wswitch-enum -Wimplicit-fallthrough \
	$(foreach f,-Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wnull-dereference,$(call probe,$(f)))
HARDEN ?= -D_FORTIFY_SOURCE=3 -fstack-protector-strong \
	$(foreach f,-fstack-clash-protection -fcf-protection=full -ftrivial-auto-var-init=zero,$(call probe,$(f)))
ZBOX_CFLAGS  = -std=gnu11 -D_GNU_SOURCE -fPIE -I. $(WARN) $(HARDEN) -MMD -MP
ZBOX_LDFLAGS = $(if $(STATIC),$(STATIC),-pie) -Wl,-z,relro,-z,now,-z,noexecstack

SOURCES := $(wildcard *.c)
OBJECTS := $(SOURCES:%.c=$(B)/%.o)

all: $(B)/zbox $(B)/bwrap

$(B)/zbox: $(OBJECTS)
	$(CC) $(CFLAGS) $(ZBOX_LDFLAGS) $(LDFLAGS) -o $@ $^

$(B)/bwrap: $(B)/zbox
	ln -f $< $@

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ZBOX_CFLAGS) $(CFLAGS) -c -o $@ $<

clean:
	rm -rf $(B)

.PHONY: all clean
-include $(OBJECTS:.o=.d)

# ---- the option table: the pages that come from it, the driver of its tests ----

OPTIONS_OBJECTS := $(patsubst %.c,$(B)/%.o,$(wildcard options*.c) sandbox-struct.c utils.c)
OPTIONS_DRIVER  := $(B)/tests/cli/options-driver
GENERATED       := man/zbox.1=man completions/zbox.bash=bash completions/_zbox=zsh completions/zbox.fish=fish
each_generated   = $(foreach g,$(GENERATED),$(OPTIONS_DRIVER) zbox 0 --print $(lastword $(subst =, ,$(g))) $(1) $(firstword $(subst =, ,$(g))) &&) true

$(OPTIONS_DRIVER): $(B)/tests/cli/options-driver.o $(OPTIONS_OBJECTS)
	$(CC) $(CFLAGS) $(ZBOX_LDFLAGS) $(LDFLAGS) -o $@ $^

$(B)/tests/unit/options-%: $(B)/tests/unit/options-%.o $(OPTIONS_OBJECTS)
	$(CC) $(CFLAGS) $(ZBOX_LDFLAGS) $(LDFLAGS) -o $@ $^

generated: $(OPTIONS_DRIVER)
	@$(call each_generated,>)

check-generated: $(OPTIONS_DRIVER)
	@$(call each_generated,| diff -u - )

.PHONY: generated check-generated
-include $(wildcard $(B)/tests/unit/options*.d $(B)/tests/cli/options*.d)
