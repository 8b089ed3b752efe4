"""Cations and anions of a symmetric electrolyte are alike to the shipped model, on average and one by one."""

import numpy as np
import pytest

import electrolyte
import harness
from electrolyte import DUMP, script
from harness import predict, read_dump

SHIPPED = harness.MODEL.with_name("electrolyte.onnx")
BLOCKS = 10


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    """Sixty time units of a symmetric electrolyte with a neutral solvent, one configuration every half, as ions move."""
    folder = tmp_path_factory.mktemp("symmetric")
    electrolyte.write_all(folder)
    often, seldom = "custom 5 ", "custom 100 "
    text = script(run="run 12000").replace(DUMP, "thermo 12000\nrun 2000\ntimestep 0.005\n" + DUMP.replace(often, seldom))
    assert seldom in text
    return harness.run(text.replace(str(harness.MODEL), str(SHIPPED)), folder, ranks=2).folder / "out.lammpstrj"


def test_cations_and_anions_have_the_same_mean_within_its_error(dump):
    frames = read_dump(dump)
    means = np.array([[f["c_lam[1]"][f["type"] == t].mean() for t in (1, 2)] for f in frames])
    blocks = np.array([block.mean(0) for block in np.array_split(means, BLOCKS)])
    difference = blocks[:, 0] - blocks[:, 1]
    error = difference.std(ddof=1) / np.sqrt(BLOCKS)
    assert error < 0.02 * blocks.mean(), "the run is too short to tell"
    assert abs(difference.mean()) < 3 * error, f"{difference.mean()} +- {error}, of {blocks.mean()}"


def test_an_electrolyte_with_all_signs_changed_has_the_same_field(dump, tmp_path):
    """Every cation becomes an anion where it stands, and the other way round."""
    changed, lines, columns = tmp_path / "changed.lammpstrj", [], None
    for line in dump.read_text().splitlines():
        if line.startswith("ITEM"):
            columns = line.split()[2:] if line.startswith("ITEM: ATOMS") else None
        elif columns:
            words = line.split()
            words[1] = {"1": "2", "2": "1", "3": "3"}[words[1]]
            words[2] = str(-float(words[2]))
            line = " ".join(words)
        lines.append(line)
    changed.write_text("\n".join(lines) + "\n")
    for before, after in zip(predict(dump, model=SHIPPED), predict(changed, model=SHIPPED), strict=True):
        ions = before["type"] != 3
        assert (after["type"][ions] == 3 - before["type"][ions]).all()
        np.testing.assert_allclose(after.field()[ions], before.field()[ions], rtol=1e-6, atol=1e-9)
