#!/bin/bash
# Prints the corpus as one table: zbox beside its peers, as Markdown.
#
#   tests/escape/report.sh ESCAPE ZBOX
#
# Each column is one run of the same program under the tool's usual defaults, as the user who calls:
#   zbox      --ro-bind /usr /usr
#   bwrap     --ro-bind / / --dev /dev --proc /proc --tmpfs /tmp --unshare-all
#   firejail  --profile=default.profile
#   unshare   -Urpfmin --mount-proc
# A tool that is not installed has an empty column. "stopped" or the errno: the attack had no
# effect. **Bold**: it had. A dash: not tried there, the reason is below the table.
set -u
escape=$(realpath "$1") zbox=$(realpath "$2")
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work" "$copy"' EXIT
# firejail shows the home, and nothing of /tmp that it knows to belong to somebody else
copy=$HOME/.escape-$$
install -m 755 "$escape" "$copy" || exit 1
cd "$HOME" || exit 1

column() { # NAME OPTIONS... -- SANDBOX...
	local name=$1
	shift
	"$escape" host "$@" >"$work/$name" 2>"$work/$name.err"
}

have() {
	command -v "$1" >/dev/null
}

column zbox --exact --binds -- "$zbox" --ro-bind /usr /usr --ro-bind "$escape" /escape
have bwrap && column bwrap --binds --inside /tmp/escape -- bwrap --ro-bind / / --dev /dev \
	--proc /proc --tmpfs /tmp --ro-bind "$escape" /tmp/escape --unshare-all
have firejail && column firejail --inside "$copy" -- firejail --quiet \
	--profile=/etc/firejail/default.profile
have unshare && column unshare --inside "$copy" -- unshare -Urpfmin --mount-proc

versions() {
	printf 'zbox %s' "$("$zbox" --version | head -n 1 | sed 's/^zbox //')"
	have bwrap && printf ', %s' "$(bwrap --version)"
	have firejail && printf ', firejail %s' "$(firejail --version | sed -n 's/^firejail version //p')"
	have unshare && printf ', %s' "$(unshare --version | sed 's/^unshare from //')"
	printf '; Linux %s, %s\n' "$(uname -r)" "$(uname -m)"
}

versions
echo
awk -v work="$work" '
function read_column(name,    line, rest, key, seen) {
	while ((getline line < (work "/" name)) > 0) {
		if (line !~ /^(not )?ok [0-9]+ - [A-Z] /)
			continue
		rest = line
		sub(/^(not )?ok [0-9]+ - /, "", rest)
		key = rest
		sub(/( # SKIP |: ).*/, "", key)
		if (!(key in row)) {
			row[key] = ++rows
			keys[rows] = key
		}
		seen = substr(rest, length(key) + 3)
		gsub(/\|/, "/", seen)
		gsub(/zbox-escape-[0-9]+/, "canary", seen)
		if (line ~ / # SKIP /) {
			seen = "-"
			reason[key] = rest
			sub(/.* # SKIP /, "", reason[key])
		} else if (line ~ /^not ok/) {
			seen = "**" seen "**"
			holes[name]++
		}
		tried[name] += seen != "-"
		cell[key, name] = seen
	}
}
BEGIN {
	count = split("zbox bwrap firejail unshare", names, " ")
	for (i = 1; i <= count; i++)
		read_column(names[i])
	print "| | check | zbox | bwrap | firejail | unshare |"
	print "|---|---|---|---|---|---|"
	for (i = 1; i <= rows; i++) {
		split(keys[i], part, " ")
		order[i] = part[1]
	}
	for (letter = 1; letter <= 12; letter++)
		for (i = 1; i <= rows; i++) {
			if (order[i] != substr("ABCDEFGHIJKL", letter, 1))
				continue
			split(keys[i], part, " ")
			printf "| %s | %s |", part[1], part[2]
			for (j = 1; j <= count; j++)
				printf " %s |", cell[keys[i], names[j]]
			print ""
		}
	printf "| | **open, of those tried** |"
	for (j = 1; j <= count; j++)
		printf " %d of %d |", holes[names[j]], tried[names[j]]
	print "\n\nNot tried:\n"
	for (i = 1; i <= rows; i++)
		if (keys[i] in reason && cell[keys[i], "zbox"] == "-")
			printf "- %s: %s\n", keys[i], reason[keys[i]]
}'
