#!/bin/bash
# Each newer system call missing alone, refused by an old container's filter, and Landlock absent:
# the result is the same sandbox, or a refusal where it was asked for by name. "make check-enosys"
# runs the whole suite with all of them missing at once.
. "$(dirname "$0")/../lib.sh"

deny() { "$TOOLS/e2e/deny-syscalls" "$@"; }
mkdir work && echo mine >work/file
look='id -u; cat /work/file; touch /work/new /usr/new 2>/dev/null; ls -d /work/new /usr/new /home 2>/dev/null
	grep -c . /proc/self/mountinfo; grep -E "Cap|NoNew" /proc/self/status; ls /proc/self/fd; exit 7'
box=("$ZBOX" --ro-bind /usr /usr --bind work /work --tmpfs /t --dir /d --keep-fd 5 -- sh -c "$look")
run "${box[@]}" 5</dev/null 6</dev/null
wanted=$out
is 'with all of them' "$status" 7
contains 'it is a sandbox' "$wanted" 'CapEff:	0000000000000000'
lacks 'that is read-only' "$wanted" /usr/new

for answer in ENOSYS EPERM; do
	for call in openat2 clone3 close_range mount_setattr open_tree move_mount fsopen fsconfig fsmount pidfd_open; do
		run deny "$answer" $call -- "${box[@]}" 5</dev/null 6</dev/null
		is "$call: $answer" "$status"$'\n'"$out" "7"$'\n'"$wanted"
		run deny "$answer" $call -- "$BWRAP" "${usr[@]}" --ro-bind work /w --unshare-all --dev /dev --proc /proc \
			sh -c 'cat /w/file; touch /w/no 2>/dev/null || exit 7'
		is "$call: $answer, as bwrap" "$status,$out" 7,mine
	done
	landlock=(landlock_create_ruleset landlock_add_rule landlock_restrict_self)
	run deny "$answer" "${landlock[@]}" -- "${box[@]}" 5</dev/null 6</dev/null
	is "no Landlock: $answer" "$status"$'\n'"$out" "7"$'\n'"$wanted"
	refuses "--landlock require without it: $answer" 125 'zbox: ' -- \
		deny "$answer" "${landlock[@]}" -- "$ZBOX" --landlock require --ro-bind /usr /usr echo ran
	refuses "--landlock-only without it: $answer" 125 'zbox: ' -- \
		deny "$answer" "${landlock[@]}" -- "$ZBOX" --landlock-only --ro-bind /usr /usr echo ran
done
finish
