#!/bin/bash
# Three Debian source packages are configured, built and tested inside, by debian/rules as Debian
# does it, with the folder of the build as the only writable path of the host.
# timeout: 400
. "$(dirname "$0")/common.sh"
sources=${ZBOX_SOURCES:-/var/lib/zbox-tests/sources}

WHAT='Debian packages are built'
has dpkg-buildpackage gcc libtoolize makeinfo python3 || { finish; exit; }
ls -d "$sources"/*/debian >/dev/null 2>&1 ||
	{ skip "$WHAT" "no sources in $sources: tools/setup clients fetches them"; finish; exit; }

host_home
touch "$T/stamp"
before=$(host_mounts)

# unpacked NAME: a copy of a source package below NAME, and that is the build folder $DIR; $SRC is
# the source in it. A step of the hostile kind is added, which runs after the tests.
unpacked() {
	DIR=$T/$1
	mkdir "$DIR" && cp -r "$sources/$2"-*/ "$DIR/" || return
	SRC=$(echo "$DIR"/*/)
	attempts >"$DIR/attempts"
}
inside() { # COMMAND...; options before it
	"$ZBOX" --ro-bind /usr /usr --bind "$DIR" "$DIR" --chdir "$SRC" \
		--setenv DEB_BUILD_PROFILES nobiarch --setenv DEB_BUILD_OPTIONS parallel=2 "$@" >"$DIR/log" 2>&1 </dev/null
}
built() { # NAME COMMAND...
	local name=$1
	shift
	if inside "$@"; then pass "$name"; else flunk "$name" "status $?" "$(tail -n 30 "$DIR/log")"; fi
}
# Nothing of the attempts succeeded, though the script that made them ran to its end.
was_confined() {
	gives "$1: nothing forbidden was possible" 0 '' -- "$ZBOX" --ro-bind /usr /usr --bind "$DIR" "$DIR" \
		--chdir "$SRC" bash "$DIR/attempts"
}

# hello: GNU autotools; its tests are a dozen scripts.
unpacked hello hello
printf '\nexecute_after_dh_auto_test:\n\tbash ../attempts >../succeeded\n' >>"$SRC/debian/rules"
built 'hello: configured, built, tested' debian/rules build
suite=$(sed -n 's/^# \(PASS\|FAIL\|ERROR\): *//p' "$DIR/log" | tr '\n' ' ')
matches "hello: its test suite (passed, failed, in error: $suite)" "$suite" '^[4-9] 0 0 $'
gives 'hello: the program, outside' 0 'Hello, world!' -- "$SRC/hello"
is 'hello: what its build tried in vain' "$(cat "$DIR/succeeded" 2>&1)" ''

# The whole way to a .deb, under the profile for it. The packages' database is all it needs more.
unpacked deb hello
built 'hello: a package, under the profile build' --seccomp-profile build \
	--ro-bind /var/lib/dpkg /var/lib/dpkg -- dpkg-buildpackage -b -us -uc -d
ok 'hello: the package is good' dpkg-deb --contents "$DIR"/hello_*.deb
contains 'hello: the package has the program' "$out" ./usr/bin/hello
was_confined 'the profile build'

# zlib: a configure script of its own, four test programs, static and shared.
for profile in strict build; do
	unpacked "zlib-$profile" zlib
	built "zlib, $profile: configured, built, tested" --seccomp-profile "$profile" debian/rules build
	is "zlib, $profile: its test suite" "$(grep -c 'zlib .*test OK' "$DIR/log")" 3
	lacks "zlib, $profile: no test failed" "$(grep -i 'zlib.*test' "$DIR/log")" FAILED
done

# Lua: autoreconf, libtool, readline. The Debian tarball has no suite but "lua -v", so the new
# interpreter works for its living.
unpacked lua lua5.4
built 'Lua: configured, built' debian/rules build
cat >"$DIR/test.lua" <<'X'
local sieve, primes = {}, {}
for i = 2, 10000 do
	if not sieve[i] then primes[#primes + 1] = i for j = i * i, 10000, i do sieve[j] = true end end
end
assert(#primes == 1229)
local name = os.tmpname()
local f = assert(io.open(name, "w")) f:write(("x"):rep(100000)) f:close()
assert(#io.open(name):read("a") == 100000 and os.remove(name))
assert(io.popen("echo popen works"):read() == "popen works")
local co = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) return b * 2 end)
assert(co(1) == 2 and co(21) == 42)
assert(string.format("%q %5.2f %x", "a\nb", 3.14159, 255) == '"a\\\nb"  3.14 ff')
assert(not pcall(error, "x") and os.getenv("HOME") == "/root" and not io.open(arg[1]))
print(_VERSION, "good")
X
inside src/lua5.4 "$DIR/test.lua" "$HOME/.ssh/id_ed25519"
is 'Lua: the new interpreter' "$(cat "$DIR/log")" $'Lua 5.4\tgood'

nobody_came 'nobody reached the port'
host_is_untouched 'the home of the host is as it was'
is 'nothing was left on the host' "$(changed_since "$T/stamp")" ''
is 'its mounts are the same' "$(host_mounts)" "$before"
finish
