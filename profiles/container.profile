# container: a whole system from elsewhere, with the users that it came with
#
#   zbox --profile container --rootfs debian.tar.zst --rootfs-overlay -- apt-get install -y cowsay
#
# What a package manager needs, and no more: the caller's ranges of ids (/etc/subuid), root's power
# over files and ids inside that range, a network without the host's. The caller is root inside, and
# it owns outside what root makes. Nothing of this reaches beyond the range: no mounts, no network
# settings, no devices, no tracing of others.
#
# The caller's groups are dropped, and nothing of the home directory is there.

map auto
seccomp-profile container
net slirp

# owners and modes of files: dpkg, tar
cap-add chown
cap-add dac_override
cap-add fowner
cap-add fsetid
cap-add setfcap

# users of their own: apt downloads as _apt, services become theirs
cap-add setuid
cap-add setgid
cap-add kill
cap-add sys_chroot
