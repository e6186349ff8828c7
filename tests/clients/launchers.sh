#!/bin/bash
# The programs that call bwrap: what each probes before it trusts it, and the options it gives, word
# by word as seen, with the descriptors it passes. Each with what must not be possible under it.
# timeout: 300
. "$(dirname "$0")/common.sh"

host_home
touch "$T/stamp"
fresh project
mkdir .git && echo '[core]' >.git/config

launch() { python3 "$TESTS/clients/launch.py" "$@"; }
# confined NAME COMMAND...: the attempts, run by it, achieve nothing.
confined() {
	local name=$1
	shift
	gives "$name: nothing forbidden is possible" 0 '' -- "$@" bash -c "$(attempts)"
}
libs=(--symlink /usr/lib /lib --symlink /usr/lib64 /lib64 --symlink /usr/bin /bin)
[ ! -d /usr/lib32 ] || libs+=(--symlink /usr/lib32 /lib32)

# ---- Codex: takes the canonical path, reads its help, runs it as "bwrap" ----

canonical=$(realpath "$BWRAP")
run "$canonical" --help
is 'codex: --help' "$status" 0
for word in --as-pid-1 --perms --argv0 --ro-bind-fd; do
	! since 0.9.0 || contains "codex: --help speaks of $word" "$out" "$word"
done
if ours; then
	run "$ZBOX" --help
	contains 'codex: so does zbox under its own name' "$out" --as-pid-1
fi
codex() { bash -c 'exec -a bwrap "$0" "$@"' "$canonical" "$@"; }
codex_namespaces=(--unshare-user --unshare-pid --unshare-ipc --unshare-net --proc /proc --cap-drop ALL)
codex_system=(--ro-bind /bin /bin --ro-bind /etc /etc --ro-bind /lib /lib --ro-bind /lib64 /lib64 --ro-bind /sbin /sbin
	--ro-bind /usr /usr)
probe=(codex --as-pid-1 --new-session --die-with-parent --tmpfs / --dev /dev "${codex_system[@]}"
	"${codex_namespaces[@]}" -- /usr/bin/true)
ok 'codex: the probe' "${probe[@]}"
# It waits 500 ms; on a machine that has much else to do the probe may take its turn several times.
in_time() {
	local before
	before=$(date +%s%N)
	"${probe[@]}" && took=$((($(date +%s%N) - before) / 1000000)) && [ "$took" -lt 500 ]
}
took=none
if poll 60 in_time; then pass 'codex: within its 500 ms'; else flunk 'codex: within its 500 ms' "$took ms"; fi
ok 'codex: the older probe' codex --unshare-user --unshare-net --ro-bind / / /usr/bin/true
hide() { echo --perms "$1" --tmpfs "$2" --remount-ro "$2"; }
# shellcheck disable=SC2046,SC2207  # words are meant
codex_write=(--as-pid-1 --new-session --die-with-parent --ro-bind / / --dev /dev $(hide 000 "$HOME/.ssh")
	--bind "$PWD" "$PWD" --ro-bind "$PWD/.git" "$PWD/.git" $(hide 555 "$PWD/.agents") $(hide 555 "$PWD/.codex")
	"${codex_namespaces[@]}")
if since 0.9.0; then
	gives 'codex: a command in the project' 0 "codex-linux-sandbox $(id -u) $PWD" -- codex "${codex_write[@]}" \
		--argv0 codex-linux-sandbox -- bash -c 'echo made >new && echo "$0 $(id -u) $PWD"' codex-linux-sandbox
	is 'codex: what it wrote is there' "$(cat new)" made
fi
nok 'codex: .git is not written' codex "${codex_write[@]}" -- sh -c 'echo x >.git/config'
nok 'codex: nor .codex made' codex "${codex_write[@]}" -- sh -c 'echo x >.codex/config.toml'
nok 'codex: nor the secret listed' codex "${codex_write[@]}" -- ls "$HOME/.ssh"
confined codex codex "${codex_write[@]}" --
# What it falls back on is told by these words.
run zbox_usr --ro-bind "$canonical" /tmp/bwrap -- /tmp/bwrap --unshare-user --ro-bind / / /usr/bin/true
is 'codex: where user namespaces are refused' "$status" 1
contains 'codex: is told in the words it knows' "$err" 'No permissions to create'

# ---- sandbox-runtime: a read-only root after other binds, much masked ----

run "$BWRAP" --version
matches 'srt: a version with numbers' "$out" '[0-9]+(\.[0-9]+)*'
matches 'and just that, as others want it' "$out" '^bubblewrap [0-9]+\.[0-9]+\.[0-9]+$'
is 'nothing beside it' "$err" ''
ok 'srt: the probe' "$BWRAP" --unshare-user --dev-bind / / true
mkdir empty ../sockets
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$T/sockets/http.sock"
srt=(--new-session --die-with-parent --unshare-net --bind "$T/sockets/http.sock" "$T/sockets/http.sock"
	--setenv SANDBOX_RUNTIME 1 --setenv TMPDIR /tmp/x --setenv NO_PROXY 'localhost,127.0.0.1,::1'
	--setenv GIT_SSH_COMMAND "ssh -o ProxyCommand='socat - PROXY:localhost:%h:%p,proxyport=3128'"
	--ro-bind / / --bind "$PWD" "$PWD" --tmpfs "$HOME/.ssh" --ro-bind /dev/null "$PWD/.gitconfig"
	--ro-bind /dev/null "$PWD/.mcp.json" --ro-bind "$PWD/empty" "$PWD/.claude" --ro-bind "$PWD/empty" "$PWD/empty"
	--dev /dev --unshare-pid --unshare-user --cap-drop ALL --proc /proc --unsetenv SRT_ALLOW_NESTED_USERNS)
# shellcheck disable=SC2016  # the inner shell's
gives 'srt: a command' 0 "1 /tmp/x ssh -o ProxyCommand='socat - PROXY:localhost:%h:%p,proxyport=3128' $PWD" -- \
	"$BWRAP" "${srt[@]}" -- bash -c 'echo made >new2 && echo "$SANDBOX_RUNTIME $TMPDIR $GIT_SSH_COMMAND $PWD"'
is 'srt: what it wrote is there' "$(cat new2)" made
nok 'srt: a masked file is not written' "$BWRAP" "${srt[@]}" -- sh -c 'echo x >.mcp.json'
nok 'srt: nor made in a masked directory' "$BWRAP" "${srt[@]}" -- sh -c 'echo x >.claude/settings.json'
confined srt "$BWRAP" "${srt[@]}" --
# Long command lines come in an unlinked file, through a shell that execs.
for i in $(seq 2500); do printf '%s\0' --setenv "VARIABLE_$i" "$(printf '%060d' "$i")"; done >many
printf '%s\0' "${srt[@]}" >>many
ok 'srt: the file is longer than one argument may be' test "$(wc -c <many)" -gt 131072
gives 'srt: options from a file' 0 2500 -- \
	sh -c 'exec 9<many; exec "$0" --args 9 -- sh -c "env | grep -c ^VARIABLE_"' "$BWRAP"
is 'srt: what it leaves, it cleans itself' "$(cat .gitconfig .mcp.json | wc -c)" 0
rm -rf .gitconfig .mcp.json .claude .agents .codex empty many

# ---- pressure-vessel (Steam) ----

ok 'pressure-vessel: the probe' "$BWRAP" --bind / / true
ok 'pressure-vessel: the probe for features' "$BWRAP" --perms 0700 --dir / --bind / / true
pressure=(--unsetenv DBUS_SESSION_BUS_ADDRESS --setenv XDG_RUNTIME_DIR "/run/user/$(id -u)" --tmpfs / --dev-bind /dev /dev
	--proc /proc --bind /sys /sys --perms 1777 --tmpfs /tmp --dir /run/host --ro-bind /usr /run/host/usr --ro-bind /etc /run/host/etc
	--symlink usr/bin /run/host/bin --symlink usr/lib /run/host/lib --symlink usr/lib64 /run/host/lib64
	--ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --dir /home --dir /var
	--symlink ../run /var/run --perms 0700 --dir "/run/user/$(id -u)" --ro-bind-data '{data:container}'
	/run/host/container-manager --bind "$PWD" "$PWD" --chdir "$PWD" --die-with-parent --new-session)
# shellcheck disable=SC2016
gives 'pressure-vessel: options in a memfd, a descriptor for its helper' 0 "container passed $(id -u) 700" -- \
	launch "$BWRAP" "${pressure[@]}" :: -- \
	bash -c 'echo "$(cat /run/host/container-manager) $(cat <&$1) $(id -u) $(stat -c %a $XDG_RUNTIME_DIR)"' sh '{data:passed}'
nok 'pressure-vessel: no file of the home' launch "$BWRAP" "${pressure[@]}" :: -- cat "$HOME/.ssh/id_ed25519"
nok 'pressure-vessel: no writing to /usr' launch "$BWRAP" "${pressure[@]}" :: -- touch /usr/owned

# ---- glycin (pictures in GTK 4), the thumbnailer of GNOME ----

glycin=(--unshare-all --clearenv --die-with-parent --chdir / --ro-bind /usr /usr --dev /dev
	--ro-bind-try /etc/ld.so.cache /etc/ld.so.cache --tmpfs /tmp-home --setenv HOME /tmp-home
	--tmpfs /tmp-run --setenv XDG_RUNTIME_DIR /tmp-run --ro-bind-try /etc/fonts /etc/fonts
	--ro-bind-try /var/cache/fontconfig /var/cache/fontconfig "${libs[@]}")
for memory in 1474 300; do
	# shellcheck disable=SC2016
	gives "glycin: a filter, $memory MiB of address space, no /proc" 0 '/tmp-home /tmp-run / no refused' -- \
		launch -m $memory "$BWRAP" "${glycin[@]}" --seccomp '{filter}' bash -c \
		'[ -e /proc ] && p=yes; echo "$HOME $XDG_RUNTIME_DIR $PWD ${p:-no} $(uname >/dev/null 2>&1 || echo refused)"'
done
run launch -m 300 "$BWRAP" "${glycin[@]}" --seccomp '{filter}' /usr/bin/no-such-loader
is 'glycin: a loader that is missing' "$status" 1
contains 'glycin: is told so' "$err" 'bwrap: execvp /usr/bin/no-such-loader: No such file or directory'
confined glycin launch "$BWRAP" "${glycin[@]}" --seccomp '{filter}'

mkdir out && echo picture >in.png
thumbnailer=(--ro-bind /usr /usr --ro-bind-try /etc/ld.so.cache /etc/ld.so.cache "${libs[@]}" --proc /proc --dev /dev --chdir /
	--setenv GIO_USE_VFS local --unshare-all --die-with-parent --bind out /tmp --ro-bind in.png /tmp/gnome-desktop-file-to-thumbnail.png)
ok 'thumbnailer: a picture' launch "$BWRAP" "${thumbnailer[@]}" --seccomp '{filter}' \
	cp /tmp/gnome-desktop-file-to-thumbnail.png /tmp/gnome-desktop-thumbnailer.png
is 'thumbnailer: the result is outside' "$(cat out/gnome-desktop-thumbnailer.png)" picture
nok 'thumbnailer: its input is read-only' "$BWRAP" "${thumbnailer[@]}" sh -c 'echo x >/tmp/gnome-desktop-file-to-thumbnail.png'
confined thumbnailer "$BWRAP" "${thumbnailer[@]}"
rm -r out in.png

# ---- WebKit: some fifty binds, many of them not there ----

webkit=(--die-with-parent --unshare-pid --unshare-uts --unshare-net --ro-bind /etc /etc --dev /dev --proc /proc --tmpfs /tmp
	--unsetenv TMPDIR --dir /run --symlink ../run /var/run --symlink ../tmp /var/tmp
	--ro-bind-try /usr/share /usr/share --ro-bind-try /usr/local/share /usr/local/share --ro-bind-try /usr/share/ /usr/share/
	--ro-bind-try /usr/lib /usr/lib --ro-bind-try /usr/local/lib /usr/local/lib --ro-bind-try /usr/lib/../lib64 /usr/lib64
	--ro-bind-try /usr/local/lib64 /usr/local/lib64 --ro-bind-try /usr/libexec/webkit2gtk-4.1 /usr/libexec/webkit2gtk-4.1
	--ro-bind-try "$HOME/.config/gtk-3.0" "$HOME/.config/gtk-3.0" --ro-bind-try "$HOME/.local/share/fonts" "$HOME/.local/share/fonts"
	--bind-try "$HOME/.cache/fontconfig" "$HOME/.cache/fontconfig" --ro-bind-try "$HOME/.fonts" "$HOME/.fonts"
	--ro-bind-try /run/user/no/pulse /run/user/no/pulse --dev-bind-try /dev/dri /dev/dri --dev-bind-try /dev/v4l /dev/v4l
	--dev-bind-try /dev/nvidia0 /dev/nvidia0 --ro-bind /usr/bin /usr/bin "${libs[@]}" --unshare-ipc)
for dir in block bus class dev devices; do webkit+=(--ro-bind "/sys/$dir" "/sys/$dir"); done
mkdir -p run/.flatpak
# shellcheck disable=SC2016
gives 'WebKit: options in a memfd, a filter, data, an information file' 0 'org.example.App refused set' -- \
	launch "$BWRAP" "${webkit[@]}" --ro-bind-data '{data:org.example.App}' /.flatpak-info --info-fd '{file:run/.flatpak/bwrapinfo.json}' \
	--seccomp '{filter}' --setenv LD_LIBRARY_PATH /usr/lib :: -- \
	bash -c 'echo "$(cat /.flatpak-info) $(uname >/dev/null 2>&1 || echo refused) ${LD_LIBRARY_PATH:+set}"'
ok 'WebKit: the information file names the child' \
	python3 -c 'import json; assert json.load(open("run/.flatpak/bwrapinfo.json"))["child-pid"] > 1'
confined WebKit launch "$BWRAP" "${webkit[@]}" --seccomp '{filter}' :: --
rm -r run

# ---- tor-browser's sandbox, bubblejail, nixpkgs, rpm-ostree, builders ----

tor=("${usr[@]}" --unshare-all --proc /proc --dev /dev --tmpfs /tmp --file '{data:amnesia:x:1000:1000}' /etc/passwd --dir /run/user
	--setenv DISPLAY :0)
gives 'tor: options in a pipe, files as descriptors, no environment' 0 $'amnesia:x:1000:1000\nDISPLAY=:0\nPWD=/' -- \
	launch -e -p "$BWRAP" "${tor[@]}" --chdir / :: /usr/bin/sh -c 'cat /etc/passwd; echo; /usr/bin/env | /usr/bin/sort | /usr/bin/grep -E "DISPLAY|PWD"'
confined tor launch -e -p "$BWRAP" "${tor[@]}" ::

bubblejail=(--unshare-all --as-pid-1 --clearenv --die-with-parent "${usr[@]}" --proc /proc --dev /dev --perms 1777 --dir /tmp
	--perms 0700 --dir "/run/user/$(id -u)" --dir /sys --perms 0700 --dir /home/user --symlink /run /var/run
	--setenv HOME /home/user --setenv XDG_RUNTIME_DIR "/run/user/$(id -u)")
# shellcheck disable=SC2016
gives 'bubblejail: options without a last NUL, the command is process 1' 0 '1 /home/user 700 1777' -- \
	launch -0 "$BWRAP" "${bubblejail[@]}" :: -- \
	bash -c 'echo "$$ $HOME $(/usr/bin/stat -c %a $XDG_RUNTIME_DIR /tmp | /usr/bin/paste -sd" ")"'
confined bubblejail launch -0 "$BWRAP" "${bubblejail[@]}" --setenv PATH /usr/bin :: --
# it reads --info-fd to the end while the sandbox runs
gives 'bubblejail: --info-fd ends before the command does' 0 'in time' -- python3 -c '
import json, os, subprocess, sys
r, w = os.pipe()
p = subprocess.Popen([sys.argv[1], "--info-fd", str(w), "--die-with-parent", "--unshare-all", "--ro-bind", "/", "/", "sleep", "60"],
	pass_fds=[w])
os.close(w); info = json.load(os.fdopen(r)); runs = p.poll() is None; p.kill(); p.wait()
print("in time" if info["child-pid"] > 1 and runs else "late")' "$BWRAP"

# buildFHSEnv: a tmpfs over /etc and links into the host's, below another path
fhs=(--dev-bind /dev /dev --proc /proc --chdir "$PWD" --unshare-user --unshare-ipc --unshare-net --unshare-cgroup --die-with-parent
	--ro-bind /usr /usr "${libs[@]}" --tmpfs /etc --ro-bind /etc /.host-etc --symlink /.host-etc/passwd /etc/passwd
	--symlink /.host-etc/group /etc/group --remount-ro /etc --bind "$PWD" "$PWD")
gives 'buildFHSEnv: links into the host'\''s /etc' 0 "$(id -un) $PWD" -- "$BWRAP" "${fhs[@]}" sh -c 'echo $(id -un) $PWD'
nok 'buildFHSEnv: its /etc is read-only' "$BWRAP" "${fhs[@]}" touch /etc/owned

# rpm-ostree: sources relative to the working directory, capabilities by their lower-case names
mkdir -p rootfs/usr/bin rootfs/var && cp /bin/true rootfs/usr/bin/
# shellcheck disable=SC2016
gives 'rpm-ostree: relative sources' 0 $'usr\nvar' -- sh -c 'cd rootfs && exec "$0" --dev /dev --proc /proc --dir /run --dir /tmp \
	--chdir / --die-with-parent --unshare-pid --unshare-uts --unshare-ipc --unshare-cgroup-try --bind . /target --ro-bind usr /target/usr \
	--bind ./var /target/var --cap-drop ALL --cap-add cap_chown --cap-add cap_fowner --ro-bind /usr /usr --symlink usr/lib /lib \
	--symlink usr/lib64 /lib64 /usr/bin/ls /target' "$BWRAP"
nok 'rpm-ostree: what is read-only stays so' sh -c 'cd rootfs && exec "$0" --bind . / --ro-bind usr /usr --ro-bind /usr /host \
	--ro-bind /lib64 /lib64 --ro-bind /lib /lib /host/bin/touch /usr/owned' "$BWRAP"
rm -rf rootfs

# agents of every kind: exit-code in the status tells a command's end from a sandbox's failure
agent=(--unshare-all --die-with-parent --new-session --cap-drop ALL --clearenv "${usr[@]}" --proc /proc --dev /dev
	--size 1048576 --tmpfs /tmp --hostname box --setenv PATH /usr/bin)
since 0.8.0 && agent+=(--unshare-user --disable-userns)
run launch "$BWRAP" "${agent[@]}" --json-status-fd '{file:status.json}' sh -c 'exit 7'
is 'agents: the status of the command' "$status" 7
contains 'agents: and in the document' "$(cat status.json)" '"exit-code": 7'
rm status.json
run launch "$BWRAP" "${agent[@]}" --json-status-fd '{file:status.json}' no-such-program
is 'agents: a failure of the sandbox' "$status" 1
lacks 'agents: has no exit code' "$(cat status.json)" exit-code
nok 'agents: a tmpfs has its size' "$BWRAP" "${agent[@]}" dd if=/dev/zero of=/tmp/x bs=1M count=2
nok 'agents: no namespaces inside' "$BWRAP" "${agent[@]}" unshare -U true
confined agents "$BWRAP" "${agent[@]}"

cd "$T" || exit 1
nobody_came 'nobody reached the port'
contains 'twin: outside, the attempts find something' "$(bash -c "$(attempts)" 2>&1)" 'reached the network'
sed -i /owned/d "$HOME/.bashrc"
host_is_untouched 'the home of the host is as it was'
is 'nothing was left on the host' "$(changed_since "$T/stamp")" ''
finish
