"""Prints the predicted molar conductivity of a run beside its Nernst-Einstein value: summary.py FOLDER."""

import json
import os
import sys

folder = sys.argv[1]
with open(os.path.join(folder, "analysis.json")) as file:
    analysis = json.load(file)
with open(os.path.join(folder, "nernst_einstein.json")) as file:
    independent = json.load(file)

doubt = analysis["distribution"]["member_spread"]
where = os.path.relpath(folder, os.path.join("..", ".."))
print(f"""
Molar conductivity per ion pair (lj units; 2 is two ions without interactions)
  predicted         {analysis["mean"]:.3f} +- {analysis["mean_error"]:.3f} over time; a single ion's value by {doubt:.3f} over the ensemble
  Nernst-Einstein   {independent["nernst_einstein"]:.3f} +- {independent["error"]:.3f} over {independent["windows"]} windows of the run

Dump     {where}/electrolyte.lammpstrj
         in OVITO: open it, add the modifier Color coding, and choose c_lam[1] as its input property
Figures  {where}/field.svg, field.png and others
Report   {where}/report.html: all of it on one page""")
