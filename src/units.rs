//! Unit styles: what lengths and conductivities are in, stated once.

use crate::{Error, Result};

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

#[cfg(test)]
mod tests {
    use super::*;

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
