#!/usr/bin/env python3
"""compositor.py REAL SOCKET LOG: a Wayland compositor with security-context-v1.

It listens at SOCKET and passes all on to the compositor at REAL, which lacks that protocol, and adds
it: the manager is announced, contexts are made, and who comes by a context's socket is passed on
without the announcement. What happens is written to LOG, one line each. "hang" or "refuse" behind
LOG: no answer ever; an error for each context.
"""
import array
import os
import select
import socket
import struct
import sys
import threading

REAL, HERE, LOG = sys.argv[1:4]
MODE = sys.argv[4] if len(sys.argv) > 4 else ""
MANAGER, NUMBER = b"wp_security_context_manager_v1\0", 0xFFF0
lock = threading.Lock()


def log(*words):
    with lock, open(LOG, "a", encoding="utf-8") as out:
        print(*words, file=out)


def message(target, kind, body):
    return struct.pack("<IHH", target, kind, len(body) + 8) + body


def text(value):
    return struct.pack("<I", len(value)) + value + b"\0" * (-len(value) % 4)


def read(stream, fds):
    data, ancillary, _, _ = stream.recvmsg(65536, socket.CMSG_SPACE(28 * 4))
    for level, kind, raw in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.extend(array.array("i", raw))
    return data


def send(stream, data, fds):
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    sent = stream.sendmsg([data], ancillary)
    stream.sendall(data[sent:])
    for fd in fds:
        os.close(fd)
    fds.clear()


def whole(data):
    """The messages at the start of the data, and what is left of it."""
    found = []
    while len(data) >= 8 and len(data) >= struct.unpack_from("<H", data, 6)[0]:
        size = struct.unpack_from("<H", data, 6)[0]
        found.append(data[:size])
        data = data[size:]
    return found, data


class Client:
    def __init__(self, stream, app):
        self.stream, self.app = stream, app
        self.registry = self.manager = self.context = 0
        self.names, self.fds, self.given = {}, [], []
        self.real = socket.socket(socket.AF_UNIX)
        self.real.connect(REAL)

    def answer(self, data):
        self.stream.sendall(data)

    def hold(self, number):
        """Numbers of objects have no gaps, so the real compositor gets something for it."""
        self.real.sendall(message(1, 0, struct.pack("<I", number)))

    def request(self, data):
        """Whether the request is for the real compositor."""
        target, kind, _ = struct.unpack_from("<IHH", data)
        if target == 1 and kind == 1:  # get_registry
            self.registry = struct.unpack_from("<I", data, 8)[0]
            if not self.app:
                self.answer(message(self.registry, 0, struct.pack("<I", NUMBER) + text(MANAGER) + struct.pack("<I", 1)))
        elif self.registry and target == self.registry and kind == 0:
            if struct.unpack_from("<I", data, 8)[0] == NUMBER:
                self.manager = struct.unpack_from("<I", data, len(data) - 4)[0]
                self.hold(self.manager)
                return False
        elif self.manager and target == self.manager:
            self.context = struct.unpack_from("<I", data, 8)[0]
            self.given, self.fds = self.fds[:2], self.fds[2:]
            self.hold(self.context)
            return False
        elif self.context and target == self.context:
            if kind < 4:
                self.names[kind] = data[12:12 + struct.unpack_from("<I", data, 8)[0] - 1].decode()
            elif MODE == "refuse":
                self.answer(message(1, 0, struct.pack("<II", target, 3) + text(b"not today\0")))
            else:
                log("context", self.names[1], self.names[2], "with an instance" if self.names[3] else "")
                threading.Thread(target=admit, args=(*self.given, self.names[2]), daemon=True).start()
            return False
        return True

    def run(self):
        ends, rest, fds = {self.stream: self.real, self.real: self.stream}, {self.stream: b"", self.real: b""}, []
        while True:
            for end in select.select(list(ends), [], [])[0]:
                queue = self.fds if end is self.stream else fds
                data = read(end, queue)
                if not data:
                    self.stream.close()
                    self.real.close()
                    return
                found, rest[end] = whole(rest[end] + data)
                if end is self.stream:
                    found = [each for each in found if self.request(each)]
                if found:
                    send(ends[end], b"".join(found), queue)


def serve(stream, app):
    try:
        Client(stream, app).run()
    except OSError:
        stream.close()


def admit(listening, life, app):
    server = socket.socket(fileno=listening)
    polled = select.poll()
    polled.register(server, select.POLLIN)
    polled.register(life, 0)
    while True:
        for fd, _ in polled.poll():
            if fd == life:
                log("over", app)
                return
            log("client", app)
            threading.Thread(target=serve, args=(server.accept()[0], app), daemon=True).start()


main = socket.socket(socket.AF_UNIX)
main.bind(HERE)
main.listen()
while True:
    one = main.accept()[0]
    if MODE == "hang":
        log("hang")
        threading.Thread(target=lambda kept: kept.recv(1) and threading.Event().wait(), args=(one,), daemon=True).start()
    else:
        threading.Thread(target=serve, args=(one, ""), daemon=True).start()
