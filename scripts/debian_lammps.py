"""Unpacks Debian's LAMMPS, with its Open MPI, into a folder: no root, nothing installed. Leaves a reason where it cannot.

usage: debian_lammps.py FOLDER

FOLDER/bin has lmp and mpiexec then; FOLDER/reason says why not.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

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


class Reason(Exception):
    """Why this machine has no such LAMMPS."""


def output(*command, folder=None):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise Reason(f"{' '.join(map(str, command[:2]))} failed: {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout


def unpack(folder):
    for tool in ("apt-get", "dpkg-deb"):
        if not shutil.which(tool):
            raise Reason(f"{tool} is not there: no Debian")
    # Lists of their own: those of the system may be missing, and belong to root.
    lists, cache = folder / "apt/lists", folder / "apt/cache"
    for path in (lists / "partial", cache / "archives/partial", folder / "packages"):
        path.mkdir(parents=True, exist_ok=True)
    apt = ["apt-get", "-qq", "-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={cache}"]
    output(*apt, "update")
    needed = output(*apt, "install", "--print-uris", "--no-install-recommends", "-y", "liblammps0", "openmpi-bin")
    names = [line.split()[1].split("_")[0] for line in needed.splitlines()]
    names = [name for name in names if not name.startswith(NOT_NEEDED)]
    output(*apt, "download", *names, *MORE, folder=folder / "packages")
    for package in sorted((folder / "packages").glob("*.deb")):
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


def main(folder):
    if os.access(folder / "bin/lmp", os.X_OK):
        return
    folder.mkdir(parents=True, exist_ok=True)
    try:
        unpack(folder)
        write_wrappers(folder)
        (folder / "reason").unlink(missing_ok=True)
    except Reason as reason:
        (folder / "reason").write_text(f"{reason}\n")
        print(f"ionscape: no LAMMPS from Debian: {reason}", file=sys.stderr)


main(Path(sys.argv[1]).resolve())
