#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Many sysctr at once, on the same containers and on different ones.

storm.py PROCESSES ROUNDS SEED KILLS

Each round starts PROCESSES at once, each with a verb and a container that the seed chooses; KILLS is the share of them, in per
cent, that end at a random step of theirs (SYSCTR_FAULT). Then the store, the containers and the history are compared. Prints
one line of JSON.
"""
import collections
import json
import os
import random
import subprocess
import sys
import time

PROCESSES, ROUNDS, SEED, KILLS = map(int, sys.argv[1:5])
IMAGES = ["oci:/srv/tiny-1:latest", "oci:/srv/tiny-2:latest"]
CONTAINERS = [f"s{n}" for n in range(8)]
# Success, "there is no such container", "there is one already"; an update that had nothing to do is a success.
DOCUMENTED = {0, 3, 10}
LIMIT = 400


def command(chance):
    name = chance.choice(CONTAINERS)
    image = chance.choice(IMAGES)
    install = ["install", "--system-package=absent", "--name", name, *chance.choice([[], ["--now"]]), image]
    return chance.choices(
        [install, ["update", name, "--rebase", image], ["rollback", name], ["uninstall", *chance.choice([[], ["--purge"]]), name],
         ["images", "prune", *chance.choice([[], ["--all"]])], ["list", "--json"], ["pull", image]],
        weights=[30, 20, 8, 14, 10, 10, 8])[0]


def sysctr(*words):
    return subprocess.run(["sysctr", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT)


# Other tests use this host too, so only what the history has from here on is counted.
before = len(json.loads(sysctr("history", "--json").stdout))
faults, codes, waited, killed = [], collections.Counter(), 0, 0
succeeded = collections.Counter()
slowest = 0.0
started = time.time()
chance = random.Random(SEED)
for number in range(ROUNDS):
    running = []
    begun = time.time()
    for _ in range(PROCESSES):
        words = command(chance)
        doomed = chance.randrange(100) < KILLS
        environment = {**os.environ, **({"SYSCTR_FAULT": f"kill:{chance.randrange(1, 100)}"} if doomed else {})}
        # To files, for a full pipe would hold the process up.
        out = open(f"/tmp/storm-{len(running)}.out", "w+")
        running.append((words, doomed, out, subprocess.Popen(["sysctr", *words], stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment)))
    for words, doomed, out, process in running:
        try:
            code = process.wait(max(1, begun + LIMIT - time.time()))
        except subprocess.TimeoutExpired:
            faults.append(f"{' '.join(words)}: still running after {LIMIT} s")
            process.kill()
            continue
        out.seek(0)
        said = out.read()
        out.close()
        codes[code] += 1
        waited += "waiting for another sysctr" in said
        if code == -9 and doomed:
            killed += 1
        elif code not in DOCUMENTED:
            faults.append(f"{' '.join(words)}: exit status {code}: {said[-600:]}")
        elif code == 0 and words[0] in ("install", "uninstall"):
            succeeded[words[0]] += 1
        if words[0] == "list" and code == 0:
            try:
                json.loads(said[said.index("["):said.rindex("]") + 1])
            except ValueError:
                faults.append(f"list gave no JSON: {said[-300:]}")
    slowest = max(slowest, time.time() - begun)

recovered = sysctr("recover")
if recovered.returncode != 0:
    faults.append(f"recover: {recovered.stdout}{recovered.stderr}")
checked = sysctr("fsck", "--json")
report = json.loads(checked.stdout)
faults += [f"fsck: {json.dumps(f)}" for f in report["findings"] if f.get("kind") != "notEnabled"]

# The last word of the history on each container is what there is: nothing that was said to be done is lost.
history = json.loads(sysctr("history", "--json").stdout)
there = {c["name"]: c["deployment"] for c in json.loads(sysctr("list", "--json").stdout)}
said = {}
done = collections.Counter()
for number, entry in enumerate(history):
    # A prune takes deployments that are not in use.
    if entry["outcome"] == "done" and entry["operation"] != "prune" and "container" in entry:
        said[entry["container"]] = entry["to"]["deployment"] if entry.get("to") else None
        done[entry["operation"]] += number >= before
for name in CONTAINERS:
    if said.get(name) != there.get(name):
        faults.append(f"{name}: the history ends with {said.get(name)}, there is {there.get(name)}")
    state = subprocess.run(["systemctl", "show", "--value", "--property=LoadState", f"{name}.service"], capture_output=True, text=True).stdout.strip()
    if (state == "loaded") != (name in there):
        faults.append(f"{name}.service: {state}, and the container is {'there' if name in there else 'not there'}")
if not KILLS and any(done[o] != succeeded[o] for o in succeeded):
    faults.append(f"processes succeeded {dict(succeeded)}, the history has {dict(done)}")
left = [*os.listdir("/var/lib/sysctr/staging"), *os.listdir("/var/lib/sysctr/transactions"), *(n for n in os.listdir("/tmp") if n.startswith("sysctr-"))]
if left:
    faults.append(f"left: {left}")
print(json.dumps({"processes": PROCESSES * ROUNDS, "codes": {str(k): v for k, v in sorted(codes.items())}, "waited": waited, "killed": killed,
                  "slowest": round(slowest, 1), "seconds": round(time.time() - started, 1), "containers": len(there), "failures": faults}))
