//! The descriptor's parameters, as they stand in a model file and on the command line.

use serde::{Deserialize, Serialize};

use super::written::Written;
use crate::{Error, Result};

/// Which definition of neighbours, radial functions and cutoff a descriptor follows, with what is its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Convention {
    /// That of DScribe 2.1's `SOAP(rbf="gto")`, periodic, without weighting: Gaussian-type radial functions,
    /// orthonormalised, neighbours with weight 1 up to `cutoff + sigma sqrt(-2 ln 1e-3)`, the center among them.
    DscribeGto {
        /// Width of the Gaussian that stands for an atom.
        sigma: f64,
    },
    /// Neighbours are points within a hard cutoff, the center left out; spherical Bessel functions of order 0 for all
    /// degrees: `R_n(r) = sqrt(2/cutoff) sin(n pi r/cutoff)/r`, times a weight that falls smoothly from 1 to 0.
    Compact {
        /// Width of the shell, up to the cutoff, in which the weight falls.
        switching: f64,
    },
}

/// What features are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precision {
    /// Models, which take float32.
    Single,
    /// Those who look at features: sums that nearly cancel have six right digits too.
    Double,
}

/// A convention's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConventionName {
    DscribeGto,
    Compact,
}

impl std::str::FromStr for ConventionName {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "dscribe-gto" => Ok(Self::DscribeGto),
            "compact" => Ok(Self::Compact),
            _ => Err(Error::Descriptor(format!("convention '{name}' is not known; there is dscribe-gto and compact"))),
        }
    }
}

/// Parameters of a SOAP power spectrum; lengths are in the units of the positions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct SoapParameters {
    pub convention: Convention,
    /// Nominal cutoff radius; [`SoapParameters::reach`] is the true one.
    pub cutoff: f64,
    /// Number of radial functions.
    pub n_max: usize,
    /// Highest degree of the spherical harmonics.
    pub l_max: usize,
}

impl Default for SoapParameters {
    /// The setting of arXiv:2208.03182, with Gaussians of width 0.5.
    fn default() -> Self {
        Self { convention: Convention::DscribeGto { sigma: 0.5 }, cutoff: 5.0, n_max: 6, l_max: 5 }
    }
}

impl SoapParameters {
    /// The one kind of descriptor that there is.
    pub const KIND: &'static str = "soap-power-spectrum";

    /// The degrees beyond this overflow no range, yet nobody has checked them against an independent program.
    const L_MAX: usize = 9;
    const N_MAX: usize = 16;

    /// Checks the parameters' ranges.
    ///
    /// # Errors
    /// The parameter, its value, and the range that it must be in.
    pub fn validate(&self) -> Result<()> {
        let refuse = |message: String| Err(Error::Descriptor(message));
        let cutoff = self.cutoff;
        match self.convention {
            Convention::DscribeGto { sigma } => {
                if !(cutoff.is_finite() && cutoff > 1.0) {
                    return refuse(format!("cutoff {cutoff:?} must be a number above 1, where the radial grid starts"));
                }
                if !(sigma.is_finite() && sigma > 0.0) {
                    return refuse(format!("sigma {sigma:?} must be a positive number"));
                }
            }
            Convention::Compact { switching } => {
                if !(cutoff.is_finite() && cutoff > 0.0) {
                    return refuse(format!("cutoff {cutoff:?} must be a positive number"));
                }
                if !(switching > 0.0 && switching <= cutoff) {
                    return refuse(format!(
                        "switching {switching:?} must be above 0 and at most the cutoff, {cutoff:?}"
                    ));
                }
            }
        }
        if !(1..=Self::N_MAX).contains(&self.n_max) {
            return refuse(format!("n_max {} must be from 1 to {}", self.n_max, Self::N_MAX));
        }
        if self.l_max > Self::L_MAX {
            return refuse(format!("l_max {} must be from 0 to {}", self.l_max, Self::L_MAX));
        }
        Ok(())
    }

    /// The distance up to which neighbours count: `cutoff + sigma sqrt(-2 ln 1e-3)` in `dscribe-gto`, the cutoff itself in
    /// `compact`.
    ///
    /// DScribe pads the cutoff so that the Gaussian of an atom outside has fallen to 1e-3 at the nominal cutoff.
    pub fn reach(&self) -> f64 {
        match self.convention {
            Convention::DscribeGto { sigma } => self.cutoff + sigma * (-2.0 * 1e-3f64.ln()).sqrt(),
            Convention::Compact { .. } => self.cutoff,
        }
    }

    /// Features of a center: for channels a <= b, each l, each n and n' (n' >= n where a = b).
    pub fn n_features(&self, n_channels: usize) -> usize {
        let same = self.n_max * (self.n_max + 1) / 2;
        let cross = self.n_max * self.n_max;
        (self.l_max + 1) * (n_channels * same + n_channels * (n_channels - 1) / 2 * cross)
    }

    /// Place among the features of a center of that of channels a <= b, degree l and radial functions n, n', all counted from
    /// 0; n' >= n where a = b.
    ///
    /// None for what is no feature.
    pub fn feature(&self, n_channels: usize, [a, b]: [usize; 2], l: usize, [n, other]: [usize; 2]) -> Option<usize> {
        let n_max = self.n_max;
        let first = if a == b { n } else { 0 };
        if a > b || b >= n_channels || l > self.l_max || n >= n_max || !(first..n_max).contains(&other) {
            return None;
        }
        let of_degree = |same: bool| if same { n_max * (n_max + 1) / 2 } else { n_max * n_max };
        let pairs = (0..=a).flat_map(|i| (i..n_channels).map(move |j| [i, j])).take_while(|&pair| pair != [a, b]);
        let before: usize = pairs.map(|[i, j]| (self.l_max + 1) * of_degree(i == j)).sum();
        let within = (0..n).map(|k| if a == b { n_max - k } else { n_max }).sum::<usize>() + other - first;
        Some(before + l * of_degree(a == b) + within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paper_setting_has_468_features_and_reaches_6_86() {
        assert_eq!(SoapParameters::default().n_features(2), 468);
        assert!((SoapParameters::default().reach() - 6.858).abs() < 1e-3);
    }

    #[test]
    fn features_stand_in_order_of_pair_degree_and_radial_functions() {
        let p = SoapParameters { n_max: 3, l_max: 2, ..Default::default() };
        let mut next = 0;
        for a in 0..3 {
            for b in a..3 {
                for l in 0..=2 {
                    for n in 0..3 {
                        for other in if a == b { n } else { 0 }..3 {
                            assert_eq!(p.feature(3, [a, b], l, [n, other]), Some(next));
                            next += 1;
                        }
                    }
                }
            }
        }
        assert_eq!(next, p.n_features(3));
        for (pair, l, n) in [([1, 0], 0, [0, 0]), ([0, 3], 0, [0, 0]), ([0, 0], 3, [0, 0]), ([0, 0], 0, [1, 0])] {
            assert_eq!(p.feature(3, pair, l, n), None);
        }
    }

    #[test]
    fn parameters_out_of_range_are_refused_by_name() {
        let message = |change: fn(&mut SoapParameters)| {
            let mut p = SoapParameters::default();
            change(&mut p);
            p.validate().unwrap_err().to_string()
        };
        assert!(message(|p| p.cutoff = 1.0).contains("cutoff 1.0 must"));
        assert!(message(|p| p.cutoff = f64::NAN).contains("cutoff NaN"));
        assert!(message(|p| p.convention = Convention::DscribeGto { sigma: 0.0 }).contains("sigma 0.0 must"));
        assert!(message(|p| p.n_max = 0).contains("n_max 0 must"));
        assert!(message(|p| p.l_max = 10).contains("l_max 10 must"));
        for switching in [0.0, -1.0, 5.1, f64::NAN, f64::INFINITY] {
            let p = SoapParameters { convention: Convention::Compact { switching }, ..Default::default() };
            let message = p.validate().unwrap_err().to_string();
            assert!(message.contains(&format!("switching {switching:?} must be above 0 and at most the cutoff, 5.0")));
        }
        let compact = Convention::Compact { switching: 1.0 };
        for cutoff in [0.0, f64::NAN, f64::INFINITY] {
            let p = SoapParameters { convention: compact, cutoff, ..Default::default() };
            assert!(p.validate().unwrap_err().to_string().contains(&format!("cutoff {cutoff:?} must be a positive")));
        }
        assert!("soap".parse::<ConventionName>().unwrap_err().to_string().contains("'soap'"));
    }
}
