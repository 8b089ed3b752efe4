"""Same input, seed and version: the same bytes with any number of threads, and the values that are kept.

tests/golden has the runs, what is kept of them, and model files of each version of the metadata. After a change that is
meant to change values, `.venv/bin/python tests/golden` writes them anew.
"""

import json
import subprocess

import pytest

from golden import runs

# Intel's designs before AVX, and the first with AVX2; what has AVX-512 runs the tests itself.
PROCESSORS = ["Nehalem", "Haswell"]

# What values may differ by from one processor to another, as a share. Sums are in another order there.
TOLERANCES = {
    # Float32 networks.
    "predict-version1": 1e-5,
    "predict-version2": 1e-5,
    # Errors in it are differences between members; 5e-6 was seen.
    "evaluate": 1e-4,
    # Float64 throughout; 3e-12 was seen in transport, 2e-11 in features.
    "transport": 1e-9,
    "analyze": 1e-9,
    "featurize-dscribe": 1e-9,
    "featurize-compact": 1e-9,
    # A system of equations in float64, from features in float32; 5e-8 was seen.
    "train-gaussian": 1e-5,
    # A thousand steps of an optimiser in float32, each of which builds on the one before; 6e-6 was seen, and 2e-4 where
    # there were three thousand.
    "train-network": 1e-3,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("golden")
    runs.write_inputs(folder)
    return folder


def assert_as_kept(name, found):
    kept = json.loads(runs.KEPT.read_text())[name]
    assert found.keys() == kept.keys()
    share = TOLERANCES[name]
    # Values that are small because others cancel in them are as exact as those others.
    largest = max(map(abs, kept.values())) if name.startswith("featurize") else 0.0
    wrong = []
    for key, value in kept.items():
        scale = max(abs(value), largest)
        if key.startswith(("c_lam[2]", "mean_ensemble_deviation", "ensemble_deviation")):
            # A deviation is a difference of values of the size of the conductivity.
            scale = max(scale, abs(kept["mean"]))
        # The last digit that a dump prints, of a grade or of a value of 0.
        if not abs(found[key] - value) <= share * scale + (2e-6 if key.startswith("c_lam") else 1e-15):
            wrong.append(f"{key}: {found[key]!r}, kept {value!r}")
    assert not wrong, "\n".join(wrong[:20])


@pytest.mark.parametrize("name", runs.COMMANDS)
def test_bytes_do_not_depend_on_threads_and_values_are_those_kept(folder, name):
    alone = runs.run(name, folder / f"{name}.1", 1)
    expected = runs.written(alone)
    for threads in [2, 3]:
        again = runs.written(runs.run(name, folder / f"{name}.{threads}", threads))
        assert again.keys() == expected.keys()
        assert [file for file in expected if again[file] != expected[file]] == [], f"{threads} threads"
    if name in TOLERANCES:
        assert_as_kept(name, runs.values(alone))


@pytest.mark.parametrize("processor", PROCESSORS)
@pytest.mark.parametrize("name", ["predict-version2", "transport"])
def test_other_processors_give_the_values_kept(emulator, folder, name, processor):
    out = runs.run(name, folder / f"{name}.{processor}", 1, emulator, "-cpu", processor)
    assert_as_kept(name, runs.values(out))


def test_one_value_that_is_off_is_seen():
    for name, share in TOLERANCES.items():
        kept = json.loads(runs.KEPT.read_text())[name]
        key = max(kept, key=lambda k: abs(kept[k]))
        assert_as_kept(name, kept)
        for wrong in [kept[key] * (1 + 2 * share) + 4e-6, float("nan")]:
            with pytest.raises(AssertionError):
                assert_as_kept(name, {**kept, key: wrong})


def inspect(model, json_file):
    command = [runs.PROGRAM, "inspect", model, "--json", json_file]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("version", [1, 2])
def test_model_files_of_every_version_load(tmp_path, version):
    done = inspect(runs.FOLDER / f"version{version}.onnx", tmp_path / "about.json")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "about.json").read_text())["version"] == version


def test_models_that_are_shipped_load(tmp_path):
    versions = {}
    for model in (runs.ROOT / "examples/models").glob("*.onnx"):
        done = inspect(model, tmp_path / "about.json")
        assert done.returncode == 0, done.stderr
        versions[model.stem] = json.loads((tmp_path / "about.json").read_text())["version"]
    # What was written as version 1 still is where version 1 says it all.
    assert versions["baseline"] == versions["electrolyte"] == 1 and versions["molten-salts"] == 2


def test_a_model_of_a_later_version_is_refused(tmp_path):
    """With what to do about it, and without a file."""
    content = (runs.FOLDER / "version2.onnx").read_bytes()
    assert content.count(b'"version":2') == 1
    later = tmp_path / "later.onnx"
    later.write_bytes(content.replace(b'"version":2', b'"version":3'))
    runs.inputs.write_configurations(tmp_path / "ions.lammpstrj", seed=1, n=4, density=0.1, n_frames=1)
    files = [later, tmp_path / "ions.lammpstrj", "-o", tmp_path / "out"]
    command = [runs.PROGRAM, "predict", *files, "--temperature", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "version 3" in done.stderr and "update ionscape" in done.stderr, done.stderr
    assert not (tmp_path / "out").exists()
