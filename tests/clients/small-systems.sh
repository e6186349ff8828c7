#!/bin/bash
# timeout: 300
# A small system as Alpine is put together: busybox for all of its programs, musl for what is compiled,
# from Debian's packages. As an archive, and as images by umoci and skopeo; each starts the same way.
. "$(dirname "$0")/common.sh"

has musl-gcc umoci skopeo zstd busybox || { finish; exit; }
as_root && { skip "$WHAT" 'for an ordinary user with ranges of ids'; finish; exit; }
export HOME=$T/home XDG_CACHE_HOME=$T/cache
mkdir -p "$HOME"
loader=$(echo /lib/ld-musl-*.so.1)

# ---- it is made ----

mkdir -p tree/{bin,dev,etc,home/app,lib,proc,root,run,sbin,sys,tmp,usr/bin,var/log} && chmod 1777 tree/tmp
cp "$(command -v busybox)" tree/bin/busybox
for name in $(busybox --list); do [ "$name" = busybox ] || ln -s /bin/busybox "tree/bin/$name"; done
cp -L "$loader" "tree$loader"
printf 'ID=small\nPRETTY_NAME="busybox and musl"\n' >tree/etc/os-release
printf 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:app:/home/app:/bin/sh\n' >tree/etc/passwd
printf 'root:x:0:\napp:x:1001:\nlog:x:4:app\n' >tree/etc/group
cat >hello.c <<'END'
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	struct passwd *who = getpwuid(getuid());

	printf("%s %d:%d in %s\n", who ? who->pw_name : "?", (int)getuid(), (int)getgid(), getcwd(0, 0));
	return 0;
}
END
ok 'a program is compiled for musl' musl-gcc -o tree/usr/bin/hello hello.c
contains 'and needs its loader' "$(strings -a tree/usr/bin/hello)" "$loader"
ok 'an archive, with owners' sh -ec 'tar -c --owner=0 --group=0 --exclude=./home/app -f small.tar -C tree .
	tar -r --owner=1000 --group=1001 -f small.tar -C tree ./home/app'
ok 'its compressions' sh -ec 'gzip -k small.tar; zstd -q small.tar; xz -k -0 small.tar'
ok 'umoci makes an image of it' sh -ec 'umoci init --layout image; umoci new --image image:small
	umoci raw add-layer --image image:small small.tar
	umoci config --image image:small --config.user app:log --config.env FROM=umoci --config.env PATH=/usr/bin:/bin --config.workingdir /home/app \
		--config.entrypoint /bin/sh --config.entrypoint -c --config.cmd "hello; echo \$FROM in \$PWD, \$(id -gn), \$(stat -c %U:%G .)"'
ok 'skopeo copies it' sh -ec 'skopeo --tmpdir . --insecure-policy copy oci:image:small oci:copy:small
	skopeo --tmpdir . --insecure-policy copy oci:image:small docker-archive:docker.tar:my/image:small'

# ---- as a root file system ----

small() { zbox --profile "$TESTS/../profiles/container.profile" "$@"; }
for form in small.tar small.tar.gz small.tar.xz small.tar.zst; do
	gives "$form: musl's programs run" 0 'root 0:0 in /root' -- small --rootfs $form hello
	gives "$form: busybox's run" 0 small -- small --rootfs $form sh -c '. /etc/os-release; echo $ID | tr a-z A-Z | tr A-Z a-z'
done
is 'four archives are four trees' "$(find "$XDG_CACHE_HOME/zbox/trees" -mindepth 1 -maxdepth 1 | wc -l)" 4
gives 'owners' 0 'app:app root:root' -- small --rootfs small.tar sh -c 'echo $(stat -c %U:%G /home/app /etc/passwd)'
gives 'a user of it' 0 'app 1000:1001 in /' -- small --rootfs small.tar --uid 1000 --gid 1001 hello
nok 'it is read-only' small --rootfs small.tar touch /etc/new
gives 'with --rootfs-overlay=DIR it is not' 0 '' -- small --rootfs small.tar --rootfs-overlay="$T/kept" sh -c 'echo new:x:7:8::/:/bin/sh >>/etc/passwd'
gives 'and what was written is there the next time' 0 'new 7:8 in /' -- small --rootfs small.tar --rootfs-overlay="$T/kept" --uid 7 --gid 8 hello
nok 'and nowhere else' small --rootfs small.tar grep new /etc/passwd
first=$(awk -F: -v n="$(id -un)" -v u="$(id -u)" '$1 == n || $1 == u { print $2; exit }' /etc/subuid)
is 'outside its files are of the range' "$(stat -c %u "$XDG_CACHE_HOME"/zbox/trees/*/tree/home/app | sort -u)" $((first + 999))
gives 'its network is the one of zbox' 0 'inet addr:10.0.2.100' -- small --rootfs small.tar sh -c 'ifconfig tap0 | grep -o "inet addr:[0-9.]*"'

# ---- as an image ----

for form in image:small copy:small docker.tar:small; do
	gives "$form: its user, group, environment, directory, entrypoint and command" 0 'app 1000:4 in /home/app
umoci in /home/app, log, app:app' -- small --oci "$form"
done
gives 'words take the place of the command' 0 'app 1000:4 in /tmp' -- small --oci image:small --chdir /tmp hello
gives 'ids too' 0 'root 0:0 in /home/app' -- small --oci image:small --uid 0 --gid 0 hello
nok 'it is read-only for its user' small --oci image:small touch /home/app/new
# without the capabilities of --profile container
bare() { zbox --map auto --oci image:small --rootfs-overlay "$@"; }
ok 'with --rootfs-overlay it is not' bare touch /home/app/new
nok 'but for what is not the user'\''s' bare touch /etc/new

zbox_usr --map auto --cap-add dac_override --bind "$T" "$T" rm -rf "$T/cache" "$T/kept" "$T/home"
finish
