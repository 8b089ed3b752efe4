"""The styles in every LAMMPS release: builds the plugin for each, runs the tests, and writes docs/lammps-versions.md.

usage: releases.py [RELEASE...], of those below; all if none is named
"""

import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/lammps-versions.md"
PLUGINS = ROOT / "target/release/plugins"
CMAKE = [ROOT / ".venv/bin/cmake", "-G", "Ninja", "-D", f"CMAKE_MAKE_PROGRAM={ROOT / '.venv/bin/ninja'}"]

# Where each is, and the routes by which it gets the styles.
RELEASES = {
    "2021": (".venv-lammps/2021", ["embedded"]),
    "2022": (".venv-lammps/2022", ["plugin", "embedded"]),
    "2023": (".venv-lammps/2023", ["plugin", "embedded"]),
    "2024": (".venv-lammps/2024", ["plugin", "embedded"]),
    "2025": (".venv", ["plugin", "embedded"]),
}
TESTS = ["test_values.py"]


def build(release, folder):
    """The plugin for a release."""
    if release == "2021":
        libraries = next((folder / "usr/lib").glob("*/liblammps.so.0")).parent
        where = [f"LAMMPS_DIR={libraries / 'cmake/LAMMPS'}", f"LAMMPS_MPI_HEADERS={libraries / 'openmpi/include'}"]
    else:
        where = [f"LAMMPS_PYTHON={folder / 'bin/python'}"]
    options = [word for value in [*where, f"IONSCAPE_PLUGIN_DIR={PLUGINS / release}"] for word in ("-D", value)]
    place = ROOT / f"build/{release}"
    (place).mkdir(parents=True, exist_ok=True)
    with open(place / "build.log", "w") as log:
        for command in ([*CMAKE, "-S", ROOT / "cmake", "-B", place, *options], [CMAKE[0], "--build", place]):
            if subprocess.run(command, stdout=log, stderr=log).returncode != 0:
                sys.exit(f"the plugin for {release} could not be built; see {place}/build.log")
    return PLUGINS / release / "ionscapeplugin.so"


def environment(folder, route, plugin):
    return {**os.environ, "IONSCAPE_LAMMPS": str(folder), "IONSCAPE_ROUTE": route, "IONSCAPE_PLUGIN": str(plugin)}


def run_tests(folder, route, plugin):
    """How many tests were passed, of how many; ends the run where one fails."""
    tests = [ROOT / "tests/lammps" / name for name in TESTS]
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "--no-header", *tests], text=True,
                          capture_output=True, env=environment(folder, route, plugin))
    if done.returncode != 0:
        sys.exit(f"{done.stdout[-6000:]}\ntests fail in {folder} ({route})")
    counts = {word: int(n) for n, word in re.findall(r"(\d+) (passed|skipped|deselected)", done.stdout)}
    return f"{counts['passed']} of {sum(counts.values())}"


MEASURE = """
import sys, tempfile
from pathlib import Path
import numpy as np
import electrolyte, harness
folder = Path(tempfile.mkdtemp())
electrolyte.write_all(folder)
worst = 0.0
for ranks in (1, 2):
    harness.run(electrolyte.script(run="run 10"), folder, ranks=ranks)
    path = folder / "out.lammpstrj"
    for ours, theirs in zip(harness.read_dump(path), harness.predict(path), strict=True):
        difference = abs(ours.field()[:, 0] - theirs.field()[:, 0]).max()
        worst = max(worst, difference / abs(theirs.field()[:, 0]).max())
print("version", harness.run("units lj\\n", folder).output.split("LAMMPS (")[1].split(")")[0])
print("worst", worst)
for plugin in sys.argv[1:]:
    harness.PLUGIN = Path(plugin)
    done = harness.run(f"plugin load {plugin}\\n", folder, ok=None)
    text = " ".join(done.output.split())
    if "was built for LAMMPS" not in text or "Rebuild it for this LAMMPS: cd " not in text:
        sys.exit(f"{plugin} is not refused: {text}")
    print("refused", plugin)
"""


def measure(folder, route, plugin, others):
    """What this LAMMPS calls itself, the largest difference from offline values, and how many plugins it refuses."""
    done = subprocess.run([sys.executable, "-c", MEASURE, *map(str, others)], text=True, capture_output=True,
                          cwd=ROOT / "tests/lammps", env=environment(folder, route, plugin))
    if done.returncode != 0:
        sys.exit(f"{done.stdout}{done.stderr}\nmeasuring fails in {folder} ({route})")
    words = [line.split(" ", 1) for line in done.stdout.splitlines()]
    told = dict(words)
    return told["version"], float(told["worst"]), sum(word[0] == "refused" for word in words)


def examine(folder, plugin):
    """`ionscape doctor` is content with it, without anything in the environment to help."""
    done = subprocess.run([ROOT / "target/release/ionscape", "doctor", "--lammps", folder / "bin/lmp", "--plugin", plugin],
                          text=True, capture_output=True)
    if done.returncode != 0:
        sys.exit(f"{done.stdout}{done.stderr}\ndoctor is not content in {folder}")


def main(chosen):
    plugins, skipped = {}, []
    for release in chosen:
        folder = ROOT / RELEASES[release][0]
        if not (folder / "bin/lmp").exists():
            reason = folder / "reason"
            skipped.append(f"{release}: {reason.read_text().strip() if reason.exists() else 'not set up'}")
            continue
        plugins[release] = build(release, folder)
    rows = []
    for release, plugin in plugins.items():
        place, routes = RELEASES[release]
        examine(ROOT / place, plugin)
        others = [other for name, other in plugins.items() if name != release]
        for route in routes:
            version, worst, refused = measure(ROOT / place, route, plugin, others)
            # One route has all tests; the other brings the same code in by another door.
            tests = run_tests(ROOT / place, route, plugin) if route == routes[0] else None
            rows.append((version, route, worst, refused, len(others), tests))
            print(*rows[-1], flush=True)
    write_page(rows, skipped)


def write_page(rows, skipped):
    origin = {"29 Sep 2021": "Debian 12, Open MPI"}
    lines = [
        "# LAMMPS releases", "",
        f"What `make test-lammps` found on {date.today()}. Each plugin was built for its release by `cmake -S cmake`. Values"
        " are those of `conductivity/atom` for 200 ions on 1 and 2 ranks, compared with `ionscape predict` on the same"
        " dump: the largest difference, relative to the largest value. Refusals: plugins that were built for the other"
        " releases, each stopped with the command that rebuilds it.", "",
        "| LAMMPS | from | route | values equal to offline within | refusals | tests passed |", "|---|---|---|---|---|---|"]
    for version, route, worst, refused, others, tests in rows:
        source = next((text for name, text in origin.items() if version.startswith(name)), "PyPI, MPICH")
        lines.append(f"| {version} | {source} | {route} | {worst:.1g} | {refused} of {others} | {tests or ''} |")
    lines += ["", "Tests are those of " + " and ".join(f"`tests/lammps/{name}`" for name in TESTS) + "; a release"
              " that has both routes runs them by its plugin command. The others were not run: PYTEST_ADDOPTS chooses, and unloading a plugin"
              " needs the plugin command."]
    lines += [f"\nSkipped: {text}" for text in skipped]
    PAGE.write_text("\n".join(lines) + "\n")


main(sys.argv[1:] or list(RELEASES))
