#!/bin/bash
# An archive as the root: owners, kinds of files and compressions; the cache, whatever happens to it;
# and archives that are broken or made to do harm, none of which leaves anything behind.
# timeout: 300
# shellcheck source=tests/e2e/unpack-world.sh
. "$(dirname "$0")/unpack-world.sh"

files() { find "$@" -mindepth 1 -maxdepth 1 | wc -l; }

# make NAME <<PYTHON: a tar; in the text, t is the tarfile, and add() and file() add to it.
make() {
	cat >"$T/script"
	python3 - "$1" "$busybox" "$T/script" "$entries" <<'PYTHON'
import io, sys, tarfile
name, busybox, script, entries = sys.argv[1:]
t = tarfile.open(name, "w", format=tarfile.PAX_FORMAT)
exec(open(entries).read())
def system():
    for d in "./ ./bin ./etc ./root ./proc ./dev ./tmp ./run ./var ./var/tmp ./srv".split(): add(d)
    file("./bin/busybox", open(busybox, "rb").read(), 0o755)
    for n in "sh cat id ls stat touch readlink wc find true".split(): link("./bin/" + n, "busybox")
exec(open(script).read())
t.close()
PYTHON
}

# ---- what is in it ----

make good.tar <<'EOT'
system()
file("./srv/file", b"from the archive\n", 0o640)
link("./srv/link", "file")
hard("./srv/hard", "./srv/file")
add("./srv/fifo", tarfile.FIFOTYPE, 0o600)
add("./srv/sticky", mode=0o1777)
file("./srv/set", b"", 0o4755)
add("./dev/null", tarfile.CHRTYPE, devmajor=1, devminor=3)
add("./srv/" + "d" * 100 + "/" + "e" * 100)
file("./srv/" + "d" * 100 + "/" + "e" * 100 + "/f", b"long\n")
file("./srv/b\xc3\xa9 \n name", b"odd\n")
file("./made/parents/too", b"y\n")
EOT
good() { zbox --rootfs good.tar "$@"; }
gives 'what is in it is there' 0 'from the archive' -- good cat /srv/file
gives 'modes, links and times' 0 '/srv/file 640 1000000000 regular file
/srv/link 777 1000000000 symbolic link
/srv/fifo 600 1000000000 fifo
/srv/sticky 1777 1000000000 directory
/srv/set 4755 1000000000 regular empty file' -- good stat -c '%n %a %Y %F' /srv/file /srv/link /srv/fifo /srv/sticky /srv/set
gives 'hard links are one file' 0 '2 2' -- good sh -c 'echo $(stat -c %h /srv/file /srv/hard)'
gives 'long names, odd names, parents without an entry' 0 'long odd y' -- good sh -c 'echo $(cat /srv/d*/e*/f /srv/b* /made/parents/too)'
gives 'devices are the sandbox'\''s' 0 'character special file' -- good stat -c %F /dev/null
nok 'it is read-only' good touch /srv/new
ok 'with --rootfs-overlay it is not' good --rootfs-overlay touch /srv/new
nok 'and what was made is gone' good ls /srv/new
refuses '--rootfs-writable is for directories' 125 '--rootfs-writable requires a directory' -- good --rootfs-writable true
is 'one tree is in the cache' "$(trees | wc -l)" 1
is 'nothing is being made' "$(unpacking)" ''
is 'the cache is the caller'\''s alone' "$(stat -c %a "$cache" "$cache/trees")" '700
700'

# ---- a terminal is told how far it is ----

python3 - <<'EOT'
import tarfile, io
t = tarfile.open("big.tar", "w")
i = tarfile.TarInfo("./zeros"); i.size = 20 << 20
t.addfile(i, io.BytesIO(bytes(i.size)))
t.close()
EOT
run script -qec "'$ZBOX' --rootfs big.tar /none" /dev/null
matches 'progress on a terminal' "$out" 'unpacking the root file system: +[0-9]+ %'
rm -rf "$cache/trees" "$cache/files"
run zbox --rootfs big.tar /none
lacks 'and nowhere else' "$err" 'unpacking the'
wipe

# ---- found again ----

good true

inode() { stat -c '%i' "$cache/trees/"*/tree; }
was=$(inode)
ok 'the second time' good true
is 'it is the same tree' "$(inode)" "$was"
is 'the file is known' "$(files "$cache/files")" 1
cp good.tar copy.tar
ok 'a copy' zbox --rootfs copy.tar true
is 'has the same tree' "$(trees | wc -l)" 1
run strace -f -y -qq -e trace=open,openat,pread64 -o reads "$ZBOX" --rootfs good.tar true
is 'an archive that is known is opened and not read' "$(grep -c 'pread64.*good.tar' reads) $(grep -c 'open.*good.tar' reads)" '0 1'
make good.tar <<'EOT'
system()
file("./srv/file", b"another\n")
EOT
gives 'an archive that changed is another one' 0 another -- good cat /srv/file
is 'with another tree' "$(trees | wc -l)" 2
rm -rf "$cache/files"
gives 'without files/ it is read for its digest' 0 another -- good cat /srv/file
for boot in "$cache"/trees/*/boot; do echo elsewhen >"$boot"; done
gives 'a tree of another boot is made anew' 0 another -- good cat /srv/file
is 'and the old one is gone' "$(unpacking)" ''
wipe
for how in gzip xz zstd; do
	command -v $how >/dev/null || { flunk "$how is not installed: tools/setup test"; continue; }
	$how -q -c good.tar >good.tar.$how
	gives "$how" 0 another -- zbox --rootfs good.tar.$how cat /srv/file
done
run zbox --explain --rootfs copy.tar true
is '--explain unpacks nothing' "$status $(trees | wc -l)" '0 3'
XDG_CACHE_HOME='' run zbox --rootfs good.tar true
is 'without XDG_CACHE_HOME it is ~/.cache' "$(files "$HOME/.cache/zbox/trees")" 1
refuses 'no place for a cache' 125 'neither XDG_CACHE_HOME nor HOME' -- env -u XDG_CACHE_HOME -u HOME "$ZBOX" --rootfs good.tar true
mkdir -m 755 open && mkdir -m 755 open/zbox
refuses 'a cache that others can enter' 125 'mode 0700' -- env XDG_CACHE_HOME="$T/open" "$ZBOX" --rootfs good.tar true
mkdir elsewhere linked && ln -s "$T/elsewhere" linked/zbox
refuses 'a link in the place of the cache' 125 'the cache' -- env XDG_CACHE_HOME="$T/linked" "$ZBOX" --rootfs good.tar true
is 'is not followed' "$(ls elsewhere)" ''

# ---- owners ----

make owners.tar <<'EOT'
system()
file("./srv/theirs", uid=33, gid=44)
file("./srv/set", mode=0o4755, uid=7)
link("./srv/link", "theirs", uid=5, gid=6)
EOT
refuses 'owners that are not in the map' 125 "its owner 33:44 is not in the map" -- zbox --rootfs owners.tar true
contains 'with what helps' "$err" '--map auto'
first=$(awk -F: -v n="$(id -un)" -v u="$(id -u)" '$1 == n || $1 == u { print $2; exit }' /etc/subuid)
if ranges_work; then
	gives 'with --map auto they are theirs' 0 '33:44 5:6 7:0 4755' -- zbox --map auto --rootfs owners.tar \
		sh -c 'echo $(stat -c %u:%g /srv/theirs /srv/link) $(stat -c "%u:%g %a" /srv/set)'
	is 'outside they are of the range' "$(stat -c %u "$cache"/trees/*/tree/srv/theirs)" $((first + 32))
	gives 'with --map keep too' 0 33:44 -- zbox --map keep --map auto --rootfs owners.tar stat -c %u:%g /srv/theirs
	is 'which is another tree' "$(find "$cache"/trees/*/tree/srv -name theirs | wc -l)" 2
fi
make far.tar <<'EOT'
system()
file("./srv/far", uid=4294967295)
EOT
refuses 'an owner that cannot be' 125 'not in the map' -- zbox --rootfs far.tar true

# ---- harm ----

echo precious >precious
victim=$T/precious
before=$(find "$T/home" "$T/precious" "$T/elsewhere" -printf '%p %i %s %m\n' | sort | sha256sum; cat precious)
# harm NAME MESSAGE <<PYTHON: it is refused with the message, nothing outside is touched and no tree is kept.
harm() {
	local kept
	kept=$(trees)
	{ echo "victim = '$victim'"; cat; } >"$T/harm"
	make harm.tar <"$T/harm"
	refuses "$1" 125 "$2" -- zbox --rootfs harm.tar true
	is "$1: nothing is left" "$(trees):$(unpacking)" "$kept:"
	is "$1: nothing was touched" "$(find "$T/home" "$T/precious" "$T/elsewhere" -printf '%p %i %s %m\n' | sort | sha256sum; cat precious)" "$before"
}
harm 'a name with ..' 'a name with ".."' <<<'system(); file("./srv/../../../../../../../" + victim)'
harm '.. at the end' 'a name with ".."' <<<'system(); add("./srv/..")'
harm 'an absolute name' 'an absolute name' <<<'system(); file(victim)'
harm 'a parent that is a link out' 'a link in it leads out of the tree' <<<'system(); link("./srv/out", "/"); file("./srv/out/" + victim[1:])'
harm 'a parent that leads above the tree' 'a link in it leads out of the tree' <<<'system(); link("./srv/out", "../../.."); file("./srv/out/x")'
harm 'a link to a link' 'a link in it leads out of the tree' <<<'system(); link("./srv/a", "b"); link("./srv/b", "/etc"); file("./srv/a/x")'
harm 'a hard link to what is outside' 'a name with ".."' <<<'system(); hard("./srv/h", "../../../../../../.." + victim)'
harm 'an absolute hard link' 'an absolute name' <<<'system(); hard("./srv/h", victim); file("./srv/h", b"broken")'
harm 'a hard link through a link' 'a link in it leads out of the tree' <<<'system(); link("./srv/out", "/"); hard("./srv/h", "srv/out/" + victim[1:])'
harm 'a hard link to nothing' 'a link to' <<<'system(); hard("./srv/h", "./srv/none")'
harm 'a device' 'a device, and not below dev/' <<<'system(); add("./srv/disk", tarfile.BLKTYPE, devmajor=8, devminor=0)'
harm 'a file in the place of a directory' 'comes again, and is a directory' <<<'system(); file("./etc")'
harm 'the top of the tree as a file' 'harm.tar: ' <<<'file("./")'
harm 'a name that is too long' 'File name too long' <<<'system(); file("./srv/" + "n" * 300)'
make last.tar <<'EOT'
system()
link("./srv/a", "/etc/passwd")
file("./srv/a", b"in its place\n")
link("./srv/in", "../etc")
file("./srv/in/beneath", b"beneath\n")
EOT
gives 'a link that comes again as a file is replaced, one that stays inside is followed' 0 'in its place beneath' -- \
	zbox --rootfs last.tar sh -c 'echo $(cat /srv/a /etc/beneath)'

# ---- broken ----

# broken NAME MESSAGE FILE
broken() {
	local kept
	kept=$(trees)
	refuses "$1" 125 "$2" -- zbox --rootfs "$3" true
	is "$1: nothing is left" "$(trees):$(unpacking)" "$kept:"
}
head -c 300000 good.tar >short.tar
broken 'an archive that is cut' 'runcated' short.tar
for how in gzip xz zstd; do
	head -c $(($(stat -c %s good.tar.$how) / 2)) good.tar.$how >short.$how
	broken "$how that is cut" short.$how short.$how
	{ head -c 5000 good.tar.$how; head -c 2000 /dev/zero; tail -c +7001 good.tar.$how; } >bad.$how
	broken "$how with zeros in it" bad.$how bad.$how
done
: >empty.tar
broken 'an empty file' 'empty.tar: ' empty.tar
head -c 100000 /dev/urandom >noise.tar
broken 'noise' 'nrecognized archive format' noise.tar
echo text >text.tar
broken 'text' 'text.tar: ' text.tar
python3 - <<'EOT'
import tarfile
i = tarfile.TarInfo("./big"); i.size = 8 << 30
open("claims.tar", "wb").write(i.tobuf(tarfile.GNU_FORMAT) + b"x" * 5000)
i = tarfile.TarInfo("./huge"); i.size = 1 << 62
open("huge.tar", "wb").write(i.tobuf(tarfile.GNU_FORMAT) + b"x" * 5000)
EOT
broken 'a file that claims 8 GiB' 'claims.tar: ' claims.tar
broken 'a file that claims more than any disk has' 'No space left on device' huge.tar
mkdir sparse && truncate -s 8G sparse/holes && cp -r "$(dirname "$busybox")/busybox" sparse/sh && tar -cSf sparse.tar -C sparse holes --owner=0 --group=0
run zbox --rootfs sparse.tar /none
is 'a file of holes has its size' "$(stat -c %s "$cache"/trees/*/tree/holes)" $((8 << 30))
is '8 GiB of holes take no room' "$(du -sm "$cache"/trees/*/tree/holes | cut -f1)" 0
wipe
with() { unshare --map-current-user --keep-caps -m bash -c "$1"'; shift; exec "$@"' bash "$@"; }
mkdir small
if ! as_root; then
	refuses 'a full disk' 125 'No space left on device' -- with 'mount -t tmpfs -o size=1m,mode=700 tmpfs small' \
		env XDG_CACHE_HOME="$T/small" "$ZBOX" --rootfs good.tar true
	gives 'leaves nothing' 0 'trees:0 run:0' -- with 'mount -t tmpfs -o size=1m,mode=700 tmpfs small' \
		bash -c 'XDG_CACHE_HOME=$PWD/small "$0" --rootfs good.tar true 2>/dev/null; echo trees:$(ls small/zbox/trees | wc -l) run:$(ls small/zbox/unpacking | grep -c run-)' "$ZBOX"
fi
mkdir nothing
refuses 'a directory is no archive' 127 'none' -- zbox --rootfs nothing none
refuses 'a device is none' 125 'neither a directory nor an archive' -- zbox --rootfs /dev/null true

# ---- killed ----

make many.tar <<'EOT'
system()
for i in range(4000): file("./srv/%d" % i, b"z" * 2000)
EOT
started() { ls -d "$cache"/unpacking/run-*/tree; }
half=0
for i in 1 2 3; do
	"$ZBOX" --rootfs many.tar true 2>/dev/null &
	child=$!
	poll 20 started
	kill -KILL $child
	wait $child 2>/dev/null
	for tree in "$cache"/trees/*/tree; do
		[ ! -e "$tree" ] || [ "$(files "$tree/srv")" = 4000 ] || half=$((half + 1))
	done
done
is 'killed while it unpacks, no half tree is found' $half 0
gives 'the next one unpacks it' 0 4000 -- zbox --rootfs many.tar sh -c 'ls /srv | wc -l'
clean() { [ -z "$(unpacking)" ]; }
ok 'and removes what was left' poll 20 bash -c '"$0" --rootfs good.tar true; rm -rf "$1"/files "$1"/trees; [ -z "$(ls "$1/unpacking" | grep run-)" ]' "$ZBOX" "$cache"
wipe
for i in 1 2 3 4; do
	"$ZBOX" --rootfs many.tar sh -c 'ls /srv | wc -l' >"together.$i" 2>&1 &
done
wait
is 'four at once' "$(cat together.*)" '4000
4000
4000
4000'
is 'make one tree' "$(trees | wc -l):$(unpacking)" '1:'

# the harness removes $T as the caller, who does not own what the range owns
wipe
finish
