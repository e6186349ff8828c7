#!/bin/bash
# A whole system from elsewhere: a Debian made by mmdebstrap as a tar, started with --profile
# container, and apt and dpkg in it as their own users, against the mirror that this machine uses.
# timeout: 1500
. "$(dirname "$0")/common.sh"

has mmdebstrap zstd || { finish; exit; }
as_root && { skip "$WHAT" 'for an ordinary user with ranges of ids'; finish; exit; }
export HOME=$T/home XDG_CACHE_HOME=$T/cache
mkdir -p "$HOME"
suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
first=$(awk -F: -v n="$(id -un)" -v u="$(id -u)" '$1 == n || $1 == u { print $2; exit }' /etc/subuid)

# With the machine's own sources, whatever they are called, in a directory that its other ids can enter.
ok 'mmdebstrap makes a Debian' env TMPDIR=/tmp mmdebstrap -q --mode=unshare --variant=apt "$suite" "$T/debian.tar"
ok 'as zstd' zstd -q --rm -3 "$T/debian.tar"
container() { zbox --profile "$TESTS/../profiles/container.profile" --rootfs "$T/debian.tar.zst" "$@"; }

# ---- the tree ----

gives 'it starts' 0 "$suite" -- container sh -c '. /etc/os-release; echo $VERSION_CODENAME'
gives 'as root of its own' 0 'root 0 0 /root' -- container sh -c 'echo $(id -un) $(id -u) $(id -G) $HOME'
gives 'with its users' 0 '_apt root 700' -- container stat -c '%U %G %a' /var/cache/apt/archives/partial
gives 'and read-only' 1 '' -- container sh -c 'touch /usr/x 2>/dev/null'
tree=$(echo "$XDG_CACHE_HOME"/zbox/trees/*/tree)
is 'outside root'\''s files are the caller'\''s' "$(stat -c %u "$tree/etc/passwd")" "$(id -u)"
apt=$(awk -F: '$1 == "_apt" { print $3 }' "$tree/etc/passwd")
is 'and those of others of its range' "$(stat -c %u "$tree/var/cache/apt/archives/partial")" $((first + apt - 1))
before=$(stat -c '%i %Y' "$tree/var/lib/dpkg/status")

# ---- packages ----

run container --rootfs-overlay="$T/kept" sh -ec 'apt-get -q update; apt-get -q install -y cowsay; /usr/games/cowsay zbox'
[ "$status" = 0 ] || evidence
is 'apt-get update and install' "$status" 0
contains 'what was installed runs' "$out" '< zbox >'
is 'the tree in the cache is as it was' "$(stat -c '%i %Y' "$tree/var/lib/dpkg/status")" "$before"
gives 'what was kept is there the next time' 0 0 -- container --rootfs-overlay="$T/kept" sh -c 'dpkg -s cowsay >/dev/null; echo $?'
nok 'and nowhere else' container --rootfs-overlay dpkg -s cowsay
ok 'a package with a user of its own' container --rootfs-overlay="$T/kept" sh -ec '
	printf "#!/bin/sh\nexit 101\n" >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d
	DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends openssh-client
	[ "$(stat -c %G:%a /usr/bin/ssh-agent)" = _ssh:2755 ]'
ok 'a user is added and used' container --rootfs-overlay sh -ec 'useradd -m worker; setpriv --reuid worker --regid worker --init-groups sh -ec "
	[ \$(id -un) = worker ]; touch ~worker/x; ! touch /root/x 2>/dev/null; ! cat /etc/shadow 2>/dev/null"'
gives '--uid is a user of the tree' 0 '33 www-data /' -- container --uid 33 --gid 33 sh -c 'echo $(id -u) $(id -un) $HOME'
ok 'packages are removed' container --rootfs-overlay="$T/kept" apt-get -q purge -y cowsay

# ---- what it is not ----

nok 'no mounts' container --rootfs-overlay mount -t tmpfs none /mnt
nok 'no devices' container --rootfs-overlay mknod /x c 1 3
nok 'no network settings' container --rootfs-overlay sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
nok 'no ids beyond the range' container --rootfs-overlay chown 99999999 /etc/passwd
nok 'nothing of the home' container --rootfs-overlay ls "$HOME"
gives 'a set-user-ID program gives nothing' 0 33 -- container --rootfs-overlay --uid 33 --gid 33 sh -c 'cp /usr/bin/id /tmp/id; chmod 4755 /tmp/id; /tmp/id -u'
gives 'the capabilities of --profile container' 0 00000000800400fb -- container sed -n 's/CapEff:[[:space:]]*//p' /proc/self/status

zbox_usr --map auto --cap-add dac_override --bind "$T" "$T" rm -rf "$T/cache" "$T/kept" "$T/home"
finish
