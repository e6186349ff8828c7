#!/bin/bash
# A directory as the whole root: read-only, writable, or with changes that go elsewhere.
. "$(dirname "$0")/../lib.sh"

# A small system: a shell of its own and the directories that the base covers.
busybox=$(command -v busybox)
[ -n "$busybox" ] || { flunk 'busybox is not installed: tools/setup test'; finish; exit; }
system() { # DIR
	mkdir -p "$1"/{bin,etc,root,proc,dev,tmp,run,var/tmp,home,srv}
	cp "$busybox" "$1/bin/busybox"
	for name in sh cat id ls pwd touch stat rm mkdir mount grep readlink sleep chmod chown ln; do
		ln -sf busybox "$1/bin/$name"
	done
	echo 'nameserver 192.0.2.1' >"$1/etc/resolv.conf"
	echo original >"$1/srv/file"
}
system sys
tree() { (cd "$1" && find . -printf '%p %y %m %u:%g %s %l\n' | sort; find . -type f -exec sha256sum {} + | sort) | sha256sum; }
before=$(tree sys)
sys() { zbox --rootfs sys "$@"; }

# ---- read-only ----

gives 'its files are there' 0 original -- sys cat /srv/file
gives 'nothing of the host is' 1 '' -- sys ls /usr
nok 'it is read-only' sys sh -c 'echo x >/srv/file'
nok 'all of it' sys touch /new
ok '/tmp is not its own' sys sh -c 'echo x >/tmp/a && [ "$(ls /tmp)" = a ]'
ok '/proc and /dev are the sandbox'\''s' sys sh -c '[ -e /proc/self/status ] && [ -c /dev/null ] && echo x >/dev/null'
gives 'the command starts in HOME' 0 '/root /root' -- sys sh -c 'echo $HOME $(pwd)'
gives 'with another id in /' 0 '/ /' -- sys --uid 5 --gid 5 sh -c 'echo $HOME $(pwd)'
mkdir sys/srv/here && mkdir -p here && before=$(tree sys)
gives 'not in a directory that happens to have the name of the caller'\''s' 0 /root -- bash -c 'cd / && exec "$0" --rootfs "$1" pwd' "$ZBOX" "$PWD/sys"
gives 'its twin: it was put there' 0 /srv/here -- sys --bind here /srv/here --chdir /srv/here pwd
echo mine >here/mine
gives 'the order of the words does not matter' 0 'mine original' -- zbox --bind here /srv/here --rootfs sys sh -c 'echo $(cat /srv/here/mine /srv/file)'
is 'the tree is as it was' "$(tree sys)" "$before"
run zbox --explain --rootfs sys true
matches '--explain shows the operation' "$out" 'ro-bind +sys on /'

# ---- writable ----

system copy
ok '--rootfs-writable writes to the directory' zbox --rootfs copy --rootfs-writable sh -c 'echo changed >/srv/file && echo new >/srv/new'
is 'the change is there' "$(cat copy/srv/file copy/srv/new)" 'changed
new'
ok 'but not what went to /tmp and /run' zbox --rootfs copy --rootfs-writable sh -c 'touch /tmp/x /run/x /var/tmp/x'
is 'their directories are empty' "$(find copy/tmp copy/run copy/var/tmp -name x)" ''

# ---- overlay ----

gives 'changes of --rootfs-overlay are seen inside' 0 'changed gone made' -- sys --rootfs-overlay \
	sh -c 'echo changed >/srv/file; rm -r /home; mkdir /made; echo $(cat /srv/file) $([ -d /home ] || echo gone) $([ -d /made ] && echo made)'
is 'and vanish' "$(tree sys)" "$before"
ok 'places of mounts are made in it' sys --rootfs-overlay --bind here /not/there/yet cat /not/there/yet/mine
refuses 'its twin: not in a tree that is only read' 125 'would have to be made in a directory of the host' -- sys --bind here /not/there/yet cat /not/there/yet/mine
is 'which is not changed by that' "$(tree sys)" "$before"
gives '--rootfs-overlay=DIR keeps them' 0 changed -- sys --rootfs-overlay=kept sh -c 'echo changed >/srv/file; echo new >/srv/new; rm -r /home; cat /srv/file'
gives 'for the next time' 0 'changed new no' -- sys --rootfs-overlay=kept sh -c 'echo $(cat /srv/file /srv/new) $([ -d /home ] || echo no)'
is 'in DIR/changes' "$(cat kept/changes/srv/new)" new
is 'not in the tree' "$(tree sys)" "$before"
gives 'and not for others' 0 original -- sys --rootfs-overlay cat /srv/file
gives 'the root has the mode of the tree'\''s' 0 "$(stat -c %a sys)" -- sys --rootfs-overlay=kept2 stat -c %a /
ok 'places of mounts can be made there too' sys --rootfs-overlay=kept2 --bind here /place cat /place/mine
ln -s "$PWD/here" link && mkdir kept3 && ln -s "$PWD/here" kept3/changes
refuses 'a link in the place of changes' 125 'kept3/changes: Not a directory' -- sys --rootfs-overlay=kept3 sh -c 'echo ran >/srv/x'
is 'nothing went through it' "$(ls here)" mine
gives '--explain makes nothing' 0 no -- bash -c '"$0" --explain --rootfs sys --rootfs-overlay=never true >/dev/null; [ -e never ] || echo no' "$ZBOX"

# ---- ids of the tree ----

if ranges_work; then
	ok 'other owners with --map auto' zbox --rootfs sys --rootfs-overlay --map auto --cap-add chown --cap-add dac_override \
		sh -c 'touch /srv/theirs && chown 7:8 /srv/theirs && [ "$(stat -c %u:%g /srv/theirs)" = 7:8 ]'
	ok 'and in a kept overlay' zbox --rootfs sys --rootfs-overlay=kept4 --map auto --cap-add chown --cap-add dac_override \
		sh -c 'touch /srv/theirs && chown 7:8 /srv/theirs && rm /srv/file && [ "$(stat -c %u:%g /srv/theirs)" = 7:8 ]'
	range=$(awk -F: -v n="$(id -un)" -v u="$(id -u)" '$1 == n || $1 == u { print $2; exit }' /etc/subuid)
	is 'outside they are of the range' "$(stat -c %u kept4/changes/srv/theirs)" $((range + 6))
	ok 'zbox --map auto removes them' zbox_usr --map auto --cap-add dac_override --bind "$T" "$T" rm -rf "$T/kept4"
fi

# ---- hostile trees ----

system evil
ln -s / evil/out && ln -s "$PWD/here" evil/outside
ln -sf "$PWD/here/stolen" evil/etc/resolv.conf
nok 'links lead inside' zbox --rootfs evil cat "/outside/mine"
nok 'from the root too' zbox --rootfs evil cat "/out$PWD/here/mine"
run zbox --rootfs evil --rootfs-overlay sh -c 'echo x >/tmp/x; echo x >/run/x; echo x >/outside/x'
run zbox --rootfs evil --rootfs-overlay --share-net cat /etc/resolv.conf
is 'nothing was written outside' "$(ls here)" mine
mkdir -p evil2 && (cd evil2 && ln -s "$T/here" proc && ln -s "$T/here" dev && mkdir bin && cp "$busybox" bin/sh)
ln -s "$T/here" evil2/tmp && ln -s / evil2/run
run zbox --rootfs evil2 sh -c 'echo ran >/tmp/ran; echo ran >/run/ran'
run zbox --rootfs evil2 --rootfs-overlay sh -c 'echo ran >/tmp/ran; echo ran >/run/ran'
is 'links in the place of /proc, /dev, /tmp and /run do not lead out' "$(ls here)" mine

# ---- network ----

gives 'the host'\''s name servers with the host'\''s network' 0 "$(grep -v '^#' /etc/resolv.conf | head -n 1)" -- \
	bash -c '"$0" --rootfs sys --share-net cat /etc/resolv.conf | grep -v "^#" | head -n 1' "$ZBOX"
gives 'the tree'\''s own file without a network' 0 'nameserver 192.0.2.1' -- sys cat /etc/resolv.conf

# ---- refused ----

refuses 'a tree that is not there' 125 '--rootfs nowhere: No such file' -- zbox --rootfs nowhere true
refuses 'two roots' 125 '--rootfs cannot be combined with something else on /' -- sys --ro-bind here / true
refuses '--rootfs-writable with --rootfs-overlay' 125 'cannot be combined' -- sys --rootfs-writable --rootfs-overlay true
refuses '--rootfs-overlay without --rootfs' 125 '--rootfs-overlay requires --rootfs' -- zbox_usr --rootfs-overlay true
refuses '--rootfs-writable without --rootfs' 125 '--rootfs-writable requires --rootfs' -- zbox_usr --rootfs-writable true
refuses '--rootfs-overlay=' 125 'rootfs-overlay' -- sys --rootfs-overlay= true
refuses '--rootfs without namespaces' 125 'cannot be combined' -- sys --landlock-only true
refuses 'bwrap has no --rootfs' 1 'Unknown option --rootfs' -- bwrap --rootfs sys true
finish
