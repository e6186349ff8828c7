#!/usr/bin/env python3
"""Runs zbox-scope against a manager that is not systemd, and prints the one message that it sends.

  scope-driver.py ZBOX-SCOPE KIND...

KIND is what answers at each address, in order:
  missing    nothing is there
  refuses    a socket that nobody listens at
  silent     takes the connection, says nothing
  known      knows who is there, and then is silent; on a bus: answers no Hello
  chatty     as mute, and tells of other jobs all the time
  unmoved    its job ends well, then it is silent
  mute       speaks the protocol, does not answer the call
  garbage    says something else
  error      answers the call with an error
  failed     its job fails
  stuck      takes the call, its job does not end
  stays      its job ends well, but nobody is moved into the scope
  good       its job ends well
A leading "bus-" makes it a message bus instead of a manager. The second line is what was asked for,
where somebody listened, the third the milliseconds that it took.

  scope-driver.py KIND PATH

is that manager, at this path, for everybody, until it is killed.
"""
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

SYSTEMD = 'org.freedesktop.systemd1'
heard = []


def pad(data, size):
    return data + b'\0' * (-len(data) % size)


def text(value):
    raw = value.encode()
    return struct.pack('<I', len(raw)) + raw + b'\0'


def message(kind, serial, fields, signature='', body=b''):
    """A message; fields: (code, type, value), values of type s, o, g and u."""
    if signature:
        fields = fields + [(8, 'g', signature)]
    array = b''
    for code, form, value in fields:
        array = pad(array, 8) + bytes([code, 1]) + form.encode() + b'\0'
        if form == 'g':
            array += bytes([len(value)]) + value.encode() + b'\0'
        elif form == 'u':
            array = pad(array, 4) + struct.pack('<I', value)
        else:
            array = pad(array, 4) + text(value)
    head = struct.pack('<cBBBII', b'l', kind, 0, 1, len(body), serial) + struct.pack('<I', len(array)) + array
    return pad(head, 8) + body


class Reader:
    def __init__(self, connection):
        self.connection, self.data = connection, b''

    def take(self, size):
        while len(self.data) < size:
            more = self.connection.recv(65536)
            if not more:
                raise EOFError
            self.data += more
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def line(self):
        while b'\r\n' not in self.data:
            self.data += self.connection.recv(65536) or b'\r\n'
        line, self.data = self.data.split(b'\r\n', 1)
        return line

    def message(self):
        head = self.take(16)
        _, _, _, _, body, serial, fields = struct.unpack('<cBBBIII', head)
        rest = self.take(-(-fields // 8) * 8 + body)
        return serial, rest


def authenticate(connection, reader):
    assert reader.take(1) == b'\0'
    while True:
        word, *rest = reader.line().split(b' ')
        if word == b'AUTH' and len(rest) < 2:
            connection.sendall(b'DATA\r\n')
        elif word in (b'AUTH', b'DATA'):
            connection.sendall(b'OK ' + b'0' * 32 + b'\r\n')
        elif word == b'NEGOTIATE_UNIX_FD':
            connection.sendall(b'AGREE_UNIX_FD\r\n')
        elif word == b'BEGIN':
            return


def job_removed(number, sender, unit, result):
    body = struct.pack('<I', 7) + text('/org/freedesktop/systemd1/job/7')
    body = pad(body, 4) + text(unit)
    body = pad(body, 4) + text(result)
    return message(4, number, sender + [
        (1, 'o', '/org/freedesktop/systemd1'), (2, 's', SYSTEMD + '.Manager'), (3, 's', 'JobRemoved'),
    ], 'uoss', body)


def chatter(connection, sender):
    """Of other jobs, more often than anybody waits."""
    try:
        while True:
            connection.sendall(job_removed(99, sender, 'other.scope', 'done'))
            time.sleep(0.1)
    except OSError:
        pass


def answer(connection, kind, bus):
    reader = Reader(connection)
    number = 1
    sender = [(7, 's', SYSTEMD)] if bus else []
    authenticate(connection, reader)
    if kind == 'known':
        while connection.recv(1000):
            pass
    while True:
        serial, rest = reader.message()
        number += 1
        reply = [(5, 'u', serial)]
        if b'Hello\0' in rest:
            connection.sendall(message(2, number, reply + [(7, 's', 'org.freedesktop.DBus')], 's', text(':1.1')))
        elif b'AddMatch\0' in rest:
            connection.sendall(message(2, number, reply + [(7, 's', 'org.freedesktop.DBus')]))
        elif b'StartTransientUnit\0' in rest:
            words = [word for word in (b'Delegate', b'CollectMode', b'PIDs') if word in rest]
            heard.append(b' '.join(words).decode())
            if kind == 'chatty':
                threading.Thread(target=chatter, args=(connection, sender), daemon=True).start()
            if kind in ('mute', 'chatty'):
                continue
            if kind == 'error':
                connection.sendall(message(3, number, reply + sender + [(4, 's', SYSTEMD + '.UnitExists')],
                                           's', text('there is one')))
                continue
            connection.sendall(message(2, number, reply + sender, 'o', text('/org/freedesktop/systemd1/job/7')))
            if kind == 'stuck':
                continue
            start = rest.index(b'zbox-')
            unit = rest[start:rest.index(b'\0', start)].decode()
            for name, result in (('other.scope', 'failed'), (unit, 'failed' if kind == 'failed' else 'done')):
                connection.sendall(job_removed(number + 1, sender, name, result))
        elif b'AttachProcessesToUnit\0' in rest:
            heard[-1] += ' moved' * (rest[-4:] == struct.pack('<I', os.getpid()) and b'zbox-test.scope\0' in rest)
            if kind == 'unmoved':
                continue
            if kind == 'stays':
                connection.sendall(message(3, number, reply + sender + [(4, 's', SYSTEMD + '.NoSuchProcess')],
                                           's', text('it has gone')))
                continue
            connection.sendall(message(2, number, reply + sender))


def serve(connection, kind, bus):
    if kind == 'garbage':
        connection.sendall(b'220 mail.example.org ESMTP\r\n' * 10)
    try:
        if kind in ('silent', 'garbage'):
            while connection.recv(1000):
                pass
        else:
            answer(connection, kind, bus)
    except (EOFError, ConnectionError):
        pass


def listen(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(5)
    return listener


def serve_one(listener, kind, bus):
    serve(listener.accept()[0], kind, bus)


def serve_all(kind, path):
    listener = listen(path)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, kind.removeprefix('bus-'), kind.startswith('bus-')),
                         daemon=True).start()


def main():
    program, kinds = sys.argv[1], sys.argv[2:]
    words, keep = ['unit=zbox-test.scope', 'pid=%d' % os.getpid()], []
    with tempfile.TemporaryDirectory() as directory:
        for number, kind in enumerate(kinds):
            bus = kind.startswith('bus-')
            kind = kind.removeprefix('bus-')
            path = '%s/%d' % (directory, number)
            words.append('%s=unix:path=%s' % ('bus' if bus else 'manager', path))
            if kind == 'missing':
                continue
            if kind == 'refuses':
                keep.append(socket.socket(socket.AF_UNIX))
                keep[-1].bind(path)
                continue
            keep.append(listen(path))
            threading.Thread(target=serve_one, args=(keep[-1], kind, bus), daemon=True).start()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        start = time.monotonic()
        child = subprocess.Popen([program] + words, pass_fds=[theirs.fileno(), 3], close_fds=True,
                                 preexec_fn=lambda: os.dup2(theirs.fileno(), 3))
        theirs.close()
        ours.settimeout(20)
        said = ours.recv(1000).decode()
        print(said.replace(directory, 'DIR'))
        print(' '.join(heard))
        print(round((time.monotonic() - start) * 1000))
        child.wait()


if len(sys.argv) == 3 and '/' in sys.argv[2]:
    serve_all(*sys.argv[1:])
main()
