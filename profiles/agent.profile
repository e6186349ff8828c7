# agent: a coding agent, or another program that works on a project by itself
#
#   cd project && zbox --profile agent -- some-agent
#
# The project (the current folder) is writable at its own path, but not what in it runs outside
# later, by itself: git's hooks and settings, those of editors, start-up files of shells. They can be
# read; where one does not exist, the agent is ended when it makes one. Files with secrets are empty
# inside. Of the home directory nothing is there but caches of downloads. There is no network yet but
# that which the command line gives, by name:
#
#   zbox --profile agent --net slirp --allow api.example.com:443 -- some-agent
#
# Not held back: what you run yourself in the project afterwards (its Makefile, its tests, its
# package scripts), the settings of agents where there were none, and repositories that the agent
# makes, with hooks and settings of their own. Look at those before you use git there, or let nothing
# reach the project unseen: --try. For a repository that stays as it is:
#
#   zbox --profile agent --ro-bind "$PWD/.git" "$PWD/.git" -- some-agent
#
# Further folders and variables (--env SOME_API_KEY) belong in agent.local; see zbox-profile(5).

not-above ${HOME:-/root}

ro-bind /usr /usr
unshare-all
seccomp-profile build
bind ${PWD} ${PWD}
chdir ${PWD}

# Where .git is a file (a worktree, a submodule) it says where the repository is, and stays as it is.
? ro-bind ${PWD}/.git ${PWD}/.git
? bind ${PWD}/.git/. ${PWD}/.git
protect-try ${PWD}/.git/hooks
protect-try ${PWD}/.git/config
protect-try ${PWD}/.git/config.worktree
protect-try ${PWD}/.git/commondir
protect-try ${PWD}/.git/info
? protect ${PWD}/.git/modules
? protect ${PWD}/.gitmodules
? protect ${PWD}/.githooks
? protect ${PWD}/.husky

# editors
? protect ${PWD}/.vscode
? protect ${PWD}/.idea
? protect ${PWD}/.devcontainer
protect ${PWD}/.vimrc
protect ${PWD}/.exrc
protect ${PWD}/.nvim.lua
protect ${PWD}/.nvimrc
protect ${PWD}/.dir-locals.el
protect ${PWD}/.dir-locals-2.el

# the tools of agents themselves, which they make and write in the ordinary course of things
? protect ${PWD}/.mcp.json
? protect ${PWD}/.claude
? protect ${PWD}/.codex
? protect ${PWD}/.cursor

# shells and what reads its settings when a folder is entered
protect ${PWD}/.envrc
protect ${PWD}/.bashrc
protect ${PWD}/.bash_profile
protect ${PWD}/.profile
protect ${PWD}/.zshrc
protect ${PWD}/.zshenv
protect ${PWD}/.zprofile
protect ${PWD}/.mise.toml
protect ${PWD}/mise.toml

# secrets that lie in projects; patterns hide what is there at the start
? mask ${PWD}/.env
? mask ${PWD}/.env.local
mask ${PWD}/.env.*.local
mask ${PWD}/*.pem
? mask ${PWD}/.netrc
? mask ${PWD}/.pypirc
? mask ${PWD}/.aws
? mask ${PWD}/.ssh

# Downloads are kept: the package managers check them against the checksums of lock files. Caches
# of what was compiled (ccache, go-build, sccache) are not among them, because the next build
# outside would run what is in them.
? bind ${XDG_CACHE_HOME:-/nowhere}/pip /root/.cache/pip
? bind ${HOME:-/nowhere}/.npm/_cacache /root/.npm/_cacache
? bind ${HOME:-/nowhere}/.cargo/registry/cache /root/.cargo/registry/cache
? bind ${HOME:-/nowhere}/.cargo/registry/index /root/.cargo/registry/index
? bind ${HOME:-/nowhere}/go/pkg/mod/cache/download /root/go/pkg/mod/cache/download
