"""What the truth's own noise leaves of its spread over ions: noise.py, on the data of examples/truth

The variance over ions less the mean square of their stated errors, and its correlation with the mean at each density.
"""

import tomllib
from pathlib import Path

import numpy as np
import zstandard

DATA = Path(__file__).parents[1] / "truth/data"


def frames(path):
    with open(path, "rb") as file:
        lines = zstandard.ZstdDecompressor().stream_reader(file).read().decode().splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("ITEM: ATOMS")]
    for start, end in zip(starts, starts[1:] + [len(lines)]):
        names = lines[start].split()[2:]
        rows = []
        for line in lines[start + 1 : end]:
            if line.startswith("ITEM"):
                break
            rows.append([float(word) for word in line.split()])
        columns = np.array(rows).T
        yield columns[names.index("lambda_1")], columns[names.index("error_1")]


for name in ("unseen", "training"):
    dataset = tomllib.loads((DATA / name / "dataset.toml").read_text())
    print(f"\n{name}\n\n| system | mean | spread | without noise | reliability |\n|---|---|---|---|---|")
    by_density = {}
    for system in dataset["system"]:
        local, error = map(list, zip(*frames(DATA / name / system["local"])))
        variance = np.mean([x.var(ddof=1) for x in local])
        free = variance - np.mean([(e**2).mean() for e in error])
        mean, spread = np.mean([x.mean() for x in local]), np.sqrt(max(free, 0))
        by_density.setdefault(system["name"].split("_")[0], []).append((mean, spread))
        print(f"| {system['name']} | {mean:.3f} | {variance**0.5:.3f} | {spread:.3f} | {free / variance:.2f} |")
    for density, points in by_density.items():
        if len(points) > 2:
            mean, spread = np.array(points).T
            absolute, relative = np.corrcoef(mean, spread)[0, 1], np.corrcoef(mean, spread / mean)[0, 1]
            print(f"{density}: spread with mean {absolute:.2f}, spread over mean with mean {relative:.2f}")
