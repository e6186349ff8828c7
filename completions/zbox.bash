# shellcheck shell=bash
# zbox and bwrap; printed by zbox --print bash

_zbox_common="--help \
	--version \
	--args \
	--argv0 \
	--level-prefix \
	--bind \
	--bind-try \
	--ro-bind \
	--ro-bind-try \
	--dev-bind \
	--dev-bind-try \
	--bind-fd \
	--ro-bind-fd \
	--remount-ro \
	--not-a-security-boundary \
	--proc \
	--dev \
	--tmpfs \
	--mqueue \
	--dir \
	--file \
	--bind-data \
	--ro-bind-data \
	--symlink \
	--chmod \
	--perms \
	--size \
	--overlay-src \
	--overlay \
	--tmp-overlay \
	--ro-overlay \
	--overlay-opt \
	--unshare-all \
	--unshare-user \
	--unshare-user-try \
	--unshare-ipc \
	--unshare-pid \
	--unshare-net \
	--unshare-uts \
	--unshare-cgroup \
	--unshare-cgroup-try \
	--share-net \
	--userns \
	--userns2 \
	--pidns \
	--disable-userns \
	--assert-userns-disabled \
	--uid \
	--gid \
	--hostname \
	--chdir \
	--setenv \
	--unsetenv \
	--clearenv \
	--cap-add \
	--cap-drop \
	--seccomp \
	--add-seccomp-fd \
	--exec-label \
	--file-label \
	--die-with-parent \
	--as-pid-1 \
	--new-session \
	--lock-file \
	--sync-fd \
	--block-fd \
	--userns-block-fd \
	--info-fd \
	--json-status-fd"
_zbox_own="--explain \
	--doctor \
	--print \
	--bwrap \
	--profile \
	--list-profiles \
	--no-profile \
	--set \
	--quiet \
	--rw-bind-create \
	--mask \
	--protect \
	--protect-try \
	--strict-dest \
	--no-base \
	--try \
	--try-keep \
	--changes \
	--apply \
	--discard \
	--diff \
	--json \
	--unshare-time \
	--boottime \
	--monotonic \
	--share-pid \
	--share-ipc \
	--share-uts \
	--share-cgroup \
	--netns \
	--net \
	--net-open \
	--allow \
	--deny \
	--allow-sni \
	--net-log \
	--net-pcap \
	--net-mtu \
	--net-ipv6 \
	--dns \
	--net-cidr \
	--outbound-addr \
	--publish \
	--publish-proxy-protocol \
	--forward \
	--wayland \
	--wayland-try \
	--wayland-context \
	--x11 \
	--x11-try \
	--x11-fallback \
	--audio \
	--audio-try \
	--pipewire \
	--pipewire-try \
	--gpu \
	--gpu-try \
	--camera \
	--camera-try \
	--joystick \
	--joystick-try \
	--cups \
	--cups-try \
	--fonts \
	--fonts-try \
	--themes \
	--themes-try \
	--home \
	--cache \
	--files \
	--desktop-entry \
	--remove \
	--without \
	--dbus \
	--dbus-try \
	--portals \
	--portals-try \
	--dbus-talk \
	--dbus-own \
	--dbus-see \
	--dbus-call \
	--dbus-broadcast \
	--dbus-system \
	--dbus-system-try \
	--dbus-system-talk \
	--dbus-system-call \
	--rootfs \
	--oci \
	--rootfs-writable \
	--rootfs-overlay \
	--map \
	--keep-groups \
	--env \
	--keep-env \
	--seccomp-profile \
	--seccomp-allow \
	--seccomp-deny \
	--seccomp-show \
	--seccomp-why \
	--landlock \
	--landlock-only \
	--memory \
	--memory-high \
	--swap \
	--cpus \
	--cpu-weight \
	--pids \
	--io-max \
	--io-weight \
	--cpuset \
	--cgroup \
	--best-effort \
	--rlimit \
	--nice \
	--oom-score \
	--cpu-affinity \
	--time-limit \
	--cpu-limit \
	--grace \
	--stats \
	--stats-file \
	--meta \
	--no-die-with-parent \
	--share-terminal \
	--name \
	--join \
	--list \
	--enter \
	--kill \
	--wait \
	--freeze \
	--thaw \
	--update \
	--stats-of \
	--keep-fd \
	--status-fd"

# How many operands an option has.
_zbox_operands()
{
	case $1 in
	--args | \
		--argv0 | \
		--print | \
		--profile | \
		--set | \
		--remount-ro | \
		--mask | \
		--protect | \
		--protect-try | \
		--proc | \
		--dev | \
		--tmpfs | \
		--mqueue | \
		--dir | \
		--perms | \
		--size | \
		--overlay-src | \
		--tmp-overlay | \
		--ro-overlay | \
		--overlay-opt | \
		--try-keep | \
		--changes | \
		--apply | \
		--discard | \
		--boottime | \
		--monotonic | \
		--netns | \
		--userns | \
		--userns2 | \
		--pidns | \
		--net | \
		--net-open | \
		--allow | \
		--deny | \
		--allow-sni | \
		--net-log | \
		--net-pcap | \
		--net-mtu | \
		--net-ipv6 | \
		--dns | \
		--net-cidr | \
		--outbound-addr | \
		--publish | \
		--forward | \
		--home | \
		--cache | \
		--desktop-entry | \
		--without | \
		--dbus-talk | \
		--dbus-own | \
		--dbus-see | \
		--dbus-call | \
		--dbus-broadcast | \
		--dbus-system-talk | \
		--dbus-system-call | \
		--uid | \
		--gid | \
		--hostname | \
		--chdir | \
		--rootfs | \
		--oci | \
		--map | \
		--unsetenv | \
		--env | \
		--cap-add | \
		--cap-drop | \
		--seccomp | \
		--add-seccomp-fd | \
		--seccomp-profile | \
		--seccomp-allow | \
		--seccomp-deny | \
		--seccomp-show | \
		--landlock | \
		--exec-label | \
		--file-label | \
		--memory | \
		--memory-high | \
		--swap | \
		--cpus | \
		--cpu-weight | \
		--pids | \
		--io-max | \
		--io-weight | \
		--cpuset | \
		--cgroup | \
		--best-effort | \
		--rlimit | \
		--nice | \
		--oom-score | \
		--cpu-affinity | \
		--time-limit | \
		--cpu-limit | \
		--grace | \
		--stats-file | \
		--meta | \
		--lock-file | \
		--sync-fd | \
		--name | \
		--enter | \
		--kill | \
		--wait | \
		--freeze | \
		--thaw | \
		--update | \
		--stats-of | \
		--keep-fd | \
		--block-fd | \
		--userns-block-fd | \
		--info-fd | \
		--json-status-fd | \
		--status-fd)
		echo 1 ;;
	--bind | \
		--bind-try | \
		--ro-bind | \
		--ro-bind-try | \
		--dev-bind | \
		--dev-bind-try | \
		--rw-bind-create | \
		--bind-fd | \
		--ro-bind-fd | \
		--file | \
		--bind-data | \
		--ro-bind-data | \
		--symlink | \
		--chmod | \
		--setenv | \
		--seccomp-why)
		echo 2 ;;
	--overlay)
		echo 3 ;;
	*)
		echo 0 ;;
	esac
}

# Completes operand number N of an option, given as --name:N.
_zbox_operand()
{
	case $1 in
	--bind:1 | \
		--bind:2 | \
		--bind-try:1 | \
		--bind-try:2 | \
		--ro-bind:1 | \
		--ro-bind:2 | \
		--ro-bind-try:1 | \
		--ro-bind-try:2 | \
		--dev-bind:1 | \
		--dev-bind:2 | \
		--dev-bind-try:1 | \
		--dev-bind-try:2 | \
		--rw-bind-create:1 | \
		--rw-bind-create:2 | \
		--bind-fd:2 | \
		--ro-bind-fd:2 | \
		--remount-ro:1 | \
		--mask:1 | \
		--protect:1 | \
		--protect-try:1 | \
		--proc:1 | \
		--dev:1 | \
		--tmpfs:1 | \
		--mqueue:1 | \
		--dir:1 | \
		--file:2 | \
		--bind-data:2 | \
		--ro-bind-data:2 | \
		--symlink:1 | \
		--symlink:2 | \
		--chmod:2 | \
		--overlay-src:1 | \
		--overlay:1 | \
		--overlay:2 | \
		--overlay:3 | \
		--tmp-overlay:1 | \
		--ro-overlay:1 | \
		--try-keep:1 | \
		--changes:1 | \
		--apply:1 | \
		--discard:1 | \
		--netns:1 | \
		--net-log:1 | \
		--net-pcap:1 | \
		--home:1 | \
		--chdir:1 | \
		--rootfs:1 | \
		--oci:1 | \
		--seccomp-profile:1 | \
		--cgroup:1 | \
		--stats-file:1 | \
		--meta:1 | \
		--lock-file:1)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	--enter:1 | \
		--kill:1 | \
		--wait:1 | \
		--freeze:1 | \
		--thaw:1 | \
		--update:1 | \
		--stats-of:1)
		mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" --list 2>/dev/null | sed -n '2,$s/ .*//p')" -- "$cur") ;;
	--profile:1)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" --list-profiles 2>/dev/null | sed 's/ .*//')" -- "$cur"; compgen -f -- "$cur") ;;
	--explain:1)
		mapfile -t COMPREPLY < <(compgen -W "text json" -- "$cur") ;;
	--doctor:1)
		mapfile -t COMPREPLY < <(compgen -W "text json" -- "$cur") ;;
	--print:1)
		mapfile -t COMPREPLY < <(compgen -W "help version man bash zsh fish" -- "$cur") ;;
	--net:1)
		mapfile -t COMPREPLY < <(compgen -W "none slirp slirp4netns pasta host join" -- "$cur") ;;
	--net-open:1)
		mapfile -t COMPREPLY < <(compgen -W "host-loopback lan" -- "$cur") ;;
	--allow-sni:1)
		mapfile -t COMPREPLY < <(compgen -W "off strict" -- "$cur") ;;
	--net-ipv6:1)
		mapfile -t COMPREPLY < <(compgen -W "on off" -- "$cur") ;;
	--files:1)
		mapfile -t COMPREPLY < <(compgen -W "ro rw portal portal-rw" -- "$cur") ;;
	--landlock:1)
		mapfile -t COMPREPLY < <(compgen -W "off auto require" -- "$cur") ;;
	--best-effort:1)
		mapfile -t COMPREPLY < <(compgen -W "limits none" -- "$cur") ;;
	--list:1)
		mapfile -t COMPREPLY < <(compgen -W "text json" -- "$cur") ;;
	esac
}

# Sets i to the word of the command, or option and operand to what the cursor is at.
_zbox_walk()
{
	local count
	i=1 option='' operand=0
	while ((i < COMP_CWORD)); do
		case ${COMP_WORDS[i]} in
		--) ((++i)); return ;;
		-*) ;;
		*) return ;;
		esac
		if [[ ${COMP_WORDS[i + 1]} == = ]]; then
			count=2 operand=-1 # the shell cuts --name=value into three words
		else
			count=$(_zbox_operands "${COMP_WORDS[i]}") operand=0
		fi
		if ((i + count >= COMP_CWORD)); then
			option=${COMP_WORDS[i]} operand=$((operand + COMP_CWORD - i))
			((operand < 1)) && operand=1
			return
		fi
		i=$((i + count + 1))
	done
}

_zbox()
{
	local i option operand cur=${COMP_WORDS[COMP_CWORD]} words=$_zbox_common
	[[ $cur == = ]] && cur=''
	COMPREPLY=()
	_zbox_walk
	if [[ $option ]]; then
		_zbox_operand "$option:$operand"
	elif ((i < COMP_CWORD)) || [[ ${COMP_WORDS[i - 1]} == -- && $i -gt 1 ]]; then
		if declare -F _command_offset >/dev/null; then
			_command_offset "$i"
		elif ((i == COMP_CWORD)); then
			mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		else
			compopt -o filenames
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		fi
	elif [[ $cur == -* ]]; then
		[[ ${COMP_WORDS[0]##*/} == bwrap ]] || words+=" $_zbox_own"
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	else
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
	fi
}
complete -F _zbox zbox bwrap
