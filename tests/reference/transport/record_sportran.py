"""Cepstral analysis by SporTran (the successor of thermocepstrum) of current.npy, recorded in sportran.json.

current.npy: float32 [12000, 3], the sum of charge times velocity of 200 cations and 200 anions (WCA and Coulomb, lj
units, density of ions 0.1, Bjerrum length 5, Langevin damping time 1), averaged over 0.05 time units and written every
0.05, without gaps.

Run: pip install sportran==1.0.0rc4 numpy; python record_sportran.py
"""

import json
from pathlib import Path

import numpy as np

# SporTran uses the name that numpy had for this before version 2.
np.trapz = getattr(np, "trapz", None) or np.trapezoid
from sportran.current import ElectricCurrent

HERE = Path(__file__).parent
SPACING = 0.05


def main():
    current = np.load(HERE / "current.npy").astype(float)
    results = []
    for factor in (1.0, 3.0):
        # Its unit of time is the femtosecond: spectra come out in 1/SPACING times the unit given here.
        run = ElectricCurrent(current, UNITS="metal", DT_FS=1.0, TEMPERATURE=300.0, VOLUME=1.0)
        run.cepstral_analysis(aic_type="aic", aic_Kmin_corrfactor=factor)
        cepstrum = run.cepf
        results.append(
            {
                "factor": factor,
                "n_coefficients": int(cepstrum.cutoffK) + 1,
                "k": SPACING * float(cepstrum.tau_cutoffK) / 2,
                "relative_error": float(cepstrum.logtau_std_cutoffK),
            }
        )
    (HERE / "sportran.json").write_text(json.dumps(results, indent=1) + "\n")


main()
