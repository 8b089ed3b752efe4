"""What an output would take the place of: files that are read or open, links, permissions, names that nothing reads."""

import shutil
import subprocess

import pytest

import writing
from writing import BY_NAME, PROGRAM, files, fill, run, sentence


@pytest.fixture
def folder(inputs, tmp_path):
    """A folder with what its commands read."""
    for name in ["baseline.onnx", "card.toml", "in.lammpstrj", "path.lammpstrj", "campaign.toml", "in.standin"]:
        shutil.copy(inputs / name, tmp_path)
    shutil.copytree(inputs / "standin", tmp_path / "standin")
    return tmp_path


TRANSPORT = "transport path.lammpstrj --units lj --temperature 1 --timestep 0.01 --cation 1 --anion 2"


def test_campaigns_do_not_overwrite_what_they_read(folder):
    shutil.copy(folder / "campaign.toml", folder / "dataset.toml")
    before = files(folder)
    for words, message in [
        ("campaign.toml -o out --slurm campaign.toml", "campaign.toml: this file is read"),
        ("campaign.toml -o out --slurm in.standin", "in.standin: this file is read"),
        ("dataset.toml -o .", "dataset.toml: this file is read"),
        ("campaign.toml -o .", "dataset.toml: this data set was not made from this campaign"),
    ]:
        line = sentence(run([PROGRAM, "simulate", *words.split(), "--lammps", "standin/lammps.py"], folder))
        assert message in line, line
        assert files(folder) == before


@pytest.mark.parametrize("mode", ["a", "w"])
@pytest.mark.parametrize("words, name", [(TRANSPORT, "--json"), ("predict baseline.onnx in.lammpstrj", "-o")])
def test_what_standard_output_goes_to_stays(folder, words, name, mode):
    log = folder / "log.txt"
    for place, message in [("/dev/stdout", "what is open already"), ("/dev/fd/1", "what is open already"),
                           ("/proc/self/fd/2", "what is open already"), ("log.txt", "standard output or standard error")]:
        log.write_text("from before\n")
        with open(log, mode) as out:
            done = subprocess.run([PROGRAM, *words.split(), name, place], cwd=folder, stdout=out,
                                  stderr=subprocess.PIPE, text=True)
        done.stdout = ""
        line = sentence(done)
        assert message in line and place in line, line
        assert log.read_text() == ("from before\n" if mode == "a" else "")


@pytest.mark.parametrize("place", ["/dev/stdout", "/dev/fd/1"])
def test_pipes_are_refused_alike(folder, place):
    assert "what is open already" in sentence(run([PROGRAM, "inspect", "baseline.onnx", "--json", place], folder))


@pytest.mark.parametrize("name", ["predict", "predict-zst", "featurize", "report", "inspect", "label", "simulate"])
def test_what_is_written_again_keeps_its_permissions(inputs, tmp_path, name):
    command, out = BY_NAME[name], tmp_path / "out"
    fill(inputs, out)
    assert run(command.argv(out), inputs).returncode == 0
    for mode in [0o600, 0o664]:
        written = [path for path in out.rglob("*") if path.is_file()]
        assert written
        for path in written:
            path.chmod(mode)
        done = run(command.argv(out), inputs)
        assert done.returncode == 0, done.stderr
        assert {oct(path.stat().st_mode & 0o777) for path in written} == {oct(mode)}


def test_a_link_to_what_is_not_there_yet_stays_a_link(folder):
    (folder / "elsewhere").mkdir()
    (folder / "link.json").symlink_to("elsewhere/a.json")
    for _ in range(2):
        done = run([PROGRAM, "inspect", "baseline.onnx", "--json", "link.json"], folder)
        assert done.returncode == 0, done.stderr
        assert (folder / "link.json").is_symlink() and (folder / "elsewhere/a.json").stat().st_size > 0
    (folder / "a").symlink_to("elsewhere/new")
    (folder / "b").symlink_to("elsewhere/new")
    line = sentence(run([PROGRAM, "predict", "baseline.onnx", "in.lammpstrj", "-o", "a", "--json", "b"], folder))
    assert "two outputs have this name" in line


@pytest.mark.parametrize("ending", ["gz", "zst"])
def test_a_model_file_is_not_compressed(folder, ending):
    before = files(folder)
    words = f"import baseline.onnx --card card.toml -o model.onnx.{ending}"
    line = sentence(writing.run([PROGRAM, *words.split()], folder))
    assert "model files are not compressed; give a name ending in .onnx" in line
    assert files(folder) == before
