#!/bin/bash
# opam, the package manager of OCaml, builds and installs a package through its own sandbox script,
# with our bwrap as the one that it finds.
# timeout: 300
. "$(dirname "$0")/common.sh"

WHAT='opam'
has opam python3 || { finish; exit; }

host_home
mkdir -p "$T/bin" "$T/repository/packages/probe/probe.1" "$T/repository/packages/rogue/rogue.1"
# It is found in PATH; that it was really ours is seen in a list of its calls.
cat >"$T/bin/bwrap" <<X
#!/bin/bash
echo "\$#" >>'$T/calls'
exec -a bwrap '$BWRAP' "\$@"
X
chmod 755 "$T/bin/bwrap"
export PATH="$T/bin:$PATH" OPAMROOT=$T/opam OPAMYES=1 OPAMCOLOR=never

attempts | grep -v kill >"$T/attempts" # it shares the processes
echo 'opam-version: "2.0"' >"$T/repository/repo"
cat >"$T/repository/packages/probe/probe.1/opam" <<'X'
opam-version: "2.0"
maintainer: "zbox"
synopsis: "A program in C"
build: [
  ["sh" "-c" "echo 'int puts(const char *); int main(void) { puts(\"built by opam\"); }' >probe.c"]
  ["cc" "-o" "probe" "probe.c"]
  ["sh" "-c" "test \"$TMPDIR\" = /opam-tmp && echo x >$TMPDIR/x"]
]
install: ["sh" "-c" "mkdir -p %{bin}% && cp probe %{bin}%"]
X
# While it is built the rest of the switch is read-only; its network is closed.
cat >"$T/repository/packages/rogue/rogue.1/opam" <<X
opam-version: "2.0"
maintainer: "zbox"
synopsis: "A package that reaches out"
build: ["sh" "-c" "bash $T/attempts >found; echo end >>found; cat found; mkdir %{bin}%/rogue; touch $T/opam/owned; ls >/dev/null"]
install: ["sh" "-c" "mkdir -p %{share}% && cp found %{share}%/found"]
X

ok 'opam init' opam init --bare -n "$T/repository"
ok 'opam init tried its sandbox' grep -q . "$T/calls"
lacks 'and found no fault with it' "$out$err" 'disable sandboxing'
contains 'sandboxing is on' "$(cat "$OPAMROOT/config")" sandbox.sh
ok 'an empty switch' opam switch create empty --empty
rm "$T/calls"
ok 'opam install' opam install probe
gives 'the program it built' 0 'built by opam' -- "$T/opam/empty/bin/probe"
ok 'each step was in a sandbox' test "$(wc -l <"$T/calls")" -ge 4
ok 'opam install of a rogue package' opam install rogue
# The attempts include reading the home, which opam's script shows where it is below /tmp or /home.
found=$(grep -v "$SECRET" "$T/opam/empty/share/found")
is 'it wrote nothing and reached nobody' "$found" end
nok 'nor was anything left in its switch' ls "$T/opam/owned" "$T/opam/empty/bin/rogue"

nobody_came 'nobody reached the port'
is 'the home of the host is as it was' "$(cat "$HOME/.bashrc" "$HOME/.ssh/id_ed25519")" "$(printf '# the host\n%s' "$SECRET")"
finish
