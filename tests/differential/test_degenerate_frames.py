"""Frames at the edge of what makes sense: each has its right value, or is refused with what is wrong and where."""

import numpy as np
import pytest

pytest.importorskip("scipy", minversion="1.15")
pytest.importorskip("onnx")

from . import comparison, descriptor, network, program
from .frames import Frame, read, write

SIZES = {"kind": "soap-power-spectrum", "cutoff": 4.0, "n_max": 4, "l_max": 3}
GTO = {**SIZES, "convention": "dscribe-gto", "sigma": 0.5}
COMPACT = {**SIZES, "convention": "compact", "switching": 1.0}
CHARGES = {"cation": 1.0, "anion": -1.0}
PAIR = [[1.0, 1.0, 1.0], [2.0, 1.5, 1.0]]


def featurized(folder, frame, settings):
    write(folder / "dump", [frame])
    ions = ["--cation", 1, "--anion", 2]
    program.succeed("featurize", folder / "dump", "-o", folder / "f.npy", *ions, *comparison.options(settings))
    return np.load(folder / "f.npy")


def by_the_formulas(frame, settings):
    return comparison.describe(descriptor.radial(settings), frame, CHARGES, False).described.rows


def cube(edge, positions, types=None, **more):
    return Frame(np.eye(3) * edge, types or 1 + np.arange(len(positions)) % 2, positions, **more)


LEANING = {degree: np.array([[10, 0, 0], [degree, 10, 0], [0, 0, 10.0]]) for degree in (30, 1e3, 1e5)}

RIGHT = {
    "two ions in one place": cube(10, [PAIR[0], PAIR[0]]),
    "three in one place, two of a kind": cube(10, [PAIR[0]] * 3),
    "one ion alone": cube(100, PAIR[:1]),
    "one ion that sees its own images": cube(1.5, PAIR[:1]),
    "one kind of ions": cube(10, PAIR, [1, 1]),
    "on faces, edges and corners": cube(10, [[0, 0, 0], [10, 10, 10], [10, 0, 5], [5, 10, 10]]),
    "on faces of a box without images": cube(10, [[0, 0, 0], [10, 10, 10], [10, 0, 5]], periodic=(False,) * 3),
    "outside a box without images": cube(10, [[-1e9, 1, 1], [-1e9, 2, 1]], periodic=(False,) * 3),
    "a box of a million": cube(1e6, [[1, 1, 1], [999_999, 1, 1]]),
    "a box of 1e15": cube(1e15, PAIR),
    "a box much smaller than the reach": cube(0.5, [[0, 0, 0], [0.1, 0.2, 0.3]]),
    "a box like a needle": Frame(np.diag([0.4, 50.0, 50.0]), [1, 2], PAIR),
    "a box like a leaf": Frame(np.diag([40.0, 0.7, 40.0]), [1, 2], PAIR),
    "vectors of a left hand": Frame(np.array([[0, 10, 0], [10, 0, 0], [0, 0, 10.0]]), [1, 2], PAIR, box="general"),
    "a million boxes away": cube(10, [[10_000_001, 1, 1], [2, 1.5, 1]]),
    **{f"leaning by {lean:g} boxes": Frame(vectors, [1, 2], PAIR) for lean, vectors in LEANING.items()},
}


@pytest.mark.parametrize("settings", [GTO, COMPACT], ids=lambda settings: settings["convention"])
@pytest.mark.parametrize("case", RIGHT)
def test_what_is_right(tmp_path, case, settings):
    frame = RIGHT[case]
    found, expected = featurized(tmp_path, frame, settings), by_the_formulas(frame, settings)
    # Places are as exact as the largest length lets them be.
    place = 16 * np.finfo(float).eps * min(frame.extent(), 1e9)
    assert np.isfinite(found).all() and found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=(1e-10 + 100 * place) * abs(expected).max())


@pytest.mark.parametrize("edge", [50.0, 1e6])
def test_an_ion_without_neighbours_has_features_of_zero_in_compact(tmp_path, edge):
    assert (featurized(tmp_path, cube(edge, [[0, 0, 0], [20, 0, 0]]), COMPACT) == 0).all()


@pytest.mark.parametrize("settings", [GTO, COMPACT], ids=lambda settings: settings["convention"])
def test_a_neighbour_exactly_at_the_reach(tmp_path, settings):
    reach = descriptor.radial(settings).reach
    place = lambda r: featurized(tmp_path, cube(100, [[0, 0, 0], [0, r, 0]]), settings)
    inside, at, outside = (place(r) for r in (reach * (1 - 1e-13), reach, reach * (1 + 1e-13)))
    alone = featurized(tmp_path, cube(100, [[0, 0, 0], [0, 50, 0]]), settings)
    size = abs(inside).max()
    assert (outside == alone).all()
    if settings is GTO:
        # Neighbours count up to the reach, and at it.
        np.testing.assert_allclose(at, inside, rtol=0, atol=1e-11 * size)
        assert abs(at - outside).max() > 1e-6 * size
    else:
        assert (at == 0).all() and size < 1e-30


def test_frames_without_ions_between_others(tmp_path):
    full, empty, solvent = cube(10, PAIR), cube(10, []), cube(10, PAIR, [3, 3])
    write(tmp_path / "dump", [empty, full, solvent, empty, full])
    varying = "--varying-atoms"
    program.succeed("featurize", tmp_path / "dump", "-o", tmp_path / "f.npy", "--cation", 1, "--anion", 2, varying)
    assert (tmp_path / "f.csv").read_text().split() == ["frame,id", "1,1", "1,2", "4,1", "4,2"]
    net = network.Network(n := np.load(tmp_path / "f.npy").shape[1])
    net.affine("descriptor", np.full((n, 2), 0.1), [1.0, 2.0])
    paper = {**GTO, "cutoff": 5.0, "n_max": 6, "l_max": 5}
    net.save(tmp_path / "model.onnx", 2, {
        "version": 2, "units": "lj", "species": list(CHARGES), "charges": CHARGES, "channels": "charge-symmetric",
        "descriptor": paper})
    found = program.results(
        tmp_path, "predict", tmp_path / "model.onnx", tmp_path / "dump", "-o", tmp_path / "out", "--species",
        "cation,anion,NULL", varying)
    assert (found["n_ions"], found["n_frames"]) == (2, 2)
    values = [rows[:, 0] for rows in read(tmp_path / "out", "c_lam[1]")]
    assert [len(v) for v in values] == [0, 2, 2, 0, 2]
    assert (values[2] == 0).all() and (values[1] == values[4]).all()
    assert found["mean"] == pytest.approx(values[1].mean(), rel=1e-7)


TWO = ("1 1 1 1 1 1", "2 2 -1 2 1 1")


def text(rows=TWO, bounds=("0 10",) * 3, style="pp pp pp", columns="id type q x y z", n=None):
    n = len(rows) if n is None else n
    lines = ["ITEM: TIMESTEP", "70", "ITEM: NUMBER OF ATOMS", n, f"ITEM: BOX BOUNDS {style}"]
    return "\n".join(map(str, [*lines, *bounds, f"ITEM: ATOMS {columns}", *rows])) + "\n"


# What is refused by whatever reads frames: line, words.
REFUSED = {
    "no atoms at all": (text([]), None, ["no atom"]),
    "no ions": (text(["1 3 0 1 1 1"]), None, ["no atom"]),
    "zero volume": (text(bounds=("0 10", "0 10", "5 5")), 8, ["box bounds '5 5' leave no room"]),
    "negative length": (text(bounds=("0 10", "10 0", "0 10")), 7, ["box bounds '10 0' leave no room"]),
    "lower bound that is NaN": (text(bounds=("nan 10", "0 10", "0 10")), 6, ["'nan' is not a finite number"]),
    "endless box": (text(bounds=("0 10", "0 10", "0 inf")), 8, ["'inf' is not a finite number"]),
    "vectors in one plane": (
        text(bounds=("10 0 0 0", "0 10 0 0", "10 10 0 0"), style="abc origin pp pp pp"), 6, ["span no volume"]),
    "tilt that is NaN": (
        text(bounds=("0 10 nan", "0 10 0", "0 10 0"), style="xy xz yz pp pp pp"), 6, ["'nan' is not a finite number"]),
    "tilt beyond what numbers hold": (
        text(bounds=("0 10000000000010 1e13", "0 10 0", "0 10 0"), style="xy xz yz pp pp pp"), 6, ["span no volume"]),
    "tilt with more images than memory holds": (
        text(bounds=("0 1000000010 1e9", "0 10 0", "0 10 0"), style="xy xz yz pp pp pp"), 9, ["images each"]),
    "box far too small": (text(bounds=("0 1e-3",) * 3), 9, ["images each", "check the box bounds and the units"]),
    "box beyond what numbers hold": (text(bounds=("0 1e300",) * 3), 6, ["check the box bounds"]),
    "box below what numbers hold": (text(bounds=("0 1e-300",) * 3), 6, ["check the box bounds"]),
    "place that is NaN": (text(["1 1 1 1 nan 1"]), 10, ["'nan' in column y is not a finite number"]),
    "place at infinity": (text(["1 1 1 1 1 1", "2 2 -1 1 1 -inf"]), 11, ["'-inf' in column z is not a finite number"]),
    "place too large": (text(["1 1 1 1e400 1 1"]), 10, ["column x"]),
    "scaled place too large": (text(["1 1 1 1e308 1 1"], columns="id type q xs ys zs"), 9, ["not finite"]),
    "id twice": (text(["1 1 1 1 1 1", "1 2 -1 2 1 1"]), 11, ["atom id 1 stands here a second time, first on line 10"]),
    "id zero": (text(["0 1 1 1 1 1"]), 10, ["atom id 0"]),
    "type zero": (text(["1 0 1 1 1 1"]), 10, ["atom type 0"]),
    "atoms missing": (text(n=3), 12, ["ends after 2 of 3 atoms"]),
    "atoms too many": (text(n=1), 11, ["more atom rows than the 1"]),
    "number of atoms negative": (text(n=-2), 4, ["'-2' is not a number of atoms"]),
    "number of atoms that no memory holds": (text(n=10**15), 12, ["ends after 2 of 1000000000000000 atoms"]),
}

# Charges are read where a model has some.
CHARGES_REFUSED = {
    "charge zero": (text(["1 1 0 1 1 1"]), ["named cation, whose charge is +1, and has charge +0"]),
    "charge that is NaN": (text(["1 1 nan 1 1 1"]), ["'nan' in column q is not a finite number"]),
    "charge without end": (text(["1 1 inf 1 1 1"]), ["'inf' in column q is not a finite number"]),
    "charges the wrong way round": (text(["1 1 -1 1 1 1"]), ["in the order of the atom types?"]),
}

MODEL = program.ROOT / "examples/models/baseline.onnx"


def check(folder, content, line, words):
    (folder / "dump").write_text(content)
    commands = [
        ["predict", MODEL, folder / "dump", "-o", folder / "out", "--species", "cation,anion,NULL"],
        ["featurize", folder / "dump", "-o", folder / "f.npy", "--cation", 1, "--anion", 2]]
    for command in commands[: 1 if line == "predict" else 2]:
        message = program.refusal(*command)
        place = [f"frame 0, line {line}: timestep 70"] if isinstance(line, int) and line < 12 else []
        for word in [str(folder / "dump"), *words, *place]:
            assert word in message, f"{word!r} is not in: {message}"
        assert [path.name for path in folder.iterdir()] == ["dump"], "something half-written"


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(tmp_path, case):
    check(tmp_path, *REFUSED[case])


@pytest.mark.parametrize("case", CHARGES_REFUSED)
def test_charges_that_are_refused(tmp_path, case):
    content, words = CHARGES_REFUSED[case]
    check(tmp_path, content, "predict", words)
