#!/bin/bash
# --landlock-only: no namespaces, but files, sockets, signals and the filter hold.
. "$(dirname "$0")/../lib.sh"

mkdir -p given writable secret
echo shown >given/file
echo hidden >secret/file
only=(--landlock-only --ro-bind /usr /usr --ro-bind "$T/given" "$T/given" --bind "$T/writable" "$T/writable")

run zbox "${only[@]}" true
contains 'it says what it does not protect' "$err" '--landlock-only protects the contents of files'
gives 'the namespaces are the caller'"'"'s' 0 "$(readlink /proc/self/ns/user) $(readlink /proc/self/ns/pid)" -- \
	zbox "${only[@]}" sh -c 'echo $(readlink /proc/self/ns/user) $(readlink /proc/self/ns/pid)'
gives 'what was named is read' 0 shown -- zbox "${only[@]}" cat "$T/given/file"
nok 'and not written' zbox "${only[@]}" sh -c "echo x >>'$T/given/file'"
nok 'what was not named is not read' zbox "${only[@]}" cat "$T/secret/file"
ok 'what was named writable is written' zbox "${only[@]}" sh -c "echo x >'$T/writable/new'"
is 'on the host' "$(cat writable/new)" x
nok 'nothing is made elsewhere' zbox "${only[@]}" touch "$T/secret/new"
nok 'no network socket' zbox "${only[@]}" python3 -c 'import socket; socket.socket()'
ok 'twin: with --share-net there is' zbox "${only[@]}" --share-net python3 -c 'import socket; socket.socket()'
sleep 60 &
victim=$!
# Landlock bounds signals since its ABI 6 (Linux 6.12). Before that the warning has to say so.
abi=$(zbox --doctor | sed -n 's/.* Landlock .*ABI \([0-9]*\).*/\1/p')
if [ "${abi:-0}" -ge 6 ]; then
	nok 'no signal to a process outside' zbox "${only[@]}" sh -c "kill $victim"
else
	run zbox "${only[@]}" sh -c 'kill -0 1'
	contains "ABI ${abi:-none} does not keep signals inside, and the user is told" "$err" 'sent signals'
fi
ok 'twin: it is there' kill "$victim"
gives 'the filter and no_new_privs hold' 0 '1 2' -- zbox "${only[@]}" \
	sh -c 'sed -n "s/^NoNewPrivs:.//p; s/^Seccomp:.//p" /proc/self/status | paste -sd " "'
run zbox "${only[@]}" sh -c "sleep 61 & echo \$!"
ok 'what it leaves behind is killed' poll 20 test ! -e "/proc/$out"
refuses 'another place cannot be had' 125 '--landlock-only shows files where they are' -- \
	zbox --landlock-only --ro-bind /usr /elsewhere echo ran
refuses 'nor an empty directory' 125 '--landlock-only cannot make an empty tmpfs' -- \
	zbox "${only[@]}" --tmpfs /mnt echo ran
finish
