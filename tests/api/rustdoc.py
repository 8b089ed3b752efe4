"""What rustdoc knows of the crate, as JSON.

Rustdoc writes JSON on a nightly Rust, or where RUSTC_BOOTSTRAP lifts that limit; the layout changes from one Rust to
another. It is run on this crate alone: what it needs of the dependencies, the release build has left.
"""

import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Cargo reports what is built already without building anything; only after a change there is something to build.
BUILD = ["cargo", "build", "--release", "--locked", "--offline", "--lib", "--message-format", "json"]
METADATA = ["cargo", "metadata", "--locked", "--offline", "--format-version", "1", "--filter-platform"]


class Unavailable(Exception):
    """Why there is no JSON."""


def output(*command, **variables):
    environment = {**os.environ, **variables}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, env=environment)
    if done.returncode != 0:
        raise Unavailable(f"{command[0]} failed:\n{done.stderr[-3000:]}")
    return done.stdout


def host():
    return next(line.split()[1] for line in output("rustc", "-vV").splitlines() if line.startswith("host:"))


def libraries():
    """The compiled library of each package, by package id."""
    found = {}
    for message in map(json.loads, output(*BUILD).splitlines()):
        if message["reason"] != "compiler-artifact":
            continue
        if not {"lib", "rlib", "proc-macro"} & set(message["target"]["kind"]):
            continue
        # What build scripts use of a package is compiled apart, with other features, and in a release not optimized.
        if message["profile"]["opt_level"] != "0" or message["package_id"] not in found:
            # Metadata where there is some; macros have a shared library alone.
            files = [f for f in message["filenames"] if f.endswith((".rmeta", ".rlib", ".so"))]
            found[message["package_id"]] = sorted(files, key=lambda f: not f.endswith(".rmeta"))[0]
    return found


def describe(source, name, folder, *options, **variables):
    """The JSON of one crate, from the file that is its root."""
    output("rustdoc", "--crate-type", "lib", "--edition", "2024", "--crate-name", name, source, "--cap-lints", "allow",
           "-Z", "unstable-options", "--output-format", "json", "-o", folder, *options,
           RUSTC_BOOTSTRAP="1", **variables)
    return json.loads((Path(folder) / f"{name}.json").read_text())


def crate(folder):
    """The JSON of this crate with its default features."""
    metadata = json.loads(output(*METADATA, host()))
    packages = {package["id"]: package for package in metadata["packages"]}
    root = next(node for node in metadata["resolve"]["nodes"] if node["id"] == metadata["resolve"]["root"])
    package, built = packages[root["id"]], libraries()
    needed = {d["name"]: built[d["pkg"]] for d in root["deps"] if any(k["kind"] is None for k in d["dep_kinds"])}
    options = [word for feature in root["features"] for word in ("--cfg", f'feature="{feature}"')]
    options += [word for name, file in needed.items() for word in ("--extern", f"{name}={file}")]
    for folder_of_libraries in {str(Path(file).parent) for file in needed.values()}:
        options += ["-L", f"dependency={folder_of_libraries}"]
    return describe("src/lib.rs", "ionscape", folder, *options, CARGO_MANIFEST_DIR=str(ROOT),
                    CARGO_PKG_NAME=package["name"], CARGO_PKG_VERSION=package["version"])
