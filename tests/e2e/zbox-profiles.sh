#!/bin/bash
# The shipped profiles around a hostile build: it gets its work done and nothing else. Each thing
# that must fail is first seen to work outside, so that a test that tries nothing is noticed.
. "$(dirname "$0")/../lib.sh"
unset XDG_RUNTIME_DIR XDG_CACHE_HOME
export XDG_CONFIG_HOME=$T/config
shipped=$(cd "$TESTS/../profiles" && pwd)
mkdir -p "$XDG_CONFIG_HOME/zbox/profiles" && cp "$shipped"/*.profile "$XDG_CONFIG_HOME/zbox/profiles" || exit 1

# The home is not below /tmp, which would be another one inside: a writable one.
home=$T/home
tree=$(dirname "$TESTS") # may be in a home itself
outside() {
	HOME=/home/someone bwrap --dev-bind / / --tmpfs /home --ro-bind "$tree" "$tree" \
		--bind "$home" /home/someone --chdir /home/someone/project -- "$@"
}

# An honest project with a hostile part, in a home with something to lose.
fresh_home() {
	rm -rf "$home" && mkdir -p "$home/.ssh" "$home/project/.vscode" "$home/.npm/_cacache" && cd "$home/project" || exit 1
	echo key >"$home/.ssh/id_ed25519"
	echo token >"$home/.npmrc"
	echo '# mine' >"$home/.bashrc"
	echo '{}' >.vscode/tasks.json
	git init -q . && git config user.name a && git config user.email b
	mkdir -p .git/hooks
	printf 'all: hello\nhello: hello.c\n\t$(CC) -o $@ $<\n' >Makefile
	echo 'int main(void) { return 0; }' >hello.c
}

python3 -c '
import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
open("port", "w").write(str(s.getsockname()[1])); 
while True: s.accept()' &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$T"' EXIT
poll 10 test -s port || flunk 'the server runs'
port=$(cat port)

# try NAME: one hostile thing; succeeds where it could be done.
cat >"$T/try" <<X
#!/bin/bash
cd /home/someone/project || exit 9
case \$1 in
key) grep -q key '/home/someone/.ssh/id_ed25519' ;;
token) grep -q token '/home/someone/.npmrc' ;;
bashrc) echo evil >>'/home/someone/.bashrc' ;;
hook) echo evil >.git/hooks/pre-commit ;;
config) git config core.fsmonitor evil ;;
rename) mv .git .git.old && cp -r .git.old .git && echo evil >.git/hooks/post-checkout ;;
editor) echo evil >.vscode/tasks.json ;;
network) exec 3<>/dev/tcp/127.0.0.1/$port ;;
sibling) echo evil >'/home/someone/other' ;;
esac 2>/dev/null
X
chmod +x "$T/try"
sandboxed() { outside "$ZBOX" --profile "$1" --ro-bind "$T/try" /tmp/try -- "${@:2}"; }

# Not done, and not because zbox or the script failed.
denied() { # NAME COMMAND...
	run "${@:2}"
	case $status in
	0 | 12[567]) flunk "$1" "command: ${*:2}" || evidence ;;
	*) pass "$1" ;;
	esac
}

fresh_home
for what in key token bashrc hook config editor network sibling rename; do
	ok "outside, $what can be done" outside "$T/try" $what
done

# ---- build ----

fresh_home
ok 'build: make' sandboxed build make
ok 'build: what it made is there, and ours' test -x hello -a -O hello
denied 'build: /usr cannot be written' sandboxed build touch /usr/evil
for what in key token bashrc hook config rename network sibling; do
	denied "build: $what cannot be done" sandboxed build /tmp/try $what
done
is 'build: .bashrc is as it was' "$(cat "$home/.bashrc")" '# mine'
gives 'build: the home inside is empty' 0 '' -- sandboxed build sh -c 'ls -A ~'
export SECRET_TOKEN=x CFLAGS=-O1
gives 'build: no variable of the caller' 1 '' -- sandboxed build printenv SECRET_TOKEN
gives 'build: but those that builds know' 0 -O1 -- sandboxed build printenv CFLAGS
daemon=$((600000 + $$)).25
ok 'build: a daemon is started' sandboxed build sh -c "setsid sleep $daemon >/dev/null 2>&1 &
	until pgrep -xf 'sleep $daemon' >/dev/null; do sleep 0.05; done"
nok 'build: and is gone at the end' pgrep -xf "sleep $daemon"
gives 'build: the status is the command'\''s' 7 '' -- sandboxed build sh -c 'exit 7'

# ---- build-net ----

# clients/mirrors.sh downloads with it
gives 'build-net: a network of its own' 0 'nameserver 10.0.2.3' -- sandboxed build-net grep nameserver /etc/resolv.conf
gives 'build-net: a name that it does not list does not exist' 2 '' -- sandboxed build-net getent hosts example.com
for what in key token bashrc sibling network; do
	denied "build-net: $what cannot be done" sandboxed build-net /tmp/try $what
done

# ---- agent ----

fresh_home
echo '# theirs' >.envrc
ok 'agent: writes in the project' sandboxed agent sh -c 'echo new >file && mkdir sub && echo x >sub/y'
ok 'agent: commits' sandboxed agent sh -c 'git add file && git commit -qm first'
is 'agent: and the commit is there' "$(git log --format=%s)" first
for what in key token bashrc hook config rename editor network sibling; do
	denied "agent: $what cannot be done" sandboxed agent /tmp/try $what
done
denied 'agent: no start-up file is changed' sandboxed agent sh -c 'echo evil >>.envrc'
denied 'agent: nor replaced' sandboxed agent sh -c 'echo evil >x && mv -f x .envrc'
denied 'agent: nor removed' sandboxed agent rm -rf .git/hooks
# shellcheck disable=SC2016
for what in .bashrc .exrc .git/commondir; do
	run sandboxed agent sh -c 'echo evil >"$0"; sleep 60; echo on' "$what"
	is "agent: $what, which was not there, ends it" "$status $out" '125 '
	rm -f "$what"
done
echo secret >.env && echo secret >server.pem
gives 'agent: files with secrets are empty' 0 '' -- sandboxed agent cat .env server.pem
rm -f .env server.pem
ln -s real .zshrc && echo mine >real
denied 'agent: what a start-up file links to is not changed' sandboxed agent sh -c 'echo evil >>.zshrc'
run sandboxed agent sh -c 'rm .zshrc; echo evil >.zshrc; sleep 60; echo on'
is 'agent: who replaces the link is ended' "$status $out" '125 '
rm -f .zshrc && ln -s real .zshrc
run sandboxed agent sh -c 'rm .zshrc; echo evil >.zshrc'
is 'agent: also who ends at once' "$status" 125
rm -f .zshrc real
is 'agent: the hooks are as they were' "$(find .git/hooks -type f ! -name '*.sample')" ''
is 'agent: and .bashrc' "$(cat "$home/.bashrc")" '# mine'
# shellcheck disable=SC2016  # HOME inside is another
ok 'agent: a cache that is there is kept' sandboxed agent sh -c 'echo download >$HOME/.npm/_cacache/x'
ok 'agent: on the host' test -f "$home/.npm/_cacache/x"
gives 'agent: nothing else of the home' 0 '.npm' -- sandboxed agent sh -c 'ls -A ~'
mv .git "$T/repository" && echo "gitdir: $T/repository" >.git
denied 'agent: a .git that is a file stays' sandboxed agent sh -c 'echo "gitdir: /evil" >.git'

# ---- shell ----

gives 'shell: the home is empty' 0 '' -- sandboxed shell sh -c 'ls -A ~'
denied 'shell: nothing of the home or the project' sandboxed shell ls /home/someone
denied 'shell: no network' sandboxed shell /tmp/try network

# ---- a profile for the command: the installed ones, seen by a zbox in a sandbox ----

installed=$T/share/zbox/profiles
mkdir -p "$installed"
printf '# test\nfor printenv env2\nro-bind /usr /usr\nsetenv WHO profile\n' >"$installed/printenv.profile"
where=$(strings -a "$ZBOX" 2>/dev/null | grep -x '/.*/zbox/profiles' | grep -v ^/etc | head -n 1)
prefix=${where%/zbox/profiles}
if [ -z "$prefix" ] || [ ! -d "$prefix" ]; then
	skip 'a profile for the command' "there is no ${prefix:-folder of profiles}"
else
	with() { bwrap --dev-bind / / --bind "$T/share" "$prefix" -- "$@"; }
	gives 'the profile of the command is taken' 0 profile -- with "$ZBOX" printenv WHO
	is 'which is said' "$err" \
		"zbox: profile $where/printenv.profile, which is for printenv (--no-profile: without it)"
	run with "$ZBOX" --quiet /usr/bin/printenv WHO
	is 'or not' "$status $out $err" '0 profile '
	gives 'the command line wins' 0 me -- with "$ZBOX" --setenv WHO me printenv WHO
	run with "$ZBOX" --ro-bind /usr /usr env
	lacks 'not for another command' "$out" WHO
	run with "$ZBOX" --no-profile --ro-bind /usr /usr printenv WHO
	is 'not with --no-profile' "$status $out $err" '1  '
	run with "$ZBOX" --profile "$shipped/shell.profile" printenv WHO
	is 'nor with another profile' "$status $out $err" '1  '
	mv "$installed/printenv.profile" "$XDG_CONFIG_HOME/zbox/profiles"
	run with "$ZBOX" --ro-bind /usr /usr printenv WHO
	is 'never one of the user'\''s' "$status $out $err" '1  '
fi

finish
