#!/bin/bash
# Binds: what is visible, what is writable, which sources and destinations are taken.
. "$(dirname "$0")/../lib.sh"

mkdir -p dir/sub
echo file >file
echo inner >dir/sub/inner

# ---- nothing that was not put there ----

gives 'only what was bound is there' 0 '/bin /lib /lib64 /sbin /usr' -- bwrap_usr sh -c 'echo /*'
nok 'the host file is not there' bwrap_usr cat "$T/file"
nok 'nor /etc' bwrap_usr ls /etc
nok 'nor the old root' bwrap_usr ls /oldroot
nok 'nor the new root under its internal name' bwrap_usr ls /newroot

# ---- read-only and writable ----

ok '--bind is writable' bwrap_usr --bind "$T/dir" /d sh -c 'echo new >/d/new'
is 'and the write is on the host' "$(cat dir/new)" new
nok '--ro-bind refuses a write' bwrap_usr --ro-bind "$T/dir" /d sh -c 'echo no >/d/no'
nok 'and a removal' bwrap_usr --ro-bind "$T/dir" /d rm /d/new
nok 'and a change of mode' bwrap_usr --ro-bind "$T/dir" /d chmod 700 /d/new
is 'the host is unchanged' "$(ls dir)" $'new\nsub'
run bwrap_usr --ro-bind "$T/dir" /d touch /d/no
contains 'the errno is EROFS' "$err" 'Read-only file system'
gives 'a file can be bound' 0 file -- bwrap_usr --ro-bind "$T/file" /x/y/z cat /x/y/z
# Not 0755: only what creates something of its own (--dir, --file, --tmpfs) has such parents.
gives 'missing parents of a bind are made 0700' 0 $'700\n700\n700' -- \
	bwrap_usr --ro-bind "$T/file" /x/y/z --bind "$T/dir" /u/v stat -c %a /x /x/y /u
gives 'the later bind covers the earlier' 0 inner -- \
	bwrap_usr --ro-bind "$T/dir" /d --ro-bind "$T/dir/sub" /d cat /d/inner
nok 'twin: the covered one is out of sight' \
	bwrap_usr --ro-bind "$T/dir" /d --ro-bind "$T/dir/sub" /d test -e /d/new
ok 'a writable bind inside a read-only one' \
	bwrap_usr --ro-bind "$T/dir" /d --bind "$T/dir/sub" /d/sub sh -c 'echo x >/d/sub/x && ! echo y >/d/y'
nok 'a read-only bind inside a writable one' \
	bwrap_usr --bind "$T/dir" /d --ro-bind "$T/dir/sub" /d/sub sh -c 'echo x >/d/sub/z'
nok 'the order is that of the line: a bind over /d hides /d/sub, bound before' \
	bwrap_usr --bind "$T/dir/sub" /d/sub --ro-bind "$T/dir" /d sh -c 'echo x >/d/sub/z'
gives 'the same source at two places, with two rights' 0 rw -- bwrap_usr --bind "$T/dir" /a \
	--ro-bind "$T/dir" /b sh -c 'echo rw >/a/two && ! echo no >/b/two && cat /b/two'

# ---- mount flags ----

mount_flags() { # DEST: the options of the mount that was made there
	sed -n "s|^[^ ]* [^ ]* [^ ]* [^ ]* $1 \\([^ ]*\\) .*|\\1|p" <<<"$out"
}
run bwrap_usr --bind "$T/dir" /d --ro-bind "$T/dir" /r --dev-bind /dev /v --proc /proc \
	cat /proc/self/mountinfo
matches '--bind is nosuid,nodev' "$(mount_flags /d)" '^rw,nosuid,nodev'
matches '--ro-bind is ro,nosuid,nodev' "$(mount_flags /r)" '^ro,nosuid,nodev'
contains '--dev-bind is nosuid' "$(mount_flags /v)" nosuid
lacks '--dev-bind is not nodev' "$(mount_flags /v)" nodev
ok 'devices work behind --dev-bind' bwrap_usr --dev-bind /dev /dev sh -c 'echo x >/dev/null'
nok 'and not behind --bind' bwrap_usr --bind /dev /dev sh -c 'echo x >/dev/null'
nok 'submounts of a read-only bind are read-only too' \
	bwrap_usr --ro-bind / /host sh -c "echo x >/host/dev/shm/zbox-test.$$"
ok 'submounts come along' bwrap_usr --ro-bind / /host test -e /host/proc/self

# ---- sources ----

ln -s "$T/dir" link
ln -s missing dangling
gives 'a source may be a link' 0 inner -- bwrap_usr --ro-bind "$T/link" /d cat /d/sub/inner
gives 'a source is relative to the working directory' 0 inner -- \
	bwrap_usr --ro-bind dir/../dir//sub /d cat /d/inner
mkfifo fifo
ok 'a fifo binds like a file' bwrap_usr --ro-bind fifo /fifo test -p /fifo
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
ok 'a socket binds like a file' bwrap_usr --ro-bind socket /socket test -S /socket
refuses 'a missing source' 1 "bwrap: Can't find source path missing: No such file or directory" -- \
	bwrap_usr --bind missing /d echo ran
refuses 'a dangling source' 1 "bwrap: Can't find source path dangling: No such file or directory" -- \
	bwrap_usr --bind dangling /d echo ran
ln -s loop loop
refuses 'a cyclic source' 1 "bwrap: Can't find source path loop: Too many levels" -- \
	bwrap_usr --bind loop /d echo ran
refuses 'a source below a file' 1 "bwrap: Can't find source path file/x: Not a directory" -- \
	bwrap_usr --bind file/x /d echo ran
for try in --bind-try --ro-bind-try --dev-bind-try; do
	gives "$try leaves out what is missing" 0 '/bin /lib /lib64 /sbin /usr' -- \
		bwrap_usr $try missing /d $try dangling /e sh -c 'echo /*'
	gives "$try binds what is there" 0 inner -- bwrap_usr $try dir/sub /d cat /d/inner
	refuses "$try forgives nothing else" 1 "Can't find source path loop" -- \
		bwrap_usr $try loop /d echo ran
done
nok '--ro-bind-try is read-only' bwrap_usr --ro-bind-try dir /d touch /d/x
if ours; then
	# bubblewrap before 0.12 binds the host's whole root here.
	run bwrap_usr --ro-bind-try '' /d ls /d
	lacks 'an empty --ro-bind-try does not bind the host' "$out" proc
	refuses 'an empty --bind source' 1 'bwrap: ' -- bwrap_usr --bind '' /d echo ran
	refuses 'an empty --bind destination' 1 'bwrap: ' -- bwrap_usr --bind dir '' echo ran
fi
mkdir closed && mkdir closed/in && chmod 0711 closed
gives 'a source below a directory that can only be passed through' 0 '/d' -- \
	bwrap_usr --ro-bind closed/in /d sh -c 'echo /d'
if ! as_root; then
	refuses 'a source that the caller may not reach' 1 "Can't find source path /root/x: Permission denied" -- \
		bwrap_usr --ro-bind /root/x /d echo ran
	mkdir secret && echo s >secret/s && chmod 0 secret
	nok 'a directory without rights binds, but does not open' \
		bwrap_usr --ro-bind secret /d cat /d/s
	nok "twin: neither does root's" bwrap_usr --ro-bind /root /d ls /d
	chmod 700 secret
fi

# ---- destinations ----

gives 'a relative destination' 0 inner -- bwrap_usr --ro-bind dir/sub some/where cat /some/where/inner
gives 'a destination with ..' 0 inner -- bwrap_usr --dir /a/b --ro-bind dir/sub /a/b/../c cat /a/c/inner
if since 0.12; then
	gives 'a destination with .. beyond the root stays below it' 0 inner -- \
		bwrap_usr --ro-bind dir/sub /../../c cat /c/inner
fi
gives 'doubled and trailing slashes' 0 inner -- bwrap_usr --ro-bind dir/sub //a///b/ cat /a/b/inner
refuses 'a directory on a file' 1 'bwrap: ' -- bwrap_usr --ro-bind file /f --bind dir /f echo ran
refuses 'a file on a directory' 1 'bwrap: ' -- bwrap_usr --dir /f --ro-bind file /f echo ran
mkdir root && echo mine >root/file
gives 'over /, then into it' 0 $'file\nlib\nlib64\nusr' -- bwrap --tmpfs /gone --bind root / \
	--ro-bind /usr /usr --symlink usr/lib64 /lib64 --symlink usr/lib /lib /usr/bin/ls /
is 'the mount points stay on the host, as with bubblewrap' "$(ls root)" $'file\nlib\nlib64\nusr'
gives 'the host, and something over a part of it' 0 mine -- \
	bwrap --ro-bind / / --bind root "$T/dir" cat "$T/dir/file"
nok 'a read-only root cannot get a mount point' bwrap --ro-bind / / --bind root /zbox-none true
ok 'the probe of pressure-vessel' bwrap --bind / / true
ok 'and its second one' bwrap --perms 0700 --dir / --bind / / true
if since 0.10; then
	exec 7<dir
	gives '--ro-bind-fd' 0 inner -- bwrap_usr --ro-bind-fd 7 /d cat /d/sub/inner
	nok '--ro-bind-fd is read-only' bwrap_usr --ro-bind-fd 7 /d touch /d/x
	ok '--bind-fd is writable' bwrap_usr --bind-fd 7 /d touch /d/x
	gives 'the descriptor is not left to the command' 0 '' -- \
		bwrap_usr --proc /proc --bind-fd 7 /d sh -c 'readlink /proc/self/fd/7; true'
	exec 7<file
	gives '--bind-fd of a file' 0 file -- bwrap_usr --bind-fd 7 /f cat /f
	exec 7<&-
	refuses '--bind-fd with a closed descriptor' 1 'bwrap: ' -- bwrap_usr --bind-fd 7 /d echo ran
	refuses '--bind-fd with no number' 1 'bwrap: Invalid fd: x' -- bwrap_usr --bind-fd x /d echo ran
fi

# ---- many ----

many=()
for i in $(seq 500); do many+=(--ro-bind dir/sub "/m/$i"); done
gives '500 binds' 0 inner -- bwrap_usr "${many[@]}" cat /m/500/inner
# ---- one directory at two places ----

mkdir -p twice/usr twice/a twice/lib twice/lib64 twice/bin
gives 'the root bound below itself is not the root' 0 'seen' -- \
	bwrap --bind twice / --bind twice /a --tmpfs /a --ro-bind /usr /usr --ro-bind /lib /lib \
	--ro-bind /lib64 /lib64 --ro-bind /bin /bin sh -c 'test -e /usr/bin && test ! -e /a/usr && echo seen'

finish
