"""Both ends of the network tests: what answers in the made-up Internet, and what asks inside.

  serve LOG ADDRESS[/v6only]...   TCP and UDP echo on port 7, HTTP on 80, names on 53; says "up"
  tcp ADDRESS PORT | udp ADDRESS PORT | ping ADDRESS      "ok", or the name of the error; and "slow"
                                                          when that took more than a second
  http URL            length and digest of what is there
  ask SERVER NAME     the addresses of a name, asked by TCP
  many ADDRESS PORT N N connections, one after the other: how many were good
  raw WHAT            frames that no honest program sends
"""
import errno
import hashlib
import os
import select
import socket
import struct
import sys
import threading
import time
import urllib.request

PAGE = bytes(range(256)) * 80000  # 20 MB


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


# ---- what answers ----

NAMES = {"web.test": ("198.51.100.80", "2001:db8:80::80"), "metadata.test": ("169.254.169.254", None)}


def name_of(query):
    parts, at = [], 12
    while query[at]:
        parts.append(query[at + 1:at + 1 + query[at]].decode())
        at += query[at] + 1
    return ".".join(parts).lower(), query[12:at + 5], struct.unpack(">H", query[at + 1:at + 3])[0]


def answer_name(query, stream):
    name, question, kind = name_of(query)
    head = query[:2] + b"\x81\x80\0\1"
    if name == "big.test":  # too much for a datagram
        if not stream:
            return query[:2] + b"\x83\x80\0\1\0\0\0\0\0\0" + question
        records = b"".join(b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" + bytes([198, 51, 100, i]) for i in range(200))
        return head + struct.pack(">HHH", 200, 0, 0) + question + records
    if name not in NAMES:
        return query[:2] + b"\x81\x83\0\1\0\0\0\0\0\0" + question
    address = NAMES[name][0 if kind == 1 else 1]
    if address is None or kind not in (1, 28):
        return head + b"\0\0\0\0\0\0" + question
    packed = socket.inet_pton(family_of(address), address)
    return head + b"\0\1\0\0\0\0" + question + b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 1, len(packed)) + packed


def serve_tcp(connection, port):
    with connection:
        try:
            if port == 80:
                request = connection.recv(4096)
                assert request.startswith(b"GET ")
                connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(PAGE) + PAGE)
            elif port == 53:
                length = struct.unpack(">H", connection.recv(2))[0]
                answer = answer_name(connection.recv(length), True)
                connection.sendall(struct.pack(">H", len(answer)) + answer)
            else:
                while data := connection.recv(4096):
                    connection.sendall(data)
        except OSError:
            pass


def accept(listener, port):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve_tcp, args=(connection, port), daemon=True).start()


def serve_udp(sock, port, log):
    while True:
        data, peer = sock.recvfrom(65536)
        log.write(f"{sock.getsockname()[0]} {peer[0]} {data[:20]!r}\n")
        log.flush()
        sock.sendto(answer_name(data, False) if port == 53 else data, peer)


def serve(path, addresses):
    with open(path, "a", encoding="ascii") as log:
        for address in addresses:
            for port in (7, 53, 80):
                listener = socket.create_server((address, port), family=family_of(address), backlog=600)
                threading.Thread(target=accept, args=(listener, port), daemon=True).start()
                sock = socket.socket(family_of(address), socket.SOCK_DGRAM)
                sock.bind((address, port))
                threading.Thread(target=serve_udp, args=(sock, port, log), daemon=True).start()
        print("up", flush=True)
        while True:
            time.sleep(3600)


# ---- what asks ----

def try_tcp(address, port):
    with socket.create_connection((address, int(port)), timeout=5) as s:
        if int(port) == 7:
            s.sendall(b"hello")
            assert s.recv(5) == b"hello"


def try_udp(address, port):
    with socket.socket(family_of(address), socket.SOCK_DGRAM) as s:
        s.settimeout(3)
        s.connect((address, int(port)))
        s.send(b"hello")
        assert s.recv(100) == b"hello"


def try_ping(address):
    v6 = ":" in address
    protocol = socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP
    with socket.socket(family_of(address), socket.SOCK_DGRAM, protocol) as s:
        s.settimeout(3)
        s.connect((address, 0))
        s.send(struct.pack(">BBHHH", 128 if v6 else 8, 0, 0, 0, 1) + b"payload")
        assert s.recv(100)[8:] == b"payload"


def attempt(function, args):
    start, said = time.monotonic(), "ok"
    try:
        function(*args)
    except OSError as e:
        said = errno.errorcode.get(e.errno, type(e).__name__)
    print(said + (" slow" if time.monotonic() - start > 1 else ""))


def ask(server, name):
    question = b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0\0\1\0\1"
    query = b"\x12\x34\1\0\0\1\0\0\0\0\0\0" + question
    with socket.create_connection((server, 53), timeout=5) as s:
        s.sendall(struct.pack(">H", len(query)) + query)
        answer = b""
        while len(answer) < 2 or len(answer) < 2 + struct.unpack(">H", answer[:2])[0]:
            answer += s.recv(65536)
    assert answer[2:4] == b"\x12\x34"
    print(struct.unpack(">H", answer[8:10])[0])


def many(address, port, count):
    good = 0
    for _ in range(int(count)):
        try:
            try_tcp(address, port)
            good += 1
        except OSError as e:
            print(e, file=sys.stderr)
    print(good)


# ---- frames by hand ----

def checksum(data):
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data[:len(data) // 2 * 2]))
    total += data[-1] << 8 if len(data) % 2 else 0
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def datagram(text, source="10.0.2.100", to="127.0.0.1", flags=0x4000):
    payload = struct.pack(">HHHH", 4000, 7, 8 + len(text), 0) + text
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, flags, 64, 17, 0,
                       socket.inet_aton(source), socket.inet_aton(to))
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def raw(what):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind(("tap0", 0))
    link = b"\x52\x55\x0a\0\2\2" + s.getsockname()[4] + b"\x08\0"
    text = what.encode()
    frames = {
        "honest": [datagram(text, to="198.51.100.80")],
        "loopback": [datagram(text, to=to) for to in ("127.0.0.1", "0.0.0.0", "127.9.9.9", "10.0.2.2")],
        "own": [datagram(text, to=to) for to in ("203.0.113.2", "192.168.7.2")],
        "source": [datagram(text, source=s, to="198.51.100.80") for s in ("10.0.2.101", "198.51.100.1", "127.0.0.1")],
        "fragment": [datagram(text, to="198.51.100.80", flags=0x2000), datagram(text, to="198.51.100.80", flags=3)],
        "garbage": [os.urandom(n) for n in range(0, 1500, 7)],
    }[what]
    for frame in frames:
        s.send(link + frame)
    # the answer of the honest one says that all before it were seen
    s.send(link + datagram(b"end", to="198.51.100.80"))
    while True:
        ready, _, _ = select.select([s], [], [], 5)
        if not ready:
            print("no answer")
            return
        if s.recv(65536).endswith(b"end"):
            print("sent")
            return


if __name__ == "__main__":
    command, rest = sys.argv[1], sys.argv[2:]
    if command == "serve":
        serve(rest[0], rest[1:])
    elif command in ("tcp", "udp", "ping"):
        attempt({"tcp": try_tcp, "udp": try_udp, "ping": try_ping}[command], rest)
    elif command == "http":
        page = urllib.request.urlopen(rest[0], timeout=60).read()
        print(len(page), hashlib.sha256(page).hexdigest() == hashlib.sha256(PAGE).hexdigest())
    else:
        {"ask": ask, "many": many, "raw": raw}[command](*rest)
