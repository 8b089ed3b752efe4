"""Runs of LAMMPS that end badly: a rank that is killed, a compute that fails, memory and libraries that are missing."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

import writing
from writing import LAMMPS, PLUGIN, PROGRAM, VENV, random_frames, run

SETUP = """
units UNITS
atom_style charge
read_data ions.data
plugin load PLUGIN
pair_style zero 6.5
pair_coeff * *
mass * 1.0
neighbor 0.5 bin
comm_modify cutoff 9.5
velocity all create 0.001 4711 loop geom
fix nve all nve
timestep 0.001
thermo 1
"""

DUMPS = """
restart 5 at.*.restart
dump plain all custom 1 plain.lammpstrj id type q x y z
dump lam all custom 1 field.lammpstrj id type q x y z c_lam[1] c_lam[2] c_lam[3]
thermo_style custom step c_lam
"""


@pytest.fixture
def folder(tmp_path):
    """A folder with ions for LAMMPS."""
    random_frames(tmp_path / "ions.lammpstrj", 1, 120, 12.0, 8)
    rows = [line.split() for line in (tmp_path / "ions.lammpstrj").read_text().splitlines()[9:]]
    box = "".join(f"0 12.0 {axis}lo {axis}hi\n" for axis in "xyz")
    text = f"ions\n\n120 atoms\n2 atom types\n{box}\nAtoms # charge\n\n"
    (tmp_path / "ions.data").write_text(text + "\n".join(" ".join(row) for row in rows) + "\n")
    return tmp_path


def script(folder, rest, units="lj"):
    text = SETUP.replace("PLUGIN", str(PLUGIN)).replace("UNITS", units)
    (folder / "in.test").write_text(text + rest)


def compute(model="baseline.onnx", species="cation anion", more=""):
    return f"compute lam all conductivity/atom {writing.MODELS}/{model} {species} {more}\n"


def lmp(ranks):
    return [f"{VENV}/bin/mpiexec", "-n", str(ranks), f"{VENV}/bin/lmp", "-in", "in.test"]


def steps(path):
    """Steps of the frames of a dump that are whole."""
    text = path.read_text()
    frames = [frame for frame in text.split("ITEM: TIMESTEP\n") if frame]
    return [int(frame.split("\n", 1)[0]) for frame in frames if frame.endswith("\n") and frame.count("\n") == 8 + 120]


def ranks_in(folder):
    """LAMMPS's own processes that work in a folder, without those that started them."""
    found = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            here = os.readlink(f"/proc/{process}/cwd") == str(folder)
            if here and os.path.basename(os.readlink(f"/proc/{process}/exe")) == "lmp":
                found.append(int(process))
        except OSError:
            pass
    return found


def test_a_rank_that_is_killed_ends_the_run_and_its_dumps_are_read(folder):
    script(folder, compute() + DUMPS + "run 1000000\n")
    child = subprocess.Popen(lmp(2), cwd=folder, env=LAMMPS, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True)
    limit = time.monotonic() + 60
    while not ((folder / "field.lammpstrj").exists() and len(steps(folder / "field.lammpstrj")) > 12):
        assert child.poll() is None and time.monotonic() < limit, child.communicate()
        time.sleep(0.05)
    one, _ = sorted(ranks_in(folder))
    os.kill(one, signal.SIGKILL)
    output, _ = child.communicate(timeout=60)
    assert child.returncode != 0, output
    # Those of mpiexec's own may take a moment.
    limit = time.monotonic() + 20
    while ranks_in(folder) and time.monotonic() < limit:
        time.sleep(0.05)
    assert not ranks_in(folder)
    for name, words in [("plain", "predict {model} plain.lammpstrj -o out.lammpstrj"),
                        ("field", "analyze field.lammpstrj")]:
        dump = folder / f"{name}.lammpstrj"
        whole = steps(dump)
        assert whole == list(range(len(whole))) and len(whole) > 12
        # What has been written ends with a frame or within one; then it is cut for certain.
        for cut in [False, True]:
            if cut:
                os.truncate(dump, dump.read_text().rindex("\n1 ") + 9)
                whole = steps(dump)
            words = words.format(model=f"{writing.MODELS}/baseline.onnx")
            done = writing.no_panic(run([PROGRAM, *words.split()], folder))
            if cut or done.returncode:
                message = writing.sentence(done)
                assert re.search(rf"{name}.lammpstrj: frame {len(whole)}, line \d+: .*the file ends", message), message
                done = run([PROGRAM, *words.split(), "--skip-bad-frames"], folder)
            assert done.returncode == 0, done.stderr
            if name == "plain":
                assert steps(folder / "out.lammpstrj") == whole
    restarts = sorted(folder.glob("at.*.restart"), key=lambda path: path.stat().st_mtime)
    assert restarts[0].read_bytes().endswith(b"LammpS RestartT\0")


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_compute_that_fails_leaves_what_lammps_has_written(folder, ranks):
    """Its temperature becomes negative in the seventh step; without the compute the same files come."""
    temperature = "variable cold equal 1000-180*step\n"
    field = compute("molten-salts.onnx", "Na Cl", "temperature v_cold")
    script(folder, temperature + field + DUMPS + "run 20\n", units="metal")
    done = run(lmp(ranks), folder, env=LAMMPS)
    assert done.returncode != 0
    said = done.stdout + done.stderr + (folder / "log.lammps").read_text()
    message = r"Compute lam \(style conductivity/atom\): step 6: the temperature is -80, "
    assert re.search(message, said), said[-2000:]
    log = (folder / "log.lammps").read_text()
    # The table of the log up to the step before, and the reason.
    table = [line.split()[0] for line in log.splitlines() if re.fullmatch(r" +\d+ +[\d.]+ *", line)]
    assert table == [str(k) for k in range(6)] and "ERROR" in log
    found = {name: (folder / name).read_text() for name in ["plain.lammpstrj", "field.lammpstrj"]}
    restart = (folder / "at.5.restart").read_bytes()
    # The dump of the failing step may have been written before.
    assert steps(folder / "field.lammpstrj") == list(range(6))
    assert steps(folder / "plain.lammpstrj")[:6] == list(range(6))
    script(folder, DUMPS.replace("dump lam", "#").replace(" c_lam", " pe") + "run 6\n", units="metal")
    assert run(lmp(ranks), folder, env=LAMMPS).returncode == 0
    assert (folder / "plain.lammpstrj").read_text().startswith(found["plain.lammpstrj"])
    assert len((folder / "at.5.restart").read_bytes()) == len(restart) and restart.endswith(b"LammpS RestartT\0")
    (folder / "field.lammpstrj").write_text(found["field.lammpstrj"])
    done = run([PROGRAM, "analyze", "field.lammpstrj"], folder)
    assert done.returncode == 0, done.stderr


MEMORY = """
import re, resource, sys
from lammps import lammps
lmp = lammps(cmdargs=["-screen", "none"])
lmp.file("in.test")
# Enough for LAMMPS's list of neighbours and the values, and not for what the threads work in.
room = 5000000 + (int(re.search(r"VmSize:\\s+(\\d+) kB", open("/proc/self/status").read())[1]) << 10)
resource.setrlimit(resource.RLIMIT_AS, (room, room))
try:
    lmp.command("run 1")
except Exception as error:
    print("refused:", error)
"""


def test_memory_that_is_missing_in_lammps_stops_it_with_its_log_whole(folder):
    # Enough ions to keep all threads busy.
    many = "replicate 4 3 3\n" + compute(more="threads 16")
    many += "thermo_style custom step\nrun 3\nthermo_style custom step c_lam\n"
    script(folder, many)
    # Neither what was freed before may serve again nor what threads have put aside: large pieces go back to the system.
    only_from_system = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_ARENA_MAX": "1"}
    done = run([sys.executable, "-c", MEMORY], folder, env={**LAMMPS, **only_from_system})
    log = (folder / "log.lammps").read_text()
    message = r"Compute lam \(style conductivity/atom\): step \d+: out of memory: 16 threads work in [\d.]+ MB"
    assert re.search(message, log), log[-1000:] + done.stdout + done.stderr
    assert [line.strip() for line in log.splitlines() if re.fullmatch(r" +\d+ *", line)][:4] == ["0", "1", "2", "3"]


def test_a_library_of_mpi_that_is_missing_is_named(folder, tmp_path):
    """`ionscape lmp` finds MPI beside LAMMPS without being told, and says which library is missing where it is not."""
    script(folder, "")
    (folder / "in.test").write_text("print done\n")
    bare = {name: value for name, value in LAMMPS.items() if name != "LD_LIBRARY_PATH"}
    done = run([PROGRAM, "lmp", "-in", "in.test", "-log", "none"], folder, env=bare)
    assert done.returncode == 0 and "done" in done.stdout, done.stderr
    # The same library where nothing stands beside it.
    site = next((VENV / "lib").glob("python3*/site-packages"))
    lonely = tmp_path / "alone"
    lonely.mkdir()
    (lonely / "liblammps.so").write_bytes((site / "lammps/liblammps.so.0").read_bytes())
    library = ["--lammps", lonely / "liblammps.so"]
    done = run([PROGRAM, "lmp", *library, "-in", "in.test", "-log", "none"], folder, env=bare)
    line = writing.sentence(done)
    assert re.search(r"lib\S+\.so\S*: cannot open shared object file", line), line
    assert "add the folders of libraries that it does not find to LD_LIBRARY_PATH" in line, line
    # LAMMPS's own program without its MPI cannot begin; doctor says so.
    done = run([PROGRAM, "doctor", "--lammps", site / "lammps/lmp"], folder, env=bare)
    assert done.returncode in (0, 1)
    writing.no_panic(done)
