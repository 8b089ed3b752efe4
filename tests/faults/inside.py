"""Runs a command in folders of its own name space: on a small disk that is full, and on one that cannot be written.

Takes a JSON object from standard input and prints another; needs `unshare -rm`.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path


def mount(folder, options):
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)


def run(words, folder):
    done = subprocess.run(words, cwd=folder, text=True, capture_output=True, timeout=120, stdin=subprocess.DEVNULL)
    return {"status": done.returncode, "stderr": done.stderr}


def listing(out):
    return {str(path.relative_to(out)): path.stat().st_size for path in sorted(out.rglob("*")) if path.is_file()}


def main():
    task = json.load(sys.stdin)
    out, before = Path(task["out"]), Path(task["before"])
    found = {}
    if task["kind"] == "full":
        mount(out, "size=40m")
        shutil.copytree(before, out, dirs_exist_ok=True)
        # All room but `room` bytes, in whole pages.
        free = shutil.disk_usage(out).free
        (out / "fill").write_bytes(bytes(max(free - task["room"], 0)))
        found["first"] = run(task["words"], task["folder"])
        found["files"] = listing(out)
        (out / "fill").unlink()
        found["second"] = run(task["words"], task["folder"])
        shutil.copytree(out, task["after"])
    else:
        mount(out, "size=40m")
        shutil.copytree(before, out, dirs_exist_ok=True)
        subprocess.run(["mount", "-o", "remount,ro", out], check=True)
        found["first"] = run(task["words"], task["folder"])
        found["files"] = listing(out)
    print(json.dumps(found))


main()
