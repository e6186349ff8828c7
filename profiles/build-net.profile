# build-net: as build, for package managers that download
#
#   zbox --profile build-net -- npm install
#
# The network is the caller's, all of it: the internet, the local network, what listens on this
# machine's loopback and on abstract sockets. What runs in here can send away what it can read, which
# is the project and no secret of the home directory. Where a download can be done first and the
# build afterwards, do the second half with build.

include build
share-net

env http_proxy
env https_proxy
env no_proxy
env HTTP_PROXY
env HTTPS_PROXY
env NO_PROXY
