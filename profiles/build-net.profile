# build-net: as build, for package managers that download
#
#   zbox --profile build-net -- npm install
#
# The network is what package managers download from, by name: the registries below and nothing
# else; neither other hosts, nor the local network, nor what listens on this machine. A refused name
# fails at once, and --net-log says which. Others are added in build-net.local, say a registry of
# one's own, which needs --net-open lan where its address is a private one:
#
#   allow npm.example.com:443
#
# What can be sent away is not held back by this: who may publish to a registry can send it there.
# It is the project and no secret of the home directory. Where a download can be done first and the
# build afterwards, do the second half with build.

include build
net slirp

# npm, and Node.js for its headers
allow registry.npmjs.org:443
allow nodejs.org:443
allow registry.yarnpkg.com:443
# Python
allow pypi.org:443
allow files.pythonhosted.org:443
# Rust
allow index.crates.io:443
allow static.crates.io:443
allow crates.io:443
# Go
allow proxy.golang.org:443
allow sum.golang.org:443
# Java
allow repo.maven.apache.org:443
allow repo1.maven.org:443
allow plugins.gradle.org:443
allow services.gradle.org:443
# Ruby, PHP
allow rubygems.org:443
allow index.rubygems.org:443
allow repo.packagist.org:443
