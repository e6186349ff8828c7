#!/bin/bash
# Debian source packages as anybody builds them: unpacked outside, then configured, built and their
# own test suites run in a sandbox whose only writable place on the host is the build folder.
. "$(dirname "$0")/../lib.sh"

# fetch PACKAGE: its source in a directory of that name, which becomes the working directory.
fetch() {
	fresh "$1"
	if ! apt-get -q source "$1" >"$T/fetch" 2>&1; then
		flunk "apt-get source $1" "$(tail -n 5 "$T/fetch")"
		return 1
	fi
}

# What is beside the build folder, with its times.
beside() { find .. -mindepth 1 -path "../$(basename "$PWD")" -prune -o -printf '%p %T@ %s\n' | sort; }

# build PACKAGE EVIDENCE COMMAND...: in the working directory; EVIDENCE is a line of its tests.
build() {
	local package=$1 evidence=$2 before
	shift 2
	before=$(beside)
	run zbox_usr --bind . /build --chdir /build --setenv DEB_BUILD_PROFILES nobiarch \
		--setenv DEB_BUILD_OPTIONS parallel=2 -- "$@"
	printf '%s\n' "$out" "$err" >"$T/log"
	is "$package: $*" "$status" 0 || note "$(tail -n 30 "$T/log")"
	run grep -E "$evidence" "$T/log"
	isnt "$package: its tests ran and passed" "$out" ''
	is "$package: nothing beside the folder changed" "$(beside)" "$before"
	is "$package: what was built belongs to the caller" "$(find . ! -user "$(id -un)" | head)" ''
}

fetch hello && cd hello-*/ && build hello '^# PASS: +[1-9]' debian/rules build
gives 'hello says hello' 0 'Hello, world!' -- ./hello
fetch zlib && cd zlib-*/ && build zlib 'zlib shared test OK' debian/rules build
# Debian's rules for lua ignore that their "make test" fails; upstream's does not.
fetch lua5.4 && mkdir upstream && tar -xf lua5.4_*.orig.tar.gz -C upstream --strip-components=1 &&
	cd upstream && build lua5.4 '^Lua 5\.4' sh -c 'make -j2 linux && make test'
gives 'lua computes' 0 42 -- ./src/lua -e 'print(6 * 7)'
finish
