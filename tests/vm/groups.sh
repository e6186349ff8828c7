# shellcheck shell=bash
# groups.sh - what the tests of control groups share; read after tests/lib.sh.
# shellcheck disable=SC2034  # for the scripts that read this file

tree=/sys/fs/cgroup
slice=$tree/user.slice/user-$(id -u).slice/user@$(id -u).service
# what zbox makes is named after it: groups, and units of the user manager
left() { find "$slice" -depth -name 'zbox-*' 2>/dev/null; }
units() { systemctl --user list-units --all --no-legend --plain 'zbox-*.scope'; }
nothing_left() { [ -z "$(left)$(units)" ] && ! pgrep -u "$(id -u)" -x zbox >/dev/null; }
# the group of the one sandbox that runs; fails while there is none
box() { find "$slice" -type d -name 'zbox-*' ! -name '*.scope' | head -n 1 | grep .; }
# and until a process can be in it
made() { [ -d "$(box)/inside" ]; }
field() { sed -n "s/.*\"$1\": \([^,}]*\).*/\1/p" <<<"$err" | tail -n 1; }
limited() { zbox_usr --status-fd 2 "$@"; }
hog='import sys
x = bytearray(int(sys.argv[1]) << 20)
for i in range(0, len(x), 4096): x[i] = 1
print("had it")'
