"""Files of ours in programs of others, and their numbers in ours."""

import subprocess
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "target/release/ionscape"
MODEL = ROOT / "examples/models/baseline.onnx"
SHIPPED = ROOT / "examples/models/electrolyte.onnx"
DUMPS = ROOT / "tests/reference/dscribe"
COLUMNS = ["c_lam[1]", "c_lam[2]", "c_lam[3]"]


def ionscape(*arguments):
    subprocess.run([PROGRAM, *map(str, arguments)], check=True)


def atoms(path):
    """The atom rows of a dump with one frame, by column."""
    lines = path.read_text().splitlines()
    names = lines[8].split()[2:]
    return dict(zip(names, np.array([line.split() for line in lines[9:]], float).T))


@pytest.mark.parametrize("model", [MODEL, SHIPPED], ids=lambda model: model.stem)
@pytest.mark.parametrize("case", ["cubic", "triclinic", "small", "dilute"])
def test_onnxruntime_on_dscribe_features_gives_what_predict_gives(case, model, tmp_path):
    features = np.load(DUMPS / f"{case}_s0.5.npy").astype(np.float32)
    session = onnxruntime.InferenceSession(model)
    members = session.run(["local_conductivity"], {"descriptor": features})[0].astype(float)
    out = tmp_path / "out.lammpstrj"
    ionscape("predict", model, DUMPS / f"{case}.lammpstrj", "-o", out)
    ours = atoms(out)
    order = np.argsort(ours["id"])
    # A sum over a thousand waves of either sign rounds to a few units in the last place of its largest terms.
    rounding = 1e-6 if model == MODEL else 2e-5
    assert ours["c_lam[1]"][order] == pytest.approx(members.mean(1), rel=1e-5, abs=rounding)
    assert ours["c_lam[2]"][order] == pytest.approx(members.std(1), rel=1e-3, abs=10 * rounding)


def test_a_pytorch_style_graph_keeps_its_values_through_import(tmp_path):
    onnx = pytest.importorskip("onnx")
    proto = onnx.load(MODEL)
    del proto.metadata_props[:]
    for old, new in [("descriptor", "onnx::Gemm_0"), ("local_conductivity", "42")]:
        for node in proto.graph.node:
            node.input[:] = [new if name == old else name for name in node.input]
            node.output[:] = [new if name == old else name for name in node.output]
        for value in [*proto.graph.input, *proto.graph.output]:
            value.name = new if value.name == old else value.name
    foreign, card, model = tmp_path / "foreign.onnx", tmp_path / "card.toml", tmp_path / "model.onnx"
    onnx.save(proto, foreign)
    text = MODEL.with_suffix(".toml").read_text()
    card.write_text(text.replace('"descriptor"', '"onnx::Gemm_0"', 1).replace('"local_conductivity"', '"42"'))
    ionscape("import", foreign, "--card", card, "-o", model)

    onnx.checker.check_model(onnx.load(model), full_check=True)
    features = np.load(DUMPS / "cubic_s0.5.npy").astype(np.float32)
    theirs = onnxruntime.InferenceSession(foreign).run(None, {"onnx::Gemm_0": features})[0]
    ours = onnxruntime.InferenceSession(model).run(["local_conductivity"], {"descriptor": features})[0]
    assert np.array_equal(ours, theirs)


def test_the_shipped_model_is_good_onnx():
    onnx = pytest.importorskip("onnx")
    onnx.checker.check_model(onnx.load(SHIPPED), full_check=True)


def test_mdanalysis_reads_a_predicted_dump_with_its_columns(tmp_path):
    MDAnalysis = pytest.importorskip("MDAnalysis")
    out = tmp_path / "out.lammpstrj"
    ionscape("predict", MODEL, DUMPS / "cubic.lammpstrj", "-o", out)
    universe = MDAnalysis.Universe(
        out, format="LAMMPSDUMP", topology_format="LAMMPSDUMP", additional_columns=COLUMNS, lammps_coordinate_convention="unscaled"
    )
    ours = atoms(out)
    for column in COLUMNS:
        assert np.sort(universe.trajectory.ts.data[column]) == pytest.approx(np.sort(ours[column]))


def test_dumps_of_any_packing_give_the_same_values(tmp_path):
    gzip, zstd = tmp_path / "out.lammpstrj.gz", tmp_path / "out.lammpstrj.zst"
    plain = tmp_path / "out.lammpstrj"
    for out in (plain, gzip, zstd):
        ionscape("predict", MODEL, DUMPS / "cubic.lammpstrj", "-o", out)
    again = [tmp_path / "features_gz.npy", tmp_path / "features_zst.npy"]
    for packed, npy in zip((gzip, zstd), again):
        ionscape("featurize", packed, "-o", npy, "--cation", 1, "--anion", 2)
    assert np.array_equal(np.load(again[0]), np.load(again[1]))
    assert np.load(again[0]) == pytest.approx(np.load(DUMPS / "cubic_s0.5.npy"), rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_not_adopted(value, tmp_path):
    onnx = pytest.importorskip("onnx")
    proto = onnx.load(MODEL)
    weights = next(w for w in proto.graph.initializer if len(w.dims) == 2)
    values = onnx.numpy_helper.to_array(weights).copy()
    values[0, 0] = value
    weights.CopyFrom(onnx.numpy_helper.from_array(values, weights.name))
    foreign, model = tmp_path / "foreign.onnx", tmp_path / "model.onnx"
    onnx.save(proto, foreign)
    done = subprocess.run([PROGRAM, "import", foreign, "--card", MODEL.with_suffix(".toml"), "-o", model],
                          capture_output=True, text=True)
    assert done.returncode == 1 and not model.exists()
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
