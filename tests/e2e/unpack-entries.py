def add(path, type=tarfile.DIRTYPE, mode=0o755, data=b"", **more):
    i = tarfile.TarInfo(path)
    i.type, i.mode, i.size, i.mtime = type, mode, len(data), 1000000000
    for key, value in more.items(): setattr(i, key, value)
    t.addfile(i, io.BytesIO(data))
def file(path, data=b"x\n", mode=0o644, **more): add(path, tarfile.REGTYPE, mode, data, **more)
def link(path, to, **more): add(path, tarfile.SYMTYPE, 0o777, linkname=to, **more)
def hard(path, to, **more): add(path, tarfile.LNKTYPE, 0o644, linkname=to, **more)
