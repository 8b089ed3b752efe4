"""A full neighbour list beside vesin's."""

import numpy as np

from clock import Served, cpu_of, in_turns
from systems import CUTOFF, DENSITIES, N, Ions
from table import Row, Section, missing, version


def section(folder):
    rows = []
    for density in DENSITIES:
        ions = Ions(density)
        dump = folder / "ions.lammpstrj"
        ions.write(dump)
        with Served("neighbors", dump, CUTOFF) as ours:
            rows.append(beside_vesin(ions, ours))
    return Section(
        "Neighbours",
        f"The full list of neighbours within 5 of {N:,} ions, both indices and the vector of each pair, at equal "
        "numbers of pairs.",
        ("density", "ionscape, us per ion", "vesin, us per ion", "ionscape over vesin"),
        rows,
        {"vesin": version("vesin")},
    )


def beside_vesin(ions, ours):
    what, works = str(ions.density), {"ours": ours.cpu}
    if version("vesin") is None:
        return Row(what, per_ion(in_turns(works)["ours"]), at_most=1.0, note=missing("vesin"))
    from vesin import NeighborList

    search, box = NeighborList(cutoff=CUTOFF, full_list=True), np.eye(3) * ions.length

    def theirs():
        return search.compute(points=ions.positions, box=box, periodic=True, quantities="ijD")

    taken = in_turns({**works, "theirs": cpu_of(theirs)})
    pairs = len(theirs()[0])
    if pairs != ours.value:
        raise RuntimeError(f"vesin finds {pairs} pairs at density {ions.density}, ionscape {ours.value:.0f}")
    note = f"{pairs / N:.1f} neighbours"
    return Row(what, per_ion(taken["ours"]), per_ion(taken["theirs"]), at_most=1.0, note=note)


def per_ion(seconds):
    return [1e6 * s / N for s in seconds]
