#!/usr/bin/python3
"""Says what a directory holds, one entry a line, or what differs between two, in another way than
zbox does it.

    tree.py state DIR      everything: type, mode, owner, times, links, bytes, attributes
    tree.py shape DIR      without times
    tree.py changes A B    "added PATH", "changed PATH", "removed PATH", sorted: A was, B is
    tree.py listed JSON    the same from zbox --changes DIR --json on standard input; JSON: its root
"""
import hashlib
import json
import os
import stat
import sys


def entries(top):
    seen = {}
    for directory, names, files in os.walk(os.fsencode(top), followlinks=False):
        for name in [b""] + names + files if directory == os.fsencode(top) else names + files:
            path = os.path.join(directory, name)
            st = os.lstat(path)
            relative = os.path.relpath(path, os.fsencode(top))
            first = seen.setdefault((st.st_dev, st.st_ino), relative)
            yield relative, path, st, first


def contents(path, st):
    if stat.S_ISLNK(st.st_mode):
        return repr(os.readlink(path))
    if not stat.S_ISREG(st.st_mode):
        return ""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def attributes(path, st):
    if stat.S_ISLNK(st.st_mode):
        return ""
    return repr([(n, os.getxattr(path, n)) for n in sorted(os.listxattr(path))])


def line(path, st, first, times):
    parts = [oct(st.st_mode), st.st_uid, st.st_gid, contents(path, st), attributes(path, st), first]
    if not stat.S_ISDIR(st.st_mode):
        parts.append(st.st_size)
    if times:
        parts.append(st.st_mtime_ns)
    return " ".join(str(part) for part in parts)


def show(top, times):
    for relative, path, st, first in sorted(entries(top), key=lambda entry: entry[0]):
        print(repr(relative), line(path, st, first, times))


def table(top):
    result = {}
    for relative, path, st, _ in entries(top):
        times = "" if stat.S_ISDIR(st.st_mode) else st.st_mtime_ns
        result[relative] = (stat.S_IFMT(st.st_mode), (oct(st.st_mode), contents(path, st), times))
    return result


def changes(before, after):
    a, b = table(before), table(after)
    for path in sorted(a.keys() | b.keys()):
        if path in a and (path not in b or a[path][0] != b[path][0]):
            print("removed", repr(path))
        if path in b and (path not in a or a[path][0] != b[path][0]):
            print("added", repr(path))
        if path in a and path in b and a[path][0] == b[path][0] and a[path] != b[path]:
            print("changed", repr(path))


def listed(root):
    lines = []
    for change in json.load(sys.stdin)["changes"]:
        path = os.fsencode(os.path.relpath(change["path"], root))
        lines.append((path, change["change"] == "added", f'{change["change"]} {path!r}'))
    print("\n".join(text for _, _, text in sorted(lines)))


if sys.argv[1] == "changes":
    changes(sys.argv[2], sys.argv[3])
elif sys.argv[1] == "listed":
    listed(sys.argv[2])
else:
    show(sys.argv[2], sys.argv[1] == "state")
