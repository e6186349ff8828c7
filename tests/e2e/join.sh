#!/bin/bash
# --join: a second start of the same thing runs in the sandbox of the first; of another thing it is
# refused.
. "$(dirname "$0")/../lib.sh"

# Not below $T: a socket's path is short.
XDG_RUNTIME_DIR=$(mktemp -d /tmp/zbox-join.XXXXXX) || exit 1
export XDG_RUNTIME_DIR
trap 'kill "${started[@]}" 2>/dev/null; rm -rf "$XDG_RUNTIME_DIR"' EXIT
started=()

# start NAME OPTION... COMMAND: in the background; returns when it runs.
start() {
	"$ZBOX" --ro-bind /usr /usr --name "$@" </dev/null >"$T/$1.out" 2>"$T/$1.err" &
	started+=($!)
	poll 20 runs "$1" || { note "$(cat "$T/$1.err")"; return 1; }
}
runs() { "$ZBOX" --list=json | tr -d ' \n' | grep -qF "\"name\":\"$1\",\"started\":true"; }
again() { "$ZBOX" --ro-bind /usr /usr --name "$@"; }
here='echo $(cat /tmp/here)'

ok 'the first one' start one --join --setenv A b sh -c 'echo "$A" >/tmp/here; exec sleep 600'
gives 'the second runs in its sandbox' 0 b -- again one --join --setenv A b sh -c "$here"
contains 'which is said' "$err" 'runs in the sandbox one, which is there already'
run again one --join --quiet --setenv A b true
is 'not with --quiet' "$status $err" '0 '
gives 'the exit status is that of the command' 7 '' -- again one --join --quiet --setenv A b sh -c 'exit 7'
refuses 'without --join the name is taken' 125 'is running already' -- again one --setenv A b echo ran
gives 'under another name it is another sandbox' 0 '' -- again two --join --setenv A b sh -c "$here 2>/dev/null"
lacks 'of which nothing is said' "$err" zbox

# ---- who asked for something else does not get it ----

differs='and not with these options'
refuses 'another value' 125 "$differs" -- again one --join --setenv A c echo ran
refuses 'one option less' 125 "$differs" -- again one --join echo ran
refuses 'one more' 125 "$differs" -- again one --join --setenv A b --share-net echo ran
refuses 'another bind' 125 "$differs" -- again one --join --setenv A b --ro-bind /etc /tmp/etc echo ran
refuses 'a stricter filter' 125 "$differs" -- again one --join --setenv A b --seccomp-deny socket echo ran
ok 'one that was not to be joined' start closed sleep 600
refuses 'is not' 125 "$differs" -- again closed --join echo ran
for option in '--stats' '--meta /dev/null' '--keep-fd 0' '--status-fd 1' '--sync-fd 0' '--seccomp 0' '--netns /proc/self/ns/net' '--try'; do
	# shellcheck disable=SC2086  # an option and its operand
	refuses "not with ${option%% *}" 125 'cannot be combined' -- again one --join $option echo ran
done
refuses 'what a descriptor holds' 125 'cannot be compared' -- again one --join --file 0 /tmp/x echo ran
refuses 'it takes a name' 125 'requires --name' -- zbox_usr --join echo ran

# ---- profiles, and where the caller is ----

mkdir -p a b
printf 'ro-bind /usr /usr\nname %s\njoin\nsetenv A "${HOME}"\n' profiled >app.profile
export HOME=$T
"$ZBOX" --profile ./app.profile sleep 600 2>"$T/log" &
started+=($!)
ok 'by a profile' poll 20 runs profiled
gives 'it is joined' 0 "$T" -- "$ZBOX" --quiet --profile ./app.profile printenv A
gives 'from another folder too' 0 "$T" -- sh -c "cd a && \"\$0\" --quiet --profile ../app.profile printenv A" "$ZBOX"
refuses 'not when the profile says something else now' 125 "$differs" -- env HOME="$T/a" "$ZBOX" --profile ./app.profile echo ran
refuses 'nor with a word more' 125 "$differs" -- "$ZBOX" --profile ./app.profile --share-net echo ran
relative=("$ZBOX" --quiet --ro-bind /usr /usr --ro-bind . /tmp/x --join --name)
(cd a && exec "${relative[@]}" rel sleep 600) &
started+=($!)
ok 'with a path of the caller' poll 20 runs rel
cd a || exit 1
gives 'it is the same from there' 0 ok -- "${relative[@]}" rel echo ok
cd ../b || exit 1
refuses 'and another from elsewhere' 125 "$differs" -- "${relative[@]}" rel echo ok
cd .. || exit 1

# ---- files of the words ----

echo text >file
ok 'with --files' start files --join --files sleep 600
gives 'a word that names none' 0 file-not -- again files --quiet --join --files echo file-not
refuses 'a file cannot be put in' 125 'cannot be given to a sandbox that runs' -- again files --join --files cat file

# ---- all at once ----

# shellcheck disable=SC2016  # the inner shell's
meet='all() { until [ "$(cat /tmp/$1 | wc -l)" = 6 ]; do sleep 0.02; done; }; echo x >>/tmp/came; all came; echo done; echo x >>/tmp/said; all said'
for round in 1 2 3 4 5; do
	for each in 1 2 3 4 5 6; do
		"$ZBOX" --quiet --ro-bind /usr /usr --name "race$round" --join sh -c "$meet" >"$T/race.$each" 2>&1 &
		racers[each]=$!
	done
	wait "${racers[@]}"
	cat "$T"/race.*
done >all
is 'six that start at once are in one sandbox' "$(sort all | uniq -c | xargs)" '30 done'
ok 'it ends' again one --join --quiet --setenv A b true
run "$ZBOX" --kill one
gives 'when it has ended the next is the first again' 0 none -- again one --join --setenv A b sh -c '[ -e /tmp/here ] || echo none'
finish
