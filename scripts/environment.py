"""Sets up a virtual environment in the checkout from requirements files, and does nothing where that is done.

usage: environment.py FOLDER REQUIREMENTS...
"""

import fcntl
import os
import shutil
import subprocess
import sys
import venv

FOLDER = sys.argv[1]
PYTHON = os.path.join(FOLDER, "bin", "python")


def installed(requirements):
    """Where a copy of the requirements is kept once they are met."""
    return os.path.join(FOLDER, os.path.basename(requirements) + ".installed")


def text(path):
    try:
        with open(path) as file:
            return file.read()
    except FileNotFoundError:
        return None


def works():
    """Whether the environment's Python starts and has pip; it does not after an upgrade of the system's Python."""
    check = [PYTHON, "-c", "import pip"]
    return os.path.exists(PYTHON) and subprocess.run(check, stderr=subprocess.DEVNULL).returncode == 0


def set_up(files):
    if not works():
        print("ionscape: making " + FOLDER, file=sys.stderr)
        venv.create(FOLDER, with_pip=True, clear=not os.path.islink(FOLDER))
    for requirements in files:
        print("ionscape: installing " + requirements + " into " + FOLDER, file=sys.stderr)
        command = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]
        if subprocess.run(command).returncode != 0:
            sys.exit(
                "ionscape: pip could not install " + requirements + " (its message is above); it needs a package"
                " index that can be reached. Then run make again."
            )
        shutil.copyfile(requirements, installed(requirements))


def main(files):
    if works():
        files = [f for f in files if text(installed(f)) != text(f)]
        if not files:
            return
    # Two makes at once: the second waits, and finds everything done.
    os.makedirs(os.path.dirname(os.path.abspath(FOLDER)), exist_ok=True)
    with open(FOLDER + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if works():
            files = [f for f in files if text(installed(f)) != text(f)]
        if files:
            set_up(files)


main(sys.argv[2:])
