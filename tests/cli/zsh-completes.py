#!/usr/bin/python3
"""What zsh offers at the end of a line, on one line and sorted.

    zsh-completes.py DIRECTORY LINE

DIRECTORY has the completion functions. zsh completes only in a terminal, and shows its matches to
people; so it gets a pseudo-terminal, and a compadd that notes in a file what it is given.
"""
import os
import pty
import select
import sys
import tempfile
import time

SETUP = r"""
PROMPT= RPROMPT= fpath=($1 $fpath)
autoload -Uz compinit && compinit -u -D
noted=$2
compadd() {
	local -a hits
	if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
		builtin compadd -O hits "$@"
		(($#hits == 0)) || print -rl -- $hits >>$noted
	fi
	builtin compadd "$@"
}
_over() { print -r -- "@over" >>$noted }
_ask() { comppostfuncs=(_over); _main_complete }
zle -C ask complete-word _ask
bindkey '^X' ask
print -r -- "@ready" >>$noted
"""


def wait_for(master, path, mark):
    """Reads what the terminal shows, until the mark is in the file."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([master], [], [], 0.05)[0]:
            os.read(master, 4096)
        with open(path, encoding="utf-8") as noted:
            lines = noted.read().split("\n")
        if mark in lines:
            return lines
    sys.exit("zsh does not answer")


def main():
    functions, line = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as directory:
        setup, noted = directory + "/setup", directory + "/noted"
        with open(setup, "w", encoding="utf-8") as file:
            file.write(SETUP)
        with open(noted, "w", encoding="utf-8"):
            pass
        pid, master = pty.fork()
        if pid == 0:
            os.environ.update(TERM="dumb", HOME=directory)
            os.execvp("zsh", ["zsh", "-f", "-i"])
        os.write(master, f" . {setup} {functions} {noted}\n".encode())
        wait_for(master, noted, "@ready")
        os.write(master, line.encode() + b"\x18")
        lines = wait_for(master, noted, "@over")
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    hits = [h for h in lines[lines.index("@ready") + 1:lines.index("@over")] if h]
    print(" ".join(sorted(set(hits))))


main()
