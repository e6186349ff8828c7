#!/bin/bash
# alone
# timeout: 900
# sweep.sh [quick|wide|full [LINE...]] - each system call of a start fails in turn. Then either the command
# has not run, the status is not 0 and a message says why; or it ran exactly as confined as without
# a fault, and so did the helpers beside it. Nothing stays on the host in either case.
#
#   quick   EPERM at the first two occurrences of every call in every process, and EINTR where it waits
#           (the default)
#   wide    all that full does, at the first six occurrences
#   full    EPERM, EINTR, ENOMEM and ENOSYS at every call, and one byte where bytes are moved
#
# A LINE is one of those of line_of; without one all are taken that are this caller's: those that begin
# with root when it is root, the others when it is not. Places are those of trace.c. What the
# command says of itself is probe.c's output.
# shellcheck source=scene.sh
. "$(dirname "$0")/scene.sh"

probe=$TOOLS/faults/probe
header=/usr/include/$(uname -m)-linux-gnu/asm/unistd_64.h
[ -r "$header" ] || header=/usr/include/asm-generic/unistd.h

export PROBE_KEYRING
PROBE_KEYRING=$(keyctl show @s 2>/dev/null | awk 'NR == 2 { print $1 }')
host=$(readlink /proc/self/ns/* | tr '\n' ' ')

# A profile that confines what scene() makes.
profile() {
	# shellcheck disable=SC2016  # a variable of the profile
	printf '%s\n' 'ro-bind /usr /usr' "ro-bind $probe /probe" 'bind ${PWD}/d /d' 'protect /d/config' \
		'mask /d/secret' 'seccomp-profile build' 'hostname profiled' 'setenv FROM profile' >own.profile
}

# The command line called $1, in the array line. It runs in the directory that scene() has filled.
line_of() {
	local words=() usr_and_probe=(--ro-bind /usr /usr --ro-bind "$probe" /probe)
	line=("$ZBOX" "${usr_and_probe[@]}")
	case $1 in
	default | root) ;;
	root-kept) line+=(--cap-add cap_net_bind_service --cap-add cap_chown --bind d /d --mask /d/secret --protect /d/config
		--seccomp-profile none) ;;
	root-uid) line+=(--uid 1000 --gid 1000 --net slirp) words=("$PROBE_PORT") ;;
	second) line+=(--uid 1000 --env PROBE_KEYRING --cap-add cap_net_bind_service --seccomp-profile none
		--tmpfs /x --chdir /x --bind d /d --mask /d/secret) ;;
	alone) line+=(--share-pid --share-net) ;;
	bwrap | root-bwrap) line=("$BWRAP" "${usr[@]}" --ro-bind "$probe" /probe --dev /dev --proc /proc --tmpfs /tmp
		--unshare-all --die-with-parent --new-session --clearenv) ;;
	network) line+=(--net slirp) words=("$PROBE_PORT") ;;
	limits) line+=(--rlimit nofile=64:128 --rlimit fsize=1M --rlimit as=2G --nice 19 --oom-score 500
		--cpu-affinity 0 --time-limit 100 --cpu-limit 50 --stats-file stats) ;;
	ranges) line+=(--map auto --uid 33 --gid 44) ;;
	overlay) line+=(--overlay-src lower --tmp-overlay /o --overlay-src lower --overlay upper work /p
		--overlay-src lower --overlay-src d --ro-overlay /r) ;;
	masks) line+=(--bind d /d --mask /d/secret --protect /d/config --mask /d/dir --mask /d/nothing) ;;
	profile) line=("$ZBOX" --profile ./own.profile) ;;
	uid) line+=(--uid 1000 --gid 1000) ;;
	nested) line+=(--ro-bind "${ZBOX%/*}" /zbox --seccomp-profile nested -- /zbox/zbox "${usr_and_probe[@]/$probe//probe}") ;;
	named) line+=(--name sweep) ;;
	try) line+=(--bind d /d --try="$PWD/d" --try-keep "$PWD/kept") ;;
	*) echo "sweep.sh: no such line: $1" >&2 && exit 2 ;;
	esac
	line+=(-- /probe "$host" "${words[@]}")
}

# What is on the host after a start: files, by name.
leavings() { find . -mindepth 1 -not -path ./out -not -path ./err -not -path ./helpers 2>/dev/null | sort; }

# What the payload said and how its helpers were confined, without the name of this directory.
whole() {
	[ -s out ] || return 0
	[ ! -s helpers ] || echo "$(<helpers)" >>out
	[ "$line_name" != try ] || sed -i "s|$PWD|HERE|g" out
}

# compare NAME STATUS: a command that ran. What --landlock auto and --unshare-cgroup-try mean may be,
# and so may less of the host inside, the directory / instead of another one, and fewer helpers.
# PID 1 may have ended when it is looked at, and will take the command with it.
compare() {
	local differs
	if cmp -s out "$T/$line_name.expected"; then
		if [ "$2" = 0 ] || [ -s err ]; then echo same; else echo "BAD ran, but status $2 without a message"; fi
		return
	fi
	differs=$(diff <(sort -u "$T/$line_name.expected") <(sort -u out) | grep '^[<>]' |
		grep -vE '^< (mount [^ ]+ ro,|helper |interface |route |.* of PID 1: Permission)|^[<>] (directory|variable PWD=)|^> .* of PID 1: No such process' |
		case $1 in
		# no network at all instead of a refusal
		poll) grep -v "^[<>] the host's loopback 1: .* \(refused\|unreachable\)" ;;
		landlock_create_ruleset) grep -v '^[<>] mkdir in devpts' ;;
		# root without a user namespace keeps its capabilities, as under bubblewrap
		access) grep -vE '/ns/(cgroup|user): |_map|setgroups|max_user' |
			if [ "$line_name" = root-bwrap ]; then grep -v ' of PID 1: '; else cat; fi ;;
		# under the name bwrap, as bubblewrap; no_new_privs makes nothing of it
		prctl) if [[ $line_name = *bwrap ]]; then grep -v ' CapBnd:'; else cat; fi ;;
		*) cat ;;
		esac)
	if [ -n "$differs" ]; then
		echo "BAD ran otherwise: $(head -n 20 <<<"$differs" | tr '\n' ';')"
	elif [ "$2" != 0 ] && [ ! -s err ]; then
		echo "BAD ran, but status $2 without a message"
	else
		echo 'as much or more confined'
	fi
}

# judge STATUS NAME: leaves in $verdict what is to be said of what happened in this directory.
judge() {
	local more
	if [ "$1" = 3 ]; then
		verdict=unreached
	elif [ "$1" = 124 ] || [ "$1" = 137 ]; then
		verdict="BAD hangs or was killed: status $1"
	elif [ ! -s out ] && [ "$1" != 0 ] && [ -s err ]; then
		verdict=refused
	elif [ ! -s out ]; then
		verdict="BAD not run: status $1, message: $(head -c 300 err)"
	else
		verdict=$(compare "$2" "$1")
	fi
	leavings >"$left"
	# what could not be removed is there
	if ! cmp -s "$left" "$T/$line_name.left" && [[ $2 != unlink* && $2 != rmdir ]]; then
		more=$(comm -13 "$T/$line_name.left" "$left" | tr '\n' ' ')
		[ -z "$more" ] || verdict="BAD left: $more"
	fi
}

# --these FILE: faults, one a line: LINE PLACE ERRNO NAME. Prints a verdict on each.
these() {
	local dir=$T/at.$BASHPID left=$T/left.$BASHPID line_name place error call bare=''
	while read -r line_name place error call; do
		if [ -z "$bare" ]; then
			mkdir "$dir" && cd "$dir" && scene && profile || exit 1
			bare=$(leavings)
			line_of "$line_name"
		fi
		XDG_RUNTIME_DIR=$dir/runtime timeout -k 1 60 "$trace" -c helpers -f "$place:$error" "${line[@]}" >out 2>err </dev/null
		status=$?
		whole
		judge "$status" "$call"
		printf '%s %s %s %s %s\n' "$line_name" "$place" "$call" "$error" "$verdict"
		if [ "$(<"$left")" != "$bare" ]; then
			cd "$T" && { rm -rf "$dir" 2>/dev/null || { chmod -R u+rwX "$dir" && rm -rf "$dir"; }; }
			bare=''
		fi
	done <"$1"
	rm -rf "$dir"
}

if [ "${1:-}" = --these ]; then
	these "$2"
	exit 0
fi

mode=${1:-${ZBOX_FAULTS:-quick}}
case $mode in
quick) errors='1 wait' most=2 ;;
wide) errors='1 4 12 38 short' most=6 ;;
full) errors='1 4 12 38 short' most=100000 ;;
*) echo 'usage: sweep.sh [quick|wide|full [LINE...]]' && exit 2 ;;
esac
[ $# = 0 ] || shift
lines=("$@")
if [ $# = 0 ] && as_root; then
	lines=(root root-bwrap root-kept root-uid)
elif [ $# = 0 ]; then
	lines=(default second alone bwrap network limits ranges overlay masks profile uid nested named try)
fi

# Prints "LINE PLACE ERRNO NAME" for each fault to try.
points() { # LINE
	sed -n 's/^#define __NR_\([a-z0-9_]*\)[ \t]*\([0-9]*\)$/\2 \1/p' "$header" >names
	awk -v line="$1" -v errors="$errors" -v most="$most" '
		NR == FNR { name[$1] = $2; next }
		{
			split($1, part, ":")
			call = (part[2] in name) ? name[part[2]] : part[2]
			# these have no way to fail
			if (call ~ /^(exit|exit_group|rt_sigreturn|arch_prctl|set_tid_address|umask|get[a-z]*id)$/) next
			if (part[3] > most) next
			count = split(errors, list, " ")
			for (i = 1; i <= count; i++)
				if (list[i] == "wait" && call ~ /^(wait4|p?poll|read|recvfrom|recvmsg)$/)
					print line, $1, 4, call
				else if (list[i] + 0 > 0 || (list[i] == "short" &&
						call ~ /^(read|write|pread64|pwrite64|sendfile|copy_file_range)$/))
					print line, $1, list[i], call
		}' names "calls.$1"
}

# A listener on the loopback of the host, which the network inside must not reach.
python3 -c '
import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(64); print(s.getsockname()[1], flush=True)
while True: s.accept()[0].close()' >port &
listener=$!
trap 'kill "$listener"' EXIT
poll 20 test -s port
PROBE_PORT=$(cat port)
export PROBE_PORT T
jobs=${ZBOX_TEST_JOBS:-2}
mounts() { grep -F "$T" /proc/self/mountinfo; }
# expect LINE FILE: what the command says, and how its helpers are confined
expect() {
	local line_name=$1
	fresh "plain.$1" && scene && profile
	line_of "$1"
	# timeout(1) resets signals that were ignored, as below
	XDG_RUNTIME_DIR=$PWD/runtime timeout 60 "$trace" -o "$T/calls.$1" -c helpers "${line[@]}" >out 2>err </dev/null
	status=$?
	whole
	leavings >"$T/$1.left"
	cp out "$T/$2" && err=$(cat err)
	cd "$T" && chmod -R u+rwX "plain.$1" && rm -rf "plain.$1"
}

for name in "${lines[@]}"; do
	before=$(mounts)
	expect "$name" "$name.expected"
	is "$name: runs without a fault" "$status $(grep -vE 'no system call is filtered|changes are' <<<"$err")" '0 '
	expect "$name" "$name.again"
	ok "$name: and the same each time" cmp "$name.expected" "$name.again"
	points "$name" >"points.$name"
	for ((i = 0; i < jobs; i++)); do
		awk -v n="$jobs" -v i="$i" 'NR % n == i' "points.$name" >"part.$i"
		"$TESTS/faults/sweep.sh" --these "$T/part.$i" >"verdicts.$i" &
		workers[i]=$!
	done
	wait "${workers[@]}"
	for ((i = 0; i < jobs; i++)); do cat "verdicts.$i"; done >"verdicts.$name"
	is "$name: every fault was tried" "$(wc -l <"verdicts.$name")" "$(wc -l <"points.$name")"
	bad=$(grep ' BAD ' "verdicts.$name")
	is "$name: no fault opens anything" "$bad" ''
	is "$name: the mounts of the host are as they were" "$(mounts)" "$before"
	ok "$name: no process is left" poll 20 none_runs
	[ -z "${ZBOX_FAULTS_KEEP:-}" ] || cp "verdicts.$name" "$name.expected" "$ZBOX_FAULTS_KEEP/"
	echo "# $name: $(wc -l <"calls.$name") calls, $(wc -l <"points.$name") faults:" \
		"$(cut -d' ' -f5- "verdicts.$name" | sed 's/^BAD.*/BAD/' | sort | uniq -c | tr -s ' \n' ' ,')"
done
finish
