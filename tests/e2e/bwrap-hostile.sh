#!/bin/bash
# Hostile trees and bad input: nothing reaches the host, nothing runs, nothing is left behind.
. "$(dirname "$0")/../lib.sh"

# ---- links in a tree that an attacker has made (CVE-2026-87766 and its relatives) ----

mkdir -p tree/real outside
echo secret >outside/secret
ln -s "$T/outside" tree/absolute
ln -s ../../../../../../../../../../../../"$T/outside" tree/relative
ln -s /oldroot/"$T/outside" tree/oldroot
ln -s ../oldroot/"$T/outside" tree/oldroot-relative
ln -s /proc/self/root/"$T/outside" tree/magic
ln -s /proc/1/cwd tree/magic-cwd
ln -s "$T/outside/secret" tree/final
ln -s /newroot/../oldroot/"$T/outside/secret" tree/final-oldroot
before=$(ls -laR outside)

# However it ends: the host is not touched.
attack() { # NAME OPTIONS...
	local name=$1
	shift
	run timeout 20 "$BWRAP" "$@" 7<<<attack
	is "$name" "$(ls -laR outside; cat outside/secret)" "$before"$'\n'"secret"
	isnt "$name: it ends in time" "$status" 124
}
if since 0.12; then
	for root in / /sub; do
		for link in absolute relative oldroot oldroot-relative magic magic-cwd; do
			at=${root%/}/$link
			attack "--dir through $at" --bind tree "$root" --dir "$at/made" true
			attack "--file through $at" --bind tree "$root" --file 7 "$at/secret" true
			attack "--symlink through $at" --bind tree "$root" --symlink x "$at/made" true
			attack "--tmpfs through $at" --bind tree "$root" --tmpfs "$at/made" true
			attack "--bind through $at" --bind tree "$root" --bind tree/real "$at/made" true
			attack "--ro-bind-data through $at" --bind tree "$root" --ro-bind-data 7 "$at/made" true
			attack "--chmod through $at" --bind tree "$root" --chmod 0000 "$at/secret" true
			attack "--dev through $at" --bind tree "$root" --dev "$at/made" true
			attack "--remount-ro through $at" --bind tree "$root" --remount-ro "$at" true
		done
		for link in final final-oldroot; do
			at=${root%/}/$link
			attack "--file on $at" --bind tree "$root" --file 7 "$at" true
			attack "--bind-data on $at" --bind tree "$root" --bind-data 7 "$at" true
			attack "--chmod $at" --bind tree "$root" --chmod 0000 "$at" true
			attack "--dir $at" --bind tree "$root" --dir "$at/x" true
		done
	done
	rm -rf tree/tmp tree/proc tree/oldroot "${T:?}/tree$T"
	gives 'a link of the tree leads to the tree, not to the host' 0 'tree' -- bwrap_usr --bind tree /t \
		--dir /t/real/x --symlink /t/real /l --ro-bind tree/real /l/y sh -c 'test -d /t/real/y && echo tree'
fi
if ours; then
	# As bubblewrap 0.11 does: a link at the end is followed, but inside the new root.
	mkdir -p links && ln -s /t/target links/link && mkdir links/target
	gives 'a bind on a link inside the root' 0 '/t/target/secret' -- \
		bwrap_usr --bind links /t --ro-bind outside /t/link sh -c 'echo /t/target/*'
	gives 'a link that leaves the root is cut at the root' 0 '/a/secret' -- \
		bwrap_usr --symlink ../../../../a /b --dir /a --ro-bind outside /b sh -c 'echo /a/*'
fi
gives 'a source through links of the caller' 0 secret -- bwrap_usr --ro-bind tree/absolute /s cat /s/secret

# ---- the paths themselves ----

long=$(printf 'x%.0s' $(seq 250))
deep=$(printf "/$long%.0s" $(seq 16))
run bwrap_usr --dir "$deep/$long" echo ran
matches 'a destination of 4,267 bytes is made or refused' "$status,$out" '^(0,ran|1,)$'
refuses 'a component of 256 bytes' 1 'bwrap: ' -- bwrap_usr --dir "/${long}123456" echo ran
gives 'a component of 250 bytes' 0 yes -- bwrap_usr --dir "/$long" sh -c 'test -d /x* && echo yes'
refuses 'a source of 4,096 bytes' 1 'bwrap: ' -- bwrap_usr --bind "$deep/$long/$long" /x echo ran
name=$'new\nline "\\ \t\001\377'
mkdir -p "$name" && echo odd >"$name/file"
gives 'a name with a newline and more' 0 odd -- bwrap_usr --ro-bind "$name" "/$name" cat "/$name/file"
nok 'and it is read-only' bwrap_usr --ro-bind "$name" "/$name" touch "/$name/file"
gives '/ as a destination of --dir' 0 yes -- bwrap_usr --dir / echo yes
refuses 'a missing source with a newline' 1 'bwrap: ' -- bwrap_usr --bind $'no\nsuch' /x echo ran

# ---- the circumstances ----

gives 'no environment, no arguments' 1 '' -- env -i "$BWRAP"
for limit in 'ulimit -n 20' 'ulimit -v 300000' 'ulimit -s 256' 'ulimit -c 0'; do
	sanitized && [[ $limit == *' -v '* ]] && continue
	run bash -c "$limit"'; exec "$0" "$@"' "$BWRAP" "${usr[@]}" --unshare-all --dev /dev --proc /proc echo ran
	is "$limit: it works" "$status,$out" 0,ran
done
run bash -c 'ulimit -n 4; exec "$0" "$@"' "$BWRAP" "${usr[@]}" --unshare-all --dev /dev echo ran
if [ "$status" = 0 ]; then is 'ulimit -n 4: works' "$out" ran; else is 'ulimit -n 4: refuses with status' "$status" 1; fi
if ! as_root; then
	run timeout 10 bash -c 'ulimit -u 1; exec "$0" "$@"' "$BWRAP" "${usr[@]}" --unshare-all echo ran
	ours && is 'ulimit -u 1: refuses' "$status,$out" 1, # bubblewrap 0.8 hangs
	contains 'and says something' "$err" 'bwrap: '
fi
run bash -c 'exec "$0" "$@" <&- >&- 2>&-' "$BWRAP" "${usr[@]}" --unshare-all --dev /dev --bind . /w touch /w/ran
is 'closed standard descriptors: status' "$status" 0
ok 'closed standard descriptors: it ran' test -e ran
run bash -c 'exec "$0" "$@" >/dev/full' "$BWRAP" --help
ours && isnt '--help into a full device fails' "$status" 0
gives 'every signal blocked or ignored by the caller' 5 '' -- python3 -c '
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
for s in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGALRM):
    signal.signal(s, signal.SIG_IGN)
os.execv(sys.argv[1], sys.argv[1:])' "$BWRAP" "${usr[@]}" --unshare-all sh -c 'exit 5'

# ---- nothing is left ----

mounts=$(cat /proc/self/mountinfo)
mkdir tmp && export TMPDIR=$T/tmp
litter() { ls -a "$TMPDIR" /run/user/"$(id -u)" 2>/dev/null; find /tmp -maxdepth 1 -name '*wrap*'; }
names=$(litter)
for words in '--bind /none /x true' '--ro-bind / / /none' '--ro-bind / / true' '--tmpfs / --dir /x --chmod 9 /x'; do
	read -ra words <<<"$words"
	run bwrap "${words[@]}"
done
is 'no mount on the host' "$(cat /proc/self/mountinfo)" "$mounts"
is 'no file in the directories for temporary files' "$(litter)" "$names"
# ---- a file as a directory, with and without openat2 ----

mkdir -p through && touch through/file
for with in '' "$TOOLS/e2e/deny-syscalls ENOSYS openat2 --"; do
	for path in /t/file/../made /t/file/./made /t/file/made; do
		# shellcheck disable=SC2086
		refuses "${with:+walk: }$path" 1 'Not a directory' -- \
			$with "$BWRAP" "${usr[@]}" --bind through /t --dir $path echo ran
	done
done
is 'nothing is made' "$(ls through)" file

finish
