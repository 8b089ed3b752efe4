"""Features beside DScribe, featomic and LAMMPS's own descriptor."""

import subprocess

import numpy as np

import md
from clock import FEW_ROUNDS, PROGRAM, ROOT, Served, cpu_of, in_turns
from systems import CUTOFF, DENSITIES, N, Ions
from table import Row, Section, missing, version

SIGMAS = (0.5, 1.0)


def gto(folder):
    """The convention `dscribe-gto` beside DScribe, at equal features."""
    rows = []
    for density in DENSITIES:
        ions = Ions(density)
        dump = folder / "ions.lammpstrj"
        ions.write(dump)
        for sigma in SIGMAS:
            with Served("descriptor", dump, sigma) as ours:
                rows.append(beside_dscribe(ions, sigma, ours, dump))
    return Section(
        "Features in DScribe's convention",
        f"The SOAP power spectrum of each of {N:,} ions, 468 features: cutoff 5, `n_max` 6, `l_max` 5, neighbours "
        "included. DScribe describes all ions in one call, with cations and anions as its species; ionscape tells like "
        "from unlike, which is the same work. For the comparison of features DScribe is called once for each kind of "
        "center; differences are over the largest feature.",
        ("density, sigma", "ionscape, us per ion", "DScribe, us per ion", "ionscape over DScribe"),
        rows,
        {"DScribe": version("dscribe")},
    )


def beside_dscribe(ions, sigma, ours, dump):
    what = f"{ions.density}, {sigma}"
    if version("dscribe") is None:
        return Row(what, per_ion(in_turns({"ours": ours.cpu})["ours"]), at_most=0.1, note=missing("DScribe"))
    from dscribe.descriptors import SOAP

    soap = SOAP(species=["H", "He"], r_cut=CUTOFF, n_max=6, l_max=5, sigma=sigma, rbf="gto", periodic=True)
    atoms = ions.ase()
    taken = in_turns({"ours": ours.cpu, "theirs": cpu_of(lambda: soap.create(atoms))}, rounds=FEW_ROUNDS)
    options = ["--sigma", str(sigma), "--cation", "1", "--anion", "2"]
    npy = dump.with_suffix(".npy")
    command = [PROGRAM, "--threads", "1", "featurize", dump, "-o", npy, *options]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    expected = by_like_and_unlike(soap, ions)
    difference = np.abs(np.load(npy) - expected).max() / np.abs(expected).max()
    if not difference < 1e-6:
        raise RuntimeError(f"features at density {ions.density} and sigma {sigma} differ by {difference:.1e}")
    note = f"features differ by {difference:.0e} at most"
    return Row(what, per_ion(taken["ours"]), per_ion(taken["theirs"]), at_most=0.1, note=note)


def by_like_and_unlike(soap, ions):
    """DScribe's features with the center's kind as the first species."""
    out = np.empty((N, soap.get_number_of_features()))
    atoms = ions.ase()
    for kind in (1, 2):
        atoms.symbols = np.where(ions.types == kind, "H", "He")
        centers = np.flatnonzero(ions.types == kind)
        out[centers] = soap.create(atoms, centers=centers.tolist())
    return out


def compact(folder):
    """The convention `compact` beside featomic's power spectrum and LAMMPS's bispectrum."""
    rows = []
    for density in DENSITIES:
        ions = Ions(density)
        dump = folder / "ions.lammpstrj"
        ions.write(dump)
        with Served("compact", dump, CUTOFF, 6, 5) as ours:
            works = {"ours": ours.cpu}
            if version("featomic") is not None:
                works["featomic"] = featomic(ions)
            with bispectrum(dump, ions) as theirs:
                taken = in_turns({**works, "LAMMPS": theirs}, rounds=FEW_ROUNDS)
        for name, at_most in (("featomic", 1 / 15), ("LAMMPS", 1 / 5)):
            note = "" if name in taken else missing(name)
            theirs = per_ion(taken.get(name, []))
            rows.append(Row(f"{density}, {name}", per_ion(taken["ours"]), theirs, at_most=at_most, note=note))
    return Section(
        "Features in the compact convention",
        f"The power spectrum of each of {N:,} ions with a hard cutoff of 5, `n_max` 6, `l_max` 5, two species, 468 "
        "features, neighbours included. featomic's `SoapPowerSpectrum` has Gaussians of width 0.5 and the same "
        "cutoff and sizes. LAMMPS's `compute sna/atom` has `twojmax` 6, 30 columns that do not tell species apart, "
        "the same cutoff, and its time includes the lists of neighbours that it needs. Their features are others; "
        "the neighbours are the same.",
        ("density, peer", "ionscape, us per ion", "peer, us per ion", "ionscape over peer"),
        sorted(rows, key=lambda row: row.what.split()[-1] == "LAMMPS"),
        {"featomic": version("featomic"), "LAMMPS": md.version()},
    )


def featomic(ions):
    from featomic import SoapPowerSpectrum

    calculator = SoapPowerSpectrum(
        cutoff={"radius": CUTOFF, "smoothing": {"type": "Step"}},
        density={"type": "Gaussian", "width": 0.5},
        basis={"type": "TensorProduct", "max_angular": 5, "radial": {"type": "Gto", "max_radial": 5}},
    )
    atoms = ions.ase()
    return cpu_of(lambda: calculator.compute(atoms))


SNA = """
units lj
atom_style atomic
region box block 0 {length} 0 {length} 0 {length}
create_box 2 box
mass * 1
pair_style zero {cutoff}
pair_coeff * *
neighbor 0.0 bin
read_dump {dump} 0 x y z box yes add yes
compute sna all sna/atom {cutoff} 0.99363 6 0.5 0.5 1.0 1.0
compute largest all reduce max c_sna[1]
thermo_style custom step c_largest
run 0 post no
"""


def bispectrum(dump, ions):
    """A LAMMPS that has the ions; each call evaluates them once, with new lists."""
    return md.Commands(SNA.format(length=ions.length, cutoff=CUTOFF, dump=dump), "run 0 post no")


def per_ion(seconds):
    return [1e6 * s / N for s in seconds]
