#!/usr/bin/env -S python3 -I -S
"""Does with the files of a campaign's stages what LAMMPS would, for two ions that walk at random and drift as free ones do."""

import math
import os
import random
import re
import signal
import sys
import time

# What a restart file ends with.
MAGIC = " LammpS RestartT\0"
here = os.path.dirname(os.path.abspath(sys.argv[0]))
if sys.argv[1] == "-h":
    print("Large-scale Atomic/Molecular Massively Parallel Simulator - 22 Jul 2025")
    sys.exit()
if "-log" not in sys.argv:
    sys.exit("no log")
var = {sys.argv[i + 1]: sys.argv[i + 2] for i, word in enumerate(sys.argv) if word == "-var"}
stage = open(var["stage_file"]).read()
log = open("log.lammps", "w")
while os.path.exists(os.path.join(here, "slow")):
    open(os.path.join(here, "beat"), "a").write("x")
    time.sleep(0.05)
if os.path.exists(os.path.join(here, "killer")) and "pair-005" in os.getcwd():
    os.remove(os.path.join(here, "killer"))
    os.kill(os.getppid(), signal.SIGKILL)
seed = int(var["seed"])
if os.path.exists(os.path.join(here, "unrepeatable")):
    seed = os.getpid()
noise = random.Random(seed)
if var["stage"] == "equilibrate":
    open("last.restart", "w").write("0 0 0 0 5 5 5" + MAGIC)
    sys.exit()
if os.path.exists(os.path.join(here, "fail-b" + var["b"])):
    log.write("ERROR: Lost atoms: original 2 current 1\nLast input line: run 1\n")
    sys.exit(1)
words = open(var["restart"]).read().split()
first = int(words[0])
run = int(re.search(r"^run (\d+)", stage, re.M)[1])

if var["stage"] == "respond":
    field = next(float(e) for e in re.search(r"efield (.*)", stage)[1].split() if e != "0")
    every = int(re.search(r"ave/time (\d+)", stage)[1])
    walk = 0.0
    own = random.Random(seed * 7 + int(field * 1000))
    with open("drift.dat", "w") as out:
        out.write("# a\n# b\n")
        for step in range(0, run + 1, every):
            t = 0.01 * step
            out.write(f"{first + step} {walk + 2 * field * (t - 1 + math.exp(-t))}\n")
            walk += noise.gauss(0, 1) + own.gauss(0, 0.03)
    sys.exit()


def every(pattern):
    return int(re.search(pattern, stage)[1])


spacing = every(r"\nrestart (\d+) conf")
frames = every(r"custom (\d+) traj")
current = every(r"ave/time 1 (\d+)")
x = [[float(word) for word in words[3 * i + 1:3 * i + 4]] for i in range(2)]


def state(step):
    return " ".join(map(str, [step, *x[0], *x[1]])) + MAGIC


def frame(out, step, columns, extra):
    rows = [f"{i + 1} {i + 1} {1 - 2 * i}{extra} " + " ".join(f"{v:.4f}" for v in x[i]) for i in range(2)]
    out.write(f"ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n0 10\n0 10\n0 10\n"
              f"ITEM: ATOMS id type q {columns}\n" + "\n".join(rows) + "\n")


with (open("trajectory.lammpstrj", "w") as path, open("snapshots.lammpstrj", "w") as shots,
      open("current.dat", "w") as flux):
    columns = re.findall(r"v_J\w+", stage)
    flux.write("# Time-averaged data\n# TimeStep " + " ".join(columns) + "\n")
    # Species that the two ions are not carry nothing.
    rest = " 0" * (len(columns) - 6)
    for step in range(first, first + run + 1, current):
        if step > first:
            moves = [[noise.gauss(0, math.sqrt(0.02 * current)) for _ in range(3)] for _ in range(2)]
            x = [[a + b for a, b in zip(p, m)] for p, m in zip(x, moves)]
            flux.write(f"{step} " + " ".join(f"{v / (0.01 * current):.7g}" for m in moves for v in m) + rest + "\n")
        if step % frames == 0:
            frame(path, step, "mass xu yu zu", " 1")
        if step % spacing == 0:
            frame(shots, step, "x y z", "")
            if step > first:
                open(f"configuration.{step}.restart", "w").write(state(step))
open("last.restart", "w").write(state(first + run))
