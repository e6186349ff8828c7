#!/bin/bash
# timeout: 300
# --try: nothing reaches the host unseen, the list is what others say it is, discarding leaves
# everything as it was, applying makes it what it would be without zbox; whatever names, links and
# modes the command leaves behind, whatever the host did meanwhile, and whenever it is interrupted.
. "$(dirname "$0")/../lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$here/../.." && pwd)
tree_() { python3 "$here/tree.py" "$@"; }
mkdir "$T/scratch" && export TMPDIR=$T/scratch
kept() { find "$TMPDIR" -mindepth 1 -maxdepth 1 -name 'zbox-try.*'; }
tried() { zbox_usr --try="$T/p" --chdir "$T/p" "$@"; }
# try_in NAME COMMAND...: into a directory of that name
into() { rm -rf "${T:?}/$1" && tried --try-keep "$T/$1" "${@:2}"; }
listed() { zbox --changes "$1" --json | tree_ listed "$T/p"; }

project() {
	chmod -R u+rwX "$T/p" "$T/was" 2>/dev/null
	rm -rf "$T/p" "$T/was" && mkdir -p "$T/p/dir/sub" "$T/p/old" || exit 1
	printf 'one\ntwo\nthree\n' >"$T/p/text" && echo same >"$T/p/same" && echo x >"$T/p/dir/sub/deep"
	echo gone >"$T/p/old/gone" && ln -s text "$T/p/link" && echo y >"$T/p/dir/file"
	find "$T/p" -exec touch -h -d '2020-01-01 00:00:00.123456789' {} +
	cp -a "$T/p" "$T/was"
}

# ---- one of each ----

all='echo four >>text; rm -r old; mkdir new; echo n >new/n; ln -s ../text new/l; ln -sfn nowhere link;
	chmod 700 dir; rm dir/file; mkdir dir/file; echo in >dir/file/in; touch same; mkfifo -m 640 fifo;
	: >empty; mkdir -m 500 closed'
project
ok 'its twin: without --try the host is changed' zbox_usr --bind "$T/p" "$T/p" --chdir "$T/p" sh -c "$all"
tree_ shape "$T/p" >shape-direct
tree_ changes was p >direct
project
tree_ state "$T/p" >state
gives 'what it did the command sees' 0 $'four\nin' -- into changes sh -c "$all; tail -n 1 text; cat dir/file/in"
contains 'it is said where the changes are' "$err" "the changes are in $T/changes"
tree_ state "$T/p" >state-after
ok 'the host does not' cmp state state-after
is 'the list is what differs' "$(listed "$T/changes")" "$(sed "s/changed b'same'/changed b'same'/" direct)"
run zbox --changes "$T/changes"
matches 'the list has kind, size, mode and path' "$out" "changed  file +19 0644  $T/p/text"
matches 'also of links' "$out" "changed  link +$T/p/link -> nowhere"
run zbox --changes "$T/changes" --diff
contains 'with --diff what changed' "$out" $'@@ -1,3 +1,4 @@\n one\n two\n three\n+four'
ok 'it can be applied' zbox --apply "$T/changes"
tree_ shape "$T/p" >shape-applied
ok 'then it is as without zbox' diff -u shape-direct shape-applied
nok 'and the changes are gone' test -e "$T/changes"

project
tree_ state "$T/p" >state
run into changes sh -c "$all"
ok 'it can be thrown away' zbox --discard "$T/changes"
tree_ state "$T/p" >state-after
ok 'then everything is as it was' cmp state state-after
nok 'and the changes are gone, too' test -e "$T/changes"

# ---- without a name ----

gives 'a command that changes nothing leaves nothing' 0 '' -- tried true
is 'no directory' "$(kept)" ''
is 'no word' "$err" ''
gives 'the status is the command'\''s' 7 '' -- tried sh -c 'echo >x; exit 7'
contains 'without a terminal the list is shown' "$err" "added    file               1 0644  $T/p/x"
contains 'and the changes are kept' "$err" "$(kept)"
nok 'and nothing is applied' test -e "$T/p/x"
ok 'until it is said' zbox --apply "$(kept)"
ok 'then it is' test -e "$T/p/x"
run tried /nowhere
is 'a command that does not start leaves nothing' "$status $(kept)" '127 '
run zbox --explain --ro-bind /usr /usr --try="$T/p" true
contains '--explain has the overlay' "$out" "$T/p, (made at the start)/0/upper on $T/p"
is 'and makes nothing' "$(kept)" ''
gives 'the place is what its links lead to' 0 "$T/p" -- \
	sh -c 'ln -s p "$0/via" && cd "$0" && "$1" --ro-bind /usr /usr --try=via --chdir "$0/p" pwd' "$T" "$ZBOX"
refuses 'a place that is not there' 125 '--try' -- zbox_usr --try="$T/none" true
refuses 'a file is none' 125 '--try' -- zbox_usr --try="$T/p/text" true

# ---- the question ----

# played NAME COMMAND... <SCRIPT
played() {
	cat >"$T/script"
	# shellcheck disable=SC2016
	ok "$1" sh -c '"$@" <"$0"' "$T/script" python3 "$here/pty-driver.py" "$ZBOX" --ro-bind /usr /usr \
		--try="$T/p" --chdir "$T/p" -- "${@:2}"
}
project
played 'yes' sh -c 'echo q >asked; sleep 0.2' <<-'END'
	send n\n
	expect added .*asked
	expect Apply these changes
	send d\n
	expect \+q
	expect Apply these changes
	send y\n
	end 0
END
is 'is done, and what was typed before was no answer' "$(cat "$T/p/asked")" q
project
played 'no' sh -c 'echo q >asked' <<-'END'
	expect Apply these changes
	send n\n
	end 0
END
is 'leaves nothing' "$(find "$T/p/asked" 2>/dev/null; kept)" ''
played 'the end of the terminal keeps them' sh -c 'echo q >asked' <<-'END'
	expect Apply these changes
	send \x04
	expect the changes are in
	end 0
END
run zbox --discard "$(kept)"
played 'a name cannot play' sh -c 'echo >"$(printf "a\033[2K\ry")"' <<-'END'
	expect a\\x1b\[2K\\x0dy
	expect Apply these changes
	send n\n
	end 0
END

# ---- what a hostile command leaves behind ----

project
cat >hostile.py <<'END'
import os, socket
os.mkdir("shut"); open("shut/in", "w").write("x"); os.chmod("shut", 0)
open("dark", "w").write("x"); os.chmod("dark", 0)
open("new\nline", "w"); open("esc\x1b[31m", "w"); open(b"bad\xff", "w"); open("-rf", "w")
os.symlink("/etc/passwd", "passwd"); os.symlink("..", "up")
s = socket.socket(socket.AF_UNIX); s.bind("sock")
with open("sparse", "w") as f: f.truncate(1 << 40)
os.setxattr("same", "user.mine", b"v"); os.setxattr("same", "user.overlay.opaque", b"y")
os.mkdir("d" * 255)
for name in ("mknod", "setid"):
    try:
        if name == "mknod": os.mknod("node", 0o600 | 0o020000, os.makedev(1, 3))
        else: os.chmod("text", 0o4755)
        print("could", name)
    except OSError: pass
os.link("text", "text2")
END
gives 'a hostile command' 0 '' -- into hostile --ro-bind "$T/hostile.py" "$T/hostile.py" python3 "$T/hostile.py"
run zbox --changes "$T/hostile"
contains 'newlines are shown as such' "$out" 'new\nline'
contains 'and escapes' "$out" 'esc\x1b[31m'
run zbox --apply "$T/hostile"
is 'a socket is not applied' "$status $(test -e "$T/p/sock" || echo none)" '1 none'
contains 'which is said' "$err" "not applied: $T/p/sock"
is 'the rest is: a closed directory' "$(stat -c %a "$T/p/shut" "$T/p/dark" | tr '\n' ' ')" '0 0 '
is 'its entry' "$(chmod 700 "$T/p/shut" && cat "$T/p/shut/in")" x
is 'a hole stays one' "$(stat -c %s "$T/p/sparse"), $(($(stat -c %b "$T/p/sparse") < 1000))" "$((1 << 40)), 1"
is 'attributes' "$(python3 -c 'import os; print(os.listxattr("p/same"))')" "['user.mine']"
is 'links as they are' "$(readlink "$T/p/passwd")" /etc/passwd
is 'two names of one file' "$(stat -c %h "$T/p/text2")" 2
ok 'and what is left can be thrown away' zbox --discard "$T/hostile"
rm -f "$T/p/sparse"

# What the overlay would not let the command do: the upper directory is ours to change here.
project
run into forged sh -c 'echo x >dir/new; echo x >run'
chmod 6755 "$T/forged/0/upper/run"
run zbox --changes "$T/forged"
contains 'set-id bits are said to be dropped' "$out" "$T/p/run  (its set-id bits are dropped)"
mv "$T/p/dir" "$T/p/dir2" && ln -s "$T/was" "$T/p/dir"
tree_ state "$T/was" >state
run zbox --apply "$T/forged"
is 'a link in the place of a directory is not followed' "$status" 1
tree_ state "$T/was" >state-after
ok 'nothing is written behind it' cmp state state-after
is 'and set-id bits are' "$(stat -c %a "$T/p/run")" 755
run zbox --discard "$T/forged"

# ---- what the host did meanwhile ----

project
run into meanwhile sh -c 'echo mine >text; echo mine >same; rm dir/file; rm -r old; echo mine >born'
echo theirs >"$T/p/text" && chmod 600 "$T/p/dir/file" && echo theirs >"$T/p/old/more" && echo theirs >"$T/p/born"
run zbox --changes "$T/meanwhile"
contains 'the list says what the host changed' "$out" "$T/p/text  (changed on the host meanwhile)"
run zbox --apply "$T/meanwhile"
is 'that is not applied' "$status $(cat "$T/p/text" "$T/p/born" "$T/p/old/more" | tr '\n' ' ')" '1 theirs theirs theirs '
is 'not removed either' "$(cat "$T/p/dir/file")" y
contains 'and is named' "$err" "not applied: $T/p/text: it was changed on the host meanwhile"
is 'the rest is applied' "$(cat "$T/p/same")" mine
ok 'and the changes are kept' test -d "$T/meanwhile"
cp -p "$T/meanwhile/0/upper/text" "$T/meanwhile/0/upper/born" "$T/p"
run zbox --apply "$T/meanwhile"
lacks 'what is the same by now is no difference' "$err" "$T/p/text"
run zbox --discard "$T/meanwhile"
project
run into elsewhere sh -c 'echo mine >text'
mv "$T/p" "$T/p2" && mkdir "$T/p" && echo theirs >"$T/p/text"
refuses 'another directory in its place' 125 'is not the directory any more' -- zbox --apply "$T/elsewhere"
is 'is not touched' "$(cat "$T/p/text")" theirs
rm -rf "$T/p" && mv "$T/p2" "$T/p"
run zbox --discard "$T/elsewhere"

# ---- the directory of the changes ----

project
run into held true
refuses 'one that holds changes is not used again' 125 'holds changes already' -- tried --try-keep "$T/held" true
chmod 777 "$T/held"
refuses 'nor one that others may write in' 125 'nobody else may write in it' -- zbox --apply "$T/held"
chmod 700 "$T/held"
(exec 9<"$T/held" && flock 9 && zbox --discard "$T/held") 2>"$T/.err"
contains 'nor one in use' "$(cat "$T/.err")" 'in use by another zbox'
ln -s held "$T/held-link"
ok 'a name of it' zbox --changes "$T/held-link"
run zbox --discard "$T/held"
mkdir "$T/mine" && echo x >"$T/mine/file"
refuses 'a directory of something else is left alone' 125 'is not empty' -- tried --try-keep "$T/mine" true
refuses 'and not removed' 125 'holds no changes' -- zbox --discard "$T/mine"
touch "$T/mine/ended" # as what was removed in part has
refuses 'whatever it holds' 125 'holds no changes' -- zbox --discard "$T/mine"
is 'at all' "$(cat "$T/mine/file")" x
refuses 'the changes are not put in reach of the command' 125 'in reach of the command' -- \
	zbox_usr --try="$T/p" --bind "$T" "$T/all" --try-keep "$T/reach" true
nok 'and nothing is left of that' test -e "$T/reach"
run zbox_usr --try="$T" --chdir "$T" sh -c 'for f in scratch/zbox-try.*; do echo evil >"$f/zbox-try"; done; echo x >p/y'
lacks 'below a tried directory they are no change' "$err" $'/zbox-try\n'
contains 'others are' "$err" "$T/p/y"
ok 'and they are applied as they are' zbox --apply "$(kept)"
is 'all of them' "$(cat "$T/p/y")$(kept)" x

# ---- interrupted ----

project
for i in $(seq 40); do head -c 300000 /dev/zero | tr '\0' "o" >"$T/p/file$i"; done
find "$T/p" -exec touch -h -d '2020-01-01' {} +
rm -rf "$T/was" && cp -a "$T/p" "$T/was"
run into broken sh -c 'for i in $(seq 40); do tr o n <file$i >x && cat x >file$i; done; rm x; rm -r old; mkdir -p a/b/c && for i in $(seq 100); do echo $i >a/b/c/$i; done'
zbox --changes "$T/broken" --json | tree_ listed "$T/p" >wanted
half=0
for i in $(seq 30); do
	# the rounds get longer, so that each is killed at another place and the last ones finish
	{ timeout -s KILL "0.$(printf %03d $((i * 4)))" "$ZBOX" --apply "$T/broken"; } >/dev/null 2>&1
	for f in "$T"/p/file*; do
		case $(tr -d on <"$f" | wc -c) in 0) ;; *) half=$((half + 1)) ;; esac
		[ "$(stat -c %s "$f")" = 300000 ] && [ "$(head -c 1 "$f")" = "$(tail -c 1 "$f")" ] || half=$((half + 1))
	done
	[ -d "$T/broken" ] || break
done
is 'killed at any time, no file is half written' "$half" 0
[ ! -d "$T/broken" ] || ok 'and it is done again' zbox --apply "$T/broken"
nok 'to the end' test -e "$T/broken"
is 'and all is applied' "$(tree_ changes was p)" "$(cat wanted)"
is 'without anything else left behind' "$(find "$T/p" -name '.zbox-*')" ''

# A full disk, while what is applied is written beside its place.
if ! as_root; then
	mkdir -p "$T/tight"
	# shellcheck disable=SC2016  # the inner shell's
	run unshare --map-current-user --keep-caps -m bash -c 'mount -t tmpfs -o size=1m,mode=700 tmpfs tight && cd tight || exit 9
		echo old >first; head -c 400000 /dev/zero | tr "\0" o >second
		"$0" --ro-bind /usr /usr --try="$PWD" --chdir "$PWD" --try-keep "$1" sh -c "echo new >first; head -c 900000 /dev/zero | tr \"\\0\" n >second" || exit 8
		"$0" --apply "$1"
		echo "$? $(cat first) $(stat -c %s second) $(tr -d o <second | wc -c) $(ls -A)"
		mount -o remount,size=4m,mode=700 tmpfs .
		"$0" --apply "$1"
		echo "$? $(cat first) $(stat -c %s second) $(tr -d n <second | wc -c) $(ls -A)"' "$ZBOX" "$T/full"
	is 'on a full disk a file is as it was, and applied when there is room' "$out" $'1 new 400000 0 first\nsecond\n0 new 900000 0 first\nsecond'
	contains 'which is said' "$err" 'No space left on device'
	rm -rf "$T/full"
fi

# Stopped as it removes what it has applied: at the first, second ... name that goes.
project
command -v strace >/dev/null || flunk 'strace is not installed: tools/setup test'
cut=0 bad=
for when in $(seq 12); do
	rm -rf "$T/cut"
	run into cut sh -c 'echo new >text; rm -r old; mkdir made'
	touch "$T/cut/zbox-try.time" # of an earlier one that was killed, too
	run strace -f -qq -o /dev/null -e trace=unlinkat -e inject=unlinkat:signal=KILL:when="$when" "$ZBOX" --apply "$T/cut"
	[ -d "$T/cut" ] || continue
	cut=$((cut + 1))
	run zbox --apply "$T/cut"
	if [ "$status" != 0 ] || [ -e "$T/cut" ] || [ "$(cat "$T/p/text")" != new ] || [ -e "$T/p/old" ]; then
		bad+=" at name $when: $status $err"
	fi
done
isnt 'killed as it removes what it applied' "$cut" 0
is 'wherever that is, --apply is done again' "$bad" ''
run into cut sh -c 'echo more >text'
run strace -f -qq -o /dev/null -e trace=unlinkat -e inject=unlinkat:signal=KILL:when=2 "$ZBOX" --discard "$T/cut"
ok 'it was cut off' test -e "$T/cut/ended"
refuses '--changes says what is left' 125 'were applied or discarded already' -- zbox --changes "$T/cut"
ok '--apply of what was discarded applies nothing' zbox --apply "$T/cut"
contains 'says so' "$err" 'were applied or discarded already; the rest is removed'
is 'and removes the rest' "$(ls -d "$T/cut" 2>&1) $(cat "$T/p/text")" "ls: cannot access '$T/cut': No such file or directory new"

# ---- what is mounted below ----

project
mounted() { bwrap --dev-bind / / --tmpfs "$T/p/old" -- "$ZBOX" --ro-bind /usr /usr --try="$T/p" --chdir "$T/p" "$@"; }
run mounted sh -c 'touch dir/new'
matches 'with a mount below, what is beside it is on trial' "$err" "added    file +0 0644  $T/p/dir/new"
nok 'the directory itself is read-only' mounted touch top
run zbox --discard "$(kept)"
nok 'and nothing reaches the host' test -e "$T/p/dir/new"

# ---- a real installation, on the whole host ----

mkdir -p "$T/inst"
# -o all: what is built stays as it is, others use it; another PREFIX would be compiled in
ok 'outside, make install' make -s -o all -C "$tree" B="$(dirname "$ZBOX")" install PREFIX="$T/inst" </dev/null
echo older >"$T/inst/bin/zbox" && rm -r "$T/inst/share/man" && echo mine >"$T/inst/share/doc/zbox/mine"
cp -a "$T/inst" "$T/inst-was"
tree_ state "$T/inst" >state
run zbox --try --try-keep "$T/install" -- make -s -o all -C "$tree" B="$(dirname "$ZBOX")" install PREFIX="$T/inst"
is 'on trial' "$status" 0
tree_ state "$T/inst" >state-after
ok 'the host is as it was' cmp state state-after
zbox --changes "$T/install" --json | tree_ listed "$T/inst" | grep -v "b'\.\." >wanted
ok 'applied' zbox --apply "$T/install"
is 'the list is what differs' "$(cat wanted)" "$(tree_ changes inst-was inst)"
mv "$T/inst" "$T/inst-tried" && cp -a "$T/inst-was" "$T/inst"
ok 'the same without zbox' make -s -o all -C "$tree" B="$(dirname "$ZBOX")" install PREFIX="$T/inst" </dev/null
rsync -naiH --delete --no-times --checksum "$T/inst/" "$T/inst-tried/" | grep -v '^\.' >rsync
is 'and rsync finds no difference to an installation without zbox' "$(cat rsync)" ''
tree_ shape "$T/inst-tried" >shape-applied && tree_ shape "$T/inst" >shape-direct
ok 'nor does anybody else' diff -u shape-direct shape-applied

# ---- the whole host ----

run zbox --try sh -c 'touch /usr/bin/evil; touch /etc/evil; touch "$0/p/here" && cat "$0/p/same"' "$T"
is 'the whole host can be read' "$status $out" '0 same'
matches 'what the caller may write in is on trial' "$err" "added    file +0 0644  $T/p/here"
as_root || nok 'and nothing else can be written' zbox --try touch /etc/evil
run zbox --discard "$(kept)"
nok 'and nothing was' test -e /etc/evil

finish
