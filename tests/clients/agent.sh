#!/bin/bash
# The sandbox of a coding agent as npm's package has it (@anthropic-ai/sandbox-runtime, "srt"), on
# zbox's bwrap, unchanged: a command in the project works, with the names that were allowed; writing
# elsewhere, a file that was denied, another name and a way around the proxy fail. Outside, all of
# it works.
# timeout: 300
. "$(dirname "$0")/common.sh"
export me="${me:-$(id -u)}" # before the test starts anew as root of a user namespace
WHAT='an agent sandbox'
cli=${ZBOX_NPM:-/var/lib/zbox-tests/npm}/node_modules/@anthropic-ai/sandbox-runtime/dist/cli.js
has node socat rg curl openssl git || { finish; exit; }
[ -e "$cli" ] || { skip "$WHAT" "there is no $cli: tools/setup clients fetches it"; finish; exit; }
unset http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY
# shellcheck source=tests/e2e/net-world.sh
. "$TESTS/e2e/net-world.sh"
world_site
world
host_home
world_pids+=("${helpers[@]}")

as_me=()
[ "$me" = 0 ] || as_me=(unshare -U --map-user="$me" --map-group="$(id -g "$me")")
mkdir -p "$T/tmp" "$HOME/project" "$HOME/beside" && cd "$HOME/project" || exit 1
export TMPDIR=$T/tmp
git init -q .
echo 'the token' >.env
cat >"$T/settings" <<X
{"network": {"allowedDomains": ["web.test"], "deniedDomains": []},
 "filesystem": {"denyRead": ["~/.ssh", ".env"], "allowWrite": ["."], "denyWrite": ["kept"]}}
X
echo 'as it was' >kept
# It starts the command without waiting for its own proxies inside.
ready='for i in {1..600}; do (exec 3<>/dev/tcp/127.0.0.1/3128) 2>/dev/null && break; sleep 0.05; done'
srt() { PATH=${BWRAP%/*}:$PATH "${as_me[@]}" node "$cli" --settings "$T/settings" -c "$ready; $1"; }
outside() { "${as_me[@]}" bash -c "$1"; }

# ---- it is zbox's bwrap that it starts ----

srt 'echo up; until [ -e stop ]; do sleep 0.1; done' >"$T/up" 2>&1 &
pid=$!
poll 60 grep -q up "$T/up"
is "what it starts is zbox's bwrap" "$(readlink "/proc/$(below "$pid" bwrap)/exe")" "$(realpath "$BWRAP")"
touch stop
wait "$pid"
is 'and it ends well' "$?" 0
rm stop

# ---- what it allows ----

# shellcheck disable=SC2016  # the inner shell's
gives 'a command in the project' 0 "1 $(id -un "$me") $PWD" -- srt 'echo made >new && echo "$SANDBOX_RUNTIME $(id -un) $PWD"'
is 'what it wrote is there' "$(cat new)" made
gives 'its status is passed on' 7 '' -- srt 'exit 7'
fetch='curl -fsS --max-time 60 -o /dev/null -w "%{http_code}"'
# the answer counts, not its end, which the package's proxy may lose when the server closes first
run srt "$fetch http://web.test/"
is 'an allowed name' "$out" 200
run srt "$fetch --cacert '$T/site/cert.pem' https://web.test/"
is 'by TLS' "$out" 200
matches 'and with git' "$(srt 'git ls-remote http://web.test/git/repo.git' 2>&1)" 'refs/heads/first$'

# ---- what it forbids, and its twin outside ----

forbids() { # NAME MESSAGE COMMAND; the command works outside
	ok "twin: outside, $1 works" outside "$3"
	run srt "$3"
	if [ "$status" != 0 ] && [[ $err == *$2* ]]; then pass "$1 fails"; else flunk "$1 fails" "$3" || evidence; fi
}
forbids 'writing beside the project' 'Read-only file system' 'echo x >../beside/file'
forbids 'writing to a start-up file of the home' 'Read-only file system' 'echo "# the host" >../.bashrc'
forbids 'writing to what is denied in the project' 'Read-only file system' 'echo "as it was" >kept'
forbids 'writing a hook' 'Read-only file system' 'echo "#" >.git/hooks/update'
forbids 'reading a denied file' 'Permission denied' 'cat .env'
forbids 'reading in a denied folder' 'No such file' 'cat ../.ssh/id_ed25519'
forbids 'another name' '403' "$fetch http://other.test/"
forbids 'another name by TLS' '403' "$fetch --cacert '$T/site/cert.pem' https://other.test/"
forbids 'another name with git' 'blocked by network allowlist' 'git ls-remote http://other.test/git/repo.git'
forbids 'an address around the proxy' "Couldn't connect" "$fetch --noproxy '*' http://198.51.100.80/"
forbids 'an allowed name around the proxy' 'Could not resolve' "$fetch --noproxy '*' http://web.test/"
forbids "a port of the host's loopback" 'Connection refused' "exec 9<>/dev/tcp/127.0.0.1/$PORT"
forbids 'a Unix socket' 'Operation not permitted' 'python3 -c "import socket; socket.socket(socket.AF_UNIX)"'
forbids 'to see the caller' 'No such process' "kill -0 $$"
is 'the project is as it was, but for what was made' "$(ls -A; cat kept .env)" $'.env\n.git\nkept\nnew\nas it was\nthe token'
finish
