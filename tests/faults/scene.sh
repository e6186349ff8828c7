# shellcheck shell=bash
# scene.sh - what the sweeps share: command lines with all that they need around them, and what is
# left on the host. Reads lib.sh.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

# shellcheck disable=SC2034  # for the scripts that read this
trace=$TOOLS/faults/trace

# What is confined, in the working directory: files for binds, layers and masks.
scene() {
	mkdir -p runtime d/dir lower upper work
	echo secret >d/secret && echo kept >d/config && echo inside >d/dir/inside && echo low >lower/file
}

# Processes of zbox and of what it runs that are this user's: by their name, because those of zbox
# hide the rest of them (from root not: by their program, which is not that of another test); and by
# the mark in the environment of who got it.
mark=zbox-faults-$$
running() {
	local name pids names=('zbox.*|bwrap' probe)
	if as_root; then
		names=(probe)
		readlink /proc/[0-9]*/exe | grep "^$(realpath "${ZBOX%/*}")/"
	fi
	for name in "${names[@]}"; do pgrep -u "$(id -u)" -r D,R,S,T,t -l -x "$name"; done
	mapfile -t pids < <(pgrep -u "$(id -u)")
	pids=("${pids[@]/#//proc/}")
	grep -lsa "ZBOX_MARK=$mark" "${pids[@]/%//environ}" </dev/null
}
none_runs() { [ -z "$(running)" ]; }
