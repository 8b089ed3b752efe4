"""The tables of docs/findings.md from what run.sh computed: tables.py FOLDER"""

import json
import sys
from pathlib import Path

FIELDS = ["truth", "response", "electrolyte"]
FOLDER = Path(sys.argv[1])


def read(name):
    path = FOLDER / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def value(point, digits=2):
    if point is None or point[0] is None:
        return "-"
    error = "" if point[1] is None else f" +- {point[1]:.{digits}f}"
    return f"{point[0]:.{digits}f}{error}"


def estimate(mean):
    return None if mean is None else (mean["mean"], (mean["error"] or {}).get("value"))


def table(title, head, rows):
    print(f"\n{title}\n\n| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


def across(name):
    found = read(name)
    if found is None or not found["across"]:
        return
    rows = []
    relations = [("all", found["across"]["all"])] + [(f"{d:.3g}", r) for d, r in found["across"]["by_density"]]
    for density, relation in relations:
        cells = [density, str(relation["n_systems"])]
        for kind in ("absolute", "relative"):
            cells += [value(relation[kind]["pearson"]), f"{relation[kind]['chance']:.3f}"]
        rows.append(cells)
    table(f"{name}: spread against mean", ["density", "systems", "spread", "chance", "spread / mean", "chance"], rows)


def shapes(name):
    found = read(name)
    if found is None:
        return
    rows = []
    for s in found["systems"]:
        shape, contact = s["shape"], s["contact"]
        populations = shape["populations"]
        states = {x["state"]: x for x in s["states"]["states"]} if s["states"] else {}
        mean = lambda state: value(states[state]["mean"]) if state in states else "-"
        rows.append(
            [
                s["name"],
                f"{s['mean']:.3f}",
                value(estimate(s["distribution"]["all"]["fluctuation"]), 3),
                value(estimate(shape["skewness"])),
                f"{100 * shape['low_tail']['mean']:.1f}",
                f"{populations['verdict']} ({populations['evidence']:.0f})",
                value(contact["like"]),
                value(contact["unlike"]),
                mean("free"),
                mean("pair"),
            ]
        )
    head = ["system", "mean", "spread", "skewness", "low tail, %", "verdict", "like", "unlike", "free", "pair"]
    table(f"{name}: systems", head, rows)


def courses(model):
    rows = []
    for path in sorted(FOLDER.glob(f"course-{model}-*.json")):
        s = json.loads(path.read_text())
        t, states, shape = s["temporal"], s["states"], s["shape"]
        scale = s["time_between_frames"]
        scaled = lambda point: None if point is None else (point[0] * scale, point[1] and point[1] * scale)
        of = {x["state"]: x for x in states["states"]}
        attribution = (s["reasons"] or {}).get("attribution")
        rows.append(
            [
                path.stem.split("-")[-1],
                value((s["mean"], s["mean_error"]), 3),
                value(scaled(t["relaxation"])),
                value(scaled(t["mean_dwell"][0])),
                value(scaled(t["mean_dwell"][2])),
                value(scaled(states["continuous_lifetime"])),
                value(estimate(shape["skewness"])),
                shape["populations"]["verdict"],
                value(s["contact"]["like"]),
                value(s["contact"]["unlike"]),
                value(s["structure_factor"]["field"][0]),
                value(of["free"]["mean"]),
                value(of["pair"]["mean"]),
                value(s["coordination"]["per_unlike"]),
                value(attribution and attribution["shells"][0]["unlike"]["removal"]),
                value(attribution and attribution["correlation"]),
            ]
        )
    head = "run,mean,relaxation,lower,upper,bond,skewness,verdict,like,unlike,S(low k),free,pair,per unlike,removal,first order"
    table(f"course-{model}", head.split(","), rows)


def independent(model):
    rows = []
    for path in sorted(FOLDER.glob(f"independent-{model}-*.json")):
        s = json.loads(path.read_text())
        cells = [path.stem.split("-")[-1], value(s["contact"]["like"]), value(s["contact"]["unlike"])]
        rows.append(cells + [value(s["structure_factor"]["field"][0]), value(estimate(s["shape"]["skewness"]))])
    table(f"independent-{model}", ["density", "like", "unlike", "S(low k)", "skewness"], rows)


for name in ("unseen", "training", "campaign", "dataset"):
    for field in FIELDS:
        across(f"{name}-{field}")
for name in ("unseen", "training", "campaign", "dataset"):
    for field in FIELDS:
        shapes(f"{name}-{field}")
for model in FIELDS[1:]:
    courses(model)
    independent(model)
