"""`ionscape predict` on a dump beside its own descriptor and network on frames in memory."""

from clock import FEW_ROUNDS, MODEL, PROGRAM, Served, costs, in_turns, run
from systems import N
from table import Row, Section

FRAMES = 30


def command(dump, out, threads=1):
    return [PROGRAM, "--threads", threads, "predict", MODEL, dump, "-o", out]


def section(folder):
    dump, out = folder / "ions.lammpstrj", folder / "predicted.lammpstrj"
    costs("write", dump, FRAMES, N)
    with Served("local", MODEL, dump) as alone:
        taken = in_turns({"whole": lambda: run(command(dump, out))[0], "alone": alone.cpu}, rounds=FEW_ROUNDS)
    row = Row(f"{FRAMES} frames of {N:,} ions", taken["whole"], taken["alone"], at_most=1.2)
    return Section(
        "Dumps evaluated",
        "`ionscape predict` with the shipped model, from its start to the finished dump, seconds of processor time "
        "on one thread, beside descriptor and network alone on the same frames held in memory.",
        ("dump", "`predict`, s", "descriptor and network, s", "whole over alone"),
        [row],
    )
