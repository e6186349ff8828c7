#!/bin/bash
# Ranges of ids: who is who inside and outside, that files of such ids can be made and removed, that
# nothing of them is there without being asked for, and what is said where they cannot be had.
. "$(dirname "$0")/../lib.sh"

me=$(id -u) group=$(id -g) name=$(id -un)
# Supplementary groups: a file that only such a group may read, for a command with an id of the range.
# GROUP is one of the caller's; what follows is put in front of zbox.
keeps_groups() {
	local group=$1
	shift
	echo 'for the group' >theirs && chgrp "$group" theirs && chmod 040 theirs
	reads() { run "$@" "$ZBOX" --ro-bind /usr /usr --ro-bind theirs /theirs --map auto --uid 33 --gid 33 "${keep[@]}" sh -c 'id -G; cat /theirs'; }
	local keep=()
	reads "$@"
	is 'supplementary groups are dropped: what they may read is not read' "$status $out" '1 33'
	keep=(--keep-groups)
	reads "$@"
	matches 'its twin: with --keep-groups it is' "$status $out" $'^0 33 ([0-9]+ )*65534( [0-9]+)*\nfor the group$'
}
# As root: the user daemon with a range and a group, and with helpers as they may be; root of a user
# namespace cannot make such a user.
if as_root; then
	echo 'daemon:900000:65536' >ranges
	export host_zbox=$ZBOX
	# as_daemon MOUNTS COMMAND...: what is needed is in /mnt, where this user gets to
	# shellcheck disable=SC2016  # the inner shell's
	as_daemon() {
		unshare -m sh -c 'mount --bind ranges /etc/subuid && mount --bind ranges /etc/subgid &&
			mount -t tmpfs -o mode=755 tmpfs /mnt && cp "$host_zbox" /mnt/zbox && cp /usr/bin/setpriv /mnt &&
			{ [ ! -e theirs ] || cp -p theirs /mnt; } && eval "$0" && cd /mnt &&
			exec ./setpriv --reuid daemon --regid daemon --groups 5 "$@"' "$@"
	}
	if as_daemon : true 2>/dev/null; then
		ZBOX=/mnt/zbox keeps_groups 5 as_daemon :
		mkdir bin
		for helper in newuidmap newgidmap; do
			cp /usr/bin/$helper plain && chmod 755 plain
			refuses "$helper without its bit" 125 "$helper has neither root's set-user-ID bit nor file capabilities" -- \
				as_daemon "mount --bind plain /usr/bin/$helper" ./zbox --ro-bind /usr /usr --map auto echo ran
			rm -f bin/* && cp -p /usr/bin/new?idmap bin && rm bin/$helper
			refuses "$helper is not there" 125 "$helper: No such file or directory" -- \
				as_daemon 'mount --bind bin /usr/bin' ./zbox --ro-bind /usr /usr --map auto echo ran
		done
	else
		pass 'this root makes no other user'
	fi
fi

range() { awk -F: -v n="$name" -v u="$me" '$1 == n || $1 == u { print $2, $3; exit }' "$1"; }
read -r first count < <(range /etc/subuid)
read -r gfirst gcount < <(range /etc/subgid)
if [ -z "${first:-}" ] || [ -z "${gfirst:-}" ]; then
	if as_root; then
		refuses 'a root without ranges is told so' 125 '/etc/subuid has no range of uids for' -- zbox_usr --map auto echo ran
	else
		flunk "the test user has no range in /etc/subuid and /etc/subgid: tools/setup test gives it one"
	fi
	finish
	exit
fi
squeeze() { tr -s ' ' | sed 's/^ //'; }
uid_map() { squeeze <<<"$out" | sort -n; }
files=(--cap-add chown --cap-add dac_override --cap-add fowner)

# ---- which ids there are ----

run zbox_usr cat /proc/self/uid_map
is 'without --map there is the caller alone' "$(uid_map)" "0 $me 1"
run zbox_usr --map root cat /proc/self/gid_map
is '--map root is the same' "$(uid_map)" "0 $group 1"
run zbox_usr --map keep cat /proc/self/uid_map
matches '--map keep: the caller has its number, and is alone' "$(uid_map)" "^$me [0-9]+ 1\$"
gives 'and the command is it' 0 "$me:$group" -- zbox_usr --map keep sh -c 'echo $(id -u):$(id -g)'
run zbox_usr --map auto cat /proc/self/uid_map
is '--map auto: the range as well' "$(uid_map)" "0 $me 1
1 $first $count"
run zbox_usr --map auto cat /proc/self/gid_map
is 'of groups too' "$(uid_map)" "0 $group 1
1 $gfirst $gcount"
gives 'the command is the caller' 0 '0:0' -- zbox_usr --map auto sh -c 'echo $(id -u):$(id -g)'
gives 'without a capability' 0 0000000000000000 -- zbox_usr --map auto sh -c 'sed -n "s/CapEff:[[:space:]]*//p" /proc/self/status'
nok 'so it cannot become another' zbox_usr --map auto setpriv --reuid 5 --clear-groups true
if [ "$me" != 0 ]; then
	gives '--map keep --map auto: its own id among those of the range' 0 "$me" -- zbox_usr --map keep --map auto id -u
	run zbox_usr --map keep --map auto cat /proc/self/uid_map
	is 'the range is around it' "$(uid_map)" "0 $first $me
$me $me 1
$((me + 1)) $((first + me)) $((count - me))"
fi
run zbox_usr --map "0:$me:1" --map "uid:7:$first:3" --map "gid:9:$gfirst:2" sh -c 'cat /proc/self/uid_map; echo; cat /proc/self/gid_map'
is 'lines as they are given, for users and groups' "$(squeeze <<<"$out")" "0 $me 1
7 $first 3

0 $group 1
9 $gfirst 2"
run zbox_usr --map auto --map "500:$first:2" cat /proc/self/uid_map
is 'auto fills what lines leave' "$(uid_map)" "0 $me 1
1 $((first + 2)) 499
500 $first 2
502 $((first + 501)) $((count - 501))"
gives '--uid and --gid choose from the map' 0 '33:44:44' -- zbox_usr --map auto --uid 33 --gid 44 sh -c 'echo $(id -u):$(id -g):$(id -G)'
gives 'with capabilities too' 0 '33 0000000000000001' -- zbox_usr --map auto --uid 33 --cap-add chown \
	sh -c 'echo $(id -u) $(sed -n "s/CapEff:[[:space:]]*//p" /proc/self/status)'
gives 'HOME and USER are those of the command' 0 '/root root' -- zbox_usr --map auto sh -c 'echo $HOME $USER'
gives 'its home is its own' 0 '/home/user 33 700' -- zbox_usr --map auto --uid 33 --gid 44 sh -c 'touch ~/x && echo $HOME $(stat -c "%u %a" ~)'
gives 'and with a terminal of the sandbox' 0 33 -- zbox_usr --map auto --uid 33 --disable-userns id -u
gives 'names fit' 0 root -- zbox_usr --map auto whoami

# ---- groups ----

gives 'supplementary groups are dropped' 0 0 -- zbox_usr --map auto id -G
gives 'the same by hand' 0 'Groups:' -- zbox_usr --map auto sh -c 'grep Groups: /proc/self/status | tr -d "[:space:]"'
for other in $(id -G); do
	[ "$other" = "$group" ] || { keeps_groups "$other"; break; }
done
refuses '--keep-groups without ranges' 125 '--keep-groups requires' -- zbox_usr --keep-groups echo ran

# ---- files ----

mkdir tree
ok 'files of other ids can be made' zbox_usr --map auto "${files[@]}" --bind "$T" "$T" \
	sh -c 'mkdir -p tree/a/b && echo x >tree/a/b/f && chown -R 55:66 tree/a'
is 'outside they are those of the range' "$(stat -c %u:%g tree/a/b/f)" "$((first + 54)):$((gfirst + 65))"
gives 'inside they have their numbers' 0 55:66 -- zbox_usr --map auto --bind "$T" "$T" stat -c %u:%g tree/a/b/f
nok 'which are nobody without the map' zbox_usr --bind "$T" "$T" sh -c '[ "$(stat -c %u tree/a/b/f)" = 55 ]'
as_root || nok 'the caller cannot remove them' rm -rf tree/a
nok 'nor without the capability' zbox_usr --map auto --bind "$T" "$T" rm -rf "$T/tree/a"
ok 'zbox --map auto can' zbox_usr --map auto --cap-add dac_override --bind "$T" "$T" rm -rf "$T/tree/a"
ok 'they are gone' test ! -e tree/a
nok 'an id that is not in the map cannot be given' zbox_usr --map auto "${files[@]}" --bind "$T" "$T" chown $((count + 1)) "$T/tree"
echo secret >own && chmod 600 own
nok 'another id of the map does not read what is the caller'\''s alone' zbox_usr --map auto --uid 33 --bind "$T" "$T" cat "$T/own"
gives 'its twin: the caller does' 0 secret -- zbox_usr --map auto --bind "$T" "$T" cat "$T/own"
gives 'a set-user-ID program changes nothing' 0 0 -- zbox_usr --seccomp-profile container --map auto "${files[@]}" --bind "$T" "$T" \
	sh -c 'cp /usr/bin/id tree/id && chown 77 tree/id && chmod 4755 tree/id && tree/id -u'

# ---- life ----

gives 'signals reach a command with another id' 0 143 -- bash -c '
	"$0" --ro-bind /usr /usr --map auto --uid 33 sleep 60 & child=$!
	until pgrep -P "$(pgrep -P $child)" sleep >/dev/null; do sleep 0.02; done
	kill -TERM $child; wait $child; echo $?' "$ZBOX"
gives 'and its end is told' 7 '' -- zbox_usr --map auto --uid 33 sh -c 'exit 7'
mark="zb-$$-map"
ok 'what is left of other ids is ended, without a process namespace too' zbox_usr --share-pid --map auto --uid 33 \
	python3 -c "import os, time
if os.fork() == 0: os.setsid(); time.sleep(600) # $mark"
gone() { ! pgrep -f "$mark"; }
ok 'it is' poll 10 gone

# ---- what is refused ----

refuses 'ids of others' 125 'not allowed' -- zbox_usr --map "5:$((first + count)):1" echo ran
refuses 'the host'\''s root' 125 'uid 0 of the host is not for sandboxes' -- zbox_usr --map 5:0:1 echo ran
refuses 'a number twice inside' 125 'uid 6 inside is mapped twice' -- zbox_usr --map "5:$first:2" --map "6:$((first + 9)):1" echo ran
refuses 'a number twice outside' 125 "uid $first outside is mapped twice" -- zbox_usr --map "5:$first:1" --map "6:$first:1" echo ran
refuses '--uid that is not in the map' 125 'not in the map' -- zbox_usr --map auto --uid $((count + 1)) echo ran
for bad in '' none 1 1:2 1:2:3:4 1:2: :2:3 a:2:3 1:-2:3 '1: 2:3' uid:1:2 xid:1:2:3 4294967296:1:1 1:2:99999999999999999999; do
	refuses "--map '$bad'" 125 '--map takes root, keep, auto or INNER:OUTER:COUNT' -- zbox_usr --map "$bad" echo ran
done
refuses '--map with --uid where there is nothing to choose' 125 '--map keep cannot be combined' -- zbox_usr --map keep --uid 5 echo ran
refuses '--map with a namespace that exists' 125 'cannot be combined' -- zbox_usr --map auto --userns 0 echo ran
refuses '--name with another id of the map' 125 '--name cannot be combined' -- zbox_usr --name maps --map auto --uid 33 echo ran
refuses 'bwrap has no --map' 1 'Unknown option --map' -- bwrap_usr --map auto echo ran

# ---- machines that are set up otherwise: in a mount namespace, where the caller is itself ----

with() { unshare --map-current-user --keep-caps -m bash -c "$1"'; shift; exec "$@"' bash "$@"; }
if ! as_root; then
	refuses 'under no_new_privs' 125 'under no_new_privs' -- setpriv --no-new-privs "$ZBOX" --ro-bind /usr /usr --map auto echo ran
	contains 'the hint says what works' "$err" '--map keep'
	: >none
	refuses 'no ranges' 125 "/etc/subuid has no range of uids for $name (uid $me)" -- with "mount --bind none /etc/subuid" "$ZBOX" --ro-bind /usr /usr --map auto echo ran
	contains 'and who can give them' "$err" 'usermod --add-subuids'
	refuses 'no ranges of groups' 125 "/etc/subgid has no range of gids for $name" -- with "mount --bind none /etc/subgid" "$ZBOX" --ro-bind /usr /usr --map auto echo ran
	printf '%s:5000:7\nother:1:2\n%s:6000:3\n' "$me" "$name" >several
	run with "mount --bind several /etc/subuid" "$ZBOX" --ro-bind /usr /usr --map auto --explain true
	contains 'ranges by number and by name, several lines' "$out" "1 to 7 inside are 5000 to 5006 outside
    8 to 10 inside are 6000 to 6002 outside"
	mkdir empty
	refuses 'newuidmap is not there' 125 'newuidmap: No such file or directory' -- with "mount --bind empty /usr/bin" "$ZBOX" --ro-bind /usr /usr --map auto echo ran
	contains 'which package has it' "$err" 'package uidmap'
	cp /usr/bin/newuidmap plain
	refuses 'newuidmap without its bit' 125 "newuidmap has neither root's set-user-ID bit nor file capabilities" -- \
		with "mount --bind plain /usr/bin/newuidmap" "$ZBOX" --ro-bind /usr /usr --map auto echo ran
	contains 'and the cure' "$err" 'chmod u+s'
	refuses 'newuidmap where bits do nothing' 125 'mounted nosuid' -- \
		with "mount --rbind /usr /usr && mount -o remount,bind,nosuid /usr" "$ZBOX" --ro-bind /usr /usr --map auto echo ran
fi
finish
