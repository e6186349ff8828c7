#!/bin/bash
# The pages that come from the option table, as a reader, a shell and a script meet them: they are
# the committed ones, fit the screen, name every option, and the completions complete.
set -u
export LC_ALL=C
root=$(cd "$(dirname "$0")/../.." && pwd)
driver=${TOOLS:-$root/build/tests}/cli/options-driver
T=${T:-$(mktemp -d)}
count=0 failed=0

# ok NAME COMMAND...: the command's status is 0; its output is shown when it is not.
ok() {
	local name=$1
	shift
	count=$((count + 1))
	if "$@" >"$T/output" 2>&1 </dev/null; then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		sed 's/^/# /' "$T/output"
		failed=$((failed + 1))
	fi
}

skip() {
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2 is not installed"
}

have() { command -v "$1" >/dev/null; }

# ---- the committed pages ----

same_page() { diff -u "$root/$1" <("$driver" zbox 0 --print "$2"); }
ok 'man/zbox.1 is what is printed' same_page man/zbox.1 man
ok 'completions/zbox.bash is what is printed' same_page completions/zbox.bash bash
ok 'completions/_zbox is what is printed' same_page completions/_zbox zsh
ok 'completions/zbox.fish is what is printed' same_page completions/zbox.fish fish

# ---- help, version, usage ----

"$driver" zbox 0 --help >"$T/help-zbox"
"$driver" bwrap 0 --help >"$T/help-bwrap"
ok 'the help fits 80 columns' awk 'length > 80 { print; bad = 1 } END { exit bad }' \
	"$T/help-zbox" "$T/help-bwrap"
for name in as-pid-1 perms argv0 ro-bind-fd disable-userns overlay-src level-prefix args; do
	ok "bwrap --help has --$name" grep -qwe "--$name" "$T/help-bwrap"
done
ok 'bwrap --help has none of zbox'\''s own' bash -c "! grep -e --no-base -e --explain -e --bwrap '$T/help-bwrap'"
ok 'zbox --help has them' grep -qe '--no-base' "$T/help-zbox"
is() { [ "$("${@:2}")" = "$1" ]; }
ok 'bwrap --version' is 'bubblewrap 0.11.1' "$driver" bwrap 0 --version
ok 'zbox --version' is 'zbox 0.1.0 (compatible with bubblewrap 0.11.1)' "$driver" zbox 0 --version
ok 'zbox --print help is --help' diff "$T/help-zbox" <("$driver" zbox 0 --print help)
"$driver" bwrap 0 >"$T/out" 2>"$T/err"
ok 'bwrap alone: status 1' [ $? = 1 ]
ok 'bwrap alone: usage on standard error' diff "$T/err" "$T/help-bwrap"
ok 'bwrap alone: nothing on standard output' [ ! -s "$T/out" ]
is_usage() { head -n 1 "$T/help-bwrap" | grep -qx 'usage: bwrap \[OPTIONS...\] \[--\] COMMAND \[ARGS...\]'; }
ok 'the usage line' is_usage
ok 'zbox alone says what is missing' is 'zbox: no command given' bash -c "'$driver' zbox 0 2>&1"
ok 'the prefix of errors' is '<3>bwrap: Unknown option --x' \
	bash -c "'$driver' bwrap 0 --level-prefix --x 2>&1"
ok 'the prefix of warnings' is '<4>bwrap: Only the last --uid option will take effect' \
	bash -c "'$driver' bwrap 1000 --level-prefix --uid 1 --uid 2 true 2>&1 >'$T/out'"

# ---- the manual page ----

if have groff; then
	no_output() { local text; text=$("$@" 2>&1 >"$T/page"); echo "$text"; [ -z "$text" ]; }
	ok 'groff has nothing to say about the manual' no_output groff -man -ww -Tutf8 "$root/man/zbox.1"
	sed -i 's/.\x08//g; s/\x1b\[[0-9;]*m//g' "$T/page"
	for section in NAME SYNOPSIS DESCRIPTION OPTIONS DEFAULTS 'EXIT STATUS' ENVIRONMENT FILES \
		DIAGNOSTICS EXAMPLES 'SECURITY NOTES' 'SEE ALSO'; do
		ok "the manual has $section" grep -qx "$section" "$T/page"
	done
else
	skip 'groff has nothing to say about the manual' groff
fi
in_manual() {
	local name missing=''
	while read -r name; do
		grep -qF "\\fB\\-\\-${name//-/\\-}\\fR" "$root/man/zbox.1" || missing+=" $name"
	done < <(sed -n 's/^  --\([a-z0-9-]*\).*/\1/p' "$T/help-zbox")
	echo "missing:$missing"
	[ -z "$missing" ]
}
ok 'the manual has every option' in_manual

# ---- completions ----

have shellcheck && ok 'shellcheck: zbox.bash' shellcheck "$root/completions/zbox.bash"
have zsh && ok 'zsh reads _zbox' zsh -n "$root/completions/_zbox"
have fish && ok 'fish reads zbox.fish' fish -n "$root/completions/zbox.fish"

mkdir -p "$T/dir/usr" && cd "$T/dir" || exit 1
cat >"$T/bash-completes" <<EOF2
. "$root/completions/zbox.bash"
compopt() { :; }
COMP_WORDS=("\$@") COMP_CWORD=\$((\$# - 1)) COMPREPLY=()
_zbox
printf '%s\n' "\${COMPREPLY[@]}" | sort -u | paste -sd' '
EOF2
bash_gives() {
	local wanted=$1
	shift
	ok "bash: $*" is "$wanted" bash "$T/bash-completes" "$@"
}
bash_gives '--landlock --landlock-only' zbox --land
bash_gives '' bwrap --land
bash_gives 'require' zbox --landlock r
bash_gives 'auto off require' zbox --landlock =
bash_gives 'json' zbox --explain = j
bash_gives 'usr' zbox --ro-bind u
bash_gives 'usr' zbox --ro-bind /usr u
bash_gives '--chdir' zbox --ro-bind /usr /usr --chd
bash_gives '' zbox --hostname --chd
bash_gives 'usr' bwrap --dir /x -- ls u
bash_gives 'usr' zbox --dir=/x ls --print u
bash_gives 'bash fish help man version zsh' zbox --print ''

# names of sandboxes that run: a program in the place of zbox, which has two
cat >"$T/zbox" <<'EOS'
#!/bin/sh
[ "$*" != --list ] || printf '%s\n' 'NAME  AGE  COMMAND' 'one   0:01  sleep 1' 'other 0:02  sleep 2'
EOS
chmod +x "$T/zbox"
running=(enter kill wait freeze thaw update stats-of)
for what in "${running[@]}"; do
	bash_gives 'one other' "$T/zbox" "--$what" ''
done
bash_gives 'other' "$T/zbox" --kill ot
bash_gives '' "$T/zbox" --name o
bash_gives '--memory --memory-high' "$T/zbox" --update one --mem
bash_gives 'usr' "$T/zbox" --enter one ls u

# zsh completes only where there is a terminal
zsh_gives() {
	ok "zsh: $2" is "$1" "$root/tests/cli/zsh-completes.py" "$root/completions" "$2"
}
if have zsh; then
	for what in "${running[@]}"; do
		zsh_gives 'one other' "$T/zbox --$what "
	done
	zsh_gives '--landlock --landlock-only' 'zbox --land'
	zsh_gives '' "$T/zbox --name o"
fi

if have fish; then
	fish_gives() {
		ok "fish: $2" is "$1" fish --no-config -c "source '$root/completions/zbox.fish'
			complete -C '$2' | string replace -r '\t.*' '' | sort | string join ' '"
	}
	fish_gives '--landlock --landlock-only' 'zbox --land'
	fish_gives '' 'bwrap --land'
	fish_gives 'auto off require' 'zbox --landlock '
	fish_gives '--explain --explain=json --explain=text' 'zbox --exp'
	fish_gives 'usr/' 'zbox --ro-bind /usr u'
	fish_gives '--chdir' 'zbox --ro-bind /usr /usr --chd'
	fish_gives 'usr/' 'bwrap --dir /x -- ls u'
	for what in "${running[@]}"; do
		fish_gives 'one other' "$T/zbox --$what "
	done
	fish_gives 'other' "$T/zbox --kill ot"
	fish_gives '' "$T/zbox --name o"
else
	skip 'fish completes' fish
fi

echo "1..$count"
[ "$failed" = 0 ]
