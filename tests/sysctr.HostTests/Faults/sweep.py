#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks one operation of sysctr at every point there is, and looks at what the next call makes of it.

sweep.py WHERE CUT OPERATION

WHERE      offline: below a directory (--root); booted: on this host, whose service runs; user: the same with --user
CUT        kill, enospc, eio, denied: at the Nth step of sysctr's own fault points (SYSCTR_FAULT)
           int, term: the signal at the Nth step, as Ctrl-C and 'systemctl stop' send it; sysctr ends by itself
           again: SIGINT at the Nth step, and at the next, which is often the first of the roll-back
           strace: SIGKILL on entry to the Nth call of each kind, from outside
OPERATION  install, update, rollback, uninstall, prune; pull, load, tag, delete (of an image), pin, repair (of a damaged store),
           copy-oci, copy-dir (over an image that is there)
           mounted-install and its like: of a container that mounts the files of another image, which is what changes; offline

For each point: the starting state is restored, the operation run and broken there, 'sysctr recover' run, and then everything
on the host compared with the state before the operation and with that after a whole one. Prints one line of JSON.
$SWEEP_EVERY=N tries every Nth point, from the first on; and on a booted host every one around a call to systemd.
"""
import hashlib
import json
import os
import pwd
import re
import shutil
import stat
import subprocess
import sys
import time

WHERE, CUT, OPERATION = sys.argv[1:4]
WORK = f"/srv/sweep/{WHERE}-{CUT}-{OPERATION}"
MOUNTS = OPERATION.startswith("mounted-")
OPERATION = OPERATION.removeprefix("mounted-")
ROOT = WORK + "/root" if WHERE == "offline" else ""
USER = "sweeper" if WHERE == "user" else None
RUNS = WHERE != "offline"
HOME = f"/home/{USER}"
# The store without ROOT, and as an expression.
PLACE = f"{HOME}/.local/share/sysctr" if USER else "/var/lib/sysctr"
INSIDE = re.escape(PLACE)
IMAGE = f"{WORK}/image"
OTHER = f"{WORK}/other"
# What an operation may change on the host.
TREES = [HOME] if USER else ["/etc", "/usr/local", "/var/lib/tiny", PLACE]
# Where copies go.
TARGET = "/srv/target"
# Noise of a booted host.
NOISE = re.compile(r"/etc/(ld\.so\.cache|machine-id|resolv\.conf|\.updated|\.pwd\.lock)$")
CALLS = ("openat mkdir mkdirat rename renameat renameat2 link linkat symlink symlinkat unlink unlinkat rmdir write pwrite64 writev "
         "ftruncate fallocate mknodat fchown chown fchownat lchown fchmod chmod fchmodat fsetxattr setxattr lsetxattr utimensat fsync "
         "fdatasync syncfs sendmsg sendto mount copy_file_range").split()
COMMANDS = {
    # Its second version brings one program more.
    "install": ["install", "--grant", "program", "--name", "tiny", f"oci:{IMAGE}:latest"],
    "update": ["update", "tiny"],
    "rollback": ["rollback", "tiny"],
    "uninstall": ["uninstall", "--purge", "tiny"],
    "prune": ["images", "prune", "--all"],
    "pull": ["pull", f"oci:{OTHER}:latest"],
    "tag": ["images", "tag", "localhost/other", "localhost/again"],
    "delete": ["images", "delete", "localhost/other"],
    "pin": ["pin", "tiny"],
    "repair": ["fsck", "--repair"],
    "load": ["images", "load", "--input", f"{WORK}/other.tar"],
    "copy-oci": ["copy", f"oci:{OTHER}:latest", f"oci:{ROOT}{TARGET}/copy:latest"],
    "copy-dir": ["copy", f"oci:{OTHER}:latest", f"dir:{ROOT}{TARGET}/copy"],
}
SIGNALS = ("int", "term", "again")
# Cuts of containers that have no tree on disk; the others are of such as have one.
MOUNTED = ("strace", "enospc", "again")
# What changes images alone; the others change the host or a record.
OF_IMAGES = ("prune", "pull", "load", "tag", "delete")
# What goes on one step after the other, and is gone on with by the next call of the same.
STEPWISE = ("repair", "copy-oci", "copy-dir")
if OPERATION.startswith("copy-"):
    TREES.append(TARGET)
if MOUNTS:
    COMMANDS["install"] = ["install", "--name", "tiny", "--mount", f"type=image,source=oci:{OTHER}:latest,destination=/other", f"oci:{IMAGE}:latest"]
if USER:
    # Its files for the host lie outside of the home directory.
    COMMANDS["install"][1:1] = ["--system-package", "absent"]
# What the operation adds to or removes from the host's files and units only when it is whole; for prune it is the store.
COMMAND = COMMANDS[OPERATION]


def run(words, check=True):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.returncode}\n{done.stdout}")
    return done


def caller(words):
    """The words as the one whose containers these are."""
    if not USER:
        return words
    uid = pwd.getpwnam(USER).pw_uid
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", "--reset-env",
            "env", "--chdir", HOME, "LANG=C.UTF-8", f"XDG_RUNTIME_DIR=/run/user/{uid}", *words]


def wait_for_the_dead():
    """strace ends before all threads of what it killed are gone, and with them the locks; the next call would take them for alive."""
    def comm(process):
        try:
            with open(f"/proc/{process}/comm") as file:
                return file.read().strip()
        except OSError:
            return ""
    for _ in range(200):
        if not any(comm(p) == "sysctr" for p in os.listdir("/proc") if p.isdigit()):
            return
        time.sleep(0.05)


def sysctr(words, prefix=()):
    return caller([*prefix, "sysctr", *(["--root", ROOT] if ROOT else []), *(["--user"] if USER else []), *words])


def systemctl(words):
    return caller(["systemctl", *(["--user"] if USER else []), *words])


def make_user():
    if run(["id", USER], check=False).returncode != 0:
        run(["useradd", "--create-home", USER])
        run(["loginctl", "enable-linger", USER])
        while run(systemctl(["is-active", "basic.target"]), check=False).returncode != 0:
            time.sleep(0.1)
    # An install makes these, and they may stay.
    run(caller(["mkdir", "-p", f"{HOME}/.local/share", f"{HOME}/.config"]))


def layout(version, place):
    run(["rm", "-rf", place])
    run(["cp", "-a", "/srv/plain" if version == "plain" else f"/srv/tiny-{version}", place])
    run(["chmod", "-R", "a+rX", place])


def become(version):
    """The next version of what the container is made of."""
    layout(version, OTHER if MOUNTS else IMAGE)


# --- states: copies of all that an operation may change

def save(place):
    run(["rm", "-rf", place])
    os.makedirs(place)
    for tree in TREES:
        if os.path.lexists(ROOT + tree):
            os.makedirs(os.path.dirname(place + tree), exist_ok=True)
            run(["cp", "-a", ROOT + tree, place + tree])


def restore(place, running):
    if USER:
        trees = [f"{HOME}/.local", f"{HOME}/.config"]
    elif RUNS:
        trees = ["/etc/systemd/system", "/etc/tmpfiles.d", "/etc/tiny", "/usr/local/bin", "/var/lib/tiny", "/var/lib/sysctr"]
    else:
        trees = TREES
    if RUNS:
        run(systemctl(["stop", "tiny.service"]), check=False)
    run(["rm", "-rf", *(ROOT + t for t in trees)])
    for tree in trees:
        if os.path.lexists(place + tree):
            run(["cp", "-a", place + tree, ROOT + tree])
    if RUNS:
        run(systemctl(["daemon-reload"]))
        run(systemctl(["reset-failed"]))
        if running:
            run(systemctl(["start", "tiny.service"]))


# --- looking

def look():
    """(host, refs, store, dirt): dictionaries path -> what is there; dirt are things that must never stay."""
    host, refs, store, dirt = {}, {}, {}, []
    for tree in TREES:
        for path in walk(ROOT + tree):
            name = path[len(ROOT):]
            info = os.lstat(path)
            if NOISE.search(name) or name.startswith(PLACE + "/locks"):
                continue
            # Empty it means nothing, and systemctl may be what is killed.
            if re.search(r"\.(wants|requires)$", name) and not os.listdir(path):
                continue
            if ".sysctr-" in os.path.basename(path) or re.match(INSIDE + "/(staging|transactions)/", name):
                dirt.append(name)
            elif name.startswith(PLACE + "/images/"):
                refs[name] = json_of(path, ["pulledAt"])
            elif name.startswith(PLACE + "/failed/"):
                # What a start wrote that failed; it outlives the rollback.
                continue
            elif re.match(INSIDE + "/(objects|layers|blobs)/", name):
                if not stat.S_ISDIR(info.st_mode):
                    store[name] = describe(path, info)
            elif name == PLACE + "/state-directories.json":
                claims = json_of(path, [])
                if claims != "{}":
                    host[name] = claims
            elif os.path.basename(path) in ("info.json", "info.copy.json") and "/deployments/" in name:
                host[name] = json_of(path, ["installedAt", "UUID"])
            elif not re.fullmatch(INSIDE + r"(/[a-z-]*(\.jsonl?)?)?", name):
                host[name] = describe(path, info)
    dirt += ["/tmp/" + n for n in os.listdir("/tmp") if n.startswith("sysctr-") and f"-{os.getpid()}-" not in n and RUNS]
    if RUNS:
        shown = run(systemctl(["show", "tiny.service", "--property=LoadState,ActiveState,UnitFileState,FragmentPath,Result,NeedDaemonReload"]))
        host["systemd"] = shown.stdout
        host["runc"] = run(caller(["runc", "list", "--quiet"])).stdout
    return host, refs, store, dirt


def walk(path):
    if not os.path.lexists(path):
        return
    yield path
    if os.path.isdir(path) and not os.path.islink(path):
        for name in sorted(os.listdir(path)):
            yield from walk(f"{path}/{name}")


def json_of(path, without):
    with open(path) as file:
        document = json.load(file)
    for key in without:
        document.pop(key, None)
        document.get("values", {}).pop(key, None)
    return json.dumps(document, sort_keys=True)


def describe(path, info):
    what = [stat.filemode(info.st_mode), info.st_uid, info.st_gid]
    if stat.S_ISLNK(info.st_mode):
        what.append(os.readlink(path))
    elif stat.S_ISREG(info.st_mode):
        with open(path, "rb") as file:
            what.append(hashlib.sha256(file.read()).hexdigest())
    return str(what)


def difference(one, other):
    return [f"{k}: {one.get(k)} / {other.get(k)}" for k in sorted({*one, *other}) if one.get(k) != other.get(k)][:6]


def judge_words(old, new, now, said, status):
    """What is wrong with what a call said that ended by itself, from what it left before anybody recovered."""
    faults = []
    # With a dot in front it was never durable, and means nothing.
    intents = [d for d in now[3] if "/transactions/" in d and not os.path.basename(d).startswith(".")]
    whole = OPERATION in OF_IMAGES or now[0] in (old[0], new[0]) or OPERATION in STEPWISE and is_between(old[0], new[0], now[0])
    if "nothing was changed" in said and (intents or now[0] != old[0] or now[1] != old[1] or now[2] != old[2]):
        faults.append(f"it said that nothing was changed: {intents} {difference(old[0], now[0])} {difference(old[2], now[2])}")
    if re.search("as before|no container was changed|was not changed", said) and now[0] != old[0]:
        faults.append(f"it said that all is as before: {intents} {difference(old[0], now[0])}")
    if "is left interrupted" in said and not intents:
        faults.append("it said that it left something interrupted")
    if intents and "is left interrupted" not in said and status != 0:
        faults.append(f"it did not say what it left interrupted: {intents}")
    # Whoever is interrupted again may leave beside its place what no intent knows yet.
    if not intents and not whole and CUT != "again":
        faults.append(f"neither, and no intent: from old {difference(old[0], now[0])}; from new {difference(new[0], now[0])}")
    if OPERATION in ("install", "update", "rollback", "uninstall") and status != 0 and not intents and now[0] == new[0] and "is done" not in said:
        faults.append("it did not say that it was done")
    if CUT in SIGNALS:
        if intents and CUT != "again":
            faults.append(f"a signal left work to recovery: {intents}")
        if status not in (0, 143 if CUT == "term" else 130):
            faults.append(f"exit status {status}")
        if status != 0 and not re.search("interrupted( again)?; ", said):
            faults.append("it did not say what holds")
    return faults


# States that fsck has found clean: what is the same to the last byte, mode, time and attribute it need not read again.
CLEAN = set()


def state_of(now):
    """A digest of all that fsck looks at."""
    digest = hashlib.sha256(json.dumps(now[:3], sort_keys=True).encode())
    for path in walk(ROOT + PLACE):
        name = path[len(ROOT + PLACE):]
        if re.match("/(objects|layers|deployments)/", name):
            info = os.lstat(path)
            times = info.st_mtime_ns if "/rootfs" in name or "/image-" in name or name.startswith("/objects/") and stat.S_ISREG(info.st_mode) else 0
            xattrs = [(x, os.getxattr(path, x, follow_symlinks=False)) for x in sorted(os.listxattr(path, follow_symlinks=False))]
            digest.update(repr((name, info.st_mode, info.st_nlink, times, xattrs)).encode())
    return digest.hexdigest()


def is_between(old, new, now):
    """Whether each path is as it was or as it shall be: a repair mends one thing after the other, and what it was writing has a name of its own."""
    return all(now.get(k) in (old.get(k), new.get(k)) for k in {*old, *new, *now} if ".sysctr-" not in k)


def judge(old, new, now):
    """'old' or 'new', or what is wrong."""
    faults = [f"left: {d}" for d in now[3]]
    if OPERATION in STEPWISE and (now[:3] != new[:3] or faults):
        # What was mended is whole, what was not is as it was, and the next repair does the rest; it alone removes what it had begun to write.
        faults = [difference(o, n) for o, n, w in zip(old, now, new) if not isinstance(o, list) and not is_between(o, w, n)]
        bare = lambda state: {k: v for k, v in state[0].items() if ".sysctr-" not in k}
        if OPERATION == "copy-dir" and bare(now) not in (bare(old), bare(new)):
            faults.append(f"neither: from old {difference(bare(old), bare(now))}; from new {difference(bare(new), bare(now))}")
        mended = run(sysctr(COMMAND), check=False)
        if mended.returncode != 0 or look() != new:
            faults.append(f"the next call: {mended.returncode} {mended.stdout}")
        whole = all({k: v for k, v in n.items() if ".sysctr-" not in k} == w for n, w in zip(now[:3], new[:3]))
        return "new" if whole else "old", faults
    if (key := state_of(now)) not in CLEAN:
        checked = run(sysctr(["fsck", "--json"]), check=False)
        found = json.loads(checked.stdout)["findings"] if checked.stdout.startswith("{") else [{"said": checked.stdout}]
        faults += [f"fsck: {json.dumps(f)}" for f in found]
        if not found:
            CLEAN.add(key)
    # Each of two images is a pull of its own.
    if now[1] not in (old[1], new[1]) and not (MOUNTS and is_between(old[1], new[1], now[1])):
        faults.append(f"refs: {difference(old[1], now[1])}")
    # A pull is a transaction of its own, before that of the container; whole layers that it fetched stay.
    if now[1] == new[1] and old[1] != new[1] and now[2] != new[2] and OPERATION != "delete":
        faults.append(f"store of the new refs: {difference(new[2], now[2])}")
    blobs = lambda s: {k for k in s if "/blobs/" in k}
    if now[1] == old[1] and blobs(now[2]) not in (blobs(old[2]), blobs(new[2])):
        faults.append(f"blobs: {sorted(blobs(now[2]) - blobs(old[2]))}")
    if not {k for k in now[2] if "/blobs/" not in k} <= {*old[2], *new[2]}:
        faults.append(f"objects: {sorted({*now[2]} - {*old[2], *new[2]})[:5]}")
    if OPERATION == "prune":
        outcome = "new" if now[1:3] == new[1:3] else "old" if now[1:3] == old[1:3] else None
    elif OPERATION in OF_IMAGES:
        outcome = "new" if now[1] == new[1] else "old" if now[1] == old[1] else None
    else:
        outcome = "new" if now[0] == new[0] else "old" if now[0] == old[0] else None
    if outcome is None or (OPERATION in OF_IMAGES and now[0] != old[0]):
        faults.append(f"neither: from old {difference(old[0], now[0])}; from new {difference(new[0], now[0])}; store {difference(old[2], now[2])}")
    return outcome, faults


# --- the operation's starting state

def prepare():
    layout("plain" if MOUNTS else 1, IMAGE)
    layout(1 if MOUNTS else 2, OTHER)
    if WHERE == "offline":
        run(["rm", "-rf", ROOT])
        for directory in ("etc/systemd/system", "etc/tmpfiles.d", "usr/bin", "usr/local/bin", "var/lib"):
            os.makedirs(f"{ROOT}/{directory}")
        shutil.copy2("/usr/bin/sysctr", f"{ROOT}/usr/bin/sysctr")
        with open(f"{ROOT}/usr/bin/runc", "w") as file:
            file.write("#!/bin/sh\n")
        os.chmod(f"{ROOT}/usr/bin/runc", 0o755)
        # What is damaged for a repair is found by its links into the store.
        if CUT in MOUNTED and OPERATION != "repair":
            os.makedirs(f"{ROOT}/etc/sysctr")
            with open(f"{ROOT}/etc/sysctr/sysctr.toml", "w") as file:
                file.write('checkout = "composefs"\n')
    else:
        # What the sweep before this one has left.
        run(sysctr(["uninstall", "--purge", "tiny"]), check=False)
        run(["rm", "-rf", PLACE])
    if OPERATION == "install":
        return
    run(sysctr(COMMANDS["install"]))
    if RUNS:
        run(systemctl(["start", "tiny.service"]))
    if OPERATION in ("rollback", "uninstall"):
        become(2)
        run(sysctr(COMMANDS["update"]))
    if OPERATION == "update":
        become(2)
    if OPERATION == "prune":
        run(sysctr(["pull", f"oci:{OTHER}:latest"]))
    if OPERATION in ("tag", "delete"):
        run(sysctr(["pull", "--name", "localhost/other", f"oci:{OTHER}:latest"]))
    if OPERATION == "load":
        run(sysctr(["copy", f"oci:{OTHER}:latest", f"oci-archive:{WORK}/other.tar:localhost/other:latest"]))
    if OPERATION.startswith("copy-"):
        run(["rm", "-rf", ROOT + TARGET])
        os.makedirs(ROOT + TARGET)
        run(sysctr(["copy", f"oci:{IMAGE}:latest", COMMAND[2]]))
    if OPERATION == "repair":
        damage()


def damage():
    """One of each kind: content, a missing file, the bundle's configuration, a unit."""
    deployment = f"{ROOT}{PLACE}/deployments/tiny/0"
    content = sorted(p for p in walk(deployment + "/rootfs") if os.path.isfile(p) and not os.path.islink(p))
    with open(content[0], "ab") as file:
        file.write(b"damage")
    os.unlink(content[-1])
    os.unlink(deployment + "/config.json")
    os.unlink(f"{ROOT}/etc/systemd/system/tiny.service")


# --- points

def points_of_hook():
    trace = f"{WORK}/trace"
    run(sysctr(COMMAND, ["env", f"SYSCTR_FAULT=trace:{trace}"]))
    with open(trace) as file:
        lines = [line.split(" ", 1) for line in file.read().splitlines()]
    return [(["env", f"SYSCTR_FAULT={CUT}:{n}"], f"{CUT} {n} {call}") for n, call in lines]


def points_of_strace():
    """Counters of --inject are per thread and kind of call: every (kind, N) that a thread of a whole run reaches."""
    log = f"{WORK}/strace"
    run(["strace", "-f", "-qq", "-o", log, "-e", f"trace={','.join(CALLS)}", *sysctr(COMMAND)])
    counts, wanted = {}, set()
    with open(log) as file:
        for line in file:
            match = re.match(r"(\d+) +(\w+)\((.*)", line)
            if not match:
                continue
            thread, call, rest = match.groups()
            counts[thread, call] = counts.get((thread, call), 0) + 1
            # Opening to read changes nothing; neither does talking on a terminal or pipe, but what is written next to it may be a file.
            if call != "openat" or re.search(r"O_CREAT|O_WRONLY|O_RDWR|O_TMPFILE", rest):
                wanted.add((call, counts[thread, call]))
    return [(["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", f"--inject={call}:signal=KILL:when={n}"], f"{call} {n}")
            for call, n in sorted(wanted)]


def chosen(points, every):
    """Every Nth; and on a booted host those at which systemd is asked, with the one before and the one after: what lies between is as offline."""
    asks = [RUNS and CUT != "strace" and re.search(" [A-Z]\\w+$", point) is not None for _, point in points]
    return [p for i, p in enumerate(points) if i % every == 0 or any(asks[max(0, i - 1):i + 2])]


started = time.time()
run(["rm", "-rf", WORK])
os.makedirs(WORK)
if USER:
    make_user()
    os.chown(WORK, pwd.getpwnam(USER).pw_uid, -1)
prepare()
start = WORK + "/start"
save(start)
old = look()
running = RUNS and OPERATION != "install"
points = points_of_strace() if CUT == "strace" else points_of_hook()
new = look()
assert old[:3] != new[:3] and not old[3] and not new[3], (old[3], new[3], difference(old[0], new[0]))
outcomes = {"old": 0, "new": 0}
failures, missed, lies = [], 0, 0
points = chosen(points, int(os.environ.get("SWEEP_EVERY", "1")))
now = new
for prefix, point in points:
    if now != old:
        restore(start, running)
    broken, recovered = run(sysctr(COMMAND, prefix), check=False), None
    if CUT in ("kill", "strace"):
        wait_for_the_dead()
    now = look()
    words = judge_words(old, new, now, broken.stdout, broken.returncode) if CUT not in ("kill", "strace") else []
    # What has ended by itself, and left neither intents nor half-made files, leaves nothing to the next call.
    if CUT in ("kill", "strace", "again") or now[3]:
        recovered = run(sysctr(["recover"]), check=False)
        now = look()
    if broken.returncode == 0:
        missed += 1
    outcome, faults = judge(old, new, now)
    faults += words
    if recovered and recovered.returncode != 0:
        faults.append(f"recover: {recovered.returncode} {recovered.stdout}")
    if broken.returncode == 0 and outcome != "new":
        faults.append("it said that it had succeeded")
    # What was begun of an uninstall or prune is finished; of anything else a failure means that nothing has changed.
    if broken.returncode > 0 and CUT in ("enospc", "eio", "denied") and outcome == "new" and OPERATION in ("install", "update", "rollback"):
        faults.append("it said that it had failed")
    # What is done step by step, or left to recovery, may be whole in the end although it was interrupted.
    if CUT in ("int", "term") and (broken.returncode == 0) != (outcome == "new") and OPERATION not in (*OF_IMAGES, *STEPWISE):
        faults.append(f"exit status {broken.returncode} after which the state is {outcome}")
    # A repair goes on with what it can mend, and says by its status that the store is not clean.
    if CUT in ("enospc", "eio") and broken.returncode not in (0, 11, 14, *([7] if OPERATION == "repair" else [])):
        faults.append(f"exit status {broken.returncode}")
    if faults:
        failures.append({"point": point, "outcome": outcome, "faults": faults, "said": broken.stdout[-500:], "recovered": recovered.stdout[-500:] if recovered else ""})
    else:
        outcomes[outcome] += 1
print(json.dumps({"where": WHERE, "cut": CUT, "operation": OPERATION, "points": len(points), **outcomes, "missed": missed,
                  "seconds": round(time.time() - started, 1), "failures": failures}))
