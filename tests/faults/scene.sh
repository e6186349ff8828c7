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

# Processes of this build of zbox, and of what it runs: by their file, and by the mark that those
# have in their environment who got it.
mark=zbox-faults-$$
running() {
	readlink /proc/[0-9]*/exe 2>/dev/null | grep -xE "($ZBOX|$BWRAP|${ZBOX%/*}/zbox-[a-z]*|.*/probe)( .*)?"
	grep -lsa "ZBOX_MARK=$mark" /proc/[0-9]*/environ
}
none_runs() { [ -z "$(running)" ]; }
