#!/bin/bash
# Profiles as a user meets them: where they are found, what --explain tells of them, and that each
# error names its place, has status 125, and runs nothing.
. "$(dirname "$0")/../lib.sh"
export HOME=$T/home XDG_CONFIG_HOME=$T/config
mkdir -p "$HOME/project" "$XDG_CONFIG_HOME/zbox/profiles"
mine=$XDG_CONFIG_HOME/zbox/profiles
shipped=$TESTS/../profiles

# wrong NAME TEXT MESSAGE [OPTION...]: the profile p.profile with this text is refused with this message.
wrong() {
	printf '%b' "$2" >"$T/p.profile"
	refuses "$1" 125 "zbox: options: $3" -- zbox "${@:4}" --profile "$T/p.profile" --ro-bind /usr /usr -- touch "$T/ran"
	[ ! -e "$T/ran" ] || { flunk "$1: something ran"; rm "$T/ran"; }
}
at=$T/p.profile

# ---- errors of a line ----

wrong 'an unknown word' 'ro-bind /usr /usr\n  frobnicate' "$at:2:3: Unknown option --frobnicate"
wrong 'a missing operand' '\n\nbind /a' "$at:3:1: --bind takes two arguments"
wrong 'an operand too many' 'dir /a /b' "$at:1:8: /b is too much for --dir, and a line holds one option"
wrong 'a bad number' 'uid 4294967296' "$at:1:1: Invalid uid: 4294967296"
wrong 'a bad choice' 'landlock=yes' "$at:1:1: --landlock takes off|auto|require, not yes"
wrong 'an open quote' 'dir "/a\n"' "$at:1:5: this quote is not closed"
wrong 'a shell variable' 'dir $HOME' "$at:1:5: a variable is written \${NAME}"
wrong 'a substitution' 'dir `id`\ndir $(id)' "$at:2:5: a variable is written \${NAME}"
wrong 'a tilde' 'dir ~/x' "$at:1:5: ~ is written \${HOME} here"
wrong 'a variable that is not set' 'dir /${NOWHERE}' "$at:1:6: \${NOWHERE} is not set: give it by --set"
wrong 'the environment is not there' 'dir /${PATH}' "$at:1:6: \${PATH} is not set"
wrong 'an option for the command line' 'help' "$at:1:1: --help belongs on the command line"
wrong 'a command' 'ls -l' "$at:1:1: Unknown option --ls"
wrong 'a NUL byte' 'dir /a\ndir /\0b' "$at:2:6: a NUL byte"
wrong 'what waits at the end' 'perms 0700\n' "$at:1:1: --perms must be followed"
wrong 'a pending --size' 'size 5\ndir /a' "$at:2:1: --size must be followed by --tmpfs"
wrong 'a name that is no option of ours' '#\n#\n[Desktop Entry]' "$at:3:1: a line begins with the name"
wrong 'a control character is not printed raw' 'dir\t/a /\0033[2J' "$at:1:8: /\\x1b[2J is too much"

wrong 'what contradicts itself' 'dir /x\n share-uts\nhostname x' "$at:2:2: --share-uts cannot be combined with --hostname"
printf 'ro-bind /usr /usr\nro-bind /nil /nil\n' >"$at"
refuses 'a source that is missing' 125 "zbox: mounts: $at:2:1: Can't find source path /nil: No such file" -- \
	zbox --profile "$at" touch "$T/ran"
printf 'ro-bind /usr /usr\nsymlink x /usr\n' >"$at"
refuses 'what cannot be made' 125 "zbox: mounts: $at:2:1: Can't make symlink at /usr" -- zbox --profile "$at" true

# ---- errors of a file ----

refuses 'no such name' 125 "there is no profile nil in $mine, /etc/zbox/profiles or " -- zbox --profile nil true
refuses 'no such file' 125 'zbox: options: profile ./nil: No such file' -- zbox --profile ./nil true
refuses 'a folder' 125 "zbox: options: profile $T/home: Is a directory" -- zbox --profile "$T/home" true
wrong 'a file that is not there is included' 'dir /a\n  include ./nil' "$at:2:11: profile $T/nil: No such file"
wrong 'a name that is not there is included' 'include nil' "$at:1:9: there is no profile nil in"
head -c 1048577 /dev/zero | tr '\0' '#' >big
refuses 'more than 1 MiB' 125 "zbox: options: profile ./big: File too large" -- zbox --profile ./big true
refuses 'an endless file' 125 "profile /dev/zero: File too large" -- zbox --profile /dev/zero true
(head -c 1048573 /dev/zero | tr '\0' '#'; printf '\nx') >big
refuses 'just 1 MiB is read to its end' 125 "zbox: options: ./big:2:1: Unknown option --x" -- zbox --profile ./big true
echo 'include loop' >"$mine/loop.profile"
refuses 'a loop' 125 "$mine/loop.profile:1:9: include goes round in a loop: $mine/loop.profile" -- \
	zbox --profile loop true
echo 'include b' >"$mine/a.profile" && echo 'include a' >"$mine/b.profile"
refuses 'a longer loop' 125 "$mine/b.profile:1:9: include goes round in a loop: $mine/a.profile" -- \
	zbox --profile a true
for i in $(seq 1 20); do echo "include d$((i + 1))" >"$mine/d$i.profile"; done
refuses 'too deep' 125 "$mine/d17.profile:1:9: more than 16 profiles include each other" -- zbox --profile d1 true
if as_root; then
	skip 'an unreadable file' 'root reads everything'
else
	echo 'dir /a' >"$mine/locked.profile" && chmod 0 "$mine/locked.profile"
	refuses 'an unreadable file' 125 "profile $mine/locked.profile: Permission denied" -- zbox --profile locked true
fi

# ---- where they are found ----

echo 'setenv WHERE here' >here.profile
refuses 'not in the current folder' 125 'there is no profile here' -- zbox --profile here true
refuses 'nor as a file of that name' 125 'there is no profile here.profile' -- zbox --profile here.profile true
run zbox --explain --profile ./here.profile true
contains 'but by its path' "$out" 'setenv WHERE here   [./here.profile:1]'
echo 'setenv WHERE mine' >"$mine/w.profile" && echo 'setenv WHERE local' >"$mine/w.local"
run zbox --explain --setenv WHERE words --profile w true
contains 'the file is told' "$out" "setenv WHERE mine   [$mine/w.profile:1]"
order=$(grep -oE 'WHERE (mine|local|words)  ' <<<"$out" | tr -d '\n')
is 'NAME.local after it, the command line last' "$order" 'WHERE mine  WHERE local  WHERE words  '
run env -u XDG_CONFIG_HOME "$ZBOX" --profile w true
contains 'HOME/.config without XDG_CONFIG_HOME' "$err" "$HOME/.config/zbox/profiles"
(cd "$T/config" && run env XDG_CONFIG_HOME=. "$ZBOX" --profile w true
	contains 'and where that is relative' "$err" "$HOME/.config/zbox/profiles"
	exit "$tests_failed") || tests_failed=$((tests_failed + 1))
tests_run=$((tests_run + 1))

# ---- explained ----

printf 'ro-bind /usr /usr\n? ro-bind /nil /nil\nbind ${PWD} /a\nseccomp-profile build\n' >"$mine/e.profile"
run zbox --explain=json --profile e -- true
printf '%s\n' "$out" >json
query() { python3 -c "import json,sys; d=json.load(open('json')); print($1)"; }
is 'mounts know their line' "$(query "[m['origin'] for m in d['mounts'] if m['destination']=='/a']")" "['$mine/e.profile:3']"
is 'and what is not there is left out' "$(query "[m for m in d['mounts'] if m['destination']=='/nil']")" '[]'
is 'profiles are listed' "$(query "d['options']['profiles']")" "['$mine/e.profile']"
is 'with the options' "$(query "d['options']['given'][0]")" \
	"{'option': 'seccomp-profile', 'operands': ['build'], 'origin': '$mine/e.profile:4'}"
run zbox --explain --profile e --bind-try "$T" /a --seccomp-profile none true
matches 'the command line wins' "$out" $'\n''  seccomp-profile +-'$'\n'
lacks 'without a warning of two' "$err" 'Only the last'

# ---- hostile values ----

odd=$T/$(printf 'x --bind / /\n--dev-bind "$(id)" \047')
mkdir -p "$odd" && cd "$odd" || exit 1
run zbox --explain=json --profile e -- true
printf '%s\n' "$out" >"$T/json"
cd "$T" || exit 1
is 'a folder full of options is one word' \
	"$(query "[m['source'] for m in d['mounts'] if m['destination']=='/a'][0]")" "$odd"
is 'and adds nothing' "$(query "[m['operation'] for m in d['mounts'] if m['origin'].startswith('/')]")" "['ro-bind', 'bind']"
# The same by way of every variable, in an operand and in the place of an option.
hostile=$(printf '/nil\n--bind / /\nshare-net\n-- sh -c id "\047')
# shellcheck disable=SC2016  # not the shell's
printf 'ro-bind /usr /usr\nsetenv A "${V}" \nsetenv B ${HOME}\n? bind ${XDG_RUNTIME_DIR:-/nil} /b\nsetenv C ${USER}\n' >"$mine/v.profile"
run env HOME="$hostile" USER="$hostile" XDG_RUNTIME_DIR="$hostile" XDG_CONFIG_HOME="$T/home/.config" \
	"$ZBOX" --explain=json --profile "$mine/v.profile" --set "V=$hostile" -- true
is 'hostile variables are explained' "$status" 0
printf '%s\n' "$out" >"$T/json"
cd "$T" || exit 1
for name in A B C; do
	is "hostile variables: $name is one word" \
		"$(query "[g['operands'][1] for g in d['options']['given'] if g['operands'][:1]==['$name']]")" \
		"$(python3 -c 'import sys; print([sys.argv[1]])' "$hostile")"
done
is 'and add no mount' "$(query "[m['operation'] for m in d['mounts'] if m['origin'].startswith('/')]")" "['ro-bind']"
lacks 'nor the network' "$(query "[g['option'] for g in d['options']['given']]")" share-net
# shellcheck disable=SC2016
wrong 'one is no option' '${V}' "$at:1:1: " --set "V=$hostile"
# shellcheck disable=SC2016
wrong 'nor is --' 'ro-bind /usr /usr\n${V} echo ran' "$at:2:1: " --set V=--

# ---- what is shipped ----

cd "$HOME/project" || exit 1
cp "$shipped/"{build,browser,desktop}.profile "$mine/" # others include them
for profile in "$shipped"/*.profile; do
	name=${profile##*/}
	ok "$name can be explained" zbox --explain --profile "$profile" -- true
	lacks "$name: without a warning" "$err" warning
	contains "$name is in the manual" "$(sed 's/\\-/-/g' "$TESTS/../man/zbox-profile.5")" ".B ${name%.profile}"
done
cd "$HOME" || exit 1
for name in build agent; do
	refuses "$name is not for a home directory" 125 'go to the folder of the project' -- \
		zbox --profile "$shipped/$name.profile" -- true
	(cd / && refuses "$name is not for /" 125 'go to the folder of the project' -- \
		zbox --profile "$shipped/$name.profile" -- true
		exit "$tests_failed") || tests_failed=$((tests_failed + 1))
	tests_run=$((tests_run + 1))
done

# ---- which there are ----

mkdir -p "$T/listed/zbox/profiles" && cd "$T" || exit 1
printf '# mine: what is mine\nshare-net\n' >listed/zbox/profiles/mine.profile
printf 'share-net\n# no\n' >listed/zbox/profiles/bare.profile
printf '# odd: \033[2J\n' >listed/zbox/profiles/odd.profile
touch listed/zbox/profiles/.hidden.profile listed/zbox/profiles/mine.local 'listed/zbox/profiles/a b.profile'
run env XDG_CONFIG_HOME="$T/listed" "$ZBOX" --list-profiles
contains '--list-profiles: a name and what it is' "$out" 'mine            what is mine'
matches 'a name alone' "$out" '(^|'$'\n'')bare +('$'\n''|$)'
contains 'nothing for the terminal' "$out" '\x1b[2J'
lacks 'what is no name is not there' "$out" hidden
lacks 'nor what --profile would not take' "$out" 'a b'
ok 'each is found' env XDG_CONFIG_HOME="$T/listed" "$ZBOX" --explain --profile mine --ro-bind /usr /usr true

finish
