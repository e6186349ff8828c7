#!/bin/bash
# sweep.sh [quick|full] - each system call of a start fails in turn. Then either the command has not
# run, the status is not 0 and a message says why; or it ran exactly as confined as without a fault.
#
#   quick   EPERM at the first two occurrences of every call in every process (the default)
#   full    EPERM, ENOMEM, EINVAL and ENOSYS at every call
#
# Places are those of trace.c. What the command says of itself is probe.c's output.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

trace=$TOOLS/faults/trace probe=$TOOLS/faults/probe
header=/usr/include/$(uname -m)-linux-gnu/asm/unistd_64.h
[ -r "$header" ] || header=/usr/include/asm-generic/unistd.h

export PROBE_KEYRING
PROBE_KEYRING=$(keyctl show @s 2>/dev/null | awk 'NR == 2 { print $1 }')
host=$(readlink /proc/self/ns/* | tr '\n' ' ')

# The command line called $1, in the array line.
line_of() {
	case $1 in
	default) line=("$ZBOX" --ro-bind /usr /usr --ro-bind "$probe" /probe) ;;
	second) line=("$ZBOX" --ro-bind /usr /usr --ro-bind "$probe" /probe --uid 1000 --env PROBE_KEYRING
		--cap-add cap_net_bind_service --seccomp-profile none --tmpfs /x --chdir /x) ;;
	alone) line=("$ZBOX" --ro-bind /usr /usr --ro-bind "$probe" /probe --share-pid --share-net) ;;
	bwrap) line=("$BWRAP" "${usr[@]}" --ro-bind "$probe" /probe --dev /dev --proc /proc --tmpfs /tmp
		--unshare-all --die-with-parent --new-session --clearenv) ;;
	esac
	line+=(-- /probe "$host")
}

# compare NAME STATUS: a command that ran. What --landlock auto and --unshare-cgroup-try mean may be,
# and so may less of the host inside, and the directory / instead of another one.
compare() {
	local differs
	differs=$(diff <(sort "$T/$line_name.expected") <(sort out) | grep '^[<>]' |
		grep -vE '^< mount [^ ]+ ro,|^[<>] (directory|variable PWD=)' |
		case $1 in
		landlock_create_ruleset) grep -v '^[<>] mkdir in devpts' ;;
		access) grep -vE '/ns/(cgroup|user): |_map|setgroups|max_user' ;;
		# under the name bwrap, as bubblewrap; no_new_privs makes nothing of it
		prctl) if [ "$line_name" = bwrap ]; then grep -v ' CapBnd:'; else cat; fi ;;
		*) cat ;;
		esac)
	if [ -n "$differs" ]; then
		echo "BAD ran otherwise: $(head -n 8 <<<"$differs" | tr '\n' ';')"
	elif [ "$2" != 0 ] && [ ! -s err ]; then
		echo "BAD ran, but status $2 without a message"
	elif cmp -s out "$T/$line_name.expected"; then
		echo same
	else
		echo 'as much or more confined'
	fi
}

# --one LINE PLACE ERRNO NAME: one fault; prints a verdict.
one() {
	local dir=$T/$1.$2.$3 line_name=$1 got verdict
	mkdir -p "$dir" && cd "$dir" || exit 1
	line_of "$1"
	timeout -k 1 20 "$trace" -f "$2:$3" "${line[@]}" >out 2>err </dev/null
	got=$?
	if [ "$got" = 3 ]; then
		verdict=unreached
	elif [ "$got" = 124 ] || [ "$got" = 137 ]; then
		verdict="BAD hangs or was killed: status $got"
	elif [ ! -s out ] && [ "$got" != 0 ] && [ -s err ]; then
		verdict=refused
	elif [ ! -s out ]; then
		verdict="BAD not run: status $got, message: $(head -c 300 err)"
	else
		verdict=$(compare "$4" "$got")
	fi
	printf '%s %s %s %s %s\n' "$1" "$2" "$4" "$3" "$verdict"
	cd "$T" && rm -rf "$dir"
}

if [ "${1:-}" = --one ]; then
	shift
	one "$@"
	exit 0
fi

mode=${1:-quick}
case $mode in
quick) errors='1' most=2 ;;
full) errors='1 12 22 38' most=100000 ;;
*) echo 'usage: sweep.sh [quick|full]' && exit 2 ;;
esac

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
			for (i = 1; i <= count; i++) print line, $1, list[i], call
		}' names "calls.$1"
}

for name in default second alone bwrap; do
	line_of "$name"
	run "$trace" -o "calls.$name" "${line[@]}"
	printf '%s\n' "$out" >"$name.expected"
	is "$name: runs without a fault" "$status" 0
	ok "$name: and the same each time" cmp "$name.expected" <("$trace" "${line[@]}" 2>/dev/null </dev/null)
	points "$name" >"points.$name"
	export T
	xargs -P "${ZBOX_TEST_JOBS:-2}" -L 1 "$TESTS/faults/sweep.sh" --one <"points.$name" >"verdicts.$name"
	is "$name: every fault was tried" "$(wc -l <"verdicts.$name")" "$(wc -l <"points.$name")"
	bad=$(grep ' BAD ' "verdicts.$name")
	is "$name: no fault opens anything" "$bad" ''
	echo "# $name: $(wc -l <"calls.$name") calls, $(wc -l <"points.$name") faults:" \
		"$(cut -d' ' -f5- "verdicts.$name" | sed 's/^BAD.*/BAD/' | sort | uniq -c | tr -s ' \n' ' ,')"
done
finish
