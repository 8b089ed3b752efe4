"""Two cores beside one, by the clock."""

import json
import os
import re
import subprocess

import numpy as np

import md
import predict
from clock import FEW_ROUNDS, MODEL, ROOT, Served, bench, costs, in_turns, run
from systems import CUTOFF, N, Ions
from table import Row, Section

AT_LEAST = 1.8
# Long beside what starting a thread takes, and beside the time after which a system moves threads to idle cores.
FRAMES = 1000
PACKED_FRAMES = 200
EVALUATIONS = 10
COULOMB_CUTOFF = 8.0
N_SYSTEMS, PER_SYSTEM, INPUTS = 40, 5000, 468
REPORT = re.compile(r"Compute lam .*? (\d+) evaluations of .*?, (\S+) s on the slowest rank")


def section(folder):
    rows = [*kernels(folder), reading(folder), *unpacking(folder), *conductivity(folder), whole_predict(folder), epoch(folder)]
    return Section(
        "Two cores",
        f"Seconds by the clock on one core and on two of the {os.cpu_count()} that the machine has, in turns. "
        f"Features are those of {N:,} ions at density 0.1, the ensemble's 25 networks run on 8,000 rows in chunks "
        "of 256, LAMMPS evaluates the shipped model in molecular dynamics as above and its time is the compute's "
        "own on the slowest rank; the dump that is read has "
        f"{FRAMES:,} frames of as many ions, packed ones have {PACKED_FRAMES} and one core is a process kept to it, "
        "since unpacking has a thread of its own, and an epoch is that beside PyTorch. Everything "
        "else that runs on the machine tells here.",
        ("work", "one core, s", "two cores, s", "times as fast"),
        rows,
    )


def compared(what, taken):
    return Row(what, taken["one"], taken["two"], at_least=AT_LEAST)


def kernels(folder):
    dump, ensemble, network = folder / "ions.lammpstrj", folder / "25.onnx", folder / "1.onnx"
    Ions(0.1).write(dump)
    for members, path in (("25", ensemble), ("1", network)):
        subprocess.run([bench("training"), "ensemble", members, path], cwd=ROOT, check=True)
    works = {
        "features, DScribe's convention": ("descriptor", dump, 0.5),
        "features, compact": ("compact", dump, CUTOFF, 6, 5),
        "full neighbour list": ("neighbors-in-parts", dump, CUTOFF),
        "ensemble of 25 networks": ("chunks", ensemble, 8000),
        "one network": ("chunks", network, 8000),
        "descriptor and network": ("local", MODEL, dump),
    }
    return (compared(what, on_threads(*work)) for what, work in works.items())


def on_threads(*work):
    with Served(*work, threads=1) as one, Served(*work, threads=2) as two:
        return in_turns({"one": one.wall, "two": two.wall})


def reading(folder):
    dump = folder / "frames.lammpstrj"
    costs("write", dump, FRAMES, N)
    row = compared("reading a plain dump", on_threads("read", dump))
    one, two = (dump.stat().st_size / 1e6 / np.median(seconds) for seconds in (row.ours, row.theirs))
    row.note = f"{one:.0f} and {two:.0f} MB/s by the clock"
    return row


def unpacking(folder):
    """Packed dumps: what one stream holds is unpacked in order, by one core."""
    for ending in ("gz", "zst"):
        dump = folder / f"packed.lammpstrj.{ending}"
        costs("write", dump, PACKED_FRAMES, N)
        with Served("read", dump, threads=1) as one, Served("read", dump, threads=2) as two:
            os.sched_setaffinity(one.process.pid, {min(os.sched_getaffinity(0))})
            yield compared(f"reading a .{ending} dump", in_turns({"one": one.wall, "two": two.wall}))
        dump.unlink()


def conductivity(folder):
    """In LAMMPS, whose two cores are two threads of a rank or two ranks."""
    restart = md.settled(folder)

    def evaluation(threads, ranks):
        # The first evaluation of a run has new lists; each of these is one run.
        script = md.resumed(restart, COULOMB_CUTOFF) + md.compute(threads) + "thermo_style custom step c_lam\n"
        script += f"thermo 5\nrun {5 * (EVALUATIONS - 1)}\n"

        def once():
            evaluations, seconds = REPORT.search(md.screen(folder, script, ranks)).groups()
            return float(seconds) / int(evaluations)

        return once

    works = {"one": evaluation(1, 1), "threads": evaluation(2, 1), "ranks": evaluation(1, 2)}
    taken = in_turns(works, rounds=FEW_ROUNDS)
    for name in ("threads", "ranks"):
        yield compared(f"conductivity in LAMMPS, two {name}", {"one": taken["one"], "two": taken[name]})


def whole_predict(folder):
    dump, out = folder / "frames.lammpstrj", folder / "predicted.lammpstrj"
    costs("write", dump, predict.FRAMES, N)

    def wall(threads):
        return lambda: run(predict.command(dump, out, threads))[1]

    return compared("`ionscape predict`", in_turns({"one": wall(1), "two": wall(2)}, rounds=FEW_ROUNDS))


def epoch(folder):
    features, weights = folder / "x.npy", folder / "weights.f32"
    random = np.random.default_rng(1)
    np.save(features, random.standard_normal((N_SYSTEMS * PER_SYSTEM, INPUTS), dtype=np.float32))

    def wall(threads):
        command = [bench("training"), "epoch", features, N_SYSTEMS, 3, weights, threads]

        def once():
            done = subprocess.run(list(map(str, command)), cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
            return float(np.median(json.loads(done.stdout)["clock"]))

        return once

    return compared("an epoch of training", in_turns({"one": wall(1), "two": wall(2)}, rounds=FEW_ROUNDS))
