# zbox and bwrap; printed by zbox --print fish

# How many operands an option has.
function __zbox_operands
	switch $argv[1]
		case --args \
			--argv0 \
			--print \
			--profile \
			--set \
			--remount-ro \
			--mask \
			--protect \
			--protect-try \
			--proc \
			--dev \
			--tmpfs \
			--mqueue \
			--dir \
			--perms \
			--size \
			--overlay-src \
			--tmp-overlay \
			--ro-overlay \
			--overlay-opt \
			--try-keep \
			--changes \
			--apply \
			--discard \
			--boottime \
			--monotonic \
			--netns \
			--userns \
			--userns2 \
			--pidns \
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
			--forward \
			--home \
			--cache \
			--desktop-entry \
			--without \
			--dbus-talk \
			--dbus-own \
			--dbus-see \
			--dbus-call \
			--dbus-broadcast \
			--dbus-system-talk \
			--dbus-system-call \
			--uid \
			--gid \
			--hostname \
			--chdir \
			--rootfs \
			--oci \
			--map \
			--unsetenv \
			--env \
			--cap-add \
			--cap-drop \
			--seccomp \
			--add-seccomp-fd \
			--seccomp-profile \
			--seccomp-allow \
			--seccomp-deny \
			--seccomp-show \
			--landlock \
			--exec-label \
			--file-label \
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
			--stats-file \
			--meta \
			--lock-file \
			--sync-fd \
			--name \
			--enter \
			--kill \
			--wait \
			--freeze \
			--thaw \
			--update \
			--stats-of \
			--keep-fd \
			--block-fd \
			--userns-block-fd \
			--info-fd \
			--json-status-fd \
			--status-fd
			echo 1
		case --bind \
			--bind-try \
			--ro-bind \
			--ro-bind-try \
			--dev-bind \
			--dev-bind-try \
			--rw-bind-create \
			--bind-fd \
			--ro-bind-fd \
			--file \
			--bind-data \
			--ro-bind-data \
			--symlink \
			--chmod \
			--setenv \
			--seccomp-why
			echo 2
		case --overlay
			echo 3
		case '*'
			echo 0
	end
end

# Where the cursor is: option, command N, or --name:N for operand number N of an option.
function __zbox_at
	set -l words (commandline -opc)
	set -l i 2
	while test $i -le (count $words)
		switch $words[$i]
			case --
				echo command (math $i + 1)
				return
			case '--*=*'
				set i (math $i + 1)
				continue
			case '-*'
			case '*'
				echo command $i
				return
		end
		set -l operands (__zbox_operands $words[$i])
		if test (math $i + $operands) -gt (count $words)
			echo $words[$i]:(math (count $words) - $i + 1)
			return
		end
		set i (math $i + $operands + 1)
	end
	echo option
end

function __zbox_is
	contains -- (__zbox_at) $argv
end

function __zbox_is_command
	string match -q 'command *' -- (__zbox_at)
end

function __zbox_complete_command
	set -l start (string replace 'command ' '' -- (__zbox_at))
	set -l words (commandline -opc)
	complete -C (string join ' ' -- (string escape -- $words[$start..-1]) (commandline -ct))
end

function __zbox_running
	set -l words (commandline -opc)
	$words[1] --list 2>/dev/null | sed -n '2,$s/ .*//p'
end

function __zbox_profiles
	set -l words (commandline -opc)
	$words[1] --list-profiles 2>/dev/null | sed 's/ .*//'
end

set -l paths --bind:1 \
	--bind:2 \
	--bind-try:1 \
	--bind-try:2 \
	--ro-bind:1 \
	--ro-bind:2 \
	--ro-bind-try:1 \
	--ro-bind-try:2 \
	--dev-bind:1 \
	--dev-bind:2 \
	--dev-bind-try:1 \
	--dev-bind-try:2 \
	--rw-bind-create:1 \
	--rw-bind-create:2 \
	--bind-fd:2 \
	--ro-bind-fd:2 \
	--remount-ro:1 \
	--mask:1 \
	--protect:1 \
	--protect-try:1 \
	--proc:1 \
	--dev:1 \
	--tmpfs:1 \
	--mqueue:1 \
	--dir:1 \
	--file:2 \
	--bind-data:2 \
	--ro-bind-data:2 \
	--symlink:1 \
	--symlink:2 \
	--chmod:2 \
	--overlay-src:1 \
	--overlay:1 \
	--overlay:2 \
	--overlay:3 \
	--tmp-overlay:1 \
	--ro-overlay:1 \
	--try-keep:1 \
	--changes:1 \
	--apply:1 \
	--discard:1 \
	--netns:1 \
	--net-log:1 \
	--net-pcap:1 \
	--home:1 \
	--chdir:1 \
	--rootfs:1 \
	--oci:1 \
	--seccomp-profile:1 \
	--cgroup:1 \
	--stats-file:1 \
	--meta:1 \
	--lock-file:1
set -l running --enter:1 \
	--kill:1 \
	--wait:1 \
	--freeze:1 \
	--thaw:1 \
	--update:1 \
	--stats-of:1
set -l profiles --profile:1

for name in zbox bwrap
	complete -c $name -f
	complete -c $name -F -n "__zbox_is $paths"
	complete -c $name -n __zbox_is_command -a '(__zbox_complete_command)'
	complete -c $name -n '__zbox_is option' -a '(__fish_complete_command)'
	complete -c $name -n '__zbox_is option' -l help -d 'Print this help'
	complete -c $name -n '__zbox_is option' -l version -d 'Print the version'
	complete -c $name -n '__zbox_is option' -l args -d 'Read more options from FD, each word ended by NUL'
	complete -c $name -n '__zbox_is option' -l argv0 -d 'Call the command NAME, its argument 0'
	complete -c $name -n '__zbox_is option' -l level-prefix -d 'Begin each message with its syslog level, as in <3>'
	complete -c $name -n '__zbox_is option' -l bind -d 'Put the host path SRC at DEST, writable'
	complete -c $name -n '__zbox_is option' -l bind-try -d 'Like --bind, skipped when SRC does not exist'
	complete -c $name -n '__zbox_is option' -l ro-bind -d 'Put the host path SRC at DEST, read-only'
	complete -c $name -n '__zbox_is option' -l ro-bind-try -d 'Like --ro-bind, skipped when SRC does not exist'
	complete -c $name -n '__zbox_is option' -l dev-bind -d 'Like --bind, and device nodes work there'
	complete -c $name -n '__zbox_is option' -l dev-bind-try -d 'Like --dev-bind, skipped when SRC does not exist'
	complete -c $name -n '__zbox_is option' -l bind-fd -d 'Put what the open descriptor FD refers to at DEST'
	complete -c $name -n '__zbox_is option' -l ro-bind-fd -d 'Like --bind-fd, read-only'
	complete -c $name -n '__zbox_is option' -l remount-ro -d 'Make the mount at DEST read-only, not what is below it'
	complete -c $name -n '__zbox_is option' -l not-a-security-boundary -d 'Only warn where mount flags cannot be applied'
	complete -c $name -n '__zbox_is option' -l proc -d 'Mount a procfs at DEST'
	complete -c $name -n '__zbox_is option' -l dev -d 'Make a minimal /dev at DEST'
	complete -c $name -n '__zbox_is option' -l tmpfs -d 'Mount an empty file system in memory at DEST'
	complete -c $name -n '__zbox_is option' -l mqueue -d 'Mount the POSIX message queues at DEST'
	complete -c $name -n '__zbox_is option' -l dir -d 'Make the directory DEST if it is missing'
	complete -c $name -n '__zbox_is option' -l file -d 'Write what FD holds to the file DEST'
	complete -c $name -n '__zbox_is option' -l bind-data -d 'Mount a file with what FD holds at DEST'
	complete -c $name -n '__zbox_is option' -l ro-bind-data -d 'Like --bind-data, read-only'
	complete -c $name -n '__zbox_is option' -l symlink -d 'Make DEST a symbolic link to TARGET'
	complete -c $name -n '__zbox_is option' -l chmod -d 'Change the mode of PATH, which has to exist'
	complete -c $name -n '__zbox_is option' -l perms -d 'Mode of what the next option makes'
	complete -c $name -n '__zbox_is option' -l size -d 'Size of the --tmpfs that follows'
	complete -c $name -n '__zbox_is option' -l overlay-src -d 'Lower layer of the overlay that follows, bottom first'
	complete -c $name -n '__zbox_is option' -l overlay -d 'Mount the layers at DEST, changes go to RWSRC'
	complete -c $name -n '__zbox_is option' -l tmp-overlay -d 'Mount the layers at DEST, changes are lost at the end'
	complete -c $name -n '__zbox_is option' -l ro-overlay -d 'Mount the layers at DEST, read-only'
	complete -c $name -n '__zbox_is option' -l overlay-opt -d 'Further mount options of the overlay that follows'
	complete -c $name -n '__zbox_is option' -l unshare-all -d 'Make every namespace new'
	complete -c $name -n '__zbox_is option' -l unshare-user -d 'Make a new user namespace'
	complete -c $name -n '__zbox_is option' -l unshare-user-try -d 'Make a new user namespace where the kernel can'
	complete -c $name -n '__zbox_is option' -l unshare-ipc -d 'Make a new IPC namespace'
	complete -c $name -n '__zbox_is option' -l unshare-pid -d 'Make a new process namespace'
	complete -c $name -n '__zbox_is option' -l unshare-net -d 'Make a new network namespace with only loopback in it'
	complete -c $name -n '__zbox_is option' -l unshare-uts -d 'Make a new namespace for the host name'
	complete -c $name -n '__zbox_is option' -l unshare-cgroup -d 'Make a new cgroup namespace'
	complete -c $name -n '__zbox_is option' -l unshare-cgroup-try -d 'Make a new cgroup namespace where the kernel can'
	complete -c $name -n '__zbox_is option' -l share-net -d 'Share the network with the caller'
	complete -c $name -n '__zbox_is option' -l userns -d 'Join the user namespace of FD instead of a new one'
	complete -c $name -n '__zbox_is option' -l userns2 -d 'Enter the user namespace of FD once the root is made'
	complete -c $name -n '__zbox_is option' -l pidns -d 'Join the process namespace of FD, as parent of a new one'
	complete -c $name -n '__zbox_is option' -l disable-userns -d 'Make further user namespaces impossible inside'
	complete -c $name -n '__zbox_is option' -l assert-userns-disabled -d 'Fail unless further user namespaces are impossible'
	complete -c $name -n '__zbox_is option' -l uid -d 'User id inside'
	complete -c $name -n '__zbox_is option' -l gid -d 'Group id inside'
	complete -c $name -n '__zbox_is option' -l hostname -d 'Host name inside'
	complete -c $name -n '__zbox_is option' -l chdir -d 'Working directory of the command'
	complete -c $name -n '__zbox_is option' -l setenv -d 'Set a variable'
	complete -c $name -n '__zbox_is option' -l unsetenv -d 'Remove a variable'
	complete -c $name -n '__zbox_is option' -l clearenv -d 'Remove all variables but PWD'
	complete -c $name -n '__zbox_is option' -l cap-add -d 'Give the command the capability CAP, or ALL'
	complete -c $name -n '__zbox_is option' -l cap-drop -d 'Take the capability CAP, or ALL, from the command'
	complete -c $name -n '__zbox_is option' -l seccomp -d 'Load the compiled system call filter in FD'
	complete -c $name -n '__zbox_is option' -l add-seccomp-fd -d 'Load the compiled system call filter in FD, repeatable'
	complete -c $name -n '__zbox_is option' -l exec-label -d 'SELinux label of the command'
	complete -c $name -n '__zbox_is option' -l file-label -d 'SELinux label of the files that are made'
	complete -c $name -n '__zbox_is option' -l die-with-parent -d 'Kill everything inside when the caller dies'
	complete -c $name -n '__zbox_is option' -l as-pid-1 -d 'Run the command as process 1, without an init of ours'
	complete -c $name -n '__zbox_is option' -l new-session -d 'Run the command in a terminal session of its own'
	complete -c $name -n '__zbox_is option' -l lock-file -d 'Hold a read lock on PATH while the sandbox lives'
	complete -c $name -n '__zbox_is option' -l sync-fd -d 'Keep FD open while the sandbox lives'
	complete -c $name -n '__zbox_is option' -l block-fd -d 'Wait for a byte on FD before the command is run'
	complete -c $name -n '__zbox_is option' -l userns-block-fd -d 'Let another write the id maps, wait for a byte on FD'
	complete -c $name -n '__zbox_is option' -l info-fd -d 'Write pid and namespaces to FD as one JSON document'
	complete -c $name -n '__zbox_is option' -l json-status-fd -d 'Write start and exit status to FD, a JSON document each'
end

complete -c zbox -f -n "__zbox_is $running" -a '(__zbox_running)'
complete -c zbox -F -n "__zbox_is $profiles" -a '(__zbox_profiles)'
complete -c zbox -n '__zbox_is option' -l explain -d 'Print what would be done, in order, and do nothing'
complete -c zbox -n '__zbox_is option' -l doctor -d 'Try what zbox needs on this machine and say the cure'
complete -c zbox -n '__zbox_is option' -l print -d 'Print a page or the completions for a shell'
complete -c zbox -n '__zbox_is option' -l bwrap -d 'As the very first word, behave as bubblewrap does'
complete -c zbox -n '__zbox_is option' -l profile -d 'Take the options that a profile holds first'
complete -c zbox -n '__zbox_is option' -l list-profiles -d 'Print the names of the profiles that there are'
complete -c zbox -n '__zbox_is option' -l no-profile -d 'Do not take the profile made for the command'
complete -c zbox -n '__zbox_is option' -l set -d 'Set a variable of the profiles, not of the command'
complete -c zbox -n '__zbox_is option' -l quiet -d 'Do not say which profile was taken for the command'
complete -c zbox -n '__zbox_is option' -l rw-bind-create -d 'Like --bind, and makes the directory SRC if missing'
complete -c zbox -n '__zbox_is option' -l mask -d 'Hide PATH, whether it exists or not'
complete -c zbox -n '__zbox_is option' -l protect -d 'Keep PATH as it is, also when it does not exist'
complete -c zbox -n '__zbox_is option' -l protect-try -d 'Like --protect, where the directory of PATH exists'
complete -c zbox -n '__zbox_is option' -l strict-dest -d 'Refuse destinations whose last part is a symbolic link'
complete -c zbox -n '__zbox_is option' -l no-base -d 'Add nothing to the root that was not asked for'
complete -c zbox -n '__zbox_is option' -l try -d 'Let the command change PATH, or the host, on trial'
complete -c zbox -n '__zbox_is option' -l try-keep -d 'Keep the changes of --try in DIR and do not ask'
complete -c zbox -n '__zbox_is option' -l changes -d 'Print the changes that --try kept in DIR'
complete -c zbox -n '__zbox_is option' -l apply -d 'Apply the changes in DIR to the host, and remove DIR'
complete -c zbox -n '__zbox_is option' -l discard -d 'Remove DIR with the changes in it'
complete -c zbox -n '__zbox_is option' -l diff -d 'Show what changed in texts, for --try and --changes'
complete -c zbox -n '__zbox_is option' -l json -d 'Print --changes as one JSON object'
complete -c zbox -n '__zbox_is option' -l unshare-time -d 'Make a new namespace for clocks'
complete -c zbox -n '__zbox_is option' -l boottime -d 'Add OFFSET to the time since the start of the machine'
complete -c zbox -n '__zbox_is option' -l monotonic -d 'Add OFFSET to the monotonic clock'
complete -c zbox -n '__zbox_is option' -l share-pid -d 'Share the process namespace with the caller'
complete -c zbox -n '__zbox_is option' -l share-ipc -d 'Share the IPC namespace with the caller'
complete -c zbox -n '__zbox_is option' -l share-uts -d 'Share the host name with the caller'
complete -c zbox -n '__zbox_is option' -l share-cgroup -d 'Share the cgroup namespace with the caller'
complete -c zbox -n '__zbox_is option' -l netns -d 'Join the network namespace that FD or PATH refers to'
complete -c zbox -n '__zbox_is option' -l net -d 'Where the network comes from'
complete -c zbox -n '__zbox_is option' -l net-open -d 'Open what --net slirp closes'
complete -c zbox -n '__zbox_is option' -l allow -d 'Only this may be reached with --net slirp'
complete -c zbox -n '__zbox_is option' -l deny -d 'This may not be reached with --net slirp'
complete -c zbox -n '__zbox_is option' -l allow-sni -d 'Look at the server name in first bytes'
complete -c zbox -n '__zbox_is option' -l net-log -d 'Log of flows and refusals with --net slirp'
complete -c zbox -n '__zbox_is option' -l net-pcap -d 'All frames with --net slirp, for tcpdump'
complete -c zbox -n '__zbox_is option' -l net-mtu -d 'Size of packets with --net slirp'
complete -c zbox -n '__zbox_is option' -l net-ipv6 -d 'IPv6 with --net slirp'
complete -c zbox -n '__zbox_is option' -l dns -d 'Name server behind --net slirp'
complete -c zbox -n '__zbox_is option' -l net-cidr -d 'Addresses of the network inside with --net slirp'
complete -c zbox -n '__zbox_is option' -l outbound-addr -d 'Address that --net slirp goes out from'
complete -c zbox -n '__zbox_is option' -l publish -d 'Open a port of the sandbox to the host'
complete -c zbox -n '__zbox_is option' -l publish-proxy-protocol -d 'Published ports tell who the client is'
complete -c zbox -n '__zbox_is option' -l forward -d 'Open one service outside to the sandbox'
complete -c zbox -n '__zbox_is option' -l wayland -d 'Windows on the Wayland display'
complete -c zbox -n '__zbox_is option' -l wayland-try -d 'The same where there is a Wayland display'
complete -c zbox -n '__zbox_is option' -l wayland-context -d 'The same, only as a sandboxed program'
complete -c zbox -n '__zbox_is option' -l x11 -d 'Windows on the X11 display, which has no walls'
complete -c zbox -n '__zbox_is option' -l x11-try -d 'The same where there is an X11 display'
complete -c zbox -n '__zbox_is option' -l x11-fallback -d 'The same where no Wayland display was put in'
complete -c zbox -n '__zbox_is option' -l audio -d 'Sound by PulseAudio, or what stands in for it'
complete -c zbox -n '__zbox_is option' -l audio-try -d 'The same where there is a sound server'
complete -c zbox -n '__zbox_is option' -l pipewire -d 'PipeWire itself, microphones and cameras included'
complete -c zbox -n '__zbox_is option' -l pipewire-try -d 'The same where PipeWire is there'
complete -c zbox -n '__zbox_is option' -l gpu -d 'The graphics card'
complete -c zbox -n '__zbox_is option' -l gpu-try -d 'The same where there is a graphics card'
complete -c zbox -n '__zbox_is option' -l camera -d 'Cameras'
complete -c zbox -n '__zbox_is option' -l camera-try -d 'The same where there is a camera'
complete -c zbox -n '__zbox_is option' -l joystick -d 'Joysticks and gamepads, no keyboard'
complete -c zbox -n '__zbox_is option' -l joystick-try -d 'The same where there is a joystick'
complete -c zbox -n '__zbox_is option' -l cups -d 'Printers'
complete -c zbox -n '__zbox_is option' -l cups-try -d 'The same where there is a print server'
complete -c zbox -n '__zbox_is option' -l fonts -d 'The fonts of the caller'
complete -c zbox -n '__zbox_is option' -l fonts-try -d 'The same where there are fonts'
complete -c zbox -n '__zbox_is option' -l themes -d 'The themes and icons of the caller'
complete -c zbox -n '__zbox_is option' -l themes-try -d 'The same where there are themes'
complete -c zbox -n '__zbox_is option' -l home -d 'A home inside that is kept'
complete -c zbox -n '__zbox_is option' -l cache -d 'Keep the folder NAME of the cache inside'
complete -c zbox -n '__zbox_is option' -l files -d 'Put in the files that words of the command name'
complete -c zbox -n '__zbox_is option' -l desktop-entry -d 'Start APP in its profile from the menus, and do nothing else'
complete -c zbox -n '__zbox_is option' -l remove -d 'Remove the entry that --desktop-entry wrote'
complete -c zbox -n '__zbox_is option' -l without -d 'Take back what a profile gave, such as audio or x11'
complete -c zbox -n '__zbox_is option' -l dbus -d 'The session bus, but only what is named'
complete -c zbox -n '__zbox_is option' -l dbus-try -d 'The same where there is a session bus'
complete -c zbox -n '__zbox_is option' -l portals -d 'File dialogs and the like from the desktop, as APP'
complete -c zbox -n '__zbox_is option' -l portals-try -d 'The same where there are portals'
complete -c zbox -n '__zbox_is option' -l dbus-talk -d 'Let the command talk to NAME'
complete -c zbox -n '__zbox_is option' -l dbus-own -d 'Let the command have the name NAME'
complete -c zbox -n '__zbox_is option' -l dbus-see -d 'Let the command see whether NAME is there'
complete -c zbox -n '__zbox_is option' -l dbus-call -d 'Let the command call some methods of a name'
complete -c zbox -n '__zbox_is option' -l dbus-broadcast -d 'Let the command get some signals of a name'
complete -c zbox -n '__zbox_is option' -l dbus-system -d 'The system bus, but only what is named'
complete -c zbox -n '__zbox_is option' -l dbus-system-try -d 'The same where there is a system bus'
complete -c zbox -n '__zbox_is option' -l dbus-system-talk -d 'Let the command talk to NAME on the system bus'
complete -c zbox -n '__zbox_is option' -l dbus-system-call -d 'Let it call some methods of a name there'
complete -c zbox -n '__zbox_is option' -l rootfs -d 'Use a directory, or what a tar archive holds, as the root'
complete -c zbox -n '__zbox_is option' -l oci -d 'Use a container image as the root, with its command'
complete -c zbox -n '__zbox_is option' -l rootfs-writable -d 'Changes of the --rootfs go to its directory'
complete -c zbox -n '__zbox_is option' -l rootfs-overlay -d 'Changes of the --rootfs vanish, or are kept in DIR'
complete -c zbox -n '__zbox_is option' -l map -d 'Ids inside, as root, keep, auto or a range'
complete -c zbox -n '__zbox_is option' -l keep-groups -d 'Keep supplementary groups where there are ranges of ids'
complete -c zbox -n '__zbox_is option' -l env -d 'Keep the variable NAME of the caller'
complete -c zbox -n '__zbox_is option' -l keep-env -d 'Keep all variables of the caller'
complete -c zbox -n '__zbox_is option' -l seccomp-profile -d 'System calls that the command may use'
complete -c zbox -n '__zbox_is option' -l seccomp-allow -d 'Allow a system call that the profile does not'
complete -c zbox -n '__zbox_is option' -l seccomp-deny -d 'Deny a system call that the profile allows'
complete -c zbox -n '__zbox_is option' -l seccomp-show -d 'Print what a profile says of each system call'
complete -c zbox -n '__zbox_is option' -l seccomp-why -d 'Print what a profile does with a call and its arguments'
complete -c zbox -n '__zbox_is option' -l landlock -d 'Landlock as a second layer'
complete -c zbox -n '__zbox_is option' -l landlock-only -d 'Confine without namespaces, where those are forbidden'
complete -c zbox -n '__zbox_is option' -l memory -d 'Limit the memory of everything inside, as in 512M'
complete -c zbox -n '__zbox_is option' -l memory-high -d 'Slow everything inside down beyond this memory'
complete -c zbox -n '__zbox_is option' -l swap -d 'Limit the swap of everything inside'
complete -c zbox -n '__zbox_is option' -l cpus -d 'Limit processor time, as in 1.5 or 20%'
complete -c zbox -n '__zbox_is option' -l cpu-weight -d 'Share of processor time when others want it too'
complete -c zbox -n '__zbox_is option' -l pids -d 'Limit the number of processes and threads inside'
complete -c zbox -n '__zbox_is option' -l io-max -d 'Limit the rates of a disk, read and written'
complete -c zbox -n '__zbox_is option' -l io-weight -d 'Share of the disks when others want them too'
complete -c zbox -n '__zbox_is option' -l cpuset -d 'Run everything inside only on the processors of LIST'
complete -c zbox -n '__zbox_is option' -l cgroup -d 'Make the control group in DIR'
complete -c zbox -n '__zbox_is option' -l best-effort -d 'Go on with a warning where a limit cannot be set'
complete -c zbox -n '__zbox_is option' -l rlimit -d 'Set a limit of setrlimit, as in nofile=1024'
complete -c zbox -n '__zbox_is option' -l nice -d 'Run the command with nice value N'
complete -c zbox -n '__zbox_is option' -l oom-score -d 'Be killed sooner, or later, when memory is short'
complete -c zbox -n '__zbox_is option' -l cpu-affinity -d 'Start the command on the processors of LIST, as in 0-3,8'
complete -c zbox -n '__zbox_is option' -l time-limit -d 'End everything inside after TIME, as in 2.5s'
complete -c zbox -n '__zbox_is option' -l cpu-limit -d 'End everything inside after TIME of processor time'
complete -c zbox -n '__zbox_is option' -l grace -d 'Wait TIME before killing what reached a time limit'
complete -c zbox -n '__zbox_is option' -l stats -d 'Say at the end what was used, on standard error'
complete -c zbox -n '__zbox_is option' -l stats-file -d 'Write at the end what was used to FILE, as JSON'
complete -c zbox -n '__zbox_is option' -l meta -d 'Write the result to FILE as isolate does'
complete -c zbox -n '__zbox_is option' -l no-die-with-parent -d 'Let the command go on when the caller dies'
complete -c zbox -n '__zbox_is option' -l share-terminal -d 'Let the command use the terminal of the caller'
complete -c zbox -n '__zbox_is option' -l name -d 'Give the sandbox a name, by which it can be found'
complete -c zbox -n '__zbox_is option' -l join -d 'Run the command in the sandbox of that name, if it runs'
complete -c zbox -n '__zbox_is option' -l list -d 'Print the sandboxes with a name that run'
complete -c zbox -n '__zbox_is option' -l enter -d 'Run a command in the sandbox NAME'
complete -c zbox -n '__zbox_is option' -l kill -d 'Kill the sandbox NAME, or send it a signal'
complete -c zbox -n '__zbox_is option' -l wait -d 'Wait until the sandbox NAME has ended'
complete -c zbox -n '__zbox_is option' -l freeze -d 'Stop everything in the sandbox NAME until it is thawed'
complete -c zbox -n '__zbox_is option' -l thaw -d 'Let the sandbox NAME go on after --freeze'
complete -c zbox -n '__zbox_is option' -l update -d 'Change limits of the sandbox NAME, as in --memory 1G'
complete -c zbox -n '__zbox_is option' -l stats-of -d 'Print what the sandbox NAME has used so far'
complete -c zbox -n '__zbox_is option' -l keep-fd -d 'Leave FD open for the command'
complete -c zbox -n '__zbox_is option' -l status-fd -d 'Write one JSON object about the run to FD at its end'
complete -c zbox -f -n '__zbox_is option' -a '--explain=text --explain=json'
complete -c zbox -f -n '__zbox_is option' -a '--doctor=text --doctor=json'
complete -c zbox -f -n '__zbox_is --print:1' -a 'help version man bash zsh fish'
complete -c zbox -f -n '__zbox_is --net:1' -a 'none slirp slirp4netns pasta host join'
complete -c zbox -f -n '__zbox_is --net-open:1' -a 'host-loopback lan'
complete -c zbox -f -n '__zbox_is --allow-sni:1' -a 'off strict'
complete -c zbox -f -n '__zbox_is --net-ipv6:1' -a 'on off'
complete -c zbox -f -n '__zbox_is option' -a '--files=ro --files=rw --files=portal --files=portal-rw'
complete -c zbox -f -n '__zbox_is --landlock:1' -a 'off auto require'
complete -c zbox -f -n '__zbox_is --best-effort:1' -a 'limits none'
complete -c zbox -f -n '__zbox_is option' -a '--list=text --list=json'
