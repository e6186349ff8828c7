#!/bin/bash
# Environment, working directory and PWD, argv[0], how the command is found.
. "$(dirname "$0")/../lib.sh"
host=(--ro-bind / /)
here=$T

# ---- environment ----

export ZB_A=1 ZB_B=2
gives 'the environment is kept' 0 1,2 -- bwrap "${host[@]}" sh -c 'echo $ZB_A,$ZB_B'
gives '--setenv' 0 x,2 -- bwrap "${host[@]}" --setenv ZB_A x sh -c 'echo $ZB_A,$ZB_B'
gives '--setenv with an empty value' 0 'ZB_A=' -- bwrap "${host[@]}" --setenv ZB_A '' sh -c 'env | grep ZB_A'
gives '--unsetenv' 0 unset,2 -- bwrap "${host[@]}" --unsetenv ZB_A sh -c 'echo ${ZB_A-unset},$ZB_B'
gives '--unsetenv of what is not set' 0 1 -- bwrap "${host[@]}" --unsetenv ZB_C sh -c 'echo $ZB_A'
gives 'the last change wins' 0 unset -- \
	bwrap "${host[@]}" --setenv ZB_A x --unsetenv ZB_A sh -c 'echo ${ZB_A-unset}'
gives '--clearenv leaves PWD' 0 "PWD=$here" -- bwrap "${host[@]}" --clearenv /usr/bin/env
gives '--clearenv clears what came before' 0 "PWD=$here"$'\nZB_B=y' -- \
	bwrap "${host[@]}" --setenv ZB_A x --clearenv --setenv ZB_B y /bin/sh -c '/usr/bin/env | /usr/bin/sort'
refuses '--setenv without a name' 1 'bwrap: setenv failed' -- \
	bwrap "${host[@]}" --setenv '' x echo ran
refuses '--setenv with = in the name' 1 'bwrap: setenv failed' -- \
	bwrap "${host[@]}" --setenv A=B x echo ran
gives 'an empty environment' 0 "PWD=$here" -- env -i "$BWRAP" "${host[@]}" /usr/bin/env

# ---- how the command is found ----

mkdir bin && printf '#!/bin/sh\necho mine\n' >bin/zb-command && chmod +x bin/zb-command
gives 'PATH of the caller' 0 mine -- env PATH="$here/bin:$PATH" "$BWRAP" "${host[@]}" zb-command
gives 'PATH as --setenv has it' 0 mine -- bwrap "${host[@]}" --setenv PATH "$here/bin:/bin" zb-command
refuses 'no such command' 1 'bwrap: execvp zb-command: No such file or directory' -- bwrap "${host[@]}" zb-command
refuses 'not executable' 1 'bwrap: execvp /etc/passwd: Permission denied' -- bwrap "${host[@]}" /etc/passwd
refuses 'a directory' 1 'bwrap: execvp /etc: Permission denied' -- bwrap "${host[@]}" /etc
refuses 'the command of the host is not used' 1 "bwrap: execvp $here/bin/zb-command: No such file" -- \
	bwrap_usr "$here/bin/zb-command"
if since 0.9; then
	gives '--argv0' 0 other -- bwrap "${host[@]}" --argv0 other sh -c 'echo $0'
	gives '--argv0 leaves the lookup alone' 0 '-sh' -- bwrap "${host[@]}" --argv0 -sh sh -c 'echo $0'
	refuses '--argv0 twice' 1 'bwrap: --argv0 used multiple times' -- \
		bwrap "${host[@]}" --argv0 a --argv0 b echo ran
fi
gives 'arguments are passed as they are' 0 $'<a b><><--ro-bind><\n>' -- \
	bwrap "${host[@]}" printf '<%s>' 'a b' '' --ro-bind $'\n'
gives '-- ends the options' 0 ok -- bwrap "${host[@]}" -- echo ok

# ---- working directory ----

pwd='pwd -P; echo $PWD'
gives 'the working directory is kept' 0 "$here"$'\n'"$here" -- bwrap "${host[@]}" sh -c "$pwd"
gives '--chdir' 0 $'/usr/bin\n/usr/bin' -- bwrap "${host[@]}" --chdir /usr/bin sh -c "$pwd"
gives '--chdir of a missing directory' 1 '' -- bwrap "${host[@]}" --chdir /zbox-none echo ran
run bwrap "${host[@]}" --chdir /zbox-none echo ran
contains 'says so' "$err" "bwrap: Can't chdir to /zbox-none: No such file or directory"
run bwrap "${host[@]}" --chdir ../ /usr/bin/env
contains 'PWD is the text that was given' "$out" 'PWD=../'
gives 'else HOME' 0 $'/home/x\n/home/x' -- env HOME=/home/x "$BWRAP" "${usr[@]}" --dir /home/x sh -c "$pwd"
gives 'HOME as --setenv has it' 0 $'/home/x\n/home/x' -- \
	bwrap_usr --setenv HOME /home/x --dir /home/x sh -c "$pwd"
gives 'else /' 0 $'/\n/' -- env HOME=/zbox-none "$BWRAP" "${usr[@]}" sh -c "$pwd"
gives 'the same path, if it is something else inside' 0 "$here"$'\n'"$here" -- \
	bwrap_usr --dir "$here" sh -c "$pwd"
nok 'and then the host is not seen through it' bwrap_usr --dir "$here" ls bin
ln -s . self
gives '--chdir through a link' 0 "$here"$'\n'"$here/self" -- \
	bwrap "${host[@]}" --chdir "$here/self" sh -c "$pwd"
gives 'OLDPWD is left alone' 0 /old -- env OLDPWD=/old "$BWRAP" "${host[@]}" printenv OLDPWD
mkdir gone && cd gone && rmdir ../gone
run bwrap "${host[@]}" sh -c 'echo ran in $PWD'
is 'a deleted working directory is no reason to fail' "$status" 0
cd "$here" || exit 1
# ---- a script without a first line that names its interpreter ----

mkdir -p scripts
echo 'echo "$0 $*"' >scripts/plain-script
chmod +x scripts/plain-script
gives 'by its path: the shell runs it' 0 "$PWD/scripts/plain-script 1 2" -- \
	bwrap --ro-bind / / "$PWD/scripts/plain-script" 1 2
gives 'by its name: as well' 0 "$PWD/scripts/plain-script 3" -- \
	bwrap --ro-bind / / --setenv PATH "/nonexistent:$PWD/scripts:/bin" plain-script 3

finish
