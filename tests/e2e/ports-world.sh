# shellcheck shell=bash
# ports-world.sh - sandboxes in the background, for the tests of ports.
#
#   box NAME OPTIONS... -- COMMAND...   starts one and waits until its server says "up"; what it says
#                                       is in $T/NAME.out and $T/NAME.err
#   ports_of NAME                       the processes of zbox-ports that belong to it
#   unbox NAME [SIGNAL]                 ends it
#
# shellcheck disable=SC2034,SC2154  # variables are for the scripts that read this file
driver=$TESTS/e2e/ports-driver.py
inside=(python3 /driver.py)
input=/dev/null
limits=()
declare -A boxes=()

if [ ! -c /dev/net/tun ] || ! command -v python3 >/dev/null || [ ! -x "${ZBOX%/*}/zbox-net" ]; then
	skip 'ports' 'needs /dev/net/tun, zbox-net (libslirp) and python3'
	finish
	exit
fi

boxes_end() {
	local name
	for name in "${!boxes[@]}"; do unbox "$name" KILL; done
}
trap boxes_end EXIT

drive() { python3 "$driver" "$@"; }

box() {
	local name=$1
	shift
	rm -f "$T/$name.out"
	"${limits[@]}" "$ZBOX" --ro-bind /usr /usr --ro-bind "$driver" /driver.py "$@" \
		<"$input" >"$T/$name.out" 2>"$T/$name.err" &
	boxes[$name]=$!
	poll 20 grep -q up "$T/$name.out" || flunk "$name is up" "$(cat "$T/$name.out" "$T/$name.err")"
}

# After a KILL zbox-ports dies a moment later than zbox, and its ports are for the next one.
unbox() {
	local helper helpers
	read -rd '' -a helpers < <(ports_of "$1")
	kill "-${2:-TERM}" "${boxes[$1]}" 2>/dev/null
	wait "${boxes[$1]}" 2>/dev/null
	status=$?
	unset "boxes[$1]"
	for helper in "${helpers[@]}"; do poll 20 has_ended "$helper"; done
}

ports_of() { pgrep -x zbox-ports -P "${boxes[$1]}"; }
