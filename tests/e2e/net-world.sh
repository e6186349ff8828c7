# shellcheck shell=bash
# net-world.sh - the Internet for the network tests, made of two network namespaces on this machine.
#
#   "host"       where zbox is started: 203.0.113.2, 192.168.7.2, 2001:db8:1::2, and a name server
#                and other services on its loopback only
#   "internet"   all addresses of $far, each with echo, HTTP, names, and TLS after world_site
#
# Reading it starts the script anew in the host's namespaces: as root, or as root of a user
# namespace; there `net_zbox` starts zbox, as an ordinary user where that can be. $inside DRIVER-WORDS
# is what asks from inside; $shared is a directory that he may write to.
# shellcheck disable=SC2034  # variables are for the scripts that read this file
driver=$TESTS/e2e/net-driver.py
far=(198.51.100.80 198.51.100.81 203.0.113.1 192.168.7.1 10.9.9.9 172.16.9.9 100.64.9.9 100.100.100.200
	169.254.169.254 168.63.129.16 192.0.0.192 198.18.9.9 2001:db8:80::80 2001:db8:80::81 fd00:9::9 fd00:ec2::254
	64:ff9b::a09:909 2002:a09:909::1)
near=(127.0.0.1 ::1 203.0.113.2 192.168.7.2 2001:db8:1::2)

if [ -z "${NET_WORLD:-}" ]; then
	export NET_WORLD=1
	script=$(dirname "$0")
	script=$TESTS/${script##*/}/${0##*/}
	if ! command -v ip >/dev/null || ! command -v python3 >/dev/null || [ ! -x "${ZBOX%/*}/zbox-net" ]; then
		skip 'user-mode networking' 'needs zbox-net (libslirp), ip and python3'
		finish
		exit
	fi
	if as_root && unshare -mn true 2>/dev/null; then
		chmod 0666 /dev/net/tun 2>/dev/null
		exec unshare -mn "$script"
	fi
	exec unshare -Urmn "$script"
fi

# $T may be closed to the ordinary user; this one is open to him.
shared=$(mktemp -d /tmp/zbox-tests.net.XXXXXX) || exit 1
chmod 0777 "$shared"

world_pids=()
world_end() {
	rm -rf "$shared"
	kill "${world_pids[@]}" 2>/dev/null
	wait "${world_pids[@]}" 2>/dev/null
	chmod -R u+rwX "$T" 2>/dev/null
}
trap world_end EXIT

# Before world: web servers with TLS, and a repository below /git/.
world_site() {
	mkdir -p "$T/site/git"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=web.test \
		-addext 'subjectAltName=DNS:web.test,DNS:other.test,DNS:shared.test,DNS:*.cdn.test,IP:198.51.100.81' \
		-keyout "$T/site/key.pem" -out "$T/site/cert.pem" 2>/dev/null
	cp "$T/site/cert.pem" "$shared/cert.pem"
	git init -q --bare "$T/site/git/repo.git"
	git init -q "$T/site/work"
	git -C "$T/site/work" -c user.name=t -c user.email=t@t.test commit -q --allow-empty -m first
	git -C "$T/site/work" push -q "$T/site/git/repo.git" HEAD:refs/heads/first
	git -C "$T/site/git/repo.git" update-server-info
}

world() {
	local a internet
	ip link set lo up
	unshare -n sleep 3600 &
	internet=$!
	world_pids+=("$internet")
	poll 60 sh -c "test \$(readlink /proc/self/ns/net) != \$(readlink /proc/$internet/ns/net)"
	ip link add eth0 type veth peer name eth0 netns "$internet"
	far() { nsenter --preserve-credentials -n -t "$internet" "$@"; }
	far ip link set lo up
	far ip link set eth0 up
	ip link set eth0 up
	for a in 203.0.113.2/24 192.168.7.2/24; do ip addr add $a dev eth0; done
	ip addr add 2001:db8:1::2/64 dev eth0 nodad
	far ip addr add 2001:db8:1::1/64 dev eth0 nodad
	for a in "${far[@]}"; do
		case $a in
		203.0.113.1 | 192.168.7.1) far ip addr add "$a/24" dev eth0 ;;
		*:*) far ip addr add "$a/128" dev lo nodad ;;
		*) far ip addr add "$a/32" dev lo ;;
		esac
	done
	ip route add default via 203.0.113.1
	ip route add default via 2001:db8:1::1
	# in a user namespace there is one group only
	{ echo '0 2147483647' || echo '0 0'; } >/proc/sys/net/ipv4/ping_group_range 2>/dev/null
	printf 'nameserver 127.0.0.1\nsearch example.test\n' >"$T/resolv.conf"
	chmod 0644 "$T/resolv.conf"
	mount --bind "$T/resolv.conf" "$(realpath /etc/resolv.conf)"
	# as a command of its own: the process of a function would not pass the signal on
	nsenter --preserve-credentials -n -t "$internet" python3 "$driver" serve "$T/far.log" "${far[@]}" \
		>"$T/far.up" 2>&1 &
	world_pids+=($!)
	python3 "$driver" serve "$T/near.log" "${near[@]}" >"$T/near.up" 2>&1 &
	world_pids+=($!)
	for a in far near; do
		poll 120 grep -q up "$T/$a.up" || flunk "the Internet is up: $a" "$(cat "$T/$a.up")"
	done
	chmod 0755 "$T" # the ordinary user looks for his directory
}

# An ordinary user, who may be another one than ours.
ordinary=()
if as_root && getent passwd zboxtest >/dev/null &&
	setpriv --reuid zboxtest --regid zboxtest --clear-groups test -x "$ZBOX" 2>/dev/null; then
	ordinary=(setpriv --reuid zboxtest --regid zboxtest --clear-groups)
fi
net_zbox() {
	"${ordinary[@]}" "$ZBOX" --ro-bind /usr /usr --ro-bind "$driver" /driver.py --chdir / "$@"
}
inside=(-- python3 /driver.py)
near() { python3 "$driver" "$@"; }
