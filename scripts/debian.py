"""Packages of Debian, fetched without root and without installing anything."""

import shutil
import subprocess
import sys


class Reason(Exception):
    """Why this machine has no such packages."""


def output(*command, folder=None):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise Reason(f"{' '.join(map(str, command[:2]))} failed: {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout


class Packages:
    """What apt knows, in a folder."""

    def __init__(self, folder):
        for tool in ("apt-get", "dpkg-deb"):
            if not shutil.which(tool):
                raise Reason(f"{tool} is not there: no Debian")
        # Lists of their own: those of the system may be missing, and belong to root.
        lists, cache = folder / "apt/lists", folder / "apt/cache"
        self.folder = folder / "apt/packages"
        for path in (lists / "partial", cache / "archives/partial", self.folder):
            path.mkdir(parents=True, exist_ok=True)
        self.apt = ["apt-get", "-qq", "-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={cache}"]
        output(*self.apt, "update")

    def needed_by(self, *names):
        """Names of the packages that these need, and that the system lacks."""
        lines = output(*self.apt, "install", "--print-uris", "--no-install-recommends", "-y", *names).splitlines()
        return [line.split()[1].split("_")[0] for line in lines]

    def download(self, *names):
        """Paths of all that has been downloaded so far."""
        output(*self.apt, "download", *names, folder=self.folder)
        return sorted(self.folder.glob("*.deb"))


def leave_reason(folder, what, work):
    """Does the work in a folder; where it cannot be done, leaves the reason in the folder's file `reason`."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        work(folder)
        (folder / "reason").unlink(missing_ok=True)
    except Reason as reason:
        (folder / "reason").write_text(f"{reason}\n")
        print(f"ionscape: no {what} from Debian: {reason}", file=sys.stderr)
