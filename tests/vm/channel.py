#!/usr/bin/python3
"""Runs a command in the virtual machine, by the agent there (tests/vm/agent).

    channel.py SOCKET USER SECONDS COMMAND [<INPUT]

The output is the command's, and so is the status; 124 when the time is over, 125 when the machine
does not answer. Who comes second waits for the first.
"""
import base64
import fcntl
import os
import re
import socket
import sys
import time


class Silence(Exception):
    """The machine has gone, or says nothing."""


def receive(port, deadline):
    """Some bytes, before the deadline."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise Silence("no answer in time")
    port.settimeout(left)
    try:
        data = port.recv(65536)
    except socket.timeout:
        raise Silence("no answer in time") from None
    if not data:
        raise Silence("the machine has ended")
    return data


def copy_answer(port, ident, deadline, grace):
    """Copies what is between begin and end; returns the status. What comes before is of a command
    whose caller did not wait."""
    begin, end = b"\n@@begin %s\n" % ident, re.compile(rb"\n@@end %s (\d+)\n" % ident)
    buffer = b""
    while begin not in buffer:
        buffer = buffer[-len(begin):] + receive(port, deadline)
    buffer = buffer.split(begin, 1)[1]
    deadline += grace
    while True:
        found = end.search(buffer)
        # The last line is held back, since it may become that of the end.
        done = found.start() if found else buffer.rfind(b"\n", max(0, len(buffer) - 64))
        done = len(buffer) if done < 0 else done
        sys.stdout.buffer.write(buffer[:done])
        sys.stdout.buffer.flush()
        if found:
            return int(found.group(1))
        buffer = buffer[done:] + receive(port, deadline)


def main():
    path, user, seconds, command = sys.argv[1:5]
    seconds = int(seconds)
    data = b"" if sys.stdin.isatty() else sys.stdin.buffer.read()
    ident = b"%x" % int.from_bytes(os.urandom(8), "big")
    with open(path + ".lock", "w", encoding="ascii") as lock, socket.socket(socket.AF_UNIX) as port:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            port.connect(path)
            port.sendall(b"%s %s %d %d %s\n" % (ident, user.encode(), seconds, len(data),
                                                base64.b64encode(command.encode())) + data)
            return copy_answer(port, ident, time.monotonic() + seconds, 120)
        except (Silence, OSError) as error:
            sys.stdout.flush()
            print(f"channel: {error}", file=sys.stderr)
            return 125


sys.exit(main())
