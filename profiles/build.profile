# build: an untrusted build script or test suite
#
#   zbox --profile build -- make -j2
#
# The current folder is writable, at its own path, but for .git in it. Everything else is read-only and no more than a
# compiler needs: /usr and the harmless part of /etc (the base). Home and /tmp are empty and private,
# there is no network, and what still runs when the command ends is killed.

# a home directory as the "project" would put keys and start-up files within reach
not-above ${HOME:-/root}

ro-bind /usr /usr
unshare-all
seccomp-profile build
bind ${PWD} ${PWD}
chdir ${PWD}

# git runs what stands in there (hooks, settings) outside, at the next commit
? ro-bind ${PWD}/.git ${PWD}/.git

# Debian's tools ask which packages and whose distribution this is
? ro-bind /var/lib/dpkg /var/lib/dpkg
? ro-bind /etc/dpkg/origins /etc/dpkg/origins

# what build scripts are told by; none of them is a secret
env CC
env CXX
env CFLAGS
env CXXFLAGS
env CPPFLAGS
env LDFLAGS
env MAKEFLAGS
env DEB_BUILD_OPTIONS
env SOURCE_DATE_EPOCH
