#!/bin/bash
# The corpus of attacks (tests/escape), under the defaults and under each profile that ships. The
# program speaks TAP itself; what it does not try, with its reason, is no skipped test here.
set -u
count=0 failed=0

# NAME ARGUMENTS...: one run of it, its lines numbered on.
corpus() {
	local name=$1 line tried=0
	shift
	while read -r line; do
		[[ $line =~ ^(ok|not\ ok)\ [0-9]+\ -\ (.*)$ ]] || continue
		[[ $line == *" # SKIP "* ]] && continue
		tried=$((tried + 1)) count=$((count + 1))
		[ "${BASH_REMATCH[1]}" = ok ] || failed=1
		echo "${BASH_REMATCH[1]} $count - $name: ${BASH_REMATCH[2]}"
	done < <("$TOOLS/escape" host --exact "$@" 2>"$T/err")
	count=$((count + 1))
	if [ $tried -gt 100 ]; then
		echo "ok $count - $name: $tried attacks were tried"
	else
		failed=1
		echo "not ok $count - $name: $tried attacks were tried"
		sed 's/^/# /' "$T/err"
	fi
}

inside=(--ro-bind /usr /usr --ro-bind "$TOOLS/escape" /escape)
cd "$T" || exit 1
corpus defaults --binds -- "$ZBOX" "${inside[@]}"
corpus 'no second layers' --profile none -- "$ZBOX" "${inside[@]}" --seccomp-profile none --landlock off
for profile in build network-client desktop container compute nested permissive; do
	corpus "$profile" --profile "$profile" -- "$ZBOX" "${inside[@]}" --seccomp-profile "$profile"
done
echo "1..$count"
exit $failed
