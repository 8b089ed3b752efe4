"""Unpacks Debian's LAMMPS, with its Open MPI, into a folder: no root, nothing installed.

usage: debian_lammps.py FOLDER

FOLDER/bin has lmp and mpiexec then; FOLDER/reason says why not.
"""

import os
import sys
from pathlib import Path

from debian import Packages, Reason, leave_reason, output

# What LAMMPS and its MPI need while they run is asked of apt; these come besides.
MORE = ["lammps", "liblammps-dev", "libopenmpi-dev", "libfmt-dev"]
# The compiler that Open MPI's development files ask for.
NOT_NEEDED = ("gfortran", "libgfortran-12-dev")

WRAPPER = """#!/bin/sh
root=$(cd "$(dirname "$0")/.." && pwd)
libraries=$root/usr/lib/{triplet}
export LD_LIBRARY_PATH="$libraries:$libraries/openmpi/lib${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}" OPAL_PREFIX="$root/usr"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
exec "$root/usr/bin/{program}" {arguments} "$@"
"""


def unpack(folder):
    packages = Packages(folder)
    names = [n for n in packages.needed_by("liblammps0", "openmpi-bin") if not n.startswith(NOT_NEEDED)]
    for package in packages.download(*names, *MORE):
        output("dpkg-deb", "-x", str(package), str(folder))


def write_wrappers(folder):
    library = next((folder / "usr/lib").glob("*/liblammps.so.0"), None)
    if library is None:
        raise Reason("its packages hold no liblammps.so.0")
    (folder / "bin").mkdir(exist_ok=True)
    for name, program, arguments in [("lmp", "lmp", ""), ("mpiexec", "mpiexec.openmpi", "--oversubscribe")]:
        path = folder / "bin" / name
        path.write_text(WRAPPER.format(triplet=library.parent.name, program=program, arguments=arguments))
        path.chmod(0o755)


def make(folder):
    unpack(folder)
    write_wrappers(folder)


def main(folder):
    if not os.access(folder / "bin/lmp", os.X_OK):
        leave_reason(folder, "LAMMPS", make)


main(Path(sys.argv[1]).resolve())
