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
# With musl where it is installed, because glibc asks the processor some ninety CPUID questions
# before main(), and in a virtual machine each is a trip to the hypervisor: 0.6 ms of 0.7
# (docs/performance.md). LIBC=glibc builds with the C library of the system.
ARCH      := $(shell $(CC) -dumpmachine | cut -d- -f1)
MUSL_LIB  ?= /usr/lib/$(ARCH)-linux-musl
MUSL_INC  ?= /usr/include/$(ARCH)-linux-musl
LIBC      ?= $(if $(STATIC),$(if $(wildcard $(MUSL_LIB)/rcrt1.o),musl,glibc),glibc)

probe = $(shell $(CC) -Werror $(1) -x c -c /dev/null -o /dev/null 2>/dev/null && echo $(1))
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wvla -Wformat=2 -Wundef -Wpointer-arith \
	-Wcast-qual -Wcast-align -Wwrite-strings -Wswitch-enum -Wimplicit-fallthrough \
	$(foreach f,-Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wnull-dereference,$(call probe,$(f)))
HARDEN ?= -D_FORTIFY_SOURCE=3 -fstack-protector-strong \
	$(foreach f,-fstack-clash-protection -fcf-protection=full -ftrivial-auto-var-init=zero,$(call probe,$(f)))
ZBOX_CFLAGS  = -std=gnu11 -D_GNU_SOURCE -fPIE -I. $(WARN) $(HARDEN) -MMD -MP
ZBOX_LDFLAGS = $(if $(STATIC),$(STATIC),-pie) -Wl,-z,relro,-z,now,-z,noexecstack

ifeq ($(LIBC),musl)
crt           = $(shell $(CC) -print-file-name=$(1))
# its ioctl(2) request and message lengths are int: the builds with glibc are those that check signs
LIBC_CFLAGS   = -Wno-sign-conversion -Wno-conversion -Wno-overflow -U_FORTIFY_SOURCE -nostdinc -isystem $(MUSL_INC) -isystem $(call crt,include) \
	-isystem $(B)/include
LIBC_START    = -nostdlib -nostartfiles $(MUSL_LIB)/rcrt1.o $(MUSL_LIB)/crti.o $(call crt,crtbeginS.o)
LIBC_END      = $(MUSL_LIB)/libc.a -lgcc $(call crt,crtendS.o) $(MUSL_LIB)/crtn.o
LIBC_HEADERS  = $(B)/include/linux
endif

SOURCES := $(wildcard *.c network/*.c)
OBJECTS := $(SOURCES:%.c=$(B)/%.o)

all: $(B)/zbox $(B)/bwrap

$(B)/zbox: $(OBJECTS)
	$(CC) $(CFLAGS) $(ZBOX_LDFLAGS) $(LDFLAGS) -o $@ $(LIBC_START) $^ $(LIBC_END)

$(B)/bwrap: $(B)/zbox
	ln -f $< $@

$(B)/%.o: %.c | $(LIBC_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ZBOX_CFLAGS) $(CFLAGS) $(LIBC_CFLAGS) -c -o $@ $<

# musl comes without the kernel's headers, which do not depend on the C library
$(B)/include/linux:
	@mkdir -p $(@D)
	ln -sfn /usr/include/linux /usr/include/asm-generic $(@D)
	ln -sfn $(firstword $(wildcard /usr/include/$(ARCH)-linux-gnu/asm /usr/include/asm)) $(@D)/asm

# ---- bench: ratios against bwrap and against the floor, see tests/bench ----

# The floor stands on the kernel alone; floor.c says why.
$(B)/tests/floor: tests/bench/floor.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -O2 $(WARN) -ffreestanding -fno-stack-protector -fno-pie \
		-static -nostdlib -no-pie -o $@ $<

$(B)/tests/bench: tests/bench/bench.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE $(CFLAGS) $(WARN) -o $@ $<

# ---- seccomp profiles: text -> committed C. Begin of the block ----
# An ordinary build uses what is committed in seccomp-profiles/generated and needs no libseccomp.
HOSTCC ?= cc
SP := seccomp-profiles
SECCOMP_TEXTS := $(wildcard $(SP)/*.seccomp)
SECCOMP_MADE  := calls.h x86_64.h arm64.h texts.h
SECCOMP_TOOL  := tools/compile-seccomp.c $(addprefix seccomp-,$(addsuffix .c,names rules words parse graph code)) utils.c
# not -I.: <seccomp.h> is libseccomp's in tools/list-calls.c
HOST_CFLAGS   := -std=gnu11 -D_GNU_SOURCE -iquote . -O1 -Wall -Wextra

$(B)/host/list-calls: tools/list-calls.c
	@mkdir -p $(@D)
	$(HOSTCC) $(HOST_CFLAGS) -o $@ $< -lseccomp

$(B)/host/compile-seccomp: $(SECCOMP_TOOL) seccomp-rules.h seccomp-words.h seccomp-graph.h utils.h $(B)/$(SP)/calls.h
	@mkdir -p $(@D)
	$(HOSTCC) $(HOST_CFLAGS) -o $@ $(SECCOMP_TOOL)

$(B)/$(SP)/calls.h: $(B)/host/list-calls $(SP)/calls.table
	@mkdir -p $(@D)
	$(B)/host/list-calls $(SP)/calls.table > $@.new && mv $@.new $@

$(B)/$(SP)/%.h: $(B)/host/compile-seccomp $(SECCOMP_TEXTS)
	$(B)/host/compile-seccomp $(SP) $* > $@.new && mv $@.new $@

# calls.h first: the compiler of the profiles is built with it
generated-seccomp:
	$(MAKE) $(B)/$(SP)/calls.h && cp $(B)/$(SP)/calls.h $(SP)/generated/
	$(MAKE) $(SECCOMP_MADE:%=$(B)/$(SP)/%) && cp $(SECCOMP_MADE:%=$(B)/$(SP)/%) $(SP)/generated/

check-generated-seccomp: $(SECCOMP_MADE:%=$(B)/$(SP)/%)
	diff -r $(SP)/generated $(B)/$(SP)

generated: generated-seccomp
check-generated: check-generated-seccomp
.PHONY: generated check-generated generated-seccomp check-generated-seccomp
# ---- seccomp profiles: end of the block ----

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

# ---- privileges: their unit tests, and the corpus of attacks ----

PRIVILEGES_TESTED := capabilities.c landlock.c landlock_only.c utils.c

$(B)/tests/unit/privileges: tests/unit/privileges.c privileges.c $(PRIVILEGES_TESTED)
	@mkdir -p $(@D)
	$(CC) $(ZBOX_CFLAGS) -Itests/unit $(CFLAGS) -o $@ $^

$(B)/tests/unit/landlock: tests/unit/landlock.c landlock.c landlock_only.c utils.c
	@mkdir -p $(@D)
	$(CC) $(ZBOX_CFLAGS) -DZBOX_TESTING -Itests/unit $(CFLAGS) -o $@ $^

# static, so that it runs wherever a sandbox puts it
$(B)/tests/escape: $(wildcard tests/escape/*.c tests/escape/*.h)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -Itests/escape $(CFLAGS) $(WARN) -static -pthread -o $@ $(filter %.c,$^)

escape-report: $(B)/tests/escape $(B)/zbox
	tests/escape/report.sh $^

.PHONY: escape-report
