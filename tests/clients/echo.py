#!/usr/bin/env python3
"""echo.py ADDRESS NAME: takes the name on the D-Bus at unix:path=... and answers every call.

Ends with 1 when it does not get the name. Without any library, so that it runs in a bare sandbox.
"""
import os
import socket
import struct
import sys

CALL, RETURN, ERROR = 1, 2, 3
PATH, INTERFACE, MEMBER, REPLY_SERIAL, DESTINATION, SENDER, SIGNATURE = 1, 2, 3, 5, 6, 7, 8


def pad(data, size):
    return data + b"\0" * (-len(data) % size)


def text(value):
    value = value.encode()
    return struct.pack("<I", len(value)) + value + b"\0"


def message(kind, serial, fields, body=b""):
    packed = b""
    for code, signature, value in fields:
        packed = pad(packed, 8) + bytes((code, 1)) + signature.encode() + b"\0"
        if signature == "g":
            packed += bytes((len(value),)) + value.encode() + b"\0"
        elif signature == "u":
            packed = pad(packed, 4) + struct.pack("<I", value)
        else:
            packed = pad(packed, 4) + text(value)
    head = struct.pack("<cBBBIII", b"l", kind, 0, 1, len(body), serial, len(packed))
    return pad(head + packed, 8) + body


def receive(stream):
    """(kind, serial, fields, body); fields by their codes, those of strings and numbers only"""
    start = stream.read(16)
    if len(start) < 16:
        sys.exit(0)
    _, kind, _, _, length, serial, size = struct.unpack("<cBBBIII", start)
    packed = stream.read(size + -size % 8)[:size]
    body, fields, at = stream.read(length), {}, 0
    while at < size:
        at += -at % 8
        code, signature = packed[at], packed[at + 2:at + 3]
        at += 4
        if signature == b"g":
            at += packed[at] + 2
            continue
        at += -at % 4
        number = struct.unpack_from("<I", packed, at)[0]
        at += 4
        if signature == b"u":
            fields[code] = number
        else:
            fields[code] = packed[at:at + number].decode()
            at += number + 1
    return kind, serial, fields, body


def call_bus(member, signature="", body=b""):
    fields = [(PATH, "o", "/org/freedesktop/DBus"), (INTERFACE, "s", "org.freedesktop.DBus"),
              (MEMBER, "s", member), (DESTINATION, "s", "org.freedesktop.DBus")]
    return fields + ([(SIGNATURE, "g", signature)] if signature else []), body


bus = socket.socket(socket.AF_UNIX)
bus.connect(sys.argv[1].removeprefix("unix:path="))
stream = bus.makefile("rb")
bus.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
if not stream.readline().startswith(b"OK"):
    sys.exit("not authenticated")
bus.sendall(b"BEGIN\r\n")
for serial, (fields, body) in enumerate([call_bus("Hello"),
        call_bus("RequestName", "su", pad(text(sys.argv[2]), 4) + struct.pack("<I", 4))], 1):
    bus.sendall(message(CALL, serial, fields, body))
serial = 2
while True:
    kind, theirs, fields, body = receive(stream)
    if fields.get(REPLY_SERIAL) == 2 and (kind == ERROR or body != struct.pack("<I", 1)):
        sys.exit("the name is refused")
    if kind == CALL:
        serial += 1
        bus.sendall(message(RETURN, serial, [(REPLY_SERIAL, "u", theirs), (DESTINATION, "s", fields[SENDER])]))
