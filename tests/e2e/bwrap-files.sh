#!/bin/bash
# What is made rather than bound: directories, files, links, tmpfs, modes, data, remount-ro.
. "$(dirname "$0")/../lib.sh"

mode() { stat -c %a "$@"; }

# ---- --dir, --perms ----

gives '--dir is 0755, and so are its parents' 0 $'755\n755' -- bwrap_usr --dir /a/b stat -c %a /a /a/b
gives '--perms --dir, parents after it' 0 $'750\n750' -- \
	bwrap_usr --perms 0750 --dir /a/b stat -c %a /a /a/b
while read -r perms parent; do
	gives "--perms $perms makes parents of $parent" 0 "$parent" -- \
		bwrap_usr --perms "$perms" --dir /a/b stat -c %a /a
done <<-'LIST'
	1777 755
	0755 755
	0644 755
	0750 750
	0710 750
	0720 750
	0640 750
	0700 700
	0600 700
	0000 700
	0705 705
	0604 705
LIST
gives '--perms is for the next operation only' 0 $'700\n755' -- \
	bwrap_usr --perms 0700 --dir /a --dir /b stat -c %a /a /b
gives '--dir leaves the mode of what exists' 0 755 -- \
	bwrap_usr --dir /a --perms 0700 --dir /a stat -c %a /a
gives 'the umask of the caller has no say' 0 755 -- \
	sh -c 'umask 077; exec "$0" "$@"' "$BWRAP" "${usr[@]}" --dir /a stat -c %a /a
gives 'and is there again for the command' 0 0037 -- \
	sh -c 'umask 037; exec "$0" "$@"' "$BWRAP" "${usr[@]}" sh -c umask
refuses '--perms twice' 1 'bwrap: --perms given twice for the same action' -- \
	bwrap_usr --perms 0700 --perms 0700 --dir /a echo ran
refuses '--perms before something else' 1 'bwrap: --perms must be followed by an option that creates a file' -- \
	bwrap_usr --perms 0700 --ro-bind /usr /u echo ran
for bad in 8 07778 10000 -1 '' x 0755x; do
	refuses "--perms '$bad'" 1 'bwrap: --perms takes an octal argument <= 07777' -- \
		bwrap_usr --perms "$bad" --dir /a echo ran
done
gives '--perms 7777: mkdir(2) has no use for set-id bits' 0 1777 -- bwrap_usr --perms 7777 --dir /a stat -c %a /a

# ---- --file, --bind-data, --ro-bind-data ----

echo text >text
gives '--file' 0 $'text\n666' -- bwrap_usr --file 7 /f sh -c 'cat /f; stat -c %a /f' 7<text
gives '--perms --file' 0 640 -- bwrap_usr --perms 0640 --file 7 /f stat -c %a /f 7<text
gives '--file is writable' 0 more -- bwrap_usr --file 7 /f sh -c 'echo more >/f; cat /f' 7<text
gives '--file from a pipe' 0 piped -- sh -c 'echo piped | "$0" "$@" 7<&0' "$BWRAP" "${usr[@]}" --file 7 /f cat /f
gives '--file of nothing' 0 0 -- bwrap_usr --file 7 /f stat -c %s /f 7</dev/null
is 'the source was not written to' "$(cat text)" text
gives '--bind-data' 0 $'text\n600' -- bwrap_usr --bind-data 7 /f sh -c 'cat /f; stat -c %a /f' 7<text
gives '--bind-data is writable' 0 more -- bwrap_usr --bind-data 7 /f sh -c 'echo more >/f; cat /f' 7<text
gives '--ro-bind-data' 0 $'text\n600' -- bwrap_usr --ro-bind-data 7 /f sh -c 'cat /f; stat -c %a /f' 7<text
nok '--ro-bind-data is not writable' bwrap_usr --ro-bind-data 7 /f sh -c 'echo more >/f' 7<text
gives '--perms --ro-bind-data' 0 444 -- bwrap_usr --perms 0444 --ro-bind-data 7 /f stat -c %a /f 7<text
gives '--file, then --ro-bind-data on the same path' 0 second -- \
	bwrap_usr --file 7 /f --ro-bind-data 8 /f cat /f 7<text 8<<<second
echo host >over
gives '--ro-bind-data over a bound file' 0 text -- \
	bwrap_usr --bind . /d --ro-bind-data 7 /d/over cat /d/over 7<text
is 'and the host keeps its own' "$(cat over)" host
gives '--file through a bind' 0 text -- bwrap_usr --bind . /d --file 7 /d/over cat /d/over 7<text
is 'writes the host, as with bubblewrap' "$(cat over)" text
nok 'but not through a read-only one' bwrap_usr --ro-bind . /d --file 7 /d/over true 7</dev/null
is 'and changes nothing there' "$(cat over)" text
head -c 3000000 /dev/urandom >large
gives '--ro-bind-data of three megabytes' 0 "$(sha256sum <large)" -- \
	bwrap_usr --ro-bind-data 7 /f sh -c 'sha256sum </f' 7<large
refuses 'a closed descriptor' 1 'bwrap: ' -- bwrap_usr --file 7 /f echo ran
refuses 'the same descriptor twice' 1 'bwrap: ' -- bwrap_usr --file 7 /f --file 7 /g echo ran 7<text
for bad in '' x -1 7x ' 7'; do
	[ "$bad" = ' 7' ] && ! ours && continue # bubblewrap's strtol skips blanks
	refuses "descriptor '$bad'" 1 "bwrap: Invalid fd: $bad" -- bwrap_usr --file "$bad" /f echo ran 7<text
done
gives 'descriptors of data are not left to the command' 0 gone -- \
	bwrap_usr --proc /proc --ro-bind-data 7 /f sh -c 'test -e /proc/self/fd/7 || echo gone' 7<text

# ---- --symlink ----

gives '--symlink' 0 /some/where -- bwrap_usr --symlink /some/where /a/b/link readlink /a/b/link
if since 0.9; then
	gives '--symlink again, the same' 0 x -- bwrap_usr --symlink x /l --symlink x /l readlink /l
	refuses '--symlink again, another' 1 "bwrap: Can't make symlink at /l: existing destination is x" -- \
		bwrap_usr --symlink x /l --symlink y /l echo ran
	refuses '--symlink over a directory' 1 "bwrap: Can't make symlink at /usr: destination exists and is not a symlink" -- \
		bwrap_usr --symlink x /usr echo ran
fi
gives '--symlink with a relative destination' 0 x -- bwrap_usr --symlink x l readlink /l

# ---- --chmod ----

gives '--chmod' 0 711 -- bwrap_usr --dir /a --chmod 0711 /a stat -c %a /a
if before 0.12; then
	gives '--chmod follows a link inside' 0 711 -- \
		bwrap_usr --dir /a --symlink a /l --chmod 0711 /l stat -c %a /a
	refuses '--chmod of what is missing' 1 "bwrap: Can't chmod 0711 /a" -- bwrap_usr --chmod 0711 /a echo ran
fi
refuses '--chmod with a bad number' 1 'bwrap: --chmod takes an octal argument <= 07777' -- \
	bwrap_usr --chmod 10000 /usr echo ran

# ---- --tmpfs, --size, --remount-ro, --mqueue ----

gives '--tmpfs is empty, 0755 and writable' 0 $'755\n2' -- \
	bwrap_usr --dir /t/old --tmpfs /t sh -c 'echo x >/t/f; stat -c %a /t; ls -a /t | grep -vc f'
gives '--perms --tmpfs' 0 1777 -- bwrap_usr --perms 1777 --tmpfs /t stat -c %a /t
gives '--size --perms --tmpfs' 0 $'256\n700' -- bwrap_usr --size 1048576 --perms 0700 --tmpfs /t \
	sh -c 'stat -fc %b /t; stat -c %a /t'
gives '--size' 0 256 -- bwrap_usr --size 0x100000 --tmpfs /t stat -fc %b /t
nok '--size holds' bwrap_usr --size 1048576 --tmpfs /t head -c 2000000 /usr/bin/python3 --output=/t/f
ok 'twin: without it there is room' bwrap_usr --tmpfs /t sh -c 'head -c 2000000 /usr/bin/python3 >/t/f'
nok '--size holds for a file' bwrap_usr --size 1048576 --tmpfs /t sh -c 'head -c 2000000 /usr/bin/python3 >/t/f'
for bad in 0 -1 '' x 1M 99999999999999999999; do
	refuses "--size '$bad'" 1 'bwrap: --size ' -- bwrap_usr --size "$bad" --tmpfs /t echo ran
done
refuses '--size before something else' 1 'bwrap: --size must be followed by --tmpfs' -- \
	bwrap_usr --size 4096 --dir /t echo ran
refuses '--size twice' 1 'bwrap: --size given twice for the same action' -- \
	bwrap_usr --size 4096 --size 4096 --tmpfs /t echo ran
ok '--tmpfs over a bound directory leaves the host alone' bwrap_usr --bind . /d --tmpfs /d touch /d/new
nok 'the host has no such file' test -e new
nok '--remount-ro /' bwrap_usr --remount-ro / touch /new
ok 'twin: the root is writable before' bwrap_usr touch /new
nok '--remount-ro of a tmpfs' bwrap_usr --tmpfs /t --remount-ro /t touch /t/new
ok 'submounts stay writable' bwrap_usr --tmpfs /t --tmpfs /t/u --remount-ro /t touch /t/u/new
nok 'a writable bind made read-only' bwrap_usr --bind . /d --remount-ro /d touch /d/new
refuses '--remount-ro of what is no mount point' 1 "bwrap: Can't remount readonly on " -- \
	bwrap_usr --dir /a --remount-ro /a echo ran
gives '--perms 0000 --tmpfs --remount-ro hides a directory' 0 0 -- \
	bwrap_usr --bind . /d --perms 0000 --tmpfs /d --remount-ro /d stat -c %a /d
gives '--mqueue' 0 mqueue -- bwrap_usr --unshare-ipc --mqueue /q stat -fc %T /q

# ---- destinations that do not fit ----

refuses '--tmpfs on a file' 1 'bwrap: ' -- bwrap_usr --ro-bind text /f --tmpfs /f echo ran
refuses '--dir on a file' 1 'bwrap: ' -- bwrap_usr --ro-bind text /f --dir /f echo ran
refuses '--dir below a file' 1 'bwrap: ' -- bwrap_usr --ro-bind text /f --dir /f/g echo ran
refuses '--file on a directory' 1 'bwrap: ' -- bwrap_usr --dir /f --file 7 /f echo ran 7</dev/null
finish
