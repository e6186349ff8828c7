#!/bin/bash
# Somebody exchanges a directory on the way to a mount while the root is built. Wherever the mount
# ends up, it has its flags and masks, and nothing of it is made in the other place.
# timeout: 300
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

starts=${RACE_STARTS:-60} # of each kind
deny=$TOOLS/e2e/deny-syscalls
old=("$deny" ENOSYS openat2 open_tree move_mount mount_setattr --)

mkdir -p root/{A,B}/{proc,dev,x,tmp} root/usr root/proc root/dev source
ln -s A root/link
cat >flip.py <<'P'
import os
os.chdir("root")
for target in "A", "B":
    os.symlink(target, "to-" + target)
while True:
    for target in "A", "B":
        os.link("to-" + target, "new", follow_symlinks=False)
        os.rename("new", "link")
P
cat >look.sh <<'P'
# run inside: says what is wrong
while read -r _ _ _ _ point _ rest; do
	case $rest in
	*"- proc proc "*)
		case $point in
		*/proc) [ "$1" = bwrap ] || grep -q " $point/sys ro" /proc/self/mountinfo || echo "no masks on $point" ;;
		esac ;;
	esac
done </proc/self/mountinfo
for side in A B; do
	if test -e /$side/x/source && touch /$side/x/written 2>/dev/null; then echo "$side/x is writable"; fi
done
P
touch source/source root/look.sh
mkdir -p root/{bin,lib,lib64}
python3 flip.py &
flipper=$!
trap 'kill $flipper; rm -rf "$T"' EXIT
poll 20 test -L root/to-B

race() { # NAME COMMAND...: the given starts, the output of all of them
	local name=$1 i ran=0
	shift
	: >said
	for ((i = 0; i < starts; i++)); do
		"$@" >>said 2>err </dev/null && ran=$((ran + 1))
	done
	is "$name: nothing is wrong inside" "$(sort said | uniq -c)" ''
	is "$name: nothing is made in the directories of the host" \
		"$(find root/A/dev root/B/dev root/A/proc root/B/proc -mindepth 1)" ''
	is "$name: nothing is written" "$(find source -name written)" ''
	rm -rf root/[AB]/{dev,proc,x}/* source/written
	isnt "$name: some ran ($(head -n 1 err))" "$ran" 0
}

plain=(--bind root / --ro-bind /usr /usr --ro-bind /bin /bin --ro-bind /lib /lib --ro-bind /lib64 /lib64
	--ro-bind look.sh /look.sh --proc /proc --dev /dev)
for engine in new old; do
	with=()
	[ $engine = new ] || with=("${old[@]}")
	race "$engine, --proc" "${with[@]}" "$ZBOX" --no-base "${plain[@]}" --proc /link/proc sh /look.sh
	race "$engine, --dev" "${with[@]}" "$ZBOX" --no-base "${plain[@]}" --dev /link/dev sh /look.sh
	race "$engine, --dev of bwrap" "${with[@]}" "$BWRAP" "${plain[@]}" --dev /link/dev sh /look.sh bwrap
	race "$engine, --ro-bind" "${with[@]}" "$ZBOX" --no-base "${plain[@]}" --ro-bind source /link/x sh /look.sh
	race "$engine, --tmpfs and a directory below" "${with[@]}" "$ZBOX" --no-base "${plain[@]}" \
		--tmpfs /link/tmp sh /look.sh
done
finish
