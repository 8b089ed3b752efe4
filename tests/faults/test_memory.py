"""Memory that is limited: a sentence and a status, and nothing half-written; what cannot be held is refused unread."""

import resource

import pytest

import writing
from writing import BY_NAME, PROGRAM, fill, files, random_frames, run

MEGABYTES = 1 << 20


def limited(megabytes):
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (megabytes * MEGABYTES, megabytes * MEGABYTES))


@pytest.fixture(scope="module")
def large(inputs):
    """Frames that take more than the program itself."""
    random_frames(inputs / "large.lammpstrj", 1, 200_000, 130.0, 5)
    path = inputs / "long-path.lammpstrj"
    random_frames(path, 6000, 50, 30.0, 6, unwrapped=True)
    return inputs


LARGE = {
    "predict": "predict baseline.onnx large.lammpstrj -o OUT/o.lammpstrj --json OUT/o.json",
    "featurize": "featurize large.lammpstrj -o OUT/o.npy --cation 1 --anion 2",
    "transport": "transport long-path.lammpstrj --units lj --temperature 1 --timestep 0.01 --cation 1 --anion 2 "
                 "--json OUT/t.json",
    "train": BY_NAME["train"].words,
    "analyze": BY_NAME["analyze"].words,
    "report": BY_NAME["report"].words,
}


@pytest.mark.parametrize("name", LARGE)
def test_a_limit_of_memory_is_told(large, whole, tmp_path, name):
    """From what the program hardly starts in to what is enough; below that the system itself ends it."""
    too_low, expected = set(), whole[name][0] if LARGE[name] == BY_NAME[name].words else {}
    for megabytes in [28, 32, 36, 38, 40, 48, 64]:
        out = tmp_path / f"{megabytes}"
        fill(large, out)
        before = files(out)
        done = run(writing.Command(name, LARGE[name], []).argv(out), large, preexec_fn=limited(megabytes))
        if done.returncode == 0:
            continue
        too_low.add(megabytes)
        # With little more than its own size a program may not be loaded, or glibc or the standard library ends it where
        # threads begin: what is said then is theirs.
        if megabytes > PROGRAM.stat().st_size / MEGABYTES + 5:
            assert done.returncode == 1, (megabytes, done.returncode, done.stderr)
            writing.no_panic(done)
            # Threads may miss memory at the same time, and lines of one may stand within another's.
            assert "ionscape: out of memory: " in done.stderr or "ulimit -v, -u" in done.stderr \
                or "Cannot allocate memory" in done.stderr, done.stderr
        # What had been completed before stays, such as the model whose figure is too large.
        for file, content in files(out).items():
            assert file.startswith("cache/") or content in (before.get(file), expected.get(file)), file
    assert too_low, "no limit was too low"


HEADER = ("ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n{}\nITEM: BOX BOUNDS pp pp pp\n0 10\n0 10\n0 10\n"
          "ITEM: ATOMS id type q x y z\n")


@pytest.mark.parametrize("count", [10**9, 2**63 - 1, 2**64 - 1, 2**64, -1])
def test_more_atoms_announced_than_there_are_take_no_memory(inputs, tmp_path, count):
    dump = tmp_path / "in.lammpstrj"
    dump.write_text(HEADER.format(count) + "1 1 1 1 1 1\n2 2 -1 3 3 3\n")
    for words in [f"predict baseline.onnx {dump} -o {tmp_path}/out", f"analyze {dump} --column c_lam[1]",
                  f"featurize {dump} -o {tmp_path}/o.npy --cation 1 --anion 2"]:
        line = writing.sentence(run([writing.PROGRAM, *words.split()], inputs, preexec_fn=limited(200)))
        assert "out of memory" not in line and str(dump) in line, line
    assert [path.name for path in tmp_path.iterdir()] == ["in.lammpstrj"]
