# agent: a coding agent, or another program that works on a project by itself
#
#   cd project && zbox --profile agent -- some-agent
#
# The project (the current folder) is writable at its own path, but not what in it runs outside
# later, by itself: git's hooks and settings, those of editors, start-up files of shells. Secrets are
# absent because nothing of the home directory is there but caches of downloads. There is no network
# yet but that which the command line gives (--share-net).
#
# Not held back: what you run yourself in the project afterwards (its Makefile, its tests, its
# package scripts), and files of these names that do not exist yet or are symbolic links: a line with
# ? protects what is there at the start. Look at new files before you trust them. For a repository that stays as it is:
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

# A mount of its own: a folder that others are mounted in could be renamed, and made anew with
# other hooks, but not a mount itself. Where .git is a file (a worktree, a submodule) it says where
# the repository is, and stays as it is.
? ro-bind ${PWD}/.git ${PWD}/.git
? bind ${PWD}/.git/. ${PWD}/.git
? ro-bind ${PWD}/.git/hooks ${PWD}/.git/hooks
? ro-bind ${PWD}/.git/config ${PWD}/.git/config
? ro-bind ${PWD}/.git/config.worktree ${PWD}/.git/config.worktree
? ro-bind ${PWD}/.git/info ${PWD}/.git/info
? ro-bind ${PWD}/.git/modules ${PWD}/.git/modules
? ro-bind ${PWD}/.gitmodules ${PWD}/.gitmodules
? ro-bind ${PWD}/.githooks ${PWD}/.githooks
? ro-bind ${PWD}/.husky ${PWD}/.husky

# editors, and the tools of agents themselves
? ro-bind ${PWD}/.vscode ${PWD}/.vscode
? ro-bind ${PWD}/.idea ${PWD}/.idea
? ro-bind ${PWD}/.vimrc ${PWD}/.vimrc
? ro-bind ${PWD}/.exrc ${PWD}/.exrc
? ro-bind ${PWD}/.nvim.lua ${PWD}/.nvim.lua
? ro-bind ${PWD}/.nvimrc ${PWD}/.nvimrc
? ro-bind ${PWD}/.dir-locals.el ${PWD}/.dir-locals.el
? ro-bind ${PWD}/.devcontainer ${PWD}/.devcontainer
? ro-bind ${PWD}/.mcp.json ${PWD}/.mcp.json
? ro-bind ${PWD}/.claude ${PWD}/.claude
? ro-bind ${PWD}/.codex ${PWD}/.codex
? ro-bind ${PWD}/.cursor ${PWD}/.cursor

# shells and what reads its settings when a folder is entered
? ro-bind ${PWD}/.envrc ${PWD}/.envrc
? ro-bind ${PWD}/.bashrc ${PWD}/.bashrc
? ro-bind ${PWD}/.bash_profile ${PWD}/.bash_profile
? ro-bind ${PWD}/.profile ${PWD}/.profile
? ro-bind ${PWD}/.zshrc ${PWD}/.zshrc
? ro-bind ${PWD}/.zshenv ${PWD}/.zshenv
? ro-bind ${PWD}/.zprofile ${PWD}/.zprofile
? ro-bind ${PWD}/.mise.toml ${PWD}/.mise.toml
? ro-bind ${PWD}/mise.toml ${PWD}/mise.toml

# Downloads are kept: the package managers check them against the checksums of lock files. Caches
# of what was compiled (ccache, go-build, sccache) are not among them, because the next build
# outside would run what is in them.
? bind ${XDG_CACHE_HOME:-/nowhere}/pip /root/.cache/pip
? bind ${HOME:-/nowhere}/.npm/_cacache /root/.npm/_cacache
? bind ${HOME:-/nowhere}/.cargo/registry/cache /root/.cargo/registry/cache
? bind ${HOME:-/nowhere}/.cargo/registry/index /root/.cargo/registry/index
? bind ${HOME:-/nowhere}/go/pkg/mod/cache/download /root/go/pkg/mod/cache/download
