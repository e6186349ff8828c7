#!/bin/bash
# Joining and closing user namespaces: --userns, --userns2, --pidns, --disable-userns.
. "$(dirname "$0")/../lib.sh"
host=(--dev-bind / /)
sanitized && export ASAN_OPTIONS=detect_leaks=0

# A sandbox whose namespaces are joined; it lives until "end" gets a line.
mkfifo end end2
"$BWRAP" "${host[@]}" --unshare-user --uid 0 --gid 0 --unshare-pid --proc /proc --info-fd 7 \
	sh -c 'echo up >up; read -r x <end' 7>info &
box=$!
poll 10 test -e up
child=$(sed -n 's/.*"child-pid": \([0-9]*\).*/\1/p' info)
user="/proc/$child/ns/user"
pid="/proc/$child/ns/pid"
in_user=$(readlink "$user")

gives '--userns joins' 0 "$in_user" -- \
	bwrap "${host[@]}" --userns 7 readlink /proc/self/ns/user 7<"$user"
gives '--userns keeps the caller' 0 "0" -- bwrap "${host[@]}" --userns 7 id -u 7<"$user"
if before 0.12; then
	refuses '--userns with --unshare-user' 1 'bwrap: --userns not compatible --unshare-user' -- \
		bwrap "${host[@]}" --userns 7 --unshare-user echo ran 7<"$user"
	refuses '--userns with --unshare-user-try' 1 'bwrap: --userns not compatible --unshare-user-try' -- \
		bwrap "${host[@]}" --userns 7 --unshare-user-try echo ran 7<"$user"
fi
refuses '--userns with what is no namespace' 1 'bwrap: Joining the specified user namespace failed' -- \
	bwrap "${host[@]}" --userns 7 echo ran 7</dev/null
refuses '--userns closed' 1 'bwrap: Joining specified user namespace failed' -- \
	bwrap "${host[@]}" --userns 7 echo ran
gives '--pidns joins' 0 "$(readlink "$pid")" -- \
	bwrap "${host[@]}" --userns 7 --pidns 8 --proc /proc readlink /proc/self/ns/pid 7<"$user" 8<"$pid"
gives '--pidns: the processes there are seen' 0 seen -- bwrap "${host[@]}" --userns 7 --pidns 8 \
	--proc /proc sh -c 'ps -eo args | grep -q "[r]ead -r x" && echo seen' 7<"$user" 8<"$pid"
gives '--pidns: exit status' 0 '' -- bwrap "${host[@]}" --userns 7 --pidns 8 true 7<"$user" 8<"$pid"
gives '--pidns: exit status 7' 7 '' -- \
	bwrap "${host[@]}" --userns 7 --pidns 8 sh -c 'exit 7' 7<"$user" 8<"$pid"
gives '--pidns with --unshare-pid: a new one inside it' 0 2 -- bwrap "${host[@]}" --userns 7 --pidns 8 \
	--unshare-pid sh -c 'echo $$' 7<"$user" 8<"$pid"
run bwrap "${host[@]}" --userns 7 --pidns 8 --info-fd 9 true 7<"$user" 8<"$pid" 9>info2
contains '--pidns with --info-fd' "$(cat info2)" '"child-pid"'
nok '--pidns with what is no namespace' bwrap "${host[@]}" --userns 7 --pidns 8 true 7<"$user" 8</dev/null

# --userns2: a child of the one that --userns names.
"$BWRAP" "${host[@]}" --userns 7 --info-fd 8 unshare -U sh -c 'echo up >up2; read -r x <end2' 7<"$user" 8>info3 &
box2=$!
poll 10 test -e up2
inner=$(below "$box2" sh)
gives '--userns2' 0 "$(readlink "/proc/$inner/ns/user")" -- \
	bwrap "${host[@]}" --userns 7 --userns2 8 readlink /proc/self/ns/user 7<"$user" 8<"/proc/$inner/ns/user"
gives '--userns2 with a network namespace of its own' 0 "$(readlink "/proc/$inner/ns/user") lo" -- \
	bwrap "${host[@]}" --userns 7 --userns2 8 --unshare-net \
	sh -c 'echo $(readlink /proc/self/ns/user) $(sed -n "3s/ *\(.*\):.*/\1/p" /proc/self/net/dev)' \
	7<"$user" 8<"/proc/$inner/ns/user"
echo >end
echo >end2
wait "$box" "$box2"

# ---- --disable-userns ----

try='unshare -U true 2>/dev/null && echo made'
gives 'a user namespace can be made' 0 made -- bwrap "${host[@]}" --unshare-user sh -c "$try"
nok '--disable-userns: it cannot' bwrap "${host[@]}" --unshare-user --disable-userns sh -c "$try"
nok 'nor after a try to raise the limit' bwrap "${host[@]}" --unshare-user --disable-userns \
	sh -c "echo 100 >/proc/sys/user/max_user_namespaces; $try"
gives '--assert-userns-disabled agrees' 0 '' -- \
	bwrap "${host[@]}" --unshare-user --disable-userns --assert-userns-disabled true
refuses '--assert-userns-disabled alone' 1 \
	'bwrap: creation of new user namespaces was not disabled as requested' -- \
	bwrap "${host[@]}" --unshare-user --assert-userns-disabled echo ran
refuses '--disable-userns asks for --unshare-user' 1 'bwrap: --disable-userns requires --unshare-user' -- \
	bwrap "${host[@]}" --disable-userns echo ran
if before 0.12; then
	refuses '--disable-userns with --userns-block-fd' 1 \
		'bwrap: --disable-userns is not compatible with  --userns-block-fd' -- \
		bwrap "${host[@]}" --unshare-user --disable-userns --userns-block-fd 7 --info-fd 8 echo ran 7</dev/null 8>info
fi
gives '--disable-userns keeps the ids' 0 "$(id -u):$(id -g)" -- \
	bwrap "${host[@]}" --unshare-user --disable-userns sh -c 'echo $(id -u):$(id -g)'
gives '--disable-userns with other ids' 0 5:6 -- \
	bwrap "${host[@]}" --unshare-user --disable-userns --uid 5 --gid 6 sh -c 'echo $(id -u):$(id -g)'
finish
