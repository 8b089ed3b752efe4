"""Densities and conductivities of the systems of data sets made by `ionscape simulate`, beside experiment where it is known.

    python table.py dataset.toml ...
"""

import sys

try:
    import tomllib
except ImportError:
    import tomli as tomllib

MASSES = {"li": 6.941, "na": 22.98977, "k": 39.0983}
CHLORINE = 35.453
# g/cm3 = a - b T: G. J. Janz, J. Phys. Chem. Ref. Data 17, Suppl. 2 (1988).
DENSITY = {"li": (1.8842, 4.328e-4), "na": (2.1389, 5.426e-4), "k": (2.1359, 5.831e-4)}


def row(system):
    """Name, density and conductivity of a system, and the experimental density of a pure salt."""
    made = system["provenance"]
    counts = {name: int(made["variables"][name]) for name in MASSES}
    temperature = system["temperature"]
    mass = sum(n * (MASSES[name] + CHLORINE) for name, n in counts.items())
    density = mass / 0.602214076 / made["volume"]
    pure = [name for name, n in counts.items() if n == sum(counts.values())]
    measured = ""
    if pure:
        a, b = DENSITY[pure[0]]
        measured = f"{a - b * temperature:.3f}"
    conductivity, error = made["conductivity"]
    haven = system["nernst_einstein"] / system["molar_conductivity"]
    return [system["name"], f"{density:.3f}", measured, f"{conductivity:.0f} +- {error:.0f}",
            f"{system['molar_conductivity']:.1f} +- {system['molar_conductivity_error']:.1f}", f"{haven:.2f}"]


def main(paths):
    rows = [["system", "g/cm3", "experiment", "S/m", "S cm2/mol", "Haven ratio"]]
    for path in paths:
        with open(path, "rb") as file:
            rows += [row(system) for system in tomllib.load(file)["system"]]
    widths = [max(len(cells[c]) for cells in rows) for c in range(len(rows[0]))]
    for cells in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip())


main(sys.argv[1:])
