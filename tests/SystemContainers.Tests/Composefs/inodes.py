#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# inodes.py IMAGE OBJECTS PLACE: mounts a composefs image and prints what is in it, a line an inode's name in JSON.
import ctypes, errno, hashlib, json, os, stat, subprocess, sys

image, objects, place = (os.fsencode(a) for a in sys.argv[1:])
metadata, shown = place + b"/metadata", place + b"/shown"
os.mkdir(metadata)
os.mkdir(shown)
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(image, metadata, b"erofs", 1, None) != 0:
    # Before Linux 6.12 a file is no device.
    if ctypes.get_errno() != errno.ENOTBLK:
        raise OSError(ctypes.get_errno(), "mount")
    subprocess.run(["mount", "-t", "erofs", "-o", "ro,loop", image, metadata], check=True)
subprocess.run(["mount", "-t", "overlay", "-o", b"ro,metacopy=on,redirect_dir=on,lowerdir=%s::%s" % (metadata, objects), "overlay", shown], check=True)


def say(path, shown_path):
    s = os.lstat(path)
    kind = stat.S_IFMT(s.st_mode)
    print(json.dumps({
        "path": shown_path.hex(), "mode": s.st_mode, "uid": s.st_uid, "gid": s.st_gid, "time": s.st_mtime_ns, "links": 0 if kind == stat.S_IFDIR else s.st_nlink,
        "inode": f"{s.st_dev}:{s.st_ino}", "device": s.st_rdev, "size": 0 if kind == stat.S_IFDIR else s.st_size,
        "target": os.readlink(path).hex() if kind == stat.S_IFLNK else "",
        "content": hashlib.sha256(open(path, "rb").read()).hexdigest() if kind == stat.S_IFREG else "",
        "xattrs": {os.fsencode(n).hex(): os.getxattr(path, n, follow_symlinks=False).hex() for n in sorted(os.listxattr(path, follow_symlinks=False))},
    }))


say(shown, b"")
for directory, directories, files in os.walk(shown):
    for name in directories + files:
        path = directory + b"/" + name
        say(path, path[len(shown):])
