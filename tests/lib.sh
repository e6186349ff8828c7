# shellcheck shell=bash
# lib.sh - what every test script reads first: assertions that speak TAP and show the evidence.
#
#   . "$(dirname "$0")/../lib.sh"
#   gives 'the uid is kept' 0 "$(id -u)" -- bwrap_usr id -u
#   ...
#   finish
#
# A script runs in a fresh directory of its own, which is its working directory and $T. Programs
# under test are $ZBOX and $BWRAP (absolute). $BWRAP may be another bubblewrap: then 'since',
# 'before' and 'ours' leave out what that one does otherwise, so that expectations can be checked.
# shellcheck disable=SC2034  # variables are for the scripts that read this file
set -u
export LC_ALL=C TERM=xterm PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 022

TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ZBOX=${ZBOX:-$TESTS/../build/zbox}
BWRAP=${BWRAP:-$TESTS/../build/bwrap}
TOOLS=${TOOLS:-$TESTS/../build/tests}
if [ -z "${T:-}" ]; then
	T=$(mktemp -d) || exit 1
	trap 'rm -rf "$T"' EXIT
fi
cd "$T" || exit 1
unset OLDPWD

tests_run=0
tests_failed=0
status=0 out='' err=''

# The options that make an ordinary root of the host's /usr.
usr=(--ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/sbin /sbin
	--symlink usr/lib /lib --symlink usr/lib64 /lib64)

bwrap() { "$BWRAP" "$@"; }
bwrap_usr() { "$BWRAP" "${usr[@]}" "$@"; }
zbox() { "$ZBOX" "$@"; }
zbox_usr() { "$ZBOX" --ro-bind /usr /usr "$@"; }

# ---- which program is tested ----

ours() { [ "$BWRAP" -ef "$ZBOX" ]; }
bwrap_version=$("$BWRAP" --version 2>/dev/null | cut -d' ' -f2)
since() { ours || [ "$(printf '%s\n' "$1" "$bwrap_version" | sort -V | head -n1)" = "$1" ]; }
before() { ours || ! since "$1"; }
# The sanitizers want address space, and their search for leaks needs ptrace(2) and its own pid.
sanitized() { [ -n "${ZBOX_SANITIZED:-}" ]; }
as_root() { [ "$(id -u)" = 0 ]; }
# Below a wrapper with no_new_privs (make check-enosys) newuidmap gains nothing.
ranges_work() { ! as_root && ! grep -q '^NoNewPrivs:.*1' /proc/self/status; }

# ---- TAP ----

# result STATUS NAME: one line of TAP. The caller adds evidence with note.
result() {
	tests_run=$((tests_run + 1))
	if [ "$1" = 0 ]; then
		printf 'ok %d - %s\n' "$tests_run" "$2"
	else
		tests_failed=$((tests_failed + 1))
		printf 'not ok %d - %s\n' "$tests_run" "$2"
	fi
}

note() { printf '%s\n' "$1" | head -c 4000 | cut -c 1-500 | sed 's/^/#   /'; }

pass() { result 0 "$1"; }
flunk() {
	result 1 "$1"
	shift
	for line; do note "$line"; done
	return 1
}

# skip NAME REASON: in CI, where everything must work, that is a failure (tests/run counts it).
skip() {
	tests_run=$((tests_run + 1))
	printf 'ok %d - %s # SKIP %s\n' "$tests_run" "$1" "$2"
}

finish() {
	printf '1..%d\n' "$tests_run"
	[ "$tests_failed" = 0 ]
}

# ---- running ----

# Runs a command; leaves $status, $out and $err (without NUL bytes and their last newlines), files
# out and err. No process but the command's: there are thousands of tests, some on slow machines.
run() {
	"$@" >"$T/.out" 2>"$T/.err" </dev/null
	status=$?
	read_file out "$T/.out"
	read_file err "$T/.err"
}

read_file() { # VARIABLE FILE
	local parts IFS=
	mapfile -d '' -t parts <"$2"
	printf -v "$1" %s "${parts[*]}"
	printf -v "$1" %s "${!1%"${!1##*[!$'\n']}"}"
}

evidence() {
	note "status: $status"
	[ -z "$out" ] || note "stdout: $out"
	[ -z "$err" ] || note "stderr: $err"
}

# below PID NAME: the process of that name (a pattern) among the descendants of PID; by name alone, a
# test would find those of others.
below() {
	local child children
	read -ra children < <(cat "/proc/$1/task/"*/children 2>/dev/null | tr '\n' ' ')
	for child in "${children[@]}"; do
		# shellcheck disable=SC2053 # a pattern
		if [[ $(cat "/proc/$child/comm" 2>/dev/null) == $2 ]]; then
			echo "$child"
			return 0
		fi
		below "$child" "$2" && return 0
	done
	return 1
}

# has_ended PID: also when nobody has waited for it yet.
has_ended() { [ ! -e "/proc/$1" ] || grep -qs '^State:.Z' "/proc/$1/status"; }

# poll SECONDS COMMAND...: until the command succeeds. The only place that sleeps. On a machine that
# is computed by another one $ZBOX_TEST_PATIENCE makes the seconds longer.
poll() {
	local deadline=$((SECONDS + $1 * ${ZBOX_TEST_PATIENCE:-1}))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.02
	done
}

# fresh NAME: an empty directory below $T, which becomes the working directory.
fresh() {
	mkdir -p "$T/$1" && cd "$T/$1" || exit 1
}

# ---- assertions ----

is() { # NAME GOT WANT
	if [ "$2" = "$3" ]; then pass "$1"; else flunk "$1" "got:    $2" "wanted: $3"; fi
}

isnt() { # NAME GOT UNWANTED
	if [ "$2" != "$3" ]; then pass "$1"; else flunk "$1" "got what must not be: $2"; fi
}

contains() { # NAME TEXT PART
	case $2 in *"$3"*) pass "$1" ;; *) flunk "$1" "got: $2" "wanted in it: $3" ;; esac
}

lacks() { # NAME TEXT PART
	case $2 in *"$3"*) flunk "$1" "got: $2" "unwanted in it: $3" ;; *) pass "$1" ;; esac
}

matches() { # NAME TEXT REGEX
	if [[ $2 =~ $3 ]]; then pass "$1"; else flunk "$1" "got: $2" "wanted to match: $3"; fi
}

ok() { # NAME COMMAND...
	local name=$1
	shift
	run "$@"
	if [ "$status" = 0 ]; then pass "$name"; else flunk "$name" "command: $*" || evidence; fi
}

# The command must fail by itself; 126 and 127 would only mean that the test is wrong.
nok() { # NAME COMMAND...
	local name=$1
	shift
	run "$@"
	case $status in
	0 | 126 | 127) flunk "$name" "command: $*" || evidence ;;
	*) pass "$name" ;;
	esac
}

# The exact status and standard output.
gives() { # NAME STATUS STDOUT -- COMMAND...
	local name=$1 want_status=$2 want_out=$3
	shift 4
	run "$@"
	if [ "$status" = "$want_status" ] && [ "$out" = "$want_out" ]; then
		pass "$name"
	else
		flunk "$name" "command: $*" "wanted: status $want_status, stdout: $want_out" || evidence
	fi
}

# The program under test must refuse: this status, this part of a message on standard error, and
# nothing on standard output, where the command would have written.
refuses() { # NAME STATUS STDERR_PART -- COMMAND...
	local name=$1 want_status=$2 part=$3
	shift 4
	run "$@"
	if [ "$status" = "$want_status" ] && [ -z "$out" ] && [[ $err == *"$part"* ]]; then
		pass "$name"
	else
		flunk "$name" "command: $*" "wanted: status $want_status, stderr with: $part" || evidence
	fi
}
