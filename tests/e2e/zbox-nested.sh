#!/bin/bash
# A sandbox inside a sandbox: with the profile for it, and refused with a reason without it.
. "$(dirname "$0")/../lib.sh"

programs=(--ro-bind "$(dirname "$ZBOX")" "$(dirname "$ZBOX")")
here=(--ro-bind /usr /usr "${programs[@]}")
id=$(id -u)
[ "$id" != 0 ] || id=1000

if as_root; then
	# the masks of /proc stay for the real root, and below them the kernel allows no fresh one
	refuses 'zbox in zbox as root says why' 125 'proc' -- \
		zbox --seccomp-profile nested --uid "$id" --gid "$id" "${here[@]}" "$ZBOX" --ro-bind /usr /usr echo inner
else
	gives 'zbox in zbox' 0 inner -- zbox --seccomp-profile nested --uid "$id" --gid "$id" "${here[@]}" \
		"$ZBOX" --ro-bind /usr /usr echo inner
	gives 'and without --uid too: the ids are kept' 0 "$id inner" -- zbox --seccomp-profile nested "${here[@]}" \
		sh -c 'echo $(id -u) $("$0" --ro-bind /usr /usr echo inner)' "$ZBOX"
	filters=$(sed -n 's/^Seccomp_filters:.//p' /proc/self/status)
	gives 'the inner one is confined again' 0 $'2\n'$((filters + 2)) -- zbox --seccomp-profile nested --uid "$id" --gid "$id" \
		"${here[@]}" "$ZBOX" --ro-bind /usr /usr sed -n 's/^Seccomp[a-z_]*:.//p' /proc/self/status
	nok 'and sees no file that the outer one does not' zbox --seccomp-profile nested --uid "$id" --gid "$id" \
		"${here[@]}" "$ZBOX" --ro-bind /usr /usr --ro-bind "$T" "$T" true
	gives 'bwrap in zbox' 0 "$id" -- zbox --seccomp-profile nested --uid "$id" --gid "$id" "${here[@]}" \
		"$BWRAP" "${usr[@]}" --proc /proc --dev /dev --unshare-all id -u
	gives 'zbox in bwrap' 0 inner -- bwrap --ro-bind / / --dev /dev --proc /proc --unshare-all \
		"$ZBOX" --ro-bind /usr /usr echo inner
fi
sanitized || refuses 'under the defaults there is no second one' 125 'seccomp-profile nested' -- \
	zbox "${here[@]}" "$ZBOX" --ro-bind /usr /usr echo inner

# ---- the limits of those whose nested namespaces are for a browser's processes ----

browser=(zbox_usr --seccomp-profile desktop --uid "$id" --gid "$id")
ok 'a browser: user and network namespaces' "${browser[@]}" unshare -Un true
nok 'no mount namespace' "${browser[@]}" unshare -Um true
as_root || ok 'twin: the profile nested has them' zbox_usr --seccomp-profile nested --uid "$id" --gid "$id" unshare -Um true
made='for i in $(seq 80); do unshare -U sh -c "echo made; until [ -e /tmp/all ]; do sleep 0.05; done" 2>/dev/null || echo refused & done | {
	while read -r word; do echo "$word"; n=$((${n:-0} + 1)); [ $n -lt 80 ] || touch /tmp/all; done; }; wait'
run "${browser[@]}" bash -c "$made"
is 'and 64 of them at once' "$(sort <<<"$out" | uniq -c | xargs)" '64 made 16 refused'
finish
