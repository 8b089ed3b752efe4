"""Checks what ionscape is built from against deny.toml, without cargo deny and without a network.

usage: check-dependencies.py

Crates: each from crates.io with its checksum, of a licence in the list, in one version but for those that are excused;
none of those and of their features that are refused; build scripts in those alone that are named, and none that
downloads. Packages of Python: each pinned to one version. Known advisories and yanked versions are left to cargo deny.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

try:
    import tomllib
except ImportError:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(r"[A-Za-z0-9][\w.-]*==\d[\w.]*(; python_version [<>=]+ \"[\d.]+\"|; platform_machine .*)?")
# How a build script would reach the network: by itself, or by another program.
NETWORK = re.compile(r"std::net|TcpStream|UdpSocket|\"(curl|wget|git|ftp|fetch|aria2c|powershell|python3?|sh|bash)\"")
# Where one does for a feature that deny.toml must refuse.
DOWNLOADERS = {"kuva": "doom"}
COMMENT = re.compile(r"(^|\s)//[^\n]*|/\*.*?\*/", re.DOTALL | re.MULTILINE)


def satisfied(expression, allowed):
    """Whether licences that are allowed meet an SPDX expression; `MIT/Apache-2.0` is an older way to say OR."""
    words = re.findall(r"[()]|[\w.+-]+", expression.replace("/", " OR "))

    def alternatives():
        result = together()
        while words[:1] == ["OR"]:
            del words[0]
            # Both sides are read, whatever the first says.
            result = together() or result
        return result

    def together():
        result = single()
        while words[:1] == ["AND"]:
            del words[0]
            result = single() and result
        return result

    def single():
        word = words.pop(0)
        if word == "(":
            result = alternatives()
            words.pop(0)
            return result
        if words[:1] == ["WITH"]:
            word = " ".join([word, words.pop(0), words.pop(0)])
        return word in allowed

    return alternatives()


def check_lock(lock, rules):
    """Where the crates come from; also those for other systems."""
    registries = {"registry+" + url for url in rules["sources"]["allow-registry"]}
    for package in lock["package"]:
        name = f"{package['name']} {package['version']}"
        source = package.get("source")
        # ionscape itself, and what may stand beside it in a workspace.
        if source is None and not re.match(r"ionscape(-|$)", package["name"]):
            yield f"{name} is a folder of this machine"
        elif source is not None and source not in registries:
            yield f"{name} comes from {source}"
        elif source is not None and not re.fullmatch(r"[0-9a-f]{64}", package.get("checksum", "")):
            yield f"{name} has no checksum in Cargo.lock"


def check_licences(packages, rules):
    allowed = rules["licenses"]["allow"]
    more = {e["crate"]: e["allow"] for e in rules["licenses"]["exceptions"]}
    for package in packages:
        licence = package["license"]
        if not licence or not satisfied(licence, allowed + more.get(package["name"], [])):
            yield f"{package['name']} {package['version']} has the licence {licence or 'of a file of its own'}"


def check_versions(packages, rules):
    """Crates in several versions, and those that are refused altogether."""
    excused = [skip["crate"].split("@") for skip in rules["bans"]["skip"]]
    refused = {ban["crate"] for ban in rules["bans"]["deny"]}
    versions = {}
    for package in packages:
        name, version = package["name"], package["version"]
        if name in refused:
            yield f"{name} {version} is refused"
        if not any(name == n and (version + ".").startswith(v + ".") for n, v in excused):
            versions.setdefault(name, []).append(version)
    for name, found in versions.items():
        if len(found) > 1:
            yield f"{name} is there as {' and as '.join(sorted(found))}"


def check_features(packages, rules):
    refused = {ban["crate"]: set(ban["deny"]) for ban in rules["bans"].get("features", [])}
    for package in packages:
        for feature in sorted(refused.get(package["name"], set()) & set(package["enabled"])):
            yield f"{package['name']} has its feature {feature}"


def sources_of(script):
    """A build script and the modules that it may have."""
    return [script, *sorted((script.parent / "build").rglob("*.rs"))]


def check_build_scripts(packages, rules):
    named = set(rules["bans"]["build"]["allow-build-scripts"])
    refused = {(ban["crate"], feature) for ban in rules["bans"].get("features", []) for feature in ban["deny"]}
    known = {crate for crate, feature in DOWNLOADERS.items() if (crate, feature) in refused}
    for package in packages:
        for target in package["targets"]:
            if "custom-build" not in target["kind"]:
                continue
            if package["name"] not in named:
                yield f"{package['name']} {package['version']} has a build script, which nobody has looked at"
            for source in sources_of(Path(target["src_path"])):
                found = NETWORK.search(COMMENT.sub(" ", source.read_text()))
                if found and package["name"] not in known:
                    yield f"{package['name']} {package['version']}: {source.name} has {found[0]}"


def check_pins(name, text):
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        if line and not PIN.fullmatch(line):
            yield f"{name}: {line} is not pinned to one version"


def output(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"ionscape: {' '.join(command[:2])} failed:\n{done.stderr}")
    return done.stdout


def host():
    return next(line.split()[1] for line in output("rustc", "-vV").splitlines() if line.startswith("host:"))


def built():
    """The packages that this machine builds or tests with, as cargo metadata describes them."""
    common = ["--locked", "--offline", "--all-features"]
    # Metadata knows packages that only features which are off would need; the tree does not.
    tree = output("cargo", "tree", *common, "--edges", "normal,build,dev", "--prefix", "none", "--format", "{p}")
    names = {tuple(line.split()[:2]) for line in tree.splitlines() if line}
    metadata = json.loads(output("cargo", "metadata", *common, "--format-version", "1", "--filter-platform", host()))
    features = {node["id"]: node["features"] for node in metadata["resolve"]["nodes"]}
    packages = [p for p in metadata["packages"] if (p["name"], "v" + p["version"]) in names]
    return [{**package, "enabled": features[package["id"]]} for package in packages]


def complaints():
    rules = tomllib.loads((ROOT / "deny.toml").read_text())
    yield from check_lock(tomllib.loads((ROOT / "Cargo.lock").read_text()), rules)
    packages = built()
    for check in (check_licences, check_versions, check_features, check_build_scripts):
        yield from check(packages, rules)
    for path in sorted([*ROOT.glob("requirements*.txt"), *(ROOT / "tests/releases").glob("*.txt")]):
        yield from check_pins(path.name, path.read_text())


def main():
    found = list(complaints())
    for complaint in found:
        print(f"ionscape: {complaint}", file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
