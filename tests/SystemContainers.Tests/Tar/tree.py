# SPDX-License-Identifier: Apache-2.0
# Makes a tree of everything that a tar can hold, packs it, and says what a reader has to find.
# usage: tree.py DIRECTORY FORMAT    FORMAT: of GNU tar, or py-pax, py-gnu
# The archive is DIRECTORY/tar; expected entries go to stdout, a line each, as ReadTar.Describe writes them (Latin-1).
import hashlib, os, stat, subprocess, sys, tarfile

base, form = os.fsencode(sys.argv[1]), sys.argv[2]
root = os.path.join(base, b"tree")
plain = form in ("ustar", "v7")
nano = form.startswith("posix")
os.umask(0)
os.mkdir(root, 0o755)
os.chdir(root)


def make(name, content=b"", mode=0o644, uid=0, gid=0, ns=1_600_000_000_123_456_789):
    with open(name, "wb") as file:
        file.write(content)
    os.chown(name, uid, gid)
    os.chmod(name, mode)
    os.utime(name, ns=(ns, ns))


long = b"/".join([b"l" * 90] * 2)
os.makedirs(long)
os.mkdir(b"dir", 0o1777)
os.mkdir(b"empty", 0o2750)
make(b"dir/a", b"content\n")
make(b"dir/setuid", b"x" * 511, 0o6755, 7, 8)
make(b"dir/block", b"x" * 512, 0)
make(b"dir/more", bytes(range(256)) * 41)
make(b"caf\xe9 \xff\n=", b"bytes")
os.link(b"dir/more", b"more")
os.symlink(b"dir/../\xe9", b"link")
if form != "v7":
    os.mkfifo(b"fifo", 0o600)
    os.mknod(b"char", 0o640 | stat.S_IFCHR, os.makedev(5, 300))
    os.mknod(b"block", 0o640 | stat.S_IFBLK, os.makedev(259, 70000))
if form != "v7":
    make(long + b"/file", b"far")
if not plain:
    make(b"n" * 120, b"long name")
    os.symlink(b"t" * 3000, b"s" * 130)
    os.link(b"n" * 120, b"o" * 125)
    make(b"old", b"", ns=-1_500_000_000)
    make(b"big-owner", b"1", uid=4_000_000_000, gid=4_294_967_294)
    for name, pieces, size in [
        (b"one", [(0, 5)], 100_000),
        (b"some", [(4096, 700), (65536, 4096), (99_999, 1)], 100_000),
        (b"many", [(8192 * i, 100) for i in range(40)], 8192 * 41),
        (b"nothing", [], 50_000),
        (b"s" * 140, [(1024, 3)], 4096),
    ]:
        with open(b"dir/sparse-" + name, "wb") as file:
            for offset, length in pieces:
                file.seek(offset)
                file.write(b"d" * length)
            file.truncate(size)
if nano:
    os.setxattr(b"dir/a", b"user.plain", b"1")
    os.setxattr(b"dir/a", b"user.bytes", bytes(range(256)))
    os.setxattr(b"dir/setuid", b"security.capability", bytes.fromhex("0100000200040000000000000000000000000000"))
    os.setxattr(b"dir", b"user.dir", b"a\n12 b=c\n")

names = []
for here, directories, files in os.walk(b"."):
    names += [os.path.join(here, n)[2:] for n in directories + files]
names.sort()

archive = os.path.join(base, b"tar")
if form.startswith("py-"):
    def whole(entry):
        entry.mtime = int(entry.mtime // 1)
        return entry

    with tarfile.open(os.fsdecode(archive), "w", format={"py-pax": tarfile.PAX_FORMAT, "py-gnu": tarfile.GNU_FORMAT}[form],
                      encoding="utf-8", errors="surrogateescape") as tar:
        for name in names:
            tar.add(os.fsdecode(name), recursive=False, filter=whole)
else:
    kind, _, sparse = form.partition("-")
    options = ["--sparse", "--hole-detection=raw"] if not plain else []
    options += [f"--sparse-version={sparse}"] if sparse else []
    options += ["--xattrs", "--xattrs-include=*"] if nano else []
    subprocess.run(["tar", "-c", f"--format={kind}", "--no-recursion", "--null", "--verbatim-files-from", "-T", "-", "-f", archive] + options,
                   input=b"".join(n + b"\0" for n in names), check=True)

kinds = {stat.S_IFREG: b"Regular", stat.S_IFDIR: b"Directory", stat.S_IFLNK: b"Symlink", stat.S_IFCHR: b"CharacterDevice",
         stat.S_IFBLK: b"BlockDevice", stat.S_IFIFO: b"Fifo"}
first = {}
for name in names:
    s = os.lstat(name)
    kind, link, content, xattrs = kinds[stat.S_IFMT(s.st_mode)], b"", b"", []
    if kind == b"Symlink":
        link = os.readlink(name)
    elif kind == b"Regular" and s.st_nlink > 1 and s.st_ino in first:
        kind, link = b"HardLink", first[s.st_ino]
    elif kind == b"Regular":
        first[s.st_ino] = name
        content = open(name, "rb").read()
    if nano and kind != b"HardLink":
        xattrs = sorted((os.fsencode(x), os.getxattr(name, x, follow_symlinks=False)) for x in os.listxattr(name, follow_symlinks=False))
    seconds, fraction = divmod(s.st_mtime_ns, 10**9)
    device = kind.endswith(b"Device")
    fields = [kind, name, link, stat.S_IMODE(s.st_mode), s.st_uid, s.st_gid, len(content),
              "%d.%09d" % (seconds, fraction if nano else 0), os.major(s.st_rdev) if device else 0, os.minor(s.st_rdev) if device else 0,
              b",".join(n + b"=" + v for n, v in xattrs), hashlib.sha256(content).hexdigest().upper()]
    line = b"|".join(f if isinstance(f, bytes) else str(f).encode() for f in fields)
    sys.stdout.buffer.write(line + b"\0")
