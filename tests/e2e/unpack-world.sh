# shellcheck shell=bash
# unpack-world.sh - the cache of unpacked trees, for the tests of archives and images. Reads lib.sh.
#
#   trees, unpacking   what is in the cache; what is being unpacked, or was left of that
#   wipe               removes the cache, as who it belongs to
#   entries            text of Python: add(), file(), link() and hard() put entries into the tarfile t
#
# shellcheck disable=SC2034  # variables are for the scripts that read this file
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
entries=$TESTS/e2e/unpack-entries.py

busybox=$(command -v busybox)
[ -n "$busybox" ] || { flunk 'busybox is not installed: tools/setup test'; finish; exit; }
[ -x "$(dirname "$ZBOX")/zbox-unpack" ] || { flunk 'zbox-unpack was not built: tools/setup build'; finish; exit; }
export XDG_CACHE_HOME=$T/cache HOME=$T/home
mkdir home
cache=$T/cache/zbox
trees() { ls "$cache/trees" 2>/dev/null; }
unpacking() { find "$cache/unpacking" -mindepth 1 -maxdepth 1 -name 'run-*' 2>/dev/null; }
wipe() { rm -rf "$cache" 2>/dev/null || zbox_usr --map auto --cap-add dac_override --bind "$T" "$T" rm -rf "$cache"; }
