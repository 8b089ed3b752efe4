"""Unpacks what runs programs on other processors than the machine's: valgrind's counter of instructions, and qemu.

usage: debian_processors.py FOLDER

From Debian's packages: no root, nothing installed. FOLDER has `valgrind`, `valgrind-lib` for its VALGRIND_LIB, and
`qemu` then; FOLDER/reason says why not.
"""

import os
import platform
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from debian import Packages, Reason, leave_reason

# Packages that are tried in turn, and where what they hold is put, by its name there. Where qemu-user is static too,
# qemu-user-static is empty.
TOOLS = [
    (["valgrind"], {
        "valgrind.bin": "valgrind",
        "callgrind-amd64-linux": "valgrind-lib/callgrind-amd64-linux",
        "vgpreload_core-amd64-linux.so": "valgrind-lib/vgpreload_core-amd64-linux.so",
        "default.supp": "valgrind-lib/default.supp",
    }),
    (["qemu-user-static", "qemu-user"], {"qemu-x86_64-static": "qemu", "qemu-x86_64": "qemu"}),
]


def extract(package, wanted, folder):
    """Puts some of a package's files into a folder."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as unpacked:
        with tarfile.open(fileobj=unpacked.stdout, mode="r|") as files:
            for file in files:
                place = wanted.get(os.path.basename(file.name))
                if place is None or not file.isfile():
                    continue
                path = folder / place
                path.parent.mkdir(exist_ok=True)
                # What has its name is whole, also after an interruption.
                part = path.with_name(path.name + ".part")
                with files.extractfile(file) as source, open(part, "wb") as target:
                    shutil.copyfileobj(source, target)
                part.chmod(file.mode)
                part.rename(path)


def missing(folder, places):
    return sorted({place for place in places.values() if not (folder / place).exists()})


def make(folder):
    if platform.machine() != "x86_64":
        raise Reason(f"the processor is {platform.machine()}, and these are for x86-64")
    packages = Packages(folder)
    for names, places in TOOLS:
        for name in names:
            if missing(folder, places):
                for package in packages.download(name):
                    extract(package, places, folder)
                    package.unlink()
        if missing(folder, places):
            raise Reason(f"{' and '.join(names)} lack {', '.join(missing(folder, places))}")
    # Larger than what was wanted.
    shutil.rmtree(folder / "apt")


def main(folder):
    if any(missing(folder, places) for _, places in TOOLS):
        leave_reason(folder, "valgrind and qemu", make)


main(Path(sys.argv[1]).resolve())
