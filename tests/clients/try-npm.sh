#!/bin/bash
# timeout: 300
# npm install in a project folder with --try: a package from a file and what it needs, no network.
# The list is what differs, discarding leaves the folder as it was, applying makes it what npm would
# have made of it without zbox.
. "$(dirname "$0")/../lib.sh"
tree() { python3 "$TESTS/e2e/tree.py" "$@"; }
export TMPDIR=$T/scratch npm_config_cache=$T/cache npm_config_update_notifier=false
mkdir "$TMPDIR" "$npm_config_cache"

# A library with a program, and the project that uses it.
mkdir -p lib/bin p/src && cd lib || exit 1
cat >package.json <<'END'
{"name": "zbox-lib", "version": "1.0.0", "main": "index.js", "bin": {"zbox-hello": "bin/hello.js"},
 "scripts": {"postinstall": "node -e \"require('fs').writeFileSync('built', 'by postinstall')\""}}
END
echo 'module.exports = 42;' >index.js
printf '#!/usr/bin/env node\nconsole.log("hello", require(".."));\n' >bin/hello.js && chmod +x bin/hello.js
ok 'npm packs the library' npm pack --silent --pack-destination "$T"
cd "$T/p" || exit 1
echo '{"name": "project", "version": "1.0.0"}' >package.json
echo 'console.log(require("zbox-lib"));' >src/main.js
find "$T/p" -exec touch -d 2020-01-01 {} +
cp -a "$T/p" "$T/was"
tree state "$T/p" >"$T/state"

install=(npm install --offline --no-audit --no-fund --foreground-scripts "$T/zbox-lib-1.0.0.tgz")
zbox_npm() { "$ZBOX" --ro-bind / / --ro-bind "$T" "$T" --try="$T/p" --tmpfs "$npm_config_cache" --tmpfs "$TMPDIR" --env TMPDIR \
	--env npm_config_cache --env npm_config_update_notifier --chdir "$T/p" "$@"; }

ok 'npm install on trial' zbox_npm --try-keep "$T/kept" "${install[@]}"
tree state "$T/p" >"$T/state-after"
ok 'the folder is as it was' cmp "$T/state" "$T/state-after"
zbox --changes "$T/kept" --json | tree listed "$T/p" >"$T/listed"
ok 'thrown away' zbox --discard "$T/kept"
tree state "$T/p" >"$T/state-after"
ok 'it still is' cmp "$T/state" "$T/state-after"

ok 'once more' zbox_npm --try-keep "$T/kept" "${install[@]}"
ok 'and applied' zbox --apply "$T/kept"
is 'the list is what differs' "$(cat "$T/listed")" "$(tree changes "$T/was" "$T/p")"
# what rsync would do to make the copy the same, said in the words of the list
rsync -naiHO --delete "$T/p/" "$T/was/" | sed -E 's,(/| -> .*| => .*)$,,; s/^\*deleting +/removed /; s/^[<>ch][fdLDS]\+{9} /added /; s/^[<>ch.][fdLDS][^ ]* /changed /' |
	sort >"$T/by-rsync"
is 'rsync says the same' "$(cat "$T/by-rsync")" "$(sed -E "s/ b'(.*)'$/ \1/" "$T/listed" | sort)"
matches 'both name what was added and what was changed' "$(cat "$T/by-rsync")" 'added node_modules/zbox-lib/built.*changed package.json'
gives 'the program runs' 0 'hello 42' -- node_modules/.bin/zbox-hello
is 'its script ran' "$(cat node_modules/zbox-lib/built)" 'by postinstall'

tree shape "$T/p" >"$T/shape-tried"
rm -rf "$T/p" && cp -a "$T/was" "$T/p" && cd "$T/p" || exit 1
ok 'the same without zbox' "${install[@]}"
tree shape "$T/p" >"$T/shape-direct"
ok 'gives the same folder' diff -u "$T/shape-direct" "$T/shape-tried"

finish
