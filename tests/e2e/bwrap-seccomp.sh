#!/bin/bash
# Ready-made seccomp programs: --seccomp and --add-seccomp-fd.
. "$(dirname "$0")/../lib.sh"
host=(--dev-bind / /)

# program FILE ERRNO CALL...: a filter that answers the calls with the errno.
program() {
	python3 - "$@" <<'PYTHON'
import struct, sys
numbers = {'x86_64': {'uname': 63, 'getpriority': 140, 'sync': 162},
	   'aarch64': {'uname': 160, 'getpriority': 141, 'sync': 81}}[__import__('os').uname().machine]
name, errno, calls = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
code = [(0x20, 0, 0, 0)]
for i, call in enumerate(calls):
	code.append((0x15, len(calls) - i, 0, numbers[call]))
code += [(0x06, 0, 0, 0x7fff0000), (0x06, 0, 0, 0x00050000 | errno)]
open(name, 'wb').write(b''.join(struct.pack('=HBBI', *c) for c in code))
PYTHON
}
program no-uname 1 uname
program no-priority 38 getpriority
uname='python3 -c "import os; os.uname()" 2>/dev/null && echo works'
priority='python3 -c "import os; os.getpriority(0, 0)" 2>/dev/null && echo works'

gives 'without a filter' 0 $'works\nworks' -- bwrap "${host[@]}" sh -c "$uname; $priority"
for extra in '' --unshare-pid '--unshare-pid --as-pid-1'; do
	read -ra words <<<"$extra"
	gives "--seccomp, $extra" 0 works -- \
		bwrap "${host[@]}" "${words[@]}" --seccomp 7 sh -c "$uname; $priority" 7<no-uname
	gives "--add-seccomp-fd twice, $extra" 1 '' -- bwrap "${host[@]}" "${words[@]}" --add-seccomp-fd 7 \
		--add-seccomp-fd 8 sh -c "$uname; $priority" 7<no-uname 8<no-priority
done
gives '--seccomp from a pipe' 1 '' -- \
	sh -c 'cat no-uname | "$0" "$@" 7<&0' "$BWRAP" "${host[@]}" --seccomp 7 sh -c "$uname"
gives 'the mode is filter' 0 2 -- \
	bwrap "${host[@]}" --seccomp 7 sed -n 's/^Seccomp:.//p' /proc/self/status 7<no-uname
gives 'the descriptor is not left to the command' 0 gone -- \
	bwrap "${host[@]}" --seccomp 7 sh -c 'test -e /proc/self/fd/7 || echo gone' 7<no-uname
run bwrap "${host[@]}" --seccomp 7 --seccomp 8 sh -c "$uname; $priority" 7<no-uname 8<no-priority
is 'the last --seccomp counts' "$out" works
contains 'with a warning' "$err" 'bwrap: Only the last --seccomp option will take effect'

refuses 'both kinds' 1 'bwrap: --add-seccomp-fd cannot be combined with --seccomp' -- \
	bwrap "${host[@]}" --seccomp 7 --add-seccomp-fd 8 echo ran 7<no-uname 8<no-priority
refuses 'both kinds, the other way round' 1 'bwrap: --seccomp cannot be combined with --add-seccomp-fd' -- \
	bwrap "${host[@]}" --add-seccomp-fd 7 --seccomp 8 echo ran 7<no-uname 8<no-priority
refuses 'a closed descriptor' 1 "bwrap: Can't read seccomp data: Bad file descriptor" -- \
	bwrap "${host[@]}" --seccomp 7 echo ran
refuses 'the same descriptor twice' 1 "bwrap: Can't read seccomp data: " -- \
	bwrap "${host[@]}" --add-seccomp-fd 7 --add-seccomp-fd 7 echo ran 7<no-uname
head -c 12 no-uname >odd
refuses 'a part of an instruction' 1 'bwrap: Invalid seccomp data, must be multiple of 8' -- \
	bwrap "${host[@]}" --seccomp 7 echo ran 7<odd
refuses 'an empty program' 1 'bwrap: Unable to set up system call filtering as requested: ' -- \
	bwrap "${host[@]}" --seccomp 7 echo ran 7</dev/null
head -c 16 no-uname >open-end
refuses 'a program without an end' 1 'bwrap: Unable to set up system call filtering as requested: ' -- \
	bwrap "${host[@]}" --seccomp 7 echo ran 7<open-end
head -c 800 /dev/urandom >noise
refuses 'noise' 1 'bwrap: Unable to set up system call filtering as requested: ' -- \
	bwrap "${host[@]}" --seccomp 7 echo ran 7<noise
finish
