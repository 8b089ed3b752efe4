"""Power spectra by DScribe for the dumps in this folder, as CASE_sSIGMA.npy beside CASE.lammpstrj.

Types 1 and 2 are cations and anions. DScribe orders species by atomic number; to get channels relative to the center,
like-charged first, the ions with the center's charge are called H and the others He, once for each kind of center.
Rows are in id order.

Run: pip install dscribe==2.1.2 ase numpy; python generate.py [OUTPUT_FOLDER]
"""

import sys
from pathlib import Path

import numpy as np
from ase import Atoms
from dscribe.descriptors import SOAP

HERE = Path(__file__).parent


def read_dump(path):
    """Cell (rows are vectors), types and positions relative to the cell's corner, in id order."""
    lines = path.read_text().splitlines()
    n = int(lines[3])
    bounds = np.array([[float(v) for v in line.split()] for line in lines[5:8]])
    xy, xz, yz = bounds[:, 2] if bounds.shape[1] == 3 else (0.0, 0.0, 0.0)
    low = bounds[:, 0] - [min(0, xy, xz, xy + xz), min(0, yz), 0]
    high = bounds[:, 1] - [max(0, xy, xz, xy + xz), max(0, yz), 0]
    lx, ly, lz = high - low
    columns = lines[8].split()[2:]
    atoms = np.array([line.split() for line in lines[9 : 9 + n]], float)
    atoms = atoms[np.argsort(atoms[:, columns.index("id")])]
    positions = atoms[:, [columns.index(c) for c in "xyz"]] - low
    cell = np.array([[lx, 0, 0], [xy, ly, 0], [xz, yz, lz]])
    return cell, atoms[:, columns.index("type")].astype(int), positions


def power_spectra(cell, types, positions, sigma):
    soap = SOAP(species=["H", "He"], r_cut=5.0, n_max=6, l_max=5, sigma=sigma, rbf="gto", periodic=True)
    features = np.empty((len(types), soap.get_number_of_features()))
    for kind in (1, 2):
        centers = np.flatnonzero(types == kind)
        symbols = np.where(types == kind, "H", "He")
        atoms = Atoms(symbols, positions=positions, cell=cell, pbc=True)
        features[centers] = soap.create(atoms, centers=centers.tolist())
    return features


def main(folder):
    for dump in sorted(HERE.glob("*.lammpstrj")):
        for sigma in (0.5, 1.0):
            np.save(folder / f"{dump.stem}_s{sigma}.npy", power_spectra(*read_dump(dump), sigma))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
