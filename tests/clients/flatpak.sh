#!/bin/bash
# The whole of Flatpak on our bwrap: a runtime and an application are built, installed, run, entered
# and killed. All its sandboxes go through FLATPAK_BWRAP: the build, the triggers after an
# installation, the D-Bus proxy, the application.
# timeout: 300
. "$(dirname "$0")/common.sh"

WHAT='Flatpak'
has flatpak dbus-run-session busybox xdg-dbus-proxy python3 || { finish; exit; }
# A session bus that is the system bus too, for flatpak asks both.
if [ -z "${INSIDE_SESSION:-}" ]; then
	INSIDE_SESSION=1 exec dbus-run-session -- "$0"
fi
export DBUS_SYSTEM_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS

host_home
cat >"$T/bwrap" <<X
#!/bin/bash
echo "\${*: -2}" >>'$T/calls'
exec -a bwrap '$BWRAP' "\$@"
X
chmod 755 "$T/bwrap"
export FLATPAK_BWRAP=$T/bwrap FLATPAK_USER_DIR=$T/installation XDG_RUNTIME_DIR=$T/runtime
export XDG_DATA_HOME=$T/share XDG_CACHE_HOME=$T/cache XDG_CONFIG_HOME=$T/config
mkdir -m 700 "$XDG_RUNTIME_DIR"
arch=$(flatpak --default-arch)

mkdir -p runtime-1/files/bin runtime-1/files/etc
cp "$(command -v busybox)" runtime-1/files/bin/busybox
for name in sh ls cat id mount ps sed readlink echo sleep touch nc unshare wc; do
	ln -s busybox "runtime-1/files/bin/$name"
done
cat >runtime-1/metadata <<X
[Runtime]
name=org.example.Platform
runtime=org.example.Platform/$arch/1
sdk=org.example.Platform/$arch/1
X
ok 'a runtime' flatpak build-export --runtime --files=files repo runtime-1 1
ok 'a remote' flatpak --user remote-add --no-gpg-verify local repo
ok 'the runtime is installed' flatpak --user install -y --noninteractive local org.example.Platform//1
ok 'build-init' flatpak build-init app org.example.Hello org.example.Platform org.example.Platform 1

cat >hello <<'X'
#!/bin/sh
echo "hello, $1"
echo "uid $(id -u)"
sed -n 's/^name=/name /p' /.flatpak-info
sed -n 's/^\(CapEff\|CapBnd\|NoNewPrivs\|Seccomp\):\t/\1 /p' /proc/self/status
[ -S "${DBUS_SESSION_BUS_ADDRESS#unix:path=}" ] && echo 'bus proxy'
[ -L /bin ] && [ -d /app/bin ] && echo 'root'
touch /usr/owned /app/owned 2>/dev/null && echo 'wrote'
unshare -U true 2>/dev/null && echo 'namespaces'
X
ok 'flatpak build: a command in the build sandbox' flatpak build --bind-mount=/source="$T" app \
	sh -c 'busybox mkdir -p /app/bin && cat /source/hello >/app/bin/hello && busybox chmod 755 /app/bin/hello'
nok 'flatpak build: which does not write to the runtime' flatpak build app touch /usr/owned
nok 'flatpak build: nor see the home' flatpak build app ls "$HOME/.ssh"
ok 'build-finish' flatpak build-finish --command=hello --socket=session-bus app
sed -i 's/^sockets=.*//' app/metadata
ok 'build-export' flatpak build-export repo app 1
rm calls
ok 'the application is installed' flatpak --user install -y --noninteractive local org.example.Hello//1
contains 'its triggers ran in sandboxes' "$(cat calls)" .trigger

rm calls
run flatpak run org.example.Hello there
is 'flatpak run: the application and what it sees' "$out" "hello, there
uid $(id -u)
name org.example.Hello
CapEff 0000000000000000
CapBnd 0000000000000000
NoNewPrivs 1
Seccomp 2
bus proxy
root" || evidence
contains 'the D-Bus proxy ran in a sandbox' "$(cat calls)" xdg-dbus-proxy
run flatpak run --command=ls org.example.Hello "$HOME/.ssh"
is 'flatpak run: no secret of the home' "$status" 1
lacks 'flatpak run: not even its name' "$out" id_ed25519
run flatpak run --filesystem="$HOME/.ssh" --command=cat org.example.Hello "$HOME/.ssh/id_ed25519"
is 'twin: but where it is given' "$out" "$SECRET"
nok 'flatpak run: no network' flatpak run --command=nc org.example.Hello -w 1 127.0.0.1 "$PORT"
gives 'flatpak run: the exit status' 7 '' -- flatpak run --command=sh org.example.Hello -c 'exit 7'

# It writes the pid of the sandbox that bwrap tells it, and everything else is found by that.
flatpak run --command=sleep org.example.Hello 60 &
application=$!
# Sandboxes that have ended are listed for three seconds more.
running() {
	child=
	for pid in $(flatpak ps --columns=child-pid); do
		[ ! -e "/proc/$pid/root/.flatpak-info" ] || child=$pid
	done
	[ -n "$child" ]
}
poll 30 running
contains 'flatpak ps' "$(flatpak ps --columns=application)" org.example.Hello
contains 'the process it names is inside' "$(cat "/proc/${child:-0}/root/.flatpak-info" 2>&1)" name=org.example.Hello
gives 'flatpak enter' 0 org.example.Hello -- flatpak enter "${child:-0}" sed -n 's/^name=//p' /.flatpak-info
gives 'flatpak kill' 0 '' -- flatpak kill org.example.Hello
wait "$application"
is 'flatpak kill: it is gone' "$?" 137
ok 'flatpak kill: and forgotten' poll 30 sh -c '[ -z "$(flatpak ps --columns=application)" ]'

nobody_came 'nobody reached the port'
is 'the home of the host is as it was' "$(cat "$HOME/.bashrc" "$HOME/.ssh/id_ed25519")" "$(printf '# the host\n%s' "$SECRET")"
finish
