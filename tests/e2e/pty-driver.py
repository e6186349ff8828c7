#!/usr/bin/python3
"""Plays a person at a terminal: runs a command on a new one and follows a script on standard input.

    pty-driver.py COMMAND... <SCRIPT

One step a line; TEXT knows \\n, \\r, \\x03 and the like:
    send TEXT        types it
    expect REGEX     waits until it is shown, forgets everything up to its end
    prod REGEX       the same, with an empty line now and then: a shell reports jobs before a prompt
    insist KEYS RE   the keys, again and again until it is shown: a program may lose a stop
    absent REGEX     it is not among what is shown within a moment
    raw, cooked      waits until the terminal is raw; until its modes are those of the start
    notraw           it is not raw now, nor after a moment
    size ROWS COLS   resizes the window
    signal NAME      to the foreground process group
    kill NAME ARG    to the process that has this argument: the whole word, once in the system
    above NAME ARG   to the parent of that process
    front ARG        waits until a process that has it runs in the foreground of its terminal
    idle ARG         the parent of that process uses no processor time worth speaking of
    gone ARG         waits until no process has this argument
    hangup           the terminal goes away
    end STATUS       waits until the command has ended with it
The exit status is 0 when all steps came true. Otherwise the step and what was shown are printed.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

PATIENCE = float(os.environ.get("PTY_PATIENCE", "20")) * float(os.environ.get("ZBOX_TEST_PATIENCE", "1"))
MOMENT = 0.3


class Person:
    def __init__(self, command):
        self.shown = self.all = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvp(command[0], command)
        self.modes = termios.tcgetattr(self.fd)
        self.size("24 80")

    def look(self, seconds):
        if self.fd < 0 or not select.select([self.fd], [], [], seconds)[0]:
            return
        try:
            text = os.read(self.fd, 65536).decode("utf-8", "replace")
        except OSError:
            text = ""
        if not text:
            time.sleep(0.02)
        self.shown += text
        self.all += text

    def wait(self, condition, seconds=PATIENCE):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                return False
            self.look(0.02)
        return True

    def send(self, text):
        os.write(self.fd, text.encode("latin-1").decode("unicode_escape").encode("latin-1"))
        return True

    def expect(self, regex):
        if not self.wait(lambda: re.search(regex, self.shown)):
            return False
        self.shown = self.shown[re.search(regex, self.shown).end():]
        return True

    def prod(self, regex):
        for _ in range(int(PATIENCE / MOMENT)):
            if self.wait(lambda: re.search(regex, self.shown), MOMENT):
                return self.expect(regex)
            self.send("\\r")
        return False

    def insist(self, words):
        keys, _, regex = words.partition(" ")
        for _ in range(10):
            self.send(keys)
            if self.wait(lambda: re.search(regex, self.shown), PATIENCE / 10):
                return self.expect(regex)
        return False

    def absent(self, regex):
        return not self.wait(lambda: re.search(regex, self.shown), MOMENT)

    def is_raw(self):
        return not termios.tcgetattr(self.fd)[3] & (termios.ICANON | termios.ECHO | termios.ISIG)

    def raw(self, _):
        return self.wait(self.is_raw)

    def notraw(self, _):
        return not self.wait(self.is_raw, MOMENT)

    def cooked(self, _):
        return self.wait(lambda: termios.tcgetattr(self.fd) == self.modes)

    def size(self, text):
        rows, columns = map(int, text.split())
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        return True

    def signal(self, name):
        os.killpg(os.tcgetpgrp(self.fd), getattr(signal, "SIG" + name))
        return True

    def find(self, argument):
        """The processes that have the argument, but for those that start others with it."""
        starters = ("zbox", "bwrap", "timeout", os.path.basename(sys.executable), "pty-driver.py")
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    words = file.read().decode("utf-8", "replace").split("\0")
            except OSError:
                continue
            if argument in words and os.path.basename(words[0]) not in starters:
                found.append(int(name))
        return found

    def parent(self, pid):
        with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
            return int(file.read().rpartition(")")[2].split()[1])

    def kill(self, text, up=False):
        name, argument = text.split()
        if not self.wait(lambda: len(self.find(argument)) == 1):
            return False
        pid = self.find(argument)[0]
        os.kill(self.parent(pid) if up else pid, getattr(signal, "SIG" + name))
        return True

    def is_in_front(self, pid):
        try:
            with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
                state, _, group, _, _, foreground = file.read().rpartition(")")[2].split()[:6]
        except OSError:
            return False
        return state in "RS" and group == foreground

    def front(self, argument):
        return self.wait(lambda: any(map(self.is_in_front, self.find(argument))))

    def above(self, text):
        return self.kill(text, True)

    def ticks(self, pid):
        with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
            return sum(map(int, file.read().rpartition(")")[2].split()[11:13]))

    def idle(self, argument):
        if not self.wait(lambda: len(self.find(argument)) == 1):
            return False
        pids = self.find(argument)
        while self.parent(pids[-1]) > 1 and len(pids) < 3: # the command, PID 1, zbox
            pids.append(self.parent(pids[-1]))
        before = sum(map(self.ticks, pids))
        self.wait(lambda: False, 1)
        return sum(map(self.ticks, pids)) - before < 10

    def gone(self, argument):
        return self.wait(lambda: not self.find(argument))

    def hangup(self, _):
        os.close(self.fd)
        self.fd = -1
        return True

    def end(self, status):
        got = []
        def ended():
            pid, value = os.waitpid(self.pid, os.WNOHANG)
            got.append(os.waitstatus_to_exitcode(value) if pid else None)
            return pid != 0
        return self.wait(ended) and got[-1] == int(status)


def main():
    person = Person(sys.argv[1:])
    for number, line in enumerate(sys.stdin, 1):
        step, _, text = line.rstrip("\n").lstrip().partition(" ")
        text = text.strip() if step != "send" else text
        if step and not step.startswith("#") and not getattr(person, step)(text):
            print(f"line {number}: {step} {text}\nshown since the last match:\n{person.shown}")
            print(f"shown in all:\n{person.all}")
            return 1
    return 0


sys.exit(main())
