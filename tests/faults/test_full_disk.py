"""Disks without room, places that cannot be written, limits of size: one sentence, and nothing half-written."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import writing
from writing import BY_NAME, COMMANDS, fill, files, run, sentence

INSIDE = Path(__file__).with_name("inside.py")


def may_mount():
    words = "unshare -rm mount -t tmpfs -o size=4k tmpfs /mnt"
    probe = subprocess.run(words.split(), capture_output=True)
    return probe.returncode == 0


needs_mount = pytest.mark.skipif(not may_mount(), reason="no user mounts a disk of its own here (unshare -rm)")


def inside(inputs, tmp_path, command, kind, room=0):
    """The command on a disk of its own that holds the results of an earlier run."""
    before, out = tmp_path / "before", tmp_path / "out"
    fill(inputs, before)
    for name in command.outputs:
        if "." in name:
            (before / name).write_text("from before")
    out.mkdir()
    task = {"kind": kind, "room": room, "folder": str(inputs), "words": command.argv(out), "out": str(out),
            "before": str(before), "after": str(tmp_path / "after")}
    done = subprocess.run(["unshare", "-rm", sys.executable, INSIDE], input=json.dumps(task), text=True,
                          capture_output=True, timeout=200)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), files(before)


def last_line(stderr):
    assert "panicked" not in stderr, stderr
    line = [line for line in stderr.splitlines() if line][-1]
    assert line.startswith("ionscape: "), stderr
    return line


@needs_mount
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_full_disk_is_told_and_the_same_command_works_once_there_is_room(inputs, whole, tmp_path, command):
    found, before = inside(inputs, tmp_path, command, "full")
    line = last_line(found["first"]["stderr"])
    assert found["first"]["status"] == 1
    assert "no space is left on the disk; make room" in line or "No space left on device" in line, line
    # A result of another run stays, and no part of a new one comes.
    left = {name: size for name, size in found["files"].items() if name != "fill" and not writing.is_campaign(name)}
    assert left == {name: len(content) for name, content in before.items()}
    assert found["second"]["status"] == 0, found["second"]["stderr"]
    assert files(tmp_path / "after", tmp_path / "out") == whole[command.name][0]


@needs_mount
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_disk_that_cannot_be_written_is_told_before_any_work(inputs, tmp_path, command):
    found, before = inside(inputs, tmp_path, command, "read-only")
    assert found["first"]["status"] == 1
    line = last_line(found["first"]["stderr"])
    assert "read-only file system" in line.lower(), line
    assert found["files"] == {name: len(content) for name, content in before.items()}


# Each output by itself: the sentence must name it.
PLACES = [(command.name, name) for command in COMMANDS for name in command.outputs
          if "." in name and not name.endswith(".csv")]


@pytest.mark.parametrize("name, output", PLACES)
def test_a_place_that_is_none_is_refused_by_its_name(inputs, tmp_path, name, output):
    command, out = BY_NAME[name], tmp_path / "out"
    fill(inputs, out)
    (tmp_path / "file").write_text("no folder")
    before = files(out)
    for place, message in [(tmp_path / "none", "does not exist; create it first"),
                           (tmp_path / "file", "does not exist; create it first"),
                           ("/proc", "cannot write in the directory"),
                           ("/dev/full", "not a regular file")]:
        # Links to the device have the ending that the command asks for.
        if place == "/dev/full":
            place = tmp_path / "device"
            place.mkdir()
            (place / output).symlink_to("/dev/full")
        at = f"{place}/{output}"
        words = [word.replace(f"{out}/{output}", str(at)) for word in command.argv(out)]
        line = sentence(run(words, inputs))
        assert message in line and str(at) in line, line
        assert files(out) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else who may not write")
def test_permissions_of_another_user(inputs):
    # Temporary folders of tests are their owner's alone.
    shared = tempfile.mkdtemp()
    os.chmod(shared, 0o755)
    shutil.copytree(inputs, f"{shared}/inputs")
    folder = Path(shared) / "inputs"
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    out = folder / "out"
    fill(folder, out)
    before = files(out)
    nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    for name in ["predict", "featurize", "report", "import", "label"]:
        home = {"HOME": "/nonexistent", "PATH": os.environ["PATH"]}
        line = sentence(run([*nobody, *BY_NAME[name].argv(out)], folder, env=home))
        assert "cannot write in the directory" in line and "permission denied" in line, line
    assert files(out) == before
    shutil.rmtree(shared)


def limited(size, ignore):
    def limit():
        if ignore:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return limit


@pytest.mark.parametrize("ignore", [True, False], ids=["ignored", "signalled"])
@pytest.mark.parametrize("name", ["predict", "predict-zst", "featurize", "report", "import", "train", "analyze"])
def test_a_limit_of_a_file_s_size(inputs, tmp_path, name, ignore):
    command, out = BY_NAME[name], tmp_path / "out"
    fill(inputs, out)
    before = files(out)
    line = sentence(run(command.argv(out), inputs, preexec_fn=limited(512, ignore), restore_signals=not ignore))
    assert "became larger than is allowed here; raise the limit (ulimit -f)" in line and str(out) in line, line
    assert files(out) == before


@pytest.mark.parametrize("name", ["predict", "analyze", "report", "transport", "train", "inspect", "label", "simulate"])
def test_standard_output_that_is_full_or_closed(inputs, whole, tmp_path, name):
    """Files are written all the same, and whoever stops reading loses none of them."""
    for kind in ["full", "pipe"]:
        out = tmp_path / kind
        fill(inputs, out)
        if kind == "full":
            with open("/dev/full", "w") as full:
                done = subprocess.run(BY_NAME[name].argv(out), cwd=inputs, stdout=full, stderr=subprocess.PIPE,
                                      text=True)
            done.stdout = ""
            assert "standard output cannot be written" in sentence(done)
        else:
            read, write = os.pipe()
            os.close(read)
            done = subprocess.run(BY_NAME[name].argv(out), cwd=inputs, stdout=write, stderr=subprocess.PIPE, text=True)
            os.close(write)
            assert done.returncode == 0 and "panicked" not in done.stderr, done.stderr
        assert files(out) == whole[name][0]


def test_standard_error_that_is_full_stops_nothing(inputs, whole, tmp_path):
    for name in ["simulate", "label", "analyze"]:
        out = tmp_path / name
        fill(inputs, out)
        with open("/dev/full", "w") as full:
            done = subprocess.run(BY_NAME[name].argv(out), cwd=inputs, stdout=subprocess.DEVNULL, stderr=full)
        assert done.returncode == 0
        assert files(out) == whole[name][0]


def test_a_file_that_is_read_is_not_written_and_two_results_have_two_names(inputs, tmp_path):
    copies = ["baseline.onnx", "card.toml", "in.lammpstrj", "path.lammpstrj", "campaign.toml", "in.standin"]
    for name in copies:
        (tmp_path / name).write_bytes((inputs / name).read_bytes())
    before = files(tmp_path)
    for words, message in [
        ("predict baseline.onnx in.lammpstrj -o in.lammpstrj", "in.lammpstrj: this file is read"),
        ("predict baseline.onnx in.lammpstrj -o baseline.onnx", "baseline.onnx: this file is read"),
        ("predict baseline.onnx in.lammpstrj -o new --json ./new", "two outputs have this name"),
        ("import baseline.onnx --card card.toml -o card.toml", "card.toml: this file is read"),
        ("inspect baseline.onnx --json baseline.onnx", "baseline.onnx: this file is read"),
        ("transport path.lammpstrj --units lj --temperature 1 --timestep 0.01 --cation 1 --anion 2 "
         "--json path.lammpstrj",
         "path.lammpstrj: this file is read"),
        ("simulate campaign.toml -o out --lammps /bin/false --json campaign.toml", "campaign.toml: this file is read"),
    ]:
        line = sentence(run([writing.PROGRAM, *words.split()], tmp_path))
        assert message in line, line
        assert files(tmp_path) == before


def test_a_model_that_cannot_be_written_is_read(inputs, tmp_path):
    model = tmp_path / "model.onnx"
    model.write_bytes((inputs / "baseline.onnx").read_bytes())
    model.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        for words in [["inspect", model], ["predict", model, "in.lammpstrj", "-o", "read-only.lammpstrj"]]:
            done = run([writing.PROGRAM, *words], inputs)
            assert done.returncode == 0, done.stderr
    finally:
        tmp_path.chmod(0o755)
    assert (inputs / "read-only.lammpstrj").read_bytes() == (inputs / "field.lammpstrj").read_bytes()
