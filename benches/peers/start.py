"""How long a run in LAMMPS waits for its first local conductivity."""

import md
from clock import in_turns, run
from table import Row, Section

IONS = 400


def section(folder):
    start = md.resumed(md.settled(folder, IONS), cutoff=6.9)
    thermo = "thermo_style custom step {column}\nrun 0\n"
    scripts = {"with": folder / "in.with", "without": folder / "in.without"}
    scripts["with"].write_text(start + md.compute() + thermo.format(column="c_lam"))
    scripts["without"].write_text(start + thermo.format(column="temp"))

    def wall(script):
        return lambda: run(md.command(script), md.ENVIRONMENT, folder)[1]

    taken = in_turns({name: wall(script) for name, script in scripts.items()})
    row = Row(f"{IONS} ions, shipped model", taken["with"], taken["without"], at_most=0.3, subtract=True)
    return Section(
        "Start",
        "From `plugin load` to the first value: by the clock, LAMMPS that loads the plugin, defines the compute "
        f"with the shipped model and evaluates {IONS} ions in `run 0`, less the same without plugin and compute.",
        ("system", "with it, s", "without it, s", "longer by, s"),
        [row],
        {"LAMMPS": md.version()},
    )
