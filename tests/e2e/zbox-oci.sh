#!/bin/bash
# Container images as the root: layers and what they take away, what the image says of its command,
# the three forms in which images come; and images that are broken or made to do harm.
# timeout: 300
# shellcheck source=tests/e2e/unpack-world.sh
. "$(dirname "$0")/unpack-world.sh"

# image NAME <<PYTHON: a layout NAME, and NAME.tar as docker save would write it. The text makes layers
# with layer(), between which add() and the like add entries; it may change the dictionaries, and
# call write() itself to have what is written changed after that.
image() {
	cat >"$T/script"
	rm -rf "$1" "$1.tar"
	python3 - "$1" "$busybox" "$T/script" "$entries" "$(uname -m)" <<'PYTHON'
import gzip, hashlib, io, json, lzma, os, subprocess, sys, tarfile
name, busybox, script, entries, machine = sys.argv[1:]
arch = {"x86_64": "amd64", "aarch64": "arm64"}[machine]
layers = []
def layer():
    global t, raw
    finish(); raw = io.BytesIO(); t = tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT)
t = None
def finish():
    global t
    if t is None: return
    t.close(); layers.append(raw.getvalue()); t = None
exec(open(entries).read())
def gone(path): file(path, b"")
def system():
    layer()
    for d in "bin etc root proc dev tmp run var var/tmp srv".split(): add(d)
    file("bin/busybox", open(busybox, "rb").read(), 0o755)
    for n in "sh cat id ls stat touch env pwd find echo true".split(): link("bin/" + n, "busybox")
def sha(b): return "sha256:" + hashlib.sha256(b).hexdigest()
pack = lambda number, data: ("", data)
def zstd(data): return subprocess.run(["zstd", "-qc"], input=data, stdout=subprocess.PIPE, check=True).stdout
IMAGE = "application/vnd.oci.image."
start, blobs = {}, {}
config = {"architecture": arch, "os": "linux", "config": start, "rootfs": {"type": "layers"}}
manifest = {"schemaVersion": 2, "mediaType": IMAGE + "manifest.v1+json"}
index = {"schemaVersion": 2, "manifests": []}
refname = "org.opencontainers.image.ref.name"
def blob(data): blobs[sha(data)] = data; return {"digest": sha(data), "size": len(data)}
def text(value): return json.dumps(value).encode()
def finished():
    "descriptor of the manifest; all else becomes blobs"
    finish()
    manifest["layers"] = []
    for n, data in enumerate(layers):
        kind, packed = pack(n, data)
        manifest["layers"].append({"mediaType": IMAGE + "layer.v1.tar" + kind, **blob(packed)})
    config["rootfs"].setdefault("diff_ids", [sha(l) for l in layers])
    manifest["config"] = {"mediaType": IMAGE + "config.v1+json", **blob(text(config))}
    return {"mediaType": IMAGE + "manifest.v1+json", **blob(text(manifest))}
def put(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True); open(path, "wb").write(data)
def path_of(digest): return name + "/blobs/sha256/" + digest[7:]
written = False
def write():
    global written
    written = True
    if not index["manifests"]: index["manifests"].append(finished())
    for digest, data in blobs.items(): put(path_of(digest), data)
    put(name + "/oci-layout", b'{"imageLayoutVersion": "1.0.0"}'); put(name + "/index.json", text(index))
def save(listed=None):
    "docker save: names of its own, layers as they are"
    out = tarfile.open(name + ".tar", "w")
    def member(path, data):
        i = tarfile.TarInfo(path); i.size = len(data); out.addfile(i, io.BytesIO(data))
    c = text(config); n = hashlib.sha256(c).hexdigest() + ".json"
    names = ["%d/layer.tar" % k for k in range(len(layers))]
    for k, data in enumerate(layers):
        if data in layers[:k]:
            i = tarfile.TarInfo(names[k]); i.type = tarfile.SYMTYPE
            i.linkname = "../" + names[layers.index(data)]; out.addfile(i)
        else: member(names[k], data)
    member(n, c)
    member("manifest.json", text([{"Config": n, "RepoTags": ["my/image:one", "my/image:1"], "Layers": listed or names}]))
    out.close()
exec(open(script).read())
if not written: write(); save()
PYTHON
}

# ---- layers ----

image img <<'EOT'
system()
for d in ("srv/gone", "srv/opaque", "srv/opaque/sub", "srv/mixed", "srv/late", "srv/turned"): add(d)
for f in ("gone/a", "file", "opaque/old", "opaque/sub/old", "mixed/old", "late/old", "turned/old", "plain"): file("srv/" + f, b"old\n")
link("srv/link", "/etc")
file("srv/both", b"low\n")
layer()
gone("srv/.wh.gone"); gone("srv/.wh.file"); gone("srv/.wh.link")
add("srv/opaque"); gone("srv/opaque/.wh..wh..opq"); file("srv/opaque/new", b"new\n")
# whiteouts that come behind what is theirs
add("srv/late"); add("srv/late/mine"); file("srv/late/mine/new", b"new\n"); gone("srv/late/.wh..wh..opq")
file("srv/both", b"high\n"); gone("srv/.wh.both")
add("srv/mixed"); file("srv/mixed/new", b"new\n"); gone("srv/.wh.mixed")
gone("srv/.wh..wh.plnk")
file("srv/turned", b"a file now\n"); add("srv/plain"); file("srv/plain/below", b"new\n")
gone("srv/.wh.was-never-there")
file("/srv/slash", b"y\n")
start.update(Env=["PATH=/bin", "FROM=the image", "TWO=2"], WorkingDir="/srv", Entrypoint=["/bin/sh", "-c"], Cmd=['echo "$FROM" in $PWD'])
EOT
wanted='/srv/both
/srv/late
/srv/late/mine
/srv/late/mine/new
/srv/mixed
/srv/mixed/new
/srv/opaque
/srv/opaque/new
/srv/plain
/srv/plain/below
/srv/slash
/srv/turned'
sorted() { "$@" | sort; }
for form in img img.tar; do
	gives "$form: what layers take away is gone, what they bring is there" 0 "$wanted" -- sorted zbox --oci $form find /srv -mindepth 1
	gives "$form: the highest counts" 0 'high
a file now' -- zbox --oci $form cat /srv/both /srv/turned
	gives "$form: its command, environment and directory" 0 'the image in /srv' -- zbox --oci $form
done
image low <<'EOT'
system()
file("srv/file", b"old\n"); file("srv/both", b"low\n")
EOT
gives 'its twin: without the layer above all of it is there' 0 'old
low' -- zbox --oci low cat /srv/file /srv/both
is 'no whiteout is left over' "$(find "$cache"/trees/*/tree -name '.wh.*')" ''
img() { zbox --oci img "$@"; }

# ---- the command line wins ----

gives 'words are the whole command' 0 /srv -- img pwd
gives '--chdir' 0 /etc -- img --chdir /etc pwd
gives '--setenv' 0 'mine 2' -- img --setenv FROM mine sh -c 'echo $FROM $TWO'
gives '--unsetenv' 0 'none 2' -- img --unsetenv FROM sh -c 'echo ${FROM-none} $TWO'
gives '--clearenv' 0 'none none' -- img --clearenv --setenv PATH /bin sh -c 'echo ${FROM-none} ${TWO-none}'
nok 'the root is read-only' img touch /srv/new
ok 'with --rootfs-overlay it is not' img --rootfs-overlay touch /srv/new
ok 'and with a directory changes are kept' img --rootfs-overlay=kept sh -c 'echo kept >/srv/new'
is 'there' "$(cat kept/changes/srv/new)" kept
refuses '--rootfs-writable is for directories' 125 '--rootfs-writable requires --rootfs' -- img --rootfs-writable true
refuses '--oci and --rootfs' 125 'cannot be combined' -- img --rootfs / true
refuses '--rootfs-overlay alone' 125 '--rootfs-overlay requires --rootfs or --oci' -- zbox_usr --rootfs-overlay true
refuses 'bwrap has no --oci' 1 'Unknown option --oci' -- bwrap --oci img true
image bare <<'EOT'
system()
EOT
refuses 'no command anywhere' 125 'no command given, and bare has none' -- zbox --oci bare

# ---- tags ----

image tags <<'EOT'
system(); file("srv/which", b"one\n")
one = finished(); layers.clear(); config["rootfs"].pop("diff_ids")
system(); file("srv/which", b"two\n")
two = finished()
one["annotations"] = {refname: "one"}; two["annotations"] = {refname: "docker.io/library/x:two"}
index["manifests"] += [one, two]
EOT
gives 'a tag' 0 one -- zbox --oci tags:one cat /srv/which
gives 'another' 0 two -- zbox --oci tags:two cat /srv/which
gives 'in full' 0 two -- zbox --oci tags:docker.io/library/x:two cat /srv/which
refuses 'without one' 125 'name one with :TAG: one, docker.io/library/x:two' -- zbox --oci tags cat /srv/which
refuses 'one that is not there' 125 'there is no image three, but one, docker.io/library/x:two' -- zbox --oci tags:three cat /srv/which
gives 'of docker save' 0 high -- zbox --oci img.tar:one cat /srv/both
gives 'in full, too' 0 high -- zbox --oci img.tar:my/image:1 cat /srv/both
refuses 'one that it has not' 125 'there is no image two, but my/image:one, my/image:1' -- zbox --oci img.tar:two cat /srv/both
cp -r tags odd:name
gives 'a directory with a colon' 0 two -- zbox --oci odd:name:two cat /srv/which
refuses 'nothing there' 125 '--oci nowhere:x: No such file' -- zbox --oci nowhere:x true

# ---- for several machines ----

image many <<'EOT'
system(); file("srv/which", b"ours\n")
ours = finished(); ours["platform"] = {"os": "linux", "architecture": arch}
other = dict(ours, platform={"os": "linux", "architecture": "s390x"}, digest="sha256:" + "0" * 64)
inner = {"schemaVersion": 2, "mediaType": IMAGE + "index.v1+json", "manifests": [other, ours]}
index["manifests"].append({"mediaType": IMAGE + "index.v1+json", **blob(text(inner))})
EOT
gives 'an index of machines' 0 ours -- zbox --oci many cat /srv/which

# ---- compressions ----

for how in gzip zstd xz; do
	{
		echo "pack = lambda n, data: ('+$how', $(case $how in gzip) echo 'gzip.compress' ;; xz) echo 'lzma.compress' ;; *) echo zstd ;; esac)(data))"
		printf '%s\n' 'system(); file("srv/how", b"packed\n")'
	} | image packed
	gives "$how" 0 packed -- zbox --oci packed cat /srv/how
done

# ---- users ----

image user <<'EOT'
system()
file("etc/passwd", b"root:x:0:0::/root:/bin/sh\napp:x:7:8::/srv:/bin/sh\nbad:x:7\n")
file("etc/group", b"root:x:0:\nstaff:x:9:\n")
file("srv/theirs", uid=7, gid=8)
start.update(User="app", Cmd=["sh", "-c", "echo $(id -u):$(id -g)"], Env=["PATH=/bin"])
EOT
refuses 'owners that are not in the map' 125 'its owner 7:8 is not in the map' -- zbox --oci user
contains 'with what helps' "$err" '--map auto'
if ranges_work; then
	gives 'the user of the image' 0 7:8 -- zbox --oci user --map auto
	gives 'who owns what is its' 0 7:8 -- zbox --oci user --map auto stat -c %u:%g /srv/theirs
	gives 'unless --uid and --gid say otherwise' 0 0:0 -- zbox --oci user --map auto --uid 0 --gid 0
	wipe
fi
# who NAME ID IN-IMAGE-USER
who() {
	printf '%s\n' "system(); file('etc/passwd', b'app:x:7:8::/:/\n'); file('etc/group', b'staff:x:9:\n'); start.update(User='$3', Env=['PATH=/bin'], Cmd=['sh', '-c', 'echo \$(id -u):\$(id -g)'])" | image who
	gives "$1" 0 "$2" -- zbox --oci who
}
who 'a number' 7:8 7
who 'a number that nobody has' 12:0 12
who 'a group' 7:9 app:staff
who 'numbers' 12:13 12:13
who 'root, whom every system has' 0:0 root:root

# ---- the cache ----

rm -rf "$cache"
gives 'the first time' 0 'the image in /srv' -- img
inode() { stat -c %i "$cache"/trees/*/tree; }
was=$(inode)
gives 'the second time' 0 'the image in /srv' -- img
is 'is the same tree' "$(inode)" "$was"
run strace -f -y -qq -e trace=openat -o opened "$ZBOX" --oci img true
is 'for which no blob is opened' "$(grep -c blobs opened)" 0
cp -r img copy
gives 'a copy' 0 'the image in /srv' -- zbox --oci copy
is 'has the same tree' "$(trees | wc -l)" 1
run zbox --explain --oci low
is '--explain unpacks nothing' "$status $(trees | wc -l)" '0 1'
contains 'and says so' "$out$err" 'has not been unpacked yet'
run zbox --explain --oci img
contains 'of one that is there it knows the command' "$out" 'echo "$FROM" in $PWD'
contains 'and the environment' "$out" 'FROM=the image'

# ---- broken, and made to do harm ----

echo precious >precious
victim=$T/precious
seen() { find "$T/home" "$T/precious" -printf '%p %i %s %m\n' | sort | sha256sum; cat "$T/precious"; }
before=$(seen)
# harm NAME MESSAGE [FORM] <<PYTHON: it is refused with the message, nothing outside is touched, no tree kept.
harm() {
	local kept
	kept=$(trees)
	{ echo "victim = '$victim'"; cat; } >"$T/harm.py"
	image harm <"$T/harm.py"
	refuses "$1" 125 "$2" -- zbox --oci "${3:-harm}" true
	is "$1: nothing is left" "$(trees):$(unpacking)" "$kept:"
	is "$1: nothing was touched" "$(seen)" "$before"
}
harm 'a name with ..' 'a name with ".."' <<<'system(); file("srv/../../../../.." + victim)'
harm 'a whiteout that climbs' 'a name with ".."' <<<'system(); layer(); gone("srv/../../../../.." + victim.replace("precious", ".wh.precious"))'
harm 'a whiteout of ..' 'a whiteout of nothing' <<<'system(); layer(); gone("srv/.wh...")'
harm 'a whiteout of .' 'a whiteout of nothing' <<<'system(); layer(); gone("srv/.wh..")'
harm 'a whiteout of nothing' 'a whiteout of nothing' <<<'system(); layer(); gone("srv/.wh.")'
harm 'a whiteout through a link' 'a link in it leads out of the tree' <<<'system(); link("srv/out", "/"); layer(); gone("srv/out" + victim.replace("precious", ".wh.precious"))'
harm 'an opaque link' 'a link in it leads out of the tree' <<<'system(); link("srv/out", "/"); layer(); gone("srv/out/.wh..wh..opq")'
harm 'a device' 'a device, and not below dev/' <<<'system(); add("srv/disk", tarfile.BLKTYPE, devmajor=8, devminor=0)'
harm 'a layer with another digest' 'its digest is sha256:' <<<'system(); write(); p = path_of(manifest["layers"][0]["digest"]); b = bytearray(open(p, "rb").read()); b[-1] ^= 1; open(p, "wb").write(b)'
harm 'a tar with another digest' 'the digest of its tar is' <<<'system(); config["rootfs"]["diff_ids"] = ["sha256:" + "a" * 64]'
harm 'another number of digests' 'digests of 2 layers, and there are 1' <<<'system(); config["rootfs"]["diff_ids"] = ["sha256:" + "a" * 64] * 2'
harm 'a layer that is longer than was said' 'bytes, and' <<<'system(); write(); open(path_of(manifest["layers"][0]["digest"]), "ab").write(b"more")'
harm 'a layer that is shorter' 'bytes, and' <<<'system(); write(); p = path_of(manifest["layers"][0]["digest"]); os.truncate(p, 5000)'
harm 'a missing layer' 'No such file' <<<'system(); write(); os.unlink(path_of(manifest["layers"][0]["digest"]))'
harm 'a missing manifest' 'No such file' <<<'system(); write(); os.unlink(path_of(index["manifests"][0]["digest"]))'
harm 'another manifest' 'its digest is sha256:' <<<'system(); write(); p = path_of(index["manifests"][0]["digest"]); b = open(p, "rb").read(); open(p, "wb").write(b.replace(b"schema", b"SCHEMA"))'
harm 'another config' 'its digest is sha256:' <<<'system(); write(); p = path_of(manifest["config"]["digest"]); b = open(p, "rb").read(); open(p, "wb").write(b.replace(b"linux", b"Linux"))'
harm 'a layer that is a link' 'a symbolic link' <<<'system(); write(); p = path_of(manifest["layers"][0]["digest"]); os.rename(p, p + "x"); os.symlink(p + "x", p)'
harm 'blobs that are elsewhere' 'a symbolic link' <<<'system(); write(); os.rename(name + "/blobs/sha256", name + "/there"); os.symlink("../there", name + "/blobs/sha256")'
harm 'a pipe in the place of a layer' 'no regular file' <<<'system(); write(); p = path_of(manifest["layers"][0]["digest"]); os.unlink(p); os.mkfifo(p)'
harm 'a digest that is a path' 'expected 64 hexadecimal digits' <<<'system(); m = finished(); m["digest"] = "sha256:../../../../precious"; index["manifests"].append(m)'
harm 'a digest of another kind' 'expected a digest by sha256' <<<'system(); m = finished(); m["digest"] = "md5:" + "0" * 32; index["manifests"].append(m)'
harm 'a size below 0' 'size is of another type' <<<'system(); m = finished(); m["size"] = -1; index["manifests"].append(m)'
harm 'a huge document' 'more than 4194304 bytes' <<<'config["history"] = "x" * (5 << 20); system()'
harm 'a huge index' 'index.json' <<<'system(); index["more"] = "x" * (5 << 20)'
harm 'a key that comes twice' 'a key that is new' <<<'system(); write(); p = name + "/index.json"; b = open(p).read(); open(p, "w").write(b[:-1] + ", \"manifests\": []}")'
harm 'a layer of a kind that is not known' 'the media type application/x-evil is not known' <<<'system(); finished(); manifest["layers"][0]["mediaType"] = "application/x-evil"; index["manifests"].append({"mediaType": IMAGE + "manifest.v1+json", **blob(text(manifest))})'
harm 'a config in the place of a layer' 'expected another media type' <<<'system(); finished(); manifest["layers"][0]["mediaType"] = IMAGE + "config.v1+json"; index["manifests"].append({"mediaType": IMAGE + "manifest.v1+json", **blob(text(manifest))})'
harm 'an index in an index in an index' 'an index in an index in an index' <<'EOT'
system(); d = finished()
for _ in range(3): d = {"mediaType": IMAGE + "index.v1+json", **blob(text({"schemaVersion": 2, "manifests": [d]}))}
index["manifests"].append(d)
EOT
harm 'another machine' 'and this machine is linux/' <<<'config["architecture"] = "s390x"; system()'
harm 'another machine in the index' 'there is no image for linux/' <<<'system(); m = finished(); m["platform"] = {"os": "linux", "architecture": "s390x"}; index["manifests"].append(m)'
harm 'another system' 'the image is for windows/' <<<'config["os"] = "windows"; system()'
harm 'no layout' 'oci-layout: No such file' <<<'system(); write(); os.unlink(name + "/oci-layout")'
harm 'a layout of another time' 'a layout of version 2' <<<'system(); write(); put(name + "/oci-layout", b"{\"imageLayoutVersion\": \"2.0\"}")'
harm 'a variable without a name' 'is no NAME=VALUE' <<<'system(); start["Env"] = ["=x"]'
harm 'a directory that is not absolute' 'is not absolute' <<<'system(); start["WorkingDir"] = "../.."'
harm 'a user that is not there' 'the image has no user app' <<<'system(); start["User"] = "app"'
harm 'a group that is not there' 'the image has no group app' <<<'system(); start["User"] = "0:app"'
harm 'noise for a layer' 'layer ' <<<'pack = lambda n, data: ("", os.urandom(70000)); system()'
harm 'docker save without a layer' 'not in the archive' harm.tar <<<'system(); finished(); save(["9/layer.tar"]); written = True'
harm 'docker save with a wrong layer' 'the digest of its tar is' harm.tar <<<'system(); finished(); layers[0] = layers[0][:-1] + b"x"; save(); written = True'
harm 'docker save with a wrong config' 'its digest is sha256:' harm.tar <<<'system(); finished(); save(); written = True; b = open(name + ".tar", "rb").read(); open(name + ".tar", "wb").write(b.replace(b"\"linux\"", b"\"Linux\"", 1))'
harm 'an archive without an image' 'no image' harm.tar <<<'t = tarfile.open(name + ".tar", "w"); t.addfile(tarfile.TarInfo("x")); t.close(); t = None; written = True'

# ---- a full disk ----

# An image, and the same as docker save writes it, unpacked where there is less room than it needs.
if ! as_root; then
	mkdir small
	full() { # SIZE COMMAND...: with a file system of that size at small
		unshare --map-current-user --keep-caps -m bash -c 'mount -t tmpfs -o size="$1",mode=700 tmpfs small; shift; exec "$@"' bash "$@"
	}
	for form in low low.tar; do
		refuses "$form on a full disk" 125 'No space left on device' -- full 1m env XDG_CACHE_HOME="$T/small" "$ZBOX" --oci $form true
		gives "$form on a full disk leaves nothing" 0 'trees: run:' -- full 1m \
			bash -c 'XDG_CACHE_HOME=$PWD/small "$0" --oci $1 true 2>/dev/null; echo trees:$(ls small/zbox/trees) run:$(ls small/zbox/unpacking | grep run-)' "$ZBOX" $form
		gives "$form, its twin: where there is room" 0 old -- full 20m env XDG_CACHE_HOME="$T/small" "$ZBOX" --oci $form cat /srv/file
	done
fi

# ---- images of others ----

if command -v umoci >/dev/null && command -v skopeo >/dev/null; then
	mkdir -p sys/{bin,etc,root,proc,dev,tmp,run,var/tmp,srv/d} more
	cp "$busybox" sys/bin/busybox
	for name in sh cat ls; do ln -s busybox "sys/bin/$name"; done
	echo low >sys/srv/low; echo old >sys/srv/d/old; echo new >more/new
	ok 'umoci makes an image' bash -ec 'umoci init --layout real; umoci new --image real:one
		umoci insert --rootless --image real:one sys /; umoci insert --rootless --image real:one --opaque more /srv/d
		umoci insert --rootless --image real:one --whiteout /srv/low
		umoci config --image real:one --config.env FROM=umoci --config.workingdir /srv --config.cmd /bin/sh --config.cmd -c --config.cmd "echo \$FROM; ls /srv /srv/d"'
	ok 'skopeo copies it' bash -ec 'skopeo --tmpdir . --insecure-policy copy oci:real:one docker-archive:real-docker.tar:my/image:one
		skopeo --tmpdir . --insecure-policy copy oci:real:one oci-archive:real-oci.tar:one'
	for form in real:one real real-docker.tar real-docker.tar:one real-oci.tar:one; do
		gives "$form" 0 'umoci
/srv:
d

/srv/d:
new' -- zbox --oci $form
	done
else
	flunk 'umoci and skopeo are not installed: tools/setup test'
fi
wipe
finish
