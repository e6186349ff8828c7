# zbox: make, make check, make install; the rest is for those who work on it (CONTRIBUTING.md)

PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec
MANDIR     ?= $(PREFIX)/share/man
DATADIR    ?= $(PREFIX)/share
B          ?= build

CFLAGS ?= -O2 -g
WERROR ?= # -Werror in CI
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

# Helpers are programs of their own: ordinary dynamic ones of the system's C library, each built
# where its library is. zbox starts them when what they do was asked for. What is pure in them is
# tested with the rest.
library = $(shell libs=$$(pkg-config --libs $(1) 2>/dev/null) && \
	echo 'int main(void) { return 0; }' | $(CC) -x c -o /dev/null - $$libs 2>/dev/null && echo $$libs)
PURE           := network/filter.c network/refusal.c network/learned.c network/dns.c network/flows.c network/first.c \
	network/device.c unpack/oci.c unpack/oci-user.c
zbox-net_LIBS  := $(call library,'slirp >= 4.7')
zbox-unpack_LIBS := $(call library,libarchive)
zbox-scope_LIBS := $(call library,libsystemd)
zbox-portal_LIBS := $(zbox-scope_LIBS)
HELPERS        := $(B)/zbox-ports $(B)/zbox-backend $(B)/zbox-wayland \
	$(foreach h,zbox-net zbox-unpack zbox-scope zbox-portal,$(if $(strip $($(h)_LIBS)),$(B)/$(h)))
HELPER_SOURCES := $(PURE) network/confine.c \
	$(wildcard network/zbox-net*.c network/zbox-ports*.c network/zbox-backend.c cgroup/zbox-scope.c desktop/zbox-*.c)
SOURCES := $(filter-out $(HELPER_SOURCES),$(wildcard *.c network/*.c desktop/*.c cgroup/*.c))
OBJECTS := $(SOURCES:%.c=$(B)/%.o)

all: $(B)/zbox $(B)/bwrap $(HELPERS)

$(B)/zbox: $(OBJECTS)
	$(CC) $(CFLAGS) $(ZBOX_LDFLAGS) $(LDFLAGS) -o $@ $(LIBC_START) $^ $(LIBC_END)

$(B)/bwrap: $(B)/zbox
	ln -f $< $@

# a helper's own sources, and from the archive the modules of zbox that it needs
$(B)/zbox-net: $(patsubst %.c,$(B)/helpers/%.o,$(wildcard network/zbox-net*.c))
$(B)/zbox-unpack: $(patsubst %.c,$(B)/helpers/%.o,$(wildcard unpack/zbox-unpack*.c))
$(B)/zbox-scope: $(B)/helpers/cgroup/zbox-scope.o
$(B)/zbox-portal: $(B)/helpers/desktop/zbox-portal.o
$(B)/zbox-wayland: $(B)/helpers/desktop/zbox-wayland.o
$(B)/zbox-ports: $(patsubst %.c,$(B)/helpers/%.o,$(wildcard network/zbox-ports*.c))
$(B)/zbox-backend: $(B)/helpers/network/zbox-backend.o
$(HELPERS): $(B)/%: $(B)/helpers.a
	$(CC) $(CFLAGS) -pie -Wl,-z,relro,-z,now,-z,noexecstack $(LDFLAGS) -o $@ $(filter %.o,$^) $< $($*_LIBS)
$(B)/helpers/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ZBOX_CFLAGS) $(WERROR) $(CFLAGS) -c -o $@ $<
$(B)/helpers.a: $(patsubst %.c,$(B)/helpers/%.o,$(PURE) network/rules.c network/addresses.c network/confine.c network/ports.c network/helper.c helpers.c sandbox-struct.c utils.c landlock.c paths.c kernel.c \
	listing.c sha256.c seccomp-json.c)
	rm -f $@
	$(AR) crs $@ $^

$(B)/helpers.o $(B)/testing/helpers.o $(B)/helpers/helpers.o: private CPPFLAGS += -DZBOX_LIBEXEC='"$(LIBEXECDIR)/zbox"'

$(B)/%.o: %.c | $(LIBC_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ZBOX_CFLAGS) $(WERROR) $(CFLAGS) $(LIBC_CFLAGS) -c -o $@ $<

# musl comes without the kernel's headers, which do not depend on the C library
$(B)/include/linux:
	@mkdir -p $(@D)
	ln -sfn /usr/include/linux /usr/include/asm-generic $(@D)
	ln -sfn $(firstword $(wildcard /usr/include/$(ARCH)-linux-gnu/asm /usr/include/asm)) $(@D)/asm

# ---- tests: CONTRIBUTING.md says what each target is for ----

TESTS      := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/*.c)) \
	$(patsubst tests/cli/%.c,$(B)/tests/cli/%,$(wildcard tests/cli/*.c)) \
	$(patsubst tests/e2e/%.c,$(B)/tests/e2e/%,$(wildcard tests/e2e/*.c))
RUN        := ZBOX=$(CURDIR)/$(B)/zbox BWRAP=$(CURDIR)/$(B)/bwrap TOOLS=$(CURDIR)/$(B)/tests tests/run
MISSING    := openat2 clone3 close_range mount_setattr open_tree move_mount fsopen fsconfig fsmount
FUZZ_TIME  ?= 60

# Tests are ordinary dynamic programs, whatever libc zbox itself is linked with. One takes from the
# archive the modules that it needs; its own stand-ins come first.
TEST_OBJECTS := $(patsubst %.c,$(B)/testing/%.o,$(filter-out sandbox.c,$(SOURCES)) $(PURE))
$(B)/testing/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -DZBOX_TESTING $(ZBOX_CFLAGS) $(WERROR) $(CFLAGS) -c -o $@ $<
$(B)/testing.a: $(TEST_OBJECTS)
	rm -f $@
	$(AR) crs $@ $^
$(TESTS): $(B)/tests/%: $(B)/testing/tests/%.o $(B)/testing.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -pie -o $@ $^

tests: all $(TESTS)
check: tests
	$(RUN) unit/ cli/ e2e/
check-unit check-cli check-e2e check-clients check-faults: check-%: tests
	$(RUN) $*/
# Every system call, 2,000 kills and 10,000 sandboxes: for hours of a machine that has them.
check-faults-full check-soak: tests
	ZBOX_FAULTS=full ZBOX_TEST_TIMEOUT=36000 $(RUN) faults/$(if $(filter check-soak,$@),soak)
check-machines:
	tools/check-machines
coverage:
	tools/coverage
# Not what needs newuidmap (the wrapper has no_new_privs). Copies, archives and changes are never
# walked without openat2(2), so those have it; and clone3(2), whose EPERM make and zstd die of.
FALLBACKS := clocks defaults desktop ends fallbacks landlock-only limits masks nested profiles programs rootfs stats status time
WITH_OPENAT2 := archive try
denied = -w "$(CURDIR)/$(B)/tests/e2e/deny-syscalls $(shell echo $* | tr a-z A-Z) $(1) --"
check-enosys check-eperm: check-%: tests
	$(RUN) $(call denied,$(MISSING)) e2e/bwrap $(FALLBACKS:%=e2e/zbox-%) e2e/terminal
	$(RUN) $(call denied,$(filter-out openat2 clone3,$(MISSING))) $(WITH_OPENAT2:%=e2e/zbox-%)
# Much of it and more with another kernel and a user manager, in a virtual machine.
check-vm: tests
	tests/vm/run
check-san:
	ZBOX_SANITIZED=1 $(MAKE) B=$(B)/san STATIC= HARDEN= CFLAGS="-O1 -g -fno-omit-frame-pointer \
		-fsanitize=address,undefined -fno-sanitize-recover=all" check
check-valgrind: tests
	tools/check-valgrind $(B)
clang:
	$(MAKE) B=$(B)/clang CC=clang all
arm64:
	$(MAKE) B=$(B)/arm64 CC=aarch64-linux-gnu-gcc all
lint:
	tools/lint

FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
# what a fuzzer has of a helper, with its library
FUZZ_archive := unpack/zbox-unpack-tree.c unpack/zbox-unpack-write.c unpack/zbox-unpack-layer.c unpack/zbox-unpack-remove.c $(zbox-unpack_LIBS)
FUZZ_FLAGS := -std=gnu11 -D_GNU_SOURCE -I. -O1 -g -fno-sanitize-recover=all
FUZZ_OBJECTS := $(patsubst %.c,$(B)/fuzzing/%.o,$(filter-out sandbox.c,$(SOURCES)) $(PURE))
FUZZ_HEADERS := $(wildcard *.h network/*.h desktop/*.h cgroup/*.h unpack/*.h)
$(B)/fuzzing/%.o: %.c $(FUZZ_HEADERS)
	@mkdir -p $(@D)
	clang $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link,address,undefined -c -o $@ $<
$(B)/fuzzing.a: $(FUZZ_OBJECTS)
	rm -f $@
	$(AR) crs $@ $^
$(B)/fuzz/%: tests/fuzz/%.c $(B)/fuzzing.a $(FUZZ_HEADERS)
	@mkdir -p $(@D) $@.new
	clang $(FUZZ_FLAGS) -fsanitize=fuzzer,address,undefined -o $@ $< $(filter %.c,$(FUZZ_$*)) $(B)/fuzzing.a \
		$(filter-out %.c,$(FUZZ_$*))
fuzz: $(FUZZERS:%=fuzz-%)
# an hour for each of two at a time
fuzz-long:
	$(MAKE) -j2 FUZZ_TIME=3600 fuzz
fuzz-%: $(B)/fuzz/%
	$< -max_total_time=$(FUZZ_TIME) -timeout=10 -print_final_stats=1 \
		$(addprefix -dict=,$(wildcard tests/fuzz/$*.dict)) $<.new $(wildcard tests/fuzz/corpus/$*)

# The same work with the C library and without; floor.c says why.
$(B)/tests/static-c: tests/bench/floor.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -O2 $(WARN) -static -o $@ $<
$(B)/tests/floor: tests/bench/floor.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -O2 $(WARN) -ffreestanding -fno-stack-protector -fno-pie \
		-static -nostdlib -o $@ $<
$(B)/tests/bench: tests/bench/bench.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE $(CFLAGS) $(WARN) -o $@ $<
$(B)/tests/bench-network: tests/bench/network.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE $(CFLAGS) $(WARN) -o $@ $<
bench: all $(B)/tests/bench $(B)/tests/bench-seccomp $(B)/tests/floor $(B)/tests/static-c
	B=$(CURDIR)/$(B) tests/bench/run
# by itself: it wants a machine that does nothing else
bench-network: all $(B)/tests/bench $(B)/tests/bench-network
	B=$(CURDIR)/$(B) tests/bench/network

.PHONY: tests check check-unit check-cli check-e2e check-clients check-faults check-faults-full check-soak check-machines check-enosys check-eperm \
	check-vm check-san check-valgrind clang arm64 coverage lint fuzz fuzz-long bench bench-network install uninstall dist

# ---- install ----

install: all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBEXECDIR)/zbox $(DESTDIR)$(MANDIR)/man1 \
		$(DESTDIR)$(DATADIR)/bash-completion/completions $(DESTDIR)$(DATADIR)/zsh/site-functions \
		$(DESTDIR)$(DATADIR)/fish/vendor_completions.d $(DESTDIR)$(DATADIR)/doc/zbox \
		$(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(DATADIR)/zbox/profiles \
		$(DESTDIR)$(DATADIR)/zbox/apparmor
	install -m 0755 $(B)/zbox $(DESTDIR)$(BINDIR)/zbox
	ln -f $(DESTDIR)$(BINDIR)/zbox $(DESTDIR)$(LIBEXECDIR)/zbox/bwrap
	$(if $(HELPERS),install -m 0755 $(HELPERS) $(DESTDIR)$(LIBEXECDIR)/zbox/)
	install -m 0644 man/zbox.1 $(DESTDIR)$(MANDIR)/man1/
	install -m 0644 man/zbox-profile.5 $(DESTDIR)$(MANDIR)/man5/
	install -m 0644 profiles/*.profile $(DESTDIR)$(DATADIR)/zbox/profiles/
	install -m 0644 apparmor/zbox $(DESTDIR)$(DATADIR)/zbox/apparmor/
	tools/link-profiles $(DESTDIR)$(DATADIR)/zbox/profiles
	install -m 0644 completions/zbox.bash $(DESTDIR)$(DATADIR)/bash-completion/completions/zbox
	install -m 0644 completions/_zbox $(DESTDIR)$(DATADIR)/zsh/site-functions/
	install -m 0644 completions/zbox.fish $(DESTDIR)$(DATADIR)/fish/vendor_completions.d/
	install -m 0644 README.md $(wildcard SECURITY.md docs/*.md) $(DESTDIR)$(DATADIR)/doc/zbox/

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/zbox $(DESTDIR)$(MANDIR)/man1/zbox.1 \
		$(DESTDIR)$(MANDIR)/man5/zbox-profile.5 \
		$(DESTDIR)$(DATADIR)/bash-completion/completions/zbox \
		$(DESTDIR)$(DATADIR)/zsh/site-functions/_zbox \
		$(DESTDIR)$(DATADIR)/fish/vendor_completions.d/zbox.fish
	rm -rf $(DESTDIR)$(LIBEXECDIR)/zbox $(DESTDIR)$(DATADIR)/doc/zbox $(DESTDIR)$(DATADIR)/zbox

VERSION = $(shell sed -n 's/^.define ZBOX_VERSION "\(.*\)"/\1/p' sandbox.h)
dist:
	@mkdir -p $(B)
	git archive --prefix=zbox-$(VERSION)/ -o $(B)/zbox-$(VERSION).tar.gz HEAD

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

# Some tests ask libseccomp for a second opinion, and its header has the name of one of ours.
SECCOMP_SOURCES   := $(wildcard seccomp*.c) utils.c
SECCOMP_TESTS     := $(patsubst %.c,$(B)/%,$(wildcard tests/unit/seccomp-*.c))
SECCOMP_TEST_FLAGS = $(subst -I.,-iquote . -iquote tests/unit,$(ZBOX_CFLAGS)) -DPROFILES='"$(CURDIR)/$(SP)"'
$(B)/testing/tests/unit/seccomp-%.o: private ZBOX_CFLAGS := $(SECCOMP_TEST_FLAGS)
# none for another machine, whose libseccomp is not here: tools/check-machines
SECCOMP_LIBS ?= -Wl,--no-as-needed -lseccomp
$(SECCOMP_TESTS): private LDFLAGS += $(SECCOMP_LIBS)

# From the sources, because the program's objects may be musl's and libseccomp is glibc's.
$(B)/tests/bench-seccomp: tests/bench/seccomp.c $(SECCOMP_SOURCES) $(wildcard *.h $(SP)/generated/*.h)
	@mkdir -p $(@D)
	$(CC) $(SECCOMP_TEST_FLAGS) $(CFLAGS) -o $@ $< $(SECCOMP_SOURCES) $(LDFLAGS) -lseccomp
check-seccomp: $(SECCOMP_TESTS)
	@for t in $(SECCOMP_TESTS); do $$t | grep -v '^ok'; done

generated: generated-seccomp
check-generated: check-generated-seccomp
.PHONY: generated check-generated generated-seccomp check-generated-seccomp check-seccomp
# ---- seccomp profiles: end of the block ----

clean:
	rm -rf $(B)

.PHONY: all clean
# where profiles are installed is compiled in; what comes of another PREFIX is made anew
$(B)/datadir: FORCE
	@mkdir -p $(@D)
	@echo '$(DATADIR)' | cmp -s - $@ || echo '$(DATADIR)' > $@
WITH_DATADIR := $(B)/profiles.o $(B)/testing/profiles.o $(B)/testing/tests/unit/profiles.o
$(WITH_DATADIR): $(B)/datadir
$(WITH_DATADIR): private CPPFLAGS += -DZBOX_PROFILES='"$(DATADIR)/zbox/profiles"'
FORCE:
.PHONY: FORCE

-include $(wildcard $(OBJECTS:.o=.d) $(TEST_OBJECTS:.o=.d) $(B)/testing/tests/*/*.d $(B)/helpers/*.d $(B)/helpers/*/*.d)

# ---- the option table: the pages that come from it, the driver of its tests ----

OPTIONS_DRIVER  := $(B)/tests/cli/options-driver
GENERATED       := man/zbox.1=man completions/zbox.bash=bash completions/_zbox=zsh completions/zbox.fish=fish
each_generated   = $(foreach g,$(GENERATED),$(OPTIONS_DRIVER) zbox 0 --print $(lastword $(subst =, ,$(g))) $(1) $(firstword $(subst =, ,$(g))) &&) true

generated: $(OPTIONS_DRIVER)
	@$(call each_generated,>)

check-generated: $(OPTIONS_DRIVER)
	@$(call each_generated,| diff -u - )

# ---- the corpus of attacks: docs/escape-report.md ----

# Static, so that they run wherever a sandbox puts them; the sanitizers cannot be linked so.
static_tool = $(CC) -std=gnu11 -D_GNU_SOURCE $(filter-out -fsanitize% -fno-sanitize%,$(CFLAGS)) $(WARN) \
	$(WERROR) -static -pthread -o $@ $(filter %.c,$^)

$(B)/tests/escape: $(wildcard tests/escape/*.c tests/escape/*.h)
	@mkdir -p $(@D)
	$(static_tool)

tests: $(B)/tests/escape

# ---- faults: tests/faults ----

$(B)/tests/faults/%: tests/faults/%.c
	@mkdir -p $(@D)
	$(static_tool)

tests: $(B)/tests/faults/trace $(B)/tests/faults/probe $(B)/tests/faults/attack

escape-report: $(B)/tests/escape $(B)/zbox
	tests/escape/report.sh $^

.PHONY: escape-report
