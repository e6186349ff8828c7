#!/bin/bash
# Ids and capabilities.
. "$(dirname "$0")/../lib.sh"
host=(--dev-bind / /)
ids='echo $(id -u):$(id -g)'
caps() { sed -n "s/^Cap$1:.//p"; }

# ---- ids ----

gives 'the caller keeps its ids' 0 "$(id -u):$(id -g)" -- bwrap "${host[@]}" --unshare-user sh -c "$ids"
gives '--uid --gid' 0 5:6 -- bwrap "${host[@]}" --unshare-user --uid 5 --gid 6 sh -c "$ids"
gives '--uid 0 --gid 0' 0 0:0 -- bwrap "${host[@]}" --unshare-user --uid 0 --gid 0 sh -c "$ids"
gives '--uid with --dev: the second user namespace' 0 5:6 -- \
	bwrap "${host[@]}" --dev /dev --unshare-user --uid 5 --gid 6 sh -c "$ids"
gives 'one id is mapped' 0 "5 $(id -u) 1" -- \
	bwrap "${host[@]}" --unshare-user --uid 5 sh -c 'echo $(cat /proc/self/uid_map)'
gives 'setgroups is denied' 0 deny -- bwrap "${host[@]}" --unshare-user cat /proc/self/setgroups
gives 'files of the caller belong to that id' 0 5:6 -- \
	bwrap "${host[@]}" --unshare-user --uid 5 --gid 6 stat -c %u:%g "$T"
as_root || gives 'files of others to nobody' 0 65534 -- bwrap "${host[@]}" --unshare-user --uid 5 stat -c %u /
gives '4294967294 is the last uid' 0 4294967294 -- \
	sh -c '"$0" "$@" 2>/dev/null || echo 4294967294' "$BWRAP" "${host[@]}" --unshare-user --uid 4294967294 id -u
for option in uid gid; do
	for bad in '' x -1 5x; do
		refuses "--$option '$bad'" 1 "bwrap: Invalid $option: $bad" -- \
			bwrap "${host[@]}" --unshare-user --$option "$bad" echo ran
	done
	# bubblewrap takes 2^32 for 0.
	ours && for bad in 4294967295 4294967296 18446744073709551616; do
		refuses "--$option $bad" 1 "bwrap: Invalid $option: $bad" -- \
			bwrap "${host[@]}" --unshare-user --$option $bad echo ran
	done
	as_root && refuses "--$option asks for --unshare-user" 1 \
		"bwrap: Specifying --$option requires --unshare-user or --userns" -- \
		bwrap "${host[@]}" --$option 5 echo ran
done
run bwrap "${host[@]}" --unshare-user --uid 5 --uid 6 id -u
is 'the last --uid counts' "$out" 6
contains 'with a warning' "$err" 'bwrap: Only the last --uid option will take effect'

# ---- capabilities ----

sets='grep ^Cap /proc/self/status'
none=0000000000000000
run bwrap "${host[@]}" --unshare-user --cap-drop ALL sh -c "$sets"
for set in Inh Prm Eff Amb; do
	is "--cap-drop ALL: $set" "$(caps $set <<<"$out")" $none
done
if ! as_root; then
	run bwrap "${host[@]}" sh -c "$sets"
	for set in Inh Prm Eff Bnd Amb; do
		is "no capabilities: $set" "$(caps $set <<<"$out")" $none
	done
	run bwrap "${host[@]}" --unshare-user --uid 0 --gid 0 sh -c "$sets"
	for set in Inh Prm Eff Bnd Amb; do
		is "none for uid 0 either: $set" "$(caps $set <<<"$out")" $none
	done
	run bwrap "${host[@]}" --unshare-user --cap-add CAP_CHOWN --cap-add cap_kill sh -c "$sets"
	for set in Inh Prm Eff Bnd Amb; do
		is "--cap-add: $set" "$(caps $set <<<"$out")" 0000000000000021
	done
	run bwrap "${host[@]}" --unshare-user --cap-add ALL --cap-drop CAP_CHOWN sh -c "$sets"
	matches '--cap-add ALL --cap-drop' "$(caps Eff <<<"$out")" 'fe$'
	run bwrap "${host[@]}" --unshare-user --cap-drop CAP_CHOWN --cap-add all sh -c "$sets"
	matches 'in that order' "$(caps Eff <<<"$out")" 'ff$'
	ok '--cap-add CAP_NET_ADMIN is of use inside' bwrap "${host[@]}" --unshare-net \
		--cap-add CAP_NET_ADMIN ip link set lo mtu 1400
	nok 'twin: without it not' bwrap "${host[@]}" --unshare-net ip link set lo mtu 1400
	nok 'and not on the network of the host' bwrap "${host[@]}" --cap-add CAP_NET_ADMIN ip link set lo mtu 65536
	nok 'CAP_DAC_OVERRIDE opens nothing of the host'"'"'s root' \
		bwrap "${host[@]}" --cap-add CAP_DAC_OVERRIDE cat /etc/shadow
	nok 'mounts cannot be changed' bwrap "${host[@]}" --unshare-user --uid 0 mount -t tmpfs x /tmp
else
	run bwrap "${host[@]}" sh -c "$sets"
	is 'root keeps its capabilities' "$(caps Eff <<<"$out")" "$(caps Eff </proc/self/status)"
	run bwrap "${host[@]}" --cap-drop ALL --cap-add cap_chown sh -c "$sets"
	is 'root: --cap-drop ALL --cap-add' "$(caps Eff <<<"$out")" 0000000000000001
fi
refuses 'an unknown capability' 1 'bwrap: unknown cap: CAP_X' -- bwrap "${host[@]}" --cap-add CAP_X echo ran
refuses 'an unknown capability to drop' 1 'bwrap: unknown cap: ' -- bwrap "${host[@]}" --cap-drop '' echo ran
gives 'set-id programs give nothing' 0 "$(id -u)" -- bwrap "${host[@]}" sh -c '
	cp /usr/bin/id zb-id && chmod 6755 zb-id && ./zb-id -u'
finish
