#!/bin/bash
# Filters of the user's: profile files, engines' JSON, changes on the command line, questions. And
# that a mistake in any of them means that the command does not run.
# shellcheck disable=SC2086,SC2154  # numbers of calls, which the machine decides
. "$(dirname "$0")/../lib.sh"

# Tries what must not work and says what came back: errno, or ok.
try='import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
words = [ctypes.c_long(int(w, 0)) for w in sys.argv[1:]]
print("ok" if libc.syscall(*words) >= 0 else os.strerror(ctypes.get_errno()))'
try() { zbox_usr "${profile[@]}" -- python3 -c "$try" "$@"; }

case $(uname -m) in
x86_64) socket=41 ioctl=16 getppid=110 ptrace=101 uname=63 splice=275 socketpair=53 ;;
aarch64) socket=198 ioctl=29 getppid=173 ptrace=117 uname=160 splice=76 socketpair=199 ;;
esac

# ---- the default ----

profile=()
gives 'AF_VSOCK' 0 'Address family not supported by protocol' -- try $socket 40 1 0
gives 'AF_VSOCK with a bit that the kernel ignores' 0 'Address family not supported by protocol' -- \
	try $socket 0x100000028 1 0
gives 'TIOCSTI' 0 'Operation not permitted' -- try $ioctl 0 0x5412 0
gives 'TIOCSTI with such a bit' 0 'Operation not permitted' -- try $ioctl 0 0x100005412 0
gives 'splice: not for these descriptors' 0 'Invalid argument' -- try $splice 0 0 0 0 0 0
gives 'a number that no kernel has' 0 'Function not implemented' -- try 99999
gives 'AF_UNIX' 0 ok -- try $socket 1 1 0
gives 'getppid' 0 ok -- try $getppid

# ---- changes ----

profile=(--seccomp-deny getppid)
gives '--seccomp-deny' 0 'Operation not permitted' -- try $getppid
profile=(--seccomp-deny getppid=ENOSYS)
gives '--seccomp-deny with an errno' 0 'Function not implemented' -- try $getppid
profile=(--seccomp-deny getppid --seccomp-allow getppid)
gives 'the last one counts' 0 ok -- try $getppid
profile=(--seccomp-allow ioctl)
gives '--seccomp-allow ioctl does not allow TIOCSTI' 0 'Operation not permitted' -- try $ioctl 0 0x5412 0
refuses 'no such call' 125 '--seccomp-allow getpppid: there is no such system call or group' -- \
	zbox_usr --seccomp-allow getpppid -- echo ran
refuses 'no such errno' 125 'there is no such errno' -- zbox_usr --seccomp-deny getppid=EWHAT -- echo ran
refuses 'none cannot be changed' 125 'profile none: there is nothing to change' -- \
	zbox_usr --seccomp-profile none --seccomp-deny getppid -- echo ran

# ---- files ----

cat >"$T/mine.seccomp" <<'END'
profile mine
include strict
include ./more
errno EACCES getppid        # for the test
errno EBUSY socketpair
allow socketpair if a0:32 == AF_UNIX and a1:32 & 0xf == SOCK_DGRAM
END
echo 'errno ENXIO ptrace' >"$T/more"
profile=(--seccomp-profile "$T/mine.seccomp")
gives 'a line of the file' 0 'Permission denied' -- try $getppid
gives 'a line of a file that it includes' 0 'No such device or address' -- try $ptrace 0 0 0 0
gives 'its condition does not hold' 0 'Device or resource busy' -- try $socketpair 1 1 0 0
gives 'its condition holds' 0 'Bad address' -- try $socketpair 1 2 0 0
gives 'the profile that it includes' 0 'Address family not supported by protocol' -- try $socket 40 1 0

bad() { # NAME TEXT MESSAGE
	printf '%s\n' "$2" >"$T/bad.seccomp"
	refuses "$1" 125 "$3" -- zbox_usr --seccomp-profile "$T/bad.seccomp" -- echo ran
}
bad 'an unknown call' $'profile bad\nallow reed' 'bad.seccomp:2:7: expected a system call'
bad 'a dead line' $'profile bad\nallow read\nallow read' 'bad.seccomp:2:1: this line never decides'
bad 'a cycle' $'profile bad\ninclude ./bad.seccomp' 'bad.seccomp:2:9: expected a file that this one is not part of'
bad 'a condition on a pointer' $'profile bad\nallow open if a0:32 == 1' 'bad.seccomp:2:15: expected'
bad 'the floor' $'profile bad\nallow bpf' 'bad.seccomp:2:1: bpf is refused by the floor'
bad 'another machine' $'profile bad\narch sparc' 'bad.seccomp:2:6: expected native'
head -c 1048576 /dev/urandom >"$T/bad.seccomp"
refuses '1 MiB of noise' 125 'bad.seccomp:1:' -- zbox_usr --seccomp-profile "$T/bad.seccomp" -- echo ran
refuses 'a missing file' 125 'nobody: No such file' -- zbox_usr --seccomp-profile ./nobody -- echo ran
refuses 'a missing profile' 125 'profile nobody: none of that name' -- \
	zbox_usr --seccomp-profile nobody -- echo ran
refuses 'a directory' 125 'Is a directory' -- zbox_usr --seccomp-profile /usr/ -- echo ran

# ---- engines' JSON ----

profile=(--seccomp-profile "$TESTS/unit/engine.json")
gives "an engine's profile: AF_VSOCK" 0 'Operation not permitted' -- try $socket 40 1 0
gives 'with a bit that the kernel ignores' 0 'Operation not permitted' -- try $socket 0x100000028 1 0
gives 'uname' 0 'Bad address' -- try $uname 1
gives 'the floor below it' 0 'Operation not permitted' -- try $ioctl 0 0x5412 0
ok 'a shell under it' zbox_usr "${profile[@]}" -- sh -c 'ls / | wc -l'
echo '{"defaultAction":"SCMP_ACT_ALLOW","only_if":"full moon"}' >"$T/bad.json"
refuses 'a key that is not known' 125 'bad.json:1:45: expected no such key' -- \
	zbox_usr --seccomp-profile "$T/bad.json" -- echo ran

# ---- questions ----

run zbox --seccomp-why strict socket AF_VSOCK
contains '--seccomp-why: the answer' "$out" 'socket under strict: EAFNOSUPPORT'
contains '--seccomp-why: the line' "$out" 'errno EAFNOSUPPORT socket socketpair'
run zbox --seccomp-why strict ptrace
contains '--seccomp-why: who would allow it' "$out" 'build'
run zbox --seccomp-show strict
matches '--seccomp-show: a row' "$out" 'clone3 +ENOSYS +strict.seccomp:[0-9]+'
for name in strict build network-client desktop container compute permissive nested; do
	ok "a program under $name" zbox_usr --seccomp-profile $name -- sh -c 'ls / | wc -l'
done
ok 'none' zbox_usr --seccomp-profile none -- true

finish
