"""Both ends of the network tests: what answers in the made-up Internet, and what asks inside.

  serve LOG ADDRESS[/v6only]...   TCP and UDP echo on port 7, HTTP on 80, names on 53; says "up"
  tcp ADDRESS PORT | udp ADDRESS PORT | ping ADDRESS      "ok", or the name of the error; and "slow"
                                                          when that took more than a second
  bounce ADDRESS PORT             20 MB there and back
  hoard ADDRESS PORT N            N downloads that are not read, until a line comes
  long-frames PCAP LIMIT          which frames of a capture are longer
  http URL            length and digest of what is there
  ask SERVER NAME     how many addresses a name has, asked by TCP
  resolve NAME        its addresses as the C library sees them
  timed COMMAND...    "ok" or "failed", and "slow" when that took more than ten seconds
  within S COMMAND... the same with another time
  broken NAME         malformed questions, then a good one
  tunnel NAME N       N made-up names below NAME
  evict ADDRESS PORT  more connections than there is room for
  say ADDRESS PORT TEXT [STEP]   whether there is an answer to a text, sent in pieces perhaps
  forge ADDRESS HOW   a connection by hand
  reflected A B       asks A, which answers from B as well: who came through
  many ADDRESS PORT N N connections, one after the other: how many were good
  raw WHAT            frames that no honest program sends
"""
import errno
import hashlib
import os
import random
import select
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import urllib.request

PAGE = bytes(range(256)) * 80000  # 20 MB
SITE, TLS = None, None  # of who serves


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


# ---- what answers ----

# A name: its addresses, what it leads to first, and records of other names beside them.
NAMES = {
    "web.test": {"to": ["198.51.100.80", "2001:db8:80::80"]},
    "other.test": {"to": ["198.51.100.81", "2001:db8:80::81"]},
    "shared.test": {"to": ["198.51.100.80"]},
    "www.cdn.test": {"to": ["198.51.100.80"]},
    "metadata.test": {"to": ["169.254.169.254"]},
    "alias.test": {"by": ["web.test"], "to": ["198.51.100.80"]},
    "cloak.test": {"by": ["tracker.test"], "to": ["198.51.100.80"]},
    "closed-alias.test": {"by": ["metadata.test"], "to": ["169.254.169.254"]},
    "rebind.test": {"to": ["127.0.0.1", "10.9.9.9", "203.0.113.2", "0.0.0.0", "10.0.2.2", "::1",
                           "::ffff:10.9.9.9", "64:ff9b::7f00:1", "fe80::1"]},
    "mixed.test": {"to": ["10.9.9.9", "198.51.100.80"]},
    "poison.test": {"to": ["198.51.100.80"], "beside": [("other.test", "198.51.100.81")]},
    "loop.test": {"by": ["loop.test"] * 20},
    "six.test": {"to": ["2001:db8:80::80"]},
}


def name_of(query):
    parts, at = [], 12
    while query[at]:
        parts.append(query[at + 1:at + 1 + query[at]].decode("latin-1"))
        at += query[at] + 1
    return ".".join(parts).lower(), query[12:at + 5], struct.unpack(">H", query[at + 1:at + 3])[0]


def wire(name):
    return b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0"


def record(owner, kind, data):
    return wire(owner) + struct.pack(">HHIH", kind, 1, 1, len(data)) + data


def address_records(owner, addresses, kind):
    return [record(owner, kind, socket.inet_pton(family_of(a), a)) for a in addresses if (":" in a) == (kind == 28)]


def answer_name(query, stream):
    name, question, kind = name_of(query)
    head = query[:2] + b"\x81\x80\0\1"
    if name == "big.test":  # too much for a datagram
        if not stream:
            return query[:2] + b"\x83\x80\0\1\0\0\0\0\0\0" + question
        records = b"".join(b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" + bytes([198, 51, 100, i]) for i in range(200))
        return head + struct.pack(">HHH", 200, 0, 0) + question + records
    if name == "silent.test":
        return b""
    if name == "garbage.test":
        return query[:2] + b"\x81\x80\0\1\0\7\0\7\0\7" + question + os.urandom(300)
    if name not in NAMES:
        return query[:2] + b"\x81\x83\0\1\0\0\0\0\0\0" + question
    entry, records = NAMES[name], []
    for target in entry.get("by", []):
        records.append(record(name, 5, wire(target)))
        name = target
    if kind in (1, 28):
        records += address_records(name, entry.get("to", []), kind)
        for owner, address in entry.get("beside", []):
            records += address_records(owner, [address], kind)
    return head + struct.pack(">HHH", len(records), 0, 0) + question + b"".join(records)


def site(path):
    """A file of the directory "site" beside the log, or the page."""
    wanted = os.path.normpath(SITE + path.split("?")[0])
    if os.path.isdir(wanted):
        wanted += "/index.html"
    if wanted.startswith(SITE) and os.path.isfile(wanted):
        with open(wanted, "rb") as f:
            return b"200 OK", f.read()
    return (b"404 Not Found", b"") if path.startswith("/git/") else (b"200 OK", PAGE)


def serve_tcp(connection, port):
    with connection:
        try:
            if port == 443:
                connection = TLS.wrap_socket(connection, server_side=True)
            if port in (80, 443):
                request = connection.recv(4096)
                assert request.startswith(b"GET ")
                status, page = site(request.split()[1].decode())
                kind = b"text/html" if page.startswith(b"<!doctype html>") else b"application/octet-stream"
                connection.sendall(b"HTTP/1.0 %s\r\nContent-Length: %d\r\nContent-Type: %s\r\n\r\n" %
                                   (status, len(page), kind) + page)
            elif port == 22:
                connection.sendall(b"SSH-2.0-test\r\n")
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
        try:
            what = "asked " + name_of(data)[0] if port == 53 else repr(data[:20])
            answer = answer_name(data, False) if port == 53 else data
        except (IndexError, struct.error):
            what, answer = "broken", b""
        log.write(f"{sock.getsockname()[0]} {peer[0]} {what}\n")
        log.flush()
        if data.startswith(b"reflect "):  # from another address first
            with socket.socket(family_of(data[8:].decode()), socket.SOCK_DGRAM) as other:
                other.bind((data[8:].decode(), 0))
                other.sendto(data, peer)
        if answer:
            sock.sendto(answer, peer)


def serve(path, addresses):
    global SITE, TLS
    SITE = os.path.join(os.path.dirname(path), "site")
    ports = (7, 22, 53, 80)
    if os.path.exists(os.path.join(SITE, "key.pem")):
        TLS = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        TLS.load_cert_chain(os.path.join(SITE, "cert.pem"), os.path.join(SITE, "key.pem"))
        ports += (443,)
    with open(path, "a", encoding="ascii", errors="backslashreplace") as log:
        for address in addresses:
            for port in ports:
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


def bounce(address, port):
    """20 MB there and back, both at once: "True" when they are the same."""
    with socket.create_connection((address, int(port)), timeout=60) as s:
        sender = threading.Thread(target=lambda: (s.sendall(PAGE), s.shutdown(socket.SHUT_WR)))
        sender.start()
        back = b"".join(iter(lambda: s.recv(1 << 20), b""))
        sender.join()
    print(back == PAGE)


def long_frames(path, limit):
    """The frames of a capture that are longer than a limit: from the sandbox, to it; whether their sums are right."""
    seen, good = {True: 0, False: 0}, True
    with open(path, "rb") as f:
        f.read(24)
        while head := f.read(16):
            frame = f.read(struct.unpack("4I", head)[2])
            if len(frame) > int(limit) and frame[12:14] == b"\x08\0" and frame[23] == 6:
                seen[frame[26:30] == socket.inet_aton("10.0.2.100")] += 1
                pseudo = frame[26:34] + struct.pack(">HH", 6, len(frame) - 34)
                good &= checksum(pseudo + frame[34:]) == 0 == checksum(frame[14:34])
    print("out" if seen[True] else "none out", "in" if seen[False] else "none in", "good" if good else "broken")


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


def resolve(name):
    """The addresses of a name as the C library sees them."""
    start = time.monotonic()
    try:
        said = " ".join(sorted({a[4][0] for a in socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)}))
    except socket.gaierror as e:
        said = {socket.EAI_NONAME: "no such name", socket.EAI_NODATA: "no address",
                socket.EAI_AGAIN: "failure"}.get(e.errno, str(e))
    print(said + (" slow" if time.monotonic() - start > 8 else ""))


def timed(*command):
    within("10", *command)


def within(seconds, *command):
    """Runs a client: how it ended, and whether that took long."""
    start = time.monotonic()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    print(("failed" if done.returncode else "ok") + (" slow" if time.monotonic() - start > int(seconds) else ""))
    sys.stderr.buffer.write(done.stdout)


def broken_questions(name):
    """Thousands of malformed messages to the name server; then it still answers."""
    chance = random.Random(1)
    head = b"\x12\x34\1\0\0\1\0\0\0\0\0\0"
    shapes = [b"", head[:7], head, head + b"\x3f", head + b"\xc0\x0c\0\1\0\1", head + b"\xc0\xff\0\1\0\1",
              head + (b"\x3f" + b"a" * 63) * 20 + b"\0\0\1\0\1", head + b"\1a" * 200 + b"\0\0\1\0\1",
              head[:4] + b"\xff" * 8 + b"\3web\4test\0\0\1\0\1", b"\x12\x34\xff\xff" + head[4:]]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for i in range(4000):
            shape = shapes[i % len(shapes)] if i < 1000 else head + chance.randbytes(chance.randrange(1400))
            s.sendto(shape, ("10.0.2.3", 53))
    streams = []
    for i in range(60):
        s = socket.create_connection(("10.0.2.3", 53), timeout=5)
        s.send([b"\0", b"\0\5hello", b"\xff\xff" + bytes(3000), b"\1\0" + head, struct.pack(">H", 300) + bytes(300)][i % 5])
        streams.append(s)
    ask("10.0.2.3", name)


def tunnel(below, count):
    """Names that were never asked for, as a tunnel makes them: how many of them were asked outside."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("10.0.2.3", 53))
        s.settimeout(8)
        asked = 0
        for i in range(int(count)):
            name = f"{os.urandom(20).hex()}.{below}"
            s.send(struct.pack(">HHHHHH", i, 0x100, 1, 0, 0, 0) + wire(name) + b"\0\1\0\1")
            asked += (s.recv(2000)[3] & 15) != 2
    print("bounded" if 200 <= asked <= 700 else asked)


def reflected(asked, other):
    """The server sends its answer from another address too."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(5)
        s.sendto(b"reflect " + other.encode(), (asked, 7))
        seen = set()
        try:
            while len(seen) < 2:
                seen.add(s.recvfrom(1000)[1][0])
                s.settimeout(1)
        except TimeoutError:
            pass
    print("only the answer" if seen == {asked} else sorted(seen))


def evict(address, port):
    """More connections than there is room for: new ones are refused, until old ones have been quiet."""
    kept, deadline = [], time.monotonic() + 60
    while True:
        try:
            kept.append(socket.create_connection((address, int(port)), timeout=5))
        except ConnectionRefusedError:
            break
    full = len(kept)
    kept[0].sendall(b"busy")
    assert kept[0].recv(4) == b"busy"
    while time.monotonic() < deadline:
        try:
            new = socket.create_connection((address, int(port)), timeout=5)
            break
        except ConnectionRefusedError:
            kept[0].sendall(b"busy")
            assert kept[0].recv(4) == b"busy"
            time.sleep(0.2)
    new.sendall(b"hello")
    assert new.recv(5) == b"hello"
    kept[0].sendall(b"busy")
    assert kept[0].recv(4) == b"busy"
    ended = 0
    for s in kept[1:]:
        s.setblocking(False)
        try:
            s.recv(1)
        except BlockingIOError:
            pass
        except ConnectionResetError:
            ended += 1
    print("bounded" if 50 < full < 1500 else full, "oldest ended" if 0 < ended < full / 2 else ended)


def say(address, port, text, step="0"):
    """Says something first, perhaps in pieces: whether there is an answer."""
    data = text.encode().decode("unicode_escape").encode("latin-1")
    step = int(step) or len(data)
    try:
        with socket.create_connection((address, int(port)), timeout=30) as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for at in range(0, len(data), step):
                s.send(data[at:at + step])
            print("answered" if s.recv(100) else "closed")
    except (ConnectionResetError, BrokenPipeError):
        print("reset")


def segment(to, numbers, flags, data=b"", ttl=64, spoil=0):
    """A frame of TCP to port 80 without its Ethernet header."""
    source, target = socket.inet_aton("10.0.2.100"), socket.inet_aton(to)
    tcp = struct.pack(">HHIIBBHHH", 45000, 80, *numbers, 0x50, flags, 64000, 0, 0) + data
    total = checksum(source + target + struct.pack(">HH", 6, len(tcp)) + tcp) ^ spoil
    tcp = tcp[:16] + struct.pack(">H", total) + tcp[18:]
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 1, 0x4000, ttl, 6, 0, source, target)
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + tcp


def forge(address, how):
    """By hand: shows an allowed name in a way that libslirp should not take, then says another."""
    socket.create_connection((address, 80)).close()  # so that libslirp knows where we are
    subprocess.run(["ip", "addr", "del", "10.0.2.100/32", "dev", "tap0"], check=True)  # the kernel keeps out of it
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind(("tap0", 0))
    link = b"\x52\x55\x0a\0\2\2" + s.getsockname()[4] + b"\x08\0"
    good, bad = (b"GET / HTTP/1.1\r\nHost: %s.test\r\n\r\n" % name for name in (b"web", b"shared"))

    def receive(want):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and select.select([s], [], [], 20)[0]:
            frame = s.recv(65536)
            if frame[12:14] == b"\x08\0" and frame[26:30] == socket.inet_aton(address) and frame[23] == 6:
                tcp = frame[34:]
                if want(tcp[13], frame[34 + (tcp[12] >> 4) * 4:]):
                    return tcp
        return None

    s.send(link + segment(address, (1000, 0), 2))
    if how == "early":
        s.send(link + segment(address, (1001, 1), 0x18, good))
    answer = receive(lambda flags, data: flags & 0x12 == 0x12)
    theirs = struct.unpack(">I", answer[4:8])[0] + 1
    s.send(link + segment(address, (1001, theirs), 0x10))
    trick = {"honest": lambda: segment(address, (1001, theirs), 0x18, good),
             "early": lambda: b"",
             "checksum": lambda: segment(address, (1001, theirs), 0x18, good, spoil=0x55),
             "ttl": lambda: segment(address, (1001, theirs), 0x18, good, ttl=0),
             "ahead": lambda: segment(address, (2001, theirs), 0x18, good),
             "unsent": lambda: segment(address, (1001, theirs + 5000), 0x18, good)}[how]()
    if trick:
        s.send(link + trick)
    if how != "honest":
        s.send(link + segment(address, (1001, theirs), 0x18, bad))
    answer = receive(lambda flags, data: flags & 4 or data)
    print("nothing" if answer is None else "refused" if answer[13] & 4 else "answered")


def must_ping(host):
    try_ping(socket.getaddrinfo(host, 0, socket.AF_INET)[0][4][0])


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


def shaped(link, text):
    """Frames behind headers of virtio that no kernel writes: sums at any place, pieces of any size."""
    chance, taken = random.Random(2), 0
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as s:
        s.bind(("tap0", 0))
        s.setsockopt(263, 15, 1)  # SOL_PACKET, PACKET_VNET_HDR
        for _ in range(3000):
            size = chance.randrange(1, 1400)
            header = struct.pack("<BBHHHH", 1, chance.choice((0, 0, 1, 4)), chance.randrange(80), chance.randrange(1, 1500),
                                 chance.randrange(size + 60), chance.randrange(60))
            try:
                s.send(header + link + datagram(text + bytes(size), to="198.51.100.81"))
                taken += 1
            except OSError:  # the kernel looks too
                pass
    assert taken > 100


def hoard(address, port, count):
    """Asks for much and reads nothing of it; then another still gets its answer."""
    kept = []
    for _ in range(int(count)):
        kept.append(socket.create_connection((address, int(port)), timeout=30))
        kept[-1].sendall(b"GET / HTTP/1.0\r\n\r\n")
    for s in kept:  # it is on its way
        select.select([s], [], [], 30)
    attempt(try_tcp, (address, 7))
    sys.stdout.flush()
    sys.stdin.readline()


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
        "other": [datagram(text, to="198.51.100.81")],
        "fragment": [datagram(text, to="198.51.100.80", flags=0x2000), datagram(text, to="198.51.100.80", flags=3)],
        "urgent": [segment("198.51.100.80", (1000, 0), flags, text) for flags in (0x22, 0x38, 0x30)],
        "shaped": [],
        "garbage": [os.urandom(n) for n in range(0, 1500, 7)],
    }[what]
    for frame in frames:
        s.send(link + frame)
    if what == "shaped":
        shaped(link, text)
    # the answer of the honest one says that all before it were seen; it is lost where the queue is full
    for _ in range(20):
        s.send(link + datagram(b"end", to="198.51.100.80"))
        deadline = time.monotonic() + 1
        while (left := deadline - time.monotonic()) > 0 and select.select([s], [], [], left)[0]:
            if s.recv(65536).endswith(b"end"):
                print("sent")
                return
    print("no answer")


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
        {"ask": ask, "many": many, "raw": raw, "resolve": resolve, "timed": timed, "within": within, "tunnel": tunnel,
         "broken": broken_questions, "reflected": reflected, "must-ping": must_ping,
         "bounce": bounce, "hoard": hoard, "long-frames": long_frames, "evict": evict, "say": say, "forge": forge}[command](*rest)
