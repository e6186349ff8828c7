# shell: look around with the programs of this machine, and with nothing else of it
#
#   zbox --profile shell -- bash
#
# /usr read-only, an empty home and /tmp that are gone at the end, no network, no variable of the
# caller's but those for language and terminal.

ro-bind /usr /usr
unshare-all
? ro-bind /etc/bash.bashrc /etc/bash.bashrc
? ro-bind /etc/zsh /etc/zsh
setenv PS1 '[zbox] \w \$ '
