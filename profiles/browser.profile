# browser: what the browsers have in common; firefox and chromium are made of it
#
# The network is user-mode: the Internet, but neither what listens on this machine nor its private
# surroundings (see --net-open). The caller's number is kept inside, and nested namespaces are open:
# the browser's own sandbox needs both, and a page is safer behind two walls than behind one.

include desktop
net slirp
seccomp-profile desktop
uid ${UID}
gid ${GID}
