#!/bin/bash
# Programs with their own ways into the network, under rules by name: npm, pip, Java, Go without a C
# library, git over ssh, Firefox. The allowed name works, another one is refused at once, and the
# record says which. No proxy variable is set anywhere. e2e/net-rules.sh has the smaller clients.
# timeout: 300
. "$(dirname "$0")/common.sh"
export me="${me:-$(id -u)}" # before the test starts anew as root of a user namespace
has npm javac keytool go git firefox-esr openssl /usr/sbin/sshd || { finish; exit; }
unset http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY
# shellcheck source=tests/e2e/net-world.sh
. "$TESTS/e2e/net-world.sh"
world_site

# ---- what there is to fetch, and who fetches ----

site=$T/site
mkdir -p "$site/simple/zbox-lib" "$T/lib" "$shared/java" "$T/sshd"
echo '{"name": "zbox-lib", "version": "1.0.0", "main": "index.js"}' >"$T/lib/package.json"
echo 'module.exports = 42;' >"$T/lib/index.js"
(cd "$T/lib" && npm pack --silent --pack-destination "$site" >/dev/null)
python3 - "$site" <<-'END'
	import base64, hashlib, json, sys, zipfile
	site = sys.argv[1]
	tarball = open(site + "/zbox-lib-1.0.0.tgz", "rb").read()
	digest = "sha512-" + base64.b64encode(hashlib.sha512(tarball).digest()).decode()
	version = {"name": "zbox-lib", "version": "1.0.0", "main": "index.js",
	           "dist": {"tarball": "http://web.test/zbox-lib-1.0.0.tgz", "integrity": digest}}
	json.dump({"name": "zbox-lib", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}, open(site + "/zbox-lib", "w"))
	wheel = "zbox_lib-1.0-py3-none-any.whl"
	with zipfile.ZipFile(site + "/simple/zbox-lib/" + wheel, "w") as z:
	    z.writestr("zbox_lib.py", "answer = 42\n")
	    z.writestr("zbox_lib-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: zbox-lib\nVersion: 1.0\n")
	    z.writestr("zbox_lib-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
	    z.writestr("zbox_lib-1.0.dist-info/RECORD", "")
	open(site + "/simple/zbox-lib/index.html", "w").write('<!doctype html><a href="%s">%s</a>' % (wheel, wheel))
	open(site + "/page.html", "w").write('<!doctype html><title>p</title><img src="http://other.test/x.png">')
END
cat >"$shared/java/Fetch.java" <<-'END'
	import java.io.InputStream;
	import java.net.URL;

	public class Fetch {
		public static void main(String[] args) throws Exception {
			try (InputStream in = new URL(args[0]).openStream()) {
				if (in.readAllBytes().length < 1000)
					System.exit(3);
			}
		}
	}
END
cat >"$T/fetch.go" <<-'END'
	package main

	import (
		"fmt"
		"net"
		"os"
	)

	func main() {
		c, err := net.Dial("tcp", os.Args[1]+":7")
		if err == nil {
			_, err = c.Write([]byte("hello"))
		}
		if err == nil {
			_, err = c.Read(make([]byte, 5))
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
END
ok 'Java is compiled' javac -d "$shared/java" "$shared/java/Fetch.java"
ok 'its store of certificates' keytool -importcert -noprompt -alias test -file "$site/cert.pem" -keystore "$shared/java/store" -storepass changeit
ok 'Go is compiled, without a C library' env HOME="$T" GOCACHE="$T/go" GOFLAGS=-mod=mod GO111MODULE=off CGO_ENABLED=0 go build -o "$shared/fetch" "$T/fetch.go"
chmod -R a+rX "$shared"
world

# An SSH server of the Internet, with the rights of the user who starts this test.
internet=${world_pids[0]} login=$(id -un "$me")
ssh-keygen -q -t ed25519 -N '' -f "$T/sshd/host"
ssh-keygen -q -t ed25519 -N '' -f "$shared/key"
chmod 0644 "$shared/key"
printf '%s\n' 'Port 2222' "HostKey $T/sshd/host" "AuthorizedKeysFile $shared/key.pub" 'StrictModes no' 'UsePAM no' \
	'PidFile none' 'PermitRootLogin yes' 'PasswordAuthentication no' >"$T/sshd/config"
as_me=()
if [ "$me" = 0 ]; then mkdir -p /run/sshd; else as_me=(unshare -U --map-user="$me" --map-group="$(id -g "$me")"); fi
nsenter --preserve-credentials -n -t "$internet" "${as_me[@]}" /usr/sbin/sshd -D -e -f "$T/sshd/config" 2>"$T/sshd/said" &
world_pids+=($!)
ok 'the SSH server is up' poll 20 grep -q listening "$T/sshd/said"

# ---- each client ----

ssh='cp /key /tmp/key; chmod 600 /tmp/key
	GIT_SSH_COMMAND="ssh -F none -i /tmp/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes"
	export GIT_SSH_COMMAND; exec git ls-remote --exit-code '
store='-Djavax.net.ssl.trustStore=/shared/java/store -Djavax.net.ssl.trustStorePassword=changeit'
clients=(
	"npm|cd /tmp && npm install --no-audit --no-fund --no-update-notifier --fetch-retries 0 --replace-registry-host always --registry http://@/ zbox-lib && test -s node_modules/zbox-lib/index.js"
	"pip|python3 $(echo /usr/share/python-wheels/pip-*.whl)/pip download -q --no-deps --retries 0 --disable-pip-version-check -d /tmp/got --trusted-host @ --index-url http://@/simple zbox-lib && test -s /tmp/got/*.whl"
	'Java, HTTP|java -cp /shared/java Fetch http://@/'
	"Java, HTTPS|java $store -cp /shared/java Fetch https://@/"
	'Go|/shared/fetch @'
	"git over ssh|$ssh ssh://$login@@:2222$site/git/repo.git"
)
client() { # COMMAND HOST ZBOX-OPTIONS...
	local command=${1//@@/%@}
	command=${command//@/$2}
	command=${command//%/@}
	shift 2
	# a refusal that is silence takes two minutes
	net_zbox --net slirp --setenv HOME /tmp --ro-bind "$shared" /shared --ro-bind "$shared/key" /key "$@" -- \
		python3 /driver.py within 60 bash -c "$command"
}
refused() { # the record's, by name
	python3 -c 'import json, sys; print(*sorted({r["name"] or r["address"] for r in json.load(open(sys.argv[1]))["refused"]}))' "$T/status"
}
for line in "${clients[@]}"; do
	name=${line%%|*} command=${line#*|}
	gives "$name: an allowed name" 0 ok -- client "$command" web.test --allow web.test
	gives "$name: another name, without rules" 0 ok -- client "$command" other.test
	gives "$name: another name, at once" 0 failed -- client "$command" other.test --allow web.test --status-fd 9 9>"$T/status"
	is "$name: the record says why" "$(refused)" other.test
done

# ---- Firefox: a page by an allowed name, with a picture from another ----

# It shows the page when the picture has come or failed: for silence it would wait minutes.
run timeout -k 1 90 "${ordinary[@]}" "$ZBOX" --ro-bind /usr /usr --net slirp --allow web.test --net-log "$shared/firefox.log" --status-fd 9 -- \
	firefox-esr --headless --window-size 300,200 --screenshot /tmp/shot.png http://web.test/page.html 9>"$T/status"
is 'Firefox shows a page of an allowed name' "$status" 0
contains 'Firefox: the record says what was refused' " $(refused) " ' other.test '
isnt 'Firefox: the page came' "$(grep -c '"verdict":"ended".*"name":"web.test"' "$shared/firefox.log")" 0

# ---- Firefox: the page itself by each of both names ----

firefox_opens() { # URL ZBOX-OPTIONS...
	net_zbox --net slirp --setenv HOME /tmp --ro-bind "$shared/firefox-go.py" /go.py "${@:2}" -- timeout 100 python3 /go.py "$1"
}
cp "$TESTS/clients/firefox-go.py" "$shared"
gives 'Firefox: a page of another name, without rules' 0 p -- firefox_opens http://other.test/page.html
gives 'Firefox: a page of an allowed name' 0 p -- firefox_opens http://web.test/page.html --allow web.test
gives 'Firefox: a page of another name is its error page, at once' 0 dnsNotFound -- \
	firefox_opens http://other.test/page.html --allow web.test --status-fd 9 9>"$T/status"
contains 'Firefox: the record says so' " $(refused) " ' other.test '
gives 'Firefox: a page by address too' 0 connectionFailure -- firefox_opens http://198.51.100.81/page.html --allow web.test
finish
