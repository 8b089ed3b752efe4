"""What DScribe makes of configurations: `python dscribe_opinion.py IN.npz OUT.npz`, with a Python that has DScribe.

It orders channels by atomic number: ions with the center's charge are called H and the others He, once for each kind of
center.
"""

import sys

import numpy as np
from ase import Atoms
from dscribe.descriptors import SOAP


def main(source, target):
    given = np.load(source)
    out = {}
    for k in range(int(given["count"])):
        cutoff, n_max, l_max, sigma = given[f"settings{k}"]
        sizes = {"n_max": int(n_max), "l_max": int(l_max)}
        soap = SOAP(species=["H", "He"], r_cut=cutoff, sigma=sigma, rbf="gto", periodic=True, **sizes)
        types = given[f"types{k}"]
        features = np.empty((len(types), soap.get_number_of_features()))
        for kind in np.unique(types):
            centers = np.flatnonzero(types == kind)
            symbols = np.where(types == kind, "H", "He")
            atoms = Atoms(symbols, positions=given[f"positions{k}"], cell=given[f"vectors{k}"], pbc=True)
            features[centers] = soap.create(atoms, centers=centers.tolist())
        out[f"features{k}"] = features
    np.savez(target, **out)


main(*sys.argv[1:])
