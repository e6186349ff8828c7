# browser: what the browsers have in common; firefox and chromium are made of it
#
# The network is user-mode: the Internet, but neither what listens on this machine nor its private
# surroundings (see --net-open). The caller's number is kept inside, and nested namespaces are open:
# the browser's own sandbox needs both, and a page is safer behind two walls than behind one. It cannot
# be made for number 0: root gives --uid 1000 --gid 1000.

include desktop
net slirp
seccomp-profile desktop
uid ${UID}
gid ${GID}
