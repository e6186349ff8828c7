#!/bin/bash
# A whole system from elsewhere: a Debian made by mmdebstrap as a tar, started with --profile
# container, and apt and dpkg in it as their own users, against the mirror that this machine uses; and
# the same Debian as the layer of an image that umoci makes.
# timeout: 1500
. "$(dirname "$0")/common.sh"

has mmdebstrap zstd umoci || { finish; exit; }
as_root && { skip "$WHAT" 'for an ordinary user with ranges of ids'; finish; exit; }
export HOME=$T/home XDG_CACHE_HOME=$T/cache
mkdir -p "$HOME"
suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
first=$(awk -F: -v n="$(id -un)" -v u="$(id -u)" '$1 == n || $1 == u { print $2; exit }' /etc/subuid)

# With the machine's own sources, whatever they are called, in a directory that its other ids can enter.
ok 'mmdebstrap makes a Debian' env TMPDIR=/tmp mmdebstrap -q --mode=unshare --variant=apt "$suite" "$T/debian.tar"
ok 'as zstd' zstd -q -3 "$T/debian.tar"
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

# ---- packages: the walk-through ----

run container --rootfs-overlay="$T/kept" --net slirp sh -c 'apt-get -q update && apt-get -q install -y cowsay stress iputils-ping &&
	/usr/games/cowsay zbox && stress --cpu 1 --vm 1 --vm-bytes 8M --timeout 1 && ping -c 1 -W 10 10.0.2.2 && echo all of it'
[ "$status" = 0 ] || evidence
is 'apt-get update and install' "$status" 0
contains 'what was installed runs' "$out" '< zbox >'
contains 'stress runs' "$out" 'successful run completed'
contains 'the gateway answers a ping' "$out" '1 packets transmitted, 1 received'
contains 'up to the end' "$out" 'all of it'
kept() { zbox --profile "$TESTS/../profiles/container.profile" --rootfs "$T/debian.tar.zst" --rootfs-overlay="$T/kept" "$@"; }
# Beyond the gateway zbox-net needs a socket for echoes from the host, which not every host lets a user
# have (net.ipv4.ping_group_range). Then the answer is a refusal, at once.
read -r low high </proc/sys/net/ipv4/ping_group_range
if [ "$low" -gt "$high" ]; then
	run kept ping -c 1 -W 30 203.0.113.1
	contains 'where the host has no pings for its users, the gateway says so' "$out" '10.0.2.2 icmp_seq=1 Packet filtered'
fi
is 'outside, root'\''s new files are the caller'\''s' "$(stat -c %u "$T/kept/changes/usr/bin/stress")" "$(id -u)"
is 'and those of others of its range' "$(stat -c %u "$T/kept/changes/var/lib/apt/lists/partial")" $((first + apt - 1))
is 'the tree in the cache is as it was' "$(stat -c '%i %Y' "$tree/var/lib/dpkg/status")" "$before"
gives 'what was kept is there the next time' 0 0 -- kept sh -c 'dpkg -s cowsay >/dev/null; echo $?'
nok 'and nowhere else' container --rootfs-overlay dpkg -s cowsay
ok 'a package with a user of its own' kept sh -ec '
	printf "#!/bin/sh\nexit 101\n" >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d
	DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends openssh-client
	[ "$(stat -c %G:%a /usr/bin/ssh-agent)" = _ssh:2755 ]'
ok 'a user is added and used' container --rootfs-overlay sh -ec 'useradd -m worker; setpriv --reuid worker --regid worker --init-groups sh -ec "
	[ \$(id -un) = worker ]; touch ~worker/x; ! touch /root/x 2>/dev/null; ! cat /etc/shadow 2>/dev/null"'
gives '--uid is a user of the tree' 0 '33 www-data /' -- container --uid 33 --gid 33 sh -c 'echo $(id -u) $(id -un) $HOME'
ok 'packages are removed' kept apt-get -q purge -y cowsay

# A process of such a user: its ids as the host sees them.
kept --uid 33 --gid 34 sleep 60 &
zbox=$!
asleep() { sleeper=$(below $zbox sleep); }
poll 60 asleep
is 'a process inside is one of the range outside' "$(sed -n 's/^[UG]id:\t//p' "/proc/$sleeper/status" | tr -s '\t\n' ' ')" \
	"$(printf '%d %d %d %d %d %d %d %d ' $((first + 32)){,,,} $((first + 33)){,,,})"
kill $zbox
wait $zbox

# ---- the same as an image ----

ok 'umoci makes an image of it' sh -ec 'umoci init --layout image; umoci new --image image:debian
	umoci raw add-layer --image image:debian debian.tar; rm debian.tar
	umoci config --image image:debian --config.user www-data --config.env FROM=image --config.workingdir /usr/share --config.cmd sh --config.cmd -c \
		--config.cmd "echo \$(id -un) \$(id -u):\$(id -g) in \$PWD from \$FROM"'
image() { zbox --profile "$TESTS/../profiles/container.profile" --oci image:debian "$@"; }
gives 'its user, directory, environment and command' 0 'www-data 33:33 in /usr/share from image' -- image
gives 'its files have their owners' 0 '_apt root 700' -- image stat -c '%U %G %a' /var/cache/apt/archives/partial
run image --uid 0 --gid 0 --rootfs-overlay sh -c 'apt-get -q update && apt-get -q install -y cowsay && /usr/games/cowsay layers'
[ "$status" = 0 ] || evidence
contains 'apt-get in an image' "$out" '< layers >'

# ---- what it is not ----

nok 'no namespaces and mounts' container --rootfs-overlay unshare -m true
nok 'no devices' container --rootfs-overlay mknod /x c 1 3
nok 'no network settings' container --rootfs-overlay sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
nok 'no ids beyond the range' container --rootfs-overlay chown 99999999 /etc/passwd
nok 'nothing of the home' container --rootfs-overlay ls "$HOME"
gives 'a set-user-ID program gives nothing' 0 33 -- container --rootfs-overlay --uid 33 --gid 33 sh -c 'cp /usr/bin/id /tmp/id; chmod 4755 /tmp/id; /tmp/id -u'
gives 'the capabilities of --profile container' 0 00000000800400fb -- container sed -n 's/CapEff:[[:space:]]*//p' /proc/self/status

zbox_usr --map auto --cap-add dac_override --bind "$T" "$T" rm -rf "$T/cache" "$T/kept" "$T/home"
finish
