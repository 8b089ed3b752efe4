"""Local conductivities in a running simulation: what they cost beside its steps, and whether a dump gives the same."""

import subprocess
from statistics import median

import md
from clock import MODEL, PROGRAM, ROOT, ROUNDS
from table import Row, Section

STEPS, EVERY = 100, 5

# The compute is there in both, so that ghosts and lists are the same.
TURN = f"""
run             {STEPS}
fix             seen all ave/atom {EVERY} 1 {EVERY} c_lam[1]
run             {STEPS}
unfix           seen
"""

DUMPED = """
dump            field all custom 1 {dump} id type q x y z c_lam[1] c_lam[2] c_lam[3]
dump_modify     field sort id format float %.12g
run             0
"""


def section(folder):
    restart = md.settled(folder)
    cutoff = md.fastest_cutoff(folder, restart)
    start = md.resumed(restart, cutoff) + md.compute()
    loops = md.seconds_of_loops(md.screen(folder, start + TURN * (ROUNDS + 1)))[2:]
    without, beside = loops[::2], loops[1::2]
    evaluation = [1e3 * (b - a) * EVERY / STEPS for a, b in zip(without, beside)]
    step = [1e3 * s / STEPS for s in without]
    difference = offline(folder, start)
    if not difference < 1e-4:
        raise RuntimeError(f"the run's local conductivities and those of its dump differ by {difference:.1e}")
    each = [1e3 * median(values) / md.IONS for values in (evaluation, step)]
    note = f"{each[0]:.1f} and {each[1]:.2f} us per ion; offline values differ by {difference:.0e} at most"
    row = Row(f"{md.IONS:,} ions", evaluation, step, at_most=3.0, note=note)
    return Section(
        "Local conductivities in LAMMPS",
        f"The shipped model in molecular dynamics, one rank, one thread: {md.IONS:,} ions at density {md.DENSITY}, "
        f"WCA, PPPM with an accuracy of 1e-4 at the Coulomb cutoff that is fastest here, {cutoff:g}, Langevin "
        f"friction, `-suffix opt`. One session runs {STEPS} steps without an evaluation and {STEPS} with one every "
        f"{EVERY} steps in turn. LAMMPS prints the time of each loop and the share of a processor that it had, and "
        "the product is processor time: an evaluation is the difference, a step is one without evaluations. Values "
        "of `ionscape predict` on a dump of the run are compared with the run's, relative to the largest.",
        ("system", "an evaluation, ms", "a step, ms", "steps that an evaluation takes"),
        [row],
        {"LAMMPS": md.version()},
    )


def offline(folder, start):
    """The largest difference between values of a run and of its dump, relative to the largest value."""
    online, bare, predicted = (folder / name for name in ("online.dump", "bare.dump", "predicted.dump"))
    md.screen(folder, start + DUMPED.format(dump=online))
    header, rows = parts(online)
    columns = header[-1].replace(" c_lam[1] c_lam[2] c_lam[3]", "")
    bare.write_text("\n".join([*header[:-1], columns, *(" ".join(row[:6]) for row in rows)]) + "\n")
    command = [PROGRAM, "--threads", "1", "predict", MODEL, bare, "-o", predicted]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    pairs = [(float(a[6]), float(b[6])) for a, b in zip(rows, parts(predicted)[1])]
    return max(abs(a - b) for a, b in pairs) / max(abs(a) for a, _ in pairs)


def parts(dump):
    """Lines of the header of a frame, and the words of its rows."""
    lines = dump.read_text().splitlines()
    return lines[:9], [line.split() for line in lines[9:]]
