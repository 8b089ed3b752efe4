"""Writes what is linked into the program and the plugin: a software bill of materials, CycloneDX 1.5.

usage: sbom.py [FILE]

FILE is sbom.cdx.json if not given, and is the same for the same Cargo.lock. It is of x86-64 Linux; what only builds and
tests need, macros among it, is left out.
"""

import json
import subprocess
import sys
import uuid
from pathlib import Path
from urllib.parse import quote

try:
    import tomllib
except ImportError:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
TARGET = "x86_64-unknown-linux-gnu"


def output(*command):
    done = subprocess.run(["cargo", *command, "--locked", "--offline"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"ionscape: cargo {command[0]} failed:\n{done.stderr}")
    return done.stdout


def linked():
    """Name and version of each crate that ends up in the program."""
    tree = output("tree", "--target", TARGET, "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}")
    lines = [line.split() for line in tree.splitlines() if line and "(proc-macro)" not in line]
    return {(words[0], words[1].removeprefix("v")) for words in lines}


def purl(package):
    return f"pkg:cargo/{package['name']}@{quote(package['version'])}"


def component(package, checksum):
    about = {
        "type": "library" if checksum else "application",
        "bom-ref": purl(package),
        "name": package["name"],
        "version": package["version"],
        "licenses": [{"expression": package["license"].replace("/", " OR ")}],
        "purl": purl(package),
    }
    if checksum:
        about["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if package["repository"]:
        about["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return about


def bill():
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    checksums = {(p["name"], p["version"]): p.get("checksum") for p in lock["package"]}
    metadata = json.loads(output("metadata", "--format-version", "1", "--filter-platform", TARGET))
    wanted = linked()
    packages = {p["id"]: p for p in metadata["packages"] if (p["name"], p["version"]) in wanted}
    root = metadata["resolve"]["root"]
    components = {i: component(p, checksums[p["name"], p["version"]]) for i, p in packages.items()}
    dependencies = []
    for node in metadata["resolve"]["nodes"]:
        if node["id"] in packages:
            on = {d["pkg"] for d in node["deps"] if any(kind["kind"] is None for kind in d["dep_kinds"])}
            on = sorted(purl(packages[i]) for i in on if i in packages)
            dependencies.append({"ref": purl(packages[node["id"]]), "dependsOn": on})
    about = components.pop(root)
    content = {
        "metadata": {"component": about},
        "components": sorted(components.values(), key=lambda c: c["bom-ref"]),
        "dependencies": sorted(dependencies, key=lambda d: d["ref"]),
    }
    # No time stands in it; another content has another number.
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content, sort_keys=True))
    head = {"bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": f"urn:uuid:{number}", "version": 1}
    return {**head, **content}


if __name__ == "__main__":
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "sbom.cdx.json"
    place.write_text(json.dumps(bill(), indent=1, ensure_ascii=False) + "\n")
