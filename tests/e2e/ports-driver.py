"""Both ends of the tests of ports. An end is ADDRESS PORT, or unix PATH.

  free N                    N free ports of the loopback
  serve KIND END...         a server; says "up", and what it sees where that matters
      echo      sends back what comes; after the end of that, "end"
      first     sends "first", ends its way, then says how many bytes came
      later     reads nothing until a line comes in; then says how many bytes came, and their sum
      reset     takes one byte, resets
      said      reads until the end or the reset, says which
      proxy     says what the PROXY header says, then echoes
      short     "x" and the end; for many
      who       says the address of the client
      udp       sends back datagrams; says each new client's port
  tcp END [TEXT]            what comes back after TEXT and the end, or the name of the error
  udp ADDRESS PORT [TEXT]   the same of a datagram
  big END BYTES             sends so many to a server of "later", which is told to read when no more go out
  idle ADDRESS PORT N       N connections at once: how many answer, and again after half have ended
  reset END                 sends a byte, resets
  many END N                N short connections: how many were good
  clients ADDRESS PORT N    N clients of UDP: how many got their own answer
"""
import errno
import hashlib
import os
import select
import random
import socket
import struct
import sys
import threading
import time


def is_unix(end):
    return end[0] == "unix"


def open_socket(end, kind=socket.SOCK_STREAM):
    if is_unix(end):
        return socket.socket(socket.AF_UNIX, kind), end[1]
    family = socket.AF_INET6 if ":" in end[0] else socket.AF_INET
    return socket.socket(family, kind), (end[0], int(end[1]))


def connect(end, kind=socket.SOCK_STREAM, patience=20):
    s, to = open_socket(end, kind)
    s.settimeout(patience)
    s.connect(to)
    return s


def read_all(s):
    data = b""
    while part := s.recv(1 << 20):
        data += part
    return data


def read_exactly(s, n):
    data = b""
    while len(data) < n and (part := s.recv(n - len(data))):
        data += part
    return data


def set_reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def say(*words):
    print(*words, flush=True)


# ---- servers ----

def serve_echo(s):
    while data := s.recv(65536):
        s.sendall(data)
    s.sendall(b"end")


def serve_first(s):
    s.sendall(b"first")
    s.shutdown(socket.SHUT_WR)
    say(len(read_all(s)))


def serve_later(s):
    sys.stdin.readline()
    count, sum_ = 0, hashlib.sha256()
    while data := s.recv(1 << 20):
        count += len(data)
        sum_.update(data)
    say(count, sum_.hexdigest()[:16])


def serve_reset(s):
    s.recv(1)
    set_reset(s)


def serve_said(s):
    try:
        while s.recv(65536):
            pass
        say("end")
    except OSError as e:
        say(errno.errorcode[e.errno])


def serve_proxy(s):
    head = read_exactly(s, 16)
    assert head[:12] == b"\r\n\r\n\0\r\nQUIT\n", head
    command, family, length = struct.unpack(">BBH", head[12:])
    rest = read_exactly(s, length)
    if family == 0x11:
        a, b, p, q = struct.unpack(">4s4sHH", rest)
        say(hex(command), socket.inet_ntop(socket.AF_INET, a), socket.inet_ntop(socket.AF_INET, b), p, q)
    elif family == 0x21:
        a, b, p, q = struct.unpack(">16s16sHH", rest)
        say(hex(command), socket.inet_ntop(socket.AF_INET6, a), socket.inet_ntop(socket.AF_INET6, b), p, q)
    else:
        say(hex(command), family, length)
    serve_echo(s)


def serve_short(s):
    s.sendall(b"x")


def serve_who(s):
    s.sendall(s.getpeername()[0].encode())


def serve_udp(end):
    s, here = open_socket(end, socket.SOCK_DGRAM)
    s.bind(here)
    say("up")
    seen = set()
    while True:
        data, client = s.recvfrom(65536)
        if client not in seen:
            seen.add(client)
            say("client", len(seen))
        s.sendto(data, client)


def one(serve_one, s):
    with s:
        try:
            serve_one(s)
        except OSError as e:
            say("server:", e)


def serve(kind, *end):
    if kind == "udp":
        serve_udp(end)
    serve_one = globals()["serve_" + kind]
    listener, here = open_socket(end)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(here)
    listener.listen(1024)
    say("up")
    while True:
        s, _ = listener.accept()
        if kind == "short":
            one(serve_one, s)
        else:
            threading.Thread(target=one, args=(serve_one, s), daemon=True).start()


# ---- clients ----

def take_end(args):
    return args[:2], args[2:]


def tcp(*args):
    end, rest = take_end(args)
    with connect(end) as s:
        if not is_unix(end):
            say_port(s)
        s.sendall(rest[0].encode() if rest else b"")
        try:
            s.shutdown(socket.SHUT_WR)
        except OSError:  # it was reset in the meantime, which is read next
            pass
        say(read_all(s).decode())


def say_port(s):
    if os.environ.get("SAY_PORT"):
        say(s.getsockname()[1])


def udp(address, port, text="hello", times="5"):
    with connect((address, port), socket.SOCK_DGRAM, 1) as s:
        for _ in range(int(times)):  # what is not answered is asked again, as programs do
            s.send(text.encode())
            try:
                say(len(s.recv(65536)) if len(text) > 1000 else s.recv(65536).decode())
                return
            except socket.timeout:
                continue
            except ConnectionRefusedError:
                say("ECONNREFUSED")
                return
    say("nothing")


def big(*args):
    end, rest = take_end(args)
    total, sent, sum_ = int(rest[0]), 0, hashlib.sha256()
    block = bytes(range(256)) * 4096
    with connect(end, patience=60) as s:
        s.setblocking(False)
        told = False
        while sent < total:
            _, ready, _ = select.select([], [s], [], 60 if told else 0.5)
            if not ready:
                assert not told, "stuck"
                print("held", sent, file=sys.stderr, flush=True)
                told = True
                say("read")  # to the server's standard input
                continue
            n = s.send(block[:total - sent])
            sum_.update(block[:n])
            block = block[n:] + block[:n]
            sent += n
        s.shutdown(socket.SHUT_WR)
        s.settimeout(60)
        assert s.recv(1) == b""
    print(sent, sum_.hexdigest()[:16], file=sys.stderr, flush=True)


def answers(sockets, patience):
    good, deadline = 0, time.monotonic() + patience
    waiting = list(sockets)
    while waiting and time.monotonic() < deadline:
        ready, _, _ = select.select(waiting, [], [], 0.3)
        if not ready and good:
            break
        for s in ready:
            waiting.remove(s)
            good += s.recv(16) == b"hello"
    return good


def idle(address, port, count):
    sockets = [connect((address, port)) for _ in range(int(count))]
    for s in sockets:
        s.sendall(b"hello")
    first = answers(sockets, 20)
    answered, waiting = sockets[:first], sockets[first:]
    for s in answered:
        s.close()
    rounds = 0
    while waiting and rounds < 100:
        ready, _, _ = select.select(waiting, [], [], 20)
        for s in ready:
            first += s.recv(16) == b"hello"
            s.close()
            waiting.remove(s)
        rounds += 1
    say(len(answered) < int(count), first)


def reset(*end):
    with connect(end) as s:
        s.sendall(b"x")
        set_reset(s)


def many(*args):
    end, rest = take_end(args)
    good = 0
    for _ in range(int(rest[0])):
        with connect(end) as s:
            good += read_all(s) == b"x"
    say(good)


def clients(address, port, count):
    sockets = [connect((address, port), socket.SOCK_DGRAM, 0.2) for _ in range(int(count))]
    good = set()
    for _ in range(5):
        for i, s in enumerate(sockets):
            if i in good:
                continue
            s.send(b"%d" % i)
            try:
                if s.recv(100) == b"%d" % i:
                    good.add(i)
            except socket.timeout:
                pass
    say(len(good))


def free(count):
    """Ports that are free, with the next one, on all addresses; not of those that the kernel gives
    to whoever asks for any, so that nobody gets one meanwhile."""
    found = []
    while len(found) < int(count):
        port = random.randrange(10000, 32000, 2)
        sockets = [socket.socket(socket.AF_INET6) for _ in range(2)]
        try:
            for i, s in enumerate(sockets):
                s.bind(("::", port + i))
            if port not in found:
                found.append(port)
        except OSError:
            pass
        for s in sockets:
            s.close()
    say(*found)


if __name__ == "__main__":
    try:
        globals()[sys.argv[1]](*sys.argv[2:])
    except OSError as e:
        say(errno.errorcode.get(e.errno, type(e).__name__))
