#!/bin/bash
# Every option is mentioned by some test: a row that nobody tries is a row that may not work.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
driver=${TOOLS:-$root/build/tests}/cli/options-driver
count=0 failed=0

for name in $("$driver" zbox 0 --help | sed -n 's/^  --\([a-z0-9-]*\).*/\1/p'); do
	count=$((count + 1))
	if grep -rqE --include='*.c' --include='*.sh' --include='*.py' \
		-e "--$name([^a-z0-9-]|\$)" "$root/tests"; then
		echo "ok $count - --$name is mentioned by a test"
	else
		echo "not ok $count - --$name is mentioned by a test"
		failed=$((failed + 1))
	fi
done
echo "1..$count"
[ "$failed" = 0 ] && [ "$count" -gt 60 ]
