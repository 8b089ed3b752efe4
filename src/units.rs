//! Unit styles: what lengths and conductivities are in, stated once.

use crate::{Error, Result};

/// Whether a value is above zero and such that products and powers of a few of its kind stay within double precision: from
/// 1e-60 to 1e60, in any units.
pub fn is_measurable(value: f64) -> bool {
    (1e-60..=1e60).contains(&value)
}

/// Refuses a value that is not measurable, by what it is called.
pub(crate) fn check_measurable(what: &str, value: f64) -> Result<(), String> {
    match is_measurable(value) {
        true => Ok(()),
        false => Err(format!("{what} {value:?}: it must be above zero, and between 1e-60 and 1e60")),
    }
}

/// A LAMMPS unit style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitStyle {
    Lj,
    Real,
    Metal,
    Si,
    Cgs,
    Electron,
    Micro,
    Nano,
}

impl std::str::FromStr for UnitStyle {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Ok(match name {
            "lj" => Self::Lj,
            "real" => Self::Real,
            "metal" => Self::Metal,
            "si" => Self::Si,
            "cgs" => Self::Cgs,
            "electron" => Self::Electron,
            "micro" => Self::Micro,
            "nano" => Self::Nano,
            _ => {
                return Err(Error::Units(format!(
                    "'{name}' is no LAMMPS unit style; there are lj, real, metal, si, cgs, electron, micro and nano"
                )));
            }
        })
    }
}

impl UnitStyle {
    /// LAMMPS's name of the style.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lj => "lj",
            Self::Real => "real",
            Self::Metal => "metal",
            Self::Si => "si",
            Self::Cgs => "cgs",
            Self::Electron => "electron",
            Self::Micro => "micro",
            Self::Nano => "nano",
        }
    }

    /// The unit of length in angstrom; none in reduced units.
    pub fn length_in_angstrom(self) -> Option<f64> {
        match self {
            Self::Lj => None,
            Self::Real | Self::Metal => Some(1.0),
            Self::Si => Some(1e10),
            Self::Cgs => Some(1e8),
            // The Bohr radius, CODATA 2018.
            Self::Electron => Some(0.529_177_210_903),
            Self::Micro => Some(1e4),
            Self::Nano => Some(10.0),
        }
    }

    /// The style's factors for transport coefficients.
    ///
    /// # Errors
    /// A style whose charges or times are in none of the units known here.
    pub fn transport(self) -> Result<TransportUnits> {
        // CODATA 2018, exact since the redefinition of 2019; the thermochemical kilocalorie is 4184 J.
        const BOLTZMANN: f64 = 1.380_649e-23;
        const CHARGE: f64 = 1.602_176_634e-19;
        const AVOGADRO: f64 = 6.022_140_76e23;
        const ANGSTROM: f64 = 1e-10;
        const GRAM_PER_MOL: f64 = 1e-3 / AVOGADRO;
        // A length, a time, an energy and a mass in SI; charges are in e, and fields in volt per length.
        let of = |length: f64, time: f64, energy: f64, mass: f64| {
            // e^2 L^2 / time per L^3 and joule is S/m; S/m over ions per L^3 is S m2; m2 are 1e4 cm2.
            let conductivity = CHARGE * CHARGE / (length * time * BOLTZMANN);
            TransportUnits {
                thermal_energy: BOLTZMANN / energy,
                conductivity,
                molar_conductivity: AVOGADRO * length.powi(3) * 1e4,
                diffusion: length * length / time,
                field: CHARGE / energy,
                acceleration: energy / length / mass * time * time / length,
                // J s over L^3 is Pa s.
                viscosity: 1e-3 * length.powi(3) / (energy * time),
            }
        };
        match self {
            Self::Lj => Ok(TransportUnits {
                thermal_energy: 1.0,
                conductivity: 1.0,
                molar_conductivity: 1.0,
                diffusion: 1.0,
                field: 1.0,
                acceleration: 1.0,
                viscosity: 1.0,
            }),
            Self::Real => Ok(of(ANGSTROM, 1e-15, 4184.0 / AVOGADRO, GRAM_PER_MOL)),
            Self::Metal => Ok(of(ANGSTROM, 1e-12, CHARGE, GRAM_PER_MOL)),
            // Attograms; an energy is an attogram (nm/ns)^2.
            Self::Nano => Ok(of(1e-9, 1e-9, 1e-21, 1e-21)),
            Self::Electron => Err(Error::Units(
                "transport coefficients are computed for runs in lj, real, metal and nano units; those of electron are not, \
                 since its velocities are not lengths over its times"
                    .into(),
            )),
            _ => Err(Error::Units(
                "transport coefficients are computed for runs in lj, real, metal and nano units; the others, whose charges are \
                 no elementary ones, are not supported"
                    .into(),
            )),
        }
    }

    /// What one length unit of this style is in length units of a model.
    ///
    /// # Errors
    /// Reduced units on one side alone: they have no fixed size.
    pub fn length_for_model(self, model: UnitStyle) -> Result<f64> {
        match (self.length_in_angstrom(), model.length_in_angstrom()) {
            (None, None) => Ok(1.0),
            (Some(here), Some(there)) => Ok(here / there),
            (None, Some(_)) => Err(Error::Units(
                "the model is for real lengths (angstrom), and the simulation is in lj units, which have none".into(),
            )),
            (Some(_), None) => Err(Error::Units(
                "the model is for lj units, and the simulation is not; use a model trained in its units".into(),
            )),
        }
    }
}

/// What turns the numbers of a run into those of a report: `lj` stays reduced, all else becomes S/m, S cm2/mol, m2/s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransportUnits {
    /// `kB`, in energy units over kelvin (or over the reduced temperature).
    pub thermal_energy: f64,
    /// Conductivity of 1 charge squared, length squared and inverse time, over volume and temperature.
    pub conductivity: f64,
    /// Molar conductivity of one conductivity over one ion per volume.
    pub molar_conductivity: f64,
    /// One length squared over time.
    pub diffusion: f64,
    /// Force on one charge in a field of 1 (`fix efield`: volt per angstrom; reduced in lj).
    pub field: f64,
    /// One force over one mass, in length over time squared.
    pub acceleration: f64,
    /// A viscosity of 1 mPa s (1 in lj) in energy, time and length units.
    pub viscosity: f64,
}

impl TransportUnits {
    /// Whether they are those of `lj`, which have no fixed size.
    pub(crate) fn is_reduced(&self) -> bool {
        self.molar_conductivity == 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conductivities_of_known_electrolytes() {
        // An ideal solution: D = 1e-9 m2/s for both ions of a 1:1 salt is F^2 (D+ + D-) / RT = 75.1 S cm2/mol at 298.15 K.
        let known = 96_485.332_12f64.powi(2) * 2e-9 / (8.314_462_618 * 298.15) * 1e4;
        for (style, length, time) in
            [(UnitStyle::Real, 1e-10, 1e-15), (UnitStyle::Metal, 1e-10, 1e-12), (UnitStyle::Nano, 1e-9, 1e-9f64)]
        {
            let units = style.transport().unwrap();
            let d = 1e-9 / units.diffusion;
            assert!((1e-9 / (length * length / time) - d).abs() < 1e-12 * d);
            let (n, volume, temperature) = (10.0, 4.0e4 * (1e-10 / length).powi(3), 298.15);
            let sigma = units.conductivity * n * 2.0 * d / (volume * temperature);
            let lambda = sigma / (n / volume) * units.molar_conductivity;
            assert!((lambda / known - 1.0).abs() < 1e-8, "{style:?}: {lambda} for {known}");
            // 10 pairs in 40 nm3 are 0.415 mol/l: 3.1 S/m.
            assert!((sigma - known * 1e-4 * 10.0 / 4e-26 / 6.022_140_76e23).abs() < 1e-6 * sigma);
        }
    }

    #[test]
    fn thermal_energies_and_accelerations_are_those_of_lammps() {
        let (real, metal) = (UnitStyle::Real.transport().unwrap(), UnitStyle::Metal.transport().unwrap());
        // force->boltz, and 1/force->mvv2e of LAMMPS, whose constants have 7 digits.
        assert!((real.thermal_energy / 0.001_987_206_7 - 1.0).abs() < 1e-5);
        assert!((metal.thermal_energy / 8.617_343e-5 - 1.0).abs() < 1e-5);
        assert!((real.acceleration * 48.888_21f64.powi(2) - 1.0).abs() < 1e-5);
        assert!((metal.acceleration * 1.036_427e-4 - 1.0).abs() < 1e-5);
        // force->boltz = 0.013806504, mvv2e = 1 and qelectron times volt per nm of nano.
        let nano = UnitStyle::Nano.transport().unwrap();
        assert!((nano.thermal_energy / 0.013_806_504 - 1.0).abs() < 1e-5 && (nano.acceleration - 1.0).abs() < 1e-12);
        assert!((nano.field / 160.217_66 - 1.0).abs() < 1e-6);
        assert_eq!(UnitStyle::Lj.transport().unwrap().conductivity, 1.0);
        assert!(UnitStyle::Si.transport().unwrap_err().to_string().contains("lj, real, metal and nano"));
    }

    #[test]
    fn lengths_convert_between_dimensional_styles_alone() {
        let style = |name: &str| name.parse::<UnitStyle>().unwrap();
        assert_eq!(style("real").length_for_model(style("metal")).unwrap(), 1.0);
        assert_eq!(style("nano").length_for_model(style("real")).unwrap(), 10.0);
        assert_eq!(style("si").length_for_model(style("metal")).unwrap(), 1e10);
        assert!((style("electron").length_for_model(style("real")).unwrap() - 0.529177).abs() < 1e-6);
        assert_eq!(style("lj").length_for_model(style("lj")).unwrap(), 1.0);
        assert!(style("real").length_for_model(style("lj")).unwrap_err().to_string().contains("model is for lj units"));
        assert!(style("lj").length_for_model(style("real")).unwrap_err().to_string().contains("real lengths"));
        assert!("reel".parse::<UnitStyle>().unwrap_err().to_string().contains("'reel' is no LAMMPS unit style"));
    }
}
