# SPDX-License-Identifier: Apache-2.0
# Types lines into an interactive shell, presses the tabulator behind each, and prints what they have become: press_tab.py SHELL... < INPUT
# The first line of the input sets the shell up.
import os, pty, select, sys, time

setup, *lines = sys.stdin.read().strip().split("\n")
pid, terminal = pty.fork()
if pid == 0:
    os.environ["TERM"] = "dumb"
    os.execvp(sys.argv[1], sys.argv[1:])

seen = ""


def read_until(mark, seconds=300):
    """What comes before the mark."""
    global seen
    end = time.time() + seconds
    while mark not in seen:
        if not select.select([terminal], [], [], max(end - time.time(), 0))[0]:
            sys.exit(f"no {mark!r} in {seen!r}")
        try:
            seen += os.read(terminal, 65536).decode(errors="replace")
        except OSError:
            sys.exit(f"the shell ended: {seen!r}")
    before, seen = seen.split(mark, 1)
    return before


# The halves of a mark stand apart in what is typed, so that its echo is no mark.
os.write(terminal, (setup + "; echo SET''UP\n").encode())
read_until("SETUP")
for line in lines:
    # To the beginning of the line (emacs keys), where echo makes words of the rest.
    os.write(terminal, (line + "\t\x01echo RES''ULT: \n").encode())
    read_until("RESULT: ")
    print(read_until("\n").strip())
os.write(terminal, b"exit\n")
