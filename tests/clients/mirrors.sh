#!/bin/bash
# apt and npm against the package mirrors that this machine uses, whatever they are called, under
# rules by name: with the mirror's name they fetch an index and a package; with another name they
# fail at once. No proxy variable is set anywhere. And npm in --profile build-net, whose names are the
# public registries.
# timeout: 300
. "$(dirname "$0")/common.sh"
WHAT='package mirrors'
has apt-get npm || { finish; exit; }
unset http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY

# client OPTIONS... -- COMMAND: "ok" or "failed"; a refusal that is silence takes minutes.
client() {
	zbox --ro-bind /usr /usr --ro-bind "$TESTS/e2e/net-driver.py" /driver.py --net slirp --setenv HOME /tmp --chdir /tmp \
		--status-fd 9 "${@:1:$#-2}" -- python3 /driver.py within 60 bash -c "${!#}" 9>"$T/status"
}
refused() { # NAME: whether the record says that this name was refused
	python3 -c 'import json, sys
sys.exit(sys.argv[1] not in [r["name"] for r in json.load(open(sys.argv[2]))["refused"]])' "$1" "$T/status"
}
host_of() {
	local host=${1#*://}
	host=${host%%/*}
	host=${host##*@}
	echo "${host%%:*}"
}
rules() { # NAME MIRROR OPTIONS... -- COMMAND
	local name=$1 mirror=$2
	shift 2
	isnt "$name: the machine has a mirror" "$mirror" ''
	run client --allow "$mirror" "$@"
	if [[ $out == ok* ]]; then pass "$name: with the mirror's name"; else flunk "$name: with the mirror's name" || evidence; fi
	gives "$name: with another name, at once" 0 failed -- client --allow allowed.test "$@"
	ok "$name: the record says why" refused "$mirror"
	gives "$name: with the mirror denied, at once" 0 failed -- client --deny "$mirror" "$@"
	ok "$name: the record says so" refused "$mirror"
}

# ---- apt: one list of the machine's own, and a package of it ----

read -r site release component < <(apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
	grep '^http.* main$')
echo "deb $site $release $component" >sources.list
apt="apt-get -q -o Dir::State::lists=/tmp/lists -o Dir::Cache=/tmp/cache -o Dir::Etc::sourcelist=/sources.list
	-o Dir::Etc::sourceparts=/dev/null -o Acquire::Languages=none -o Acquire::Retries=0 -o APT::Update::Error-Mode=any"
rules apt "$(host_of "$site")" --ro-bind /etc/apt /etc/apt --ro-bind /var/lib/dpkg /var/lib/dpkg --ro-bind sources.list /sources.list \
	-- "set -e; mkdir -p /tmp/lists/partial /tmp/cache/archives/partial; cd /tmp; ${apt//$'\n'/ } update
	${apt//$'\n'/ } download hello; dpkg-deb -f hello_*.deb Package | grep -x hello"

# ---- npm ----

registry=$(npm config get registry)
settings=()
for file in "$(npm config get globalconfig)" "$(npm config get userconfig)" "$(npm config get cafile)"; do
	[ ! -r "$file" ] || settings+=(--ro-bind "$file" "$file")
done
rules npm "$(host_of "$registry")" "${settings[@]}" --setenv npm_config_registry "$registry" \
	-- 'npm install --no-audit --no-fund --no-update-notifier --fetch-retries 0 commander && test -s /tmp/node_modules/commander/package.json'

# ---- npm in its profile ----

export XDG_CONFIG_HOME=$T/config
mkdir -p "$XDG_CONFIG_HOME/zbox/profiles" "$T/project" && cd "$T/project" || exit 1
cp "$TESTS"/../profiles/build*.profile "$XDG_CONFIG_HOME/zbox/profiles"
build_net() { zbox --profile build-net "${settings[@]}" --setenv npm_config_registry "$registry" --status-fd 9 "$@" 9>"$T/status"; }
own=()
[ "$(host_of "$registry")" = registry.npmjs.org ] || own=(--allow "$(host_of "$registry")")
echo '{"name": "project", "version": "1.0.0"}' >package.json
ok 'build-net: npm install' build_net "${own[@]}" -- npm install --no-audit --no-fund --no-update-notifier commander
ok 'build-net: what it fetched is there' test -s node_modules/commander/package.json
fetch="curl -sS --max-time 60 -o /dev/null $site/"
ok 'twin: outside, another name is there' bash -c "$fetch"
gives 'build-net: another name, at once' 6 '' -- build_net -- bash -c "$fetch"
ok 'build-net: the record says why' refused "$(host_of "$site")"
finish
