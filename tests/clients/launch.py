#!/usr/bin/python3
"""Starts a bwrap as desktop programs do: with descriptors made on the spot.

    launch.py [-0] [-e] [-p] [-m MIB] [-a NAME] PROGRAM WORD... [:: WORD...]

Words before "::" go into a memfd, each ended by NUL, given as "--args FD"; -0 leaves out the last NUL;
-p uses a pipe instead. -e empties the environment, -m limits the address space, -a is argument 0.
In a word {data:TEXT} is the descriptor of a memfd with TEXT, {file:PATH} of a regular file, new and
open for writing, {path:PATH} of O_PATH, {filter} of a seccomp program that refuses uname(2), {pipe} of
the reading end of a pipe that we keep open.
"""
import getopt, os, re, resource, struct, sys

UNAME = {"x86_64": 63, "aarch64": 160}[os.uname().machine]
FILTER = b"".join(struct.pack("=HBBI", *c) for c in (
    (0x20, 0, 0, 0), (0x15, 0, 1, UNAME), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7fff0000)))


def memory(name, data):
    fd = os.memfd_create(name, 0)
    os.write(fd, data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def descriptor(match):
    kind, _, text = match.group(1).partition(":")
    if kind == "data":
        fd = memory("data", text.encode())
    elif kind == "filter":
        fd = memory("filter", FILTER)
    elif kind == "file":
        fd = os.open(text, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    elif kind == "path":
        fd = os.open(text, os.O_PATH)
    elif kind == "pipe":
        fd = os.pipe()[0]
    os.set_inheritable(fd, True)
    return str(fd)


options, words = getopt.getopt(sys.argv[1:], "0epm:a:")
options = dict(options)
program, words = words[0], [re.sub(r"\{((?:data|file|path):[^}]*|filter|pipe)\}", descriptor, w) for w in words[1:]]
if "::" in words:
    at = words.index("::")
    data = b"".join(w.encode() + b"\0" for w in words[:at])
    data = data[:-1] if "-0" in options else data
    if "-p" in options:
        fd, end = os.pipe()
        os.set_inheritable(fd, True)
        if os.fork() == 0:
            os.close(fd)
            while data:
                data = data[os.write(end, data):]
            os._exit(0)
        os.close(end)
    else:
        fd = memory("args", data)
    words = ["--args", str(fd)] + words[at + 1:]
if "-m" in options:
    limit = int(options["-m"]) << 20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
os.execve(program, [options.get("-a", program)] + words, {} if "-e" in options else os.environ)
