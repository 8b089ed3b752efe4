//! Conductivities beyond those of any ions, which mostly are of wrong units.

use crate::units::TransportUnits;

/// In S cm2/mol. The fastest ion in water, H+, has 350; an lj run that is read in real units has millions.
const LARGEST: f64 = 1e4;

/// Why this molar conductivity, in S cm2/mol, cannot be that of ions; none in lj units, which say nothing of its size.
pub(crate) fn implausible(molar_conductivity: f64, units: &TransportUnits) -> Option<String> {
    (!units.is_reduced() && molar_conductivity.abs() > LARGEST).then(|| {
        format!(
            "a molar conductivity of {molar_conductivity:.2e} S cm2/mol is beyond that of any ions (H+ in water has 350): check that the \
             units are those of the run, which may be lj, and the time step and the temperature with them"
        )
    })
}
