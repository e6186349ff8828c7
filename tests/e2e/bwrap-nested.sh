#!/bin/bash
# A sandbox inside a sandbox, also through /proc/self/exe: the personality has to hold.
. "$(dirname "$0")/../lib.sh"
outer=(--unshare-all --uid 0 --gid 0 --cap-add ALL --dev-bind / / --proc /proc)
# As root bubblewrap covers parts of a new /proc, and then the kernel allows no further one.
as_root && outer=(--unshare-user --unshare-net --uid 0 --gid 0 --cap-add ALL --dev-bind / /)

# For the real root the masks of the outer /proc are locked mounts, and the kernel then allows no
# fresh procfs below it: bubblewrap nests no better there.
if as_root; then
	outer=(--unshare-all --uid 0 --gid 0 --cap-add ALL --dev-bind / /)
fi

gives 'a second sandbox' 0 inner -- bwrap "${outer[@]}" "$BWRAP" --unshare-all --ro-bind / / --proc /proc \
	--dev /dev echo inner
gives 'a third' 0 inner -- bwrap "${outer[@]}" "$BWRAP" "${outer[@]}" "$BWRAP" --ro-bind / / echo inner
gives 'a complete new root inside' 0 '/bin /dev /lib /lib64 /proc /sbin /tmp /usr' -- \
	bwrap "${outer[@]}" "$BWRAP" "${usr[@]}" --unshare-all --proc /proc --dev /dev --tmpfs /tmp sh -c 'echo /*'
gives 'without privilege outside and inside' 0 inner -- \
	bwrap --dev-bind / / "$BWRAP" --unshare-user --ro-bind / / echo inner
gives 'status through two of them' 7 '' -- bwrap "${outer[@]}" "$BWRAP" --ro-bind / / sh -c 'exit 7'
gives 'signal through two of them' 143 '' -- bwrap "${outer[@]}" "$BWRAP" --ro-bind / / sh -c 'kill $$'
nok 'the inner one cannot write what the outer bound read-only' bwrap --unshare-all --uid 0 --gid 0 --cap-add ALL \
	--ro-bind / / --dev /dev --proc /proc "$BWRAP" --bind / / touch "$T/x"

# exe WORDS...: the program under test as a shell finds it at /proc/self/exe.
exe='import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
os.set_inheritable(fd, True)
os.execv("/proc/self/fd/%d" % fd, sys.argv[2:])'
run python3 -c "$exe" "$BWRAP" /proc/self/exe --version
matches 'executed by descriptor it is still bwrap' "$out" '^bubblewrap '
run python3 -c "$exe" "$BWRAP" /proc/self/exe --frobnicate
contains 'and says so' "$err" 'bwrap: Unknown option --frobnicate'
run bash -c 'exec -a codex "$@"' sh "$BWRAP" --version
matches 'argv[0] of another name' "$out" '^bubblewrap '
run bash -c 'exec -a "" "$@"' sh "$BWRAP" --version
matches 'argv[0] empty' "$out" '^bubblewrap '
if ours; then
	run bash -c 'exec -a bwrap "$@"' sh "$ZBOX" --version
	matches 'zbox with argv[0] bwrap is bwrap' "$out" '^bubblewrap '
	run "$ZBOX" --bwrap --version
	matches 'zbox --bwrap is bwrap' "$out" '^bubblewrap '
	run "$ZBOX" --version
	matches 'zbox is zbox' "$out" '^zbox '
	cp "$ZBOX" bwrap
	run ./bwrap --version
	matches 'a copy named bwrap is bwrap' "$out" '^bubblewrap '
	ln -s "$ZBOX" link-to-zbox
	run ./link-to-zbox --version
	matches 'a link of another name is zbox' "$out" '^zbox '
fi
finish
