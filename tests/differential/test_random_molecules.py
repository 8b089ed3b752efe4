"""Ions that are molecules: random ones, torn apart by the boundary, have the field of their centres of mass."""

import itertools

import numpy as np
import pytest

pytest.importorskip("scipy", minversion="1.15")
pytest.importorskip("onnx")

from . import comparison, configurations, descriptor, frames, network, program

CHARGES = {"cation": 1.0, "anion": -1.0}


def cell(rng, volume):
    """One that leans by at most half, as those of LAMMPS do."""
    edges = np.exp(rng.normal(0, 0.2, 3))
    edges *= (volume / edges.prod()) ** (1 / 3)
    return np.diag(edges) + np.tril(rng.uniform(-0.5, 0.5, (3, 3)), -1) * edges


def molecules(rng, vectors, sites):
    """Atoms of a molecule about each site: positions in any image, molecule ids, masses, types 1 or 3."""
    least = 1 / np.linalg.norm(np.linalg.inv(vectors), axis=0).max()
    positions, mol, mass = [], [], []
    for number, site in enumerate(sites, 1):
        n = int(rng.integers(1, 5))
        weights = rng.uniform(1, 20, n)
        arms = rng.normal(size=(n, 3))
        arms *= min(1.0, 0.15 * least) * rng.random((n, 1)) / np.linalg.norm(arms, axis=1)[:, None]
        arms -= weights @ arms / weights.sum()
        positions.append(site + arms + rng.integers(-2, 3, (n, 3)) @ vectors)
        mol += [number] * n
        mass += weights.tolist()
    return np.concatenate(positions), np.array(mol), np.array(mass), rng.choice([1, 3], len(mol))


def centre(vectors, positions, masses):
    """`sum m r / sum m`, each atom at the image nearest to the first, which is looked for among all."""
    shifts = np.array(list(itertools.product(range(-6, 7), repeat=3))) @ vectors
    near = [p + shifts[np.argmin(np.linalg.norm(p + shifts - positions[0], axis=1))] for p in positions]
    return masses @ near / masses.sum()


@pytest.mark.parametrize("number", range(4))
def test_a_molecule_is_where_its_centre_of_mass_is(tmp_path, number):
    rng = np.random.default_rng([31, number])
    settings = configurations.settings(rng)
    part = descriptor.radial(settings)
    dump, cases = [], []
    for _ in range(8):
        n_cations, n_anions = rng.integers(1, 12, 2)
        volume = (n_cations + n_anions) / np.exp(rng.uniform(0, 4)) * 4 / 3 * np.pi * part.reach**3
        vectors = cell(rng, volume)
        places, mol, mass, types = molecules(rng, vectors, rng.random((n_cations, 3)) @ vectors)
        anions = rng.random((n_anions, 3)) @ vectors
        types = np.append(types, np.full(n_anions, 2))
        ids = rng.permutation(len(types)) + 1
        columns = {"mol": np.append(mol, np.zeros(n_anions)), "mass": np.append(mass, np.full(n_anions, 35.0))}
        frame = frames.Frame(vectors, types, np.concatenate([places, anions]), ids=ids, columns=columns)
        owner = np.append(mol - 1, n_cations + np.arange(n_anions))
        sites, lowest = [], []
        for site in range(n_cations + n_anions):
            own = np.flatnonzero(owner == site)
            own = own[np.argsort(ids[own])]
            sites.append(centre(vectors, frame.positions[own], columns["mass"][own]))
            lowest.append(ids[own[0]])
        kinds = np.append(np.full(n_cations, 1), np.full(n_anions, 2))
        case = comparison.describe(part, frames.Frame(vectors, kinds, sites, ids=np.array(lowest)), CHARGES, False)
        if case.described.margin > 1e-9 * part.reach:
            cases.append((case, ids, owner))
            dump.append(frame)
    assert len(cases) > 4
    rows = np.concatenate([case.described.rows for case, _, _ in cases])
    _, net, members, _ = network.random_for(rng, rows)
    net.save(tmp_path / "model.onnx", members, {
        "version": 2, "units": "real", "species": list(CHARGES), "charges": CHARGES, "channels": "charge-symmetric",
        "descriptor": settings, "molecules": ["cation"]})
    frames.write(tmp_path / "dump", dump)
    found = program.results(
        tmp_path, "predict", tmp_path / "model.onnx", tmp_path / "dump", "-o", tmp_path / "out", "--species",
        "cation,anion,cation", "--varying-atoms")
    assert found["n_ions"] == pytest.approx(len(rows) / len(cases))
    for (case, ids, owner), written in zip(cases, frames.read(tmp_path / "out", "c_lam[1]", "c_lam[2]"), strict=True):
        errors = configurations.exactness(part, case.frame, case.described.depths)[:, None]
        values, bounds = net.forward(case.described.rows)
        moved, _ = net.forward(case.described.rows + errors * abs(case.described.rows).max(1, keepdims=True))
        bounds = (bounds + 2 * abs(moved - values)).max(1) + 1e-9
        # Rows are in the order of the sites' ids; each atom of an ion has its values.
        row_of_site = np.empty(len(case.atoms), int)
        row_of_site[case.atoms] = np.arange(len(case.atoms))
        row = row_of_site[owner[np.argsort(ids)]]
        assert (abs(written[:, 0] - values.mean(1)[row]) <= bounds[row]).all()
        assert (abs(written[:, 1] - values.std(1)[row]) <= bounds[row]).all()
